//! `secure-chat explain` as a program: what it prints, what it complains of, and its exit codes.
#![cfg(test)]

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bytes::Bytes;
use secure_chat::octets::Direction;
use secure_chat::wire::event::{Event, What};
use secure_chat::wire::pcapng;
use tempfile::TempDir;

const PROGRAM: &str = env!("CARGO_BIN_EXE_secure-chat");

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tls");
    folder.join(name).display().to_string()
}

fn explain(args: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.arg("explain").args(args).stdin(Stdio::null());
    command.output().unwrap()
}

/// What it printed; it must have ended with 0 and complained of nothing.
fn explained(args: &[&str]) -> String {
    let output = explain(args);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    assert_eq!(output.status.code(), Some(0), "{args:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What it complained of; it must have ended with this code.
fn refused(code: i32, args: &[&str]) -> String {
    let output = explain(args);
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {complaint}");
    assert_eq!(complaint.lines().count(), 1, "{args:?}: {complaint}");
    assert!(complaint.starts_with("secure-chat: "), "{complaint}");
    // Said once, and not as a note of the transcript, too.
    let (_, reason) = complaint.trim_end().rsplit_once(": ").unwrap();
    let transcript = String::from_utf8(output.stdout).unwrap();
    assert!(!transcript.contains(reason), "{transcript}{complaint}");
    complaint
}

fn written(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A file as this program writes it, of a request and what answers it.
fn our_file(request: &[u8], response: &[u8]) -> Vec<u8> {
    let event = |direction, bytes: &[u8]| Event {
        time_ns: 1_795_305_600_000_001_000,
        direction,
        what: What::Bytes(Bytes::copy_from_slice(bytes)),
        comment: None,
    };
    pcapng::file(&pcapng::Recording {
        client: "127.0.0.1:50000".parse().unwrap(),
        server: "127.0.0.1:8080".parse().unwrap(),
        opened_ns: 1_795_305_600_000_000_000,
        events: &[
            event(Direction::FromClient, request),
            event(Direction::FromServer, response),
        ],
        key_log: "",
        comment: "",
    })
}

#[test]
fn a_file_of_our_own_and_one_of_another_tool_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let request = b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";
    let ours = our_file(request, b"HTTP/1.1 204 No Content\r\n\r\n");
    let ours = written(&folder, "ours.pcapng", &ours);
    let text = explained(&[ours.to_str().unwrap()]);
    assert!(
        text.starts_with("  1 ── 127.0.0.1:50000 → 127.0.0.1:8080, 2026-11-22 00:00:00"),
        "{text}"
    );
    assert!(text.contains("\n  1     > GET /hello HTTP/1.1\n"), "{text}");
    assert!(
        text.contains("\n  1     < HTTP/1.1 204 No Content\n"),
        "{text}"
    );

    let text = explained(&[&fixture("tls12_curl.pcapng")]);
    assert!(text.contains("> GET /favicon.svg HTTP/1.1\n"), "{text}");
    assert!(
        text.is_ascii() || !text.contains('\u{1b}'),
        "no colours in a pipe"
    );
    assert!(explained(&["--eve", &fixture("tls12_curl.pcapng")]).contains("Eve knows the "));
}

#[test]
fn a_key_log_opens_what_the_capture_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let file: Bytes = std::fs::read(fixture("tls13_curl.pcapng")).unwrap().into();
    let capture = pcapng::read(&file);
    let connection = &capture.connections[0];
    let without = pcapng::file(&pcapng::Recording {
        client: connection.client,
        server: connection.server,
        opened_ns: connection.opened_ns,
        events: &connection.events,
        key_log: "",
        comment: "",
    });
    let without = written(&folder, "without.pcapng", &without);
    let without = without.to_str().unwrap();
    let closed = explained(&[without]);
    assert!(closed.contains("records stay closed"), "{closed}");
    assert!(closed.contains("--keylog"), "{closed}");
    assert!(!closed.contains("> GET "), "{closed}");

    let keys = written(&folder, "keys.log", capture.key_log.as_bytes());
    let opened = explained(&[without, "--keylog", keys.to_str().unwrap()]);
    assert!(opened.contains("> GET /favicon.svg HTTP/1.1\n"), "{opened}");
    assert!(!opened.contains("--keylog"), "{opened}");
    // Eve does not take what she is given.
    let eve = explained(&[without, "--eve", "--keylog", keys.to_str().unwrap()]);
    assert!(!eve.contains("> GET "), "{eve}");

    let no_keys = written(&folder, "no-keys.log", b"# nothing\n");
    assert!(refused(1, &[without, "--keylog", no_keys.to_str().unwrap()]).contains("no secret"));
    assert!(refused(1, &[without, "--keylog", "/no/such/file"]).contains("/no/such/file"));
}

#[test]
fn standard_input_is_read_where_a_dash_stands() {
    let stdin = std::fs::File::open(fixture("node.pcapng")).unwrap();
    let output = Command::new(PROGRAM)
        .args(["explain", "-"])
        .stdin(stdin)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        explained(&[&fixture("node.pcapng")])
    );
    assert!(refused(1, &["-"]).contains("standard input is empty"));
}

#[test]
fn what_cannot_be_read_is_said_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| written(&folder, name, bytes).display().to_string();
    let mut no_packets = Vec::new();
    pcapng::begin("", &mut no_packets);
    let other_protocol = our_file(b"\0\x01\x02\x03", b"\xff\xfe");
    let silence = our_file(b"", b"");
    let cases = [
        (file("empty", b""), "is empty"),
        (
            file("garbage", b"this is no capture at all"),
            "cannot be read as a capture",
        ),
        (file("zipped", b"\x1f\x8b\x08\0\0\0\0\0"), "gunzip"),
        (file("nothing", &no_packets), "holds no packets"),
        (
            file("other", &other_protocol),
            "is not TLS, HTTP or WebSocket",
        ),
        (file("silent", &silence), "carried anything"),
        (file("missing", b"") + "-not", "There is no file"),
        (folder.path().display().to_string(), "is a folder"),
    ];
    for (path, words) in &cases {
        let complaint = refused(1, &[path]);
        assert!(complaint.contains(words), "{complaint}");
        assert!(complaint.contains(path.as_str()), "{complaint}");
    }
}

#[test]
fn a_wrong_command_line_ends_with_2() {
    for (args, words) in [
        (&[][..], "explain needs a capture"),
        (&["a", "b"], "\"b\""),
        (&["a", "--keylgo", "k"], "--keylog"),
        (&["a", "--trace"], "--trace"),
    ] {
        let complaint = refused(2, args);
        assert!(complaint.contains(words), "{complaint}");
    }
    assert!(explained(&["--help"]).contains("--keylog FILE"));
}

#[test]
fn whoever_reads_along_may_go_before_the_end() {
    let mut explain = Command::new(PROGRAM)
        .args(["explain", &fixture("chromium.pcapng")])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(explain.stdout.take());
    let output = explain.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_capture_that_comes_slowly_is_read_to_its_end() {
    let mut explain = Command::new(PROGRAM)
        .args(["explain", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let file = std::fs::read(fixture("tls13_curl.pcapng")).unwrap();
    let mut stdin = explain.stdin.take().unwrap();
    for piece in file.chunks(1000) {
        stdin.write_all(piece).unwrap();
        stdin.flush().unwrap();
    }
    drop(stdin);
    let output = explain.wait_with_output().unwrap();
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        explained(&[&fixture("tls13_curl.pcapng")])
    );
}
