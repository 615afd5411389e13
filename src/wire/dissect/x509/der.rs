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
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const NUMERIC_STRING: u8 = 0x12;
pub(super) const PRINTABLE_STRING: u8 = 0x13;
pub(super) const T61_STRING: u8 = 0x14;
pub(super) const IA5_STRING: u8 = 0x16;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const VISIBLE_STRING: u8 = 0x1a;
pub(super) const BMP_STRING: u8 = 0x1e;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The bit of the identifier that says that the contents are elements themselves (X.690 §8.1.2.5).
pub(super) const CONSTRUCTED: u8 = 0x20;

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
    named("contents", "X.690 §8.1.4").meaning("What the element says.")
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
