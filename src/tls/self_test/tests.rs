//! What the handshake in memory finds out before anybody connects.

use std::io::Write as _;

use rcgen::{CertificateParams, KeyPair};

use super::*;

fn pair(algorithm: &'static rcgen::SignatureAlgorithm) -> Arc<CertifiedKey> {
    let key = KeyPair::generate_for(algorithm).unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let key = rustls_pemfile::private_key(&mut key.serialize_pem().as_bytes())
        .unwrap()
        .unwrap();
    let pair = CertifiedKey::from_der(vec![certificate.into()], key, &default_provider());
    Arc::new(pair.unwrap())
}

fn settings(json: &str) -> TlsSettings {
    TlsSettings::parse(json, std::path::Path::new("")).unwrap()
}

#[test]
fn it_says_what_each_version_agrees_on_and_what_that_costs() {
    let rehearsals = rehearse(
        &TlsSettings::default(),
        &pair(&rcgen::PKCS_ECDSA_P256_SHA256),
    )
    .unwrap();
    let seen: Vec<_> = rehearsals
        .iter()
        .map(|rehearsal| {
            let Negotiated {
                version,
                cipher_suite,
                group,
                ..
            } = &rehearsal.negotiated;
            (*version, *cipher_suite, group.unwrap())
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("TLS 1.3", "TLS_AES_128_GCM_SHA256", "X25519MLKEM768"),
            (
                "TLS 1.2",
                "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                "X25519"
            ),
        ]
    );
    // ML-KEM alone sends 1184 bytes one way and 1088 the other.
    assert!(
        (1_400..4_000).contains(&rehearsals[0].client_bytes),
        "{}",
        rehearsals[0].client_bytes
    );
    assert!(
        (1_600..4_000).contains(&rehearsals[0].server_bytes),
        "{}",
        rehearsals[0].server_bytes
    );
    assert!(
        (200..1_000).contains(&rehearsals[1].client_bytes),
        "{}",
        rehearsals[1].client_bytes
    );
    assert!(
        (400..2_000).contains(&rehearsals[1].server_bytes),
        "{}",
        rehearsals[1].server_bytes
    );
}

#[test]
fn only_allowed_versions_are_tried() {
    let pair = pair(&rcgen::PKCS_ECDSA_P256_SHA256);
    for (json, versions) in [
        (r#"{"min_version":"1.3"}"#, &["TLS 1.3"][..]),
        (r#"{"max_version":"1.2"}"#, &["TLS 1.2"]),
    ] {
        let rehearsals = rehearse(&settings(json), &pair).unwrap();
        let tried: Vec<_> = rehearsals
            .iter()
            .map(|rehearsal| rehearsal.negotiated.version)
            .collect();
        assert_eq!(tried, versions);
    }
}

#[test]
fn it_works_with_every_kind_of_key_and_every_setting_that_changes_flights() {
    for algorithm in [
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ED25519,
        &rcgen::PKCS_RSA_SHA256,
    ] {
        let pair = pair(algorithm);
        for json in [
            "{}",
            r#"{"groups":["secp384r1"]}"#, // a HelloRetryRequest
            r#"{"max_record_payload":64}"#,
            r#"{"resumption":"stateful","tickets":10}"#,
            r#"{"resumption":"stateless"}"#,
        ] {
            assert_eq!(
                rehearse(&settings(json), &pair).map(|list| list.len()),
                Ok(2),
                "{json}"
            );
        }
    }
}

#[test]
fn a_handshake_that_cannot_work_names_the_setting_to_change() {
    let ecdsa = pair(&rcgen::PKCS_ECDSA_P256_SHA256);
    let rsa = pair(&rcgen::PKCS_RSA_SHA256);
    let suites =
        |tls12: &str| format!("{{\"cipher_suites\":[\"TLS_AES_128_GCM_SHA256\",\"{tls12}\"]}}");
    for (json, pair, sentence) in [
        (
            suites("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
            &ecdsa,
            "A TLS 1.2 handshake does not work with these settings: none of \"cipher_suites\" goes with the certificate, whose key is for ECDSA. Add \"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256\", or set \"min_version\" to \"1.3\".",
        ),
        (
            suites("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
            &rsa,
            "A TLS 1.2 handshake does not work with these settings: none of \"cipher_suites\" goes with the certificate, whose key is for RSA. Add \"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\", or set \"min_version\" to \"1.3\".",
        ),
        (
            r#"{"min_version":"1.3","groups":["MLKEM1024"]}"#.to_owned(),
            &ecdsa,
            "A TLS 1.3 handshake does not work with these settings: browsers have none of \"groups\" for TLS 1.3. Add \"X25519\".",
        ),
    ] {
        let refused = rehearse(&settings(&json), pair).unwrap_err();
        assert_eq!(refused.to_string(), sentence);
    }
}

#[test]
fn records_carry_no_more_than_the_settings_say() {
    let pair = pair(&rcgen::PKCS_ECDSA_P256_SHA256);
    for payload_max in [64, 1024, 16_384] {
        let settings = settings(&format!("{{\"max_record_payload\":{payload_max}}}"));
        let server = server_config::build(&settings, Arc::clone(&pair), AskClients::AsSet).unwrap();
        let mut server = ServerConnection::new(Arc::new(server)).unwrap();
        let client = client_config(Version::Tls13).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
        for _ in 0..FLIGHTS_MAX {
            pass(&mut client, &mut server).unwrap();
            pass(&mut server, &mut client).unwrap();
        }
        server.writer().write_all(&[b'x'; 20_000]).unwrap();
        let mut sent = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut sent).unwrap();
        }
        let mut rest = sent.as_slice();
        let mut contents = Vec::new();
        while let [_, _, _, high, low, behind @ ..] = rest {
            let fragment_len = usize::from(u16::from_be_bytes([*high, *low]));
            contents.push(fragment_len - 17); // the inner content type and the authentication tag
            rest = &behind[fragment_len..];
        }
        assert_eq!(contents[0], payload_max);
        assert!(contents.iter().all(|len| *len <= payload_max));
        assert_eq!(contents.iter().sum::<usize>(), 20_000);
    }
}
