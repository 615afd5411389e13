//! Public keys and the algorithms they are for (RFC 5280 §4.1.2.7, RFC 3279, RFC 5480, RFC 8410).
//! Shapes only: no key is used here.

use super::any::any;
use super::der;
use crate::wire::dissect::curve_point::uncompressed_point;
use crate::wire::dissect::parts::{Parts, Step, named};
use crate::wire::field::Field;

const RFC5280_4_1_2_7: &str = "RFC 5280 §4.1.2.7";
const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// Reads an AlgorithmIdentifier; gives the bytes of its object identifier.
pub(super) fn algorithm_identifier<'a>(parts: &mut Parts<'a>, field: Field) -> Step<&'a [u8]> {
    let id = der::peek(parts).and_then(der::inside).unwrap_or_default();
    der::expect(parts, der::SEQUENCE, field, |parts| {
        der::object_identifier(
            parts,
            named("algorithm", "RFC 5280 §4.1.1.2")
                .meaning("Which algorithm, by its number in the tree of all standards."),
            der::contents().wireshark("x509af.algorithm.id"),
        )?;
        if id == EC_PUBLIC_KEY && der::next_tag(parts) == Some(der::OBJECT_IDENTIFIER) {
            let parameters = named("parameters", "RFC 5480 §2.1.1")
                .wireshark("pkcs1.ECParameters")
                .meaning("Which elliptic curve the key is a point of.");
            let curve = der::contents().wireshark("pkcs1.namedCurve");
            der::object_identifier(parts, parameters, curve)?;
        }
        any(parts)
    })?;
    Ok(id)
}

/// Reads a SubjectPublicKeyInfo.
pub(super) fn subject_public_key_info(parts: &mut Parts<'_>) -> Step<()> {
    let whole = named("subjectPublicKeyInfo", RFC5280_4_1_2_7)
        .wireshark("x509af.subjectPublicKeyInfo_element")
        .meaning("The key that this certificate is about; the private half stays with its owner.");
    der::expect(parts, der::SEQUENCE, whole, |parts| {
        let algorithm = algorithm_identifier(
            parts,
            named("algorithm", RFC5280_4_1_2_7)
                .wireshark("x509af.algorithm_element")
                .meaning("What the key is for."),
        )?;
        // Wireshark decodes RSA keys another way, and then shows no padding.
        let padding = (algorithm != RSA_ENCRYPTION).then_some("ber.bitstring.padding");
        let key =
            named("subjectPublicKey", RFC5280_4_1_2_7).meaning("The key, as a string of bits.");
        der::bit_string(parts, key, padding, |parts| {
            let key = named("key", RFC5280_4_1_2_7)
                .wireshark("x509af.subjectPublicKey")
                .meaning("The public key itself.");
            match (algorithm, parts.ahead().first()) {
                (RSA_ENCRYPTION, _) => parts.group(parts.left(), key, rsa_key),
                (EC_PUBLIC_KEY, Some(4)) => parts.group(parts.left(), key, uncompressed_point),
                _ => {
                    parts.rest(key)?;
                    Ok(())
                }
            }
        })
    })
}

fn rsa_key(parts: &mut Parts<'_>) -> Step<()> {
    const SOURCE: &str = "RFC 8017 §A.1.1";
    der::expect(
        parts,
        der::SEQUENCE,
        named("RSAPublicKey", SOURCE).meaning("A key of RSA is a pair of numbers."),
        |parts| {
            der::primitive(
                parts,
                der::INTEGER,
                named("modulus", SOURCE)
                    .meaning("The product of two primes that only the owner knows."),
                der::contents().wireshark("pkcs1.modulus"),
            )?;
            der::integer(
                parts,
                der::INTEGER,
                named("publicExponent", SOURCE).meaning("Nearly always 65537."),
                der::contents().wireshark("pkcs1.publicExponent"),
            )
        },
    )
}
