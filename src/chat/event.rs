//! The chat's events: JSON text to and from types, as `docs/PROTOCOL.md` lists them.
//! No sockets and no rooms: who gets an event is decided elsewhere.
//!
//! Here are people, groups and sessions; `client` reads wishes, `refusal` says no, `message` shows what was said.

mod client;
mod message;
mod refusal;

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::{ChangeId, Group, GroupId, UserId};

pub use client::{ClientEvent, decode_client_event};
pub use message::{MessageNews, encode_history, encode_message, encode_older, encode_replay};
pub use refusal::{Reason, Refusal, encode_refusal};

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
