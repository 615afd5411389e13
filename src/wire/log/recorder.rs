//! What is recorded of one connection: the bytes that the tap under TLS saw, and the secrets that open them.
//! It keeps and hands out; what the bytes mean is computed by others. The clock is the caller's: every time is passed in.

use std::fmt;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use tokio::sync::Notify;

use super::fingerprint::Fingerprint;
use super::owner::{Badge, Owner, Traveller, Viewer};
use super::plaintext::Plaintext;
use super::record::{Cursor, Hold, Record};
use super::shelf::Shelf;
use super::sink::{About, News};
use crate::octets::Direction::{self, FromClient, FromServer};
use crate::wire::both::Both;
use crate::wire::decrypt::{KeyLogLine, Secrets};
use crate::wire::event::{Event, What};

/// A request for the view comes in a few chunks. What comes in more is told to the sinks at once.
const HELD_EVENTS_MAX: usize = 64;

/// The shelf is told in steps of so many bytes what a connection holds: telling it of each chunk would have all
/// connections wait for one counter.
const COST_STEP: usize = 4 * 1024;

/// What a connection costs before its first byte: the recorder, its place on the shelf, its secrets and words.
const EMPTY_COST: usize = 2048;

/// One connection, as it is recorded.
pub struct Recorder {
    about: Arc<About>,
    shelf: Arc<Shelf>,
    kept: Mutex<Kept>,
    /// What the shelf was told that all of this takes.
    cost: AtomicUsize,
    /// How many wait for news; without any, none are told.
    watchers: AtomicUsize,
    news: Notify,
}

#[derive(Debug)]
struct Kept {
    record: Record,
    secrets: Secrets,
    owner: Owner,
    negotiated: Option<String>,
    ended: Option<Ending>,
    /// Whether another's request may come next.
    parts: bool,
    /// Whether it has carried a request and its response.
    has_carried: bool,
    stage: Stage,
    /// What the client sent and the sinks have to wait for: for its keys, or to know that it is no request for the view.
    held: Vec<Event>,
    /// Where both directions stood when nothing was under way.
    checkpoint: Both<u64>,
    /// Whether a request may be coming of which it is not known yet whose it is: on a connection that others use too, as through a
    /// proxy, it may hold somebody else's password.
    is_unclaimed: bool,
    plaintext: Option<Plaintext>,
}

/// What becomes of the bytes that come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// They are recorded; but the client's latest chunk is held back, since its keys are only being computed.
    Handshake,
    /// They are recorded.
    Settled,
    /// They belong to the view itself, and are passed over.
    Concealed,
}

/// How a connection ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// When, in nanoseconds since 1970.
    pub time_ns: u64,
    /// In a few words, as in the log.
    pub why: String,
}

/// A connection as a whole, as far as it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// How many bytes have crossed.
    pub bytes: Both<u64>,
    /// How many of them were not kept.
    pub missing: Both<u64>,
    /// What the handshake agreed on, in a line; `None` without TLS, or before it is through.
    pub negotiated: Option<String>,
    /// How it ended, if it has.
    pub ended: Option<Ending>,
}

impl Recorder {
    /// Before the first byte. `is_tls`: whether a handshake is expected.
    pub(super) fn new(about: About, is_tls: bool, shelf: Arc<Shelf>) -> Self {
        shelf.take(EMPTY_COST);
        let recorder = Self {
            about: Arc::new(about),
            shelf,
            kept: Mutex::new(Kept {
                record: Record::default(),
                secrets: Secrets::default(),
                owner: Owner::default(),
                negotiated: None,
                ended: None,
                parts: false,
                has_carried: false,
                stage: if is_tls {
                    Stage::Handshake
                } else {
                    Stage::Settled
                },
                held: Vec::new(),
                checkpoint: Both::default(),
                is_unclaimed: !is_tls,
                plaintext: is_tls.then(Plaintext::default),
            }),
            cost: AtomicUsize::new(EMPTY_COST),
            watchers: AtomicUsize::new(0),
            news: Notify::new(),
        };
        recorder.tell(&News::Opened);
        recorder
    }

    /// What is known of it from the beginning.
    #[must_use]
    pub fn about(&self) -> &Arc<About> {
        &self.about
    }

    /// Records bytes that crossed the socket.
    pub fn chunk(&self, time_ns: u64, direction: Direction, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.record(
            time_ns,
            direction,
            |record| record.chunk(time_ns, direction, bytes),
            || What::Bytes(Bytes::copy_from_slice(bytes)),
        );
    }

    /// Records that a direction has ended, in order (FIN).
    pub fn end(&self, time_ns: u64, direction: Direction) {
        self.record(
            time_ns,
            direction,
            |record| record.end(time_ns, direction),
            || What::End,
        );
    }

    /// Takes a secret of the connection, before the bytes that it opens are sent.
    pub fn secret(&self, line: KeyLogLine) {
        let mut kept = self.kept();
        if kept.stage == Stage::Concealed {
            return;
        }
        self.tell(&News::Secret(&line));
        kept.secrets.learn(line);
    }

    /// The handshake is through: `negotiated` says in a line what was agreed on.
    pub fn established(&self, negotiated: String) {
        let mut kept = self.kept();
        kept.negotiated = Some(negotiated);
        self.settle(&mut kept);
        drop(kept);
        self.announce();
        self.shelf.changed();
    }

    /// Notes what the application read or wrote above TLS.
    pub fn plaintext(&self, direction: Direction, bytes: &[u8]) {
        let mut kept = self.kept();
        if kept.stage == Stage::Concealed {
            return;
        }
        if let Some(plaintext) = &mut kept.plaintext {
            plaintext.note(direction, bytes);
        }
    }

    /// Nothing is under way: a request that comes next begins here.
    pub fn between_requests(&self) {
        let mut kept = self.kept();
        kept.has_carried = true;
        kept.begin_request();
    }

    /// The request that has come is for the view itself: neither it nor what follows is recorded, and the connection should
    /// close, so that what is done next is recorded again. Without any request before it, all of it is forgotten.
    pub fn conceal(&self, time_ns: u64) {
        let mut kept = self.kept();
        kept.held.clear();
        kept.stage = Stage::Concealed;
        kept.parts = true;
        let has_carried = kept.has_carried;
        let checkpoint = kept.checkpoint;
        kept.record.take_back(checkpoint);
        if let Some(plaintext) = &mut kept.plaintext {
            plaintext.take_back();
        }
        let why = "it went on with the wire view, whose own bytes are not recorded";
        let has_ended = self.note_ending(&mut kept, time_ns, why);
        drop(kept);
        if !has_carried {
            self.shelf.forget(self.about.number);
        } else if has_ended {
            self.shelf.ended(self.about.number);
        }
        self.announce();
        self.shelf.changed();
    }

    /// The connection is over.
    pub fn ended(&self, time_ns: u64, why: &str) {
        let mut kept = self.kept();
        self.settle(&mut kept);
        if kept.has_unclaimed() {
            kept.owner = kept.owner.after(Traveller::Stranger);
        }
        kept.is_unclaimed = false;
        let has_ended = self.note_ending(&mut kept, time_ns, why);
        drop(kept);
        if has_ended {
            self.shelf.ended(self.about.number);
        }
        self.announce();
        self.shelf.changed();
    }

    /// Whose it is at the moment.
    #[must_use]
    pub fn owner(&self) -> Owner {
        self.kept().owner
    }

    /// Notes whose request has come. Before that is known, those whose connection it was do not see it.
    pub fn carries(&self, traveller: Traveller) {
        let mut kept = self.kept();
        kept.is_unclaimed = false;
        self.tell_held(&mut kept);
        let before = kept.owner;
        kept.owner = before.after(traveller);
        let owner = kept.owner;
        // Strangers would come as strangers on another connection, too.
        let is_known = matches!(traveller, Traveller::Browser(_) | Traveller::Session(_));
        kept.parts |= owner == Owner::Several && is_known;
        drop(kept);
        self.announce();
        if owner != before {
            self.shelf.changed();
        }
    }

    /// The next request may be somebody else's: it should come on another connection.
    pub fn part(&self) {
        self.kept().parts = true;
    }

    /// Whether the connection should be closed, so that the next request finds one that is its own.
    #[must_use]
    pub fn should_close(&self) -> bool {
        self.kept().parts
    }

    pub(super) fn logged_in(&self, browser: Badge, session: Badge) {
        let mut kept = self.kept();
        kept.owner = kept.owner.after_login(browser, session);
    }

    /// Whether this viewer may see it, keys included.
    #[must_use]
    pub fn may_be_seen_by(&self, viewer: &Viewer) -> bool {
        self.kept().owner.lets_see(viewer)
    }

    /// How far it has come.
    #[must_use]
    pub fn state(&self) -> State {
        let kept = self.kept();
        State {
            bytes: kept.record.totals(),
            missing: kept.record.missing(),
            negotiated: kept.negotiated.clone(),
            ended: kept.ended.clone(),
        }
    }

    /// All secrets so far. Whoever takes them after `read` has those of all that it gave.
    #[must_use]
    pub fn secrets(&self) -> Secrets {
        self.kept().secrets.clone()
    }

    /// What has happened since the cursor, in order, and moves it on. What was not kept is told as missing.
    #[must_use]
    pub fn read(&self, cursor: &mut Cursor) -> Vec<Event> {
        let kept = self.kept();
        kept.record.read(cursor, kept.hold())
    }

    /// Resolves when `read` has something for this cursor, or the connection is over.
    pub async fn changed(&self, cursor: &Cursor) {
        let _watching = Watching::new(&self.watchers);
        loop {
            let mut notified = pin!(self.news.notified());
            notified.as_mut().enable();
            {
                let kept = self.kept();
                if kept.ended.is_some() || kept.record.has_news(cursor, kept.hold()) {
                    return;
                }
            }
            notified.await;
        }
    }

    /// What the application really read and wrote above TLS: the proof of what was decrypted. `None` without TLS.
    #[must_use]
    pub fn plaintext_fingerprints(&self) -> Option<Both<Fingerprint>> {
        self.kept().plaintext.as_ref().map(Plaintext::fingerprints)
    }

    fn record(
        &self,
        time_ns: u64,
        direction: Direction,
        note: impl FnOnce(&mut Record),
        what: impl FnOnce() -> What,
    ) {
        let mut kept = self.kept();
        if kept.stage == Stage::Concealed {
            return;
        }
        note(&mut kept.record);
        if !self.shelf.sinks().is_empty() {
            let event = Event {
                time_ns,
                direction,
                what: what(),
                comment: None,
            };
            let may_be_of_the_view = kept.is_unclaimed && kept.held.len() < HELD_EVENTS_MAX;
            let is_held = kept.stage == Stage::Handshake || may_be_of_the_view;
            if kept.stage == Stage::Handshake || direction == FromServer || !is_held {
                self.tell_held(&mut kept);
            }
            if is_held && direction == FromClient {
                kept.held.push(event);
            } else {
                self.tell(&News::Event(&event));
            }
        }
        self.account(&mut kept);
        drop(kept);
        self.announce();
    }

    /// Tells the shelf how much more or less is held now; keeps less from here on if there is no room.
    fn account(&self, kept: &mut Kept) {
        if !self.costs(EMPTY_COST + kept.record.cost()) {
            kept.record.turn_off();
            self.costs(EMPTY_COST + kept.record.cost());
        }
    }

    /// False if there is no room for it.
    fn costs(&self, cost: usize) -> bool {
        let cost = cost.next_multiple_of(COST_STEP);
        if cost == self.cost.load(Ordering::Relaxed) {
            return true;
        }
        let before = self.cost.swap(cost, Ordering::Relaxed);
        self.shelf.replace(before, cost)
    }

    /// It stands on the shelf no more. Whoever still looks at it may do so, but it does not count: what was let go to make room
    /// has made it at once, or the next would have to go, and the next.
    pub(super) fn leave(&self) {
        let cost = self.cost.swap(0, Ordering::Relaxed);
        self.shelf.give_back(cost);
    }

    fn settle(&self, kept: &mut Kept) {
        if kept.stage == Stage::Handshake {
            kept.stage = Stage::Settled;
            kept.begin_request();
        }
        self.tell_held(kept);
    }

    /// False if it has ended before.
    fn note_ending(&self, kept: &mut Kept, time_ns: u64, why: &str) -> bool {
        if kept.ended.is_some() {
            return false;
        }
        self.tell(&News::Ended { time_ns, why });
        kept.ended = Some(Ending {
            time_ns,
            why: why.to_owned(),
        });
        true
    }

    fn tell_held(&self, kept: &mut Kept) {
        for event in std::mem::take(&mut kept.held) {
            self.tell(&News::Event(&event));
        }
    }

    fn tell(&self, news: &News<'_>) {
        for sink in self.shelf.sinks() {
            sink.take(&self.about, news);
        }
    }

    fn announce(&self) {
        if self.watchers.load(Ordering::SeqCst) > 0 {
            self.news.notify_waiters();
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Whoever panicked with the lock held did so between whole steps.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// What is not shown yet.
    fn hold(&self) -> Hold {
        match (self.stage, self.owner) {
            (Stage::Handshake, _) => Hold::LatestOfClient,
            // None but the instructor sees it, who may see everybody's.
            (_, Owner::Nobody | Owner::Several) => Hold::Nothing,
            _ if self.is_unclaimed => Hold::ClientBehind(self.checkpoint.client),
            _ => Hold::Nothing,
        }
    }

    /// Whether something has come that became no request, or was not even looked at: it may be anybody's.
    fn has_unclaimed(&self) -> bool {
        let has_come = match &self.plaintext {
            Some(plaintext) => plaintext.has_come_since(),
            None => self.record.totals().client > self.checkpoint.client,
        };
        self.is_unclaimed && has_come
    }

    /// Remembers where a request that comes next begins.
    fn begin_request(&mut self) {
        self.checkpoint = self.record.totals();
        self.is_unclaimed = true;
        if let Some(plaintext) = &mut self.plaintext {
            plaintext.checkpoint();
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        self.leave();
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder")
            .field("about", &self.about)
            .finish_non_exhaustive()
    }
}

/// Counts one who waits for news, as long as they do.
struct Watching<'a>(&'a AtomicUsize);

impl<'a> Watching<'a> {
    fn new(watchers: &'a AtomicUsize) -> Self {
        watchers.fetch_add(1, Ordering::SeqCst);
        Self(watchers)
    }
}

impl Drop for Watching<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}
