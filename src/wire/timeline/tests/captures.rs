//! Timelines of the captures in `tests/fixtures/tls`: browsers, curl, Node and OpenSSL, TLS 1.2 and 1.3.

use bytes::Bytes;

use super::super::*;
use super::holds;
use crate::wire::decrypt::KeyLog;
use crate::wire::event::What;
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
        holds::play(events, secrets);
    }
}

/// The first connection of a capture that has this on its timeline.
fn with_title(file: &str, title: &str) -> (Timeline, Item) {
    all()
        .into_iter()
        .filter(|(name, ..)| name.starts_with(file))
        .find_map(|(_, events, secrets)| {
            let timeline = holds::play(&events, &secrets);
            let mut items = timeline.items().iter();
            let item = items.find(|item| item.title.starts_with(title))?.clone();
            Some((timeline, item))
        })
        .unwrap_or_else(|| panic!("{title} is not in {file}"))
}

#[test]
fn early_data_is_named() {
    let title = "Early Application Data: GET /favicon.svg HTTP/1.1";
    let (timeline, record) = with_title("tls13_early_data", title);
    assert_eq!(record.number, 3);
    let steps = timeline.show(record.number).unwrap().arithmetic;
    assert_eq!(steps[0].name, "CLIENT_EARLY_TRAFFIC_SECRET");
    assert!(steps[0].meaning.contains("from the pre-shared key"));
    let lessons = timeline.lessons();
    let lesson = lessons.iter().find(|it| it.what == "was here before");
    assert_eq!(lesson.unwrap().value, "yes, with early data");
}

#[test]
fn after_a_key_update_the_arithmetic_says_so() {
    let title = "Application Data: GET /favicon.svg";
    let (timeline, record) = with_title("tls13_key_update", title);
    let steps = timeline.show(record.number).unwrap().arithmetic;
    let names: Vec<_> = steps.iter().map(|step| step.name).collect();
    assert_eq!(
        names,
        [
            "CLIENT_TRAFFIC_SECRET_0",
            "application_traffic_secret_N",
            "write_key",
            "write_iv",
            "sequence_number",
            "nonce",
            "additional_data",
            "tag"
        ]
    );
    // One KeyUpdate was asked for, and one was the client's own.
    assert!(steps[1].meaning.starts_with("N is 2:"));
}

#[test]
fn tls_12_shows_how_the_key_block_is_cut() {
    let (timeline, record) = with_title("tls12_curl", "Application Data: HTTP/1.1 404");
    let steps = timeline.show(record.number).unwrap().arithmetic;
    let step = |name: &str| steps.iter().find(|step| step.name == name).unwrap();
    let block = holds::unhex(&step("key_block").value);
    for (name, meaning) in [
        ("write_key", "Bytes 32 to 63"),
        ("write_iv", "Bytes 68 to 71"),
    ] {
        let step = step(name);
        assert!(step.meaning.starts_with(meaning), "{step:?}");
        let mut places = meaning
            .split(' ')
            .filter_map(|word| word.parse::<usize>().ok());
        let (first, last) = (places.next().unwrap(), places.next().unwrap());
        assert_eq!(holds::unhex(&step.value), block[first..=last]);
    }
    assert_eq!(step("nonce_explicit").value.len(), 16);
    // curl offers the extension, and the server takes it.
    assert_eq!(step("master_secret").source, "RFC 7627 §4");
    let hello = timeline
        .items()
        .iter()
        .find(|item| item.title == "ServerHello");
    let hello = timeline.show(hello.unwrap().number).unwrap();
    assert_eq!(
        hello.inside[0].bytes[6..38],
        holds::unhex(&step("server_random").value)
    );
}

#[test]
fn a_suite_that_cannot_be_opened_is_told() {
    let (timeline, record) = with_title("tls12_cbc", "Application Data, ");
    let problem = record.problem.unwrap();
    assert!(problem.starts_with("This record was not opened: cipher suite 0x"));
    assert!(timeline.summary().closed_records > 0);
    assert_eq!(timeline.summary().version.as_deref(), Some("TLS 1.2"));
}

#[test]
fn a_message_in_several_records_is_linked_to_all_of_them() {
    let (timeline, certificate) = with_title("fragmented", "Certificate");
    assert_eq!(certificate.related.len(), 2);
    let shown = timeline.show(certificate.number).unwrap();
    assert_eq!(shown.on_the_wire.len(), 2);
    let aligned: Vec<_> = shown.aligned.iter().map(|run| run.wire_pane).collect();
    assert_eq!(aligned, [0, 1]);
    // The second record begins with the rest of it, and says so.
    let second = timeline.show(certificate.related[1]).unwrap();
    let first_field = second.inside[0].tree.leaf_at(0).unwrap();
    assert_eq!(first_field.name, "fragment of a message");
}
