//! What was deleted is gone: not only from what the store answers, but from the bytes on the disk.

use std::path::Path;

use secure_chat::model::{UserId, UserName, UtcMillis};
use secure_chat::store::sqlite::SqliteUserStore;
use secure_chat::store::{PasswordHash, UserStore, Written};
use tempfile::TempDir;

use crate::{ANA, Chat, LOBBY, delete, edit};

/// How often `text` stands in any file of the folder.
fn count_on_disk(folder: &Path, text: &str) -> usize {
    let files = std::fs::read_dir(folder).unwrap();
    files
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .map(|bytes| {
            let places = bytes.windows(text.len());
            places.filter(|place| *place == text.as_bytes()).count()
        })
        .sum()
}

/// A text of about `len` bytes that says its mark all the way through, so that any part of it is found.
fn marked(mark: &str, len: usize) -> String {
    mark.repeat(len / mark.len() + 1)
}

#[tokio::test]
async fn deleted_and_replaced_text_leaves_the_disk_and_other_text_stays() {
    let chat = Chat::new().await;
    // From a few bytes to the longest message, which fills pages of its own.
    let lengths = [1, 100, 500, 1500, 3900];
    let mut doomed = Vec::new();
    for round in 0..20 {
        for len in lengths {
            chat.say(ANA, &marked("kept", len)).await;
            let text = marked(["oops", "slip"][round % 2], len);
            doomed.push((round, chat.say(ANA, &text).await.id));
        }
    }
    for text in ["kept", "oops", "slip"] {
        assert!(count_on_disk(chat.folder.path(), text) > 0, "{text}");
    }
    // Half is deleted, half edited: to something longer, and to something shorter.
    for (n, &(round, id)) in doomed.iter().enumerate() {
        let written = if round % 2 == 0 {
            chat.write_one(delete(LOBBY, ANA, id)).await
        } else {
            let text = marked("mended", lengths[n % 3] * 2);
            chat.write_one(edit(LOBBY, ANA, id, &text)).await
        };
        assert!(matches!(written, Written::Deleted(_) | Written::Edited(_)));
    }
    chat.store.close().await;
    assert_eq!(count_on_disk(chat.folder.path(), "oops"), 0);
    assert_eq!(count_on_disk(chat.folder.path(), "slip"), 0);
    assert!(count_on_disk(chat.folder.path(), "kept") > 0);
    assert!(count_on_disk(chat.folder.path(), "mended") > 0);
}

#[tokio::test]
async fn a_deleted_account_leaves_the_disk() {
    let folder = TempDir::new().unwrap();
    let store = SqliteUserStore::open(&folder.path().join("users.sqlite3")).unwrap();
    let name = |n: i64| {
        UserName::new(&format!(
            "{}{n:04}",
            if n % 2 == 0 { "gone" } else { "here" }
        ))
    };
    for n in 1..=300 {
        let hash = PasswordHash(format!("hash-of-{}", name(n).unwrap().as_str()));
        store
            .add_user(name(n).unwrap(), hash, UtcMillis(1))
            .await
            .unwrap()
            .unwrap();
    }
    for n in (2..=300).step_by(2) {
        assert!(store.delete_user(UserId(n)).await.unwrap());
    }
    store.close().await;
    assert_eq!(count_on_disk(folder.path(), "gone"), 0);
    assert!(count_on_disk(folder.path(), "here") >= 450);
}
