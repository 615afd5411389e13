//! Where the content of a request ends: lengths, transfer codings and chunks (RFC 9112 §§6–7).
//! What stands in front of it is judged in `heads`.

use super::{expect_one_reading, expect_refused};

/// In front of rows that begin with what says how long the content is.
const POST: &[u8] = b"POST /logout HTTP/1.1\r\nHost: a\r\n";

/// In front of rows that begin with the first chunk.
const CHUNKED: &[u8] = b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

#[tokio::test]
async fn a_content_length_is_one_decimal_number() {
    expect_refused(
        POST,
        &[
            (400, b"Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello"),
            (400, b"Content-Length: 0\r\ncontent-length: 5\r\n\r\nhello"),
            (400, b"Content-Length: 5, 0\r\n\r\nhello"),
            (400, b"Content-Length: 5,\r\n\r\nhello"),
            (400, b"Content-Length: ,5\r\n\r\nhello"),
            (400, b"Content-Length:\r\n\r\nhello"),
            (400, b"Content-Length: +5\r\n\r\nhello"),
            (400, b"Content-Length: -5\r\n\r\nhello"),
            (400, b"Content-Length: 5 0\r\n\r\nhello"),
            (400, b"Content-Length: 0x5\r\n\r\nhello"),
            (400, b"Content-Length: 5.0\r\n\r\nhello"),
            (400, b"Content-Length: 5e0\r\n\r\nhello"),
            (400, b"Content-Length: 1_0\r\n\r\nhello"),
            (400, b"Content-Length: \"5\"\r\n\r\nhello"),
            (400, b"Content-Length: 5;x=y\r\n\r\nhello"),
            (400, b"Content-Length: \xef\xbc\x95\r\n\r\nhello"),
            (400, b"Content-Length: 18446744073709551616\r\n\r\nhello"),
            (400, b"Content-Length : 5\r\n\r\nhello"),
            (400, b"Content-Length:\r\n 5\r\n\r\nhello"),
            (413, b"Content-Length: 65537\r\n\r\nhello"),
            (413, b"Content-Length: 18446744073709551615\r\n\r\nhello"),
        ],
    )
    .await;
}

#[tokio::test]
async fn content_is_delimited_by_a_length_or_by_one_final_chunked_never_by_both() {
    expect_refused(POST, &[
        // CL.TE and TE.CL, with every pair of values that makes one of the two look harmless.
        (400, b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nG"),
        (400, b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n5c\r\nGPOST /\r\n0\r\n\r\n"),
        (400, b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, b"Content-Length: 5\r\nTransfer-Encoding:\r\n\r\nhello"),
        // TE.TE: spellings that one server takes for chunked and the other does not.
        (400, b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
        (400, b"Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n"),
        (400, b"Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n"),
        (400, b"Transfer-Encoding: chun ked\r\n\r\n0\r\n\r\n"),
        (400, b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n"),
        (400, b"Transfer-Encoding: chunked\0\r\n\r\n0\r\n\r\n"),
        (400, b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n"),
        (400, b"Transfer-Encoding\x0b: chunked\r\n\r\n0\r\n\r\n"),
        (400, b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
        (400, b"X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, b"X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (400, b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
        (400, b"Transfer-Encoding:\r\n\r\n0\r\n\r\n"),
        (400, b"Transfer-Encoding: ,\r\n\r\n0\r\n\r\n"),
        // RFC 9112 §6.3: without a final chunked nobody can say where a request ends, so this must be a 400 …
        (400, b"Transfer-Encoding: identity\r\n\r\n"),
        (400, b"Transfer-Encoding: gzip\r\n\r\n"),
        (400, b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"),
        (400, b"Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n0\r\n\r\n"),
        (400, b"Transfer-Encoding: chunked, gzip, chunked\r\n\r\n0\r\n\r\n"),
        // … and §6.1: a coding that is not known, within a final chunked, is a 501.
        (501, b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
        (501, b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        // An expectation that is not understood changes nothing about where content ends.
        (417, b"Content-Length: 5\r\nExpect: 100-continue, x\r\n\r\nhello"),
    ])
    .await;
    // No method is above it.
    expect_refused(
        b"GET /login HTTP/1.1\r\nHost: a\r\n",
        &[
            (
                400,
                b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello",
            ),
            (
                400,
                b"Content-Length: 5\r\nTransfer-Encoding: identity\r\n\r\nhello",
            ),
            (400, b"Content-Length: 5, 6\r\n\r\nhello"),
        ],
    )
    .await;
}

#[tokio::test]
async fn http_1_0_knows_lengths_and_no_transfer_codings() {
    const POST_1_0: &[u8] = b"POST /logout HTTP/1.0\r\nConnection: keep-alive\r\n";
    expect_refused(
        POST_1_0,
        &[
            (400, b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            (
                400,
                b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
            ),
            (
                400,
                b"Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
            ),
        ],
    )
    .await;
    expect_one_reading(
        POST_1_0,
        &[(303, b"\r\n"), (303, b"Content-Length: 5\r\n\r\nhello")],
    )
    .await;
}

#[tokio::test]
async fn content_that_has_one_reading_only_is_read() {
    expect_one_reading(
        POST,
        &[
            (303, b"\r\n"),
            (303, b"Content-Length: 5\r\n\r\nhello"),
            // RFC 9110 §8.6: repeated, but one number.
            (303, b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
            (303, b"Content-Length: 5, 5\r\n\r\nhello"),
            (303, b"Content-Length: 005\r\n\r\nhello"),
            (
                303,
                b"Transfer-Encoding: CHUNKED\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
            ),
            // RFC 9110 §5.6.1: empty members of a list do not count.
            (303, b"Transfer-Encoding: , chunked ,\r\n\r\n0\r\n\r\n"),
            // Names with an underscore are other names: some gateways confuse them, HTTP does not.
            (
                303,
                b"Content_Length: 500\r\nTransfer_Encoding: chunked\r\n\r\n",
            ),
            // Content sent together with its head needs no 100.
            (
                303,
                b"Content-Length: 5\r\nExpect: 100-Continue\r\n\r\nhello",
            ),
        ],
    )
    .await;
    // Some methods have no use for content, but their content is not the next request.
    for (front, status) in [
        (&b"GET /login HTTP/1.1\r\nHost: a\r\n"[..], 200),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n", 204),
        (b"PUT /login HTTP/1.1\r\nHost: a\r\n", 405),
    ] {
        expect_one_reading(
            front,
            &[
                (status, b"Content-Length: 5\r\n\r\nhello"),
                (
                    status,
                    b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
                ),
            ],
        )
        .await;
    }
}

#[tokio::test]
async fn a_chunk_is_as_long_as_its_line_says_in_hexadecimal() {
    let long_extension = [b"5;".as_slice(), &[b'x'; 300], b"\r\nhello\r\n0\r\n\r\n"].concat();
    let many_extensions = [
        &b"1;extension=of-some-length-that-adds-up\r\nx\r\n".repeat(200)[..],
        b"0\r\n\r\n",
    ]
    .concat();
    expect_refused(
        CHUNKED,
        &[
            (400, b"0x5\r\nhello\r\n0\r\n\r\n"),
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
        ],
    )
    .await;
}

#[tokio::test]
async fn chunks_that_have_one_reading_only_are_read() {
    expect_one_reading(
        CHUNKED,
        &[
            (303, b"0\r\n\r\n"),
            (303, b"5\r\nhello\r\n0\r\n\r\n"),
            (303, b"5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n"),
            (303, b"0000000000000005\r\nhello\r\n0\r\n\r\n"),
            (303, b"A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"),
            (303, b"5;name=value\r\nhello\r\n0;last\r\n\r\n"),
            (303, b"5;name=\"quoted; value\"\r\nhello\r\n0\r\n\r\n"),
            // RFC 9112 §7.1.1: blanks around the semicolon are bad, and must be read all the same.
            (303, b"5 ; name\t= value\r\nhello\r\n0\r\n\r\n"),
            (303, b"5\r\n0\r\n\r\n\r\n0\r\n\r\n"),
            (303, b"0\r\nDigest: x\r\nX:\r\n\r\n"),
            // A trailer never takes the place of a field of the head.
            (
                303,
                b"0\r\nContent-Length: 50\r\nTransfer-Encoding: gzip\r\nHost: b\r\n\r\n",
            ),
        ],
    )
    .await;
}
