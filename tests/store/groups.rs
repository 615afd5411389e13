//! Groups, who is in them, and how far they have read.

use secure_chat::model::{GroupId, GroupName, MessageId, UserId, UtcMillis};
use secure_chat::store::{ChatStore, Joined, Membership, UNREAD_COUNTED_MAX};

use crate::{ANA, BEN, Chat, EVE, LOBBY, delete, post};

#[tokio::test]
async fn a_new_store_has_a_lobby_and_keeps_it_one() {
    let mut chat = Chat::new().await;
    for _ in 0..2 {
        let groups = chat.store.groups().await.unwrap();
        assert_eq!(groups.len(), 1);
        assert_eq!((groups[0].id, groups[0].name.as_str()), (LOBBY, "lobby"));
        // Made by SQLite's own clock: some time after this was written.
        assert!(groups[0].created_at > UtcMillis(1_763_000_000_000));
        chat.close_and_open_again().await;
    }
}

#[tokio::test]
async fn a_group_is_made_once_whatever_the_case_with_its_creator_in_it() {
    let chat = Chat::new().await;
    let name = |text| GroupName::new(text).unwrap();
    let added = chat.store.add_group(name("Übung"), EVE, UtcMillis(5)).await;
    let group = added.unwrap().unwrap();
    assert_eq!(group.name, name("Übung"));
    assert_eq!(group.created_at, UtcMillis(5));
    assert_eq!(chat.store.members(group.id).await.unwrap(), [EVE]);
    assert_eq!(
        chat.store.group(group.id).await.unwrap(),
        Some(group.clone())
    );
    assert_eq!(chat.store.group(GroupId(99)).await.unwrap(), None);

    for taken in ["Übung", "übung", "LOBBY"] {
        let again = chat.store.add_group(name(taken), ANA, UtcMillis(6)).await;
        assert_eq!(again.unwrap(), None, "{taken}");
    }
    assert_eq!(chat.store.members(group.id).await.unwrap(), [EVE]);
    assert_eq!(chat.store.groups().await.unwrap()[1..], [group]);
}

#[tokio::test]
async fn joining_and_leaving_say_what_became_of_them() {
    let chat = Chat::new().await;
    let join = |group| chat.store.join(EVE, group, UtcMillis(9));
    let is_member = || chat.store.is_member(EVE, LOBBY);
    assert!(!is_member().await.unwrap());
    assert_eq!(join(LOBBY).await.unwrap(), Joined::Now);
    assert_eq!(join(LOBBY).await.unwrap(), Joined::Already);
    assert_eq!(join(GroupId(99)).await.unwrap(), Joined::NoSuchGroup);
    assert!(is_member().await.unwrap());

    assert!(chat.store.leave(EVE, LOBBY).await.unwrap());
    assert!(!chat.store.leave(EVE, LOBBY).await.unwrap());
    assert!(!is_member().await.unwrap());
    assert_eq!(chat.store.members(LOBBY).await.unwrap(), [ANA, BEN]);
}

#[tokio::test]
async fn members_stand_in_the_order_of_joining() {
    let chat = Chat::new().await;
    let group = chat.group("order", UserId(9)).await;
    for (user, at) in [(UserId(5), 20), (UserId(7), 10), (UserId(6), 20)] {
        chat.store.join(user, group, UtcMillis(at)).await.unwrap();
    }
    let members = chat.store.members(group).await.unwrap();
    assert_eq!(members, [UserId(9), UserId(7), UserId(5), UserId(6)]);
    assert!(chat.store.members(GroupId(99)).await.unwrap().is_empty());
}

#[tokio::test]
async fn memberships_count_what_others_said_since() {
    let chat = Chat::new().await;
    chat.say(ANA, "before Eve came").await;
    chat.store.join(EVE, LOBBY, UtcMillis(50)).await.unwrap();
    let quiet = chat.group("quiet", EVE).await;
    chat.say(EVE, "my own").await;
    chat.say(ANA, "one").await;
    let wrong = chat.say(ANA, "wrong").await;
    chat.say(BEN, "two").await;
    chat.write_one(delete(LOBBY, ANA, wrong.id)).await;

    let memberships = chat.store.memberships(EVE).await.unwrap();
    assert_eq!(
        memberships,
        [
            Membership {
                group_id: LOBBY,
                joined_at: UtcMillis(50),
                read_up_to: MessageId(1),
                unread: 2,
                counted_up_to: MessageId(5),
            },
            Membership {
                group_id: quiet,
                joined_at: UtcMillis(3),
                read_up_to: MessageId(0),
                unread: 0,
                counted_up_to: MessageId(0),
            },
        ]
    );
    assert!(chat.store.memberships(UserId(99)).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_mark_moves_forward_only_and_not_beyond_the_last_message() {
    let chat = Chat::new().await;
    let elsewhere = chat.group("elsewhere", ANA).await;
    let mut ids = Vec::new();
    for text in ["a", "b", "c"] {
        ids.push(chat.say(ANA, text).await.id);
        chat.say_in(elsewhere, ANA, text).await;
    }
    let mark = async |up_to| {
        chat.store
            .mark_read(BEN, LOBBY, up_to)
            .await
            .unwrap()
            .unwrap()
    };
    for (up_to, unread, mark_at) in [
        (MessageId(0), 3, MessageId(0)),
        (ids[1], 1, ids[1]),
        (ids[0], 1, ids[1]),
        // A message of the other group stands between the two.
        (MessageId(ids[1].0 + 1), 1, ids[1]),
        (MessageId(i64::MAX), 0, ids[2]),
    ] {
        let place = mark(up_to).await;
        assert_eq!(
            (place.unread, place.read_up_to),
            (unread, mark_at),
            "{up_to}"
        );
        assert_eq!(
            place.counted_up_to, ids[2],
            "the last message of this group"
        );
        assert_eq!(chat.store.memberships(BEN).await.unwrap(), [place]);
    }
    chat.say(ANA, "d").await;
    assert_eq!(mark(ids[2]).await.unread, 1);

    // Those who are not members have nothing to read.
    let strangers = chat.store.mark_read(EVE, LOBBY, MessageId(0)).await;
    assert_eq!(strangers.unwrap(), None);
}

#[tokio::test]
async fn unread_messages_are_counted_up_to_a_limit() {
    let chat = Chat::new().await;
    let unread = async || chat.store.memberships(BEN).await.unwrap()[0].unread;
    let many = |count| vec![post(LOBBY, ANA, "x", None); count];
    let limit = usize::try_from(UNREAD_COUNTED_MAX).unwrap();
    for (more, counted) in [
        (limit - 1, UNREAD_COUNTED_MAX - 1),
        (1, UNREAD_COUNTED_MAX),
        (1, UNREAD_COUNTED_MAX),
    ] {
        chat.store.write(many(more)).await.unwrap();
        assert_eq!(unread().await, counted);
    }
}

#[tokio::test]
async fn who_leaves_and_comes_back_has_missed_nothing_that_counts() {
    let chat = Chat::new().await;
    chat.store.leave(BEN, LOBBY).await.unwrap();
    chat.say(ANA, "while Ben was away").await;
    chat.store.join(BEN, LOBBY, UtcMillis(70)).await.unwrap();
    let memberships = chat.store.memberships(BEN).await.unwrap();
    assert_eq!(
        (memberships[0].unread, memberships[0].joined_at),
        (0, UtcMillis(70))
    );
}

#[tokio::test]
async fn a_forgotten_user_leaves_all_groups_and_no_gap_in_the_conversation() {
    let chat = Chat::new().await;
    let second = chat.group("second", ANA).await;
    let said = chat.say(ANA, "I was here").await;
    chat.store.forget_user(ANA).await.unwrap();
    assert!(chat.store.memberships(ANA).await.unwrap().is_empty());
    assert!(chat.store.members(second).await.unwrap().is_empty());
    assert_eq!(chat.store.members(LOBBY).await.unwrap(), [BEN]);
    let page = chat.store.page(LOBBY, None, 10).await.unwrap();
    assert_eq!(page.messages, [said]);
}

#[tokio::test]
async fn only_the_known_stay() {
    let chat = Chat::new().await;
    let second = chat.group("second", EVE).await;
    chat.store.join(ANA, second, UtcMillis(4)).await.unwrap();
    for (known, ended) in [
        (vec![ANA, BEN, EVE, UserId(99)], 0),
        (vec![ANA, BEN], 1),
        (vec![BEN], 2),
        (vec![], 1),
    ] {
        let forgotten = chat.store.forget_all_but(known.clone()).await.unwrap();
        assert_eq!(forgotten, ended, "{known:?}");
    }
    assert!(chat.store.members(LOBBY).await.unwrap().is_empty());
    assert_eq!(chat.store.groups().await.unwrap().len(), 2, "groups stay");
}
