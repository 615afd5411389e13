//! What certificates say, fresh ones and broken ones.

use super::*;
use crate::wire::dissect::mutation::mutations;
use crate::wire::field::Value;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, SanType,
};

/// A certificate with most of what there is, made now.
fn fresh() -> Vec<u8> {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.subject_alt_names.extend([
        SanType::IpAddress("127.0.0.1".parse().unwrap()),
        SanType::IpAddress("::1".parse().unwrap()),
        SanType::URI("https://example.org/".try_into().unwrap()),
    ]);
    params.distinguished_name.push(DnType::CommonName, "Café");
    params.distinguished_name.push(DnType::CountryName, "NL");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.custom_extensions = vec![CustomExtension::from_oid_content(
        &[1, 2, 3, 4],
        vec![0x0c, 2, b'h', b'i'],
    )];
    let key = KeyPair::generate().unwrap();
    params.self_signed(&key).unwrap().der().to_vec()
}

fn problems(field: &Field) -> Vec<String> {
    assert_eq!(field.flaw(), None);
    let told = field.walk().filter_map(|field| field.problem.as_ref());
    told.map(ToString::to_string).collect()
}

/// The value of the first field of this name, as text.
fn text(field: &Field, name: &str) -> String {
    let found = field.walk().find(|field| field.name == name);
    match &found.unwrap_or_else(|| panic!("no {name}")).value {
        Value::Text(text) => text.clone(),
        other => format!("{other:?}"),
    }
}

#[test]
fn a_fresh_certificate_is_told_from_end_to_end() {
    let der = fresh();
    let field = dissect_certificate(&der);
    assert_eq!(problems(&field), Vec::<String>::new());
    for (name, value) in [
        ("issuer", "CN=Café, C=NL"),
        ("dNSName", "localhost"),
        ("iPAddress", "127.0.0.1"),
        ("uniformResourceIdentifier", "https://example.org/"),
        ("KeyPurposeId", "id-kp-serverAuth (1.3.6.1.5.5.7.3.1)"),
        ("parameters", "secp256r1 (1.2.840.10045.3.1.7)"),
        ("UTF8String", "hi"),
        ("pathLenConstraint", "Number(1)"),
        ("keyCertSign", "Number(1)"),
        ("digitalSignature", "Number(0)"),
    ] {
        assert_eq!(text(&field, name), value);
    }
    for (name, len) in [("x", 32), ("y", 32)] {
        let coordinate = field.walk().find(|field| field.name == name).unwrap();
        assert_eq!(coordinate.bytes.len(), len);
    }
    for name in ["r", "s", "subjectKeyIdentifier", "authorityKeyIdentifier"] {
        assert!(field.walk().any(|field| field.name == name), "{name}");
    }
}

#[test]
fn a_cut_certificate_is_told_as_far_as_it_goes() {
    let der = fresh();
    for len in 0..der.len() {
        let field = dissect_certificate(&der[..len]);
        assert!(!problems(&field).is_empty(), "{len}");
        assert_eq!(field.bytes, 0..len);
    }
    let after_issuer = dissect_certificate(&der[..120]);
    assert_eq!(text(&after_issuer, "issuer"), "CN=Café, C=NL");
}

#[test]
fn mutated_certificates_keep_the_promise_of_fields() {
    let der = fresh();
    for mutated in mutations(&der, 5280, 5_000) {
        let field = dissect_certificate(&mutated);
        assert_eq!(field.flaw(), None, "{mutated:02x?}");
        assert_eq!(field.bytes, 0..mutated.len());
    }
}

#[test]
fn what_stands_in_the_wrong_place_is_told() {
    for (der, problem) in [
        (
            &[0x31u8, 0][..],
            "Certificate should be SEQUENCE, and here is SET.",
        ),
        (&[0x30, 0], "tbsCertificate is missing."),
        (&[0x30, 2, 0x30, 0], "serialNumber is missing."),
        (&[0x30, 5, 0x30, 3, 0x02, 1, 5], "signature is missing."),
        (&[], "Certificate is missing."),
    ] {
        let told = problems(&dissect_certificate(der));
        assert_eq!(
            told.first().map(String::as_str),
            Some(problem),
            "{der:02x?}"
        );
    }
}

#[test]
fn timestamps_of_logs_are_taken_apart() {
    let timestamp = [
        &[0u8][..],
        &[1; 32],
        &[0, 0, 1, 0x9a, 0xb0, 0, 0, 0],
        &[0, 0, 4, 3, 0, 8, 0x30, 6, 2, 1, 5, 2, 1, 7],
    ]
    .concat();
    let len = u8::try_from(timestamp.len()).unwrap();
    let list = [&[0, len + 2, 0, len][..], &timestamp].concat();
    let read = |bytes: &[u8]| {
        dissect(
            bytes,
            named("scts", "RFC 6962 §3.3").meaning("Timestamps."),
            sct_list,
        )
    };
    assert_eq!(problems(&read(&list)), Vec::<String>::new());
    assert!(read(&list).walk().any(|field| field.name == "r"));
    for len in 1..list.len() {
        assert!(!problems(&read(&list[..len])).is_empty(), "{len}");
    }
}
