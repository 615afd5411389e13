use std::net::SocketAddr;

use bytes::Bytes;

use super::packet::{Header, Path, flags, frame};
use super::*;
use crate::wire::direction::Direction::{self, FromClient, FromServer};
use crate::wire::dissect::mutation;

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
            What::Missing(len) => vec![b'?'; usize::try_from(*len).unwrap()],
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
        event(START, FromClient, What::Missing(1000)),
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

#[test]
fn late_and_repeated_segments_are_put_right() {
    let mut script = Script::new();
    script.data(103, b"def");
    script.data(108, b"ij");
    script.data(100, b"abc");
    script.data(100, b"abc");
    script.data(104, b"efgh");
    script.packet(FromClient, flags::FIN | flags::ACK, 110, 200, b"");
    let capture = script.capture();
    assert_eq!(text(&one(&capture).events, FromClient), "abcdefghij<end>");
}

#[test]
fn segments_in_any_order_make_one_stream() {
    let letters: Vec<u8> = (b'a'..=b'z').cycle().take(200).collect();
    let orders = mutation::of(&letters).take(200);
    for order in orders {
        let mut script = Script::new();
        // Pieces of one to seven bytes, sorted by what the broken copies hold: an order without order.
        let mut pieces: Vec<(u8, usize, usize)> = (0..200)
            .map(|at| {
                (
                    order.get(at).copied().unwrap_or(0).wrapping_mul(151),
                    at,
                    1 + at % 7,
                )
            })
            .collect();
        pieces.sort_unstable();
        for (_, at, len) in pieces {
            let end = (at + len).min(letters.len());
            script.data(100 + u32::try_from(at).unwrap(), &letters[at..end]);
        }
        let capture = script.capture();
        assert_eq!(stream(&one(&capture).events, FromClient), letters);
    }
}

#[test]
fn sequence_numbers_wrap_around() {
    let first = u32::MAX - 2;
    let mut script = Script(Vec::new());
    script.packet(FromClient, flags::SYN, first.wrapping_sub(1), 0, b"");
    script.data(first.wrapping_add(4), b"efg");
    script.data(first, b"abcd");
    let capture = script.capture();
    assert_eq!(text(&one(&capture).events, FromClient), "abcdefg");
}

#[test]
fn bytes_that_were_acknowledged_and_never_captured_are_a_gap() {
    let mut script = Script::new();
    script.data(100, b"abc");
    script.data(105, b"fg");
    script.acknowledge(107);
    script.packet(FromServer, flags::ACK, 200, 107, b"answer");
    for _packet in 0..40 {
        script.acknowledge(107);
    }
    script.packet(FromServer, flags::ACK, 206, 107, b"later");
    let capture = script.capture();
    let events = &one(&capture).events;
    assert_eq!(text(events, FromClient), "abc??fg");
    // The gap was told as soon as it was certain, not only at the end.
    let last = events.last().unwrap();
    assert_eq!(last.what, What::Bytes(Bytes::from_static(b"later")));
}

#[test]
fn a_gap_at_the_end_is_told_as_far_as_it_was_acknowledged() {
    let mut script = Script::new();
    script.data(100, b"abc");
    script.acknowledge(113);
    assert_eq!(
        text(&one(&script.capture()).events, FromClient),
        "abc??????????"
    );
    script.data(200, b"z");
    let expected = format!("abc{}z", "?".repeat(97));
    assert_eq!(text(&one(&script.capture()).events, FromClient), expected);
}

#[test]
fn a_capture_that_begins_late_takes_the_lower_port_for_the_servers() {
    let mut script = Script(Vec::new());
    script.packet(FromServer, flags::ACK, 5000, 7000, b"tail");
    script.packet(FromClient, flags::ACK, 7000, 5004, b"next");
    let capture = script.capture();
    let connection = one(&capture);
    assert!(!connection.saw_start);
    assert_eq!(connection.server, address("10.0.0.2:80"));
    assert_eq!(text(&connection.events, FromServer), "tail");
    assert_eq!(text(&connection.events, FromClient), "next");
}

#[test]
fn the_same_ports_again_are_another_connection() {
    let mut script = Script::new();
    script.data(100, b"one");
    script.packet(FromClient, flags::SYN, 9999, 0, b"");
    script.data(10_000, b"two");
    let capture = script.capture();
    let texts: Vec<_> = capture
        .connections
        .iter()
        .map(|it| text(&it.events, FromClient))
        .collect();
    assert_eq!(texts, ["one", "two"]);
}

#[test]
fn classic_files_of_all_kinds_are_read() {
    let mut script = Script::new();
    script.data(100, b"abc");
    for (big, nanoseconds, fraction_ns) in [
        (false, false, 123_456_000),
        (true, false, 123_456_000),
        (false, true, 123_456),
        (true, true, 123_456),
    ] {
        let capture = read(&classic(&script.0, 1, big, nanoseconds).into());
        let connection = one(&capture);
        assert_eq!(text(&connection.events, FromClient), "abc");
        assert_eq!(connection.opened_ns, 1_790_000_000 * SECOND + fraction_ns);
    }
}

/// A pcapng file as another program might write it, with either byte order.
fn foreign(packets: &[Vec<u8>], big: bool) -> Vec<u8> {
    let short = |number: u16| {
        if big {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    };
    let long = |number: u32| {
        if big {
            number.to_be_bytes()
        } else {
            number.to_le_bytes()
        }
    };
    let block = |kind: u32, parts: &[&[u8]]| {
        let mut body = parts.concat();
        body.resize(body.len().next_multiple_of(4), 0);
        let len = long(u32::try_from(body.len() + 12).unwrap());
        [&long(kind)[..], &len, &body, &len].concat()
    };
    let mut file = block(
        0x0a0d_0d0a,
        &[&long(0x1a2b_3c4d), &short(1), &short(0), &[0xff; 8]],
    );
    // Two interfaces: raw IP in 1/1024 seconds from an offset, Ethernet in microseconds.
    let offset: [u8; 8] = if big {
        1000_i64.to_be_bytes()
    } else {
        1000_i64.to_le_bytes()
    };
    let options = [
        &short(9)[..],
        &short(1),
        &[0x8a, 0, 0, 0],
        &short(14),
        &short(8),
        &offset,
        &[0; 4],
    ]
    .concat();
    file.extend(block(1, &[&short(101), &short(0), &long(0), &options]));
    file.extend(block(1, &[&short(1), &short(0), &long(2000)]));
    file.extend(block(0x0bad, &[b"whatever this is"]));
    for (index, packet) in packets.iter().enumerate() {
        let ip = &packet[14..];
        let lens = [packet.len(), ip.len()].map(|len| long(u32::try_from(len).unwrap()));
        file.extend(match index % 3 {
            0 => block(
                6,
                &[&long(0), &long(0), &long(2048), &lens[1], &lens[1], ip],
            ),
            1 => block(
                6,
                &[
                    &long(1),
                    &long(0),
                    &long(1_002_000_000),
                    &lens[0],
                    &lens[0],
                    packet,
                ],
            ),
            _ => block(
                2,
                &[
                    &short(0),
                    &short(7),
                    &long(0),
                    &long(2048),
                    &lens[1],
                    &lens[1],
                    ip,
                ],
            ),
        });
    }
    file
}

#[test]
fn pcapng_files_of_other_programs_are_read() {
    let mut script = Script::new();
    script.data(100, b"abc");
    script.data(103, b"def");
    for big in [false, true] {
        let capture = read(&foreign(&script.0, big).into());
        let connection = one(&capture);
        assert_eq!(text(&connection.events, FromClient), "abcdef");
        assert_eq!(connection.opened_ns, 1002 * SECOND);
        assert!(
            connection
                .events
                .iter()
                .all(|event| event.time_ns == 1002 * SECOND)
        );
    }
}

#[test]
fn what_cannot_be_read_is_said_with_its_place() {
    let mut script = Script::new();
    script.data(100, b"abc");
    let good = script.file();
    let ours = recorded("10.0.0.1:5", "10.0.0.2:80", &events()[..1]);
    let problem = |file: Vec<u8>| {
        let capture = read(&file.into());
        capture.problems.first().map(ToString::to_string)
    };
    assert_eq!(problem(good.clone()), None);
    for (file, expected) in [
        (
            b"%PDF-1.7".to_vec(),
            "This is neither a pcapng nor a pcap file. (at byte 0)",
        ),
        (
            Vec::new(),
            "This is neither a pcapng nor a pcap file. (at byte 0)",
        ),
        (
            b"\x1f\x8b\x08".to_vec(),
            "This file is compressed: unpack it with gunzip first. (at byte 0)",
        ),
        (
            good[..30].to_vec(),
            "The file ends within the header of a packet. (at byte 24)",
        ),
        (
            good[..60].to_vec(),
            "The file ends within a packet: 54 bytes are announced, 20 are there. (at byte 24)",
        ),
        (
            ours[..10].to_vec(),
            "A section begins without its byte-order magic. (at byte 0)",
        ),
        (
            classic(&script.0, 147, false, false),
            "Packets of link type 147 are not read: Ethernet, raw IP, Linux cooked and loopback are. (at byte 40)",
        ),
    ] {
        assert_eq!(problem(file).as_deref(), Some(expected));
    }
    let cut = problem(ours[..ours.len() - 1].to_vec()).unwrap();
    assert!(cut.starts_with("The file ends within a block of "), "{cut}");
}

#[test]
fn a_packet_that_was_cut_leaves_a_gap() {
    let mut script = Script::new();
    script.data(100, b"abcdef");
    script.data(106, b"ghi");
    let cut = script.0[3].len() - 4;
    script.0[3].truncate(cut);
    let capture = script.capture();
    assert_eq!(
        text(&capture.connections[0].events, FromClient),
        "ab????ghi"
    );
    assert!(
        capture.problems[0].text.contains("4 bytes of this packet"),
        "{:?}",
        capture.problems
    );
}

#[test]
fn broken_files_are_read_as_far_as_they_go() {
    let mut script = Script::new();
    script.data(100, b"abc");
    script.data(106, b"ghi");
    script.acknowledge(109);
    let short: Vec<_> = events()
        .into_iter()
        .filter(|event| !matches!(&event.what, What::Bytes(bytes) if bytes.len() > 100))
        .collect();
    for good in [
        script.file(),
        foreign(&script.0, true),
        recorded("[::1]:5", "[::1]:80", &short),
    ] {
        for end in 0..good.len() {
            read(&good[..end].to_vec().into());
        }
        for copy in mutation::of(&good) {
            let len = copy.len();
            let capture = read(&copy.into());
            assert!(capture.problems.iter().all(|problem| problem.offset <= len));
        }
    }
}

#[test]
fn problems_are_counted_up_to_a_limit() {
    let capture = read(&classic(&vec![vec![0; 14]; 10], 101, false, false).into());
    assert_eq!(
        (capture.packets, capture.passed_over, capture.problems.len()),
        (10, 10, 10)
    );
    let capture = read(&classic(&vec![vec![0; 14]; 1000], 101, false, false).into());
    assert_eq!((capture.packets, capture.problems.len()), (1000, 101));
    assert!(capture.problems[100].text.contains("more problems"));
}
