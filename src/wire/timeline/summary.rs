//! A connection as a whole: what is spoken, and how much of it there is.

use super::hellos::Hellos;
use super::ledger::Cover;
use super::{Kind, Summary, Timeline};

pub(super) fn summary(timeline: &Timeline) -> Summary {
    let mut summary = Summary {
        is_tls: timeline.is_tls(),
        missing_bytes: timeline.missing_bytes,
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

fn add(names: &mut Vec<&'static str>, name: &'static str) {
    if !names.contains(&name) {
        names.push(name);
    }
}
