//! What stands in our captures, and in which order; what tshark makes of them is asked in `tests/wireshark`.

use bytes::Bytes;

use super::*;
use crate::octets::Direction::{self, FromClient, FromServer};
use crate::wire::both::Both;
use crate::wire::decrypt::{KeyLogLine, Label, Secret, Secrets};
use crate::wire::event::{Event, Missing, What};
use crate::wire::log::{About, Ending, State, queue};
use crate::wire::pcapng;
use std::sync::Arc;

const SECOND: u64 = 1_000_000_000;

fn about(number: u64) -> Arc<About> {
    Arc::new(About {
        number,
        client: "127.0.0.1:50000".parse().unwrap(),
        server: "127.0.0.1:8443".parse().unwrap(),
        is_tls_port: true,
        opened_ns: number * SECOND,
    })
}

fn secret(number: u8) -> KeyLogLine {
    KeyLogLine {
        label: Label::ClientRandom,
        client_random: [number; 32],
        secret: Secret::new(&[number; 48]).unwrap(),
    }
}

fn event(direction: Direction, what: What) -> Event {
    Event {
        time_ns: 100 * SECOND,
        direction,
        what,
        comment: None,
    }
}

fn bytes(direction: Direction, bytes: &[u8]) -> Event {
    event(direction, What::Bytes(Bytes::copy_from_slice(bytes)))
}

/// All connections as they happen, in one file.
#[derive(Default)]
struct Tape {
    stream: Stream,
    file: Vec<u8>,
}

impl Tape {
    fn new() -> Self {
        let mut tape = Self::default();
        tape.stream.begin("", &mut tape.file);
        tape
    }

    fn tell(&mut self, number: u64, what: queue::What) {
        self.stream.tell(number, &what, &mut self.file);
    }

    fn open(&mut self, number: u64) {
        self.tell(number, queue::What::Opened(about(number)));
    }

    fn end(&mut self, number: u64) {
        let why = "3 requests".to_owned();
        let time_ns = 200 * SECOND;
        self.tell(number, queue::What::Ended { time_ns, why });
    }

    fn position(&self, wanted: &[u8]) -> Option<usize> {
        position(&self.file, wanted)
    }
}

fn position(file: &[u8], wanted: &[u8]) -> Option<usize> {
    file.windows(wanted.len()).position(|at| at == wanted)
}

fn contains(file: &[u8], wanted: &str) -> bool {
    position(file, wanted.as_bytes()).is_some()
}

#[test]
fn a_secret_stands_before_the_bytes_it_opens_and_once() {
    let mut tape = Tape::new();
    tape.open(1);
    tape.tell(1, queue::What::Secret(secret(1)));
    tape.tell(1, queue::What::Secret(secret(1)));
    tape.tell(1, queue::What::Event(bytes(FromServer, b"encrypted")));
    let line = secret(1).to_text();
    assert!(tape.position(line.as_bytes()) < tape.position(b"encrypted"));
    let capture = pcapng::read(&tape.file.into());
    assert_eq!(capture.key_log, line + "\n");
}

#[test]
fn a_further_file_begins_with_the_secrets_of_those_that_are_open() {
    let mut tape = Tape::new();
    for number in 1..=3 {
        tape.open(number);
        let line = secret(u8::try_from(number).unwrap());
        tape.tell(number, queue::What::Secret(line));
    }
    tape.end(2);
    tape.file.clear();
    tape.stream
        .begin("It goes on from elsewhere.", &mut tape.file);
    for _twice in 0..2 {
        tape.tell(3, queue::What::Event(bytes(FromServer, b"more")));
    }
    tape.end(1);
    tape.end(3);
    assert!(contains(&tape.file, "It goes on from elsewhere."));
    for number in [1, 3] {
        let told = format!("Connection #{number} in the server's log goes on here");
        let first = tape.position(told.as_bytes()).unwrap();
        assert!(!contains(&tape.file[first + 1..], &told), "told once");
    }
    let capture = pcapng::read(&tape.file.into());
    assert_eq!(capture.problems, []);
    let lines = format!("{}\n{}\n", secret(1).to_text(), secret(3).to_text());
    assert_eq!(capture.key_log, lines);
}

#[test]
fn nothing_is_kept_of_a_connection_that_is_over_and_nothing_said_of_one_that_never_began() {
    let mut tape = Tape::new();
    tape.open(1);
    tape.end(1);
    let before = tape.file.len();
    for number in [1, 2] {
        tape.tell(number, queue::What::Event(bytes(FromClient, b"late")));
        tape.tell(number, queue::What::Secret(secret(1)));
        tape.end(number);
    }
    assert_eq!(tape.file.len(), before);
    tape.stream.begin("", &mut tape.file);
    assert!(pcapng::read(&tape.file.into()).key_log.is_empty());
}

#[test]
fn an_end_that_was_not_seen_is_put_in_and_says_so() {
    let told = "The server has closed the connection (3 requests). This packet is rebuilt";
    for (ends, is_rebuilt) in [
        (vec![], true),
        (vec![FromClient], true),
        (vec![FromServer], false),
        (vec![FromClient, FromServer], false),
    ] {
        let mut tape = Tape::new();
        tape.open(1);
        for &direction in &ends {
            tape.tell(1, queue::What::Event(event(direction, What::End)));
        }
        tape.end(1);
        assert_eq!(contains(&tape.file, told), is_rebuilt, "{ends:?}");
        let capture = pcapng::read(&tape.file.into());
        let events = capture.connections[0].events.iter();
        let server_ends = events.filter(|event| event.direction == FromServer);
        assert_eq!(server_ends.count(), 1, "{ends:?}");
    }
}

#[test]
fn what_found_no_room_is_told_on_the_next_packet_even_if_it_is_the_last() {
    let mut tape = Tape::new();
    tape.open(1);
    tape.tell(1, queue::What::Left { bytes: 70 });
    let gap = What::Missing(Missing::of(70));
    tape.tell(1, queue::What::Event(event(FromServer, gap)));
    tape.end(1);
    assert!(contains(&tape.file, "70 bytes before these were not kept."));
}

#[test]
fn two_connections_between_the_same_ports_are_two() {
    let mut tape = Tape::new();
    for number in [1, 2] {
        tape.open(number);
        tape.tell(number, queue::What::Event(bytes(FromClient, b"hello")));
        tape.end(number);
    }
    let capture = pcapng::read(&tape.file.into());
    assert_eq!(capture.problems, []);
    assert_eq!(capture.connections.len(), 2);
}

#[test]
fn the_first_bytes_say_who_can_read_them() {
    for (first, comment) in [
        (
            &b"\x16\x03\x01\x02\x00\x01\x00"[..],
            "The ClientHello of TLS",
        ),
        (b"\x15\x03\x01\x00\x02\x02\x30", "It begins as TLS does"),
        (b"GET / HTTP/1.1\r\n\r\n", "In clear: anybody"),
    ] {
        let mut tape = Tape::new();
        tape.open(1);
        tape.tell(1, queue::What::Event(bytes(FromClient, first)));
        tape.tell(1, queue::What::Event(bytes(FromClient, b"more")));
        let at = tape.position(comment.as_bytes()).unwrap();
        assert!(!contains(&tape.file[at + 1..], comment), "{comment}");
    }
}

/// Requests in clear, in one chunk of several packets.
fn recorded() -> (Arc<About>, State, Vec<Event>) {
    let filler = "x".repeat(3000);
    let requests = format!(
        "GET /first HTTP/1.1\r\nHost: a\r\nX: {filler}\r\n\r\nGET /second HTTP/1.1\r\nHost: a\r\n\r\n"
    );
    let ending = Ending {
        time_ns: 200 * SECOND,
        why: "2 requests".to_owned(),
    };
    let state = State {
        bytes: Both {
            client: requests.len() as u64,
            server: 0,
        },
        missing: Both::default(),
        negotiated: None,
        ended: Some(ending),
    };
    (
        about(3),
        state,
        vec![bytes(FromClient, requests.as_bytes())],
    )
}

#[test]
fn a_comment_stands_on_the_very_packet_in_which_a_message_begins() {
    let (about, state, events) = recorded();
    let secrets = Secrets::default();
    let file = file(&Recorded {
        about: &about,
        state: &state,
        events: &events,
        secrets: Some(&secrets),
    });
    let order = [
        &b"GET /first"[..],
        b"Request: GET /first HTTP/1.1",
        b"GET /second",
        b"Request: GET /second HTTP/1.1",
        b"The server has closed the connection (2 requests).",
    ];
    let places = order.map(|text| position(&file, text).expect("it stands in the file"));
    assert!(places.is_sorted(), "{places:?}");
    assert!(contains(&file, "it has ended: 2 requests."));
}

#[test]
fn the_file_for_eve_does_not_say_what_only_the_server_knows() {
    let (about, mut state, _) = recorded();
    state.negotiated = Some("TLS 1.3 · TLS_AES_128_GCM_SHA256 · X25519".to_owned());
    let file = file(&Recorded {
        about: &about,
        state: &state,
        events: &[],
        secrets: None,
    });
    for told in ["2 requests", "TLS_AES"] {
        assert!(!contains(&file, told), "{told}");
    }
    assert!(contains(&file, "There are no keys in this file"));
    assert!(contains(&file, "it has ended."));
}
