//! What everybody on the way reads without TLS: all of it.

use super::super::Item;
use super::{Kind, Lesson, Timeline, lesson, list};
use crate::octets::counted;
use crate::websocket::frame::Opcode;

pub(super) fn lessons(timeline: &Timeline) -> Vec<Lesson> {
    let items = timeline.items();
    let of = |kind| items.iter().filter(move |item| item.kind == kind);
    let mut lessons = Vec::new();
    if items.iter().any(|item| item.plain.is_some()) {
        lessons.push(lesson(
            "content",
            format!(
                "{}, {}, {}, every byte of them",
                counted(of(Kind::Request).count(), "request"),
                counted(of(Kind::Response).count(), "response"),
                counted(of(Kind::Frame).count(), "frame")
            ),
            "Nothing is encrypted: whoever sits on the way reads what the two ends read, and could change it unseen.",
            None,
        ));
    }
    let names = timeline.messages.secret_names();
    if let Some((_, first)) = names.first() {
        lessons.push(lesson(
            "passwords, cookies and the like",
            list(names.iter().map(|(name, _)| name)),
            "They cross the network as they are. Who has read them once can use them, and be taken for their owner.",
            Some(*first as u64),
        ));
    }
    if let Some(first) = of(Kind::Request).next() {
        lessons.push(lesson(
            "pages asked for",
            list(of(Kind::Request).map(|request| target(&request.title))),
            "The first line of each request says which page is wanted.",
            Some(first.number),
        ));
    }
    if let Some(first) = of(Kind::Frame).next() {
        // A message begins with a frame of text or binary; what continues it is none of its own.
        let begins_message =
            |frame: &&Item| timeline.opcode(frame.number).is_some_and(is_of_message);
        lessons.push(lesson(
            "what was said",
            counted(of(Kind::Frame).filter(begins_message).count(), "message"),
            "Clients mask what they send, but the key stands in front of each frame: masking hides nothing.",
            Some(first.number),
        ));
    }
    lessons
}

/// The second word of a request line.
fn target(line: &str) -> &str {
    line.split(' ').nth(1).unwrap_or(line)
}

fn is_of_message(opcode: u8) -> bool {
    [Opcode::Text, Opcode::Binary]
        .map(Opcode::bits)
        .contains(&opcode)
}
