//! Where all recorders stand, and how much they may hold together: the oldest closed connections make room.
//! Nothing of what they hold.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::recorder::Recorder;
use super::sink::Sink;

/// So much may be held of all connections together, in bytes: a class of thirty with a few hundred connections each.
pub const HELD_BYTES_MAX: usize = 128 * 1024 * 1024;

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

    pub(super) fn take(&self, bytes: usize) {
        self.held_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn give_back(&self, bytes: usize) {
        self.held_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Counts `now` bytes of a recorder in place of those `before`; closed connections go to make room. False if
    /// there is none all the same.
    pub(super) fn replace(&self, before: usize, now: usize) -> bool {
        if now <= before {
            self.give_back(before - now);
            return true;
        }
        self.take(now - before);
        while self.held_bytes() > self.held_bytes_max {
            let oldest = {
                let mut rows = self.rows();
                let Some(number) = rows.ended.pop_front() else {
                    return false;
                };
                rows.recorders.remove(&number)
            };
            if let Some(recorder) = oldest {
                recorder.leave();
                self.changed();
            }
        }
        true
    }

    fn rows(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
