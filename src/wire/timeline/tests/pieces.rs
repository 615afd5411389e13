//! Wherever events end, the timeline is the same.

use bytes::Bytes;

use super::super::*;
use super::captures;
use super::holds;
use super::script::{TLS12, TLS13, in_clear, in_tls};
use crate::wire::event::What;

/// The same bytes at the same times, in pieces of this length.
fn in_pieces(events: &[Event], len: usize) -> Vec<Event> {
    let mut pieces = Vec::new();
    for event in events {
        let What::Bytes(bytes) = &event.what else {
            pieces.push(event.clone());
            continue;
        };
        for piece in bytes.chunks(len) {
            pieces.push(Event {
                what: What::Bytes(Bytes::copy_from_slice(piece)),
                ..event.clone()
            });
        }
    }
    pieces
}

/// Without the checks that take long for many events.
fn items(events: &[Event], secrets: &Secrets) -> Timeline {
    let mut timeline = Timeline::new(secrets.clone());
    for event in events {
        timeline.push(event);
    }
    timeline.finish();
    timeline
}

fn check(events: &[Event], secrets: &Secrets) {
    let whole = holds::play(events, secrets);
    for len in [1, 3, 1_000] {
        let cut = items(&in_pieces(events, len), secrets);
        for (ours, theirs) in whole.items().iter().zip(cut.items()) {
            assert_eq!(ours, theirs, "in pieces of {len}");
            assert_eq!(whole.show(ours.number), cut.show(ours.number));
        }
        assert_eq!(whole.items().len(), cut.items().len());
        assert_eq!(whole.summary(), cut.summary());
        assert_eq!(whole.lessons(), cut.lessons());
    }
}

#[test]
fn one_byte_at_a_time_gives_the_same_chat() {
    check(&in_clear(), &Secrets::default());
    for suite in [TLS13, TLS12] {
        let (events, secrets) = in_tls(suite);
        check(&events, &secrets);
    }
}

#[test]
fn one_byte_at_a_time_gives_the_same_captures() {
    for (_, events, secrets) in captures::all() {
        check(&events, &secrets);
    }
}
