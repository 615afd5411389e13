//! When which bytes crossed, in the order of both directions: the notes beside the bytes that `half` keeps.
//! No bytes, and no clock.

use std::collections::VecDeque;
use std::ops::Range;

use crate::octets::Direction;

/// From so many notes on, chunks of one direction are told as one with the chunk before them: a peer that sends single bytes shall not
/// make us keep forty times as many.
const MARKS_MAX: usize = 16 * 1024;

/// So many notes at least are made before those of bytes that have gone are looked for.
const TIDY_AT_LEAST: usize = 1024;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// Ascends by one from mark to mark.
    pub(super) number: u64,
    pub(super) time_ns: u64,
    pub(super) direction: Direction,
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// These bytes of the direction crossed.
    Bytes(Range<u64>),
    /// The direction has ended.
    End,
}

/// The notes of one connection.
#[derive(Debug, Default)]
pub(super) struct Marks {
    marks: VecDeque<Mark>,
    next_number: u64,
    tidy_at: usize,
    is_coarse: bool,
}

impl Marks {
    /// How much memory they take, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.marks.len() * size_of::<Mark>()
    }

    /// Notes that bytes crossed.
    pub(super) fn bytes(&mut self, time_ns: u64, direction: Direction, range: Range<u64>) {
        if (self.is_coarse || self.marks.len() >= MARKS_MAX)
            && let Some(last) = self.last_bytes_of(direction)
            && last.end == range.start
        {
            last.end = range.end;
            return;
        }
        self.push(time_ns, direction, What::Bytes(range));
    }

    /// Notes that a direction has ended.
    pub(super) fn end(&mut self, time_ns: u64, direction: Direction) {
        self.push(time_ns, direction, What::End);
    }

    /// Lets notes go whose bytes have gone, if there are many. `is_gone` is asked for each.
    pub(super) fn tidy(&mut self, is_gone: impl Fn(Direction, &Range<u64>) -> bool) {
        if self.marks.len() < self.tidy_at.max(TIDY_AT_LEAST) {
            return;
        }
        self.marks.retain(|mark| match &mark.what {
            What::Bytes(range) => !is_gone(mark.direction, range),
            What::End => true,
        });
        self.tidy_at = self.marks.len() * 2;
    }

    /// From here on chunks of one direction are told as one.
    pub(super) fn turn_coarse(&mut self) {
        self.is_coarse = true;
    }

    /// Forgets what crossed behind these positions.
    pub(super) fn take_back(&mut self, position: impl Fn(Direction) -> u64) {
        self.marks.retain_mut(|mark| match &mut mark.what {
            What::Bytes(range) => {
                range.end = range.end.min(position(mark.direction));
                !range.is_empty()
            }
            What::End => true,
        });
    }

    /// Those with this number and higher ones, and two before: they may have grown.
    pub(super) fn since(&self, number: u64) -> impl Iterator<Item = &Mark> {
        let start = self.marks.partition_point(|mark| mark.number < number);
        self.marks.range(start.saturating_sub(2)..)
    }

    /// The first note of bytes of this direction that reach behind a place; near the end, where it is looked for.
    pub(super) fn first_behind(&self, direction: Direction, place: u64) -> Option<&Mark> {
        let latest_first = self.marks.iter().rev();
        latest_first
            .filter(|mark| mark.direction == direction)
            .filter_map(|mark| match &mark.what {
                What::Bytes(range) => Some((mark, range.end)),
                What::End => None,
            })
            .take_while(|(_, end)| *end > place)
            .last()
            .map(|(mark, _)| mark)
    }

    pub(super) fn last(&self) -> Option<&Mark> {
        self.marks.back()
    }

    fn push(&mut self, time_ns: u64, direction: Direction, what: What) {
        self.marks.push_back(Mark {
            number: self.next_number,
            time_ns,
            direction,
            what,
        });
        self.next_number += 1;
    }

    /// The direction's latest bytes, if they are among the last two notes.
    fn last_bytes_of(&mut self, direction: Direction) -> Option<&mut Range<u64>> {
        self.marks
            .iter_mut()
            .rev()
            .take(2)
            .find(|mark| mark.direction == direction)
            .and_then(|mark| match &mut mark.what {
                What::Bytes(range) => Some(range),
                What::End => None,
            })
    }
}
