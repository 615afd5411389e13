//! Percent-encoding (RFC 3986 §2.1), read strictly and written cautiously.
//! No URLs as a whole: `target` and `form` say what the parts mean.

use std::borrow::Cow;

/// Decodes `%41` to `A`; with `plus_is_space` also `+` to a blank, as forms do.
///
/// `None` if a `%` is not followed by two hexadecimal digits, or the result is not UTF-8: a name
/// that two programs could read in two ways is no name. Text without any of them is its own result.
#[must_use]
pub fn decode(text: &[u8], plus_is_space: bool) -> Option<Cow<'_, str>> {
    let is_encoded = |byte: &u8| *byte == b'%' || (plus_is_space && *byte == b'+');
    if !text.iter().any(is_encoded) {
        return std::str::from_utf8(text).ok().map(Cow::Borrowed);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(&byte) = bytes.next() {
        decoded.push(match byte {
            b'%' => {
                let high = hex_digit(*bytes.next()?)?;
                let low = hex_digit(*bytes.next()?)?;
                high << 4 | low
            }
            b'+' if plus_is_space => b' ',
            _ => byte,
        });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

/// Encodes all but letters, digits and `-._~` (RFC 3986 §2.3), so that the result fits everywhere in a URL.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&crate::octets::hex(&[byte]).to_ascii_uppercase());
        }
    }
    encoded
}

fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_and_plus_are_decoded_where_they_mean_something() {
        assert_eq!(decode(b"a%20b+c%2B", false).as_deref(), Some("a b+c+"));
        assert_eq!(decode(b"a%20b+c%2B", true).as_deref(), Some("a b c+"));
        assert_eq!(decode(b"%C3%a9", false).as_deref(), Some("é"));
        // Decoded once only.
        assert_eq!(decode(b"%2541", false).as_deref(), Some("%41"));
    }

    #[test]
    fn half_an_escape_or_half_a_character_is_refused() {
        for bad in [
            &b"%"[..],
            b"%4",
            b"%zz",
            b"%-1",
            b"% 1",
            b"a%C3",
            b"%ff",
            b"\xff",
        ] {
            assert_eq!(decode(bad, true), None, "{bad:?}");
        }
    }

    #[test]
    fn encoding_leaves_only_unreserved_characters() {
        assert_eq!(encode("aZ9-._~"), "aZ9-._~");
        assert_eq!(encode("/?&=+ é\r\n"), "%2F%3F%26%3D%2B%20%C3%A9%0D%0A");
        assert_eq!(
            decode(encode("100% é/+").as_bytes(), true).as_deref(),
            Some("100% é/+")
        );
    }
}
