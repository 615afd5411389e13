//! A running fingerprint of what the application read and wrote above TLS: the standing proof of what is decrypted from the wire.
//! None of the bytes is kept, but for a request that may have to be taken back.

use super::fingerprint::{Fingerprint, Fingerprinter};
use crate::octets::Direction::{self, FromClient};
use crate::wire::both::Both;

/// The longest request head, and as much again of what is read together with its end; what is more comes after the request is known.
const PENDING_LEN_MAX: usize = 32 * 1024;

/// Both directions.
#[derive(Debug, Default)]
pub(super) struct Plaintext {
    running: Both<Fingerprinter>,
    /// What the client has sent since nothing was under way: it may have to be taken back.
    pending: Option<Vec<u8>>,
    /// As it was before that, where the request is answered while another one may have to be taken back with it.
    before: Option<Box<Both<Fingerprinter>>>,
}

impl Plaintext {
    /// Takes what was read or written next.
    pub(super) fn note(&mut self, direction: Direction, bytes: &[u8]) {
        if let Some(pending) = &mut self.pending {
            if direction == FromClient && pending.len() + bytes.len() <= PENDING_LEN_MAX {
                pending.extend_from_slice(bytes);
                return;
            }
            // It is being answered.
            self.settle();
        }
        self.running.of_mut(direction).update(bytes);
    }

    /// How much is held of what may have to be taken back, in bytes.
    pub(super) fn held_len(&self) -> usize {
        self.pending.as_ref().map_or(0, Vec::capacity)
    }

    /// Remembers how it was at the latest checkpoint: what is answered now may have to be taken back all the same.
    pub(super) fn remember(&mut self) {
        if self.pending.is_some() && self.before.is_none() {
            self.before = Some(Box::new(self.running.clone()));
        }
    }

    /// Nothing is under way.
    pub(super) fn checkpoint(&mut self) {
        self.settle();
        self.before = None;
        self.pending = Some(Vec::new());
    }

    /// Whether the client has sent anything since then.
    pub(super) fn has_come_since(&self) -> bool {
        self.pending.as_ref().is_none_or(|it| !it.is_empty())
    }

    /// Forgets what has come since then.
    pub(super) fn take_back(&mut self) {
        self.pending = None;
        if let Some(before) = self.before.take() {
            self.running = *before;
        }
    }

    /// Of all so far.
    pub(super) fn fingerprints(&self) -> Both<Fingerprint> {
        let mut running = self.running.clone();
        running
            .client
            .update(self.pending.as_deref().unwrap_or_default());
        running.map(Fingerprinter::fingerprint)
    }

    fn settle(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.running.client.update(&pending);
        }
    }
}
