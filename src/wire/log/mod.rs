//! What is recorded of all connections, bounded, and who may see it: what the tap saw, and the secrets beside it.
//! Kept and handed out only: what the bytes mean is computed by the pure rooms beside this one. No socket and no clock.

mod borders;
mod fingerprint;
mod half;
mod kept;
mod marks;
mod owner;
mod pieces;
mod plaintext;
/// News that waits to be written by a thread of its own.
pub mod queue;
mod record;
mod recorder;
mod shelf;
mod sight;
mod sink;
mod telling;

use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

pub use borders::Borders;
pub use fingerprint::{Fingerprint, Fingerprinter};
pub use half::{HEAD_LEN, TAIL_LEN};
pub use kept::{Ending, State};
pub use owner::{Badge, Owner, Traveller, Viewer};
pub use record::Cursor;
pub use recorder::Recorder;
pub use shelf::HELD_BYTES_MAX;
pub use sight::{Reading, Sight};
pub use sink::{About, News, Sink};

use shelf::Shelf;

/// The record of all connections.
pub struct WireLog {
    shelf: Arc<Shelf>,
}

impl WireLog {
    /// Empty. `sinks` are told of everything from the first byte on; at most `held_bytes_max` are held at a time.
    #[must_use]
    pub fn new(held_bytes_max: usize, sinks: Vec<Arc<dyn Sink>>) -> Self {
        Self {
            shelf: Arc::new(Shelf::new(held_bytes_max, sinks)),
        }
    }

    /// Begins the record of a connection. `is_tls`: whether a handshake is expected, as the first byte tells.
    #[must_use]
    pub fn open(&self, about: About, is_tls: bool) -> Arc<Recorder> {
        let recorder = Arc::new(Recorder::new(about, is_tls, Arc::clone(&self.shelf)));
        self.shelf.put(Arc::clone(&recorder));
        recorder
    }

    /// Those connections that are still kept and that this viewer may see, in the order in which they came.
    #[must_use]
    pub fn connections(&self, viewer: &Viewer) -> Vec<Sight> {
        let all = self.shelf.all().into_iter();
        all.filter_map(|recorder| Sight::of(recorder, *viewer))
            .collect()
    }

    /// The one of this number, if it is still kept and this viewer may see it: the same answer for both, so that nobody learns which
    /// there are.
    #[must_use]
    pub fn connection(&self, viewer: &Viewer, number: u64) -> Option<Sight> {
        Sight::of(self.shelf.get(number)?, *viewer)
    }

    /// Changes whenever a connection comes, changes its state, or goes.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.shelf.changes()
    }

    /// Somebody has logged in on this connection, with this session. Where their browser was told from others before, what
    /// it did is the session's, too.
    pub fn logged_in(&self, on: &Recorder, session: Badge) {
        match on.owner() {
            Owner::Browser(browser) => {
                for recorder in self.shelf.all() {
                    recorder.logged_in(browser, session);
                }
            }
            _ => on.carries(Traveller::Session(session)),
        }
        self.shelf.changed();
    }

    /// How much is held of all of them together, in bytes.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.shelf.held_bytes()
    }
}

impl Drop for WireLog {
    fn drop(&mut self) {
        self.shelf.clear();
    }
}

impl fmt::Debug for WireLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireLog")
            .field("held_bytes", &self.held_bytes())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
