//! `--capture`: all connections from the start in files, each of which opens by itself.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use secure_chat::config::Capture;
use secure_chat::octets::Direction::{FromClient, FromServer};
use secure_chat::wire::pcapng;

use crate::support::{Server, eventually};
use crate::tshark::{expect_clean, fields, join};
use crate::visit::{WAYS, Way, connect, echo, knock, leave, say, server, stream};

/// A server that captures into this file, and turns to the next after so many bytes.
async fn capturing(path: &Path, file_bytes_max: u64) -> Server {
    server(&[], |config| {
        config.exports.capture = Some(Capture {
            path: path.to_owned(),
            file_bytes_max,
        });
    })
    .await
}

const MIB: u64 = 1024 * 1024;

fn requests(path: &Path) -> String {
    fields(path, "http.request", &["http.request.uri"], &[])
}

/// All files of a capture, the newest last.
fn files(path: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(path.parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|other| other != path)
        .collect();
    files.sort();
    files.push(path.to_owned());
    files
}

#[tokio::test]
async fn a_capture_has_every_connection_from_its_first_byte_to_its_last() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lab.pcapng");
    let server = capturing(&path, MIB).await;
    let mut crossed = Vec::new();
    for way in WAYS {
        let (mut client, seen) = connect(&server, way).await;
        knock(&mut client).await;
        echo(&mut client).await;
        leave(&mut client).await;
        drop(client);
        crossed.push(seen);
    }
    server.stop().await;
    expect_clean(&path);
    assert_eq!(requests(&path), "/login\n/login\n/ws/echo\n".repeat(3));
    let said = fields(&path, "websocket.opcode == 1", &["tcp.stream"], &[]);
    assert_eq!(said, "0\n0\n1\n1\n2\n2\n");
    let capture = pcapng::read(&std::fs::read(&path).unwrap().into());
    assert_eq!(capture.problems, []);
    for (connection, crossed) in capture.connections.iter().zip(&crossed) {
        let crossed = crossed.lock().unwrap();
        assert!(stream(&connection.events, FromClient) == crossed.sent);
        assert!(stream(&connection.events, FromServer) == crossed.received);
    }
    let mode = path.metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn what_has_crossed_stands_in_the_file_before_the_server_stops() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lab.pcapng");
    let server = capturing(&path, MIB).await;
    let (mut client, _) = connect(&server, Way::Tls13).await;
    client.get("/login").await;
    eventually("the response is in the file", async || {
        !fields(&path, "http.response", &["frame.number"], &[]).is_empty()
    })
    .await;
    expect_clean(&path);
    server.stop().await;
}

#[tokio::test]
async fn every_file_of_a_set_opens_by_itself_and_together_they_have_everything() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lab.pcapng");
    let server = capturing(&path, 12_000).await;
    let (mut long, crossed) = connect(&server, Way::Tls13).await;
    echo(&mut long).await;
    for way in [Way::Tls13, Way::Tls12, Way::Tls13] {
        let (mut short, _) = connect(&server, way).await;
        short.get("/login").await;
        say(&mut long, "still there").await;
    }
    leave(&mut long).await;
    drop(long);
    server.stop().await;
    let files = files(&path);
    assert!((3..=11).contains(&files.len()), "{files:?}");
    let mut decrypted = 0;
    for file in &files {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        // The packets of one event at most come on top, and what the file begins with.
        assert!(file.metadata().unwrap().len() < 12_000 + 10_000);
        let capture = pcapng::read(&std::fs::read(file).unwrap().into());
        assert_eq!(capture.problems, []);
        decrypted += requests(file).matches("/login").count();
    }
    // Those whose beginning is in the file in which they ask.
    assert!(decrypted >= 2, "{decrypted}");
    let names = |file: &PathBuf| file.file_name().unwrap().to_str().unwrap().to_owned();
    for pair in files.windows(2) {
        let text = String::from_utf8_lossy(&std::fs::read(&pair[1]).unwrap()).into_owned();
        let before = names(&pair[0]);
        assert!(text.contains(&format!("It goes on from {before}.")));
    }
    let carried_on = fields(
        &files[1],
        "frame.comment contains \"goes on here\"",
        &["frame.comment"],
        &[],
    );
    assert!(carried_on.contains("Connection #1 in the server's log goes on here"));

    let all = folder.path().join("all.pcapng");
    join(&files, &all);
    expect_clean(&all);
    assert_eq!(requests(&all), "/ws/echo\n/login\n/login\n/login\n");
    let said = fields(&all, "websocket.opcode == 1", &["frame.number"], &[]);
    assert_eq!(said.lines().count(), 8);
    let capture = pcapng::read(&std::fs::read(&all).unwrap().into());
    let crossed = crossed.lock().unwrap();
    let events = &capture.connections[0].events;
    assert!(stream(events, FromClient) == crossed.sent);
    assert!(stream(events, FromServer) == crossed.received);
}
