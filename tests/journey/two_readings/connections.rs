//! Where a connection ends, and what it may become: persistence, pipelines, upgrades, ends in the middle (RFC 9112 §§8–11).
//! How one request is delimited stands in `heads` and `lengths`.

use super::{NEXT, NEXT_STATUS, Row, expect_row_over, expect_rows};
use crate::client::{Client, WIRES, Wire};
use crate::support::Server;

/// In front of rows that begin with a field line.
const GET: &[u8] = b"GET /login HTTP/1.1\r\nHost: a\r\n";

/// In front of rows that ask for another protocol.
const SOCKET: &[u8] = b"GET /ws HTTP/1.1\r\nHost: a\r\n";

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table is read by its rows")]
async fn a_connection_goes_on_unless_its_own_option_says_close() {
    expect_rows(
        GET,
        &[
            // RFC 9112 §9.6: behind `close` nothing more is answered.
            ("close", &[200], b"Connection: close\r\n\r\n"),
            ("in capitals", &[200], b"CONNECTION: CLOSE\r\n\r\n"),
            ("both", &[200], b"Connection: keep-alive, close\r\n\r\n"),
            (
                "both, the other way round",
                &[200],
                b"Connection: close, keep-alive\r\n\r\n",
            ),
            (
                "on a line of its own",
                &[200],
                b"Connection: keep-alive\r\nConnection: close\r\n\r\n",
            ),
            (
                "among empty members",
                &[200],
                b"Connection: ,, close ,\r\n\r\n",
            ),
            (
                "with content",
                &[200],
                b"Connection: close\r\nContent-Length: 5\r\n\r\nhello",
            ),
            // Options are tokens (RFC 9110 §7.6.1): these are others.
            ("another word", &[200, 404], b"Connection: closed\r\n\r\n"),
            ("quoted", &[200, 404], b"Connection: \"close\"\r\n\r\n"),
            (
                "with a parameter",
                &[200, 404],
                b"Connection: close;q=1\r\n\r\n",
            ),
            (
                "of a proxy",
                &[200, 404],
                b"Proxy-Connection: close\r\n\r\n",
            ),
            (
                "a time of nothing",
                &[200, 404],
                b"Connection: keep-alive\r\nKeep-Alive: timeout=0, max=0\r\n\r\n",
            ),
            (
                "what the client can read",
                &[200, 404],
                b"TE: trailers, gzip;q=0.5\r\nConnection: TE\r\n\r\n",
            ),
            (
                "options of other fields",
                &[200, 404],
                b"Connection: Cookie, Host, Expect\r\n\r\n",
            ),
        ],
    )
    .await;
    // RFC 9112 §9.3: HTTP/1.0 is over after one answer, unless it asks for more.
    expect_rows(
        b"GET /login HTTP/1.0\r\n",
        &[
            ("nothing asked for", &[200], b"\r\n"),
            (
                "of a proxy",
                &[200],
                b"Proxy-Connection: keep-alive\r\n\r\n",
            ),
            ("a time alone", &[200], b"Keep-Alive: timeout=5\r\n\r\n"),
            ("both", &[200], b"Connection: keep-alive, close\r\n\r\n"),
            ("asked for", &[200, 404], b"Connection: Keep-Alive\r\n\r\n"),
            (
                "asked for, with content",
                &[200, 404],
                b"Connection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn nothing_behind_a_refusal_is_answered_and_everything_behind_an_answer_is() {
    expect_rows(b"", &[
        ("two in a row", &[200, 200, 404], b"GET /login HTTP/1.1\r\nHost: a\r\n\r\nGET /register HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("behind what is not there", &[404, 200, 404], b"GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\nGET /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("behind what cannot be done", &[405, 200, 404], b"PUT /login HTTP/1.1\r\nHost: a\r\n\r\nGET /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("behind HEAD of what is not there", &[404, 404], b"HEAD /nowhere HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("behind HEAD of what has not changed", &[304, 404], b"HEAD /favicon.ico HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n\r\n"),
        ("behind HEAD of a redirect", &[303, 404], b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("behind content and an empty line, as old clients send it", &[303, 404], b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\r\n"),
        ("behind chunks and an empty line", &[303, 404], b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\r\n"),
        ("behind content that is too short", &[303, 400], b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello world"),
        ("behind HTTP/1.0", &[200], b"GET /login HTTP/1.0\r\n\r\nGET /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a bad one behind a good one", &[200, 400], b"GET /login HTTP/1.1\r\nHost: a\r\n\r\nGET /login HTTP/1.1\r\n\r\n"),
        ("a bad length behind a good request", &[200, 400], b"GET /login HTTP/1.1\r\nHost: a\r\n\r\nPOST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"),
        ("a good one behind a bad one", &[400], b"GET /login HTTP/1.1\r\n\r\nGET /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a good one behind an unknown method", &[501], b"BREW /login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhelloGET /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a good one behind a tunnel", &[501], b"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\nGET /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a good one behind too much", &[413], b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\nGET /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a response behind a request", &[200, 400], b"GET /login HTTP/1.1\r\nHost: a\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ("HTTP/2 behind a request", &[200, 505], b"GET /login HTTP/1.1\r\nHost: a\r\n\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("HTTP/0.9 behind a request", &[200, 400], b"GET /login HTTP/1.1\r\nHost: a\r\n\r\nGET /login\r\n"),
        ("TLS behind a request", &[200, 400], b"GET /login HTTP/1.1\r\nHost: a\r\n\r\n\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00\r\n"),
        ("a line of a proxy in front", &[400], b"PROXY TCP4 127.0.0.1 127.0.0.1 1 2\r\nGET /login HTTP/1.1\r\nHost: a\r\n\r\n"),
    ])
    .await;
}

#[tokio::test]
async fn a_request_that_is_not_upgraded_stays_http_and_so_does_what_follows() {
    expect_rows(GET, &[
        // RFC 9110 §7.8: an upgrade that is not done is an ordinary request.
        ("h2c", &[200, 404], b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"),
        ("h2c with content", &[200, 404], b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nhello"),
        ("TLS", &[200, 404], b"Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n\r\n"),
        ("a WebSocket where there is a page", &[200, 404], b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
        ("an upgrade to nothing", &[200, 404], b"Connection: Upgrade\r\nUpgrade:\r\n\r\n"),
    ])
    .await;
    expect_rows(SOCKET, &[
        // A gateway that looks at the request alone would now pass on frames: what follows is a request all the same.
        ("a version that is none", &[426, 404], b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 777\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
        ("no option of the connection", &[426, 404], b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
        ("no protocol", &[426, 404], b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
        ("a key that is too short", &[400, 404], b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhl\r\n\r\n"),
        ("two keys", &[400, 404], b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
        ("another site", &[403, 404], b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://evil.example\r\n\r\n"),
        ("no session, but a coding", &[401, 404], b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("no session, and two lengths", &[400], b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ])
    .await;
    expect_rows(b"", &[
        ("a WebSocket by POST", &[405, 404], b"POST /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
        ("a WebSocket by HEAD", &[426, 404], b"HEAD /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
        ("a WebSocket by HTTP/1.0", &[426], b"GET /ws HTTP/1.0\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"),
    ])
    .await;
}

#[tokio::test]
async fn behind_an_upgrade_there_are_frames_and_no_requests() {
    let server = Server::start(&["--both", "--tls-port=0", "--echo"], |_| {}).await;
    const UPGRADE: &str = "GET /ws/echo HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    /// A text frame of two letters, masked with zeros.
    const FRAME: &[u8] = b"\x81\x82\0\0\0\0hi";
    /// Its echo, and behind it Close with 1002: `NEXT` begins with a bit that no frame may have.
    const ECHO: &[u8] = b"\x81\x02hi\x88";
    for wire in WIRES {
        for content in [
            &b"\r\n"[..],
            // The request is not over before its content is (RFC 9110 §7.8).
            b"Content-Length: 5\r\n\r\nhello",
            b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ] {
            let mut client = Client::connect(&server, wire).await;
            let bytes = [UPGRADE.as_bytes(), content, FRAME, NEXT].concat();
            client.send(bytes).await;
            let what = content.escape_ascii();
            assert_eq!(client.answer().await.status, 101, "{what}");
            let frames = client.rest().await;
            let shown = frames.escape_ascii();
            assert!(frames.starts_with(ECHO), "{what}: {shown}");
            assert_eq!(frames[6..8], 1002_u16.to_be_bytes(), "{what}: {shown}");
            assert!(!frames.windows(5).any(|five| five == b"HTTP/"), "{shown}");
        }
    }
}

#[tokio::test]
async fn a_whole_url_replaces_the_host_field_and_must_be_of_this_connections_scheme() {
    let server = Server::both().await;
    for (wire, own, other) in [(Wire::Plain, "http", "https"), (Wire::Tls, "https", "http")] {
        for (what, statuses, target, host) in [
            (
                "the same host",
                &[200, 404][..],
                format!("{own}://a/login"),
                "a",
            ),
            // RFC 9112 §3.2.2: the field is passed over.
            ("another host", &[200, 404], format!("{own}://b/login"), "a"),
            (
                "a scheme in capitals",
                &[200, 404],
                format!("{}://a/login", own.to_uppercase()),
                "a",
            ),
            ("a port", &[200, 404], format!("{own}://a:1/login"), "a"),
            (
                "an address",
                &[200, 404],
                format!("{own}://[::1]:80/login"),
                "a",
            ),
            ("no path", &[303, 404], format!("{own}://a"), "a"),
            (
                "a query and no path",
                &[303, 404],
                format!("{own}://a?x"),
                "a",
            ),
            // A host must be said all the same, and a valid one (§3.2).
            ("an invalid Host", &[400], format!("{own}://a/login"), "a b"),
            // RFC 9110 §7.4
            (
                "the other scheme",
                &[421],
                format!("{other}://a/login"),
                "a",
            ),
            (
                "a scheme of WebSockets",
                &[400],
                "ws://a/login".to_owned(),
                "a",
            ),
            ("no scheme", &[400], "://a/login".to_owned(), "a"),
        ] {
            let bytes = format!("GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n");
            let row: Row<'_> = (what, statuses, bytes.as_bytes());
            expect_row_over(wire, &server, &row).await;
        }
    }
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table is read by its rows")]
async fn a_request_that_ends_in_its_middle_is_refused_and_the_end_between_two_is_just_the_end() {
    let server = Server::both().await;
    let table: &[Row<'_>] = &[
        ("half a method", &[400], b"GE"),
        ("a method", &[400], b"GET "),
        (
            "a request line without its end",
            &[400],
            b"GET /login HTTP/1.1",
        ),
        ("half a line end", &[400], b"GET /login HTTP/1.1\r"),
        (
            "no empty line",
            &[400],
            b"GET /login HTTP/1.1\r\nHost: a\r\n",
        ),
        (
            "half an empty line",
            &[400],
            b"GET /login HTTP/1.1\r\nHost: a\r\n\r",
        ),
        (
            "a byte of content too few",
            &[400],
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nhello",
        ),
        (
            "no content at all",
            &[400],
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n",
        ),
        (
            "half a chunk line",
            &[400],
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5",
        ),
        (
            "half a chunk",
            &[400],
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        ),
        (
            "no last chunk",
            &[400],
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        ),
        (
            "no end of the trailers",
            &[400],
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n",
        ),
        (
            "half a second request",
            &[200, 400],
            b"GET /login HTTP/1.1\r\nHost: a\r\n\r\nGET /login HT",
        ),
        (
            "nothing behind a request",
            &[200],
            b"GET /login HTTP/1.1\r\nHost: a\r\n\r\n",
        ),
        (
            "an empty line behind a request",
            &[303],
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello\r\n",
        ),
        ("empty lines and no request", &[], b"\r\n\r\n"),
        ("nothing", &[], b""),
    ];
    for wire in WIRES {
        for (what, statuses, bytes) in table {
            let mut client = Client::connect(&server, wire).await;
            client.send(bytes).await;
            client.send_end().await;
            for status in *statuses {
                assert_eq!(client.answer().await.status, *status, "{what} {wire:?}");
            }
            let rest = client.rest().await;
            assert!(rest.is_empty(), "{what} {wire:?}: {}", rest.escape_ascii());
        }
    }
}

#[tokio::test]
async fn no_request_splits_the_response_to_it() {
    let server = Server::both().await;
    for wire in WIRES {
        for request in [
            &b"GET /%0d%0aX-Injected:%20y HTTP/1.1\r\nHost: a\r\n\r\n"[..],
            b"GET /chat/1%0d%0aX-Injected:%20y HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /login?next=%0d%0aX-Injected:%20y HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /static/%0d%0aX-Injected:%20y/style.css HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /wire?key=%0d%0aX-Injected:%20y HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"POST /groups/1%0d%0aX-Injected:%20y/join HTTP/1.1\r\nHost: a\r\n\r\n",
            b"POST /register HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 56\r\n\r\n\
                name=%0d%0aX-Injected:%20y&password=long%0d%0a%0d%0aHTTP",
            b"GET /login HTTP/1.1\r\nHost: a\r\nCookie: sid_plain=%0d%0aX-Injected:%20y\r\n\r\n",
        ] {
            let what = request.escape_ascii();
            let mut client = Client::connect(&server, wire).await;
            client.send([request, NEXT].concat()).await;
            // Taken apart by its own lines and its own length: whatever else it were split into would be left over.
            let answer = client.answer().await;
            assert_eq!(answer.field("X-Injected"), None, "{what}");
            // The wire view ends a connection that was used for something else before.
            if !answer.closes() {
                assert_eq!(client.answer().await.status, NEXT_STATUS, "{what}");
            }
            client.expect_end().await;
        }
    }
}
