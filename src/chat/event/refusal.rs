//! A wish that was not carried out: which one, why, and when to try again.
//! Who is refused what is decided elsewhere.

use std::fmt;

use serde_json::json;

use super::encode;

/// Why a client's event was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Over the limit; try again after so many milliseconds.
    TooFast {
        /// Never 0.
        retry_after_ms: u64,
    },
    /// It cannot be read, or a value in it is not accepted; the sentence says why.
    Invalid(String),
    /// Somebody else wrote that message.
    NotAuthor,
    /// There is no such message here (any more).
    NoSuchMessage,
    /// One must be in the group to speak in it.
    NotMember,
    /// It could not be stored; the sentence says why.
    NotStored(String),
}

/// A refusal, and which wish it answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The `type` of the event that is refused, if it had one.
    pub request: String,
    /// Its `client_id`, if it had one.
    pub client_id: Option<String>,
    /// Its `message_id`, if it had one.
    pub message_id: Option<i64>,
    /// Why.
    pub reason: Reason,
}

/// A wish was not carried out.
#[must_use]
pub fn encode_refusal(refusal: &Refusal) -> Vec<u8> {
    let (reason, retry_after_ms) = match &refusal.reason {
        Reason::TooFast { retry_after_ms } => ("too_fast", Some(*retry_after_ms)),
        Reason::Invalid(_) => ("invalid", None),
        Reason::NotAuthor => ("not_author", None),
        Reason::NoSuchMessage => ("no_such_message", None),
        Reason::NotMember => ("not_member", None),
        Reason::NotStored(_) => ("not_stored", None),
    };
    encode(json!({
        "type": "refused",
        "request": refusal.request,
        "client_id": refusal.client_id,
        "message_id": refusal.message_id,
        "reason": reason,
        "text": refusal.reason.to_string(),
        "retry_after_ms": retry_after_ms,
    }))
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFast { .. } => f.write_str(
                "That was faster than the limit. Nothing is lost: it can go out in a moment.",
            ),
            Self::Invalid(text) | Self::NotStored(text) => f.write_str(text),
            Self::NotAuthor => f.write_str("Only its author can change a message."),
            Self::NoSuchMessage => f.write_str("This message is not there any more."),
            Self::NotMember => f.write_str("You are not in this group any more: join it to speak."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn parsed(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).unwrap()
    }

    #[test]
    fn a_refusal_says_what_why_and_when_to_try_again() {
        let refusal = Refusal {
            request: "send".into(),
            client_id: Some("c".into()),
            message_id: None,
            reason: Reason::TooFast {
                retry_after_ms: 120,
            },
        };
        let value = parsed(&encode_refusal(&refusal));
        assert_eq!(value["reason"], "too_fast");
        assert_eq!(value["retry_after_ms"], 120);
        assert_eq!(value["client_id"], "c");
        assert_eq!(value["message_id"], Value::Null);
        assert!(
            value["text"]
                .as_str()
                .is_some_and(|text| text.contains("limit"))
        );
    }
}
