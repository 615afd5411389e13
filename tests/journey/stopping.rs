//! How a server stops: requests under way are finished, nobody new is let in, and it does not take for ever.
//! Signals and exit codes are tested with the binary.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::client::{Client, HOST, WIRES, Wire};
use crate::support::{PATIENCE, Server};

/// A request whose head the server has read for certain, since it has asked for the content.
async fn begin_request(client: &mut Client) {
    client
        .send(format!(
            "POST /logout HTTP/1.1\r\n{HOST}Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        ))
        .await;
    assert_eq!(client.answer().await.status, 100);
}

#[tokio::test]
async fn a_request_under_way_is_finished_and_is_the_last_one() {
    let server = Server::both().await;
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        begin_request(&mut client).await;
        client.send("hello").await;
        // Not stopping yet: the connection stays.
        assert!(!client.answer().await.closes());
    }
    let mut plain = Client::connect(&server, Wire::Plain).await;
    let mut tls = Client::connect(&server, Wire::Tls).await;
    for client in [&mut plain, &mut tls] {
        begin_request(client).await;
    }
    server.begin_to_stop();
    for client in [&mut plain, &mut tls] {
        client
            .send(format!("helloGET /login HTTP/1.1\r\n{HOST}\r\n"))
            .await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.closes()), (303, true));
        client.expect_end().await;
    }
    drop((plain, tls));
    let (all_left, _folder) = server.stop().await;
    assert!(all_left);
}

#[tokio::test]
async fn idle_connections_are_closed_at_once_and_without_a_word() {
    let server = Server::both().await;
    // Nothing said at all, and a handshake that does not go on. They come first: whoever is served after
    // them shows that they have been let in.
    let mut stalled = Client::to(server.https()).await;
    stalled.send(b"\x16\x03\x01\x02").await;
    let mut idle = vec![stalled, Client::to(server.https()).await];
    for wire in WIRES {
        // One that has not been used, and one that has.
        idle.push(Client::connect(&server, wire).await);
        let mut used = Client::connect(&server, wire).await;
        used.get("/login").await;
        idle.push(used);
    }
    let begun = Instant::now();
    server.begin_to_stop();
    for client in &mut idle {
        client.expect_end().await;
    }
    // Far below the deadline that those who are busy have.
    assert!(
        begun.elapsed() < Duration::from_secs(3),
        "{:?}",
        begun.elapsed()
    );
    drop(idle);
    let (all_left, _folder) = server.stop().await;
    assert!(all_left);
}

#[tokio::test]
async fn nobody_new_is_let_in() {
    let server = Server::both().await;
    let (http, https) = (server.http(), server.https());
    let mut busy = Client::connect(&server, Wire::Plain).await;
    begin_request(&mut busy).await;
    server.begin_to_stop();
    for address in [http, https] {
        let refused = async {
            while TcpStream::connect(address).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(PATIENCE, refused).await.unwrap();
    }
    // Whoever is inside is served all the same.
    busy.send("hello").await;
    assert_eq!(busy.answer().await.status, 303);
    drop(busy);
    assert!(server.stop().await.0);
}

#[tokio::test]
async fn whoever_does_not_finish_is_cut_off_at_the_deadline() {
    let server = Server::start(&["--both", "--tls-port=0"], |config| {
        config.limits.shutdown_deadline = Duration::from_millis(300);
    })
    .await;
    let mut plain = Client::connect(&server, Wire::Plain).await;
    let mut tls = Client::connect(&server, Wire::Tls).await;
    begin_request(&mut plain).await;
    begin_request(&mut tls).await;
    let begun = Instant::now();
    let (all_left, _folder) = server.stop().await;
    assert!(!all_left);
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert!(begun.elapsed() < Duration::from_secs(5));
}
