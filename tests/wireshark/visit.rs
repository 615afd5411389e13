//! A visit to the server as a browser makes it, and what crossed the client's socket meanwhile.

use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use secure_chat::config::{Config, Listen};
use secure_chat::log::Log;
use secure_chat::octets::Direction;
use secure_chat::transport::tap::{Observer, Seen};
use secure_chat::wire::event::{Event, What};
use secure_chat::wire::log::Viewer;
use secure_chat::wire::pcapng;
use tempfile::TempDir;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::client::{Client, HOST, Wire};
use crate::support::Server;

/// Where the tests look for free ports, on both sides: Wireshark knows no protocol by any of these, as it does by some of those that
/// the system would give.
static NEXT_PORT: AtomicU16 = AtomicU16::new(0);
const FIRST_PORT: u16 = 18_000;
const PORTS: u16 = 1_000;

/// A server with HTTP and HTTPS on ports that mean nothing to Wireshark, and with `/ws/echo`.
pub(crate) async fn server(flags: &[&str], change: impl FnOnce(&mut Config)) -> Server {
    start(flags, change, Log::silent()).await
}

/// As `server`, with a log that can be read.
pub(crate) async fn server_logged(
    flags: &[&str],
    change: impl FnOnce(&mut Config),
) -> (Server, LogFile) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("server.log");
    let log = Log::start(Some(File::create(&path).unwrap())).unwrap();
    let _folder = folder;
    (start(flags, change, log).await, LogFile { path, _folder })
}

/// What a server logs.
pub(crate) struct LogFile {
    path: PathBuf,
    _folder: TempDir,
}

impl LogFile {
    /// Whether this stands in it.
    pub(crate) fn tells(&self, what: &str) -> bool {
        std::fs::read_to_string(&self.path).unwrap().contains(what)
    }
}

async fn start(flags: &[&str], change: impl FnOnce(&mut Config), log: Log) -> Server {
    let flags = [&["--both", "--tls-port=0", "--echo"], flags].concat();
    let change = |config: &mut Config| {
        config.listen = Listen::Both {
            plain_port: free_port(),
            tls_port: free_port(),
        };
        change(config);
    };
    Server::start_logged(tempfile::tempdir().unwrap(), &flags, change, log).await
}

fn free_port() -> u16 {
    // Several runs at a time do not begin at the same place.
    let begin = u16::try_from(std::process::id() % 10 * 100).unwrap();
    loop {
        let count = NEXT_PORT.fetch_add(1, Ordering::Relaxed);
        assert!(count < PORTS, "no port is free");
        let port = FIRST_PORT + (begin + count) % PORTS;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// How a client comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Plain,
    Tls12,
    Tls13,
}

/// All of them.
pub(crate) const WAYS: [Way; 3] = [Way::Plain, Way::Tls12, Way::Tls13];

/// What crossed the client's socket.
#[derive(Debug, Default)]
pub(crate) struct Crossed {
    pub(crate) sent: Vec<u8>,
    pub(crate) received: Vec<u8>,
}

/// A connection, and what crosses it.
pub(crate) async fn connect(server: &Server, way: Way) -> (Client, Arc<Mutex<Crossed>>) {
    let crossed = Arc::<Mutex<Crossed>>::default();
    let watching = Arc::clone(&crossed);
    let observer: Observer = Arc::new(move |direction, seen| {
        let Seen::Chunks(chunks) = seen else { return };
        let bytes = chunks.iter().flat_map(|chunk| chunk.as_slice());
        let mut crossed = watching.lock().unwrap();
        // The client's end: what is read there comes from the server.
        match direction {
            Direction::FromClient => crossed.received.extend(bytes),
            Direction::FromServer => crossed.sent.extend(bytes),
        }
    });
    let versions: Option<&[_]> = match way {
        Way::Plain => None,
        Way::Tls12 => Some(&[&TLS12]),
        Way::Tls13 => Some(&[&TLS13]),
    };
    let own = ([127, 0, 0, 1], free_port()).into();
    let client = Client::connect_from(own, server, versions, Some(observer)).await;
    (client, crossed)
}

pub(crate) const PASSWORD: &str = "correct+horse+battery";

/// What is said over the WebSocket.
pub(crate) const SAID: &str = "hello from the client";

/// Fetches a page, and sends a password that fits nobody.
pub(crate) async fn knock(client: &mut Client) {
    assert_eq!(client.get("/login").await.status, 200);
    let form = format!("name=nobody&password={PASSWORD}");
    client
        .send(format!(
            "POST /login HTTP/1.1\r\n{HOST}Content-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        ))
        .await;
    assert_eq!(client.answer().await.status, 403);
}

/// Opens `/ws/echo`, and hears what it says.
pub(crate) async fn echo(client: &mut Client) {
    let lines = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
                 Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    assert_eq!(client.get_with("/ws/echo", lines).await.status, 101);
    say(client, SAID).await;
}

/// Says something of less than 64 KiB, and hears it.
pub(crate) async fn say(client: &mut Client, text: &str) {
    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    // The two forms of a length in one byte, and in two behind a 126 (RFC 6455 §5.2).
    let mut len = vec![u8::try_from(text.len()).unwrap_or(126)];
    if len[0] >= 126 {
        len = vec![126];
        len.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
    }
    let mut frame = [&[0x81], &len[..]].concat();
    frame[1] |= 0x80;
    frame.extend(KEY);
    frame.extend(text.bytes().zip(KEY.iter().cycle()).map(|(b, key)| b ^ key));
    client.send(frame).await;
    let expected = [&[0x81], &len[..], text.as_bytes()].concat();
    assert!(client.exactly(expected.len()).await == expected);
}

/// Closes the WebSocket, and the connection.
pub(crate) async fn leave(client: &mut Client) {
    // Close, no code, masked with zeros.
    client.send([0x88, 0x80, 0, 0, 0, 0]).await;
    assert_eq!(client.exactly(2).await, [0x88, 0]);
    client.expect_end().await;
}

/// The key that shows everybody's connections, as a line of a request.
pub(crate) fn instructor(server: &Server, name: &str) -> String {
    let key = server.app.instructor.as_ref().unwrap();
    format!("Cookie: {name}={}\r\n", key.as_str())
}

/// The number of the connection that came last.
pub(crate) fn newest(server: &Server) -> u64 {
    let all = server
        .app
        .wire
        .as_ref()
        .unwrap()
        .connections(&Viewer::OF_ALL);
    all.last().unwrap().about().number
}

/// The file that the instructor is given at an address.
pub(crate) async fn fetch(server: &Server, path: &str) -> Vec<u8> {
    let mut client = Client::connect(server, Wire::Plain).await;
    let key = instructor(server, "instructor_key_plain");
    let lines = format!("{key}Sec-Fetch-Site: same-origin\r\n");
    let answer = client.get_with(path, &lines).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.field("Content-Type"), Some("application/x-pcapng"));
    answer.content
}

/// All that one side sent.
pub(crate) fn stream(events: &[Event], direction: Direction) -> Vec<u8> {
    let of_direction = events.iter().filter(|event| event.direction == direction);
    let bytes = of_direction.filter_map(|event| match &event.what {
        What::Bytes(bytes) => Some(bytes.to_vec()),
        _ => None,
    });
    bytes.flatten().collect()
}

/// Fails unless a capture has these connections, and of each what crossed the client's socket, to the byte.
pub(crate) fn expect_crossed(capture: Vec<u8>, crossed: &[Arc<Mutex<Crossed>>]) {
    let capture = pcapng::read(&capture.into());
    assert_eq!(capture.problems, []);
    assert_eq!(capture.connections.len(), crossed.len());
    for (connection, crossed) in capture.connections.iter().zip(crossed) {
        let crossed = crossed.lock().unwrap();
        assert!(stream(&connection.events, Direction::FromClient) == crossed.sent);
        assert!(stream(&connection.events, Direction::FromServer) == crossed.received);
    }
}
