//! Object identifiers (X.690 §8.19): from bytes to dotted numbers, and what they are called.
//! A table of names, and nothing that depends on them.

use std::fmt::Write as _;

/// The most bytes of an identifier that are spelled out: those in use have up to 20.
const BYTES_MAX: usize = 64;

/// `prime256v1 (1.2.840.10045.3.1.7)`, or the numbers alone.
pub(super) fn describe(bytes: &[u8]) -> String {
    let Some(dotted) = dotted(bytes) else {
        return "not an object identifier".to_owned();
    };
    match name(&dotted) {
        Some(name) => format!("{name} ({dotted})"),
        None => dotted,
    }
}

/// The name or the numbers.
pub(super) fn short(bytes: &[u8]) -> String {
    let Some(dotted) = dotted(bytes) else {
        return "?".to_owned();
    };
    name(&dotted).map_or(dotted, str::to_owned)
}

/// The name, if it has one.
pub(super) fn known(bytes: &[u8]) -> Option<&'static str> {
    name(&dotted(bytes)?)
}

/// The numbers of an identifier whose first two are 1 and 3 less what stands before them:
/// trust anchors are named by such (RFC 9925, RELATIVE-OID).
pub(in crate::wire::dissect) fn relative(bytes: &[u8]) -> Option<String> {
    arcs(bytes).map(|arcs| {
        let numbers: Vec<_> = arcs.iter().map(ToString::to_string).collect();
        numbers.join(".")
    })
}

fn dotted(bytes: &[u8]) -> Option<String> {
    let arcs = arcs(bytes)?;
    let (&first, others) = arcs.split_first()?;
    // The first two numbers share one: 40 times the first, which is 0, 1 or 2, and the second.
    let top = (first / 40).min(2);
    let mut text = format!("{top}.{}", first - top * 40);
    for number in others {
        write!(text, ".{number}").ok()?;
    }
    Some(text)
}

/// Numbers of seven bits a byte, the highest first, each byte but the last with its top bit set.
fn arcs(bytes: &[u8]) -> Option<Vec<u64>> {
    if bytes.is_empty() || bytes.len() > BYTES_MAX {
        return None;
    }
    let mut arcs = Vec::new();
    let mut number = 0u64;
    let mut begun = false;
    for &byte in bytes {
        number = number.checked_mul(128)? | u64::from(byte & 0x7f);
        begun = byte & 0x80 != 0;
        if !begun {
            arcs.push(number);
            number = 0;
        }
    }
    (!begun).then_some(arcs)
}

fn name(dotted: &str) -> Option<&'static str> {
    NAMES
        .iter()
        .find(|(oid, _)| *oid == dotted)
        .map(|&(_, name)| name)
}

/// As RFC 5280, 3279, 5480, 5758, 4055, 8410, 9881 and 4519 call them; attributes of names by their short form.
const NAMES: &[(&str, &str)] = &[
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.10045.2.1", "id-ecPublicKey"),
    ("1.2.840.10045.3.1.7", "secp256r1"),
    ("1.2.840.10045.4.1", "ecdsa-with-SHA1"),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512"),
    ("1.2.840.113549.1.1.1", "rsaEncryption"),
    ("1.2.840.113549.1.1.5", "sha1WithRSAEncryption"),
    ("1.2.840.113549.1.1.8", "id-mgf1"),
    ("1.2.840.113549.1.1.10", "id-RSASSA-PSS"),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption"),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("1.3.101.110", "id-X25519"),
    ("1.3.101.112", "id-Ed25519"),
    ("1.3.101.113", "id-Ed448"),
    ("1.3.132.0.34", "secp384r1"),
    ("1.3.132.0.35", "secp521r1"),
    ("1.3.14.3.2.26", "id-sha1"),
    ("1.3.6.1.4.1.11129.2.4.2", "SignedCertificateTimestampList"),
    ("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC"),
    ("1.3.6.1.5.5.7.1.1", "id-pe-authorityInfoAccess"),
    ("1.3.6.1.5.5.7.1.24", "id-pe-tlsfeature"),
    ("1.3.6.1.5.5.7.2.1", "id-qt-cps"),
    ("1.3.6.1.5.5.7.2.2", "id-qt-unotice"),
    ("1.3.6.1.5.5.7.3.1", "id-kp-serverAuth"),
    ("1.3.6.1.5.5.7.3.2", "id-kp-clientAuth"),
    ("1.3.6.1.5.5.7.3.3", "id-kp-codeSigning"),
    ("1.3.6.1.5.5.7.3.4", "id-kp-emailProtection"),
    ("1.3.6.1.5.5.7.3.8", "id-kp-timeStamping"),
    ("1.3.6.1.5.5.7.3.9", "id-kp-OCSPSigning"),
    ("1.3.6.1.5.5.7.48.1", "id-ad-ocsp"),
    ("1.3.6.1.5.5.7.48.1.1", "id-pkix-ocsp-basic"),
    ("1.3.6.1.5.5.7.48.2", "id-ad-caIssuers"),
    ("2.16.840.1.101.3.4.2.1", "id-sha256"),
    ("2.16.840.1.101.3.4.2.2", "id-sha384"),
    ("2.16.840.1.101.3.4.2.3", "id-sha512"),
    ("2.16.840.1.101.3.4.3.17", "id-ml-dsa-44"),
    ("2.16.840.1.101.3.4.3.18", "id-ml-dsa-65"),
    ("2.16.840.1.101.3.4.3.19", "id-ml-dsa-87"),
    ("2.23.140.1.1", "extended-validated"),
    ("2.23.140.1.2.1", "domain-validated"),
    ("2.23.140.1.2.2", "organization-validated"),
    ("2.23.140.1.2.3", "individual-validated"),
    ("2.5.29.14", "id-ce-subjectKeyIdentifier"),
    ("2.5.29.15", "id-ce-keyUsage"),
    ("2.5.29.17", "id-ce-subjectAltName"),
    ("2.5.29.18", "id-ce-issuerAltName"),
    ("2.5.29.19", "id-ce-basicConstraints"),
    ("2.5.29.30", "id-ce-nameConstraints"),
    ("2.5.29.31", "id-ce-cRLDistributionPoints"),
    ("2.5.29.32", "id-ce-certificatePolicies"),
    ("2.5.29.32.0", "anyPolicy"),
    ("2.5.29.35", "id-ce-authorityKeyIdentifier"),
    ("2.5.29.37", "id-ce-extKeyUsage"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.42", "GN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.97", "organizationIdentifier"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_become_dotted_numbers_with_names() {
        for (bytes, text) in [
            (&[0x55u8, 0x04, 0x03][..], "CN (2.5.4.3)"),
            (
                &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
                "secp256r1 (1.2.840.10045.3.1.7)",
            ),
            (&[0x2b, 0x65, 0x70], "id-Ed25519 (1.3.101.112)"),
            (&[0x00], "0.0"),
            (&[0x27], "0.39"),
            (&[0x28], "1.0"),
            // X.690 §8.19.5: 2.999.3, whose second number is above 39.
            (&[0x88, 0x37, 0x03], "2.999.3"),
        ] {
            assert_eq!(describe(bytes), text);
        }
    }

    #[test]
    fn what_does_not_end_or_is_too_long_is_no_identifier() {
        let long = [1; BYTES_MAX + 1];
        for bytes in [&[][..], &[0x80], &[0x2a, 0x86], &[0xff; 12], &long] {
            assert_eq!(describe(bytes), "not an object identifier", "{bytes:02x?}");
        }
        assert!(describe(&long[1..]).starts_with("0.1.1"));
    }

    #[test]
    fn no_name_stands_twice() {
        let mut oids: Vec<_> = NAMES.iter().map(|(oid, _)| oid).collect();
        oids.sort_unstable();
        oids.dedup();
        assert_eq!(oids.len(), NAMES.len());
    }
}
