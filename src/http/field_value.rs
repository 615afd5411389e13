//! The value of a field in a response: text that is written down somewhere already, or made for this response.
//! What a value says is not known here, only that it stays on its line.

use std::sync::Arc;

/// Text between a field's colon and the end of its line.
#[derive(Debug, Clone)]
pub enum FieldValue {
    /// As it stands in the code.
    Fixed(&'static str),
    /// The same in many responses, and copied for none.
    Shared(Arc<str>),
    /// Of this response alone.
    Own(String),
}

impl FieldValue {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Fixed(text) => text,
            Self::Shared(text) => text,
            Self::Own(text) => text,
        }
    }

    /// With blanks in the place of control characters: no value can split a response in two (RFC 9110 §5.5).
    #[must_use]
    pub fn without_controls(self) -> Self {
        let text = self.as_str();
        // To the end in any case: many bytes are looked at together then.
        let has_controls = text
            .bytes()
            .fold(false, |found, byte| found | byte.is_ascii_control());
        if !has_controls {
            return self;
        }
        let harmless = |c: char| if c.is_control() { ' ' } else { c };
        Self::Own(text.chars().map(harmless).collect())
    }
}

impl From<&'static str> for FieldValue {
    fn from(text: &'static str) -> Self {
        Self::Fixed(text)
    }
}

impl From<Arc<str>> for FieldValue {
    fn from(text: Arc<str>) -> Self {
        Self::Shared(text)
    }
}

impl From<String> for FieldValue {
    fn from(text: String) -> Self {
        Self::Own(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_become_blanks_wherever_the_text_lies() {
        for value in [
            FieldValue::from("a\r\nb\0"),
            FieldValue::from(Arc::from("a\r\nb\0")),
            FieldValue::from("a\r\nb\0".to_owned()),
        ] {
            assert_eq!(value.without_controls().as_str(), "a  b ");
        }
    }

    #[test]
    fn harmless_text_stays_where_it_lies() {
        let tag: Arc<str> = Arc::from("\"é\"");
        let FieldValue::Shared(same) = FieldValue::from(tag.clone()).without_controls() else {
            panic!("it was copied");
        };
        assert!(Arc::ptr_eq(&tag, &same));
    }
}
