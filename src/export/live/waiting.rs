//! What one live reader has not had yet, bounded in bytes: who brings it never waits, and a reader who is too slow ends.
//! What is done with it is not known here.

use std::collections::VecDeque;
use std::sync::Mutex;

use tokio::sync::Notify;

use super::lock;
use crate::wire::event;
use crate::wire::log::queue::What;

/// What a piece of news takes besides its bytes.
const PIECE_COST: usize = 256;

/// A piece of news.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    /// Of which connection.
    pub(super) number: u64,
    /// Where the bytes stand in all that their direction sent.
    pub(super) at: u64,
    pub(super) what: What,
}

/// Why nothing more comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// More would have waited than may.
    Overrun,
    /// There is nothing more.
    Closed,
}

/// News for one reader.
#[derive(Debug)]
pub(super) struct Waiting {
    bytes_max: usize,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    pieces: VecDeque<Piece>,
    bytes: usize,
    end: Option<End>,
}

impl Waiting {
    /// Empty. About so many bytes may wait.
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            bytes_max,
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    /// Takes a piece; false if this reader has come to its end, perhaps by this very piece.
    pub(super) fn put(&self, piece: Piece) -> bool {
        let mut state = lock(&self.state);
        if state.end.is_some() {
            return false;
        }
        if state.bytes >= self.bytes_max {
            drop(state);
            self.end(End::Overrun);
            return false;
        }
        state.bytes += PIECE_COST;
        if let What::Event(event) = &piece.what
            && let event::What::Bytes(bytes) = &event.what
        {
            state.bytes += bytes.len();
        }
        state.pieces.push_back(piece);
        drop(state);
        self.changed.notify_one();
        true
    }

    /// Nothing more is taken. What waits is still given out, unless it was too much.
    pub(super) fn end(&self, end: End) {
        let mut state = lock(&self.state);
        if end == End::Overrun {
            state.pieces = VecDeque::new();
        }
        state.end.get_or_insert(end);
        drop(state);
        self.changed.notify_one();
    }

    /// All that waits; waits for something.
    pub(super) async fn next(&self) -> Result<VecDeque<Piece>, End> {
        loop {
            {
                let mut state = lock(&self.state);
                if !state.pieces.is_empty() {
                    state.bytes = 0;
                    return Ok(std::mem::take(&mut state.pieces));
                }
                if let Some(end) = state.end {
                    return Err(end);
                }
            }
            self.changed.notified().await;
        }
    }

    /// Resolves when more would have waited than may.
    pub(super) async fn overrun(&self) {
        while lock(&self.state).end != Some(End::Overrun) {
            self.changed.notified().await;
        }
    }
}
