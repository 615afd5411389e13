//! Messages as the server tells of them: one that is new or changed, or several in a page.
//! Written by hand, byte by byte: of all events these are told most often, and to the most.

use std::sync::Arc;

use crate::model::{ClientId, Message, MessageId};

/// What happened to a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MessageNews {
    /// It is new.
    New,
    /// It has another text.
    Edited,
    /// It was taken back.
    Deleted,
}

/// A message as an event; `name` is its author's, `None` for a deleted account. Behind `out`.
///
/// Written by hand, for it is the one event that is encoded for every message of a busy room.
pub fn encode_message(out: &mut Vec<u8>, news: MessageNews, message: &Message, name: Option<&str>) {
    let kind = match news {
        MessageNews::New => "message",
        MessageNews::Edited => "edited",
        MessageNews::Deleted => "deleted",
    };
    out.extend_from_slice(b"{\"type\":\"");
    out.extend_from_slice(kind.as_bytes());
    out.extend_from_slice(b"\",\"message\":");
    write_message(out, message, name);
    out.push(b'}');
}

fn write_message(out: &mut Vec<u8>, message: &Message, name: Option<&str>) {
    use std::io::Write as _;
    // Writing into memory cannot fail, neither by `write!` nor by `to_writer`.
    let _ = write!(
        out,
        "{{\"id\":{},\"change\":{},\"author\":{{\"id\":{},\"name\":",
        message.id, message.change, message.author_id
    );
    write_text(out, name);
    out.extend_from_slice(b"},\"content\":");
    write_text(out, Some(&message.content));
    let _ = write!(out, ",\"created_at\":{}", message.created_at);
    write_moment(out, "edited_at", message.edited_at.map(|at| at.0));
    write_moment(out, "deleted_at", message.deleted_at.map(|at| at.0));
    out.extend_from_slice(b",\"client_id\":");
    write_text(out, message.client_id.as_ref().map(ClientId::as_str));
    out.push(b'}');
}

fn write_text(out: &mut Vec<u8>, text: Option<&str>) {
    let _ = serde_json::to_writer(out, &text);
}

fn write_moment(out: &mut Vec<u8>, name: &str, at: Option<i64>) {
    use std::io::Write as _;
    let _ = match at {
        Some(at) => write!(out, ",\"{name}\":{at}"),
        None => write!(out, ",\"{name}\":null"),
    };
}

/// Several messages in one event of the given `type`, with further fields in front of the list.
fn encode_messages(kind: &str, fields: &str, messages: &[(&Message, Option<Arc<str>>)]) -> Vec<u8> {
    let mut out = format!("{{\"type\":\"{kind}\",{fields}\"messages\":[").into_bytes();
    for (index, (message, name)) in messages.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_message(&mut out, message, name.as_deref());
    }
    out.extend_from_slice(b"]}");
    out
}

/// The latest messages, in place of whatever the client had.
#[must_use]
pub fn encode_history(messages: &[(&Message, Option<Arc<str>>)], older: bool) -> Vec<u8> {
    encode_messages("history", &format!("\"older\":{older},"), messages)
}

/// What changed while the client was away.
#[must_use]
pub fn encode_replay(messages: &[(&Message, Option<Arc<str>>)]) -> Vec<u8> {
    encode_messages("replay", "", messages)
}

/// The messages before one.
#[must_use]
pub fn encode_older(
    before: MessageId,
    messages: &[(&Message, Option<Arc<str>>)],
    older: bool,
) -> Vec<u8> {
    encode_messages(
        "older",
        &format!("\"before\":{before},\"older\":{older},"),
        messages,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ChangeId, GroupId, UserId, UtcMillis};
    use serde_json::{Value, json};

    fn message() -> Message {
        Message {
            id: MessageId(12),
            change: ChangeId(31),
            group_id: GroupId(1),
            author_id: UserId(7),
            content: "<b>\"hi\"\n\u{2028}é".to_owned(),
            created_at: UtcMillis(1_763_800_000_000),
            edited_at: None,
            deleted_at: None,
            client_id: ClientId::new("f3-1").ok(),
        }
    }

    fn parsed(bytes: &[u8]) -> Value {
        serde_json::from_slice(bytes).unwrap()
    }

    #[test]
    fn a_message_is_encoded_as_the_protocol_says() {
        let mut out = b"before".to_vec();
        encode_message(&mut out, MessageNews::New, &message(), Some("ana"));
        assert_eq!(
            parsed(out.strip_prefix(b"before").unwrap()),
            json!({ "type": "message", "message": {
                "id": 12, "change": 31, "author": { "id": 7, "name": "ana" },
                "content": "<b>\"hi\"\n\u{2028}é", "created_at": 1_763_800_000_000_i64,
                "edited_at": null, "deleted_at": null, "client_id": "f3-1",
            }})
        );
        let deleted = Message {
            content: String::new(),
            edited_at: Some(UtcMillis(1)),
            deleted_at: Some(UtcMillis(2)),
            client_id: None,
            ..message()
        };
        let mut out = Vec::new();
        encode_message(&mut out, MessageNews::Deleted, &deleted, None);
        let value = parsed(&out);
        assert_eq!(value["type"], "deleted");
        assert_eq!(value["message"]["author"]["name"], Value::Null);
        assert_eq!(value["message"]["edited_at"], 1);
        assert_eq!(value["message"]["deleted_at"], 2);
        assert_eq!(value["message"]["client_id"], Value::Null);
    }

    #[test]
    fn lists_of_messages_keep_their_order_and_may_be_empty() {
        let (a, b) = (
            message(),
            Message {
                id: MessageId(13),
                ..message()
            },
        );
        let history = parsed(&encode_history(
            &[(&a, Some("ana".into())), (&b, None)],
            true,
        ));
        assert_eq!(history["type"], "history");
        assert_eq!(history["older"], true);
        assert_eq!(history["messages"][1]["id"], 13);
        assert_eq!(
            parsed(&encode_replay(&[])),
            json!({ "type": "replay", "messages": [] })
        );
        let older = parsed(&encode_older(MessageId(12), &[], false));
        assert_eq!(
            older,
            json!({ "type": "older", "before": 12, "older": false, "messages": [] })
        );
    }
}
