//! The SQL of saying something, changing it and taking it back: a room's whole batch is one job.
//! Who may do it is checked here, in the same transaction, so that nothing can change in between.

use std::collections::HashMap;

use rusqlite::{Connection, OptionalExtension, Result, params};

use super::groups;
use super::history::message;
use crate::model::{ChangeId, ClientId, Content, GroupId, Message, MessageId, UserId, UtcMillis};
use crate::store::{MessageWrite, Written};

/// Carries out `writes` in their order; the answers stand in the same order.
pub(super) fn write_all(db: &Connection, writes: Vec<MessageWrite>) -> Result<Vec<Written>> {
    let mut batch = Batch::begin(db)?;
    let written = writes
        .into_iter()
        .map(|write| batch.carry_out(write))
        .collect::<Result<_>>()?;
    batch.finish()?;
    Ok(written)
}

/// What is asked of the database once a batch rather than once a message.
struct Batch<'db> {
    db: &'db Connection,
    stored_change: ChangeId,
    last_change: ChangeId,
    members: HashMap<(UserId, GroupId), bool>,
}

impl<'db> Batch<'db> {
    fn begin(db: &'db Connection) -> Result<Self> {
        let change = db
            .prepare_cached("SELECT change FROM last_change")?
            .query_row([], |row| row.get("change"))?;
        Ok(Self {
            db,
            stored_change: change,
            last_change: change,
            members: HashMap::new(),
        })
    }

    fn finish(self) -> Result<()> {
        if self.last_change != self.stored_change {
            self.db
                .prepare_cached("UPDATE last_change SET change = ?1")?
                .execute([self.last_change])?;
        }
        Ok(())
    }

    fn carry_out(&mut self, write: MessageWrite) -> Result<Written> {
        let (MessageWrite::Post { group, author, .. }
        | MessageWrite::Edit { group, author, .. }
        | MessageWrite::Delete { group, author, .. }) = write;
        if !self.is_member(author, group)? {
            return Ok(Written::NotMember);
        }
        match write {
            MessageWrite::Post {
                client_id,
                content,
                now,
                ..
            } => self.post(group, author, client_id, &content, now),
            MessageWrite::Edit {
                message,
                content,
                now,
                ..
            } => self.edit(group, author, message, &content, now),
            MessageWrite::Delete { message, now, .. } => self.delete(group, author, message, now),
        }
    }

    fn post(
        &mut self,
        group: GroupId,
        author: UserId,
        client_id: Option<ClientId>,
        content: &Content,
        now: UtcMillis,
    ) -> Result<Written> {
        let change = self.next_change();
        // Without RETURNING, for which SQLite would set aside a copy of each page that the row touches.
        let posted = self
            .db
            .prepare_cached(
                "INSERT INTO posts (group_id, author_id, created_at, client_id, change)
                 VALUES (?1, ?2, ?3, ?4, ?5)
                 ON CONFLICT (author_id, group_id, client_id) WHERE client_id IS NOT NULL DO NOTHING",
            )?
            .execute(params![group, author, now, client_id, change])?;
        if posted == 0 {
            return self.repeated(group, author, client_id);
        }
        let id = MessageId(self.db.last_insert_rowid());
        self.store_text(change, content)?;
        self.last_change = change;
        Ok(Written::Posted(Message {
            id,
            change,
            group_id: group,
            author_id: author,
            content: content.as_str().to_owned(),
            created_at: now,
            edited_at: None,
            deleted_at: None,
            client_id,
        }))
    }

    /// The message that the author has stored under this `client_id` before.
    fn repeated(
        &self,
        group: GroupId,
        author: UserId,
        client_id: Option<ClientId>,
    ) -> Result<Written> {
        self.db
            .prepare_cached(
                "SELECT * FROM messages WHERE author_id = ?1 AND group_id = ?2 AND client_id = ?3",
            )?
            .query_row(params![author, group, client_id], message)
            .map(Written::Repeated)
    }

    fn edit(
        &mut self,
        group: GroupId,
        author: UserId,
        id: MessageId,
        content: &Content,
        now: UtcMillis,
    ) -> Result<Written> {
        let standing = match self.own_message(group, author, id)? {
            Ok(message) if message.deleted_at.is_some() => return Ok(Written::NoSuchMessage),
            Ok(message) if message.content == content.as_str() => {
                return Ok(Written::Unchanged(message));
            }
            Ok(message) => message,
            Err(refusal) => return Ok(refusal),
        };
        let change = self.next_change();
        self.wipe_text(&standing)?;
        self.store_text(change, content)?;
        self.db
            .prepare_cached("UPDATE posts SET edited_at = ?2, change = ?3 WHERE id = ?1")?
            .execute(params![id, now, change])?;
        self.last_change = change;
        Ok(Written::Edited(Message {
            change,
            content: content.as_str().to_owned(),
            edited_at: Some(now),
            ..standing
        }))
    }

    fn delete(
        &mut self,
        group: GroupId,
        author: UserId,
        id: MessageId,
        now: UtcMillis,
    ) -> Result<Written> {
        let standing = match self.own_message(group, author, id)? {
            Ok(message) if message.deleted_at.is_some() => return Ok(Written::Unchanged(message)),
            Ok(message) => message,
            Err(refusal) => return Ok(refusal),
        };
        let change = self.next_change();
        self.wipe_text(&standing)?;
        self.db
            .prepare_cached("UPDATE posts SET deleted_at = ?2, change = ?3 WHERE id = ?1")?
            .execute(params![id, now, change])?;
        self.last_change = change;
        Ok(Written::Deleted(Message {
            change,
            content: String::new(),
            deleted_at: Some(now),
            ..standing
        }))
    }

    /// The message if it stands in this group and the author wrote it, else the refusal.
    fn own_message(
        &self,
        group: GroupId,
        author: UserId,
        id: MessageId,
    ) -> Result<std::result::Result<Message, Written>> {
        let found = self
            .db
            .prepare_cached("SELECT * FROM messages WHERE id = ?1 AND group_id = ?2")?
            .query_row(params![id, group], message)
            .optional()?;
        Ok(match found {
            None => Err(Written::NoSuchMessage),
            Some(message) if message.author_id != author => Err(Written::NotAuthor),
            Some(message) => Ok(message),
        })
    }

    fn store_text(&self, change: ChangeId, content: &Content) -> Result<()> {
        self.db
            .prepare_cached("INSERT INTO texts (change, content) VALUES (?1, ?2)")?
            .execute(params![change, content])
            .map(drop)
    }

    /// Overwrites a text with as many zero bytes. Its row stays, and stays as long: see `schema`.
    fn wipe_text(&self, standing: &Message) -> Result<()> {
        let zeros = "\0".repeat(standing.content.len());
        self.db
            .prepare_cached("UPDATE texts SET content = ?2 WHERE change = ?1")?
            .execute(params![standing.change, zeros])
            .map(drop)
    }

    fn is_member(&mut self, user: UserId, group: GroupId) -> Result<bool> {
        if let Some(&known) = self.members.get(&(user, group)) {
            return Ok(known);
        }
        let is_member = groups::is_member(self.db, user, group)?;
        self.members.insert((user, group), is_member);
        Ok(is_member)
    }

    /// The number that the next change will have, if it takes place.
    fn next_change(&self) -> ChangeId {
        ChangeId(self.last_change.0 + 1)
    }
}
