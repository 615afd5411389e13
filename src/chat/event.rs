//! The chat's events: JSON text to and from types, as `docs/PROTOCOL.md` lists them.
//! No sockets and no rooms: who gets an event is decided elsewhere.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::{
    ChangeId, ClientId, Content, Group, GroupId, Invalid, Message, MessageId, UserId,
};

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

/// One who is there, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// The name at this time; `None` if the account was deleted.
    pub name: Option<Arc<str>>,
    /// The client addresses of all open pages, without repetition.
    pub addresses: Vec<IpAddr>,
}

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
    let _ = serde_json::to_writer(out, &text.map_or(Value::Null, Value::from));
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

/// The first event of a conversation.
#[must_use]
pub fn encode_room_hello(
    group: &Group,
    you: (UserId, &str),
    members: &[(UserId, Option<Arc<str>>)],
    present: &[Person],
) -> Vec<u8> {
    encode(json!({
        "type": "hello",
        "group": group_value(group),
        "you": user_value(you.0, Some(you.1)),
        "members": members.iter().map(|(id, name)| user_value(*id, name.as_deref())).collect::<Vec<_>>(),
        "present": present.iter().map(person_value).collect::<Vec<_>>(),
    }))
}

/// What follows is live.
#[must_use]
pub fn encode_ready(change: ChangeId) -> Vec<u8> {
    encode(json!({ "type": "ready", "change": change.0 }))
}

/// A group as its line in the news: the group, whether the reader is in it, and how much is unread there.
pub type GroupLine = (Group, bool, u64);

/// The first event of the news.
#[must_use]
pub fn encode_news_hello(you: (UserId, &str), groups: &[GroupLine], online: &[Person]) -> Vec<u8> {
    let line = |(group, joined, unread): &GroupLine| json!({ "id": group.id.0, "name": group.name.as_str(), "joined": joined, "unread": unread });
    encode(json!({
        "type": "hello",
        "you": user_value(you.0, Some(you.1)),
        "groups": groups.iter().map(line).collect::<Vec<_>>(),
        "online": online.iter().map(person_value).collect::<Vec<_>>(),
    }))
}

/// People came and went.
#[must_use]
pub fn encode_presence(arrived: &[Person], departed: &[UserId]) -> Vec<u8> {
    encode(json!({
        "type": "presence",
        "arrived": arrived.iter().map(person_value).collect::<Vec<_>>(),
        "departed": departed.iter().map(|id| id.0).collect::<Vec<_>>(),
    }))
}

/// People joined and left the group.
#[must_use]
pub fn encode_members(joined: &[(UserId, Option<Arc<str>>)], left: &[UserId]) -> Vec<u8> {
    encode(json!({
        "type": "members",
        "joined": joined.iter().map(|(id, name)| user_value(*id, name.as_deref())).collect::<Vec<_>>(),
        "left": left.iter().map(|id| id.0).collect::<Vec<_>>(),
    }))
}

/// An account was deleted: its name is gone.
#[must_use]
pub fn encode_gone(id: UserId) -> Vec<u8> {
    encode(json!({ "type": "gone", "user_id": id.0 }))
}

/// Somebody is typing.
#[must_use]
pub fn encode_typing(id: UserId, name: &str) -> Vec<u8> {
    encode(json!({ "type": "typing", "user": user_value(id, Some(name)) }))
}

/// A new group.
#[must_use]
pub fn encode_group(group: &Group) -> Vec<u8> {
    encode(json!({ "type": "group", "group": group_value(group) }))
}

/// The reader joined (or left) a group, in whichever tab.
#[must_use]
pub fn encode_belonging(joined: bool, group: GroupId) -> Vec<u8> {
    encode(json!({ "type": if joined { "joined" } else { "left" }, "group_id": group.0 }))
}

/// New messages, by group and author.
#[must_use]
pub fn encode_activity<'a>(
    groups: impl Iterator<Item = (GroupId, &'a [(UserId, u64)])>,
) -> Vec<u8> {
    let group = |(id, authors): (GroupId, &[(UserId, u64)])| {
        let new: Vec<_> = authors
            .iter()
            .map(|(author, count)| json!({ "author_id": author.0, "count": count }))
            .collect();
        json!({ "id": id.0, "new": new })
    };
    encode(json!({ "type": "activity", "groups": groups.map(group).collect::<Vec<_>>() }))
}

/// The reader has read, in whichever tab.
#[must_use]
pub fn encode_read(group: GroupId, unread: u64) -> Vec<u8> {
    encode(json!({ "type": "read", "group_id": group.0, "unread": unread }))
}

/// The session ended; `reason` and `text` as the protocol lists them.
#[must_use]
pub fn encode_session_ended(reason: &str, text: &str) -> Vec<u8> {
    encode(json!({ "type": "session_ended", "reason": reason, "text": text }))
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

fn encode(value: Value) -> Vec<u8> {
    value.to_string().into_bytes()
}

fn user_value(id: UserId, name: Option<&str>) -> Value {
    json!({ "id": id.0, "name": name })
}

fn person_value(person: &Person) -> Value {
    let addresses: Vec<String> = person.addresses.iter().map(IpAddr::to_string).collect();
    json!({ "id": person.id.0, "name": person.name.as_deref(), "addresses": addresses })
}

fn group_value(group: &Group) -> Value {
    json!({ "id": group.id.0, "name": group.name.as_str() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UtcMillis;

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
