//! The content of a message as fields: whole or chunk by chunk, forms by their fields (RFC 9112 §§6, 7).
//! Where content ends is decided by `framing`; what is in it, only as far as it is text or a form.

use std::borrow::Cow;
use std::ops::Range;

use super::chunks;
use super::framing::Framing;
use super::pairs::{self, Spelling};
use crate::http::Fields;
use crate::wire::dissect::source::{Row, Source, not_here};
use crate::wire::field::{Field, Value};

/// What the content is, by its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Names and values.
    Form,
    /// Text.
    Text,
    /// The bytes are those of a compressed form of it.
    Compressed,
    /// Anything else, or nothing is said.
    Other,
}

/// Adds what stands behind the head, up to the end of the bytes.
pub(super) fn content(source: &mut Source<'_>, fields: &Fields, framing: Framing, row: &mut Row) {
    let at = row.end()..source.bytes.len();
    let kind = kind(fields);
    match framing {
        Framing::None => row.add(behind(at)),
        Framing::ToEnd => row.add(whole(source, at, kind)),
        Framing::Unknown => row.add(
            Field::leaf("content", at, Value::Bytes, "RFC 9112 §6.3").problem(
                "Where this content ends is uncertain, because the head contradicts itself.",
            ),
        ),
        Framing::Length(len) => {
            let end =
                usize::try_from(len).map_or(at.end, |len| at.start.saturating_add(len).min(at.end));
            if end > at.start {
                let mut field = whole(source, at.start..end, kind);
                let missing = len.saturating_sub((end - at.start) as u64);
                if missing > 0 {
                    field.problem = Some(not_here(missing, "this content"));
                    field.wireshark = None;
                }
                row.add(field);
            }
            if end < at.end {
                row.add(behind(end..at.end));
            }
        }
        Framing::Chunked => row.add(chunks::chunked_body(source, at, kind)),
    }
}

/// What is wrong with a message that ends with its head.
pub(super) fn missing(framing: Framing) -> Option<Cow<'static, str>> {
    match framing {
        Framing::Length(len) if len > 0 => Some(not_here(len, "content")),
        Framing::Chunked => Some("The chunks of the content are not here.".into()),
        _ => None,
    }
}

pub(super) fn behind(at: Range<usize>) -> Field {
    Field::leaf(
        "bytes behind the message",
        at,
        Value::Bytes,
        "RFC 9112 §6.3",
    )
    .problem("The message has ended; these bytes do not belong to it.")
}

fn kind(fields: &Fields) -> Kind {
    if fields.contains("Content-Encoding") {
        return Kind::Compressed;
    }
    let Some(media_type) = fields.only("Content-Type") else {
        return Kind::Other;
    };
    let essence = media_type
        .split(|&byte| byte == b';')
        .next()
        .unwrap_or_default();
    let essence = String::from_utf8_lossy(essence.trim_ascii()).to_ascii_lowercase();
    match essence.as_str() {
        "application/x-www-form-urlencoded" => Kind::Form,
        "application/json" | "application/javascript" | "image/svg+xml" => Kind::Text,
        text if text.starts_with("text/") => Kind::Text,
        _ => Kind::Other,
    }
}

/// Content in one piece.
fn whole(source: &mut Source<'_>, at: Range<usize>, kind: Kind) -> Field {
    let mut field = Field::leaf(
        "content",
        at.clone(),
        readable(source, &at, kind),
        "RFC 9110 §6.4",
    )
    .meaning(match kind {
        Kind::Form => {
            "The form as it was filled in: names and values, in clear for whoever reads along."
        }
        Kind::Compressed => "The content, compressed as Content-Encoding says.",
        Kind::Text | Kind::Other => "What the message carries.",
    });
    if kind == Kind::Form {
        field.children = pairs::pairs(source, &at, Spelling::Form);
        field.secret = field.children.iter().any(|part| part.secret);
    }
    if kind != Kind::Compressed {
        field.wireshark = Some("http.file_data");
    }
    field
}

/// Text where it is said to be text, or looks like it.
pub(super) fn readable(source: &Source<'_>, at: &Range<usize>, kind: Kind) -> Value {
    match kind {
        Kind::Compressed => Value::Bytes,
        Kind::Other if std::str::from_utf8(source.slice(at)).is_err() => Value::Bytes,
        _ => source.text(at),
    }
}
