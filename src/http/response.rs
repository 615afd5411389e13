//! Responses: a status, fields and content, and their bytes (RFC 9112 §4, RFC 9110 §15).
//! No clock and no socket: the date and what became of the connection are handed in.

use std::borrow::Cow;
use std::fmt::Write as _;

use bytes::Bytes;

use super::head::{Method, Version};
use super::status::StatusCode;

/// A response before it is written.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: StatusCode,
    fields: Vec<(&'static str, Cow<'static, str>)>,
    /// The content; shared, so that a file is never copied to be sent.
    pub body: Body,
}

/// The content of a response.
#[derive(Debug, Clone)]
pub enum Body {
    /// None, and no length is told (101, 204, 304).
    None,
    /// These bytes.
    Full(Bytes),
    /// None, but the length it would have is told: the answer to HEAD.
    LengthOnly(usize),
}

/// How a response is to be written: what it answers, when, and whether more may follow.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    /// The version of the request.
    pub version: Version,
    /// HEAD gets everything but the content (RFC 9110 §9.3.2).
    pub method: Option<Method>,
    /// The value of the `Date` field.
    pub date: &'a str,
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
            Body::Full(Bytes::new())
        };
        Self {
            status,
            fields: Vec::new(),
            body,
        }
    }

    /// A response with content of a media type.
    #[must_use]
    pub fn with_content(
        status: StatusCode,
        content_type: &'static str,
        content: impl Into<Bytes>,
    ) -> Self {
        let mut response = Self::new(status).field("Content-Type", content_type);
        response.body = Body::Full(content.into());
        response
    }

    /// Plain text: for answers that no browser is expected to show.
    #[must_use]
    pub fn text(status: StatusCode, text: impl Into<String>) -> Self {
        Self::with_content(status, "text/plain; charset=utf-8", text.into() + "\n")
    }

    /// Sends the client on to `location` with GET (RFC 9110 §15.4.4).
    #[must_use]
    pub fn see_other(location: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::SEE_OTHER).field("Location", location)
    }

    /// Adds a field line. Control characters in `value` become blanks: no value can split a response
    /// in two (RFC 9110 §5.5).
    #[must_use]
    pub fn field(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Self {
        self.add_field(name, value);
        self
    }

    /// As `field`, in place.
    pub fn add_field(&mut self, name: &'static str, value: impl Into<Cow<'static, str>>) {
        let mut value = value.into();
        if value.bytes().any(|byte| byte.is_ascii_control()) {
            value = value
                .chars()
                .map(|c| if c.is_control() { ' ' } else { c })
                .collect::<String>()
                .into();
        }
        self.fields.push((name, value));
    }

    /// The first value of `name`, whatever the case.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }

    /// The length of the content that will be sent to a client that did not ask with HEAD.
    #[must_use]
    pub fn content_len(&self) -> usize {
        match &self.body {
            Body::None => 0,
            Body::Full(content) => content.len(),
            Body::LengthOnly(len) => *len,
        }
    }

    /// Writes the head behind what `out` holds already, and gives the content that must follow it.
    ///
    /// `Connection` is only written where it says something: `close`, or `keep-alive` to HTTP/1.0.
    pub fn encode_head(&self, circumstances: Circumstances<'_>, out: &mut Vec<u8>) -> Bytes {
        let mut head = String::with_capacity(512);
        let _ = write!(
            head,
            "HTTP/1.1 {} {}\r\n",
            self.status.number(),
            self.status.reason_phrase()
        );
        if self.status.number() >= 200 {
            let _ = write!(head, "Date: {}\r\n", circumstances.date);
        }
        for (name, value) in &self.fields {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        if !matches!(self.body, Body::None) {
            let _ = write!(head, "Content-Length: {}\r\n", self.content_len());
        }
        if self.status.number() >= 200 {
            match (circumstances.version, circumstances.keep_alive) {
                (_, false) => head.push_str("Connection: close\r\n"),
                (Version::Http10, true) => head.push_str("Connection: keep-alive\r\n"),
                (Version::Http11, true) => {}
            }
        }
        head.push_str("\r\n");
        out.extend_from_slice(head.as_bytes());
        match &self.body {
            Body::Full(content) if circumstances.method != Some(Method::Head) => content.clone(),
            _ => Bytes::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Circumstances<'_> = Circumstances {
        version: Version::Http11,
        method: Some(Method::Get),
        date: "Sun, 06 Nov 1994 08:49:37 GMT",
        keep_alive: true,
    };

    fn bytes(response: &Response, circumstances: Circumstances<'_>) -> String {
        let mut out = Vec::new();
        let content = response.encode_head(circumstances, &mut out);
        out.extend_from_slice(&content);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_response_is_written_to_the_byte() {
        let response = Response::text(StatusCode::OK, "hi");
        assert_eq!(
            bytes(&response, NOW),
            "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n\r\nhi\n"
        );
    }

    #[test]
    fn head_gets_all_but_the_content() {
        let response = Response::text(StatusCode::OK, "hi");
        let get = bytes(&response, NOW);
        let head = bytes(
            &response,
            Circumstances {
                method: Some(Method::Head),
                ..NOW
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
                    ..NOW
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
                bytes(&Response::new(status), NOW).contains("Content-Length: 0\r\n"),
                tells,
                "{status}"
            );
        }
        assert_eq!(
            bytes(&Response::new(StatusCode::CONTINUE), NOW),
            "HTTP/1.1 100 Continue\r\n\r\n"
        );
    }

    #[test]
    fn no_value_splits_a_response() {
        let response = Response::see_other("/a\r\nSet-Cookie: x=y\n\0".to_owned());
        assert!(bytes(&response, NOW).contains("Location: /a  Set-Cookie: x=y  \r\n"));
    }
}
