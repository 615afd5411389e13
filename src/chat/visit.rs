//! One page's stay in a conversation: what it is told first, and what it says.
//! A visit ends when it is dropped, however that comes about; the room and the news then hear of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::event::{self, ClientEvent, Reason, Refusal};
use super::guest::Guest;
use super::guest::PresentGuest;
use super::hub::{Hub, Shared};
use super::listener::Listener;
use super::news;
use super::pace::Pace;
use super::room::{Happening, RoomDoor, Snapshot, Wish};
use crate::model::{ChangeId, Group, Message, MessageId, UtcMillis};
use crate::store::{MessageWrite, StoreError};

/// How many messages a page gets at once.
pub const PAGE_LEN: usize = 50;

/// How many changes a client that was away is told at most; who missed more gets the latest page instead.
pub const REPLAY_MAX: usize = 1000;

/// How many members of a group a page is told about; for larger groups the page shows the first ones.
const MEMBERS_TOLD_MAX: usize = 1000;

/// How many events other than messages a page may send in a second, and at once: scrolling up fast
/// and reading on several screens stay below it.
const EVENTS_PER_SECOND: u32 = 20;
const EVENTS_AT_ONCE: u32 = 40;

/// How often a typing notice of one page is passed on.
const TYPING_EVERY: Duration = Duration::from_secs(1);

/// The visit of one page in one conversation.
pub struct RoomVisit {
    presence: PresentGuest,
    group: Group,
    door: RoomDoor,
    snapshot: Snapshot,
    events: Pace,
    typing_again: Instant,
}

/// What a page is told at the beginning of a visit: several parts, to be sent one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Hello,
    History,
    Replay { after: ChangeId },
    Ready,
}

/// The parts that are still to be told.
#[derive(Debug)]
pub struct Opening {
    after: Option<ChangeId>,
    next: Option<Part>,
}

impl Opening {
    /// For a page that has everything up to `after`, or nothing.
    #[must_use]
    pub fn new(after: Option<ChangeId>) -> Self {
        Self {
            after,
            next: Some(Part::Hello),
        }
    }
}

impl RoomVisit {
    pub(super) fn new(
        hub: &Hub,
        guest: Guest,
        group: Group,
        door: RoomDoor,
        listener: Arc<Listener>,
    ) -> Self {
        let now = Instant::now();
        Self {
            presence: PresentGuest::new(hub, guest, listener),
            group,
            door,
            snapshot: Snapshot {
                present: Vec::new(),
                latest_change: ChangeId(0),
                latest_message: MessageId(0),
            },
            events: Pace::new(EVENTS_PER_SECOND, EVENTS_AT_ONCE, now),
            typing_again: now,
        }
    }

    pub(super) fn at(mut self, snapshot: Snapshot) -> Self {
        self.snapshot = snapshot;
        self
    }

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
                self.hello().await?,
                Some(self.after_hello(opening.after).await?),
            ),
            Part::History => (self.history().await?, Some(Part::Ready)),
            Part::Replay { after } => self.replay(after).await?,
            Part::Ready => {
                opening.next = None;
                let ready = event::encode_ready(self.snapshot.latest_change);
                self.presence
                    .listener
                    .release(&self.shared().framed(&ready));
                return Ok(None);
            }
        };
        opening.next = next;
        Ok(Some(self.shared().framed(&event)))
    }

    /// What the page says; what is to be answered to it alone, as frames.
    ///
    /// # Errors
    /// Of the store, for reading; what could not be written is answered with a refusal.
    pub async fn hear(&mut self, text: &str, now: UtcMillis) -> Result<Option<Bytes>, StoreError> {
        let event = match event::decode_client_event(text) {
            Ok(event) => event,
            Err(refusal) => return Ok(self.paced_refusal(*refusal)),
        };
        let (group, author) = (self.group.id, self.presence.guest.user);
        match event {
            ClientEvent::Send { client_id, content } => {
                self.wish(MessageWrite::Post {
                    group,
                    author,
                    client_id,
                    content,
                    now,
                })
                .await
            }
            ClientEvent::Edit {
                message_id: message,
                content,
            } => {
                self.wish(MessageWrite::Edit {
                    group,
                    author,
                    message,
                    content,
                    now,
                })
                .await
            }
            ClientEvent::Delete {
                message_id: message,
            } => {
                self.wish(MessageWrite::Delete {
                    group,
                    author,
                    message,
                    now,
                })
                .await
            }
            ClientEvent::Typing => {
                self.pass_on_typing(Instant::now());
                Ok(None)
            }
            ClientEvent::Read { message_id } => self.read(message_id).await,
            ClientEvent::Older { before } => self.older(before).await,
        }
    }

    async fn hello(&self) -> Result<Vec<u8>, StoreError> {
        let mut members = self.shared().store.members(self.group.id).await?;
        members.truncate(MEMBERS_TOLD_MAX);
        let members = self.shared().directory.named(members);
        let you = (self.presence.guest.user, &*self.presence.guest.name);
        Ok(event::encode_room_hello(
            &self.group,
            you,
            &members,
            &self.snapshot.present,
        ))
    }

    /// Replays what was missed, unless that is too much. A cursor from the future was given out by
    /// another database, and says nothing about this one.
    async fn after_hello(&self, after: Option<ChangeId>) -> Result<Part, StoreError> {
        let latest = self.snapshot.latest_change;
        let Some(after) = after.filter(|&after| after <= latest) else {
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
            .changes_after(self.group.id, after, REPLAY_MAX + 1)
            .await?;
        Ok(if missed.len() > REPLAY_MAX {
            Part::History
        } else {
            Part::Replay { after }
        })
    }

    /// The latest messages up to the moment of entering; what came later is heard live.
    async fn history(&self) -> Result<Vec<u8>, StoreError> {
        let before = MessageId(self.snapshot.latest_message.0.saturating_add(1));
        let page = self
            .shared()
            .store
            .page(self.group.id, Some(before), PAGE_LEN)
            .await?;
        Ok(event::encode_history(
            &self.named(&page.messages),
            page.older,
        ))
    }

    /// The next changes the page has missed, and what comes after them.
    async fn replay(&self, after: ChangeId) -> Result<(Vec<u8>, Option<Part>), StoreError> {
        let upto = self.snapshot.latest_change;
        let mut missed = self
            .shared()
            .store
            .changes_after(self.group.id, after, PAGE_LEN)
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

    async fn wish(&mut self, write: MessageWrite) -> Result<Option<Bytes>, StoreError> {
        if let Err(wait) = self.shared().pace(self.presence.guest.user, Instant::now()) {
            return Ok(Some(self.refused_as_too_fast(&write, wait)));
        }
        let wish = Wish {
            from: self.presence.listener.clone(),
            write,
        };
        self.door
            .wishes
            .send(wish)
            .await
            .map_err(|_| StoreError::Closed)?;
        Ok(None)
    }

    fn refused_as_too_fast(&self, write: &MessageWrite, wait: Duration) -> Bytes {
        let (request, client_id, message_id) = match write {
            MessageWrite::Post { client_id, .. } => ("send", client_id.as_ref(), None),
            MessageWrite::Edit { message, .. } => ("edit", None, Some(message.0)),
            MessageWrite::Delete { message, .. } => ("delete", None, Some(message.0)),
        };
        self.refused(Refusal {
            request: request.to_owned(),
            client_id: client_id.map(|id| id.as_str().to_owned()),
            message_id,
            reason: Reason::TooFast {
                retry_after_ms: whole_millis(wait),
            },
        })
    }

    fn pass_on_typing(&mut self, now: Instant) {
        if now >= self.typing_again {
            self.typing_again = now + TYPING_EVERY;
            let _ = self.door.happenings.send(Happening::Typing {
                user: self.presence.guest.user,
            });
        }
    }

    async fn read(&mut self, up_to: MessageId) -> Result<Option<Bytes>, StoreError> {
        if let Some(refusal) = self.too_many_events("read") {
            return Ok(Some(refusal));
        }
        let user = self.presence.guest.user;
        let unread = self
            .shared()
            .store
            .mark_read(user, self.group.id, up_to)
            .await?;
        let _ = self.presence.news.send(news::Happening::Read {
            user,
            group: self.group.id,
            unread,
        });
        Ok(None)
    }

    async fn older(&mut self, before: MessageId) -> Result<Option<Bytes>, StoreError> {
        if let Some(refusal) = self.too_many_events("older") {
            return Ok(Some(refusal));
        }
        let page = self
            .shared()
            .store
            .page(self.group.id, Some(before), PAGE_LEN)
            .await?;
        let event = event::encode_older(before, &self.named(&page.messages), page.older);
        Ok(Some(self.shared().framed(&event)))
    }

    fn too_many_events(&mut self, request: &str) -> Option<Bytes> {
        let wait = self.events.take(Instant::now()).err()?;
        Some(self.refused(Refusal {
            request: request.to_owned(),
            client_id: None,
            message_id: None,
            reason: Reason::TooFast {
                retry_after_ms: whole_millis(wait),
            },
        }))
    }

    /// Refusals of nonsense are paced too: beyond it there is no answer.
    fn paced_refusal(&mut self, refusal: Refusal) -> Option<Bytes> {
        self.events
            .take(Instant::now())
            .is_ok()
            .then(|| self.refused(refusal))
    }

    fn refused(&self, refusal: Refusal) -> Bytes {
        self.shared().framed(&event::encode_refusal(&refusal))
    }

    fn named<'a>(&self, messages: &'a [Message]) -> Vec<(&'a Message, Option<Arc<str>>)> {
        let authors = self
            .shared()
            .directory
            .named(messages.iter().map(|message| message.author_id));
        messages
            .iter()
            .zip(authors.into_iter().map(|(_, name)| name))
            .collect()
    }

    fn shared(&self) -> &Shared {
        &self.presence.shared
    }
}

impl Drop for RoomVisit {
    fn drop(&mut self) {
        let _ = self.door.happenings.send(Happening::Exit {
            listener: self.presence.listener.clone(),
            address: self.presence.guest.address,
        });
    }
}

/// At least one millisecond: a client told to wait for nothing would come back at once.
fn whole_millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis())
        .unwrap_or(u64::MAX)
        .saturating_add(1)
}
