//! The one thread that writes a database: it gathers waiting work into one commit, and answers after it.
//! What the work is, it does not know; no SQL but for clearing up after it.
//!
//! A commit costs one `fdatasync`, whatever it holds. So whatever queued up during one commit goes into the
//! next one together, and the busier the server, the cheaper each write. Jobs that share a commit have a
//! savepoint each: one that fails is undone alone, the others stand.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::failure;
use super::place::Place;
use super::readers::off_the_async_threads;
use crate::store::StoreError;

/// How many jobs may wait for the thread; further callers wait, asynchronously, for a place.
const WAITING_JOBS_MAX: usize = 1024;

/// How many jobs share a commit: enough that the `fdatasync` is a small part of it, few enough that the
/// first of them is answered within some milliseconds.
const GROUP_JOBS_MAX: usize = 256;

/// How long the thread waits for readers to step aside before it leaves clearing up for another time.
const CLEARING_WAIT: Duration = Duration::from_millis(20);

/// Where copies of what a job removed may still lie when it is committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Traces {
    /// Nothing was removed that was meant to vanish.
    None,
    /// In the write-ahead log, which keeps earlier versions of pages.
    InLog,
    /// Also in the unused parts of pages, where SQLite leaves copies of rows that it has moved.
    InPages,
}

/// The asynchronous side: hands jobs to the thread.
pub(super) struct Writer {
    path: Arc<Path>,
    orders: mpsc::Sender<Order>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread. It keeps `lock` until the database is closed.
    pub(super) fn start(
        path: Arc<Path>,
        place: Place,
        thread_name: &str,
        db: Connection,
        lock: File,
        busy_wait: Duration,
    ) -> Result<Self, StoreError> {
        let (orders, incoming) = mpsc::channel(WAITING_JOBS_MAX);
        let writing = WriterThread {
            path: Arc::clone(&path),
            place,
            orders: incoming,
            db,
            busy_wait,
            traces: Traces::InLog,
            _lock: lock,
        };
        let thread = thread::Builder::new()
            .name(thread_name.to_owned())
            .spawn(|| writing.run())
            .map_err(|error| StoreError::Other {
                path: path.to_path_buf(),
                detail: format!("no thread could be started: {error}"),
            })?;
        Ok(Self {
            path,
            orders,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// Has `work` done and committed. It is undone alone if it fails, and with the whole commit if that fails.
    pub(super) async fn write<T, F>(&self, traces: Traces, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let job = Box::new(Work {
            path: Arc::clone(&self.path),
            work: Some(work),
            result: None,
            answer,
        });
        // Either fails only when the thread has ended.
        self.orders
            .send(Order::Do(traces, job))
            .await
            .map_err(|_| StoreError::Closed)?;
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Takes no more jobs, has those that wait done, closes the database and ends the thread.
    pub(super) async fn close(&self) {
        // Fails if the thread has ended already.
        let _sent = self.orders.send(Order::Close).await;
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // Nothing is left to tell if the thread panicked: whoever waited for it was answered `Closed`.
            let _joined = off_the_async_threads(&self.path, move || Ok(thread.join().ok())).await;
        }
    }
}

enum Order {
    Do(Traces, Box<dyn Job>),
    Close,
}

/// A piece of work of any type.
trait Job: Send {
    /// Does the work, within a savepoint or alone in a transaction. The error is also kept for the answer.
    fn carry_out(&mut self, db: &Connection) -> Result<(), StoreError>;

    /// Tells the caller what became of it, given what became of the commit.
    fn answer(self: Box<Self>, committed: Result<(), StoreError>);
}

struct Work<T, F> {
    path: Arc<Path>,
    work: Option<F>,
    result: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Work<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> rusqlite::Result<T> + Send,
{
    fn carry_out(&mut self, db: &Connection) -> Result<(), StoreError> {
        let Some(work) = self.work.take() else {
            return Ok(());
        };
        // Whatever the work left half done is undone: nothing broken can be seen later.
        let result = match catch_unwind(AssertUnwindSafe(|| work(db))) {
            Ok(done) => done.map_err(|error| failure::from_sqlite(&self.path, &error)),
            Err(_panic) => Err(failure::broke_off(&self.path)),
        };
        let outcome = result.as_ref().map(|_| ()).map_err(Clone::clone);
        self.result = Some(result);
        outcome
    }

    fn answer(self: Box<Self>, committed: Result<(), StoreError>) {
        let answer = match self.result {
            Some(Err(own)) => Err(own),
            Some(Ok(value)) => committed.map(|()| value),
            // Its turn did not come, because the commit failed before.
            None => committed.and(Err(StoreError::Closed)),
        };
        // The caller may have stopped waiting; the write stands all the same.
        let _received = self.answer.send(answer);
    }
}

/// What the thread owns. The fields go in this order at the end: the lock after the database.
struct WriterThread {
    path: Arc<Path>,
    place: Place,
    orders: mpsc::Receiver<Order>,
    db: Connection,
    busy_wait: Duration,
    traces: Traces,
    _lock: File,
}

impl WriterThread {
    fn run(mut self) {
        // A crash may have left a log.
        self.remove_traces();
        while let Some(first) = self.orders.blocking_recv() {
            let group = self.gather(first);
            self.commit(group);
            if self.orders.is_empty() {
                self.remove_traces();
            }
        }
        self.remove_traces();
    }

    /// `first` and what waits behind it.
    fn gather(&mut self, first: Order) -> Vec<Box<dyn Job>> {
        let mut group = Vec::new();
        let mut next = Some(first);
        while let Some(order) = next {
            match order {
                Order::Do(traces, job) => {
                    self.traces = self.traces.max(traces);
                    group.push(job);
                }
                // From here on nobody can send; what was sent can still be received.
                Order::Close => self.orders.close(),
            }
            if group.len() >= GROUP_JOBS_MAX {
                break;
            }
            next = self.orders.try_recv().ok();
        }
        group
    }

    /// Does all jobs in one transaction, commits it, and only then answers.
    fn commit(&mut self, mut group: Vec<Box<dyn Job>>) {
        if group.is_empty() {
            return;
        }
        let committed = self.in_one_transaction(&mut group);
        for job in group {
            job.answer(committed.clone());
        }
    }

    fn in_one_transaction(&mut self, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        self.place.check()?;
        self.execute("BEGIN IMMEDIATE")?;
        let done = self.carry_out(group).and_then(|()| self.execute("COMMIT"));
        // On a full disk SQLite may have rolled back everything by itself.
        if done.is_err() && !self.db.is_autocommit() {
            self.execute("ROLLBACK")?;
        }
        done
    }

    fn carry_out(&self, group: &mut [Box<dyn Job>]) -> Result<(), StoreError> {
        if let [alone] = group {
            // Nothing else would be undone with it, and a savepoint copies every page that it changes.
            return alone.carry_out(&self.db);
        }
        for job in group {
            self.execute("SAVEPOINT job")?;
            match job.carry_out(&self.db) {
                Ok(()) => {}
                Err(error) if self.db.is_autocommit() => return Err(error),
                Err(_) => self.execute("ROLLBACK TO job")?,
            }
            self.execute("RELEASE job")?;
        }
        Ok(())
    }

    /// Carries out a statement of every group, which stays prepared.
    fn execute(&self, sql: &'static str) -> Result<(), StoreError> {
        self.db
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map(drop)
            .map_err(|error| failure::from_sqlite(&self.path, &error))
    }

    /// Makes what was removed unreadable on the disk too. If it cannot be done now, because somebody
    /// reads or the disk is full, it is tried again after the next group.
    fn remove_traces(&mut self) {
        // Files that are not in their place any more stay as they are, so that they can be copied one after the other.
        if self.traces == Traces::None || self.place.check().is_err() {
            return;
        }
        // Setting the wait cannot fail on an open connection.
        let _short = self.db.busy_timeout(CLEARING_WAIT);
        if self.traces == Traces::InPages && self.db.execute_batch("VACUUM").is_ok() {
            self.traces = Traces::InLog;
        }
        if self.traces == Traces::InLog && self.empty_log().unwrap_or(false) {
            self.traces = Traces::None;
        }
        let _usual = self.db.busy_timeout(self.busy_wait);
    }

    /// Copies the write-ahead log into the database and cuts it to nothing; false if somebody was in the way.
    fn empty_log(&self) -> rusqlite::Result<bool> {
        self.db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get("busy"))
            .map(|busy: bool| !busy)
    }
}

#[cfg(test)]
mod tests;
