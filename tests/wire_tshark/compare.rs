//! Holds our fields against tshark's of the same bytes.

use std::collections::{BTreeMap, HashMap};

use secure_chat::wire::field::{Field, Value};

use crate::tree::{Kind, Theirs};

/// What came of it so far.
#[derive(Default)]
pub(crate) struct Tally {
    /// Fields with a Wireshark name that tshark has at the same place, of the same size, with the same value.
    pub(crate) equal: usize,
    /// How many of them by name.
    pub(crate) equal_by_name: BTreeMap<String, usize>,
    /// Those that it has not, in words.
    pub(crate) different: Vec<String>,
    /// tshark's fields that we have no counterpart for, and how many of each.
    pub(crate) theirs_alone: BTreeMap<String, usize>,
}

/// A place and what is there: tshark may have several fields of one name at one place.
type Key = (String, usize, usize, u64);

impl Tally {
    /// Compares a field of ours with tshark's of the same bytes. Positions count from the beginning of each.
    pub(crate) fn compare(&mut self, context: &str, ours: &Field, theirs: &Theirs) {
        assert_eq!(ours.flaw(), None, "{context}");
        let mut there: HashMap<Key, Vec<&Theirs>> = HashMap::new();
        theirs.walk(&mut |field| {
            // What has no bytes is computed, or says that something is empty; what has others is put together.
            if field.len > 0 && theirs.holds(field) {
                let key = (
                    field.name.clone(),
                    field.at - theirs.at,
                    field.len,
                    field.mask,
                );
                there.entry(key).or_default().push(field);
            }
        });
        for field in ours.walk() {
            let Some(name) = field.wireshark.filter(|_| !field.bytes.is_empty()) else {
                continue;
            };
            let key = (
                name.to_owned(),
                field.bytes.start,
                field.bytes.len(),
                field.mask.unwrap_or(0),
            );
            match there.get_mut(&key).and_then(Vec::pop) {
                Some(theirs) if same_value(&field.value, theirs) => {
                    self.equal += 1;
                    *self.equal_by_name.entry(name.to_owned()).or_default() += 1;
                }
                Some(theirs) => self.different.push(format!(
                    "{context}: {name} is {:?} to us and {:?} to tshark",
                    field.value, theirs.show
                )),
                None => self.different.push(format!(
                    "{context}: tshark has no {name} at {:?} ({})",
                    field.bytes, field.name
                )),
            }
        }
        for (key, fields) in there.into_iter().filter(|(_, fields)| !fields.is_empty()) {
            *self.theirs_alone.entry(key.0).or_default() += fields.len();
        }
    }
}

/// The bytes are the same, since place and size are; this holds what is read from them.
fn same_value(ours: &Value, theirs: &Theirs) -> bool {
    match (ours, theirs.kind) {
        (Value::Number(number) | Value::Code { number, .. }, Kind::Boolean) => {
            (*number != 0) == (theirs.show == "1")
        }
        (Value::Number(number) | Value::Code { number, .. }, Kind::Number) => {
            number_in(&theirs.show) == Some(*number)
        }
        (Value::Text(text), Kind::Text) => *text == theirs.show,
        // Ours says the name, too.
        (Value::Text(text), Kind::Dotted) => text.contains(&theirs.show),
        _ => true,
    }
}

fn number_in(show: &str) -> Option<u64> {
    match show.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => show.parse().ok(),
    }
}
