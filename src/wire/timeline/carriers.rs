//! Which records carried which bytes of the application, and so which messages: under TLS only.
//! Links what stands in the ledger; what the records and messages are is known to others.

use std::ops::Range;

use super::ledger::Ledger;
use super::titles;
use crate::octets::Direction;
use crate::wire::both::Both;

/// Bytes of the application, and what carried them.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) plain: Range<u64>,
    /// The record, or what stands in its place where it is not known.
    pub(super) item: usize,
}

/// All spans of a connection.
#[derive(Debug, Default)]
pub(super) struct Carriers {
    /// By place. Both ends of them ascend, and so do the items.
    spans: Both<Vec<Span>>,
    /// Records whose titles tell of messages that have changed.
    stale: Vec<usize>,
}

impl Carriers {
    /// These items carried these bytes, which follow those before.
    pub(super) fn note(&mut self, direction: Direction, plain: &Range<u64>, items: &[usize]) {
        let spans = self.spans.of_mut(direction);
        spans.extend(items.iter().map(|&item| Span {
            plain: plain.clone(),
            item,
        }));
    }

    /// What carried any of these bytes, in order.
    pub(super) fn of(&self, direction: Direction, plain: &Range<u64>) -> &[Span] {
        if plain.is_empty() {
            return &[];
        }
        let spans = self.spans.of(direction);
        let first = spans.partition_point(|span| span.plain.end <= plain.start);
        let behind = spans.partition_point(|span| span.plain.start < plain.end);
        spans.get(first..behind).unwrap_or_default()
    }

    /// Links a message and what carried these bytes, by which it has grown.
    pub(super) fn relate(&mut self, message: usize, grown: &Range<u64>, ledger: &mut Ledger) {
        let Some(item) = ledger.item(message) else {
            return;
        };
        let (direction, is_secret) = (item.direction, item.secret);
        let last = item.related.last().copied();
        let spans = self.of(direction, grown).iter().map(|span| span.item);
        // It may have grown within the record that it stood in before.
        let new: Vec<usize> = spans
            .filter(|&item| last.is_none_or(|last| last < item as u64))
            .collect();
        for &record in &new {
            ledger.relate(message, record);
            if is_secret {
                ledger.change(record, |item, _| item.secret = true);
            }
        }
        self.stale.extend(new);
        place_on_the_wire(message, ledger);
    }

    /// Remembers that records have to name this message anew.
    pub(super) fn rename(&mut self, message: usize, ledger: &Ledger) {
        let related = ledger.item(message).map(|item| item.related.iter());
        let records = related.into_iter().flatten();
        self.stale
            .extend(records.filter_map(|&number| usize::try_from(number).ok()));
    }

    /// Gives records their titles.
    pub(super) fn retitle(&mut self, ledger: &mut Ledger) {
        self.stale.sort_unstable();
        self.stale.dedup();
        for record in self.stale.drain(..) {
            titles::retitle_record(ledger, record);
        }
    }
}

/// From the beginning of its first record to the end of its last.
fn place_on_the_wire(message: usize, ledger: &mut Ledger) {
    let Some(item) = ledger.item(message) else {
        return;
    };
    let item_of = |number: Option<&u64>| ledger.item(usize::try_from(*number?).ok()?);
    let (Some(first), Some(last)) = (item_of(item.related.first()), item_of(item.related.last()))
    else {
        return;
    };
    let wire = first.wire.start..last.wire.end;
    let times = (first.begun_ns, last.ended_ns);
    ledger.change(message, |item, _| {
        item.wire = wire;
        (item.begun_ns, item.ended_ns) = times;
    });
}
