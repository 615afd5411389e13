//! A chunked body as fields: sizes, extensions, data, line ends, trailers (RFC 9112 §7.1).
//! The grammar is that of the server's own decoder in `http::body`; only the fields are made here.

use std::borrow::Cow;
use std::ops::Range;

use super::content::{self, Kind};
use super::field_line::{self, Place};
use super::head::FieldLines;
use super::pairs::{self, Spelling};
use crate::http::HeadError;
use crate::http::body::{ChunkLine, decode_chunk_end, decode_chunk_line};
use crate::octets::Progress;
use crate::wire::dissect::source::{Row, Source, not_here};
use crate::wire::field::{Field, Value};

/// How many fields a chunk makes.
const PARTS_A_CHUNK: usize = 7;

const SOURCE: &str = "RFC 9112 §7.1";
const NOT_ENDED: &str =
    "The chunks have not ended: a chunk of length 0 and an empty line must follow.";

/// All chunks, the trailer section, and the empty line.
pub(super) fn chunked_body(source: &mut Source<'_>, at: Range<usize>, kind: Kind) -> Field {
    let mut row = Row::from(at.start);
    let problem = add_chunks(source, &at, kind, &mut row);
    let mut field = Field::group("chunked-body", at.clone(), SOURCE).meaning(
        "The content in chunks, each with its length in front, so that the sender need not know the whole length.",
    );
    let rest = row.end()..at.end;
    if rest.is_empty() {
        field.problem = problem;
    } else {
        row.add(match problem {
            Some(problem) => Field::leaf("chunk", rest, Value::Bytes, SOURCE).problem(problem),
            None => content::behind(rest),
        });
    }
    field.children = row.done(at.end);
    field.secret = field.children.iter().any(|part| part.secret);
    field
}

/// Adds chunk after chunk, and says why it had to stop.
fn add_chunks(
    source: &mut Source<'_>,
    at: &Range<usize>,
    kind: Kind,
    row: &mut Row,
) -> Option<Cow<'static, str>> {
    while row.end() < at.end {
        let rest = row.end()..at.end;
        if !source.affords(PARTS_A_CHUNK) {
            row.add(
                Field::leaf("further chunks", rest, Value::Bytes, SOURCE)
                    .meaning("There are more chunks than are taken apart here."),
            );
            return None;
        }
        let (line, line_len) = match decode_chunk_line(source.slice(&rest)) {
            Ok(Progress::Done { value, used_bytes }) => (value, used_bytes),
            Ok(Progress::NeedMore) => return Some("This line has not ended.".into()),
            Err(error) => return Some(error.to_string().into()),
        };
        let line_at = rest.start..rest.start + line_len;
        let is_last = line.chunk_size == 0;
        let size_line = size_line(source, line, line_at.clone());
        if is_last {
            row.add(
                Field::group("last-chunk", line_at, SOURCE)
                    .meaning("A chunk of length 0: the content has ended.")
                    .children(vec![size_line]),
            );
            return add_trailers(source, row);
        }
        row.add(chunk(source, size_line, rest, kind));
    }
    Some(NOT_ENDED.into())
}

/// `chunk-size [ chunk-ext ] CRLF`; Wireshark takes the line as a whole for the size.
fn size_line(source: &Source<'_>, line: ChunkLine, at: Range<usize>) -> Field {
    let mut row = Row::from(at.start);
    let size_end = at.start + line.size_at.end;
    row.add(
        Field::leaf(
            "chunk-size",
            at.start..size_end,
            Value::Number(line.chunk_size),
            SOURCE,
        )
        .meaning("How many bytes of data follow, in hexadecimal."),
    );
    let extensions = size_end..at.start + line.extensions_at.end;
    if !extensions.is_empty() {
        let text = source.text(&extensions);
        row.add(
            Field::leaf("chunk-ext", extensions, text, "RFC 9112 §7.1.1")
                .meaning("Extensions of this chunk; hardly anybody uses them."),
        );
    }
    row.add(crlf(row.end()..at.end));
    Field::leaf(
        "chunk-size line",
        at.clone(),
        Value::Number(line.chunk_size),
        SOURCE,
    )
    .meaning("The line in front of the data.")
    .wireshark("http.chunk_size")
    .children(row.done(at.end))
}

/// The chunk at the beginning of `at`, whose first line was read already.
fn chunk(source: &mut Source<'_>, size_line: Field, at: Range<usize>, kind: Kind) -> Field {
    let Value::Number(chunk_size) = size_line.value else {
        return size_line;
    };
    let mut row = Row::from(at.start);
    row.add(size_line);
    let start = row.end();
    let end =
        usize::try_from(chunk_size).map_or(at.end, |len| start.saturating_add(len).min(at.end));
    let missing = chunk_size.saturating_sub((end - start) as u64);
    if end > start {
        row.add(chunk_data(source, start..end, kind, missing == 0));
    }
    let problem = if missing > 0 {
        Some(not_here(missing, "this chunk"))
    } else {
        add_chunk_end(source, end..at.end, &mut row)
    };
    let mut field =
        Field::group("chunk", at.start..row.end(), SOURCE).meaning("A piece of the content.");
    field.problem = problem;
    let end = row.end();
    field.children = row.done(end);
    field.secret = field.children.iter().any(|part| part.secret);
    field
}

fn chunk_data(source: &mut Source<'_>, at: Range<usize>, kind: Kind, is_whole: bool) -> Field {
    let value = content::readable(source, &at, kind);
    let mut field =
        Field::leaf("chunk-data", at.clone(), value, SOURCE).meaning("The data of this chunk.");
    if is_whole {
        field.wireshark = Some("http.chunk_data");
    }
    if kind == Kind::Form {
        // A field of the form that lies across two chunks shows as two.
        field.children = pairs::pairs(source, &at, Spelling::FormInChunk);
        field.secret = field.children.iter().any(|part| part.secret);
    }
    field
}

fn add_chunk_end(
    source: &Source<'_>,
    at: Range<usize>,
    row: &mut Row,
) -> Option<Cow<'static, str>> {
    match decode_chunk_end(source.slice(&at)) {
        Ok(Progress::Done { used_bytes, .. }) => {
            row.add(crlf(at.start..at.start + used_bytes).wireshark("http.chunk_boundary"));
            None
        }
        Ok(Progress::NeedMore) => {
            row.separator("CR", at.end, "Half of a line end.");
            Some("The line end behind this chunk is not here.".into())
        }
        Err(error) => Some(error.to_string().into()),
    }
}

fn add_trailers(source: &mut Source<'_>, row: &mut Row) -> Option<Cow<'static, str>> {
    let start = row.end();
    let mut lines = FieldLines::read(source.bytes, start);
    let empty_line = lines.empty_line.take();
    let end = lines.further.end;
    if end > start {
        let mut trailers = Row::from(start);
        field_line::field_lines(source, &lines, Place::Trailers, &mut trailers);
        let mut field = Field::group("trailer-section", start..end, "RFC 9112 §7.1.2")
            .meaning("Fields that were known only when the content had been sent.")
            .children(trailers.done(end));
        field.wireshark = empty_line.is_some().then_some("http.chunked_trailer_part");
        row.add(field);
    }
    let Some(empty_line) = empty_line else {
        return Some(NOT_ENDED.into());
    };
    let is_line_feed_alone = empty_line.len() == 1;
    let field = crlf(empty_line);
    row.add(if is_line_feed_alone {
        field.problem(HeadError::BareLf.to_string())
    } else {
        field
    });
    None
}

fn crlf(at: Range<usize>) -> Field {
    Field::leaf("CRLF", at, Value::Bytes, SOURCE).meaning("Carriage return and line feed.")
}
