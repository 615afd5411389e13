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
use super::news::{self, Counting};
use super::news_visit::NewsVisit;
use super::opening::Opening;
use super::pace::Paces;
use super::presence::Presence;
use super::room::{self, RoomDoor};
use super::seats::{Seat, Seats};
use super::visit::RoomVisit;
use crate::model::{ChangeId, Group, GroupId, GroupName, MessageId, UserId, UtcMillis};
use crate::store::{ChatStore, Joined, StoreError};

/// Wraps one event into a WebSocket frame, behind what the buffer holds. Handed in, since no protocol is spoken here.
pub type FrameText = fn(&mut Vec<u8>, &[u8]);

/// Hears when messages of a room can no longer be stored, and when they can again. Handed in, since no log is kept here.
pub type Report = Box<dyn Fn(Result<(), &StoreError>) + Send + Sync>;

/// How many groups a user may make at once, and how long it takes until they may make one more. A
/// teacher prepares one for every team of a class; each group stands in everybody's list for ever.
const GROUPS_AT_ONCE: u32 = 20;
const GROUP_EVERY: Duration = Duration::from_secs(60);

/// How often a user may ask to join groups and to leave them, at once and in the long run. Each time it is written down, and mostly all in
/// the group are told.
const MOVES_AT_ONCE: u32 = 40;
const MOVE_EVERY: Duration = Duration::from_secs(3);

/// What all rooms share.
pub(super) struct Shared {
    pub(super) store: Arc<dyn ChatStore>,
    pub(super) directory: Arc<Directory>,
    pub(super) frame: FrameText,
    pub(super) report: Report,
    /// What each user may say in a second, over all pages.
    pub(super) messages: Paces<UserId>,
}

/// What became of the wish to make a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Creation {
    /// Here it is, with its creator in it.
    Made(Group),
    /// There is a group of that name.
    NameTaken,
    /// Its creator makes too many; so long they have to wait.
    TooMany(Duration),
}

/// What became of the wish to join a group, or to leave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Move<T> {
    /// This.
    Made(T),
    /// Its user joins and leaves too often; so long they have to wait.
    TooMany(Duration),
}

/// All rooms and the news.
pub struct Hub {
    pub(super) shared: Arc<Shared>,
    rooms: Mutex<HashMap<GroupId, RoomDoor>>,
    groups: Paces<UserId>,
    moves: Paces<UserId>,
    seats: Seats,
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
        report: Report,
    ) -> Self {
        let per_second = messages_per_second.max(1);
        let shared = Arc::new(Shared {
            store,
            directory,
            frame,
            report,
            messages: Paces::new(Duration::from_secs(1) / per_second, per_second),
        });
        let news = news::start(shared.clone());
        Self {
            shared,
            rooms: Mutex::default(),
            groups: Paces::new(GROUP_EVERY, GROUPS_AT_ONCE),
            moves: Paces::new(MOVE_EVERY, MOVES_AT_ONCE),
            seats: Seats::default(),
            news,
        }
    }

    /// The right of a user to one more socket; `None` if they have as many as one may have.
    #[must_use]
    pub fn seat(&self, user: UserId) -> Option<Seat> {
        self.seats.take(user)
    }

    /// Lets a page into a conversation, and says what it is to be told first, if it has everything up to `after`; `None` if its
    /// user is not in the group.
    ///
    /// # Errors
    /// Of the store.
    pub async fn enter(
        &self,
        guest: Guest,
        group: Group,
        after: Option<ChangeId>,
    ) -> Result<Option<(RoomVisit, Opening)>, StoreError> {
        let (user, address, group_id) = (guest.user, guest.address, group.id);
        let door = self.door(group_id).await?;
        let listener = Arc::new(Listener::new(user, guest.outlet));
        let (answer, snapshot) = oneshot::channel();
        let enter = room::Happening::Enter {
            listener: listener.clone(),
            address,
            answer,
        };
        door.happenings
            .send(enter)
            .map_err(|_| StoreError::Closed)?;
        // From here on the visit's end tells the room, even if this future is dropped.
        let visit = RoomVisit::new(self, address, group_id, door, listener);
        let snapshot = snapshot.await.map_err(|_| StoreError::Closed)?;
        // Asked once the room knows of the page: whoever leaves the group after this is sent out by the
        // room, and whoever left before is noticed here.
        let is_member = self.shared.store.is_member(user, group_id).await?;
        Ok(is_member.then(|| (visit, Opening::new(guest.name, group, snapshot, after))))
    }

    /// Lets a page follow the news.
    ///
    /// # Errors
    /// `Closed` when the program stops.
    pub async fn follow(&self, guest: Guest) -> Result<NewsVisit, StoreError> {
        let listener = Arc::new(Listener::new(guest.user, guest.outlet.clone()));
        let (answer, online) = oneshot::channel();
        // First of all the news hear that its user is online: so they are shown to themselves.
        let visit = NewsVisit::new(self, guest, listener.clone());
        self.news
            .send(news::Happening::Follow { listener, answer })
            .map_err(|_| StoreError::Closed)?;
        let online = online.await.map_err(|_| StoreError::Closed)?;
        Ok(visit.with(online))
    }

    /// Makes a group with its creator in it, and tells everybody.
    ///
    /// # Errors
    /// Of the store.
    pub async fn create_group(
        &self,
        name: GroupName,
        creator: UserId,
        now: UtcMillis,
    ) -> Result<Creation, StoreError> {
        if let Err(wait) = self.groups.take(creator, Instant::now()) {
            return Ok(Creation::TooMany(wait));
        }
        let Some(group) = self.shared.store.add_group(name, creator, now).await? else {
            return Ok(Creation::NameTaken);
        };
        self.tell_news(news::Happening::Created {
            group: group.clone(),
        });
        self.has_joined(creator, group.id).await?;
        Ok(Creation::Made(group))
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
    ) -> Result<Move<Joined>, StoreError> {
        if let Err(wait) = self.moves.take(user, Instant::now()) {
            return Ok(Move::TooMany(wait));
        }
        let joined = self.shared.store.join(user, group, now).await?;
        if joined == Joined::Now {
            self.has_joined(user, group).await?;
        }
        Ok(Move::Made(joined))
    }

    /// Takes a user out of a group, closes their pages there, and tells its room. Whether they were in it.
    ///
    /// # Errors
    /// Of the store.
    pub async fn leave_group(
        &self,
        user: UserId,
        group: GroupId,
    ) -> Result<Move<bool>, StoreError> {
        if let Err(wait) = self.moves.take(user, Instant::now()) {
            return Ok(Move::TooMany(wait));
        }
        let left = self.shared.store.leave(user, group).await?;
        if left {
            self.tell_belonging(user, group, false);
        }
        Ok(Move::Made(left))
    }

    /// Takes a user, whose account is deleted, out of all groups, and their name off all pages. Their messages stay.
    ///
    /// The directory must have forgotten the name before: what is told from now on is told without it.
    ///
    /// # Errors
    /// Of the store. The pages know by then.
    pub async fn forget_user(&self, user: UserId) -> Result<(), StoreError> {
        self.tell_gone(user);
        let memberships = self.shared.store.memberships(user).await?;
        self.shared.store.forget_user(user).await?;
        for membership in memberships {
            self.tell_belonging(user, membership.group_id, false);
        }
        Ok(())
    }

    async fn has_joined(&self, user: UserId, group: GroupId) -> Result<(), StoreError> {
        // An account that was deleted while its owner joined has been taken out of all groups before
        // this one, or will be after this look.
        if self.shared.directory.name(user).is_none() {
            self.shared.store.leave(user, group).await?;
            return Ok(());
        }
        let counting = Counting::begin(&self.news, user);
        self.tell_belonging(user, group, true);
        // Marks nothing, as nothing stands before the first message; but it counts what was said since.
        let marked = self.shared.store.mark_read(user, group, MessageId(0));
        // Who has joined has joined, whether it can be counted or not.
        if let Ok(Some(membership)) = marked.await {
            counting.end_with(news::Happening::Read { user, membership });
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

    fn tell_gone(&self, user: UserId) {
        let rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        for door in rooms.values() {
            let _ = door.happenings.send(room::Happening::Gone { user });
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
        if let Some(door) = known(&self.rooms).filter(RoomDoor::is_open) {
            return Ok(door);
        }
        let opened = room::open(group, self.shared.clone(), self.news.clone()).await?;
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        // Two who come first at the same time must meet: the first door stays, and the other
        // room, whose only door goes with this function, ends.
        let door = rooms.entry(group).or_insert_with(|| opened.clone());
        if !door.is_open() {
            *door = opened;
        }
        Ok(door.clone())
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
}
