//! Content as lines: text as text, everything else in hexadecimal, both cut where they would fill the screen.
//! Where content comes from is not known here.

use super::visible::visible_bytes;

/// So much of a text is shown: a screen is filled by the transcript, not by one page of HTML.
const TEXT_LEN_MAX: usize = 800;
const TEXT_LINES_MAX: usize = 10;

/// So much of other bytes is shown: enough to recognise a format, and to find the place in another tool.
const HEX_ROWS_MAX: usize = 8;
const HEX_ROW_LEN: usize = 16;

/// A text may have one control character in so many; with more of them it is not one.
const CHARS_PER_CONTROL_MIN: usize = 16;

/// Content as lines, and how many of its bytes they leave out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    pub(super) lines: Vec<String>,
    pub(super) left_out: usize,
}

/// Text if it is text, hexadecimal otherwise.
pub(super) fn excerpt(content: &[u8]) -> Excerpt {
    match text(content) {
        Some(text) => text_lines(text),
        None => hex_lines(content, HEX_ROWS_MAX),
    }
}

/// Sixteen bytes a line: offset, hexadecimal, and what of it is ASCII.
pub(super) fn hex_lines(content: &[u8], rows_max: usize) -> Excerpt {
    let rows = content.chunks(HEX_ROW_LEN).take(rows_max);
    let lines: Vec<_> = rows
        .enumerate()
        .map(|(row, bytes)| hex_line(row * HEX_ROW_LEN, bytes))
        .collect();
    Excerpt {
        left_out: content.len().saturating_sub(lines.len() * HEX_ROW_LEN),
        lines,
    }
}

/// Text in lines of its own.
fn text_lines(text: &[u8]) -> Excerpt {
    let mut lines = Vec::new();
    let mut shown = 0;
    for line in text
        .split_inclusive(|&byte| byte == b'\n')
        .take(TEXT_LINES_MAX)
    {
        let room = TEXT_LEN_MAX - shown;
        let end = cut_at(line, room);
        let part = line.get(..end).unwrap_or_default();
        shown += part.len();
        let part = part.strip_suffix(b"\n").unwrap_or(part);
        lines.push(visible_bytes(part.strip_suffix(b"\r").unwrap_or(part)));
        if end < line.len() {
            break;
        }
    }
    Excerpt {
        lines,
        left_out: text.len() - shown,
    }
}

/// At most `max` bytes, and no character in two.
fn cut_at(line: &[u8], max: usize) -> usize {
    let is_inside = |at: &usize| line.get(*at).is_some_and(|byte| byte & 0xc0 == 0x80);
    let mut end = line.len().min(max);
    while is_inside(&end) && end > 0 {
        end -= 1;
    }
    end
}

/// The bytes again if they are text, as far as can be told: UTF-8, but for a character that may be cut at the end, and hardly
/// any control characters.
fn text(content: &[u8]) -> Option<&[u8]> {
    let valid = match std::str::from_utf8(content) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(content.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    let is_odd = |c: &char| c.is_control() && !matches!(c, '\t' | '\r' | '\n');
    let odd = valid.chars().filter(is_odd).count();
    let is_text =
        odd * CHARS_PER_CONTROL_MIN <= valid.len() && (!valid.is_empty() || content.is_empty());
    is_text.then_some(content)
}

/// `0010  ff 00 …  ..GET / HTTP/1.1`.
fn hex_line(offset: usize, bytes: &[u8]) -> String {
    let mut line = format!("{offset:04x} ");
    for at in 0..HEX_ROW_LEN {
        line.push_str(if at == HEX_ROW_LEN / 2 { "  " } else { " " });
        match bytes.get(at) {
            Some(byte) => line.push_str(&format!("{byte:02x}")),
            None => line.push_str("  "),
        }
    }
    line.push_str("  ");
    line.extend(bytes.iter().map(|&byte| match byte {
        b' '..=b'~' => char::from(byte),
        _ => '.',
    }));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_shown_line_by_line_and_nothing_in_it_acts() {
        for (content, lines) in [
            ("", vec![]),
            ("one", vec!["one"]),
            ("one\ntwo\r\n\nfour\n", vec!["one", "two", "", "four"]),
            (
                "an \x1b[31mescape in an otherwise innocent text",
                vec!["an \\u{1b}[31mescape in an otherwise innocent text"],
            ),
            ("tab\there", vec!["tab\\there"]),
        ] {
            let shown = excerpt(content.as_bytes());
            assert_eq!(shown.lines, lines);
            assert_eq!(shown.left_out, 0);
        }
    }

    #[test]
    fn what_is_no_text_is_shown_in_hexadecimal() {
        let bytes: Vec<u8> = (0..18).map(|n| n * 15).collect();
        let shown = excerpt(&bytes);
        assert_eq!(
            shown.lines,
            [
                "0000  00 0f 1e 2d 3c 4b 5a 69  78 87 96 a5 b4 c3 d2 e1  ...-<KZix.......",
                "0010  f0 ff                                             ..",
            ]
        );
        for content in [
            b"\0\x01\x02\x03".as_slice(),
            b"\xff\xfe",
            b"\xc3",
            b"short \0\0",
        ] {
            let first = excerpt(content).lines.remove(0);
            assert!(first.starts_with("0000  "), "{first}");
        }
    }

    #[test]
    fn a_character_that_was_cut_at_the_end_does_not_make_a_text_binary() {
        assert_eq!(excerpt(b"caf\xc3").lines, ["caf\\xc3"]);
    }

    #[test]
    fn what_would_fill_the_screen_is_cut_and_counted() {
        let at_most = "x".repeat(TEXT_LEN_MAX);
        assert_eq!(excerpt(at_most.as_bytes()).left_out, 0);
        let longer = format!("{at_most}y");
        let shown = excerpt(longer.as_bytes());
        assert_eq!((shown.lines, shown.left_out), (vec![at_most], 1));

        let many_lines = "line\n".repeat(TEXT_LINES_MAX + 2);
        let shown = excerpt(many_lines.as_bytes());
        assert_eq!((shown.lines.len(), shown.left_out), (TEXT_LINES_MAX, 10));

        let wide = "ü".repeat(TEXT_LEN_MAX);
        let shown = excerpt(&wide.as_bytes()[1..]);
        assert!(
            shown.lines[0].starts_with("0000"),
            "begins within a character"
        );
        let shown = excerpt(format!("x{wide}").as_bytes());
        assert_eq!(shown.left_out, 2 * TEXT_LEN_MAX + 1 - (TEXT_LEN_MAX - 1));

        let binary = [0; HEX_ROWS_MAX * HEX_ROW_LEN + 1];
        let shown = excerpt(&binary);
        assert_eq!((shown.lines.len(), shown.left_out), (HEX_ROWS_MAX, 1));
        assert_eq!(hex_lines(&binary, 1).left_out, binary.len() - HEX_ROW_LEN);
    }
}
