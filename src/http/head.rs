//! The head of a request: request line and field lines, up to the empty line (RFC 9112 §§2–5).
//! Whatever two servers could read in two ways is refused here, before anyone acts on it.

mod error;

use std::mem::MaybeUninit;
use std::ops::Range;

use bytes::Bytes;

use super::fields::{FieldLine, Fields, is_token};
use crate::octets::{Progress, range_within};

pub use error::HeadError;

/// The longest head, in bytes: generous for browsers with many cookies, small enough to hold for
/// ten thousand connections at once. Beyond it: 431.
pub const HEAD_LEN_MAX: usize = 16 * 1024;

/// The most field lines. Beyond it: 431. Browsers send about twenty.
pub const FIELD_LINES_MAX: usize = 100;

/// The longest request target, in bytes (RFC 9112 §3 asks for 8000 at least). Beyond it: 414.
pub const TARGET_LEN_MAX: usize = 8 * 1024;

/// The longest method this server would look at: the longest registered one has 17 letters.
const METHOD_LEN_MAX: usize = 32;

/// Request methods (RFC 9110 §9) that this server knows by name. CONNECT (§9.3.6) is left out: it asks
/// a proxy for a tunnel, not a server for anything that it has, so it is as unknown here as BREW is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// §9.3.1
    Get,
    /// §9.3.2
    Head,
    /// §9.3.3
    Post,
    /// §9.3.4
    Put,
    /// §9.3.5
    Delete,
    /// §9.3.7
    Options,
    /// §9.3.8
    Trace,
    /// RFC 5789
    Patch,
}

impl Method {
    /// Methods are case-sensitive (RFC 9110 §9.1): `get` is not one.
    #[must_use]
    pub fn from_token(token: &[u8]) -> Option<Self> {
        Some(match token {
            b"GET" => Self::Get,
            b"HEAD" => Self::Head,
            b"POST" => Self::Post,
            b"PUT" => Self::Put,
            b"DELETE" => Self::Delete,
            b"OPTIONS" => Self::Options,
            b"TRACE" => Self::Trace,
            b"PATCH" => Self::Patch,
            _ => return None,
        })
    }

    /// The token on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
            Self::Trace => "TRACE",
            Self::Patch => "PATCH",
        }
    }
}

/// The protocol version of a message (RFC 9112 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0: one request a connection, unless both say `keep-alive`.
    Http10,
    /// HTTP/1.1
    Http11,
}

/// The head of one request, and where in it everything stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestHead {
    /// What to do.
    pub method: Method,
    /// HTTP/1.0 or HTTP/1.1.
    pub version: Version,
    /// The field lines.
    pub fields: Fields,
    method_at: Range<usize>,
    target_at: Range<usize>,
}

impl RequestHead {
    /// The whole head as it was received, the empty line included.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        self.fields.buffer()
    }

    /// The request target as it was received: visible ASCII.
    #[must_use]
    pub fn target(&self) -> &str {
        self.bytes()
            .get(self.target_at.clone())
            .and_then(|target| std::str::from_utf8(target).ok())
            .unwrap_or_default()
    }

    /// Where the method stands in `bytes`.
    #[must_use]
    pub fn method_at(&self) -> Range<usize> {
        self.method_at.clone()
    }

    /// Where the request target stands in `bytes`.
    #[must_use]
    pub fn target_at(&self) -> Range<usize> {
        self.target_at.clone()
    }

    /// Whether the client wants to go on after this request (RFC 9112 §9.3).
    #[must_use]
    pub fn wants_keep_alive(&self) -> bool {
        let keeps = match self.version {
            Version::Http11 => true,
            Version::Http10 => self.fields.lists("Connection", "keep-alive"),
        };
        keeps && !self.fields.lists("Connection", "close")
    }
}

/// How far a head that comes piece by piece has been looked at, so that all of it together costs linear time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scanned {
    /// Where the first line begins, as far as is known: behind the empty lines in front of it.
    start: usize,
    /// Up to here there is no empty line behind the first, and no end of a line that is not noted.
    len: usize,
    /// Where the first line ended, once it did.
    first_line_end: Option<usize>,
    /// Whether it may begin a request.
    first_line_is_good: bool,
}

/// Reads one request head from the beginning of `input`.
///
/// Empty lines in front of it are passed over (RFC 9112 §2.2) and belong to `used_bytes` and to
/// `RequestHead::bytes`. `scanned` is kept between calls for the same, growing input.
///
/// # Errors
/// `HeadError`: for the line ends and lengths of what came at once, for the first line when it has ended, so that
/// who speaks another protocol need not wait for an answer, for field lines when the head has.
pub fn decode_request_head(
    input: &[u8],
    scanned: &mut Scanned,
) -> Result<Progress<RequestHead>, HeadError> {
    // In this order, whether a head comes whole, which then is judged in one step, or in pieces.
    let found = find_head_end(input, scanned);
    refuse_long_line(input, scanned)?;
    if let Ok(Some(head_len)) = found
        && head_len <= HEAD_LEN_MAX
    {
        let head = input.get(..head_len).unwrap_or_default();
        return Ok(Progress::Done {
            value: split_head(head)?,
            used_bytes: head_len,
        });
    }
    refuse_first_line(input, scanned)?;
    match found? {
        None if input.len() <= HEAD_LEN_MAX => Ok(Progress::NeedMore),
        _ => Err(HeadError::TooLong),
    }
}

/// The length of the head in front of `input`, empty line included, once that line is there.
fn find_head_end(input: &[u8], scanned: &mut Scanned) -> Result<Option<usize>, HeadError> {
    while input.get(scanned.start..scanned.start + 2) == Some(b"\r\n") {
        scanned.start += 2;
    }
    let start = scanned.start;
    let mut at = scanned.len.max(start);
    while let Some(offset) = input
        .get(at..)
        .and_then(|rest| rest.iter().position(|&byte| byte == b'\r' || byte == b'\n'))
    {
        let end = at + offset;
        match input.get(end..end + 2) {
            Some(b"\r\n") => {
                scanned.first_line_end.get_or_insert(end);
                // Two line ends in a row: the second one is the empty line.
                if end > start && input.get(end + 2..end + 4) == Some(b"\r\n") {
                    return Ok(Some(end + 4));
                }
                scanned.len = end;
                if matches!(input.get(end + 2..), Some([] | [b'\r'])) {
                    return Ok(None);
                }
                at = end + 2;
            }
            Some([b'\r', _]) => return Err(HeadError::BareCr),
            None if input.get(end) == Some(&b'\r') => {
                scanned.len = end;
                return Ok(None);
            }
            _ => return Err(HeadError::BareLf),
        }
    }
    scanned.len = input.len();
    Ok(None)
}

fn leading_empty_lines(input: &[u8]) -> usize {
    2 * input.chunks(2).take_while(|pair| pair == b"\r\n").count()
}

/// Whether the first line is too long, as far as it has come, and which part of it is to blame.
fn refuse_long_line(input: &[u8], scanned: &Scanned) -> Result<(), HeadError> {
    let start = scanned.start;
    // Of a line end that has not come whole the first half is none of the line's.
    let line_end = scanned.first_line_end.unwrap_or(scanned.len);
    let line_len = line_end.saturating_sub(start);
    if line_len > METHOD_LEN_MAX + TARGET_LEN_MAX + " HTTP/1.1 ".len() {
        // RFC 9112 §3 wants a 501 if it is the method that is too long.
        let method = input.get(start..=start + METHOD_LEN_MAX);
        return Err(if is_token(method.unwrap_or_default()) {
            HeadError::UnknownMethod
        } else {
            HeadError::TargetTooLong
        });
    }
    Ok(())
}

/// Whether the first line, if it has ended, begins no request. Asked once.
fn refuse_first_line(input: &[u8], scanned: &mut Scanned) -> Result<(), HeadError> {
    let Some(end) = scanned.first_line_end else {
        return Ok(());
    };
    if scanned.first_line_is_good {
        return Ok(());
    }
    let line = input.get(scanned.start..end + 2).unwrap_or_default();
    match httparse::Request::new(&mut []).parse(line) {
        Ok(_) => {
            scanned.first_line_is_good = true;
            Ok(())
        }
        Err(error) => Err(explain(error, line)),
    }
}

/// Splits a whole head. httparse finds the tokens; what it is lenient about is checked here.
fn split_head(head: &[u8]) -> Result<RequestHead, HeadError> {
    // Room for all, of which only what is used is filled.
    let mut slots = [const { MaybeUninit::uninit() }; FIELD_LINES_MAX];
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(head, &mut slots) {
        Ok(httparse::Status::Complete(_)) => {}
        Ok(httparse::Status::Partial) => return Err(HeadError::RequestLine),
        Err(error) => return Err(explain(error, head)),
    }
    let (Some(method), Some(target), Some(version)) =
        (request.method, request.path, request.version)
    else {
        return Err(HeadError::RequestLine);
    };
    // In this order, whichever of them is noticed before the line has ended.
    if method.len() > METHOD_LEN_MAX {
        return Err(HeadError::UnknownMethod);
    }
    if target.len() > TARGET_LEN_MAX {
        return Err(HeadError::TargetTooLong);
    }
    let place = |part: &[u8]| range_within(head, part).unwrap_or_default();
    let lines = request
        .headers
        .iter()
        .map(|line| FieldLine {
            name: place(line.name.as_bytes()),
            value: place(line.value),
        })
        .collect();
    let (method_at, target_at) = (place(method.as_bytes()), place(target.as_bytes()));
    Ok(RequestHead {
        method: Method::from_token(method.as_bytes()).ok_or(HeadError::UnknownMethod)?,
        version: if version == 0 {
            Version::Http10
        } else {
            Version::Http11
        },
        fields: Fields::new(Bytes::copy_from_slice(head), lines),
        method_at,
        target_at,
    })
}

/// Finds the words for what httparse only names by its place in the grammar.
fn explain(error: httparse::Error, head: &[u8]) -> HeadError {
    match error {
        httparse::Error::TooManyHeaders => HeadError::TooManyFieldLines,
        httparse::Error::Version if names_a_version(head) => HeadError::VersionNotSupported,
        httparse::Error::HeaderValue => HeadError::FieldValue,
        // Our versions with something behind them: httparse misses the line end there.
        httparse::Error::NewLine if !names_a_version(head) => HeadError::RequestLine,
        httparse::Error::HeaderName | httparse::Error::NewLine => explain_field_lines(head),
        _ => HeadError::RequestLine,
    }
}

/// Whether the first line is well formed but for the number of its version (RFC 9112 §2.3: one digit, a dot, one digit).
fn names_a_version(head: &[u8]) -> bool {
    let line = head.get(leading_empty_lines(head)..).unwrap_or_default();
    let line = line.split(|&byte| byte == b'\r').next().unwrap_or_default();
    let version = line.splitn(3, |&byte| byte == b' ').nth(2);
    matches!(version, Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor])
        if major.is_ascii_digit() && minor.is_ascii_digit())
}

fn explain_field_lines(head: &[u8]) -> HeadError {
    let lines = head.get(leading_empty_lines(head)..).unwrap_or_default();
    for line in lines.split(|&byte| byte == b'\n').skip(1) {
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return HeadError::ObsoleteFolding;
        }
        let name = line.split(|&byte| byte == b':').next().unwrap_or_default();
        if name.len() < line.len() && matches!(name.last(), Some(b' ' | b'\t')) {
            return HeadError::SpaceBeforeColon;
        }
    }
    HeadError::FieldName
}

#[cfg(test)]
mod tests;
