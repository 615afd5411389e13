//! The bytes of one message while they are taken apart, and the row of fields that is made of them.
//! No protocol: this only keeps the promise that every byte belongs to exactly one leaf.

use std::borrow::Cow;
use std::ops::Range;

use crate::octets::counted;
use crate::wire::field::{Field, Value};

/// The most parts that one message is taken apart into, give or take the parts of one part.
///
/// A field takes some two hundred bytes of memory, and can be made of one byte of the message: without a
/// limit, a message of nothing but separators would cost hundreds of times its size. A browser's longest
/// requests have some three hundred parts.
pub(super) const PARTS_MAX: usize = 10_000;

/// The bytes of one message, and how many more parts may be made of them.
pub(super) struct Source<'a> {
    pub(super) bytes: &'a [u8],
    parts_left: usize,
}

impl<'a> Source<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            parts_left: PARTS_MAX,
        }
    }

    /// Whether so many more parts may be made. If not, the caller leaves the rest in one piece.
    pub(super) fn affords(&mut self, parts: usize) -> bool {
        let left = self.parts_left.checked_sub(parts);
        self.parts_left = left.unwrap_or(0);
        left.is_some()
    }

    pub(super) fn slice(&self, at: &Range<usize>) -> &'a [u8] {
        self.bytes.get(at.clone()).unwrap_or_default()
    }

    /// What stands at `at`, as text; bytes that are not UTF-8 show as replacement characters.
    pub(super) fn text(&self, at: &Range<usize>) -> Value {
        Value::Text(String::from_utf8_lossy(self.slice(at)).into_owned())
    }

    /// Where `byte` comes first within `at`.
    pub(super) fn find(&self, at: &Range<usize>, byte: u8) -> Option<usize> {
        let offset = self.slice(at).iter().position(|&other| other == byte)?;
        Some(at.start + offset)
    }
}

/// That so many bytes of this are lacking.
pub(super) fn not_here(missing: u64, of: &str) -> Cow<'static, str> {
    let are = if missing == 1 { "is" } else { "are" };
    format!("{} of {of} {are} not here.", counted(missing, "byte")).into()
}

/// Fields in a row, each beginning where the one before it ended.
pub(super) struct Row {
    fields: Vec<Field>,
    end: usize,
}

impl Row {
    /// The first field of the row will begin at `start`.
    pub(super) fn from(start: usize) -> Self {
        Self {
            fields: Vec::new(),
            end: start,
        }
    }

    /// Where the next field will begin.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// Adds a field. What lies between it and the one before becomes a leaf of its own.
    pub(super) fn add(&mut self, field: Field) {
        self.blanks(field.bytes.start);
        self.end = field.bytes.end;
        self.fields.push(field);
    }

    /// Adds blanks or other separators up to `end`, if there are any.
    pub(super) fn separator(&mut self, name: &'static str, end: usize, meaning: &'static str) {
        if end > self.end {
            let field = Field::leaf(name, self.end..end, Value::Bytes, "RFC 9110 §5.6");
            self.end = end;
            self.fields.push(field.meaning(meaning));
        }
    }

    /// Optional whitespace up to `end`.
    pub(super) fn blanks(&mut self, end: usize) {
        self.separator(
            "OWS",
            end,
            "Optional whitespace: blanks and tabs that mean nothing.",
        );
    }

    /// The row, which must end at `end`: what is missing becomes one leaf.
    pub(super) fn done(mut self, end: usize) -> Vec<Field> {
        self.blanks(end);
        self.fields
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_no_gaps() {
        let mut row = Row::from(2);
        row.add(Field::leaf("a", 3..5, Value::Bytes, "").meaning("A letter."));
        row.separator(",", 6, "A comma.");
        row.separator(",", 6, "A comma.");
        let field = Field::group("whole", 2..8, "")
            .meaning("All of it.")
            .children(row.done(8));
        assert_eq!(field.flaw(), None);
        let names: Vec<_> = field
            .children
            .iter()
            .map(|part| part.name.as_ref())
            .collect();
        assert_eq!(names, ["OWS", "a", ",", "OWS"]);
    }

    #[test]
    fn what_is_not_here_is_said_in_english() {
        assert_eq!(not_here(1, "it"), "1 byte of it is not here.");
        assert_eq!(not_here(2, "it"), "2 bytes of it are not here.");
    }

    #[test]
    fn parts_are_counted() {
        let mut source = Source::new(b"");
        assert!(source.affords(PARTS_MAX));
        assert!(!source.affords(1));
        assert!(!Source::new(b"").affords(PARTS_MAX + 1));
    }
}
