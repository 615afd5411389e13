//! Scripts, styles and icons: how long they may be kept, and that nothing else can be had under `/static`.
//! Conditions and ranges have a file of their own, `conditions`.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use secure_chat::http::date;

use crate::client::{Client, WIRES, Wire};
use crate::support::Server;

pub(crate) const STYLE: &[u8] = include_bytes!("../../static/style.css");
pub(crate) const PATH: &str = "/static/style.css";

/// A server and a client of it, in clear.
pub(crate) async fn plain() -> (Server, Client) {
    let server = Server::plain().await;
    let client = Client::connect(&server, Wire::Plain).await;
    (server, client)
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
            ("/static/v/wire/wire.js", "text/javascript; charset=utf-8"),
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
        "/static/x/wire/../style.css",
        "/static/x/wire/%2e%2e/style.css",
        "/static/x/wire/wire.js/",
        "/static/x/y/wire/wire.js",
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

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[tokio::test]
async fn files_of_a_folder_that_is_being_edited_are_asked_for_again_each_time() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["templates", "static"] {
        let (from, to) = (
            Path::new(env!("CARGO_MANIFEST_DIR")).join(name),
            folder.path().join(name),
        );
        copy_folder(&from, &to);
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
