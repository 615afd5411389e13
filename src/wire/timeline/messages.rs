//! What the application said: bytes of both directions become requests, responses and frames on the timeline, each with
//! the records that carried it. Under TLS and without: where the bytes came from is said by the caller.

use std::collections::HashMap;
use std::ops::Range;

use bytes::Bytes;

use super::carriers::{Carriers, Span};
use super::ledger::{Detail, Ledger};
use super::pieces::{Pieces, Times};
use super::titles::{self, TITLE_BYTES_MAX};
use super::{Item, Kind, secrecy};
use crate::octets::Direction;
use crate::wire::both::Both;
use crate::wire::dissect::stream::{HttpStream, Message, What};

/// So much of a message is searched for passwords, cookies and the like: heads are shorter, and so are forms.
const SEARCHED_LEN_MAX: usize = 64 * 1024;

/// So many names of secrets are remembered; more would not teach more.
const SECRET_NAMES_MAX: usize = 100;

/// All that the two applications said.
#[derive(Debug, Default)]
pub(super) struct Messages {
    http: HttpStream,
    plain: Both<Pieces>,
    /// What carried it; without TLS nothing does.
    carriers: Option<Carriers>,
    /// Items by the numbers that `http` gave.
    by_number: HashMap<u64, usize>,
    /// Messages in the order of their places.
    by_place: Both<Vec<usize>>,
    ended: Both<bool>,
    /// What was worth stealing: what it was called, and where it first stood.
    secret_names: Vec<(String, usize)>,
}

impl Messages {
    /// Under TLS: the places of messages on the wire are those of their records.
    pub(super) fn under_tls() -> Self {
        Self {
            carriers: Some(Carriers::default()),
            ..Self::default()
        }
    }

    pub(super) fn plain(&self, direction: Direction) -> &Pieces {
        self.plain.of(direction)
    }

    pub(super) fn secret_names(&self) -> &[(String, usize)] {
        &self.secret_names
    }

    /// The records that carried any of these bytes, in order.
    pub(super) fn spans(&self, direction: Direction, plain: &Range<u64>) -> &[Span] {
        let carriers = self.carriers.as_ref();
        carriers.map_or(&[], |carriers| carriers.of(direction, plain))
    }

    /// The message, or else the record, that holds this byte.
    pub(super) fn item_at(&self, ledger: &Ledger, direction: Direction, at: u64) -> Option<usize> {
        let by_place = self.by_place.of(direction);
        let plain_of = |index: usize| ledger.item(index)?.plain.clone();
        let behind = by_place
            .partition_point(|&index| plain_of(index).is_some_and(|plain| plain.start <= at));
        let message = behind.checked_sub(1).and_then(|last| by_place.get(last));
        message
            .copied()
            .filter(|&index| plain_of(index).is_some_and(|plain| plain.contains(&at)))
            .or_else(|| {
                let spans = self.spans(direction, &(at..at.saturating_add(1)));
                spans.first().map(|span| span.item)
            })
    }

    /// Takes what the application sent next; under TLS, `record` carried it.
    pub(super) fn push(
        &mut self,
        direction: Direction,
        bytes: &Bytes,
        record: Option<usize>,
        (ledger, times): (&mut Ledger, &Both<Times>),
    ) {
        let plain = self.plain.of_mut(direction);
        let start = plain.end();
        plain.push(bytes.clone());
        let plain = start..plain.end();
        if let (Some(item), Some(carriers)) = (record, &mut self.carriers) {
            carriers.note(direction, &plain, &[item]);
            ledger.change(item, |record, _| record.plain = Some(plain));
        }
        let told = self.http.push(direction, bytes);
        self.take(told, ledger, times);
    }

    /// Tells that the next `len` bytes are not known; under TLS, these items stand in place of what carried them.
    pub(super) fn skip(
        &mut self,
        direction: Direction,
        len: u64,
        instead: &[usize],
        (ledger, times): (&mut Ledger, &Both<Times>),
    ) {
        let plain = self.plain.of_mut(direction);
        let start = plain.end();
        plain.skip(len);
        let plain = start..plain.end();
        if let Some(carriers) = &mut self.carriers {
            carriers.note(direction, &plain, instead);
        }
        let told = self.http.skip(direction, len);
        self.take(told, ledger, times);
    }

    /// Tells that this direction has ended.
    pub(super) fn end(
        &mut self,
        direction: Direction,
        (ledger, times): (&mut Ledger, &Both<Times>),
    ) {
        if !std::mem::replace(self.ended.of_mut(direction), true) {
            let told = self.http.end(direction);
            self.take(told, ledger, times);
        }
    }

    /// Nothing more will come: looks once more at what has not ended.
    pub(super) fn finish(&mut self, (ledger, times): (&mut Ledger, &Both<Times>)) {
        // Once more, if it was told before: what came after an end may still be held.
        for direction in [Direction::FromClient, Direction::FromServer] {
            let told = self.http.end(direction);
            self.take(told, ledger, times);
        }
        let unfinished: Vec<usize> = [Direction::FromClient, Direction::FromServer]
            .into_iter()
            .flat_map(|direction| self.by_place.of(direction).iter().copied())
            .filter(|&index| ledger.item(index).is_some_and(|item| !item.is_whole))
            .collect();
        for index in unfinished {
            self.search_for_secrets(index, ledger);
        }
    }

    /// Puts what is new or has grown on the timeline, in the order in which it began.
    fn take(&mut self, mut told: Vec<Message>, ledger: &mut Ledger, times: &Both<Times>) {
        told.sort_by_key(|message| message.number);
        for message in told {
            self.take_one(message, ledger, times);
        }
        if let Some(carriers) = &mut self.carriers {
            carriers.retitle(ledger);
        }
    }

    fn take_one(&mut self, message: Message, ledger: &mut Ledger, times: &Both<Times>) {
        let direction = message.direction;
        let plain = message.bytes.clone();
        let known = self.by_number.get(&message.number).copied();
        let index = known.unwrap_or_else(|| {
            let nothing = plain.start..plain.start;
            let mut item = Item::at(direction, kind(&message.what), nothing.clone(), (0, 0));
            item.plain = Some(nothing);
            let index = ledger.add(item, Detail::Nothing);
            self.by_number.insert(message.number, index);
            self.by_place.of_mut(direction).push(index);
            index
        });
        let Some(item) = ledger.item(index) else {
            return;
        };
        let old_end = item.plain.as_ref().map_or(plain.start, |plain| plain.end);
        let had_line = ledger.message(index).is_some_and(has_line);
        let title = self.title(&message, ledger, index);
        let is_secret_sought = (message.is_whole || !had_line) && has_line(&message);
        let is_retitled = item.title != title;
        ledger.change(index, |item, detail| {
            item.kind = kind(&message.what);
            item.is_whole = message.is_whole;
            item.len = plain.end - plain.start;
            item.plain = Some(plain.clone());
            item.problem = match &message.what {
                What::Unreadable(why) => Some(why.clone()),
                _ => None,
            };
            item.title = title;
            *detail = Detail::Message(message);
        });
        if let Some(carriers) = &mut self.carriers {
            carriers.relate(index, &(old_end..plain.end), ledger);
            if is_retitled {
                carriers.rename(index, ledger);
            }
        } else {
            ledger.change(index, |item, _| {
                item.eve_title = Some(item.title.clone());
                (item.begun_ns, item.ended_ns) = times.of(direction).of_range(&plain);
                item.wire = plain;
            });
        }
        if is_secret_sought {
            self.search_for_secrets(index, ledger);
        }
    }

    /// The title; it depends on the first bytes only, and is not made anew when others come.
    fn title(&self, message: &Message, ledger: &Ledger, index: usize) -> String {
        let title_bytes_max = TITLE_BYTES_MAX as u64;
        if let (Some(item), Some(before)) = (ledger.item(index), ledger.message(index))
            && item.len >= title_bytes_max
            && matches!(message.what, What::Frame { .. })
            && matches!(before.what, What::Frame { .. })
        {
            return item.title.clone();
        }
        let plain = self.plain.of(message.direction);
        let bytes = match message.what {
            What::Frame { .. } => plain.read(&message.bytes, TITLE_BYTES_MAX),
            _ => Bytes::new(),
        };
        titles::of_message(message, &bytes)
    }

    /// Marks a message, and the records that carried it, if it holds something worth stealing.
    fn search_for_secrets(&mut self, index: usize, ledger: &mut Ledger) {
        let Some(message) = ledger.message(index).filter(|message| has_line(message)) else {
            return;
        };
        let bytes = self
            .plain
            .of(message.direction)
            .read(&message.bytes, SEARCHED_LEN_MAX);
        let tree = message.dissect(&bytes);
        let is_secret = tree.walk().any(|field| field.secret);
        for name in secrecy::names(&tree) {
            let name = titles::line(&name);
            let is_known = self.secret_names.iter().any(|(known, _)| *known == name);
            if !is_known && self.secret_names.len() < SECRET_NAMES_MAX {
                self.secret_names.push((name, index));
            }
        }
        let Some(item) = ledger.item(index).filter(|item| is_secret && !item.secret) else {
            return;
        };
        let related = item.related.clone();
        ledger.change(index, |item, _| item.secret = true);
        for number in related {
            if let Ok(record) = usize::try_from(number) {
                ledger.change(record, |item, _| item.secret = true);
            }
        }
    }
}

/// Whether it is a request or response whose first line is known.
fn has_line(message: &Message) -> bool {
    matches!(
        message.what,
        What::Request { line: Some(_) } | What::Response { line: Some(_), .. }
    )
}

fn kind(what: &What) -> Kind {
    match what {
        What::Request { .. } => Kind::Request,
        What::Response { .. } => Kind::Response,
        What::Frame { .. } => Kind::Frame,
        What::Unreadable(_) => Kind::Unreadable,
        What::Missing => Kind::Missing,
    }
}
