//! The list of items on a timeline, each with what it takes to show it, and which of them have changed.
//! Adds, links and counts: what an item is, is decided by those who add it.

use std::ops::Range;

use bytes::Bytes;

use super::item::{Item, Kind};
use crate::octets::Direction;
use crate::wire::decrypt::{self, Opened};
use crate::wire::dissect::stream;
use crate::wire::dissect::tls_handshake::HandshakeContext;
use crate::wire::dissect::tls_record::{RECORD_HEADER_LEN, RecordContext};

/// How many items stand on a timeline before the rest of the connection is left out: each takes some 500 bytes. A page
/// could not show them, and a peer that sends frames of two bytes makes thousands with each record.
pub const ITEMS_MAX: usize = 200_000;

/// What it takes to show an item.
#[derive(Debug)]
pub(super) enum Detail {
    Record(Box<Record>),
    Handshake {
        message: decrypt::Message,
        /// What was agreed on before it.
        context: HandshakeContext,
    },
    /// Bytes that the items in `related` carried, such as an alert, or bytes that stand on the wire.
    Bytes(Bytes),
    Message(stream::Message),
    Nothing,
}

/// A TLS record.
#[derive(Debug)]
pub(super) struct Record {
    /// Its number in its direction, from 0.
    pub(super) number: u64,
    /// Header and fragment, as far as they are known for good.
    pub(super) bytes: Bytes,
    /// What those know who have no keys.
    pub(super) context: RecordContext,
    pub(super) cover: Cover,
    /// How many bytes at the beginning of what it carried end a handshake message that an earlier record began.
    pub(super) continued_bytes: usize,
}

/// What protected a record, and what became of it.
#[derive(Debug)]
pub(super) enum Cover {
    /// It has not ended, or waits for what decides about it.
    Unknown,
    InClear,
    Opened(Box<Opened>),
    NotOpened,
}

impl Record {
    pub(super) fn opened(&self) -> Option<&Opened> {
        match &self.cover {
            Cover::Opened(opened) => Some(opened),
            _ => None,
        }
    }

    /// What it carried, if that is known: decrypted, without its header.
    pub(super) fn content(&self) -> Option<Bytes> {
        match &self.cover {
            Cover::Opened(opened) => Some(opened.content().clone()),
            Cover::InClear => Some(self.bytes.slice(RECORD_HEADER_LEN.min(self.bytes.len())..)),
            Cover::Unknown | Cover::NotOpened => None,
        }
    }

    /// Where in the record the content begins.
    pub(super) fn content_at(&self) -> usize {
        self.opened()
            .map_or(RECORD_HEADER_LEN, |opened| opened.ciphertext.start)
    }
}

/// All items, by number.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    items: Vec<Item>,
    details: Vec<Detail>,
    touched: Vec<usize>,
}

impl Ledger {
    pub(super) fn items(&self) -> &[Item] {
        &self.items
    }

    pub(super) fn is_full(&self) -> bool {
        self.items.len() >= ITEMS_MAX
    }

    /// Adds an item: gives its index, which is its number.
    pub(super) fn add(&mut self, mut item: Item, detail: Detail) -> usize {
        let index = self.items.len();
        item.number = index as u64;
        self.items.push(item);
        self.details.push(detail);
        self.touched.push(index);
        index
    }

    pub(super) fn item(&self, index: usize) -> Option<&Item> {
        self.items.get(index)
    }

    pub(super) fn detail(&self, index: usize) -> Option<&Detail> {
        self.details.get(index)
    }

    pub(super) fn record(&self, index: usize) -> Option<&Record> {
        match self.details.get(index)? {
            Detail::Record(record) => Some(record),
            _ => None,
        }
    }

    pub(super) fn message(&self, index: usize) -> Option<&stream::Message> {
        match self.details.get(index)? {
            Detail::Message(message) => Some(message),
            _ => None,
        }
    }

    /// Changes an item, which is then told as changed.
    pub(super) fn change(&mut self, index: usize, change: impl FnOnce(&mut Item, &mut Detail)) {
        if let (Some(item), Some(detail)) = (self.items.get_mut(index), self.details.get_mut(index))
        {
            change(item, detail);
            self.touched.push(index);
        }
    }

    pub(super) fn change_record(&mut self, index: usize, change: impl FnOnce(&mut Record)) {
        self.change(index, |_, detail| {
            if let Detail::Record(record) = detail {
                change(record);
            }
        });
    }

    /// Says of each that the other belongs to it.
    pub(super) fn relate(&mut self, a: usize, b: usize) {
        for (from, to) in [(a, b), (b, a)] {
            self.change(from, |item, _| item.related.push(to as u64));
        }
    }

    /// Says what is wrong with an item, unless something worse was said.
    pub(super) fn blame(&mut self, index: usize, problem: impl Into<String>) {
        self.change(index, |item, _| {
            item.problem.get_or_insert(problem.into().into());
        });
    }

    /// The numbers of the items that are new or have changed since the last call, ascending.
    pub(super) fn take_touched(&mut self) -> Vec<u64> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        touched.into_iter().map(|index| index as u64).collect()
    }
}

impl Item {
    /// An item that stands here on the wire, and of which no more is known yet.
    pub(super) fn at(
        direction: Direction,
        kind: Kind,
        wire: Range<u64>,
        times: (u64, u64),
    ) -> Self {
        Self {
            number: 0,
            direction,
            kind,
            begun_ns: times.0,
            ended_ns: times.1,
            is_whole: true,
            len: wire.end - wire.start,
            title: String::new(),
            eve_title: None,
            eve_plaintext_len: None,
            wire,
            plain: None,
            related: Vec::new(),
            secret: false,
            problem: None,
        }
    }

    /// With this title, for everybody.
    pub(super) fn seen_by_all(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self.eve_title = Some(self.title.clone());
        self
    }
}
