//! Requests one after the other on one connection (RFC 9112 §9), and the answers that every resource owes (RFC 9110 §9, §15).
//! What stands on the pages is not looked at here.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use secure_chat::http::date;

use crate::client::{Client, HOST, WIRES, Wire};
use crate::support::Server;

/// Several requests in one piece, and the statuses that must come back in this order.
const PIPELINE: &str = "GET /login HTTP/1.1\r\nHost: a\r\n\r\n\
    GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n\
    HEAD /register HTTP/1.1\r\nHost: a\r\n\r\n\
    POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\
    POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n\
    OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n\
    GET /favicon.ico HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const PIPELINE_STATUSES: [u16; 7] = [200, 404, 200, 303, 303, 204, 200];
const PIPELINE_HEAD_AT: usize = 2;

async fn expect_pipeline_answers(client: &mut Client) {
    for (index, status) in PIPELINE_STATUSES.into_iter().enumerate() {
        let answer = if index == PIPELINE_HEAD_AT {
            client.answer_to_head().await
        } else {
            client.answer().await
        };
        assert_eq!(answer.status, status, "answer {index}");
        let is_last = index + 1 == PIPELINE_STATUSES.len();
        assert_eq!(answer.closes(), is_last, "answer {index}");
    }
    client.expect_end().await;
}

#[tokio::test]
async fn a_connection_carries_one_request_after_the_other() {
    let server = Server::both().await;
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        for (path, status) in [
            ("/login", 200),
            ("/nowhere", 404),
            ("/", 303),
            ("/login", 200),
        ] {
            let answer = client.get(path).await;
            assert_eq!(answer.status, status, "{path} over {wire:?}");
            assert_eq!(answer.field("Connection"), None, "{path} over {wire:?}");
        }
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_their_order() {
    let server = Server::both().await;
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        client.send(PIPELINE).await;
        expect_pipeline_answers(&mut client).await;
    }
}

#[tokio::test]
async fn pipelined_requests_are_understood_wherever_the_packets_are_cut() {
    let server = Server::plain().await;
    for at in 1..PIPELINE.len() {
        let mut client = Client::connect(&server, Wire::Plain).await;
        client.send(&PIPELINE[..at]).await;
        // Gives the server the time to read what there is. If it does not, the cut is elsewhere: no harm.
        tokio::time::sleep(Duration::from_millis(1)).await;
        client.send(&PIPELINE[at..]).await;
        expect_pipeline_answers(&mut client).await;
    }
}

#[tokio::test]
async fn pipelined_requests_are_understood_byte_by_byte() {
    let server = Server::both().await;
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        for byte in PIPELINE.bytes() {
            client.send([byte]).await;
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        expect_pipeline_answers(&mut client).await;
    }
}

#[tokio::test]
async fn http_1_0_closes_after_each_answer_unless_asked_to_keep_the_connection() {
    let server = Server::both().await;
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        client
            .send("GET /login HTTP/1.0\r\n\r\nGET /login HTTP/1.0\r\n\r\n")
            .await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.closes()), (200, true));
        client.expect_end().await;

        let mut client = Client::connect(&server, wire).await;
        let kept = "GET /login HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n";
        client.send([kept, kept].concat()).await;
        for _ in 0..2 {
            let answer = client.answer().await;
            assert_eq!(answer.field("Connection"), Some("keep-alive"));
        }
        client
            .send("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n")
            .await;
        assert!(client.answer().await.closes());
        client.expect_end().await;
    }
}

#[tokio::test]
async fn connection_close_is_obeyed_and_nothing_behind_it_is_answered() {
    let server = Server::both().await;
    for wire in WIRES {
        for field in [
            "Connection: close",
            "connection: CLOSE",
            "Connection: x, close",
        ] {
            let mut client = Client::connect(&server, wire).await;
            let request = format!("GET /login HTTP/1.1\r\n{HOST}{field}\r\n\r\n");
            client
                .send([request.as_str(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n"].concat())
                .await;
            let answer = client.answer().await;
            assert_eq!((answer.status, answer.closes()), (200, true), "{field}");
            client.expect_end().await;
        }
    }
}

#[tokio::test]
async fn a_client_that_has_sent_its_end_still_gets_its_answers() {
    let server = Server::both().await;
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        client
            .send("GET /login HTTP/1.1\r\nHost: a\r\n\r\nGET /register HTTP/1.1\r\nHost: a\r\n\r\n")
            .await;
        client.send_end().await;
        for _ in 0..2 {
            assert_eq!(client.answer().await.status, 200, "{wire:?}");
        }
        client.expect_end().await;
    }
}

#[tokio::test]
async fn a_client_that_ends_in_the_middle_of_a_request_is_told_so() {
    let server = Server::both().await;
    for wire in WIRES {
        for half in [
            "GET /login HTTP/1.1\r\nHost: a\r\n",
            "GE",
            "POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nhello",
            "POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        ] {
            let mut client = Client::connect(&server, wire).await;
            client.send(half).await;
            client.send_end().await;
            let answer = client.answer().await;
            assert_eq!((answer.status, answer.closes()), (400, true), "{half:?}");
            client.expect_end().await;
        }
        // Between two requests the end is just the end.
        let mut client = Client::connect(&server, wire).await;
        client.get("/login").await;
        client.send_end().await;
        client.expect_end().await;
    }
}

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
            let without_date = |fields: &[(String, String)]| -> Vec<_> {
                let fields = fields.iter().filter(|(name, _)| name != "Date");
                fields.cloned().collect()
            };
            assert_eq!(without_date(&head.fields), without_date(&get.fields));
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
