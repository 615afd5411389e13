//! What clients say in a conversation: JSON text to types.
//! Whether it is done, and by whom it is heard, is decided elsewhere.

use serde_json::Value;

use super::refusal::{Reason, Refusal};
use crate::model::{ClientId, Content, Invalid, MessageId};

/// What a client says in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientEvent {
    /// Say something.
    Send {
        /// The client's own name for it.
        client_id: Option<ClientId>,
        /// What.
        content: Content,
    },
    /// Change one's own message.
    Edit {
        /// Which.
        message_id: MessageId,
        /// The new text.
        content: Content,
    },
    /// Take one's own message back.
    Delete {
        /// Which.
        message_id: MessageId,
    },
    /// A key was pressed.
    Typing,
    /// Everything up to here was seen.
    Read {
        /// The last message seen.
        message_id: MessageId,
    },
    /// What was said before this message?
    Older {
        /// The oldest message the client has.
        before: MessageId,
    },
}

/// Reads what a client sent.
///
/// # Errors
/// A `Refusal` with `Reason::Invalid` that names the wish as far as it could be read.
pub fn decode_client_event(text: &str) -> Result<ClientEvent, Box<Refusal>> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        let text = format!("That is not JSON ({error}).");
        Box::new(Refusal {
            request: String::new(),
            client_id: None,
            message_id: None,
            reason: Reason::Invalid(text),
        })
    })?;
    let kind = value
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    read_event(kind, &value).map_err(|text| {
        Box::new(Refusal {
            request: kind.chars().take(16).collect(),
            client_id: client_id(&value)
                .ok()
                .flatten()
                .map(|id| id.as_str().to_owned()),
            message_id: value.get("message_id").and_then(Value::as_i64),
            reason: Reason::Invalid(text),
        })
    })
}

fn read_event(kind: &str, value: &Value) -> Result<ClientEvent, String> {
    Ok(match kind {
        "send" => ClientEvent::Send {
            client_id: client_id(value)?,
            content: content(value)?,
        },
        "edit" => ClientEvent::Edit {
            message_id: message_id(value, "message_id")?,
            content: content(value)?,
        },
        "delete" => ClientEvent::Delete {
            message_id: message_id(value, "message_id")?,
        },
        "typing" => ClientEvent::Typing,
        "read" => ClientEvent::Read {
            message_id: message_id(value, "message_id")?,
        },
        "older" => ClientEvent::Older {
            before: message_id(value, "before")?,
        },
        _ => {
            return Err(
                "An event needs a “type”: send, edit, delete, typing, read or older.".to_owned(),
            );
        }
    })
}

fn client_id(value: &Value) -> Result<Option<ClientId>, String> {
    match value.get("client_id") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => ClientId::new(text)
            .map(Some)
            .map_err(|error| error.to_string()),
        Some(_) => Err(Invalid::ClientId.to_string()),
    }
}

fn content(value: &Value) -> Result<Content, String> {
    let text = value
        .get("content")
        .and_then(Value::as_str)
        .ok_or("This event needs “content”, a text.")?;
    Content::new(text.to_owned()).map_err(|error| error.to_string())
}

fn message_id(value: &Value, name: &str) -> Result<MessageId, String> {
    value
        .get(name)
        .and_then(Value::as_i64)
        .map(MessageId)
        .ok_or_else(|| format!("This event needs “{name}”, the number of a message."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_say_is_read() {
        for (text, event) in [
            (
                r#"{"type":"send","content":"hi","client_id":"a-1"}"#,
                ClientEvent::Send {
                    client_id: ClientId::new("a-1").ok(),
                    content: Content::new("hi".into()).unwrap(),
                },
            ),
            (
                r#"{"content":"hi","type":"send","client_id":null,"more":[1]}"#,
                ClientEvent::Send {
                    client_id: None,
                    content: Content::new("hi".into()).unwrap(),
                },
            ),
            (
                r#"{"type":"edit","message_id":3,"content":"x"}"#,
                ClientEvent::Edit {
                    message_id: MessageId(3),
                    content: Content::new("x".into()).unwrap(),
                },
            ),
            (
                r#"{"type":"delete","message_id":3}"#,
                ClientEvent::Delete {
                    message_id: MessageId(3),
                },
            ),
            (r#"{"type":"typing"}"#, ClientEvent::Typing),
            (
                r#"{"type":"read","message_id":9}"#,
                ClientEvent::Read {
                    message_id: MessageId(9),
                },
            ),
            (
                r#"{"type":"older","before":9}"#,
                ClientEvent::Older {
                    before: MessageId(9),
                },
            ),
        ] {
            assert_eq!(decode_client_event(text), Ok(event), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_its_own_name() {
        let long = format!(
            r#"{{"type":"send","client_id":"c","content":"{}"}}"#,
            "x".repeat(4001)
        );
        for (text, request, client_id, message_id) in [
            ("", "", None, None),
            ("hello", "", None, None),
            ("[]", "", None, None),
            ("{\"type\":\"shout\"}", "shout", None, None),
            (
                r#"{"type":"send","client_id":"c"}"#,
                "send",
                Some("c"),
                None,
            ),
            (
                r#"{"type":"send","client_id":"c","content":" "}"#,
                "send",
                Some("c"),
                None,
            ),
            (long.as_str(), "send", Some("c"), None),
            (
                r#"{"type":"send","client_id":"a b","content":"x"}"#,
                "send",
                None,
                None,
            ),
            (
                r#"{"type":"edit","message_id":3,"content":7}"#,
                "edit",
                None,
                Some(3),
            ),
            (
                r#"{"type":"edit","message_id":"3","content":"x"}"#,
                "edit",
                None,
                None,
            ),
            (
                r#"{"type":"delete","message_id":1.5}"#,
                "delete",
                None,
                None,
            ),
        ] {
            let refusal = decode_client_event(text).unwrap_err();
            assert_eq!(
                (
                    refusal.request.as_str(),
                    refusal.client_id.as_deref(),
                    refusal.message_id
                ),
                (request, client_id, message_id),
                "{text}"
            );
            assert!(matches!(&refusal.reason, Reason::Invalid(text) if !text.is_empty()));
        }
        // Deep nesting is refused by the parser, not by the stack.
        assert!(decode_client_event(&"[".repeat(60_000)).is_err());
    }
}
