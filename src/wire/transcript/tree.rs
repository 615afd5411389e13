//! Finds fields by their names, and says what they say in a word.
//! Which names there are is known to whoever looks.

use crate::wire::field::{Field, Value};

/// All fields of this name in the tree, in order.
pub(super) fn find_all<'a>(tree: &'a Field, name: &'a str) -> impl Iterator<Item = &'a Field> {
    tree.walk().filter(move |field| field.name == name)
}

/// The first field of this name.
pub(super) fn find<'a>(tree: &'a Field, name: &'a str) -> Option<&'a Field> {
    tree.walk().find(|field| field.name == name)
}

/// The value in a word; nothing for bytes and for what is made of parts.
pub(super) fn said(field: &Field) -> String {
    match &field.value {
        Value::Group | Value::Bytes => String::new(),
        Value::Number(number) => number.to_string(),
        Value::Code {
            name: Some(name), ..
        } => name.to_string(),
        Value::Code { number, name: None } => format!("{number:#x}"),
        Value::Text(text) => text.clone(),
    }
}

/// The bytes of a field, as far as they are among `bytes`.
pub(super) fn bytes_of<'a>(field: &Field, bytes: &'a [u8]) -> &'a [u8] {
    let end = field.bytes.end.min(bytes.len());
    bytes.get(field.bytes.start..end).unwrap_or_default()
}
