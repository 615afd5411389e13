//! Distinguished names: who somebody is, as attributes such as country, organization and common name (RFC 5280 §4.1.2.4).
//! No other kinds of names: those are in `general_name`.

use super::{der, oid, text};
use crate::wire::dissect::parts::{Parts, Step, named};
use crate::wire::field::{Field, Value};

const SOURCE: &str = "RFC 5280 §4.1.2.4";

/// How much of a name is told in one line; there is more only in names made to be long.
const SUMMARY_CHARS_MAX: usize = 300;

/// Reads a Name. The field's own value is the name in one line: `C=NL, CN=localhost`.
pub(in crate::wire::dissect) fn distinguished_name(
    parts: &mut Parts<'_>,
    field: Field,
    rdn_sequence_wireshark: Option<&'static str>,
) -> Step<()> {
    let mut contents = der::contents();
    contents.wireshark = rdn_sequence_wireshark;
    let mut summary = String::new();
    der::list(parts, der::SEQUENCE, field, contents, |parts| {
        let set = named("RelativeDistinguishedName", SOURCE)
            .meaning("One step of the name, nearly always of one attribute.");
        let contents = der::contents().wireshark("x509if.RDNSequence_item");
        der::list(parts, der::SET, set, contents, |parts| {
            attribute(parts, &mut summary)
        })
    })?;
    if let Some(name) = parts.last() {
        name.value = Value::Text(summary);
    }
    Ok(())
}

/// How Wireshark calls the value of an attribute.
enum Style {
    /// One of several types of text, and which one is shown as a field of its own.
    Directory,
    /// Always of the same type.
    Fixed(&'static str),
    /// Not known here.
    Other,
}

fn style(attribute: &str) -> Style {
    match attribute {
        "CN" | "O" | "OU" | "L" | "ST" => Style::Directory,
        "C" => Style::Fixed("x509sat.CountryName"),
        "serialNumber" => Style::Fixed("x509sat.PrintableString"),
        "emailAddress" | "DC" => Style::Fixed("x509sat.IA5String"),
        _ => Style::Other,
    }
}

fn attribute(parts: &mut Parts<'_>, summary: &mut String) -> Step<()> {
    let whole = named("AttributeTypeAndValue", SOURCE)
        .wireshark("x509if.RelativeDistinguishedName_item_element")
        .meaning("One attribute of the name, such as its country.");
    der::expect(parts, der::SEQUENCE, whole, |parts| {
        let id = der::object_identifier(
            parts,
            named("type", SOURCE).meaning("Which attribute this is."),
            der::contents().wireshark("x509if.oid"),
        )?;
        let short = oid::short(id);
        let tag = der::next_tag(parts).unwrap_or_default();
        add(
            summary,
            &short,
            text::string(tag, der::peek(parts).unwrap_or_default()),
        );
        let (mut value, mut contents) = (
            named("value", SOURCE).meaning("What the attribute says."),
            der::contents(),
        );
        match style(&short) {
            Style::Directory => {
                value = value.wireshark("x509sat.DirectoryString");
                contents.wireshark = directory_string(tag);
            }
            Style::Fixed(name) => contents.wireshark = Some(name),
            Style::Other => {}
        }
        der::element(parts, value, |parts| {
            if text::is_string(tag) {
                text::string_contents(parts, tag, contents)
            } else {
                parts.rest(contents)?;
                Ok(())
            }
        })
    })
}

fn directory_string(tag: u8) -> Option<&'static str> {
    match der::tag_name(tag).as_ref() {
        "UTF8String" => Some("x509sat.uTF8String"),
        "PrintableString" => Some("x509sat.printableString"),
        "TeletexString" => Some("x509sat.teletexString"),
        "BMPString" => Some("x509sat.bmpString"),
        _ => None,
    }
}

fn add(summary: &mut String, attribute: &str, value: Option<String>) {
    let value = value.as_deref().unwrap_or("?");
    let room = SUMMARY_CHARS_MAX.saturating_sub(summary.chars().count());
    if room == 0 {
        return;
    }
    let between = if summary.is_empty() { "" } else { ", " };
    let item = format!("{between}{attribute}={value}");
    summary.extend(item.chars().take(room));
    if item.chars().count() > room {
        summary.push('…');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_is_told_in_part() {
        let mut summary = String::new();
        add(&mut summary, "C", Some("NL".to_owned()));
        add(&mut summary, "CN", None);
        assert_eq!(summary, "C=NL, CN=?");
        for _ in 0..100 {
            add(&mut summary, "O", Some("é".repeat(100)));
        }
        assert_eq!(summary.chars().count(), SUMMARY_CHARS_MAX + 1);
    }
}
