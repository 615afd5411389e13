//! When what comes may be told: what has to wait for its keys, or until it is known whose request it is.
//! Events and places only: neither who may see them nor the bytes that are kept.

use std::collections::VecDeque;

use super::borders::Borders;
use super::record::Hold;
use crate::octets::Direction::{self, FromClient, FromServer};
use crate::wire::both::Both;
use crate::wire::event::{Event, What};

/// The longest request head, and as much again of what is read together with its end: a request for the view is known for one before
/// more has come. Whatever has come in more is told at once, up to the next request.
const HELD_LEN_MAX: usize = 32 * 1024;

/// So many chunks are held: each takes more than its bytes.
const HELD_EVENTS_MAX: usize = 64;

/// What an event takes besides its bytes.
const EVENT_COST: usize = 128;

/// What becomes of the bytes that come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// They are recorded; but the client's latest chunk is held back, since its keys are only being computed.
    Handshake,
    /// They are recorded.
    Settled,
    /// They belong to the view itself, and are passed over.
    Concealed,
}

/// When sinks are told of what comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Telling {
    Now,
    /// When its keys are there.
    LatestOfClientLater,
    /// When it is known that it is no request for the view.
    UntilClaimed,
}

/// What the client had sent behind a request when that one was whole: it may be somebody else's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    Nothing,
    /// All from this place on.
    From(u64),
    /// Something, in records that may hold the request's own bytes, too.
    Somewhere,
}

/// What has come of a connection and waits, and where on it the next request begins.
#[derive(Debug)]
pub(super) struct Waiting {
    stage: Stage,
    telling: Telling,
    /// What the sinks have to wait for.
    held: VecDeque<Event>,
    /// How many bytes that is.
    held_len: usize,
    /// Up to where both directions are settled: behind it lies what may have to be taken back.
    checkpoint: Both<u64>,
    behind: Behind,
    /// Whether a request may be coming of which it is not known yet whose it is: on a connection that others use too, as through a
    /// proxy, it may hold somebody else's password.
    is_unclaimed: bool,
    /// Where the client's records begin and end, under TLS.
    records: Option<Borders>,
    /// Whether the client stopped in the middle of one.
    is_within_record: bool,
}

impl Waiting {
    /// Before the first byte.
    pub(super) fn new(is_tls: bool) -> Self {
        let (stage, telling) = if is_tls {
            (Stage::Handshake, Telling::LatestOfClientLater)
        } else {
            (Stage::Settled, Telling::UntilClaimed)
        };
        Self {
            stage,
            telling,
            held: VecDeque::new(),
            held_len: 0,
            checkpoint: Both::default(),
            behind: Behind::Nothing,
            is_unclaimed: !is_tls,
            records: is_tls.then(Borders::default),
            is_within_record: false,
        }
    }

    pub(super) fn is_handshake(&self) -> bool {
        self.stage == Stage::Handshake
    }

    pub(super) fn is_concealed(&self) -> bool {
        self.stage == Stage::Concealed
    }

    /// Up to where both directions are settled.
    pub(super) fn checkpoint(&self) -> Both<u64> {
        self.checkpoint
    }

    /// How much memory it takes, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.held_len + self.held.len() * EVENT_COST
    }

    /// What is not shown yet to whoever else may see the connection.
    pub(super) fn hold(&self) -> Hold {
        match self.stage {
            Stage::Handshake => Hold::LatestOfClient,
            _ if self.is_unclaimed => Hold::ClientBehind(self.checkpoint.client),
            _ => Hold::Nothing,
        }
    }

    /// Bytes cross, behind those `before`.
    pub(super) fn crosses(&mut self, direction: Direction, bytes: &[u8], before: Both<u64>) {
        if direction != FromClient {
            return;
        }
        if let Some(records) = &mut self.records {
            let (_, is_border) = records.next_border(bytes, bytes.len());
            self.is_within_record = !is_border;
        }
        if self.stage == Stage::Handshake {
            // Together with the handshake's last record the first request may come.
            self.checkpoint = before;
        }
    }

    /// Tells of an event, now or later.
    pub(super) fn take(&mut self, event: Event, mut tell: impl FnMut(&Event)) {
        let is_clients = event.direction == FromClient;
        match self.telling {
            Telling::Now => tell(&event),
            Telling::LatestOfClientLater => {
                self.tell_all(&mut tell);
                if is_clients {
                    self.hold_back(event);
                } else {
                    tell(&event);
                }
            }
            Telling::UntilClaimed if !is_clients && self.behind != Behind::Somewhere => {
                // It is being answered, and so it was no request for the view; what lies behind it still may be one.
                if self.behind == Behind::Nothing {
                    self.tell_all(&mut tell);
                }
                tell(&event);
            }
            Telling::UntilClaimed => {
                self.hold_back(event);
                if self.held_len > HELD_LEN_MAX || self.held.len() > HELD_EVENTS_MAX {
                    self.telling = Telling::Now;
                    self.tell_all(&mut tell);
                }
            }
        }
    }

    /// The handshake is through, or has failed. True if nothing came together with its last record.
    pub(super) fn settle(&mut self, totals: Both<u64>, unread_len: usize) -> bool {
        if self.stage != Stage::Handshake {
            return false;
        }
        self.stage = Stage::Settled;
        self.begin_request(totals, unread_len)
    }

    /// The request that is under way ends in front of the latest `unread_len` bytes. True if what follows cannot be told from it.
    pub(super) fn end_request(&mut self, totals: Both<u64>, unread_len: usize) -> bool {
        self.behind = match (unread_len, &self.records) {
            (0, _) if !self.is_within_record => Behind::Nothing,
            (_, None) => Behind::From(totals.client.saturating_sub(unread_len as u64)),
            (_, Some(_)) => Behind::Somewhere,
        };
        self.behind == Behind::Somewhere
    }

    /// Nothing is under way: a request that comes next begins in front of the latest `unread_len` bytes. True if it is known where.
    pub(super) fn begin_request(&mut self, totals: Both<u64>, unread_len: usize) -> bool {
        self.end_request(totals, unread_len);
        match self.behind {
            Behind::Nothing => self.checkpoint = totals,
            Behind::From(client) => self.checkpoint = Both { client, ..totals },
            Behind::Somewhere => {}
        }
        self.is_unclaimed = true;
        self.telling = Telling::UntilClaimed;
        self.behind != Behind::Somewhere
    }

    /// It is known whose request is under way.
    pub(super) fn claim(&mut self, client_total: u64, mut tell: impl FnMut(&Event)) {
        match self.behind {
            Behind::Nothing => {
                self.is_unclaimed = false;
                self.telling = Telling::Now;
                self.tell_all(&mut tell);
            }
            Behind::From(place) => {
                self.checkpoint.client = place;
                self.is_unclaimed = true;
                self.tell_up_to(place, client_total, &mut tell);
            }
            Behind::Somewhere => self.is_unclaimed = true,
        }
    }

    /// All that comes from here on belongs to whoever sent the latest request.
    pub(super) fn claim_the_rest(&mut self, client_total: u64, tell: impl FnMut(&Event)) {
        self.behind = Behind::Nothing;
        self.claim(client_total, tell);
    }

    /// Passes over what comes, and forgets what has not been told.
    pub(super) fn conceal(&mut self) {
        self.stage = Stage::Concealed;
        self.is_unclaimed = false;
        self.behind = Behind::Nothing;
        self.held.clear();
        self.held_len = 0;
    }

    /// Whether something has come that became no request, or was not even looked at. `has_come_inside`: whether TLS has opened any of
    /// it, where there is TLS.
    pub(super) fn has_unclaimed(&self, totals: Both<u64>, has_come_inside: Option<bool>) -> bool {
        let has_come = match has_come_inside {
            Some(has_come) => has_come || self.behind != Behind::Nothing || self.is_within_record,
            None => totals.client > self.checkpoint.client,
        };
        self.is_unclaimed && has_come
    }

    /// Tells of all that waits.
    pub(super) fn tell_all(&mut self, mut tell: impl FnMut(&Event)) {
        self.held_len = 0;
        for event in self.held.drain(..) {
            tell(&event);
        }
    }

    /// Tells of what lies in front of this place of the client's.
    fn tell_up_to(&mut self, place: u64, client_total: u64, mut tell: impl FnMut(&Event)) {
        let held_len: usize = self.held.iter().map(clients_len).sum();
        let mut at = client_total.saturating_sub(held_len as u64);
        while let Some(mut event) = self.held.pop_front() {
            let end = at + clients_len(&event) as u64;
            if end <= place && (at < place || event.direction != FromClient) {
                at = end;
                self.held_len -= len(&event);
                tell(&event);
                continue;
            }
            let first_len = usize::try_from(place.saturating_sub(at)).unwrap_or_default();
            if let (What::Bytes(bytes), true) = (&mut event.what, first_len > 0) {
                let first = What::Bytes(bytes.split_to(first_len.min(bytes.len())));
                self.held_len -= first_len;
                tell(&Event {
                    what: first,
                    ..event.clone()
                });
            }
            self.held.push_front(event);
            return;
        }
    }

    fn hold_back(&mut self, event: Event) {
        self.held_len += len(&event);
        self.held.push_back(event);
    }
}

fn len(event: &Event) -> usize {
    match &event.what {
        What::Bytes(bytes) => bytes.len(),
        What::Missing(_) | What::End | What::Reset => 0,
    }
}

fn clients_len(event: &Event) -> usize {
    match event.direction {
        FromClient => len(event),
        FromServer => 0,
    }
}
