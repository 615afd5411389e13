//! A connection that carries the requests of two, as a proxy's does: neither sees what the other said, not even before it is known
//! whose it is.

use secure_chat::wire::log::Sight;
use serde_json::json;

use crate::ask::ask;
use crate::client::{Client, HOST, WIRES, Wire};
use crate::person::{Person, instructor, newest, with};
use crate::socket::{Heard, Socket};
use crate::support::Server;
use crate::views::recorded;

async fn server() -> Server {
    Server::start(&["--both", "--tls-port=0", "--instructor"], |_| {}).await
}

/// Fails if bert gets any of anna's by page, file or socket from the connection that both use.
pub(crate) async fn expect_nothing(
    server: &Server,
    bert: &Person,
    anna: &Person,
    number: u64,
    when: &str,
) {
    let wire = bert.wire;
    for ending in ["html", "pcapng"] {
        let path = format!("/wire/{number}.{ending}");
        let answer = ask(server, wire, &path, &bert.session()).await;
        assert_eq!(
            anna.markers.in_bytes(&answer.content),
            None,
            "{when}: {path}"
        );
    }
    let mut view = Socket::view(server, wire, &bert.cookie).await;
    view.until("connections").await;
    view.say(&json!({ "type": "watch", "connection": number }))
        .await;
    for item in 0..12 {
        view.say(&json!({ "type": "show", "item": item })).await;
    }
    view.say(&json!({ "type": "find", "text": "-of-anna-" }))
        .await;
    view.say(&json!({ "type": "a wish that is none" })).await;
    loop {
        let Heard::Event(event) = view.hear().await else {
            panic!("{when}: the view was closed");
        };
        match event["type"].as_str().unwrap() {
            "found" => assert_eq!((&event["wire"], &event["inside"]), (&json!([]), &json!([]))),
            "refused" if event["text"].as_str().unwrap().contains("“type”") => break,
            _ => {}
        }
    }
    let found = anna.markers.in_bytes(&view.heard);
    assert_eq!(found, None, "{when}: the socket");
}

/// A connection on which bert has asked for something, and somebody else may come next.
async fn proxied(server: &Server, bert: &Person) -> (Client, Sight) {
    let mut client = Client::connect(server, bert.wire).await;
    assert_eq!(client.get_as("/account", &bert.cookie).await.status, 200);
    let recorder = newest(server);
    let path = format!("/wire/{}.pcapng", recorder.about().number);
    assert_eq!(
        ask(server, bert.wire, &path, &bert.session()).await.status,
        200
    );
    (client, recorder)
}

#[tokio::test]
async fn a_request_is_seen_by_nobody_before_it_is_known_whose_it_is() {
    let server = server().await;
    for wire in WIRES {
        let bert = Person::visit(&server, wire, &format!("bert-{wire:?}")).await;
        let anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        let (mut client, recorder) = proxied(&server, &bert).await;
        let number = recorder.about().number;
        let mut watching = Socket::view(&server, wire, &bert.cookie).await;
        watching.until("connections").await;
        watching.watch(number).await;

        // First half a head, then all of it, then half the content.
        let form = format!("name=anna&password={}", anna.password);
        let (first, second) = form.split_at(form.len() - 3);
        for part in [
            format!("POST /login HTTP/1.1\r\n{HOST}Cookie: {}\r\n", anna.cookie),
            format!(
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
                form.len()
            ),
            first.to_owned(),
        ] {
            let before = recorder.state().unwrap().bytes.client;
            client.send(&part).await;
            recorded(&recorder, before + part.len() as u64).await;
            expect_nothing(&server, &bert, &anna, number, &part).await;
        }
        client.send(second).await;
        client.answer().await;
        expect_nothing(&server, &bert, &anna, number, "the whole").await;
        let is_gone = |event: &serde_json::Value| {
            let gone = event["gone"].as_array().unwrap();
            gone.contains(&json!(number))
        };
        watching.until_event("connections", is_gone).await;
        assert_eq!(anna.markers.in_bytes(&watching.heard), None);

        let path = format!("/wire/{number}.html");
        let all = ask(&server, wire, &path, &with(&instructor(&server, wire))).await;
        assert!(anna.markers.in_bytes(&all.content).is_some());
    }
    server.stop().await;
}

/// Requests of anna's that never come as far as a page, and some that do; the server's answer to each.
fn requests(anna: &Person) -> Vec<(u16, String)> {
    let cookie = anna.session();
    let password = &anna.password;
    let chunked = "Transfer-Encoding: chunked\r\n";
    vec![
        (
            200,
            format!("GET /static/style.css HTTP/1.1\r\n{HOST}{cookie}\r\n"),
        ),
        (
            200,
            format!("GET /favicon.ico HTTP/1.1\r\n{HOST}{cookie}\r\n"),
        ),
        (404, format!("GET /nowhere HTTP/1.1\r\n{HOST}{cookie}\r\n")),
        (405, format!("GET /logout HTTP/1.1\r\n{HOST}{cookie}\r\n")),
        (
            405,
            format!("POST /account HTTP/1.1\r\n{HOST}{cookie}Content-Length: 0\r\n\r\n"),
        ),
        (204, format!("OPTIONS * HTTP/1.1\r\n{HOST}{cookie}\r\n")),
        (
            204,
            format!("OPTIONS /login HTTP/1.1\r\n{HOST}{cookie}\r\n"),
        ),
        (
            404,
            format!(
                "POST /logn HTTP/1.1\r\n{HOST}Content-Length: {}\r\n\r\n{password}",
                password.len()
            ),
        ),
        (400, format!("GET / HTTP/1.1\r\n{cookie}\r\n")),
        (400, format!("GET /%zz HTTP/1.1\r\n{HOST}{cookie}\r\n")),
        (
            400,
            format!("GET / HTTP/1.1\r\n{HOST}{cookie}no field\r\n\r\n"),
        ),
        (
            417,
            format!("GET / HTTP/1.1\r\n{HOST}{cookie}Expect: more\r\n\r\n"),
        ),
        (
            413,
            format!("POST /login HTTP/1.1\r\n{HOST}{cookie}Content-Length: 99999999\r\n\r\n"),
        ),
        (
            400,
            format!("POST /login HTTP/1.1\r\n{HOST}{cookie}{chunked}\r\nxyz\r\n"),
        ),
        (400, format!("{password}\r\n\r\n")),
        (200, format!("GET /account HTTP/1.1\r\n{HOST}{cookie}\r\n")),
        (
            303,
            format!("POST /logout HTTP/1.1\r\n{HOST}{cookie}Content-Length: 0\r\n\r\n"),
        ),
    ]
}

#[tokio::test]
async fn whatever_becomes_of_a_request_the_others_on_its_connection_do_not_see_it() {
    let server = server().await;
    for wire in WIRES {
        let bert = Person::visit(&server, wire, &format!("bert-{wire:?}")).await;
        let anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        for (status, request) in requests(&anna) {
            let (mut client, recorder) = proxied(&server, &bert).await;
            let number = recorder.about().number;
            client.send(&request).await;
            let answer = client.answer().await;
            assert_eq!(answer.status, status, "{request}");
            expect_nothing(&server, &bert, &anna, number, &request).await;
            drop(client);
            ended(&recorder).await;
            expect_nothing(&server, &bert, &anna, number, &request).await;
            let path = format!("/wire/{number}.html");
            let all = ask(&server, wire, &path, &with(&instructor(&server, wire))).await;
            assert!(anna.markers.in_bytes(&all.content).is_some(), "{request}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_request_that_never_becomes_whole_is_nobodys() {
    let server = server().await;
    for wire in WIRES {
        let bert = Person::visit(&server, wire, &format!("bert-{wire:?}")).await;
        let anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        for request in [
            format!("GET / HTTP/1.1\r\n{HOST}{}", anna.session()),
            format!(
                "POST /login HTTP/1.1\r\n{HOST}Content-Length: 99\r\n\r\npassword={}",
                anna.password
            ),
        ] {
            let (mut client, recorder) = proxied(&server, &bert).await;
            let before = recorder.state().unwrap().bytes.client;
            client.send(&request).await;
            recorded(&recorder, before + request.len() as u64).await;
            drop(client);
            ended(&recorder).await;
            let number = recorder.about().number;
            expect_nothing(&server, &bert, &anna, number, &request).await;
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn what_only_one_has_said_stays_theirs_to_the_last_byte() {
    let server = server().await;
    for wire in WIRES {
        let anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        for (status, request) in requests(&anna).into_iter().take(7) {
            let (mut client, recorder) = proxied(&server, &anna).await;
            client.send(&request).await;
            assert_eq!(client.answer().await.status, status);
            // A file that is asked for without a cookie is nobody's secret.
            client.get("/static/style.css").await;
            client.send_end().await;
            client.rest().await;
            ended(&recorder).await;
            let path = format!("/wire/{}.html", recorder.about().number);
            let own = ask(&server, wire, &path, &anna.session()).await;
            assert_eq!(own.status, 200, "{request}");
            let first_line = request.lines().next().unwrap();
            assert!(own.text().contains(first_line), "{request}");
            assert!(own.text().contains("GET /static/style.css"), "{request}");
        }
    }
    server.stop().await;
}

pub(crate) async fn ended(recorder: &Sight) {
    let is_over = async || recorder.state().unwrap().ended.is_some();
    crate::support::eventually("the connection ends", is_over).await;
}

/// Both may ask, one after the other: each of them sees what they did elsewhere.
#[tokio::test]
async fn a_shared_connection_takes_nothing_else_from_anybody() {
    let server = server().await;
    let bert = Person::visit(&server, Wire::Plain, "bert").await;
    let anna = Person::visit(&server, Wire::Plain, "anna").await;
    let (mut client, recorder) = proxied(&server, &bert).await;
    client.get_as("/account", &anna.cookie).await;
    let shared = recorder.about().number;
    for person in [&anna, &bert] {
        let path = format!("/wire/{shared}.pcapng");
        assert_eq!(
            ask(&server, Wire::Plain, &path, &person.session())
                .await
                .status,
            404
        );
        for number in &person.connections {
            let path = format!("/wire/{number}.pcapng");
            assert_eq!(
                ask(&server, Wire::Plain, &path, &person.session())
                    .await
                    .status,
                200
            );
        }
    }
    server.stop().await;
}
