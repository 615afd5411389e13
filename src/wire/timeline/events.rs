//! What happens to a timeline when something happened on the connection: TLS and clear text go different ways from here.

use bytes::Bytes;

use super::ledger::Detail;
use super::messages::Messages;
use super::titles::{self, who};
use super::tls::{Desk, Tls};
use super::{Item, Kind, Protocol, Timeline};
use crate::octets::Direction;
use crate::wire::event::{Event, Missing, What};

/// So many bytes are read at once, so that one event cannot make any number of items.
pub(super) const READ_LEN_MAX: usize = 16 * 1024;

/// No gap goes further: no connection does, and no sum of places overflows.
pub(super) const GAPS_END_MAX: u64 = 1 << 60;

/// So many events without bytes are kept until it is known what is spoken.
const WAITING_MAX: usize = 16;

impl Timeline {
    /// It is known what is spoken: takes what came before.
    pub(super) fn begin(&mut self, is_tls: bool) {
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

    pub(super) fn take(&mut self, event: &Event) {
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
            What::Missing(missing) => {
                let mut missing = *missing;
                missing.bytes = missing.bytes.min(GAPS_END_MAX.saturating_sub(at));
                if missing.bytes > 0 {
                    self.times
                        .of_mut(direction)
                        .note(at + missing.bytes, time_ns);
                    self.missing_bytes += missing.bytes;
                    self.miss(direction, at, missing);
                }
            }
            What::End | What::Reset => self.end(event, at),
        }
        if self.ledger.is_full() {
            self.say_that_it_is_full(event);
        }
    }

    /// What is spoken, and all that this writes to.
    pub(super) fn parts(&mut self) -> (&mut Protocol, Desk<'_>) {
        let desk = Desk {
            ledger: &mut self.ledger,
            messages: &mut self.messages,
            times: &self.times,
        };
        (&mut self.protocol, desk)
    }

    fn bytes(&mut self, direction: Direction, at: u64, bytes: &Bytes) {
        let (protocol, mut desk) = self.parts();
        if let Protocol::Tls(tls) = protocol {
            return tls.push(direction, at, bytes, &mut desk);
        }
        let mut rest = bytes.clone();
        while !rest.is_empty() && !desk.ledger.is_full() {
            let piece = rest.split_to(rest.len().min(READ_LEN_MAX));
            desk.messages
                .push(direction, &piece, None, (desk.ledger, desk.times));
        }
    }

    fn miss(&mut self, direction: Direction, at: u64, missing: Missing) {
        let (protocol, mut desk) = self.parts();
        if let Protocol::Tls(tls) = protocol {
            return tls.miss(direction, at, missing, &mut desk);
        }
        let range = at..at.saturating_add(missing.bytes);
        let times = desk.times.of(direction).of_range(&range);
        let first_new = desk.ledger.items().len();
        desk.messages
            .skip(direction, missing.bytes, &[], (desk.ledger, desk.times));
        let new = desk.ledger.items().get(first_new..).unwrap_or_default();
        if new.iter().any(|item| item.kind == Kind::Missing) {
            return;
        }
        let around = desk.messages.item_at(desk.ledger, direction, at);
        let mut item = Item::at(direction, Kind::Missing, range.clone(), times);
        if around.is_none() {
            // Behind the end, where no message is under way.
            item.plain = Some(range);
        }
        let item = item.seen_by_all(titles::missing(missing.bytes));
        let gap = desk.ledger.add(item, Detail::Nothing);
        if let Some(around) = around {
            // It lies within one message, which goes on behind it.
            desk.ledger.relate(around, gap);
        }
    }

    fn end(&mut self, event: &Event, at: u64) {
        let direction = event.direction;
        let (protocol, mut desk) = self.parts();
        let mut is_truncated = false;
        if let Protocol::Tls(tls) = protocol {
            tls.end(direction, &mut desk);
            is_truncated = tls.is_truncated(direction);
        }
        desk.messages.end(direction, (desk.ledger, desk.times));
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

    /// The last item on a timeline that is too long.
    fn say_that_it_is_full(&mut self, event: &Event) {
        if std::mem::replace(&mut self.is_full, true) {
            return;
        }
        let at = self.times.of(event.direction).end();
        let times = (event.time_ns, event.time_ns);
        let most = self.ledger.items_max();
        let title = format!("More than {most} items: the rest of the connection is left out");
        let mut item =
            Item::at(event.direction, Kind::Unreadable, at..at, times).seen_by_all(title);
        item.is_whole = false;
        self.ledger.add(item, Detail::Nothing);
    }
}

/// Whether this event, before which so many others wait, begins a TLS connection; `None` if it does not say.
pub(super) fn begins_with_tls(event: &Event, waiting: usize) -> Option<bool> {
    // Change_cipher_spec, alert, handshake, application_data: no other protocol that we know begins with one of these.
    const CONTENT_TYPES: std::ops::RangeInclusive<u8> = 0x14..=0x17;
    match &event.what {
        What::Bytes(bytes) => bytes.first().map(|first| CONTENT_TYPES.contains(first)),
        What::Missing(missing) if missing.records_before.is_some() => Some(true),
        _ => (waiting >= WAITING_MAX).then_some(false),
    }
}
