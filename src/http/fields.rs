//! Field lines: the names and values between the first line and the empty one (RFC 9110 §5).
//! No meaning of any single field lives here; a line knows where in the head it stands.

use std::ops::Range;

use bytes::Bytes;

/// Where one field line stands, as byte ranges of the buffer that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldLine {
    /// The field name, as it was written.
    pub name: Range<usize>,
    /// The field value, without the blanks around it (RFC 9110 §5.5).
    pub value: Range<usize>,
}

/// The field lines of one head (or of one trailer section), in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    buffer: Bytes,
    lines: Vec<FieldLine>,
}

impl Fields {
    /// `lines` are ranges of `buffer`; what lies outside of it reads as empty.
    #[must_use]
    pub fn new(buffer: Bytes, lines: Vec<FieldLine>) -> Self {
        Self { buffer, lines }
    }

    /// What the lines lie in.
    #[must_use]
    pub fn buffer(&self) -> &Bytes {
        &self.buffer
    }

    /// The lines with their places.
    #[must_use]
    pub fn lines(&self) -> &[FieldLine] {
        &self.lines
    }

    /// Every (name, value), in the order in which they were sent.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.lines
            .iter()
            .map(|line| (self.slice(&line.name), self.slice(&line.value)))
    }

    /// The values of all lines called `name`, whatever the case of either (RFC 9110 §5.1).
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.iter()
            .filter(move |(candidate, _)| candidate.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| value)
    }

    /// The value of the only line called `name`; `None` if there is none or more than one.
    ///
    /// Fields that hold one value and come twice could be read in two ways, so they count as absent.
    #[must_use]
    pub fn only<'a>(&'a self, name: &'a str) -> Option<&'a [u8]> {
        let mut values = self.all(name);
        let first = values.next();
        if values.next().is_some() { None } else { first }
    }

    /// `only`, as text; `None` also if it is not ASCII.
    #[must_use]
    pub fn only_text<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        let value = self.only(name)?;
        value
            .is_ascii()
            .then(|| std::str::from_utf8(value).ok())
            .flatten()
    }

    /// Whether any line is called `name`.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.all(name).next().is_some()
    }

    /// The members of the comma-separated list that all lines called `name` make together
    /// (RFC 9110 §5.6.1): without blanks around them, empty ones left out.
    ///
    /// For lists of tokens only: commas within quoted strings are not looked for.
    pub fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> + 'a {
        self.all(name)
            .flat_map(|value| value.split(|&byte| byte == b','))
            .map(<[u8]>::trim_ascii)
            .filter(|member| !member.is_empty())
    }

    /// Whether the list called `name` has the member `token`, whatever the case.
    #[must_use]
    pub fn lists(&self, name: &str, token: &str) -> bool {
        self.list(name)
            .any(|member| member.eq_ignore_ascii_case(token.as_bytes()))
    }

    fn slice(&self, range: &Range<usize>) -> &[u8] {
        self.buffer.get(range.clone()).unwrap_or_default()
    }
}

/// Whether `text` is a token (RFC 9110 §5.6.2).
#[must_use]
pub fn is_token(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|&byte| is_token_byte(byte))
}

/// `tchar`
pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&str, &str)]) -> Fields {
        let mut buffer = Vec::new();
        let mut ranges = Vec::new();
        for (name, value) in lines {
            let mut put = |text: &str| {
                let start = buffer.len();
                buffer.extend_from_slice(text.as_bytes());
                start..buffer.len()
            };
            ranges.push(FieldLine {
                name: put(name),
                value: put(value),
            });
        }
        Fields::new(buffer.into(), ranges)
    }

    #[test]
    fn names_are_found_whatever_the_case() {
        let fields = fields(&[("Host", "a"), ("accept", "x"), ("ACCEPT", "y")]);
        assert_eq!(fields.only("hOST"), Some(&b"a"[..]));
        assert_eq!(fields.all("Accept").collect::<Vec<_>>(), [b"x", b"y"]);
        assert!(!fields.contains("Cookie"));
    }

    #[test]
    fn a_field_that_comes_twice_has_no_only_value() {
        let fields = fields(&[("Origin", "a"), ("Origin", "a"), ("Referer", "\u{e9}")]);
        assert_eq!(fields.only("Origin"), None);
        assert_eq!(fields.only_text("Referer"), None);
    }

    #[test]
    fn a_list_goes_over_commas_and_lines() {
        let fields = fields(&[
            ("Connection", " keep-alive ,, Upgrade"),
            ("connection", "close"),
        ]);
        assert_eq!(
            fields.list("Connection").collect::<Vec<_>>(),
            [&b"keep-alive"[..], b"Upgrade", b"close"]
        );
        assert!(fields.lists("Connection", "upgrade"));
        assert!(!fields.lists("Connection", "keep"));
    }

    #[test]
    fn tokens_are_visible_ascii_without_delimiters() {
        assert!(is_token(b"Sec-WebSocket-Key"));
        assert!(is_token(b"!#$%&'*+-.^_`|~09azAZ"));
        for bad in [
            &b""[..],
            b"a b",
            b"a:b",
            b"a\"",
            b"(a)",
            b"\xc3\xa9",
            b"a\0",
        ] {
            assert!(!is_token(bad), "{bad:?}");
        }
    }
}
