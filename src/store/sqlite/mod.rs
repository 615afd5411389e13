//! The two stores over SQLite: one file each, one thread that writes it, a few connections that read it.
//! All SQL of the program is in this folder; of HTTP, rooms and logging in it knows nothing.
//!
//! A call travels like this: a store method packs its SQL into a closure; `Database::write` queues
//! it for the writer thread, which commits it together with whatever else waits and answers only
//! then; `Database::read` runs it on a reader's connection. Neither ever blocks an async thread.

mod chat;
mod columns;
mod failure;
mod groups;
mod history;
mod messages;
mod opening;
mod place;
mod readers;
mod schema;
mod users;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

pub use self::chat::SqliteChatStore;
pub use self::users::SqliteUserStore;

use self::place::Place;
use self::readers::Readers;
use self::schema::Schema;
use self::writer::{Traces, Writer};
use super::{StoreError, StoreFuture};

/// How long to wait for another program (a backup, someone's `sqlite3` shell) before giving up
/// with `Locked`: long enough for a short transaction, short enough that users need not wonder.
const BUSY_WAIT: Duration = Duration::from_secs(5);

/// How many prepared statements a connection keeps: more than there are in this folder.
const STATEMENTS_KEPT: usize = 32;

/// One open database file: its writer and its readers.
struct Database {
    writer: Writer,
    readers: Readers,
}

impl Database {
    /// Opens or creates the file at `path`, brings it up to `schema` and starts its writer thread.
    /// Blocks meanwhile, for `busy_wait` if another program holds the file.
    fn open(path: &Path, schema: &Schema, busy_wait: Duration) -> Result<Self, StoreError> {
        let (connection, lock) = opening::open_for_writing(path, schema, busy_wait)?;
        let place = Place::of(path)?;
        let path: Arc<Path> = path.into();
        Ok(Self {
            readers: Readers::open(Arc::clone(&path), busy_wait)?,
            writer: Writer::start(path, place, schema.thread_name, connection, lock, busy_wait)?,
        })
    }

    /// Reads. Sees every write that was answered before.
    fn read<T, F>(&self, work: F) -> StoreFuture<'_, T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        Box::pin(self.readers.read(work))
    }

    /// Writes, all or nothing. Has reached the disk when answered.
    fn write<T, F>(&self, work: F) -> StoreFuture<'_, T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        Box::pin(self.writer.write(Traces::None, work))
    }

    /// Writes, and what was overwritten in place is soon gone from the disk too.
    fn overwrite<T, F>(&self, work: F) -> StoreFuture<'_, T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        Box::pin(self.writer.write(Traces::InLog, work))
    }

    /// Writes, and what was removed is soon gone from the disk too. Rewrites the whole file for that:
    /// for a file that stays small, and rarely.
    fn erase<T, F>(&self, work: F) -> StoreFuture<'_, T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        Box::pin(self.writer.write(Traces::InPages, work))
    }

    /// Lets what was begun finish, and closes the file. Whatever comes later is answered `Closed`.
    async fn close(&self) {
        // Readers first: the writer can empty the write-ahead log only when nobody reads from it.
        self.readers.close().await;
        self.writer.close().await;
    }
}
