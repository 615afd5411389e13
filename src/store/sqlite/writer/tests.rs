//! What the writing thread promises, whatever it writes: grouping, undoing, clearing up, closing.

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

/// The thread, kept busy by a job until let go: whatever is written meanwhile has to wait.
struct Occupied {
    release: std_mpsc::Sender<()>,
    job: Task<Result<(), StoreError>>,
}

impl Occupied {
    async fn by_a_job_of(database: &Arc<Database>) -> Self {
        let (release, released) = std_mpsc::channel();
        let (started, has_started) = oneshot::channel();
        let job = start(database, move |_| {
            started.send(()).unwrap();
            released.recv().unwrap();
            Ok(())
        });
        has_started.await.unwrap();
        Self { release, job }
    }

    async fn let_go(self) {
        self.release.send(()).unwrap();
        self.job.await.unwrap().unwrap();
    }
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
        let occupied = Occupied::by_a_job_of(&database).await;
        let before = commits_in_log(&path);
        let waiting: Vec<_> = (0..jobs)
            .map(|n| start(&database, move |db| say(db, &n.to_string(), None)))
            .collect();
        until_waiting(&database, jobs).await;
        occupied.let_go().await;
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
    let occupied = Occupied::by_a_job_of(&database).await;
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
    occupied.let_go().await;

    assert_eq!(good.await.unwrap(), Ok(()));
    let error = failing.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("NOT NULL constraint"), "{error}");
    assert_eq!(panicking.await.unwrap(), Err(failure::broke_off(&path)));
    assert_eq!(after.await.unwrap(), Ok(()));
    assert_eq!(words(&database).await, ["good", "well"]);
}

#[tokio::test]
async fn a_job_alone_in_its_commit_is_undone_too_and_the_next_one_finds_no_trace_of_it() {
    let folder = TempDir::new().unwrap();
    let (database, path) = open(&folder);
    let failing = start(&database, |db| {
        say(db, "half", None)?;
        db.execute("INSERT INTO words (word) VALUES (NULL)", [])
    });
    let error = failing.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("NOT NULL constraint"), "{error}");
    let panicking = start(&database, |db| -> rusqlite::Result<()> {
        say(db, "half", None)?;
        panic!("a defect");
    });
    assert_eq!(panicking.await.unwrap(), Err(failure::broke_off(&path)));
    let next = start(&database, |db| say(db, "whole", None));
    assert_eq!(next.await.unwrap(), Ok(()));
    assert_eq!(words(&database).await, ["whole"]);
}

#[tokio::test]
async fn if_the_commit_fails_nothing_was_written_and_everyone_hears_of_it() {
    let folder = TempDir::new().unwrap();
    let (database, _) = open(&folder);
    let occupied = Occupied::by_a_job_of(&database).await;
    let innocent = start(&database, |db| say(db, "innocent", None));
    let spoiler = start(&database, |db| say(db, "spoiler", Some(99)));
    until_waiting(&database, 2).await;
    occupied.let_go().await;

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
            db.pragma_update_and_check(None, "max_page_count", pages, |row| row.get::<_, i64>(0))
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
    let occupied = Occupied::by_a_job_of(&database).await;
    let small = start(&database, |db| say(db, "small", None));
    let big = start(&database, move |db| say(db, &long, None));
    let behind = start(&database, |db| say(db, "behind", None));
    until_waiting(&database, 3).await;
    occupied.let_go().await;
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
async fn a_database_that_was_moved_or_replaced_takes_no_more_until_it_is_back() {
    let folder = TempDir::new().unwrap();
    let (database, path) = open(&folder);
    let log = folder.path().join("words.sqlite3-wal");
    let elsewhere = folder.path().join("elsewhere");
    for file in [&path, &log] {
        std::fs::rename(file, &elsewhere).unwrap();
        for replaced in [false, true] {
            if replaced {
                std::fs::copy(&elsewhere, file).unwrap();
            }
            let refused = start(&database, |db| say(db, "lost", None)).await.unwrap();
            let moved = StoreError::Moved { path: path.clone() };
            assert_eq!(refused, Err(moved), "{} {replaced}", file.display());
        }
        std::fs::rename(&elsewhere, file).unwrap();
        let stored = start(&database, |db| say(db, "kept", None)).await.unwrap();
        assert_eq!(stored, Ok(()), "{}", file.display());
    }
    assert_eq!(words(&database).await, ["kept", "kept"]);
}

#[tokio::test]
async fn what_was_put_in_its_place_meanwhile_is_left_alone_at_the_end() {
    // SQLite removes its log by name when it closes; before that, it looks whether the database has moved.
    let folder = TempDir::new().unwrap();
    let (database, path) = open(&folder);
    start(&database, |db| say(db, "kept", None))
        .await
        .unwrap()
        .unwrap();
    let copies = TempDir::new().unwrap();
    let log = folder.path().join("words.sqlite3-wal");
    for file in [&path, &log] {
        let copy = copies.path().join("copy");
        std::fs::copy(file, &copy).unwrap();
        std::fs::rename(&copy, file).unwrap();
    }
    database.close().await;
    drop(database);
    let (database, _) = open(&folder);
    assert_eq!(words(&database).await, ["kept"]);
}

#[tokio::test]
async fn a_full_queue_makes_callers_wait_and_no_thread() {
    let folder = TempDir::new().unwrap();
    let (database, _) = open(&folder);
    let occupied = Occupied::by_a_job_of(&database).await;
    let jobs: Vec<_> = (0..=WAITING_JOBS_MAX)
        .map(|n| start(&database, move |db| say(db, &n.to_string(), None)))
        .collect();
    until_waiting(&database, WAITING_JOBS_MAX).await;
    // This test has one thread: that it comes here, with one caller still waiting, is the point.
    assert!(jobs.iter().all(|job| !job.is_finished()));
    occupied.let_go().await;
    for job in jobs {
        job.await.unwrap().unwrap();
    }
    assert_eq!(words(&database).await.len(), WAITING_JOBS_MAX + 1);
}

#[tokio::test]
async fn closing_finishes_what_waits_and_refuses_what_comes_later() {
    let folder = TempDir::new().unwrap();
    let (database, path) = open(&folder);
    let occupied = Occupied::by_a_job_of(&database).await;
    let waiting = start(&database, |db| say(db, "waiting", None));
    until_waiting(&database, 1).await;
    let closing = tokio::spawn({
        let database = Arc::clone(&database);
        async move { database.close().await }
    });
    until_waiting(&database, 2).await;
    occupied.let_go().await;
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
    let occupied = Occupied::by_a_job_of(&database).await;
    let abandoned = start(&database, |db| say(db, "abandoned", None));
    until_waiting(&database, 1).await;
    abandoned.abort();
    assert!(abandoned.await.unwrap_err().is_cancelled());
    occupied.let_go().await;
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
