//! When which bytes crossed, in the order of both directions: the notes beside the bytes that `half` keeps.
//! No bytes, and no clock.

use std::collections::VecDeque;
use std::ops::Range;

use crate::octets::Direction;

/// From so many notes on, chunks of one direction are told as one with the chunk before them: a peer that sends single bytes shall not
/// make us keep forty times as many.
const MARKS_MAX: usize = 16 * 1024;

/// Room is made for so many more notes at once, and for an eighth of those there are: an idle page has a dozen.
const ROOM_AT_LEAST: usize = 4;

/// So many notes at least are made before those of bytes that have gone are looked for.
const TIDY_AT_LEAST: usize = 1024;

/// One thing that happened. Small, since there is one for each chunk: 24 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// Never earlier than that of the note before.
    pub(super) time_ns: u64,
    /// Up to where the direction has come.
    pub(super) end: u64,
    /// How many bytes of it crossed now.
    len: u32,
    pub(super) direction: Direction,
    pub(super) what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    /// Bytes of the direction crossed.
    Bytes,
    /// The direction has ended.
    End,
}

impl Mark {
    fn bytes(&self) -> Range<u64> {
        self.end.saturating_sub(self.len.into())..self.end
    }
}

/// The notes of one connection.
#[derive(Debug, Default)]
pub(super) struct Marks {
    marks: VecDeque<Mark>,
    tidy_at: usize,
    is_coarse: bool,
}

impl Marks {
    /// How much memory they take, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.marks.len() * size_of::<Mark>()
    }

    /// Notes that the direction has come from the one place to the other.
    pub(super) fn bytes(&mut self, time_ns: u64, direction: Direction, range: &Range<u64>) {
        if (self.is_coarse || self.marks.len() >= MARKS_MAX) && self.extend_last(direction, range) {
            return;
        }
        let mut start = range.start;
        while start < range.end {
            let len = u32::try_from(range.end - start).unwrap_or(u32::MAX);
            start += u64::from(len);
            self.push(time_ns, direction, start, len, What::Bytes);
        }
    }

    /// Notes that a direction has ended.
    pub(super) fn end(&mut self, time_ns: u64, direction: Direction, at: u64) {
        self.push(time_ns, direction, at, 0, What::End);
    }

    /// Lets notes go whose bytes have gone, if there are many. `is_gone` is asked for each.
    pub(super) fn tidy(&mut self, is_gone: impl Fn(Direction, &Range<u64>) -> bool) {
        if self.marks.len() < self.tidy_at.max(TIDY_AT_LEAST) {
            return;
        }
        self.marks
            .retain(|mark| mark.what == What::End || !is_gone(mark.direction, &mark.bytes()));
        self.tidy_at = self.marks.len() * 2;
    }

    /// From here on chunks of one direction are told as one.
    pub(super) fn turn_coarse(&mut self) {
        self.is_coarse = true;
    }

    /// Forgets what crossed behind these positions.
    pub(super) fn take_back(&mut self, position: impl Fn(Direction) -> u64) {
        self.marks.retain_mut(|mark| {
            let start = mark.bytes().start;
            mark.end = mark.end.min(position(mark.direction)).max(start);
            mark.len = u32::try_from(mark.end - start).unwrap_or(u32::MAX);
            mark.len > 0 || mark.what == What::End
        });
    }

    /// Those of this time and later ones, and two before: they may have grown.
    pub(super) fn since(&self, time_ns: u64) -> impl Iterator<Item = &Mark> {
        let start = self.marks.partition_point(|mark| mark.time_ns < time_ns);
        self.marks.range(start.saturating_sub(2)..)
    }

    /// The first note of bytes of this direction that reach behind a place; near the end, where it is looked for.
    pub(super) fn first_behind(&self, direction: Direction, place: u64) -> Option<&Mark> {
        let latest_first = self.marks.iter().rev();
        latest_first
            .filter(|mark| mark.direction == direction && mark.what == What::Bytes)
            .take_while(|mark| mark.end > place)
            .last()
    }

    pub(super) fn last(&self) -> Option<&Mark> {
        self.marks.back()
    }

    fn push(&mut self, time_ns: u64, direction: Direction, end: u64, len: u32, what: What) {
        // The clock's own promise, and the search's condition.
        let time_ns = time_ns.max(self.last().map_or(0, |last| last.time_ns));
        if self.marks.len() == self.marks.capacity() {
            self.marks
                .reserve_exact(ROOM_AT_LEAST.max(self.marks.len() / 8));
        }
        self.marks.push_back(Mark {
            time_ns,
            end,
            len,
            direction,
            what,
        });
    }

    /// Lets the direction's latest note, if it is among the last two, reach to the end of these bytes. False if it cannot.
    fn extend_last(&mut self, direction: Direction, range: &Range<u64>) -> bool {
        let last = self
            .marks
            .iter_mut()
            .rev()
            .take(2)
            .find(|mark| mark.direction == direction);
        let Some(last) = last.filter(|mark| mark.what == What::Bytes && mark.end == range.start)
        else {
            return false;
        };
        let Ok(len) = u32::try_from(u64::from(last.len) + range.end - range.start) else {
            return false;
        };
        last.end = range.end;
        last.len = len;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_small() {
        assert_eq!(size_of::<Mark>(), 24);
    }
}
