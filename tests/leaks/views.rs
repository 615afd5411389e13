//! The view's socket: every wish it knows, for connections of others; and its end, when it is not the viewer's any more.

use secure_chat::app;
use secure_chat::chat::sessions::IDLE_MILLIS_MAX;
use secure_chat::model::UtcMillis;
use secure_chat::wire::log::{Sight, Viewer};
use serde_json::{Value, json};

use crate::ask::{OWN_PAGE, all_of, ask, ask_as};
use crate::client::{Client, HOST, WIRES, Wire};
use crate::person::{Person, instructor, instructor_cookie, log, newest, session_cookie, with};
use crate::socket::{Heard, Socket, UPGRADE};
use crate::support::{Server, eventually};
use crate::visitor::token;

/// A connection that there is not.
const NOWHERE: u64 = 777_777;

async fn server() -> Server {
    Server::start(&["--both", "--tls-port=0", "--instructor"], |_| {}).await
}

/// All wishes about a connection and what crossed on it, but for the one that begins to watch it.
fn wishes(person: &Person) -> Vec<Value> {
    let mut wishes: Vec<Value> = (0..20)
        .map(|item| json!({ "type": "show", "item": item }))
        .collect();
    for text in ["password", "sid", "was-here", "HTTP", "{"] {
        wishes.push(json!({ "type": "find", "text": text }));
    }
    for hex in ["17", "16", "485454", "81"] {
        wishes.push(json!({ "type": "find", "hex": hex }));
    }
    wishes.push(json!({ "type": "locate", "message": person.own_message }));
    wishes
}

/// What is answered to a wish, without the number of the connection it was about. News of the list may come before it.
async fn answer(view: &mut Socket, wish: &Value, number: u64) -> String {
    view.say(wish).await;
    loop {
        match view.hear().await {
            Heard::Event(event) if event["type"] == "connections" => {}
            Heard::Event(event) => return event.to_string().replace(&number.to_string(), "N"),
            Heard::Close(code) => panic!("closed with {code} after {wish}"),
        }
    }
}

#[tokio::test]
async fn no_wish_gives_anything_of_a_connection_to_those_whose_it_is_not() {
    let server = server().await;
    for wire in WIRES {
        let bert = Person::visit(&server, wire, &format!("bert-{wire:?}")).await;
        let anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        let made_up = "A".repeat(43);
        for (who, cookie) in [
            ("bert", bert.cookie.clone()),
            ("a stranger", "x=y".to_owned()),
            (
                "a made-up session",
                format!("{}={made_up}", session_cookie(wire)),
            ),
            (
                "a wrong key",
                format!("{}={made_up}", instructor_cookie(wire)),
            ),
        ] {
            let mut view = Socket::view(&server, wire, &cookie).await;
            let first = view.until("connections").await;
            let listed = first["connections"].as_array().unwrap();
            let is_annas =
                |row: &&Value| anna.connections.contains(&row["number"].as_u64().unwrap());
            assert_eq!(listed.iter().find(is_annas), None, "{who}");
            assert_eq!(listed.is_empty(), who != "bert");
            for number in &anna.connections {
                for (wish, about) in
                    std::iter::repeat_n(json!({ "type": "watch", "connection": number }), 1)
                        .chain(wishes(&anna))
                        .zip(std::iter::repeat(*number))
                {
                    let told = answer(&mut view, &wish, about).await;
                    let nowhere = wish.to_string().replace(
                        &format!("\"connection\":{about}"),
                        &format!("\"connection\":{NOWHERE}"),
                    );
                    let nowhere: Value = serde_json::from_str(&nowhere).unwrap();
                    let nothing = answer(&mut view, &nowhere, NOWHERE).await;
                    assert_eq!(told, nothing, "{who}: {wish}");
                }
            }
            assert_eq!(anna.markers.in_bytes(&view.heard), None, "{who}, {wire:?}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn anna_and_the_instructor_are_told_all_of_it() {
    let server = server().await;
    for wire in WIRES {
        let anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        let bert = Person::visit(&server, wire, &format!("bert-{wire:?}")).await;
        for cookie in [anna.cookie.clone(), instructor(&server, wire)] {
            let mut view = Socket::view(&server, wire, &cookie).await;
            let listed = view.until("connections").await.to_string();
            for number in &anna.connections {
                assert!(listed.contains(&format!("\"number\":{number}")), "{listed}");
                let items = view.watch(*number).await;
                let count = items["items"].as_array().unwrap().len();
                for item in 0..count {
                    view.wish(&json!({ "type": "show", "item": item }), "shown")
                        .await;
                }
                view.heard.clear();
                let found = view
                    .wish(&json!({ "type": "find", "text": "sid" }), "found")
                    .await;
                assert_ne!(found["inside"], json!([]), "{found}");
            }
            let wish = json!({ "type": "locate", "message": anna.own_message });
            let located = view.wish(&wish, "located").await;
            assert_eq!(located["connection"], anna.connections[1]);
            let item = located["item"].clone();
            view.watch(anna.connections[1]).await;
            view.wish(&json!({ "type": "show", "item": item }), "shown")
                .await;
            assert!(anna.markers.in_bytes(&view.heard).is_some());
            let is_all = cookie != anna.cookie;
            let berts = json!({ "type": "watch", "connection": bert.connections[0] });
            view.say(&berts).await;
            view.until(if is_all { "items" } else { "refused" }).await;
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_message_that_bert_received_he_finds_on_his_own_connection_only() {
    let server = server().await;
    for wire in WIRES {
        let mut bert = Person::visit(&server, wire, &format!("bert-{wire:?}")).await;
        let anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        let is_annas = |event: &Value| event["message"]["id"] == anna.message;
        bert.lobby.until_event("message", is_annas).await;
        let mut view = Socket::view(&server, wire, &bert.cookie).await;
        for (message, connection) in [
            (json!(anna.message), json!(bert.connections[2])),
            (json!(anna.own_message), Value::Null),
            (json!(i64::MAX), Value::Null),
            (json!(i64::MIN), Value::Null),
        ] {
            let wish = json!({ "type": "locate", "message": message });
            let located = view.wish(&wish, "located").await;
            assert_eq!(located["connection"], connection, "{located}");
        }
        let path = format!("/wire?message={}", anna.own_message);
        let answer = ask(&server, wire, &path, &bert.session()).await;
        assert_eq!(anna.markers.in_bytes(&all_of(&answer)), None);
        assert_eq!(anna.markers.in_bytes(&view.heard), None);
    }
    server.stop().await;
}

#[tokio::test]
async fn whoever_turns_from_their_own_connection_to_anothers_has_neither() {
    let server = server().await;
    for wire in WIRES {
        let bert = Person::visit(&server, wire, &format!("bert-{wire:?}")).await;
        let anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        let mut view = Socket::view(&server, wire, &bert.cookie).await;
        for number in &anna.connections {
            view.watch(bert.connections[1]).await;
            // All at once, so that the one might slip in while the other is computed.
            let watch = |number: u64| json!({ "type": "watch", "connection": number });
            let show = json!({ "type": "show", "item": 1 });
            let find = json!({ "type": "find", "text": "a" });
            let wishes = [
                &watch(bert.connections[0]),
                &watch(*number),
                &show,
                &find,
                &watch(bert.connections[2]),
                &json!({ "type": "watch", "connection": null }),
                &show,
                &find,
            ];
            let frames = wishes.map(|wish| crate::socket::frame(1, wish.to_string().as_bytes()));
            view.bytes(&frames.concat()).await;
            let mut refused = 0;
            while refused < 5 {
                let Heard::Event(event) = view.hear().await else {
                    panic!("closed");
                };
                let is_refused = event["type"] == "refused";
                refused += u32::from(is_refused);
                assert!(is_refused || event["connection"] != *number, "{event}");
                assert!(
                    !["shown", "found"].contains(&event["type"].as_str().unwrap()),
                    "{event}"
                );
            }
        }
        assert_eq!(anna.markers.in_bytes(&view.heard), None);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_view_is_not_opened_for_another_site_nor_under_another_name() {
    let server = server().await;
    for wire in WIRES {
        let anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        let both = with(&format!("{}; {}", anna.cookie, instructor(&server, wire)));
        let scheme = match wire {
            Wire::Plain => "http",
            Wire::Tls => "https",
        };
        for (status, lines) in [
            (101, format!("{HOST}Origin: {scheme}://localhost\r\n")),
            (101, HOST.to_owned()),
            (403, format!("{HOST}Origin: {scheme}://evil.example\r\n")),
            (403, format!("{HOST}Origin: null\r\n")),
            (403, format!("{HOST}Origin: {scheme}://localhost:81\r\n")),
            (403, format!("{HOST}Sec-Fetch-Site: cross-site\r\n")),
            (
                403,
                format!(
                    "{HOST}Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: websocket\r\nSec-Fetch-Dest: websocket\r\n"
                ),
            ),
            (403, format!("{HOST}Sec-Fetch-Site: same-site\r\n")),
            (421, "Host: rebound.example\r\n".to_owned()),
            (
                421,
                format!(
                    "Host: rebound.example\r\nOrigin: {scheme}://rebound.example\r\n{OWN_PAGE}"
                ),
            ),
        ] {
            let opened =
                Socket::open_at(&server, wire, "/ws/wire", &format!("{both}{lines}")).await;
            match opened {
                Ok(mut view) => {
                    assert_eq!(status, 101, "{lines}");
                    view.until("connections").await;
                }
                Err(answer) => {
                    assert_eq!(answer.status, status, "{lines}");
                    assert_eq!(anna.markers.in_bytes(&all_of(&answer)), None);
                }
            }
        }
        // No link opens a WebSocket, whatever it says it is.
        let link = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
        let lines = format!("{both}{link}");
        assert_eq!(refusal(&server, wire, &lines).await, 403);
        let head = ask_as(
            &server,
            wire,
            "HEAD /ws/wire",
            HOST,
            &format!("{both}{UPGRADE}"),
        )
        .await;
        assert_ne!(head.status, 101);
    }
    server.stop().await;
}

async fn refusal(server: &Server, wire: Wire, lines: &str) -> u16 {
    let opened = Socket::open(server, wire, "/ws/wire", lines).await;
    opened.err().map_or(101, |answer| answer.status)
}

/// Whatever ends a session.
#[derive(Debug, Clone, Copy)]
enum End {
    LogOut,
    LogInAnew,
    Deletion,
    Expiry,
    Leak,
}

async fn end(server: &Server, anna: &mut Person, how: End) {
    let wire = anna.wire;
    let mut other = Client::connect(server, wire).await;
    let name = format!("anna-{wire:?}-{how:?}");
    match how {
        End::LogOut => {
            other.post("/logout", &anna.session(), "").await;
        }
        End::LogInAnew => {
            let form = format!("name={name}&password={}", anna.password);
            let answer = other.post("/login", &anna.session(), &form).await;
            assert_eq!(answer.status, 303, "{}", answer.text());
        }
        End::Deletion => {
            let form = format!("password={}", anna.password);
            let answer = other.post("/account/delete", &anna.session(), &form).await;
            assert_eq!(answer.status, 303, "{}", answer.text());
        }
        End::Expiry => {
            let later = UtcMillis(app::now().0 + IDLE_MILLIS_MAX);
            server.app.sessions.sweep(later).await.unwrap();
        }
        End::Leak => {
            let other_wire = match wire {
                Wire::Plain => Wire::Tls,
                Wire::Tls => Wire::Plain,
            };
            let cookie = format!("{}={}", session_cookie(other_wire), token(&anna.cookie));
            ask(server, other_wire, "/chat", &with(&cookie)).await;
        }
    }
}

#[tokio::test]
async fn a_view_that_stays_open_ends_with_its_session_and_what_is_recorded_then_stays_where_it_is()
{
    let server = server().await;
    for wire in WIRES {
        for how in [
            End::LogOut,
            End::LogInAnew,
            End::Deletion,
            End::Expiry,
            End::Leak,
        ] {
            let mut anna = Person::visit(&server, wire, &format!("anna-{wire:?}-{how:?}")).await;
            let number = anna.connections[0];
            let mut view = Socket::view(&server, wire, &anna.cookie).await;
            view.watch(number).await;
            end(&server, &mut anna, how).await;
            let event = view.until("session_ended").await;
            assert_eq!(view.ending().await, 4001, "{event}");
            assert!(view.rest().await.is_empty(), "{how:?}");
            // Only the view was told that time has passed.
            if !matches!(how, End::Expiry) {
                let path = format!("/wire/{number}.pcapng");
                let answer = ask(&server, wire, &path, &anna.session()).await;
                assert_eq!(answer.status, 404, "{how:?}");
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_wish_that_is_on_its_way_when_the_session_ends_is_not_answered() {
    let server = server().await;
    for wire in WIRES {
        let mut anna = Person::visit(&server, wire, &format!("anna-{wire:?}-LogOut")).await;
        let mut view = Socket::view(&server, wire, &anna.cookie).await;
        view.until("connections").await;
        end(&server, &mut anna, End::LogOut).await;
        // The session is over by now, whether or not its view has heard of it.
        view.heard.clear();
        for number in anna.connections.clone() {
            view.say(&json!({ "type": "watch", "connection": number }))
                .await;
            view.say(&json!({ "type": "show", "item": 0 })).await;
        }
        assert_eq!(view.ending().await, 4001);
        let found = anna.markers.in_bytes(&view.heard);
        assert_eq!(found, None, "{}", view.heard.escape_ascii());
    }
    server.stop().await;
}

/// Waits until so many bytes of the client have been recorded.
pub(crate) async fn recorded(recorder: &Sight, bytes: u64) {
    eventually("the bytes are recorded", async || {
        recorder.state().unwrap().bytes.client >= bytes
    })
    .await;
}

#[tokio::test]
async fn a_connection_that_was_watched_and_becomes_anothers_too_is_told_no_more() {
    let server = server().await;
    for wire in WIRES {
        let anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        let bert = Person::visit(&server, wire, &format!("bert-{wire:?}")).await;
        let mut proxied = Client::connect(&server, wire).await;
        proxied.get_as("/account", &bert.cookie).await;
        let shared = newest(&server);
        let number = shared.about().number;
        let mut view = Socket::view(&server, wire, &bert.cookie).await;
        view.until("connections").await;
        view.watch(number).await;
        proxied
            .get_as("/account?anna-was-here-51aa", &anna.cookie)
            .await;
        let is_gone = |event: &Value| event["gone"].as_array().unwrap().contains(&json!(number));
        view.until_event("connections", is_gone).await;
        view.say(&json!({ "type": "show", "item": 1 })).await;
        view.until("refused").await;
        view.say(&json!({ "type": "watch", "connection": number }))
            .await;
        view.until("refused").await;
        assert_eq!(anna.markers.in_bytes(&view.heard), None);
        assert!(log(&server).connection(&Viewer::OF_ALL, number).is_some());
        let mut all = Socket::view(&server, wire, &instructor(&server, wire)).await;
        all.watch(number).await;
        all.wish(&json!({ "type": "find", "text": "anna-was-here" }), "found")
            .await;
    }
    server.stop().await;
}
