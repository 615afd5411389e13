//! One connection, decrypted: the bytes of both directions in, what they say out.
//! Opens and sorts records; which message changes whose keys stands in `session/follow.rs`. No cryptography here.

use std::ops::Range;

use bytes::Bytes;

use super::event::{ApplicationData, Cover, Event, What};
use super::half::{Halves, Protection, Waiting};
use super::key_log::KeyLogLine;
use super::negotiation::{EarlyData, Negotiation};
use super::reason::{Problem, Reason};
use super::record::content_type;
use super::secrets::{ClientRandom, Label, Secrets};
use super::stream::{Next, Placed};
use super::suite::Suite;
use crate::octets::Direction;
use crate::wire::dissect::tls_record::{ContentType, RECORD_HEADER_LEN};

mod follow;

/// Follows one TLS connection.
///
/// Both directions are pushed in the order in which their bytes crossed the wire, each from its first byte on, and a secret is
/// learned before the records that it opens: what comes too early is told as not opened, and not tried again.
///
/// Memory is bounded, however long the connection: of each direction less than one record and one handshake message, and
/// 256 KiB of early data that waits for its answer. The events are the caller's.
#[derive(Debug, Default)]
pub struct Session {
    secrets: Secrets,
    halves: Halves,
    waiting: Waiting,
    negotiation: Negotiation,
}

impl Session {
    /// Begins before the first byte. More secrets may come later.
    #[must_use]
    pub fn new(secrets: Secrets) -> Self {
        Self {
            secrets,
            ..Self::default()
        }
    }

    /// Takes a secret; `false` if it belongs to another connection than those before.
    pub fn learn(&mut self, line: KeyLogLine) -> bool {
        self.secrets.learn(line)
    }

    /// The client's random, once its ClientHello was pushed: what to look up in a key log.
    #[must_use]
    pub fn client_random(&self) -> Option<&ClientRandom> {
        self.negotiation.client_random.as_ref()
    }

    /// The cipher suite, once the ServerHello was pushed, if it is one that can be opened.
    #[must_use]
    pub fn suite(&self) -> Option<&'static Suite> {
        self.negotiation.suite()
    }

    /// Takes the next bytes of one direction, wherever they end; gives what they completed.
    ///
    /// Early data waits for the server's EncryptedExtensions, so these may tell of the client's records, too.
    pub fn push(&mut self, direction: Direction, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        self.halves.of(direction).stream.push(bytes);
        loop {
            let stream = &mut self.halves.of(direction).stream;
            let record = stream.next_number();
            match stream.next() {
                None => return events,
                Some(Next::Record(placed)) => self.meet(&placed, &mut events),
                Some(Next::Other(wire)) => {
                    let what = What::Problem(Problem::NotARecord);
                    events.push(event(direction, record, wire, what));
                }
            }
        }
    }

    /// Tells that some bytes were not kept: `records` whole records, `bytes` long in all with their headers, counted from
    /// the end of the last whole record that was pushed.
    ///
    /// They are taken for application data without padding: where they were something else, the positions of what
    /// follows are too high, and where keys changed among them, it cannot be opened.
    pub fn skip(&mut self, direction: Direction, records: u64, bytes: u64) -> Event {
        let half = self.halves.of(direction);
        let record = half.stream.next_number();
        let wire = half.stream.skip(records, bytes);
        half.assembly.reset();
        if let Protection::Sealed(sealed) = &mut half.protection {
            sealed.skip(records);
            self.assume_application_data(direction, records, bytes);
        }
        event(direction, record, wire, What::Skipped { records })
    }

    /// No more bytes will come: tells what was begun and never ended.
    pub fn finish(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        self.decide(EarlyData::Offered, Protection::InClear, &mut events);
        for direction in [Direction::FromClient, Direction::FromServer] {
            let stream = &mut self.halves.of(direction).stream;
            let record = stream.next_number();
            let wire = stream.take_rest();
            if !wire.is_empty() {
                let bytes = wire.end - wire.start;
                let what = What::Problem(Problem::RecordCutShort { bytes });
                events.push(event(direction, record, wire, what));
            }
        }
        events
    }

    fn meet(&mut self, placed: &Placed, events: &mut Vec<Event>) {
        let protection = self.halves.protection(placed.direction);
        if !matches!(protection, Protection::Undecided) {
            self.read(placed, events);
        } else if !self.waiting.push(placed) {
            let cover = Cover::NotOpened(Reason::TooMuchEarlyData);
            tell_record(placed, cover, events);
        }
    }

    /// Opens a record if it is closed, tells of it, and of what it carries.
    fn read(&mut self, placed: &Placed, events: &mut Vec<Event>) {
        let (inner_type, content, label) = match self.uncover(placed) {
            Cover::InClear => {
                tell_record(placed, Cover::InClear, events);
                let fragment = placed.bytes.slice(RECORD_HEADER_LEN..);
                (placed.header.content_type.byte(), fragment, None)
            }
            Cover::Opened(opened) => {
                let (inner_type, content) = (opened.inner_type, opened.content().clone());
                let label = opened.keys.label;
                tell_record(placed, Cover::Opened(opened), events);
                (inner_type, content, Some(label))
            }
            Cover::NotOpened(reason) => {
                tell_record(placed, Cover::NotOpened(reason), events);
                if self.should_be_application_data(placed, reason) {
                    self.assume_application_data(placed.direction, 1, placed.bytes.len() as u64);
                }
                return self.server_is_silent(placed, events);
            }
        };
        match inner_type {
            content_type::HANDSHAKE => self.read_handshake(placed, &content, label, events),
            content_type::APPLICATION_DATA => {
                let data = self.application_data(placed.direction, content, label);
                tell(placed, What::ApplicationData(data), events);
            }
            content_type::ALERT => tell(placed, alert(&content), events),
            content_type::CHANGE_CIPHER_SPEC => {
                tell(placed, What::ChangeCipherSpec, events);
                self.change_cipher_spec(placed, label, events);
            }
            _ => {}
        }
    }

    /// Whether a record is encrypted, and if so, what opening it gives.
    fn uncover(&mut self, placed: &Placed) -> Cover {
        let (sender, outer_type) = (placed.direction, placed.header.content_type);
        let Protection::Sealed(sealed) = &mut self.halves.of(sender).protection else {
            return match outer_type {
                ContentType::ApplicationData => {
                    Cover::NotOpened(self.negotiation.reason_without_keys(sender))
                }
                _ => Cover::InClear,
            };
        };
        if self.negotiation.is_tls13() {
            match outer_type {
                // All that is encrypted says on the outside that it is application data.
                ContentType::ApplicationData => {}
                ContentType::Handshake => return Cover::NotOpened(Reason::NotEncrypted),
                // ChangeCipherSpec never is, and alerts are not if their sender has no keys yet (RFC 8446 §5, §6).
                _ => return Cover::InClear,
            }
        }
        let keys = match &sealed.keys {
            Some(keys) => Ok(keys.clone()),
            None => self.negotiation.keys(&self.secrets, sealed.label, sender),
        };
        match sealed.open(keys, &placed.bytes) {
            Ok(opened) => Cover::Opened(Box::new(opened)),
            Err(reason) => Cover::NotOpened(reason),
        }
    }

    fn read_handshake(
        &mut self,
        placed: &Placed,
        content: &[u8],
        label: Option<Label>,
        events: &mut Vec<Event>,
    ) {
        let mut messages = Vec::new();
        let assembly = &mut self.halves.of(placed.direction).assembly;
        let pushed = assembly.push(placed.number, content, &mut messages);
        for message in messages {
            let (message_type, body) = (message.message_type, message.body());
            tell(placed, What::Handshake(message), events);
            self.follow(placed, message_type, &body, label, events);
        }
        if let Err(problem) = pushed {
            tell(placed, What::Problem(problem), events);
        }
    }

    /// Whether a record that was not opened carries application data, as far as can be told without looking.
    fn should_be_application_data(&self, placed: &Placed, reason: Reason) -> bool {
        // Accepted early data stands before the records of the handshake, which are passed over to find them.
        const UNKNOWN_EARLY_DATA: Reason = Reason::NoSecret {
            label: Label::ClientEarlyTrafficSecret,
        };
        let in_use = match self.halves.protection(placed.direction) {
            Protection::Sealed(sealed) => sealed.label.is_for_application_data(),
            Protection::InClear | Protection::Undecided => false,
        };
        placed.header.content_type == ContentType::ApplicationData
            && (in_use || reason == UNKNOWN_EARLY_DATA)
    }

    /// Counts records as application data that were not looked into: what comes after them is where it would be then.
    fn assume_application_data(&mut self, sender: Direction, records: u64, bytes: u64) {
        let overhead_len = self
            .suite()
            .and_then(|suite| suite.protection().overhead_len())
            .unwrap_or_default() as u64;
        let half = self.halves.of(sender);
        half.advance(bytes.saturating_sub(records.saturating_mul(overhead_len)));
        half.exact = false;
    }

    fn application_data(
        &mut self,
        sender: Direction,
        bytes: Bytes,
        label: Option<Label>,
    ) -> ApplicationData {
        let half = self.halves.of(sender);
        ApplicationData {
            at: half.advance(bytes.len() as u64),
            bytes,
            early: label == Some(Label::ClientEarlyTrafficSecret),
            exact: half.exact,
        }
    }
}

/// Two bytes (RFC 8446 §6).
fn alert(content: &[u8]) -> What {
    match *content {
        [level, description] => What::Alert { level, description },
        _ => What::Problem(Problem::NotAnAlert),
    }
}

fn tell_record(placed: &Placed, cover: Cover, events: &mut Vec<Event>) {
    let header = placed.header;
    tell(placed, What::Record { header, cover }, events);
}

fn tell(placed: &Placed, what: What, events: &mut Vec<Event>) {
    let wire = placed.wire.clone();
    events.push(event(placed.direction, placed.number, wire, what));
}

fn event(direction: Direction, record: u64, wire: Range<u64>, what: What) -> Event {
    Event {
        direction,
        record,
        wire,
        what,
    }
}
