//! One WebSocket between the library and a client written by hand, from its first frame to the end
//! of TCP. No HTTP: the connections begin where the upgrade has ended.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails says so by panicking"
)]

mod client;
mod closing;
mod sending;
mod talking;
mod tls;

use std::time::Duration;

use bytes::Bytes;
use secure_chat::transport::WriteChunks;
use secure_chat::websocket::close::Ended;
use secure_chat::websocket::frame::append_text_frame;
use secure_chat::websocket::io::{Incoming, WebSocket};
use secure_chat::websocket::limits::WebSocketLimits;
use tokio::io::{AsyncRead, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

const LIMITS: WebSocketLimits = WebSocketLimits {
    message_len_max: 1000,
    queue_bytes_max: 10_000,
    ping_every: Duration::from_secs(30),
    dead_after: Duration::from_secs(60),
    close_wait: Duration::from_secs(2),
    linger: Duration::from_secs(1),
};

/// A connection whose buffers hold `buffer_len` bytes in each direction.
fn connection(buffer_len: usize) -> (WebSocket<DuplexStream>, DuplexStream) {
    let (server, client) = duplex(buffer_len);
    (WebSocket::new(server, b"", LIMITS), client)
}

async fn tcp_streams() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap());
    let (server, client) = tokio::join!(listener.accept(), client);
    (server.unwrap().0, client.unwrap())
}

/// Receives until the connection is over, in a task of its own, which waits already when this
/// returns: whatever is done from outside now has to wake it.
async fn receive_all<S>(mut websocket: WebSocket<S>) -> JoinHandle<(Vec<Incoming>, Ended)>
where
    S: AsyncRead + WriteChunks + Unpin + Send + 'static,
{
    let task = tokio::spawn(async move {
        let mut received = Vec::new();
        while let Some(incoming) = websocket.next().await {
            received.push(incoming);
        }
        (received, websocket.ended().unwrap().clone())
    });
    tokio::task::yield_now().await;
    task
}

fn text(text: &str) -> Incoming {
    Incoming::Text(text.to_owned())
}

/// A frame of the server's, ready to be offered.
fn frame(text: &str) -> Bytes {
    let mut out = Vec::new();
    append_text_frame(&mut out, text.as_bytes());
    out.into()
}

/// Real sockets may hang where a test went wrong; a hanging test says nothing.
async fn soon<T>(future: impl Future<Output = T>) -> T {
    let patience = Duration::from_secs(20);
    tokio::time::timeout(patience, future)
        .await
        .expect("this should not take long")
}
