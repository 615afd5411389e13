//! What every resource owes its clients: methods, targets, hosts and dates (RFC 9110 §§6–9, §15; RFC 9112 §3).
//! What stands on the pages is not looked at here.

use std::time::{SystemTime, UNIX_EPOCH};

use secure_chat::http::date;

use crate::client::{Client, HOST, WIRES, Wire};
use crate::support::Server;

/// Everything that GET answers, for somebody who is not logged in.
const PAGES: [(&str, u16); 12] = [
    ("/", 303),
    ("/register", 200),
    ("/login", 200),
    ("/account", 303),
    ("/chat", 303),
    ("/chat/1", 303),
    ("/ws", 426),
    ("/ws/chat/1", 426),
    ("/ws/echo", 404),
    ("/static/style.css", 200),
    ("/favicon.ico", 200),
    ("/nowhere", 404),
];

#[tokio::test]
async fn head_answers_as_get_does_but_for_the_content() {
    let server = Server::both().await;
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        for (path, status) in PAGES {
            let get = client.get(path).await;
            client
                .send(format!("HEAD {path} HTTP/1.1\r\n{HOST}\r\n"))
                .await;
            let head = client.answer_to_head().await;
            assert_eq!(get.status, status, "{path}");
            assert_eq!(head.status, status, "{path}");
            let lasting = |fields: &[(String, String)]| -> Vec<_> {
                // A browser's badge is handed out once.
                let passing = |name: &str| name == "Date" || name == "Set-Cookie";
                let fields = fields.iter().filter(|(name, _)| !passing(name));
                fields.cloned().collect()
            };
            assert_eq!(lasting(&head.fields), lasting(&get.fields));
            assert_eq!(
                get.field("Content-Length"),
                Some(get.content.len().to_string().as_str())
            );
        }
    }
}

#[tokio::test]
async fn head_gets_no_content_with_a_refusal_either() {
    let server = Server::both().await;
    for wire in WIRES {
        for (request, status) in [
            ("HEAD /login HTTP/1.1\r\n\r\n", 400),
            ("HEAD login HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            (
                "HEAD /login HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\n",
                413,
            ),
            ("HEAD /login HTTP/1.1\r\nHost: a\r\nExpect: x\r\n\r\n", 417),
        ] {
            let mut client = Client::connect(&server, wire).await;
            client.send(request).await;
            let answer = client.answer_to_head().await;
            assert_eq!(answer.status, status, "{request:?}");
            assert!(answer.field("Content-Length").is_some());
            client.expect_end().await;
        }
    }
}

#[tokio::test]
async fn options_tells_what_an_address_answers_to() {
    let server = Server::plain().await;
    let mut client = Client::connect(&server, Wire::Plain).await;
    for (target, status, allow) in [
        ("*", 204, Some("GET, HEAD, POST, OPTIONS")),
        // A proxy turns this into `*` (RFC 9112 §3.2.4); without one it means the same.
        ("http://localhost", 204, Some("GET, HEAD, POST, OPTIONS")),
        ("/", 204, Some("GET, HEAD, OPTIONS")),
        ("http://localhost/", 204, Some("GET, HEAD, OPTIONS")),
        ("/login", 204, Some("GET, HEAD, POST, OPTIONS")),
        ("/logout", 204, Some("POST, OPTIONS")),
        ("/static/style.css", 204, Some("GET, HEAD, OPTIONS")),
        ("/nowhere", 404, None),
    ] {
        client
            .send(format!("OPTIONS {target} HTTP/1.1\r\n{HOST}\r\n"))
            .await;
        let answer = client.answer().await;
        assert_eq!(answer.status, status, "{target}");
        assert_eq!(answer.field("Allow"), allow, "{target}");
    }
}

#[tokio::test]
async fn a_method_that_an_address_does_not_answer_to_gets_405_with_allow() {
    let server = Server::plain().await;
    let mut client = Client::connect(&server, Wire::Plain).await;
    for (method, path, allow) in [
        ("POST", "/", "GET, HEAD, OPTIONS"),
        ("PUT", "/login", "GET, HEAD, POST, OPTIONS"),
        ("DELETE", "/account", "GET, HEAD, OPTIONS"),
        ("PATCH", "/chat/1", "GET, HEAD, OPTIONS"),
        ("TRACE", "/login", "GET, HEAD, POST, OPTIONS"),
        ("GET", "/logout", "POST, OPTIONS"),
        ("GET", "/groups/1/join", "POST, OPTIONS"),
        ("POST", "/static/style.css", "GET, HEAD, OPTIONS"),
        ("POST", "/ws", "GET, HEAD, OPTIONS"),
    ] {
        client
            .send(format!(
                "{method} {path} HTTP/1.1\r\n{HOST}Content-Length: 0\r\n\r\n"
            ))
            .await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.field("Allow"), Some(allow), "{method} {path}");
        assert!(!answer.closes(), "{method} {path}");
    }
    client
        .send(format!("HEAD /logout HTTP/1.1\r\n{HOST}\r\n"))
        .await;
    let answer = client.answer_to_head().await;
    assert_eq!(
        (answer.status, answer.field("Allow")),
        (405, Some("POST, OPTIONS"))
    );
}

#[tokio::test]
async fn an_address_is_found_in_one_spelling_only() {
    let server = Server::plain().await;
    let mut client = Client::connect(&server, Wire::Plain).await;
    for (path, status) in [
        ("/login", 200),
        ("/login?x=y", 200),
        ("/%6Cogin", 200),
        ("/login/", 404),
        ("//login", 404),
        ("/./login", 404),
        ("/x/../login", 404),
        ("/LOGIN", 404),
        ("/login%00", 404),
        ("/login%2F", 404),
        ("/login;v=1", 404),
    ] {
        assert_eq!(client.get(path).await.status, status, "{path}");
    }
}

#[tokio::test]
async fn a_target_may_be_a_whole_url_of_this_connections_scheme() {
    let server = Server::both().await;
    for (wire, own, other) in [(Wire::Plain, "http", "https"), (Wire::Tls, "https", "http")] {
        let mut client = Client::connect(&server, wire).await;
        for (target, status) in [
            (format!("{own}://localhost/login"), 200),
            (format!("{}://LOCALHOST:1/login?x", own.to_uppercase()), 200),
            (format!("{own}://localhost"), 303),
            (format!("{own}://localhost?x=/login"), 303),
            (format!("{own}://localhost/nowhere"), 404),
        ] {
            assert_eq!(client.get(&target).await.status, status, "{target}");
        }
        // RFC 9110 §7.4: what is asked for over TLS must not be answered in clear, nor the other way round.
        let answer = client.get(&format!("{other}://localhost/login")).await;
        assert_eq!((answer.status, answer.closes()), (421, true));
        client.expect_end().await;
    }
}

#[tokio::test]
async fn the_host_of_a_whole_url_counts_and_the_host_field_does_not() {
    let server = Server::plain().await;
    let mut client = Client::connect(&server, Wire::Plain).await;
    // Whether a form is our own is judged by the host that the request is for (RFC 9112 §3.2.2).
    for (target, host, status) in [
        ("http://a.example/logout", "b.example", 303),
        ("http://b.example/logout", "a.example", 403),
        ("/logout", "a.example", 303),
        ("/logout", "b.example", 403),
    ] {
        client
            .send(format!(
                "POST {target} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://a.example\r\nContent-Length: 0\r\n\r\n"
            ))
            .await;
        assert_eq!(client.answer().await.status, status, "{target} at {host}");
    }
}

#[tokio::test]
async fn a_websocket_is_for_the_host_of_a_whole_url_too() {
    let server = Server::start(&["--echo"], |_| {}).await;
    for (target, host, status) in [
        ("http://a.example/ws/echo", "b.example", 101),
        ("http://b.example/ws/echo", "a.example", 403),
    ] {
        let mut client = Client::connect(&server, Wire::Plain).await;
        client
            .send(format!(
                "GET {target} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://a.example\r\nConnection: Upgrade\r\n\
                 Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            ))
            .await;
        assert_eq!(client.answer().await.status, status, "{target} at {host}");
    }
}

#[tokio::test]
async fn an_address_of_websockets_asks_for_the_upgrade() {
    let server = Server::both().await;
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        for path in ["/ws", "/ws/chat/1"] {
            let answer = client.get(path).await;
            assert_eq!(answer.status, 426, "{path}");
            assert_eq!(answer.field("Upgrade"), Some("websocket"), "{path}");
            // It is a field for this connection alone (RFC 9110 §7.8), which goes on.
            assert_eq!(answer.field("Connection"), Some("Upgrade"), "{path}");
            assert_eq!(answer.field("Sec-WebSocket-Version"), Some("13"), "{path}");
        }
    }
}

#[tokio::test]
async fn a_method_that_nobody_here_implements_gets_501() {
    let server = Server::plain().await;
    for line in [
        "BREW /login HTTP/1.1",
        "get /login HTTP/1.1",
        "CONNECT localhost:443 HTTP/1.1",
        "CONNECT /login HTTP/1.1",
        &format!("{} / HTTP/1.1", "LONG".repeat(3000)),
    ] {
        let mut client = Client::connect(&server, Wire::Plain).await;
        client.send(format!("{line}\r\n{HOST}\r\n")).await;
        let answer = client.answer().await;
        let line = &line[..line.len().min(60)];
        assert_eq!((answer.status, answer.closes()), (501, true), "{line}");
        client.expect_end().await;
    }
}

#[tokio::test]
async fn every_answer_has_a_date() {
    let server = Server::both().await;
    let now = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        since.as_secs()
    };
    for wire in WIRES {
        for request in [
            "GET /login HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /static/style.css HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n",
            "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
            "PUT / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/7.1\r\nHost: a\r\n\r\n",
        ] {
            let mut client = Client::connect(&server, wire).await;
            let before = now();
            client.send(request).await;
            let answer = client.answer().await;
            let date = date::parse(answer.field("Date").unwrap(), now()).unwrap();
            assert!((before..=now()).contains(&date), "{request:?}");
        }
    }
}
