//! Connections without end: a timeline stays as small as it says.

use super::super::*;
use super::script::{bytes, in_clear};

use Direction::FromServer;

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
        "More than 200000 things: the rest of the connection is left out"
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
