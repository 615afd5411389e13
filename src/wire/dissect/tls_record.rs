//! Records: the envelopes in which everything travels, where they begin and end (RFC 8446 §5, RFC 5246 §6).
//! What is in them is shown by `tls_record::fragment`; no key comes in here.
//!
//! ```text
//!  byte 0         1          2         3          4          5…
//! +--------------+---------------------+---------------------+----------------------
//! | content_type | legacy_record_      | length of fragment  | fragment
//! |              | version             |                     |
//! +--------------+---------------------+---------------------+----------------------
//! ```

mod fragment;
mod onlooker;

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

use crate::octets::Progress;

pub use fragment::{
    Protection, RecordContext, TAG_LEN, dissect_fragment, dissect_inner_plaintext, dissect_record,
};
pub use onlooker::Onlooker;

/// How long the header is.
pub const RECORD_HEADER_LEN: usize = 5;

/// The longest content (RFC 8446 §5.1).
pub const PLAINTEXT_LEN_MAX: u16 = 1 << 14;

/// The longest fragment of any version: TLS 1.2 lets encryption add 2048 bytes (RFC 5246 §6.2.3).
pub const FRAGMENT_LEN_MAX: u16 = PLAINTEXT_LEN_MAX + 2048;

/// The longest encrypted fragment of TLS 1.3 (RFC 8446 §5.2).
pub const FRAGMENT_LEN_MAX_TLS13: u16 = PLAINTEXT_LEN_MAX + 256;

/// What a record carries (RFC 8446 §5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentType {
    /// TLS 1.2: from here on encrypted. In TLS 1.3 without meaning, for old boxes in between.
    ChangeCipherSpec,
    /// A goodbye, or what went wrong.
    Alert,
    /// Messages of the handshake.
    Handshake,
    /// What TLS is for. In TLS 1.3 everything encrypted looks like it.
    ApplicationData,
    /// A question whether the other side is still there (RFC 6520). Nobody asks it any more: the answer once bled.
    Heartbeat,
}

impl ContentType {
    /// The byte on the wire.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::ChangeCipherSpec => 20,
            Self::Alert => 21,
            Self::Handshake => 22,
            Self::ApplicationData => 23,
            Self::Heartbeat => 24,
        }
    }

    /// `None` for bytes that mean nothing here.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            20 => Some(Self::ChangeCipherSpec),
            21 => Some(Self::Alert),
            22 => Some(Self::Handshake),
            23 => Some(Self::ApplicationData),
            24 => Some(Self::Heartbeat),
            _ => None,
        }
    }
}

/// The five bytes in front of every record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordHeader {
    /// What it says it carries.
    pub content_type: ContentType,
    /// 0x0303, but 0x0301 in front of most first ClientHellos. Nobody looks at it.
    pub legacy_record_version: u16,
    /// How many bytes of fragment follow.
    pub fragment_len: u16,
}

impl RecordHeader {
    /// How long the record is, with its header.
    #[must_use]
    pub fn record_len(self) -> usize {
        RECORD_HEADER_LEN + usize::from(self.fragment_len)
    }
}

/// Why bytes are not a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordError {
    /// A request or response in clear.
    Http,
    /// A hello of the nineties.
    Sslv2Hello,
    /// The first byte is no content type.
    UnknownContentType(u8),
    /// No version of TLS begins with another byte than 3.
    NotTlsVersion(u16),
    /// Longer than any version allows.
    FragmentTooLong(u16),
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http => {
                f.write_str("This is HTTP in clear where TLS should be: the URL needs https.")
            }
            Self::Sslv2Hello => f.write_str(
                "This is a hello of SSL 2.0, which has been dead since 1996 (RFC 6176).",
            ),
            Self::UnknownContentType(byte) => write!(
                f,
                "No record begins with {byte:#04x}: this is not TLS, or not the beginning of a record."
            ),
            Self::NotTlsVersion(version) => write!(
                f,
                "A record of TLS has a version of 0x03.., not {version:#06x}: this is not TLS, or not the beginning of a record."
            ),
            Self::FragmentTooLong(len) => write!(
                f,
                "A record carries at most {FRAGMENT_LEN_MAX} bytes, not {len}."
            ),
        }
    }
}

impl std::error::Error for RecordError {}

/// Reads the five bytes in front of every record (RFC 8446 §5.1).
///
/// What may not be in a record, such as nothing at all in one of the handshake, is no concern of its header: where the
/// next one begins is clear. `used_bytes` is the header alone; its `fragment_len` bytes come next.
///
/// # Errors
/// `RecordError`, if no record begins with these bytes. Behind it nothing can be read: where the next record
/// would begin is not known.
pub fn decode_record_header(input: &[u8]) -> Result<Progress<RecordHeader>, RecordError> {
    let Some((&[kind, major, minor, high, low], _)) = input.split_first_chunk() else {
        return Ok(Progress::NeedMore);
    };
    let Some(content_type) = ContentType::from_byte(kind) else {
        return Err(foreign(kind, [major, minor, high, low]));
    };
    let legacy_record_version = u16::from_be_bytes([major, minor]);
    if major != 3 {
        return Err(RecordError::NotTlsVersion(legacy_record_version));
    }
    let fragment_len = u16::from_be_bytes([high, low]);
    if fragment_len > FRAGMENT_LEN_MAX {
        return Err(RecordError::FragmentTooLong(fragment_len));
    }
    Ok(Progress::Done {
        value: RecordHeader {
            content_type,
            legacy_record_version,
            fragment_len,
        },
        used_bytes: RECORD_HEADER_LEN,
    })
}

/// What else it is.
fn foreign(first: u8, others: [u8; 4]) -> RecordError {
    const HTTP: [&[u8; 5]; 11] = [
        b"GET /", b"HEAD ", b"POST ", b"PUT /", b"DELET", b"OPTIO", b"PATCH", b"TRACE", b"CONNE",
        b"PRI *", b"HTTP/",
    ];
    let [second, third, fourth, fifth] = others;
    if HTTP.contains(&&[first, second, third, fourth, fifth]) {
        return RecordError::Http;
    }
    // A length of two bytes with its top bit set, CLIENT-HELLO, and the version that the client would like.
    if first & 0x80 != 0 && third == 1 && (fourth == 3 || [fourth, fifth] == [0, 2]) {
        return RecordError::Sslv2Hello;
    }
    RecordError::UnknownContentType(first)
}

/// One whole record in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordSpan {
    /// Where it stands, header included.
    pub bytes: Range<usize>,
    /// What its header says.
    pub header: RecordHeader,
}

/// What follows the last whole record of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tail {
    /// Nothing.
    Empty,
    /// The beginning of a record.
    Partial {
        /// How many bytes it still needs; `None` if not even its header is whole.
        missing: Option<usize>,
    },
    /// No record, and so everything behind cannot be told apart.
    Nonsense(RecordError),
}

/// The records of one direction, in order. Stops at what is none.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    stream: &'a [u8],
    at: usize,
}

impl<'a> Records<'a> {
    /// Over a stream that begins at the beginning of a record.
    #[must_use]
    pub fn of(stream: &'a [u8]) -> Self {
        Self { stream, at: 0 }
    }

    /// Where the next record would begin.
    #[must_use]
    pub fn at(&self) -> usize {
        self.at
    }

    /// What is left when there is no further whole record.
    #[must_use]
    pub fn tail(&self) -> Tail {
        let rest = self.stream.get(self.at..).unwrap_or_default();
        match decode_record_header(rest) {
            Err(error) => Tail::Nonsense(error),
            Ok(_) if rest.is_empty() => Tail::Empty,
            Ok(Progress::NeedMore) => Tail::Partial { missing: None },
            Ok(Progress::Done { value, .. }) => Tail::Partial {
                missing: value.record_len().checked_sub(rest.len()),
            },
        }
    }
}

impl Iterator for Records<'_> {
    type Item = RecordSpan;

    fn next(&mut self) -> Option<RecordSpan> {
        let rest = self.stream.get(self.at..)?;
        let Ok(Progress::Done { value: header, .. }) = decode_record_header(rest) else {
            return None;
        };
        let len = header.record_len();
        if rest.len() < len {
            return None;
        }
        let bytes = self.at..self.at + len;
        self.at = bytes.end;
        Some(RecordSpan { bytes, header })
    }
}
