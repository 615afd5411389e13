//! Extensions: how TLS has grown since its first version, and most of what a hello says (RFC 8446 §4.2).
//! This file reads lists of them; `kinds` says what is known, and the other files below, what each kind is made of.

mod certificates;
mod encrypted_hello;
mod keys;
mod kinds;
mod protocols;
mod session;

use std::collections::HashSet;

use super::parts::{Parts, Step, named};
use super::tls_names as names;
use crate::wire::field::Field;
use kinds::Kind;

pub(super) use certificates::{certificate_authorities, certificate_status, signature_schemes};
pub(super) use keys::ec_point;

const RFC8446_4_2: &str = "RFC 8446 §4.2";
const PRE_SHARED_KEY: u64 = 41;

/// The message that extensions stand in: some look different in each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    ClientHello,
    ServerHello,
    HelloRetryRequest,
    EncryptedExtensions,
    CertificateRequest,
    Certificate,
    NewSessionTicket,
}

/// Reads a list of extensions behind its length.
pub(super) fn extensions(parts: &mut Parts<'_>, place: Place) -> Step<()> {
    let list = named("extensions", RFC8446_4_2)
        .meaning("What goes beyond the first version of TLS. Who does not know one skips it.");
    let mut seen = HashSet::new();
    parts.vector(2, Some("tls.handshake.extensions_length"), list, |parts| {
        while parts.more() {
            let number = extension(parts, place)?;
            if !seen.insert(number) {
                parts.blame("An extension may come once in a message (RFC 8446 §4.2).");
            }
            if number == PRE_SHARED_KEY && place == Place::ClientHello && parts.more() {
                parts.blame("pre_shared_key must come last (RFC 8446 §4.2.11).");
            }
        }
        Ok(())
    })
}

/// Reads one extension; gives its type.
fn extension(parts: &mut Parts<'_>, place: Place) -> Step<u64> {
    let (number, data_len) = match *parts.ahead() {
        [a, b, c, d, ..] => (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])),
        [a, b, ..] => (u16::from_be_bytes([a, b]), 0),
        _ => (0, 0),
    };
    let number = u64::from(number);
    let kind = Kind::of(number);
    let name =
        names::extension_type(number).unwrap_or_else(|| format!("extension {number}").into());
    let whole = named(name, kind.source).meaning(kind.meaning);
    parts.group(
        (4 + usize::from(data_len)).min(parts.left()),
        whole,
        |parts| {
            parts.code(
                2,
                named("extension_type", RFC8446_4_2)
                    .wireshark("tls.handshake.extension.type")
                    .meaning("Which extension this is."),
                names::extension_type,
            )?;
            let mut data = named("extension_data", RFC8446_4_2).meaning("What it says.");
            data.wireshark = kind.data_wireshark;
            let len_wireshark = Some("tls.handshake.extension.len");
            match kind.read {
                Some(read) => parts.vector(2, len_wireshark, data, |parts| read(parts, place)),
                None => parts.opaque(2, len_wireshark, data).map(|_| ()),
            }
        },
    )?;
    Ok(number)
}

/// Data of a kind that has no place in this message.
fn out_of_place(parts: &mut Parts<'_>) -> Step<()> {
    if parts.more() {
        parts.rest(named("data", RFC8446_4_2).meaning("What is not explained here."))?;
    }
    Ok(())
}

/// A field of a list's only kind of item.
fn item(name: &'static str, source: &'static str, wireshark: &'static str) -> Field {
    named(name, source).wireshark(wireshark)
}
