//! Where all recorders stand, and how much they may hold together: the oldest closed connections make room, then the largest open ones.
//! Nothing of what they hold.

use std::cmp::Reverse;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::recorder::Recorder;
use super::sink::Sink;

/// So much may be held of all connections together, in bytes: a class of thirty with a few hundred connections each.
pub const HELD_BYTES_MAX: usize = 128 * 1024 * 1024;

/// Open connections give up this part more than they must, so that not every chunk has to look for the largest of them.
const SLACK: usize = 32;

/// All recorders.
pub(super) struct Shelf {
    held_bytes: AtomicUsize,
    held_bytes_max: usize,
    rows: Mutex<Rows>,
    sinks: Vec<Arc<dyn Sink>>,
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct Rows {
    recorders: BTreeMap<u64, Arc<Recorder>>,
    /// Those whose connection is over, the oldest first.
    ended: VecDeque<u64>,
}

impl Shelf {
    pub(super) fn new(held_bytes_max: usize, sinks: Vec<Arc<dyn Sink>>) -> Self {
        Self {
            held_bytes: AtomicUsize::new(0),
            held_bytes_max,
            rows: Mutex::default(),
            sinks,
            changes: watch::Sender::new(0),
        }
    }

    pub(super) fn put(&self, recorder: Arc<Recorder>) {
        let number = recorder.about().number;
        self.rows().recorders.insert(number, recorder);
        self.make_room();
        self.changed();
    }

    pub(super) fn get(&self, number: u64) -> Option<Arc<Recorder>> {
        self.rows().recorders.get(&number).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<Recorder>> {
        self.rows().recorders.values().cloned().collect()
    }

    /// Its connection is over: from now on it may go.
    pub(super) fn ended(&self, number: u64) {
        self.rows().ended.push_back(number);
    }

    /// Lets one go at once.
    pub(super) fn forget(&self, number: u64) {
        // Not dropped with the lock held.
        let gone = self.rows().recorders.remove(&number);
        if let Some(recorder) = gone {
            recorder.leave();
        }
    }

    /// Lets all go. They hold the shelf as it holds them, so one side has to begin.
    pub(super) fn clear(&self) {
        let gone = std::mem::take(&mut *self.rows());
        drop(gone);
    }

    pub(super) fn sinks(&self) -> &[Arc<dyn Sink>] {
        &self.sinks
    }

    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Tells that a connection has come, changed or gone.
    pub(super) fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// How much is held.
    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes.load(Ordering::Relaxed)
    }

    /// Counts `now` bytes of a recorder in place of those `before`.
    pub(super) fn replace(&self, before: usize, now: usize) {
        if now > before {
            self.held_bytes.fetch_add(now - before, Ordering::Relaxed);
        } else {
            self.held_bytes.fetch_sub(before - now, Ordering::Relaxed);
        }
    }

    /// Where more is held than may be, closed connections go, the oldest first; if there is none, the open ones that hold most give up
    /// what they can. Not with the lock of any recorder held.
    pub(super) fn make_room(&self) {
        while self.held_bytes() > self.held_bytes_max {
            let Some(number) = self.rows().ended.pop_front() else {
                return self.shrink_largest();
            };
            let oldest = self.rows().recorders.remove(&number);
            if let Some(recorder) = oldest {
                recorder.leave();
                self.changed();
            }
        }
    }

    fn shrink_largest(&self) {
        let wanted = self.held_bytes_max - self.held_bytes_max / SLACK;
        loop {
            let before = self.held_bytes();
            let mut open = self.all();
            // Each is asked once: they grow meanwhile, and a sort that is told two things of one panics.
            open.sort_by_cached_key(|recorder| Reverse(recorder.cost()));
            for recorder in open {
                if self.held_bytes() <= wanted {
                    return;
                }
                recorder.shrink();
            }
            // What is left cannot be given up: a record that is coming in, a request that is not known yet.
            if self.held_bytes() >= before {
                return;
            }
        }
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
