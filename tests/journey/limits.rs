//! How much, how many and how long: each limit with the last value that passes and the first that does not.
//! Limits of content are in `content`, those of sockets and passwords elsewhere.

use std::time::Duration;

use secure_chat::config::Config;

use crate::client::{Answer, Client, HOST, WIRES, Wire};
use crate::support::{Server, eventually};

const KIB: usize = 1024;

/// HTTP and HTTPS with limits as the test wants them.
async fn both(change: impl FnOnce(&mut Config)) -> Server {
    Server::start(&["--both", "--tls-port=0"], change).await
}

/// The answer to these bytes on a connection of their own.
async fn answer_to(server: &Server, wire: Wire, request: &str) -> Answer {
    let mut client = Client::connect(server, wire).await;
    client.try_send(request).await;
    client.answer().await
}

#[tokio::test]
async fn a_head_of_16_kib_passes_and_one_byte_more_does_not() {
    let server = Server::both().await;
    let frame_len = format!("GET /login HTTP/1.1\r\n{HOST}X: \r\n\r\n").len();
    for wire in WIRES {
        for (len, status) in [(16 * KIB, 200), (16 * KIB + 1, 431), (100 * KIB, 431)] {
            let filling = "x".repeat(len - frame_len);
            let request = format!("GET /login HTTP/1.1\r\n{HOST}X: {filling}\r\n\r\n");
            let answer = answer_to(&server, wire, &request).await;
            assert_eq!(
                (answer.status, answer.closes()),
                (status, status == 431),
                "{len}"
            );
        }
        // Not even without a line end, and not made of empty lines either.
        for filling in ["GET /login HTTP/1.1\r\nX: ", "\r\n"] {
            let request = filling.to_owned() + &filling[filling.len() - 2..].repeat(9 * KIB);
            assert_eq!(answer_to(&server, wire, &request).await.status, 431);
        }
    }
}

#[tokio::test]
async fn a_hundred_fields_pass_and_one_more_does_not() {
    let server = Server::both().await;
    for wire in WIRES {
        for (fields, status) in [(100, 200), (101, 431)] {
            let others = "X: y\r\n".repeat(fields - 1);
            let request = format!("GET /login HTTP/1.1\r\n{HOST}{others}\r\n");
            let answer = answer_to(&server, wire, &request).await;
            assert_eq!(
                (answer.status, answer.closes()),
                (status, status == 431),
                "{fields}"
            );
        }
    }
}

#[tokio::test]
async fn a_target_of_8_kib_passes_and_one_byte_more_does_not() {
    let server = Server::both().await;
    for wire in WIRES {
        for (len, status) in [(8 * KIB, 404), (8 * KIB + 1, 414), (15 * KIB, 414)] {
            let path = "x".repeat(len - 1);
            let request = format!("GET /{path} HTTP/1.1\r\n{HOST}\r\n");
            let answer = answer_to(&server, wire, &request).await;
            assert_eq!(
                (answer.status, answer.closes()),
                (status, status == 414),
                "{len}"
            );
        }
        // Known before the line has ended.
        let request = format!("GET /{}", "x".repeat(9 * KIB));
        assert_eq!(answer_to(&server, wire, &request).await.status, 414);
    }
}

#[tokio::test]
async fn a_head_that_is_not_whole_in_time_gets_408() {
    let server = both(|config| config.limits.head_deadline = Duration::from_millis(300)).await;
    for wire in WIRES {
        for begun in ["G", "GET /login HTTP/1.1\r\nHost: a\r\n"] {
            let answer = answer_to(&server, wire, begun).await;
            assert_eq!((answer.status, answer.closes()), (408, true), "{begun:?}");
        }
        // The second request of a connection has no longer than the first.
        let mut client = Client::connect(&server, wire).await;
        assert_eq!(client.get("/login").await.status, 200);
        client.send("GET /login HTTP/1.1\r\n").await;
        assert_eq!(client.answer().await.status, 408);
        client.expect_end().await;
    }
}

#[tokio::test]
async fn a_head_that_drips_in_byte_by_byte_wins_no_time() {
    let server = both(|config| config.limits.head_deadline = Duration::from_millis(300)).await;
    let mut client = Client::connect(&server, Wire::Plain).await;
    client.send("GET /login HTTP/1.1\r\nX: ").await;
    let begun = tokio::time::Instant::now();
    let mut drips = 0;
    while begun.elapsed() < Duration::from_secs(2) && client.try_send("x").await {
        drips += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
        if begun.elapsed() > Duration::from_millis(600) {
            break;
        }
    }
    assert!(drips > 0);
    assert_eq!(client.answer().await.status, 408);
}

#[tokio::test]
async fn a_client_that_says_nothing_is_left_without_a_word() {
    let server = both(|config| {
        config.limits.head_deadline = Duration::from_millis(100);
        config.limits.tls_handshake_deadline = Duration::from_millis(500);
    })
    .await;
    // Browsers open connections ahead of need: a 408 on one of them would be taken for the answer to
    // the request that they send on it at last.
    for wire in WIRES {
        Client::connect(&server, wire).await.expect_end().await;
    }
    // Nor does anybody wait for ever for a handshake that does not begin.
    Client::to(server.https()).await.expect_end().await;
    // One that leaves without having said anything troubles nobody.
    drop(Client::to(server.http()).await);
    drop(Client::to(server.https()).await);
    assert_eq!(
        Client::connect(&server, Wire::Plain)
            .await
            .get("/login")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_connection_that_stays_idle_is_closed_without_a_word() {
    let server = both(|config| {
        config.limits.keep_alive_idle = Duration::from_millis(100);
        config.limits.head_deadline = Duration::from_secs(10);
    })
    .await;
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        assert_eq!(client.get("/login").await.status, 200);
        client.expect_end().await;
    }
}

/// The answer to one connection too many.
async fn expect_turned_away(server: &Server, wire: Wire) {
    let mut client = Client::connect(server, wire).await;
    let answer = client.get("/login").await;
    assert_eq!(
        (answer.status, answer.closes()),
        (503, true),
        "over {wire:?}"
    );
    assert_eq!(answer.field("Retry-After"), Some("5"));
    assert_eq!(answer.field("Cache-Control"), Some("no-store"));
    client.expect_end().await;
}

#[tokio::test]
async fn one_connection_too_many_is_asked_to_come_back_and_those_inside_go_on() {
    let server = both(|config| config.limits.connections_max = 2).await;
    let mut inside = Client::connect(&server, Wire::Plain).await;
    let mut inside_too = Client::connect(&server, Wire::Tls).await;
    assert_eq!(inside.get("/login").await.status, 200);
    assert_eq!(inside_too.get("/login").await.status, 200);
    for wire in WIRES {
        expect_turned_away(&server, wire).await;
    }
    assert_eq!(inside.get("/login").await.status, 200);
    assert_eq!(inside_too.get("/login").await.status, 200);

    // Whoever leaves gives their place to somebody else, over whichever transport.
    drop(inside_too);
    eventually("a place is free again", async || {
        let mut client = Client::connect(&server, Wire::Plain).await;
        client.get("/login").await.status == 200
    })
    .await;
    assert_eq!(inside.get("/login").await.status, 200);
}

#[tokio::test]
async fn one_address_does_not_take_the_places_of_another() {
    let server = both(|config| config.limits.connections_per_address_max = 1).await;
    let mut inside = Client::connect(&server, Wire::Plain).await;
    assert_eq!(inside.get("/login").await.status, 200);
    for wire in WIRES {
        expect_turned_away(&server, wire).await;
    }
    let neighbour = "127.0.0.2:0".parse().unwrap();
    let mut client = Client::from_to(neighbour, server.http()).await;
    assert_eq!(client.get("/login").await.status, 200);
    assert_eq!(inside.get("/login").await.status, 200);

    drop(inside);
    eventually("the address has its place again", async || {
        let mut client = Client::connect(&server, Wire::Tls).await;
        client.get("/login").await.status == 200
    })
    .await;
}

#[tokio::test]
async fn who_is_turned_away_is_refused_nothing_else_and_given_nothing_else() {
    let server = both(|config| config.limits.connections_max = 1).await;
    let mut inside = Client::connect(&server, Wire::Plain).await;
    assert_eq!(inside.get("/login").await.status, 200);
    for (request, status) in [
        ("GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", 503),
        (
            "POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n",
            503,
        ),
        ("GET / HTTP/1.1\r\n\r\n", 400),
    ] {
        let answer = answer_to(&server, Wire::Plain, request).await;
        assert_eq!((answer.status, answer.closes()), (status, true));
    }
    let mut client = Client::connect(&server, Wire::Plain).await;
    client.send("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert_eq!(client.answer_to_head().await.status, 503);
    client.expect_end().await;
}
