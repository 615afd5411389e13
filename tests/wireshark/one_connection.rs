//! `/wire/{number}.pcapng`: with keys it opens decrypted, with `?eve=1` nothing opens it.

use secure_chat::octets::Direction::{FromClient, FromServer};
use secure_chat::wire::log::{Cursor, Viewer};
use secure_chat::wire::pcapng;

use crate::support::{Server, eventually};
use crate::tshark::Capture;
use crate::visit::{
    Crossed, PASSWORD, SAID, WAYS, Way, connect, echo, fetch, knock, leave, newest, say, server,
    stream,
};

/// One connection's whole life, and the number it has.
async fn visited(server: &Server, way: Way) -> (u64, Crossed) {
    let (mut client, crossed) = connect(server, way).await;
    knock(&mut client).await;
    echo(&mut client).await;
    let number = newest(server);
    leave(&mut client).await;
    drop(client);
    let wire = server.app.wire.as_ref().unwrap();
    let recorder = wire.connection(&Viewer::OF_ALL, number).unwrap();
    eventually("the end is recorded", async || {
        recorder.state().unwrap().ended.is_some()
    })
    .await;
    let crossed = std::mem::take(&mut *crossed.lock().unwrap());
    (number, crossed)
}

fn streams_of(file: &[u8]) -> Crossed {
    let capture = pcapng::read(&file.to_vec().into());
    assert_eq!(capture.problems, []);
    assert_eq!(capture.connections.len(), 1);
    let events = &capture.connections[0].events;
    Crossed {
        sent: stream(events, FromClient),
        received: stream(events, FromServer),
    }
}

#[tokio::test]
async fn a_file_with_keys_opens_decrypted_with_no_option() {
    let server = server(&["--instructor"], |_| {}).await;
    for way in WAYS {
        let (number, crossed) = visited(&server, way).await;
        let file = fetch(&server, &format!("/wire/{number}.pcapng")).await;
        let capture = Capture::of(&file);
        capture.expect_clean();
        let requests = capture.fields("http.request", &["http.request.uri"]);
        assert_eq!(requests, "/login\n/login\n/ws/echo\n", "{way:?}");
        let form = capture.fields("urlencoded-form", &["urlencoded-form.value"]);
        assert!(
            form.contains(&PASSWORD.replace('+', " ")),
            "{way:?}: {form}"
        );
        let frames = "websocket.opcode == 1";
        let said = capture.fields(frames, &["websocket.payload.text"]);
        assert_eq!(said.matches(SAID).count(), 2, "{way:?}: {said}");
        let records = capture.fields("tls.record", &["tls.record.content_type"]);
        assert_eq!(records.is_empty(), way == Way::Plain);

        let streams = streams_of(&file);
        assert!(streams.sent == crossed.sent && streams.received == crossed.received);
        let comments = capture.comments();
        for told in [
            format!("Connection #{number} in the server's log"),
            "POST /login HTTP/1.1".to_owned(),
            SAID.to_owned(),
        ] {
            assert!(comments.contains(&told), "{way:?}: {told}: {comments}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_file_for_eve_has_no_keys_and_nothing_that_they_open() {
    let server = server(&["--instructor"], |_| {}).await;
    for way in [Way::Tls12, Way::Tls13] {
        let (number, crossed) = visited(&server, way).await;
        let file = fetch(&server, &format!("/wire/{number}.pcapng?eve=1")).await;
        let capture = Capture::of(&file);
        capture.expect_clean();
        assert_eq!(capture.fields("http or websocket", &["frame.number"]), "");
        assert_ne!(capture.fields("tls.app_data", &["frame.number"]), "");

        let streams = streams_of(&file);
        assert!(streams.sent == crossed.sent && streams.received == crossed.received);
        let recorder = server
            .app
            .wire
            .as_ref()
            .unwrap()
            .connection(&Viewer::OF_ALL, number)
            .unwrap();
        let secrets: Vec<_> = recorder
            .read(&mut Cursor::default())
            .unwrap()
            .secrets
            .lines()
            .collect();
        assert!(!secrets.is_empty());
        for line in secrets {
            let secret = line.secret.expose();
            let text = line.to_text();
            let hex = text.rsplit(' ').next().unwrap();
            for trace in [secret, hex.as_bytes(), hex.to_uppercase().as_bytes()] {
                assert!(!contains(&file, trace), "{way:?}: a secret is in the file");
            }
        }
        for told in [
            "login",
            "HTTP",
            "echo",
            "WebSocket",
            "requests",
            PASSWORD,
            SAID,
        ] {
            assert!(!contains(&file, told.as_bytes()), "{way:?}: {told}");
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn an_open_connection_gives_what_has_crossed_so_far() {
    let server = server(&["--instructor"], |_| {}).await;
    let (mut client, _) = connect(&server, Way::Tls13).await;
    knock(&mut client).await;
    let path = format!("/wire/{}.pcapng", newest(&server));
    let capture = Capture::of(&fetch(&server, &path).await);
    capture.expect_clean();
    let uri = ["http.request.uri"];
    assert_eq!(capture.fields("http.request", &uri), "/login\n/login\n");
    assert_eq!(capture.fields("tcp.flags.fin == 1", &uri), "");
    client.get("/register").await;
    let capture = Capture::of(&fetch(&server, &path).await);
    assert_eq!(
        capture.fields("http.request", &uri),
        "/login\n/login\n/register\n"
    );
    server.stop().await;
}

#[tokio::test]
async fn what_was_not_kept_is_told_on_the_packet_behind_it_and_on_the_file() {
    let server = server(&["--instructor"], |_| {}).await;
    let (mut client, _) = connect(&server, Way::Plain).await;
    let text = "x".repeat(100);
    echo(&mut client).await;
    let number = newest(&server);
    // Each says 106 bytes one way: more than the beginning and the latest that are kept.
    for _message in 0..3000 {
        say(&mut client, &text).await;
    }
    leave(&mut client).await;
    let file = fetch(&server, &format!("/wire/{number}.pcapng")).await;
    let recorder = server
        .app
        .wire
        .as_ref()
        .unwrap()
        .connection(&Viewer::OF_ALL, number)
        .unwrap();
    let missing = recorder.state().unwrap().missing;
    assert!(missing.client > 0 && missing.server > 0);
    let comments = Capture::of(&file).comments();
    for (bytes, who) in [(missing.client, "client"), (missing.server, "server")] {
        let told = format!("{bytes} bytes before these were not kept.");
        assert_eq!(comments.matches(&told).count(), 1, "{comments}");
        let told = format!("Missing from the {who}: {bytes} bytes.");
        assert!(contains(&file, told.as_bytes()));
    }
    server.stop().await;
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}
