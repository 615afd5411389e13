//! `--live`: whoever connects reads along, at any time, and makes nobody wait.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use secure_chat::octets::Direction::{FromClient, FromServer};
use secure_chat::wire::log::Viewer;
use secure_chat::wire::pcapng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::support::{PATIENCE, Server, eventually};
use crate::tshark::Capture;
use crate::visit::{
    WAYS, Way, connect, echo, expect_crossed, knock, leave, say, server, server_logged, stream,
};

async fn live() -> (Server, SocketAddr) {
    let server = server(&["--live=127.0.0.1:0"], |_| {}).await;
    let address = server.export.live_address().unwrap();
    (server, address)
}

/// A reader, and what it has read.
struct Reader {
    socket: TcpStream,
    read: Vec<u8>,
}

impl Reader {
    /// Connects, and reads what a stream begins with: from now on it hears everything.
    async fn at(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).await.unwrap();
        let mut reader = Self {
            socket,
            read: Vec::new(),
        };
        reader.more().await;
        reader
    }

    /// At the end there is no more.
    async fn more(&mut self) -> usize {
        let read = self.socket.read_buf(&mut self.read);
        timeout(PATIENCE, read)
            .await
            .expect("more to read")
            .unwrap()
    }

    async fn rest(mut self) -> Vec<u8> {
        while self.more().await > 0 {}
        self.read
    }

    /// Reads until tshark sees so many packets of a kind.
    async fn until(&mut self, filter: &str, count: usize) {
        let seen = |read: &[u8]| {
            let capture = Capture::of(whole_blocks(read));
            capture.fields(filter, &["frame.number"]).lines().count()
        };
        while seen(&self.read) < count {
            assert!(self.more().await > 0, "the stream ended early");
        }
    }
}

/// Without a block that has only come in part. The length of one follows its type.
fn whole_blocks(stream: &[u8]) -> &[u8] {
    let mut end = 0;
    while let Some(len) = stream.get(end + 4..end + 8) {
        let len = u32::from_le_bytes(len.try_into().unwrap());
        let next = end + usize::try_from(len).unwrap();
        if next > stream.len() {
            break;
        }
        end = next;
    }
    &stream[..end]
}

const FRAMES: &str = "websocket.opcode == 1";

#[tokio::test]
async fn every_reader_hears_everything_decrypted_while_it_happens() {
    let (server, address) = live().await;
    let mut readers = [Reader::at(address).await, Reader::at(address).await];
    let mut all_crossed = Vec::new();
    for way in WAYS {
        let (mut client, crossed) = connect(&server, way).await;
        knock(&mut client).await;
        echo(&mut client).await;
        for reader in &mut readers {
            reader.until(FRAMES, 2 * (all_crossed.len() + 1)).await;
        }
        leave(&mut client).await;
        drop(client);
        all_crossed.push(crossed);
    }
    server.stop().await;
    for reader in readers {
        let read = reader.rest().await;
        let capture = Capture::of(&read);
        capture.expect_clean();
        let requests = capture.fields("http.request", &["http.request.uri"]);
        assert_eq!(requests, "/login\n/login\n/ws/echo\n".repeat(3));
        expect_crossed(read, &all_crossed);
    }
}

#[tokio::test]
async fn who_comes_late_is_told_what_came_before_on_connections_that_are_open() {
    let (server, address) = live().await;
    let (mut gone, _) = connect(&server, Way::Tls13).await;
    gone.get("/register").await;
    drop(gone);
    let wire = server.app.wire.clone().unwrap();
    eventually("the first connection is over", async || {
        let first = wire.connection(&Viewer::OF_ALL, 1).unwrap();
        first.state().unwrap().ended.is_some()
    })
    .await;
    let mut clients = Vec::new();
    for way in WAYS {
        let (mut client, crossed) = connect(&server, way).await;
        echo(&mut client).await;
        clients.push((client, crossed));
    }
    let mut late = Reader::at(address).await;
    for (client, _) in &mut clients {
        say(client, "after").await;
    }
    late.until(FRAMES, 12).await;
    for (client, _) in &mut clients {
        leave(client).await;
    }
    let crossed: Vec<_> = clients.into_iter().map(|(_, crossed)| crossed).collect();
    server.stop().await;
    let read = late.rest().await;
    let capture = Capture::of(&read);
    capture.expect_clean();
    let requests = capture.fields("http.request", &["http.request.uri"]);
    assert_eq!(requests, "/ws/echo\n".repeat(3));
    expect_crossed(read, &crossed);
}

#[tokio::test]
async fn who_comes_in_the_middle_of_a_crowd_misses_nothing_and_hears_nothing_twice() {
    let (server, address) = live().await;
    let (mut client, crossed) = connect(&server, Way::Tls13).await;
    echo(&mut client).await;
    let talking = tokio::spawn(async move {
        for number in 0..300 {
            say(&mut client, &format!("number {number}")).await;
        }
        leave(&mut client).await;
    });
    let mut readers = Vec::new();
    while !talking.is_finished() && readers.len() < 8 {
        readers.push(Reader::at(address).await);
    }
    assert!(!readers.is_empty());
    talking.await.unwrap();
    server.stop().await;
    let crossed = std::mem::take(&mut *crossed.lock().unwrap());
    let mut heard = 0;
    for reader in readers {
        let read = pcapng::read(&reader.rest().await.into());
        assert_eq!(read.problems, []);
        for connection in &read.connections {
            heard += 1;
            assert!(stream(&connection.events, FromClient) == crossed.sent);
            assert!(stream(&connection.events, FromServer) == crossed.received);
        }
    }
    assert!(heard > 0, "all readers came too late");
}

#[tokio::test]
async fn a_reader_who_does_not_read_is_dropped_and_nobody_waits_for_it() {
    let (server, log) = server_logged(&["--live=127.0.0.1:0"], |_| {}).await;
    let address = server.export.live_address().unwrap();
    let mut slow = Reader::at(address).await;
    let mut quick = Reader::at(address).await;
    let (told, has_read) = watch::channel(0);
    let reading = tokio::spawn(async move {
        while quick.more().await > 0 {
            told.send_replace(quick.read.len());
        }
        quick.read
    });
    let (mut client, crossed) = connect(&server, Way::Plain).await;
    echo(&mut client).await;
    let text = "x".repeat(40_000);
    // More than may wait for it, and than the sockets hold; but never more than the other one can follow.
    let mut said = 0;
    while !log.tells("it reads too slowly") {
        say(&mut client, &text).await;
        said += text.len();
        assert!(said < 200 << 20, "it is never dropped");
        eventually("the quick one has followed", async || {
            *has_read.borrow() + (4 << 20) > 2 * said
        })
        .await;
    }
    drop(client);
    // What it was sent before is still there; then comes the end.
    while slow.socket.read_buf(&mut slow.read).await.unwrap_or(0) > 0 {}
    server.stop().await;
    let read = pcapng::read(&reading.await.unwrap().into());
    assert_eq!(read.problems, []);
    let crossed = crossed.lock().unwrap();
    assert!(stream(&read.connections[0].events, FromServer) == crossed.received);
}

#[tokio::test]
async fn who_says_something_is_no_reader() {
    let (server, log) = server_logged(&["--live=127.0.0.1:0"], |_| {}).await;
    let address = server.export.live_address().unwrap();
    // As a browser would, if some page sent it here.
    let mut browser = Reader::at(address).await;
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    browser.socket.write_all(request).await.unwrap();
    eventually("it is dropped", async || log.tells("it said something")).await;
    let (mut client, _) = connect(&server, Way::Tls13).await;
    client.get("/login").await;
    // Perhaps reset, and if not, at its end.
    while browser
        .socket
        .read_buf(&mut browser.read)
        .await
        .unwrap_or(0)
        > 0
    {}
    assert_eq!(
        Capture::of(&browser.read).fields("tcp", &["frame.number"]),
        ""
    );
    server.stop().await;
}

#[tokio::test]
async fn there_are_eight_seats_and_who_leaves_makes_room() {
    let (server, log) = server_logged(&["--live=127.0.0.1:0"], |_| {}).await;
    let address = server.export.live_address().unwrap();
    let mut readers = Vec::new();
    for _seat in 0..8 {
        readers.push(Reader::at(address).await);
    }
    let mut ninth = TcpStream::connect(address).await.unwrap();
    assert_eq!(ninth.read(&mut [0; 64]).await.unwrap(), 0);
    eventually("the ninth is told of", async || {
        log.tells("too many readers")
    })
    .await;
    readers.pop();
    eventually("a seat is free", async || log.tells("has left")).await;
    Reader::at(address).await;
    // None of them is a connection of the chat.
    assert!(
        server
            .app
            .wire
            .as_ref()
            .unwrap()
            .connections(&Viewer::OF_ALL)
            .is_empty()
    );
    drop(readers);
    server.stop().await;
}

/// Wireshark itself connects in the same way.
#[tokio::test]
async fn tshark_connects_and_decrypts() {
    let (server, log) = server_logged(&["--live=127.0.0.1:0"], |_| {}).await;
    let address = server.export.live_address().unwrap();
    let mut tshark = Command::new("tshark")
        .args(["-l", "-i", &format!("TCP@{address}"), "-Y", "http.request"])
        .args(["-T", "fields", "-e", "http.request.uri"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(tshark.stdout.take().unwrap()).lines();
    eventually("tshark reads along", async || log.tells("reads along")).await;
    let (mut client, _) = connect(&server, Way::Tls13).await;
    knock(&mut client).await;
    let line = tokio::task::spawn_blocking(move || lines.next().unwrap().unwrap());
    assert_eq!(timeout(PATIENCE, line).await.unwrap().unwrap(), "/login");
    drop(client);
    // It ends with the stream.
    server.stop().await;
    let ended = tokio::task::spawn_blocking(move || tshark.wait().unwrap());
    timeout(PATIENCE, ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn the_port_closes_with_the_server() {
    let (server, address) = live().await;
    let reader = Reader::at(address).await;
    server.stop().await;
    reader.rest().await;
    assert!(TcpStream::connect(address).await.is_err());
}
