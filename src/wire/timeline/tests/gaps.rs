//! Bytes that are missing: what can be opened behind them is, and nothing wrong is claimed.

use super::super::*;
use super::holds;
use super::script::{TLS12, TLS13, bytes, event, in_clear, in_tls, said};
use crate::wire::dissect::tls_record::Records;
use crate::wire::event::{Missing, What};

use Direction::{FromClient, FromServer};

/// The records of one direction, each an event; the other direction as it was.
fn by_record(events: &[Event], direction: Direction) -> Vec<Event> {
    let mut split = Vec::new();
    for event in events {
        match &event.what {
            What::Bytes(chunk) if event.direction == direction => {
                for record in Records::of(chunk) {
                    split.push(bytes(event.time_ns, direction, &chunk[record.bytes]));
                }
            }
            _ => split.push(event.clone()),
        }
    }
    split
}

/// Replaces some records of a direction, counted from 0, by a gap.
fn without(
    events: &[Event],
    direction: Direction,
    records: Range<usize>,
    is_counted: bool,
) -> Vec<Event> {
    let mut number = 0;
    let mut kept = Vec::new();
    let mut gap = 0;
    for event in by_record(events, direction) {
        let What::Bytes(chunk) = &event.what else {
            kept.push(event);
            continue;
        };
        if event.direction != direction {
            kept.push(event);
            continue;
        }
        if records.contains(&number) {
            gap += chunk.len() as u64;
        }
        number += 1;
        if number == records.end {
            let missing = Missing {
                bytes: gap,
                records_before: is_counted.then_some(number as u64),
            };
            kept.push(super::script::event(
                event.time_ns,
                direction,
                What::Missing(missing),
            ));
        } else if !records.contains(&(number - 1)) {
            kept.push(event);
        }
    }
    kept
}

/// Everything known is what was said at this place.
fn check_plaintext(timeline: &Timeline, direction: Direction) -> usize {
    let said = said(direction);
    let mut known = 0;
    for (place, bytes) in timeline.plaintext(direction) {
        let place = usize::try_from(place.start).unwrap()..usize::try_from(place.end).unwrap();
        assert_eq!(bytes, &said[place]);
        known += bytes.len();
    }
    known
}

fn titles(timeline: &Timeline, kind: Kind) -> Vec<&str> {
    let of_kind = timeline.items().iter().filter(|item| item.kind == kind);
    of_kind.map(|item| item.title.as_str()).collect()
}

/// How many records of a direction came before its application said anything.
fn handshake_records(timeline: &Timeline, direction: Direction) -> usize {
    let of_direction = timeline.items().iter();
    let mut records =
        of_direction.filter(|item| item.kind == Kind::Record && item.direction == direction);
    records.position(|item| item.plain.is_some()).unwrap()
}

#[test]
fn behind_counted_records_all_is_opened() {
    for suite in [TLS13, TLS12] {
        let (events, secrets) = in_tls(suite);
        let whole = holds::play(&events, &secrets);
        let before = handshake_records(&whole, FromServer);
        // The page comes in two records: its second half, or all of it with the answer before, or more.
        for (records, frames) in [(2..3, 8), (0..3, 8), (4..6, 6)] {
            let records = before + records.start..before + records.end;
            let events = without(&events, FromServer, records, true);
            let timeline = holds::play(&events, &secrets);
            let known = check_plaintext(&timeline, FromServer);
            assert!(known > 0 && known < said(FromServer).len());
            assert!(!timeline.is_exact(FromServer) && timeline.is_exact(FromClient));
            let assumption = timeline.summary().assumption.unwrap();
            assert!(assumption.starts_with("Some records of the server "));
            assert_eq!(timeline.summary().closed_records, 0);
            assert_eq!(titles(&timeline, Kind::Frame).len(), frames);
            let summary = timeline.summary();
            let gap = timeline
                .items()
                .iter()
                .find(|item| item.kind == Kind::Missing);
            assert_eq!(gap.unwrap().len, summary.missing_bytes);
            assert!(!gap.unwrap().related.is_empty());
        }
    }
}

#[test]
fn a_gap_within_content_keeps_the_message_whole() {
    let (events, secrets) = in_tls(TLS13);
    let whole = holds::play(&events, &secrets);
    let page_end = handshake_records(&whole, FromServer) + 2;
    let timeline = holds::play(
        &without(&events, FromServer, page_end..page_end + 1, true),
        &secrets,
    );
    let page = timeline.item_at(FromServer, 1_000).unwrap();
    assert_eq!(page.title, "HTTP/1.1 200 OK");
    assert!(page.is_whole);
    let shown = timeline.show(page.number).unwrap();
    let pane = &shown.inside[0];
    assert!(pane.cut_bytes > 0);
    assert_eq!(pane.bytes.len() as u64 + pane.cut_bytes, page.len);
    let gap = page.related.last().copied().unwrap();
    let gap = &timeline.items()[usize::try_from(gap).unwrap()];
    assert_eq!(gap.kind, Kind::Missing);
}

#[test]
fn behind_uncounted_records_nothing_is_claimed() {
    for suite in [TLS13, TLS12] {
        let (events, secrets) = in_tls(suite);
        let whole = holds::play(&events, &secrets);
        let before = handshake_records(&whole, FromServer);
        let events = without(&events, FromServer, before + 1..before + 3, false);
        let timeline = holds::play(&events, &secrets);
        check_plaintext(&timeline, FromServer);
        let last = timeline
            .items()
            .iter()
            .rfind(|item| item.direction == FromServer && item.kind == Kind::Unreadable);
        let problem = last.unwrap().problem.as_deref().unwrap();
        assert!(problem.contains("how many records"), "{problem}");
        // Of the client all is known.
        assert_eq!(
            check_plaintext(&timeline, FromClient),
            said(FromClient).len()
        );
    }
}

#[test]
fn a_count_that_cannot_be_true_is_not_believed() {
    let (events, secrets) = in_tls(TLS13);
    let whole = holds::play(&events, &secrets);
    let before = handshake_records(&whole, FromServer);
    for wrong in [0, before as u64, before as u64 + 1, u64::MAX] {
        let mut events = without(&events, FromServer, before..before + 3, true);
        for event in &mut events {
            if let What::Missing(missing) = &mut event.what {
                missing.records_before = Some(wrong);
            }
        }
        let timeline = holds::play(&events, &secrets);
        assert_eq!(check_plaintext(&timeline, FromServer), 0, "{wrong}");
        assert!(!titles(&timeline, Kind::Unreadable).is_empty(), "{wrong}");
    }
}

#[test]
fn a_gap_within_one_record_costs_that_record_alone() {
    let (events, secrets) = in_tls(TLS13);
    let whole = holds::play(&events, &secrets);
    let page = handshake_records(&whole, FromServer) + 1;
    for (from, to) in [(5, 6), (100, 16_000), (100, 16_406), (16_405, 16_406)] {
        let mut number = 0;
        let mut torn = Vec::new();
        for event in by_record(&events, FromServer) {
            let What::Bytes(chunk) = &event.what else {
                torn.push(event);
                continue;
            };
            if event.direction == FromServer {
                number += 1;
            }
            if event.direction == FromServer && number == page + 1 {
                assert_eq!(chunk.len(), 16_406, "a full record");
                torn.push(bytes(event.time_ns, FromServer, &chunk[..from]));
                let missing = Missing::of((to - from) as u64);
                torn.push(super::script::event(
                    event.time_ns,
                    FromServer,
                    What::Missing(missing),
                ));
                torn.push(bytes(event.time_ns, FromServer, &chunk[to..]));
            } else {
                torn.push(event);
            }
        }
        let timeline = holds::play(&torn, &secrets);
        let known = check_plaintext(&timeline, FromServer);
        assert_eq!(known, said(FromServer).len() - 16_384);
        assert_eq!(titles(&timeline, Kind::Frame).len(), 8);
    }
}

#[test]
fn in_clear_a_gap_is_one_thing() {
    for (start, end) in [(2_000, 3_000), (10, 20), (10, 3_000), (2_000, 22_300)] {
        let mut at = 0;
        let mut events = Vec::new();
        for event in in_clear() {
            let What::Bytes(chunk) = &event.what else {
                events.push(event);
                continue;
            };
            if event.direction == FromClient {
                events.push(event);
                continue;
            }
            for (index, byte) in chunk.iter().enumerate() {
                if at + index == start {
                    let missing = What::Missing(Missing::of((end - start) as u64));
                    events.push(super::script::event(event.time_ns, FromServer, missing));
                }
                if !(start..end).contains(&(at + index)) {
                    events.push(bytes(event.time_ns, FromServer, &[*byte]));
                }
            }
            at += chunk.len();
        }
        let timeline = holds::play(&events, &Secrets::default());
        check_plaintext(&timeline, FromServer);
        assert_eq!(timeline.summary().missing_bytes, (end - start) as u64);
        assert_eq!(titles(&timeline, Kind::Missing).len(), 1, "{start}..{end}");
    }
}

#[test]
fn an_end_within_a_record_is_told() {
    let (events, secrets) = in_tls(TLS13);
    let mut cut = events[..4].to_vec();
    let time_ns = 50_000_000_000;
    cut.push(bytes(time_ns, FromClient, &[23, 3, 3, 0, 50, 1, 2, 3]));
    cut.push(event(time_ns, FromClient, What::Reset));
    let timeline = holds::play(&cut, &secrets);
    let record = timeline
        .items()
        .iter()
        .rfind(|item| item.kind == Kind::Record);
    let record = record.unwrap();
    assert!(!record.is_whole && record.problem.is_some(), "{record:?}");
    assert_eq!(record.len, 8);
    assert_eq!(
        titles(&timeline, Kind::End),
        ["The client broke the connection off (RST)"]
    );
}

#[test]
fn without_goodbye_an_end_may_be_a_cut() {
    let (events, secrets) = in_tls(TLS13);
    let ends = |timeline: &Timeline| -> Vec<bool> {
        let ends = timeline
            .items()
            .iter()
            .filter(|item| item.kind == Kind::End);
        ends.map(|item| item.problem.is_some()).collect()
    };
    assert_eq!(ends(&holds::play(&events, &secrets)), [false, false]);
    // The last bytes of each side are its close_notify.
    let mut cut = events.clone();
    cut.drain(cut.len() - 4..cut.len() - 2);
    assert_eq!(ends(&holds::play(&cut, &secrets)), [true, true]);
    // Who cannot look inside cannot tell.
    let closed = holds::play(&cut, &Secrets::default());
    assert_eq!(ends(&closed), [false, false]);
}
