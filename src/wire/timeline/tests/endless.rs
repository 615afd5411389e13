//! Connections without end: a timeline stays as small as it says.

use super::super::events::READ_LEN_MAX;
use super::super::*;
use super::script::{TLS13, bytes, in_clear};
use crate::wire::decrypt::tests::conversation::{
    Conversation, Identity, Recorded, Setting, secrets,
};

use Direction::{FromClient, FromServer};

/// Pushes the beginning of the chat, and then these bytes again and again.
fn endless(start: usize, again: &[u8], times: u64) -> Timeline {
    let mut timeline = Timeline::new(Secrets::default());
    for event in &in_clear()[..start] {
        timeline.push(event);
    }
    for time_ns in 0..times {
        timeline.push(&bytes(time_ns, FromServer, again));
    }
    timeline
}

#[test]
fn a_timeline_of_tiny_frames_ends_with_a_word_about_the_rest() {
    // Empty Pongs.
    let mut timeline = endless(6, &[0x8a, 0].repeat(8_000), 40);
    // The last piece may bring as many as it can hold.
    let most = ITEMS_MAX + READ_LEN_MAX / 2 + 1;
    assert!((ITEMS_MAX + 1..=most).contains(&timeline.items().len()));
    let last = timeline.items().last().unwrap();
    assert_eq!(
        last.title,
        "More than 200000 items: the rest of the connection is left out"
    );
    let len = timeline.items().len();
    assert!(timeline.push(&bytes(9, FromServer, &[0x8a, 0])).is_empty());
    assert!(timeline.finish().is_empty());
    assert_eq!(timeline.items().len(), len);
}

#[test]
fn one_message_in_any_number_of_pieces_is_one_thing() {
    let head = b"HTTP/1.1 200 OK\r\n\r\n";
    let mut timeline = endless(1, head, 1);
    let told = timeline.push(&bytes(2, FromServer, &[b'x'; 100_000]));
    assert_eq!(told, [1]);
    for _ in 0..2_000 {
        timeline.push(&bytes(3, FromServer, b"more"));
    }
    assert_eq!(timeline.items().len(), 2);
    let shown = timeline.show(1).unwrap();
    assert_eq!(shown.on_the_wire[0].bytes.len(), PANE_LEN_MAX);
    let len = head.len() + 100_000 + 8_000;
    assert_eq!(shown.on_the_wire[0].cut_bytes, (len - PANE_LEN_MAX) as u64);
}

/// How much is told for each record, on average: as much for the last as for the first.
const TOLD_PER_RECORD: usize = 4;

#[test]
fn many_records_of_one_message_are_told_once_each() {
    const RECORDS: usize = 3_000;
    let mut conversation = Conversation::of(&Setting::suite(&Identity::ecdsa(), TLS13));
    conversation.say(FromClient, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    conversation.say(FromServer, b"HTTP/1.1 200 OK\r\n\r\n");
    for _ in 0..RECORDS {
        conversation.say(FromServer, b"line\n");
    }
    let recording = conversation.recording();
    let mut timeline = Timeline::new(secrets(&recording));
    let mut told = 0;
    for recorded in &recording {
        if let Recorded::Bytes(direction, sent) = recorded {
            told += timeline.push(&bytes(1, *direction, sent)).len();
        }
    }
    assert!(
        (RECORDS..RECORDS * TOLD_PER_RECORD).contains(&told),
        "{told}"
    );
    let page = timeline.item_at(FromServer, 30).unwrap();
    assert_eq!(page.related.len(), RECORDS + 1);
    let shown = timeline.show(page.number).unwrap();
    assert_eq!(shown.on_the_wire.len(), WIRE_PANES_MAX);
    let last = shown.on_the_wire.last().unwrap();
    let left_out = RECORDS + 1 - WIRE_PANES_MAX;
    assert_eq!(last.cut_bytes, left_out as u64 * 27);
}

#[test]
fn records_that_cannot_be_opened_are_told_once_each() {
    let mut timeline = Timeline::new(Secrets::default());
    let record = [&[23, 3, 3, 0, 40][..], &[9; 40]].concat();
    let mut told = 0;
    for _ in 0..10_000 {
        told += timeline.push(&bytes(1, FromServer, &record)).len();
    }
    assert_eq!(told, 10_000);
    assert_eq!(timeline.summary().closed_records, 10_000);
}
