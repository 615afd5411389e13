//! What the tests of both directions are made of, and those that go there and back.

mod files;
mod reassembly;

use std::net::SocketAddr;

use bytes::Bytes;

use super::packet::{Header, Path, flags, frame};
use super::*;
use crate::octets::Direction::{self, FromClient, FromServer};
use crate::wire::event::{Event, Missing, What};

const SECOND: u64 = 1_000_000_000;
const START: u64 = 1_790_000_000 * SECOND + 123_456_789;

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn event(time_ns: u64, direction: Direction, what: What) -> Event {
    Event {
        time_ns,
        direction,
        what,
        comment: None,
    }
}

fn bytes(time_ns: u64, direction: Direction, bytes: &[u8]) -> Event {
    event(
        time_ns,
        direction,
        What::Bytes(Bytes::copy_from_slice(bytes)),
    )
}

/// A conversation with a long answer, both ends, and a time in nanoseconds.
fn events() -> Vec<Event> {
    let long: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
    vec![
        bytes(START + 1, FromClient, b"GET / HTTP/1.1\r\n\r\n"),
        bytes(START + 1001, FromServer, &long),
        bytes(START + 2 * SECOND, FromClient, b"x"),
        event(START + 3 * SECOND, FromServer, What::End),
        event(START + 3 * SECOND + 1, FromClient, What::End),
    ]
}

fn recorded(client: &str, server: &str, events: &[Event]) -> Vec<u8> {
    file(&Recording {
        client: address(client),
        server: address(server),
        opened_ns: START,
        events,
        key_log: "CLIENT_RANDOM 00 11\n",
        comment: "A test.",
    })
}

/// All that one side sent; a gap shows as `?`.
fn stream(events: &[Event], direction: Direction) -> Vec<u8> {
    events
        .iter()
        .filter(|event| event.direction == direction)
        .flat_map(|event| match &event.what {
            What::Bytes(bytes) => bytes.to_vec(),
            What::Missing(missing) => vec![b'?'; usize::try_from(missing.bytes).unwrap()],
            What::End => b"<end>".to_vec(),
            What::Reset => b"<reset>".to_vec(),
        })
        .collect()
}

fn text(events: &[Event], direction: Direction) -> String {
    String::from_utf8(stream(events, direction)).unwrap()
}

fn one(capture: &Capture) -> &Connection {
    assert_eq!(capture.problems, []);
    assert_eq!(capture.connections.len(), 1);
    &capture.connections[0]
}

#[test]
fn a_file_of_ours_gives_back_what_was_recorded() {
    for (client, server) in [
        ("127.0.0.1:50000", "127.0.0.1:8443"),
        ("[::1]:50000", "[::1]:8080"),
        ("[::ffff:127.0.0.1]:50000", "127.0.0.1:8443"),
    ] {
        let written = recorded(client, server, &events());
        let capture = read(&written.into());
        let connection = one(&capture);
        assert_eq!(capture.key_log, "CLIENT_RANDOM 00 11\n");
        assert_eq!(connection.client.port(), 50_000);
        assert!(connection.saw_start);
        assert_eq!(connection.opened_ns, START);
        for direction in [FromClient, FromServer] {
            assert_eq!(
                stream(&connection.events, direction),
                stream(&events(), direction)
            );
        }
        assert_eq!(connection.events[0], events()[0]);
        assert_eq!(connection.events.last(), events().last());
    }
}

#[test]
fn what_was_not_kept_is_told_again() {
    let recorded_events = [
        bytes(START, FromClient, b"before"),
        event(START, FromClient, What::Missing(Missing::of(1000))),
        bytes(START, FromClient, b"after"),
        event(START, FromServer, What::Reset),
    ];
    let written = recorded("10.0.0.1:5", "10.0.0.2:443", &recorded_events);
    let comment = b"1000 bytes before these were not kept.";
    assert!(
        written
            .windows(comment.len())
            .any(|window| window == comment)
    );
    let capture = read(&written.into());
    let expected = format!("before{}after", "?".repeat(1000));
    assert_eq!(text(&one(&capture).events, FromClient), expected);
    assert_eq!(text(&one(&capture).events, FromServer), "<reset>");
}

#[test]
fn what_was_not_kept_before_an_end_is_told_again() {
    // A single byte before a reset is told by nothing: it may as well be a FIN.
    for (end, missing_min, story) in [(What::End, 1, "?<end>"), (What::Reset, 2, "?<reset>")] {
        for missing in [missing_min, 1000] {
            let recorded_events = [
                bytes(START, FromServer, b"before"),
                event(START, FromServer, What::Missing(Missing::of(missing))),
                event(START, FromServer, end.clone()),
            ];
            let written = recorded("10.0.0.1:5", "10.0.0.2:443", &recorded_events);
            let capture = read(&written.into());
            let gap = "?".repeat(usize::try_from(missing).unwrap());
            let story = format!("before{}", story.replace('?', &gap));
            assert_eq!(text(&one(&capture).events, FromServer), story);
        }
    }
}

#[test]
fn a_comment_goes_with_the_first_packet_of_its_event() {
    let mut told = bytes(START, FromClient, &[b'x'; 5000]);
    told.comment = Some("The password, in clear.".to_owned());
    let written = recorded("10.0.0.1:5", "10.0.0.2:80", &[told]);
    let count = written
        .windows(13)
        .filter(|window| window == b"The password,")
        .count();
    assert_eq!(count, 1);
}

/// A packet from the client (or to it) with the numbers of a test, which begin at 100 and 200.
struct Script(Vec<Vec<u8>>);

impl Script {
    fn new() -> Self {
        let mut script = Self(Vec::new());
        script.packet(FromClient, flags::SYN, 99, 0, b"");
        script.packet(FromServer, flags::SYN | flags::ACK, 199, 100, b"");
        script.packet(FromClient, flags::ACK, 100, 200, b"");
        script
    }

    fn packet(&mut self, direction: Direction, flags: u8, seq: u32, ack: u32, payload: &[u8]) {
        let (client, server) = (address("10.0.0.1:40000"), address("10.0.0.2:80"));
        let path = match direction {
            FromClient => Path::new(client, server),
            FromServer => Path::new(server, client),
        };
        let header = Header {
            seq,
            ack,
            flags,
            window: 1000,
        };
        self.0.push(frame(&path, header, &[], payload, 0));
    }

    fn data(&mut self, seq: u32, payload: &[u8]) {
        self.packet(FromClient, flags::ACK, seq, 200, payload);
    }

    fn acknowledge(&mut self, ack: u32) {
        self.packet(FromServer, flags::ACK, 200, ack, b"");
    }

    fn file(&self) -> Vec<u8> {
        classic(&self.0, 1, false, false)
    }

    fn capture(&self) -> Capture {
        read(&self.file().into())
    }
}

/// A classic pcap file.
fn classic(packets: &[Vec<u8>], link_type: u32, big: bool, nanoseconds: bool) -> Vec<u8> {
    let number = |number: u32| {
        if big {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    };
    let mut file = Vec::new();
    let magic = if nanoseconds {
        0xa1b2_3c4d
    } else {
        0xa1b2_c3d4
    };
    for word in [magic, 0x0002_0004, 0, 0, 65_535, link_type] {
        file.extend(number(word));
    }
    for packet in packets {
        let len = u32::try_from(packet.len()).unwrap();
        for word in [1_790_000_000, 123_456, len, len] {
            file.extend(number(word));
        }
        file.extend(packet);
    }
    file
}
