//! What is kept of one direction: its beginning, its latest bytes, and the measure of what lies between.
//! Bytes only: when they came is noted in `marks`.
//!
//! ```text
//!  0        HEAD_LEN                      latest TAIL_LEN
//!  |  head   |  ······ not kept ······  |  tail   |
//! ```
//! Where the stream is made of TLS records, the gap begins and ends at the border of one and its records are counted:
//! whoever opens the records behind it must know their number.

use std::ops::Range;

use super::borders::Borders;
use super::pieces::Pieces;
use crate::octets::Chunk;
use crate::wire::dissect::tls_record::RECORD_HEADER_LEN;
use crate::wire::event::{Missing, What};

/// So much of the beginning is kept: a handshake with a long chain of certificates, and the first requests.
pub const HEAD_LEN: usize = 64 * 1024;

/// So much of what came last is kept: what somebody who looks has just done.
pub const TAIL_LEN: usize = 192 * 1024;

/// A full head grows by this part of itself, not to twice its size: each open page has two.
const HEAD_GROWS_BY: usize = 8;

/// What is kept of one direction.
#[derive(Debug, Default)]
pub(super) struct Half {
    head: Vec<u8>,
    tail: Pieces,
    borders: Borders,
    head_is_full: bool,
    /// Where the tail begins.
    tail_start: u64,
    /// How many records lie before the tail.
    records_before_tail: u64,
    /// How many bytes have crossed.
    total: u64,
    /// The head was given up before it was full: what comes up to the next border goes with it.
    is_passing: bool,
}

impl Half {
    /// How many bytes have crossed.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Where bytes were not kept; empty if none are missing.
    pub(super) fn gap(&self) -> Range<u64> {
        let end = if self.is_passing {
            self.total
        } else {
            self.tail_start
        };
        self.head.len() as u64..end.max(self.head.len() as u64)
    }

    /// How much memory it takes, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.head.len() + self.tail.cost()
    }

    /// Takes the next bytes; the oldest of the tail go for them.
    pub(super) fn push(&mut self, chunk: Chunk<'_>) {
        let bytes = chunk.as_slice();
        self.total += bytes.len() as u64;
        let mut rest = bytes;
        if !self.head_is_full {
            let wanted_len = match self.is_passing {
                true => 0,
                false => HEAD_LEN.saturating_sub(self.head.len()),
            };
            let (taken_len, reached) = self.borders.next_border(rest, wanted_len);
            let (taken, behind) = rest.split_at_checked(taken_len).unwrap_or((rest, &[]));
            if !self.is_passing {
                self.push_head(taken);
            }
            rest = behind;
            if reached {
                self.head_is_full = true;
                self.is_passing = false;
                self.tail_start = self.total - behind.len() as u64;
                self.records_before_tail = self.borders.records();
            }
        }
        if self.head_is_full {
            // A part of a shared chunk would keep the whole.
            let is_whole = rest.len() == bytes.len();
            self.push_tail(if is_whole { chunk } else { rest.into() });
        }
    }

    /// Forgets the latest bytes back to the position `to`, which was a border.
    pub(super) fn take_back(&mut self, to: u64) {
        if to >= self.total {
            return;
        }
        let head_len = usize::try_from(to).unwrap_or(usize::MAX);
        self.head.truncate(head_len);
        let tail_len = to.saturating_sub(self.tail_start);
        self.tail
            .truncate(usize::try_from(tail_len).unwrap_or(usize::MAX));
        self.tail_start = self.tail_start.min(to);
        self.total = to;
    }

    /// Gives up the tail, but for a record that has not come whole, and goes on behind it. False if there was nothing to give up.
    pub(super) fn give_up_tail(&mut self) -> bool {
        let len_before = self.tail.len();
        while !self.tail.is_empty() {
            let gone = match self.first_record_len() {
                Some(len) if len > self.tail.len() => break,
                Some(len) => {
                    self.records_before_tail += 1;
                    len
                }
                // Not even a header has come.
                None if self.borders.are_of_records() && self.tail.len() < RECORD_HEADER_LEN => {
                    break;
                }
                None => {
                    self.borders.give_up();
                    self.tail.len()
                }
            };
            self.tail.drop_front(gone);
            self.tail_start += gone as u64;
        }
        self.tail.shrink_to_fit();
        self.tail.len() < len_before
    }

    /// Gives up the beginning, too.
    pub(super) fn give_up_head(&mut self) {
        self.head = Vec::new();
        self.is_passing = !self.head_is_full;
    }

    /// What is known of the bytes from `from` to `to`, and where to read on. A gap that is met is told to its end.
    pub(super) fn read(&self, from: u64, to: u64) -> (Vec<What>, u64) {
        let mut parts = Vec::new();
        let mut give = |from: u64, to: u64| {
            if from < to {
                parts.push(What::Bytes(self.copy(&(from..to)).into()));
            }
        };
        let gap = self.gap();
        if gap.is_empty() || to <= gap.start || from >= gap.end {
            give(from, to);
            return (parts, to.max(from));
        }
        give(from, gap.start);
        parts.push(What::Missing(Missing {
            bytes: gap.end - from.max(gap.start),
            records_before: self
                .borders
                .are_of_records()
                .then(|| self.records_in_front()),
        }));
        if gap.end < to {
            parts.push(What::Bytes(self.copy(&(gap.end..to)).into()));
        }
        (parts, to.max(gap.end))
    }

    /// The kept bytes of a range.
    fn copy(&self, range: &Range<u64>) -> Vec<u8> {
        let part = |start: u64, len: usize| {
            let end = start + len as u64;
            let from = range.start.clamp(start, end) - start;
            let to = range.end.clamp(start, end) - start;
            usize::try_from(from).unwrap_or(len)..usize::try_from(to).unwrap_or(len)
        };
        let in_head = self.head.get(part(0, self.head.len()));
        let mut bytes = in_head.unwrap_or_default().to_vec();
        let in_tail = part(self.tail_start, self.tail.len());
        if !in_tail.is_empty() {
            self.tail.copy_to(&mut bytes, &in_tail);
        }
        bytes
    }

    fn push_head(&mut self, bytes: &[u8]) {
        if self.head.capacity() - self.head.len() < bytes.len() {
            self.head
                .reserve_exact(bytes.len().max(self.head.len() / HEAD_GROWS_BY));
        }
        self.head.extend_from_slice(bytes);
    }

    fn push_tail(&mut self, chunk: Chunk<'_>) {
        let bytes = chunk.as_slice();
        if bytes.len() <= TAIL_LEN {
            self.tail.push(chunk);
            self.make_room();
        } else if self.borders.are_of_records() {
            for part in bytes.chunks(TAIL_LEN) {
                self.tail.push(part.into());
                self.make_room();
            }
        } else {
            // None of what is there will stay: no use in copying it all.
            let (passed, kept) = bytes.split_at(bytes.len() - TAIL_LEN);
            self.tail_start += (self.tail.len() + passed.len()) as u64;
            self.tail = Pieces::default();
            self.tail.push(kept.into());
        }
    }

    /// How many records lie before what follows the gap.
    fn records_in_front(&self) -> u64 {
        if self.is_passing {
            self.borders.records()
        } else {
            self.records_before_tail
        }
    }

    /// How long the first record of the tail is; `None` if no record begins there, or not enough of one has come.
    fn first_record_len(&self) -> Option<usize> {
        self.borders
            .are_of_records()
            .then(|| {
                self.borders
                    .record_len(self.tail.iter().take(RECORD_HEADER_LEN))
            })
            .flatten()
    }

    /// Lets the oldest of the tail go, in whole records if it is made of them.
    fn make_room(&mut self) {
        while let Some(excess) = self.tail.len().checked_sub(TAIL_LEN).filter(|&len| len > 0) {
            let gone = match self.first_record_len() {
                Some(len) if len <= self.tail.len() => {
                    self.records_before_tail += 1;
                    len
                }
                // No record of this length exists, or these are no records after all.
                _ => {
                    self.borders.give_up();
                    excess
                }
            };
            self.tail.drop_front(gone);
            self.tail_start += gone as u64;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(half: &Half, range: Range<u64>) -> Vec<u8> {
        half.copy(&range)
    }

    fn kept_len(half: &Half) -> usize {
        half.head.len() + half.tail.len()
    }

    fn records_before_gap_end(half: &Half) -> Option<u64> {
        let (parts, _) = half.read(0, half.total());
        parts.iter().find_map(|part| match part {
            What::Missing(missing) => missing.records_before,
            _ => None,
        })
    }

    /// Byte n of a stream that differs from place to place.
    fn pattern(len: usize) -> Vec<u8> {
        (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect()
    }

    /// Records of application data with this much content each, one after the other.
    fn records(count: usize, content_len: u16) -> Vec<u8> {
        let [high, low] = content_len.to_be_bytes();
        let mut record = vec![23, 3, 3, high, low];
        record.extend(vec![0xee; content_len.into()]);
        record.repeat(count)
    }

    #[test]
    fn up_to_a_quarter_of_a_mebibyte_nothing_is_missing() {
        let all = pattern(HEAD_LEN + TAIL_LEN);
        for chunk_len in [1000, 16_384, 100_000, all.len()] {
            let mut half = Half::default();
            for chunk in all.chunks(chunk_len) {
                half.push(chunk.into());
            }
            assert!(half.gap().is_empty(), "in chunks of {chunk_len}");
            assert!(kept(&half, 0..all.len() as u64) == all);
        }
    }

    #[test]
    fn the_first_and_the_latest_bytes_stay_and_the_gap_between_is_measured() {
        let all = pattern(HEAD_LEN + TAIL_LEN + 1);
        for chunk_len in [1000, 16_384, all.len()] {
            let mut half = Half::default();
            for chunk in all.chunks(chunk_len) {
                half.push(chunk.into());
            }
            let head_len = HEAD_LEN as u64;
            assert_eq!(
                half.gap(),
                head_len..head_len + 1,
                "in chunks of {chunk_len}"
            );
            assert!(kept(&half, 0..head_len) == all[..HEAD_LEN]);
            assert!(kept(&half, head_len + 1..all.len() as u64) == all[HEAD_LEN + 1..]);
            // A range that reaches over the gap gives what there is of it.
            assert_eq!(kept(&half, head_len - 1..head_len + 2).len(), 2);
            assert_eq!(records_before_gap_end(&half), None);
        }
    }

    #[test]
    fn a_gap_among_records_begins_and_ends_at_the_border_of_one() {
        let record_len = 5 + 1000;
        let all = records(1000, 1000);
        for chunk_len in [1, 700, 16_384, all.len()] {
            let mut half = Half::default();
            for chunk in all.chunks(chunk_len) {
                half.push(chunk.into());
            }
            let gap = half.gap();
            assert!(gap.start >= HEAD_LEN as u64 && gap.start < (HEAD_LEN + record_len) as u64);
            assert_eq!(gap.start % record_len as u64, 0, "in chunks of {chunk_len}");
            assert_eq!(gap.end % record_len as u64, 0);
            let records = records_before_gap_end(&half).unwrap();
            assert_eq!(records, gap.end / record_len as u64);
            assert!(half.tail.len() <= TAIL_LEN && half.tail.len() > TAIL_LEN - record_len);
        }
    }

    #[test]
    fn what_begins_like_records_and_is_none_loses_its_borders_and_nothing_else() {
        let mut all = records(10, 100);
        all.extend(pattern(HEAD_LEN + 2 * TAIL_LEN));
        let mut half = Half::default();
        for chunk in all.chunks(5000) {
            half.push(chunk.into());
        }
        assert_eq!(half.total(), all.len() as u64);
        assert_eq!(records_before_gap_end(&half), None);
        let gap = half.gap();
        assert_eq!(kept_len(&half) as u64, half.total() - (gap.end - gap.start));
        assert!(kept(&half, gap.end..half.total()) == all[usize::try_from(gap.end).unwrap()..]);
    }

    #[test]
    fn bytes_are_taken_back_to_a_border_they_crossed_since() {
        for len in [100, HEAD_LEN + 100, HEAD_LEN + TAIL_LEN + 100] {
            let all = pattern(len);
            let mut half = Half::default();
            half.push((&all).into());
            let before = half.gap();
            half.push(b"GET /wire HTTP/1.1\r\n\r\n".into());
            half.take_back(len as u64);
            assert_eq!(half.total(), len as u64);
            assert!(half.gap().start == before.start);
            let last = kept(&half, len as u64 - 50..len as u64 + 50);
            assert!(last == all[len - 50..]);
        }
    }

    #[test]
    fn a_gap_is_told_where_reading_meets_it() {
        let mut half = Half::default();
        half.push((&pattern(HEAD_LEN + TAIL_LEN + 100)).into());
        let (head_len, end) = (HEAD_LEN as u64, half.total());
        let gap_end = head_len + 100;
        for (from, to, lens, next) in [
            (0, 10, vec![Ok(10)], 10),
            (head_len - 10, head_len, vec![Ok(10)], head_len),
            (head_len - 10, head_len + 1, vec![Ok(10), Err(100)], gap_end),
            (head_len, head_len + 1, vec![Err(100)], gap_end),
            (head_len + 30, head_len + 40, vec![Err(70)], gap_end),
            (
                head_len + 30,
                gap_end + 5,
                vec![Err(70), Ok(5)],
                gap_end + 5,
            ),
            (gap_end, end, vec![Ok(TAIL_LEN as u64)], end),
            (end, end, vec![], end),
        ] {
            let (parts, read_on_at) = half.read(from, to);
            let told: Vec<_> = parts
                .iter()
                .map(|part| match part {
                    What::Bytes(bytes) => Ok(bytes.len() as u64),
                    What::Missing(missing) => Err(missing.bytes),
                    _ => unreachable!("only bytes and gaps"),
                })
                .collect();
            assert_eq!((told, read_on_at), (lens, next), "{from}..{to}");
        }
    }

    #[test]
    fn a_tail_that_is_given_up_becomes_part_of_the_gap_and_what_comes_next_is_kept_again() {
        let record_len = 5 + 1000;
        for (all, is_records) in [(records(300, 1000), true), (pattern(301_500), false)] {
            let mut half = Half::default();
            // The last record has not come whole.
            let (before, behind) = all.split_at(200 * record_len + 100);
            half.push(before.into());
            assert!(half.give_up_tail());
            assert!(!half.give_up_tail(), "there is no more to give up");
            let gap = half.gap();
            let kept_behind = if is_records { 100 } else { 0 };
            assert_eq!(gap.end, before.len() as u64 - kept_behind);
            assert_eq!(kept_len(&half) as u64, gap.start + kept_behind);
            assert_eq!(records_before_gap_end(&half), is_records.then_some(200));
            half.push(behind.into());
            assert_eq!(half.gap(), gap, "there is room again");
            assert!(kept(&half, gap.end..half.total()) == all[usize::try_from(gap.end).unwrap()..]);
        }
    }

    #[test]
    fn a_beginning_that_is_given_up_goes_as_far_as_the_record_that_was_under_way() {
        let record_len = 5 + 1000;
        for (all, is_records) in [(records(300, 1000), true), (pattern(301_500), false)] {
            let mut half = Half::default();
            let (before, behind) = all.split_at(20 * record_len + 100);
            half.push(before.into());
            assert!(!half.give_up_tail(), "there is none yet");
            half.give_up_head();
            assert_eq!((half.gap(), kept_len(&half)), (0..before.len() as u64, 0));
            assert_eq!(records_before_gap_end(&half), is_records.then_some(20));
            for chunk in behind.chunks(300) {
                half.push(chunk.into());
            }
            let whole_len = if is_records {
                21 * record_len
            } else {
                before.len()
            };
            let tail_start = half.gap().end;
            assert!(tail_start >= whole_len as u64);
            let tail = &all[usize::try_from(tail_start).unwrap()..];
            assert!(kept(&half, 0..all.len() as u64) == tail && tail.len() > TAIL_LEN - record_len);
            let passed = tail_start / record_len as u64;
            assert_eq!(records_before_gap_end(&half), is_records.then_some(passed));
        }
        // Of one that is full the tail is not touched.
        let mut full = Half::default();
        full.push((&pattern(HEAD_LEN + 1000)).into());
        full.give_up_head();
        assert_eq!((full.gap(), kept_len(&full)), (0..HEAD_LEN as u64, 1000));
    }
}
