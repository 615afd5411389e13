//! What stands on the timeline of a chat, in clear and in TLS.

use super::super::*;
use super::holds::{self, BOTH};
use super::script::{TLS12, TLS12_CHACHA, TLS13, TLS13_CHACHA, in_clear, in_tls, said, script};

use Direction::{FromClient, FromServer};

/// What the applications said, as the timeline has it: kind, title, and whether it is secret.
const MESSAGES: [(Direction, Kind, &str, bool); 14] = [
    (FromClient, Kind::Request, "POST /login HTTP/1.1", true),
    (FromServer, Kind::Response, "HTTP/1.1 303 See Other", true),
    (FromClient, Kind::Request, "GET / HTTP/1.1", false),
    (FromServer, Kind::Response, "HTTP/1.1 200 OK", false),
    (FromClient, Kind::Request, "GET /chat HTTP/1.1", false),
    (
        FromServer,
        Kind::Response,
        "HTTP/1.1 101 Switching Protocols",
        false,
    ),
    (
        FromClient,
        Kind::Frame,
        "Text {\"type\":\"send\",\"text\":\"hello\"}",
        false,
    ),
    (
        FromServer,
        Kind::Frame,
        "Text {\"type\":\"message\",\"text\":\"hello·\"}",
        false,
    ),
    (FromServer, Kind::Frame, "Text xxx", false),
    (FromClient, Kind::Frame, "Ping", false),
    (FromServer, Kind::Frame, "Pong", false),
    (FromClient, Kind::Frame, "Binary, 12 bytes", false),
    (FromClient, Kind::Frame, "Close 1000 bye", false),
    (FromServer, Kind::Frame, "Close 1000", false),
];

fn check_messages(timeline: &Timeline) {
    let messages: Vec<_> = timeline
        .items()
        .iter()
        .filter(|item| matches!(item.kind, Kind::Request | Kind::Response | Kind::Frame))
        .collect();
    assert_eq!(messages.len(), MESSAGES.len());
    for (item, (direction, kind, title, secret)) in messages.into_iter().zip(MESSAGES) {
        assert_eq!((item.direction, item.kind), (direction, kind), "{item:?}");
        if title == "Text xxx" {
            assert_eq!(
                item.title,
                format!("Text {}…", "x".repeat(TITLE_CHARS_MAX - 6))
            );
        } else {
            assert_eq!(item.title, title);
        }
        assert_eq!(item.secret, secret, "{item:?}");
        assert!(item.is_whole && item.problem.is_none());
    }
    for direction in BOTH {
        assert!(timeline.is_exact(direction));
        let pieces: Vec<u8> = timeline
            .plaintext(direction)
            .flat_map(|(_, bytes)| bytes.to_vec())
            .collect();
        assert_eq!(pieces, said(direction));
    }
}

fn value(timeline: &Timeline, what: &str) -> String {
    let lessons = timeline.lessons();
    let lesson = lessons.iter().find(|lesson| lesson.what == what);
    let lesson = lesson.unwrap_or_else(|| panic!("{what}: {lessons:#?}"));
    assert!(lesson.how.ends_with('.'));
    if let Some(number) = lesson.item {
        assert!(number < timeline.items().len() as u64);
    }
    lesson.value.clone()
}

#[test]
fn in_clear_everybody_sees_all() {
    let timeline = holds::play(&in_clear(), &Secrets::default());
    check_messages(&timeline);
    // Messages, and two ends.
    assert_eq!(timeline.items().len(), MESSAGES.len() + 2);
    let summary = Summary {
        version: Some("HTTP/1.1".to_owned()),
        application: vec!["HTTP/1.1", "WebSocket"],
        requests: 3,
        frames: 8,
        ..Summary::default()
    };
    assert_eq!(timeline.summary(), summary);
    assert_eq!(
        value(&timeline, "content"),
        "3 requests, 3 responses, 8 frames, every byte of them"
    );
    assert_eq!(
        value(&timeline, "passwords, cookies and the like"),
        "password and __Host-sid"
    );
    assert_eq!(value(&timeline, "pages asked for"), "/login, / and /chat");
    // Three of text, one of bytes.
    assert_eq!(value(&timeline, "what was said"), "4 messages");
    assert_eq!(
        value(&timeline, "timing"),
        "13.000 s; the longest silence 1.000 s"
    );
}

#[test]
fn under_tls_the_two_ends_see_all_and_eve_sees_lengths() {
    for suite in [TLS13, TLS13_CHACHA, TLS12, TLS12_CHACHA] {
        let (events, secrets) = in_tls(suite);
        let timeline = holds::play(&events, &secrets);
        check_messages(&timeline);
        for item in timeline.items() {
            let is_said = item.plain.is_some() && item.kind != Kind::Record;
            assert!(!is_said || item.eve_title.is_none(), "{item:?}");
            let eve = item.eve_title.as_deref().unwrap_or_default();
            for secret in ["login", "chat", "Text", "Ping"] {
                assert!(!eve.contains(secret), "{item:?}");
            }
        }
        let summary = timeline.summary();
        assert!(summary.is_tls && summary.closed_records == 0);
        assert_eq!((summary.requests, summary.frames), (3, 8));
        assert_eq!(summary.server_name.as_deref(), Some("localhost"));
        let is_tls13 = suite < 0xc000;
        let version = if is_tls13 { "TLS 1.3" } else { "TLS 1.2" };
        assert_eq!(summary.version.as_deref(), Some(version));
        assert!(summary.cipher_suite.is_some() && summary.group.is_some());

        assert_eq!(value(&timeline, "server name"), "localhost");
        assert_eq!(value(&timeline, "version"), version);
        assert_eq!(Some(value(&timeline, "cipher suite")), summary.cipher_suite);
        let first = timeline.items().first().unwrap();
        assert_eq!(first.title, "Handshake: ClientHello");
    }
}

#[test]
fn eve_computes_how_long_each_message_is() {
    for suite in [TLS13, TLS13_CHACHA, TLS12, TLS12_CHACHA] {
        let (events, secrets) = in_tls(suite);
        let timeline = holds::play(&events, &secrets);
        assert_eq!(
            value(&timeline, "lengths of the client's messages"),
            "30, 0, 12 and 5 bytes"
        );
        // In TLS 1.3 the server's KeyUpdate looks like data, and Eve takes it for a frame.
        let lens = match suite {
            TLS13 | TLS13_CHACHA => "36, 200, 3, 0 and 2 bytes",
            _ => "36, 200, 0 and 2 bytes",
        };
        assert_eq!(value(&timeline, "lengths of the server's messages"), lens);
        if suite < 0xc000 {
            // Handshake and data look alike.
            continue;
        }
        let of_client = script()
            .into_iter()
            .filter(|(sender, _)| *sender == FromClient);
        let lens: Vec<_> = of_client.map(|(_, said)| said.len().to_string()).collect();
        let (last, others) = lens.split_last().unwrap();
        assert_eq!(
            value(&timeline, "lengths inside, from the client"),
            format!("7 records: {} and {last} bytes", others.join(", "))
        );
    }
}

#[test]
fn a_record_names_what_is_inside_and_a_secret_in_it() {
    let (events, secrets) = in_tls(TLS13);
    let timeline = holds::play(&events, &secrets);
    let login = timeline.items().iter().find(|item| item.secret).unwrap();
    assert_eq!(login.kind, Kind::Record);
    assert_eq!(login.title, "Application Data: POST /login HTTP/1.1");
    let request = timeline.item_at(FromClient, 0).unwrap();
    assert_eq!(login.related, [request.number]);
    let page = timeline.item_at(FromServer, 20_000).unwrap();
    assert_eq!(page.title, "HTTP/1.1 200 OK");
    assert!(page.related.len() > 1, "{page:?}");
    let shown = timeline.show(page.number).unwrap();
    assert_eq!(shown.on_the_wire.len(), page.related.len());
    assert_eq!(shown.inside[0].bytes.len() as u64, page.len);
    let aligned: usize = shown.aligned.iter().map(|run| run.inside.len()).sum();
    assert_eq!(aligned as u64, page.len, "every byte has its place");
}

#[test]
fn without_secrets_nothing_is_opened_and_with_them_late_the_rest_is() {
    for suite in [TLS13, TLS12] {
        let (events, secrets) = in_tls(suite);
        let timeline = holds::play(&events, &Secrets::default());
        assert!(timeline.summary().closed_records > 10);
        for item in timeline.items() {
            assert!(timeline.show(item.number).unwrap().arithmetic.is_empty());
            assert!(item.plain.is_none());
        }
        // What Eve sees does not depend on what we know.
        let ours = holds::play(&events, &secrets);
        let eve = |timeline: &Timeline| -> Vec<Option<String>> {
            let records = timeline.items().iter();
            records
                .filter(|item| item.kind == Kind::Record)
                .map(|item| item.eve_title.clone())
                .collect()
        };
        assert_eq!(eve(&ours), eve(&timeline));
    }
}
