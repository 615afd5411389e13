//! What must hold for every timeline, whatever was pushed.

use std::collections::HashMap;
use std::ops::Range;

use aws_lc_rs::aead::{AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305};
use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce, UnboundKey};

use super::super::events::GAPS_END_MAX;
use super::super::*;
use crate::octets::hex;
use crate::wire::event::What;

pub(super) const BOTH: [Direction; 2] = [Direction::FromClient, Direction::FromServer];

/// Pushes all, and checks all that must hold.
pub(super) fn play(events: &[Event], secrets: &Secrets) -> Timeline {
    let mut timeline = Timeline::new(secrets.clone());
    let mut mirror: HashMap<u64, Item> = HashMap::new();
    for event in events {
        let told = timeline.push(event);
        reflect(&timeline, &told, &mut mirror);
    }
    let told = timeline.finish();
    reflect(&timeline, &told, &mut mirror);
    for item in timeline.items() {
        assert_eq!(mirror.get(&item.number), Some(item), "was not told");
    }
    check(&timeline, events);
    timeline
}

/// Who looks only at what was told must see all.
fn reflect(timeline: &Timeline, told: &[u64], mirror: &mut HashMap<u64, Item>) {
    assert!(told.windows(2).all(|pair| pair[0] < pair[1]), "{told:?}");
    for &number in told {
        let index = usize::try_from(number).unwrap();
        mirror.insert(number, timeline.items()[index].clone());
    }
}

pub(super) fn check(timeline: &Timeline, events: &[Event]) {
    for (number, item) in (0..).zip(timeline.items()) {
        assert_eq!(item.number, number);
        assert!(
            item.title.chars().count() <= TITLE_CHARS_MAX && !item.title.is_empty(),
            "{item:?}"
        );
        assert!(!item.title.contains(char::is_control), "{item:?}");
        assert!(item.begun_ns <= item.ended_ns, "{item:?}");
        assert!(item.wire.start <= item.wire.end, "{item:?}");
        assert!(item.related.is_sorted_by(|a, b| a < b), "{item:?}");
        for &related in &item.related {
            let other = &timeline.items()[usize::try_from(related).unwrap()];
            assert!(other.related.contains(&number), "{item:?} {other:?}");
            assert_eq!(other.direction, item.direction);
        }
        check_shown(timeline, item);
    }
    assert!(timeline.show(timeline.items().len() as u64).is_none());
    for direction in BOTH {
        check_tiles(timeline, direction, events);
    }
    let _ = (timeline.summary(), timeline.lessons());
}

/// Every byte on the wire, and every byte of the application, belongs to one item.
fn check_tiles(timeline: &Timeline, direction: Direction, events: &[Event]) {
    let mut wire_len = 0;
    for event in events.iter().filter(|it| it.direction == direction) {
        match &event.what {
            What::Bytes(bytes) => wire_len += bytes.len() as u64,
            What::Missing(missing) => {
                let end = GAPS_END_MAX.min(missing.bytes.saturating_add(wire_len));
                wire_len = end.max(wire_len);
            }
            What::End | What::Reset => {}
        }
    }
    let of_direction = || {
        timeline
            .items()
            .iter()
            .filter(|item| item.direction == direction)
    };
    let is_message = |item: &&Item| item.kind != Kind::Record && item.plain.is_some();
    let messages: Vec<_> = of_direction()
        .filter(is_message)
        .map(|item| item.plain.clone().unwrap())
        .collect();
    if timeline.is_full {
        return;
    }
    if timeline.is_tls() {
        let is_on_the_wire = |item: &&Item| {
            item.kind == Kind::Record
                || (matches!(item.kind, Kind::Missing | Kind::Unreadable) && item.plain.is_none())
        };
        let records: Vec<_> = of_direction()
            .filter(is_on_the_wire)
            .map(|item| item.wire.clone())
            .collect();
        assert_eq!(tiled(&records), wire_len);
    } else {
        for item in of_direction().filter(is_message) {
            assert_eq!(item.plain.as_ref(), Some(&item.wire));
            assert_eq!(item.eve_title.as_ref(), Some(&item.title));
        }
        assert_eq!(tiled(&messages), wire_len);
    }
    let end = tiled(&messages);
    assert_eq!(end, timeline.messages.plain(direction).end());
    let mut at = 0;
    for (place, bytes) in timeline.plaintext(direction) {
        assert!(place.start >= at);
        assert_eq!(place.end - place.start, bytes.len() as u64);
        at = place.end;
        for at in [place.start, place.end - 1] {
            let item = timeline.item_at(direction, at).unwrap();
            assert!(item.plain.as_ref().unwrap().contains(&at), "{at} {item:?}");
            assert_ne!(item.kind, Kind::Record);
        }
    }
    assert!(at <= end);
    assert_eq!(timeline.item_at(direction, end), None);
}

/// These ranges follow one another from 0 on: where they end.
fn tiled(ranges: &[Range<u64>]) -> u64 {
    let mut end = 0;
    for range in ranges {
        assert_eq!(range.start, end, "{ranges:?}");
        end = range.end;
    }
    end
}

fn check_shown(timeline: &Timeline, item: &Item) {
    let shown = timeline.show(item.number).unwrap();
    for pane in shown.on_the_wire.iter().chain(&shown.inside) {
        assert_eq!(pane.tree.flaw(), None, "{item:?}");
        assert_eq!(pane.tree.bytes, 0..pane.bytes.len(), "{item:?}");
        assert!(pane.bytes.len() <= PANE_LEN_MAX);
    }
    assert!(shown.on_the_wire.len() <= WIRE_PANES_MAX);
    assert_eq!(
        shown.on_the_wire.is_empty(),
        item.kind == Kind::End,
        "{item:?}"
    );
    let mut end = 0;
    for run in &shown.aligned {
        assert!(run.inside.start >= end, "runs overlap");
        end = run.inside.end;
        assert_eq!(run.inside.len(), run.wire.len());
        let wire = &shown.on_the_wire[run.wire_pane];
        let inside = &shown.inside[run.inside_pane].bytes[run.inside.clone()];
        let on_the_wire = &wire.bytes[run.wire.clone()];
        let record = timeline.record(wire.item).unwrap();
        let Some(opened) = record.opened() else {
            assert_eq!(inside, on_the_wire, "in clear both are the same");
            continue;
        };
        let start = run.wire.start - opened.ciphertext.start;
        let of_record = &timeline.show(wire.item).unwrap().inside[0].bytes;
        assert_eq!(inside, &of_record[start..start + inside.len()]);
    }
    if item.kind == Kind::Record && timeline.record(item.number).unwrap().opened().is_some() {
        check_arithmetic(&shown);
    } else {
        assert!(shown.arithmetic.is_empty());
    }
}

/// Who follows the steps seals what is inside, and gets what was on the wire.
fn check_arithmetic(shown: &Shown) {
    let value = |name: &str| {
        let step = shown.arithmetic.iter().find(|step| step.name == name);
        unhex(&step.unwrap().value)
    };
    let nonce: [u8; 12] = value("nonce").try_into().unwrap();
    let wire = &shown.on_the_wire[0].bytes;
    let run = &shown.aligned[0];
    assert_eq!(run.inside, 0..shown.inside[0].bytes.len());
    let sealed = [AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305]
        .iter()
        .any(|algorithm| {
            let Ok(key) = UnboundKey::new(algorithm, &value("write_key")) else {
                return false;
            };
            let mut bytes = shown.inside[0].bytes.to_vec();
            let nonce = Nonce::assume_unique_for_key(nonce);
            let aad = Aad::from(value("additional_data"));
            let tag = LessSafeKey::new(key).seal_in_place_separate_tag(nonce, aad, &mut bytes);
            bytes == wire[run.wire.clone()] && hex(tag.unwrap().as_ref()) == hex(&value("tag"))
        });
    assert!(sealed, "{:?}", shown.arithmetic);
    assert_eq!(wire[run.wire.end..], value("tag"));
}

pub(super) fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
