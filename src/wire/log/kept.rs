//! What is kept of one connection, and how much of it is shown: its bytes, secrets and words, and whose it is.
//! No lock, and nobody is told of anything: that is the recorder's.

use super::fingerprint::Fingerprint;
use super::owner::Owner;
use super::plaintext::Plaintext;
use super::record::{Cursor, Hold, Record};
use super::sight::Reading;
use super::telling::Waiting;
use crate::wire::both::Both;
use crate::wire::decrypt::Secrets;
use crate::wire::event::Event;

/// What is kept of a connection. Whoever holds it was let in by `Recorder::shown_to`.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) record: Record,
    pub(super) secrets: Secrets,
    pub(super) owner: Owner,
    pub(super) negotiated: Option<String>,
    pub(super) ended: Option<Ending>,
    /// Whether another's request may come next.
    pub(super) should_close: bool,
    /// Whether it has carried a request and its response.
    pub(super) has_carried: bool,
    pub(super) waiting: Waiting,
    /// Under TLS. Boxed, since a connection in clear would have as much room for it.
    pub(super) plaintext: Option<Box<Plaintext>>,
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// When, in nanoseconds since 1970.
    pub time_ns: u64,
    /// In a few words, as in the log.
    pub why: String,
}

/// A connection as a whole, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// How many bytes have crossed.
    pub bytes: Both<u64>,
    /// How many of them were not kept.
    pub missing: Both<u64>,
    /// What the handshake agreed on, in a line; `None` without TLS, or before it is through.
    pub negotiated: Option<String>,
    /// How it ended, if it has.
    pub ended: Option<Ending>,
}

impl Kept {
    /// Before the first byte. `is_tls`: whether a handshake is expected.
    pub(super) fn new(is_tls: bool) -> Self {
        Self {
            record: Record::default(),
            secrets: Secrets::default(),
            owner: Owner::default(),
            negotiated: None,
            ended: None,
            should_close: false,
            has_carried: false,
            waiting: Waiting::new(is_tls),
            plaintext: is_tls.then(Box::default),
        }
    }

    pub(super) fn state(&self) -> State {
        State {
            bytes: self.record.totals(),
            missing: self.record.missing(),
            negotiated: self.negotiated.clone(),
            ended: self.ended.clone(),
        }
    }

    pub(super) fn read(&self, cursor: &mut Cursor) -> Reading {
        Reading {
            events: self.record.read(cursor, self.hold()),
            secrets: self.secrets.clone(),
            state: self.state(),
        }
    }

    /// Whether `read` would give something for this cursor, or nothing more will come.
    pub(super) fn has_news(&self, cursor: &Cursor) -> bool {
        self.ended.is_some() || self.record.has_news(cursor, self.hold())
    }

    /// `None` without TLS.
    pub(super) fn plaintext_fingerprints(&self) -> Option<Both<Fingerprint>> {
        self.plaintext.as_ref().map(|it| it.fingerprints())
    }

    /// What is not shown yet.
    fn hold(&self) -> Hold {
        match self.owner {
            // None but the instructor sees it, who may see everybody's.
            Owner::Nobody | Owner::Several if !self.waiting.is_handshake() => Hold::Nothing,
            _ => self.waiting.hold(),
        }
    }

    /// The handshake is through, or has failed. True if nothing came together with its last record.
    pub(super) fn settle(&mut self, unread_len: usize) -> bool {
        if let Some(plaintext) = &mut self.plaintext
            && self.waiting.is_handshake()
        {
            plaintext.checkpoint();
        }
        let totals = self.record.totals();
        self.waiting.settle(totals, unread_len)
    }

    pub(super) fn claim_the_rest(&mut self, tell: impl FnMut(&Event)) {
        let client_total = self.record.totals().client;
        self.waiting.claim_the_rest(client_total, tell);
    }

    pub(super) fn has_unclaimed(&self) -> bool {
        let has_come_inside = self.plaintext.as_ref().map(|it| it.has_come_since());
        self.waiting
            .has_unclaimed(self.record.totals(), has_come_inside)
    }

    /// How much memory it takes, in bytes.
    pub(super) fn cost(&self) -> usize {
        let pending_len = self.plaintext.as_ref().map_or(0, |it| it.held_len());
        self.record.cost() + self.waiting.cost() + pending_len
    }
}
