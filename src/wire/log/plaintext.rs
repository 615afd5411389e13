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

    /// Nothing is under way.
    pub(super) fn checkpoint(&mut self) {
        self.settle();
        self.pending = Some(Vec::new());
    }

    /// Whether the client has sent anything since then.
    pub(super) fn has_come_since(&self) -> bool {
        self.pending.as_ref().is_none_or(|it| !it.is_empty())
    }

    /// Forgets what the client has sent since then.
    pub(super) fn take_back(&mut self) {
        self.pending = None;
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
