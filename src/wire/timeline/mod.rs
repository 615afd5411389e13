//! One connection on a timeline: which records crossed when, what each carried, and where one lies within the other.
//! Recorded events and secrets in, items to show out; no clock, no socket, no page.
//!
//! `events` takes what happened, `tls` finds records and what they carried, `messages` what the application said; both
//! write into the `ledger`. `show` takes one item of it apart, `arithmetic` shows how a record was opened, and `lessons` what Eve learns.

mod arithmetic;
mod carriers;
mod events;
mod hellos;
mod item;
mod ledger;
mod lessons;
mod messages;
mod pieces;
mod secrecy;
mod show;
mod summary;
mod titles;
mod tls;

use std::fmt;
use std::ops::Range;

pub use item::{
    Aligned, Item, Kind, Lesson, PANE_LEN_MAX, Pane, PlaintextLen, Shown, Step, Summary,
    TITLE_CHARS_MAX,
};
pub use ledger::ITEMS_MAX;
pub use show::WIRE_PANES_MAX;

use crate::octets::Direction;
use crate::wire::both::Both;
use crate::wire::decrypt::{KeyLogLine, Secrets};
use crate::wire::dissect::stream;
use crate::wire::event::Event;
use arithmetic::Derivation;
use events::begins_with_tls;
use ledger::{Ledger, Record};
use messages::Messages;
use pieces::Times;
use tls::Tls;

/// One connection, as far as it is known.
///
/// Whether it is TLS is told by the client's first bytes, as on a port that speaks both. All but `show` is linear in what is pushed.
pub struct Timeline {
    secrets: Secrets,
    protocol: Protocol,
    ledger: Ledger,
    messages: Messages,
    times: Both<Times>,
    missing_bytes: u64,
    is_full: bool,
}

/// What is spoken.
#[derive(Debug)]
enum Protocol {
    /// Not known before the first byte. These came before it.
    Unknown(Vec<Event>),
    Clear,
    Tls(Box<Tls>),
}

impl Timeline {
    /// Before the first event. Secrets must be known before the bytes they open: more may come by `learn`.
    #[must_use]
    pub fn new(secrets: Secrets) -> Self {
        Self {
            secrets,
            protocol: Protocol::Unknown(Vec::new()),
            ledger: Ledger::default(),
            messages: Messages::default(),
            times: Both::default(),
            missing_bytes: 0,
            is_full: false,
        }
    }

    /// Takes a secret; `false` if it belongs to another connection.
    pub fn learn(&mut self, line: KeyLogLine) -> bool {
        if let Protocol::Tls(tls) = &mut self.protocol {
            tls.learn(line.clone());
        }
        self.secrets.learn(line)
    }

    /// Takes what happened next. Gives the numbers of the items that are new or have changed, ascending.
    ///
    /// After [`ITEMS_MAX`] items nothing more is added, and the last one says so.
    pub fn push(&mut self, event: &Event) -> Vec<u64> {
        if let Protocol::Unknown(waiting) = &mut self.protocol {
            let Some(is_tls) = begins_with_tls(event, waiting.len()) else {
                waiting.push(event.clone());
                return Vec::new();
            };
            self.begin(is_tls);
        }
        self.take(event);
        self.ledger.take_touched()
    }

    /// Nothing more will come. Gives the items that have changed.
    pub fn finish(&mut self) -> Vec<u64> {
        if matches!(self.protocol, Protocol::Unknown(_)) {
            self.begin(false);
        }
        if !self.is_full {
            let (protocol, mut desk) = self.parts();
            if let Protocol::Tls(tls) = protocol {
                tls.finish(&mut desk);
            }
            desk.messages.finish((desk.ledger, desk.times));
        }
        self.ledger.take_touched()
    }

    /// All items, by number.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        self.ledger.items()
    }

    /// Takes one item apart; `None` if there is none of this number.
    #[must_use]
    pub fn show(&self, number: u64) -> Option<Shown> {
        show::show(self, usize::try_from(number).ok()?)
    }

    /// The item (a message, if there is one) that holds the byte `at` of what the application sent in this direction.
    #[cfg(test)]
    fn item_at(&self, direction: Direction, at: u64) -> Option<&Item> {
        let index = self.messages.item_at(&self.ledger, direction, at)?;
        self.ledger.item(index)
    }

    /// What the application sent in this direction, where it is known: pieces in order, with their places.
    pub fn plaintext(&self, direction: Direction) -> impl Iterator<Item = (Range<u64>, &[u8])> {
        self.messages.plain(direction).iter()
    }

    /// Whether the places that `plaintext` and the items of this direction tell are certain. Behind records that are
    /// missing or could not be opened they rest on the assumption that those carried application data without padding.
    fn is_exact(&self, direction: Direction) -> bool {
        match &self.protocol {
            Protocol::Tls(tls) => tls.is_exact(direction),
            Protocol::Unknown(_) | Protocol::Clear => true,
        }
    }

    /// The connection as a whole.
    #[must_use]
    pub fn summary(&self) -> Summary {
        summary::summary(self)
    }

    /// What those learn who only listen: names, times, and sizes, from which more is computed.
    #[must_use]
    pub fn lessons(&self) -> Vec<Lesson> {
        lessons::lessons(self)
    }

    fn is_tls(&self) -> bool {
        matches!(self.protocol, Protocol::Tls(_))
    }

    fn record(&self, number: u64) -> Option<&Record> {
        self.ledger.record(usize::try_from(number).ok()?)
    }

    /// What a frame is for, if this item is one and its header is whole.
    fn opcode(&self, number: u64) -> Option<u8> {
        let index = usize::try_from(number).ok()?;
        match self.ledger.message(index)?.what {
            stream::What::Frame { opcode, .. } => opcode,
            _ => None,
        }
    }

    /// What keys follow from, besides what an opened record says itself.
    fn derivation(&self) -> Derivation<'_> {
        let tls = match &self.protocol {
            Protocol::Tls(tls) => Some(tls),
            Protocol::Unknown(_) | Protocol::Clear => None,
        };
        Derivation {
            secrets: &self.secrets,
            client_random: tls.and_then(|tls| tls.client_random()),
            server_random: tls.and_then(|tls| tls.server_random()),
            extended_master_secret: tls.is_some_and(|tls| tls.has_extended_master_secret()),
        }
    }
}

impl fmt::Debug for Timeline {
    /// Without what was said, and without secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeline")
            .field("is_tls", &self.is_tls())
            .field("items", &self.items().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
