//! Segments that come late, twice, cut or never.

use super::*;
use crate::wire::dissect::mutation;

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
fn before_a_reset_comes_what_waits_and_what_the_other_side_has_acknowledged() {
    const WAITS: &[(u32, &[u8])] = &[(100, b"abc"), (105, b"fg")];
    let whole = &WAITS[..1];
    for (segments, acknowledged, reset_at, story) in [
        (whole, 103, 103, "abc<reset>"),
        (whole, 113, 113, "abc??????????<reset>"),
        (WAITS, 100, 107, "abc??fg<reset>"),
        (WAITS, 110, 110, "abc??fg???<reset>"),
        // As if a FIN had come that was not captured, which a RST may follow.
        (whole, 104, 104, "abc<reset>"),
        // Nobody has received that much.
        (whole, 103, 1_000_000, "abc<reset>"),
        // Forged, or an answer to something old: no system takes it for the end.
        (whole, 103, 102, "abc"),
        (whole, 113, 0, "abc??????????"),
        (whole, 113, 103, "abc??????????"),
        (whole, 113, 112, "abc??????????"),
    ] {
        let mut script = Script::new();
        for (seq, payload) in segments {
            script.data(*seq, payload);
        }
        script.acknowledge(acknowledged);
        script.packet(FromClient, flags::RST, reset_at, 0, b"");
        let capture = script.capture();
        assert_eq!(
            text(&one(&capture).events, FromClient),
            story,
            "{acknowledged} {reset_at}"
        );
    }
}

#[test]
fn ends_where_the_direction_has_been_end_nothing() {
    for flag in [flags::FIN, flags::RST] {
        let mut script = Script::new();
        script.data(100, b"abc");
        script.packet(FromClient, flag | flags::ACK, 101, 200, b"");
        script.data(103, b"def");
        script.packet(FromClient, flags::FIN | flags::ACK, 1_000_000, 200, b"");
        script.packet(FromClient, flags::FIN | flags::ACK, 106, 200, b"");
        script.acknowledge(107);
        let capture = script.capture();
        assert_eq!(text(&one(&capture).events, FromClient), "abcdef<end>");
    }
}

#[test]
fn an_end_is_believed_as_far_as_a_reset_and_the_other_side_bear_it_out() {
    for (fin_at, acknowledged, reset_at, story) in [
        (103, 104, 104, "abc<end>"),
        (105, 106, 106, "abc??<end>"),
        (105, 103, 106, "abc<reset>"),
        (1_000_000, 103, 103, "abc<reset>"),
        (1_000_000, 104, 104, "abc<reset>"),
    ] {
        let mut script = Script::new();
        script.data(100, b"abc");
        script.packet(FromClient, flags::FIN | flags::ACK, fin_at, 200, b"");
        script.acknowledge(acknowledged);
        script.packet(FromClient, flags::RST, reset_at, 0, b"");
        let capture = script.capture();
        let events = &one(&capture).events;
        assert_eq!(text(events, FromClient), story, "{fin_at} {acknowledged}");
    }
}

#[test]
fn nothing_comes_behind_an_end_whatever_is_captured() {
    for (flag, story) in [(flags::FIN, "abc<end>"), (flags::RST, "abc<reset>")] {
        let mut script = Script::new();
        script.data(100, b"abc");
        script.packet(FromClient, flag | flags::ACK, 103, 200, b"");
        script.data(104, b"late");
        script.data(110, b"later");
        script.acknowledge(200);
        script.packet(FromClient, flags::RST, 120, 0, b"");
        let capture = script.capture();
        assert_eq!(text(&one(&capture).events, FromClient), story);
    }
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
        capture.problems[0]
            .text
            .contains("without its last 4 bytes."),
        "{:?}",
        capture.problems
    );
}
