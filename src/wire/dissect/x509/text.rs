//! The many types of text that ASN.1 has.
//! What a text means is known to those who read it.

use super::der;
use crate::wire::dissect::parts::{Parts, Step};
use crate::wire::field::{Field, Value};

/// Whether it is one of the types of text.
pub(super) fn is_string(tag: u8) -> bool {
    matches!(
        tag,
        der::UTF8_STRING
            | der::NUMERIC_STRING
            | der::PRINTABLE_STRING
            | der::T61_STRING
            | der::IA5_STRING
            | der::VISIBLE_STRING
            | der::BMP_STRING
    )
}

/// The contents of a string, as text.
pub(super) fn string_contents(parts: &mut Parts<'_>, tag: u8, contents: Field) -> Step<()> {
    match string(tag, parts.ahead()) {
        Some(text) => parts.value(parts.left(), contents, Value::Text(text)),
        // Not what its type promises: as UTF-8 if it is, else as bytes with a remark.
        None => parts.text(parts.left(), contents),
    }
}

/// What a string says, if it keeps to its type.
pub(super) fn string(tag: u8, bytes: &[u8]) -> Option<String> {
    match tag {
        der::BMP_STRING => {
            let units = bytes.chunks(2).map(|pair| match *pair {
                [high, low] => Some(u16::from_be_bytes([high, low])),
                _ => None,
            });
            String::from_utf16(&units.collect::<Option<Vec<_>>>()?).ok()
        }
        // In practice Latin-1, whose numbers are those of Unicode.
        der::T61_STRING => Some(bytes.iter().copied().map(char::from).collect()),
        _ => std::str::from_utf8(bytes).map(str::to_owned).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_two_bytes_a_character_are_text() {
        assert_eq!(
            string(der::BMP_STRING, &[0, b'h', 0x20, 0xac]),
            Some("h€".to_owned())
        );
        assert_eq!(string(der::BMP_STRING, &[0, b'h', 0]), None);
        assert_eq!(string(der::T61_STRING, &[0xe9]), Some("é".to_owned()));
        assert_eq!(string(der::UTF8_STRING, &[0xe9]), None);
    }
}
