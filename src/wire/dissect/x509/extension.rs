//! The extensions of a certificate: its names, and what its key may do (RFC 5280 §4.2).
//! Extensions without an explanation here are shown as the elements they are made of.

use super::any::any;
use super::general_name::general_name;
use super::{der, oid, sct};
use crate::wire::dissect::parts::{Parts, Step, named};
use crate::wire::dissect::tls_names;
use crate::wire::field::{Field, Value};

const RFC5280_4_2: &str = "RFC 5280 §4.2";

/// Reads Extensions.
pub(super) fn extensions(parts: &mut Parts<'_>) -> Step<()> {
    let list = named("Extensions", RFC5280_4_2).meaning("The list of them.");
    let contents = der::contents().wireshark("x509af.extensions");
    der::list(parts, der::SEQUENCE, list, contents, extension)
}

fn extension(parts: &mut Parts<'_>) -> Step<()> {
    let id = der::peek(parts).and_then(der::inside).unwrap_or_default();
    let known = oid::known(id).unwrap_or_default();
    let name = known
        .trim_start_matches("id-ce-")
        .trim_start_matches("id-pe-");
    let kind = kind(known);
    let field = named(
        if name.is_empty() { "Extension" } else { name },
        kind.source,
    )
    .wireshark("x509af.Extension_element")
    .meaning(kind.meaning);
    der::expect(parts, der::SEQUENCE, field, |parts| {
        der::object_identifier(
            parts,
            named("extnID", RFC5280_4_2).meaning("Which extension this is."),
            der::contents().wireshark("x509af.extension.id"),
        )?;
        if der::next_tag(parts) == Some(der::BOOLEAN) {
            let field = named("critical", RFC5280_4_2)
                .meaning("Who does not understand this extension must refuse the certificate.");
            der::boolean(parts, field, der::contents().wireshark("x509af.critical"))?;
        }
        let value = named("extnValue", RFC5280_4_2).meaning("What it says: DER within DER.");
        der::expect(parts, der::OCTET_STRING, value, kind.read)
    })
}

/// What is known of one kind of extension.
struct Kind {
    meaning: &'static str,
    source: &'static str,
    read: fn(&mut Parts<'_>) -> Step<()>,
}

fn kind(name: &str) -> Kind {
    let kind = |meaning, source, read| Kind {
        meaning,
        source,
        read,
    };
    match name {
        "id-ce-subjectAltName" => kind(
            "The names and addresses that the certificate is for: one of them must be what was typed.",
            "RFC 5280 §4.2.1.6",
            general_names,
        ),
        "id-ce-basicConstraints" => kind(
            "Whether this key may vouch for others, as an authority's does.",
            "RFC 5280 §4.2.1.9",
            basic_constraints,
        ),
        "id-ce-keyUsage" => kind("What the key may do.", "RFC 5280 §4.2.1.3", key_usage),
        "id-ce-extKeyUsage" => kind(
            "In which role the key may do it: for web servers, serverAuth.",
            "RFC 5280 §4.2.1.12",
            ext_key_usage,
        ),
        "id-ce-subjectKeyIdentifier" => kind(
            "A short name of this key, usually a hash of it.",
            "RFC 5280 §4.2.1.2",
            subject_key_identifier,
        ),
        "id-ce-authorityKeyIdentifier" => kind(
            "Which key of the issuer signed: the issuer's own subjectKeyIdentifier.",
            "RFC 5280 §4.2.1.1",
            authority_key_identifier,
        ),
        "id-pe-authorityInfoAccess" => kind(
            "Where to ask whether the certificate is revoked, and where the issuer's own lies.",
            "RFC 5280 §4.2.2.1",
            authority_info_access,
        ),
        "id-ce-cRLDistributionPoints" => kind(
            "Where lists of revoked certificates lie.",
            "RFC 5280 §4.2.1.13",
            crl_distribution_points,
        ),
        "id-ce-certificatePolicies" => kind(
            "By which rules the issuer checked the owner.",
            "RFC 5280 §4.2.1.4",
            certificate_policies,
        ),
        "id-pe-tlsfeature" => kind(
            "The server must do this in each handshake (\"must-staple\").",
            "RFC 7633 §4",
            tls_feature,
        ),
        "SignedCertificateTimestampList" => kind(
            "Public logs promised to show this certificate to everybody.",
            "RFC 6962 §3.3",
            scts,
        ),
        _ => kind("Not explained here.", RFC5280_4_2, any),
    }
}

fn general_names(parts: &mut Parts<'_>) -> Step<()> {
    let list = named("GeneralNames", "RFC 5280 §4.2.1.6").meaning("All names of the owner.");
    let contents = der::contents().wireshark("x509ce.GeneralNames");
    der::list(parts, der::SEQUENCE, list, contents, general_name)
}

fn basic_constraints(parts: &mut Parts<'_>) -> Step<()> {
    const SOURCE: &str = "RFC 5280 §4.2.1.9";
    let whole = named("BasicConstraints", SOURCE)
        .wireshark("x509ce.BasicConstraintsSyntax_element")
        .meaning("Empty if the key belongs to no authority.");
    der::expect(parts, der::SEQUENCE, whole, |parts| {
        if der::next_tag(parts) == Some(der::BOOLEAN) {
            let field = named("cA", SOURCE).meaning("Whether it is an authority's.");
            der::boolean(parts, field, der::contents().wireshark("x509ce.cA"))?;
        }
        if parts.more() {
            let field = named("pathLenConstraint", SOURCE)
                .meaning("How many more authorities may stand below this one.");
            let contents = der::contents().wireshark("x509ce.pathLenConstraint");
            der::integer(parts, der::INTEGER, field, contents)?;
        }
        Ok(())
    })
}

/// The bits of KeyUsage, from the highest of the first byte on; the ninth is nearly never there.
const KEY_USAGES: &[(&str, &str, &str)] = &[
    (
        "digitalSignature",
        "x509ce.KeyUsage.digitalSignature",
        "It may sign, as in a handshake.",
    ),
    (
        "contentCommitment",
        "x509ce.KeyUsage.contentCommitment",
        "It may sign what shall be binding.",
    ),
    (
        "keyEncipherment",
        "x509ce.KeyUsage.keyEncipherment",
        "Keys may be encrypted for it.",
    ),
    (
        "dataEncipherment",
        "x509ce.KeyUsage.dataEncipherment",
        "Data may be encrypted for it.",
    ),
    (
        "keyAgreement",
        "x509ce.KeyUsage.keyAgreement",
        "Keys may be agreed on with it.",
    ),
    (
        "keyCertSign",
        "x509ce.KeyUsage.keyCertSign",
        "It may sign certificates.",
    ),
    (
        "cRLSign",
        "x509ce.KeyUsage.cRLSign",
        "It may sign lists of revoked certificates.",
    ),
    (
        "encipherOnly",
        "x509ce.KeyUsage.encipherOnly",
        "Only to encrypt, if keys are agreed on.",
    ),
];

fn key_usage(parts: &mut Parts<'_>) -> Step<()> {
    const SOURCE: &str = "RFC 5280 §4.2.1.3";
    let whole = named("KeyUsage", SOURCE).meaning("One bit for each use.");
    der::bit_string(parts, whole, Some("ber.bitstring.padding"), |parts| {
        let (len, first) = (parts.left(), parts.ahead().first().copied().unwrap_or(0));
        let field = named("bits", SOURCE)
            .wireshark("x509ce.KeyUsage")
            .meaning("Each bit allows one use.");
        if len != 1 {
            parts.rest(field)?;
            return Ok(());
        }
        parts.number(1, field)?;
        let Some(bits) = parts.last() else {
            return Ok(());
        };
        let set = KEY_USAGES
            .iter()
            .enumerate()
            .map(|(at, (name, wireshark, meaning))| {
                let mask = 0x80u8 >> at;
                let value = Value::Number(u64::from(first & mask != 0));
                Field::leaf(*name, bits.bytes.clone(), value, SOURCE)
                    .mask(mask.into())
                    .wireshark(wireshark)
                    .meaning(*meaning)
            });
        bits.children = set.collect();
        Ok(())
    })
}

fn ext_key_usage(parts: &mut Parts<'_>) -> Step<()> {
    const SOURCE: &str = "RFC 5280 §4.2.1.12";
    let list = named("ExtKeyUsageSyntax", SOURCE).meaning("The list of roles.");
    let contents = der::contents().wireshark("x509ce.KeyPurposeIDs");
    der::list(parts, der::SEQUENCE, list, contents, |parts| {
        let field = named("KeyPurposeId", SOURCE).meaning("A role in which the key may be used.");
        let contents = der::contents().wireshark("x509ce.KeyPurposeId");
        der::object_identifier(parts, field, contents)?;
        Ok(())
    })
}

fn subject_key_identifier(parts: &mut Parts<'_>) -> Step<()> {
    let field = named("KeyIdentifier", "RFC 5280 §4.2.1.2").meaning("The name of the key.");
    let contents = der::contents().wireshark("x509ce.SubjectKeyIdentifier");
    der::primitive(parts, der::OCTET_STRING, field, contents)
}

fn authority_key_identifier(parts: &mut Parts<'_>) -> Step<()> {
    const SOURCE: &str = "RFC 5280 §4.2.1.1";
    let whole = named("AuthorityKeyIdentifier", SOURCE)
        .wireshark("x509ce.AuthorityKeyIdentifier_element")
        .meaning("How the key of the issuer is found.");
    der::expect(parts, der::SEQUENCE, whole, |parts| {
        if der::next_tag(parts) == Some(0x80) {
            let field = named("keyIdentifier", SOURCE).meaning("The name of the key that signed.");
            let contents = der::contents().wireshark("x509ce.keyIdentifier");
            der::primitive(parts, 0x80, field, contents)?;
        }
        if der::next_tag(parts) == Some(0xa1) {
            let field = named("authorityCertIssuer", SOURCE)
                .meaning("Who issued the issuer's own certificate.");
            let contents = der::contents().wireshark("x509ce.authorityCertIssuer");
            der::list(parts, 0xa1, field, contents, general_name)?;
        }
        if der::next_tag(parts) == Some(0x82) {
            let field = named("authorityCertSerialNumber", SOURCE)
                .meaning("The number of the issuer's own certificate.");
            let contents = der::contents().wireshark("x509ce.authorityCertSerialNumber");
            der::primitive(parts, 0x82, field, contents)?;
        }
        Ok(())
    })
}

fn authority_info_access(parts: &mut Parts<'_>) -> Step<()> {
    const SOURCE: &str = "RFC 5280 §4.2.2.1";
    let list = named("AuthorityInfoAccessSyntax", SOURCE).meaning("The list of places.");
    let contents = der::contents().wireshark("pkix1implicit.AuthorityInfoAccessSyntax");
    der::list(parts, der::SEQUENCE, list, contents, |parts| {
        let one = named("AccessDescription", SOURCE)
            .wireshark("pkix1implicit.AccessDescription_element")
            .meaning("One place, and what it is for.");
        der::expect(parts, der::SEQUENCE, one, |parts| {
            let method = named("accessMethod", SOURCE).meaning("What the place is for.");
            let contents = der::contents().wireshark("pkix1implicit.accessMethod");
            der::object_identifier(parts, method, contents)?;
            general_name(parts)
        })
    })
}

fn crl_distribution_points(parts: &mut Parts<'_>) -> Step<()> {
    const SOURCE: &str = "RFC 5280 §4.2.1.13";
    let list = named("CRLDistributionPoints", SOURCE).meaning("The list of places.");
    let contents = der::contents().wireshark("x509ce.CRLDistPointsSyntax");
    der::list(parts, der::SEQUENCE, list, contents, |parts| {
        let one = named("DistributionPoint", SOURCE)
            .wireshark("x509ce.DistributionPoint_element")
            .meaning("One place.");
        der::expect(parts, der::SEQUENCE, one, |parts| {
            if der::next_tag(parts) == Some(0xa0) {
                der::element(
                    parts,
                    named("distributionPoint", SOURCE).meaning("Where it is."),
                    |parts| {
                        let full_name = named("fullName", SOURCE).meaning("Where it is, in full.");
                        let contents = der::contents().wireshark("x509ce.fullName");
                        der::list(parts, 0xa0, full_name, contents, general_name)
                    },
                )?;
            }
            any(parts)
        })
    })
}

fn certificate_policies(parts: &mut Parts<'_>) -> Step<()> {
    const SOURCE: &str = "RFC 5280 §4.2.1.4";
    let list = named("certificatePolicies", SOURCE).meaning("The list of policies.");
    let contents = der::contents().wireshark("x509ce.CertificatePoliciesSyntax");
    der::list(parts, der::SEQUENCE, list, contents, |parts| {
        let one = named("PolicyInformation", SOURCE)
            .wireshark("x509ce.PolicyInformation_element")
            .meaning("One policy.");
        der::expect(parts, der::SEQUENCE, one, |parts| {
            let id = named("policyIdentifier", SOURCE).meaning("Which set of rules.");
            let contents = der::contents().wireshark("x509ce.policyIdentifier");
            der::object_identifier(parts, id, contents)?;
            any(parts)
        })
    })
}

fn tls_feature(parts: &mut Parts<'_>) -> Step<()> {
    let list = named("Features", "RFC 7633 §4.1").meaning("The list of extensions.");
    let contents = der::contents().wireshark("pkix1explicit.Features");
    der::list(parts, der::SEQUENCE, list, contents, |parts| {
        let feature = named("feature", "RFC 7633 §4.1")
            .meaning("An extension of TLS that the server must use.");
        der::expect(parts, der::INTEGER, feature, |parts| {
            let contents = der::contents().wireshark("pkix1explicit.Features_item");
            parts.code(parts.left().min(8), contents, tls_names::extension_type)?;
            Ok(())
        })
    })
}

fn scts(parts: &mut Parts<'_>) -> Step<()> {
    let field = named("SignedCertificateTimestampList", "RFC 6962 §3.3")
        .meaning("The timestamps, wrapped up in DER.");
    der::expect(parts, der::OCTET_STRING, field, sct::sct_list)
}
