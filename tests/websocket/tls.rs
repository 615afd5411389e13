//! The same over TLS, which takes bytes before it has sent them.

use std::sync::Arc;

use secure_chat::websocket::close::CloseCode;
use secure_chat::websocket::io::{Offered, WebSocket};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, duplex};
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use crate::client::{CLOSE, TEXT, close_payload, masked, read, write};
use crate::{LIMITS, frame, receive_all, text};

async fn tls_streams(buffer_len: usize) -> (ServerStream, impl AsyncRead + AsyncWrite + Unpin) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut server = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    // Tickets would fill the small buffer before anyone reads.
    server.send_tls13_tickets = 0;
    let mut roots = RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let client = ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let (near, far) = duplex(buffer_len);
    let (server, client) = tokio::join!(
        TlsAcceptor::from(Arc::new(server)).accept(near),
        TlsConnector::from(Arc::new(client))
            .connect(ServerName::try_from("localhost").unwrap(), far)
    );
    (server.unwrap(), client.unwrap())
}

type ServerStream = tokio_rustls::server::TlsStream<DuplexStream>;

#[tokio::test]
async fn frames_that_tls_holds_back_are_flushed_by_the_task() {
    // Smaller than one record: every offer leaves something behind.
    let (server, mut client) = tls_streams(64).await;
    let websocket = WebSocket::new(server, b"", LIMITS);
    let socket = websocket.socket().clone();
    let task = receive_all(websocket).await;
    for number in 0..40 {
        assert_eq!(socket.offer(&frame(&number.to_string())), Offered::Taken);
    }
    for number in 0..40 {
        let expected = number.to_string().into_bytes();
        assert_eq!(read(&mut client).await, Some((TEXT, expected)));
    }
    write(&mut client, &masked(TEXT, b"hello")).await;
    write(&mut client, &masked(CLOSE, &close_payload(1000, ""))).await;
    assert_eq!(
        read(&mut client).await,
        Some((CLOSE, close_payload(1000, "")))
    );
    // A clean end: close_notify came before the end of TCP.
    assert_eq!(read(&mut client).await, None);
    drop(client);
    let (received, ended) = task.await.unwrap();
    assert_eq!(received, [text("hello")]);
    assert_eq!(ended.code, CloseCode::NORMAL);
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_closed_over_tls_too() {
    let (server, client) = tls_streams(64).await;
    let websocket = WebSocket::new(server, b"", LIMITS);
    let broadcast = frame(&"x".repeat(1000));
    let offers = (0..1000).take_while(|_| websocket.socket().offer(&broadcast) == Offered::Taken);
    // What waits in the queue, and at most as much again in TLS's own buffer.
    let taken = offers.count();
    assert!(
        taken <= 2 * LIMITS.queue_bytes_max / broadcast.len(),
        "{taken}"
    );
    assert_eq!(websocket.socket().offer(&broadcast), Offered::Closed);
    drop(client);
}
