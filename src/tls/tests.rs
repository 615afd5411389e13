//! Handshakes with rustls clients over memory: what is agreed on, what is refused, and who hears which secret.

mod fixture;

use std::sync::Mutex;

use tokio::io::{AsyncWriteExt as _, duplex};
use tokio_rustls::rustls::KeyLog;

use super::*;
use fixture::{Client, make_client_certificate, served, talk};

#[tokio::test]
async fn a_client_of_today_gets_tls_13_and_a_key_that_outlasts_quantum_computers() {
    let served = served("{}");
    let negotiated = served.agreed(&Client::default()).await;
    assert_eq!(
        negotiated,
        Negotiated {
            version: "TLS 1.3",
            cipher_suite: "TLS_AES_128_GCM_SHA256",
            group: Some("X25519MLKEM768"),
            alpn: Some("http/1.1".to_owned()),
            server_name: Some("localhost".to_owned()),
            resumed: false,
            client_certificate: false,
        }
    );
    assert_eq!(served.tls.setup().rehearsals[0].negotiated, negotiated);
}

#[tokio::test]
async fn every_suite_and_every_group_works_in_its_versions() {
    let all_groups = r#"{"groups":["X25519MLKEM768","X25519","secp256r1","secp384r1",
        "SecP256r1MLKEM768","MLKEM768","MLKEM1024"]}"#;
    let served = served(all_groups);
    for suite in SUITES.iter().filter(|suite| !suite.name.contains("_RSA_")) {
        let client = Client {
            versions: vec![suite.version],
            suites: vec![suite],
            ..Client::default()
        };
        let negotiated = served.agreed(&client).await;
        assert_eq!(negotiated.cipher_suite, suite.name);
        assert_eq!(negotiated.version, suite.version.name());
    }
    for version in Version::ALL {
        for group in GROUPS
            .iter()
            .filter(|group| version == Version::Tls13 || group.in_tls12)
        {
            let client = Client {
                versions: vec![version],
                groups: vec![group],
                ..Client::default()
            };
            assert_eq!(
                served.agreed(&client).await.group,
                Some(group.name),
                "{version:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_server_s_order_of_suites_wins_unless_told_otherwise() {
    let client = Client {
        suites: [&SUITES[2], &SUITES[0]].to_vec(),
        versions: vec![Version::Tls13],
        ..Client::default()
    };
    let ours = served("{}").agreed(&client).await;
    assert_eq!(ours.cipher_suite, "TLS_AES_128_GCM_SHA256");
    let theirs = served(r#"{"prefer_server_ciphers":false}"#)
        .agreed(&client)
        .await;
    assert_eq!(theirs.cipher_suite, "TLS_CHACHA20_POLY1305_SHA256");
}

#[tokio::test]
async fn what_the_settings_leave_out_is_refused_and_both_sides_learn_why() {
    let only_12 = Client {
        versions: vec![Version::Tls12],
        ..Client::default()
    };
    let chacha = Client {
        suites: vec![&SUITES[2], &SUITES[5]],
        ..Client::default()
    };
    let p384 = Client {
        groups: vec![&GROUPS[3]],
        ..Client::default()
    };
    let h2 = Client {
        alpn: vec!["h2"],
        ..Client::default()
    };
    let rsa = Client {
        versions: vec![Version::Tls12],
        suites: vec![&SUITES[6]],
        ..Client::default()
    };
    let aes =
        r#"{"cipher_suites":["TLS_AES_128_GCM_SHA256","TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]}"#;
    for (settings, client, reason, alert) in [
        (
            r#"{"min_version":"1.3"}"#,
            &only_12,
            "the client offers no TLS version that this server allows",
            "ProtocolVersion",
        ),
        (
            aes,
            &chacha,
            "the client offers no cipher suite that this server allows",
            "HandshakeFailure",
        ),
        (
            r#"{"groups":["X25519"]}"#,
            &p384,
            "the client offers no key exchange group that this server allows",
            "HandshakeFailure",
        ),
        (
            "{}",
            &h2,
            "the client offers protocols by ALPN, but not http/1.1",
            "NoApplicationProtocol",
        ),
        (
            "{}",
            &rsa,
            "the client offers no cipher suite that this server allows",
            "HandshakeFailure",
        ),
    ] {
        let (explained, heard) = served(settings).refused(client).await;
        assert_eq!(explained, reason, "{settings}");
        assert!(heard.contains(alert), "{settings}: {heard}");
    }
}

#[tokio::test]
async fn alpn_is_answered_only_where_it_is_asked_for() {
    let silent = Client {
        alpn: vec![],
        ..Client::default()
    };
    let both = Client {
        alpn: vec!["h2", "http/1.1"],
        ..Client::default()
    };
    let on = served("{}");
    assert_eq!(on.agreed(&silent).await.alpn, None);
    assert_eq!(on.agreed(&both).await.alpn.as_deref(), Some("http/1.1"));
    let off = served(r#"{"alpn":[]}"#);
    assert_eq!(off.agreed(&both).await.alpn, None);
}

#[tokio::test]
async fn a_client_s_distrust_and_its_hanging_up_are_told_in_plain_words() {
    let served = served("{}");
    let stranger = Client {
        trusts: None,
        ..Client::default()
    };
    let (server, client) = served.connect(served.client(&stranger), None).await;
    assert_eq!(
        server.map(|_| ()).unwrap_err(),
        "the client does not trust this certificate (alert unknown_ca)"
    );
    assert!(client.is_err());

    for (bytes, reason) in [
        (
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            "the client sends something that is not TLS",
        ),
        (
            b"",
            "the client hung up in the middle (many do so when a person has to decide about the certificate)",
        ),
        (
            b"\x16\x03\x01\x00\x05\x01\x00",
            "the client hung up in the middle (many do so when a person has to decide about the certificate)",
        ),
    ] {
        let (near, mut far) = duplex(1024);
        far.write_all(bytes).await.unwrap();
        far.shutdown().await.unwrap();
        let refused = served.tls.setup().accept(near, None).await.unwrap_err();
        assert_eq!(explain(&refused.error), reason);
    }
}

#[tokio::test]
async fn resumption_happens_only_where_the_settings_allow_it() {
    for (settings, resumes) in [
        ("{}", false),
        (r#"{"resumption":"stateful"}"#, true),
        (r#"{"resumption":"stateless"}"#, true),
    ] {
        let served = served(settings);
        for version in Version::ALL {
            let client = served.client(&Client {
                versions: vec![version],
                ..Client::default()
            });
            let first = served.agreed_with(Arc::clone(&client)).await;
            let second = served.agreed_with(client).await;
            assert!(!first.resumed);
            assert_eq!(second.resumed, resumes, "{settings} {version:?}");
        }
    }
}

#[tokio::test]
async fn clients_show_certificates_where_the_settings_ask_for_them() {
    let served = served("{}");
    let folder = served.folder.path();
    make_client_certificate(folder, "another authority");
    std::fs::rename(folder.join("client.pem"), folder.join("stranger.pem")).unwrap();
    make_client_certificate(folder, "our authority");
    for required in [true, false] {
        served.write_settings(&format!(
            "{{\"client_auth\":{{\"ca\":\"authority.pem\",\"required\":{required}}}}}"
        ));
        served.tls.reload().unwrap();
        for version in Version::ALL {
            let anonymous = Client {
                versions: vec![version],
                ..Client::default()
            };
            let known = Client {
                shows: Some("client.pem"),
                ..anonymous.clone()
            };
            let stranger = Client {
                shows: Some("stranger.pem"),
                ..anonymous.clone()
            };
            assert!(served.agreed(&known).await.client_certificate);
            if required {
                let (reason, heard) = served.refused(&anonymous).await;
                assert_eq!(
                    reason,
                    "the client shows no certificate, and the settings require one"
                );
                assert!(heard.contains("CertificateRequired"), "{heard}");
            } else {
                assert!(!served.agreed(&anonymous).await.client_certificate);
            }
            let (reason, _) = served.refused(&stranger).await;
            assert_eq!(
                reason,
                "the client's certificate is refused: none of the authorities in client_auth vouches for it"
            );
        }
    }
}

#[tokio::test]
async fn authorities_that_are_no_use_are_refused_at_start() {
    let served = served("{}");
    served.write_settings(r#"{"client_auth":{"ca":"authority.pem"}}"#);
    let missing = served.tls.reload().unwrap_err().to_string();
    assert!(
        missing.contains("authority.pem does not exist"),
        "{missing}"
    );
    std::fs::write(served.folder.path().join("authority.pem"), "nothing").unwrap();
    let empty = served.tls.reload().unwrap_err().to_string();
    assert!(
        empty.contains("cannot vouch for clients (it holds no certificate)"),
        "{empty}"
    );
}

#[tokio::test]
async fn a_reload_changes_connections_to_come_and_a_bad_one_changes_nothing() {
    let served = served("{}");
    let client = Client::default();
    let (server, far) = served.connect(served.client(&client), None).await;
    let (mut server, mut far) = (server.unwrap(), far.unwrap());

    let before = served.tls.setup();
    for bad in [
        "{",
        r#"{"min_version":"1.1"}"#,
        r#"{"certificate":"no.pem","private_key":"no.key"}"#,
    ] {
        served.write_settings(bad);
        served.tls.reload().unwrap_err();
        assert!(Arc::ptr_eq(&before, &served.tls.setup()), "{bad}");
    }
    assert_eq!(served.agreed(&client).await.version, "TLS 1.3");

    served.write_settings(r#"{"max_version":"1.2","hsts_seconds":60}"#);
    let after = served.tls.reload().unwrap();
    assert!(Arc::ptr_eq(&after, &served.tls.setup()));
    assert_eq!(after.settings.hsts_seconds, 60);
    assert_eq!(
        after.certificate.fingerprint,
        before.certificate.fingerprint
    );
    assert_eq!(served.agreed(&client).await.version, "TLS 1.2");
    talk(&mut server, &mut far).await;
}

#[tokio::test]
async fn a_reload_takes_a_new_certificate_or_keeps_the_old_one() {
    let served = served("{}");
    let before = served.tls.setup();
    let CertificateFiles {
        certificate,
        private_key,
    } = &before.certificate.files;
    let trusts_the_old = served.client(&Client::default());
    std::fs::write(certificate, "not a certificate any more").unwrap();
    assert!(served.tls.reload().is_err());
    served.agreed_with(Arc::clone(&trusts_the_old)).await;

    std::fs::remove_file(certificate).unwrap();
    std::fs::remove_file(private_key).unwrap();
    let after = served.tls.reload().unwrap();
    assert!(after.certificate.made_now);
    assert_ne!(
        after.certificate.fingerprint,
        before.certificate.fingerprint
    );
    served.agreed(&Client::default()).await;
    let (server, _) = served.connect(trusts_the_old, None).await;
    assert!(server.map(|_| ()).unwrap_err().starts_with("the client "));
}

/// All secrets heard: label, client random, secret.
type Heard = Mutex<Vec<(String, Vec<u8>, Vec<u8>)>>;

#[derive(Debug, Default)]
struct Ear(Heard);

impl KeyLog for Ear {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        self.0
            .lock()
            .unwrap()
            .push((label.to_owned(), client_random.to_vec(), secret.to_vec()));
    }
}

#[tokio::test]
async fn each_connection_s_secrets_are_heard_by_its_own_listener_alone() {
    let served = served(r#"{"resumption":"stateful"}"#);
    let one_connection = async |version: Version| {
        let client_ear = Arc::new(Ear::default());
        let server_ear = Arc::new(Ear::default());
        let key_log: Arc<dyn KeyLog> = client_ear.clone();
        let client = Client {
            versions: vec![version],
            key_log: Some(key_log),
            ..Client::default()
        };
        let listener = Arc::clone(&server_ear);
        let on_secret: SecretListener = Arc::new(move |secret: Secret<'_>| {
            listener.log(secret.label, secret.client_random, secret.secret);
        });
        let (server, far) = served
            .connect(served.client(&client), Some(on_secret))
            .await;
        talk(&mut server.unwrap(), &mut far.unwrap()).await;
        let sorted = |ear: &Ear| {
            let mut heard = ear.0.lock().unwrap().clone();
            heard.sort();
            heard
        };
        (sorted(&client_ear), sorted(&server_ear))
    };
    for (version, labels) in [
        (Version::Tls12, &["CLIENT_RANDOM"][..]),
        (
            Version::Tls13,
            &[
                "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                "CLIENT_TRAFFIC_SECRET_0",
                "EXPORTER_SECRET",
                "SERVER_HANDSHAKE_TRAFFIC_SECRET",
                "SERVER_TRAFFIC_SECRET_0",
            ],
        ),
    ] {
        let ((client_a, server_a), (client_b, server_b)) =
            tokio::join!(one_connection(version), one_connection(version));
        assert_eq!(server_a, client_a);
        assert_eq!(server_b, client_b);
        assert_ne!(server_a, server_b);
        let heard: Vec<&str> = server_a.iter().map(|(label, ..)| label.as_str()).collect();
        assert_eq!(heard, labels);
        assert!(
            server_a
                .iter()
                .all(|(_, random, _)| *random == server_a[0].1 && random.len() == 32)
        );
    }
}

#[tokio::test]
async fn a_watched_connection_resumes_what_an_unwatched_one_began() {
    let served = served(r#"{"resumption":"stateful"}"#);
    let client = served.client(&Client::default());
    assert!(!served.agreed_with(Arc::clone(&client)).await.resumed);
    let (server, _far) = served.connect(client, Some(Arc::new(|_| {}))).await;
    assert!(Negotiated::of(server.unwrap().get_ref().1).unwrap().resumed);
}
