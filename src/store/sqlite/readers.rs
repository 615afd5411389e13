//! A few connections that only read, lent to one piece of work at a time, off the async threads.
//! No SQL and no writes: a reader's connection could not write if it tried.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::{failure, opening};
use crate::store::StoreError;

/// How many reads run at once: each takes a thread, and SQLite reads are CPU and page cache, so
/// more than a small machine's cores would only take turns.
const READERS: usize = 4;

/// The connections, and the right to one of them.
pub(super) struct Readers {
    path: Arc<Path>,
    busy_wait: Duration,
    permits: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    /// Opens all connections.
    pub(super) fn open(path: Arc<Path>, busy_wait: Duration) -> Result<Self, StoreError> {
        let connections = (0..READERS)
            .map(|_| opening::open_for_reading(&path, busy_wait))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            path,
            busy_wait,
            permits: Arc::new(Semaphore::new(READERS)),
            idle: Arc::new(Mutex::new(connections)),
        })
    }

    /// Waits for a connection, then does `work` with it on a thread that may block.
    pub(super) async fn read<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let permits = Arc::clone(&self.permits);
        let permit = permits
            .acquire_owned()
            .await
            .map_err(|_| StoreError::Closed)?;
        let (path, idle) = (Arc::clone(&self.path), Arc::clone(&self.idle));
        let busy_wait = self.busy_wait;
        off_the_async_threads(&self.path, move || {
            // None is idle if work panicked and its connection was lost with it: open another one.
            let lent = take(&idle);
            let db = lent.map_or_else(|| opening::open_for_reading(&path, busy_wait), Ok)?;
            let answer = work(&db);
            give_back(&idle, db);
            drop(permit);
            answer.map_err(|error| failure::from_sqlite(&path, &error))
        })
        .await
    }

    /// Waits for the reads under way, then closes all connections.
    pub(super) async fn close(&self) {
        let all = u32::try_from(READERS).unwrap_or(u32::MAX);
        // An error means that the readers are closed already.
        let _permits = self.permits.acquire_many(all).await;
        self.permits.close();
        while take(&self.idle).is_some() {}
    }
}

/// Where all blocking work of the stores runs: on tokio's threads for it, never on an async one.
pub(super) async fn off_the_async_threads<T: Send + 'static>(
    path: &Path,
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(answer) => answer,
        Err(broken) if broken.is_panic() => Err(failure::broke_off(path)),
        // The runtime is shutting down and did not start the work.
        Err(_) => Err(StoreError::Closed),
    }
}

fn take(idle: &Mutex<Vec<Connection>>) -> Option<Connection> {
    idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

fn give_back(idle: &Mutex<Vec<Connection>>, db: Connection) {
    idle.lock().unwrap_or_else(PoisonError::into_inner).push(db);
}
