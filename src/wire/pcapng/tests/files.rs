//! Files of other programs, and files that are broken.

use super::*;
use crate::wire::dissect::mutation;

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
#[expect(clippy::too_many_lines, reason = "a file is read from top to bottom")]
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
            assert!(read(&good[..end].to_vec().into()).connections.len() < 3);
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
