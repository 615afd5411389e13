//! Traffic that no browser sends: however it is cut, joined, broken off or spelled, what the view makes of it is the truth.
//! When a test's server goes, everything that was decrypted is compared with what HTTP read and wrote (`support`).

use std::collections::BTreeSet;

use secure_chat::wire::json;
use secure_chat::wire::log::{Sight, Viewer};
use secure_chat::wire::timeline::{Kind, Timeline};
use serde_json::{Value, json};
use tokio_rustls::rustls::SupportedProtocolVersion;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::ask::ask;
use crate::client::{HOST, Wire};
use crate::cutter::Cutter;
use crate::markers::contains;
use crate::person::{instructor, log, newest, with};
use crate::socket::{Socket, UPGRADE, frame};
use crate::support::{Server, eventually, timeline_of};

/// How a client comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    Plain,
    Tls12,
    Tls13,
}

pub(crate) const WAYS: [Way; 3] = [Way::Plain, Way::Tls12, Way::Tls13];

async fn server() -> Server {
    let flags = ["--both", "--tls-port=0", "--echo", "--instructor"];
    Server::start(&flags, |config| {
        config.limits.lingering_close = std::time::Duration::from_millis(200);
    })
    .await
}

pub(crate) async fn connect(server: &Server, way: Way) -> Cutter {
    let version: &'static SupportedProtocolVersion = match way {
        Way::Plain => return Cutter::plain(server).await,
        Way::Tls12 => &TLS12,
        Way::Tls13 => &TLS13,
    };
    Cutter::tls(server, version).await
}

/// The connection that came last, once it is over.
async fn over(server: &Server, before: u64) -> Sight {
    let is_over = async || {
        let last = log(server).connections(&Viewer::OF_ALL).pop();
        last.is_some_and(|it| it.about().number > before && it.state().unwrap().ended.is_some())
    };
    eventually("the connection ends", is_over).await;
    newest(server)
}

fn count(server: &Server) -> u64 {
    let last = log(server).connections(&Viewer::OF_ALL).pop();
    last.map_or(0, |it| it.about().number)
}

/// Takes everything on a connection apart, as a view does that looks at every item, and as its file does.
fn take_apart(recorder: &Sight) -> Timeline {
    let timeline = timeline_of(recorder);
    for item in timeline.items() {
        assert!(json::item(item, recorder.about().opened_ns).is_object());
        let shown = timeline.show(item.number).unwrap();
        for pane in shown.on_the_wire.iter().chain(&shown.inside) {
            assert!(
                pane.tree.bytes.end <= pane.bytes.len() + usize::try_from(pane.cut_bytes).unwrap()
            );
        }
        assert!(json::shown(&shown).is_object());
    }
    assert!(json::summary(&timeline.summary()).is_object());
    assert!(
        timeline
            .lessons()
            .iter()
            .all(|it| json::lesson(it).is_object())
    );
    timeline
}

/// Conversations of one connection, each as the client says it: usual, unusual and broken.
fn scripts() -> Vec<(&'static str, Vec<u8>)> {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\n{HOST}\r\n");
    let form = "name=nobody&password=wrong-password-51aa";
    let login = format!(
        "POST /login HTTP/1.1\r\n{HOST}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
        form.len()
    );
    let chunked = format!(
        "POST /login HTTP/1.1\r\n{HOST}Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n\
         5;x=\"a;b\"\r\nname=\r\n{:x}\r\n{}\r\n0\r\nDigest: x\r\n\r\n",
        form.len() - 5,
        &form[5..]
    );
    let upgrade = format!("GET /ws/echo HTTP/1.1\r\n{HOST}{UPGRADE}\r\n");
    let frames = [
        frame(1, "ä".as_bytes()),
        frame(9, b"ping"),
        vec![0x01, 0x81, 0, 0, 0, 0, b'a'],
        frame(9, b""),
        vec![0x80, 0x81, 1, 2, 3, 4, b'b' ^ 1],
        frame(2, &[0; 70_000]),
        frame(8, &1000_u16.to_be_bytes()),
    ];
    let with_frames = |frames: &[Vec<u8>]| [upgrade.as_bytes(), &frames.concat()].concat();
    vec![
        ("two requests", (get("/login") + &get("/register")).into()),
        ("a login in the middle", (get("/login") + &login + &get("/login")).into()),
        ("chunks", (chunked.clone() + &get("/login")).into()),
        ("HTTP/1.0", b"GET /login HTTP/1.0\r\n\r\n".into()),
        ("HTTP/1.0 kept alive", b"GET /login HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /login HTTP/1.0\r\n\r\n".into()),
        ("HTTP/0.9", b"GET /\r\n".into()),
        ("the view alone", get("/wire").into()),
        ("the view behind a page", (get("/login") + &get("/wire")).into()),
        ("the view between pages", (get("/login") + &get("/wire/1.html") + &get("/register")).into()),
        ("a login and the view", (login.clone() + &get("/wire")).into()),
        ("chunks and the view", (chunked + &get("/%77ire")).into()),
        ("the view, with content", format!("POST /wire HTTP/1.1\r\n{HOST}Content-Length: 5\r\n\r\nhello{}", get("/login")).into()),
        ("the view's content never comes", format!("{}POST /wire HTTP/1.1\r\n{HOST}Content-Length: 5\r\n\r\nhe", get("/login")).into()),
        ("HEAD", format!("HEAD /login HTTP/1.1\r\n{HOST}\r\n{}", get("/login")).into()),
        ("OPTIONS", format!("OPTIONS * HTTP/1.1\r\n{HOST}\r\n{}", get("/login")).into()),
        ("half a head", format!("GET /login HTTP/1.1\r\n{HOST}").into()),
        ("half a second head", (get("/login") + "GET /lo").into()),
        ("half a body", login[..login.len() - 3].into()),
        ("half a chunk", format!("POST /login HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\nff\r\nabc").into()),
        ("no number of a chunk", format!("POST /login HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\nxyz\r\n").into()),
        ("two lengths", format!("POST /login HTTP/1.1\r\n{HOST}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd").into()),
        ("length and chunks", format!("POST /login HTTP/1.1\r\n{HOST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").into()),
        ("empty lines", format!("\r\n\r\n{}\r\n{}", get("/login"), get("/login")).into()),
        ("bare line feeds", b"GET /login HTTP/1.1\nHost: localhost\n\n".into()),
        ("noise", (0..2000_u32).map(|at| (at * at % 251).to_le_bytes()[0]).collect()),
        ("a preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".into()),
        ("frames", with_frames(&frames)),
        ("a frame that is cut off", with_frames(&frames)[..upgrade.len() + 30].into()),
        ("a frame without a mask", [upgrade.as_bytes(), b"\x81\x02hi"].concat()),
        ("a frame of all the bytes there are", [upgrade.as_bytes(), b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff1234abc"].concat()),
        ("a close that says too much", with_frames(&[frame(8, &[3; 125])])),
        ("bits that mean nothing", [upgrade.as_bytes(), b"\xf3\x80abcd"].concat()),
        ("an upgrade that is none, and more", (format!("GET /ws/echo HTTP/1.1\r\n{HOST}Upgrade: websocket\r\n\r\n") + &get("/login")).into()),
    ]
}

#[tokio::test]
async fn every_conversation_is_shown_as_it_was_however_it_is_cut() {
    let server = server().await;
    for way in WAYS {
        for (name, script) in scripts() {
            for record_len in [16_384, 100, 1] {
                if record_len < 16_384 && way == Way::Plain
                    || record_len == 1 && script.len() > 3000
                {
                    continue;
                }
                let before = count(&server);
                let mut client = connect(&server, way).await;
                let sealed = client.seal(&script, record_len);
                client.send(&sealed).await;
                client.rest().await;
                end_and_take_apart(&server, before, name, way).await;
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_sends_single_bytes_is_shown_as_any_other() {
    let server = server().await;
    for way in WAYS {
        for (name, script) in scripts().into_iter().filter(|(_, it)| it.len() < 600) {
            let before = count(&server);
            let mut client = connect(&server, way).await;
            let sealed = client.seal(&script, 16_384);
            for byte in sealed.chunks(1) {
                if !client.send(byte).await {
                    break;
                }
                tokio::task::yield_now().await;
            }
            client.rest().await;
            end_and_take_apart(&server, before, name, way).await;
        }
    }
    server.stop().await;
}

/// A connection that carried the view alone leaves nothing behind; any other is there, to be taken apart.
async fn end_and_take_apart(server: &Server, before: u64, name: &str, way: Way) {
    let is_over = async || {
        let after = log(server).connections(&Viewer::OF_ALL);
        let own = after.iter().filter(|it| it.about().number > before);
        own.map(|it| it.state().unwrap())
            .all(|state| state.ended.is_some())
    };
    eventually(name, is_over).await;
    for recorder in log(server).connections(&Viewer::OF_ALL) {
        if recorder.about().number > before {
            let timeline = take_apart(&recorder);
            let titles = timeline.items().iter().map(|it| it.title.as_str());
            let titles: Vec<_> = titles.collect();
            assert!(!titles.is_empty(), "{name}, {way:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_that_breaks_off_anywhere_is_shown_up_to_there() {
    let server = server().await;
    for way in WAYS {
        let script = &scripts()[1].1;
        for cut in (0..script.len() + 60).step_by(23) {
            for is_reset in [false, true] {
                let before = count(&server);
                let mut client = connect(&server, way).await;
                let sealed = client.seal(script, 50);
                let sent = &sealed[..cut.min(sealed.len())];
                client.send(sent).await;
                if way == Way::Plain && sent.is_empty() {
                    continue;
                }
                if is_reset {
                    client.reset();
                } else {
                    client.rest().await;
                }
                let recorder = over(&server, before).await;
                take_apart(&recorder);
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn keys_that_change_in_the_middle_of_everything_are_followed() {
    let server = server().await;
    for (name, script) in scripts() {
        let before = count(&server);
        let mut client = connect(&server, Way::Tls13).await;
        let mut sealed = Vec::new();
        for piece in script.chunks(37).take(60) {
            sealed.extend(client.seal(piece, 16_384));
            sealed.extend(client.key_update());
        }
        sealed.extend(client.close_notify());
        client.send(&sealed).await;
        client.rest().await;
        end_and_take_apart(&server, before, name, Way::Tls13).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_request_for_the_view_that_comes_in_two_flights_with_others_behind_it_is_taken_back_whole()
 {
    let server = server().await;
    for way in WAYS {
        for (first_len, behind_len) in [(10, 0), (9_000, 15_000), (15_000, 15_000), (100, 40_000)] {
            let before = count(&server);
            let mut client = connect(&server, way).await;
            let page = format!("GET /login HTTP/1.1\r\n{HOST}\r\n");
            let sealed = client.seal(page.as_bytes(), 16_384);
            client.send(&sealed).await;
            client.at_least(1).await;
            let recorder = newest(&server);
            assert!(recorder.about().number > before);
            // It is answered when the next request is waited for; then a request for the view comes, its head in two flights.
            let head = format!("GET /wire HTTP/1.1\r\n{HOST}X: {}", "x".repeat(first_len));
            let sealed = client.seal(head.as_bytes(), 16_384);
            let so_far = recorder.state().unwrap().bytes.client;
            client.send(&sealed).await;
            crate::views::recorded(&recorder, so_far + sealed.len() as u64).await;
            let rest = format!(
                "\r\n\r\nGET /login HTTP/1.1\r\n{HOST}Y: {}\r\n\r\n",
                "y".repeat(behind_len)
            );
            let sealed = client.seal(rest.as_bytes(), 16_384);
            client.send(&sealed).await;
            client.rest().await;
            let recorder = over(&server, before).await;
            let timeline = take_apart(&recorder);
            let requests = timeline
                .items()
                .iter()
                .filter(|it| it.kind == Kind::Request);
            let requests: Vec<_> = requests.map(|it| it.title.as_str()).collect();
            assert_eq!(
                requests.len(),
                1,
                "{way:?} {first_len} {behind_len}: {requests:?}"
            );
            assert!(requests[0].starts_with("GET /login"));
        }
    }
    server.stop().await;
}

/// Opens `/ws/echo`.
async fn echo(server: &Server, way: Way) -> (Cutter, Sight) {
    let mut client = connect(server, way).await;
    let upgrade = format!("GET /ws/echo HTTP/1.1\r\n{HOST}{UPGRADE}\r\n");
    let sealed = client.seal(upgrade.as_bytes(), 16_384);
    client.send(&sealed).await;
    let head = client.at_least(12).await;
    assert!(head.starts_with(b"HTTP/1.1 101"));
    (client, newest(server))
}

/// Says so many frames of a byte, a hundred at a time, hears their echo, and leaves.
async fn tiny_frames(client: &mut Cutter, count: usize) {
    for _ in 0..count / 100 {
        let frames: Vec<u8> = (0..100).flat_map(|_| frame(1, b"x")).collect();
        let sealed = client.seal(&frames, 700);
        client.send(&sealed).await;
        assert_eq!(client.at_least(300).await.len(), 300);
    }
    let sealed = client.seal(&frame(8, b""), 100);
    client.send(&sealed).await;
    client.rest_without_end().await;
}

#[tokio::test]
async fn thousands_of_tiny_frames_are_as_many_items_each_way_and_a_view_of_them_answers() {
    let server = server().await;
    for (way, wire) in [(Way::Plain, Wire::Plain), (Way::Tls13, Wire::Tls)] {
        let (mut client, recorder) = echo(&server, way).await;
        let mut view = Socket::view(&server, wire, &instructor(&server, wire)).await;
        view.watch(recorder.about().number).await;
        tiny_frames(&mut client, 1_200).await;
        let mut frames = BTreeSet::new();
        while frames.len() < 2_402 {
            let event = view.until("items").await;
            assert!(event["items"].as_array().unwrap().len() <= 500);
            let items = event["items"].as_array().unwrap().iter();
            let of_frames = items.filter(|it| it["kind"] == "frame" && it["open"] != true);
            frames.extend(of_frames.map(|it| it["number"].as_u64().unwrap()));
        }
        let wish = json!({ "type": "find", "text": "x" });
        let found = view.wish(&wish, "found").await;
        assert_eq!(found["inside"].as_array().unwrap().len(), 2_000);
        assert_eq!(found["more"], true);
        let timeline = timeline_of(&recorder);
        let items = timeline.items().iter();
        assert_eq!(items.filter(|it| it.kind == Kind::Frame).count(), 2_402);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_connection_of_many_frames_is_whole_on_paper() {
    let server = server().await;
    for (way, wire) in [(Way::Plain, Wire::Plain), (Way::Tls13, Wire::Tls)] {
        let (mut client, recorder) = echo(&server, way).await;
        tiny_frames(&mut client, 1_000).await;
        let path = format!("/wire/{}.html", recorder.about().number);
        let paper = ask(&server, wire, &path, &with(&instructor(&server, wire))).await;
        let open = "<script type=\"application/json\">";
        let document = paper.text().split(open).nth(1).unwrap();
        let document = document.split("</script>").next().unwrap();
        let document: Value = serde_json::from_str(document).unwrap();
        let items = document["items"].as_array().unwrap();
        assert!(items.len() >= 2_002);
        assert_eq!(document["shown"].as_array().unwrap().len(), items.len());
        assert!(
            document["shown"]
                .as_array()
                .unwrap()
                .iter()
                .all(|it| !it.is_null())
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn thirty_megabytes_are_recorded_in_less_than_one() {
    let server = server().await;
    for way in [Way::Plain, Way::Tls13] {
        let held_before = log(&server).held_bytes();
        let (mut client, recorder) = echo(&server, way).await;
        let megabyte = vec![0x5a; 1 << 20];
        let mut most = 0;
        for _ in 0..30 {
            let sealed = client.seal(&frame(2, &megabyte), 16_384);
            client.send(&sealed).await;
            client.at_least(megabyte.len()).await;
            most = most.max(log(&server).held_bytes() - held_before);
        }
        let state = recorder.state().unwrap();
        assert!(state.bytes.client > 30 << 20 && state.bytes.server > 30 << 20);
        assert!(most < 900 * 1024, "{most}");
        drop(client);
        let recorder = over(&server, recorder.about().number - 1).await;
        assert!(take_apart(&recorder).summary().missing_bytes > 55 << 20);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_login_on_a_connection_that_goes_on_with_the_view_stays_its_owners() {
    let server = server().await;
    for wire in crate::client::WIRES {
        let mut client = crate::client::Client::connect(&server, wire).await;
        let password = "password-of-anna-3f9c";
        let cookie = crate::visitor::cookie(
            &client
                .post_name("/register", &format!("anna-{wire:?}"), password)
                .await,
        );
        let number = newest(&server).about().number;
        assert!(client.get_as("/wire", &cookie).await.closes());
        client.expect_end().await;
        let path = format!("/wire/{number}.html");
        let own = ask(&server, wire, &path, &with(&cookie)).await;
        assert!(contains(
            &own.content,
            secure_chat::octets::hex(password.as_bytes()).as_bytes()
        ));
        assert!(!own.text().contains("GET /wire"));
        let state = log(&server)
            .connection(&Viewer::OF_ALL, number)
            .unwrap()
            .state()
            .unwrap();
        assert!(state.ended.unwrap().why.contains("wire view"));
    }
    server.stop().await;
}
