//! `UserStore` over `users.sqlite3`: accounts and their sessions, one short statement a method.
//! No rules of logging in: when a session ends and who may remove a user is decided in `chat`.

use std::path::Path;

use rusqlite::{OptionalExtension, Row, params};

use super::{BUSY_WAIT, Database, schema};
use crate::model::{User, UserId, UserName, UtcMillis};
use crate::store::{PasswordHash, Session, StoreError, StoreFuture, TokenHash, UserStore};

/// Users and sessions in one SQLite file.
pub struct SqliteUserStore {
    database: Database,
}

impl SqliteUserStore {
    /// Opens or creates the file at `path`, and the folder it stands in. Blocks: call it before serving.
    ///
    /// # Errors
    /// Any `StoreError` but `Closed`; `Locked` also if another server has this file open.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let database = Database::open(path, &schema::USERS, BUSY_WAIT)?;
        Ok(Self { database })
    }

    /// Lets what was begun finish, then closes the file and gives up its lock. Later calls are
    /// answered `Closed`. Without it, nothing that was answered is lost either.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

impl UserStore for SqliteUserStore {
    fn add_user(
        &self,
        name: UserName,
        password_hash: PasswordHash,
        now: UtcMillis,
    ) -> StoreFuture<'_, Option<User>> {
        self.database.write(move |db| {
            db.prepare_cached(
                "INSERT INTO users (username, username_key, password_hash, created_at)
                 VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (username_key) DO NOTHING
                 RETURNING *",
            )?
            .query_row(params![name, name.key(), password_hash, now], user)
            .optional()
        })
    }

    fn user_by_name(&self, name: UserName) -> StoreFuture<'_, Option<(User, PasswordHash)>> {
        self.database.read(move |db| {
            db.prepare_cached("SELECT * FROM users WHERE username_key = ?1")?
                .query_row([name.key()], user_and_password_hash)
                .optional()
        })
    }

    fn user_by_id(&self, id: UserId) -> StoreFuture<'_, Option<(User, PasswordHash)>> {
        self.database.read(move |db| {
            db.prepare_cached("SELECT * FROM users WHERE id = ?1")?
                .query_row([id], user_and_password_hash)
                .optional()
        })
    }

    fn users(&self) -> StoreFuture<'_, Vec<User>> {
        self.database.read(|db| {
            db.prepare_cached("SELECT id, username, created_at FROM users ORDER BY id")?
                .query_map([], user)?
                .collect()
        })
    }

    fn delete_user(&self, id: UserId) -> StoreFuture<'_, bool> {
        self.database.erase(move |db| {
            let removed = db
                .prepare_cached("DELETE FROM users WHERE id = ?1")?
                .execute([id])?;
            Ok(removed > 0)
        })
    }

    fn add_session(&self, session: Session) -> StoreFuture<'_, ()> {
        self.database.write(move |db| {
            db.prepare_cached(
                "INSERT INTO sessions
                     (token_hash, user_id, transport, created_at, last_used_at, leaked_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute(params![
                session.token_hash,
                session.user_id,
                session.transport,
                session.created_at,
                session.last_used_at,
                session.leaked_at,
            ])?;
            Ok(())
        })
    }

    fn session(&self, token_hash: TokenHash) -> StoreFuture<'_, Option<Session>> {
        self.database.read(move |db| {
            db.prepare_cached("SELECT * FROM sessions WHERE token_hash = ?1")?
                .query_row([token_hash], session)
                .optional()
        })
    }

    fn touch_session(&self, token_hash: TokenHash, now: UtcMillis) -> StoreFuture<'_, ()> {
        self.database.write(move |db| {
            // Two requests may arrive here in another order than they were made in.
            db.prepare_cached(
                "UPDATE sessions SET last_used_at = ?2 WHERE token_hash = ?1 AND last_used_at < ?2",
            )?
            .execute(params![token_hash, now])?;
            Ok(())
        })
    }

    fn remove_session(&self, token_hash: TokenHash) -> StoreFuture<'_, bool> {
        self.database.write(move |db| {
            let removed = db
                .prepare_cached("DELETE FROM sessions WHERE token_hash = ?1")?
                .execute([token_hash])?;
            Ok(removed > 0)
        })
    }

    fn mark_leaked(&self, token_hash: TokenHash, now: UtcMillis) -> StoreFuture<'_, ()> {
        self.database.write(move |db| {
            // The first time is the one its owner should hear of.
            db.prepare_cached(
                "UPDATE sessions SET leaked_at = ?2 WHERE token_hash = ?1 AND leaked_at IS NULL",
            )?
            .execute(params![token_hash, now])?;
            Ok(())
        })
    }

    fn sweep_sessions(
        &self,
        idle_since: UtcMillis,
        made_before: UtcMillis,
        now: UtcMillis,
    ) -> StoreFuture<'_, usize> {
        // Looks at every session: that takes less than an index on each of the times would cost all day.
        self.database.write(move |db| {
            db.prepare_cached(
                "UPDATE sessions SET created_at = min(created_at, ?1), last_used_at = min(last_used_at, ?1)
                 WHERE created_at > ?1 OR last_used_at > ?1",
            )?
            .execute([now])?;
            db.prepare_cached("DELETE FROM sessions WHERE last_used_at < ?1 OR created_at < ?2")?
                .execute(params![idle_since, made_before])
        })
    }
}

fn user(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get("id")?,
        name: row.get("username")?,
        created_at: row.get("created_at")?,
    })
}

fn user_and_password_hash(row: &Row<'_>) -> rusqlite::Result<(User, PasswordHash)> {
    Ok((user(row)?, row.get("password_hash")?))
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        token_hash: row.get("token_hash")?,
        user_id: row.get("user_id")?,
        transport: row.get("transport")?,
        created_at: row.get("created_at")?,
        last_used_at: row.get("last_used_at")?,
        leaked_at: row.get("leaked_at")?,
    })
}
