//! How content is delimited, in one way only: framing and chunks, bytes in and value or reason out.
//! Content that arrives slowly or in pieces is `io`'s to read.

use super::*;
use crate::http::head::{Scanned, decode_request_head};

fn framing(version: &str, fields: &str) -> Result<Framing, HeadError> {
    let input = format!("POST / {version}\r\n{fields}\r\n");
    match decode_request_head(input.as_bytes(), &mut Scanned::default()) {
        Ok(Progress::Done { value, .. }) => Framing::of(&value),
        other => panic!("{input:?}: {other:?}"),
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table is read by its rows")]
fn content_is_delimited_in_one_way_only() {
    use HeadError as E;
    for (fields, answer) in [
        ("", Ok(Framing::None)),
        ("Content-Length: 0\r\n", Ok(Framing::Length(0))),
        ("Content-Length: 42\r\n", Ok(Framing::Length(42))),
        (
            "Content-Length: 42\r\nContent-Length: 42\r\n",
            Ok(Framing::Length(42)),
        ),
        ("Content-Length: 42, 42\r\n", Ok(Framing::Length(42))),
        ("Transfer-Encoding: chunked\r\n", Ok(Framing::Chunked)),
        ("Transfer-Encoding: , CHUNKED\r\n", Ok(Framing::Chunked)),
        (
            "Content-Length: 42\r\nContent-Length: 43\r\n",
            Err(E::ContentLength),
        ),
        ("Content-Length: 42, 43\r\n", Err(E::ContentLength)),
        ("Content-Length: 42,\r\n", Err(E::ContentLength)),
        ("Content-Length:\r\n", Err(E::ContentLength)),
        ("Content-Length: +42\r\n", Err(E::ContentLength)),
        ("Content-Length: -1\r\n", Err(E::ContentLength)),
        ("Content-Length: 0x2a\r\n", Err(E::ContentLength)),
        ("Content-Length: 4 2\r\n", Err(E::ContentLength)),
        (
            "Content-Length: 18446744073709551616\r\n",
            Err(E::ContentLength),
        ),
        (
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            Err(E::LengthAndEncoding),
        ),
        (
            "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n",
            Err(E::LengthAndEncoding),
        ),
        ("Transfer-Encoding:\r\n", Err(E::TransferEncoding)),
        (
            "Transfer-Encoding: chunked, chunked\r\n",
            Err(E::TransferEncoding),
        ),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            Err(E::TransferEncoding),
        ),
        (
            "Transfer-Encoding: gzip, chunked\r\n",
            Err(E::UnknownTransferCoding),
        ),
        ("Transfer-Encoding: gzip\r\n", Err(E::TransferEncoding)),
        (
            "Transfer-Encoding: chunked, identity\r\n",
            Err(E::TransferEncoding),
        ),
        ("Transfer-Encoding: xchunked\r\n", Err(E::TransferEncoding)),
        (
            "Transfer-Encoding: chunked;q=1\r\n",
            Err(E::TransferEncoding),
        ),
        (
            "Transfer-Encoding: \"chunked\"\r\n",
            Err(E::TransferEncoding),
        ),
    ] {
        assert_eq!(framing("HTTP/1.1", fields), answer, "{fields:?}");
    }
    assert_eq!(
        framing("HTTP/1.0", "Transfer-Encoding: chunked\r\n"),
        Err(E::EncodingInHttp10)
    );
    assert_eq!(
        framing("HTTP/1.0", "Content-Length: 3\r\n"),
        Ok(Framing::Length(3))
    );
}

#[test]
fn chunk_lines_keep_three_promises() {
    for (input, size, extensions) in [
        (&b"0\r\n"[..], 0, 1..1),
        (b"a\r\n", 10, 1..1),
        (b"00fF\r\n", 255, 4..4),
        (b"ffffffffffffffff\r\n", u64::MAX, 16..16),
        (b"5;name=\"va lue\"\r\n", 5, 1..15),
        (b"5 ;x\r\n", 5, 1..4),
        (b"5\t; a \t= \"\\\"\xe9\";b=\"\"\r\n", 5, 1..19),
    ] {
        for end in 0..input.len() {
            assert_eq!(
                decode_chunk_line(&input[..end]),
                Ok(Progress::NeedMore),
                "{end} of {input:?}"
            );
        }
        let more = [input, b"rest"].concat();
        let Ok(Progress::Done { value, used_bytes }) = decode_chunk_line(&more) else {
            panic!("{input:?}")
        };
        assert_eq!(
            (value.chunk_size, value.extensions_at, used_bytes),
            (size, extensions, input.len())
        );
    }
}

#[test]
fn bad_chunk_lines_are_refused() {
    for (input, error) in [
        (&b"\r\n"[..], BodyError::ChunkSize),
        (b"g\r\n", BodyError::ChunkSize),
        (b"0x5\r\n", BodyError::ChunkSize),
        (b"-1\r\n", BodyError::ChunkSize),
        (b"+1\r\n", BodyError::ChunkSize),
        (b" 5\r\n", BodyError::ChunkSize),
        (b"5 \r\n", BodyError::ChunkSize),
        (b"5 5\r\n", BodyError::ChunkSize),
        (b"5_0\r\n", BodyError::ChunkSize),
        (b"10000000000000000\r\n", BodyError::ChunkSize),
        (b"5\n", BodyError::ChunkLine),
        (b"5\rx", BodyError::ChunkLine),
        (b"5;a\nb\r\n", BodyError::ChunkLine),
        (b"5;a\0\r\n", BodyError::ChunkLine),
        (b"5;\r\n", BodyError::ChunkLine),
        (b"5;;a\r\n", BodyError::ChunkLine),
        (b"5;=b\r\n", BodyError::ChunkLine),
        (b"5;a=\r\n", BodyError::ChunkLine),
        (b"5;a b\r\n", BodyError::ChunkLine),
        (b"5;a \r\n", BodyError::ChunkLine),
        (b"5;a=\"b\r\n", BodyError::ChunkLine),
        (b"5;a=\"b\\\"\r\n", BodyError::ChunkLine),
        (b"5;a=\"b\\\r\n", BodyError::ChunkLine),
        (b"5;a=\"b\"c\r\n", BodyError::ChunkLine),
        (b"5;a=\"\x1b\"\r\n", BodyError::ChunkLine),
        (b"5;a=\"\\\x1b\"\r\n", BodyError::ChunkLine),
        (b"z", BodyError::ChunkSize),
        (b"z\r", BodyError::ChunkSize),
        (b"\r", BodyError::ChunkSize),
    ] {
        assert_eq!(
            decode_chunk_line(input),
            Err(error),
            "{:?}",
            input.escape_ascii().to_string()
        );
    }
    let long = |len: usize| [b"5;".to_vec(), vec![b'x'; len - 2], b"\r\n".to_vec()].concat();
    assert!(decode_chunk_line(&long(CHUNK_LINE_LEN_MAX - 1)).is_ok());
    assert_eq!(
        decode_chunk_line(&long(CHUNK_LINE_LEN_MAX)),
        Err(BodyError::ChunkLine)
    );
}

#[test]
fn a_chunk_ends_with_cr_lf() {
    assert_eq!(decode_chunk_end(b"\r"), Ok(Progress::NeedMore));
    assert_eq!(
        decode_chunk_end(b"\r\nx"),
        Ok(Progress::Done {
            value: (),
            used_bytes: 2
        })
    );
    for bad in [&b"\n"[..], b"x", b"\rx", b"x\r\n"] {
        assert_eq!(decode_chunk_end(bad), Err(BodyError::ChunkEnd));
    }
}

#[test]
fn trailers_are_read_up_to_the_empty_line() {
    for (input, lines) in [(&b"\r\n"[..], 0), (b"A: b\r\nDigest: c\r\n\r\n", 2)] {
        for end in 0..input.len() {
            assert_eq!(
                decode_trailers(&input[..end]),
                Ok(Progress::NeedMore),
                "{end} of {input:?}"
            );
        }
        let more = [input, b"GET / HTTP/1.1"].concat();
        let Ok(Progress::Done { value, used_bytes }) = decode_trailers(&more) else {
            panic!("{input:?}")
        };
        assert_eq!((value.lines().len(), used_bytes), (lines, input.len()));
    }
    for (bad, error) in [
        // Refused as soon as it is clear: nobody waits for the end of what cannot become valid.
        (b"\n".to_vec(), BodyError::Trailers),
        (b"A: b\n".to_vec(), BodyError::Trailers),
        (b"A: b\rc".to_vec(), BodyError::Trailers),
        (b"A b\r\n\r\n".to_vec(), BodyError::Trailers),
        (b"A: b\n\r\n\r\n".to_vec(), BodyError::Trailers),
        (b"A: b\rc\r\n\r\n".to_vec(), BodyError::Trailers),
        (b"A: b\r\n c\r\n\r\n".to_vec(), BodyError::Trailers),
        (b"A : b\r\n\r\n".to_vec(), BodyError::Trailers),
        (b"a".repeat(TRAILERS_LEN_MAX), BodyError::TrailersTooLong),
        (
            [b"a: b\r\n".repeat(33), b"\r\n".to_vec()].concat(),
            BodyError::TrailersTooLong,
        ),
    ] {
        assert_eq!(
            decode_trailers(&bad),
            Err(error),
            "{:?}",
            bad.escape_ascii().to_string().get(..20)
        );
    }
}
