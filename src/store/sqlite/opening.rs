//! From a path to a checked, current and exclusively held database, or to the sentence that says why not.
//! Runs once at start and may block; nothing here knows what the tables mean.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::schema::{self, Schema};
use super::{STATEMENTS_KEPT, failure};
use crate::store::StoreError;

/// How the writer's connection works.
///
/// - WAL with `synchronous = FULL`: each commit is one append and one `fdatasync`, readers never wait,
///   and an answered write survives a power cut, not only a crash of this program.
/// - `secure_delete`: rows that are deleted are overwritten with zeros, on pages that are written anyway;
///   only pages that become free cost a write more than without it. What it does not reach, see `schema`.
/// - `temp_store`: what a savepoint sets aside stays in memory, so no text reaches another file.
/// - `journal_size_limit`: after a burst the write-ahead log shrinks back to its usual 4 MiB.
const WRITER_PRAGMAS: &str = "
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA temp_store = MEMORY;
    PRAGMA journal_size_limit = 4194304;
    PRAGMA trusted_schema = OFF;
";

/// Only the account that runs the server may read what people say and how they log in.
const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// Opens or creates the database, checks it and brings it up to `schema`.
///
/// The returned file is locked for as long as it lives: two servers over one database would each
/// miss what is said on the other, though SQLite itself would bear it.
pub(super) fn open_for_writing(
    path: &Path,
    schema: &Schema,
    busy_wait: Duration,
) -> Result<(Connection, File), StoreError> {
    create_folder(path)?;
    let lock = lock_out_others(path)?;
    // After the lock: closing any handle of a file drops all POSIX locks that this process has on
    // it, those of an open store included.
    create_file(path, path)?;
    let mut db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, busy_wait)?;
    schema::recognise(&db, schema, path)?;
    refuse_damaged(&db, path)?;
    configure(&db, path)?;
    schema::migrate(&mut db, schema, path)?;
    Ok((db, lock))
}

/// A further connection to a database that `open_for_writing` has opened.
pub(super) fn open_for_reading(path: &Path, busy_wait: Duration) -> Result<Connection, StoreError> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, busy_wait)
}

fn connect(path: &Path, access: OpenFlags, busy_wait: Duration) -> Result<Connection, StoreError> {
    // Each connection is used by one thread at a time, so SQLite need not lock it again.
    let flags = access | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let sqlite = |error| failure::from_sqlite(path, &error);
    let db = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    db.busy_timeout(busy_wait).map_err(sqlite)?;
    db.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
    Ok(db)
}

fn create_folder(path: &Path) -> Result<(), StoreError> {
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    DirBuilder::new()
        .recursive(true)
        .mode(FOLDER_MODE)
        .create(folder)
        .map_err(|error| failure::from_io(folder, &error))
}

/// Creates `file` if it is missing. SQLite gives its log and that log's index the same mode.
fn create_file(file: &Path, named: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(FILE_MODE)
        .open(file)
        .map_err(|error| failure::from_io(named, &error))
}

/// Locks `<path>.lock`. The system unlocks it when this process ends, however it ends; the empty
/// file stays, because removing it could take it from under the next server.
fn lock_out_others(path: &Path) -> Result<File, StoreError> {
    let lock: PathBuf = path.with_added_extension("lock");
    let file = create_file(&lock, path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: path.into() }),
        Err(TryLockError::Error(error)) => Err(failure::from_io(&lock, &error)),
    }
}

/// Reads the whole file once: all pages well-formed, all rows of the promised types.
///
/// Unlike `integrity_check`, it does not look up every row in every index, and so takes no longer than reading
/// does: 35 MB with 200,000 messages in 0.3 s (development build, file in memory).
fn refuse_damaged(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let found: String = db
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| failure::from_sqlite(path, &error))?;
    if found == "ok" {
        return Ok(());
    }
    Err(StoreError::Damaged {
        path: path.to_owned(),
        detail: found.replace('\n', " "),
    })
}

fn configure(db: &Connection, path: &Path) -> Result<(), StoreError> {
    let sqlite = |error| failure::from_sqlite(path, &error);
    let mode: String = db
        .pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get(0))
        .map_err(sqlite)?;
    if mode != "wal" {
        return Err(StoreError::Other {
            path: path.to_owned(),
            detail: "its file system cannot share memory between connections; choose a folder on a local disk with --data".to_owned(),
        });
    }
    db.execute_batch(WRITER_PRAGMAS).map_err(sqlite)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use tempfile::TempDir;

    use super::*;
    use crate::store::sqlite::Database;

    const SHORT_WAIT: Duration = Duration::from_millis(50);

    fn open(path: &Path) -> Result<Database, StoreError> {
        Database::open(path, &schema::CHAT, SHORT_WAIT)
    }

    fn refusal(path: &Path) -> StoreError {
        open(path).err().unwrap()
    }

    async fn create(path: &Path) {
        open(path).unwrap().close().await;
    }

    #[tokio::test]
    async fn a_new_store_is_for_its_owner_only() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("new/data/chat.sqlite3");
        let database = open(&path).unwrap();
        database
            .write(|db| db.execute("UPDATE last_change SET change = 0", []))
            .await
            .unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder.path().join("new")), 0o700);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        let files = fs::read_dir(path.parent().unwrap()).unwrap();
        let mut names: Vec<_> = files
            .map(|file| file.unwrap().path())
            .inspect(|path| assert_eq!(mode(path), 0o600, "{}", path.display()))
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                "chat.sqlite3",
                "chat.sqlite3-shm",
                "chat.sqlite3-wal",
                "chat.sqlite3.lock"
            ]
        );
    }

    #[tokio::test]
    async fn connections_keep_their_promises() {
        let folder = TempDir::new().unwrap();
        let database = open(&folder.path().join("chat.sqlite3")).unwrap();
        let ask = |pragma: &'static str| {
            move |db: &Connection| {
                db.pragma_query_value(None, pragma, |row| row.get::<_, rusqlite::types::Value>(0))
            }
        };
        for (pragma, value) in [
            ("synchronous", 2),
            ("foreign_keys", 1),
            ("secure_delete", 1),
            ("temp_store", 2),
            ("busy_timeout", 50),
        ] {
            let found = database.write(ask(pragma)).await.unwrap();
            assert_eq!(found, value.into(), "{pragma}");
        }
        let mode = database.read(ask("journal_mode")).await.unwrap();
        assert_eq!(mode, "wal".to_owned().into());
    }

    #[tokio::test]
    async fn a_second_server_on_the_same_files_is_refused_until_the_first_is_gone() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("chat.sqlite3");
        let first = open(&path).unwrap();
        assert_eq!(refusal(&path), StoreError::Locked { path: path.clone() });
        first.write(|_| Ok(())).await.unwrap();
        first.close().await;
        assert!(open(&path).is_ok());
    }

    #[tokio::test]
    async fn another_programs_lock_is_named() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("chat.sqlite3");
        create(&path).await;
        let other = Connection::open(&path).unwrap();
        for lock in [
            "BEGIN IMMEDIATE",
            "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE",
        ] {
            other.execute_batch(lock).unwrap();
            assert_eq!(
                refusal(&path),
                StoreError::Locked { path: path.clone() },
                "{lock}"
            );
            other.execute_batch("ROLLBACK").unwrap();
        }
        drop(other);
        assert!(open(&path).is_ok());
    }

    #[tokio::test]
    async fn a_file_from_the_future_is_left_alone() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("chat.sqlite3");
        create(&path).await;
        let known = i64::try_from(schema::CHAT.steps.len()).unwrap();
        let set_version = |version: i64| {
            let other = Connection::open(&path).unwrap();
            other.pragma_update(None, "user_version", version).unwrap();
        };
        set_version(known + 1);
        let before = fs::read(&path).unwrap();
        let newer = StoreError::Newer {
            path: path.clone(),
            found: known + 1,
            known,
        };
        assert_eq!(refusal(&path), newer);
        assert_eq!(fs::read(&path).unwrap(), before);
        set_version(known);
        assert!(open(&path).is_ok());
    }

    #[tokio::test]
    async fn what_is_not_our_database_is_refused_and_left_alone() {
        let folder = TempDir::new().unwrap();
        let text = folder.path().join("text.sqlite3");
        fs::write(
            &text,
            "Dear diary, today I was not a database. ".repeat(100),
        )
        .unwrap();
        let foreign = folder.path().join("foreign.sqlite3");
        let other = Connection::open(&foreign).unwrap();
        other
            .execute_batch("CREATE TABLE recipes (soup TEXT)")
            .unwrap();
        drop(other);
        let users = folder.path().join("users.sqlite3");
        let store = Database::open(&users, &schema::USERS, SHORT_WAIT).unwrap();
        store.close().await;

        for path in [&text, &foreign, &users] {
            let before = fs::read(path).unwrap();
            let error = refusal(path);
            assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
            assert_eq!(fs::read(path).unwrap(), before, "{}", path.display());
        }
    }

    #[tokio::test]
    async fn a_damaged_page_is_found_at_the_start() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("chat.sqlite3");
        create(&path).await;
        assert!(open(&path).is_ok(), "whole before");
        let whole = fs::read(&path).unwrap();
        // Each page but the first, in turn, is filled with what no page begins with.
        for page in 1..whole.len() / 4096 {
            let mut damaged = whole.clone();
            damaged[page * 4096..(page + 1) * 4096].fill(0xa5);
            let copy = folder.path().join(format!("damaged-{page}.sqlite3"));
            fs::write(&copy, damaged).unwrap();
            let error = refusal(&copy);
            assert!(
                matches!(error, StoreError::Damaged { .. }),
                "page {page}: {error}"
            );
        }
        let cut = folder.path().join("cut.sqlite3");
        fs::write(&cut, &whole[..whole.len() - 4096]).unwrap();
        assert!(matches!(refusal(&cut), StoreError::Damaged { .. }));
    }

    /// That is set in `.cargo/config.toml`. `fdatasync` is too, but SQLite does not tell.
    #[test]
    fn sqlite_is_built_without_what_a_prepared_file_could_reach_and_can_load_no_code() {
        let db = Connection::open_in_memory().unwrap();
        for (option, is_used) in [
            ("OMIT_LOAD_EXTENSION", true),
            ("ENABLE_FTS3", false),
            ("ENABLE_FTS5", false),
            ("ENABLE_RTREE", false),
        ] {
            let used: bool = db
                .query_row("SELECT sqlite_compileoption_used(?)", [option], |row| {
                    row.get(0)
                })
                .unwrap();
            assert_eq!(used, is_used, "{option}");
        }
        for (sql, refusal) in [
            (
                "CREATE VIRTUAL TABLE t USING fts3 (a)",
                "no such module: fts3",
            ),
            (
                "CREATE VIRTUAL TABLE t USING fts4 (a)",
                "no such module: fts4",
            ),
            (
                "CREATE VIRTUAL TABLE t USING fts5 (a)",
                "no such module: fts5",
            ),
            (
                "CREATE VIRTUAL TABLE t USING rtree (a, b, c)",
                "no such module: rtree",
            ),
            (
                "SELECT load_extension('evil')",
                "no such function: load_extension",
            ),
        ] {
            let error = db.execute_batch(sql).unwrap_err().to_string();
            assert!(error.contains(refusal), "{error}");
        }
    }

    /// Tests may run as root, whom permissions do not stop; a file where a folder should be, and the
    /// folder of the kernel's processes, stop root too.
    #[test]
    fn a_folder_that_cannot_be_written_is_named() {
        let folder = TempDir::new().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let directory = folder.path().join("chat.sqlite3");
        fs::create_dir(&directory).unwrap();
        for path in [
            &file.join("chat.sqlite3"),
            Path::new("/proc/chat.sqlite3"),
            &directory,
        ] {
            let error = refusal(path);
            assert!(matches!(error, StoreError::NotWritable { .. }), "{error}");
        }
        assert!(open(&folder.path().join("elsewhere.sqlite3")).is_ok());
    }
}
