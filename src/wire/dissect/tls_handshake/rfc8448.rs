//! The messages of RFC 8448, "Example Handshake Traces for TLS 1.3", and what they say.

use super::{HandshakeContext, dissect_handshake, message_len, message_name};
use crate::wire::field::{Field, Value};

/// All messages of the traces, each with the number of its section.
pub(in crate::wire::dissect) fn all() -> Vec<(u8, Vec<u8>)> {
    let traces = include_str!("../../../../tests/fixtures/rfc8448.txt");
    let mut messages = Vec::new();
    let (mut section, mut of_handshake) = (0, false);
    for line in traces.lines() {
        if let Some(title) = line.strip_prefix("= §") {
            section = title.split(':').next().unwrap().parse().unwrap();
        }
        if !line.starts_with(' ') {
            of_handshake = line.contains("send handshake record");
        }
        let payload = line.strip_prefix("  payload: ").filter(|_| of_handshake);
        let bytes = payload.map(bytes).unwrap_or_default();
        let mut rest = bytes.as_slice();
        while let Some(len) = message_len(rest) {
            let (message, behind) = rest.split_at(len);
            messages.push((section, message.to_vec()));
            rest = behind;
        }
    }
    assert_eq!(messages.len(), 40);
    messages
}

/// The first message of this name in a section.
pub(in crate::wire::dissect) fn message(section: u8, name: &str) -> Vec<u8> {
    let found = all()
        .into_iter()
        .find(|(at, message)| *at == section && message_name(message).as_deref() == Some(name));
    found.unwrap_or_else(|| panic!("no {name} in §{section}")).1
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().map(|c| c.to_digit(16).unwrap()).collect();
    let byte = |pair: &[u32]| u8::try_from(pair[0] * 16 + pair[1]).unwrap();
    digits.chunks(2).map(byte).collect()
}

/// Name and value of each leaf that has a value of its own, of a message without fault.
fn said(section: u8, name: &str) -> Vec<String> {
    let field = dissect_handshake(&message(section, name), &HandshakeContext::default());
    assert_eq!(field.flaw(), None);
    let fault = field.walk().find_map(|field| field.problem.clone());
    assert_eq!(fault, None);
    // The first is the message as a whole.
    field.walk().skip(1).filter_map(in_words).collect()
}

fn in_words(field: &Field) -> Option<String> {
    let name = &field.name;
    let len = field.bytes.len();
    match &field.value {
        Value::Group => None,
        _ if name.starts_with("length") => None,
        // Of bytes that are divided, the parts are told.
        Value::Bytes if !field.children.is_empty() => None,
        Value::Number(number) => Some(format!("{name}: {number}")),
        Value::Code { number, name: None } => Some(format!("{name}: {number}")),
        Value::Code {
            name: Some(meant), ..
        } => Some(format!("{name}: {meant}")),
        Value::Text(text) => Some(format!("{name}: {text}")),
        Value::Bytes => Some(format!("{name}: {len} bytes")),
    }
}

#[test]
fn client_hello_of_section_3() {
    let said = said(3, "ClientHello");
    assert_eq!(
        said[..10],
        [
            "msg_type: ClientHello",
            "legacy_version: TLS 1.2",
            "random: 32 bytes",
            "legacy_session_id: 0 bytes",
            "CipherSuite: TLS_AES_128_GCM_SHA256",
            "CipherSuite: TLS_CHACHA20_POLY1305_SHA256",
            "CipherSuite: TLS_AES_256_GCM_SHA384",
            "CompressionMethod: null",
            "extension_type: server_name",
            "name_type: host_name",
        ]
    );
    for line in [
        "HostName: server",
        "NamedGroup: x25519",
        "NamedGroup: ffdhe8192",
        "ProtocolVersion: TLS 1.3",
        "X25519 public key: 32 bytes",
        "SignatureScheme: rsa_pkcs1_sha1",
        "SignatureScheme: dsa_sha1",
        "PskKeyExchangeMode: psk_dhe_ke",
        "RecordSizeLimit: 16385",
    ] {
        assert!(said.iter().any(|said| said == line), "{line} in {said:#?}");
    }
}

#[test]
fn server_hello_of_section_3() {
    assert_eq!(
        said(3, "ServerHello"),
        [
            "msg_type: ServerHello",
            "legacy_version: TLS 1.2",
            "random: 32 bytes",
            "legacy_session_id_echo: 0 bytes",
            "cipher_suite: TLS_AES_128_GCM_SHA256",
            "legacy_compression_method: null",
            "extension_type: key_share",
            "group: x25519",
            "X25519 public key: 32 bytes",
            "extension_type: supported_versions",
            "selected_version: TLS 1.3",
        ]
    );
}

#[test]
fn certificate_of_section_3() {
    let said = said(3, "Certificate");
    for line in [
        "certificate_request_context: 0 bytes",
        "contents: v3",
        "serialNumber: 2",
        "contents: sha256WithRSAEncryption (1.2.840.113549.1.1.11)",
        "contents: CN (2.5.4.3)",
        "contents: rsa",
        "contents: 2016-07-30 01:23:59 (UTC)",
        "contents: 2026-07-30 01:23:59 (UTC)",
        "contents: rsaEncryption (1.2.840.113549.1.1.1)",
        "contents: 129 bytes",
        "contents: 65537",
        "contents: id-ce-basicConstraints (2.5.29.19)",
        "contents: id-ce-keyUsage (2.5.29.15)",
        "digitalSignature: 1",
        "keyEncipherment: 1",
        "keyCertSign: 0",
        "signature: 128 bytes",
    ] {
        assert!(said.iter().any(|said| said == line), "{line} in {said:#?}");
    }
}

#[test]
fn proofs_of_sections_3_and_6() {
    assert_eq!(
        said(3, "CertificateVerify"),
        [
            "msg_type: CertificateVerify",
            "algorithm: rsa_pss_rsae_sha256",
            "signature: 128 bytes"
        ]
    );
    let ecdsa = said(6, "CertificateVerify");
    assert!(ecdsa.contains(&"algorithm: ecdsa_secp256r1_sha256".to_owned()));
    assert!(
        ecdsa.contains(&"contents: 33 bytes".to_owned()),
        "{ecdsa:?}"
    );
    assert_eq!(
        said(3, "Finished"),
        ["msg_type: Finished", "verify_data: 32 bytes"]
    );
}

#[test]
fn encrypted_extensions_of_section_3() {
    let said = said(3, "EncryptedExtensions");
    assert_eq!(said.last().unwrap(), "extension_type: server_name");
    assert!(said.contains(&"RecordSizeLimit: 16385".to_owned()));
}

#[test]
fn new_session_ticket_of_section_3() {
    assert_eq!(
        said(3, "NewSessionTicket"),
        [
            "msg_type: NewSessionTicket",
            "ticket_lifetime: 30",
            "ticket_age_add: 4208372421",
            "ticket_nonce: 2 bytes",
            "ticket: 178 bytes",
            "extension_type: early_data",
            "max_early_data_size: 1024",
        ]
    );
}

#[test]
fn resuming_client_hello_of_section_4() {
    let said = said(4, "ClientHello");
    for line in [
        "extension_type: early_data",
        "identity: 178 bytes",
        "obfuscated_ticket_age: 4208372427",
        "PskBinderEntry: 32 bytes",
    ] {
        assert!(said.iter().any(|said| said == line), "{line} in {said:#?}");
    }
    assert_eq!(
        super::message_name(&message(4, "EndOfEarlyData")).as_deref(),
        Some("EndOfEarlyData")
    );
}

#[test]
fn hello_retry_request_of_section_5() {
    let message = message(5, "HelloRetryRequest");
    assert_eq!(
        super::message_name(&message).as_deref(),
        Some("HelloRetryRequest")
    );
    let said = said(5, "HelloRetryRequest");
    for line in [
        "msg_type: ServerHello",
        "selected_group: secp256r1",
        "cookie: 114 bytes",
        "selected_version: TLS 1.3",
    ] {
        assert!(said.iter().any(|said| said == line), "{line} in {said:#?}");
    }
}

#[test]
fn certificate_request_of_section_6() {
    let said = said(6, "CertificateRequest");
    assert_eq!(
        said[..3],
        [
            "msg_type: CertificateRequest",
            "certificate_request_context: 0 bytes",
            "extension_type: signature_algorithms"
        ]
    );
    assert_eq!(said.len(), 3 + 15);
}
