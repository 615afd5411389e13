//! Heads of requests: first line, line ends, field lines, host and target (RFC 9112 §§2–5).
//! How their content is delimited stands in `lengths`.

use super::{expect_one_reading, expect_refused};

#[tokio::test]
async fn a_first_line_is_three_words_with_one_space_between_them() {
    expect_refused(
        b"",
        &[
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
        ],
    )
    .await;
}

#[tokio::test]
async fn a_version_is_http_slash_digit_dot_digit_and_ours_is_1_1_or_1_0() {
    expect_refused(
        b"",
        &[
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
        ],
    )
    .await;
}

#[tokio::test]
async fn lines_end_with_cr_lf_and_with_nothing_else() {
    expect_refused(
        b"",
        &[
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
        ],
    )
    .await;
}

#[tokio::test]
async fn a_field_line_is_a_token_a_colon_and_a_value_without_control_characters() {
    expect_refused(
        b"",
        &[
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
        ],
    )
    .await;
}

#[tokio::test]
async fn a_request_is_for_one_host_and_a_target_of_one_of_four_forms() {
    expect_refused(
        b"",
        &[
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
        ],
    )
    .await;
}

#[tokio::test]
async fn heads_that_have_one_reading_only_are_read() {
    expect_one_reading(
        b"",
        &[
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
                b"GET /login HTTP/1.1\r\nHost: a\r\nX-HTTP-Method-Override: PUT\r\n\r\n",
            ),
            (
                200,
                b"GET /login HTTP/1.1\r\nHost: a\r\nX-Original-URL: /nowhere\r\n\r\n",
            ),
            (
                200,
                b"GET /login HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
            ),
        ],
    )
    .await;
}
