//! The wire, connection by connection: streams, timelines, transcripts, and the files they come from and go to.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::ops::Range;

use bytes::Bytes;
use secure_chat::octets::Direction::{self, FromClient, FromServer};
use secure_chat::wire::both::Both;
use secure_chat::wire::decrypt::{KeyLog, KeyLogLine, Label, Secrets};
use secure_chat::wire::dissect::stream::{HttpStream, Message, latest};
use secure_chat::wire::event::{Event, What};
use secure_chat::wire::json;
use secure_chat::wire::log::Fingerprinter;
use secure_chat::wire::pcapng::{self, Recording};
use secure_chat::wire::proof::{Proof, prove};
use secure_chat::wire::timeline::{
    Item, Kind, PANE_LEN_MAX, TITLE_CHARS_MAX, Timeline, WIRE_PANES_MAX,
};
use secure_chat::wire::transcript::{Listener, Opening, Palette, Transcript, write_capture};

use super::promises::{choices, pieces, shows};
use super::recording::{self, BEGUN_NS, Step};

const BOTH: [Direction; 2] = [FromClient, FromServer];

/// So many items of one connection are taken apart; the others are as good.
const SHOWN_MAX: usize = 12;

/// Messages follow one another without a gap, and are the same however they arrive.
pub(crate) fn http_stream(input: &[u8]) -> bool {
    let ([cut], input) = choices(input);
    let events = events_of(&recording::read(input));
    let messages = messages_of(&events, 0);
    if events
        .iter()
        .all(|event| matches!(event.what, What::Bytes(_) | What::End))
    {
        let others = messages_of(&events, cut);
        assert_eq!(messages, others, "it depends on how it was cut");
    }
    let mut right = false;
    for direction in BOTH {
        let (stream, is_all) = recording::stream(&events, direction);
        let mut end = 0;
        for message in messages
            .iter()
            .filter(|message| message.direction == direction)
        {
            assert_eq!(message.bytes.start, end, "{message:?}");
            end = message.bytes.end;
            let at = place(&message.bytes);
            let Some(bytes) = stream.get(at) else { break };
            right |= shows(&message.dissect(bytes), bytes);
        }
        assert!(!is_all || end == stream.len() as u64, "{direction:?} {end}");
    }
    right
}

fn messages_of(events: &[Event], cut: u8) -> Vec<Message> {
    let mut stream = HttpStream::new();
    let mut told = Vec::new();
    for event in events {
        let direction = event.direction;
        match &event.what {
            What::Bytes(bytes) => {
                for piece in pieces(bytes, cut) {
                    told.extend(stream.push(direction, piece));
                }
            }
            What::Missing(missing) => told.extend(stream.skip(direction, missing.bytes >> 1)),
            What::End => told.extend(stream.end(direction)),
            What::Reset => {}
        }
    }
    for direction in BOTH {
        told.extend(stream.end(direction));
    }
    let mut whole = HashMap::new();
    for message in &told {
        let before = whole.insert(message.number, message.is_whole);
        assert_ne!(before, Some(true), "told again after its end: {message:?}");
    }
    latest(told)
}

fn place(range: &Range<u64>) -> Range<usize> {
    let number = |number| usize::try_from(number).unwrap_or(usize::MAX);
    number(range.start)..number(range.end)
}

fn events_of(steps: &[Step]) -> Vec<Event> {
    let event = |step: &Step| match step {
        Step::Happened(event) => Some(event.clone()),
        Step::Secret(_) => None,
    };
    steps.iter().filter_map(event).collect()
}

/// Every byte has its item, everything was told, every item can be shown, and Eve sees what she would see without keys.
pub(crate) fn timeline(input: &[u8]) -> bool {
    let steps = recording::read(input);
    let events = events_of(&steps);
    let with_keys = played(&steps, true);
    let without = played(&steps, false);
    for (timeline, knows) in [(&with_keys, true), (&without, false)] {
        for (number, item) in (0..).zip(timeline.items()) {
            assert_eq!(item.number, number);
            is_an_item(timeline, item);
        }
        let step = timeline.items().len() / SHOWN_MAX + 1;
        for item in timeline.items().iter().step_by(step) {
            is_shown(timeline, item);
        }
        assert!(timeline.show(timeline.items().len() as u64).is_none());
        for direction in BOTH {
            is_tiled(timeline, direction, &events);
        }
        let _ = json::summary(&timeline.summary());
        for lesson in timeline.lessons() {
            assert!(json::lesson(&lesson).is_object());
            assert!(
                lesson
                    .item
                    .is_none_or(|item| item < timeline.items().len() as u64)
            );
        }
        is_proven(timeline, &events, knows);
    }
    let eve = |timeline: &Timeline| -> Vec<_> {
        let records = timeline
            .items()
            .iter()
            .filter(|item| item.kind == Kind::Record);
        records
            .map(|item| (item.direction, item.wire.clone(), item.eve_title.clone()))
            .collect()
    };
    assert_eq!(eve(&with_keys), eve(&without), "keys change what Eve sees");
    let unread = |item: &Item| item.problem.is_none();
    with_keys
        .items()
        .iter()
        .any(|item| item.kind != Kind::End && unread(item))
}

/// A timeline to which all this happened. Who looks only at what is told sees all of it.
fn played(steps: &[Step], with_keys: bool) -> Timeline {
    let mut timeline = Timeline::new(Secrets::default());
    let mut mirror: HashMap<u64, Item> = HashMap::new();
    let mut reflect = |timeline: &Timeline, told: Vec<u64>| {
        assert!(told.is_sorted_by(|a, b| a < b), "{told:?}");
        for number in told {
            let index = usize::try_from(number).unwrap();
            mirror.insert(number, timeline.items()[index].clone());
        }
    };
    for step in steps {
        match step {
            Step::Secret(line) if with_keys => {
                timeline.learn(line.clone());
            }
            Step::Secret(_) => {}
            Step::Happened(event) => {
                let told = timeline.push(event);
                reflect(&timeline, told);
            }
        }
    }
    let told = timeline.finish();
    reflect(&timeline, told);
    for item in timeline.items() {
        assert_eq!(mirror.get(&item.number), Some(item), "it was not told");
    }
    timeline
}

fn is_an_item(timeline: &Timeline, item: &Item) {
    assert!(
        !item.title.is_empty() && item.title.chars().count() <= TITLE_CHARS_MAX,
        "{item:?}"
    );
    assert!(!item.title.contains(char::is_control), "{item:?}");
    assert!(
        item.begun_ns <= item.ended_ns && item.wire.start <= item.wire.end,
        "{item:?}"
    );
    assert!(item.related.is_sorted_by(|a, b| a < b), "{item:?}");
    for &related in item.related.iter().take(SHOWN_MAX) {
        let other = &timeline.items()[usize::try_from(related).unwrap()];
        assert_eq!(other.direction, item.direction);
        assert!(
            other.related.binary_search(&item.number).is_ok(),
            "{item:?} {other:?}"
        );
    }
    assert!(json::item(item, BEGUN_NS).is_object());
}

fn is_shown(timeline: &Timeline, item: &Item) {
    let shown = timeline.show(item.number).expect("every item can be shown");
    assert_eq!(
        shown.on_the_wire.is_empty(),
        item.kind == Kind::End,
        "{item:?}"
    );
    assert!(shown.on_the_wire.len() <= WIRE_PANES_MAX);
    for pane in shown.on_the_wire.iter().chain(&shown.inside) {
        assert!(pane.bytes.len() <= PANE_LEN_MAX);
        shows(&pane.tree, &pane.bytes);
    }
    let mut end = 0;
    for run in &shown.aligned {
        assert!(run.inside.start >= end && run.inside.len() == run.wire.len());
        end = run.inside.end;
        assert!(run.inside.end <= shown.inside[run.inside_pane].bytes.len());
        assert!(run.wire.end <= shown.on_the_wire[run.wire_pane].bytes.len());
    }
    assert!(json::shown(&shown).is_object());
}

/// Every byte on the wire, and every byte of the application, belongs to one item.
fn is_tiled(timeline: &Timeline, direction: Direction, events: &[Event]) {
    const GAPS_END_MAX: u64 = 1 << 60;
    let mut wire_len = 0_u64;
    for event in events.iter().filter(|event| event.direction == direction) {
        match &event.what {
            What::Bytes(bytes) => wire_len += bytes.len() as u64,
            What::Missing(missing) => {
                let end = GAPS_END_MAX.min(missing.bytes.saturating_add(wire_len));
                wire_len = wire_len.max(end);
            }
            What::End | What::Reset => {}
        }
    }
    let items = || {
        timeline
            .items()
            .iter()
            .filter(|item| item.direction == direction)
    };
    let message = |item: &Item| {
        (item.kind != Kind::Record)
            .then(|| item.plain.clone())
            .flatten()
    };
    let messages = tiled(items().filter_map(message));
    if !timeline.summary().is_tls {
        assert_eq!(messages, wire_len);
        return;
    }
    let record = |item: &Item| {
        let is_gap = matches!(item.kind, Kind::Missing | Kind::Unreadable) && item.plain.is_none();
        (item.kind == Kind::Record || is_gap).then(|| item.wire.clone())
    };
    assert_eq!(tiled(items().filter_map(record)), wire_len);
}

/// These ranges follow one another from 0 on: where they end.
fn tiled(ranges: impl Iterator<Item = Range<u64>>) -> u64 {
    ranges.fold(0, |end, range| {
        assert_eq!(range.start, end, "a gap or overlap before {range:?}");
        range.end
    })
}

/// What is shown as plaintext is the application's, in order; in clear it is all that was sent, and proven to be.
fn is_proven(timeline: &Timeline, events: &[Event], knows: bool) {
    let mut really = Both {
        client: Fingerprinter::default(),
        server: Fingerprinter::default(),
    };
    for direction in BOTH {
        let mut end = 0;
        for (at, bytes) in timeline.plaintext(direction) {
            assert!(at.start >= end && at.end - at.start == bytes.len() as u64);
            end = at.end;
        }
        let (stream, _) = recording::stream(events, direction);
        let printer = match direction {
            FromClient => &mut really.client,
            FromServer => &mut really.server,
        };
        for piece in pieces(&stream, 200) {
            printer.update(piece);
        }
    }
    if timeline.summary().is_tls {
        let nothing = knows
            || BOTH
                .iter()
                .all(|&side| timeline.plaintext(side).next().is_none());
        assert!(nothing || timeline.summary().closed_records == 0);
        return;
    }
    let really = Both {
        client: really.client.fingerprint(),
        server: really.server.fingerprint(),
    };
    let proof = prove(timeline, &really);
    for (proof, print) in [(proof.client, really.client), (proof.server, really.server)] {
        assert_eq!(proof, Proof::Holds { bytes: print.len });
    }
}

/// A terminal is told of a connection in lines that cannot move its cursor; Eve's lines are the same whoever has keys.
pub(crate) fn transcript(input: &[u8]) -> bool {
    let steps = recording::read(input);
    let (server, readable) = told(&steps, true, Palette::PLAIN);
    is_harmless(&server);
    let (eve, _) = told(&steps, false, Palette::PLAIN);
    is_harmless(&eve);
    let without_secrets: Vec<_> = steps
        .iter()
        .filter(|step| matches!(step, Step::Happened(_)))
        .cloned()
        .collect();
    assert_eq!(
        told(&without_secrets, false, Palette::PLAIN).0,
        eve,
        "Eve learned a key"
    );
    readable
}

fn told(steps: &[Step], knows: bool, palette: Palette) -> (String, bool) {
    let [client, server] = addresses();
    let opening = Opening {
        number: 7,
        client,
        server,
        opened_ns: BEGUN_NS,
    };
    let mut transcript = Transcript::new(opening, knows.then(Secrets::default), palette);
    let mut text = transcript.opening();
    for step in steps {
        match step {
            Step::Secret(line) => transcript.learn(line.clone()),
            Step::Happened(event) => text += &transcript.push(event),
        }
    }
    text += &transcript.finish(None);
    let readable = transcript.is_readable();
    (text, readable)
}

fn is_harmless(text: &str) {
    let harmful = text.chars().find(|&c| {
        (c.is_control() && c != '\n') || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    });
    assert_eq!(harmful, None, "{text}");
}

fn addresses() -> [SocketAddr; 2] {
    [
        ([127, 0, 0, 1], 50_000).into(),
        ([127, 0, 0, 1], 8443).into(),
    ]
}

/// A file that we write gives back what was recorded, whoever reads it.
pub(crate) fn rebuilt(input: &[u8]) -> bool {
    let steps = recording::read(input);
    let mut events = events_of(&steps);
    // Who has reset or ended says no more; and no gap is written that a sequence number could not tell, nor one that may be a FIN.
    let mut ended = Both {
        client: false,
        server: false,
    };
    let mut is_reset = false;
    events.retain(|event| {
        let ended = match event.direction {
            FromClient => &mut ended.client,
            FromServer => &mut ended.server,
        };
        let keeps = !is_reset
            && !*ended
            && match &event.what {
                What::Bytes(bytes) => !bytes.is_empty(),
                What::Missing(missing) => (2..1 << 20).contains(&missing.bytes),
                What::End | What::Reset => true,
            };
        if keeps {
            *ended |= event.what == What::End;
            is_reset |= event.what == What::Reset;
        }
        keeps
    });
    let secret = |step: &Step| match step {
        Step::Secret(line) => Some(line.to_text() + "\n"),
        Step::Happened(_) => None,
    };
    let key_log: String = steps.iter().filter_map(secret).collect();
    let [client, server] = addresses();
    let recording = Recording {
        client,
        server,
        opened_ns: BEGUN_NS,
        events: &events,
        key_log: &key_log,
        comment: "Fuzzed.",
    };
    let capture = pcapng::read(&pcapng::file(&recording).into());
    assert_eq!(capture.problems, []);
    assert_eq!((capture.key_log, capture.passed_over), (key_log, 0));
    let [connection] = capture.connections.as_slice() else {
        panic!("more than one connection")
    };
    assert!(connection.saw_start && (connection.client, connection.server) == (client, server));
    for direction in BOTH {
        assert_eq!(
            story(&connection.events, direction),
            story(&events, direction)
        );
    }
    !events.is_empty()
}

/// What one side did, with neighbouring pieces put together.
fn story(events: &[Event], direction: Direction) -> Vec<What> {
    let mut story: Vec<What> = Vec::new();
    for event in events.iter().filter(|event| event.direction == direction) {
        match (story.last_mut(), &event.what) {
            (Some(What::Bytes(before)), What::Bytes(bytes)) => {
                *before = Bytes::from([&before[..], bytes].concat());
            }
            (Some(What::Missing(before)), What::Missing(missing)) => before.bytes += missing.bytes,
            (_, What::Missing(missing)) => {
                story.push(What::Missing(secure_chat::wire::event::Missing::of(
                    missing.bytes,
                )));
            }
            (_, what) => story.push(what.clone()),
        }
    }
    // A gap is seen by what stands behind it.
    story.pop_if(|last| matches!(last, What::Missing(_)));
    story
}

/// A capture is read as far as it goes and told to a terminal, and what a key opens is not told to Eve.
pub(crate) fn capture(input: &[u8]) -> bool {
    let file = Bytes::copy_from_slice(input);
    let capture = pcapng::read(&file);
    assert!(capture.problems.len() <= 101);
    assert!(
        capture
            .problems
            .iter()
            .all(|problem| problem.offset <= input.len())
    );
    assert!(capture.passed_over <= capture.packets);
    let mut kept = 0;
    for connection in &capture.connections {
        for event in &connection.events {
            if let What::Bytes(bytes) = &event.what {
                kept += bytes.len();
            }
        }
    }
    assert!(kept <= input.len(), "more bytes than the file has");
    let mut keys = String::new();
    let known = KeyLog::default();
    let told = write_capture(
        &capture,
        Listener::WithKeys(&known),
        Palette::PLAIN,
        &mut keys,
    );
    is_harmless(&keys);
    let mut eve = String::new();
    write_capture(&capture, Listener::Eve, Palette::PLAIN, &mut eve).expect("a string takes all");
    is_harmless(&eve);
    let mut capture = capture;
    capture.key_log.clear();
    let mut eve_without = String::new();
    write_capture(&capture, Listener::Eve, Palette::PLAIN, &mut eve_without).expect("as above");
    assert_eq!(eve, eve_without, "Eve learned a key");
    told.expect("a string takes all").readable > 0
}

/// A line is the same when it is written again, no error repeats it, and a log has the secrets of its lines.
pub(crate) fn key_log(input: &[u8]) -> bool {
    let text = String::from_utf8_lossy(input);
    let log = KeyLog::read(&text);
    let mut skipped = 0;
    let mut secrets: HashMap<[u8; 32], HashMap<Label, KeyLogLine>> = HashMap::new();
    for line in text.split(['\r', '\n']) {
        match KeyLogLine::parse(line) {
            Ok(None) => assert!(line.is_empty() || line.starts_with('#')),
            Ok(Some(read)) => {
                let again = read.to_text();
                assert!(again.eq_ignore_ascii_case(line), "{again}");
                assert_eq!(KeyLogLine::parse(&again), Ok(Some(read.clone())));
                let hidden = format!("{:?}", read.secret);
                assert!(!hidden.contains(&secure_chat::octets::hex(read.secret.expose())));
                secrets
                    .entry(read.client_random)
                    .or_default()
                    .insert(read.label, read);
            }
            Err(error) => {
                skipped += 1;
                assert!(!error.to_string().is_empty());
            }
        }
    }
    assert_eq!(
        (log.skipped_lines, log.connections()),
        (skipped, secrets.len())
    );
    for (random, lines) in &secrets {
        let known = log.secrets_of(random).expect("a line told them");
        assert_eq!(known.lines().count(), lines.len());
        for (label, line) in lines {
            assert_eq!(known.get(*label), Some(&line.secret));
        }
    }
    !secrets.is_empty()
}
