//! A connection as a whole: what is spoken, and how much of it there is.

use super::hellos::Hellos;
use super::ledger::Cover;
use super::{Kind, Summary, Timeline};
use crate::octets::Direction;

pub(super) fn summary(timeline: &Timeline) -> Summary {
    let mut summary = Summary {
        is_tls: timeline.is_tls(),
        missing_bytes: timeline.missing_bytes,
        assumption: assumption(timeline),
        ..Summary::default()
    };
    for item in timeline.items() {
        match item.kind {
            Kind::Request => {
                summary.requests += 1;
                add(&mut summary.application, "HTTP/1.1");
            }
            Kind::Response => add(&mut summary.application, "HTTP/1.1"),
            Kind::Frame => {
                summary.frames += 1;
                add(&mut summary.application, "WebSocket");
            }
            Kind::Record => {
                let record = timeline.record(item.number);
                let is_closed = record.is_some_and(|it| matches!(it.cover, Cover::NotOpened));
                summary.closed_records += u64::from(is_closed);
            }
            _ => {}
        }
    }
    if summary.is_tls {
        let hellos = Hellos::of(&timeline.ledger);
        summary.version = hellos.version;
        summary.cipher_suite = hellos.cipher_suite;
        summary.group = hellos.group;
        summary.server_name = hellos.server_name;
    } else {
        summary.version = summary.application.first().map(|name| (*name).to_owned());
    }
    summary
}

/// What the places of the application's bytes rest on, if they are not certain.
fn assumption(timeline: &Timeline) -> Option<&'static str> {
    let is_exact = |direction| timeline.is_exact(direction);
    match (
        is_exact(Direction::FromClient),
        is_exact(Direction::FromServer),
    ) {
        (true, true) => None,
        (false, true) => Some(
            "Some records of the client are missing or could not be opened. Where what it said behind them stands in all that it said is counted as if they had held application data without padding.",
        ),
        (true, false) => Some(
            "Some records of the server are missing or could not be opened. Where what it said behind them stands in all that it said is counted as if they had held application data without padding.",
        ),
        (false, false) => Some(
            "Some records of both sides are missing or could not be opened. Where what each said behind them stands in all that it said is counted as if they had held application data without padding.",
        ),
    }
}

fn add(names: &mut Vec<&'static str>, name: &'static str) {
    if !names.contains(&name) {
        names.push(name);
    }
}
