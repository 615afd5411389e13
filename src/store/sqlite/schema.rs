//! The tables of both databases, and the steps that lead from any earlier version to them.
//! Only definitions: a step that was published is never changed, the next version adds one.

use std::path::Path;

use rusqlite::{Connection, TransactionBehavior};

use super::failure;
use crate::store::StoreError;

/// What one database file is.
pub(super) struct Schema {
    /// Marks the file as ours and as this one of the two, so that nobody's file is taken for it.
    pub(super) application_id: i64,
    /// The name of the thread that writes it, as debuggers and `top -H` show it (15 bytes at most).
    pub(super) thread_name: &'static str,
    /// The step at index n leads from `user_version` n to n + 1.
    pub(super) steps: &'static [&'static str],
}

/// Who people are, and who is logged in.
pub(super) const USERS: Schema = Schema {
    application_id: 0x5343_4455, // "SCDU"
    thread_name: "users writer",
    steps: &[USERS_1],
};

/// What is said, where, and who takes part.
pub(super) const CHAT: Schema = Schema {
    application_id: 0x5343_4443, // "SCDC"
    thread_name: "chat writer",
    steps: &[CHAT_1],
};

/// AUTOINCREMENT: the id of a deleted user is never given to another one.
const USERS_1: &str = "
    CREATE TABLE users (
        id            INTEGER PRIMARY KEY AUTOINCREMENT,
        username      TEXT    NOT NULL,
        username_key  TEXT    NOT NULL UNIQUE,
        password_hash TEXT    NOT NULL,
        created_at    INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE sessions (
        token_hash   BLOB    NOT NULL PRIMARY KEY CHECK (length(token_hash) = 32),
        user_id      INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
        transport    TEXT    NOT NULL CHECK (transport IN ('plain', 'tls')),
        created_at   INTEGER NOT NULL,
        last_used_at INTEGER NOT NULL,
        leaked_at    INTEGER
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX sessions_by_user ON sessions (user_id);
";

/// Users live in the other file: `user_id` and `author_id` refer to nothing that SQLite could check.
///
/// `messages` is what everything reads: a view over `posts` (who, where, when) and `texts` (what). They are
/// apart because SQLite, when it moves rows between pages to make room, leaves copies of them in the unused
/// part of a page, and `secure_delete` does not reach those. So a text lies where nothing ever moves:
/// `texts` is only appended to, and a text that shall vanish is overwritten in place with as many zero bytes.
/// Each change brings at most one text, so its number is the text's key; a deletion brings none.
///
/// A `client_id` is unique per author and group, so that a repeat is always answered with a
/// message of the conversation that it was sent to. `last_change` has one row: the number of the latest
/// change to any message; a writer that reads and raises it once a batch needs no index over all posts.
const CHAT_1: &str = "
    CREATE TABLE groups (
        id         INTEGER PRIMARY KEY AUTOINCREMENT,
        name       TEXT    NOT NULL,
        name_key   TEXT    NOT NULL UNIQUE,
        created_at INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE memberships (
        id         INTEGER PRIMARY KEY,
        user_id    INTEGER NOT NULL,
        group_id   INTEGER NOT NULL REFERENCES groups (id),
        joined_at  INTEGER NOT NULL,
        read_up_to INTEGER NOT NULL,
        UNIQUE (user_id, group_id)
    ) STRICT;

    CREATE INDEX memberships_by_group ON memberships (group_id, joined_at);

    CREATE TABLE posts (
        id         INTEGER PRIMARY KEY AUTOINCREMENT,
        group_id   INTEGER NOT NULL REFERENCES groups (id),
        author_id  INTEGER NOT NULL,
        created_at INTEGER NOT NULL,
        edited_at  INTEGER,
        deleted_at INTEGER,
        client_id  TEXT,
        change     INTEGER NOT NULL
    ) STRICT;

    -- For pages; author and deletion stand in it so that unread messages are counted without
    -- opening them.
    CREATE INDEX posts_by_group ON posts (group_id, id, author_id, deleted_at);

    -- For those who reconnect.
    CREATE INDEX posts_by_change ON posts (group_id, change);

    -- For repeats.
    CREATE UNIQUE INDEX posts_by_client_id ON posts (author_id, group_id, client_id)
        WHERE client_id IS NOT NULL;

    CREATE TABLE texts (
        change  INTEGER PRIMARY KEY,
        content TEXT NOT NULL
    ) STRICT;

    CREATE VIEW messages AS
        SELECT
            id, group_id, author_id, coalesce(content, '') AS content,
            created_at, edited_at, deleted_at, client_id, posts.change AS change
        FROM posts
        LEFT JOIN texts ON texts.change = posts.change;

    CREATE TABLE last_change (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        change   INTEGER NOT NULL
    ) STRICT;

    INSERT INTO last_change (only_row, change) VALUES (1, 0);

    INSERT INTO groups (name, name_key, created_at)
        VALUES ('lobby', 'lobby', CAST(unixepoch('subsec') * 1000 AS INTEGER));
";

/// Whether the file is empty or one of ours, and not from the future. Changes nothing.
pub(super) fn recognise(db: &Connection, schema: &Schema, path: &Path) -> Result<(), StoreError> {
    let sqlite = |error| failure::from_sqlite(path, &error);
    let version = user_version(db).map_err(sqlite)?;
    let application_id: i64 = db
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(sqlite)?;
    let tables: i64 = db
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(sqlite)?;
    if tables > 0 && application_id != schema.application_id {
        return Err(StoreError::Damaged {
            path: path.to_owned(),
            detail: "it holds something else".to_owned(),
        });
    }
    refuse_newer(version, schema, path)
}

/// Carries out the steps that are missing, each in its own transaction.
///
/// Takes the write lock even if none is missing: if another program holds it, we want to know now.
pub(super) fn migrate(db: &mut Connection, schema: &Schema, path: &Path) -> Result<(), StoreError> {
    let sqlite = |error| failure::from_sqlite(path, &error);
    loop {
        let transaction = db
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(sqlite)?;
        let version = user_version(&transaction).map_err(sqlite)?;
        refuse_newer(version, schema, path)?;
        let step = usize::try_from(version)
            .ok()
            .and_then(|n| schema.steps.get(n));
        let Some(step) = step else {
            return Ok(());
        };
        transaction.execute_batch(step).map_err(sqlite)?;
        for (pragma, value) in [
            ("application_id", schema.application_id),
            ("user_version", version + 1),
        ] {
            transaction
                .pragma_update(None, pragma, value)
                .map_err(sqlite)?;
        }
        transaction.commit().map_err(sqlite)?;
    }
}

fn user_version(db: &Connection) -> rusqlite::Result<i64> {
    db.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn refuse_newer(found: i64, schema: &Schema, path: &Path) -> Result<(), StoreError> {
    let known = i64::try_from(schema.steps.len()).unwrap_or(i64::MAX);
    if found > known {
        let path = path.to_owned();
        return Err(StoreError::Newer { path, found, known });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: &str = "CREATE TABLE notes (note TEXT) STRICT;";
    const SECOND: &str = "ALTER TABLE notes ADD COLUMN author TEXT;";
    const BROKEN: &str = "DROP TABLE notes; CREATE TABLE nonsense (;";

    fn bring_up(db: &mut Connection, steps: &'static [&'static str]) -> Result<(), StoreError> {
        let schema = Schema {
            application_id: 1,
            thread_name: "notes writer",
            steps,
        };
        recognise(db, &schema, Path::new("notes"))?;
        migrate(db, &schema, Path::new("notes"))
    }

    #[test]
    fn only_the_missing_steps_are_carried_out() {
        let mut db = Connection::open_in_memory().unwrap();
        for (steps, version) in [(&[FIRST][..], 1), (&[FIRST], 1), (&[FIRST, SECOND], 2)] {
            bring_up(&mut db, steps).unwrap();
            assert_eq!(user_version(&db).unwrap(), version);
        }
        db.execute("INSERT INTO notes (note, author) VALUES ('a', 'b')", [])
            .unwrap();
        let error = bring_up(&mut db, &[FIRST]).unwrap_err();
        let path = Path::new("notes").to_owned();
        assert_eq!(
            error,
            StoreError::Newer {
                path,
                found: 2,
                known: 1
            }
        );
    }

    #[test]
    fn a_step_that_fails_changes_nothing_and_keeps_those_before_it() {
        let mut db = Connection::open_in_memory().unwrap();
        assert!(bring_up(&mut db, &[FIRST, BROKEN]).is_err());
        assert_eq!(user_version(&db).unwrap(), 1);
        assert!(db.table_exists(None, "notes").unwrap());
        bring_up(&mut db, &[FIRST, SECOND]).unwrap();
        assert_eq!(user_version(&db).unwrap(), 2);
    }

    #[test]
    fn a_file_with_other_tables_is_not_ours() {
        let mut db = Connection::open_in_memory().unwrap();
        db.execute_batch("CREATE TABLE recipes (soup TEXT)")
            .unwrap();
        let error = bring_up(&mut db, &[FIRST]).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(!db.table_exists(None, "notes").unwrap());
    }

    #[test]
    fn both_schemas_are_accepted_by_sqlite() {
        for schema in [USERS, CHAT] {
            let mut db = Connection::open_in_memory().unwrap();
            migrate(&mut db, &schema, Path::new("memory")).unwrap();
            assert!(schema.thread_name.len() <= 15, "{}", schema.thread_name);
        }
    }
}
