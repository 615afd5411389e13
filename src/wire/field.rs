//! One field of a protocol as a student sees it: where its bytes are, what they say, what that means, and where it is written.
//! Only the shape: which fields there are is known to the dissectors beside this file.

use std::borrow::Cow;
use std::ops::Range;

/// A field of a dissected message, and what it is made of.
///
/// `bytes` are positions in the bytes that were dissected as a whole. The children of a field lie within it,
/// in order, and a field that is divided is divided without a gap: **every byte belongs to exactly one leaf**. Parts
/// of a byte are the exception: they are told apart by `mask`, and all have the byte or bytes of their parent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The standard's own word: `legacy_version`, `opcode`, `field-name`.
    pub name: Cow<'static, str>,
    /// Where it stands.
    pub bytes: Range<usize>,
    /// Which bits of those bytes, read as one big-endian number; `None` for all of them.
    pub mask: Option<u64>,
    /// What it says.
    pub value: Value,
    /// What that means: one plain sentence. Empty only where `problem` is said instead.
    pub meaning: Cow<'static, str>,
    /// Where it is written: `RFC 8446 §4.1.2`.
    pub source: &'static str,
    /// What Wireshark calls it, if it has a name for it: `tls.handshake.version`.
    pub wireshark: Option<&'static str>,
    /// What a thief would want: a password, a cookie of a session, a key.
    pub secret: bool,
    /// What is wrong here, if anything: the rest of the message may then be one leaf that says no more.
    pub problem: Option<Cow<'static, str>>,
    /// The parts it is made of.
    pub children: Vec<Self>,
}

/// What a field says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing by itself: it is made of its children.
    Group,
    /// A number, or one of the bits of one.
    Number(u64),
    /// A number that a registry has a name for; `None` if it has not.
    Code {
        /// As it was sent.
        number: u64,
        /// As the registry calls it.
        name: Option<Cow<'static, str>>,
    },
    /// Text.
    Text(String),
    /// Bytes without a reading of their own: random, encrypted, a signature. They are where `bytes` says.
    Bytes,
}

impl Field {
    /// A field that is made of parts, or will be.
    #[must_use]
    pub fn group(
        name: impl Into<Cow<'static, str>>,
        bytes: Range<usize>,
        source: &'static str,
    ) -> Self {
        Self::leaf(name, bytes, Value::Group, source)
    }

    /// A field with a value.
    #[must_use]
    pub fn leaf(
        name: impl Into<Cow<'static, str>>,
        bytes: Range<usize>,
        value: Value,
        source: &'static str,
    ) -> Self {
        Self {
            name: name.into(),
            bytes,
            mask: None,
            value,
            meaning: Cow::Borrowed(""),
            source,
            wireshark: None,
            secret: false,
            problem: None,
            children: Vec::new(),
        }
    }

    /// With this sentence.
    #[must_use]
    pub fn meaning(mut self, meaning: impl Into<Cow<'static, str>>) -> Self {
        self.meaning = meaning.into();
        self
    }

    /// With Wireshark's name for it.
    #[must_use]
    pub fn wireshark(mut self, name: &'static str) -> Self {
        self.wireshark = Some(name);
        self
    }

    /// With these parts.
    #[must_use]
    pub fn children(mut self, children: Vec<Self>) -> Self {
        self.children = children;
        self
    }

    /// These bits of its bytes only.
    #[must_use]
    pub fn mask(mut self, mask: u64) -> Self {
        self.mask = Some(mask);
        self
    }

    /// Worth stealing.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// With what is wrong here.
    #[must_use]
    pub fn problem(mut self, problem: impl Into<Cow<'static, str>>) -> Self {
        self.problem = Some(problem.into());
        self
    }

    /// The field and all that it is made of, each before its parts. Deep trees cost no stack.
    pub fn walk(&self) -> impl Iterator<Item = &Self> {
        let mut waiting = vec![self];
        std::iter::from_fn(move || {
            let field = waiting.pop()?;
            waiting.extend(field.children.iter().rev());
            Some(field)
        })
    }

    /// The leaf that byte `at` belongs to.
    #[must_use]
    pub fn leaf_at(&self, at: usize) -> Option<&Self> {
        let mut field = self.bytes.contains(&at).then_some(self)?;
        while let Some(part) = field
            .children
            .iter()
            .find(|part| part.mask.is_none() && part.bytes.contains(&at))
        {
            field = part;
        }
        Some(field)
    }

    /// The first place at which the promise of this type is broken, in words: for tests and fuzzers of every dissector.
    #[must_use]
    pub fn flaw(&self) -> Option<String> {
        self.walk().find_map(|field| {
            if field.meaning.is_empty() && field.problem.is_none() {
                return Some(format!("{} does not say what it means", field.name));
            }
            let mut end = field.bytes.start;
            let mut divides = false;
            for part in &field.children {
                if part.mask.is_some() {
                    if part.bytes != field.bytes {
                        return Some(format!(
                            "the bits {} are not in the bytes of {}",
                            part.name, field.name
                        ));
                    }
                    continue;
                }
                if part.bytes.start != end {
                    return Some(format!(
                        "a gap or overlap before {} in {} at {end}",
                        part.name, field.name
                    ));
                }
                end = part.bytes.end;
                divides = true;
            }
            (divides && end != field.bytes.end).then(|| {
                format!(
                    "{} ends at {end}, before its end at {}",
                    field.name, field.bytes.end
                )
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(bytes: Range<usize>) -> Field {
        Field::leaf("part", bytes, Value::Bytes, "RFC 0 §0").meaning("A part.")
    }

    fn group(bytes: Range<usize>) -> Field {
        Field::group("whole", bytes, "RFC 0 §0").meaning("All of it.")
    }

    #[test]
    fn every_byte_has_one_leaf() {
        let tree = group(0..6).children(vec![
            leaf(0..2).children(vec![leaf(0..1), leaf(1..2)]),
            leaf(2..6),
        ]);
        assert_eq!(tree.flaw(), None);
        assert_eq!(tree.leaf_at(1).map(|field| field.bytes.clone()), Some(1..2));
        assert_eq!(tree.leaf_at(5).map(|field| field.bytes.clone()), Some(2..6));
        assert_eq!(tree.leaf_at(6), None);
        assert_eq!(
            tree.walk()
                .map(|field| field.bytes.clone())
                .collect::<Vec<_>>(),
            [0..6, 0..2, 0..1, 1..2, 2..6]
        );
    }

    #[test]
    fn gaps_overlaps_and_early_ends_are_flaws() {
        for parts in [
            vec![leaf(1..6)],
            vec![leaf(0..3), leaf(2..6)],
            vec![leaf(0..3), leaf(4..6)],
            vec![leaf(0..5)],
        ] {
            assert!(group(0..6).children(parts).flaw().is_some());
        }
    }

    #[test]
    fn a_field_that_says_neither_what_it_means_nor_what_is_wrong_is_a_flaw() {
        let silent = leaf(0..1).meaning("");
        assert!(silent.flaw().is_some());
        assert_eq!(silent.problem("It is wrong.").flaw(), None);
    }

    #[test]
    fn bits_share_the_bytes_of_their_parent() {
        let byte = leaf(3..4).children(vec![leaf(3..4).mask(0x80), leaf(3..4).mask(0x7f)]);
        assert_eq!(byte.flaw(), None);
        assert_eq!(byte.leaf_at(3).map(|field| field.mask), Some(None));
        assert!(
            leaf(3..4)
                .children(vec![leaf(3..5).mask(0x80)])
                .flaw()
                .is_some()
        );
    }
}
