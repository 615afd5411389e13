//! Names and values in a row: queries, forms, cookies, and the lists and parameters of field values.
//! Each spelling has its separators; which names are worth stealing is known to `secrecy`.

use std::borrow::Cow;
use std::ops::Range;

use super::head::trim;
use super::{attributes, secrecy};
use crate::http::form::FormError;
use crate::http::percent;
use crate::wire::dissect::source::{Row, Source};
use crate::wire::field::{Field, Value};

/// How a row of pairs is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `a=1&b=2` behind the `?` of a request target.
    Query,
    /// `a=1&b=2` as content (WHATWG URL §5).
    Form,
    /// The same in a chunk, where Wireshark counts its bytes from another beginning.
    FormInChunk,
    /// `a=1; b=2` (RFC 6265 §4.2).
    Cookie,
    /// `sid=1; Path=/; Secure` (RFC 6265 §4.1): a cookie and its attributes.
    SetCookie,
    /// `no-store, max-age=0` (RFC 9110 §5.6.1).
    List,
    /// `text/html; charset=utf-8` (RFC 9110 §5.6.6).
    Parameters,
    /// `default-src 'none'; img-src 'self'` (Content Security Policy).
    Directives,
}

impl Spelling {
    fn separator(self) -> u8 {
        match self {
            Self::Query | Self::Form | Self::FormInChunk => b'&',
            Self::List => b',',
            Self::Cookie | Self::SetCookie | Self::Parameters | Self::Directives => b';',
        }
    }

    fn is_url_encoded(self) -> bool {
        matches!(self, Self::Query | Self::Form | Self::FormInChunk)
    }

    /// Between a name and its value.
    fn equals(self) -> u8 {
        if self == Self::Directives { b' ' } else { b'=' }
    }

    /// What one pair, its name and its value are called.
    fn words(self, is_first: bool) -> [&'static str; 3] {
        match self {
            Self::Query => ["parameter", "name", "value"],
            Self::Form | Self::FormInChunk => ["form field", "name", "value"],
            Self::Cookie => ["cookie-pair", "cookie-name", "cookie-value"],
            Self::SetCookie if is_first => ["cookie-pair", "cookie-name", "cookie-value"],
            Self::SetCookie => ["cookie-av", "attribute-name", "attribute-value"],
            Self::List => ["member", "token", "value"],
            Self::Parameters if is_first => ["value", "token", "value"],
            Self::Parameters => ["parameter", "parameter-name", "parameter-value"],
            Self::Directives => ["directive", "directive-name", "directive-value"],
        }
    }

    fn source(self) -> &'static str {
        match self {
            Self::Query => "RFC 3986 §3.4",
            Self::Form | Self::FormInChunk => "WHATWG URL §5",
            Self::Cookie => "RFC 6265 §4.2",
            Self::SetCookie => "RFC 6265 §4.1",
            Self::List => "RFC 9110 §5.6.1",
            Self::Parameters => "RFC 9110 §5.6.6",
            Self::Directives => "CSP Level 3 §2.3",
        }
    }
}

/// How many fields a pair makes, with what stands around it.
const PARTS_A_PAIR: usize = 7;

/// What stands at `at`, pair by pair, without a gap.
pub(super) fn pairs(source: &mut Source<'_>, at: &Range<usize>, spelling: Spelling) -> Vec<Field> {
    let names = wireshark_names(source, at, spelling);
    let mut row = Row::from(at.start);
    let mut start = at.start;
    let mut is_first = true;
    while start < at.end {
        if !source.affords(PARTS_A_PAIR) {
            row.add(rest(start..at.end));
            break;
        }
        let end = member_end(source, start..at.end, spelling);
        let member = if spelling.is_url_encoded() {
            start..end
        } else {
            trim(source.bytes, start..end)
        };
        if !member.is_empty() {
            // Wireshark takes blanks behind a cookie for part of it.
            let names = if member.end == end { names } else { [None; 3] };
            row.add(pair(source, member, spelling, is_first, names));
            is_first = false;
        }
        row.blanks(end);
        if end < at.end {
            row.separator("separator", end + 1, "Separates this from what comes next.");
        }
        start = end + 1;
    }
    row.done(at.end)
}

fn rest(at: Range<usize>) -> Field {
    Field::leaf("further parts", at, Value::Bytes, "")
        .meaning("There are more parts in this message than are taken apart here.")
}

/// Where the member that begins at `at.start` ends: at the next separator outside of quotation marks.
fn member_end(source: &Source<'_>, at: Range<usize>, spelling: Spelling) -> usize {
    let has_quotes = matches!(spelling, Spelling::List | Spelling::Parameters);
    let (mut quoted, mut escaped) = (false, false);
    for (offset, &byte) in source.slice(&at).iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if has_quotes => quoted = !quoted,
            byte if byte == spelling.separator() && !quoted => return at.start + offset,
            _ => {}
        }
    }
    at.end
}

/// What Wireshark calls the pairs, their names and their values, where it sees them as we do.
///
/// Its readers of queries and forms lose their place behind an empty pair or a pair without `=`.
fn wireshark_names(
    source: &Source<'_>,
    at: &Range<usize>,
    spelling: Spelling,
) -> [Option<&'static str>; 3] {
    let mut members = source.slice(at).split(|&byte| byte == b'&');
    match spelling {
        Spelling::Query if members.all(|member| !member.is_empty()) => {
            [Some("http.request.uri.query.parameter"), None, None]
        }
        Spelling::Form if members.all(is_plain_pair) => [
            None,
            Some("urlencoded-form.key"),
            Some("urlencoded-form.value"),
        ],
        Spelling::Cookie => [Some("http.cookie_pair"), None, None],
        _ => [None; 3],
    }
}

fn is_plain_pair(member: &[u8]) -> bool {
    let mut halves = member.splitn(2, |&byte| byte == b'=');
    let (Some(name), Some(value)) = (halves.next(), halves.next()) else {
        return false;
    };
    let decodes = |half: &[u8]| percent::decode(half, true).is_some();
    !name.is_empty() && decodes(name) && decodes(value)
}

fn pair(
    source: &Source<'_>,
    at: Range<usize>,
    spelling: Spelling,
    is_first: bool,
    names: [Option<&'static str>; 3],
) -> Field {
    let [pair_word, name_word, value_word] = spelling.words(is_first);
    let [pair_name, name_name, value_name] = names;
    let equals = source.find(&at, spelling.equals());
    let name_at = at.start..equals.unwrap_or(at.end);
    let name = decoded(source, &name_at, spelling).unwrap_or_else(|| source.text(&name_at));
    let meaning = match &name {
        Value::Text(name) => attributes::meaning(spelling, is_first, name),
        _ => attributes::meaning(spelling, is_first, ""),
    };
    let is_secret = spelling != Spelling::Directives
        && matches!(&name, Value::Text(name) if secrecy::is_worth_stealing(name));
    let mut field =
        Field::leaf(pair_word, at.clone(), source.text(&at), spelling.source()).meaning(meaning);
    field.wireshark = pair_name;
    let Some(equals) = equals else {
        return field;
    };
    let mut row = Row::from(at.start);
    if !name_at.is_empty() {
        let meaning = stands_for(
            source,
            &name_at,
            &name,
            attributes::of_name(spelling, is_first),
        );
        let mut leaf = Field::leaf(name_word, name_at, name, spelling.source()).meaning(meaning);
        leaf.wireshark = name_name;
        row.add(leaf);
    }
    row.separator(
        "separator",
        equals + 1,
        "Separates the name from the value.",
    );
    if equals + 1 < at.end {
        let meaning = attributes::of_value(spelling, is_first);
        let mut leaf = value(source, equals + 1..at.end, value_word, spelling, meaning);
        leaf.wireshark = value_name;
        leaf.secret = is_secret;
        field.secret = is_secret;
        row.add(leaf);
    }
    field.children(row.done(at.end))
}

fn value(
    source: &Source<'_>,
    at: Range<usize>,
    word: &'static str,
    spelling: Spelling,
    meaning: &'static str,
) -> Field {
    let decoded = decoded(source, &at, spelling);
    let is_broken = decoded.is_none() && matches!(spelling, Spelling::Form | Spelling::FormInChunk);
    let value = decoded.unwrap_or_else(|| source.text(&at));
    let meaning = stands_for(source, &at, &value, meaning);
    let leaf = Field::leaf(word, at, value, spelling.source()).meaning(meaning);
    if is_broken {
        leaf.problem(FormError::Encoding.to_string())
    } else {
        leaf
    }
}

/// `meaning`, and a word on why the value is not what the bytes say, if it is not.
fn stands_for(
    source: &Source<'_>,
    at: &Range<usize>,
    value: &Value,
    meaning: &'static str,
) -> Cow<'static, str> {
    if *value == source.text(at) {
        return meaning.into();
    }
    format!("{meaning} The bytes are percent-encoded; this is what they stand for.").into()
}

/// The text behind the escapes; `None` if they are broken.
fn decoded(source: &Source<'_>, at: &Range<usize>, spelling: Spelling) -> Option<Value> {
    if spelling.is_url_encoded() {
        percent::decode(source.slice(at), true).map(|text| Value::Text(text.into_owned()))
    } else {
        Some(source.text(at))
    }
}
