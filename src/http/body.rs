//! How the content of a request is delimited (RFC 9112 §§6–7), and the chunks it may come in.
//! Sizes are decided here, bytes are moved in `io.rs`; content itself has no meaning in this file.

use std::fmt;
use std::ops::Range;

use super::fields::{FieldLine, Fields, is_token_byte};
use super::head::{HeadError, RequestHead, Version};
use super::status::StatusCode;
use crate::octets::{Progress, range_within};

/// The longest content, in bytes: the longest form of this server is a name and a password.
/// Beyond it: 413.
pub const CONTENT_LEN_MAX: usize = 64 * 1024;

/// The longest line in front of a chunk. Extensions may stand in it (RFC 9112 §7.1.1) and mean
/// nothing to us, so there is no reason to wait for long ones. Beyond it: 400.
pub const CHUNK_LINE_LEN_MAX: usize = 256;

/// The most bytes of chunk extensions in one request, all chunks together: without it, a client could send sixty-four
/// thousand chunks of one byte, each with a long extension (RFC 9112 §7.1.1 asks for such a limit). Beyond it: 400.
pub const CHUNK_EXTENSIONS_LEN_MAX: usize = 4 * 1024;

/// The longest trailer section, in bytes, and the most lines in it. Beyond them: 431.
pub const TRAILERS_LEN_MAX: usize = 4 * 1024;
const TRAILER_LINES_MAX: usize = 32;

/// How the content of a message is delimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// There is none.
    None,
    /// So many bytes follow.
    Length(u64),
    /// Chunks follow, up to one of no length.
    Chunked,
}

impl Framing {
    /// Decides by RFC 9112 §6.3, and refuses all that the RFC calls ambiguous.
    ///
    /// # Errors
    /// `LengthAndEncoding`, `ContentLength`, `EncodingInHttp10`, `TransferEncoding`, `UnknownTransferCoding`.
    pub fn of(head: &RequestHead) -> Result<Self, HeadError> {
        let length = content_length(&head.fields)?;
        if !head.fields.contains("Transfer-Encoding") {
            return Ok(length.map_or(Self::None, Self::Length));
        }
        if length.is_some() {
            return Err(HeadError::LengthAndEncoding);
        }
        if head.version == Version::Http10 {
            return Err(HeadError::EncodingInHttp10);
        }
        let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
        let codings: Vec<_> = head.fields.list("Transfer-Encoding").collect();
        match codings.as_slice() {
            [only] if is_chunked(only) => Ok(Self::Chunked),
            // Nobody can say where the content ends if `chunked` is not last, and only last.
            [others @ .., last] if is_chunked(last) && !others.iter().any(|c| is_chunked(c)) => {
                Err(HeadError::UnknownTransferCoding)
            }
            _ => Err(HeadError::TransferEncoding),
        }
    }
}

/// The one value of Content-Length. Equal repetitions are one value (RFC 9110 §8.6).
pub(crate) fn content_length(fields: &Fields) -> Result<Option<u64>, HeadError> {
    let mut length = None;
    for value in fields.all("Content-Length") {
        for member in value.split(|&byte| byte == b',') {
            let member = decimal(member.trim_ascii()).ok_or(HeadError::ContentLength)?;
            if length.is_some_and(|length| length != member) {
                return Err(HeadError::ContentLength);
            }
            length = Some(member);
        }
    }
    Ok(length)
}

/// `1*DIGIT`, and nothing else that a number parser might take: no sign, no blank, no underscore.
pub(crate) fn decimal(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// Why content was refused. The connection closes after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// More than `CONTENT_LEN_MAX` bytes.
    TooLong,
    /// A chunk-size that is not hexadecimal digits, or does not fit in 64 bits.
    ChunkSize,
    /// A line before a chunk of more than `CHUNK_LINE_LEN_MAX` bytes, or with extensions that are none.
    ChunkLine,
    /// More than `CHUNK_EXTENSIONS_LEN_MAX` bytes of extensions.
    ChunkExtensions,
    /// A chunk that does not end with CR LF where its size says.
    ChunkEnd,
    /// A trailer section that is not field lines.
    Trailers,
    /// A trailer section beyond its limits.
    TrailersTooLong,
}

impl BodyError {
    /// The answer the peer gets.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLong => StatusCode::CONTENT_TOO_LARGE,
            Self::TrailersTooLong => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "The content is longer than 64 KiB.",
            Self::ChunkSize => "A chunk size is not a hexadecimal number (RFC 9112 §7.1).",
            Self::ChunkLine => {
                "The line before a chunk is too long, or its extensions are not well formed (RFC 9112 §7.1.1)."
            }
            Self::ChunkExtensions => {
                "The chunks have too many or too long extensions (RFC 9112 §7.1.1)."
            }
            Self::ChunkEnd => "A chunk does not end where its size says (RFC 9112 §7.1).",
            Self::Trailers => {
                "What follows the last chunk is not a list of field lines (RFC 9112 §7.1.2)."
            }
            Self::TrailersTooLong => "The fields after the last chunk are too long or too many.",
        })
    }
}

impl std::error::Error for BodyError {}

/// The line in front of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkLine {
    /// The length of the chunk, in bytes; 0 for the last one.
    pub chunk_size: u64,
    /// Where the digits stand.
    pub size_at: Range<usize>,
    /// Where the extensions stand, `;` included; empty if there are none.
    pub extensions_at: Range<usize>,
}

/// Reads `chunk-size [ chunk-ext ] CRLF` (RFC 9112 §7.1).
///
/// # Errors
/// `ChunkSize`, `ChunkLine`.
pub fn decode_chunk_line(input: &[u8]) -> Result<Progress<ChunkLine>, BodyError> {
    let digits = input
        .iter()
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    // Refused as soon as it is clear: what begins like this never becomes a chunk line.
    let behind = input.get(digits);
    if digits > 16
        || (digits == 0 && behind.is_some())
        || behind.is_some_and(|&byte| !ends_size(byte))
    {
        return Err(BodyError::ChunkSize);
    }
    let Some(end) = input
        .iter()
        .take(CHUNK_LINE_LEN_MAX)
        .position(|&byte| byte == b'\r' || byte == b'\n')
    else {
        return if input.len() >= CHUNK_LINE_LEN_MAX {
            Err(BodyError::ChunkLine)
        } else {
            Ok(Progress::NeedMore)
        };
    };
    match input.get(end..end + 2) {
        Some(b"\r\n") => {}
        None if input.get(end) == Some(&b'\r') => return Ok(Progress::NeedMore),
        _ => return Err(BodyError::ChunkLine),
    }
    let line = input.get(..end).unwrap_or_default();
    let (size, extensions) = line.split_at_checked(digits).unwrap_or_default();
    let chunk_size = std::str::from_utf8(size)
        .ok()
        .and_then(|digits| u64::from_str_radix(digits, 16).ok())
        .ok_or(BodyError::ChunkSize)?;
    // A blank that no extension follows is a blank where none may be.
    if !extensions.is_empty() && skip_blanks(extensions).first() != Some(&b';') {
        return Err(BodyError::ChunkSize);
    }
    if !are_extensions(extensions) {
        return Err(BodyError::ChunkLine);
    }
    let value = ChunkLine {
        chunk_size,
        size_at: 0..digits,
        extensions_at: digits..end,
    };
    Ok(Progress::Done {
        value,
        used_bytes: end + 2,
    })
}

/// Whether a size ends before this: at the end of the line, or where an extension begins.
fn ends_size(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | b';' | b' ' | b'\t')
}

/// Whether this is `*( BWS ";" BWS name [ BWS "=" BWS value ] )` (RFC 9112 §7.1.1).
///
/// Extensions mean nothing here. But where quotes stay open, the next server may look for their end beyond this line.
fn are_extensions(mut rest: &[u8]) -> bool {
    while !rest.is_empty() {
        let name = skip_blanks(rest).strip_prefix(b";").map(skip_blanks);
        let Some(behind_name) = name.and_then(skip_token) else {
            return false;
        };
        let value = skip_blanks(behind_name).strip_prefix(b"=").map(skip_blanks);
        let behind = match value {
            None => Some(behind_name),
            Some([b'"', quoted @ ..]) => skip_quoted(quoted),
            Some(token) => skip_token(token),
        };
        let Some(behind) = behind else {
            return false;
        };
        rest = behind;
    }
    true
}

fn skip_blanks(text: &[u8]) -> &[u8] {
    let len = text.iter().take_while(|byte| matches!(byte, b' ' | b'\t'));
    text.get(len.count()..).unwrap_or_default()
}

/// What stands behind the token in front (RFC 9110 §5.6.2).
fn skip_token(text: &[u8]) -> Option<&[u8]> {
    let len = text.iter().take_while(|&&byte| is_token_byte(byte)).count();
    text.get(len..).filter(|_| len > 0)
}

/// What stands behind the quote that ends a quoted string (RFC 9110 §5.6.4), of which the first quote was read.
fn skip_quoted(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        rest = match rest {
            [b'"', behind @ ..] => return Some(behind),
            [b'\\', escaped, behind @ ..] if !is_control(*escaped) => behind,
            [byte, behind @ ..] if *byte != b'\\' && !is_control(*byte) => behind,
            _ => return None,
        };
    }
}

fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// Reads the CR LF behind the data of a chunk.
///
/// # Errors
/// `ChunkEnd`.
pub fn decode_chunk_end(input: &[u8]) -> Result<Progress<()>, BodyError> {
    match input {
        [] | [b'\r'] => Ok(Progress::NeedMore),
        [b'\r', b'\n', ..] => Ok(Progress::Done {
            value: (),
            used_bytes: 2,
        }),
        _ => Err(BodyError::ChunkEnd),
    }
}

/// Reads the trailer section behind the last chunk, up to and including the empty line.
///
/// The fields are read so that what follows is found, and are not acted on: RFC 9110 §6.5.1 allows
/// that, and a trailer that replaced a field of the head would be read in two ways.
///
/// # Errors
/// `Trailers`, `TrailersTooLong`.
pub fn decode_trailers(input: &[u8]) -> Result<Progress<Fields>, BodyError> {
    let end = if input.starts_with(b"\r\n") {
        Some(2)
    } else {
        input
            .windows(4)
            .take(TRAILERS_LEN_MAX)
            .position(|four| four == b"\r\n\r\n")
            .map(|at| at + 4)
    };
    let section = input.get(..end.unwrap_or(input.len())).unwrap_or_default();
    // httparse takes a lone LF for a line end, and some a lone CR: neither may pass.
    let lone = |two: &[u8]| {
        matches!(two, [b'\r', other] if *other != b'\n')
            || matches!(two, [other, b'\n'] if *other != b'\r')
    };
    if section.windows(2).any(lone) || section.first() == Some(&b'\n') {
        return Err(BodyError::Trailers);
    }
    let Some(end) = end else {
        return if input.len() >= TRAILERS_LEN_MAX {
            Err(BodyError::TrailersTooLong)
        } else {
            Ok(Progress::NeedMore)
        };
    };
    let mut slots = [httparse::EMPTY_HEADER; TRAILER_LINES_MAX];
    let lines = match httparse::parse_headers(section, &mut slots) {
        Ok(httparse::Status::Complete((_, lines))) => lines,
        Err(httparse::Error::TooManyHeaders) => return Err(BodyError::TrailersTooLong),
        Ok(httparse::Status::Partial) | Err(_) => return Err(BodyError::Trailers),
    };
    let place = |part: &[u8]| range_within(section, part).unwrap_or_default();
    let lines = lines
        .iter()
        .map(|line| FieldLine {
            name: place(line.name.as_bytes()),
            value: place(line.value),
        })
        .collect();
    let value = Fields::new(bytes::Bytes::copy_from_slice(section), lines);
    Ok(Progress::Done {
        value,
        used_bytes: end,
    })
}

#[cfg(test)]
mod tests;
