//! What one live reader is told: of connections that were open before them, first what is recorded; then the news, without what of it
//! was recorded already.
//! Bytes only: who reads them is not known here.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::waiting::Piece;
use crate::octets::Direction;
use crate::wire::both::Both;
use crate::wire::capture::Stream;
use crate::wire::event::{Event, Missing, What as Happened};
use crate::wire::log::queue::What;
use crate::wire::log::{About, Cursor, Viewer, WireLog};

/// A stream of packets, and how far it is.
pub(super) struct CatchUp {
    wire: Arc<WireLog>,
    stream: Stream,
    told: HashMap<u64, Both<Told>>,
}

/// What of one direction stands in the stream.
#[derive(Default)]
struct Told {
    bytes: u64,
    has_ended: bool,
}

impl CatchUp {
    /// Before the first packet.
    pub(super) fn new(wire: Arc<WireLog>) -> Self {
        Self {
            wire,
            stream: Stream::default(),
            told: HashMap::new(),
        }
    }

    /// Appends what the stream begins with.
    pub(super) fn begin(&mut self, comment: &str, packets: &mut Vec<u8>) {
        self.stream.begin(comment, packets);
    }

    /// Appends what is recorded of a connection. News of it may have come already, or come twice.
    pub(super) fn resume(&mut self, about: &Arc<About>, packets: &mut Vec<u8>) {
        let number = about.number;
        self.open(about, packets);
        let sight = self.wire.connection(&Viewer::OF_ALL, number);
        let Some(reading) = sight.and_then(|sight| sight.read(&mut Cursor::default())) else {
            return;
        };
        for line in reading.secrets.lines() {
            self.stream.tell(number, &What::Secret(line), packets);
        }
        let mut positions = Both::<u64>::default();
        for event in reading.events {
            let at = *positions.of(event.direction);
            *positions.of_mut(event.direction) += len(&event.what);
            self.event(number, at, event, packets);
        }
    }

    /// Appends what happened.
    pub(super) fn tell(&mut self, piece: Piece, packets: &mut Vec<u8>) {
        let Piece { number, at, what } = piece;
        match what {
            What::Opened(about) => self.open(&about, packets),
            What::Event(event) => self.event(number, at, event, packets),
            What::Ended { .. } => {
                self.told.remove(&number);
                self.stream.tell(number, &what, packets);
            }
            what => self.stream.tell(number, &what, packets),
        }
    }

    fn open(&mut self, about: &Arc<About>, packets: &mut Vec<u8>) {
        self.told.entry(about.number).or_default();
        let opened = What::Opened(Arc::clone(about));
        self.stream.tell(about.number, &opened, packets);
    }

    /// Appends what of an event, whose bytes stand at `at`, is not there yet; and before it, what was never heard of, as a gap.
    fn event(&mut self, number: u64, at: u64, event: Event, packets: &mut Vec<u8>) {
        let (direction, time_ns) = (event.direction, event.time_ns);
        let Some(told) = self.told.get_mut(&number) else {
            return;
        };
        let told = told.of_mut(direction);
        let (start, end) = (told.bytes, at.saturating_add(len(&event.what)));
        let what = match event.what {
            Happened::End | Happened::Reset if std::mem::replace(&mut told.has_ended, true) => {
                return;
            }
            Happened::End | Happened::Reset => event.what,
            _ if end <= start => return,
            Happened::Bytes(bytes) => Happened::Bytes(behind(bytes, start.saturating_sub(at))),
            Happened::Missing(missing) => Happened::Missing(Missing {
                bytes: end - start.max(at),
                ..missing
            }),
        };
        told.bytes = end.max(start);
        if at > start {
            let gap = Happened::Missing(Missing::of(at - start));
            self.push(number, time_ns, direction, gap, packets);
        }
        self.push(number, time_ns, direction, what, packets);
    }

    fn push(
        &mut self,
        number: u64,
        time_ns: u64,
        direction: Direction,
        what: Happened,
        packets: &mut Vec<u8>,
    ) {
        let event = Event {
            time_ns,
            direction,
            what,
            comment: None,
        };
        self.stream.tell(number, &What::Event(event), packets);
    }
}

fn len(what: &Happened) -> u64 {
    match what {
        Happened::Bytes(bytes) => bytes.len() as u64,
        Happened::Missing(missing) => missing.bytes,
        Happened::End | Happened::Reset => 0,
    }
}

fn behind(mut bytes: Bytes, len: u64) -> Bytes {
    bytes.split_off(usize::try_from(len).unwrap_or(usize::MAX).min(bytes.len()))
}
