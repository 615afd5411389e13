//! Records one connection: takes what the tap under TLS saw and the secrets that open it, and tells those who wait for it.
//! Handed out through a `Sight` alone; what the bytes mean is computed by others, and every time is passed in.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::kept::{Ending, Kept};
use super::owner::{Badge, Owner, Traveller, Viewer};
use super::shelf::Shelf;
use super::sink::{About, News};
use crate::octets::{Chunk, Direction};
use crate::wire::decrypt::KeyLogLine;
use crate::wire::event::{Event, What};

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

impl Recorder {
    /// Before the first byte. `is_tls`: whether a handshake is expected.
    pub(super) fn new(about: About, is_tls: bool, shelf: Arc<Shelf>) -> Self {
        shelf.replace(0, EMPTY_COST);
        let recorder = Self {
            about: Arc::new(about),
            shelf,
            kept: Mutex::new(Kept::new(is_tls)),
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
    pub fn chunk<'a>(&self, time_ns: u64, direction: Direction, chunk: impl Into<Chunk<'a>>) {
        self.chunks(time_ns, direction, &[chunk.into()]);
    }

    /// Records bytes that crossed the socket together, one chunk behind the other.
    pub fn chunks(&self, time_ns: u64, direction: Direction, chunks: &[Chunk<'_>]) {
        let mut kept = self.kept();
        if kept.waiting.is_concealed() {
            return;
        }
        let before = kept.record.totals();
        for chunk in chunks {
            kept.waiting.crosses(direction, chunk.as_slice(), before);
        }
        kept.record.chunks(time_ns, direction, chunks);
        let what = chunks.iter().map(|chunk| What::Bytes(chunk.to_bytes()));
        self.has_happened(kept, time_ns, direction, what);
    }

    /// Records that a direction has ended, in order (FIN).
    pub fn end(&self, time_ns: u64, direction: Direction) {
        let mut kept = self.kept();
        if kept.waiting.is_concealed() {
            return;
        }
        kept.record.end(time_ns, direction);
        self.has_happened(kept, time_ns, direction, [What::End]);
    }

    /// Takes a secret of the connection, before the bytes that it opens are sent.
    pub fn secret(&self, line: KeyLogLine) {
        let mut kept = self.kept();
        if kept.waiting.is_concealed() {
            return;
        }
        self.tell(&News::Secret(&line));
        kept.secrets.learn(line);
    }

    /// The handshake is through: `negotiated` says in a line what was agreed on. Of what came behind it `unread_len` bytes are opened
    /// already.
    pub fn established(&self, negotiated: String, unread_len: usize) {
        let mut kept = self.kept();
        kept.negotiated = Some(negotiated);
        if kept.settle(unread_len) {
            kept.waiting
                .tell_all(|event| self.tell(&News::Event(event)));
        }
        drop(kept);
        self.announce();
        self.shelf.changed();
    }

    /// Notes what the application read or wrote above TLS.
    pub fn plaintext(&self, direction: Direction, chunks: &[Chunk<'_>]) {
        let mut kept = self.kept();
        if kept.waiting.is_concealed() {
            return;
        }
        if let Some(plaintext) = &mut kept.plaintext {
            for chunk in chunks {
                plaintext.note(direction, chunk.as_slice());
            }
        }
        self.account(kept);
    }

    /// The request that is under way is whole. The latest `unread_len` bytes of the client's, above TLS where there is TLS, were read
    /// together with it and belong to what comes next, which may be somebody else's.
    pub fn request_is_whole(&self, unread_len: usize) {
        let mut kept = self.kept();
        let totals = kept.record.totals();
        if !kept.waiting.is_concealed()
            && kept.waiting.end_request(totals, unread_len)
            && let Some(plaintext) = &mut kept.plaintext
        {
            plaintext.remember();
        }
    }

    /// Nothing is under way: a request that comes next begins here, or in front of what was read together with the one before.
    pub fn between_requests(&self, unread_len: usize) {
        let mut kept = self.kept();
        if kept.waiting.is_concealed() {
            return;
        }
        kept.has_carried = true;
        let totals = kept.record.totals();
        if kept.waiting.begin_request(totals, unread_len)
            && let Some(plaintext) = &mut kept.plaintext
        {
            plaintext.checkpoint();
        }
        self.account(kept);
    }

    /// The request that has come is for the view itself: neither it nor what follows is recorded, and the connection should
    /// close, so that what is done next is recorded again. Without any request before it, all of it is forgotten.
    pub fn conceal(&self, time_ns: u64) {
        let mut kept = self.kept();
        kept.waiting.conceal();
        kept.should_close = true;
        let has_carried = kept.has_carried;
        let checkpoint = kept.waiting.checkpoint();
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
        kept.settle(0);
        kept.waiting
            .tell_all(|event| self.tell(&News::Event(event)));
        if kept.has_unclaimed() {
            kept.owner = kept.owner.after(Traveller::Stranger);
        }
        kept.claim_the_rest(|_| {});
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
        let client_total = kept.record.totals().client;
        kept.waiting
            .claim(client_total, |event| self.tell(&News::Event(event)));
        let before = kept.owner;
        kept.owner = before.after(traveller);
        let owner = kept.owner;
        // Strangers would come as strangers on another connection, too.
        let is_known = matches!(traveller, Traveller::Browser(_) | Traveller::Session(_));
        kept.should_close |= owner == Owner::Several && is_known;
        drop(kept);
        self.announce();
        if owner != before {
            self.shelf.changed();
        }
    }

    /// What comes from here on, frames of a WebSocket, belongs to whoever sent the request.
    pub fn goes_on(&self) {
        self.kept()
            .claim_the_rest(|event| self.tell(&News::Event(event)));
        self.announce();
    }

    /// The next request may be somebody else's: it should come on another connection.
    pub fn part(&self) {
        self.kept().should_close = true;
    }

    /// Whether the connection should be closed, so that the next request finds one that is its own.
    #[must_use]
    pub fn should_close(&self) -> bool {
        self.kept().should_close
    }

    pub(super) fn logged_in(&self, browser: Badge, session: Badge) {
        let mut kept = self.kept();
        kept.owner = kept.owner.after_login(browser, session);
    }

    /// The one door to what was recorded: whoever may see it finds it as it is at this moment, as long as they hold it.
    pub(super) fn shown_to(&self, viewer: &Viewer) -> Option<MutexGuard<'_, Kept>> {
        let kept = self.kept();
        kept.owner.lets_see(viewer).then_some(kept)
    }

    /// Somebody waits for news, as long as they hold this.
    pub(super) fn watch(&self) -> Watching<'_> {
        Watching::new(&self.watchers)
    }

    /// Rings at whatever `shown_to` has new.
    pub(super) fn news(&self) -> &Notify {
        &self.news
    }

    /// Makes room for others; what comes next is kept again.
    pub(super) fn shrink(&self) {
        let mut kept = self.kept();
        kept.record.shrink();
        self.count(&kept);
    }

    /// What the shelf was told that it takes, in bytes.
    pub(super) fn cost(&self) -> usize {
        self.cost.load(Ordering::Relaxed)
    }

    /// Tells of what was recorded just now.
    fn has_happened(
        &self,
        mut kept: MutexGuard<'_, Kept>,
        time_ns: u64,
        direction: Direction,
        what: impl IntoIterator<Item = What>,
    ) {
        if !self.shelf.sinks().is_empty() {
            for what in what {
                let event = Event {
                    time_ns,
                    direction,
                    what,
                    comment: None,
                };
                kept.waiting
                    .take(event, |event| self.tell(&News::Event(event)));
            }
        }
        self.account(kept);
        self.announce();
    }

    /// Tells the shelf how much more or less is held now. It may have to make room, here or elsewhere.
    fn account(&self, kept: MutexGuard<'_, Kept>) {
        self.count(&kept);
        drop(kept);
        self.shelf.make_room();
    }

    /// In steps, and with the lock held, so that no older figure comes behind a newer one.
    fn count(&self, kept: &Kept) {
        let cost = (EMPTY_COST + kept.cost()).next_multiple_of(COST_STEP);
        if cost != self.cost() {
            let before = self.cost.swap(cost, Ordering::Relaxed);
            self.shelf.replace(before, cost);
        }
    }

    /// It stands on the shelf no more. Whoever still looks at it may do so, but it does not count: what was let go to make room
    /// has made it at once, or the next would have to go, and the next.
    pub(super) fn leave(&self) {
        let cost = self.cost.swap(0, Ordering::Relaxed);
        self.shelf.replace(cost, 0);
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
pub(super) struct Watching<'a>(&'a AtomicUsize);

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
