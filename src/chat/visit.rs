//! One page's stay in a conversation: what it says, and what it is answered.
//! A visit ends when it is dropped, however that comes about; the room and the news then hear of it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::event::{self, ClientEvent, Reason, Refusal};
use super::guest::PresentGuest;
use super::hub::{Hub, Shared};
use super::listener::Listener;
use super::news::{self, Counting};
use super::pace::Pace;
use super::room::{Happening, RoomDoor};
use super::wish::{Wish, WishName};
use crate::model::{GroupId, Message, MessageId, UtcMillis};
use crate::store::{MessageWrite, StoreError};

/// How many messages a page gets at once.
pub const PAGE_LEN: usize = 50;

/// How often a page may send an event other than a message, and how many at once: scrolling up fast and
/// reading stay below it.
const EVENT_EVERY: Duration = Duration::from_millis(50);
const EVENTS_AT_ONCE: u32 = 40;

/// How often a typing notice of one page is passed on.
const TYPING_EVERY: Duration = Duration::from_secs(1);

/// The visit of one page in one conversation.
pub struct RoomVisit {
    pub(super) presence: PresentGuest,
    pub(super) group: GroupId,
    door: RoomDoor,
    events: Pace,
    typing_again: Instant,
}

impl RoomVisit {
    pub(super) fn new(
        hub: &Hub,
        address: IpAddr,
        group: GroupId,
        door: RoomDoor,
        listener: Arc<Listener>,
    ) -> Self {
        let now = Instant::now();
        Self {
            presence: PresentGuest::new(hub, address, listener),
            group,
            door,
            events: Pace::new(EVENT_EVERY, EVENTS_AT_ONCE, now),
            typing_again: now,
        }
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
        let (group, author) = (self.group, self.presence.user());
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

    async fn wish(&mut self, write: MessageWrite) -> Result<Option<Bytes>, StoreError> {
        let (user, now) = (self.presence.user(), Instant::now());
        if let Err(wait) = self.shared().messages.take(user, now) {
            let retry_after_ms = whole_millis(wait);
            let refusal = WishName::of(&write).refusal(Reason::TooFast { retry_after_ms });
            return Ok(Some(self.shared().framed(&refusal)));
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

    fn pass_on_typing(&mut self, now: Instant) {
        if now >= self.typing_again {
            self.typing_again = now + TYPING_EVERY;
            let _ = self.door.happenings.send(Happening::Typing {
                user: self.presence.user(),
            });
        }
    }

    async fn read(&mut self, up_to: MessageId) -> Result<Option<Bytes>, StoreError> {
        if let Some(refusal) = self.too_many_events("read") {
            return Ok(Some(refusal));
        }
        let (user, news) = (self.presence.user(), &self.presence.news);
        let counting = Counting::begin(news, user);
        let store = &self.shared().store;
        match store.mark_read(user, self.group, up_to).await {
            Ok(Some(membership)) => {
                counting.end_with(news::Happening::Read { user, membership });
                Ok(None)
            }
            Ok(None) => Ok(Some(self.refused_event("read", Reason::NotMember))),
            Err(error) => {
                // It is no reason to end the conversation: on a full disk one can still read.
                let why = error.in_plain_words();
                let text = format!("What was read could not be noted: {why}.");
                Ok(Some(self.refused_event("read", Reason::NotStored(text))))
            }
        }
    }

    async fn older(&mut self, before: MessageId) -> Result<Option<Bytes>, StoreError> {
        if let Some(refusal) = self.too_many_events("older") {
            return Ok(Some(refusal));
        }
        let (store, user, group) = (&self.shared().store, self.presence.user(), self.group);
        let page = store.page(group, Some(before), PAGE_LEN).await?;
        // The room may not have come to sending out who has just left.
        if !store.is_member(user, group).await? {
            return Ok(Some(self.refused_event("older", Reason::NotMember)));
        }
        let event = event::encode_older(before, &self.named(&page.messages), page.older);
        Ok(Some(self.shared().framed(&event)))
    }

    fn too_many_events(&mut self, request: &str) -> Option<Bytes> {
        let wait = self.events.take(Instant::now()).err()?;
        let retry_after_ms = whole_millis(wait);
        Some(self.refused_event(request, Reason::TooFast { retry_after_ms }))
    }

    /// The refusal of an event that has no name of its own.
    fn refused_event(&self, request: &str, reason: Reason) -> Bytes {
        self.refused(Refusal {
            request: request.to_owned(),
            client_id: None,
            message_id: None,
            reason,
        })
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

    pub(super) fn named<'a>(
        &self,
        messages: &'a [Message],
    ) -> Vec<(&'a Message, Option<Arc<str>>)> {
        let authors = self
            .shared()
            .directory
            .named(messages.iter().map(|message| message.author_id));
        messages
            .iter()
            .zip(authors.into_iter().map(|(_, name)| name))
            .collect()
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.presence.shared
    }
}

impl Drop for RoomVisit {
    fn drop(&mut self) {
        let _ = self.door.happenings.send(Happening::Exit {
            listener: self.presence.listener.clone(),
            address: self.presence.address,
        });
    }
}

/// At least one millisecond: a client told to wait for nothing would come back at once.
fn whole_millis(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis())
        .unwrap_or(u64::MAX)
        .saturating_add(1)
}
