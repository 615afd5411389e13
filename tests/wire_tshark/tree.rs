//! What tshark says of a capture: `tshark -T json -x`, which gives for each field its name, position, size and bytes.
//! Its objects repeat their keys and mean the order, so they are read as lists of pairs.

use std::fmt;
use std::path::Path;
use std::process::Command;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// JSON whose objects keep order and repeated keys.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json {
    Nothing,
    Number(u64),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// One field as tshark shows it.
#[derive(Debug, Clone)]
pub(crate) struct Theirs {
    pub(crate) name: String,
    pub(crate) at: usize,
    pub(crate) len: usize,
    /// Its bytes in hexadecimal; of bits, their value.
    pub(crate) hex: String,
    /// Which bits of the bytes; 0 for all.
    pub(crate) mask: u64,
    pub(crate) kind: Kind,
    /// The value as shown; empty for those that are only made of parts.
    pub(crate) show: String,
    pub(crate) parts: Vec<Self>,
}

/// What the value of a field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    Number,
    Text,
    /// An object identifier or an address.
    Dotted,
    Other,
}

impl Kind {
    /// By the numbers of Wireshark's field types (`ftypes.h`).
    fn of(field_type: u64) -> Self {
        match field_type {
            2 => Self::Boolean,
            4..=11 => Self::Number,
            26..=29 => Self::Text,
            32 | 33 | 37 => Self::Dotted,
            _ => Self::Other,
        }
    }
}

impl Theirs {
    /// The field and all below it.
    pub(crate) fn walk<'a>(&'a self, visit: &mut impl FnMut(&'a Self)) {
        visit(self);
        for part in &self.parts {
            part.walk(visit);
        }
    }

    /// The first part of this name.
    pub(crate) fn part(&self, name: &str) -> Option<&Self> {
        self.parts.iter().find(|part| part.name == name)
    }

    /// Whether that field's bytes are among these, at its place.
    pub(crate) fn holds(&self, field: &Self) -> bool {
        let Some(at) = field.at.checked_sub(self.at) else {
            return false;
        };
        // Of bits the value is given instead of the bytes.
        let range = at * 2..(at + field.len) * 2;
        self.hex
            .get(range)
            .is_some_and(|hex| field.mask != 0 || hex == field.hex)
    }

    /// Its bytes.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let digits: Vec<_> = self.hex.chars().collect();
        let byte = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16);
        digits.chunks(2).map(|pair| byte(pair).unwrap()).collect()
    }
}

/// All fields of each packet of a capture.
pub(crate) fn packets(capture: &Path) -> Vec<Vec<Theirs>> {
    let output = Command::new("tshark")
        .arg("-r")
        .arg(capture)
        .args(["-T", "json", "-x", "-n"])
        .output()
        .unwrap();
    assert!(output.status.success(), "tshark -r {}", capture.display());
    let Json::List(packets) = serde_json::from_slice(&output.stdout).unwrap() else {
        panic!("tshark's JSON is a list of packets");
    };
    packets.iter().map(fields).collect()
}

/// A field is two or three pairs: `name_raw` with its place, `name` with its value, and `name_tree` or `name` with its
/// parts. Objects that are no field are headings, whose parts count as the parts of what is above them.
fn fields(json: &Json) -> Vec<Theirs> {
    let Json::Object(pairs) = json else {
        return Vec::new();
    };
    let mut found: Vec<Theirs> = Vec::new();
    for (key, value) in pairs {
        if let Some(field) = key.strip_suffix("_raw").and_then(|name| raw(name, value)) {
            found.push(field);
            continue;
        }
        let name = key.strip_suffix("_tree").unwrap_or(key);
        match (found.last_mut().filter(|last| last.name == name), value) {
            (Some(last), Json::Text(show)) => last.show.clone_from(show),
            (Some(last), Json::Object(_)) => last.parts = fields(value),
            (_, Json::Object(_)) => found.extend(fields(value)),
            _ => {}
        }
    }
    found
}

fn raw(name: &str, value: &Json) -> Option<Theirs> {
    let Json::List(items) = value else {
        return None;
    };
    let [Json::Text(hex), numbers @ ..] = items.as_slice() else {
        return None;
    };
    let number = |at: usize| match numbers.get(at) {
        Some(&Json::Number(number)) => Some(number),
        _ => None,
    };
    Some(Theirs {
        name: name.to_owned(),
        at: usize::try_from(number(0)?).ok()?,
        len: usize::try_from(number(1)?).ok()?,
        hex: hex.clone(),
        mask: number(2)?,
        kind: Kind::of(number(3)?),
        show: String::new(),
        parts: Vec::new(),
    })
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Json, E> {
        Ok(Json::Nothing)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::Nothing)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut pairs: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(pair) = pairs.next_entry()? {
            list.push(pair);
        }
        Ok(Json::Object(list))
    }
}
