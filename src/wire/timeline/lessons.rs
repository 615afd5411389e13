//! What Eve learns: from a connection in clear everything, from one with TLS names, sizes and times.
//! Under TLS everything here is computed from what crossed the network, as she would do it. From which record on they hold
//! frames she would have to guess; that alone is taken from those who know, and said.

mod clear;
mod sizes;
mod tls;

use super::{Kind, Lesson, Timeline};
use crate::octets::{Direction, counted};

/// A list names so many things before it says how many more there are.
const LISTED_MAX: usize = 12;

/// All lessons, the plainest first.
pub(super) fn lessons(timeline: &Timeline) -> Vec<Lesson> {
    let mut lessons = if timeline.is_tls() {
        tls::lessons(timeline)
    } else {
        clear::lessons(timeline)
    };
    lessons.extend(sizes_of_directions(timeline));
    lessons.extend(timing(timeline));
    lessons
}

fn lesson(
    what: &'static str,
    value: impl Into<String>,
    how: impl Into<String>,
    item: Option<u64>,
) -> Lesson {
    Lesson {
        what,
        value: value.into(),
        how: how.into(),
        item,
    }
}

/// `23, 41 and 7`; of a long list the beginning.
fn list<T: ToString>(things: impl IntoIterator<Item = T>) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut left_out = 0_usize;
    for thing in things {
        if words.len() < LISTED_MAX {
            words.push(thing.to_string());
        } else {
            left_out += 1;
        }
    }
    if left_out > 0 {
        return format!("{} and {left_out} more", words.join(", "));
    }
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

fn sizes_of_directions(timeline: &Timeline) -> Option<Lesson> {
    let sent = |direction| timeline.times.of(direction).end();
    let (client, server) = (sent(Direction::FromClient), sent(Direction::FromServer));
    (client + server > 0).then(|| {
        lesson(
            "amount",
            format!(
                "{} from the client, {server} from the server",
                counted(client, "byte")
            ),
            "Every packet says how long it is. A page, a picture or a film is often known by its size alone.",
            None,
        )
    })
}

/// How long it lasted, and the longest silence.
fn timing(timeline: &Timeline) -> Option<Lesson> {
    let on_the_wire = |kind| !timeline.is_tls() || kind == Kind::Record;
    let mut moments = timeline
        .items()
        .iter()
        .filter(|item| on_the_wire(item.kind) && item.kind != Kind::End);
    let first = moments.next()?;
    let (mut last_ns, mut silence_ns, mut after) = (first.ended_ns, 0, None);
    for item in moments {
        let pause_ns = item.begun_ns.saturating_sub(last_ns);
        if pause_ns > silence_ns {
            (silence_ns, after) = (pause_ns, Some(item.number));
        }
        last_ns = last_ns.max(item.ended_ns);
    }
    let whole = seconds(last_ns.saturating_sub(first.begun_ns));
    let value = match after {
        Some(_) => format!("{whole}; the longest silence {}", seconds(silence_ns)),
        None => whole,
    };
    Some(lesson(
        "timing",
        value,
        "Packets have times. Silences tell when somebody reads, thinks or types, and who answers whom how fast.",
        after,
    ))
}

/// `1.250 s`.
fn seconds(ns: u64) -> String {
    let ms = ns / 1_000_000;
    format!("{}.{:03} s", ms / 1000, ms % 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_after_twelve() {
        assert_eq!(list::<u8>([]), "");
        assert_eq!(list([1]), "1");
        assert_eq!(list([1, 2, 3]), "1, 2 and 3");
        assert_eq!(list(1..=12), "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 12");
        assert_eq!(
            list(1..=14),
            "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 2 more"
        );
    }

    #[test]
    fn times_are_told_in_thousandths() {
        assert_eq!(seconds(1_250_999_999), "1.250 s");
        assert_eq!(seconds(7), "0.000 s");
    }
}
