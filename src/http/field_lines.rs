//! The field lines of a response, written as they are added (RFC 9112 §5).
//! What a field says is not known here, only that it stays on its line.

/// Room for those of a static file, which has the most: one allocation for all of them.
const LINES_LEN_USUAL: usize = 640;

/// Field lines in the order in which they were added, each with its end: `Name: value\r\n`.
#[derive(Debug, Clone)]
pub struct FieldLines(Vec<u8>);

impl FieldLines {
    /// None yet.
    pub(super) fn new() -> Self {
        Self(Vec::with_capacity(LINES_LEN_USUAL))
    }

    /// Those that many responses have in common, each with its name and value.
    #[must_use]
    pub fn of(fields: &[(&'static str, &str)]) -> Self {
        let mut lines = Self(Vec::new());
        for (name, value) in fields {
            lines.push(name, value);
        }
        lines
    }

    /// Adds all of these.
    pub(super) fn append(&mut self, lines: &Self) {
        self.0.extend_from_slice(&lines.0);
    }

    /// Adds a line. Control characters in `value` become blanks: no value can split a response in two (RFC 9110 §5.5).
    pub(super) fn push(&mut self, name: &'static str, value: &str) {
        self.0.extend_from_slice(name.as_bytes());
        self.0.extend_from_slice(b": ");
        if has_controls(value) {
            let harmless = |c: char| if c.is_control() { ' ' } else { c };
            let value: String = value.chars().map(harmless).collect();
            self.0.extend_from_slice(value.as_bytes());
        } else {
            self.0.extend_from_slice(value.as_bytes());
        }
        self.0.extend_from_slice(b"\r\n");
    }

    /// As they are sent.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Whether there is an ASCII control character in it. Looks at all of it in any case: so many bytes are looked at together.
fn has_controls(value: &str) -> bool {
    value
        .bytes()
        .fold(false, |found, byte| found | byte.is_ascii_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_in_common_are_added_as_if_one_by_one() {
        let common = FieldLines::of(&[("Allow", "GET"), ("ETag", "\"a\"\n")]);
        let mut lines = FieldLines::new();
        lines.push("Age", "0");
        lines.append(&common);
        assert_eq!(
            lines.as_bytes(),
            b"Age: 0\r\nAllow: GET\r\nETag: \"a\" \r\n"
        );
    }

    #[test]
    fn each_field_is_a_line_of_its_own_whatever_its_value_holds() {
        let mut lines = FieldLines::new();
        lines.push("Allow", "GET");
        lines.push("Location", "/a\r\nSet-Cookie: x=y\n\0");
        lines.push("ETag", "\"é\"\x7f");
        assert_eq!(
            String::from_utf8_lossy(lines.as_bytes()),
            "Allow: GET\r\nLocation: /a  Set-Cookie: x=y  \r\nETag: \"é\" \r\n"
        );
    }
}
