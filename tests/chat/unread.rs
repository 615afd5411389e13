//! The news: groups, and what is unread in them, exact in every tab whenever it was opened.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::LOBBY;
use crate::client::Socket;
use crate::people::Person;
use crate::support::Server;

/// A tab that counts as the pages do.
struct Tab {
    socket: Socket,
    you: i64,
    unread: BTreeMap<i64, i64>,
}

impl Tab {
    async fn open(person: &Person) -> Self {
        let mut socket = person.news().await;
        let hello = socket.expect("hello").await;
        let mut unread = BTreeMap::new();
        for group in hello["groups"].as_array().unwrap() {
            unread.insert(
                group["id"].as_i64().unwrap(),
                group["unread"].as_i64().unwrap(),
            );
        }
        Self {
            socket,
            you: person.id,
            unread,
        }
    }

    /// Counts up to and with the first activity in `group`.
    async fn count_until_activity_in(&mut self, group: i64) -> i64 {
        loop {
            let event = self.socket.event().await;
            match event["type"].as_str().unwrap() {
                "read" => {
                    let unread = event["unread"].as_i64().unwrap();
                    self.unread
                        .insert(event["group_id"].as_i64().unwrap(), unread);
                }
                "activity" => {
                    for activity in event["groups"].as_array().unwrap() {
                        let unread = self
                            .unread
                            .entry(activity["id"].as_i64().unwrap())
                            .or_default();
                        for new in activity["new"].as_array().unwrap() {
                            if new["author_id"] != self.you {
                                *unread += new["count"].as_i64().unwrap();
                            }
                        }
                    }
                    if event["groups"]
                        .as_array()
                        .unwrap()
                        .iter()
                        .any(|activity| activity["id"] == group)
                    {
                        return self.unread[&LOBBY];
                    }
                }
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn groups_appear_on_every_page_and_belonging_in_every_tab() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let (mut anas, mut bens, mut bens_second) =
        (ana.news().await, ben.news().await, ben.news().await);
    let hello = anas.expect("hello").await;
    assert_eq!(hello["you"], json!({ "id": ana.id, "name": "ana" }));
    let lobby = json!({ "id": LOBBY, "name": "lobby", "joined": true, "unread": 0 });
    assert_eq!(hello["groups"], json!([lobby]));
    bens.expect("hello").await;
    bens_second.expect("hello").await;

    let group = ana.create_group("New+Group").await;
    let new = json!({ "type": "group", "group": { "id": group, "name": "New Group" } });
    for socket in [&mut anas, &mut bens, &mut bens_second] {
        assert_eq!(socket.event().await, new);
    }
    assert_eq!(
        anas.event().await,
        json!({ "type": "joined", "group_id": group })
    );
    ben.join(group).await;
    for socket in [&mut bens, &mut bens_second] {
        assert_eq!(
            socket.event().await,
            json!({ "type": "joined", "group_id": group })
        );
        assert_eq!(
            socket.event().await,
            json!({ "type": "read", "group_id": group, "unread": 0 })
        );
    }
    ben.leave(group).await;
    for socket in [&mut bens, &mut bens_second] {
        assert_eq!(
            socket.event().await,
            json!({ "type": "left", "group_id": group })
        );
    }
    let hello = ben.news().await.expect("hello").await;
    let line = json!({ "id": group, "name": "New Group", "joined": false, "unread": 0 });
    assert_eq!(hello["groups"], json!([lobby, line]));
}

#[tokio::test]
async fn activity_is_told_to_members_only() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let secret = ana.create_group("secret").await;
    let (mut in_secret, mut in_lobby) = (ana.chat(secret).await, ana.chat(LOBBY).await);
    let mut bens = ben.news().await;
    bens.expect("hello").await;
    let mut anas = ana.news().await;
    anas.expect("hello").await;
    for text in ["a", "b", "c"] {
        in_secret.post(text, text).await;
    }
    let heard = anas.expect("activity").await;
    assert_eq!(heard["groups"][0]["id"], secret);
    assert_eq!(heard["groups"][0]["new"][0]["author_id"], ana.id);
    in_lobby.post("for all", "all").await;
    let heard = bens.event().await;
    let new = json!([{ "author_id": ana.id, "count": 1 }]);
    assert_eq!(
        heard,
        json!({ "type": "activity", "groups": [{ "id": LOBBY, "new": new }] })
    );
}

#[tokio::test]
async fn reading_in_one_tab_is_read_in_all() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let mut anas = ana.chat(LOBBY).await;
    let mut said = Vec::new();
    for text in ["a", "b", "c"] {
        said.push(anas.post(text, text).await["id"].clone());
    }
    let (mut tab, mut other) = (ben.news().await, ben.news().await);
    for socket in [&mut tab, &mut other] {
        assert_eq!(socket.expect("hello").await["groups"][0]["unread"], 3);
    }
    let mut page = ben.chat(LOBBY).await;
    // Marks move forward only, and what one wrote oneself is not unread.
    for (message, unread) in [(&said[0], 2), (&said[2], 0), (&said[1], 0)] {
        page.say(json!({ "type": "read", "message_id": message }))
            .await;
        for socket in [&mut tab, &mut other] {
            let read = json!({ "type": "read", "group_id": LOBBY, "unread": unread });
            assert_eq!(socket.event().await, read);
        }
    }
    page.post("mine", "m").await;
    assert_eq!(
        ben.news().await.expect("hello").await["groups"][0]["unread"],
        0
    );
    assert_eq!(page.heard_by_now().await, [] as [Value; 0]);
}

/// Reads, again and again where it is too fast. What else is heard meanwhile is not kept.
async fn read_up_to(mut page: Socket, message: &Value) -> Socket {
    loop {
        page.say(json!({ "type": "read", "message_id": message }))
            .await;
        let events = page.heard_by_now().await;
        let Some(refused) = events.iter().find(|event| event["type"] == "refused") else {
            return page;
        };
        let wait = Duration::from_millis(refused["retry_after_ms"].as_u64().unwrap());
        tokio::time::sleep(wait).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_are_exact_in_tabs_opened_while_messages_pour_in_and_are_read() {
    let server = Server::start(&[], |config| {
        config.limits.messages_per_second_max = 1_000_000
    })
    .await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let eve = Person::register(&server, "eve").await;
    // Told after all that was said in the lobby before.
    let sentinel = ana.create_group("sentinel").await;
    ben.join(sentinel).await;
    let mut pours = Vec::new();
    for author in [ana.clone(), eve] {
        let mut socket = author.chat(LOBBY).await;
        pours.push(tokio::spawn(async move {
            for number in 0..250 {
                socket.post("x", &format!("{number}")).await;
            }
        }));
    }
    let mut reader = ben.chat(LOBBY).await;
    let mut tabs = Vec::new();
    while !pours.iter().all(tokio::task::JoinHandle::is_finished) {
        tabs.push(Tab::open(&ben).await);
        if let Some(last) = reader.heard_by_now().await.last() {
            let last = last["message"]["id"].clone();
            reader = read_up_to(reader, &last).await;
        }
        if tabs.len() > 12 {
            tabs.remove(0).socket.leave().await;
        }
    }
    for pour in pours {
        pour.await.unwrap();
    }
    // All is read now, then a little more is said.
    let messages = ben.open("/ws/chat/1").await.opening().await.messages;
    let last = &messages[messages.len() - 1]["id"];
    read_up_to(reader, last).await.leave().await;
    let mut anas = ana.chat(LOBBY).await;
    for number in 0..5 {
        anas.post("unread", &format!("unread-{number}")).await;
    }
    let expected = Tab::open(&ben).await.unread[&LOBBY];
    ana.chat(sentinel).await.post("done", "done").await;
    for tab in &mut tabs {
        assert_eq!(tab.count_until_activity_in(sentinel).await, expected);
    }
    assert_eq!(expected, 5);
}
