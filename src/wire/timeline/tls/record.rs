//! A whole record, and what it carried: each event that `decrypt` tells gets its place on the timeline.

use bytes::Bytes;

use super::super::ledger::{Cover, Detail, Record};
use super::super::{Item, Kind};
use super::super::{hellos, titles};
use super::{Desk, Tls};
use crate::octets::Direction;
use crate::wire::decrypt::{
    self, ApplicationData, Event, Message, Problem, Reason, What, content_type,
};
use crate::wire::dissect::tls_handshake::{HandshakeContext, dissect_handshake, is_server_hello};

const CLOSE_NOTIFY: u8 = 0;

/// Behind type, length and version (RFC 8446 §4.1.3).
const SERVER_RANDOM_AT: usize = 6;

impl Tls {
    /// A record has ended.
    pub(super) fn record(
        &mut self,
        direction: Direction,
        index: usize,
        bytes: Bytes,
        desk: &mut Desk<'_>,
    ) {
        let context = self.onlooker.see(direction, &bytes);
        let half = self.halves.of_mut(direction);
        let record = Record::new(half.next_number, bytes.clone(), context);
        half.records.push((half.next_number, index));
        half.next_number += 1;
        desk.ledger.change(index, |item, detail| {
            item.is_whole = true;
            *detail = Detail::Record(Box::new(record));
        });
        let events = self.session.push(direction, &bytes);
        self.take(events, desk);
        titles::retitle_record(desk.ledger, index);
    }

    pub(super) fn take(&mut self, events: Vec<Event>, desk: &mut Desk<'_>) {
        for event in events {
            let (direction, number) = (event.direction, event.record);
            let Some(index) = self.halves.of(direction).record(number) else {
                continue;
            };
            match event.what {
                What::Record { cover, .. } => self.uncover(direction, index, cover, desk),
                What::Handshake(message) => self.handshake(direction, index, message, desk),
                What::ChangeCipherSpec => {
                    let title = "ChangeCipherSpec".to_owned();
                    carried(index, Kind::ChangeCipherSpec, title, desk);
                }
                What::Alert { level, description } => {
                    let title = titles::of_alert(level, description);
                    carried(index, Kind::Alert, title, desk);
                    self.alert(direction, index, description, desk);
                }
                What::ApplicationData(data) => {
                    self.application_data(direction, index, &data, desk);
                }
                What::Problem(problem) => {
                    if problem == Problem::MessageAcrossKeyChange {
                        self.halves.of_mut(direction).is_message_begun = false;
                    }
                    desk.ledger.blame(index, sentence(&problem.to_string()));
                }
                What::Skipped { .. } => {}
            }
        }
    }

    /// It is known now what protected a record.
    fn uncover(
        &mut self,
        direction: Direction,
        index: usize,
        cover: decrypt::Cover,
        desk: &mut Desk<'_>,
    ) {
        let cover = match cover {
            decrypt::Cover::InClear => Cover::InClear,
            decrypt::Cover::Opened(opened) => Cover::Opened(opened),
            decrypt::Cover::NotOpened(reason) => {
                self.not_opened(direction, index, reason, desk);
                Cover::NotOpened
            }
        };
        let half = self.halves.of_mut(direction);
        let was_begun = half.is_message_begun;
        desk.ledger.change_record(index, |record| {
            record.cover = cover;
            if content_type_of(record) == Some(content_type::HANDSHAKE)
                && let Some(content) = record.content()
            {
                // As long as no message is known to end in it.
                record.continued_bytes = if was_begun { content.len() } else { 0 };
                half.handshake_len = content.len();
                half.is_message_begun |= !content.is_empty();
            }
        });
        titles::retitle_record(desk.ledger, index);
    }

    fn not_opened(
        &mut self,
        direction: Direction,
        index: usize,
        reason: Reason,
        desk: &mut Desk<'_>,
    ) {
        let half = self.halves.of_mut(direction);
        half.has_unopened = true;
        let is_data = desk
            .ledger
            .record(index)
            .is_some_and(|record| record.bytes.first() == Some(&content_type::APPLICATION_DATA));
        if is_data {
            half.unseen.push(index);
        }
        desk.ledger
            .blame(index, format!("This record was not opened: {reason}."));
    }

    fn handshake(
        &mut self,
        direction: Direction,
        index: usize,
        message: Message,
        desk: &mut Desk<'_>,
    ) {
        let half = self.halves.of_mut(direction);
        if let [.., last] = message.parts.as_slice() {
            half.is_message_begun = last.in_record.end < half.handshake_len;
            if message.parts.len() > 1 {
                let continued_bytes = last.in_record.len();
                desk.ledger
                    .change_record(index, |record| record.continued_bytes = continued_bytes);
            }
        }
        let records: Vec<usize> = message
            .parts
            .iter()
            .filter_map(|part| half.record(part.record))
            .collect();
        let context = self.agreed;
        self.agreed = HandshakeContext::after_server_hello(&message.bytes).unwrap_or(context);

        // The first one counts, as it does for `decrypt`; a HelloRetryRequest brings no random.
        let title = titles::of_handshake(&message.bytes);
        if is_server_hello(&message.bytes) && self.server_random.is_none() {
            let random = message.bytes.get(SERVER_RANDOM_AT..);
            self.server_random = random.and_then(|random| random.first_chunk().copied());
            let hello = dissect_handshake(&message.bytes, &context);
            self.has_extended_master_secret =
                hellos::extension(&hello, "extended_master_secret").is_some();
        }
        let len = message.bytes.len() as u64;
        let detail = Detail::Handshake { message, context };
        if let Some(item) = carried_by(&records, Kind::Handshake, title, desk) {
            desk.ledger.change(item, |item, its_detail| {
                item.len = len;
                *its_detail = detail;
            });
        }
    }

    fn alert(&mut self, direction: Direction, index: usize, description: u8, desk: &mut Desk<'_>) {
        // In clear, anybody on the way may have said it.
        let is_sealed = desk
            .ledger
            .record(index)
            .is_some_and(|record| record.opened().is_some());
        if description == CLOSE_NOTIFY && is_sealed {
            self.halves.of_mut(direction).has_said_goodbye = true;
            let paper = (&mut *desk.ledger, desk.times);
            desk.messages.end(direction, paper);
        }
    }

    fn application_data(
        &mut self,
        direction: Direction,
        index: usize,
        data: &ApplicationData,
        desk: &mut Desk<'_>,
    ) {
        let half = self.halves.of_mut(direction);
        half.is_inexact |= !data.exact;
        half.has_sent_data |= !data.bytes.is_empty();
        let unseen = std::mem::take(&mut half.unseen);
        let known_end = desk.messages.plain(direction).end();
        let gap = data.at.start.saturating_sub(known_end);
        if gap > 0 {
            let paper = (&mut *desk.ledger, desk.times);
            desk.messages.skip(direction, gap, &unseen, paper);
        }
        let paper = (&mut *desk.ledger, desk.times);
        desk.messages
            .push(direction, &data.bytes, Some(index), paper);
        titles::retitle_record(desk.ledger, index);
    }
}

/// What a record really carries, as far as that is known.
fn content_type_of(record: &Record) -> Option<u8> {
    match &record.cover {
        Cover::InClear => record.bytes.first().copied(),
        Cover::Opened(opened) => Some(opened.inner_type),
        Cover::Unknown | Cover::NotOpened => None,
    }
}

/// Adds what one record carried: all of it.
fn carried(record: usize, kind: Kind, title: String, desk: &mut Desk<'_>) {
    let content = desk.ledger.record(record).and_then(Record::content);
    let content = content.unwrap_or_default();
    if let Some(item) = carried_by(&[record], kind, title, desk) {
        desk.ledger.change(item, |item, detail| {
            item.len = content.len() as u64;
            *detail = Detail::Bytes(content);
        });
    }
}

/// Adds what these records carried. Eve sees it, too, if they are in clear.
fn carried_by(records: &[usize], kind: Kind, title: String, desk: &mut Desk<'_>) -> Option<usize> {
    let first = desk.ledger.item(*records.first()?)?;
    let last = desk.ledger.item(*records.last()?)?;
    let wire = first.wire.start..last.wire.end;
    let times = (first.begun_ns, last.ended_ns);
    let is_clear = records.iter().all(|&index| {
        let record = desk.ledger.record(index);
        record.is_some_and(|record| matches!(record.cover, Cover::InClear))
    });
    let mut item = Item::at(first.direction, kind, wire, times);
    item.eve_title = is_clear.then(|| title.clone());
    item.title = title;
    let index = desk.ledger.add(item, Detail::Nothing);
    for &record in records {
        desk.ledger.relate(index, record);
        titles::retitle_record(desk.ledger, record);
    }
    Some(index)
}

/// With a capital letter and a full stop.
fn sentence(words: &str) -> String {
    let mut chars = words.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), chars.as_str())
}
