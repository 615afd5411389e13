//! One direction of a connection: which keys its next record has, and what is begun but not complete.
//! Does as it is told about keys: when they change follows from messages of both sides, and stands in `session`.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::handshake::Assembly;
use super::keys::TrafficKeys;
use super::reason::Reason;
use super::record::{self, Opened};
use super::secrets::Label;
use super::stream::{Placed, Stream};
use crate::octets::Direction;
use crate::wire::dissect::tls_record::ContentType;

/// What the next record of a direction is protected by.
#[derive(Debug)]
pub(super) enum Protection {
    InClear,
    /// Early data was offered: by which keys, the server's answer will tell.
    Undecided,
    Sealed(Sealed),
}

/// Keys in use.
#[derive(Debug)]
pub(super) struct Sealed {
    /// The secret that they follow from.
    pub(super) label: Label,
    /// Once they are known: a secret may be logged after the record that it opens.
    pub(super) keys: Option<Arc<TrafficKeys>>,
    /// How many records they have sealed. Counts those that could not be opened, too.
    sequence: u64,
    /// Early data that the server does not take may stand before the first record of these keys, and is told from it
    /// by trying, as servers do (RFC 8446 §4.2.10): why a record that does not open is passed over.
    passing_over: Option<Reason>,
}

impl Sealed {
    pub(super) fn new(label: Label) -> Self {
        Self {
            label,
            keys: None,
            sequence: 0,
            passing_over: None,
        }
    }

    pub(super) fn passing_over(mut self, reason: Reason) -> Self {
        self.passing_over = Some(reason);
        self
    }

    /// Opens the next record, with the keys if they are known, or says why they are not.
    pub(super) fn open(
        &mut self,
        keys: Result<Arc<TrafficKeys>, Reason>,
        record: &[u8],
    ) -> Result<Opened, Reason> {
        let opened = keys.and_then(|keys| {
            let keys = self.keys.insert(keys);
            record::open(keys, self.sequence, record)
        });
        match (&opened, self.passing_over) {
            // Not sealed with these keys: it does not count.
            (Err(Reason::TagDoesNotFit | Reason::TooShort), Some(reason)) => Err(reason),
            _ => {
                self.passing_over = None;
                self.skip(1);
                opened
            }
        }
    }

    /// Goes on as if this many records had been opened.
    pub(super) fn skip(&mut self, records: u64) {
        self.sequence = self.sequence.saturating_add(records);
    }

    /// Goes on with the keys of the next generation, if those of this one are known.
    pub(super) fn update(&mut self) {
        let next = self.keys.as_ref().and_then(|keys| keys.next_generation());
        if let Some(next) = next {
            self.keys = Some(Arc::new(next));
            self.sequence = 0;
        }
    }
}

/// All that is remembered of one direction. Bounded: less than one record, one handshake message, one key.
#[derive(Debug)]
pub(super) struct Half {
    pub(super) stream: Stream,
    pub(super) protection: Protection,
    pub(super) assembly: Assembly,
    /// How much application data came before.
    application_at: u64,
    /// Whether that is certain.
    pub(super) exact: bool,
}

impl Half {
    fn new(direction: Direction) -> Self {
        Self {
            stream: Stream::new(direction),
            protection: Protection::InClear,
            assembly: Assembly::default(),
            application_at: 0,
            exact: true,
        }
    }

    /// Moves on behind application data of this length; says where it stands.
    pub(super) fn advance(&mut self, len: u64) -> Range<u64> {
        let start = self.application_at;
        self.application_at = start.saturating_add(len);
        start..self.application_at
    }
}

/// Both directions.
#[derive(Debug)]
pub(super) struct Halves {
    client: Half,
    server: Half,
}

impl Halves {
    pub(super) fn of(&mut self, direction: Direction) -> &mut Half {
        match direction {
            Direction::FromClient => &mut self.client,
            Direction::FromServer => &mut self.server,
        }
    }

    pub(super) fn protection(&self, direction: Direction) -> &Protection {
        match direction {
            Direction::FromClient => &self.client.protection,
            Direction::FromServer => &self.server.protection,
        }
    }
}

impl Default for Halves {
    fn default() -> Self {
        Self {
            client: Half::new(Direction::FromClient),
            server: Half::new(Direction::FromServer),
        }
    }
}

/// Early data that nobody can open before the server has answered, with what else its sender sent meanwhile.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    pub(super) records: Vec<Placed>,
    bytes: usize,
    is_full: bool,
    /// How many encrypted ones there was no room for.
    pub(super) turned_away: u64,
}

/// How much early data may wait for the server's answer. OpenSSL takes 16 KiB, rustls what it is told.
const WAITING_BYTES_MAX: usize = 256 * 1024;

/// What a waiting record costs beside its bytes, so that many empty ones do not wait for free.
const WAITING_RECORD_COST: usize = size_of::<Placed>();

impl Waiting {
    /// `false` if there is no room, or was none for one before it: their order matters.
    pub(super) fn push(&mut self, placed: &Placed) -> bool {
        let cost = placed.bytes.len() + WAITING_RECORD_COST;
        self.is_full |= self.bytes + cost > WAITING_BYTES_MAX;
        if self.is_full {
            let is_encrypted = placed.header.content_type == ContentType::ApplicationData;
            self.turned_away += u64::from(is_encrypted);
            return false;
        }
        self.bytes += cost;
        self.records.push(Placed {
            // A copy, as the record may be a small part of a large chunk, which it would keep alive.
            bytes: Bytes::copy_from_slice(&placed.bytes),
            ..placed.clone()
        });
        true
    }
}
