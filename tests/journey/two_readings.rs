//! What two servers could read in two ways is the raw material of request smuggling: one of them takes for content what
//! the other takes for the next request. So each such request is refused, whole, and the connection closed.
//! Beside the refusals stand their neighbours: what looks alike and has one reading only.

use crate::client::{Client, WIRES};
use crate::support::Server;

/// Stands behind every request here, as the prey of the smuggler: it may be answered only where the request has one reading.
const NEXT: &[u8] = b"GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

/// Sends each request with `NEXT` behind it, over both wires: one answer comes, and then the end.
async fn expect_refused(table: &[(u16, &[u8])]) {
    let server = Server::both().await;
    for wire in WIRES {
        for (status, request) in table {
            let what = format!("{} over {wire:?}", request.escape_ascii());
            let mut client = Client::connect(&server, wire).await;
            client.send([request, NEXT].concat()).await;
            let answer = client.answer().await;
            assert_eq!((answer.status, answer.closes()), (*status, true), "{what}");
            let rest = client.rest().await;
            assert!(rest.is_empty(), "{what}: then {}", rest.escape_ascii());
        }
    }
}

/// Sends each request with `NEXT` behind it, over both wires: both are answered.
async fn expect_one_reading(table: &[(u16, &[u8])]) {
    let server = Server::both().await;
    for wire in WIRES {
        for (status, request) in table {
            let what = format!("{} over {wire:?}", request.escape_ascii());
            let mut client = Client::connect(&server, wire).await;
            client.send([request, NEXT].concat()).await;
            let answer = client.answer().await;
            assert_eq!((answer.status, answer.closes()), (*status, false), "{what}");
            let next = client.answer().await;
            assert_eq!((next.status, next.closes()), (404, true), "{what}");
            client.expect_end().await;
        }
    }
}

#[tokio::test]
async fn a_first_line_is_three_words_with_one_space_between_them() {
    expect_refused(&[
        (400, b"GET /login\r\n\r\n"),
        (400, b"GET /login\r\n"),
        (400, b"GET /login\r\nHost: a\r\n\r\n"),
        (400, b"GET\r\n\r\n"),
        (400, b"/login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET  /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /login  HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET\t/login\tHTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET\x0b/login\x0cHTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b" GET /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"\tGET /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"\0GET /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"\xef\xbb\xbfGET /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/1.1 \r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\t\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/1.1 x\r\nHost: a\r\n\r\n"),
        (400, b"GET /log in HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GE(T /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET: /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"HTTP/1.1 200 OK\r\nHost: a\r\n\r\n"),
        (400, b"Host: a\r\n\r\n"),
        (501, b"get /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (501, b"GETX /login HTTP/1.1\r\nHost: a\r\n\r\n"),
    ])
    .await;
}

#[tokio::test]
async fn a_version_is_http_slash_digit_dot_digit_and_ours_is_1_1_or_1_0() {
    expect_refused(&[
        (400, b"GET /login http/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /login Http/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/1,1\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/1\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/1.\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/01.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/1.10\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/1.x\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/1.1x\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/+1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/1 .1\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP 1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTPS/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /login ICY/1.1\r\nHost: a\r\n\r\n"),
        (505, b"GET /login HTTP/0.9\r\nHost: a\r\n\r\n"),
        (505, b"GET /login HTTP/1.2\r\nHost: a\r\n\r\n"),
        (505, b"GET /login HTTP/2.0\r\nHost: a\r\n\r\n"),
        (505, b"GET /login HTTP/3.0\r\nHost: a\r\n\r\n"),
        (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ])
    .await;
}

#[tokio::test]
async fn lines_end_with_cr_lf_and_with_nothing_else() {
    expect_refused(&[
        (400, b"GET /login HTTP/1.1\nHost: a\n\n"),
        (400, b"GET /login HTTP/1.1\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\r\n\n"),
        (400, b"\nGET /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"\rGET /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\rHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\r\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\n\r\r\n\r\n"),
        (
            400,
            b"GET /login HTTP/1.1\r\nHost: a\r\nX: y\rContent-Length: 5\r\n\r\n",
        ),
        (
            400,
            b"GET /login HTTP/1.1\r\nHost: a\r\nX: y\nContent-Length: 5\r\n\r\n",
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_field_line_is_a_token_a_colon_and_a_value_without_control_characters() {
    expect_refused(&[
        (400, b"GET /login HTTP/1.1\r\nHost : a\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost\t: a\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost\0: a\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\r\nX\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\r\n : x\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\r\nX(Y: z\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\r\nX\xe9: z\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\n Host: a\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\n\tX: y\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost:\r\n a\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n"),
        (
            400,
            b"GET /login HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz: 1\r\n\r\n",
        ),
        (400, b"GET /login HTTP/1.1\r\nHost: a\r\nX: y\r\n \r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\r\nX: y\0z\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\r\nX: \x1b[1m\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\r\nX: \x0b\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\r\nX: \x0c\r\n\r\n"),
    ])
    .await;
}

#[tokio::test]
async fn a_request_is_for_one_host_and_a_target_of_one_of_four_forms() {
    expect_refused(&[
        (400, b"GET /login HTTP/1.1\r\n\r\n"),
        (400, b"GET http://a/login HTTP/1.1\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n"),
        (400, b"GET /login HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
        (
            400,
            b"GET http://a/login HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        ),
        (400, b"GET /login HTTP/1.1\r\nHost:\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: :80\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a b\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a, b\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a\\b\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a?b\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a#b\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: user@a\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: http://a\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a:b\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a:-1\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a:65536\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: a:80:80\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: [::1\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: ::1\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: 127.0.0.1.1\r\n\r\n"),
        (400, b"GET /login HTTP/1.1\r\nHost: \xc3\xa9\r\n\r\n"),
        (400, b"GET login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET ?x HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET * HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET \\login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /login#top HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /login%zz HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /login% HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET http:///login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET http:/login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET http://user@a/login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET http://a:b/login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET http://a\\b/login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET ftp://a/login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (400, b"GET javascript:x HTTP/1.1\r\nHost: a\r\n\r\n"),
        (501, b"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n"),
    ])
    .await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table is read by its rows")]
async fn a_content_length_is_one_decimal_number() {
    expect_refused(&[
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 0\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\ncontent-length: 5\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 0\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 5,\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: ,5\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: -5\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 5 0\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 5.0\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 5e0\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: \"5\"\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 5;x=y\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: \xef\xbc\x95\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 5\r\n\r\nhello",
        ),
        (
            413,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 65537\r\n\r\nhello",
        ),
        (
            413,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551615\r\n\r\nhello",
        ),
    ])
    .await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table is read by its rows")]
async fn content_is_delimited_by_a_length_or_by_one_final_chunked_never_by_both() {
    expect_refused(&[
        // CL.TE and TE.CL, with every pair of values that makes one of the two look harmless.
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\nGPOST / HTTP/1.1\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"GET /login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: identity\r\n\r\nhello",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding:\r\n\r\nhello",
        ),
        // TE.TE: spellings that one server takes for chunked and the other does not.
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chun ked\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\0\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding\x0b: chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nX: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nX: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,\r\n\r\n0\r\n\r\n",
        ),
        // RFC 9112 §6.3: without a final chunked nobody can say where a request ends, so this must be a 400 …
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip, chunked\r\n\r\n0\r\n\r\n",
        ),
        // … and §6.1: a coding that is not known, within a final chunked, is a 501.
        (
            501,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            501,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        // HTTP/1.0 knows no Transfer-Encoding.
        (
            400,
            b"POST /logout HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ),
        (
            400,
            b"POST /logout HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        ),
        (
            417,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue, x\r\n\r\nhello",
        ),
    ])
    .await;
}

/// A chunked request with this content.
fn chunked(content: &[u8]) -> Vec<u8> {
    let head = b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    [head, content].concat()
}

#[tokio::test]
async fn a_chunk_is_as_long_as_its_line_says_in_hexadecimal() {
    let long_extension = [b"5;".as_slice(), &[b'x'; 300], b"\r\nhello\r\n0\r\n\r\n"].concat();
    let many_extensions = [
        &b"1;extension=of-some-length-that-adds-up\r\nx\r\n".repeat(200)[..],
        b"0\r\n\r\n",
    ]
    .concat();
    let table: Vec<(u16, Vec<u8>)> = [
        (400, &b"0x5\r\nhello\r\n0\r\n\r\n"[..]),
        (400, b"-5\r\nhello\r\n0\r\n\r\n"),
        (400, b"+5\r\nhello\r\n0\r\n\r\n"),
        (400, b" 5\r\nhello\r\n0\r\n\r\n"),
        (400, b"5 \r\nhello\r\n0\r\n\r\n"),
        (400, b"5 5\r\nhello\r\n0\r\n\r\n"),
        (400, b"5_0\r\nhello\r\n0\r\n\r\n"),
        (400, b"5,\r\nhello\r\n0\r\n\r\n"),
        (400, b"5.0\r\nhello\r\n0\r\n\r\n"),
        (400, b"g\r\nhello\r\n0\r\n\r\n"),
        (400, b"\r\nhello\r\n0\r\n\r\n"),
        (400, b";x=y\r\nhello\r\n0\r\n\r\n"),
        (400, b"5\0\r\nhello\r\n0\r\n\r\n"),
        (400, b"00000000000000005\r\nhello\r\n0\r\n\r\n"),
        (400, b"10000000000000005\r\nhello\r\n0\r\n\r\n"),
        (413, b"ffffffffffffffff\r\nhello\r\n0\r\n\r\n"),
        (413, b"10001\r\nhello\r\n0\r\n\r\n"),
        // Line ends that one server sees and the other does not.
        (400, b"5\nhello\r\n0\r\n\r\n"),
        (400, b"5\rhello\r\n0\r\n\r\n"),
        (400, b"5\r\r\nhello\r\n0\r\n\r\n"),
        (400, b"5;x\nhello\r\n0\r\n\r\n"),
        (400, b"5;x=\"\n\"\r\nhello\r\n0\r\n\r\n"),
        (400, b"5;x\rhello\r\n0\r\n\r\n"),
        (400, b"5;x=\0\r\nhello\r\n0\r\n\r\n"),
        // Chunks that end elsewhere than they say.
        (400, b"4\r\nhello\r\n0\r\n\r\n"),
        (400, b"6\r\nhello\r\n0\r\n\r\n"),
        (400, b"5\r\nhello0\r\n\r\n"),
        (400, b"5\r\nhello\n0\r\n\r\n"),
        (400, b"5\r\nhello\r0\r\n\r\n"),
        (400, b"5\r\nhelloxx0\r\n\r\n"),
        (400, b"5\r\nhello \r\n0\r\n\r\n"),
        // Trailers that are none.
        (400, b"0\r\n\n"),
        (400, b"0\n\r\n"),
        (400, b"0\r\nX: y\n\r\n"),
        (400, b"0\r\nX: y\n\n"),
        (400, b"0\r\nX: y\rz\r\n\r\n"),
        (400, b"0\r\nX : y\r\n\r\n"),
        (400, b"0\r\nX: y\r\n z\r\n\r\n"),
        (400, b"0\r\n x\r\n\r\n"),
        (400, b"0\r\nX: \0\r\n\r\n"),
        (400, b"0\r\n"),
        (400, &long_extension),
        (400, &many_extensions),
    ]
    .into_iter()
    .map(|(status, content)| (status, chunked(content)))
    .collect();
    let table: Vec<(u16, &[u8])> = table.iter().map(|(s, r)| (*s, r.as_slice())).collect();
    expect_refused(&table).await;
}

#[tokio::test]
async fn heads_that_have_one_reading_only_are_read() {
    expect_one_reading(&[
        (200, b"GET /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        // RFC 9112 §2.2: empty lines in front are passed over.
        (200, b"\r\nGET /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (200, b"\r\n\r\n\r\nGET /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (200, b"GET /login HTTP/1.1\r\nHost:a\r\n\r\n"),
        (200, b"GET /login HTTP/1.1\r\nHOST:\t a \t\r\n\r\n"),
        (200, b"GET /login HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"),
        (200, b"GET /login HTTP/1.1\r\nHost: a.b_c-d:\r\n\r\n"),
        (200, b"GET /login HTTP/1.1\r\nHost: a\r\nX:\r\n\r\n"),
        (200, b"GET /login HTTP/1.1\r\nHost: a\r\nX: y:z\r\n\r\n"),
        (
            200,
            b"GET /login HTTP/1.1\r\nHost: a\r\nX: \xe9\xff\x80\r\n\r\n",
        ),
        (
            200,
            b"GET /login HTTP/1.1\r\nHost: a\r\n!#$%&'*+-.^_`|~09: x\r\n\r\n",
        ),
        (200, b"GET /login?a=b|c{d}\"e HTTP/1.1\r\nHost: a\r\n\r\n"),
        (404, b"GET /\\login HTTP/1.1\r\nHost: a\r\n\r\n"),
        (404, b"GET // HTTP/1.1\r\nHost: a\r\n\r\n"),
        (
            200,
            b"GET /login HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        ),
        (
            200,
            b"GET /login HTTP/1.1\r\nHost: a\r\nConnection: Content-Length, Host\r\n\r\n",
        ),
        // What some servers act on, and HTTP does not know.
        (
            200,
            b"GET /login HTTP/1.1\r\nHost: a\r\nX-HTTP-Method-Override: PUT\r\nX-Original-URL: /nowhere\r\n\r\n",
        ),
        (
            200,
            b"GET /login HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n",
        ),
    ])
    .await;
}

#[tokio::test]
async fn content_that_has_one_reading_only_is_read() {
    expect_one_reading(&[
        (303, b"POST /logout HTTP/1.1\r\nHost: a\r\n\r\n"),
        (
            303,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        ),
        // RFC 9110 §8.6: repeated, but one number.
        (
            303,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        ),
        (
            303,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\nhello",
        ),
        (
            303,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 005\r\n\r\nhello",
        ),
        (
            303,
            b"POST /logout HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
        ),
        // GET has no use for content, but its content is not the next request.
        (
            200,
            b"GET /login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        ),
        (
            204,
            b"OPTIONS * HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        ),
        (
            405,
            b"PUT /login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
        ),
        (
            200,
            b"GET /login HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ),
        (
            303,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        ),
        // RFC 9110 §5.6.1: empty members of a list do not count.
        (
            303,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: , chunked ,\r\n\r\n0\r\n\r\n",
        ),
        // Names with an underscore are other names: some gateways confuse them, HTTP does not.
        (
            303,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent_Length: 500\r\nTransfer_Encoding: chunked\r\n\r\n",
        ),
        // Content sent together with its head needs no 100.
        (
            303,
            b"POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\nhello",
        ),
    ])
    .await;
}

#[tokio::test]
async fn chunks_that_have_one_reading_only_are_read() {
    let table: Vec<(u16, Vec<u8>)> = [
        &b"0\r\n\r\n"[..],
        b"5\r\nhello\r\n0\r\n\r\n",
        b"5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n",
        b"0000000000000005\r\nhello\r\n0\r\n\r\n",
        b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n",
        b"5;name=value\r\nhello\r\n0;last\r\n\r\n",
        b"5;name=\"quoted; value\"\r\nhello\r\n0\r\n\r\n",
        // RFC 9112 §7.1.1: blanks around the semicolon are bad, and must be read all the same.
        b"5 ; name\t= value\r\nhello\r\n0\r\n\r\n",
        b"5\r\n0\r\n\r\n\r\n0\r\n\r\n",
        b"0\r\nDigest: x\r\nX:\r\n\r\n",
        // A trailer never takes the place of a field of the head.
        b"0\r\nContent-Length: 50\r\nTransfer-Encoding: gzip\r\nHost: b\r\n\r\n",
    ]
    .into_iter()
    .map(|content| (303, chunked(content)))
    .collect();
    let table: Vec<(u16, &[u8])> = table.iter().map(|(s, r)| (*s, r.as_slice())).collect();
    expect_one_reading(&table).await;
}
