//! `ChatStore` over `chat.sqlite3`: which of its methods write, which read, and where their SQL stands.
//! No SQL here: `groups` has that of groups and members, `messages` that of saying, `history` that of reading.

use std::path::Path;

use super::{BUSY_WAIT, Database, groups, history, messages, schema};
use crate::model::{ChangeId, Group, GroupId, GroupName, Message, MessageId, UserId, UtcMillis};
use crate::store::{
    ChatStore, Joined, Membership, MessageWrite, Page, StoreError, StoreFuture, Written,
};

/// Groups, memberships and messages in one SQLite file.
pub struct SqliteChatStore {
    database: Database,
}

impl SqliteChatStore {
    /// Opens or creates the file at `path`, and the folder it stands in. Blocks: call it before serving.
    ///
    /// # Errors
    /// Any `StoreError` but `Closed`; `Locked` also if another server has this file open.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let database = Database::open(path, &schema::CHAT, BUSY_WAIT)?;
        Ok(Self { database })
    }

    /// Lets what was begun finish, then closes the file and gives up its lock. Later calls are
    /// answered `Closed`. Without it, nothing that was answered is lost either.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

impl ChatStore for SqliteChatStore {
    fn groups(&self) -> StoreFuture<'_, Vec<Group>> {
        self.database.read(groups::all)
    }

    fn group(&self, id: GroupId) -> StoreFuture<'_, Option<Group>> {
        self.database.read(move |db| groups::by_id(db, id))
    }

    fn add_group(
        &self,
        name: GroupName,
        creator: UserId,
        now: UtcMillis,
    ) -> StoreFuture<'_, Option<Group>> {
        self.database
            .write(move |db| groups::add(db, &name, creator, now))
    }

    fn join(&self, user: UserId, group: GroupId, now: UtcMillis) -> StoreFuture<'_, Joined> {
        self.database
            .write(move |db| groups::join(db, user, group, now))
    }

    fn leave(&self, user: UserId, group: GroupId) -> StoreFuture<'_, bool> {
        self.database
            .write(move |db| groups::leave(db, user, group))
    }

    fn is_member(&self, user: UserId, group: GroupId) -> StoreFuture<'_, bool> {
        self.database
            .read(move |db| groups::is_member(db, user, group))
    }

    fn memberships(&self, user: UserId) -> StoreFuture<'_, Vec<Membership>> {
        self.database.read(move |db| groups::memberships(db, user))
    }

    fn members(&self, group: GroupId) -> StoreFuture<'_, Vec<UserId>> {
        self.database.read(move |db| groups::members(db, group))
    }

    fn write(&self, writes: Vec<MessageWrite>) -> StoreFuture<'_, Vec<Written>> {
        let replaces_text = |write: &MessageWrite| !matches!(write, MessageWrite::Post { .. });
        if writes.iter().any(replaces_text) {
            self.database
                .overwrite(move |db| messages::write_all(db, writes))
        } else {
            self.database
                .write(move |db| messages::write_all(db, writes))
        }
    }

    fn page(
        &self,
        group: GroupId,
        before: Option<MessageId>,
        limit: usize,
    ) -> StoreFuture<'_, Page> {
        self.database
            .read(move |db| history::page(db, group, before, limit))
    }

    fn changes_after(
        &self,
        group: GroupId,
        after: ChangeId,
        limit: usize,
    ) -> StoreFuture<'_, Vec<Message>> {
        self.database
            .read(move |db| history::changes_after(db, group, after, limit))
    }

    fn latest_change(&self, group: GroupId) -> StoreFuture<'_, ChangeId> {
        self.database
            .read(move |db| history::latest_change(db, group))
    }

    fn mark_read(
        &self,
        user: UserId,
        group: GroupId,
        up_to: MessageId,
    ) -> StoreFuture<'_, Option<Membership>> {
        Box::pin(async move {
            self.database
                .write(move |db| groups::mark_read(db, user, group, up_to))
                .await?;
            // Counted by a reader: the writer has other things to do than to count.
            self.database
                .read(move |db| groups::place(db, user, group))
                .await
        })
    }

    fn forget_user(&self, user: UserId) -> StoreFuture<'_, ()> {
        self.database.write(move |db| groups::forget_user(db, user))
    }

    fn forget_all_but(&self, known: Vec<UserId>) -> StoreFuture<'_, usize> {
        self.database
            .write(move |db| groups::forget_all_but(db, &known))
    }
}
