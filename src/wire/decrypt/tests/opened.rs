//! What must hold for the events of every recording, and what they come to.

use std::collections::HashMap;

use super::super::*;
use super::conversation::{Conversation, Recorded, play};
use crate::wire::dissect::tls_record::RECORD_HEADER_LEN;

/// What a recording came to, once all that must hold was found to hold.
pub(super) struct Opened {
    pub(super) events: Vec<Event>,
    /// What each side's application sent.
    pub(super) application: [Vec<u8>; 2],
    /// Why records could not be opened, with who sent them.
    pub(super) reasons: Vec<(Direction, Reason)>,
    /// The types of the handshake messages, with who sent them.
    pub(super) messages: Vec<(Direction, u8)>,
    pub(super) alerts: Vec<(Direction, u8, u8)>,
    pub(super) problems: Vec<Problem>,
}

impl Opened {
    /// The types of the messages of one side.
    pub(super) fn messages_of(&self, sender: Direction) -> Vec<u8> {
        self.messages
            .iter()
            .filter(|(direction, _)| *direction == sender)
            .map(|(_, message_type)| *message_type)
            .collect()
    }

    /// Label and generation of every key that opened a record, in order, without repetitions.
    pub(super) fn keys_of(&self, sender: Direction) -> Vec<(Label, u64)> {
        let mut keys = Vec::new();
        for event in &self.events {
            if let What::Record {
                cover: Cover::Opened(opened),
                ..
            } = &event.what
                && event.direction == sender
            {
                keys.push((opened.keys.label, opened.keys.generation));
            }
        }
        keys.dedup();
        keys
    }
}

/// Index of a direction in pairs of anything.
pub(super) fn side(direction: Direction) -> usize {
    match direction {
        Direction::FromClient => 0,
        Direction::FromServer => 1,
    }
}

/// Opens a conversation: all of it must open, and be what the applications said.
pub(super) fn open_all(conversation: &Conversation) -> Opened {
    let opened = open_most(conversation);
    assert_eq!(opened.reasons, []);
    opened
}

/// Opens a conversation, of which not everything need open; what does must be what the applications said.
pub(super) fn open_most(conversation: &Conversation) -> Opened {
    let recording = conversation.recording();
    let opened = check(&recording, play(&recording, usize::MAX));
    assert_eq!(opened.application, conversation.written);
    assert_eq!(opened.problems, []);
    opened
}

/// Holds the events of a recording to what they promise; the same must come of it in chunks of any length.
pub(super) fn check(recording: &[Recorded], events: Vec<Event>) -> Opened {
    for chunk_len in [1, 7, 1000] {
        let others = play(recording, chunk_len);
        assert_eq!(format!("{events:?}"), format!("{others:?}"));
    }
    every_byte_is_in_one_record(recording, &events);
    messages_are_where_they_say(recording, &events);
    records_and_application_data_lead_to_each_other(&events);
    let mut opened = Opened {
        events,
        application: Default::default(),
        reasons: Vec::new(),
        messages: Vec::new(),
        alerts: Vec::new(),
        problems: Vec::new(),
    };
    for event in &opened.events {
        let sender = event.direction;
        match &event.what {
            What::Record {
                cover: Cover::NotOpened(reason),
                ..
            } => {
                opened.reasons.push((sender, *reason));
            }
            What::Handshake(message) => opened.messages.push((sender, message.message_type)),
            What::Alert { level, description } => {
                opened.alerts.push((sender, *level, *description));
            }
            What::Problem(problem) => opened.problems.push(*problem),
            What::ApplicationData(data) => {
                let application = &mut opened.application[side(sender)];
                assert_eq!(data.at.start, application.len() as u64);
                application.extend_from_slice(&data.bytes);
                assert_eq!(data.at.end, application.len() as u64);
                assert!(data.exact);
            }
            What::Record { .. } | What::ChangeCipherSpec | What::Skipped { .. } => {}
        }
    }
    opened
}

/// The stream of one direction, as it was recorded.
pub(super) fn stream(recording: &[Recorded], sender: Direction) -> Vec<u8> {
    let mut stream = Vec::new();
    for recorded in recording {
        if let Recorded::Bytes(direction, bytes) = recorded
            && *direction == sender
        {
            stream.extend_from_slice(bytes);
        }
    }
    stream
}

fn every_byte_is_in_one_record(recording: &[Recorded], events: &[Event]) {
    for direction in [Direction::FromClient, Direction::FromServer] {
        let (mut number, mut at) = (0, 0);
        for event in events.iter().filter(|event| event.direction == direction) {
            if let What::Record { header, .. } = &event.what {
                assert_eq!((event.record, event.wire.start), (number, at));
                assert_eq!(
                    event.wire.end - event.wire.start,
                    5 + u64::from(header.fragment_len)
                );
                (number, at) = (number + 1, event.wire.end);
            } else {
                assert!(event.record < number, "{event:?} is told before its record");
            }
        }
        assert_eq!(at, stream(recording, direction).len() as u64);
    }
}

fn messages_are_where_they_say(recording: &[Recorded], events: &[Event]) {
    let streams = [Direction::FromClient, Direction::FromServer].map(|it| stream(recording, it));
    let mut contents = HashMap::new();
    for event in events {
        let key = |record| (event.direction, record);
        match &event.what {
            What::Record {
                cover: Cover::InClear,
                ..
            } => {
                let wire = |at| usize::try_from(at).unwrap();
                let range = wire(event.wire.start) + RECORD_HEADER_LEN..wire(event.wire.end);
                let fragment = streams[side(event.direction)][range].to_vec();
                contents.insert(key(event.record), fragment);
            }
            What::Record {
                cover: Cover::Opened(opened),
                ..
            } => {
                contents.insert(key(event.record), opened.content().to_vec());
            }
            What::Handshake(message) => {
                let mut at = 0;
                for part in &message.parts {
                    assert_eq!(part.in_message.start, at);
                    let there = &contents[&key(part.record)][part.in_record.clone()];
                    assert_eq!(message.bytes[part.in_message.clone()], *there);
                    at = part.in_message.end;
                }
                assert_eq!(at, message.bytes.len());
                assert_eq!(message.parts.last().unwrap().record, event.record);
            }
            What::ApplicationData(data) => {
                assert_eq!(data.bytes, contents[&key(event.record)]);
            }
            _ => {}
        }
    }
}

fn records_and_application_data_lead_to_each_other(events: &[Event]) {
    for direction in [Direction::FromClient, Direction::FromServer] {
        let mut alignment = Alignment::default();
        for event in events.iter().filter(|event| event.direction == direction) {
            alignment.note(event);
        }
        for event in events.iter().filter(|event| event.direction == direction) {
            let span = alignment.span_of(event.record);
            let What::ApplicationData(data) = &event.what else {
                continue;
            };
            let span = span.unwrap();
            assert_eq!((&span.wire, &span.application), (&event.wire, &data.at));
            let found = alignment.records_of(&data.at);
            assert_eq!(found.first(), (!data.at.is_empty()).then_some(span));
            assert!(found.len() <= 1);
        }
    }
}
