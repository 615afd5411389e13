//! One user's pages that follow the news: which messages each was told of already, in counts or as activity.
//! No clock and no store: the news decide when something is told.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use bytes::Bytes;

use super::event;
use super::hub::Shared;
use super::listener::{CloseReason, Listener};
use crate::model::{GroupId, MessageId, UserId};
use crate::store::Membership;

/// How much activity may wait for one user's counts. They take some milliseconds each; who has
/// them taken without a pause is sent away, and comes back to a fresh list.
const WAITING_MAX: usize = 16 * 1024;

/// One user, as the news see them.
#[derive(Debug, Default)]
pub(super) struct Reader {
    pub(super) pages: Vec<Page>,
    /// How many counts of what is unread are under way.
    pub(super) counts: usize,
    /// What was said since the first of these counts began, and told to everybody else.
    waiting: BTreeMap<GroupId, Vec<(MessageId, UserId)>>,
    waiting_len: usize,
}

/// One page that follows the news.
#[derive(Debug)]
pub(super) struct Page {
    listener: Arc<Listener>,
    /// How far the page was told in each group of its user; `None` where the user has left.
    groups: HashMap<GroupId, Option<Told>>,
    /// Counts that came before the page's own first ones. `None` once it has those.
    early: Option<Vec<(Membership, Bytes)>>,
}

/// The moment of the last count that a page was told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Told {
    read_up_to: i64,
    counted_up_to: i64,
}

/// Messages of one group, in the order of their ids, and the event about all of them.
pub(super) struct Said {
    group: GroupId,
    messages: Vec<(MessageId, UserId)>,
    frames: Bytes,
}

impl Said {
    pub(super) fn new(shared: &Shared, group: GroupId, messages: Vec<(MessageId, UserId)>) -> Self {
        let frames = activity(shared, group, &messages);
        Self {
            group,
            messages,
            frames,
        }
    }
}

impl Reader {
    /// Whether it can be forgotten.
    pub(super) fn is_idle(&self) -> bool {
        self.pages.is_empty() && self.counts == 0
    }

    /// Tells every page, and forgets those that are lost.
    pub(super) fn tell(&mut self, tell: impl Fn(&mut Page) -> bool) {
        self.pages.retain_mut(|page| tell(page));
    }

    /// Tells of messages, now or when the counts that are under way are over.
    pub(super) fn hear(&mut self, shared: &Shared, said: &Said) {
        if self.counts == 0 {
            self.tell(|page| page.hear(shared, said));
            return;
        }
        if !self.pages.iter().any(|page| page.cares_for(said.group)) {
            return;
        }
        self.waiting_len += said.messages.len();
        if self.waiting_len > WAITING_MAX {
            let lost = std::mem::take(&mut self.pages);
            lost.iter()
                .for_each(|page| page.listener.close(CloseReason::TooSlow));
        }
        if self.pages.is_empty() {
            self.waiting.clear();
            self.waiting_len = 0;
        } else {
            let waiting = self.waiting.entry(said.group).or_default();
            waiting.extend_from_slice(&said.messages);
        }
    }

    /// After the last count, tells what waited.
    pub(super) fn count_ends(&mut self, shared: &Shared) {
        self.counts = self.counts.saturating_sub(1);
        if self.counts == 0 {
            self.waiting_len = 0;
            for (group, messages) in std::mem::take(&mut self.waiting) {
                let said = Said::new(shared, group, messages);
                self.tell(|page| page.hear(shared, &said));
            }
        }
    }
}

impl Page {
    pub(super) fn new(listener: Arc<Listener>) -> Self {
        Self {
            listener,
            groups: HashMap::new(),
            early: Some(Vec::new()),
        }
    }

    pub(super) fn is(&self, listener: &Arc<Listener>) -> bool {
        Arc::ptr_eq(&self.listener, listener)
    }

    pub(super) fn offer(&self, frames: &Bytes) -> bool {
        self.listener.offer(frames)
    }

    /// Whether its user is in the group, as far as is known.
    fn cares_for(&self, group: GroupId) -> bool {
        self.early.is_some() || matches!(self.groups.get(&group), Some(Some(_)))
    }

    /// Notes the counts that the page begins with, and tells of those that are later still.
    pub(super) fn begins_with(&mut self, memberships: &[Membership]) -> bool {
        for membership in memberships {
            // What happened while the store was asked counts more than the store's answer.
            let told = self
                .groups
                .entry(membership.group_id)
                .or_insert_with(|| Some(Told::default()));
            if told.is_some() {
                *told = Some(Told::by(membership));
            }
        }
        let early = self.early.take().unwrap_or_default();
        early
            .iter()
            .all(|(membership, frames)| self.has_read(membership, frames))
    }

    pub(super) fn belongs(&mut self, group: GroupId, joined: bool, frames: &Bytes) -> bool {
        // Who joins is counted anew, and told nothing before that.
        self.groups.insert(group, joined.then(Told::default));
        self.offer(frames)
    }

    /// Tells of a count, unless the page knows of a later one: two can overtake each other on their way.
    pub(super) fn has_read(&mut self, membership: &Membership, frames: &Bytes) -> bool {
        if let Some(early) = &mut self.early {
            early.push((*membership, frames.clone()));
            return true;
        }
        let new = Told::by(membership);
        match self.groups.get_mut(&membership.group_id) {
            Some(Some(told)) if told.is_no_later_than(new) => *told = new,
            _ => return true,
        }
        self.offer(frames)
    }

    /// Tells of those messages that are in no count that the page was told.
    fn hear(&self, shared: &Shared, said: &Said) -> bool {
        let Some(Some(told)) = self.groups.get(&said.group) else {
            return true;
        };
        let counted = said
            .messages
            .partition_point(|(id, _)| id.0 <= told.counted_up_to);
        match said.messages.get(counted..) {
            None | Some([]) => true,
            Some(_) if counted == 0 => self.offer(&said.frames),
            Some(new) => self.offer(&activity(shared, said.group, new)),
        }
    }
}

impl Told {
    fn by(membership: &Membership) -> Self {
        Self {
            read_up_to: membership.read_up_to.0,
            counted_up_to: membership.counted_up_to.0,
        }
    }

    /// Marks and messages only move forward, so of two counts the later one knows at least as much of both.
    fn is_no_later_than(self, other: Self) -> bool {
        self.read_up_to <= other.read_up_to && self.counted_up_to <= other.counted_up_to
    }
}

/// How much each author said.
fn activity(shared: &Shared, group: GroupId, messages: &[(MessageId, UserId)]) -> Bytes {
    let mut authors: BTreeMap<UserId, u64> = BTreeMap::new();
    for (_, author) in messages {
        *authors.entry(*author).or_default() += 1;
    }
    let authors: Vec<_> = authors.into_iter().collect();
    shared.framed(&event::encode_activity(
        [(group, authors.as_slice())].into_iter(),
    ))
}
