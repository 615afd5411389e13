//! The parts of a binary message, read from left to right, each becoming a `Field`.
//! No protocol's grammar: which parts there are is said by the dissectors.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;

use crate::octets::counted;
use crate::wire::field::{Field, Value};

/// How many fields one call may make. A browser's ClientHello has some 300, a certificate of a public authority some
/// 900, and chains are three of them. Beyond it, bytes stay bytes.
pub(super) const FIELDS_MAX: usize = 20_000;

/// What a number is called in its registry.
pub(super) type Names = fn(u64) -> Option<Cow<'static, str>>;

/// Why a message cannot be taken apart further.
#[derive(Debug)]
pub(super) enum Broken {
    /// This was found, and is to be said at the bytes that are left.
    Here(Cow<'static, str>),
    /// A part that was cut off has said it.
    Said,
}

/// What came of one part.
pub(super) type Step<T> = Result<T, Broken>;

/// The message ends its sense here, for this reason.
pub(super) fn broken<T>(reason: impl Into<Cow<'static, str>>) -> Step<T> {
    Err(Broken::Here(reason.into()))
}

/// A field whose place and value are filled in when it is read.
pub(super) fn named(name: impl Into<Cow<'static, str>>, source: &'static str) -> Field {
    Field::group(name, 0..0, source)
}

/// Takes all of `bytes` apart as `field`, whose parts `body` reads.
pub(super) fn dissect(
    bytes: &[u8],
    field: Field,
    body: impl FnOnce(&mut Parts<'_>) -> Step<()>,
) -> Field {
    let budget = Cell::new(FIELDS_MAX);
    let mut parts = Parts::over(bytes, 0..bytes.len(), &budget);
    let step = body(&mut parts);
    parts.close(field, 0, step)
}

/// What was read of a message so far, and the bytes still to be read.
pub(super) struct Parts<'a> {
    /// The bytes that positions count in; those of this message are a range of them.
    whole: &'a [u8],
    at: usize,
    end: usize,
    fields: Vec<Field>,
    /// How many more fields may be made, by this and all others of the same call.
    budget: &'a Cell<usize>,
}

impl<'a> Parts<'a> {
    fn over(whole: &'a [u8], range: Range<usize>, budget: &'a Cell<usize>) -> Self {
        Self {
            whole,
            at: range.start,
            end: range.end,
            fields: Vec::new(),
            budget,
        }
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.end - self.at
    }

    /// Whether any are.
    pub(super) fn more(&self) -> bool {
        self.left() > 0
    }

    /// The bytes that are left.
    pub(super) fn ahead(&self) -> &'a [u8] {
        self.whole.get(self.at..self.end).unwrap_or_default()
    }

    /// A number of `len` bytes, 8 at most, high byte first.
    pub(super) fn number(&mut self, len: usize, field: Field) -> Step<u64> {
        let number = big_endian(self.take(len, &field)?);
        self.push(len, field, Value::Number(number));
        Ok(number)
    }

    /// A number that stands for something.
    pub(super) fn code(&mut self, len: usize, field: Field, names: Names) -> Step<u64> {
        let number = big_endian(self.take(len, &field)?);
        let name = names(number);
        self.push(len, field, Value::Code { number, name });
        Ok(number)
    }

    /// `len` bytes without a reading of their own.
    pub(super) fn bytes(&mut self, len: usize, field: Field) -> Step<&'a [u8]> {
        let bytes = self.take(len, &field)?;
        self.push(len, field, Value::Bytes);
        Ok(bytes)
    }

    /// `len` bytes that say `value`.
    pub(super) fn value(&mut self, len: usize, field: Field, value: Value) -> Step<()> {
        self.take(len, &field)?;
        self.push(len, field, value);
        Ok(())
    }

    /// `len` bytes of text; what is not UTF-8 stays bytes.
    pub(super) fn text(&mut self, len: usize, field: Field) -> Step<()> {
        let bytes = self.take(len, &field)?;
        match std::str::from_utf8(bytes) {
            Ok(text) => self.push(len, field, Value::Text(text.to_owned())),
            Err(_) => {
                let field = field.problem("This should be text, and is not UTF-8.");
                self.push(len, field, Value::Bytes);
            }
        }
        Ok(())
    }

    /// All bytes that are left.
    pub(super) fn rest(&mut self, field: Field) -> Step<&'a [u8]> {
        self.bytes(self.left(), field)
    }

    /// `len` bytes that are made of parts. Should there be fewer, those are read, and that is the end of this message;
    /// what breaks within them breaks nothing behind them.
    pub(super) fn group(
        &mut self,
        len: usize,
        field: Field,
        body: impl FnOnce(&mut Self) -> Step<()>,
    ) -> Step<()> {
        self.spend(&field)?;
        let start = self.at;
        let there = len.min(self.left());
        let mut parts = Parts::over(self.whole, start..start + there, self.budget);
        let step = body(&mut parts);
        let mut group = parts.close(field, start, step);
        let cut = there < len;
        if cut {
            group.problem = Some(shortage(len, there));
        }
        self.at = start + there;
        self.fields.push(group);
        if cut { Err(Broken::Said) } else { Ok(()) }
    }

    /// A length of `len_bytes` bytes, and as many bytes of parts (RFC 8446 §3.4).
    pub(super) fn vector(
        &mut self,
        len_bytes: usize,
        len_wireshark: Option<&'static str>,
        field: Field,
        body: impl FnOnce(&mut Self) -> Step<()>,
    ) -> Step<()> {
        let len = self.length(len_bytes, len_wireshark, &field)?;
        self.group(len, field, body)
    }

    /// A length of `len_bytes` bytes, and as many bytes without a reading of their own. Fewer, if there are fewer.
    pub(super) fn opaque(
        &mut self,
        len_bytes: usize,
        len_wireshark: Option<&'static str>,
        field: Field,
    ) -> Step<&'a [u8]> {
        let len = self.length(len_bytes, len_wireshark, &field)?;
        self.cut_or_whole(len, field, Self::bytes)
    }

    /// A length of `len_bytes` bytes, and as many bytes of text.
    pub(super) fn opaque_text(
        &mut self,
        len_bytes: usize,
        len_wireshark: Option<&'static str>,
        field: Field,
    ) -> Step<()> {
        let len = self.length(len_bytes, len_wireshark, &field)?;
        self.cut_or_whole(len, field, Self::text)
    }

    /// The field that was read last: to say more about it.
    pub(super) fn last(&mut self) -> Option<&mut Field> {
        self.fields.last_mut()
    }

    /// Says what the field that was read last means.
    pub(super) fn explain(&mut self, meaning: impl Into<Cow<'static, str>>) {
        if let Some(field) = self.last() {
            field.meaning = meaning.into();
        }
    }

    /// Says what is wrong with the field that was read last, unless worse was said.
    pub(super) fn blame(&mut self, problem: impl Into<Cow<'static, str>>) {
        if let Some(field) = self.last() {
            field.problem.get_or_insert(problem.into());
        }
    }

    fn length(
        &mut self,
        len_bytes: usize,
        wireshark: Option<&'static str>,
        of: &Field,
    ) -> Step<usize> {
        let mut field = named(format!("length of {}", of.name), of.source)
            .meaning("How many bytes of it follow.");
        field.wireshark = wireshark;
        let len = self.number(len_bytes, field)?;
        Ok(usize::try_from(len).unwrap_or(usize::MAX))
    }

    fn cut_or_whole<T>(
        &mut self,
        len: usize,
        field: Field,
        read: impl FnOnce(&mut Self, usize, Field) -> Step<T>,
    ) -> Step<T> {
        let there = self.left();
        if len <= there {
            return read(self, len, field);
        }
        let field = field.problem(shortage(len, there));
        read(self, there, field)?;
        Err(Broken::Said)
    }

    fn take(&mut self, len: usize, field: &Field) -> Step<&'a [u8]> {
        let Some(bytes) = self.ahead().get(..len) else {
            let left = self.left();
            let name = &field.name;
            return broken(format!(
                "{name} takes {}; {left} left.",
                counted(len, "byte")
            ));
        };
        self.spend(field)?;
        Ok(bytes)
    }

    fn spend(&self, field: &Field) -> Step<()> {
        let Some(left) = self.budget.get().checked_sub(1) else {
            let name = &field.name;
            return broken(format!(
                "After {FIELDS_MAX} fields, {name} and what follows is not taken apart."
            ));
        };
        self.budget.set(left);
        Ok(())
    }

    fn push(&mut self, len: usize, mut field: Field, value: Value) {
        field.bytes = self.at..self.at + len;
        field.value = value;
        self.at += len;
        self.fields.push(field);
    }

    /// The field that these are the parts of. Bytes that no part took become one of their own.
    fn close(mut self, mut field: Field, start: usize, step: Step<()>) -> Field {
        let left = self.left();
        let problem = match step {
            Ok(()) if left > 0 => {
                let surplus = counted(left, "byte");
                Some(format!("{surplus} more than {} has.", field.name).into())
            }
            Ok(()) | Err(Broken::Said) => None,
            Err(Broken::Here(reason)) => Some(reason),
        };
        if left > 0 || problem.is_some() {
            let mut rest = Field::leaf("rest", self.at..self.end, Value::Bytes, field.source)
                .meaning("What could not be taken apart.");
            rest.problem = problem;
            self.fields.push(rest);
        }
        field.bytes = start..self.end;
        field.children = self.fields;
        field
    }
}

fn shortage(announced: usize, there: usize) -> Cow<'static, str> {
    format!(
        "This should have {}, and has {there}.",
        counted(announced, "byte")
    )
    .into()
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &'static str) -> Field {
        named(name, "RFC 0 §0").meaning("A part.")
    }

    /// A byte, and a list of numbers of two bytes behind a length.
    fn example(bytes: &[u8]) -> Field {
        dissect(bytes, part("example"), |parts| {
            parts.number(1, part("first"))?;
            parts.vector(1, None, part("list"), |parts| {
                while parts.more() {
                    parts.number(2, part("item"))?;
                }
                Ok(())
            })?;
            parts.number(1, part("last"))?;
            Ok(())
        })
    }

    fn problems(field: &Field) -> Vec<String> {
        assert_eq!(field.flaw(), None);
        let told = field.walk().filter_map(|field| field.problem.as_ref());
        told.map(ToString::to_string).collect()
    }

    #[test]
    fn each_byte_finds_its_field() {
        let field = example(&[1, 4, 0, 2, 0, 3, 9]);
        assert_eq!(problems(&field), Vec::<String>::new());
        let leaf = |at| field.leaf_at(at).map(|leaf| leaf.name.as_ref());
        assert_eq!(leaf(1), Some("length of list"));
        assert_eq!(leaf(5), Some("item"));
        assert_eq!(leaf(6), Some("last"));
    }

    #[test]
    fn what_breaks_within_a_length_breaks_nothing_behind_it() {
        let field = example(&[1, 3, 0, 2, 7, 9]);
        assert_eq!(problems(&field), ["item takes 2 bytes; 1 left."]);
        assert_eq!(
            field.leaf_at(5).map(|leaf| leaf.name.as_ref()),
            Some("last")
        );
    }

    #[test]
    fn a_cut_list_is_read_as_far_as_it_goes_and_ends_the_message() {
        let field = example(&[1, 9, 0, 2, 0, 3]);
        assert_eq!(problems(&field), ["This should have 9 bytes, and has 4."]);
        assert_eq!(
            field.leaf_at(5).map(|leaf| leaf.name.as_ref()),
            Some("item")
        );
    }

    #[test]
    fn missing_and_surplus_bytes_are_told() {
        assert_eq!(problems(&example(&[])), ["first takes 1 byte; 0 left."]);
        assert_eq!(problems(&example(&[1, 0])), ["last takes 1 byte; 0 left."]);
        assert_eq!(
            problems(&example(&[1, 0, 2, 3])),
            ["1 byte more than example has."]
        );
    }

    #[test]
    fn the_number_of_fields_is_bounded() {
        let count = |items: usize| {
            let bytes = vec![0; items];
            let field = dissect(&bytes, part("many"), |parts| {
                while parts.more() {
                    parts.number(1, part("item"))?;
                }
                Ok(())
            });
            (problems(&field).len(), field.children.len())
        };
        assert_eq!(count(FIELDS_MAX), (0, FIELDS_MAX));
        assert_eq!(count(FIELDS_MAX * 2), (1, FIELDS_MAX + 1));
    }
}
