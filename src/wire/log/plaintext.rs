//! A running digest of what the application read and wrote above TLS: the standing proof of what is decrypted from the wire.
//! None of the bytes is kept.

use std::fmt;

use aws_lc_rs::digest::{Context, SHA256};

use crate::octets::Direction;
use crate::wire::both::Both;

/// What the application read or wrote in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlaintextDigest {
    /// How many bytes.
    pub len: u64,
    /// The SHA-256 of all of them.
    pub sha256: [u8; 32],
}

/// Both directions.
#[derive(Debug, Default)]
pub(super) struct Plaintext {
    running: Both<Running>,
    checkpoint: Both<Running>,
}

#[derive(Clone)]
struct Running {
    len: u64,
    context: Context,
}

impl Plaintext {
    /// Takes what was read or written next.
    pub(super) fn note(&mut self, direction: Direction, bytes: &[u8]) {
        let running = self.running.of_mut(direction);
        running.len += bytes.len() as u64;
        running.context.update(bytes);
    }

    /// Remembers how far it has come.
    pub(super) fn checkpoint(&mut self) {
        self.checkpoint = self.running.map(Running::clone);
    }

    /// Goes back to what was remembered last.
    pub(super) fn take_back(&mut self) {
        self.running = self.checkpoint.map(Running::clone);
    }

    /// Over all so far.
    pub(super) fn digests(&self) -> Both<PlaintextDigest> {
        self.running.map(|running| {
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
