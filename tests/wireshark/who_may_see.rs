//! Whose connection it is may fetch its file, and the instructor; everybody else is told the same as of one that does not exist.

use crate::client::{Answer, Client, HOST, WIRES, Wire};
use crate::support::Server;
use crate::visit::{instructor, newest, server};

/// What belongs to each transport: the names of its cookies.
fn names(wire: Wire) -> (&'static str, &'static str) {
    match wire {
        Wire::Plain => ("browser_token_plain", "instructor_key_plain"),
        Wire::Tls => ("__Host-browser-token", "__Host-instructor-key"),
    }
}

/// A person who is logged in, on a connection of theirs.
struct Person {
    /// Their connection.
    number: u64,
    /// Their session, as a line of a request.
    session: String,
    _client: Client,
}

async fn person(server: &Server, wire: Wire, name: &str) -> Person {
    let mut client = Client::connect(server, wire).await;
    let form = format!("name={name}&password=correct+horse+battery");
    let head = format!(
        "POST /register HTTP/1.1\r\n{HOST}Content-Type: application/x-www-form-urlencoded\r\n"
    );
    client
        .send(format!(
            "{head}Content-Length: {}\r\n\r\n{form}",
            form.len()
        ))
        .await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 303, "{}", answer.text());
    let cookie = answer
        .fields
        .iter()
        .find(|(name, value)| name == "Set-Cookie" && value.contains("sid"))
        .unwrap();
    let session = cookie.1.split(';').next().unwrap();
    Person {
        number: newest(server),
        session: format!("Cookie: {session}\r\n"),
        _client: client,
    }
}

const OWN_PAGE: &str = "Sec-Fetch-Site: same-origin\r\n";

async fn ask(server: &Server, wire: Wire, path: &str, lines: &str) -> Answer {
    let mut client = Client::connect(server, wire).await;
    client.get_with(path, &format!("{lines}{OWN_PAGE}")).await
}

/// An answer without what differs from one to the next.
fn essence(answer: &Answer) -> (u16, Vec<(String, String)>, Vec<u8>) {
    let mut fields = answer.fields.clone();
    fields.retain(|(name, _)| name != "Date" && name != "Set-Cookie");
    (answer.status, fields, answer.content.clone())
}

#[tokio::test]
async fn nobody_else_learns_even_that_a_connection_exists() {
    let server = server(&["--instructor"], |_| {}).await;
    for wire in WIRES {
        let (browser, key) = names(wire);
        let (ana, ben) = match wire {
            Wire::Plain => ("ana", "ben"),
            Wire::Tls => ("anna", "bert"),
        };
        let ana = person(&server, wire, ana).await;
        let ben = person(&server, wire, ben).await;
        let right = instructor(&server, key);
        let wrong = format!("Cookie: {key}={}\r\n", "A".repeat(43));
        let guest = String::new();
        let other_browser = format!("Cookie: {browser}={}\r\n", "B".repeat(43));
        for eve in ["", "?eve=1"] {
            let path = format!("/wire/{}.pcapng{eve}", ana.number);
            for (who, may) in [
                (&ana.session, true),
                (&right, true),
                (&ben.session, false),
                (&guest, false),
                (&other_browser, false),
                (&wrong, false),
            ] {
                let answer = ask(&server, wire, &path, who).await;
                if may {
                    assert_eq!(answer.status, 200, "{wire:?} {who}");
                    continue;
                }
                assert_eq!(answer.status, 404, "{wire:?} {who}");
                let nowhere = format!("/wire/999999.pcapng{eve}");
                let nothing = ask(&server, wire, &nowhere, who).await;
                assert_eq!(essence(&answer), essence(&nothing), "{wire:?} {who}");
            }
        }
    }
    server.stop().await;
}

#[tokio::test]
async fn a_file_has_one_address_and_is_never_kept() {
    let server = server(&["--instructor"], |_| {}).await;
    let ana = person(&server, Wire::Plain, "ana").await;
    let number = ana.number;
    for (path, name) in [
        (
            format!("/wire/{number}.pcapng"),
            format!("connection-{number}.pcapng"),
        ),
        (
            format!("/wire/{number}.pcapng?eve=1"),
            format!("connection-{number}-eve.pcapng"),
        ),
    ] {
        let answer = ask(&server, Wire::Plain, &path, &ana.session).await;
        let disposition = format!("attachment; filename=\"{name}\"");
        assert_eq!(
            answer.field("Content-Disposition"),
            Some(disposition.as_str())
        );
        assert_eq!(answer.field("Cache-Control"), Some("no-store"));
        assert_eq!(answer.field("X-Content-Type-Options"), Some("nosniff"));
    }
    for path in [
        format!("/wire/0{number}.pcapng"),
        format!("/wire/+{number}.pcapng"),
        format!("/wire/{number}.pcapng.pcapng"),
        "/wire/.pcapng".to_owned(),
        "/wire/-1.pcapng".to_owned(),
        "/wire/99999999999999999999.pcapng".to_owned(),
    ] {
        let answer = ask(&server, Wire::Plain, &path, &ana.session).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    server.stop().await;
}

#[tokio::test]
async fn neither_another_site_nor_another_name_gets_a_file() {
    let server = server(&["--instructor"], |_| {}).await;
    let ana = person(&server, Wire::Plain, "ana").await;
    let path = format!("/wire/{}.pcapng", ana.number);
    let mut client = Client::connect(&server, Wire::Plain).await;
    let foreign = format!("{}Sec-Fetch-Site: cross-site\r\n", ana.session);
    assert_eq!(client.get_with(&path, &foreign).await.status, 403);
    let mut client = Client::connect(&server, Wire::Plain).await;
    let session = &ana.session;
    client
        .send(format!(
            "GET {path} HTTP/1.1\r\nHost: rebound.example\r\n{session}{OWN_PAGE}\r\n"
        ))
        .await;
    assert_eq!(client.answer().await.status, 421);
    server.stop().await;
}

#[tokio::test]
async fn without_a_record_there_is_no_file() {
    let server = server(&["--no-wire"], |_| {}).await;
    let answer = ask(&server, Wire::Plain, "/wire/1.pcapng", "").await;
    assert_eq!(answer.status, 404);
    assert!(answer.text().contains("--no-wire"));
    server.stop().await;
}
