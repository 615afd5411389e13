//! What a page is told at the beginning of its visit: who is there, and what it has missed.
//! What comes after that it hears from the room.

use std::sync::Arc;

use bytes::Bytes;

use super::event;
use super::room::Snapshot;
use super::visit::{PAGE_LEN, RoomVisit};
use crate::model::{ChangeId, Group, MessageId};
use crate::store::StoreError;

/// How many changes a client that was away is told at most; who missed more gets the latest page instead.
pub const REPLAY_MAX: usize = 1000;

/// How many members of a group a page is told about; for larger groups the page shows the first ones.
const MEMBERS_TOLD_MAX: usize = 1000;

/// What a page is told at the beginning of a visit: several parts, to be sent one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Hello,
    History,
    Replay { after: ChangeId },
    Ready,
}

/// What a page is told first, and which parts of it are still to be told. It goes when it is told: who was present in a
/// full room takes more memory than all else that an open page needs.
#[derive(Debug)]
pub struct Opening {
    name: Arc<str>,
    group: Group,
    snapshot: Snapshot,
    after: Option<ChangeId>,
    next: Option<Part>,
}

impl Opening {
    /// For a page of the user called `name` that has everything up to `after`, or nothing.
    pub(super) fn new(
        name: Arc<str>,
        group: Group,
        snapshot: Snapshot,
        after: Option<ChangeId>,
    ) -> Self {
        Self {
            name,
            group,
            snapshot,
            after,
            next: Some(Part::Hello),
        }
    }
}

impl RoomVisit {
    /// The next part of what the page is told first, as frames; `None` after the last.
    ///
    /// The caller sends each part before it asks for the next, so that a slow page holds up nobody.
    /// With the last part, what was said meanwhile follows by itself.
    ///
    /// # Errors
    /// Of the store. The visit is of no use then.
    pub async fn tell(&mut self, opening: &mut Opening) -> Result<Option<Bytes>, StoreError> {
        let Some(part) = opening.next else {
            return Ok(None);
        };
        let (event, next) = match part {
            Part::Hello => (
                self.hello(opening).await?,
                Some(self.after_hello(opening).await?),
            ),
            Part::History => {
                let latest = opening.snapshot.latest_message;
                (self.history(latest).await?, Some(Part::Ready))
            }
            Part::Replay { after } => {
                let upto = opening.snapshot.latest_change;
                self.replay(after, upto).await?
            }
            Part::Ready => {
                opening.next = None;
                let ready = event::encode_ready(opening.snapshot.latest_change);
                self.presence
                    .listener
                    .release(&self.shared().framed(&ready));
                return Ok(None);
            }
        };
        opening.next = next;
        Ok(Some(self.shared().framed(&event)))
    }

    async fn hello(&self, opening: &Opening) -> Result<Vec<u8>, StoreError> {
        let mut members = self.shared().store.members(self.group).await?;
        members.truncate(MEMBERS_TOLD_MAX);
        let members = self.shared().directory.named(members);
        let you = (self.presence.user(), &*opening.name);
        Ok(event::encode_room_hello(
            &opening.group,
            you,
            &members,
            &opening.snapshot.present,
        ))
    }

    /// Replays what was missed, unless that is too much. A cursor from the future was given out by
    /// another database, and says nothing about this one.
    async fn after_hello(&self, opening: &Opening) -> Result<Part, StoreError> {
        let latest = opening.snapshot.latest_change;
        let Some(after) = opening.after.filter(|&after| after <= latest) else {
            return Ok(Part::History);
        };
        // Changes count over all groups, so a small distance settles it without a look.
        let distance = latest.0.saturating_sub(after.0);
        if usize::try_from(distance).is_ok_and(|distance| distance <= REPLAY_MAX) {
            return Ok(Part::Replay { after });
        }
        let missed = self
            .shared()
            .store
            .changes_after(self.group, after, REPLAY_MAX + 1)
            .await?;
        Ok(if missed.len() > REPLAY_MAX {
            Part::History
        } else {
            Part::Replay { after }
        })
    }

    /// The latest messages up to that of the moment of entering; what came later is heard live.
    async fn history(&self, latest: MessageId) -> Result<Vec<u8>, StoreError> {
        let before = MessageId(latest.0.saturating_add(1));
        let page = self
            .shared()
            .store
            .page(self.group, Some(before), PAGE_LEN)
            .await?;
        Ok(event::encode_history(
            &self.named(&page.messages),
            page.older,
        ))
    }

    /// The next changes the page had missed when it came in, and what comes after them.
    async fn replay(
        &self,
        after: ChangeId,
        upto: ChangeId,
    ) -> Result<(Vec<u8>, Option<Part>), StoreError> {
        let mut missed = self
            .shared()
            .store
            .changes_after(self.group, after, PAGE_LEN)
            .await?;
        let is_last = missed.len() < PAGE_LEN;
        // What changed after the page came in is heard live.
        missed.retain(|message| message.change <= upto);
        let next = match missed.last() {
            Some(last) if !is_last && last.change < upto => Part::Replay { after: last.change },
            _ => Part::Ready,
        };
        Ok((event::encode_replay(&self.named(&missed)), Some(next)))
    }
}
