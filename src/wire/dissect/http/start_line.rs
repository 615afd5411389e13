//! The first line of a message as fields: request line or status line (RFC 9112 §§3, 4).
//! Field lines and content are not looked at.

use std::ops::Range;

use super::head::Line;
use super::pairs::{self, Spelling};
use super::status;
use crate::http::fields::is_token;
use crate::http::{HeadError, Method};
use crate::wire::dissect::source::{Row, Source};
use crate::wire::field::{Field, Value};

/// The parts of `method SP request-target SP HTTP-version`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::wire) struct RequestLine {
    pub(in crate::wire) method: Range<usize>,
    pub(in crate::wire) target: Range<usize>,
    pub(in crate::wire) version: Range<usize>,
}

/// The parts of `HTTP-version SP status-code SP [ reason-phrase ]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::wire) struct StatusLine {
    pub(in crate::wire) version: Range<usize>,
    pub(in crate::wire) status_code: u16,
    code_at: Range<usize>,
    reason_phrase: Range<usize>,
}

impl RequestLine {
    /// Splits `text` where `bytes` has its blanks.
    ///
    /// # Errors
    /// `RequestLine` if it does not have these parts, `VersionNotSupported` if only the version is another.
    pub(in crate::wire) fn read(bytes: &[u8], text: &Range<usize>) -> Result<Self, HeadError> {
        let line = bytes.get(text.clone()).unwrap_or_default();
        let mut words = line.split(|&byte| byte == b' ');
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(HeadError::RequestLine);
        };
        if !is_token(method) || !is_target(target) {
            return Err(HeadError::RequestLine);
        }
        is_http_1(version)?;
        let target_start = text.start + method.len() + 1;
        let version_start = target_start + target.len() + 1;
        Ok(Self {
            method: text.start..text.start + method.len(),
            target: target_start..version_start - 1,
            version: version_start..text.end,
        })
    }
}

impl StatusLine {
    /// Splits `text` where `bytes` has its blanks. The blank behind the code may be missing together with
    /// the phrase, since many servers leave it out.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub(in crate::wire) fn read(bytes: &[u8], text: &Range<usize>) -> Result<Self, &'static str> {
        const SHAPE: &str = "The first line is not a version, a status code of three digits and a phrase, with one space between them (RFC 9112 §4).";
        let line = bytes.get(text.clone()).unwrap_or_default();
        let mut words = line.splitn(3, |&byte| byte == b' ');
        let (Some(version), Some(code)) = (words.next(), words.next()) else {
            return Err(SHAPE);
        };
        is_http_1(version).map_err(|_| SHAPE)?;
        let status_code = crate::http::body::decimal(code)
            .filter(|_| code.len() == 3)
            .and_then(|code| u16::try_from(code).ok())
            .ok_or(SHAPE)?;
        let code_start = text.start + version.len() + 1;
        let code_end = code_start + code.len();
        Ok(Self {
            version: text.start..code_start - 1,
            status_code,
            code_at: code_start..code_end,
            reason_phrase: (code_end + 1).min(text.end)..text.end,
        })
    }
}

fn is_http_1(version: &[u8]) -> Result<(), HeadError> {
    match version {
        b"HTTP/1.1" | b"HTTP/1.0" => Ok(()),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Err(HeadError::VersionNotSupported)
        }
        _ => Err(HeadError::RequestLine),
    }
}

/// Whether no byte of it could end it early. Text beyond ASCII is not allowed in a URI, but passes through many
/// programs.
fn is_target(target: &[u8]) -> bool {
    !target.is_empty()
        && std::str::from_utf8(target).is_ok()
        && !target.iter().any(u8::is_ascii_control)
}

/// A request line as fields.
pub(super) fn request_line(source: &mut Source<'_>, line: &Line) -> Field {
    let field = Field::group("request-line", line.bytes(), "RFC 9112 §3")
        .meaning("What the client wants, of what, in which version of HTTP.");
    let parts = match RequestLine::read(source.bytes, &line.text) {
        Ok(parts) => parts,
        Err(error) => return broken(source, field, line, error.to_string()),
    };
    let mut row = Row::from(line.text.start);
    row.add(method(source, &parts.method));
    space(&mut row, parts.target.start);
    row.add(request_target(source, &parts.target));
    space(&mut row, parts.version.start);
    row.add(version(source, parts.version).wireshark("http.request.version"));
    line_end(&mut row, line);
    field.children(row.done(line.end.end))
}

/// A status line as fields.
pub(super) fn status_line(source: &mut Source<'_>, line: &Line) -> Field {
    let field = Field::group("status-line", line.bytes(), "RFC 9112 §4")
        .meaning("What became of the request.");
    let parts = match StatusLine::read(source.bytes, &line.text) {
        Ok(parts) => parts,
        Err(problem) => return broken(source, field, line, problem.to_owned()),
    };
    let mut row = Row::from(line.text.start);
    row.add(version(source, parts.version).wireshark("http.response.version"));
    space(&mut row, parts.code_at.start);
    row.add(status::field(parts.status_code, parts.code_at));
    if line.text.end > row.end() {
        space(&mut row, parts.reason_phrase.start);
    }
    if !parts.reason_phrase.is_empty() {
        let text = source.text(&parts.reason_phrase);
        row.add(
            Field::leaf("reason-phrase", parts.reason_phrase, text, "RFC 9112 §4")
                .meaning("The status in words, for people: programs go by the number.")
                .wireshark("http.response.phrase"),
        );
    }
    line_end(&mut row, line);
    field.children(row.done(line.end.end))
}

fn broken(source: &Source<'_>, field: Field, line: &Line, problem: String) -> Field {
    let mut row = Row::from(line.text.start);
    if !line.text.is_empty() {
        let text = source.text(&line.text);
        row.add(
            Field::leaf("start-line", line.text.clone(), text, "RFC 9112 §2.1").problem(problem),
        );
    }
    line_end(&mut row, line);
    field.children(row.done(line.end.end))
}

fn method(source: &Source<'_>, at: &Range<usize>) -> Field {
    let meaning = match Method::from_token(source.slice(at)) {
        Some(Method::Get) => "Send me this resource.",
        Some(Method::Head) => "Send me what GET would, without the content.",
        Some(Method::Post) => "Process the content that follows: here a form that was filled in.",
        Some(Method::Put) => "Store the content that follows under this name.",
        Some(Method::Delete) => "Remove this resource.",
        Some(Method::Options) => "Say what can be done here.",
        Some(Method::Trace) => "Send back what arrived.",
        Some(Method::Patch) => "Change this resource as the content says.",
        // Nothing that this server would ever do, so it knows no such method.
        None if source.slice(at) == b"CONNECT" => "Open a tunnel to this host.",
        None => "A method that RFC 9110 does not define.",
    };
    Field::leaf("method", at.clone(), source.text(at), "RFC 9110 §9")
        .meaning(meaning)
        .wireshark("http.request.method")
}

fn request_target(source: &mut Source<'_>, at: &Range<usize>) -> Field {
    let mut field = Field::leaf(
        "request-target",
        at.clone(),
        source.text(at),
        "RFC 9112 §3.2",
    )
    .meaning("What is asked for: the URL without its scheme and host.")
    .wireshark("http.request.uri");
    let Some(mark) = source.find(at, b'?') else {
        return field;
    };
    let mut row = Row::from(at.start);
    if mark > at.start {
        let path = at.start..mark;
        let name = if source.slice(&path).starts_with(b"/") {
            "absolute-path"
        } else {
            "absolute-URI"
        };
        row.add(
            Field::leaf(name, path.clone(), source.text(&path), "RFC 9110 §4.1")
                .meaning("Which resource.")
                .wireshark("http.request.uri.path"),
        );
    }
    row.separator("?", mark + 1, "Separates the path from the query.");
    if mark + 1 < at.end {
        let query = mark + 1..at.end;
        let parts = pairs::pairs(source, &query, Spelling::Query);
        let mut field = Field::leaf("query", query.clone(), source.text(&query), "RFC 3986 §3.4")
            .meaning("Parameters for the resource. They end up in logs and histories, so secrets do not belong here.")
            .wireshark("http.request.uri.query")
            .children(parts);
        field.secret = field.children.iter().any(|part| part.secret);
        row.add(field);
    }
    field.children = row.done(at.end);
    field.secret = field.children.iter().any(|part| part.secret);
    field
}

fn version(source: &Source<'_>, at: Range<usize>) -> Field {
    let text = source.text(&at);
    Field::leaf("HTTP-version", at, text, "RFC 9112 §2.3")
        .meaning("The highest version of HTTP/1 that the sender speaks.")
}

fn space(row: &mut Row, end: usize) {
    row.separator("SP", end, "One blank separates the parts of the line.");
}

/// Adds the line's end, and what is wrong with it.
pub(super) fn line_end(row: &mut Row, line: &Line) {
    if line.end.is_empty() {
        return;
    }
    let at = line.end.clone();
    row.add(match line.end.len() {
        1 => Field::leaf("LF", at, Value::Bytes, "RFC 9112 §2.2")
            .meaning("Line feed alone.")
            .problem(HeadError::BareLf.to_string()),
        _ => Field::leaf("CRLF", at, Value::Bytes, "RFC 9112 §2.2")
            .meaning("Carriage return and line feed: the line ends."),
    });
}
