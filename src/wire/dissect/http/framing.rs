//! How the content of a message is delimited, whichever side sent it (RFC 9112 §6.3).
//! Unlike the server's own rule, which refuses what is ambiguous, this one says what a reader would make of it.

use crate::http::body::content_length;
use crate::http::{Fields, HeadError};

/// Where content ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::wire) enum Framing {
    /// There is none.
    None,
    /// After so many bytes.
    Length(u64),
    /// With the last chunk and the trailer section.
    Chunked,
    /// With the connection.
    ToEnd,
    /// Nobody can know: the head contradicts itself.
    Unknown,
}

/// Where content ends, and which rule the head breaks in saying so.
pub(in crate::wire) type Framed = (Framing, Option<HeadError>);

/// The content of a request.
pub(in crate::wire) fn of_request(fields: &Fields, is_http_1_0: bool) -> Framed {
    if !fields.contains("Transfer-Encoding") {
        return match content_length(fields) {
            Ok(length) => (length.map_or(Framing::None, Framing::Length), None),
            Err(error) => (Framing::Unknown, Some(error)),
        };
    }
    if !is_chunked(fields) {
        return (Framing::Unknown, Some(HeadError::TransferEncoding));
    }
    (Framing::Chunked, breach(fields, is_http_1_0))
}

/// The content of a response with this status code to a request with this method, if it is known.
pub(in crate::wire) fn of_response(
    fields: &Fields,
    status_code: u16,
    request_method: Option<&[u8]>,
    is_http_1_0: bool,
) -> Framed {
    let has_none = matches!(status_code, 100..=199 | 204 | 304)
        || request_method == Some(b"HEAD")
        || (request_method == Some(b"CONNECT") && matches!(status_code, 200..=299));
    if has_none {
        return (Framing::None, None);
    }
    if !fields.contains("Transfer-Encoding") {
        return match content_length(fields) {
            Ok(length) => (length.map_or(Framing::ToEnd, Framing::Length), None),
            Err(error) => (Framing::Unknown, Some(error)),
        };
    }
    if !is_chunked(fields) {
        return (Framing::ToEnd, breach(fields, is_http_1_0));
    }
    (Framing::Chunked, breach(fields, is_http_1_0))
}

fn breach(fields: &Fields, is_http_1_0: bool) -> Option<HeadError> {
    if fields.contains("Content-Length") {
        Some(HeadError::LengthAndEncoding)
    } else {
        is_http_1_0.then_some(HeadError::EncodingInHttp10)
    }
}

fn is_chunked(fields: &Fields) -> bool {
    fields
        .list("Transfer-Encoding")
        .last()
        .is_some_and(|coding| coding.eq_ignore_ascii_case(b"chunked"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::dissect::http::head::Head;

    fn fields(lines: &str) -> Fields {
        let bytes = format!("x\r\n{lines}\r\n");
        Head::read(bytes.as_bytes()).values(bytes.as_bytes())
    }

    #[test]
    fn a_request_has_content_only_if_it_says_so() {
        for (lines, is_http_1_0, framed) in [
            ("", false, (Framing::None, None)),
            ("Content-Length: 7\r\n", false, (Framing::Length(7), None)),
            (
                "Content-Length: 7\r\nContent-Length: 7\r\n",
                false,
                (Framing::Length(7), None),
            ),
            (
                "Content-Length: 7, 8\r\n",
                false,
                (Framing::Unknown, Some(HeadError::ContentLength)),
            ),
            (
                "Transfer-Encoding: gzip, Chunked\r\n",
                false,
                (Framing::Chunked, None),
            ),
            (
                "Transfer-Encoding: gzip\r\n",
                false,
                (Framing::Unknown, Some(HeadError::TransferEncoding)),
            ),
            (
                "Transfer-Encoding: chunked\r\n",
                true,
                (Framing::Chunked, Some(HeadError::EncodingInHttp10)),
            ),
            (
                "Transfer-Encoding: chunked\r\nContent-Length: 7\r\n",
                false,
                (Framing::Chunked, Some(HeadError::LengthAndEncoding)),
            ),
        ] {
            assert_eq!(of_request(&fields(lines), is_http_1_0), framed, "{lines:?}");
        }
    }

    #[test]
    fn a_response_has_content_unless_status_or_method_say_no() {
        let length = "Content-Length: 7\r\n";
        for (lines, status_code, method, framing) in [
            (length, 200, Some(&b"GET"[..]), Framing::Length(7)),
            (length, 200, None, Framing::Length(7)),
            (length, 200, Some(b"HEAD"), Framing::None),
            (length, 304, Some(b"GET"), Framing::None),
            (length, 204, Some(b"GET"), Framing::None),
            (length, 103, Some(b"GET"), Framing::None),
            (length, 200, Some(b"CONNECT"), Framing::None),
            (length, 407, Some(b"CONNECT"), Framing::Length(7)),
            ("", 200, Some(b"GET"), Framing::ToEnd),
            (
                "Transfer-Encoding: chunked\r\n",
                200,
                Some(b"GET"),
                Framing::Chunked,
            ),
            (
                "Transfer-Encoding: gzip\r\n",
                200,
                Some(b"GET"),
                Framing::ToEnd,
            ),
        ] {
            let framed = of_response(&fields(lines), status_code, method, false);
            assert_eq!(
                framed,
                (framing, None),
                "{lines:?} {status_code} {method:?}"
            );
        }
    }
}
