//! One connection on a timeline: which records crossed when, what each carried, and where one lies within the other.
//! Recorded events and secrets in, things to show out; no clock, no socket, no page.

mod item;

use std::ops::Range;

pub use item::{
    Aligned, Item, Kind, Lesson, PANE_LEN_MAX, Pane, Shown, Step, Summary, TITLE_CHARS_MAX,
};

use crate::octets::Direction;
use crate::wire::decrypt::{KeyLogLine, Secrets};
use crate::wire::event::Event;

/// One connection, as far as it is known.
///
/// Whether it is TLS is told by the client's first bytes, as on a port that speaks both. All but `show` is linear in what is pushed.
#[derive(Debug)]
pub struct Timeline {}

impl Timeline {
    /// Before the first event. Secrets must be known before the bytes they open: more may come by `learn`.
    #[must_use]
    pub fn new(_secrets: Secrets) -> Self {
        todo!()
    }

    /// Takes a secret; `false` if it belongs to another connection.
    pub fn learn(&mut self, _line: KeyLogLine) -> bool {
        todo!()
    }

    /// Takes what happened next. Gives the numbers of the items that are new or have changed, ascending.
    pub fn push(&mut self, _event: &Event) -> Vec<u64> {
        todo!()
    }

    /// Nothing more will come. Gives the items that have changed.
    pub fn finish(&mut self) -> Vec<u64> {
        todo!()
    }

    /// All items, by number.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        todo!()
    }

    /// Takes one item apart; `None` if there is none of this number.
    #[must_use]
    pub fn show(&self, _number: u64) -> Option<Shown> {
        todo!()
    }

    /// The item (a message, if there is one) that holds the byte `at` of what the application sent in this direction.
    #[must_use]
    pub fn item_at(&self, _direction: Direction, _at: u64) -> Option<&Item> {
        todo!()
    }

    /// What the application sent in this direction, where it is known: pieces in order, with their places.
    pub fn plaintext(&self, _direction: Direction) -> impl Iterator<Item = (Range<u64>, &[u8])> {
        std::iter::empty()
    }

    /// The connection as a whole.
    #[must_use]
    pub fn summary(&self) -> Summary {
        todo!()
    }

    /// What those learn who only listen: sizes, times, names, and the exact length of each message, computed.
    #[must_use]
    pub fn lessons(&self) -> Vec<Lesson> {
        todo!()
    }
}
