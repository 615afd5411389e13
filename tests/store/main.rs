//! What the two stores promise, seen from outside: each promise beside what it refuses.
//! Knows only the traits and how to open a file; the workings are tested beside their code.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails; clippy knows that of test functions, not of what they share"
)]

mod groups;
mod messages;
mod reading;
mod users;
mod wiping;

use std::sync::Arc;

use secure_chat::model::{
    ClientId, Content, GroupId, GroupName, Message, MessageId, UserId, UtcMillis,
};
use secure_chat::store::sqlite::SqliteChatStore;
use secure_chat::store::{ChatStore, MessageWrite, Written};
use tempfile::TempDir;

const LOBBY: GroupId = GroupId(1);
const ANA: UserId = UserId(1);
const BEN: UserId = UserId(2);
/// Never joins the lobby.
const EVE: UserId = UserId(3);

/// A chat in a folder of its own, with Ana and Ben in the lobby.
struct Chat {
    folder: TempDir,
    store: Arc<SqliteChatStore>,
}

impl Chat {
    async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = open(&folder);
        store.join(ANA, LOBBY, UtcMillis(1)).await.unwrap();
        store.join(BEN, LOBBY, UtcMillis(2)).await.unwrap();
        Self { folder, store }
    }

    async fn close_and_open_again(&mut self) {
        self.store.close().await;
        self.store = open(&self.folder);
    }

    async fn group(&self, name: &str, creator: UserId) -> GroupId {
        let name = GroupName::new(name).unwrap();
        let group = self.store.add_group(name, creator, UtcMillis(3)).await;
        group.unwrap().unwrap().id
    }

    async fn write_one(&self, write: MessageWrite) -> Written {
        let mut written = self.store.write(vec![write]).await.unwrap();
        assert_eq!(written.len(), 1);
        written.remove(0)
    }

    async fn say(&self, author: UserId, text: &str) -> Message {
        self.say_in(LOBBY, author, text).await
    }

    async fn say_in(&self, group: GroupId, author: UserId, text: &str) -> Message {
        let Written::Posted(message) = self.write_one(post(group, author, text, None)).await else {
            panic!("{text} was not posted");
        };
        message
    }
}

fn open(folder: &TempDir) -> Arc<SqliteChatStore> {
    let path = folder.path().join("chat.sqlite3");
    Arc::new(SqliteChatStore::open(&path).unwrap())
}

fn content(text: &str) -> Content {
    Content::new(text.to_owned()).unwrap()
}

fn post(group: GroupId, author: UserId, text: &str, client_id: Option<&str>) -> MessageWrite {
    MessageWrite::Post {
        group,
        author,
        client_id: client_id.map(|id| ClientId::new(id).unwrap()),
        content: content(text),
        now: UtcMillis(1000),
    }
}

fn edit(group: GroupId, author: UserId, message: MessageId, text: &str) -> MessageWrite {
    MessageWrite::Edit {
        group,
        author,
        message,
        content: content(text),
        now: UtcMillis(2000),
    }
}

fn delete(group: GroupId, author: UserId, message: MessageId) -> MessageWrite {
    MessageWrite::Delete {
        group,
        author,
        message,
        now: UtcMillis(3000),
    }
}
