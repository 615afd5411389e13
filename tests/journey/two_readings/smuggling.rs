//! The forms of request smuggling that are known by a name, each in the spellings that have worked somewhere.
//! A row says what one server was led to believe; the answers are those of a server that knows one reading only.
//!
//! Of two letters around a dot the first stands for the server in front, the second for the one behind it: `CL` goes by
//! Content-Length, `TE` by Transfer-Encoding, `0` reads no content at all.

use super::{Row, expect_rows};

/// In front of rows that begin with what says how long the content is.
const POST: &[u8] = b"POST /logout HTTP/1.1\r\nHost: a\r\n";

/// In front of rows that begin with the first chunk.
const CHUNKED: &[u8] = b"POST /logout HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

/// 31 bytes of content that look like a request: `Content-Length: 31`, or a chunk of `1f`.
const PREY: &str = "GET /prey HTTP/1.1\r\nHost: a\r\n\r\n";

#[tokio::test]
async fn cl_te_and_te_cl_content_with_two_lengths_has_none() {
    expect_rows(POST, &[
        ("CL.TE", &[400], b"Content-Length: 36\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("TE.CL", &[400], b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n1f\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n\r\n0\r\n\r\n"),
        ("CL.TE, a length of nothing", &[400], b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("CL.TE, a coding of nothing", &[400], b"Content-Length: 31\r\nTransfer-Encoding: \r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("TE.CL, a coding that some ignore", &[400], b"Content-Length: 31\r\nTransfer-Encoding: identity\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a connection's own option hides the coding", &[400], b"Connection: Transfer-Encoding\r\nContent-Length: 31\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("a connection's own option hides the length", &[400], b"Connection: Content-Length\r\nContent-Length: 31\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("two lengths and a coding", &[400], b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        ("CL.CL", &[400], b"Content-Length: 31\r\nContent-Length: 0\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("CL.CL in one line", &[400], b"Content-Length: 0, 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("CL.CL behind a fold", &[400], b"Content-Length: 0\r\n , 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        // RFC 9112 §6.3: with a valid length alone, whatever else the request says, the content is that long.
        ("Connection names the length, and takes it not away", &[303, 404], b"Connection: Content-Length\r\nContent-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("Connection names the coding, and takes it not away", &[303, 404], b"Connection: Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n1f\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n\r\n0\r\n\r\n"),
    ])
    .await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table is read by its rows")]
async fn te_te_a_coding_is_chunked_or_the_request_is_refused() {
    expect_rows(
        POST,
        &[
            (
                "vertical tab in front",
                &[400],
                b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "form feed behind",
                &[400],
                b"Transfer-Encoding: chunked\x0c\r\n\r\n0\r\n\r\n",
            ),
            (
                "NUL in front",
                &[400],
                b"Transfer-Encoding:\0chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "a lone CR in front",
                &[400],
                b"Transfer-Encoding:\rchunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "a lone LF in front",
                &[400],
                b"Transfer-Encoding:\nchunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "next line, as Latin-1 has it",
                &[400],
                b"Transfer-Encoding: \x85chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "a blank of Latin-1",
                &[400],
                b"Transfer-Encoding: \xa0chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "a blank of Unicode",
                &[400],
                b"Transfer-Encoding: \xe2\x80\x83chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "the Kelvin sign, which is k in lower case",
                &[400],
                b"Transfer-Encoding: chun\xe2\x84\xaaed\r\n\r\n0\r\n\r\n",
            ),
            (
                "a letter with its eighth bit set",
                &[400],
                b"Transfer-Encoding: chunke\xe4\r\n\r\n0\r\n\r\n",
            ),
            (
                "quoted by apostrophes",
                &[400],
                b"Transfer-Encoding: 'chunked'\r\n\r\n0\r\n\r\n",
            ),
            (
                "an encoded word",
                &[400],
                b"Transfer-Encoding: =?utf-8?Q?chunked?=\r\n\r\n0\r\n\r\n",
            ),
            (
                "a parameter of nothing",
                &[400],
                b"Transfer-Encoding: chunked;\r\n\r\n0\r\n\r\n",
            ),
            (
                "a member behind",
                &[400],
                b"Transfer-Encoding: chunked, cow\r\n\r\n0\r\n\r\n",
            ),
            (
                "a member behind, on a line of its own",
                &[400],
                b"Transfer-Encoding: chunked\r\nTransfer-Encoding: cow\r\n\r\n0\r\n\r\n",
            ),
            (
                "a member in front",
                &[501],
                b"Transfer-Encoding: cow, chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "a member in front, on a line of its own",
                &[501],
                b"Transfer-Encoding: cow\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "a prefix",
                &[400],
                b"Transfer-Encoding: chunk\r\n\r\n0\r\n\r\n",
            ),
            (
                "a blank in its middle",
                &[400],
                b"Transfer-Encoding: chunk ed\r\n\r\n0\r\n\r\n",
            ),
            (
                "a colon too many",
                &[400],
                b"Transfer-Encoding:: chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "a semicolon for the colon",
                &[400],
                b"Transfer-Encoding; chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "no colon",
                &[400],
                b"Transfer-Encoding chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "a blank in the name",
                &[400],
                b"Transfer Encoding: chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "NUL in the name",
                &[400],
                b"Transfer\0-Encoding: chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "backspace in the name",
                &[400],
                b"Transfer-Encodin\x08g: chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "a line end in the name",
                &[400],
                b"Transfer-Encoding\r\n: chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "a fold in front of the colon",
                &[400],
                b"Transfer-Encoding\r\n : chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "a fold behind the name of another",
                &[400],
                b"X:\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "a CR in front of the name",
                &[400],
                b"X: y\r\n\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "an LF in the value of another",
                &[400],
                b"X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "a blank in front of the name",
                &[400],
                b" Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            ),
            // Nothing of these is a coding of the message: without a length it has no content.
            (
                "the coding of another field",
                &[303, 404],
                b"Content-Encoding: chunked\r\n\r\n",
            ),
            (
                "what the client can read",
                &[303, 404],
                b"TE: chunked\r\nConnection: TE\r\n\r\n",
            ),
            (
                "a name that goes on",
                &[303, 404],
                b"Transfer-Encoding-: chunked\r\n\r\n",
            ),
            (
                "an X in front",
                &[303, 404],
                b"X-Transfer-Encoding: chunked\r\n\r\n",
            ),
            (
                "a name with underscore",
                &[303, 404],
                b"Transfer_Encoding: chunked\r\n\r\n",
            ),
            // OWS, case and empty members are in the grammar (RFC 9110 §5.5, §5.6.1; RFC 9112 §7).
            (
                "tabs around it",
                &[303, 404],
                b"Transfer-Encoding:\tchunked\t\r\n\r\n0\r\n\r\n",
            ),
            (
                "no blank",
                &[303, 404],
                b"Transfer-Encoding:chunked\r\n\r\n0\r\n\r\n",
            ),
            (
                "small and capital letters",
                &[303, 404],
                b"tRANSFER-eNCODING: cHUNKED\r\n\r\n0\r\n\r\n",
            ),
            (
                "an empty member on a line of its own",
                &[303, 404],
                b"Transfer-Encoding: chunked\r\nTransfer-Encoding: \r\n\r\n0\r\n\r\n",
            ),
        ],
    )
    .await;
}

/// What asks for content to be read, whatever the answer: all of them would be answered without looking at it.
const ANSWERED_WITHOUT_CONTENT: &[(u16, &str)] = &[
    (303, "POST /logout HTTP/1.1\r\nHost: a\r\n"),
    (200, "GET /login HTTP/1.1\r\nHost: a\r\n"),
    (200, "HEAD /login HTTP/1.1\r\nHost: a\r\n"),
    (303, "GET / HTTP/1.1\r\nHost: a\r\n"),
    (204, "OPTIONS /login HTTP/1.1\r\nHost: a\r\n"),
    (200, "GET /favicon.ico HTTP/1.1\r\nHost: a\r\n"),
    (405, "POST /favicon.ico HTTP/1.1\r\nHost: a\r\n"),
    (404, "POST /nowhere HTTP/1.1\r\nHost: a\r\n"),
    (405, "TRACE /login HTTP/1.1\r\nHost: a\r\n"),
    (405, "DELETE /login HTTP/1.1\r\nHost: a\r\n"),
    (
        415,
        "POST /login HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\n",
    ),
    (
        403,
        "POST /login HTTP/1.1\r\nHost: a\r\nSec-Fetch-Site: cross-site\r\n",
    ),
    (
        304,
        "GET /favicon.ico HTTP/1.1\r\nHost: a\r\nIf-None-Match: *\r\n",
    ),
    (
        412,
        "GET /favicon.ico HTTP/1.1\r\nHost: a\r\nIf-Match: \"x\"\r\n",
    ),
    (
        206,
        "GET /favicon.ico HTTP/1.1\r\nHost: a\r\nRange: bytes=0-0\r\n",
    ),
    (
        416,
        "GET /favicon.ico HTTP/1.1\r\nHost: a\r\nRange: bytes=9999999-\r\n",
    ),
    (426, "GET /ws HTTP/1.1\r\nHost: a\r\n"),
    (
        401,
        "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
    ),
];

#[tokio::test]
async fn cl_0_and_te_0_content_is_read_whatever_the_answer_is() {
    let fronts = ANSWERED_WITHOUT_CONTENT.iter();
    let rows = fronts.flat_map(|&(status, front)| {
        let by_length = format!("{front}Content-Length: 31\r\n\r\n{PREY}");
        let in_chunks =
            format!("{front}Transfer-Encoding: chunked\r\n\r\n1f\r\n{PREY}\r\n0\r\n\r\n");
        let does_not_wait =
            format!("{front}Expect: 100-continue\r\nContent-Length: 31\r\n\r\n{PREY}");
        [
            ("CL.0", status, by_length),
            ("TE.0", status, in_chunks),
            ("CL.0 with Expect", status, does_not_wait),
        ]
    });
    for (what, status, bytes) in rows {
        expect_rows(b"", &[(what, &[status, 404], bytes.as_bytes())]).await;
    }
}

#[tokio::test]
async fn zero_cl_a_length_that_is_hidden_from_some_is_seen_or_refused() {
    expect_rows(POST, &[
        ("a blank before the colon", &[400], b"Content-Length : 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a blank in front of the name", &[400], b" Content-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a fold in front of the number", &[400], b"Content-Length:\r\n\t31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("an LF in front of the number", &[400], b"Content-Length:\n 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("NUL behind the number", &[400], b"Content-Length: 31\0\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("vertical tab in front of the number", &[400], b"Content-Length: \x0b31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("in the value of another, behind CR", &[400], b"X: y\rContent-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("in the value of another, behind LF", &[400], b"X: y\nContent-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a name with NUL", &[400], b"Content-Length\0: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a name with a soft hyphen", &[400], b"Content\xad-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("digits of another script", &[400], b"Content-Length: \xd9\xa3\xd9\xa1\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a superscript, which is a digit to some", &[400], b"Content-Length: 3\xb9\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("in octal", &[400], b"Content-Length: 0o37\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("in binary", &[400], b"Content-Length: 0b11111\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a list whose end is empty", &[400], b"Content-Length: 31 ,\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("no content, but a second line says so", &[400], b"Content-Length: 31\r\nContent-Length:\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        // Seen, by the grammar: `1*DIGIT` with OWS around it.
        ("many zeros", &[303, 404], b"Content-Length: 000000000000000000000031\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("tabs around it", &[303, 404], b"Content-Length:\t31\t\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("no blank", &[303, 404], b"content-length:31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("not octal", &[303, 404], b"Content-Length: 0031\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        // Another name is no length: what stands behind the head is the next request, and is answered as one.
        ("an X in front", &[303, 404, 404], b"X-Content-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a name with underscore", &[303, 404, 404], b"Content_Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a name that goes on", &[303, 404, 404], b"Content-Length-: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
    ])
    .await;
}

#[tokio::test]
async fn expect_changes_nothing_about_where_content_ends() {
    expect_rows(POST, &[
        ("two words", &[417], b"Expect: y 100-continue\r\nContent-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("twice in one line", &[417], b"Expect: 100-continue, 100-continue\r\nContent-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("twice in two lines", &[417], b"Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("with a parameter", &[417], b"Expect: 100-continue;x=y\r\nContent-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("quoted", &[417], b"Expect: \"100-continue\"\r\nContent-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a blank for the hyphen", &[417], b"Expect: 100 continue\r\nContent-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("NUL behind it", &[400], b"Expect: 100-continue\0\r\nContent-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a blank before the colon", &[400], b"Expect : 100-continue\r\nContent-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a fold", &[400], b"Expect:\r\n 100-continue\r\nContent-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("content that would be too long", &[413], b"Expect: 100-continue\r\nContent-Length: 65537\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("two lengths", &[400], b"Expect: 100-continue\r\nContent-Length: 31\r\nContent-Length: 0\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a length and a coding", &[400], b"Expect: 100-continue\r\nContent-Length: 31\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ("tabs around it", &[303, 404], b"Expect:\t100-continue\t\r\nContent-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("nothing is to follow", &[303, 404], b"Expect: 100-continue\r\n\r\n"),
        ("in chunks", &[303, 404], b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n1f\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n\r\n0\r\n\r\n"),
    ])
    .await;
    // HTTP/1.0 knows no expectations (RFC 9110 §10.1.1): there the field is passed over.
    expect_rows(b"POST /logout HTTP/1.0\r\nConnection: keep-alive\r\n", &[
        ("asked for by HTTP/1.0", &[303, 404], b"Expect: 100-continue\r\nContent-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("unknown to HTTP/1.0", &[303, 404], b"Expect: y 100-continue\r\nContent-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n"),
    ])
    .await;
}

/// TERM: a lone LF ends a line. EXT: a lone LF belongs to the extension. SPILL: whatever stands behind a chunk is passed over.
#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table is read by its rows")]
async fn term_ext_and_spill_a_chunk_has_no_line_ends_but_its_own() {
    expect_rows(
        CHUNKED,
        &[
            (
                "TERM.EXT",
                &[400],
                b"2;\nxx\r\n25\r\n0\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n\r\n0\r\n\r\n",
            ),
            (
                "EXT.TERM",
                &[400],
                b"2;\nxx\r\n1a\r\n0\r\n\r\nGET /prey HTTP/1.1\r\n\r\n0\r\n\r\n",
            ),
            (
                "TERM.EXT without a semicolon",
                &[400],
                b"2\nxx\r\n0\r\n\r\n",
            ),
            ("TERM.EXT behind a blank", &[400], b"2 \nxx\r\n0\r\n\r\n"),
            (
                "TERM.EXT, LF in a name",
                &[400],
                b"2;a\nb\r\nxx\r\n0\r\n\r\n",
            ),
            (
                "TERM.EXT, LF in a value",
                &[400],
                b"2;a=b\nc\r\nxx\r\n0\r\n\r\n",
            ),
            (
                "TERM.EXT, LF in quotes",
                &[400],
                b"2;a=\"b\nc\"\r\nxx\r\n0\r\n\r\n",
            ),
            (
                "TERM.EXT, LF escaped in quotes",
                &[400],
                b"2;a=\"b\\\nc\"\r\nxx\r\n0\r\n\r\n",
            ),
            ("TERM.EXT on the last chunk", &[400], b"0;\n\r\n\r\n"),
            ("TERM.EXT with CR", &[400], b"2;\rxx\r\n0\r\n\r\n"),
            (
                "TERM.EXT with CR in quotes",
                &[400],
                b"2;a=\"\rxx\"\r\nxx\r\n0\r\n\r\n",
            ),
            ("CR LF in quotes", &[400], b"2;a=\"\r\nxx\r\n0\r\n\r\n"),
            (
                "CR LF in quotes that end",
                &[400],
                b"2;a=\"b\r\n\"\r\nxx\r\n0\r\n\r\n",
            ),
            ("CR CR LF", &[400], b"2\r\r\nxx\r\n0\r\n\r\n"),
            ("LF CR", &[400], b"2\n\rxx\r\n0\r\n\r\n"),
            (
                "SPILL.TERM, two letters behind a chunk",
                &[400],
                b"2\r\nxxyy0\r\n\r\n",
            ),
            (
                "SPILL.TERM, more than two",
                &[400],
                b"2\r\nxxyyyy\r\n0\r\n\r\n",
            ),
            ("TERM.SPILL, LF and a digit", &[400], b"2\r\nxx\n20\r\n\r\n"),
            ("TERM.SPILL, CR and a digit", &[400], b"2\r\nxx\r20\r\n\r\n"),
            ("TWO.ONE, LF behind a chunk", &[400], b"2\r\nxx\n0\r\n\r\n"),
            (
                "TWO.ZERO, nothing behind a chunk",
                &[400],
                b"2\r\nxx0\r\n\r\n",
            ),
            ("LF LF behind a chunk", &[400], b"2\r\nxx\n\n0\r\n\r\n"),
            ("LF CR behind a chunk", &[400], b"2\r\nxx\n\r0\r\n\r\n"),
            ("CR CR behind a chunk", &[400], b"2\r\nxx\r\r0\r\n\r\n"),
            (
                "an empty line behind a chunk",
                &[400],
                b"2\r\nxx\r\n\r\n0\r\n\r\n",
            ),
            ("LF behind the last chunk", &[400], b"0\n\n"),
            ("LF LF behind the last line end", &[400], b"0\r\n\n\n"),
            ("CR CR behind the last line end", &[400], b"0\r\n\r\r\n"),
        ],
    )
    .await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "a table is read by its rows")]
async fn the_size_of_a_chunk_has_one_spelling_and_its_extensions_have_a_grammar() {
    expect_rows(
        CHUNKED,
        &[
            (
                "beyond 64 bits",
                &[400],
                b"100000000000000002\r\nxx\r\n0\r\n\r\n",
            ),
            (
                "below nothing, where it wraps",
                &[413],
                b"fffffffffffffffe\r\nxx\r\n0\r\n\r\n",
            ),
            (
                "below nothing in 32 bits",
                &[413],
                b"fffffffe\r\nxx\r\n0\r\n\r\n",
            ),
            ("nothing in 32 bits", &[413], b"100000000\r\n\r\n0\r\n\r\n"),
            ("seventeen zeros", &[400], b"00000000000000000\r\n\r\n"),
            ("nothing, as some read 0x0", &[400], b"0x0\r\n\r\n"),
            ("a letter behind a digit", &[400], b"2h\r\nxx\r\n0\r\n\r\n"),
            ("a fraction", &[400], b"2.\r\nxx\r\n0\r\n\r\n"),
            (
                "an exponent that is a digit, too",
                &[400],
                b"2e+1\r\nxx\r\n0\r\n\r\n",
            ),
            ("vertical tab in front", &[400], b"\x0b2\r\nxx\r\n0\r\n\r\n"),
            ("form feed behind", &[400], b"2\x0c\r\nxx\r\n0\r\n\r\n"),
            (
                "next line of Latin-1 behind",
                &[400],
                b"2\x85\r\nxx\r\n0\r\n\r\n",
            ),
            ("a tab behind", &[400], b"2\t\r\nxx\r\n0\r\n\r\n"),
            (
                "a byte order mark in front",
                &[400],
                b"\xef\xbb\xbf2\r\nxx\r\n0\r\n\r\n",
            ),
            (
                "digits of another script",
                &[400],
                b"\xd9\xa2\r\nxx\r\n0\r\n\r\n",
            ),
            ("an extension of nothing", &[400], b"2;\r\nxx\r\n0\r\n\r\n"),
            (
                "an extension of nothing in front of one",
                &[400],
                b"2;;a\r\nxx\r\n0\r\n\r\n",
            ),
            (
                "an extension without name",
                &[400],
                b"2;=b\r\nxx\r\n0\r\n\r\n",
            ),
            (
                "an extension without value",
                &[400],
                b"2;a=\r\nxx\r\n0\r\n\r\n",
            ),
            (
                "an extension of two words",
                &[400],
                b"2;a b\r\nxx\r\n0\r\n\r\n",
            ),
            (
                "an extension of two values",
                &[400],
                b"2;a=b c\r\nxx\r\n0\r\n\r\n",
            ),
            (
                "quotes that do not end",
                &[400],
                b"2;a=\"b\r\nxx\r\n0\r\n\r\n",
            ),
            (
                "quotes whose end is escaped",
                &[400],
                b"2;a=\"b\\\"\r\nxx\r\n0\r\n\r\n",
            ),
            (
                "something behind the quotes",
                &[400],
                b"2;a=\"b\"c\r\nxx\r\n0\r\n\r\n",
            ),
            ("quotes for a name", &[400], b"2;\"a\"=b\r\nxx\r\n0\r\n\r\n"),
            (
                "a comma for the semicolon",
                &[400],
                b"2,a=b\r\nxx\r\n0\r\n\r\n",
            ),
            (
                "a blank behind the extension",
                &[400],
                b"2;a \r\nxx\r\n0\r\n\r\n",
            ),
            (
                "several extensions",
                &[303, 404],
                b"2;a;b=c;d=\"e;f\"\r\nxx\r\n0\r\n\r\n",
            ),
            (
                "an escaped quote",
                &[303, 404],
                b"2;a=\"\\\"\\\\\"\r\nxx\r\n0\r\n\r\n",
            ),
            (
                "letters of Latin-1 in quotes",
                &[303, 404],
                b"2;a=\"\xe9\"\r\nxx\r\n0\r\n\r\n",
            ),
            ("empty quotes", &[303, 404], b"2;a=\"\"\r\nxx\r\n0\r\n\r\n"),
            (
                "blanks wherever bad ones may be",
                &[303, 404],
                b"2\t; \ta \t=\t \"b\" ; c\r\nxx\r\n0\r\n\r\n",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_trailer_is_no_field_of_the_head_and_no_request() {
    expect_rows(
        CHUNKED,
        &[
            (
                "a request for a trailer",
                &[400],
                b"0\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n",
            ),
            (
                "a trailer section that does not end",
                &[400],
                b"0\r\nX: y\r\n",
            ),
            (
                "a trailer behind LF",
                &[400],
                b"0\r\nX: y\nContent-Length: 31\r\n\r\n",
            ),
            ("a trailer with CR", &[400], b"0\r\nX: y\r\n\rZ: z\r\n\r\n"),
            ("a trailer without name", &[400], b"0\r\n: y\r\n\r\n"),
            (
                "a trailer with a blank in its name",
                &[400],
                b"0\r\nX Y: z\r\n\r\n",
            ),
            // The length in the trailer is none: what follows is the next request, and is answered.
            (
                "a length",
                &[303, 404, 404],
                b"0\r\nContent-Length: 31\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n",
            ),
            (
                "a coding",
                &[303, 404, 404],
                b"0\r\nTransfer-Encoding: chunked\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n",
            ),
            (
                "an end of the connection",
                &[303, 404, 404],
                b"0\r\nConnection: close\r\n\r\nGET /prey HTTP/1.1\r\nHost: a\r\n\r\n",
            ),
            ("an expectation", &[303, 404], b"0\r\nExpect: x\r\n\r\n"),
            (
                "another host, twice",
                &[303, 404],
                b"0\r\nHost: b\r\nHost: c\r\n\r\n",
            ),
            (
                "an upgrade",
                &[303, 404],
                b"0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_host_that_only_one_server_sees_is_refused() {
    let table: &[Row<'_>] = &[
        ("a fold", &[400], b"GET /login HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"),
        ("a fold behind nothing", &[400], b"GET /login HTTP/1.1\r\nHost:\r\n a\r\n\r\n"),
        ("a blank in front of the second", &[400], b"GET /login HTTP/1.1\r\nHost: a\r\n Host: b\r\n\r\n"),
        ("a blank before its colon", &[400], b"GET /login HTTP/1.1\r\nHost: a\r\nHost : b\r\n\r\n"),
        ("behind CR", &[400], b"GET /login HTTP/1.1\r\nX: y\rHost: b\r\nHost: a\r\n\r\n"),
        ("behind LF", &[400], b"GET /login HTTP/1.1\r\nX: y\nHost: b\r\nHost: a\r\n\r\n"),
        ("an X for the H, and no other", &[400], b"GET /login HTTP/1.1\r\nXost: a\r\n\r\n"),
        ("a name of two words", &[400], b"GET /login HTTP/1.1\r\nX Host: a\r\nHost: a\r\n\r\n"),
        ("NUL in it", &[400], b"GET /login HTTP/1.1\r\nHost: a\0.b\r\n\r\n"),
        ("an escape in it", &[400], b"GET /login HTTP/1.1\r\nHost: a%00.b\r\n\r\n"),
        ("a port that goes on", &[400], b"GET /login HTTP/1.1\r\nHost: a:80.b\r\n\r\n"),
        ("a port with a sign", &[400], b"GET /login HTTP/1.1\r\nHost: a:+80\r\n\r\n"),
        ("a port in another script", &[400], b"GET /login HTTP/1.1\r\nHost: a:\xd9\xa8\xd9\xa0\r\n\r\n"),
        ("a port and a user", &[400], b"GET /login HTTP/1.1\r\nHost: a:80@b\r\n\r\n"),
        ("a password", &[400], b"GET /login HTTP/1.1\r\nHost: u:p@a\r\n\r\n"),
        ("something behind the bracket", &[400], b"GET /login HTTP/1.1\r\nHost: [::1]a\r\n\r\n"),
        ("a zone", &[400], b"GET /login HTTP/1.1\r\nHost: [fe80::1%25eth0]\r\n\r\n"),
        ("brackets around a name", &[400], b"GET /login HTTP/1.1\r\nHost: [a]\r\n\r\n"),
        ("a semicolon", &[400], b"GET /login HTTP/1.1\r\nHost: a;b\r\n\r\n"),
        ("a quote", &[400], b"GET /login HTTP/1.1\r\nHost: \"a\"\r\n\r\n"),
        ("a user in the URL", &[400], b"GET http://a:80@b/login HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a user of nothing in the URL", &[400], b"GET http://@a/login HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a fragment in the URL", &[400], b"GET http://a#@b/login HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("one slash in the URL", &[400], b"GET http:/a/login HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("three slashes in the URL", &[400], b"GET http:///a/login HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("backslashes in the URL", &[400], b"GET http:\\\\a/login HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a blank in the URL", &[400], b"GET http://a /login HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a URL for OPTIONS with a user", &[400], b"OPTIONS http://u@a HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a URL and an invalid Host", &[400], b"GET http://a/login HTTP/1.1\r\nHost: a b\r\n\r\n"),
        ("a path that begins with a host", &[404, 404], b"GET //b/login HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("a URL for a path", &[404, 404], b"GET /http://b/login HTTP/1.1\r\nHost: a\r\n\r\n"),
        ("fields that gateways set", &[200, 404], b"GET /login HTTP/1.1\r\nHost: a\r\nX-Forwarded-Host: b\r\nForwarded: host=c\r\nX-Host: d\r\n\r\n"),
        ("the default port, left empty", &[200, 404], b"GET /login HTTP/1.1\r\nHost: a:\r\n\r\n"),
    ];
    expect_rows(b"", table).await;
}
