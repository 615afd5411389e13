//! HTTP/1.1 messages as trees of fields: heads line by line, content by length or chunk by chunk (RFC 9110, RFC 9112).
//! Nothing is refused: where a message is broken, the tree says so, in the words of the server's own decoder.
//!
//! Where one message ends and the next begins is found by `stream`; here are the bytes of one.

/// What members of field values are for.
mod attributes;
mod chunks;
mod content;
mod field_line;
/// Where content ends.
pub(super) mod framing;
/// Where the lines of a head are.
pub(super) mod head;
mod known_fields;
mod pairs;
mod secrecy;
/// Request lines and status lines.
pub(super) mod start_line;
mod status;

use std::ops::Range;

use field_line::Place;
use framing::{Framed, Framing};
use head::Head;
use start_line::{RequestLine, StatusLine};

use super::source::{Row, Source};
use crate::http::{Fields, HeadError};
use crate::wire::field::{Field, Value};

/// A request: request line, field lines, content.
///
/// `bytes` are those of one message, or the beginning of one. Ranges in the tree are positions in them.
#[must_use]
pub fn dissect_request(bytes: &[u8]) -> Field {
    let head = Head::read(bytes);
    let fields = head.values(bytes);
    let line = RequestLine::read(bytes, &head.start_line.text);
    let is_http_1_0 = line
        .as_ref()
        .is_ok_and(|line| bytes.get(line.version.clone()) == Some(b"HTTP/1.0"));
    let (framing, breach) = framing::of_request(&fields, is_http_1_0);
    let breach = breach.or_else(|| line.is_ok().then(|| host_breach(&fields, is_http_1_0))?);
    message(
        Source::new(bytes),
        &head,
        &fields,
        (framing, breach),
        Place::Request,
    )
}

/// A response: status line, field lines, content.
///
/// `request_method` is that of the request it answers, if that is known: the answer to HEAD has no content,
/// whatever its fields say. Otherwise as `dissect_request`.
#[must_use]
pub fn dissect_response(bytes: &[u8], request_method: Option<&str>) -> Field {
    let head = Head::read(bytes);
    let fields = head.values(bytes);
    let line = StatusLine::read(bytes, &head.start_line.text).ok();
    let framed = line.map_or((Framing::ToEnd, None), |line| {
        let is_http_1_0 = bytes.get(line.version.clone()) == Some(b"HTTP/1.0");
        let method = request_method.map(str::as_bytes);
        framing::of_response(&fields, line.status_code, method, is_http_1_0)
    });
    message(Source::new(bytes), &head, &fields, framed, Place::Response)
}

fn host_breach(fields: &Fields, is_http_1_0: bool) -> Option<HeadError> {
    match fields.all("Host").count() {
        0 if !is_http_1_0 => Some(HeadError::HostMissing),
        0 | 1 => None,
        _ => Some(HeadError::HostRepeated),
    }
}

fn message(
    mut source: Source<'_>,
    head: &Head,
    fields: &Fields,
    (framing, breach): Framed,
    place: Place,
) -> Field {
    let len = source.bytes.len();
    let (name, meaning) = match place {
        Place::Response => ("response", "What the server answers."),
        _ => ("request", "What a client asks of the server."),
    };
    let mut field = Field::group(name, 0..len, "RFC 9112 §2.1").meaning(meaning);
    let mut row = Row::from(0);
    if !head.before.is_empty() {
        row.add(empty_lines(&source, head.before.clone()));
    }
    if !head.start_line.bytes().is_empty() {
        row.add(match place {
            Place::Response => start_line::status_line(&mut source, &head.start_line),
            _ => start_line::request_line(&mut source, &head.start_line),
        });
    }
    field_line::field_lines(&mut source, &head.fields, place, &mut row);
    let problem = if head.fields.empty_line.is_none() {
        Some("The head has not ended: an empty line must follow.".to_owned())
    } else {
        breach.map(|error| error.to_string())
    };
    field.problem = problem.map(Into::into);
    if head.end() < len {
        content::content(&mut source, fields, framing, &mut row);
    } else if head.fields.empty_line.is_some() && field.problem.is_none() {
        field.problem = content::missing(framing);
    }
    field.children(row.done(len))
}

fn empty_lines(source: &Source<'_>, at: Range<usize>) -> Field {
    let are_whole = source.slice(&at).chunks(2).all(|line| line == b"\r\n");
    let field = Field::leaf("empty lines", at, Value::Bytes, "RFC 9112 §2.2")
        .meaning("Empty lines in front of a message are passed over.");
    if are_whole {
        field
    } else {
        field.problem(HeadError::BareLf.to_string())
    }
}

#[cfg(test)]
mod tests;
