//! A chat store that fails or dawdles when a test wants it to, and otherwise is the one over SQLite.
//! No rules of its own: what it answers, SQLite said.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use secure_chat::model::{
    ChangeId, Group, GroupId, GroupName, Message, MessageId, UserId, UtcMillis,
};
use secure_chat::store::sqlite::SqliteChatStore;
use secure_chat::store::{
    ChatStore, Joined, Membership, MessageWrite, Page, StoreError, StoreFuture, Written,
};
use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::support::PATIENCE;

/// What can be held up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Write,
    Memberships,
    MarkRead,
}

pub(crate) struct MoodyStore {
    inner: SqliteChatStore,
    failure: Mutex<Option<StoreError>>,
    breaks_down: AtomicBool,
    holds: Mutex<HashMap<Step, Arc<Hold>>>,
    commits: AtomicUsize,
    _folder: TempDir,
}

/// An answer that is known, and stays away until it is let go.
#[derive(Default)]
pub(crate) struct Hold {
    reached: Notify,
    go_on: Notify,
}

impl Hold {
    /// Waits until somebody waits for the answer.
    pub(crate) async fn reached(&self) {
        let reached = timeout(PATIENCE, self.reached.notified()).await;
        reached.expect("nobody asks the store");
    }

    pub(crate) fn go_on(&self) {
        self.go_on.notify_one();
    }
}

impl MoodyStore {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let inner = SqliteChatStore::open(&folder.path().join("chat.sqlite3")).unwrap();
        Self {
            inner,
            failure: Mutex::default(),
            breaks_down: AtomicBool::new(false),
            holds: Mutex::default(),
            commits: AtomicUsize::new(0),
            _folder: folder,
        }
    }

    /// From now on nothing can be written, or everything can.
    pub(crate) fn fail_with(&self, failure: Option<StoreError>) {
        *self.failure.lock().unwrap() = failure;
    }

    /// Whoever has something written next breaks down: a defect, as no store should have.
    pub(crate) fn break_down_next(&self) {
        self.breaks_down.store(true, Ordering::Relaxed);
    }

    /// The next answer of this kind is found, and then held back.
    pub(crate) fn hold_next(&self, step: Step) -> Arc<Hold> {
        let hold = Arc::new(Hold::default());
        self.holds.lock().unwrap().insert(step, hold.clone());
        hold
    }

    /// How many batches of messages were asked to be stored.
    pub(crate) fn commits(&self) -> usize {
        self.commits.load(Ordering::SeqCst)
    }

    fn moody<'a, T: Send + 'a>(
        &'a self,
        step: Step,
        answer: StoreFuture<'a, T>,
    ) -> StoreFuture<'a, T> {
        let failure = self
            .failure
            .lock()
            .unwrap()
            .clone()
            .filter(|_| step != Step::Memberships);
        let breaks_down = step == Step::Write && self.breaks_down.swap(false, Ordering::Relaxed);
        Box::pin(async move {
            assert!(!breaks_down, "as the test wanted");
            if let Some(error) = failure {
                return Err(error);
            }
            let answer = answer.await;
            let hold = self.holds.lock().unwrap().remove(&step);
            if let Some(hold) = hold {
                hold.reached.notify_one();
                hold.go_on.notified().await;
            }
            answer
        })
    }
}

impl ChatStore for MoodyStore {
    fn groups(&self) -> StoreFuture<'_, Vec<Group>> {
        self.inner.groups()
    }

    fn group(&self, id: GroupId) -> StoreFuture<'_, Option<Group>> {
        self.inner.group(id)
    }

    fn add_group(
        &self,
        name: GroupName,
        creator: UserId,
        now: UtcMillis,
    ) -> StoreFuture<'_, Option<Group>> {
        self.inner.add_group(name, creator, now)
    }

    fn join(&self, user: UserId, group: GroupId, now: UtcMillis) -> StoreFuture<'_, Joined> {
        self.inner.join(user, group, now)
    }

    fn leave(&self, user: UserId, group: GroupId) -> StoreFuture<'_, bool> {
        self.inner.leave(user, group)
    }

    fn is_member(&self, user: UserId, group: GroupId) -> StoreFuture<'_, bool> {
        self.inner.is_member(user, group)
    }

    fn memberships(&self, user: UserId) -> StoreFuture<'_, Vec<Membership>> {
        self.moody(Step::Memberships, self.inner.memberships(user))
    }

    fn members(&self, group: GroupId) -> StoreFuture<'_, Vec<UserId>> {
        self.inner.members(group)
    }

    fn write(&self, writes: Vec<MessageWrite>) -> StoreFuture<'_, Vec<Written>> {
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.moody(Step::Write, self.inner.write(writes))
    }

    fn page(
        &self,
        group: GroupId,
        before: Option<MessageId>,
        limit: usize,
    ) -> StoreFuture<'_, Page> {
        self.inner.page(group, before, limit)
    }

    fn changes_after(
        &self,
        group: GroupId,
        after: ChangeId,
        limit: usize,
    ) -> StoreFuture<'_, Vec<Message>> {
        self.inner.changes_after(group, after, limit)
    }

    fn latest_change(&self, group: GroupId) -> StoreFuture<'_, ChangeId> {
        self.inner.latest_change(group)
    }

    fn mark_read(
        &self,
        user: UserId,
        group: GroupId,
        up_to: MessageId,
    ) -> StoreFuture<'_, Option<Membership>> {
        self.moody(Step::MarkRead, self.inner.mark_read(user, group, up_to))
    }

    fn forget_user(&self, user: UserId) -> StoreFuture<'_, ()> {
        self.inner.forget_user(user)
    }

    fn forget_all_but(&self, known: Vec<UserId>) -> StoreFuture<'_, usize> {
        self.inner.forget_all_but(known)
    }
}
