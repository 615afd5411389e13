//! One page's stay with the news: what it is told first. It says nothing.
//! Like a visit in a room it ends when it is dropped.

use std::sync::Arc;

use super::event::{self, GroupLine, Person};
use super::guest::{Guest, PresentGuest};
use super::hub::Hub;
use super::listener::Listener;
use super::news::{self, Counting};
use crate::model::Group;
use crate::store::StoreError;

/// The visit of one page that follows the news.
pub struct NewsVisit {
    presence: PresentGuest,
    name: Arc<str>,
    online: Vec<Person>,
}

impl NewsVisit {
    pub(super) fn new(hub: &Hub, guest: Guest, listener: Arc<Listener>) -> Self {
        Self {
            presence: PresentGuest::new(hub, guest.address, listener),
            name: guest.name,
            online: Vec::new(),
        }
    }

    pub(super) fn with(mut self, online: Vec<Person>) -> Self {
        self.online = online;
        self
    }

    /// Tells the page all groups, what is unread in its own, and who is online; then what happened
    /// meanwhile follows.
    ///
    /// # Errors
    /// Of the store.
    pub async fn open(&mut self) -> Result<(), StoreError> {
        let (shared, user) = (&self.presence.shared, self.presence.user());
        let counting = Counting::begin(&self.presence.news, user);
        let mine = shared.store.memberships(user).await?;
        counting.end_with(news::Happening::Belongs {
            listener: self.presence.listener.clone(),
            memberships: mine.clone(),
        });
        let line = |group: Group| -> GroupLine {
            let membership = mine
                .iter()
                .find(|membership| membership.group_id == group.id);
            (
                group,
                membership.is_some(),
                membership.map_or(0, |membership| membership.unread),
            )
        };
        let lines: Vec<GroupLine> = shared.store.groups().await?.into_iter().map(line).collect();
        // Told once, and of no use to an open page after that.
        let online = std::mem::take(&mut self.online);
        let hello = event::encode_news_hello((user, &self.name), &lines, &online);
        self.presence.listener.release(&shared.framed(&hello));
        Ok(())
    }
}

impl Drop for NewsVisit {
    fn drop(&mut self) {
        let listener = self.presence.listener.clone();
        let _ = self
            .presence
            .news
            .send(news::Happening::Unfollow { listener });
    }
}
