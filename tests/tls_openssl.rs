//! What OpenSSL, the other implementation that everybody has, thinks of our certificates and handshakes.
//! Without an `openssl` on PATH there is nobody to ask, and these tests say so and pass.

#![cfg(test)]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use secure_chat::tls::{CertificateFiles, GROUPS, Negotiated, SUITES, Sources, Tls, Version};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// Longer than any handshake with a busy machine takes, and short enough to wait for once.
const DEADLINE: Duration = Duration::from_secs(30);

fn openssl_is_there() -> bool {
    let there = Command::new("openssl").arg("version").output().is_ok();
    if !there {
        eprintln!("skipped: there is no openssl on PATH");
    }
    there
}

/// Runs `openssl` in `folder`; the arguments are separated by blanks. Gives what it printed.
fn openssl(folder: &Path, line: &str, input: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(line.split_whitespace())
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {line}: {errors}");
    output.stdout
}

fn openssl_text(folder: &Path, line: &str) -> String {
    String::from_utf8(openssl(folder, line, b"")).unwrap()
}

#[test]
fn our_certificate_is_for_servers_only_and_says_what_we_say_of_it() {
    if !openssl_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let subject = r#"{"subject":{"dns":["chat.example.org"],"ips":["192.0.2.7"],"days":30}}"#;
    std::fs::write(folder.join("tls_config.json"), subject).unwrap();
    let tls = Tls::start(Sources::usual_in(folder)).unwrap();
    let facts = tls.setup().certificate.clone();

    let text = openssl_text(folder, "x509 -in .tls/cert.pem -noout -text");
    for part in [
        "Subject: CN = Secure Chat Demo ",
        "Public Key Algorithm: id-ecPublicKey",
        "ASN1 OID: prime256v1",
        "CA:FALSE",
        "Digital Signature",
        "TLS Web Server Authentication",
        "DNS:localhost",
        "DNS:chat.example.org",
        "IP Address:127.0.0.1",
        "IP Address:0:0:0:0:0:0:0:1",
        "IP Address:192.0.2.7",
    ] {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
    for part in ["Certificate Sign", "TLS Web Client Authentication"] {
        assert!(!text.contains(part), "{part}");
    }
    let fingerprint = openssl_text(folder, "x509 -in .tls/cert.pem -noout -fingerprint -sha256");
    assert!(
        fingerprint
            .trim()
            .ends_with(&format!("={}", facts.fingerprint)),
        "{fingerprint}"
    );
    let key = openssl(folder, "x509 -in .tls/cert.pem -noout -pubkey", b"");
    let der = openssl(folder, "pkey -pubin -outform der", &key);
    let hash = openssl(folder, "dgst -sha256 -binary", &der);
    let base64 = openssl(folder, "base64", &hash);
    assert_eq!(
        String::from_utf8(base64).unwrap().trim(),
        facts.public_key_sha256
    );
    for name in [
        "-verify_hostname localhost",
        "-verify_hostname chat.example.org",
        "-verify_ip ::1",
    ] {
        let line = format!(
            "verify -x509_strict -purpose sslserver {name} -CAfile .tls/cert.pem .tls/cert.pem"
        );
        assert!(
            openssl_text(folder, &line).contains(".tls/cert.pem: OK"),
            "{name}"
        );
    }
}

#[test]
fn pairs_made_by_openssl_are_taken_in_every_form_of_key() {
    if !openssl_is_there() {
        return;
    }
    let kinds = [
        (
            "-newkey rsa:2048",
            "pkey -in pkcs8.pem -traditional -out key.pem",
            "BEGIN RSA PRIVATE KEY",
        ),
        (
            "-newkey rsa:2048",
            "pkey -in pkcs8.pem -out key.pem",
            "BEGIN PRIVATE KEY",
        ),
        (
            "-newkey ec -pkeyopt ec_paramgen_curve:P-384",
            "ec -in pkcs8.pem -out key.pem",
            "BEGIN EC PRIVATE KEY",
        ),
        (
            "-newkey ed25519",
            "pkey -in pkcs8.pem -out key.pem",
            "BEGIN PRIVATE KEY",
        ),
    ];
    for (kind, convert, begins) in kinds {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let make = format!(
            "req -x509 {kind} -nodes -keyout pkcs8.pem -out cert.pem -days 60 -subj /CN=x -addext subjectAltName=DNS:localhost"
        );
        openssl(folder, &make, b"");
        openssl(folder, convert, b"");
        let key = std::fs::read_to_string(folder.join("key.pem")).unwrap();
        assert!(key.contains(begins), "{kind}: {begins}");
        let theirs = Sources {
            certificate: CertificateFiles {
                certificate: folder.join("cert.pem"),
                private_key: folder.join("key.pem"),
            },
            certificate_named: true,
            ..Sources::usual_in(folder)
        };
        let tls = Tls::start(theirs).unwrap();
        let setup = tls.setup();
        assert_eq!(setup.certificate.names, ["localhost"], "{kind}");
        assert!(!setup.certificate.made_now);
        assert_eq!(setup.rehearsals.len(), 2, "{kind}");
    }
}

/// Serves one connection: answers `?` with `!`, and tells what was agreed on.
async fn serve_one(tls: Arc<Tls>, listener: TcpListener) -> Negotiated {
    let (socket, _) = listener.accept().await.unwrap();
    let mut stream = tls.setup().accept(socket, None).await.unwrap();
    assert_eq!(stream.read_u8().await.unwrap(), b'?');
    stream.write_all(b"!").await.unwrap();
    stream.shutdown().await.unwrap();
    Negotiated::of(stream.get_ref().1).unwrap()
}

#[tokio::test]
async fn s_client_agrees_with_us_on_every_suite_and_classic_group() {
    if !openssl_is_there() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let tls = Arc::new(Tls::start(Sources::usual_in(folder.path())).unwrap());
    let suites = SUITES.iter().filter(|suite| !suite.name.contains("_RSA_"));
    for (suite, group) in suites.zip(GROUPS.iter().filter(|group| group.in_tls12).cycle()) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let options = match suite.version {
            Version::Tls13 => format!("-tls1_3 -ciphersuites {}", suite.name),
            Version::Tls12 => format!("-tls1_2 -cipher {}", openssl_name(suite.name)),
        };
        let line = format!(
            "s_client -quiet -connect 127.0.0.1:{port} -servername localhost -alpn http/1.1 -CAfile .tls/cert.pem -verify_return_error -verify_hostname localhost {options} -groups {}",
            groups_with_p256(group.name)
        );
        let path = folder.path().to_owned();
        let client = tokio::task::spawn_blocking(move || openssl(&path, &line, b"?"));
        let server = tokio::time::timeout(DEADLINE, serve_one(Arc::clone(&tls), listener));
        let negotiated = server.await.unwrap();
        assert_eq!(client.await.unwrap(), b"!", "{}", suite.name);
        assert_eq!(
            negotiated,
            Negotiated {
                version: suite.version.name(),
                cipher_suite: suite.name,
                group: Some(group.name),
                alpn: Some("http/1.1".to_owned()),
                server_name: Some("localhost".to_owned()),
                resumed: false,
                client_certificate: false,
            }
        );
    }
}

/// In TLS 1.2 the client's list also names the curves it accepts in certificates (RFC 8422 §5.1.1),
/// and ours is on P-256. The first of the list is what is agreed on.
fn groups_with_p256(first: &str) -> String {
    match first {
        "secp256r1" => first.to_owned(),
        other => format!("{other}:secp256r1"),
    }
}

/// `TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256` is `ECDHE-ECDSA-AES128-GCM-SHA256` to OpenSSL.
fn openssl_name(name: &str) -> String {
    name.replace("TLS_", "")
        .replace("_WITH_", "-")
        .replace("AES_", "AES")
        .replace("POLY1305_SHA256", "POLY1305")
        .replace('_', "-")
}
