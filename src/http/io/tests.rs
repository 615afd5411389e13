//! How heads arrive, in pieces and with empty lines in front, and what a thread keeps between two responses.
//! What a head is, `head/tests.rs` says.

use super::*;
use crate::http::{Method, Version};

const GET: Circumstances = Circumstances {
    version: Version::Http11,
    method: Some(Method::Get),
    keep_alive: true,
};

const SECOND: Duration = Duration::from_secs(1);
const DEADLINES: Deadlines = Deadlines {
    head: SECOND,
    content: SECOND,
    idle: SECOND,
    write: SECOND,
    linger: SECOND,
};

/// What becomes of a head that comes in two pieces, before the client ends: true if it is one, false for nothing at all, else the answer.
async fn read_in_pieces(input: &[u8], cut: usize) -> Result<bool, Option<StatusCode>> {
    let (mut client, server) = tokio::io::duplex(64 * 1024);
    let mut connection = HttpConnection::new(server, DEADLINES);
    let (first, second) = input.split_at(cut);
    let sending = async {
        client.write_all(first).await.unwrap();
        for _ in 0..4 {
            tokio::task::yield_now().await;
        }
        client.write_all(second).await.unwrap();
        client.shutdown().await.unwrap();
    };
    let reading = connection.next_head(std::future::pending());
    let (head, ()) = tokio::join!(reading, sending);
    head.map(|head| head.is_some())
        .map_err(|error| error.status())
}

#[tokio::test]
async fn a_head_is_the_same_and_as_long_however_it_comes() {
    let get = |len: usize| {
        let frame = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n";
        frame.replace("X: ", &format!("X: {}", "x".repeat(len - frame.len())))
    };
    let long = |method: &str, target_len: usize| {
        let target = "a".repeat(target_len - 1);
        format!("{method} /{target} HTTP/1.1\r\nHost: a\r\n\r\n")
    };
    let empty = |lines: usize| "\r\n".repeat(lines);
    for (input, becomes) in [
        (get(HEAD_LEN_MAX), Ok(true)),
        (get(HEAD_LEN_MAX + 1), Err(431)),
        (empty(2) + &get(HEAD_LEN_MAX), Ok(true)),
        (empty(2) + &get(HEAD_LEN_MAX + 1), Err(431)),
        (empty(HEAD_LEN_MAX / 2) + &get(100), Ok(true)),
        (empty(HEAD_LEN_MAX / 2 + 1) + &get(100), Err(431)),
        (empty(3), Ok(false)),
        (empty(3) + "\r", Err(400)),
        (String::new(), Ok(false)),
        (long("GET", 8301).replace("HTTP/1.1", "HTTP/3.0"), Err(414)),
        (
            long("GET", 8301).replace("HTTP/1.1", "HTTP/1.1 x"),
            Err(414),
        ),
        (
            get(HEAD_LEN_MAX + 1).replace("HTTP/1.1", "HTTP/3.0"),
            Err(505),
        ),
        (long("GET", 8192), Ok(true)),
        (long("GET", 8193), Err(414)),
        (long("BREW", 8193), Err(414)),
        (long(&"M".repeat(33), 8192), Err(501)),
        (long(&"M".repeat(33), 8193), Err(501)),
        (long(&"M".repeat(100), 8193), Err(501)),
    ] {
        let len = input.len();
        let what = input.get(..60).unwrap_or(&input).escape_debug();
        let becomes = becomes.map_err(Some);
        for cut in [
            0,
            1,
            2,
            3,
            4,
            5,
            40,
            len / 2,
            len - len.min(4),
            len - len.min(3),
        ]
        .into_iter()
        .chain([len - len.min(2), len - len.min(1), len])
        .filter(|cut| *cut <= len)
        {
            let found = read_in_pieces(input.as_bytes(), cut).await;
            let found = found.map_err(|status| status.map(StatusCode::number));
            assert_eq!(found, becomes, "{what} of {len}, cut at {cut}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_empty_line_in_two_pieces_begins_no_head_that_would_be_timed() {
    let (mut client, server) = tokio::io::duplex(1024);
    let idle = SECOND * 60;
    let mut connection = HttpConnection::new(server, Deadlines { idle, ..DEADLINES });
    for pieces in [
        &["GET / HTTP/1.1\r\nHost: a\r\n\r\n"][..],
        &["\r", "\n", "GET / HT", "TP/1.1\r\nHost: a\r\n\r\n"],
    ] {
        let sending = async {
            for piece in pieces {
                client.write_all(piece.as_bytes()).await.unwrap();
                let is_over = piece.ends_with('\n');
                tokio::time::sleep(if is_over { idle / 2 } else { SECOND / 2 }).await;
            }
        };
        let (head, ()) = tokio::join!(connection.next_head(std::future::pending()), sending);
        assert!(matches!(head, Ok(Some(_))), "{head:?}");
    }
}

/// The capacity of the thread's buffer after a response with a field of so many bytes.
async fn kept_after(field_len: usize) -> usize {
    let (client, server) = tokio::io::duplex(64 * 1024);
    let mut connection = HttpConnection::new(server, DEADLINES);
    let response = Response::text(StatusCode::OK, "hi").field("X", "x".repeat(field_len));
    connection.write_response(&response, GET).await.unwrap();
    drop(client);
    let out = OUT.take();
    assert!(out.is_empty(), "the next response would begin with it");
    let kept = out.capacity();
    OUT.set(out);
    kept
}

#[tokio::test]
async fn a_thread_keeps_its_buffer_for_the_next_response_unless_it_has_grown_large() {
    let first = kept_after(100).await;
    assert!(first > 100);
    assert_eq!(kept_after(90).await, first, "the same one is used again");
    assert_eq!(kept_after(OUT_KEPT_MAX + 1).await, 0);
}

#[test]
fn the_date_is_of_this_second() {
    let seconds = || {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.unwrap().as_secs()
    };
    DATE.set((0, "the date of another second".to_owned()));
    for _ in 0..2 {
        let before = seconds();
        let date = with_date(|text| date::parse(text, before)).unwrap();
        assert!((before..=seconds()).contains(&date));
    }
}
