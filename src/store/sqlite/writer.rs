//! The one thread that writes a database: it gathers waiting work into one commit, and answers after it.
//! What the work is, it does not know; no SQL but for clearing up after it.
//!
//! A commit costs one fsync, whatever it holds. So whatever queued up during one commit goes into the
//! next one together, and the busier the server, the cheaper each write. Within a commit each job has a
//! savepoint of its own: one that fails is undone alone, the others stand.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::failure;
use super::readers::off_the_async_threads;
use crate::store::StoreError;

/// How many jobs may wait for the thread; further callers wait, asynchronously, for a place.
const WAITING_JOBS_MAX: usize = 1024;

/// How many jobs share a commit: enough that the fsync is a small part of it, few enough that the
/// first of them is answered within some milliseconds.
const GROUP_JOBS_MAX: usize = 256;

/// How long the thread waits for readers to step aside before it empties the log another time.
const EMPTY_LOG_WAIT: Duration = Duration::from_millis(20);

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
        thread_name: &str,
        db: Connection,
        lock: File,
        busy_wait: Duration,
    ) -> Result<Self, StoreError> {
        let (orders, incoming) = mpsc::channel(WAITING_JOBS_MAX);
        let writing = WriterThread {
            path: Arc::clone(&path),
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
    /// Does the work, within a savepoint. The error is also kept for the answer.
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
        // Whatever the work left half done, the savepoint undoes: nothing broken can be seen later.
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
        let path = Arc::clone(&self.path);
        let sqlite = |error| failure::from_sqlite(&path, &error);
        // Returning early drops the transaction, and that rolls it back.
        let mut transaction = self
            .db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(sqlite)?;
        for job in group {
            let mut savepoint = transaction.savepoint().map_err(sqlite)?;
            match job.carry_out(&savepoint) {
                Ok(()) => savepoint.commit().map_err(sqlite)?,
                // On a full disk SQLite may have rolled back everything, the other jobs included.
                Err(error) if savepoint.is_autocommit() => return Err(error),
                Err(_) => {
                    savepoint.rollback().map_err(sqlite)?;
                    savepoint.commit().map_err(sqlite)?;
                }
            }
        }
        transaction.commit().map_err(sqlite)
    }

    /// Makes what was removed unreadable on the disk too. If it cannot be done now, because somebody
    /// reads or the disk is full, it is tried again after the next group.
    fn remove_traces(&mut self) {
        if self.traces == Traces::InPages && self.db.execute_batch("VACUUM").is_ok() {
            self.traces = Traces::InLog;
        }
        if self.traces == Traces::InLog && self.empty_log().unwrap_or(false) {
            self.traces = Traces::None;
        }
    }

    /// Copies the write-ahead log into the database and cuts it to nothing; false if somebody was in the way.
    fn empty_log(&self) -> rusqlite::Result<bool> {
        self.db.busy_timeout(EMPTY_LOG_WAIT)?;
        let in_the_way = self
            .db
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
                row.get::<_, bool>(0)
            });
        self.db.busy_timeout(self.busy_wait)?;
        in_the_way.map(|in_the_way| !in_the_way)
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::mpsc as std_mpsc;

    use tempfile::TempDir;
    use tokio::task::JoinHandle as Task;

    use super::*;
    use crate::store::sqlite::Database;
    use crate::store::sqlite::schema::Schema;

    /// Two tables, so that these tests need nothing of the chat.
    const WORDS: Schema = Schema {
        application_id: 1,
        thread_name: "words writer",
        steps: &["CREATE TABLE languages (id INTEGER PRIMARY KEY) STRICT;
                  CREATE TABLE words (
                      word     TEXT NOT NULL,
                      language INTEGER REFERENCES languages (id) DEFERRABLE INITIALLY DEFERRED
                  ) STRICT;"],
    };

    const SHORT_WAIT: Duration = Duration::from_millis(50);

    fn open(folder: &TempDir) -> (Arc<Database>, PathBuf) {
        let path = folder.path().join("words.sqlite3");
        let database = Database::open(&path, &WORDS, SHORT_WAIT).unwrap();
        (Arc::new(database), path)
    }

    /// Writes a word. A language that does not exist is noticed only at the commit.
    fn say(db: &Connection, word: &str, language: Option<i64>) -> rusqlite::Result<()> {
        db.prepare_cached("INSERT INTO words (word, language) VALUES (?1, ?2)")?
            .execute(rusqlite::params![word, language])
            .map(drop)
    }

    async fn words(database: &Database) -> Vec<String> {
        database
            .read(|db| {
                db.prepare_cached("SELECT word FROM words ORDER BY word")?
                    .query_map([], |row| row.get(0))?
                    .collect()
            })
            .await
            .unwrap()
    }

    fn start<T, F>(database: &Arc<Database>, work: F) -> Task<Result<T, StoreError>>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let database = Arc::clone(database);
        tokio::spawn(async move { database.write(work).await })
    }

    /// Keeps the thread busy until released, so that whatever is written meanwhile has to wait.
    async fn occupy(
        database: &Arc<Database>,
    ) -> (std_mpsc::Sender<()>, Task<Result<(), StoreError>>) {
        let (release, released) = std_mpsc::channel();
        let (started, has_started) = oneshot::channel();
        let job = start(database, move |_| {
            started.send(()).unwrap();
            released.recv().unwrap();
            Ok(())
        });
        has_started.await.unwrap();
        (release, job)
    }

    /// Returns when `count` orders wait for the thread, which must be occupied.
    async fn until_waiting(database: &Database, count: usize) {
        while database.writer.orders.capacity() > WAITING_JOBS_MAX - count {
            tokio::task::yield_now().await;
        }
    }

    /// Counts the commits in the write-ahead log: behind a header of 32 bytes stand frames, each 24
    /// bytes and a page; the last frame of a commit has something other than 0 in its bytes 4..8
    /// (https://www.sqlite.org/fileformat2.html#walformat).
    fn commits_in_log(database: &Path) -> usize {
        let log = std::fs::read(format!("{}-wal", database.display())).unwrap();
        let frames = log.get(32..).unwrap_or_default().chunks(24 + 4096);
        frames.filter(|frame| frame[4..8] != [0; 4]).count()
    }

    #[tokio::test]
    async fn what_waits_goes_into_one_commit_of_at_most_256_jobs() {
        for (jobs, commits) in [(1, 1), (GROUP_JOBS_MAX, 1), (GROUP_JOBS_MAX + 1, 2)] {
            let folder = TempDir::new().unwrap();
            let (database, path) = open(&folder);
            let (release, occupied) = occupy(&database).await;
            let before = commits_in_log(&path);
            let waiting: Vec<_> = (0..jobs)
                .map(|n| start(&database, move |db| say(db, &n.to_string(), None)))
                .collect();
            until_waiting(&database, jobs).await;
            release.send(()).unwrap();
            occupied.await.unwrap().unwrap();
            for job in waiting {
                job.await.unwrap().unwrap();
            }
            assert_eq!(commits_in_log(&path) - before, commits, "{jobs} jobs");
            assert_eq!(words(&database).await.len(), jobs);
        }
    }

    #[tokio::test]
    async fn a_job_that_fails_or_panics_is_undone_alone() {
        let folder = TempDir::new().unwrap();
        let (database, path) = open(&folder);
        let (release, occupied) = occupy(&database).await;
        let good = start(&database, |db| say(db, "good", None));
        let failing = start(&database, |db| {
            say(db, "half", None)?;
            db.execute("INSERT INTO words (word) VALUES (NULL)", [])
        });
        let panicking = start(&database, |db| -> rusqlite::Result<()> {
            say(db, "half", None)?;
            panic!("a defect");
        });
        let after = start(&database, |db| say(db, "well", None));
        until_waiting(&database, 4).await;
        release.send(()).unwrap();
        occupied.await.unwrap().unwrap();

        assert_eq!(good.await.unwrap(), Ok(()));
        let error = failing.await.unwrap().unwrap_err();
        assert!(error.to_string().contains("NOT NULL constraint"), "{error}");
        assert_eq!(panicking.await.unwrap(), Err(failure::broke_off(&path)));
        assert_eq!(after.await.unwrap(), Ok(()));
        assert_eq!(words(&database).await, ["good", "well"]);
    }

    #[tokio::test]
    async fn if_the_commit_fails_nothing_was_written_and_everyone_hears_of_it() {
        let folder = TempDir::new().unwrap();
        let (database, _) = open(&folder);
        let (release, occupied) = occupy(&database).await;
        let innocent = start(&database, |db| say(db, "innocent", None));
        let spoiler = start(&database, |db| say(db, "spoiler", Some(99)));
        until_waiting(&database, 2).await;
        release.send(()).unwrap();
        occupied.await.unwrap().unwrap();

        for job in [innocent, spoiler] {
            let error = job.await.unwrap().unwrap_err();
            assert!(error.to_string().contains("FOREIGN KEY"), "{error}");
        }
        assert!(words(&database).await.is_empty());
        assert_eq!(
            start(&database, |db| say(db, "later", None)).await.unwrap(),
            Ok(())
        );
        assert_eq!(words(&database).await, ["later"]);
    }

    #[tokio::test]
    async fn a_full_disk_refuses_writes_and_room_makes_them_work_again() {
        let folder = TempDir::new().unwrap();
        let (database, path) = open(&folder);
        let pages_max = |pages: u32| {
            move |db: &Connection| {
                db.pragma_update_and_check(None, "max_page_count", pages, |row| {
                    row.get::<_, i64>(0)
                })
            }
        };
        let pages = start(&database, pages_max(0)).await.unwrap().unwrap();
        assert!(pages > 0);
        let used = start(&database, pages_max(8)).await.unwrap().unwrap();
        let long = "x".repeat(4096);
        let mut stored = 0;
        let refusal = loop {
            let word = long.clone();
            match start(&database, move |db| say(db, &word, None))
                .await
                .unwrap()
            {
                Ok(()) => stored += 1,
                Err(error) => break error,
            }
            assert!(
                stored < used,
                "{stored} words of a page each on {used} pages"
            );
        };
        assert_eq!(refusal, StoreError::Full { path });
        assert_eq!(
            words(&database).await.len(),
            usize::try_from(stored).unwrap()
        );

        // SQLite rolls back the whole transaction then: who shares it is refused too, not half stored.
        let (release, occupied) = occupy(&database).await;
        let small = start(&database, |db| say(db, "small", None));
        let big = start(&database, move |db| say(db, &long, None));
        let behind = start(&database, |db| say(db, "behind", None));
        until_waiting(&database, 3).await;
        release.send(()).unwrap();
        occupied.await.unwrap().unwrap();
        for job in [small, big, behind] {
            assert_eq!(job.await.unwrap(), Err(refusal.clone()));
        }
        assert_eq!(
            words(&database).await.len(),
            usize::try_from(stored).unwrap()
        );

        start(&database, pages_max(1000)).await.unwrap().unwrap();
        let word = "x".repeat(4096);
        assert_eq!(
            start(&database, move |db| say(db, &word, None))
                .await
                .unwrap(),
            Ok(())
        );
    }

    #[tokio::test]
    async fn another_programs_lock_refuses_writes_until_it_is_gone() {
        let folder = TempDir::new().unwrap();
        let (database, path) = open(&folder);
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let locked = start(&database, |db| say(db, "now", None)).await.unwrap();
        assert_eq!(locked, Err(StoreError::Locked { path }));
        assert!(words(&database).await.is_empty(), "reading goes on");

        other.execute_batch("ROLLBACK").unwrap();
        assert_eq!(
            start(&database, |db| say(db, "then", None)).await.unwrap(),
            Ok(())
        );
        assert_eq!(words(&database).await, ["then"]);
    }

    #[tokio::test]
    async fn a_full_queue_makes_callers_wait_and_no_thread() {
        let folder = TempDir::new().unwrap();
        let (database, _) = open(&folder);
        let (release, occupied) = occupy(&database).await;
        let jobs: Vec<_> = (0..=WAITING_JOBS_MAX)
            .map(|n| start(&database, move |db| say(db, &n.to_string(), None)))
            .collect();
        until_waiting(&database, WAITING_JOBS_MAX).await;
        // This test has one thread: that it comes here, with one caller still waiting, is the point.
        assert!(jobs.iter().all(|job| !job.is_finished()));
        release.send(()).unwrap();
        occupied.await.unwrap().unwrap();
        for job in jobs {
            job.await.unwrap().unwrap();
        }
        assert_eq!(words(&database).await.len(), WAITING_JOBS_MAX + 1);
    }

    #[tokio::test]
    async fn closing_finishes_what_waits_and_refuses_what_comes_later() {
        let folder = TempDir::new().unwrap();
        let (database, path) = open(&folder);
        let (release, occupied) = occupy(&database).await;
        let waiting = start(&database, |db| say(db, "waiting", None));
        until_waiting(&database, 1).await;
        let closing = tokio::spawn({
            let database = Arc::clone(&database);
            async move { database.close().await }
        });
        until_waiting(&database, 2).await;
        release.send(()).unwrap();
        occupied.await.unwrap().unwrap();
        assert_eq!(waiting.await.unwrap(), Ok(()));
        closing.await.unwrap();

        assert_eq!(
            start(&database, |db| say(db, "late", None)).await.unwrap(),
            Err(StoreError::Closed)
        );
        assert_eq!(database.read(|_| Ok(())).await, Err(StoreError::Closed));
        database.close().await;
        for ending in ["-wal", "-shm"] {
            let left = format!("{}{ending}", path.display());
            assert!(!Path::new(&left).exists(), "{left}");
        }
        let (again, _) = open(&folder);
        assert_eq!(words(&again).await, ["waiting"]);
    }

    #[tokio::test]
    async fn a_write_is_done_even_if_nobody_waits_for_it_any_more() {
        let folder = TempDir::new().unwrap();
        let (database, _) = open(&folder);
        let (release, occupied) = occupy(&database).await;
        let abandoned = start(&database, |db| say(db, "abandoned", None));
        until_waiting(&database, 1).await;
        abandoned.abort();
        assert!(abandoned.await.unwrap_err().is_cancelled());
        release.send(()).unwrap();
        occupied.await.unwrap().unwrap();
        assert_eq!(
            start(&database, |db| say(db, "next", None)).await.unwrap(),
            Ok(())
        );
        assert_eq!(words(&database).await, ["abandoned", "next"]);
    }

    #[tokio::test]
    async fn wiped_text_leaves_the_log_as_soon_as_the_thread_has_time() {
        let folder = TempDir::new().unwrap();
        let (database, path) = open(&folder);
        let on_disk = || {
            let log = std::fs::read(format!("{}-wal", path.display())).unwrap();
            let bytes = [std::fs::read(&path).unwrap(), log].concat();
            bytes.windows(6).any(|bytes| bytes == b"secret")
        };
        start(&database, |db| say(db, "secret", None))
            .await
            .unwrap()
            .unwrap();
        assert!(on_disk());
        database
            .erase(|db| db.execute("DELETE FROM words", []))
            .await
            .unwrap();
        // The log is emptied after the answer; each further write gives the thread its next chance.
        for _ in 0..100 {
            database.write(|_| Ok(())).await.unwrap();
            if !on_disk() {
                return;
            }
        }
        panic!("the text is still on the disk");
    }

    #[tokio::test]
    async fn readers_survive_a_panic_and_see_every_answered_write() {
        let folder = TempDir::new().unwrap();
        let (database, path) = open(&folder);
        // More often than there are readers: each one breaks at least once.
        for n in 1..=10 {
            let broken = database.read(|_| -> rusqlite::Result<()> { panic!("a defect") });
            assert_eq!(broken.await, Err(failure::broke_off(&path)));
            start(&database, |db| say(db, "word", None))
                .await
                .unwrap()
                .unwrap();
            assert_eq!(words(&database).await.len(), n);
        }
        let written = database.read(|db| say(db, "not by a reader", None)).await;
        assert!(
            matches!(written, Err(StoreError::NotWritable { .. })),
            "{written:?}"
        );
    }
}
