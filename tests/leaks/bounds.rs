//! Clients that ask for too much: too long, too often, too deep, too many at once. Each is told so, and costs no more than others.

use serde_json::{Value, json};

use crate::ask::ask;
use crate::client::{WIRES, Wire};
use crate::person::{Person, log, newest};
use crate::socket::{Heard, Socket, frame};
use crate::support::{Server, eventually};

/// The longest wish, as docs/PROTOCOL.md has it.
const WISH_LEN_MAX: usize = 4 * 1024;

async fn server() -> Server {
    Server::start(&["--both", "--tls-port=0"], |_| {}).await
}

/// A wish that means nothing, of so many bytes.
fn wish_of(len: usize) -> String {
    let empty = json!({ "type": "find", "text": "" }).to_string();
    json!({ "type": "find", "text": "x".repeat(len - empty.len()) }).to_string()
}

#[tokio::test]
async fn numbers_and_texts_that_no_page_sends_are_refused_and_the_view_goes_on() {
    let server = server().await;
    let anna = Person::visit(&server, Wire::Plain, "anna").await;
    let mut view = Socket::view(&server, Wire::Plain, &anna.cookie).await;
    view.watch(anna.connections[0]).await;
    let deep = "[".repeat(4000);
    let refused = [
        r#"{"type":"watch","connection":0}"#,
        r#"{"type":"watch","connection":18446744073709551615}"#,
        r#"{"type":"watch","connection":18446744073709551616}"#,
        r#"{"type":"watch","connection":-1}"#,
        r#"{"type":"watch","connection":1.5}"#,
        r#"{"type":"watch","connection":1e400}"#,
        r#"{"type":"watch","connection":"1"}"#,
        r#"{"type":"watch","connection":[1]}"#,
        r#"{"type":"watch","connection":true}"#,
        r#"{"type":"show","item":18446744073709551615}"#,
        r#"{"type":"show","item":-1}"#,
        r#"{"type":"show"}"#,
        r#"{"type":"find","text":"a","hex":"61"}"#,
        r#"{"type":"find","hex":"6"}"#,
        r#"{"type":"find","hex":"é0"}"#,
        r#"{"type":"find","text":null}"#,
        r#"{"type":"locate","message":9223372036854775808}"#,
        r#"{"type":"locate","message":"1"}"#,
        r#"{"type":["watch"],"connection":1}"#,
        r#"{"type":"watch""#,
        "null",
        "\"watch\"",
        "",
        "\u{0}",
        "\u{feff}{}",
        &deep,
    ];
    for wish in refused {
        view.frame(1, wish.as_bytes()).await;
        view.until("refused").await;
    }
    // Of two fields of one name the last counts, for us as for any page.
    let wish = format!(
        r#"{{"type":"show","type":"watch","connection":9,"connection":{}}}"#,
        anna.connections[0]
    );
    view.frame(1, wish.as_bytes()).await;
    view.until("items").await;
    view.wish(&json!({ "type": "show", "item": 0 }), "shown")
        .await;
    server.stop().await;
}

#[tokio::test]
async fn a_wish_has_a_longest_length_and_is_text() {
    let server = server().await;
    for wire in WIRES {
        let anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        let mut view = Socket::view(&server, wire, &anna.cookie).await;
        view.frame(1, wish_of(WISH_LEN_MAX).as_bytes()).await;
        view.until("refused").await;
        view.frame(1, wish_of(WISH_LEN_MAX + 1).as_bytes()).await;
        assert_eq!(view.ending().await, 1009);
        for (code, bytes) in [
            // In pieces, each of which is short enough.
            (1009, [0x01, 0x80 | 126, 0x0f, 0xff, 0, 0, 0, 0].to_vec()),
            // The length alone is enough.
            (1009, vec![0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]),
            (1003, frame(2, b"{}")),
            (1007, frame(1, b"\xff")),
            (1002, vec![0x81, 0x02, b'{', b'}']),
            (1002, frame(3, b"")),
        ] {
            let mut view = Socket::view(&server, wire, &anna.cookie).await;
            view.bytes(&bytes).await;
            if bytes[0] == 0x01 {
                view.bytes(&[b' '; 4095]).await;
                view.bytes(&frame(0, b"  ")).await;
            }
            assert_eq!(view.ending().await, code, "{bytes:x?}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_flood_of_wishes_is_answered_one_by_one_and_the_view_is_told_of_news_afterwards() {
    let server = server().await;
    for wire in WIRES {
        let mut anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        let mut view = Socket::view(&server, wire, &anna.cookie).await;
        view.watch(anna.connections[1]).await;
        let wishes = [
            json!({ "type": "find", "text": "a" }),
            json!({ "type": "show", "item": 0 }),
            json!({ "type": "locate", "message": anna.own_message }),
            json!({ "type": "nothing" }),
        ];
        let frames: Vec<u8> = wishes
            .iter()
            .flat_map(|wish| frame(1, wish.to_string().as_bytes()))
            .collect();
        view.bytes(&frames.repeat(50)).await;
        let mut answers = Vec::new();
        while answers.len() < 200 {
            let Heard::Event(event) = view.hear().await else {
                panic!("closed after {} answers", answers.len());
            };
            let kind = event["type"].as_str().unwrap().to_owned();
            if ["found", "shown", "located", "refused"].contains(&kind.as_str()) {
                answers.push(kind);
            }
        }
        assert_eq!(answers, ["found", "shown", "located", "refused"].repeat(50));
        anna.alone.post("what is said meanwhile").await;
        let is_news = |event: &Value| event.to_string().contains("what is said meanwhile");
        view.until_event("items", is_news).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn who_takes_nothing_off_the_wire_is_let_go_and_holds_nobody_up() {
    let limits = |config: &mut secure_chat::config::Config| {
        config.limits.websocket_ping_interval = std::time::Duration::from_millis(500);
        config.limits.websocket_dead_after = std::time::Duration::from_secs(5);
        config.limits.websocket_close_wait = std::time::Duration::from_millis(200);
    };
    let server = Server::start(&["--both", "--tls-port=0", "--echo"], limits).await;
    let anna = Person::visit(&server, Wire::Plain, "anna").await;
    let echo = Socket::open(&server, Wire::Plain, "/ws/echo", &anna.session()).await;
    let mut echo = echo.ok().unwrap();
    echo.frame(2, &[0x5a; 60_000]).await;
    let number = newest(&server).about().number;
    let mut stuck = Vec::new();
    let show = json!({ "type": "show", "item": 2 }).to_string();
    for _ in 0..8 {
        let mut view = Socket::view(&server, Wire::Plain, &anna.cookie).await;
        view.watch(number).await;
        // It asks for ten megabytes and more, and reads none of them.
        view.bytes(&frame(1, show.as_bytes()).repeat(100)).await;
        stuck.push(view);
    }
    let ninth = Socket::open(&server, Wire::Plain, "/ws/wire", &anna.session()).await;
    assert_eq!(ninth.err().unwrap().status, 429);
    let again = async || {
        let opened = Socket::open(&server, Wire::Plain, "/ws/wire", &anna.session()).await;
        opened.is_ok()
    };
    eventually("the seats are free again", again).await;
    server.stop().await;
}

#[tokio::test]
async fn so_many_views_of_one_session_and_no_more() {
    let server = server().await;
    for wire in WIRES {
        let anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        let mut views = Vec::new();
        for _ in 0..8 {
            views.push(Socket::view(&server, wire, &anna.cookie).await);
        }
        let open = async || Socket::open(&server, wire, "/ws/wire", &anna.session()).await;
        let answer = open().await.err().unwrap();
        assert_eq!(answer.status, 429);
        assert!(answer.text().contains("close some"));
        // The page itself is still to be had, and what is closed is free.
        let answer = ask(&server, wire, "/wire", &anna.session()).await;
        assert_eq!(answer.status, 200);
        views.pop();
        eventually("a seat is free", async || open().await.is_ok()).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn views_and_their_files_are_recorded_nowhere_and_cost_the_log_nothing() {
    let server = server().await;
    let anna = Person::visit(&server, Wire::Tls, "anna").await;
    let last = newest(&server).about().number;
    let held = log(&server).held_bytes();
    for _ in 0..20 {
        let mut view = Socket::view(&server, Wire::Tls, &anna.cookie).await;
        view.watch(anna.connections[0]).await;
        view.frame(8, b"").await;
        view.rest().await;
        let path = format!("/wire/{}.pcapng", anna.connections[0]);
        ask(&server, Wire::Tls, &path, &anna.session()).await;
    }
    assert_eq!(newest(&server).about().number, last);
    assert_eq!(log(&server).held_bytes(), held);
    server.stop().await;
}
