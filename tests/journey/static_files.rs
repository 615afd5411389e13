//! Scripts, styles and icons: conditions (RFC 9110 §13), ranges (§14), how long they may be kept, and that nothing else
//! can be had under `/static`.

use std::fs::File;
use std::time::{Duration, SystemTime};

use secure_chat::http::date;

use crate::client::{Answer, Client, HOST, WIRES, Wire};
use crate::support::Server;

const STYLE: &[u8] = include_bytes!("../../static/style.css");
const PATH: &str = "/static/style.css";

async fn plain() -> (Server, Client) {
    let server = Server::plain().await;
    let client = Client::connect(&server, Wire::Plain).await;
    (server, client)
}

impl Client {
    /// GET with these field lines.
    async fn get_with(&mut self, path: &str, lines: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\n{HOST}{lines}\r\n"))
            .await;
        self.answer().await
    }
}

#[tokio::test]
async fn a_file_comes_whole_with_what_a_cache_needs() {
    let server = Server::both().await;
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        for (path, content_type) in [
            (PATH, "text/css; charset=utf-8"),
            ("/static/chat.js", "text/javascript; charset=utf-8"),
            ("/static/favicon.svg", "image/svg+xml"),
            ("/favicon.ico", "image/svg+xml"),
        ] {
            let answer = client.get(path).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.field("Content-Type"), Some(content_type), "{path}");
            let etag = answer.field("ETag").unwrap();
            assert!(etag.starts_with('"') && etag.ends_with('"'), "{etag}");
            assert!(answer.field("Last-Modified").is_some());
            assert_eq!(answer.field("Accept-Ranges"), Some("bytes"));
        }
        assert_eq!(client.get(PATH).await.content, STYLE);
    }
}

#[tokio::test]
async fn only_the_url_of_this_start_may_be_kept_for_good() {
    let server = Server::start(&[], |config| {
        config.asset_version = Some("v7".to_owned());
    })
    .await;
    let mut client = Client::connect(&server, Wire::Plain).await;
    for (path, cache_control) in [
        (
            "/static/v7/style.css",
            "public, max-age=31536000, immutable",
        ),
        ("/static/v6/style.css", "no-cache"),
        ("/static/V7/style.css", "no-cache"),
        (PATH, "no-cache"),
        ("/favicon.ico", "no-cache"),
    ] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(answer.field("Cache-Control"), Some(cache_control), "{path}");
    }
    let page = client.get("/login").await;
    assert!(page.text().contains("href=\"/static/v7/style.css\""));
}

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

#[tokio::test]
async fn no_spelling_leads_out_of_the_folder() {
    let (_server, mut client) = plain().await;
    for path in [
        "/static",
        "/static/",
        "/static/.",
        "/static/..",
        "/static/../Cargo.toml",
        "/static/../../../../etc/passwd",
        "/static/../static/style.css",
        "/static/./style.css",
        "/static//style.css",
        "/static//etc/passwd",
        "/static/v/../style.css",
        "/static/../style.css",
        "/static/%2e%2e/style.css",
        "/static/%2E%2e/Cargo.toml",
        "/static/.%2e/style.css",
        "/static/%2e/style.css",
        "/static/..%2fCargo.toml",
        "/static/..%2f..%2fetc%2fpasswd",
        "/static/%2fetc%2fpasswd",
        "/static/x%2fstyle.css",
        "/static/style.css%2f",
        "/static/style.css/",
        "/static/%252e%252e/style.css",
        "/static/%252e%252e%252fCargo.toml",
        "/static/..%255cCargo.toml",
        "/static/..\\Cargo.toml",
        "/static/..\\style.css",
        "/static/..%5cstyle.css",
        "/static/x\\..\\style.css",
        "/static/\\style.css",
        "/static/%5c/style.css",
        "/static/%00/style.css",
        "/static/style.css%00",
        "/static/style.css%00.js",
        "/static/%00",
        "/static/style.css%20",
        "/static/style.css.",
        "/static/style.css::$DATA",
        "/static/C:/style.css",
        "/static/C:%5cstyle.css",
        "/static/~/style.css",
        "/static/....//style.css",
        "/static/..;/style.css",
        "/static/STYLE.CSS",
        "/static/chat.html",
        "/static/.gitignore",
        "/static/x/y/style.css",
        "/Static/style.css",
        "/%2e%2e/static/style.css",
    ] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
    }
    // Not UTF-8 once decoded (here `..` written too long): no path at all.
    let answer = client.get("/static/%c0%ae%c0%ae/style.css").await;
    assert_eq!((answer.status, answer.closes()), (400, true));
}

#[tokio::test]
async fn everything_is_sent_with_the_fields_that_keep_it_to_itself() {
    let server = Server::both().await;
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        for (path, lines) in [
            (PATH, ""),
            (PATH, "If-None-Match: *\r\n"),
            (PATH, "If-Match: \"x\"\r\n"),
            (PATH, "Range: bytes=0-1\r\n"),
            (PATH, "Range: bytes=99999999-\r\n"),
            ("/favicon.ico", ""),
            ("/static/nothing.css", ""),
            ("/login", ""),
            ("/", ""),
            ("/ws", ""),
            ("/logout", ""),
        ] {
            let answer = client.get_with(path, lines).await;
            let policy = answer.field("Content-Security-Policy").unwrap();
            for part in ["default-src 'none'", "frame-ancestors 'none'"] {
                assert!(policy.contains(part), "{path}: {policy}");
            }
            assert!(!policy.contains("unsafe"), "{policy}");
            for (name, value) in [
                ("X-Content-Type-Options", "nosniff"),
                ("Referrer-Policy", "no-referrer"),
                ("Cross-Origin-Opener-Policy", "same-origin"),
                ("Cross-Origin-Resource-Policy", "same-origin"),
            ] {
                assert_eq!(answer.field(name), Some(value), "{path} {lines}");
            }
            // It would break the plain side, so it is off unless settings ask for it.
            assert_eq!(answer.field("Strict-Transport-Security"), None);
        }
    }
}

#[tokio::test]
async fn files_of_a_folder_that_is_being_edited_are_asked_for_again_each_time() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["templates", "static"] {
        let (from, to) = (
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name),
            folder.path().join(name),
        );
        std::fs::create_dir(&to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
    std::fs::write(folder.path().join("secret.css"), "secret").unwrap();
    let assets = folder.path().to_owned();
    let server = Server::start(&[], move |config| {
        config.assets = Some(assets);
        config.asset_version = Some("v7".to_owned());
    })
    .await;
    let mut client = Client::connect(&server, Wire::Plain).await;
    let before = client.get("/static/v7/style.css").await;
    assert_eq!(before.field("Cache-Control"), Some("no-cache"));
    std::fs::write(folder.path().join("static/style.css"), "new").unwrap();
    let lines = format!("If-None-Match: {}\r\n", before.field("ETag").unwrap());
    let after = client.get_with("/static/v7/style.css", &lines).await;
    assert_eq!((after.status, after.text()), (200, "new"));
    // A file from the future (a wrong clock, an archive) is as new as can be, but not newer (RFC 9110 §8.8.2.1).
    let file = File::options()
        .write(true)
        .open(folder.path().join("static/style.css"))
        .unwrap();
    file.set_modified(SystemTime::now() + Duration::from_hours(24))
        .unwrap();
    let answer = client.get("/static/style.css").await;
    let seconds = |name| {
        let value = answer.field(name).unwrap();
        date::parse(value, 0).unwrap()
    };
    assert!(seconds("Last-Modified") <= seconds("Date"));
    // On disk, `..` would lead somewhere.
    for path in [
        "/static/../secret.css",
        "/static/%2e%2e/secret.css",
        "/static/..%2fsecret.css",
        "/static/v7/..%2f..%2fsecret.css",
        "/static/..%5csecret.css",
        "/static/templates",
        "/static/v7/.",
    ] {
        assert_eq!(client.get(path).await.status, 404, "{path}");
    }
}
