//! What tshark, the program that everybody checks captures with, says of our files, and of the same bytes that we take
//! apart. Without `tshark` on PATH there is nobody to ask, and these tests say so and pass.
#![cfg(test)]

#[path = "wire_tshark/http_ws_capture.rs"]
mod capture;
#[path = "wire_tshark/http_ws_compare.rs"]
mod compare;
#[path = "wire_tshark/http_ws_pdml.rs"]
mod pdml;
#[path = "wire_tshark/http_ws_recorder.rs"]
mod recorder;
#[allow(unreachable_pub, reason = "it is written as a library of its own")]
mod support;

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;

use bytes::Bytes;
use recorder::{Recorded, Recorder, now_ns, stream};
use secure_chat::octets::Direction::{FromClient, FromServer};
use secure_chat::wire::event::{Event, What};
use secure_chat::wire::pcapng::{self, Recording, Tcp};
use support::Server;

/// Where the files say that the server was: a port that Wireshark knows for plain HTTP.
const PLAIN: &str = "127.0.0.1:8080";

fn is_there(program: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        eprintln!("skipped: there is no {program} on PATH");
    }
    there
}

fn run(program: &str, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {args:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn tshark(file: &Path, args: &[&str]) -> String {
    run("tshark", &[&["-r", file.to_str().unwrap()], args].concat())
}

fn curl(folder: &Path, address: SocketAddr, target: &str, args: &[&str]) {
    let url = format!("http://{address}{target}");
    let jar = folder.join("jar");
    let jar = jar.to_str().unwrap();
    let origin = format!("Origin: http://{address}");
    run(
        "curl",
        &[
            &["-s", "-o", "/dev/null", "-b", jar, "-c", jar, "-H", &origin],
            args,
            &[&url],
        ]
        .concat(),
    );
}

/// Sends `requests` in one piece, and waits for the server to end the connection.
fn send(address: SocketAddr, requests: &[u8]) {
    let mut socket = TcpStream::connect(address).unwrap();
    socket.write_all(requests).unwrap();
    socket.shutdown(Shutdown::Write).unwrap();
    socket.read_to_end(&mut Vec::new()).unwrap();
}

/// A visit to the server with everything that browsers and tools do, seen by a recorder.
fn visit(folder: &Path, address: SocketAddr) {
    curl(folder, address, "/login?next=%2Fchat&x=1", &[]);
    curl(
        folder,
        address,
        "/register",
        &["-d", "name=ana&password=a+b%2Bcorrect%20horse%20battery"],
    );
    curl(
        folder,
        address,
        "/chat",
        &["-u", "ana:secret", "-H", "Accept-Language: de, en;q=0.5"],
    );
    curl(
        folder,
        address,
        "/groups",
        &["-H", "Transfer-Encoding: chunked", "-d", "name=room1"],
    );
    curl(
        folder,
        address,
        "/groups",
        &["-H", "Expect: 100-continue", "-d", "name=room2"],
    );
    curl(folder, address, "/", &["-I"]);
    curl(
        folder,
        address,
        "/nothing",
        &["-H", "Cookie: theme=dark; a=b"],
    );
    curl(
        folder,
        address,
        "/favicon.ico",
        &["-H", "Accept-Encoding: gzip"],
    );
    let host = format!("Host: {address}\r\n");
    // No HEAD among them: tshark takes the length of its answer for content if other requests came with it.
    let pipelined = format!(
        "GET /login HTTP/1.1\r\n{host}\r\nOPTIONS * HTTP/1.1\r\n{host}\r\nGET /login HTTP/1.1\r\n{host}Connection: close\r\n\r\n"
    );
    send(address, pipelined.as_bytes());
    let chunks = format!(
        "POST /login HTTP/1.1\r\n{host}Origin: http://{address}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n8;ext=1\r\nname=ana\r\n00a\r\n&password=\r\n1\r\nx\r\n0;last\r\nDigest: none\r\nX-More: y\r\n\r\n"
    );
    send(address, chunks.as_bytes());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire_tshark/http_ws_client.mjs");
    run(
        "node",
        &[script.to_str().unwrap(), &address.port().to_string()],
    );
}

/// What our server does not say, said by hand: chunked and compressed answers, odd cookies and blanks.
fn by_hand() -> Recorded {
    let client = b"GET http://a:8080/p?a=b&c HTTP/1.1\r\nHost:a:8080\r\nCookie: a=1; sid=abc;b ; c=\"d\"\r\ncookie: x=1\r\nX-Odd:   v  \r\n\r\nGET /2 HTTP/1.0\r\n\r\n";
    let server = b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=abc; Path=/; HttpOnly\r\nTransfer-Encoding: chunked\r\nContent-Type: text/plain\r\n\r\n5\r\nHello\r\n006\r\n World\r\n0\r\n\r\nHTTP/1.1 404 Not  there\r\nX:\r\nContent-Length: 3\r\n\r\nabc";
    let event = |direction, bytes: &'static [u8]| Event {
        time_ns: now_ns(),
        direction,
        what: What::Bytes(Bytes::from_static(bytes)),
        comment: Some("Said by hand.".to_owned()),
    };
    Recorded {
        client: "127.0.0.1:40000".parse().unwrap(),
        opened_ns: now_ns(),
        events: vec![event(FromClient, client), event(FromServer, server)],
    }
}

/// One file of all connections, as if they had gone to `server`.
fn write(folder: &Path, server: &str, recorded: &[Recorded]) -> PathBuf {
    let mut out = Vec::new();
    pcapng::begin("Recorded by a test.", &mut out);
    for connection in recorded {
        let server = server.parse().unwrap();
        let mut tcp = Tcp::open(
            connection.client,
            server,
            connection.opened_ns,
            None,
            &mut out,
        );
        for event in &connection.events {
            tcp.write(event, &mut out);
        }
    }
    let path = folder.join("recorded.pcapng");
    std::fs::write(&path, out).unwrap();
    path
}

fn streams(recorded: &[Recorded]) -> Vec<[Vec<u8>; 2]> {
    recorded
        .iter()
        .map(|it| [it.stream(FromClient), it.stream(FromServer)])
        .collect()
}

/// tshark finds nothing to complain about, and every checksum right.
fn is_clean(path: &Path) {
    let checked = [
        "-o",
        "tcp.check_checksum:TRUE",
        "-o",
        "ip.check_checksum:TRUE",
    ];
    // Warnings and errors, and notes but for the one on each FIN.
    let complaint =
        "_ws.expert.severity >= 4194304 and not _ws.expert.message contains \"connection closing\"";
    let complaints = tshark(
        path,
        &[
            &checked[..],
            &["-T", "fields", "-e", "_ws.expert.message", "-Y", complaint],
        ]
        .concat(),
    );
    assert_eq!(complaints, "");
    let sums = tshark(
        path,
        &[
            &checked[..],
            &[
                "-T",
                "fields",
                "-e",
                "tcp.checksum.status",
                "-e",
                "ip.checksum.status",
            ],
        ]
        .concat(),
    );
    assert!(sums.lines().count() > 10);
    assert!(
        sums.lines().all(|line| line == "1\t1" || line == "1\t"),
        "{sums}"
    );
    let comment = run("capinfos", &["-k", path.to_str().unwrap()]);
    assert!(
        comment.contains("This file was rebuilt, not captured."),
        "{comment}"
    );
}

/// Holds all messages in `streams` against those that tshark finds in `path`, and says how many fields are equal.
fn equal_fields(path: &Path, streams: &[[Vec<u8>; 2]], server_port: u16) -> usize {
    let decode_as = format!("tcp.port=={server_port},http");
    let pdml = tshark(path, &["-d", &decode_as, "-T", "pdml"]);
    let ours = compare::ours(streams);
    let theirs = compare::theirs(&pdml::tags(&pdml), &server_port.to_string());
    let outcome = compare::compare(&ours, &theirs);
    assert_eq!(
        ours.keys().collect::<Vec<_>>(),
        theirs.keys().collect::<Vec<_>>(),
        "messages"
    );
    println!(
        "{} fields of {} messages are equal",
        outcome.equal,
        ours.len()
    );
    println!("without counterpart: {:#?}", outcome.without_counterpart);
    assert!(outcome.differences.is_empty(), "{:#?}", outcome.differences);
    outcome.equal
}

/// Captured on the loopback interface while Chromium did what `wire_tshark/chromium_visit.mjs` tells.
#[test]
fn tshark_sees_each_field_of_chromium_where_we_see_it() {
    if !is_there("tshark") {
        return;
    }
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/http/chromium_plain.pcapng");
    let capture = pcapng::read(&std::fs::read(&path).unwrap().into());
    assert_eq!(capture.problems, []);
    let ports: BTreeSet<u16> = capture
        .connections
        .iter()
        .map(|it| it.server.port())
        .collect();
    assert_eq!(ports.len(), 1);
    let streams: Vec<_> = capture
        .connections
        .iter()
        .map(|it| [FromClient, FromServer].map(|direction| stream(&it.events, direction)))
        .collect();
    let said = [
        &b" 304 Not Modified"[..],
        b"password=",
        b"Upgrade: websocket",
    ];
    for words in said {
        let mut streams = streams.iter().flatten();
        assert!(
            streams.any(|stream| stream.windows(words.len()).any(|at| at == words)),
            "{}",
            words.escape_ascii()
        );
    }
    let equal = equal_fields(&path, &streams, *ports.first().unwrap());
    assert!(equal > 550, "{equal}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tshark_sees_each_field_where_we_see_it() {
    if !["tshark", "curl", "node"]
        .map(is_there)
        .iter()
        .all(|there| *there)
    {
        return;
    }
    let server = Server::start(&["--echo"], |_| {}).await;
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::before(server.http());
    let (path, address) = (folder.path().to_owned(), recorder.address);
    let recorded = tokio::task::spawn_blocking(move || {
        visit(&path, address);
        recorder.finished()
    })
    .await
    .unwrap();
    let recorded = [recorded, vec![by_hand()]].concat();
    is_clean(&write(folder.path(), "[::1]:8080", &recorded));
    let path = write(folder.path(), PLAIN, &recorded);
    is_clean(&path);

    let equal = equal_fields(&path, &streams(&recorded), 8080);
    assert!(equal > 450, "{equal}");

    let capture = pcapng::read(&std::fs::read(&path).unwrap().into());
    assert_eq!(capture.problems, []);
    for (read, written) in capture.connections.iter().zip(&recorded) {
        for direction in [FromClient, FromServer] {
            assert!(stream(&read.events, direction) == written.stream(direction));
        }
    }
    server.stop().await;
}

/// How many connections the test below makes.
const CONNECTIONS: usize = 3;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_capture_gives_the_streams_that_crossed() {
    if !["dumpcap", "curl", "node"]
        .map(is_there)
        .iter()
        .all(|there| *there)
    {
        return;
    }
    let server = Server::start(&["--echo"], |_| {}).await;
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::before(server.http());
    let path = folder.path().to_owned();
    let compared = tokio::task::spawn_blocking(move || {
        let address = recorder.address;
        let capture = capture::capture(address.port(), CONNECTIONS, || {
            curl(&path, address, "/login", &[]);
            curl(
                &path,
                address,
                "/register",
                &["-d", "name=ana&password=correct+horse+battery"],
            );
            let script =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire_tshark/http_ws_client.mjs");
            run(
                "node",
                &[script.to_str().unwrap(), &address.port().to_string()],
            );
        })?;
        Some((capture, recorder.finished()))
    })
    .await
    .unwrap();
    server.stop().await;
    let Some((capture, recorded)) = compared else {
        return;
    };
    assert_eq!(capture.connections.len(), CONNECTIONS);
    for recorded in &recorded {
        let captured = capture
            .connections
            .iter()
            .find(|it| it.client == recorded.client)
            .unwrap();
        assert!(captured.saw_start);
        for direction in [FromClient, FromServer] {
            assert!(stream(&captured.events, direction) == recorded.stream(direction));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_with_its_secrets_opens_decrypted_with_no_option() {
    if !["tshark", "curl"].map(is_there).iter().all(|there| *there) {
        return;
    }
    let server = Server::both().await;
    let folder = tempfile::tempdir().unwrap();
    let recorder = Recorder::before(server.https());
    let keys = folder.path().join("keys");
    let key_file = keys.clone();
    let recorded = tokio::task::spawn_blocking(move || {
        let url = format!("https://{}/login", recorder.address);
        for version in [&["--tls-max", "1.2"][..], &[]] {
            let status = Command::new("curl")
                .args(["-s", "-k", "-o", "/dev/null", &url])
                .args(version)
                .env("SSLKEYLOGFILE", &key_file)
                .status();
            assert!(status.unwrap().success());
        }
        recorder.finished()
    })
    .await
    .unwrap();
    server.stop().await;
    let Ok(key_log) = std::fs::read_to_string(keys) else {
        eprintln!("skipped: this curl writes no key log");
        return;
    };
    for connection in &recorded {
        let write = |key_log: &str| {
            let path = folder.path().join("tls.pcapng");
            let recording = Recording {
                client: connection.client,
                server: "127.0.0.1:8443".parse().unwrap(),
                opened_ns: connection.opened_ns,
                events: &connection.events,
                key_log,
                comment: "",
            };
            std::fs::write(&path, pcapng::file(&recording)).unwrap();
            path
        };
        let uri = [
            "-Y",
            "http.request",
            "-T",
            "fields",
            "-e",
            "http.request.uri",
        ];
        let path = write(&key_log);
        is_clean(&path);
        assert_eq!(tshark(&path, &uri), "/login\n");
        let capture = pcapng::read(&std::fs::read(&path).unwrap().into());
        assert_eq!(capture.key_log, key_log);
        assert_eq!(tshark(&write(""), &uri), "");
    }
}
