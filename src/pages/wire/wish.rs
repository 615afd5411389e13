//! What a page of the wire view asks for over its socket: JSON text in, a wish out (docs/PROTOCOL.md).
//! Whether it may be had is decided elsewhere.

use serde_json::Value;

use crate::model::MessageId;

/// The longest thing that can be searched for, in bytes. Longer than any line that people copy.
pub(super) const NEEDLE_LEN_MAX: usize = 256;

/// What a page wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Tell all of a connection, from its first byte on; `None`: of none any more.
    Watch(Option<u64>),
    /// Take an item of the watched connection apart.
    Show(u64),
    /// Which items of the watched connection hold this? The number is the page's own, and stands in the answer.
    Find(Needle, Option<u64>),
    /// Where did this chat message cross?
    Locate(MessageId),
}

/// What is searched for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Needle {
    /// Exactly these bytes.
    Bytes(Vec<u8>),
    /// This text, small and capital ASCII letters being the same.
    Text(String),
}

/// Reads a wish.
///
/// # Errors
/// A sentence that says what is wrong with it.
pub fn decode(text: &str) -> Result<Wish, String> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| format!("That is not JSON ({error})."))?;
    match value.get("type").and_then(Value::as_str) {
        Some("watch") => match value.get("connection") {
            None | Some(Value::Null) => Ok(Wish::Watch(None)),
            Some(_) => number(&value, "connection").map(|number| Wish::Watch(Some(number))),
        },
        Some("show") => number(&value, "item").map(Wish::Show),
        Some("find") => {
            let question = value.get("question").and_then(Value::as_u64);
            needle(&value).map(|needle| Wish::Find(needle, question))
        }
        Some("locate") => value
            .get("message")
            .and_then(Value::as_i64)
            .map(|id| Wish::Locate(MessageId(id)))
            .ok_or_else(|| "This wish needs “message”, the number of one.".to_owned()),
        _ => Err("A wish needs a “type”: watch, show, find or locate.".to_owned()),
    }
}

fn number(value: &Value, name: &str) -> Result<u64, String> {
    value
        .get(name)
        .and_then(Value::as_u64)
        .ok_or_else(|| format!("This wish needs “{name}”, a number."))
}

fn needle(value: &Value) -> Result<Needle, String> {
    let text_of = |name: &str| value.get(name).and_then(Value::as_str);
    let needle = match (text_of("text"), text_of("hex")) {
        (Some(text), None) => Needle::Text(text.to_ascii_lowercase()),
        (None, Some(hex)) => Needle::Bytes(
            from_hex(hex).ok_or("“hex” is made of the digits 0–9 and a–f, two a byte.")?,
        ),
        _ => return Err("This wish needs either “text” or “hex”.".to_owned()),
    };
    match needle.bytes().len() {
        0 => Err("There is nothing to search for.".to_owned()),
        1..=NEEDLE_LEN_MAX => Ok(needle),
        _ => Err(format!(
            "At most {NEEDLE_LEN_MAX} bytes can be searched for."
        )),
    }
}

impl Needle {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Text(text) => text.as_bytes(),
        }
    }

    /// Where it first begins in `bytes`.
    pub fn find_in(&self, bytes: &[u8]) -> Option<usize> {
        let wanted = self.bytes();
        let mut windows = bytes.windows(wanted.len().max(1));
        match self {
            Self::Bytes(_) => windows.position(|window| window == wanted),
            Self::Text(_) => windows.position(|window| window.eq_ignore_ascii_case(wanted)),
        }
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|char| char.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    let (pairs, []) = digits.as_deref()?.as_chunks::<2>() else {
        return None;
    };
    Some(pairs.iter().map(|[high, low]| high << 4 | low).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wishes_are_read() {
        for (text, wish) in [
            (r#"{"type":"watch","connection":7}"#, Wish::Watch(Some(7))),
            (r#"{"type":"watch","connection":null}"#, Wish::Watch(None)),
            (r#"{"type":"show","item":0}"#, Wish::Show(0)),
            (
                r#"{"type":"find","text":"Password"}"#,
                Wish::Find(Needle::Text("password".to_owned()), None),
            ),
            (
                r#"{"type":"find","hex":"17AB","question":9}"#,
                Wish::Find(Needle::Bytes(vec![0x17, 0xab]), Some(9)),
            ),
            (
                r#"{"type":"locate","message":31}"#,
                Wish::Locate(MessageId(31)),
            ),
        ] {
            assert_eq!(decode(text), Ok(wish), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_answered_with_the_cure() {
        let long = "x".repeat(NEEDLE_LEN_MAX + 1);
        for (text, cure) in [
            ("{", "JSON"),
            ("{}", "type"),
            (r#"{"type":"watch","connection":-1}"#, "number"),
            (r#"{"type":"watch","connection":"7"}"#, "number"),
            (r#"{"type":"show"}"#, "item"),
            (r#"{"type":"find"}"#, "either"),
            (r#"{"type":"find","text":"a","hex":"00"}"#, "either"),
            (r#"{"type":"find","text":""}"#, "nothing"),
            (r#"{"type":"find","hex":"0"}"#, "two a byte"),
            (r#"{"type":"find","hex":"0g"}"#, "two a byte"),
            (r#"{"type":"locate"}"#, "message"),
            (&format!(r#"{{"type":"find","text":"{long}"}}"#), "256"),
        ] {
            let refusal = decode(text).unwrap_err();
            assert!(refusal.contains(cure), "{text}: {refusal}");
        }
        let longest = "x".repeat(NEEDLE_LEN_MAX);
        assert!(decode(&format!(r#"{{"type":"find","text":"{longest}"}}"#)).is_ok());
    }

    #[test]
    fn text_is_found_in_any_case_and_bytes_as_they_are() {
        let text = Needle::Text("host".to_owned());
        assert_eq!(text.find_in(b"GET / HTTP/1.1\r\nHost: a"), Some(16));
        assert_eq!(text.find_in(b"hos"), None);
        let bytes = Needle::Bytes(b"host".to_vec());
        assert_eq!(bytes.find_in(b"Host"), None);
        assert_eq!(bytes.find_in(b"a host"), Some(2));
    }
}
