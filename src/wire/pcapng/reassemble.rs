//! Puts the two streams of a TCP connection together: late segments wait, repeated ones are dropped, gaps are told.
//! No packets and no files: sequence numbers and bytes in, events out.

use std::collections::BTreeMap;

use bytes::Bytes;

use crate::octets::Direction;
use crate::wire::event::{Event, Missing, What};

/// How much one direction may hold back while it waits for an earlier segment, in bytes and in segments. No
/// network reorders that far: what is still missing then was never captured.
const WAITING_LEN_MAX: usize = 4 * 1024 * 1024;
const WAITING_SEGMENTS_MAX: usize = 4096;

/// After so many further packets of the connection, bytes that the other side has acknowledged will not come
/// any more: they arrived, and the capture missed them.
const PATIENCE_PACKETS: usize = 32;

/// One direction.
#[derive(Debug, Default)]
pub(super) struct Half {
    /// The position of the next byte; `None` until the first segment. Positions are sequence numbers that do not
    /// wrap around.
    expected: Option<u64>,
    waiting: BTreeMap<u64, Bytes>,
    waiting_len: usize,
    /// Up to where the other side has acknowledged.
    acknowledged: u64,
    /// How many packets have passed since it did so for bytes that are not here.
    packets_since: usize,
    /// Where FIN stands.
    fin_at: Option<u64>,
    has_ended: bool,
}

/// When and where events come from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) time_ns: u64,
    pub(super) direction: Direction,
}

impl Moment {
    fn event(self, what: What) -> Event {
        Event {
            time_ns: self.time_ns,
            direction: self.direction,
            what,
            comment: None,
        }
    }
}

impl Half {
    /// Says that the first byte will have this sequence number.
    pub(super) fn begin(&mut self, seq: u32) {
        // Far from 0, so that what comes before it has a position, too.
        let expected = (1 << 32) + u64::from(seq);
        self.expected = Some(expected);
        self.acknowledged = expected;
    }

    pub(super) fn has_begun(&self) -> bool {
        self.expected.is_some()
    }

    /// The position that is nearest to what is expected and has this sequence number.
    fn position(&self, seq: u32) -> Option<u64> {
        let expected = self.expected?;
        let low = u32::try_from(expected & u64::from(u32::MAX)).unwrap_or_default();
        let distance = seq.wrapping_sub(low).cast_signed();
        expected.checked_add_signed(i64::from(distance))
    }

    /// Takes a segment: `bytes` begin at `seq`, and `cut` more were sent behind them but not captured.
    pub(super) fn take(
        &mut self,
        seq: u32,
        bytes: Bytes,
        cut: usize,
        moment: Moment,
        events: &mut Vec<Event>,
    ) {
        let Some(start) = self.position(seq).filter(|_| !self.has_ended) else {
            return;
        };
        let end = start.saturating_add(bytes.len() as u64);
        self.insert(start, bytes);
        self.deliver(moment, events);
        if cut > 0 && self.expected == Some(end) && !self.has_ended {
            // The other side has the rest: nobody will send it again.
            self.pass_over(cut as u64, moment, events);
            self.deliver(moment, events);
        }
        while self.waiting_len > WAITING_LEN_MAX || self.waiting.len() > WAITING_SEGMENTS_MAX {
            self.leap(moment, events);
        }
    }

    /// Says that the direction ends at `seq`. Of several such places the first counts, and none where it has been already: those are forged.
    pub(super) fn end(&mut self, seq: u32, moment: Moment, events: &mut Vec<Event>) {
        let fin_at = self.position(seq).filter(|&at| Some(at) >= self.expected);
        self.fin_at = match (self.fin_at, fin_at) {
            (Some(known), Some(new)) => Some(known.min(new)),
            (known, new) => known.or(new),
        };
        self.deliver(moment, events);
    }

    /// Says that the other side has received everything up to `seq`.
    pub(super) fn acknowledge(&mut self, seq: u32) {
        if let Some(position) = self.position(seq) {
            self.acknowledged = self.acknowledged.max(position);
        }
    }

    /// A packet of the connection has passed: perhaps what is missing will not come any more.
    pub(super) fn pass(&mut self, moment: Moment, events: &mut Vec<Event>) {
        let first = self.waiting.keys().next();
        if first.is_none_or(|&first| self.acknowledged < first) {
            self.packets_since = 0;
            return;
        }
        self.packets_since += 1;
        if self.packets_since > PATIENCE_PACKETS {
            self.packets_since = 0;
            self.leap(moment, events);
        }
    }

    /// The capture has ended: what waits is given, with the gaps before it and behind it. A FIN is believed, since
    /// its acknowledgement may have come after the capture.
    pub(super) fn finish(&mut self, moment: Moment, events: &mut Vec<Event>) {
        self.give_waiting(moment, events);
        self.tell_last_gap(self.fin_at, moment, events);
    }

    /// The connection was broken off, by a segment with this sequence number. Where the other side has been already, it
    /// breaks off nothing (RFC 9293 §3.5.3).
    pub(super) fn reset(&mut self, seq: u32, moment: Moment, events: &mut Vec<Event>) {
        if self.position(seq) < self.expected.max(Some(self.acknowledged)) {
            return;
        }
        self.give_waiting(moment, events);
        // Only what the other side has acknowledged was sent for certain: who forges a FIN chooses its number.
        let fin_at = self.fin_at.filter(|&fin_at| fin_at <= self.acknowledged);
        self.tell_last_gap(fin_at, moment, events);
        self.close(What::Reset, moment, events);
    }

    /// Nothing more will come: what waits is given, with the gaps before it.
    fn give_waiting(&mut self, moment: Moment, events: &mut Vec<Event>) {
        while !self.waiting.is_empty() {
            self.leap(moment, events);
        }
    }

    /// Tells what is missing behind all that is here: up to the FIN if there is one, else as far as the other side has acknowledged.
    fn tell_last_gap(&mut self, fin_at: Option<u64>, moment: Moment, events: &mut Vec<Event>) {
        let Some(here) = self.expected.filter(|_| !self.has_ended) else {
            return;
        };
        let lost = fin_at.unwrap_or(self.acknowledged).saturating_sub(here);
        // One more than is here may be a FIN that was not captured.
        if lost > 1 || (lost == 1 && fin_at.is_some()) {
            self.pass_over(lost, moment, events);
        }
        self.deliver(moment, events);
    }

    /// Tells that so many bytes are missing.
    fn pass_over(&mut self, lost: u64, moment: Moment, events: &mut Vec<Event>) {
        events.push(moment.event(What::Missing(Missing::of(lost))));
        self.expected = self.expected.map(|expected| expected.saturating_add(lost));
    }

    /// Nothing comes behind this, whatever is still captured.
    fn close(&mut self, end: What, moment: Moment, events: &mut Vec<Event>) {
        if !self.has_ended {
            self.has_ended = true;
            self.waiting.clear();
            self.waiting_len = 0;
            events.push(moment.event(end));
        }
    }

    fn insert(&mut self, start: u64, bytes: Bytes) {
        // Of two segments that begin at one place, the longer one has all that the other has.
        let before = self.waiting.get(&start).map_or(0, Bytes::len);
        if bytes.len() > before {
            self.waiting_len += bytes.len() - before;
            self.waiting.insert(start, bytes);
        }
    }

    /// Gives all that is in order now.
    fn deliver(&mut self, moment: Moment, events: &mut Vec<Event>) {
        let Some(expected) = &mut self.expected else {
            return;
        };
        while let Some(entry) = self
            .waiting
            .first_entry()
            .filter(|entry| *entry.key() <= *expected)
        {
            let (start, bytes) = entry.remove_entry();
            self.waiting_len -= bytes.len();
            let known = usize::try_from(*expected - start).unwrap_or(usize::MAX);
            if known < bytes.len() {
                let new = bytes.slice(known..);
                *expected += new.len() as u64;
                events.push(moment.event(What::Bytes(new)));
            }
        }
        if self.fin_at.is_some_and(|fin_at| fin_at <= *expected) {
            self.close(What::End, moment, events);
        }
    }

    /// Passes over the gap before what waits.
    fn leap(&mut self, moment: Moment, events: &mut Vec<Event>) {
        let (Some(expected), Some(&first)) = (self.expected, self.waiting.keys().next()) else {
            return;
        };
        if first > expected {
            self.pass_over(first - expected, moment, events);
        }
        self.deliver(moment, events);
    }
}
