//! The sessions in use, in memory, so that a request needs no database.
//! No store and no clock: `sessions` decides what goes in and what is ended, and keeps the two alike.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::Notify;

use super::{AGE_MILLIS_MAX, EndReason, IDLE_MILLIS_MAX};
use crate::model::{User, UserId, UtcMillis};
use crate::store::{Session, SessionTransport, TokenHash};

/// The most sessions kept in memory, in less than 10 MB; the others wait in the database.
/// Those that a request or an open socket holds are kept in any case: the server's limit of
/// connections bounds them.
pub(super) const LIVE_MAX: usize = 10_000;

/// One session that the database holds too.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) user: User,
    pub(super) key: TokenHash,
    pub(super) transport: SessionTransport,
    created_at: UtcMillis,
    last_used_at: AtomicI64,
    /// The `last_used_at` that the database has.
    noted_at: AtomicI64,
    /// When the token showed up on the other transport.
    leaked_at: OnceLock<UtcMillis>,
    end: OnceLock<EndReason>,
    /// Told once, when it ends. Each open socket waits for it: a `watch` would do, and take twice the memory.
    has_ended: Notify,
}

impl Live {
    /// Times after `now` come from a clock that was wrong, and count as `now`: none may make a session last longer.
    pub(super) fn new(session: &Session, user: User, now: UtcMillis) -> Self {
        let last_used_at = session.last_used_at.min(now);
        Self {
            user,
            key: session.token_hash,
            transport: session.transport,
            created_at: session.created_at.min(now),
            last_used_at: AtomicI64::new(last_used_at.0),
            noted_at: AtomicI64::new(last_used_at.0),
            leaked_at: OnceLock::new(),
            end: OnceLock::new(),
            has_ended: Notify::new(),
        }
    }

    /// Whether its time is over at `now`: unused for too long, or too old.
    pub(super) fn is_expired(&self, now: UtcMillis) -> bool {
        let last_used_at = self.last_used_at.load(Ordering::Relaxed);
        now.0.saturating_sub(last_used_at) >= IDLE_MILLIS_MAX
            || now.0.saturating_sub(self.created_at.0) >= AGE_MILLIS_MAX
    }

    /// Notes a use. True if it is time to tell the database, which is then for this caller to do.
    pub(super) fn note_use(&self, now: UtcMillis, note_every_millis: i64) -> bool {
        self.last_used_at.fetch_max(now.0, Ordering::Relaxed);
        let noted_at = self.noted_at.load(Ordering::Relaxed);
        now.0.saturating_sub(noted_at) >= note_every_millis
            && self
                .noted_at
                .compare_exchange(noted_at, now.0, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// Whether it leaked. The database may not know that yet.
    pub(super) fn has_leaked(&self) -> bool {
        self.leaked_at.get().is_some()
    }

    /// Ends it as leaked at `now`, or whenever it had leaked before; says when.
    pub(super) fn leak(&self, now: UtcMillis) -> UtcMillis {
        let leaked_at = *self.leaked_at.get_or_init(|| now);
        self.finish(EndReason::Leaked);
        leaked_at
    }

    /// Why it ended, if it did.
    pub(super) fn end_reason(&self) -> Option<EndReason> {
        self.end.get().copied()
    }

    /// Waits until it ends.
    pub(super) async fn ended(&self) -> EndReason {
        loop {
            // Heard from here on: an end that comes between the look and the wait is not missed.
            let has_ended = self.has_ended.notified();
            if let Some(reason) = self.end_reason() {
                return reason;
            }
            has_ended.await;
        }
    }

    /// Ends it, for everyone who holds it. The first reason stays.
    fn finish(&self, reason: EndReason) {
        if self.end.set(reason).is_ok() {
            self.has_ended.notify_waiters();
        }
    }
}

/// How many sessions had ended when somebody began to read one from the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Endings(u64);

/// The sessions in memory.
#[derive(Debug)]
pub(super) struct LiveSessions {
    table: Mutex<Table>,
    live_max: usize,
}

#[derive(Debug)]
struct Table {
    live: HashMap<TokenHash, Arc<Live>>,
    endings: Endings,
}

impl LiveSessions {
    pub(super) fn new(live_max: usize) -> Self {
        Self {
            table: Mutex::new(Table {
                live: HashMap::new(),
                endings: Endings(0),
            }),
            live_max,
        }
    }

    /// The session in memory, or, for who is about to read it from the database, how many had
    /// ended by then.
    pub(super) fn get(&self, key: TokenHash) -> Result<Arc<Live>, Endings> {
        let table = self.lock();
        table.live.get(&key).cloned().ok_or(table.endings)
    }

    /// Keeps a session that was read from the database, or gives the one that somebody else read
    /// at the same time: whoever uses a session holds the same one.
    ///
    /// `None` if any session has ended since `endings`. It may have been this one, after its row
    /// was read; keeping it would bring it back to life. So read again: sessions end as seldom as
    /// they begin, and each begins with an argon2.
    pub(super) fn keep(&self, read: Live, endings: Endings) -> Option<Arc<Live>> {
        let mut table = self.lock();
        if table.endings != endings {
            return None;
        }
        if let Some(live) = table.live.get(&read.key) {
            return Some(Arc::clone(live));
        }
        if table.live.len() >= self.live_max {
            table.evict(self.live_max);
        }
        let live = Arc::new(read);
        table.live.insert(live.key, Arc::clone(&live));
        Some(live)
    }

    /// Ends one session; false if it was not in memory. Call it after the database has been told:
    /// see `keep`.
    pub(super) fn end(&self, key: TokenHash, reason: EndReason) -> bool {
        let mut table = self.lock();
        table.endings.0 = table.endings.0.wrapping_add(1);
        let ended = table.live.remove(&key);
        if let Some(live) = &ended {
            live.finish(reason);
        }
        ended.is_some()
    }

    /// Ends the sessions of a user. Call it after the database has been told: see `keep`.
    pub(super) fn end_all_of(&self, user_id: UserId, reason: EndReason) {
        let mut table = self.lock();
        table.endings.0 = table.endings.0.wrapping_add(1);
        table.end_where(reason, |live| live.user.id == user_id);
    }

    /// Ends what has expired. The database need not be told: time tells it too.
    pub(super) fn end_expired(&self, now: UtcMillis) {
        self.lock()
            .end_where(EndReason::Expired, |live| live.is_expired(now));
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.lock().live.len()
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // The table is whole after every step, so a panic elsewhere leaves nothing broken behind.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn end_where(&mut self, reason: EndReason, over: impl Fn(&Live) -> bool) {
        for (_, live) in self.live.extract_if(|_, live| over(live)) {
            live.finish(reason);
        }
    }

    /// Forgets an eighth of the sessions, those that were not used for the longest time: at once,
    /// as to look for one takes as long as to look for many. The database still has them.
    fn evict(&mut self, live_max: usize) {
        // A session that somebody holds must stay, or its end would not reach them; so must a
        // leaked one, which goes when the database has been told.
        let mut idle: Vec<_> = self
            .live
            .values()
            .filter(|live| Arc::strong_count(live) == 1 && !live.has_leaked())
            .map(|live| (live.last_used_at.load(Ordering::Relaxed), live.key))
            .collect();
        idle.sort_unstable_by_key(|&(last_used_at, _)| last_used_at);
        for (_, key) in idle.iter().take(live_max.div_ceil(8)) {
            self.live.remove(key);
        }
    }
}
