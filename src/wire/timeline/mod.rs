//! One connection on a timeline: which records crossed when, what each carried, and where one lies within the other.
//! Recorded events and secrets in, things to show out; no clock, no socket, no page.
//!
//! `tls` finds records and what they carried, `messages` what the application said; both write into the `ledger`.
//! `show` takes one thing of it apart, `arithmetic` shows how a record was opened, and `lessons` what Eve learns.

mod arithmetic;
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

use std::ops::Range;

use bytes::Bytes;

pub use item::{
    Aligned, Item, Kind, Lesson, PANE_LEN_MAX, Pane, Shown, Step, Summary, TITLE_CHARS_MAX,
};
pub use ledger::ITEMS_MAX;
pub use show::WIRE_PANES_MAX;

use crate::octets::Direction;
use crate::wire::decrypt::{KeyLogLine, Secrets};
use crate::wire::event::{Event, Missing, What};
use arithmetic::Derivation;
use ledger::{Detail, Ledger, Record};
use messages::Messages;
use pieces::{Both, Times};
use titles::who;
use tls::{Desk, Tls};

/// So many bytes are read at once, so that one event cannot make any number of things.
const READ_LEN_MAX: usize = 16 * 1024;

/// So many events without bytes are kept until it is known what is spoken.
const WAITING_MAX: usize = 16;

/// One connection, as far as it is known.
///
/// Whether it is TLS is told by the client's first bytes, as on a port that speaks both. All but `show` is linear in what is pushed.
#[derive(Debug)]
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
        let mut desk = Desk {
            ledger: &mut self.ledger,
            messages: &mut self.messages,
            times: &self.times,
        };
        if let Protocol::Tls(tls) = &mut self.protocol {
            tls.finish(&mut desk);
        }
        self.messages.finish((&mut self.ledger, &self.times));
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
    #[must_use]
    pub fn item_at(&self, direction: Direction, at: u64) -> Option<&Item> {
        let index = self.messages.item_at(&self.ledger, direction, at)?;
        self.ledger.item(index)
    }

    /// What the application sent in this direction, where it is known: pieces in order, with their places.
    pub fn plaintext(&self, direction: Direction) -> impl Iterator<Item = (Range<u64>, &[u8])> {
        self.messages.plain(direction).iter()
    }

    /// Whether the places that `plaintext` and the items of this direction tell are certain. Behind records that are
    /// missing or could not be opened they rest on the assumption that those carried application data without padding.
    #[must_use]
    pub fn is_exact(&self, direction: Direction) -> bool {
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

    /// What those learn who only listen: sizes, times, names, and the exact length of each message, computed.
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
        }
    }

    /// It is known what is spoken: takes what came before.
    fn begin(&mut self, is_tls: bool) {
        let protocol = if is_tls {
            self.messages = Messages::under_tls();
            Protocol::Tls(Box::new(Tls::new(self.secrets.clone())))
        } else {
            Protocol::Clear
        };
        if let Protocol::Unknown(waiting) = std::mem::replace(&mut self.protocol, protocol) {
            for event in waiting {
                self.take(&event);
            }
        }
    }

    fn take(&mut self, event: &Event) {
        let (direction, time_ns) = (event.direction, event.time_ns);
        if self.ledger.is_full() {
            return self.say_that_it_is_full(event);
        }
        let at = self.times.of(direction).end();
        match &event.what {
            What::Bytes(bytes) => {
                let end = at.saturating_add(bytes.len() as u64);
                self.times.of_mut(direction).note(end, time_ns);
                self.bytes(direction, at, bytes);
            }
            What::Missing(missing) if missing.bytes > 0 => {
                let end = at.saturating_add(missing.bytes);
                self.times.of_mut(direction).note(end, time_ns);
                self.missing_bytes = self.missing_bytes.saturating_add(missing.bytes);
                self.miss(direction, at, *missing);
            }
            What::Missing(_) => {}
            What::End | What::Reset => self.end(event, at),
        }
        if self.ledger.is_full() {
            self.say_that_it_is_full(event);
        }
    }

    fn bytes(&mut self, direction: Direction, at: u64, bytes: &Bytes) {
        let (mut at, mut rest) = (at, bytes.clone());
        while !rest.is_empty() && !self.ledger.is_full() {
            let piece = rest.split_to(rest.len().min(READ_LEN_MAX));
            let mut desk = Desk {
                ledger: &mut self.ledger,
                messages: &mut self.messages,
                times: &self.times,
            };
            match &mut self.protocol {
                // TLS counts for itself, and its records are not to be cut.
                Protocol::Tls(tls) => return tls.push(direction, at, bytes, &mut desk),
                Protocol::Unknown(_) | Protocol::Clear => {
                    let paper = (&mut self.ledger, &self.times);
                    self.messages.push(direction, &piece, None, paper);
                }
            }
            at += piece.len() as u64;
        }
    }

    fn miss(&mut self, direction: Direction, at: u64, missing: Missing) {
        let mut desk = Desk {
            ledger: &mut self.ledger,
            messages: &mut self.messages,
            times: &self.times,
        };
        if let Protocol::Tls(tls) = &mut self.protocol {
            return tls.miss(direction, at, missing, &mut desk);
        }
        let range = at..at.saturating_add(missing.bytes);
        let times = self.times.of(direction).of_range(&range);
        let first_new = self.ledger.items().len();
        let paper = (&mut self.ledger, &self.times);
        self.messages.skip(direction, missing.bytes, &[], paper);
        let new = self.ledger.items().get(first_new..).unwrap_or_default();
        if new.iter().any(|item| item.kind == Kind::Missing) {
            return;
        }
        // It lies within one message, which goes on behind it.
        let item = Item::at(direction, Kind::Missing, range, times);
        let item = item.seen_by_all(titles::missing(missing.bytes));
        let gap = self.ledger.add(item, Detail::Nothing);
        if let Some(around) = self.messages.item_at(&self.ledger, direction, at) {
            self.ledger.relate(around, gap);
        }
    }

    fn end(&mut self, event: &Event, at: u64) {
        let direction = event.direction;
        let mut desk = Desk {
            ledger: &mut self.ledger,
            messages: &mut self.messages,
            times: &self.times,
        };
        let mut is_truncated = false;
        if let Protocol::Tls(tls) = &mut self.protocol {
            tls.end(direction, &mut desk);
            is_truncated = tls.is_truncated(direction);
        } else {
            self.messages
                .end(direction, (&mut self.ledger, &self.times));
        }
        let who = who(direction);
        let is_reset = event.what == What::Reset;
        let title = if is_reset {
            format!("The {who} broke the connection off (RST)")
        } else {
            format!("The {who} sends nothing more (FIN)")
        };
        let times = (event.time_ns, event.time_ns);
        let mut item = Item::at(direction, Kind::End, at..at, times).seen_by_all(title);
        if is_truncated && !is_reset {
            item.problem = Some(
                "The alert close_notify did not come before it, so TLS cannot tell whether somebody on the way has cut something off (RFC 8446 §6.1). Browsers often leave it out."
                    .into(),
            );
        }
        self.ledger.add(item, Detail::Nothing);
    }

    /// The last thing on a timeline that is too long.
    fn say_that_it_is_full(&mut self, event: &Event) {
        if std::mem::replace(&mut self.is_full, true) {
            return;
        }
        let at = self.times.of(event.direction).end();
        let times = (event.time_ns, event.time_ns);
        let title = format!("More than {ITEMS_MAX} things: the rest of the connection is left out");
        let mut item =
            Item::at(event.direction, Kind::Unreadable, at..at, times).seen_by_all(title);
        item.is_whole = false;
        self.ledger.add(item, Detail::Nothing);
    }
}

/// Whether this event, before which so many others wait, begins a TLS connection; `None` if it does not say.
fn begins_with_tls(event: &Event, waiting: usize) -> Option<bool> {
    // Change_cipher_spec, alert, handshake, application_data: no other protocol that we know begins with one of these.
    const CONTENT_TYPES: std::ops::RangeInclusive<u8> = 0x14..=0x17;
    match &event.what {
        What::Bytes(bytes) => bytes.first().map(|first| CONTENT_TYPES.contains(first)),
        What::Missing(missing) if missing.records_before.is_some() => Some(true),
        _ => (waiting >= WAITING_MAX).then_some(false),
    }
}

#[cfg(test)]
mod tests;
