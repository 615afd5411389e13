//! Sending, editing, deleting, typing: what everybody hears, what its author hears, and what is refused.

use serde_json::{Value, json};

use crate::LOBBY;
use crate::client::TEXT;
use crate::people::Person;
use crate::support::Server;

fn assert_refused(event: &Value, request: &str, reason: &str) {
    assert_eq!(event["type"], "refused", "{event}");
    assert_eq!(
        (&event["request"], &event["reason"]),
        (&json!(request), &json!(reason))
    );
    assert!(event["text"].as_str().unwrap().len() > 10, "{event}");
}

#[tokio::test]
async fn a_message_is_seen_by_all_and_acknowledged_by_its_client_id() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let (mut from, mut second_tab, mut to) = (
        ana.chat(LOBBY).await,
        ana.chat(LOBBY).await,
        ben.chat(LOBBY).await,
    );
    from.send("hi <b>Ben</b>", "a-1").await;
    let event = from.expect("message").await;
    assert_eq!(to.event().await, event);
    assert_eq!(second_tab.event().await, event);
    let message = &event["message"];
    assert_eq!(message["author"], json!({ "id": ana.id, "name": "ana" }));
    assert_eq!(message["content"], "hi <b>Ben</b>");
    assert_eq!(message["client_id"], "a-1");
    assert_eq!(
        (&message["edited_at"], &message["deleted_at"]),
        (&Value::Null, &Value::Null)
    );
    let stored = ben.open("/ws/chat/1").await.opening().await.messages;
    assert_eq!(stored, std::slice::from_ref(message));

    // Without a client_id it goes as well; the same words are another message.
    for _ in 0..2 {
        to.say(json!({ "type": "send", "content": "hi <b>Ben</b>" }))
            .await;
        let event = from.expect("message").await;
        assert_eq!(event["message"]["client_id"], Value::Null);
        assert_eq!(event["message"]["author"]["name"], "ben");
    }
}

#[tokio::test]
async fn a_repeat_after_a_lost_acknowledgement_is_stored_once() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let mut witness = ben.chat(LOBBY).await;
    let mut lost = ana.chat(LOBBY).await;
    lost.send("once", "same").await;
    let message = witness.expect("message").await["message"].clone();
    // The connection goes with the acknowledgement unread.
    drop(lost);
    let mut again = ana.chat(LOBBY).await;
    assert_eq!(again.post("once", "same").await, message);
    // Another author may call a message the same, and so may one author in another group.
    let other = witness.post("other", "same").await;
    assert_ne!(other["id"], message["id"]);
    let elsewhere = ana.create_group("elsewhere").await;
    assert_eq!(
        ana.chat(elsewhere).await.post("there", "same").await["content"],
        "there"
    );
    assert_eq!(again.event().await["message"], other);

    // What became of the message meanwhile is what its author is told.
    again
        .say(json!({ "type": "edit", "message_id": message["id"], "content": "twice" }))
        .await;
    let edited = again.expect("edited").await["message"].clone();
    assert_eq!(again.post("once", "same").await, edited);
    again
        .say(json!({ "type": "delete", "message_id": message["id"] }))
        .await;
    let deleted = again.expect("deleted").await["message"].clone();
    again.send("once", "same").await;
    assert_eq!(again.expect("deleted").await["message"], deleted);
    let events: Vec<Value> = witness.heard_by_now().await;
    let kinds: Vec<_> = events.iter().map(|event| event["type"].clone()).collect();
    assert_eq!(kinds, ["edited", "deleted"]);
}

#[tokio::test]
async fn only_its_author_changes_a_message_and_only_where_it_stands() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let elsewhere = ana.create_group("elsewhere").await;
    let (mut anas, mut bens) = (ana.chat(LOBBY).await, ben.chat(LOBBY).await);
    let mut anas_elsewhere = ana.chat(elsewhere).await;
    let message = anas.post("mine", "m").await;
    bens.expect("message").await;
    let (id, secret) = (
        message["id"].clone(),
        anas_elsewhere.post("secret", "s").await,
    );

    let edit = |id: &Value| json!({ "type": "edit", "message_id": id, "content": "changed" });
    let delete = |id: &Value| json!({ "type": "delete", "message_id": id });
    for (wish, reason) in [
        (edit(&id), "not_author"),
        (delete(&id), "not_author"),
        // Of another group nothing is told, not even that there is such a message.
        (edit(&secret["id"]), "no_such_message"),
        (delete(&secret["id"]), "no_such_message"),
        (edit(&json!(999)), "no_such_message"),
        (delete(&json!(-1)), "no_such_message"),
    ] {
        bens.say(wish.clone()).await;
        let refused = bens.event().await;
        assert_refused(&refused, wish["type"].as_str().unwrap(), reason);
        assert_eq!(refused["message_id"], wish["message_id"]);
    }
    // The author's own hands are bound elsewhere too.
    anas_elsewhere.say(edit(&id)).await;
    assert_refused(&anas_elsewhere.event().await, "edit", "no_such_message");

    anas.say(edit(&id)).await;
    let edited = bens.expect("edited").await;
    assert_eq!(anas.event().await, edited);
    assert_eq!(edited["message"]["content"], "changed");
    assert!(edited["message"]["edited_at"].is_i64());
    // The same words again change nothing, and only their author is told so.
    anas.say(edit(&id)).await;
    assert_eq!(anas.event().await, edited);
    anas.say(delete(&id)).await;
    let deleted = bens.expect("deleted").await;
    assert_eq!(anas.event().await, deleted);
    assert_eq!(deleted["message"]["content"], "");
    anas.say(delete(&id)).await;
    assert_eq!(anas.event().await, deleted);
    anas.say(edit(&id)).await;
    assert_refused(&anas.event().await, "edit", "no_such_message");
    assert_eq!(bens.heard_by_now().await, [] as [Value; 0]);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused_by_its_name() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let mut page = ana.chat(LOBBY).await;
    let long = json!({ "type": "send", "client_id": "c", "content": "é".repeat(4001) });
    let long = long.to_string();
    let (none, c, three) = (Value::Null, json!("c"), json!(3));
    for (text, request, client_id, message_id) in [
        ("hello", "", &none, &none),
        ("[1]", "", &none, &none),
        (r#"{"type":"shout"}"#, "shout", &none, &none),
        (r#"{"type":"send","client_id":"c"}"#, "send", &c, &none),
        (
            r#"{"type":"send","client_id":"c","content":" \n"}"#,
            "send",
            &c,
            &none,
        ),
        (&long, "send", &c, &none),
        (
            r#"{"type":"send","client_id":"a b","content":"x"}"#,
            "send",
            &none,
            &none,
        ),
        (
            r#"{"type":"edit","message_id":3,"content":7}"#,
            "edit",
            &none,
            &three,
        ),
        (
            r#"{"type":"delete","message_id":"3"}"#,
            "delete",
            &none,
            &none,
        ),
        (r#"{"type":"read"}"#, "read", &none, &none),
        (r#"{"type":"older","before":null}"#, "older", &none, &none),
    ] {
        page.frame(TEXT, text.as_bytes()).await;
        let event = page.event().await;
        assert_refused(&event, request, "invalid");
        assert_eq!(
            (&event["client_id"], &event["message_id"]),
            (client_id, message_id),
            "{event}"
        );
        assert_eq!(event["retry_after_ms"], none);
    }
    // The longest that passes, in the longest spelling that JSON has for it.
    let content = "😀".repeat(4000);
    let escaped = "\\ud83d\\ude00".repeat(4000);
    let text = format!(r#"{{"type":"send","client_id":"long","content":"{escaped}"}}"#);
    page.frame(TEXT, text.as_bytes()).await;
    assert_eq!(page.expect("message").await["message"]["content"], content);
}

#[tokio::test]
async fn the_eleventh_message_within_a_second_is_refused_and_nothing_is_lost() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let mut pages = [ana.chat(LOBBY).await, ana.chat(LOBBY).await];
    // Both pages are one user, whose second this is.
    for number in 0..10 {
        let page = &mut pages[number % 2];
        page.send("x", &format!("c{number}")).await;
    }
    for page in &mut pages {
        for _ in 0..10 {
            page.expect("message").await;
        }
    }
    let [page, other] = &mut pages;
    let mut refusals = 0;
    // Time goes on while the test runs: a few more may have become free, but not sixty in far less than six seconds.
    for number in 10..70 {
        let client_id = format!("c{number}");
        page.send("x", &client_id).await;
        let event = page.event().await;
        if event["type"] == "message" {
            assert_eq!(other.event().await, event);
            continue;
        }
        refusals += 1;
        assert_refused(&event, "send", "too_fast");
        assert_eq!(event["client_id"], client_id);
        let wait = event["retry_after_ms"].as_u64().unwrap();
        assert!((1..=101).contains(&wait), "{event}");
        if refusals == 3 {
            tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
            let message = page.post("x", &client_id).await;
            assert_eq!(other.expect("message").await["message"], message);
            break;
        }
    }
    assert_eq!(refusals, 3);
    assert_eq!(other.heard_by_now().await, [] as [Value; 0]);
}

#[tokio::test]
async fn typing_is_told_to_the_others_once_a_second() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let (mut typist, mut second_tab, mut other) = (
        ana.chat(LOBBY).await,
        ana.chat(LOBBY).await,
        ben.chat(LOBBY).await,
    );
    for _ in 0..5 {
        typist.say(json!({ "type": "typing" })).await;
    }
    typist.post("done", "d").await;
    let user = json!({ "id": ana.id, "name": "ana" });
    assert_eq!(
        other.event().await,
        json!({ "type": "typing", "user": user })
    );
    other.expect("message").await;
    second_tab.expect("message").await;
}
