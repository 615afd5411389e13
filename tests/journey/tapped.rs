//! What the tap under TLS counts is what crossed the socket, to the byte; and what the log tells is never a secret.

use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use secure_chat::log::Log;
use secure_chat::octets::Direction;
use secure_chat::transport::tap::{Observer, Seen};

use crate::client::{Client, HOST, WIRES, Wire};
use crate::support::Server;

/// A server whose log can be read afterwards.
async fn logged() -> Server {
    let folder = tempfile::tempdir().unwrap();
    let file = File::create(folder.path().join("server.log")).unwrap();
    let log = Log::start(Some(file)).unwrap();
    Server::start_logged(folder, &["--both", "--tls-port=0", "--echo"], |_| {}, log).await
}

/// Stops the server, and gives all that it logged.
async fn log_of(server: Server) -> String {
    let app = server.app.clone();
    let (all_left, folder) = server.stop().await;
    assert!(all_left);
    app.log.finish();
    std::fs::read_to_string(folder.path().join("server.log")).unwrap()
}

/// What crossed the client's end of a connection.
#[derive(Default)]
struct Counted {
    sent: AtomicU64,
    received: AtomicU64,
}

fn counting(counted: &Arc<Counted>) -> Observer {
    let counted = counted.clone();
    Arc::new(move |direction, seen| {
        let Seen::Chunks(chunks) = seen else { return };
        // The client's end: what is read there comes from the server.
        let counter = match direction {
            Direction::FromClient => &counted.received,
            Direction::FromServer => &counted.sent,
        };
        let len: usize = chunks.iter().map(|chunk| chunk.as_slice().len()).sum();
        counter.fetch_add(len as u64, Ordering::Relaxed);
    })
}

#[tokio::test]
async fn every_byte_that_crossed_the_socket_is_counted() {
    let server = logged().await;
    let mut expected = Vec::new();
    for wire in WIRES {
        for goodbye in [
            "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "GET / HTTP/9.9\r\n\r\n",
        ] {
            let counted = Arc::new(Counted::default());
            let observer = Some(counting(&counted));
            let mut client = Client::connect_watched(&server, wire, observer).await;
            client.get("/login").await;
            client.get("/static/style.css").await;
            client
                .send(format!(
                    "POST /logout HTTP/1.1\r\n{HOST}Content-Length: 50000\r\n\r\n{}",
                    "x".repeat(50_000)
                ))
                .await;
            client.answer().await;
            client.send(goodbye).await;
            client.answer().await;
            client.expect_end().await;
            // The client's own goodbye counts too, and under TLS it has some bytes.
            client.send_end().await;
            expected.push((wire, counted));
        }
    }
    let log = log_of(server).await;
    let closed: Vec<&str> = log
        .lines()
        .filter(|line| line.contains(" closed after "))
        .collect();
    assert_eq!(closed.len(), expected.len());
    for (number, (wire, counted)) in expected.iter().enumerate() {
        let sent = counted.sent.load(Ordering::Relaxed);
        let received = counted.received.load(Ordering::Relaxed);
        assert!(sent > 50_000 && received > 10_000);
        let line = closed
            .iter()
            .find(|line| line.contains(&format!(" #{} ", number + 1)))
            .unwrap();
        assert!(
            line.ends_with(&format!("; {sent} bytes in, {received} out")),
            "{wire:?}, {sent} sent and {received} received: {line}"
        );
    }
}

#[tokio::test]
async fn a_response_that_fits_is_one_record_of_tls_though_head_and_content_lie_apart() {
    let server = Server::start(&["--both", "--tls-port=0"], |_| {}).await;
    let received = Arc::new(Mutex::new(Vec::new()));
    let receiving = received.clone();
    let observer: Observer = Arc::new(move |direction, seen| {
        if let (Direction::FromClient, Seen::Chunks(chunks)) = (direction, seen) {
            let bytes = chunks.iter().flat_map(|chunk| chunk.as_slice());
            receiving.lock().unwrap().extend(bytes);
        }
    });
    let mut client = Client::connect_watched(&server, Wire::Tls, Some(observer)).await;
    // Behind the first response nothing of the handshake is still to come.
    for path in ["/login", "/static/outbox.js"] {
        received.lock().unwrap().clear();
        client.get(path).await;
    }
    let received = received.lock().unwrap();
    let [23, 3, 3, high, low] = received[..5] else {
        panic!("no record of application data: {:?}", &received[..5]);
    };
    let record_len = 5 + usize::from(u16::from_be_bytes([high, low]));
    assert_eq!(received.len(), record_len);
    assert!(record_len > 5_000);
}

const PASSWORDS: [&str; 3] = [
    "Password-Of-Ana",
    "Wrong-Password-Guess",
    "Password-In-The-Query",
];

/// A form with a name and a password.
fn form(path: &str, cookie: &str, name: &str, password: &str) -> String {
    let form = format!("name={name}&password={password}");
    format!(
        "POST {path} HTTP/1.1\r\n{HOST}{cookie}Content-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{form}",
        form.len()
    )
}

/// Requests with secrets in every place, some of them good, some refused.
fn requests_full_of(token: &str, line: &str) -> [String; 8] {
    let in_query = PASSWORDS[2];
    [
        format!("GET /account HTTP/1.1\r\n{HOST}{line}\r\n"),
        format!("GET /chat/1?token={token} HTTP/1.1\r\n{HOST}{line}\r\n"),
        format!("GET /login?password={in_query} HTTP/1.1\r\n{HOST}{line}\r\n"),
        format!("GET /ws/chat/1?after={token} HTTP/1.1\r\n{HOST}{line}\r\n"),
        format!("GET /{token} HTTP/1.1\r\n{HOST} {line}\r\n"),
        format!("{token} / HTTP/1.1\r\n{HOST}\r\n"),
        format!("GET {token} HTTP/1.1\r\n{HOST}\r\n"),
        format!("GET / HTTP/1.1\r\nHost: {token}@a\r\n\r\n"),
    ]
}

#[tokio::test]
async fn no_password_cookie_or_token_ever_stands_in_the_log() {
    let server = logged().await;
    let [password, guess, _] = PASSWORDS;
    let mut tokens = Vec::new();
    for (wire, other, name) in [
        (Wire::Plain, Wire::Tls, "ana"),
        (Wire::Tls, Wire::Plain, "ben"),
    ] {
        let mut client = Client::connect(&server, wire).await;
        client.send(form("/register", "", name, password)).await;
        let registered = client.answer().await;
        let set = registered.set_cookie("sid").unwrap();
        let cookie = set.split(';').next().unwrap().to_owned();
        let token = cookie.split_once('=').unwrap().1.to_owned();
        let line = format!("Cookie: {cookie}\r\n");
        for form in [
            form("/login", &line, name, guess),
            form("/register", &line, name, password),
            form("/account/delete", &line, name, guess),
        ] {
            client.send(form).await;
            client.answer().await;
        }
        for request in requests_full_of(&token, &line) {
            let mut client = Client::connect(&server, wire).await;
            client.send(request).await;
            client.answer().await;
        }
        // Over the other transport it is a leak, which the log tells, without telling the token.
        let mut client = Client::connect(&server, other).await;
        client
            .send(format!("GET /account HTTP/1.1\r\n{HOST}{line}\r\n"))
            .await;
        client.answer().await;
        let mut client = Client::to(server.https()).await;
        client.send(form("/login", &line, name, password)).await;
        client.answer().await;
        tokens.push(token);
    }
    let log = log_of(server).await;
    for part in [
        "user 1 registered as ana",
        "POST /login 403",
        "GET /account 200",
        "the session of user 1 was used on the wrong transport",
        "the session of user 2 was used on the wrong transport",
        "refused",
    ] {
        assert!(log.contains(part), "{part} is missing in {log}");
    }
    for secret in PASSWORDS
        .into_iter()
        .chain(tokens.iter().map(String::as_str))
    {
        assert!(!log.contains(secret), "{secret} stands in {log}");
    }
    for word in ["Cookie", "sid_plain", "__Host-sid", "password="] {
        assert!(!log.contains(word), "{word} stands in {log}");
    }
}
