//! GeneralName: host names, addresses, URLs and the like, each marked by its kind (RFC 5280 §4.2.1.6).
//! Which of them a browser believes is not judged here.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{der, name, oid};
use crate::wire::dissect::parts::{Parts, Step, named};
use crate::wire::field::{Field, Value};

const SOURCE: &str = "RFC 5280 §4.2.1.6";

// The tags in context.
const RFC822_NAME: u8 = 0x81;
const DNS_NAME: u8 = 0x82;
const DIRECTORY_NAME: u8 = 0xa4;
const URI: u8 = 0x86;
const IP_ADDRESS: u8 = 0x87;
const REGISTERED_ID: u8 = 0x88;

/// Reads one name of whatever kind.
pub(super) fn general_name(parts: &mut Parts<'_>) -> Step<()> {
    let tag = der::next_tag(parts).unwrap_or_default();
    let text = |wireshark| Kind::Text(der::contents().wireshark(wireshark));
    let (name, meaning, kind) = match tag {
        DNS_NAME => (
            "dNSName",
            "A host that the certificate is for; * stands for one label.",
            text("x509ce.dNSName"),
        ),
        IP_ADDRESS => (
            "iPAddress",
            "An address that the certificate is for.",
            Kind::Address,
        ),
        URI => (
            "uniformResourceIdentifier",
            "An address on the web.",
            text("x509ce.uniformResourceIdentifier"),
        ),
        RFC822_NAME => (
            "rfc822Name",
            "An address of mail.",
            text("x509ce.rfc822Name"),
        ),
        DIRECTORY_NAME => ("directoryName", "A distinguished name.", Kind::Directory),
        REGISTERED_ID => ("registeredID", "An object identifier.", Kind::Identifier),
        _ => (
            "GeneralName",
            "A name of a kind that is not explained here.",
            Kind::Other,
        ),
    };
    let inside = der::peek(parts).unwrap_or_default();
    let field = named(name, SOURCE).meaning(meaning);
    der::element(parts, field, |parts| kind.read(parts, inside))
}

/// How the contents are read.
enum Kind {
    Text(Field),
    Address,
    Directory,
    Identifier,
    Other,
}

impl Kind {
    fn read(self, parts: &mut Parts<'_>, inside: &[u8]) -> Step<()> {
        match self {
            Self::Text(contents) => parts.text(parts.left(), contents),
            Self::Address => address(parts, inside),
            Self::Directory => {
                let field = named("Name", SOURCE)
                    .wireshark("x509ce.directoryName")
                    .meaning("A distinguished name: attributes from the country down.");
                name::distinguished_name(parts, field, Some("x509if.rdnSequence"))
            }
            Self::Identifier => {
                let contents = der::contents().wireshark("x509ce.registeredID");
                parts.value(parts.left(), contents, Value::Text(oid::describe(inside)))
            }
            Self::Other => {
                parts.rest(der::contents())?;
                Ok(())
            }
        }
    }
}

fn address(parts: &mut Parts<'_>, inside: &[u8]) -> Step<()> {
    let (text, wireshark) = if let Ok(octets) = <[u8; 4]>::try_from(inside) {
        (Ipv4Addr::from(octets).to_string(), "x509ce.IPAddress.ipv4")
    } else if let Ok(octets) = <[u8; 16]>::try_from(inside) {
        (Ipv6Addr::from(octets).to_string(), "x509ce.IPAddress.ipv6")
    } else {
        parts.rest(der::contents())?;
        parts.blame("An address has 4 or 16 bytes.");
        return Ok(());
    };
    let contents = der::contents().wireshark(wireshark);
    parts.value(parts.left(), contents, Value::Text(text))
}
