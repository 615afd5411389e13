//! Transcripts of made-up connections, and of captured ones.

mod captures;
mod made_up;

use bytes::Bytes;

use super::*;
use crate::octets::Direction::{self, FromClient, FromServer};
use crate::wire::event::What;

const SECOND: u64 = 1_000_000_000;

/// When the made-up connections begin: 2026-11-22 00:00:00.
const OPENED_NS: u64 = 1_795_305_600 * SECOND;

fn transcript(secrets: Option<Secrets>) -> Transcript {
    let opening = Opening {
        number: 7,
        client: "127.0.0.1:50000".parse().unwrap(),
        server: "127.0.0.1:8080".parse().unwrap(),
        opened_ns: OPENED_NS,
    };
    Transcript::new(opening, secrets, Palette::PLAIN)
}

fn event(micros: u64, direction: Direction, what: What) -> Event {
    Event {
        time_ns: OPENED_NS + micros * 1000,
        direction,
        what,
        comment: None,
    }
}

fn sent(micros: u64, direction: Direction, bytes: &[u8]) -> Event {
    event(
        micros,
        direction,
        What::Bytes(Bytes::copy_from_slice(bytes)),
    )
}

/// All that is told of these events, but for the first line.
fn told(secrets: Option<Secrets>, events: &[Event]) -> String {
    let mut transcript = transcript(secrets);
    let mut text = String::new();
    for event in events {
        text.push_str(&transcript.push(event));
    }
    text.push_str(&transcript.finish(None));
    text
}

fn of_server(events: &[Event]) -> String {
    told(Some(Secrets::default()), events)
}

/// Whatever was sent: lines, and nothing that acts on a terminal.
fn assert_harmless(text: &str) {
    for c in text.chars() {
        let is_harmful = c != '\n' && c.is_control();
        assert!(
            !is_harmful && !matches!(c, '\u{202e}' | '\u{200b}'),
            "{c:?}"
        );
    }
}

#[test]
fn the_first_line_says_who_and_when_the_last_how_it_ended() {
    let mut transcript = transcript(Some(Secrets::default()));
    assert_eq!(
        transcript.opening(),
        "  7 ── 127.0.0.1:50000 → 127.0.0.1:8080, 2026-11-22 00:00:00.000000 UTC\n"
    );
    assert_eq!(
        transcript.finish(Some((OPENED_NS + 3 * SECOND / 2, "nobody spoke"))),
        "  7 ── ended after 1.500000 s: nobody spoke\n"
    );
    assert!(!transcript.is_readable());
}
