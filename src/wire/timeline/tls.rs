//! A TLS connection on the timeline: its bytes become records, and what those carried becomes items of its own.
//! Records are opened by `decrypt`, and what the application said is read by `messages`.

mod gap;
mod record;

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};

use super::ledger::{self, Detail, Ledger};
use super::messages::Messages;
use super::pieces::Times;
use super::{Item, Kind, PANE_LEN_MAX};
use crate::octets::{Direction, Progress};
use crate::wire::both::Both;
use crate::wire::decrypt::{ClientRandom, KeyLogLine, Secrets, Session};
use crate::wire::dissect::tls_handshake::HandshakeContext;
use crate::wire::dissect::tls_record::{
    Onlooker, RECORD_HEADER_LEN, RecordContext, RecordError, decode_record_header,
};
use gap::Torn;

/// Both directions of a TLS connection.
#[derive(Debug)]
pub(super) struct Tls {
    session: Session,
    onlooker: Onlooker,
    halves: Both<Half>,
    /// What the handshake messages so far have settled.
    agreed: HandshakeContext,
    server_random: Option<[u8; 32]>,
    has_extended_master_secret: bool,
}

/// One direction.
#[derive(Debug, Default)]
struct Half {
    reading: Reading,
    /// What has come of the item `begun`: all of a record, the first bytes of what is none.
    pending: BytesMut,
    begun: Option<usize>,
    /// Where the last whole record ends, kept or not.
    whole_end: u64,
    /// How many whole records there were, kept or not.
    next_number: u64,
    /// Numbers and items of the whole records, ascending.
    records: Vec<(u64, usize)>,
    /// What stands where records that may have carried application data were not opened.
    unseen: Vec<usize>,
    /// How long the handshake content of the latest such record is, and whether a message goes on behind it.
    handshake_len: usize,
    is_message_begun: bool,
    has_sent_data: bool,
    has_said_goodbye: bool,
    has_unopened: bool,
    is_inexact: bool,
}

/// What the next byte of a direction belongs to.
#[derive(Debug, Default)]
enum Reading {
    #[default]
    Records,
    /// The end of a record whose middle is missing.
    Torn(Torn),
    /// Nothing that could be read, for this reason.
    Stray(Cow<'static, str>),
}

/// The parts of a timeline that everybody writes to.
pub(super) struct Desk<'a> {
    pub(super) ledger: &'a mut Ledger,
    pub(super) messages: &'a mut Messages,
    pub(super) times: &'a Both<Times>,
}

impl Tls {
    pub(super) fn new(secrets: Secrets) -> Self {
        Self {
            session: Session::new(secrets),
            onlooker: Onlooker::default(),
            halves: Both::default(),
            agreed: HandshakeContext::default(),
            server_random: None,
            has_extended_master_secret: false,
        }
    }

    pub(super) fn learn(&mut self, line: KeyLogLine) -> bool {
        self.session.learn(line)
    }

    pub(super) fn client_random(&self) -> Option<&ClientRandom> {
        self.session.client_random()
    }

    pub(super) fn server_random(&self) -> Option<&[u8; 32]> {
        self.server_random.as_ref()
    }

    /// Whether the ServerHello agrees to a master secret that depends on the whole handshake (RFC 7627).
    pub(super) fn has_extended_master_secret(&self) -> bool {
        self.has_extended_master_secret
    }

    /// Whether the places of what the application sent in this direction are certain.
    pub(super) fn is_exact(&self, direction: Direction) -> bool {
        !self.halves.of(direction).is_inexact
    }

    /// The bytes of an item whose end has not come.
    pub(super) fn unfinished(&self, index: usize) -> Option<Bytes> {
        [Direction::FromClient, Direction::FromServer]
            .into_iter()
            .map(|direction| self.halves.of(direction))
            .find(|half| half.begun == Some(index))
            .map(|half| Bytes::copy_from_slice(&half.pending))
    }

    /// Takes bytes that crossed. They begin at `at`.
    pub(super) fn push(
        &mut self,
        direction: Direction,
        mut at: u64,
        bytes: &Bytes,
        desk: &mut Desk<'_>,
    ) {
        let mut rest = bytes.clone();
        while !rest.is_empty() && !desk.ledger.is_full() {
            let before = rest.len();
            match self.halves.of(direction).reading {
                Reading::Records => self.read_record(direction, at, &mut rest, desk),
                Reading::Torn(_) => self.read_torn(direction, at, &mut rest, desk),
                Reading::Stray(_) => self.read_stray(direction, at, &mut rest, desk),
            }
            at += (before - rest.len()) as u64;
        }
    }

    /// Takes as much as belongs to the next record.
    fn read_record(
        &mut self,
        direction: Direction,
        at: u64,
        bytes: &mut Bytes,
        desk: &mut Desk<'_>,
    ) {
        let before = bytes.len();
        let half = self.halves.of_mut(direction);
        let index = half.begin(Kind::Record, direction, at, desk);
        let taken = half.take(bytes);
        let end = at + (before - bytes.len()) as u64;
        grow(index, direction, end, desk);
        match taken {
            Taken::Part => {}
            Taken::Whole(record) => {
                half.begun = None;
                half.whole_end = end;
                self.record(direction, index, record, desk);
            }
            Taken::NoRecord(error) => {
                half.reading = Reading::Stray(error.to_string().into());
                half.blame_stray(index, desk);
            }
        }
    }

    /// Takes all, and makes nothing of it.
    fn read_stray(
        &mut self,
        direction: Direction,
        at: u64,
        bytes: &mut Bytes,
        desk: &mut Desk<'_>,
    ) {
        let half = self.halves.of_mut(direction);
        let index = half.begin(Kind::Unreadable, direction, at, desk);
        let room = PANE_LEN_MAX.saturating_sub(half.pending.len());
        half.pending.extend(bytes.iter().take(room));
        grow(index, direction, at + bytes.len() as u64, desk);
        half.blame_stray(index, desk);
        bytes.clear();
    }
}

/// What came of the next bytes.
enum Taken {
    /// The record has not ended.
    Part,
    Whole(Bytes),
    /// No record begins like this.
    NoRecord(RecordError),
}

impl Half {
    /// The item that has begun, or one that begins here.
    fn begin(&mut self, kind: Kind, direction: Direction, at: u64, desk: &mut Desk<'_>) -> usize {
        *self.begun.get_or_insert_with(|| {
            self.pending.clear();
            let times = desk.times.of(direction).of_range(&(at..at + 1));
            let mut item = Item::at(direction, kind, at..at, times);
            item.is_whole = false;
            let item = item.seen_by_all("The beginning of a record");
            desk.ledger.add(item, Detail::Nothing)
        })
    }

    /// Moves bytes of one record over; no copy is made of one that comes whole.
    fn take(&mut self, bytes: &mut Bytes) -> Taken {
        if self.pending.is_empty()
            && let Ok(Progress::Done { value, .. }) = decode_record_header(bytes)
            && let len = value.record_len()
            && len <= bytes.len()
        {
            return Taken::Whole(bytes.split_to(len));
        }
        let missing = RECORD_HEADER_LEN.saturating_sub(self.pending.len());
        self.pending.extend_from_slice(&split(bytes, missing));
        let len = match decode_record_header(&self.pending) {
            Ok(Progress::Done { value, .. }) => value.record_len(),
            Ok(Progress::NeedMore) => return Taken::Part,
            Err(error) => return Taken::NoRecord(error),
        };
        let missing = len.saturating_sub(self.pending.len());
        self.pending.extend_from_slice(&split(bytes, missing));
        if self.pending.len() < len {
            return Taken::Part;
        }
        Taken::Whole(self.pending.split().freeze())
    }

    /// Says why an item cannot be read.
    fn blame_stray(&self, index: usize, desk: &mut Desk<'_>) {
        if let Reading::Stray(why) = &self.reading {
            desk.ledger.blame(index, why.clone());
        }
        stray(index, desk);
    }

    /// The item of a whole record.
    fn record(&self, number: u64) -> Option<usize> {
        let at = self
            .records
            .binary_search_by_key(&number, |(number, _)| *number)
            .ok()?;
        self.records.get(at).map(|(_, index)| *index)
    }
}

/// Up to `len` bytes.
fn split(bytes: &mut Bytes, len: usize) -> Bytes {
    bytes.split_to(len.min(bytes.len()))
}

/// How long the record is that begins here, with its header.
fn record_len(bytes: &[u8]) -> Option<usize> {
    match decode_record_header(bytes) {
        Ok(Progress::Done { value, .. }) => Some(value.record_len()),
        _ => None,
    }
}

/// An item goes on up to here.
fn grow(index: usize, direction: Direction, end: u64, desk: &mut Desk<'_>) {
    let (_, ended_ns) = desk.times.of(direction).of_range(&(0..end));
    desk.ledger.change(index, |item, _| {
        item.wire.end = end;
        item.len = end - item.wire.start;
        item.ended_ns = ended_ns;
    });
}

/// An item turns out to be nothing that could be read.
fn stray(index: usize, desk: &mut Desk<'_>) {
    desk.ledger.change(index, |item, _| {
        item.kind = Kind::Unreadable;
        item.title = "Bytes that cannot be read".to_owned();
        item.eve_title = Some(item.title.clone());
    });
}

impl ledger::Record {
    /// Of which no more is known yet.
    fn new(number: u64, bytes: Bytes, context: RecordContext) -> Self {
        Self {
            number,
            bytes,
            context,
            cover: ledger::Cover::Unknown,
            continued_bytes: 0,
        }
    }
}
