//! DER elements (X.690): what they are, how long, and what is in them, each byte of it a field.
//! Nothing about certificates: which element means what is said by the files beside this one.

use std::borrow::Cow;

use super::oid;
use crate::wire::dissect::parts::{Broken, Parts, Step, broken, named};
use crate::wire::field::{Field, Value};

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
const NULL: u8 = 0x05;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
const ENUMERATED: u8 = 0x0a;
const UTF8_STRING: u8 = 0x0c;
const NUMERIC_STRING: u8 = 0x12;
const PRINTABLE_STRING: u8 = 0x13;
const T61_STRING: u8 = 0x14;
const IA5_STRING: u8 = 0x16;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
const VISIBLE_STRING: u8 = 0x1a;
const BMP_STRING: u8 = 0x1e;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The bit of the identifier that says that the contents are elements themselves (X.690 §8.1.2.5).
const CONSTRUCTED: u8 = 0x20;

/// How deep elements without a name of their own may be nested. Known structures stay below 8; deeper ones are made
/// to exhaust a stack.
const DEPTH_MAX: usize = 16;

const X690_IDENTIFIER: &str = "X.690 §8.1.2";
const X690_LENGTH: &str = "X.690 §8.1.3";

/// Where an element's contents begin, and how long they say they are.
struct Header {
    tag: u8,
    len: usize,
    content_len: usize,
}

/// The tag of the next element, if there is one.
pub(super) fn next_tag(parts: &Parts<'_>) -> Option<u8> {
    parts.ahead().first().copied()
}

/// Reads one element of the kind that must stand here.
pub(super) fn expect(
    parts: &mut Parts<'_>,
    tag: u8,
    field: Field,
    body: impl FnOnce(&mut Parts<'_>) -> Step<()>,
) -> Step<()> {
    match next_tag(parts) {
        Some(found) if found == tag => element(parts, field, body),
        Some(found) => broken(format!(
            "{} should be {}, and here is {}.",
            field.name,
            tag_name(tag),
            tag_name(found)
        )),
        None => broken(format!("{} is missing.", field.name)),
    }
}

/// Reads one element, of whatever kind. If its contents are one value, that is the value of the whole, too.
pub(super) fn element(
    parts: &mut Parts<'_>,
    field: Field,
    body: impl FnOnce(&mut Parts<'_>) -> Step<()>,
) -> Step<()> {
    let header = read_header(parts.ahead())?;
    let whole_len = header.len.saturating_add(header.content_len);
    parts.group(whole_len, field, |parts| {
        let number = header.tag.into();
        let name = Some(tag_name(header.tag));
        parts.value(
            1,
            named("identifier", X690_IDENTIFIER)
                .meaning("What kind of element this is: its tag in ASN.1."),
            Value::Code { number, name },
        )?;
        let content_len = u64::try_from(header.content_len).unwrap_or(u64::MAX);
        parts.value(
            header.len - 1,
            named("length", X690_LENGTH).meaning("How many bytes of contents follow."),
            Value::Number(content_len),
        )?;
        body(parts)
    })?;
    if let Some(field) = parts.last()
        && field.value == Value::Group
        && let [_identifier, _length, contents] = field.children.as_slice()
        && contents.value != Value::Bytes
    {
        field.value = contents.value.clone();
    }
    Ok(())
}

/// Reads an element whose contents are one field.
pub(super) fn primitive(parts: &mut Parts<'_>, tag: u8, field: Field, contents: Field) -> Step<()> {
    expect(parts, tag, field, |parts| {
        parts.rest(contents)?;
        Ok(())
    })
}

/// Reads a SEQUENCE OF or SET OF: as many elements of one kind as there are.
pub(super) fn list(
    parts: &mut Parts<'_>,
    tag: u8,
    field: Field,
    contents: Field,
    mut item: impl FnMut(&mut Parts<'_>) -> Step<()>,
) -> Step<()> {
    expect(parts, tag, field, |parts| {
        parts.group(parts.left(), contents, |parts| {
            while parts.more() {
                item(parts)?;
            }
            Ok(())
        })
    })
}

/// What is inside an element: all that is left of it, without a reading of its own.
pub(super) fn contents() -> Field {
    named("contents", "X.690 §8.1.4")
}

/// The bytes inside the next element, if it is whole: to look at, not to take.
pub(super) fn peek<'a>(parts: &Parts<'a>) -> Option<&'a [u8]> {
    inside(parts.ahead())
}

/// The bytes inside the first element of `bytes`, if it is whole.
pub(super) fn inside(bytes: &[u8]) -> Option<&[u8]> {
    let header = read_header(bytes).ok()?;
    bytes.get(header.len..header.len.checked_add(header.content_len)?)
}

/// Reads an OBJECT IDENTIFIER; gives its bytes.
pub(super) fn object_identifier<'a>(
    parts: &mut Parts<'a>,
    field: Field,
    contents: Field,
) -> Step<&'a [u8]> {
    let id = peek(parts).unwrap_or_default();
    expect(parts, OBJECT_IDENTIFIER, field, |parts| {
        parts.value(parts.left(), contents, Value::Text(oid::describe(id)))
    })?;
    Ok(id)
}

/// Reads an INTEGER: small ones as a number, others as bytes.
pub(super) fn integer(parts: &mut Parts<'_>, tag: u8, field: Field, contents: Field) -> Step<()> {
    expect(parts, tag, field, |parts| integer_contents(parts, contents))
}

/// The contents of an INTEGER.
pub(super) fn integer_contents(parts: &mut Parts<'_>, contents: Field) -> Step<()> {
    match parts.ahead() {
        // The highest bit of the first byte would be a sign.
        [0..=0x7f] | [0..=0x7f, _] | [0..=0x7f, _, _] | [0..=0x7f, _, _, _] => {
            parts.number(parts.left(), contents)?;
        }
        _ => {
            parts.rest(contents)?;
        }
    }
    Ok(())
}

/// Reads a BIT STRING: a byte that counts the bits that are none, and those before them.
pub(super) fn bit_string(
    parts: &mut Parts<'_>,
    field: Field,
    padding_wireshark: Option<&'static str>,
    body: impl FnOnce(&mut Parts<'_>) -> Step<()>,
) -> Step<()> {
    expect(parts, BIT_STRING, field, |parts| {
        let mut padding = named("unused bits", "X.690 §8.6.2.2")
            .meaning("How many bits at the end of the last byte do not count.");
        padding.wireshark = padding_wireshark;
        parts.number(1, padding)?;
        body(parts)
    })
}

/// Reads a BOOLEAN.
pub(super) fn boolean(parts: &mut Parts<'_>, field: Field, contents: Field) -> Step<()> {
    expect(parts, BOOLEAN, field, |parts| {
        parts.code(1, contents, |number| match number {
            0x00 => Some(Cow::Borrowed("FALSE")),
            0xff => Some(Cow::Borrowed("TRUE")),
            _ => None,
        })?;
        Ok(())
    })
}

/// Reads whatever elements there are, and what is within them: for what nobody has a name for.
pub(super) fn any(parts: &mut Parts<'_>) -> Step<()> {
    any_below(parts, DEPTH_MAX)
}

fn any_below(parts: &mut Parts<'_>, depth: usize) -> Step<()> {
    while parts.more() {
        let tag = next_tag(parts).unwrap_or_default();
        let inside = peek(parts).unwrap_or_default();
        element(parts, named(tag_name(tag), "X.690 §8"), |parts| match tag {
            _ if tag & CONSTRUCTED != 0 && depth > 0 => any_below(parts, depth - 1),
            _ if tag & CONSTRUCTED != 0 => {
                parts.rest(contents())?;
                parts.blame("Elements within elements, deeper than anything that is meant.");
                Ok(())
            }
            NULL if !parts.more() => Ok(()),
            INTEGER | ENUMERATED => integer_contents(parts, contents()),
            OBJECT_IDENTIFIER => {
                parts.value(parts.left(), contents(), Value::Text(oid::describe(inside)))
            }
            _ if is_string(tag) => string_contents(parts, tag, contents()),
            UTC_TIME | GENERALIZED_TIME => parts.text(parts.left(), contents()),
            _ => {
                parts.rest(contents())?;
                Ok(())
            }
        })?;
    }
    Ok(())
}

/// Whether it is one of the types of text.
pub(super) fn is_string(tag: u8) -> bool {
    matches!(
        tag,
        UTF8_STRING
            | NUMERIC_STRING
            | PRINTABLE_STRING
            | T61_STRING
            | IA5_STRING
            | VISIBLE_STRING
            | BMP_STRING
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
        BMP_STRING => {
            let units = bytes.chunks(2).map(|pair| match *pair {
                [high, low] => Some(u16::from_be_bytes([high, low])),
                _ => None,
            });
            String::from_utf16(&units.collect::<Option<Vec<_>>>()?).ok()
        }
        // In practice Latin-1, whose numbers are those of Unicode.
        T61_STRING => Some(bytes.iter().copied().map(char::from).collect()),
        _ => std::str::from_utf8(bytes).map(str::to_owned).ok(),
    }
}

fn read_header(ahead: &[u8]) -> Step<Header> {
    let cut = |what| Broken::Here(Cow::Borrowed(what));
    let (&tag, behind_tag) = ahead
        .split_first()
        .ok_or(cut("An element should begin here."))?;
    // Five ones announce a tag of several bytes, which no certificate needs.
    if tag & 0x1f == 0x1f {
        return broken("Tags of several bytes do not occur here.");
    }
    let (&first, behind_first) = behind_tag
        .split_first()
        .ok_or(cut("The length is missing."))?;
    if first < 0x80 {
        let content_len = first.into();
        return Ok(Header {
            tag,
            len: 2,
            content_len,
        });
    }
    let len_bytes = usize::from(first & 0x7f);
    if len_bytes == 0 {
        return broken("DER has no indefinite length (X.690 §10.1).");
    }
    if len_bytes > 4 {
        return broken(format!("A length of {len_bytes} bytes is no length."));
    }
    let digits = behind_first
        .get(..len_bytes)
        .ok_or(cut("The length is cut off."))?;
    let content_len = digits
        .iter()
        .fold(0usize, |len, &byte| len << 8 | usize::from(byte));
    Ok(Header {
        tag,
        len: 2 + len_bytes,
        content_len,
    })
}

/// What ASN.1 calls a tag.
pub(super) fn tag_name(tag: u8) -> Cow<'static, str> {
    Cow::Borrowed(match tag {
        BOOLEAN => "BOOLEAN",
        INTEGER => "INTEGER",
        BIT_STRING => "BIT STRING",
        OCTET_STRING => "OCTET STRING",
        NULL => "NULL",
        OBJECT_IDENTIFIER => "OBJECT IDENTIFIER",
        ENUMERATED => "ENUMERATED",
        UTF8_STRING => "UTF8String",
        NUMERIC_STRING => "NumericString",
        PRINTABLE_STRING => "PrintableString",
        T61_STRING => "TeletexString",
        IA5_STRING => "IA5String",
        UTC_TIME => "UTCTime",
        GENERALIZED_TIME => "GeneralizedTime",
        VISIBLE_STRING => "VisibleString",
        BMP_STRING => "BMPString",
        SEQUENCE => "SEQUENCE",
        SET => "SET",
        _ if tag & 0xc0 == 0x80 => return Cow::Owned(format!("[{}]", tag & 0x1f)),
        _ => return Cow::Owned(format!("tag {tag:#04x}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dissect::parts::dissect;

    fn walk(bytes: &[u8]) -> Field {
        let field = dissect(bytes, named("any", "X.690"), any);
        assert_eq!(field.flaw(), None, "{bytes:02x?}");
        field
    }

    fn problem(bytes: &[u8]) -> Option<String> {
        walk(bytes)
            .walk()
            .find_map(|field| field.problem.as_ref().map(ToString::to_string))
    }

    #[test]
    fn elements_within_elements_have_their_names_and_values() {
        let tree = walk(&[0x30, 8, 2, 1, 5, 0x0c, 1, b'a', 5, 0, 0x80, 0]);
        let said: Vec<_> = tree
            .walk()
            .filter(|field| field.name == "contents")
            .map(|field| field.value.clone())
            .collect();
        assert_eq!(
            said,
            [
                Value::Number(5),
                Value::Text("a".to_owned()),
                // [0], of no bytes.
                Value::Bytes
            ]
        );
        assert!(tree.walk().any(|field| field.name == "NULL"));
    }

    #[test]
    fn lengths_are_read_in_both_forms() {
        for (bytes, ok) in [
            (&[4u8, 1, 0][..], true),
            (&[4, 0x81, 1, 0], true),
            (&[4, 0x84, 0, 0, 0, 1, 0], true),
            (&[4, 0x85, 0, 0, 0, 0, 1, 0], false),
            (&[4, 0x80, 0, 0], false),
            (&[4, 2, 0], false),
            (&[4, 0x82, 1], false),
            (&[0x1f, 1, 0], false),
            (&[4], false),
        ] {
            assert_eq!(problem(bytes).is_none(), ok, "{bytes:02x?}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| {
            (0..depth).fold(vec![5, 0], |inner, _| {
                [&[0x30, u8::try_from(inner.len()).unwrap()], &inner[..]].concat()
            })
        };
        assert_eq!(problem(&nested(DEPTH_MAX)), None);
        assert!(
            problem(&nested(DEPTH_MAX + 1))
                .unwrap()
                .contains("Elements within elements")
        );
        assert!(problem(&[0x30; 10_000]).is_some());
    }

    #[test]
    fn strings_of_two_bytes_a_character_are_text() {
        assert_eq!(
            string(BMP_STRING, &[0, b'h', 0x20, 0xac]),
            Some("h€".to_owned())
        );
        assert_eq!(string(BMP_STRING, &[0, b'h', 0]), None);
        assert_eq!(string(T61_STRING, &[0xe9]), Some("é".to_owned()));
        assert_eq!(string(UTF8_STRING, &[0xe9]), None);
    }
}
