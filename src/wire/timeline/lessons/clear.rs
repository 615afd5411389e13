//! What everybody on the way reads without TLS: all of it.

use super::{Kind, Lesson, Timeline, lesson, list};

pub(super) fn lessons(timeline: &Timeline) -> Vec<Lesson> {
    let items = timeline.items();
    let of = |kind| items.iter().filter(move |item| item.kind == kind);
    let mut lessons = Vec::new();
    if items.iter().any(|item| item.plain.is_some()) {
        lessons.push(lesson(
            "content",
            format!(
                "{} requests, {} responses, {} frames, every byte of them",
                of(Kind::Request).count(),
                of(Kind::Response).count(),
                of(Kind::Frame).count()
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
        let texts = of(Kind::Frame).filter(|frame| frame.title.starts_with("Text "));
        lessons.push(lesson(
            "what was said",
            format!("{} messages", texts.count()),
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
