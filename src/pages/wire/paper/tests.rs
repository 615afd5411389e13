use super::*;
use crate::octets::Direction::FromClient;
use crate::wire::log::{About, Badge, HELD_BYTES_MAX, Traveller, Viewer, WireLog};

fn about() -> About {
    About {
        number: 7,
        client: "127.0.0.1:40000".parse().unwrap(),
        server: "127.0.0.1:8080".parse().unwrap(),
        is_tls_port: false,
        opened_ns: 1_763_800_000_000_000_000,
    }
}

/// A connection in clear that somebody tries to break out of the file with.
fn recorded(request: &[u8]) -> (WireLog, Sight) {
    let log = WireLog::new(HELD_BYTES_MAX, Vec::new());
    let recorder = log.open(about(), false);
    recorder.chunk(1_763_800_000_001_000_000, FromClient, request);
    let sight = log.connection(&Viewer::OF_ALL, 7).unwrap();
    (log, sight)
}

struct Paper {
    html: String,
    policy: String,
}

fn put_on_paper(request: &[u8]) -> Paper {
    let (_log, sight) = recorded(request);
    let assets = Assets::load(None, Some("v1".to_owned())).unwrap();
    let sheet = sheet(&assets, 7).unwrap();
    let policy = sheet.policy.clone();
    Paper {
        html: sheet.with(&document(&sight).unwrap()),
        policy,
    }
}

/// All that stands between `open` and the next `close`.
fn between<'a>(text: &'a str, open: &str, close: &str) -> &'a str {
    let (_, rest) = text.split_once(open).unwrap();
    rest.split_once(close).unwrap().0
}

#[test]
fn a_paper_holds_all_it_needs_and_asks_nobody_for_anything() {
    let paper = put_on_paper(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let style = between(&paper.html, "<style>", "</style>");
    let script = between(&paper.html, "<script>", "</script>");
    assert!(script.contains("class ConnectionView") && style.contains("--ground"));
    for outside in ["src=", "<link", "href=\"/", "@import", "url("] {
        let markup = paper.html.replace(script, "").replace(style, "");
        assert!(
            !markup.contains(outside) && !style.contains(outside),
            "{outside}"
        );
    }
    for text in [script, style] {
        assert!(paper.policy.contains(&hash_of(text)));
    }
    // The browser sees the same policy in the file as in the response.
    let policy = between(&paper.html, "Content-Security-Policy\" content=\"", "\"");
    assert_eq!(policy.replace("&#39;", "'"), paper.policy);
    assert!(!paper.policy.contains("unsafe"));
}

#[test]
fn what_crossed_cannot_break_out_of_the_file() {
    let hostile = b"GET /</script><script>alert(1)</script><!-- HTTP/1.1\r\nHost: a\r\nX: \xe2\x80\xa8</SCRIPT>\r\n\r\n";
    let paper = put_on_paper(hostile);
    assert_eq!(paper.html.matches("<script").count(), 2);
    assert_eq!(paper.html.to_lowercase().matches("</script").count(), 2);
    let document = between(
        &paper.html,
        "<script type=\"application/json\">",
        "</script>",
    );
    assert!(!document.contains('<'));
    let document: Value = serde_json::from_str(document).unwrap();
    let title = document["items"][0]["title"].as_str().unwrap();
    assert!(title.contains("</script><script>alert(1)"), "{title}");
}

#[test]
fn each_pane_stands_in_the_file_once_and_each_item_finds_its_own() {
    let (_log, sight) =
        recorded(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let document: Value = serde_json::from_str(&document(&sight).unwrap()).unwrap();
    let panes = document["panes"].as_array().unwrap();
    let shown = document["shown"].as_array().unwrap();
    assert_eq!(shown.len(), document["items"].as_array().unwrap().len());
    for (number, shown) in shown.iter().enumerate() {
        assert_eq!(shown["number"], number);
        for place in shown["on_the_wire"].as_array().unwrap() {
            let pane = &panes[usize::try_from(place.as_u64().unwrap()).unwrap()];
            assert_eq!(pane["item"], number);
        }
    }
    assert_eq!(document["connection"]["number"], 7);
    assert_eq!(document["proof"], Value::Null);
}

/// The beginning of a handshake, as it would cross: one record with two messages that nobody knows.
fn two_messages_in_a_record() -> Vec<u8> {
    b"\x16\x03\x01\0\x0a\xee\0\0\x01a\xee\0\0\x01b".to_vec()
}

#[test]
fn a_record_that_carried_two_messages_is_written_once() {
    let (_log, sight) = recorded(&two_messages_in_a_record());
    let document: Value = serde_json::from_str(&document(&sight).unwrap()).unwrap();
    let shown = document["shown"].as_array().unwrap();
    let on_the_wire: Vec<&Value> = shown.iter().map(|it| &it["on_the_wire"]).collect();
    assert_eq!(
        on_the_wire.len(),
        3,
        "a record and two messages: {document}"
    );
    assert!(
        on_the_wire.iter().all(|it| **it == json!([0])),
        "{on_the_wire:?}"
    );
    let records = document["panes"].as_array().unwrap().iter();
    assert_eq!(records.filter(|pane| pane["item"] == 0).count(), 1);
}

#[test]
fn what_has_become_somebody_elses_too_while_they_waited_is_not_put_on_paper() {
    let log = WireLog::new(HELD_BYTES_MAX, Vec::new());
    let recorder = log.open(about(), false);
    let [ana, ben] = [1, 2].map(|byte| Badge::new([byte; 32]));
    recorder.carries(Traveller::Session(ana));
    let viewer = Viewer {
        session: Some(ana),
        ..Viewer::default()
    };
    let sight = log.connection(&viewer, 7).unwrap();
    assert!(document(&sight).is_some());
    recorder.chunk(
        1,
        FromClient,
        b"POST /login HTTP/1.1\r\n\r\nname=ben&password=bens",
    );
    recorder.carries(Traveller::Session(ben));
    assert_eq!(document(&sight), None);
}
