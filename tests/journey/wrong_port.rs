//! TLS on the plain port, plain HTTP on the TLS port, and bytes that are neither: each gets an answer that helps, and
//! nobody else notices.

use std::time::Duration;

use secure_chat::config::Host;

use crate::client::{Client, WIRES, Wire};
use crate::support::Server;

/// The beginning of a TLS 1.2 ClientHello: a handshake record of 512 bytes that holds a ClientHello of 508.
const CLIENT_HELLO: &[u8] = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";

/// Of a TLS record that tells what went wrong (RFC 8446 §5.1).
const ALERT: u8 = 0x15;

async fn expect_everybody_else_is_served(server: &Server) {
    for wire in WIRES {
        let mut client = Client::connect(server, wire).await;
        assert_eq!(client.get("/login").await.status, 200, "{wire:?}");
    }
}

#[tokio::test]
async fn tls_on_the_plain_port_is_told_the_url_to_open() {
    let server = Server::both().await;
    let mut client = Client::to(server.http()).await;
    client.send(CLIENT_HELLO).await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.closes()), (400, true));
    let url = format!("open http://127.0.0.1:{}/\n", server.http().port());
    assert!(answer.text().ends_with(&url), "{}", answer.text());
    client.expect_end().await;
    expect_everybody_else_is_served(&server).await;
}

#[tokio::test]
async fn plain_http_on_the_tls_port_is_told_the_url_to_open() {
    let server = Server::both().await;
    for request in [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST /login HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na=b",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "G",
    ] {
        let mut client = Client::to(server.https()).await;
        client.send(request).await;
        let answer = client.answer().await;
        assert_eq!((answer.status, answer.closes()), (400, true), "{request:?}");
        assert_eq!(answer.field("X-Content-Type-Options"), Some("nosniff"));
        let url = format!("open https://localhost:{}/\n", server.https().port());
        assert!(answer.text().ends_with(&url), "{}", answer.text());
        client.expect_end().await;
    }
    expect_everybody_else_is_served(&server).await;
}

#[tokio::test]
async fn a_host_other_than_this_machine_is_told_as_it_was_reached() {
    // 127.0.0.2 is a loopback address, but neither `localhost` nor 127.0.0.1 leads there.
    let server = Server::start(&["--both", "--tls-port=0"], |config| {
        config.host = Host::Address("127.0.0.2".parse().unwrap());
    })
    .await;
    for (address, scheme, speak) in [
        (server.http(), "http", CLIENT_HELLO),
        (server.https(), "https", b"GET / HTTP/1.1\r\n\r\n"),
    ] {
        let mut client = Client::to(address).await;
        client.send(speak).await;
        let answer = client.answer().await;
        let url = format!("open {scheme}://127.0.0.2:{}/\n", address.port());
        assert!(answer.text().ends_with(&url), "{}", answer.text());
    }
}

#[tokio::test]
async fn garbage_on_the_tls_port_gets_an_alert_and_the_end() {
    let server = Server::both().await;
    for garbage in [
        &b"\x00\x01\x02\x03\x04\x05\x06\x07"[..],
        b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        // A record that is no handshake, and a handshake that is no ClientHello.
        b"\x17\x03\x03\x00\x05hello",
        b"\x16\x03\x03\x00\x04\x0e\x00\x00\x00",
        b"\x16\x03\x01\xff\xff\x01\x00\x01\xfc\x03\x03",
    ] {
        let mut client = Client::to(server.https()).await;
        client.send(garbage).await;
        let answer = client.rest().await;
        let what = garbage.escape_ascii();
        assert_eq!(answer.first(), Some(&ALERT), "{what}: {answer:?}");
    }
    expect_everybody_else_is_served(&server).await;
}

#[tokio::test]
async fn garbage_on_the_plain_port_is_a_bad_request() {
    let server = Server::both().await;
    for garbage in [
        &b"\x00\x01\x02\x03\r\n"[..],
        b"\x80\x2e\x01\x03\x01\r\n",
        b"hello\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"{\"id\":1,\"jsonrpc\":\"2.0\"}\r\n",
    ] {
        let mut client = Client::to(server.http()).await;
        client.send(garbage).await;
        let answer = client.answer().await;
        let what = garbage.escape_ascii();
        assert_eq!((answer.status, answer.closes()), (400, true), "{what}");
        client.expect_end().await;
    }
    expect_everybody_else_is_served(&server).await;
}

#[tokio::test]
async fn a_handshake_that_stalls_is_ended_by_its_deadline() {
    let server = Server::start(&["--both", "--tls-port=0"], |config| {
        config.limits.tls_handshake_deadline = Duration::from_millis(400);
    })
    .await;
    let mut client = Client::to(server.https()).await;
    client.send(CLIENT_HELLO).await;
    // While it stalls, others get through.
    let mut other = Client::connect(&server, Wire::Tls).await;
    assert_eq!(other.get("/login").await.status, 200);
    client.expect_end().await;
    assert_eq!(other.get("/login").await.status, 200);
}

#[tokio::test]
async fn clients_that_break_off_anywhere_in_the_handshake_disturb_nobody() {
    let server = Server::both().await;
    for len in 1..CLIENT_HELLO.len() {
        for address in [server.http(), server.https()] {
            let mut client = Client::to(address).await;
            client.send(&CLIENT_HELLO[..len]).await;
        }
    }
    expect_everybody_else_is_served(&server).await;
}
