//! Text of strangers, made safe to print: nothing in it can move the cursor, hide, or turn other text around.
//! What the text means is not known here.

use std::borrow::Cow;

/// The text with every character that is not simply a visible one written out: `\u{1b}`, `\n`, `\u{202e}`.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_visible) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_visible(c) {
            safe.push(c);
        } else if is_blank(c) {
            safe.extend(c.escape_unicode());
        } else {
            safe.extend(c.escape_debug());
        }
    }
    Cow::Owned(safe)
}

/// The same of bytes: those that are not UTF-8 as `\xff`.
pub(super) fn visible_bytes(bytes: &[u8]) -> String {
    let mut safe = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        safe.push_str(&visible(chunk.valid()));
        for byte in chunk.invalid() {
            safe.push_str(&format!("\\x{byte:02x}"));
        }
    }
    safe
}

fn is_visible(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    !is_blank(c) && is_printable(c)
}

/// Characters that Unicode calls letters or marks, and that show as nothing at all.
fn is_blank(c: char) -> bool {
    matches!(c,
        // Combining grapheme joiner, Hangul fillers, Khmer inherent vowels, Mongolian and other variation selectors.
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2800}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0100}'..='\u{e01ef}')
}

/// Whether the standard library prints this character as it is: not if it is a control or format character (bidi,
/// zero width), a separator, private or unassigned.
fn is_printable(c: char) -> bool {
    // Behind a letter, where a combining mark is an ordinary part of its word.
    let mut word = *b"a....";
    let len = match word.get_mut(1..) {
        Some(rest) => 1 + c.encode_utf8(rest).len(),
        None => return false,
    };
    word.get(..len)
        .and_then(|word| std::str::from_utf8(word).ok())
        .is_some_and(|word| word.escape_debug().count() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_people_write_stays_as_it_is() {
        for text in [
            "",
            "GET / HTTP/1.1",
            r#"{"type":"send","content":"it's \"this\" \\ that"}"#,
            "Ünïcödé, e\u{301}, हिन्दी, ไทย, 漢字, עברית, عربى, 😀",
        ] {
            assert!(
                matches!(visible(text), Cow::Borrowed(same) if same == text),
                "{text}"
            );
            assert_eq!(visible_bytes(text.as_bytes()), text);
        }
    }

    #[test]
    fn what_would_act_on_the_terminal_is_written_out() {
        for (text, shown) in [
            ("\x1b[2J", "\\u{1b}[2J"),
            ("a\rb\nc\td", "a\\rb\\nc\\td"),
            ("\0\x07\x08\x7f", "\\0\\u{7}\\u{8}\\u{7f}"),
            // C1: 0x9b is CSI in one character.
            ("\u{9b}31m", "\\u{9b}31m"),
            ("user\u{202e}txt.exe", "user\\u{202e}txt.exe"),
            (
                "\u{2066}\u{2069}\u{200f}\u{61c}",
                "\\u{2066}\\u{2069}\\u{200f}\\u{61c}",
            ),
            (
                "a\u{200b}b\u{200d}c\u{feff}",
                "a\\u{200b}b\\u{200d}c\\u{feff}",
            ),
            (
                "\u{ad}\u{a0}\u{2028}\u{2029}",
                "\\u{ad}\\u{a0}\\u{2028}\\u{2029}",
            ),
            (
                "\u{3164}\u{fe0f}\u{e0041}\u{e0101}",
                "\\u{3164}\\u{fe0f}\\u{e0041}\\u{e0101}",
            ),
            ("\u{e000}\u{10ffff}", "\\u{e000}\\u{10ffff}"),
        ] {
            assert_eq!(visible(text), shown);
            assert_eq!(visible_bytes(text.as_bytes()), shown);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_written_out() {
        assert_eq!(visible_bytes(b"a\xff\xc3"), "a\\xff\\xc3");
        assert_eq!(visible_bytes(b"\x9b31m\x1b"), "\\x9b31m\\u{1b}");
    }

    #[test]
    fn no_character_at_all_gets_through_that_could_do_harm() {
        let all: String = ('\0'..=char::MAX).collect();
        let shown = visible(&all);
        for c in shown.chars() {
            let is_harmful = c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                    | '\u{feff}' | '\u{61c}' | '\u{180e}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}');
            assert!(!is_harmful, "{:x}", u32::from(c));
        }
    }
}
