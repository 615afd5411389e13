//! What is shown of a connection, as JSON for the pages: items, fields, lessons. `docs/PROTOCOL.md` lists the shapes.
//! Values in, values out: what is sent when, and to whom, is decided by the pages.

use std::ops::Range;

use serde_json::{Map, Value as Json, json};

use crate::octets::{Direction, hex};
use crate::wire::field::{Field, Value};
use crate::wire::timeline::{Aligned, Item, Lesson, Pane, Shown, Step, Summary};

/// The greatest whole number that JavaScript holds exactly: 2⁵³ − 1.
const SAFE_NUMBER_MAX: u64 = (1 << 53) - 1;

/// One item. Its times become microseconds since `opened_ns`: nanoseconds since 1970 would not survive JavaScript.
///
/// What is absent, false or empty is left out; ten thousand of these cross at once.
#[must_use]
pub fn item(item: &Item, opened_ns: u64) -> Json {
    let mut object = Object::default();
    object.put("number", item.number);
    object.put("from", sender(item.direction));
    object.put("kind", item.kind.word());
    object.put("begun", micros_since(opened_ns, item.begun_ns));
    object.put("ended", micros_since(opened_ns, item.ended_ns));
    object.put_if(!item.is_whole, "open", true);
    object.put("len", item.len);
    object.put("title", item.title.as_str());
    object.put_some("eve", item.eve_title.as_deref());
    object.put("wire", range(&item.wire));
    object.put_some("plain", item.plain.as_ref().map(range));
    object.put_if(!item.related.is_empty(), "related", item.related.clone());
    object.put_if(item.secret, "secret", true);
    object.put_some("problem", item.problem.as_deref());
    object.into()
}

/// An item taken apart.
#[must_use]
pub fn shown(shown: &Shown) -> Json {
    json!({
        "number": shown.number,
        "on_the_wire": shown.on_the_wire.iter().map(pane).collect::<Vec<_>>(),
        "inside": shown.inside.iter().map(pane).collect::<Vec<_>>(),
        "arithmetic": shown.arithmetic.iter().map(step).collect::<Vec<_>>(),
        "aligned": shown.aligned.iter().map(aligned).collect::<Vec<_>>(),
    })
}

/// Bytes in hexadecimal, and the tree of their fields.
#[must_use]
pub fn pane(pane: &Pane) -> Json {
    let mut object = Object::default();
    object.put("title", pane.title.as_str());
    object.put("item", pane.item);
    object.put("offset", pane.offset);
    object.put("bytes", hex(&pane.bytes));
    object.put_if(pane.cut_bytes > 0, "cut", pane.cut_bytes);
    object.put("tree", field(&pane.tree));
    object.into()
}

/// A field and its parts. Deep trees cost no stack: a part is built before what it belongs to.
#[must_use]
pub fn field(root: &Field) -> Json {
    // Each field in front of its parts; seen from the end, all parts of a field come before it.
    let mut built: Vec<Json> = Vec::new();
    for field in root.walk().collect::<Vec<_>>().into_iter().rev() {
        let begin = built.len().saturating_sub(field.children.len());
        let parts: Vec<Json> = built.drain(begin..).rev().collect();
        built.push(one_field(field, parts));
    }
    built.pop().unwrap_or_default()
}

fn one_field(field: &Field, parts: Vec<Json>) -> Json {
    let mut object = Object::default();
    object.put("name", field.name.as_ref());
    object.put("at", json!([field.bytes.start, field.bytes.end]));
    object.put_some("mask", field.mask.map(number));
    object.put_some("value", value(&field.value));
    object.put_if(!field.meaning.is_empty(), "meaning", field.meaning.as_ref());
    object.put_if(!field.source.is_empty(), "source", field.source);
    object.put_some("wireshark", field.wireshark);
    object.put_if(field.secret, "secret", true);
    object.put_some("problem", field.problem.as_deref());
    object.put_if(!parts.is_empty(), "parts", parts);
    object.into()
}

/// `None` for what has no reading of its own: a group, or plain bytes.
fn value(value: &Value) -> Option<Json> {
    match value {
        Value::Group | Value::Bytes => None,
        Value::Number(value) => Some(json!({ "number": number(*value) })),
        Value::Code { number: code, name } => {
            Some(json!({ "number": number(*code), "name": name.as_deref() }))
        }
        Value::Text(text) => Some(json!({ "text": text })),
    }
}

fn step(step: &Step) -> Json {
    json!({
        "name": step.name,
        "value": step.value,
        "meaning": step.meaning,
        "source": step.source,
    })
}

/// `[inside_pane, from, to, wire_pane, from, to]`.
fn aligned(aligned: &Aligned) -> Json {
    json!([
        aligned.inside_pane,
        aligned.inside.start,
        aligned.inside.end,
        aligned.wire_pane,
        aligned.wire.start,
        aligned.wire.end
    ])
}

/// One thing that those learn who only listen.
#[must_use]
pub fn lesson(lesson: &Lesson) -> Json {
    let mut object = Object::default();
    object.put("what", lesson.what);
    object.put("value", lesson.value.as_str());
    object.put("how", lesson.how.as_str());
    object.put_some("item", lesson.item);
    object.into()
}

/// The connection as a whole.
#[must_use]
pub fn summary(summary: &Summary) -> Json {
    let mut object = Object::default();
    object.put("tls", summary.is_tls);
    object.put_some("version", summary.version.as_deref());
    object.put_some("cipher_suite", summary.cipher_suite.as_deref());
    object.put_some("group", summary.group.as_deref());
    object.put_some("server_name", summary.server_name.as_deref());
    object.put("application", summary.application.clone());
    object.put("requests", summary.requests);
    object.put("frames", summary.frames);
    object.put("missing_bytes", summary.missing_bytes);
    object.put("closed_records", summary.closed_records);
    object.put_some("assumption", summary.assumption);
    object.into()
}

/// `client` or `server`.
#[must_use]
pub fn sender(direction: Direction) -> &'static str {
    match direction {
        Direction::FromClient => "client",
        Direction::FromServer => "server",
    }
}

/// How many microseconds later; below 0 if the clock was set back meanwhile. Exact to the nanosecond for a hundred days.
#[must_use]
pub fn micros_since(earlier_ns: u64, later_ns: u64) -> f64 {
    if later_ns >= earlier_ns {
        (later_ns - earlier_ns) as f64 / 1000.0
    } else {
        -((earlier_ns - later_ns) as f64) / 1000.0
    }
}

/// A number that JavaScript would round goes as its digits.
fn number(number: u64) -> Json {
    if number <= SAFE_NUMBER_MAX {
        json!(number)
    } else {
        json!(number.to_string())
    }
}

fn range(range: &Range<u64>) -> Json {
    json!([range.start, range.end])
}

/// An object that leaves out what there is not.
#[derive(Default)]
struct Object(Map<String, Json>);

impl Object {
    fn put(&mut self, name: &str, value: impl Into<Json>) {
        self.0.insert(name.to_owned(), value.into());
    }

    fn put_if(&mut self, is_there: bool, name: &str, value: impl Into<Json>) {
        if is_there {
            self.put(name, value);
        }
    }

    fn put_some(&mut self, name: &str, value: Option<impl Into<Json>>) {
        if let Some(value) = value {
            self.put(name, value);
        }
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Self::Object(object.0)
    }
}

#[cfg(test)]
mod tests;
