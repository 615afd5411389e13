//! Why a request is refused by its head alone: the reason, its status, and the sentence that the client reads.
//! Where each of them is found is told in `head`, `target` and `body`.

use std::fmt;

use crate::http::StatusCode;

/// Why a head was refused. After any of these the connection closes: where the next request would
/// begin is no longer certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeadError {
    /// More than `HEAD_LEN_MAX` bytes and no empty line.
    TooLong,
    /// More than `FIELD_LINES_MAX` lines.
    TooManyFieldLines,
    /// A request target of more than `TARGET_LEN_MAX` bytes.
    TargetTooLong,
    /// A CR that no LF follows: some servers take it for a line end (RFC 9112 §2.2).
    BareCr,
    /// An LF that no CR precedes: some servers take it for a line end, some for part of a value.
    BareLf,
    /// The first line is not `method SP request-target SP HTTP-version` (RFC 9112 §3).
    RequestLine,
    /// A method that this server does not implement.
    UnknownMethod,
    /// Something other than HTTP/1.0 and HTTP/1.1.
    VersionNotSupported,
    /// A field line that begins with a blank: obsolete line folding (RFC 9112 §5.2).
    ObsoleteFolding,
    /// A blank between field name and colon (RFC 9112 §5.1).
    SpaceBeforeColon,
    /// A field name that is not a token, or a line without a colon.
    FieldName,
    /// A control character in a field value (RFC 9110 §5.5).
    FieldValue,
    /// A request target that is none of the four forms (RFC 9112 §3.2).
    Target,
    /// An HTTP/1.1 request without `Host` (RFC 9112 §3.2).
    HostMissing,
    /// More than one `Host`.
    HostRepeated,
    /// A `Host` that is not `uri-host [ ":" port ]` (RFC 9110 §7.2).
    HostInvalid,
    /// An absolute target with a scheme that this connection does not speak.
    SchemeMismatch,
    /// Both Content-Length and Transfer-Encoding (RFC 9112 §6.1): the classic of request smuggling.
    LengthAndEncoding,
    /// Content-Length is not one number (RFC 9110 §8.6).
    ContentLength,
    /// Transfer-Encoding in an HTTP/1.0 message (RFC 9112 §6.1).
    EncodingInHttp10,
    /// A Transfer-Encoding that does not end in one `chunked`: RFC 9112 §6.3 demands a 400.
    TransferEncoding,
    /// A transfer coding within a final `chunked`, which is the only one known here: §6.1 asks for a 501.
    UnknownTransferCoding,
    /// An `Expect` other than `100-continue` (RFC 9110 §10.1.1).
    UnknownExpectation,
}

impl HeadError {
    /// The answer the peer gets.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::TooLong | Self::TooManyFieldLines => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::UnknownMethod | Self::UnknownTransferCoding => StatusCode::NOT_IMPLEMENTED,
            Self::VersionNotSupported => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::SchemeMismatch => StatusCode::MISDIRECTED_REQUEST,
            Self::UnknownExpectation => StatusCode::EXPECTATION_FAILED,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

impl fmt::Display for HeadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "The request head is longer than 16 KiB: send fewer or shorter fields (clearing this site's cookies may help).",
            Self::TooManyFieldLines => "The request has more than 100 field lines.",
            Self::TargetTooLong => "The request target is longer than 8 KiB.",
            Self::BareCr => "A line holds a carriage return that no line feed follows (RFC 9112 §2.2).",
            Self::BareLf => "A line ends with a line feed alone: lines end with carriage return and line feed (RFC 9112 §2.2).",
            Self::RequestLine => "The first line is not a method, a request target and a version, with one space between them (RFC 9112 §3).",
            Self::UnknownMethod => "This server does not implement that method.",
            Self::VersionNotSupported => "This server speaks HTTP/1.1 and HTTP/1.0.",
            Self::ObsoleteFolding => "A field line begins with a blank: folded lines are no longer allowed (RFC 9112 §5.2).",
            Self::SpaceBeforeColon => "A blank stands between a field name and its colon (RFC 9112 §5.1).",
            Self::FieldName => "A field line has no valid name (RFC 9110 §5.1).",
            Self::FieldValue => "A field value holds a control character (RFC 9110 §5.5).",
            Self::Target => "The request target is not a path, a URL or “*” (RFC 9112 §3.2).",
            Self::HostMissing => "The request does not say which host it is for: HTTP/1.1 requires a Host field (RFC 9112 §3.2).",
            Self::HostRepeated => "The request has more than one Host field (RFC 9112 §3.2).",
            Self::HostInvalid => "The Host field is not a host name or address with an optional port (RFC 9110 §7.2).",
            Self::SchemeMismatch => "The request is for a URL of another scheme than this connection speaks.",
            Self::LengthAndEncoding => "The request has both Content-Length and Transfer-Encoding (RFC 9112 §6.1).",
            Self::ContentLength => "Content-Length is not one decimal number (RFC 9110 §8.6).",
            Self::EncodingInHttp10 => "An HTTP/1.0 request cannot have Transfer-Encoding (RFC 9112 §6.1).",
            Self::TransferEncoding => "Transfer-Encoding does not end in “chunked”, once (RFC 9112 §6.1).",
            Self::UnknownTransferCoding => "The only transfer coding this server reads is “chunked”.",
            Self::UnknownExpectation => "The only expectation this server meets is “100-continue”.",
        })
    }
}

impl std::error::Error for HeadError {}
