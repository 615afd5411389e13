//! Where bytes of a TLS connection are missing, and where it ends: what can still be opened behind a gap, and what cannot.

use bytes::Bytes;

use super::super::ledger::{Detail, Record};
use super::super::titles;
use super::super::{Item, Kind};
use super::{Desk, Half, Reading, Tls, grow, record_len, split, stray};
use crate::octets::Direction;
use crate::wire::dissect::tls_record::{FRAGMENT_LEN_MAX, RECORD_HEADER_LEN};
use crate::wire::event::Missing;

/// A record whose middle is missing.
#[derive(Debug)]
pub(super) struct Torn {
    /// Where it ends.
    end: u64,
}

const UNCOUNTED: &str = "Before these bytes others are missing, and how many records those were is not known. Each record is \
     sealed with its number, so from here on none can be opened.";

impl Tls {
    /// Bytes were not kept; they would begin at `at`.
    pub(in super::super) fn miss(
        &mut self,
        direction: Direction,
        at: u64,
        missing: Missing,
        desk: &mut Desk<'_>,
    ) {
        let end = at.saturating_add(missing.bytes);
        let half = self.halves.of_mut(direction);
        let torn = half.torn(at, end);
        half.give_up("The rest of this was not kept.", desk);
        let item = Item::at(
            direction,
            Kind::Missing,
            at..end,
            desk.times.of(direction).of_range(&(at..end)),
        );
        let item = item.seen_by_all(titles::missing(missing.bytes));
        let index = desk.ledger.add(item, Detail::Nothing);
        half.unseen.push(index);

        if let Some(records) = half.records_missing(missing.records_before, end) {
            self.pass_over(direction, records, end);
        } else if let Some(torn) = torn {
            if torn.end == end {
                self.pass_over(direction, 1, end);
            } else {
                half.reading = Reading::Torn(torn);
            }
        } else {
            half.reading = Reading::Stray(UNCOUNTED.into());
        }
    }

    /// Goes on with a record that begins at `end`, behind so many that are not here.
    fn pass_over(&mut self, direction: Direction, records: u64, end: u64) {
        let half = self.halves.of_mut(direction);
        let bytes = end.saturating_sub(half.whole_end);
        half.reading = Reading::Records;
        half.whole_end = end;
        half.next_number = half.next_number.saturating_add(records);
        half.is_message_begun = false;
        self.session.skip(direction, records, bytes);
    }

    /// Takes the end of a record whose middle is missing.
    pub(super) fn read_torn(
        &mut self,
        direction: Direction,
        at: u64,
        bytes: &mut Bytes,
        desk: &mut Desk<'_>,
    ) {
        let half = self.halves.of_mut(direction);
        let Reading::Torn(Torn { end }) = half.reading else {
            return;
        };
        let index = half.begin(Kind::Unreadable, direction, at, desk);
        let left = usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX);
        let taken = split(bytes, left);
        half.pending.extend_from_slice(&taken);
        grow(index, direction, at + taken.len() as u64, desk);
        let why = "Bytes before these are missing, without which the record cannot be opened.";
        desk.ledger.blame(index, why);
        stray(index, desk);
        if taken.len() == left {
            half.close(index, desk);
            self.pass_over(direction, 1, end);
        }
    }

    /// Nothing more will come in this direction.
    pub(in super::super) fn end(&mut self, direction: Direction, desk: &mut Desk<'_>) {
        let half = self.halves.of_mut(direction);
        half.give_up("The connection ended within this.", desk);
    }

    /// Whether this direction ended without the word that says so, and so perhaps by somebody else's hand.
    pub(in super::super) fn is_truncated(&self, direction: Direction) -> bool {
        let half = self.halves.of(direction);
        half.has_sent_data && !half.has_said_goodbye && !half.has_unopened && half.unseen.is_empty()
    }

    /// Nothing more will come.
    pub(in super::super) fn finish(&mut self, desk: &mut Desk<'_>) {
        let events = self.session.finish();
        self.take(events, desk);
        for direction in [Direction::FromClient, Direction::FromServer] {
            let half = self.halves.of_mut(direction);
            half.give_up("The recording ends within this.", desk);
        }
    }
}

impl Half {
    /// How many records are missing, if this can be true: between the last whole one and `end`.
    fn records_missing(&self, records_before: Option<u64>, end: u64) -> Option<u64> {
        let records = records_before?.checked_sub(self.next_number)?;
        let bytes = end.checked_sub(self.whole_end)?;
        let shortest = RECORD_HEADER_LEN as u64;
        let longest = shortest + u64::from(FRAGMENT_LEN_MAX);
        let can_be = records.checked_mul(shortest)?..=records.checked_mul(longest)?;
        can_be.contains(&bytes).then_some(records)
    }

    /// The record that this gap lies within, if it does.
    fn torn(&self, at: u64, end: u64) -> Option<Torn> {
        let record_end = match self.reading {
            Reading::Records if self.begun.is_some() => {
                self.whole_end + record_len(&self.pending)? as u64
            }
            Reading::Torn(Torn { end }) => end,
            _ => return None,
        };
        (at..=record_end)
            .contains(&end)
            .then_some(Torn { end: record_end })
    }

    /// What has begun will not end.
    fn give_up(&mut self, why: &'static str, desk: &mut Desk<'_>) {
        let Some(index) = self.begun else {
            return;
        };
        let is_whole = desk
            .ledger
            .item(index)
            .is_some_and(|item| item.kind == Kind::Unreadable);
        if !is_whole {
            desk.ledger.blame(index, why);
        }
        self.close(index, desk);
        desk.ledger
            .change(index, |item, _| item.is_whole = is_whole);
    }

    /// An item has ended that is no record: its bytes are kept as they are.
    fn close(&mut self, index: usize, desk: &mut Desk<'_>) {
        self.begun = None;
        let bytes = self.pending.split().freeze();
        let number = self.next_number;
        desk.ledger.change(index, |item, detail| {
            item.is_whole = true;
            *detail = match item.kind {
                Kind::Record => {
                    Detail::Record(Box::new(Record::new(number, bytes, Default::default())))
                }
                _ => Detail::Bytes(bytes),
            };
        });
    }
}
