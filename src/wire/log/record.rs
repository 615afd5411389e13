//! The bytes of both directions with their times, as far as they are kept, and how they are read.
//! No locks, no owners and no keys.

use super::half::Half;
use super::marks::{self, Marks};
use crate::octets::Chunk;
use crate::octets::Direction::{self, FromClient, FromServer};
use crate::wire::both::Both;
use crate::wire::event::{Event, What};

/// Both directions of one connection.
#[derive(Debug, Default)]
pub(super) struct Record {
    halves: Both<Half>,
    marks: Marks,
}

/// What is not shown yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hold {
    Nothing,
    /// What the client sent last.
    LatestOfClient,
    /// What the client sent behind this place, and all that came after it.
    ClientBehind(u64),
}

/// How far somebody has read a record.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    /// When the latest note was made that was read.
    time_ns: u64,
    position: Both<u64>,
    has_ended: Both<bool>,
}

impl Record {
    /// Takes what crossed next, together.
    pub(super) fn chunks(&mut self, time_ns: u64, direction: Direction, chunks: &[Chunk<'_>]) {
        let half = self.halves.of_mut(direction);
        let start = half.total();
        for chunk in chunks {
            half.push(*chunk);
        }
        let range = start..half.total();
        self.marks.bytes(time_ns, direction, &range);
        let halves = &self.halves;
        self.marks.tidy(|direction, range| {
            let gap = halves.of(direction).gap();
            gap.start <= range.start && range.end <= gap.end
        });
    }

    /// Notes that a direction has ended.
    pub(super) fn end(&mut self, time_ns: u64, direction: Direction) {
        let at = self.halves.of(direction).total();
        self.marks.end(time_ns, direction, at);
    }

    /// How many bytes have crossed.
    pub(super) fn totals(&self) -> Both<u64> {
        self.halves.map(Half::total)
    }

    /// How many of them were not kept.
    pub(super) fn missing(&self) -> Both<u64> {
        self.halves.map(|half| half.gap().end - half.gap().start)
    }

    /// How much memory all of it takes, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.halves.client.cost() + self.halves.server.cost() + self.marks.cost()
    }

    /// Makes room: gives up what came latest or, if nothing of that is left, the beginning. What comes next is kept again.
    pub(super) fn shrink(&mut self) {
        let has_given = [&mut self.halves.client, &mut self.halves.server].map(Half::give_up_tail);
        if has_given == [false; 2] {
            self.halves.client.give_up_head();
            self.halves.server.give_up_head();
        }
        self.marks.turn_coarse();
        if has_given == [false; 2] {
            self.forget_times();
        }
    }

    /// Forgets what crossed behind these positions.
    pub(super) fn take_back(&mut self, to: Both<u64>) {
        self.halves.client.take_back(to.client);
        self.halves.server.take_back(to.server);
        self.marks.take_back(|direction| *to.of(direction));
    }

    /// Whether `read` would give something.
    pub(super) fn has_news(&self, cursor: &Cursor, hold: Hold) -> bool {
        self.shown(cursor, hold).any(|mark| match mark.what {
            marks::What::Bytes => mark.end > *cursor.position.of(mark.direction),
            marks::What::End => !cursor.has_ended.of(mark.direction),
        })
    }

    /// What has happened since the cursor, in order, but for what is held back; moves it on.
    pub(super) fn read(&self, cursor: &mut Cursor, hold: Hold) -> Vec<Event> {
        let mut events = Vec::new();
        let from = cursor.clone();
        for mark in self.shown(&from, hold) {
            let position = cursor.position.of_mut(mark.direction);
            let (mut parts, read_on_at) = self.halves.of(mark.direction).read(*position, mark.end);
            *position = read_on_at;
            let ends = mark.what == marks::What::End;
            if ends && !std::mem::replace(cursor.has_ended.of_mut(mark.direction), true) {
                parts.push(What::End);
            }
            events.extend(parts.into_iter().map(|what| Event {
                time_ns: mark.time_ns,
                direction: mark.direction,
                what,
                comment: None,
            }));
            cursor.time_ns = mark.time_ns;
        }
        events
    }

    /// Notes of each direction no more than how far it has come, and whether it has ended.
    fn forget_times(&mut self) {
        let Some(time_ns) = self.marks.last().map(|mark| mark.time_ns) else {
            return;
        };
        let old = std::mem::take(&mut self.marks);
        self.marks.turn_coarse();
        for direction in [FromClient, FromServer] {
            let total = self.halves.of(direction).total();
            self.marks.bytes(time_ns, direction, &(0..total));
            let is_end =
                |mark: &marks::Mark| mark.direction == direction && mark.what == marks::What::End;
            if old.since(0).any(is_end) {
                self.marks.end(time_ns, direction, total);
            }
        }
    }

    /// The notes that may hold something new for the cursor.
    fn shown(&self, cursor: &Cursor, hold: Hold) -> impl Iterator<Item = &marks::Mark> {
        let held = match hold {
            Hold::Nothing => None,
            Hold::LatestOfClient => self.marks.last().filter(|it| it.direction == FromClient),
            Hold::ClientBehind(place) => self.marks.first_behind(FromClient, place),
        };
        self.marks
            .since(cursor.time_ns)
            .take_while(move |mark| !held.is_some_and(|held| std::ptr::eq(*mark, held)))
    }
}
