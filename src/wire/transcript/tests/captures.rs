//! The captures in `tests/fixtures/tls`, made with curl, OpenSSL, Chromium and Node.

use std::path::Path;

use super::*;
use crate::wire::decrypt::KeyLog;
use crate::wire::dissect::mutation;
use crate::wire::pcapng;

fn capture(name: &str) -> Bytes {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls");
    std::fs::read(folder.join(name)).unwrap().into()
}

fn explained(file: &Bytes, listener: Listener<'_>) -> (Told, String) {
    let mut text = String::new();
    let told = write_capture(&pcapng::read(file), listener, Palette::PLAIN, &mut text).unwrap();
    (told, text)
}

fn with_keys(name: &str) -> (Told, String) {
    explained(&capture(name), Listener::WithKeys(&KeyLog::default()))
}

/// What must stand in the transcript of each capture.
const CAPTURES: [(&str, &[&str]); 17] = [
    (
        "chromium.pcapng",
        &[
            "groups       X25519MLKEM768, x25519, secp256r1",
            "> Sec-Fetch-Mode: no-cors",
            "3 requests",
        ],
    ),
    (
        "client_certificate.pcapng",
        &[
            "CertificateRequest, ",
            "issuers      CN=client",
            "> GET /favicon.svg HTTP/1.1",
        ],
    ),
    (
        "crafted.pcapng",
        &[
            "server name  lesson.example",
            "HelloRetryRequest, 82 bytes, in clear",
            "fatal ech_required",
        ],
    ),
    (
        "fragmented.pcapng",
        &[
            "a part of #3, which goes on",
            "#3 ClientHello, 1033 bytes, in clear",
        ],
    ),
    (
        "many_certificates.pcapng",
        &["subject      C=NL, ST=Zuid-Holland", "Certificate, "],
    ),
    ("node.pcapng", &["< HTTP/1.1 404 Not Found"]),
    (
        "tls12_cbc.pcapng",
        &[
            "version      TLS 1.2",
            "! This record was not opened: cipher suite 0xc013",
        ],
    ),
    (
        "tls12_curl.pcapng",
        &[
            "ServerKeyExchange, 115 bytes, in clear",
            "Finished, 16 bytes, encrypted",
            "> GET ",
        ],
    ),
    (
        "tls12_resumption.pcapng",
        &["NewSessionTicket, ", "lifetime     "],
    ),
    (
        "tls12_rsa_suites.pcapng",
        &["suite        TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"],
    ),
    (
        "tls13_curl.pcapng",
        &[
            "key share    x25519",
            "> GET /favicon.svg HTTP/1.1",
            "warning close_notify",
        ],
    ),
    (
        "tls13_early_data.pcapng",
        &[
            "early data   is accepted",
            "EndOfEarlyData, 4 bytes, encrypted",
        ],
    ),
    (
        "tls13_hello_retry.pcapng",
        &["group        secp384r1", "HelloRetryRequest"],
    ),
    (
        "tls13_key_update.pcapng",
        &[
            "answer       update_requested",
            "> GET /favicon.svg HTTP/1.1",
        ],
    ),
    (
        "tls13_resumption.pcapng",
        &["resumes      the session from before: no certificate follows"],
    ),
    (
        "tls13_suites_and_groups.pcapng",
        &[
            "key share    secp384r1",
            "suite        TLS_CHACHA20_POLY1305_SHA256",
        ],
    ),
    (
        "tls13_unknown_ca.pcapng",
        &["fatal unknown_ca: ", "subject      CN="],
    ),
];

#[test]
fn every_capture_is_told_from_its_first_record_to_its_end() {
    for (name, lines) in CAPTURES {
        let (told, text) = with_keys(name);
        assert!(told.readable > 0, "{name}");
        assert_eq!(told.without_secrets, 0, "{name}");
        assert_harmless(&text);
        for line in lines {
            assert!(text.contains(line), "{name} lacks {line:?}:\n{text}");
        }
        for line in text.lines() {
            assert_eq!(line, line.trim_end(), "{name}");
        }
    }
}

#[test]
fn eve_reads_nothing_of_what_was_said_under_tls() {
    for (name, _) in CAPTURES {
        let (told, text) = explained(&capture(name), Listener::Eve);
        assert_eq!(told.readable, with_keys(name).0.readable, "{name}");
        for plaintext in [
            "> GET ",
            "< HTTP/1.1",
            "bytes, encrypted",
            "<!doctype",
            "close_notify: ",
        ] {
            assert!(!text.contains(plaintext), "{name} tells {plaintext:?}");
        }
        assert!(text.contains("ClientHello, "), "{name}");
        assert!(text.contains("Eve knows the "), "{name}");
    }
}

#[test]
fn records_are_told_in_order_and_nothing_is_told_twice() {
    for (name, _) in CAPTURES {
        let (_, text) = with_keys(name);
        for connection in text.split("\n\n") {
            let mut numbers = Vec::new();
            let mut records = Vec::new();
            for line in connection.lines() {
                let Some((before, after)) = line.split_once('#') else {
                    continue;
                };
                let is_heading = before.ends_with("server  ") || before.ends_with("     ");
                let number = after.split([' ', ',']).next().unwrap().parse::<u64>();
                let (true, Ok(number)) = (is_heading, number) else {
                    continue;
                };
                numbers.push(number);
                if after.contains("record: ") {
                    records.push(number);
                }
            }
            assert!(records.is_sorted(), "{name}: {records:?}");
            let count = numbers.len();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), count, "{name}");
        }
    }
}

#[test]
fn the_transcript_of_a_browser_that_does_not_trust_the_certificate() {
    let (_, text) = with_keys("tls13_unknown_ca.pcapng");
    let golden = include_str!("tls13_unknown_ca.txt");
    assert_eq!(text, golden);
}

#[test]
fn a_capture_without_secrets_says_what_to_do() {
    let file = capture("tls13_curl.pcapng");
    let mut capture = pcapng::read(&file);
    capture.key_log.clear();
    let mut text = String::new();
    let none = KeyLog::default();
    let told = write_capture(
        &capture,
        Listener::WithKeys(&none),
        Palette::PLAIN,
        &mut text,
    )
    .unwrap();
    assert_eq!((told.readable, told.without_secrets), (1, 1));
    assert!(
        text.contains("records stay closed") && text.contains("--keylog"),
        "{text}"
    );
    assert!(!text.contains("> GET"), "{text}");

    // The same secrets from a file of their own.
    let keys = KeyLog::read(&pcapng::read(&file).key_log);
    let mut with_log = String::new();
    write_capture(
        &capture,
        Listener::WithKeys(&keys),
        Palette::PLAIN,
        &mut with_log,
    )
    .unwrap();
    assert_eq!(with_log, with_keys("tls13_curl.pcapng").1);
}

#[test]
fn what_is_neither_tls_nor_http_is_counted_and_not_shown() {
    let mut file = Vec::new();
    pcapng::begin("", &mut file);
    let (client, server) = (
        "127.0.0.1:50000".parse().unwrap(),
        "127.0.0.1:25".parse().unwrap(),
    );
    let mut tcp = pcapng::Tcp::open(client, server, OPENED_NS, None, &mut file);
    tcp.write(
        &sent(
            1,
            FromServer,
            b"\x00\x01\x02 a protocol of its own \xff\xfe",
        ),
        &mut file,
    );
    let (told, text) = explained(&file.into(), Listener::Eve);
    assert_eq!((told.readable, told.unreadable), (0, 1));
    assert!(
        text.contains("neither TLS nor HTTP nor WebSocket: 28 bytes, not shown"),
        "{text}"
    );
    assert!(!text.contains("protocol of its own"), "{text}");
}

#[test]
fn broken_captures_are_told_as_far_as_they_go() {
    for name in ["tls13_unknown_ca.pcapng", "tls12_curl.pcapng"] {
        for broken in mutation::mutations(&capture(name), 5, 60) {
            let file = Bytes::from(broken);
            for listener in [Listener::Eve, Listener::WithKeys(&KeyLog::default())] {
                assert_harmless(&explained(&file, listener).1);
            }
        }
    }
}
