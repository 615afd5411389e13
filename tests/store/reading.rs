//! Reading a conversation: page by page backwards, or as the changes that were missed.

use secure_chat::model::{ChangeId, GroupId, Message, MessageId};
use secure_chat::store::ChatStore;

use crate::{ANA, Chat, LOBBY, delete, edit};

/// Five messages in the lobby, with as many of another group between them.
async fn five_messages() -> (Chat, Vec<Message>) {
    let chat = Chat::new().await;
    let elsewhere = chat.group("elsewhere", ANA).await;
    let mut messages = Vec::new();
    for text in ["a", "b", "c", "d", "e"] {
        messages.push(chat.say(ANA, text).await);
        chat.say_in(elsewhere, ANA, text).await;
    }
    (chat, messages)
}

#[tokio::test]
async fn a_page_ends_where_it_is_told_and_says_whether_there_is_more() {
    let (chat, all) = five_messages().await;
    let before = |n: usize| Some(all[n].id);
    for (before, limit, messages, older) in [
        (None, 0, 5..5, true),
        (None, 2, 3..5, true),
        (None, 4, 1..5, true),
        (None, 5, 0..5, false),
        (None, 6, 0..5, false),
        (None, usize::MAX, 0..5, false),
        (before(3), 2, 1..3, true),
        (before(2), 2, 0..2, false),
        (before(0), 2, 0..0, false),
        (Some(MessageId(i64::MIN)), 2, 0..0, false),
    ] {
        let page = chat.store.page(LOBBY, before, limit).await.unwrap();
        assert_eq!(page.messages, all[messages], "{limit} before {before:?}");
        assert_eq!(page.older, older, "{limit} before {before:?}");
    }
    let nowhere = chat.store.page(GroupId(99), None, 10).await.unwrap();
    assert!(nowhere.messages.is_empty() && !nowhere.older);
}

#[tokio::test]
async fn changes_come_once_each_in_their_order_as_they_are_now() {
    let (chat, all) = five_messages().await;
    chat.write_one(edit(LOBBY, ANA, all[3].id, "D")).await;
    chat.write_one(delete(LOBBY, ANA, all[1].id)).await;
    chat.write_one(edit(LOBBY, ANA, all[3].id, "Δ")).await;
    let after = async |change, limit| {
        let changes = chat
            .store
            .changes_after(LOBBY, ChangeId(change), limit)
            .await;
        let changes = changes.unwrap().into_iter();
        let told = changes.map(|message| (message.change.0, message.content));
        told.collect::<Vec<_>>()
    };
    let row = |change: i64, text: &str| (change, text.to_owned());
    let everything = [
        row(1, "a"),
        row(5, "c"),
        row(9, "e"),
        row(12, ""),
        row(13, "Δ"),
    ];
    for (change, limit, rows) in [
        (0, 10, 0..5),
        (0, 2, 0..2),
        (1, 10, 1..5),
        (4, 10, 1..5),
        (5, 1, 2..3),
        (12, 10, 4..5),
        (13, 10, 5..5),
        (i64::MAX, 10, 5..5),
        (0, 0, 0..0),
    ] {
        assert_eq!(
            after(change, limit).await,
            everything[rows],
            "{limit} after {change}"
        );
    }
}
