//! The file of one recorded connection, with a comment on each packet in which something begins.
//! Without keys, nothing is even computed that an eavesdropper could not compute.

use super::words;
use crate::octets::Direction;
use crate::wire::both::Both;
use crate::wire::decrypt::Secrets;
use crate::wire::event::{Event, What};
use crate::wire::log::{About, State};
use crate::wire::pcapng::{self, Note, Tcp};
use crate::wire::timeline::{Kind, Timeline};

/// A connection as it was recorded.
#[derive(Debug, Clone, Copy)]
pub struct Recorded<'a> {
    /// What was known from the beginning.
    pub about: &'a About,
    /// How far it has come.
    pub state: &'a State,
    /// All that happened, in order.
    pub events: &'a [Event],
    /// Its secrets; `None` for what an eavesdropper has.
    pub secrets: Option<&'a Secrets>,
}

/// The whole file.
#[must_use]
pub fn file(recorded: &Recorded<'_>) -> Vec<u8> {
    let Recorded {
        about,
        state,
        events,
        secrets,
    } = *recorded;
    let with_keys = secrets.is_some();
    let mut out = Vec::new();
    pcapng::begin(&words::file(about, state, with_keys), &mut out);
    pcapng::secrets(&key_log(secrets), &mut out);
    let opening = words::opening(about);
    let mut tcp = Tcp::open(
        about.client,
        about.server,
        about.opened_ns,
        Some(&opening),
        &mut out,
    );
    for (event, notes) in events.iter().zip(notes(recorded)) {
        tcp.write_noted(event, &notes, &mut out);
    }
    let is_ended = |event: &Event| {
        event.direction == Direction::FromServer && matches!(event.what, What::End | What::Reset)
    };
    if let Some(ending) = &state.ended
        && !events.iter().any(is_ended)
    {
        let why = with_keys.then_some(ending.why.as_str());
        tcp.write(&words::end_event(ending.time_ns, why), &mut out);
    }
    out
}

fn key_log(secrets: Option<&Secrets>) -> String {
    let lines = secrets.into_iter().flat_map(Secrets::lines);
    lines.map(|line| line.to_text() + "\n").collect()
}

/// For each event, what begins in it.
fn notes(recorded: &Recorded<'_>) -> Vec<Vec<Note>> {
    let with_keys = recorded.secrets.is_some();
    let mut timeline = Timeline::new(recorded.secrets.cloned().unwrap_or_default());
    let mut notes = vec![Vec::new(); recorded.events.len()];
    let places = places(recorded.events, &mut timeline);
    timeline.finish();
    let is_tls = timeline.summary().is_tls;
    for item in timeline.items() {
        // Under TLS, what crossed the network are records.
        if is_tls && item.kind != Kind::Record {
            continue;
        }
        let places = places.of(item.direction);
        let behind = places.partition_point(|place| place.start <= item.wire.start);
        let place = behind.checked_sub(1).and_then(|at| places.get(at));
        if let Some(place) = place
            && let Some(notes) = notes.get_mut(place.event)
            && let Ok(at) = usize::try_from(item.wire.start - place.start)
            && let Some(text) = words::note(item, with_keys)
        {
            notes.push(Note { at, text });
        }
    }
    for notes in &mut notes {
        notes.sort_by_key(|note| note.at);
    }
    note_first_bytes(recorded.events, &mut notes);
    notes
}

/// Says of the client's first bytes who can read them.
fn note_first_bytes(events: &[Event], notes: &mut [Vec<Note>]) {
    let first = events.iter().zip(notes).find_map(|(event, notes)| {
        let from_client = event.direction == Direction::FromClient;
        match &event.what {
            What::Bytes(bytes) if from_client => Some((bytes, notes)),
            _ => None,
        }
    });
    if let Some((bytes, notes)) = first {
        let text = words::first_bytes(bytes).to_owned();
        notes.insert(0, Note { at: 0, text });
    }
}

/// Where the bytes of an event begin in all that its direction sent.
struct Place {
    start: u64,
    event: usize,
}

/// The places of all bytes, while a timeline is shown them.
fn places(events: &[Event], timeline: &mut Timeline) -> Both<Vec<Place>> {
    let mut places = Both::<Vec<Place>>::default();
    let mut position = Both::<u64>::default();
    for (index, event) in events.iter().enumerate() {
        timeline.push(event);
        let start = position.of_mut(event.direction);
        match &event.what {
            What::Bytes(bytes) => {
                places.of_mut(event.direction).push(Place {
                    start: *start,
                    event: index,
                });
                *start += bytes.len() as u64;
            }
            What::Missing(missing) => *start = start.saturating_add(missing.bytes),
            What::End | What::Reset => {}
        }
    }
    places
}
