//! Signatures: opaque bytes, or for ECDSA the two numbers they are made of (RFC 3279 §2.2.3).
//! None is verified here.

use super::{der, oid};
use crate::wire::dissect::parts::{Parts, Step, named};
use crate::wire::dissect::tls_names as names;
use crate::wire::field::Field;

/// Reads a certificate's signatureValue.
pub(super) fn signature_value(parts: &mut Parts<'_>, algorithm: &[u8]) -> Step<()> {
    const SOURCE: &str = "RFC 5280 §4.1.1.3";
    let whole = named("signatureValue", SOURCE).meaning("The signature, as a string of bits.");
    der::bit_string(parts, whole, Some("ber.bitstring.padding"), |parts| {
        let signature = named("signature", SOURCE)
            .wireshark("x509af.encrypted")
            .meaning("The issuer's signature over tbsCertificate: nobody else can make it.");
        if oid::known(algorithm).is_some_and(|name| name.starts_with("ecdsa-")) {
            parts.group(parts.left(), signature, ecdsa_signature)
        } else {
            parts.rest(signature)?;
            Ok(())
        }
    })
}

/// Reads an ECDSA signature.
fn ecdsa_signature(parts: &mut Parts<'_>) -> Step<()> {
    const SOURCE: &str = "RFC 3279 §2.2.3";
    let value =
        named("Ecdsa-Sig-Value", SOURCE).meaning("A signature of ECDSA is a pair of numbers.");
    der::expect(parts, der::SEQUENCE, value, |parts| {
        let number =
            |name, meaning: &'static str| -> Field { named(name, SOURCE).meaning(meaning) };
        let (r, s) = (
            number("r", "The first number of the pair."),
            number("s", "The second number of the pair."),
        );
        der::primitive(parts, der::INTEGER, r, der::contents())?;
        der::primitive(parts, der::INTEGER, s, der::contents())
    })
}

/// Reads a signature behind its length, in the form that its scheme has.
pub(in crate::wire::dissect) fn by_scheme(
    parts: &mut Parts<'_>,
    scheme: u64,
    len_wireshark: Option<&'static str>,
    field: Field,
) -> Step<()> {
    if names::signature_scheme(scheme).is_some_and(|name| name.starts_with("ecdsa_")) {
        parts.vector(2, len_wireshark, field, ecdsa_signature)
    } else {
        parts.opaque(2, len_wireshark, field)?;
        Ok(())
    }
}
