//! What was deleted is gone: not only from what the store answers, but from the bytes on the disk.
//! Both tests fail if SQLite's `secure_delete` is left to do this alone.

use std::path::Path;
use std::sync::Arc;

use secure_chat::model::{MessageId, UserName, UtcMillis};
use secure_chat::store::sqlite::SqliteUserStore;
use secure_chat::store::{ChatStore, MessageWrite, PasswordHash, UserStore, Written};
use tempfile::TempDir;

use crate::{ANA, Chat, LOBBY, delete, edit, post};

/// How often `text` stands in any file of the folder.
fn count_on_disk(folder: &Path, text: &str) -> usize {
    let count = |bytes: &[u8]| {
        let places = bytes.windows(text.len());
        places.filter(|place| *place == text.as_bytes()).count()
    };
    std::fs::read_dir(folder)
        .unwrap()
        .map(|file| count(&std::fs::read(file.unwrap().path()).unwrap()))
        .sum()
}

/// The numbers from 0 to `count` in an order without order, the same each time.
fn shuffled(count: usize) -> impl Iterator<Item = usize> {
    // 7919 is a prime that no count used here is a multiple of.
    (0..count).map(move |n| n * 7919 % count)
}

/// A text of `len` bytes or a little more that is its mark all the way through: any part of it is found.
fn marked(mark: &str, len: usize) -> String {
    mark.repeat(len / mark.len() + 1)
}

#[tokio::test]
async fn deleted_and_replaced_text_leaves_the_disk() {
    const MESSAGES: usize = 200;
    let chat = Chat::new().await;
    let write = async |writes: Vec<MessageWrite>| chat.store.write(writes).await.unwrap();
    let posts = (0..MESSAGES).map(|n| post(LOBBY, ANA, &marked("oops", n * 5), None));
    let ids: Vec<MessageId> = write(posts.collect())
        .await
        .into_iter()
        .map(|written| match written {
            Written::Posted(message) => message.id,
            refusal => panic!("{refusal:?}"),
        })
        .collect();
    // Texts grow and shrink, up to the longest, so that rows which stay where they are would be
    // pushed from page to page.
    for round in 1..=5 {
        let edits = shuffled(MESSAGES).map(|n| {
            let len = n * round * 3137 % 3900;
            edit(LOBBY, ANA, ids[n], &marked("slip", len))
        });
        write(edits.collect()).await;
    }
    let kept = ids[MESSAGES / 2];
    chat.write_one(edit(LOBBY, ANA, kept, "kept")).await;
    let deletions: Vec<MessageWrite> = shuffled(MESSAGES)
        .filter(|&n| ids[n] != kept)
        .map(|n| delete(LOBBY, ANA, ids[n]))
        .collect();
    let folder = chat.folder.path();
    assert!(count_on_disk(folder, "slip") > MESSAGES);
    for some in deletions.chunks(7) {
        write(some.to_vec()).await;
    }
    chat.store.close().await;
    assert_eq!(count_on_disk(folder, "oops"), 0);
    assert_eq!(count_on_disk(folder, "slip"), 0);
    assert_eq!(count_on_disk(folder, "kept"), 1);
}

#[tokio::test]
async fn a_deleted_account_leaves_the_disk() {
    const USERS: usize = 2000;
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("users.sqlite3");
    let store = Arc::new(SqliteUserStore::open(&path).unwrap());
    // Names come in no order, so that pages of the index over them are split and filled again.
    let adding: Vec<_> = shuffled(USERS)
        .map(|n| {
            let fate = if n % 3 == 0 { "kept" } else { "gone" };
            let name = UserName::new(&format!("{n}-{fate}-{}", "x".repeat(n % 17))).unwrap();
            let hash = PasswordHash(format!("hash of {}", name.as_str().repeat(5)));
            let store = Arc::clone(&store);
            tokio::spawn(async move { store.add_user(name, hash, UtcMillis(1)).await.unwrap() })
        })
        .collect();
    let mut gone = Vec::new();
    for added in adding {
        let user = added.await.unwrap().unwrap();
        if user.name.as_str().contains("gone") {
            gone.push(user.id);
        }
    }
    assert!(count_on_disk(folder.path(), "gone") > gone.len());
    let deleting: Vec<_> = shuffled(gone.len())
        .map(|n| {
            let (store, id) = (Arc::clone(&store), gone[n]);
            tokio::spawn(async move { store.delete_user(id).await.unwrap() })
        })
        .collect();
    for deleted in deleting {
        assert!(deleted.await.unwrap());
    }
    store.close().await;
    assert_eq!(count_on_disk(folder.path(), "gone"), 0);
    assert!(count_on_disk(folder.path(), "kept") > USERS / 3);
}
