//! X.509 certificates in DER, every byte of them (RFC 5280).
//! Nothing is checked here, no signature and no date: this shows what a certificate says, true or not.

mod any;
mod der;
mod extension;
mod general_name;
mod name;
mod oid;
mod public_key;
mod sct;
mod signature;
#[cfg(test)]
mod tests;
mod text;
mod time;

use super::parts::{Parts, Step, dissect, named};
use crate::wire::field::Field;

pub(super) use any::any as any_der;
pub(super) use name::distinguished_name;
pub(super) use oid::relative as relative_oid;
pub(super) use sct::sct_list;
pub(super) use signature::by_scheme as signature;

/// Takes one certificate apart.
#[must_use]
pub fn dissect_certificate(der: &[u8]) -> Field {
    let field = named("cert_data", "RFC 8446 §4.4.2").meaning("One certificate.");
    dissect(der, field, certificate)
}

/// Reads a certificate.
pub(super) fn certificate(parts: &mut Parts<'_>) -> Step<()> {
    let whole = named("Certificate", RFC5280_4_1)
        .meaning("Says whose key this is, for how long, and who vouches for it.");
    der::expect(parts, der::SEQUENCE, whole, |parts| {
        // The algorithm of the signature stands before and in what is signed.
        let tbs = named("tbsCertificate", RFC5280_4_1)
            .wireshark("x509af.signedCertificate_element")
            .meaning("The part that is signed (\"to be signed\").");
        der::expect(parts, der::SEQUENCE, tbs, tbs_certificate)?;
        let algorithm = der::peek(parts).and_then(der::inside).unwrap_or_default();
        public_key::algorithm_identifier(
            parts,
            named("signatureAlgorithm", "RFC 5280 §4.1.1.2")
                .wireshark("x509af.algorithmIdentifier_element")
                .meaning("How the issuer signed."),
        )?;
        signature::signature_value(parts, algorithm)
    })
}

const RFC5280_4_1: &str = "RFC 5280 §4.1";
const EXPLICIT_VERSION: u8 = 0xa0;
const ISSUER_UNIQUE_ID: u8 = 0x81;
const SUBJECT_UNIQUE_ID: u8 = 0x82;
const EXPLICIT_EXTENSIONS: u8 = 0xa3;

fn tbs_certificate(parts: &mut Parts<'_>) -> Step<()> {
    if der::next_tag(parts) == Some(EXPLICIT_VERSION) {
        der::element(
            parts,
            named("version", "RFC 5280 §4.1.2.1").meaning("Which form of certificate this is."),
            version,
        )?;
    }
    der::integer(
        parts,
        der::INTEGER,
        named("serialNumber", "RFC 5280 §4.1.2.2")
            .meaning("The issuer gives each of its certificates a number of its own."),
        der::contents().wireshark("x509af.serialNumber"),
    )?;
    public_key::algorithm_identifier(
        parts,
        named("signature", "RFC 5280 §4.1.2.3")
            .wireshark("x509af.signature_element")
            .meaning("How the issuer signs: the same as behind the signed part."),
    )?;
    let issuer = named("issuer", "RFC 5280 §4.1.2.4")
        .wireshark("x509af.issuer")
        .meaning("Who vouches for what this certificate says.");
    distinguished_name(parts, issuer, Some("x509if.rdnSequence"))?;
    let validity = named("validity", "RFC 5280 §4.1.2.5")
        .wireshark("x509af.validity_element")
        .meaning("From when until when the certificate holds.");
    der::expect(parts, der::SEQUENCE, validity, |parts| {
        let not_before = named("notBefore", "RFC 5280 §4.1.2.5")
            .wireshark("x509af.notBefore")
            .meaning("Nobody should accept it before this.");
        time::time(parts, not_before)?;
        let not_after = named("notAfter", "RFC 5280 §4.1.2.5")
            .wireshark("x509af.notAfter")
            .meaning("Nobody should accept it after this.");
        time::time(parts, not_after)
    })?;
    let subject = named("subject", "RFC 5280 §4.1.2.6")
        .wireshark("x509af.subject")
        .meaning("Whose key this is. Browsers go by subjectAltName instead.");
    distinguished_name(parts, subject, Some("x509af.rdnSequence"))?;
    public_key::subject_public_key_info(parts)?;
    unique_ids(parts)?;
    if der::next_tag(parts) == Some(EXPLICIT_EXTENSIONS) {
        let explicit = named("extensions", "RFC 5280 §4.1.2.9")
            .meaning("What the key may be used for, and by which names.");
        der::element(parts, explicit, extension::extensions)?;
    }
    Ok(())
}

fn version(parts: &mut Parts<'_>) -> Step<()> {
    der::expect(
        parts,
        der::INTEGER,
        named("Version", "RFC 5280 §4.1.2.1").meaning("Which form of certificate this is."),
        |parts| {
            let contents = der::contents()
                .wireshark("x509af.version")
                .meaning("Counted from 0: with extensions it is 2, which is called v3.");
            parts.code(parts.left().min(8), contents, |number| match number {
                0 => Some("v1".into()),
                1 => Some("v2".into()),
                2 => Some("v3".into()),
                _ => None,
            })?;
            Ok(())
        },
    )
}

fn unique_ids(parts: &mut Parts<'_>) -> Step<()> {
    for (tag, name) in [
        (ISSUER_UNIQUE_ID, "issuerUniqueID"),
        (SUBJECT_UNIQUE_ID, "subjectUniqueID"),
    ] {
        if der::next_tag(parts) == Some(tag) {
            let field = named(name, "RFC 5280 §4.1.2.8").meaning("Nobody uses these any more.");
            der::primitive(parts, tag, field, der::contents())?;
        }
    }
    Ok(())
}
