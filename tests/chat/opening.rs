//! What a page is told first, and that nothing is missed or told twice, however long it was away.

use serde_json::{Value, json};

use crate::LOBBY;
use crate::client::{Opening, Socket};
use crate::people::Person;
use crate::support::Server;

/// As many as anybody likes, for tests that say much.
async fn talkative() -> Server {
    Server::start(&[], |config| {
        config.limits.messages_per_second_max = 1_000_000
    })
    .await
}

async fn opening(person: &Person, after: i64) -> Opening {
    let path = format!("/ws/chat/{LOBBY}?after={after}");
    person.open(&path).await.opening().await
}

fn contents(messages: &[Value]) -> Vec<&str> {
    messages
        .iter()
        .map(|message| message["content"].as_str().unwrap())
        .collect()
}

/// Posts `count` messages at once, and waits for the last acknowledgement.
async fn post_many(socket: &mut Socket, prefix: &str, count: usize) -> Vec<Value> {
    for number in 0..count {
        socket
            .send(&format!("{prefix}{number}"), &format!("{prefix}{number}"))
            .await;
    }
    let mut messages = Vec::new();
    while messages.len() < count {
        messages.push(socket.expect("message").await["message"].clone());
    }
    messages
}

#[tokio::test]
async fn a_page_hears_hello_then_history_then_ready() {
    let server = talkative().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let mut page = ana.open("/ws/chat/1").await;
    let empty = page.opening().await;
    assert_eq!(
        empty.hello["group"],
        json!({ "id": LOBBY, "name": "lobby" })
    );
    assert_eq!(empty.hello["you"], json!({ "id": ana.id, "name": "ana" }));
    assert_eq!(
        empty.hello["members"],
        json!([{ "id": ana.id, "name": "ana" }, { "id": ben.id, "name": "ben" }])
    );
    let self_there = json!({ "id": ana.id, "name": "ana", "addresses": ["127.0.0.1"] });
    assert_eq!(empty.hello["present"], json!([self_there]));
    assert_eq!(
        (empty.messages.len(), empty.older, empty.change),
        (0, Some(false), 0)
    );

    post_many(&mut page, "m", 50).await;
    let whole = ben.open("/ws/chat/1").await.opening().await;
    assert_eq!((whole.messages.len(), whole.older), (50, Some(false)));
    page.post("one more", "one").await;
    let latest = ben.open("/ws/chat/1").await.opening().await;
    assert_eq!((latest.messages.len(), latest.older), (50, Some(true)));
    assert_eq!(contents(&latest.messages)[..2], ["m1", "m2"]);
    assert_eq!(contents(&latest.messages)[49], "one more");
    assert_eq!(latest.change, 51);
}

#[tokio::test]
async fn older_messages_come_page_by_page_up_to_the_first() {
    let server = talkative().await;
    let ana = Person::register(&server, "ana").await;
    let elsewhere = ana.create_group("elsewhere").await;
    let mut page = ana.chat(LOBBY).await;
    let said = post_many(&mut page, "m", 120).await;
    let foreign = ana.chat(elsewhere).await.post("elsewhere", "e").await;
    let mut known = ana.open("/ws/chat/1").await.opening().await.messages;
    for (len, more) in [(50, true), (20, false)] {
        let before = known[0]["id"].clone();
        page.say(json!({ "type": "older", "before": before })).await;
        let older = page.expect("older").await;
        assert_eq!(older["before"], before);
        assert_eq!(older["older"], more);
        let messages = older["messages"].as_array().unwrap();
        assert_eq!(messages.len(), len);
        known.splice(0..0, messages.iter().cloned());
    }
    assert_eq!(known, said);
    // Ids of other groups are only positions here: nothing of those groups is told.
    let before = foreign["id"].as_i64().unwrap() + 1;
    page.say(json!({ "type": "older", "before": before })).await;
    let older = page.expect("older").await;
    assert_eq!(older["messages"].as_array().unwrap()[49], said[119]);
    page.say(json!({ "type": "older", "before": 0 })).await;
    let none = page.expect("older").await;
    assert_eq!(
        none,
        json!({ "type": "older", "before": 0, "older": false, "messages": [] })
    );
}

#[tokio::test]
async fn a_replay_has_all_that_was_missed_once_with_edits_and_deletions() {
    let server = talkative().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let mut page = ana.chat(LOBBY).await;
    let said = post_many(&mut page, "m", 3).await;
    let away = opening(&ben, 0).await;
    assert_eq!((away.older, away.parts), (None, 1));
    assert_eq!(away.messages, said);
    assert_eq!(away.change, 3);

    page.say(json!({ "type": "edit", "message_id": said[0]["id"], "content": "edited" }))
        .await;
    let edited = page.expect("edited").await["message"].clone();
    page.say(json!({ "type": "delete", "message_id": said[1]["id"] }))
        .await;
    let deleted = page.expect("deleted").await["message"].clone();
    let new = page.post("new", "new").await;
    page.say(json!({ "type": "edit", "message_id": new["id"], "content": "newer" }))
        .await;
    let newer = page.expect("edited").await["message"].clone();

    let back = opening(&ben, away.change).await;
    assert_eq!(back.messages, [edited, deleted, newer]);
    assert_eq!(back.change, 7);
    assert_eq!(back.messages[1]["content"], "");
    assert!(back.messages[1]["deleted_at"].is_i64());

    // Who has everything is told nothing, and so is who was away while others spoke elsewhere.
    let elsewhere = ana.create_group("elsewhere").await;
    post_many(&mut ana.chat(elsewhere).await, "e", 3).await;
    let nothing = opening(&ben, back.change).await;
    assert_eq!(
        (nothing.messages.len(), nothing.older, nothing.change),
        (0, None, 7)
    );
}

#[tokio::test]
async fn a_long_replay_comes_in_parts_and_too_long_a_one_as_history() {
    let server = talkative().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let mut page = ana.chat(LOBBY).await;
    let mut said = post_many(&mut page, "m", 999).await;
    let elsewhere = ana.create_group("elsewhere").await;
    post_many(&mut ana.chat(elsewhere).await, "e", 500).await;
    said.push(page.post("the thousandth", "t").await);

    // A thousand changes here, and 500 in between that are nobody's business.
    let back = opening(&ben, 0).await;
    assert_eq!((back.older, back.parts), (None, 20));
    assert!(back.messages == said);
    assert_eq!(back.change, 1500);

    page.post("one more", "one").await;
    let too_far = opening(&ben, 0).await;
    assert_eq!((too_far.older, too_far.messages.len()), (Some(true), 50));
    let near_enough = opening(&ben, 1).await;
    assert_eq!(
        (near_enough.older, near_enough.messages.len()),
        (None, 1000)
    );

    // Given out by another database: this one's history takes the place of whatever the client has.
    let future = opening(&ben, 1502).await;
    assert_eq!((future.older, future.messages.len()), (Some(true), 50));
    assert_eq!(opening(&ben, 1501).await.older, None);
}
