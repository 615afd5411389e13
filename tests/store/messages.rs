//! Saying something, changing it, taking it back.

use std::collections::BTreeSet;
use std::slice::from_ref;

use secure_chat::model::{ChangeId, ClientId, GroupId, Message, MessageId, UtcMillis};
use secure_chat::store::{ChatStore, StoreError, Written};

use crate::{ANA, BEN, Chat, EVE, LOBBY, delete, edit, post};

async fn stored(chat: &Chat) -> Vec<Message> {
    chat.store.page(LOBBY, None, 10_000).await.unwrap().messages
}

#[tokio::test]
async fn what_was_posted_is_stored_as_it_was_answered_over_a_restart() {
    let mut chat = Chat::new().await;
    let written = chat.write_one(post(LOBBY, ANA, "hi <b>", Some("f3"))).await;
    let message = Message {
        id: MessageId(1),
        change: ChangeId(1),
        group_id: LOBBY,
        author_id: ANA,
        content: "hi <b>".to_owned(),
        created_at: UtcMillis(1000),
        edited_at: None,
        deleted_at: None,
        client_id: Some(ClientId::new("f3").unwrap()),
    };
    assert_eq!(written, Written::Posted(message.clone()));
    assert_eq!(stored(&chat).await, from_ref(&message));
    chat.close_and_open_again().await;
    assert_eq!(stored(&chat).await, [message]);
}

#[tokio::test]
async fn posting_twice_with_one_client_id_stores_it_once() {
    let chat = Chat::new().await;
    let once = post(LOBBY, ANA, "once", Some("id"));
    let answers = chat.store.write(vec![once.clone(), once]).await.unwrap();
    let [Written::Posted(first), Written::Repeated(second)] = &answers[..] else {
        panic!("{answers:?}");
    };
    assert_eq!(first, second);
    // Whatever the repeat says, it is answered with the message as it is by now.
    let other = post(LOBBY, ANA, "other words", Some("id"));
    assert_eq!(
        chat.write_one(other.clone()).await,
        Written::Repeated(first.clone())
    );
    let Written::Edited(edited) = chat.write_one(edit(LOBBY, ANA, first.id, "edited")).await else {
        panic!("not edited");
    };
    assert_eq!(
        chat.write_one(other.clone()).await,
        Written::Repeated(edited)
    );
    let Written::Deleted(deleted) = chat.write_one(delete(LOBBY, ANA, first.id)).await else {
        panic!("not deleted");
    };
    assert_eq!(
        chat.write_one(other).await,
        Written::Repeated(deleted.clone())
    );
    assert_eq!(stored(&chat).await, [deleted]);
}

#[tokio::test]
async fn a_client_id_belongs_to_one_author_in_one_group() {
    let chat = Chat::new().await;
    let elsewhere = chat.group("elsewhere", ANA).await;
    for write in [
        post(LOBBY, ANA, "a", Some("same")),
        post(LOBBY, BEN, "b", Some("same")),
        post(elsewhere, ANA, "c", Some("same")),
        post(LOBBY, ANA, "d", Some("SAME")),
        post(LOBBY, ANA, "e", None),
        post(LOBBY, ANA, "e", None),
    ] {
        let written = chat.write_one(write).await;
        assert!(matches!(written, Written::Posted(_)), "{written:?}");
    }
    let repeat = chat
        .write_one(post(elsewhere, ANA, "c", Some("same")))
        .await;
    let Written::Repeated(repeat) = repeat else {
        panic!("{repeat:?}");
    };
    assert_eq!((repeat.group_id, repeat.content.as_str()), (elsewhere, "c"));
}

#[tokio::test]
async fn an_edit_changes_text_and_change_and_nothing_else() {
    let chat = Chat::new().await;
    let before = chat.say(ANA, "helo").await;
    chat.say(BEN, "hi").await;
    let after = Message {
        change: ChangeId(3),
        content: "hello".to_owned(),
        edited_at: Some(UtcMillis(2000)),
        ..before.clone()
    };
    let same = edit(LOBBY, ANA, before.id, "helo");
    assert_eq!(
        chat.write_one(same).await,
        Written::Unchanged(before.clone())
    );
    let other = edit(LOBBY, ANA, before.id, "hello");
    assert_eq!(
        chat.write_one(other.clone()).await,
        Written::Edited(after.clone())
    );
    assert_eq!(
        chat.write_one(other).await,
        Written::Unchanged(after.clone())
    );
    assert_eq!(stored(&chat).await[0], after);
}

#[tokio::test]
async fn a_deletion_wipes_the_text_and_keeps_the_place() {
    let chat = Chat::new().await;
    let before = chat.say(ANA, "oops").await;
    let after = Message {
        change: ChangeId(2),
        content: String::new(),
        deleted_at: Some(UtcMillis(3000)),
        ..before.clone()
    };
    let wish = delete(LOBBY, ANA, before.id);
    assert_eq!(
        chat.write_one(wish.clone()).await,
        Written::Deleted(after.clone())
    );
    assert_eq!(
        chat.write_one(wish).await,
        Written::Unchanged(after.clone())
    );
    let too_late = edit(LOBBY, ANA, before.id, "never mind");
    assert_eq!(chat.write_one(too_late).await, Written::NoSuchMessage);
    assert_eq!(stored(&chat).await, [after]);
}

#[tokio::test]
async fn what_one_may_not_do_is_refused_and_changes_nothing() {
    let chat = Chat::new().await;
    let elsewhere = chat.group("elsewhere", ANA).await;
    let of_ana = chat.say(ANA, "mine").await;
    for (write, refusal) in [
        (post(LOBBY, EVE, "let me in", None), Written::NotMember),
        (post(GroupId(99), ANA, "anyone?", None), Written::NotMember),
        (edit(LOBBY, EVE, of_ana.id, "x"), Written::NotMember),
        (delete(LOBBY, EVE, of_ana.id), Written::NotMember),
        (edit(LOBBY, BEN, of_ana.id, "x"), Written::NotAuthor),
        (delete(LOBBY, BEN, of_ana.id), Written::NotAuthor),
        (edit(LOBBY, ANA, MessageId(99), "x"), Written::NoSuchMessage),
        (delete(LOBBY, ANA, MessageId(99)), Written::NoSuchMessage),
        (edit(elsewhere, ANA, of_ana.id, "x"), Written::NoSuchMessage),
        (delete(elsewhere, ANA, of_ana.id), Written::NoSuchMessage),
    ] {
        assert_eq!(chat.write_one(write.clone()).await, refusal, "{write:?}");
    }
    assert_eq!(stored(&chat).await, from_ref(&of_ana));
    assert_eq!(
        chat.store.latest_change(LOBBY).await.unwrap(),
        of_ana.change
    );
}

#[tokio::test]
async fn who_left_can_neither_speak_nor_take_back() {
    let chat = Chat::new().await;
    let said = chat.say(ANA, "bye").await;
    chat.store.leave(ANA, LOBBY).await.unwrap();
    for write in [
        post(LOBBY, ANA, "one more thing", None),
        edit(LOBBY, ANA, said.id, "good-bye"),
        delete(LOBBY, ANA, said.id),
    ] {
        assert_eq!(chat.write_one(write).await, Written::NotMember);
    }
    chat.store.join(ANA, LOBBY, UtcMillis(5)).await.unwrap();
    let back = chat.write_one(delete(LOBBY, ANA, said.id)).await;
    assert!(matches!(back, Written::Deleted(_)), "{back:?}");
}

#[tokio::test]
async fn a_batch_is_carried_out_in_its_order_and_answered_in_it() {
    let chat = Chat::new().await;
    let answers = chat
        .store
        .write(vec![
            post(LOBBY, ANA, "one", None),
            post(LOBBY, EVE, "no", None),
            edit(LOBBY, ANA, MessageId(1), "uno"),
            post(LOBBY, BEN, "two", None),
            delete(LOBBY, ANA, MessageId(1)),
            edit(LOBBY, ANA, MessageId(1), "too late"),
        ])
        .await
        .unwrap();
    let change = |written: &Written| match written {
        Written::Posted(message) | Written::Edited(message) | Written::Deleted(message) => {
            Some((message.id.0, message.change.0))
        }
        _ => None,
    };
    let changes: Vec<_> = answers.iter().map(change).collect();
    let expected = [
        Some((1, 1)),
        None,
        Some((1, 2)),
        Some((2, 3)),
        Some((1, 4)),
        None,
    ];
    assert_eq!(changes, expected);
    assert_eq!(answers[1], Written::NotMember);
    assert_eq!(answers[5], Written::NoSuchMessage);
    assert!(chat.store.write(vec![]).await.unwrap().is_empty());
}

#[tokio::test]
async fn changes_are_numbered_over_all_groups_and_restarts() {
    let mut chat = Chat::new().await;
    let elsewhere = chat.group("elsewhere", ANA).await;
    assert_eq!(chat.store.latest_change(LOBBY).await.unwrap(), ChangeId(0));
    let first = chat.say(ANA, "a").await;
    assert_eq!(chat.say_in(elsewhere, ANA, "b").await.change, ChangeId(2));
    chat.write_one(delete(LOBBY, ANA, first.id)).await;
    chat.close_and_open_again().await;
    assert_eq!(chat.say(ANA, "c").await.change, ChangeId(4));
    assert_eq!(chat.store.latest_change(LOBBY).await.unwrap(), ChangeId(4));
    assert_eq!(
        chat.store.latest_change(elsewhere).await.unwrap(),
        ChangeId(2)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_at_once_lose_nothing_and_readers_see_what_was_answered() {
    const WRITERS: usize = 16;
    const BATCHES: usize = 20;
    let chat = Chat::new().await;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let store = chat.store.clone();
            tokio::spawn(async move {
                for batch in 0..BATCHES {
                    let client_id = format!("{writer}-{batch}");
                    let wishes = vec![
                        post(LOBBY, ANA, "hello", Some(&client_id)),
                        post(LOBBY, BEN, "hello", Some(&client_id)),
                        post(LOBBY, ANA, "hello", Some(&client_id)),
                    ];
                    let answers = store.write(wishes).await.unwrap();
                    let [
                        Written::Posted(first),
                        Written::Posted(_),
                        Written::Repeated(again),
                    ] = &answers[..]
                    else {
                        panic!("{answers:?}");
                    };
                    assert_eq!(first, again);
                    let seen = store.changes_after(LOBBY, ChangeId(first.change.0 - 1), 1);
                    assert_eq!(seen.await.unwrap(), from_ref(first));
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let messages = stored(&chat).await;
    assert_eq!(messages.len(), WRITERS * BATCHES * 2);
    let changes: BTreeSet<i64> = messages.iter().map(|message| message.change.0).collect();
    let all: BTreeSet<i64> = (1..=640).collect();
    assert_eq!(changes, all, "each number once, none left out");
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let mut chat = Chat::new().await;
    let said = chat.say(ANA, "last words").await;
    chat.store.close().await;
    let write = chat.store.write(vec![post(LOBBY, ANA, "too late", None)]);
    assert_eq!(write.await, Err(StoreError::Closed));
    assert_eq!(chat.store.groups().await, Err(StoreError::Closed));
    chat.close_and_open_again().await;
    assert_eq!(stored(&chat).await, [said]);
}
