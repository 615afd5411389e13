//! A `UserStore` in memory, for tests: it can count, refuse, and hold an answer back.
//! No rules of its own: what the trait promises, and nothing more.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::Notify;

use crate::model::{User, UserId, UserName, UtcMillis};
use crate::store::{PasswordHash, Session, StoreError, StoreFuture, TokenHash, UserStore};

/// Users and sessions in two maps.
#[derive(Default)]
pub(crate) struct FakeStore {
    kept: Mutex<Kept>,
    reads: AtomicUsize,
    touches: AtomicUsize,
    refuses_reads: AtomicBool,
    refuses_writes: AtomicBool,
    held_read: Mutex<Option<Arc<Held>>>,
    held_removal: Mutex<Option<Arc<Held>>>,
    held_touch: Mutex<Option<Arc<Held>>>,
}

#[derive(Default)]
struct Kept {
    users: Vec<(User, PasswordHash)>,
    last_id: i64,
    sessions: HashMap<TokenHash, Session>,
}

/// An answer that is known, and stays away until it is let go.
#[derive(Default)]
pub(crate) struct Held {
    reached: Notify,
    go_on: Notify,
}

impl Held {
    /// Waits until somebody waits for the answer.
    pub(crate) async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Lets the answer go.
    pub(crate) fn go_on(&self) {
        self.go_on.notify_one();
    }
}

impl FakeStore {
    /// How many reads there were.
    pub(crate) fn reads(&self) -> usize {
        self.reads.load(Ordering::SeqCst)
    }

    /// How many times a session was noted as used.
    pub(crate) fn touches(&self) -> usize {
        self.touches.load(Ordering::SeqCst)
    }

    /// The row of a session.
    pub(crate) fn row(&self, token_hash: TokenHash) -> Option<Session> {
        self.lock().sessions.get(&token_hash).cloned()
    }

    /// From now on reads fail, or do not.
    pub(crate) fn refuse_reads(&self, refuse: bool) {
        self.refuses_reads.store(refuse, Ordering::SeqCst);
    }

    /// From now on writes fail, as on a full disk, or do not.
    pub(crate) fn refuse_writes(&self, refuse: bool) {
        self.refuses_writes.store(refuse, Ordering::SeqCst);
    }

    /// Holds back the answer of the next `session` read.
    pub(crate) fn hold_next_read(&self) -> Arc<Held> {
        Self::hold_next(&self.held_read)
    }

    /// Holds back the answer of the next `remove_session`; the session is removed before it.
    pub(crate) fn hold_next_removal(&self) -> Arc<Held> {
        Self::hold_next(&self.held_removal)
    }

    /// Holds back the answer of the next `touch_session`.
    pub(crate) fn hold_next_touch(&self) -> Arc<Held> {
        Self::hold_next(&self.held_touch)
    }

    /// Makes every stored hash unreadable.
    pub(crate) fn damage_password_hashes(&self) {
        for (_, hash) in &mut self.lock().users {
            hash.0.truncate(20);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap()
    }

    fn hold_next(place: &Mutex<Option<Arc<Held>>>) -> Arc<Held> {
        let held = Arc::new(Held::default());
        *place.lock().unwrap() = Some(Arc::clone(&held));
        held
    }

    fn user(&self, wanted: impl Fn(&User) -> bool) -> Option<(User, PasswordHash)> {
        let kept = self.lock();
        kept.users.iter().find(|(user, _)| wanted(user)).cloned()
    }

    fn read<T: Send + 'static>(&self, value: T) -> StoreFuture<'_, T> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        self.answer(&self.refuses_reads, || value)
    }

    fn write<T: Send + 'static>(&self, change: impl FnOnce(&mut Kept) -> T) -> StoreFuture<'_, T> {
        self.answer(&self.refuses_writes, || change(&mut self.lock()))
    }

    fn answer<T: Send + 'static>(
        &self,
        refuses: &AtomicBool,
        value: impl FnOnce() -> T,
    ) -> StoreFuture<'_, T> {
        let answer = if refuses.load(Ordering::SeqCst) {
            Err(StoreError::Full {
                path: "users.sqlite3".into(),
            })
        } else {
            Ok(value())
        };
        Box::pin(async move { answer })
    }
}

impl UserStore for FakeStore {
    fn add_user(
        &self,
        name: UserName,
        password_hash: PasswordHash,
        now: UtcMillis,
    ) -> StoreFuture<'_, Option<User>> {
        self.write(|kept| {
            let key = name.key();
            if kept.users.iter().any(|(user, _)| user.name.key() == key) {
                return None;
            }
            kept.last_id += 1;
            let user = User {
                id: UserId(kept.last_id),
                name,
                created_at: now,
            };
            kept.users.push((user.clone(), password_hash));
            Some(user)
        })
    }

    fn user_by_name(&self, name: UserName) -> StoreFuture<'_, Option<(User, PasswordHash)>> {
        self.read(self.user(|user| user.name.key() == name.key()))
    }

    fn user_by_id(&self, id: UserId) -> StoreFuture<'_, Option<(User, PasswordHash)>> {
        self.read(self.user(|user| user.id == id))
    }

    fn users(&self) -> StoreFuture<'_, Vec<User>> {
        let kept = self.lock();
        let users = kept.users.iter().map(|(user, _)| user.clone()).collect();
        drop(kept);
        self.read(users)
    }

    fn delete_user(&self, id: UserId) -> StoreFuture<'_, bool> {
        self.write(|kept| {
            let before = kept.users.len();
            kept.users.retain(|(user, _)| user.id != id);
            kept.sessions.retain(|_, session| session.user_id != id);
            kept.users.len() < before
        })
    }

    fn add_session(&self, session: Session) -> StoreFuture<'_, ()> {
        self.write(|kept| {
            kept.sessions.insert(session.token_hash, session);
        })
    }

    fn session(&self, token_hash: TokenHash) -> StoreFuture<'_, Option<Session>> {
        let held = self.held_read.lock().unwrap().take();
        hold(held, self.read(self.row(token_hash)))
    }

    fn touch_session(&self, token_hash: TokenHash, now: UtcMillis) -> StoreFuture<'_, ()> {
        self.touches.fetch_add(1, Ordering::SeqCst);
        let held = self.held_touch.lock().unwrap().take();
        let noted = self.write(|kept| {
            if let Some(session) = kept.sessions.get_mut(&token_hash) {
                session.last_used_at = now;
            }
        });
        hold(held, noted)
    }

    fn remove_session(&self, token_hash: TokenHash) -> StoreFuture<'_, bool> {
        let held = self.held_removal.lock().unwrap().take();
        hold(
            held,
            self.write(|kept| kept.sessions.remove(&token_hash).is_some()),
        )
    }

    fn mark_leaked(&self, token_hash: TokenHash, now: UtcMillis) -> StoreFuture<'_, ()> {
        self.write(|kept| {
            if let Some(session) = kept.sessions.get_mut(&token_hash) {
                session.leaked_at = Some(now);
            }
        })
    }

    fn sweep_sessions(
        &self,
        idle_since: UtcMillis,
        made_before: UtcMillis,
        now: UtcMillis,
    ) -> StoreFuture<'_, usize> {
        self.write(|kept| {
            for session in kept.sessions.values_mut() {
                session.created_at = session.created_at.min(now);
                session.last_used_at = session.last_used_at.min(now);
            }
            let before = kept.sessions.len();
            kept.sessions.retain(|_, session| {
                session.last_used_at >= idle_since && session.created_at >= made_before
            });
            before - kept.sessions.len()
        })
    }
}

fn hold<'a, T: 'a>(held: Option<Arc<Held>>, answer: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
    Box::pin(async move {
        if let Some(held) = held {
            held.reached.notify_one();
            held.go_on.notified().await;
        }
        answer.await
    })
}
