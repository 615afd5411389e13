//! One field line as a field of the tree: name, colon, value in its parts, end (RFC 9112 §5).
//! What is wrong with a line is said in the words of the server's own decoder.

use std::borrow::Cow;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::head::{FieldLineAt, FieldLines};
use super::known_fields::{self, KnownField, Shape};
use super::{pairs, secrecy, start_line};
use crate::http::HeadError;
use crate::http::body::decimal;
use crate::http::fields::is_token;
use crate::wire::dissect::source::{Row, Source};
use crate::wire::field::{Field, Value};

/// How many fields a line makes, with its name, blanks and end.
const PARTS_A_LINE: usize = 8;

/// Where field lines stand: Wireshark has a name of its own for lines that it does not know better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Request,
    Response,
    Trailers,
}

impl Place {
    fn wireshark(self) -> Option<&'static str> {
        match self {
            Self::Request => Some("http.request.line"),
            Self::Response => Some("http.response.line"),
            Self::Trailers => None,
        }
    }
}

/// Adds all lines and the empty one behind them.
pub(super) fn field_lines(
    source: &mut Source<'_>,
    lines: &FieldLines,
    place: Place,
    row: &mut Row,
) {
    for line in &lines.lines {
        if !source.affords(PARTS_A_LINE) {
            row.add(further(line.line.text.start..lines.further.end));
            break;
        }
        row.add(field_line(source, line, place));
    }
    if row.end() < lines.further.end {
        row.add(further(lines.further.clone()));
    }
    if let Some(at) = &lines.empty_line {
        let field = Field::leaf("empty line", at.clone(), Value::Bytes, "RFC 9112 §2.1")
            .meaning("An empty line: the fields end here.");
        row.add(if at.len() == 1 {
            field.problem(HeadError::BareLf.to_string())
        } else {
            field
        });
    }
}

fn further(at: Range<usize>) -> Field {
    Field::leaf("further field lines", at, Value::Bytes, "RFC 9112 §5")
        .meaning("There are more field lines than are taken apart here.")
}

fn field_line(source: &mut Source<'_>, line: &FieldLineAt, place: Place) -> Field {
    let name = source.slice(&line.name);
    let known = known_fields::find(name);
    let title: Cow<'static, str> = match known {
        Some(known) => known.name.into(),
        None => String::from_utf8_lossy(name).into_owned().into(),
    };
    let mut field = Field::leaf(
        title,
        line.line.bytes(),
        source.text(&line.value),
        known.map_or("RFC 9110 §5", |known| known.source),
    )
    .meaning(
        known.map_or("A field that this program knows nothing about.", |known| {
            known.meaning
        }),
    );
    let is_whole = !line.line.end.is_empty();
    field.wireshark = known
        .and_then(|known| known.wireshark)
        .filter(|_| place != Place::Trailers)
        .or(place.wireshark())
        .filter(|_| is_whole);
    if is_whole && matches!(source.slice(&line.line.text).first(), Some(b' ' | b'\t')) {
        return folded(source, field, line);
    }
    let mut row = Row::from(line.line.text.start);
    let mut leaf = Field::leaf(
        "field-name",
        line.name.clone(),
        source.text(&line.name),
        "RFC 9110 §5.1",
    )
    .meaning("The name; upper and lower case mean the same.");
    if is_whole {
        leaf.problem = name_problem(source, line).map(|error| error.to_string().into());
    }
    if !line.name.is_empty() || leaf.problem.is_some() {
        row.add(leaf);
    }
    if line.has_colon {
        row.separator(
            "colon",
            line.name.end + 1,
            "Separates the name from the value.",
        );
        row.blanks(line.value.start);
    }
    if !line.value.is_empty() {
        let value = field_value(source, &line.value, known, name);
        field.secret = value.secret;
        row.add(value);
    }
    row.blanks(line.line.text.end);
    start_line::line_end(&mut row, &line.line);
    field.children(row.done(line.line.end.end))
}

/// A line that begins with a blank once continued the line before it.
fn folded(source: &Source<'_>, mut field: Field, line: &FieldLineAt) -> Field {
    field.name = "obs-fold".into();
    field.source = "RFC 9112 §5.2";
    field.meaning = "A line that continues the one before it, as was once allowed.".into();
    field.wireshark = None;
    let mut row = Row::from(line.line.text.start);
    let text = source.text(&line.line.text);
    row.add(
        Field::leaf("obs-fold", line.line.text.clone(), text, "RFC 9112 §5.2")
            .problem(HeadError::ObsoleteFolding.to_string()),
    );
    start_line::line_end(&mut row, &line.line);
    field.children(row.done(line.line.end.end))
}

fn name_problem(source: &Source<'_>, line: &FieldLineAt) -> Option<HeadError> {
    let name = source.slice(&line.name);
    if !line.has_colon {
        return Some(HeadError::FieldName);
    }
    if matches!(name.last(), Some(b' ' | b'\t')) {
        return Some(HeadError::SpaceBeforeColon);
    }
    (!is_token(name)).then_some(HeadError::FieldName)
}

fn value_problem(value: &[u8]) -> Option<HeadError> {
    if value.contains(&b'\r') {
        return Some(HeadError::BareCr);
    }
    value
        .iter()
        .any(|&byte| byte.is_ascii_control() && byte != b'\t')
        .then_some(HeadError::FieldValue)
}

fn field_value(
    source: &mut Source<'_>,
    at: &Range<usize>,
    known: Option<&KnownField>,
    name: &[u8],
) -> Field {
    let value = source.slice(at);
    let mut field = Field::leaf("field-value", at.clone(), source.text(at), "RFC 9110 §5.5")
        .meaning("What the line says, without the blanks around it.");
    if let Some(error) = value_problem(value) {
        return field.problem(error.to_string());
    }
    field.secret = known.is_none() && secrecy::is_worth_stealing(&String::from_utf8_lossy(name));
    match known.map(|known| known.shape) {
        None | Some(Shape::Text) => {}
        Some(Shape::Number) => match decimal(value) {
            Some(number) => field.value = Value::Number(number),
            // Equal numbers in a row are one number to those who are lenient (RFC 9110 §8.6).
            None if value
                .split(|&byte| byte == b',')
                .all(|part| decimal(part.trim_ascii()).is_some()) => {}
            None => return field.problem("This is not a decimal number."),
        },
        Some(Shape::Host) => field.children = host(source, at),
        Some(Shape::Credentials) => field.children = credentials(source, at),
        Some(Shape::Pairs(spelling)) => field.children = pairs::pairs(source, at, spelling),
    }
    field.secret |= field.children.iter().any(|part| part.secret);
    field
}

fn host(source: &Source<'_>, at: &Range<usize>) -> Vec<Field> {
    // The last colon, unless it stands within the brackets of an IPv6 address.
    let value = source.slice(at);
    let colon = value
        .iter()
        .rposition(|&byte| byte == b':' || byte == b']')
        .filter(|&colon| value.get(colon) == Some(&b':'))
        .map_or(at.end, |colon| at.start + colon);
    let mut row = Row::from(at.start);
    if colon > at.start {
        let host = at.start..colon;
        row.add(
            Field::leaf(
                "uri-host",
                host.clone(),
                source.text(&host),
                "RFC 9110 §4.2",
            )
            .meaning("Name or address."),
        );
    }
    row.separator(
        "colon",
        (colon + 1).min(at.end),
        "Separates the host from the port.",
    );
    if colon + 1 < at.end {
        let port = colon + 1..at.end;
        let value = decimal(source.slice(&port)).map_or_else(|| source.text(&port), Value::Number);
        row.add(Field::leaf("port", port, value, "RFC 9110 §4.2").meaning("The TCP port."));
    }
    row.done(at.end)
}

/// `Basic` and base64 of `user:password`, or another scheme and what only it understands.
fn credentials(source: &Source<'_>, at: &Range<usize>) -> Vec<Field> {
    let scheme_end = source.find(at, b' ').unwrap_or(at.end);
    let scheme = at.start..scheme_end;
    let mut row = Row::from(at.start);
    row.add(
        Field::leaf(
            "auth-scheme",
            scheme.clone(),
            source.text(&scheme),
            "RFC 9110 §11.1",
        )
        .meaning("How the proof is made."),
    );
    let rest = super::head::trim(source.bytes, scheme_end..at.end);
    row.blanks(rest.start);
    if !rest.is_empty() {
        let leaf = Field::leaf(
            "credentials",
            rest.clone(),
            source.text(&rest),
            "RFC 9110 §11.4",
        )
        .secret();
        let decoded = source
            .slice(&scheme)
            .eq_ignore_ascii_case(b"Basic")
            .then(|| STANDARD.decode(source.slice(&rest)).ok())
            .flatten();
        row.add(match decoded {
            Some(pair) => {
                let mut leaf = leaf.meaning("User name and password, only spelled in base64: anybody can read them (RFC 7617).");
                leaf.value = Value::Text(String::from_utf8_lossy(&pair).into_owned());
                leaf
            }
            None => leaf.meaning("Whoever has this can act as its owner."),
        });
    }
    row.done(at.end)
}
