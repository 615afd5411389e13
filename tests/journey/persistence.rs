//! Requests one after the other on one connection, and where it ends (RFC 9112 §9).
//! What each of them is answered is judged in `requests`.

use std::time::{Duration, Instant};

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

#[tokio::test]
async fn an_empty_line_behind_a_form_begins_no_request_and_wins_no_time() {
    let server = Server::start(&["--both", "--tls-port=0"], |config| {
        config.limits.head_deadline = Duration::from_millis(100);
        config.limits.keep_alive_idle = Duration::from_millis(400);
    })
    .await;
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        client
            .send(format!("POST /logout HTTP/1.1\r\n{HOST}\r\n"))
            .await;
        assert_eq!(client.answer().await.status, 303, "{wire:?}");
        let began = Instant::now();
        // Old clients send one (RFC 9112 §2.2). A 408 would be taken for the answer to what is sent next.
        client.send("\r\n").await;
        client.expect_end().await;
        let waited = began.elapsed();
        assert!(waited > Duration::from_millis(300), "{waited:?}, {wire:?}");
    }
}
