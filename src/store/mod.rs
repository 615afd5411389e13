//! What is kept, and the promises of keeping it: two traits, implemented over SQLite beside this file.
//! No SQL in this file, and nothing of HTTP, sessions' rules or rooms: callers decide, the store keeps.
//!
//! Two databases, because they have different keepers: `users` holds who people are and who is
//! logged in, `chat` what was said. No transaction crosses them, and ids of one are only looked up
//! in the other, never trusted to exist.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

/// The two stores over SQLite.
pub mod sqlite;

use crate::model::{
    ChangeId, ClientId, Content, Group, GroupId, GroupName, Message, MessageId, User, UserId,
    UserName, UtcMillis,
};

/// An answer that is on its way from another thread: the store never blocks the caller's.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Users and their sessions.
///
/// A write has reached the disk when its future is ready. Dropping a future does not undo a write.
pub trait UserStore: Send + Sync {
    /// Adds a user; `None` if the name is taken, whatever its case.
    fn add_user(
        &self,
        name: UserName,
        password_hash: PasswordHash,
        now: UtcMillis,
    ) -> StoreFuture<'_, Option<User>>;

    /// The user of that name, whatever its case, and what to check the password against.
    fn user_by_name(&self, name: UserName) -> StoreFuture<'_, Option<(User, PasswordHash)>>;

    /// The user of that id, and what to check the password against.
    fn user_by_id(&self, id: UserId) -> StoreFuture<'_, Option<(User, PasswordHash)>>;

    /// All users; those deleted are missing.
    fn users(&self) -> StoreFuture<'_, Vec<User>>;

    /// Removes a user with all sessions; false if there was none. The id is never given again.
    fn delete_user(&self, id: UserId) -> StoreFuture<'_, bool>;

    /// Adds a session.
    fn add_session(&self, session: Session) -> StoreFuture<'_, ()>;

    /// The session of that token, ended ones included until they are swept.
    fn session(&self, token_hash: TokenHash) -> StoreFuture<'_, Option<Session>>;

    /// Notes that a session was used at `now`.
    fn touch_session(&self, token_hash: TokenHash, now: UtcMillis) -> StoreFuture<'_, ()>;

    /// Removes a session; false if there was none.
    fn remove_session(&self, token_hash: TokenHash) -> StoreFuture<'_, bool>;

    /// Marks a session as leaked at `now`, so that nobody can use it and its owner can be told.
    fn mark_leaked(&self, token_hash: TokenHash, now: UtcMillis) -> StoreFuture<'_, ()>;

    /// Removes sessions last used before `idle_since` or made before `made_before`; says how many. What claims to be
    /// of a time after `now` comes from a clock that was wrong, and counts as of `now` from here on.
    fn sweep_sessions(
        &self,
        idle_since: UtcMillis,
        made_before: UtcMillis,
        now: UtcMillis,
    ) -> StoreFuture<'_, usize>;
}

/// Groups, who is in them, and what is said there. A new store holds one group, `lobby`.
///
/// A write has reached the disk when its future is ready. Dropping a future does not undo a write.
pub trait ChatStore: Send + Sync {
    /// All groups, by id.
    fn groups(&self) -> StoreFuture<'_, Vec<Group>>;

    /// One group.
    fn group(&self, id: GroupId) -> StoreFuture<'_, Option<Group>>;

    /// Makes a group with its creator in it; `None` if the name is taken, whatever its case.
    fn add_group(
        &self,
        name: GroupName,
        creator: UserId,
        now: UtcMillis,
    ) -> StoreFuture<'_, Option<Group>>;

    /// Puts a user into a group; false if already in. What was said before counts as read.
    fn join(&self, user: UserId, group: GroupId, now: UtcMillis) -> StoreFuture<'_, Joined>;

    /// Takes a user out of a group; false if not in.
    fn leave(&self, user: UserId, group: GroupId) -> StoreFuture<'_, bool>;

    /// Whether a user is in a group.
    fn is_member(&self, user: UserId, group: GroupId) -> StoreFuture<'_, bool>;

    /// The groups a user is in, by id, each with the number of messages not yet read there.
    fn memberships(&self, user: UserId) -> StoreFuture<'_, Vec<Membership>>;

    /// Who is in a group, by the time of joining.
    fn members(&self, group: GroupId) -> StoreFuture<'_, Vec<UserId>>;

    /// Carries out `writes` in their order, in one commit; the answers stand in the same order.
    ///
    /// # Errors
    /// If the commit fails, none of the writes took place.
    fn write(&self, writes: Vec<MessageWrite>) -> StoreFuture<'_, Vec<Written>>;

    /// The `limit` messages before `before` (the latest ones if `None`), oldest first.
    fn page(
        &self,
        group: GroupId,
        before: Option<MessageId>,
        limit: usize,
    ) -> StoreFuture<'_, Page>;

    /// At most `limit` messages of a group whose latest change came after `after`, in the order of those changes.
    fn changes_after(
        &self,
        group: GroupId,
        after: ChangeId,
        limit: usize,
    ) -> StoreFuture<'_, Vec<Message>>;

    /// The latest change in a group; `ChangeId(0)` if nothing was ever said there.
    fn latest_change(&self, group: GroupId) -> StoreFuture<'_, ChangeId>;

    /// Notes that a user has read a group up to a message, and answers with their place as it is
    /// then; `None` if they are not in the group. The mark never moves backwards, nor beyond the
    /// group's last message.
    fn mark_read(
        &self,
        user: UserId,
        group: GroupId,
        up_to: MessageId,
    ) -> StoreFuture<'_, Option<Membership>>;

    /// Takes a user out of all groups. Messages stay.
    fn forget_user(&self, user: UserId) -> StoreFuture<'_, ()>;

    /// Takes everyone but `known` out of all groups, and says how many memberships that ended: mends
    /// an account deletion that was cut short between the two databases.
    fn forget_all_but(&self, known: Vec<UserId>) -> StoreFuture<'_, usize>;
}

/// An argon2id hash in PHC string form. `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(hidden)")
    }
}

/// The SHA-256 of a session token: whoever reads the database cannot log in with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// The transport a session was made on, and must stay on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SessionTransport {
    /// HTTP in clear.
    Plain,
    /// HTTP over TLS.
    Tls,
}

/// One login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// What is known of its token.
    pub token_hash: TokenHash,
    /// Whose it is.
    pub user_id: UserId,
    /// Where it may be used.
    pub transport: SessionTransport,
    /// When it was made.
    pub created_at: UtcMillis,
    /// When it was last used.
    pub last_used_at: UtcMillis,
    /// When its token showed up on the other transport.
    pub leaked_at: Option<UtcMillis>,
}

/// What became of a wish to join a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Joined {
    /// A member from now on.
    Now,
    /// A member before.
    Already,
    /// There is no such group.
    NoSuchGroup,
}

/// A user's place in a group, as it is at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Membership {
    /// Which group.
    pub group_id: GroupId,
    /// Since when.
    pub joined_at: UtcMillis,
    /// The last message that counts as read; `MessageId(0)` before the first.
    pub read_up_to: MessageId,
    /// How many messages of others, not deleted, came after it; counted up to `UNREAD_COUNTED_MAX`.
    pub unread: u64,
    /// The group's last message when that was counted: what comes after it is not in the count.
    pub counted_up_to: MessageId,
}

/// Where counting of unread messages ends, so that somebody who was away for a year costs no more
/// than somebody who was away for a day. A reader of the number sees "999+" anyway.
pub const UNREAD_COUNTED_MAX: u64 = 1000;

/// A stretch of a conversation, oldest message first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The messages, deleted ones included (without their text).
    pub messages: Vec<Message>,
    /// Whether there are older ones.
    pub older: bool,
}

/// One wish about a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MessageWrite {
    /// Say something. A second post of one author in one group with the same `client_id` is the
    /// first one again, whatever its content; in another group it is another message.
    Post {
        /// Where.
        group: GroupId,
        /// Who.
        author: UserId,
        /// The author's own name for it.
        client_id: Option<ClientId>,
        /// What.
        content: Content,
        /// When.
        now: UtcMillis,
    },
    /// Change the text of one's own message.
    Edit {
        /// Where it must stand.
        group: GroupId,
        /// Who must have written it.
        author: UserId,
        /// Which.
        message: MessageId,
        /// The new text.
        content: Content,
        /// When.
        now: UtcMillis,
    },
    /// Take one's own message back: the text is wiped, its place stays.
    Delete {
        /// Where it must stand.
        group: GroupId,
        /// Who must have written it.
        author: UserId,
        /// Which.
        message: MessageId,
        /// When.
        now: UtcMillis,
    },
}

/// What became of one `MessageWrite`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// A new message.
    Posted(Message),
    /// The message was stored before, under the same `client_id`; as it is now.
    Repeated(Message),
    /// The message with its new text.
    Edited(Message),
    /// The message without its text.
    Deleted(Message),
    /// Nothing to do: edited to the same text, or deleted before.
    Unchanged(Message),
    /// The author is not in the group (any more).
    NotMember,
    /// There is no such message in this group, or it was deleted.
    NoSuchMessage,
    /// Somebody else wrote it.
    NotAuthor,
}

/// Why something could not be kept or read. `Display` is one sentence with its cure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// The file belongs to a later version of this program.
    Newer {
        /// Which database.
        path: std::path::PathBuf,
        /// Its `user_version`.
        found: i64,
        /// The latest version this program knows.
        known: i64,
    },
    /// The file is damaged, or is not a database.
    Damaged {
        /// Which database.
        path: std::path::PathBuf,
        /// What SQLite said.
        detail: String,
    },
    /// Another program holds the database.
    Locked {
        /// Which database.
        path: std::path::PathBuf,
    },
    /// The folder or file cannot be written.
    NotWritable {
        /// Which file or folder.
        path: std::path::PathBuf,
        /// What the system said.
        detail: String,
    },
    /// There is no room on the disk.
    Full {
        /// Which database.
        path: std::path::PathBuf,
    },
    /// The database, or its write-ahead log, does not lie where it was opened.
    Moved {
        /// Which database.
        path: std::path::PathBuf,
    },
    /// The store has been closed, as the program is stopping.
    Closed,
    /// Anything else that SQLite reports.
    Other {
        /// Which database.
        path: std::path::PathBuf,
        /// What SQLite said.
        detail: String,
    },
}

impl StoreError {
    /// Why the store does not work, for people who cannot mend it: a part of a sentence, without paths.
    #[must_use]
    pub fn in_plain_words(&self) -> &'static str {
        match self {
            Self::Full { .. } => "there is no room left on the server's disk",
            Self::Locked { .. } => "another program holds the server's database",
            Self::NotWritable { .. } => "the server may not write to its database",
            Self::Moved { .. } => "somebody has moved the server's database",
            Self::Closed => "the server is stopping",
            Self::Newer { .. } | Self::Damaged { .. } | Self::Other { .. } => {
                "the server's database does not work"
            }
        }
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Newer { path, found, known } => write!(
                f,
                "{} was written by a newer version of this program (format {found}, this one knows {known}): start the newer version, or choose another folder with --data.",
                path.display()
            ),
            Self::Damaged { path, detail } => write!(
                f,
                "{} is damaged or is not a database ({detail}): with the server stopped, put a good copy in its place, or move it away to start afresh.",
                path.display()
            ),
            Self::Locked { path } => write!(
                f,
                "{} is in use by another program: stop that program, or choose another folder with --data.",
                path.display()
            ),
            Self::NotWritable { path, detail } => write!(
                f,
                "{} cannot be written ({detail}): mend its permissions, or choose another folder with --data.",
                path.display()
            ),
            Self::Full { path } => write!(
                f,
                "There is no room left on the disk for {}: free some space; nothing needs to be restarted.",
                path.display()
            ),
            Self::Moved { path } => write!(
                f,
                "{} was moved, removed or replaced while it was in use, so nothing is stored in it any more: put the same files back, and nothing needs to be restarted; if they are gone, docs/RELIABILITY.md says how to save what the server still holds.",
                path.display()
            ),
            Self::Closed => f.write_str("The server is stopping."),
            Self::Other { path, detail } => {
                write!(
                    f,
                    "{} could not be read or written: {detail}.",
                    path.display()
                )
            }
        }
    }
}

impl std::error::Error for StoreError {}
