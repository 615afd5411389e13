//! Timelines of the captures in `tests/fixtures/tls`: browsers, curl, Node and OpenSSL, TLS 1.2 and 1.3.

use bytes::Bytes;

use super::super::*;
use super::holds;
use crate::wire::decrypt::KeyLog;
use crate::wire::pcapng;

/// All connections of all captures, with what is known of their secrets.
pub(super) fn all() -> Vec<(String, Vec<Event>, Secrets)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tls");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut connections = Vec::new();
    for path in files {
        let capture = pcapng::read(&Bytes::from(std::fs::read(&path).unwrap()));
        let key_log = KeyLog::read(&capture.key_log);
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        for (number, connection) in capture.connections.into_iter().enumerate() {
            let secrets = secrets(&connection.events, &key_log);
            connections.push((format!("{file} #{number}"), connection.events, secrets));
        }
    }
    connections
}

/// Those of the key log that fit the client's random, which stands in its first message.
fn secrets(events: &[Event], key_log: &KeyLog) -> Secrets {
    let mut first = Vec::new();
    for event in events {
        if let (Direction::FromClient, What::Bytes(bytes)) = (event.direction, &event.what) {
            first.extend_from_slice(bytes);
        }
    }
    // Headers of record and message, and the version, stand before it.
    let random = first.get(11..43).and_then(|random| random.try_into().ok());
    random
        .and_then(|random: &[u8; 32]| key_log.secrets_of(random))
        .cloned()
        .unwrap_or_default()
}

#[test]
fn every_promise_holds_for_every_capture() {
    let connections = all();
    assert!(connections.len() > 30, "{}", connections.len());
    for (name, events, secrets) in &connections {
        println!("{name}");
        let timeline = holds::play(events, secrets);
        if std::env::var("DUMP").is_ok() {
            for item in timeline.items() {
                println!(
                    "{:3} {:?} {:?} {} | {:?} {:?} {:?} {:?} {} {:?}",
                    item.number,
                    item.direction,
                    item.kind,
                    item.title,
                    item.eve_title,
                    item.wire,
                    item.plain,
                    item.related,
                    item.secret,
                    item.problem
                );
            }
        }
    }
}
