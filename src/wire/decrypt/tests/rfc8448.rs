//! The traces of RFC 8448, read from `tests/fixtures/rfc8448.txt`, and opened.

/// One step of a trace, as the RFC calls it, and the values that it states.
#[derive(Debug)]
pub(in super::super) struct Step {
    /// "Simple 1-RTT Handshake" is §3, and so on.
    pub(in super::super) section: &'static str,
    pub(in super::super) name: &'static str,
    values: Vec<(&'static str, Vec<u8>)>,
}

impl Step {
    pub(in super::super) fn value(&self, name: &str) -> Option<&[u8]> {
        let found = self.values.iter().find(|(known, _)| *known == name)?;
        Some(&found.1)
    }
}

pub(in super::super) fn steps() -> Vec<Step> {
    let text = include_str!("../../../../tests/fixtures/rfc8448.txt");
    let (mut steps, mut section): (Vec<Step>, _) = (Vec::new(), "");
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("= ") {
            section = name;
        } else if let Some(value) = line.strip_prefix("  ") {
            let (name, hex) = value.split_once(':').unwrap();
            steps
                .last_mut()
                .unwrap()
                .values
                .push((name, unhex(hex.trim())));
        } else if line.starts_with('{') {
            let values = Vec::new();
            steps.push(Step {
                section,
                name: line,
                values,
            });
        }
    }
    steps
}

pub(in super::super) fn unhex(hex: &str) -> Vec<u8> {
    assert_eq!(hex.len() % 2, 0);
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect()
}

use std::collections::HashMap;

use super::super::*;

/// The secrets that a key log of this section would have.
fn secrets_of(steps: &[&Step]) -> Secrets {
    let client_hello = steps[0].value("payload").unwrap();
    let client_random = client_hello[6..38].try_into().unwrap();
    let mut secrets = Secrets::default();
    for (words, label) in [
        ("tls13 c e traffic", Label::ClientEarlyTrafficSecret),
        ("tls13 c hs traffic", Label::ClientHandshakeTrafficSecret),
        ("tls13 s hs traffic", Label::ServerHandshakeTrafficSecret),
        ("tls13 c ap traffic", Label::ClientTrafficSecret0),
        ("tls13 s ap traffic", Label::ServerTrafficSecret0),
    ] {
        let named = |step: &&&Step| step.name.contains(&format!("derive secret \"{words}\""));
        if let Some(step) = steps.iter().find(named) {
            let secret = Secret::new(step.value("expanded").unwrap()).unwrap();
            assert!(secrets.learn(KeyLogLine {
                label,
                client_random,
                secret
            }));
        }
    }
    secrets
}

fn sender(step: &Step) -> Direction {
    if step.name.starts_with("{client}") {
        Direction::FromClient
    } else {
        Direction::FromServer
    }
}

/// Opens all records of a section: each must carry what the RFC says, this many be encrypted, and these messages be seen.
fn open_section(number: &str, encrypted: usize, client: &[u8], server: &[u8]) -> Vec<Event> {
    let steps = steps();
    let of_section = |step: &&Step| step.section.contains(number);
    let steps: Vec<_> = steps.iter().filter(of_section).collect();
    let mut session = Session::new(secrets_of(&steps));
    let (mut events, mut sent, mut numbers) = (Vec::new(), HashMap::new(), [0, 0]);
    for step in &steps {
        let Some(record) = step.value("complete record") else {
            continue;
        };
        let direction = sender(step);
        let number = &mut numbers[super::opened::side(direction)];
        sent.insert((direction, *number), step.value("payload").unwrap());
        *number += 1;
        events.extend(session.push(direction, record));
    }
    events.extend(session.finish());
    let (mut opened, mut messages) = (0, [Vec::new(), Vec::new()]);
    for event in &events {
        let payload = sent[&(event.direction, event.record)];
        match &event.what {
            What::Record {
                cover: Cover::Opened(inside),
                ..
            } => {
                assert_eq!(inside.content(), payload);
                assert_eq!(inside.padding_len, 0);
                opened += 1;
            }
            What::Record {
                cover: Cover::NotOpened(reason),
                ..
            } => panic!("{reason}"),
            What::Handshake(message) => {
                let mut places = payload.windows(message.bytes.len());
                assert!(places.any(|place| place == message.bytes));
                messages[super::opened::side(event.direction)].push(message.message_type);
            }
            What::ApplicationData(data) => assert_eq!(data.bytes, payload),
            What::Alert { level, description } => assert_eq!([*level, *description], payload),
            What::Record { .. } | What::ChangeCipherSpec => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(opened, encrypted);
    assert_eq!(messages, [client, server]);
    events
}

#[test]
fn section_3_a_simple_handshake_opens() {
    open_section("§3", 7, &[1, 20], &[2, 8, 11, 15, 20, 4]);
}

#[test]
fn section_4_a_resumed_handshake_with_early_data_opens() {
    let events = open_section("§4", 8, &[1, 5, 20], &[2, 8, 20]);
    let early = events.iter().find_map(|event| match &event.what {
        What::ApplicationData(data) if data.early => Some(data.bytes.clone()),
        _ => None,
    });
    assert_eq!(early.unwrap().as_ref(), b"ABCDEF");
}

#[test]
fn section_5_a_handshake_with_hello_retry_request_opens() {
    open_section("§5", 4, &[1, 1, 20], &[2, 2, 8, 11, 15, 20]);
}

#[test]
fn section_6_a_handshake_with_a_client_s_certificate_opens() {
    open_section("§6", 4, &[1, 11, 15, 20], &[2, 8, 13, 11, 15, 20]);
}

#[test]
fn section_7_a_handshake_in_compatibility_mode_opens() {
    let events = open_section("§7", 4, &[1, 20], &[2, 8, 11, 15, 20]);
    let is_change = |event: &&Event| matches!(event.what, What::ChangeCipherSpec);
    assert_eq!(events.iter().filter(is_change).count(), 2);
}
