//! What is recorded of each connection, and whose it is: asked of the log itself, behind the pages that show it.

use secure_chat::chat::sessions::hash_of;
use secure_chat::octets::Direction::{self, FromClient, FromServer};
use secure_chat::wire::event::{Event, What};
use secure_chat::wire::log::{Badge, Cursor, Sight, Viewer};
use secure_chat::wire::timeline::Kind;

use crate::client::{Answer, Client, HOST, WIRES, Wire};
use crate::support::{Server, eventually, timeline_of};
use crate::visitor::{PASSWORD, token};

/// The record of the connection that came last, once it is over.
async fn last_recorded(server: &Server) -> Sight {
    let wire = server.app.wire.as_ref().unwrap();
    eventually("the last connection ends", async || {
        let last = wire.connections(&Viewer::OF_ALL).pop();
        last.is_some_and(|recorder| recorder.state().unwrap().ended.is_some())
    })
    .await;
    wire.connections(&Viewer::OF_ALL).pop().unwrap()
}

fn stream(events: &[Event], direction: Direction) -> Vec<u8> {
    events
        .iter()
        .filter(|event| event.direction == direction)
        .flat_map(|event| match &event.what {
            What::Bytes(bytes) => bytes.to_vec(),
            _ => Vec::new(),
        })
        .collect()
}

fn read(recorder: &Sight) -> Vec<Event> {
    recorder.read(&mut Cursor::default()).unwrap().events
}

#[tokio::test]
async fn refused_connections_are_recorded_from_their_first_byte_to_their_last() {
    let server = Server::start(&["--both", "--tls-port=0"], |config| {
        config.limits.head_deadline = std::time::Duration::from_millis(100);
    })
    .await;
    // A ClientHello that is none: a record of the handshake, and nonsense in it.
    let no_hello = b"\x16\x03\x01\x00\x06\x01\x00\x00\x02hi";
    for (to, sent, answered, why) in [
        (
            server.http(),
            &no_hello[..],
            &b"HTTP/1.1 400"[..],
            "This port speaks plain HTTP",
        ),
        (
            server.https(),
            b"GET / HTTP/1.1\r\n\r\n",
            b"HTTP/1.1 400",
            "This port speaks TLS",
        ),
        (server.https(), no_hello, b"\x15\x03", "TLS"),
        (
            server.http(),
            b"GET / HTTP/1.1\r\n\r\n",
            b"HTTP/1.1 400",
            "refused with 400",
        ),
        (
            server.http(),
            b"GET / HTTP/1.1\r\nHost:",
            b"HTTP/1.1 408",
            "refused with 408",
        ),
    ] {
        let mut client = Client::to(to).await;
        client.send(sent).await;
        let received = client.rest().await;
        drop(client);
        let recorder = last_recorded(&server).await;
        let events = read(&recorder);
        assert_eq!(stream(&events, FromClient), sent, "{why}");
        assert_eq!(stream(&events, FromServer), received, "{why}");
        assert!(
            received.starts_with(answered),
            "{why}: {}",
            received.escape_ascii()
        );
        let ending = recorder.state().unwrap().ended.unwrap();
        assert!(ending.why.contains(why), "{}", ending.why);
        assert_eq!(recorder.about().is_tls_port, to == server.https());
    }
}

#[tokio::test]
async fn a_visit_is_recorded_with_the_keys_that_open_it() {
    let server = Server::both().await;
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        client.post_name("/login", "nobody", PASSWORD).await;
        drop(client);
        let recorder = last_recorded(&server).await;
        let on_the_wire = stream(&read(&recorder), FromClient);
        let is_seen = |bytes: &[u8]| bytes.windows(12).any(|bytes| bytes == b"name=nobody&");
        assert_eq!(is_seen(&on_the_wire), wire == Wire::Plain);
        let timeline = timeline_of(&recorder);
        let within: Vec<u8> = timeline
            .plaintext(FromClient)
            .flat_map(|(_, bytes)| bytes.to_vec())
            .collect();
        assert!(is_seen(&within), "{wire:?}");
        let request = timeline
            .items()
            .iter()
            .find(|item| item.kind == Kind::Request);
        assert!(request.is_some_and(|item| item.secret && item.title.contains("POST /login")));
        let reading = recorder.read(&mut Cursor::default()).unwrap();
        let secrets = reading.secrets.lines().count();
        assert_eq!(secrets > 0, wire == Wire::Tls);
    }
    server.stop().await;
}

#[tokio::test]
async fn without_a_record_nothing_is_kept_and_no_badge_handed_out() {
    let server = Server::start(&["--no-wire"], |_| {}).await;
    assert!(server.app.wire.is_none());
    let mut client = Client::connect(&server, Wire::Plain).await;
    assert_eq!(client.get("/login").await.field("Set-Cookie"), None);
    assert_eq!(client.get("/login").await.status, 200);
}

fn session(cookie: &str) -> Viewer {
    Viewer {
        session: hash_of(token(cookie)).map(|hash| Badge::new(hash.0)),
        ..Viewer::default()
    }
}

/// The numbers of all connections that this viewer may see.
fn seen_by(server: &Server, viewer: &Viewer) -> Vec<u64> {
    let wire = server.app.wire.as_ref().unwrap();
    let seen = wire.connections(viewer).into_iter();
    seen.map(|sight| sight.about().number).collect()
}

fn badge(answer: &Answer) -> String {
    let set = answer.set_cookie("browser").unwrap();
    set.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn everybody_sees_the_connections_of_their_own_session_and_no_others() {
    for wire in WIRES {
        let server = Server::both().await;
        let mut annas = Client::connect(&server, wire).await;
        let anna = annas.register("anna").await;
        let mut berts = Client::connect(&server, wire).await;
        let bert = berts.register("bert").await;
        let mut annas_second = Client::connect(&server, wire).await;
        annas_second.get_as("/static/style.css", &anna).await;
        let mut strangers = Client::connect(&server, wire).await;
        strangers.get("/static/style.css").await;
        assert_eq!(seen_by(&server, &session(&anna)), [1, 3]);
        assert_eq!(seen_by(&server, &session(&bert)), [2]);
        let nobody = Viewer::default();
        assert_eq!(seen_by(&server, &nobody), [0; 0]);
        let instructor = Viewer {
            is_instructor: true,
            ..nobody
        };
        assert_eq!(seen_by(&server, &instructor), [1, 2, 3, 4]);
        server.stop().await;
    }
}

#[tokio::test]
async fn what_a_browser_did_before_it_logged_in_is_its_own_too() {
    for wire in WIRES {
        let server = Server::both().await;
        Client::connect(&server, wire).await.register("anna").await;
        let mut first = Client::connect(&server, wire).await;
        let badge = badge(&first.get("/login").await);
        let mut second = Client::connect(&server, wire).await;
        let form = format!("name=anna&password={}x", PASSWORD.replace(' ', "+"));
        let cookies = format!("Cookie: {badge}\r\n");
        assert_eq!(second.post("/login", &cookies, &form).await.status, 403);
        // Another browser, at the same time.
        let mut others = Client::connect(&server, wire).await;
        others.get("/login").await;
        let mut third = Client::connect(&server, wire).await;
        let form = format!("name=anna&password={}", PASSWORD.replace(' ', "+"));
        let answer = third.post("/login", &cookies, &form).await;
        let anna = crate::visitor::cookie(&answer);
        assert_eq!(seen_by(&server, &session(&anna)), [2, 3, 5]);
        server.stop().await;
    }
}

#[tokio::test]
async fn who_logs_in_or_out_at_a_desk_leaves_nothing_of_theirs_to_whoever_logs_in_there_next() {
    for wire in WIRES {
        let server = Server::both().await;
        Client::connect(&server, wire).await.register("anna").await;
        Client::connect(&server, wire).await.register("bert").await;
        let form = |name: &str| format!("name={name}&password={}", PASSWORD.replace(' ', "+"));
        let mut desk = Client::connect(&server, wire).await;
        let first = badge(&desk.get("/login").await);
        // Anna logs in (3), and out.
        let answer = desk
            .post("/login", &format!("Cookie: {first}\r\n"), &form("anna"))
            .await;
        let (anna, second) = (crate::visitor::cookie(&answer), badge(&answer));
        let cookies = format!("Cookie: {anna}; {second}\r\n");
        let third = badge(&desk.post("/logout", &cookies, "").await);
        assert!(first != second && second != third && first != third);
        // Somebody types a password wrongly with the badge that she had (4), and somebody with the present one (5).
        for badge in [&second, &third] {
            let mut client = Client::connect(&server, wire).await;
            let lines = format!("Cookie: {badge}\r\n");
            assert_eq!(
                client.post("/login", &lines, &form("nobody")).await.status,
                403
            );
        }
        // Bert logs in there (6).
        let mut berts = Client::connect(&server, wire).await;
        let answer = berts
            .post("/login", &format!("Cookie: {third}\r\n"), &form("bert"))
            .await;
        let bert = crate::visitor::cookie(&answer);
        assert_eq!(seen_by(&server, &session(&bert)), [5, 6]);
        assert_eq!(seen_by(&server, &session(&anna)), [3]);
        server.stop().await;
    }
}

#[tokio::test]
async fn a_connection_that_two_have_used_is_nobodys_and_comes_to_its_end() {
    for wire in WIRES {
        let server = Server::both().await;
        let anna = Client::connect(&server, wire).await.register("anna").await;
        let bert = Client::connect(&server, wire).await.register("bert").await;
        let mut proxied = Client::connect(&server, wire).await;
        let answer = proxied.get_as("/account", &anna).await;
        assert_eq!(answer.field("Connection"), None);
        assert_eq!(seen_by(&server, &session(&anna)), [1, 3]);
        let answer = proxied.get_as("/account", &bert).await;
        assert_eq!(
            (answer.status, answer.field("Connection")),
            (200, Some("close"))
        );
        assert_eq!(seen_by(&server, &session(&anna)), [1]);
        assert_eq!(seen_by(&server, &session(&bert)), [2]);

        // Somebody without session and badge may be anybody; but a connection is not closed for it.
        let mut shared = Client::connect(&server, wire).await;
        shared.get_as("/account", &anna).await;
        let answer = shared.get("/login").await;
        assert_eq!(answer.field("Connection"), None);
        assert_eq!(seen_by(&server, &session(&anna)), [1]);
        server.stop().await;
    }
}

#[tokio::test]
async fn after_a_logout_comes_another_connection() {
    for wire in WIRES {
        let server = Server::both().await;
        let mut client = Client::connect(&server, wire).await;
        let first = client.register("anna").await;
        let lines = format!("Cookie: {first}\r\n");
        let answer = client.post("/logout", &lines, "").await;
        assert_eq!(answer.field("Connection"), Some("close"));
        client.expect_end().await;
        let second = client.log_in("anna").await;
        assert_eq!(seen_by(&server, &session(&second)), [2]);
        // Whoever knows an old token sees what travelled on it, but no page takes it any more.
        assert!(!client.is_logged_in(&first).await);
        server.stop().await;
    }
}

#[tokio::test]
async fn the_views_own_requests_are_not_recorded() {
    let server = Server::both().await;
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        let anna = client.register(&format!("anna{}", wire == Wire::Tls)).await;
        client.get_as("/account", &anna).await;
        let own = server
            .app
            .wire
            .as_ref()
            .unwrap()
            .connections(&Viewer::OF_ALL)
            .pop()
            .unwrap();
        let before = timeline_of(&own).items().len();
        let answer = client.get_as("/wire", &anna).await;
        assert_eq!(answer.field("Connection"), Some("close"));
        client.expect_end().await;
        drop(client);
        let timeline = timeline_of(&own);
        assert_eq!(timeline.items().len(), before);
        let said = |text: &[u8]| {
            timeline
                .plaintext(FromClient)
                .any(|(_, bytes)| bytes.windows(text.len()).any(|bytes| bytes == text))
        };
        assert!(said(b"GET /account") && !said(b"/wire"), "{wire:?}");

        // A connection that carries nothing else is not even listed.
        let numbers = seen_by(&server, &session(&anna));
        for (path, lines) in [
            ("/wire", ""),
            ("/%77ire/1", ""),
            ("/static/wire/wire.js", ""),
            ("/ws/wire", ""),
            (
                "/static/style.css",
                "Referer: https://localhost/wire/12?item=7\r\n",
            ),
        ] {
            let mut client = Client::connect(&server, wire).await;
            client
                .send(format!(
                    "GET {path} HTTP/1.1\r\n{HOST}{lines}Cookie: {anna}\r\n\r\n"
                ))
                .await;
            client.rest().await;
        }
        assert_eq!(seen_by(&server, &session(&anna)), numbers);
    }
    server.stop().await;
}
