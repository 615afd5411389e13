//! The hub: the ways into all rooms and into the news, and what people do to groups.
//! It starts tasks and hands things on; what happens in a room is decided in `room`, for all rooms in `news`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::directory::Directory;
use super::event::Person;
use super::guest::Guest;
use super::listener::Listener;
use super::news;
use super::news_visit::NewsVisit;
use super::pace::Pace;
use super::presence::Presence;
use super::room::{self, RoomDoor};
use super::visit::RoomVisit;
use crate::model::{Group, GroupId, GroupName, UserId, UtcMillis};
use crate::store::{ChatStore, Joined, StoreError};

/// Wraps one event into a WebSocket frame, behind what the buffer holds. Handed in, since no protocol is spoken here.
pub type FrameText = fn(&mut Vec<u8>, &[u8]);

/// How many users' paces are remembered; full buckets are forgotten when there are more.
const PACES_MAX: usize = 4096;

/// What all rooms share.
pub(super) struct Shared {
    pub(super) store: Arc<dyn ChatStore>,
    pub(super) directory: Arc<Directory>,
    pub(super) frame: FrameText,
    messages_per_second: u32,
    paces: Mutex<HashMap<UserId, Pace>>,
}

/// All rooms and the news.
pub struct Hub {
    pub(super) shared: Arc<Shared>,
    rooms: Mutex<HashMap<GroupId, RoomDoor>>,
    pub(super) news: mpsc::UnboundedSender<news::Happening>,
}

impl Hub {
    /// Starts the news; rooms start when somebody enters. Needs a tokio runtime.
    ///
    /// `messages_per_second` is what one user may say, over all pages; as much at once.
    #[must_use]
    pub fn new(
        store: Arc<dyn ChatStore>,
        directory: Arc<Directory>,
        frame: FrameText,
        messages_per_second: u32,
    ) -> Self {
        let paces = Mutex::default();
        let shared = Arc::new(Shared {
            store,
            directory,
            frame,
            messages_per_second,
            paces,
        });
        let news = news::start(shared.clone());
        Self {
            shared,
            rooms: Mutex::default(),
            news,
        }
    }

    /// Lets a page into a conversation. Whether its user is a member is for the caller to check; what
    /// it says is checked again with every message.
    ///
    /// # Errors
    /// Of the store, when the room is opened for the first time.
    pub async fn enter(&self, guest: Guest, group: Group) -> Result<RoomVisit, StoreError> {
        let door = self.door(group.id).await?;
        let listener = Arc::new(Listener::new(guest.user, guest.outlet.clone()));
        let (answer, snapshot) = oneshot::channel();
        let enter = room::Happening::Enter {
            listener: listener.clone(),
            address: guest.address,
            answer,
        };
        door.happenings
            .send(enter)
            .map_err(|_| StoreError::Closed)?;
        // From here on the visit's end tells the room, even if this future is dropped.
        let visit = RoomVisit::new(self, guest, group, door, listener);
        let snapshot = snapshot.await.map_err(|_| StoreError::Closed)?;
        Ok(visit.at(snapshot))
    }

    /// Lets a page follow the news.
    ///
    /// # Errors
    /// `Closed` when the program stops.
    pub async fn follow(&self, guest: Guest) -> Result<NewsVisit, StoreError> {
        let listener = Arc::new(Listener::new(guest.user, guest.outlet.clone()));
        let (answer, online) = oneshot::channel();
        let follow = news::Happening::Follow {
            listener: listener.clone(),
            answer,
        };
        self.news.send(follow).map_err(|_| StoreError::Closed)?;
        let visit = NewsVisit::new(self, guest, listener);
        let online = online.await.map_err(|_| StoreError::Closed)?;
        Ok(visit.with(online))
    }

    /// Makes a group with its creator in it, and tells everybody; `None` if the name is taken.
    ///
    /// # Errors
    /// Of the store.
    pub async fn create_group(
        &self,
        name: GroupName,
        creator: UserId,
        now: UtcMillis,
    ) -> Result<Option<Group>, StoreError> {
        let created = self.shared.store.add_group(name, creator, now).await?;
        if let Some(group) = &created {
            self.tell_news(news::Happening::Created {
                group: group.clone(),
            });
            self.tell_news(news::Happening::Belonging {
                user: creator,
                group: group.id,
                joined: true,
            });
        }
        Ok(created)
    }

    /// Puts a user into a group, and tells its room.
    ///
    /// # Errors
    /// Of the store.
    pub async fn join_group(
        &self,
        user: UserId,
        group: GroupId,
        now: UtcMillis,
    ) -> Result<Joined, StoreError> {
        let joined = self.shared.store.join(user, group, now).await?;
        if joined == Joined::Now {
            self.tell_belonging(user, group, true);
        }
        Ok(joined)
    }

    /// Takes a user out of a group, closes their pages there, and tells its room.
    ///
    /// # Errors
    /// Of the store.
    pub async fn leave_group(&self, user: UserId, group: GroupId) -> Result<bool, StoreError> {
        let left = self.shared.store.leave(user, group).await?;
        if left {
            self.tell_belonging(user, group, false);
        }
        Ok(left)
    }

    /// Takes a user, whose account is deleted, out of all groups. Their messages stay.
    ///
    /// # Errors
    /// Of the store.
    pub async fn forget_user(&self, user: UserId) -> Result<(), StoreError> {
        let memberships = self.shared.store.memberships(user).await?;
        self.shared.store.forget_user(user).await?;
        for membership in memberships {
            self.tell_belonging(user, membership.group_id, false);
        }
        Ok(())
    }

    fn tell_belonging(&self, user: UserId, group: GroupId, joined: bool) {
        self.tell_news(news::Happening::Belonging {
            user,
            group,
            joined,
        });
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(door) = rooms.get(&group) {
            let _ = door
                .happenings
                .send(room::Happening::Belonging { user, joined });
        }
    }

    fn tell_news(&self, happening: news::Happening) {
        // The news end only with the program.
        let _ = self.news.send(happening);
    }

    /// The way into a room, which is opened if nobody was there before.
    async fn door(&self, group: GroupId) -> Result<RoomDoor, StoreError> {
        let known = |rooms: &Mutex<HashMap<GroupId, RoomDoor>>| {
            rooms
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&group)
                .cloned()
        };
        if let Some(door) = known(&self.rooms) {
            return Ok(door);
        }
        let opened = room::open(group, self.shared.clone(), self.news.clone()).await?;
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        // Two who come first at the same time must meet: the first door stays, and the other
        // room, whose only door goes with this function, ends.
        Ok(rooms.entry(group).or_insert(opened).clone())
    }
}

impl std::fmt::Debug for Hub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hub").finish_non_exhaustive()
    }
}

impl Shared {
    /// One event as a frame, ready to be shared.
    pub(super) fn framed(&self, event: &[u8]) -> Bytes {
        let mut frames = Vec::with_capacity(event.len() + 10);
        (self.frame)(&mut frames, event);
        frames.into()
    }

    /// Offers one event to one listener. A listener that is lost is forgotten at the next broadcast.
    pub(super) fn offer_to(&self, listener: &Listener, event: &[u8]) {
        listener.offer(&self.framed(event));
    }

    /// The persons behind `users`, as `presence` knows them.
    pub(super) fn persons(
        &self,
        presence: &Presence,
        users: impl IntoIterator<Item = UserId>,
    ) -> Vec<Person> {
        let person = |(id, name)| Person {
            id,
            name,
            addresses: presence.addresses(id),
        };
        let mut persons: Vec<_> = self
            .directory
            .named(users)
            .into_iter()
            .map(person)
            .collect();
        persons.sort_unstable_by_key(|person| person.id);
        persons
    }

    /// Takes one of the messages that `user` may say in a second.
    pub(super) fn pace(&self, user: UserId, now: Instant) -> Result<(), Duration> {
        let mut paces = self.paces.lock().unwrap_or_else(PoisonError::into_inner);
        if paces.len() >= PACES_MAX {
            paces.retain(|_, pace| !pace.is_full(now));
        }
        let rate = self.messages_per_second;
        paces
            .entry(user)
            .or_insert_with(|| Pace::new(rate, rate, now))
            .take(now)
    }
}
