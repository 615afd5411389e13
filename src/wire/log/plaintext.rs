//! A running digest of what the application read and wrote above TLS: the standing proof of what is decrypted from the wire.
//! None of the bytes is kept.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};

use crate::octets::Direction::{self, FromClient};
use crate::wire::both::Both;

/// What the application read or wrote in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaintextDigest {
    /// How many bytes.
    pub len: u64,
    /// The SHA-256 of all of them.
    pub sha256: [u8; 32],
}

/// A request head fits; whoever sends more is not asking for the view.
const PENDING_LEN_MAX: usize = 16 * 1024;

/// Both directions.
#[derive(Debug, Default)]
pub(super) struct Plaintext {
    running: Both<Running>,
    /// What the client has sent since nothing was under way: it may have to be taken back.
    pending: Option<Vec<u8>>,
}

#[derive(Clone)]
struct Running {
    len: u64,
    context: Context,
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

    fn settle(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.running.client.update(&pending);
        }
    }

    /// Over all so far.
    pub(super) fn digests(&self) -> Both<PlaintextDigest> {
        let mut running = self.running.map(Running::clone);
        running
            .client
            .update(self.pending.as_deref().unwrap_or_default());
        running.map(|running| {
            let mut sha256 = [0; 32];
            let digest = running.context.clone().finish();
            for (place, byte) in sha256.iter_mut().zip(digest.as_ref()) {
                *place = *byte;
            }
            PlaintextDigest {
                len: running.len,
                sha256,
            }
        })
    }
}

impl Running {
    fn update(&mut self, bytes: &[u8]) {
        self.len += bytes.len() as u64;
        self.context.update(bytes);
    }
}

impl Default for Running {
    fn default() -> Self {
        Self {
            len: 0,
            context: Context::new(&SHA256),
        }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}
