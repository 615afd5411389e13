//! The wire view over its socket, held to `docs/PROTOCOL.md`: what it tells its viewer, and that it tells nothing of others.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::LOBBY;
use crate::client::{Ask, Socket};
use crate::people::Person;
use crate::support::Server;

/// A view, and what it was told so far.
struct View {
    socket: Socket,
    connections: BTreeMap<u64, Value>,
    items: BTreeMap<u64, Value>,
    summary: Value,
}

impl View {
    async fn open(person: &Person) -> Self {
        Self::over(person.open("/ws/wire").await)
    }

    fn over(socket: Socket) -> Self {
        Self {
            socket,
            connections: BTreeMap::new(),
            items: BTreeMap::new(),
            summary: Value::Null,
        }
    }

    /// Takes the next event in; gives it.
    async fn hear(&mut self) -> Value {
        let event = self.socket.event().await;
        let rows = |name: &str| event[name].as_array().unwrap().clone();
        match event["type"].as_str().unwrap() {
            "connections" => {
                if event["all"] == true {
                    self.connections.clear();
                }
                for row in rows("connections") {
                    self.connections
                        .insert(row["number"].as_u64().unwrap(), row);
                }
                for number in rows("gone") {
                    self.connections.remove(&number.as_u64().unwrap());
                }
            }
            "items" => {
                if event["all"] == true {
                    self.items.clear();
                }
                for item in rows("items") {
                    self.items.insert(item["number"].as_u64().unwrap(), item);
                }
            }
            "summary" => self.summary = event["summary"].clone(),
            _ => {}
        }
        event
    }

    /// Hears until an event of this type, which is given.
    async fn until(&mut self, kind: &str) -> Value {
        loop {
            let event = self.hear().await;
            if event["type"] == kind {
                return event;
            }
        }
    }

    /// Hears until some connection carried this; gives its number.
    async fn connection(&mut self, carried: &str) -> u64 {
        loop {
            let mut rows = self.connections.iter();
            let found = rows.find(|(_, row)| row["carried"].as_str().unwrap().contains(carried));
            if let Some((number, _)) = found {
                return *number;
            }
            self.hear().await;
        }
    }

    /// Watches a connection until an item with this title is there; gives the item.
    async fn item(&mut self, title: &str) -> Value {
        loop {
            let mut items = self.items.values();
            let found = items.find(|item| item["title"].as_str().unwrap().contains(title));
            if let Some(item) = found {
                return item.clone();
            }
            self.hear().await;
        }
    }

    async fn watch(&mut self, number: u64) {
        let wish = json!({ "type": "watch", "connection": number });
        self.socket.say(wish).await;
    }
}

/// The item of a frame says what was sent, and is found by its text, its bytes and the number of its message.
async fn must_hold(view: &mut View, number: u64, sent: &Value, message: &Value) {
    view.socket
        .say(json!({ "type": "show", "item": sent["number"] }))
        .await;
    let shown = view.until("shown").await["shown"].clone();
    let pane = &shown["on_the_wire"][0];
    assert_eq!(
        pane["bytes"].as_str().unwrap().len(),
        2 * usize::try_from(sent["len"].as_u64().unwrap()).unwrap()
    );
    assert!(
        pane["tree"].to_string().contains("my PIN is 4711"),
        "unmasked"
    );

    view.socket
        .say(json!({ "type": "find", "text": "pin IS 4711" }))
        .await;
    let found = view.until("found").await;
    assert_eq!(
        found["inside"].as_array().unwrap().len(),
        2,
        "as it was sent, and as it came back"
    );
    let first_bytes = &pane["bytes"].as_str().unwrap()[..12];
    view.socket
        .say(json!({ "type": "find", "hex": first_bytes }))
        .await;
    assert_eq!(view.until("found").await["wire"], json!([sent["number"]]));

    view.socket
        .say(json!({ "type": "locate", "message": message["id"] }))
        .await;
    let located = view.until("located").await;
    assert_eq!(
        (&located["connection"], &located["item"]),
        (&json!(number), &sent["number"])
    );
}

#[tokio::test]
async fn a_viewer_sees_their_own_conversation_as_it_happens_to_the_last_byte() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let mut view = View::open(&ana).await;
    let first = view.until("connections").await;
    assert_eq!(first["all"], true);
    let mut chat = ana.chat(LOBBY).await;
    let number = view.connection("/ws/chat/1").await;
    view.watch(number).await;
    let upgrade = view.item("GET /ws/chat/1").await;
    assert_eq!(
        (&upgrade["kind"], &upgrade["from"]),
        (&json!("request"), &json!("client"))
    );
    assert_eq!(upgrade["secret"], true, "it has the cookie of the session");

    let message = chat.post("my PIN is 4711", "c1").await;
    let sent = view.item("\"send\"").await;
    assert_eq!(sent["kind"], "frame");
    assert!(sent["begun"].as_f64().unwrap() > upgrade["begun"].as_f64().unwrap());
    view.item("\"message\"").await;
    view.until("summary").await;
    assert_eq!(view.summary["tls"], false);

    must_hold(&mut view, number, &sent, &message).await;

    chat.leave().await;
    loop {
        let row = &view.connections[&number];
        if !row["ended"].is_null() {
            assert!(row["why"].as_str().unwrap().contains("1001"), "{row}");
            break;
        }
        view.hear().await;
    }
}

#[tokio::test]
async fn nobody_is_told_of_anothers_connection_by_any_wish() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let alone = ana.create_group("ana-alone").await;
    let mut chat = ana.open(&format!("/ws/chat/{alone}")).await;
    chat.opening().await;
    let message = chat.post("for nobody else", "c1").await;
    let mut own = View::open(&ana).await;
    let number = own.connection("/ws/chat/").await;

    let mut view = View::open(&ben).await;
    view.until("connections").await;
    assert!(!view.connections.contains_key(&number));
    let numbers = (1..=number + 1).filter(|it| !view.connections.contains_key(it));
    for number in numbers.collect::<Vec<_>>() {
        // Whether it is another's or none at all, the answer is the same.
        view.watch(number).await;
        let refused = view.until("refused").await;
        let text = refused["text"].as_str().unwrap();
        assert!(
            text.contains(&format!("Connection {number} is not here")),
            "{text}"
        );
        for wish in [
            json!({ "type": "show", "item": 0 }),
            json!({ "type": "find", "text": "for" }),
        ] {
            view.socket.say(wish).await;
            view.until("refused").await;
        }
    }
    view.socket
        .say(json!({ "type": "locate", "message": message["id"] }))
        .await;
    assert_eq!(view.until("located").await["connection"], Value::Null);
    assert!(view.items.is_empty());
}

#[tokio::test]
async fn a_view_needs_our_own_page_and_name_and_ends_with_its_session() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let ask = ana.ask("/ws/wire");
    for origin in ["http://evil.example", "null"] {
        let origin = Some(origin);
        let refused = Socket::ask(Ask { origin, ..ask }).await.err().unwrap();
        assert_eq!(refused.status, 403);
    }
    // Who has no session has nothing to see.
    let stranger = Socket::ask(Ask { cookie: "", ..ask }).await;
    let mut view = View::over(stranger.unwrap());
    view.until("connections").await;
    assert!(view.connections.is_empty());

    let view = View::open(&ana).await;
    ana.log_out().await;
    let ending = view.socket.ending().await;
    assert_eq!(ending.code, 4001);
    assert!(
        ending
            .before
            .iter()
            .any(|event| event["type"] == "session_ended")
    );
}

#[tokio::test]
async fn wishes_that_cannot_be_read_are_refused_and_the_view_goes_on() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let mut view = View::open(&ana).await;
    for wish in [
        json!({}),
        json!({ "type": "watch", "connection": "1" }),
        json!([1]),
    ] {
        view.socket.say(wish).await;
        view.until("refused").await;
    }
    let number = view.connection("/register").await;
    view.watch(number).await;
    view.until("items").await;
    view.socket
        .say(json!({ "type": "watch", "connection": null }))
        .await;
    view.socket.say(json!({ "type": "show", "item": 0 })).await;
    view.until("refused").await;
}

#[tokio::test]
async fn so_many_views_and_no_more() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let mut views = Vec::new();
    let refused = loop {
        match ana.try_open("/ws/wire").await {
            Ok(socket) => views.push(socket),
            Err(refused) => break refused,
        }
    };
    assert_eq!((views.len(), refused.status), (8, 429), "{}", refused.text);
    assert!(refused.text.contains("close some"));
}
