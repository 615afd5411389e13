//! The SQL of reading what was said: page by page, or as the changes that somebody missed.
//! Nothing here writes.

use rusqlite::{Connection, Result, Row, params};

use crate::model::{ChangeId, GroupId, Message, MessageId};
use crate::store::Page;

/// The `limit` messages before `before`, oldest first.
pub(super) fn page(
    db: &Connection,
    group: GroupId,
    before: Option<MessageId>,
    limit: usize,
) -> Result<Page> {
    // One more than asked for tells whether there are older ones.
    let rows = rows(limit.saturating_add(1));
    let mut messages: Vec<Message> = db
        .prepare_cached(
            "SELECT * FROM messages WHERE group_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3",
        )?
        .query_map(
            params![group, before.unwrap_or(MessageId(i64::MAX)), rows],
            message,
        )?
        .collect::<Result<_>>()?;
    let older = messages.len() > limit;
    messages.truncate(limit);
    messages.reverse();
    Ok(Page { messages, older })
}

/// At most `limit` messages whose latest change came after `after`, in the order of those changes.
pub(super) fn changes_after(
    db: &Connection,
    group: GroupId,
    after: ChangeId,
    limit: usize,
) -> Result<Vec<Message>> {
    db.prepare_cached(
        "SELECT * FROM messages WHERE group_id = ?1 AND change > ?2 ORDER BY change LIMIT ?3",
    )?
    .query_map(params![group, after, rows(limit)], message)?
    .collect()
}

/// The latest change in a group; `ChangeId(0)` before the first.
pub(super) fn latest_change(db: &Connection, group: GroupId) -> Result<ChangeId> {
    db.prepare_cached("SELECT coalesce(max(change), 0) FROM posts WHERE group_id = ?1")?
        .query_row([group], |row| row.get(0))
}

/// One row of `messages`.
pub(super) fn message(row: &Row<'_>) -> Result<Message> {
    Ok(Message {
        id: row.get("id")?,
        change: row.get("change")?,
        group_id: row.get("group_id")?,
        author_id: row.get("author_id")?,
        content: row.get("content")?,
        created_at: row.get("created_at")?,
        edited_at: row.get("edited_at")?,
        deleted_at: row.get("deleted_at")?,
        client_id: row.get("client_id")?,
    })
}

/// A number of rows as SQLite counts them.
fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
