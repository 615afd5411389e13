//! All 256 bytes, each in every place where a grammar of RFC 9110 or 9112 allows some and no others.
//! Which those are is written here once more, from the RFCs, so that no byte is let through that nobody thought of.

use super::{Row, expect_row_over};
use crate::client::Wire;
use crate::support::Server;

/// `tchar` (RFC 9110 §5.6.2).
fn is_tchar(byte: u8) -> bool {
    matches!(
        byte,
        b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.'
    ) || matches!(byte, b'^' | b'_' | b'`' | b'|' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z')
}

/// `SP`, `HTAB`, `VCHAR` and `obs-text` (RFC 9110 §5.5).
fn may_stand_in_a_value(byte: u8) -> bool {
    matches!(byte, b'\t' | b' '..=b'~' | 0x80..)
}

/// OWS (RFC 9110 §5.6.3).
fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// These statuses for the bytes that are good there, and 400 for all others.
fn if_good(
    is_good: impl Fn(u8) -> bool + Copy,
    statuses: &'static [u16],
) -> impl Fn(u8) -> &'static [u16] + Copy {
    move |byte| if is_good(byte) { statuses } else { &[400] }
}

/// Puts every byte between `front` and `back`, and asks `statuses` what the answers must be.
async fn expect(what: &str, front: &str, back: &str, statuses: impl Fn(u8) -> &'static [u16]) {
    let server = Server::plain().await;
    for byte in u8::MIN..=u8::MAX {
        let bytes = [front.as_bytes(), &[byte], back.as_bytes()].concat();
        let row: Row<'_> = (what, statuses(byte), &bytes);
        expect_row_over(Wire::Plain, &server, &row).await;
    }
}

#[tokio::test]
async fn in_a_method() {
    // Any other method is a method that nobody here knows (RFC 9110 §9.1).
    let statuses = if_good(is_tchar, &[501]);
    expect(
        "method",
        "GE",
        "T /login HTTP/1.1\r\nHost: a\r\n\r\n",
        statuses,
    )
    .await;
}

#[tokio::test]
async fn in_a_target() {
    // Visible ASCII but `#`, which begins a fragment, and `%`, which begins an escape that `gi` does not go on with.
    let is_good = |byte: u8| matches!(byte, b'!'..=b'~') && !matches!(byte, b'#' | b'%');
    let statuses = if_good(is_good, &[404, 404]);
    expect(
        "target",
        "GET /lo",
        "gin HTTP/1.1\r\nHost: a\r\n\r\n",
        statuses,
    )
    .await;
}

#[tokio::test]
async fn in_a_version() {
    let statuses = if_good(|byte| byte == b'.', &[200, 404]);
    expect(
        "between the digits",
        "GET /login HTTP/1",
        "1\r\nHost: a\r\n\r\n",
        statuses,
    )
    .await;
    let statuses = |byte| match byte {
        b'0' => &[200][..],
        b'1' => &[200, 404],
        b'2'..=b'9' => &[505],
        _ => &[400],
    };
    expect(
        "second digit",
        "GET /login HTTP/1.",
        "\r\nHost: a\r\n\r\n",
        statuses,
    )
    .await;
}

#[tokio::test]
async fn in_a_field_name() {
    let is_good = |byte| is_tchar(byte) || byte == b':';
    let statuses = if_good(is_good, &[200, 404]);
    expect(
        "in it",
        "GET /login HTTP/1.1\r\nHost: a\r\nX",
        "Y: z\r\n\r\n",
        statuses,
    )
    .await;
    expect(
        "before the colon",
        "GET /login HTTP/1.1\r\nHost: a\r\nX",
        ": z\r\n\r\n",
        statuses,
    )
    .await;
    let statuses = if_good(is_tchar, &[200, 404]);
    expect(
        "in front",
        "GET /login HTTP/1.1\r\nHost: a\r\n",
        "X: z\r\n\r\n",
        statuses,
    )
    .await;
}

#[tokio::test]
async fn in_a_field_value() {
    let is_good = may_stand_in_a_value;
    let statuses = if_good(is_good, &[200, 404]);
    expect(
        "in it",
        "GET /login HTTP/1.1\r\nHost: a\r\nX: y",
        "z\r\n\r\n",
        statuses,
    )
    .await;
    expect(
        "behind it",
        "GET /login HTTP/1.1\r\nHost: a\r\nX: y",
        "\r\n\r\n",
        statuses,
    )
    .await;
}

#[tokio::test]
async fn in_a_host() {
    // `:` is followed by no port here.
    let is_good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    let statuses = if_good(is_good, &[200, 404]);
    expect(
        "in it",
        "GET /login HTTP/1.1\r\nHost: a",
        "c\r\n\r\n",
        statuses,
    )
    .await;
}

#[tokio::test]
async fn around_a_length() {
    let post = "POST /logout HTTP/1.1\r\nHost: a\r\nContent-Length:";
    // Whatever length it becomes, there is as much content, and behind it what is no request.
    let is_good = |byte: u8| is_blank(byte) || byte.is_ascii_digit();
    let statuses = if_good(is_good, &[303, 400]);
    let back = format!("0\r\n\r\n{}", "(".repeat(100));
    expect("in front of it", post, &back, statuses).await;
    let back = format!("\r\n\r\n{}", "(".repeat(100));
    expect("behind it", &format!("{post} 0"), &back, statuses).await;
}

#[tokio::test]
async fn around_a_coding() {
    let post = "POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:";
    let is_good = |byte| is_blank(byte) || byte == b',';
    let statuses = if_good(is_good, &[303, 404]);
    expect("in front of it", post, "chunked\r\n\r\n0\r\n\r\n", statuses).await;
    expect(
        "behind it",
        &format!("{post} chunked"),
        "\r\n\r\n0\r\n\r\n",
        statuses,
    )
    .await;
}

#[tokio::test]
async fn around_the_size_of_a_chunk() {
    let post = "POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    // Other digits announce a chunk, and none of those that fit into what follows ends where it should.
    let statuses = if_good(|byte| byte == b'0', &[303, 400]);
    let back = format!("0\r\n\r\n{}", "(".repeat(300));
    expect("in front of it", post, &back, statuses).await;
    let back = format!("\r\n\r\n{}", "(".repeat(300));
    expect("behind it", &format!("{post}0"), &back, statuses).await;
}

#[tokio::test]
async fn behind_a_chunk() {
    let post = "POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx";
    let statuses = if_good(|byte| byte == b'\r', &[303, 404]);
    expect("in front of LF", post, "\n0\r\n\r\n", statuses).await;
    let statuses = if_good(|byte| byte == b'\n', &[303, 404]);
    expect("behind CR", &format!("{post}\r"), "0\r\n\r\n", statuses).await;
}

#[tokio::test]
async fn in_the_extension_of_a_chunk() {
    let post = "POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    // A name; or a semicolon, an equals sign or a blank that begins something new.
    let statuses = if_good(
        |byte| is_tchar(byte) || matches!(byte, b';' | b'='),
        &[303, 404],
    );
    expect("in its name", &format!("{post}0;a"), "b\r\n\r\n", statuses).await;
    // What quotes hold: all that a value may, but the quote that ends them.
    let is_good = |byte| may_stand_in_a_value(byte) && byte != b'"';
    let statuses = if_good(is_good, &[303, 404]);
    expect(
        "in quotes",
        &format!("{post}0;a=\"b"),
        "c\"\r\n\r\n",
        statuses,
    )
    .await;
}

#[tokio::test]
async fn in_a_trailer() {
    let post = "POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n";
    let is_good = |byte| is_tchar(byte) || byte == b':';
    let statuses = if_good(is_good, &[303, 404]);
    expect("in its name", &format!("{post}X"), "Y: z\r\n\r\n", statuses).await;
    let is_good = may_stand_in_a_value;
    let statuses = if_good(is_good, &[303, 404]);
    expect(
        "in its value",
        &format!("{post}X: y"),
        "z\r\n\r\n",
        statuses,
    )
    .await;
}
