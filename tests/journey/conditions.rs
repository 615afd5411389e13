//! Only if, and only a part: conditional requests (RFC 9110 §13) and ranges (§14), on the files that know their state.
//! How long an answer may be kept, and which files there are, stands in `static_files`.

use crate::client::{Client, HOST, WIRES, Wire};
use crate::static_files::{PATH, STYLE, plain};
use crate::support::Server;

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    let (_server, mut client) = plain().await;
    let whole = client.get(PATH).await;
    let (etag, date) = (
        whole.field("ETag").unwrap(),
        whole.field("Last-Modified").unwrap(),
    );
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (lines, status) in [
        (format!("If-None-Match: {etag}\r\n"), 304),
        (format!("If-None-Match: W/{etag}\r\n"), 304),
        (format!("If-None-Match: \"x\", {etag}\r\n"), 304),
        ("If-None-Match: *\r\n".to_owned(), 304),
        ("If-None-Match: \"x\"\r\n".to_owned(), 200),
        (format!("If-Modified-Since: {date}\r\n"), 304),
        (format!("If-Modified-Since: {BEFORE}\r\n"), 200),
        ("If-Modified-Since: yesterday\r\n".to_owned(), 200),
        // The tag decides (§13.1.3), and a 304 needs no range.
        (
            format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {date}\r\n"),
            200,
        ),
        (
            format!("If-None-Match: {etag}\r\nRange: bytes=0-4\r\n"),
            304,
        ),
        (format!("If-Match: {etag}\r\n"), 200),
        ("If-Match: *\r\n".to_owned(), 200),
        ("If-Match: \"x\"\r\n".to_owned(), 412),
        (format!("If-Match: W/{etag}\r\n"), 412),
        (format!("If-Match: \"x\"\r\nIf-None-Match: {etag}\r\n"), 412),
        (format!("If-Unmodified-Since: {date}\r\n"), 200),
        (format!("If-Unmodified-Since: {BEFORE}\r\n"), 412),
    ] {
        let answer = client.get_with(PATH, &lines).await;
        assert_eq!(answer.status, status, "{lines}");
        if status == 304 {
            // §15.4.5: all of these that the 200 has, and nothing about content that is not there.
            for name in ["ETag", "Cache-Control", "Last-Modified"] {
                assert_eq!(answer.field(name), whole.field(name), "{lines}");
            }
            for name in ["Content-Length", "Content-Type", "Content-Range"] {
                assert_eq!(answer.field(name), None, "{lines}");
            }
        }
        // HEAD weighs conditions as GET does.
        client
            .send(format!("HEAD {PATH} HTTP/1.1\r\n{HOST}{lines}\r\n"))
            .await;
        let head = client.answer_to_head().await;
        let ranged = lines.contains("Range");
        assert_eq!(head.status, status, "{lines}");
        assert!(ranged || head.field("Content-Length") == answer.field("Content-Length"));
    }
}

#[tokio::test]
async fn conditions_do_not_turn_what_is_not_there_into_something_else() {
    let (_server, mut client) = plain().await;
    for lines in ["If-None-Match: *\r\n", "If-Match: \"x\"\r\n"] {
        let answer = client.get_with("/static/nothing.css", lines).await;
        assert_eq!(answer.status, 404, "{lines}");
    }
}

#[tokio::test]
async fn one_range_is_sent_alone() {
    let server = Server::both().await;
    let len = STYLE.len();
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        let whole = client.get(PATH).await;
        for (range, first, last) in [
            ("bytes=0-0".to_owned(), 0, 0),
            ("bytes=2-5".to_owned(), 2, 5),
            (format!("bytes={}-", len - 1), len - 1, len - 1),
            ("bytes=10-99999999999999999999".to_owned(), 10, len - 1),
            ("bytes=-7".to_owned(), len - 7, len - 1),
            (format!("bytes=-{}", len + 9), 0, len - 1),
        ] {
            let answer = client.get_with(PATH, &format!("Range: {range}\r\n")).await;
            assert_eq!(answer.status, 206, "{range}");
            assert_eq!(answer.content, STYLE[first..=last], "{range}");
            let content_range = format!("bytes {first}-{last}/{len}");
            assert_eq!(answer.field("Content-Range"), Some(content_range.as_str()));
            // §15.3.7: what the 200 has of these, the 206 must have.
            for name in ["ETag", "Cache-Control", "Last-Modified", "Content-Type"] {
                assert_eq!(answer.field(name), whole.field(name), "{range}");
            }
        }
    }
}

#[tokio::test]
async fn a_range_that_is_not_there_is_416_and_one_that_need_not_be_understood_is_the_whole() {
    let (_server, mut client) = plain().await;
    let len = STYLE.len();
    for range in [format!("bytes={len}-"), "bytes=-0".to_owned()] {
        let answer = client.get_with(PATH, &format!("Range: {range}\r\n")).await;
        assert_eq!(answer.status, 416, "{range}");
        let content_range = format!("bytes */{len}");
        assert_eq!(answer.field("Content-Range"), Some(content_range.as_str()));
    }
    for lines in [
        "Range: bytes=0-1,4-5\r\n",
        "Range: lines=0-1\r\n",
        "Range: bytes=5-4\r\n",
        "Range: bytes=x-y\r\n",
        "Range: bytes=0-1\r\nRange: bytes=4-5\r\n",
    ] {
        let answer = client.get_with(PATH, lines).await;
        assert_eq!((answer.status, answer.content.len()), (200, len), "{lines}");
    }
    // Ranges are for GET alone (§14.2).
    client
        .send(format!(
            "HEAD {PATH} HTTP/1.1\r\n{HOST}Range: bytes=0-1\r\n\r\n"
        ))
        .await;
    assert_eq!(client.answer_to_head().await.status, 200);
}

#[tokio::test]
async fn a_range_of_another_state_of_the_file_is_not_sent() {
    let (_server, mut client) = plain().await;
    let whole = client.get(PATH).await;
    let (etag, date) = (
        whole.field("ETag").unwrap(),
        whole.field("Last-Modified").unwrap(),
    );
    for (if_range, status) in [
        (etag.to_owned(), 206),
        (date.to_owned(), 206),
        ("\"x\"".to_owned(), 200),
        (format!("W/{etag}"), 200),
        ("Sun, 06 Nov 1994 08:49:37 GMT".to_owned(), 200),
        ("nonsense".to_owned(), 200),
    ] {
        let lines = format!("Range: bytes=0-4\r\nIf-Range: {if_range}\r\n");
        assert_eq!(
            client.get_with(PATH, &lines).await.status,
            status,
            "{lines}"
        );
    }
    let alone = client.get_with(PATH, "If-Range: \"x\"\r\n").await;
    assert_eq!(alone.status, 200);
}

#[tokio::test]
async fn an_answer_that_is_not_the_file_is_never_kept_as_if_it_were() {
    let server = Server::start(&[], |config| {
        config.asset_version = Some("v7".to_owned());
    })
    .await;
    let mut client = Client::connect(&server, Wire::Plain).await;
    for (path, lines, status) in [
        ("/static/v7/style.css", "If-Match: \"x\"\r\n", 412),
        ("/static/v7/style.css", "Range: bytes=99999999-\r\n", 416),
        ("/static/v7/nothing.css", "", 404),
    ] {
        let answer = client.get_with(path, lines).await;
        assert_eq!(answer.status, status);
        assert_eq!(answer.field("Cache-Control"), Some("no-store"), "{status}");
    }
}
