use super::*;
use crate::octets::Direction::FromClient;
use crate::wire::log::{About, HELD_BYTES_MAX, WireLog};

/// A connection in clear that somebody tries to break out of the file with.
fn recorded(request: &[u8]) -> (WireLog, Arc<Recorder>) {
    let log = WireLog::new(HELD_BYTES_MAX, Vec::new());
    let about = About {
        number: 7,
        client: "127.0.0.1:40000".parse().unwrap(),
        server: "127.0.0.1:8080".parse().unwrap(),
        is_tls_port: false,
        opened_ns: 1_763_800_000_000_000_000,
    };
    let recorder = log.open(about, false);
    recorder.chunk(1_763_800_000_001_000_000, FromClient, request);
    (log, recorder)
}

struct Paper {
    html: String,
    policy: String,
}

fn put_on_paper(request: &[u8]) -> Paper {
    let (_log, recorder) = recorded(request);
    let assets = Assets::load(None, Some("v1".to_owned())).unwrap();
    let sheet = sheet(&assets, 7).unwrap();
    let policy = sheet.policy.clone();
    Paper {
        html: sheet.with(&document(&recorder)),
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
    let (_log, recorder) =
        recorded(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n");
    let document: Value = serde_json::from_str(&document(&recorder)).unwrap();
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

#[test]
fn a_pane_that_stands_in_two_places_is_written_once() {
    let mut panes = Panes::default();
    assert_eq!(panes.place_of(r#"{"title":"Record 1"}"#), 0);
    assert_eq!(panes.place_of(r#"{"title":"Record 2"}"#), 1);
    assert_eq!(panes.place_of(r#"{"title":"Record 1"}"#), 0);
    let written = format!("[{}]", panes.written.text);
    let written: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(
        written,
        json!([{ "title": "Record 1" }, { "title": "Record 2" }])
    );
}
