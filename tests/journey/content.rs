//! Content of requests: how much of it, when it may be sent, how long it may take, and what kind a form wants
//! (RFC 9110 §8, §10.1.1; RFC 9112 §§6–7). Where two readings are possible, see `two_readings`.

use std::time::Duration;

use crate::client::{Client, HOST, WIRES, Wire};
use crate::support::Server;

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// The most content, as docs and issue promise it.
const CONTENT_LEN_MAX: usize = 64 * 1024;

/// `len` bytes as chunks of up to 10,000.
fn in_chunks(len: usize) -> Vec<u8> {
    let mut chunks = Vec::new();
    let content = vec![b'x'; len];
    for chunk in content.chunks(10_000) {
        chunks.extend_from_slice(format!("{:x};n=v\r\n", chunk.len()).as_bytes());
        chunks.extend_from_slice(chunk);
        chunks.extend_from_slice(b"\r\n");
    }
    chunks.extend_from_slice(b"0\r\nDigest: x\r\n\r\n");
    chunks
}

#[tokio::test]
async fn a_form_is_the_same_by_length_and_in_chunks() {
    let server = Server::both().await;
    // Refused for its name, which comes back: so the content was read, whole and as it is.
    let content = "name=%3Cb%3E+hello+%3C/b%3E&password=long+enough";
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        let (first, second) = content.split_at(7);
        for (field, content) in [
            (format!("Content-Length: {}", content.len()), content.into()),
            (
                "Transfer-Encoding: chunked".to_owned(),
                format!(
                    "7;a=\"b;c\"\r\n{first}\r\n{:X}\r\n{second}\r\n0\r\nX: y\r\n\r\n",
                    second.len()
                ),
            ),
        ] {
            client
                .send(format!(
                    "POST /register HTTP/1.1\r\n{HOST}{FORM}{field}\r\n\r\n{content}"
                ))
                .await;
            let answer = client.answer().await;
            assert_eq!(answer.status, 422, "{field}");
            assert!(
                answer.text().contains("&lt;b&gt; hello &lt;/b&gt;"),
                "{field}"
            );
        }
    }
}

#[tokio::test]
async fn sixty_four_kib_of_content_pass_and_one_byte_more_does_not() {
    let server = Server::both().await;
    for wire in WIRES {
        for (len, status) in [(CONTENT_LEN_MAX, 303), (CONTENT_LEN_MAX + 1, 413)] {
            let by_length = format!("Content-Length: {len}\r\n");
            for (field, content) in [
                (by_length.as_str(), vec![b'x'; len]),
                ("Transfer-Encoding: chunked\r\n", in_chunks(len)),
            ] {
                let mut client = Client::connect(&server, wire).await;
                let head = format!("POST /logout HTTP/1.1\r\n{HOST}{field}\r\n");
                client.send(head).await;
                // The refusal may come before all is sent; sending it all the same must not destroy it.
                client.try_send(content).await;
                let answer = client.answer().await;
                assert_eq!(answer.status, status, "{field} over {wire:?}");
                assert_eq!(answer.closes(), status == 413);
            }
        }
    }
}

#[tokio::test]
async fn a_client_that_asks_first_is_told_to_go_on_and_then_answered() {
    let server = Server::both().await;
    for wire in WIRES {
        let mut client = Client::connect(&server, wire).await;
        for (field, content) in [
            ("Content-Length: 5", "hello"),
            ("Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"),
        ] {
            client
                .send(format!(
                    "POST /logout HTTP/1.1\r\n{HOST}{field}\r\nExpect: 100-continue\r\n\r\n"
                ))
                .await;
            let go_on = client.answer().await;
            assert_eq!((go_on.status, go_on.fields.len()), (100, 0), "{field}");
            client.send(content).await;
            assert_eq!(client.answer().await.status, 303, "{field}");
        }
    }
}

#[tokio::test]
async fn only_who_asks_and_has_something_to_send_is_told_to_go_on() {
    let server = Server::plain().await;
    for request in [
        // Nothing is to follow.
        format!("POST /logout HTTP/1.1\r\n{HOST}Expect: 100-continue\r\n\r\n"),
        format!("POST /logout HTTP/1.1\r\n{HOST}Expect: 100-continue\r\nContent-Length: 0\r\n\r\n"),
        // Has not asked.
        format!("POST /logout HTTP/1.1\r\n{HOST}Content-Length: 5\r\n\r\nhello"),
        // HTTP/1.0 does not know of it, and must not be sent a 100 (RFC 9110 §10.1.1).
        "POST /logout HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello"
            .to_owned(),
        "POST /logout HTTP/1.0\r\nExpect: the unexpected\r\n\r\n".to_owned(),
    ] {
        let mut client = Client::connect(&server, Wire::Plain).await;
        client.send(&request).await;
        assert_eq!(client.answer().await.status, 303, "{request}");
    }
}

#[tokio::test]
async fn content_that_would_be_refused_is_not_asked_for() {
    let server = Server::both().await;
    for wire in WIRES {
        for (fields, status) in [
            ("Expect: 100-continue\r\nContent-Length: 65537\r\n", 413),
            ("Expect: 200-ok\r\nContent-Length: 5\r\n", 417),
            (
                "Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 5\r\n",
                417,
            ),
            ("Expect:\r\nContent-Length: 5\r\n", 417),
            ("Expect: 100-continue\r\nContent-Length: 5, 6\r\n", 400),
        ] {
            let mut client = Client::connect(&server, wire).await;
            client
                .send(format!("POST /logout HTTP/1.1\r\n{HOST}{fields}\r\n"))
                .await;
            let answer = client.answer().await;
            assert_eq!((answer.status, answer.closes()), (status, true), "{fields}");
            client.expect_end().await;
        }
    }
}

#[tokio::test]
async fn content_that_does_not_come_in_time_gets_408() {
    let server = Server::start(&["--both", "--tls-port=0"], |config| {
        config.limits.body_deadline = Duration::from_millis(150);
    })
    .await;
    for wire in WIRES {
        for request in [
            "Content-Length: 5\r\n\r\nhell",
            "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n",
            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        ] {
            let mut client = Client::connect(&server, wire).await;
            client
                .send(format!("POST /logout HTTP/1.1\r\n{HOST}{request}"))
                .await;
            let mut answer = client.answer().await;
            if answer.status == 100 {
                answer = client.answer().await;
            }
            assert_eq!((answer.status, answer.closes()), (408, true), "{request:?}");
            client.expect_end().await;
        }
    }
}

#[tokio::test]
async fn a_form_is_refused_for_its_type_or_for_what_is_wrong_in_it() {
    let server = Server::plain().await;
    let mut client = Client::connect(&server, Wire::Plain).await;
    let many = "a=b&".repeat(40);
    for (fields, content, status) in [
        (FORM, "name=x&password=y", 422),
        (
            "Content-Type: APPLICATION/x-www-form-urlencoded; charset=utf-8\r\n",
            "name=x&password=y",
            422,
        ),
        ("", "name=x&password=y", 415),
        ("Content-Type: text/plain\r\n", "name=x&password=y", 415),
        (
            "Content-Type: multipart/form-data; boundary=b\r\n",
            "--b--",
            415,
        ),
        (
            "Content-Type: application/json\r\n",
            r#"{"name":"x","password":"y"}"#,
            415,
        ),
        (&FORM.repeat(2), "name=x&password=y", 415),
        (
            &[FORM, "Content-Encoding: gzip\r\n"].concat(),
            "name=x&password=y",
            415,
        ),
        (
            &[FORM, "Content-Encoding: identity\r\n"].concat(),
            "name=x&password=y",
            415,
        ),
        (FORM, "", 400),
        (FORM, "name=x", 400),
        (FORM, "password=y", 400),
        (FORM, "name=x&name=x&password=y", 400),
        (FORM, "name=x&password=y&password=z", 400),
        (FORM, "name=%zz&password=y", 400),
        (FORM, "name=%ff&password=y", 400),
        (FORM, &many, 400),
    ] {
        client
            .send(format!(
                "POST /register HTTP/1.1\r\n{HOST}{fields}Content-Length: {}\r\n\r\n{content}",
                content.len()
            ))
            .await;
        let answer = client.answer().await;
        assert_eq!(answer.status, status, "{fields}{content}");
        if status == 415 {
            let accept = (answer.field("Accept"), answer.field("Accept-Encoding"));
            let says_what_is_taken = match fields.contains("Content-Encoding") {
                true => (None, Some("identity")),
                false => (Some("application/x-www-form-urlencoded"), None),
            };
            assert_eq!(accept, says_what_is_taken, "{fields}");
        }
        // The request was understood to its end: the connection goes on.
        assert!(!answer.closes(), "{fields}{content}");
    }
}
