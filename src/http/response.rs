//! Responses: a status, fields and content, and their bytes (RFC 9112 §4, RFC 9110 §15).
//! No clock and no socket: the date and what became of the connection are handed in.

use bytes::Bytes;

use super::field_lines::FieldLines;
use super::head::{Method, Version};
use super::status::StatusCode;
use crate::octets::{Chunk, Decimal};

/// A response before it is written.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: StatusCode,
    fields: FieldLines,
    /// The content; shared, so that a file is never copied to be sent.
    pub body: Body,
}

/// The content of a response.
#[derive(Debug, Clone)]
pub enum Body {
    /// None, and no length is told (101, 204, 304).
    None,
    /// These bytes, which others hold, too, as those of a file.
    Shared(Bytes),
    /// These bytes, made for this response.
    Own(Vec<u8>),
    /// None, but the length it would have is told: the answer to HEAD.
    LengthOnly(usize),
}

impl From<Bytes> for Body {
    fn from(content: Bytes) -> Self {
        Self::Shared(content)
    }
}

impl From<String> for Body {
    fn from(content: String) -> Self {
        Self::Own(content.into_bytes())
    }
}

impl From<Vec<u8>> for Body {
    fn from(content: Vec<u8>) -> Self {
        Self::Own(content)
    }
}

/// How a response is to be written: what it answers, and whether more may follow.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances {
    /// The version of the request.
    pub version: Version,
    /// HEAD gets everything but the content (RFC 9110 §9.3.2).
    pub method: Option<Method>,
    /// Whether the connection stays open behind it.
    pub keep_alive: bool,
}

impl Response {
    /// A response without content; its length is told as 0 where the status allows content.
    #[must_use]
    pub fn new(status: StatusCode) -> Self {
        let body = if status.forbids_content() {
            Body::None
        } else {
            Body::Own(Vec::new())
        };
        Self {
            status,
            fields: FieldLines::new(),
            body,
        }
    }

    /// A response with content of a media type.
    #[must_use]
    pub fn with_content(
        status: StatusCode,
        content_type: &'static str,
        content: impl Into<Body>,
    ) -> Self {
        let mut response = Self::new(status).field("Content-Type", content_type);
        response.body = content.into();
        response
    }

    /// Plain text: for answers that no browser is expected to show.
    #[must_use]
    pub fn text(status: StatusCode, text: impl Into<String>) -> Self {
        Self::with_content(status, "text/plain; charset=utf-8", text.into() + "\n")
    }

    /// Sends the client on to `location` with GET (RFC 9110 §15.4.4).
    #[must_use]
    pub fn see_other(location: impl AsRef<str>) -> Self {
        Self::new(StatusCode::SEE_OTHER).field("Location", location)
    }

    /// Adds a field line. Control characters in `value` become blanks: no value can split a response
    /// in two (RFC 9110 §5.5).
    #[must_use]
    pub fn field(mut self, name: &'static str, value: impl AsRef<str>) -> Self {
        self.add_field(name, value);
        self
    }

    /// As `field`, in place.
    pub fn add_field(&mut self, name: &'static str, value: impl AsRef<str>) {
        self.fields.push(name, value.as_ref());
    }

    /// Adds field lines that other responses have, too.
    pub fn add_field_lines(&mut self, lines: &FieldLines) {
        self.fields.append(lines);
    }

    /// The length of the content that will be sent to a client that did not ask with HEAD.
    #[must_use]
    pub fn content_len(&self) -> usize {
        match &self.body {
            Body::None => 0,
            Body::Shared(content) => content.len(),
            Body::Own(content) => content.len(),
            Body::LengthOnly(len) => *len,
        }
    }

    /// Writes the head behind what `out` holds already, and gives the content that must follow it. `date` is
    /// the value of the `Date` field.
    ///
    /// `Connection` is only written where it says something: `close`, or `keep-alive` to HTTP/1.0.
    pub fn encode_head(
        &self,
        circumstances: Circumstances,
        date: &str,
        out: &mut Vec<u8>,
    ) -> Chunk<'_> {
        let (number, reason) = (self.status.number(), self.status.reason_phrase());
        let number_text = Decimal::of(number.into());
        append(
            out,
            &["HTTP/1.1 ", number_text.as_str(), " ", reason, "\r\n"],
        );
        let is_final = number >= 200;
        if is_final {
            append(out, &["Date: ", date, "\r\n"]);
        }
        out.extend_from_slice(self.fields.as_bytes());
        if !matches!(self.body, Body::None) {
            let len = Decimal::of(self.content_len() as u64);
            append(out, &["Content-Length: ", len.as_str(), "\r\n"]);
        }
        match (circumstances.version, circumstances.keep_alive) {
            _ if !is_final => {}
            (_, false) => append(out, &["Connection: close\r\n"]),
            (Version::Http10, true) => append(out, &["Connection: keep-alive\r\n"]),
            (Version::Http11, true) => {}
        }
        out.extend_from_slice(b"\r\n");
        match &self.body {
            _ if circumstances.method == Some(Method::Head) => Chunk::Borrowed(&[]),
            Body::Shared(content) => Chunk::Shared(content),
            Body::Own(content) => Chunk::Borrowed(content),
            Body::None | Body::LengthOnly(_) => Chunk::Borrowed(&[]),
        }
    }
}

fn append(out: &mut Vec<u8>, parts: &[&str]) {
    for part in parts {
        out.extend_from_slice(part.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const GET: Circumstances = Circumstances {
        version: Version::Http11,
        method: Some(Method::Get),
        keep_alive: true,
    };

    fn bytes(response: &Response, circumstances: Circumstances) -> String {
        let mut out = Vec::new();
        let content = response.encode_head(circumstances, DATE, &mut out);
        out.extend_from_slice(content.as_slice());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_response_is_written_to_the_byte() {
        let response = Response::text(StatusCode::OK, "hi");
        assert_eq!(
            bytes(&response, GET),
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n\r\nhi\n"
        );
    }

    #[test]
    fn head_gets_all_but_the_content() {
        let response = Response::text(StatusCode::OK, "hi");
        let get = bytes(&response, GET);
        let head = bytes(
            &response,
            Circumstances {
                method: Some(Method::Head),
                ..GET
            },
        );
        assert_eq!(get.strip_suffix("hi\n"), Some(head.as_str()));
    }

    #[test]
    fn the_connection_field_says_only_what_is_not_the_default() {
        let response = Response::new(StatusCode::OK);
        for (version, keep_alive, line) in [
            (Version::Http11, true, None),
            (Version::Http11, false, Some("Connection: close\r\n")),
            (Version::Http10, true, Some("Connection: keep-alive\r\n")),
            (Version::Http10, false, Some("Connection: close\r\n")),
        ] {
            let text = bytes(
                &response,
                Circumstances {
                    version,
                    keep_alive,
                    ..GET
                },
            );
            assert_eq!(text.contains("Connection"), line.is_some());
            assert!(line.is_none_or(|line| text.contains(line)), "{text}");
        }
    }

    #[test]
    fn responses_that_have_no_content_tell_no_length() {
        for (status, tells) in [
            (StatusCode::NO_CONTENT, false),
            (StatusCode::NOT_MODIFIED, false),
            (StatusCode::SWITCHING_PROTOCOLS, false),
            (StatusCode::OK, true),
            (StatusCode::SEE_OTHER, true),
        ] {
            assert_eq!(
                bytes(&Response::new(status), GET).contains("Content-Length: 0\r\n"),
                tells,
                "{status}"
            );
        }
        assert_eq!(
            bytes(&Response::new(StatusCode::CONTINUE), GET),
            "HTTP/1.1 100 Continue\r\n\r\n"
        );
    }

    #[test]
    fn no_value_splits_a_response() {
        let response = Response::see_other("/a\r\nSet-Cookie: x=y\n\0");
        assert!(bytes(&response, GET).contains("Location: /a  Set-Cookie: x=y  \r\n"));
    }
}
