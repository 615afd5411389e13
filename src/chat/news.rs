//! The news: what every open page hears, whichever conversation it shows.
//! New groups, who is online at all, and in which groups something was said; gathered, never the messages themselves.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use super::event::{self, Person};
use super::hub::Shared;
use super::listener::Listener;
use super::presence::{GATHER, Presence};
use super::reader::{Page, Reader, Said};
use super::room::sleep_until;
use crate::model::{Group, GroupId, MessageId, UserId};
use crate::store::Membership;

/// How many readers are told before others have their turn. Each has 32 pages at the most: some hundred writes at a time.
const READERS_AT_A_TIME: usize = 8;

/// What happens anywhere in the chat.
#[derive(Debug)]
pub(super) enum Happening {
    /// A page that follows the news opened; it is told who is online.
    Follow {
        listener: Arc<Listener>,
        answer: oneshot::Sender<Vec<Person>>,
    },
    /// The groups that page's user is in, with what is unread there, as the page will be told.
    Belongs {
        listener: Arc<Listener>,
        memberships: Vec<Membership>,
    },
    /// The page closed.
    Unfollow { listener: Arc<Listener> },
    /// A socket of `user`, of any kind, opened.
    Arrive { user: UserId, address: IpAddr },
    /// A socket of `user` closed.
    Depart { user: UserId, address: IpAddr },
    /// There is a new group.
    Created { group: Group },
    /// Somebody joined a group, or left it.
    Belonging {
        user: UserId,
        group: GroupId,
        joined: bool,
    },
    /// Messages were said in a group, by whom; in the order of their ids.
    Said {
        group: GroupId,
        messages: Vec<(MessageId, UserId)>,
    },
    /// What `user` has not read is about to be counted.
    CountBegins { user: UserId },
    /// Somebody has read in a group, and this is what is left.
    Read {
        user: UserId,
        membership: Membership,
    },
    /// It was counted, or could not be.
    CountEnds { user: UserId },
}

/// A count of what a user has not read, under way. The news keep new activity from that user's pages
/// until it is over, so that a message is either in the count or told after it, and never both or neither.
pub(super) struct Counting {
    news: mpsc::UnboundedSender<Happening>,
    user: UserId,
}

impl Counting {
    /// To be called before the store is asked.
    pub(super) fn begin(news: &mpsc::UnboundedSender<Happening>, user: UserId) -> Self {
        let _ = news.send(Happening::CountBegins { user });
        let news = news.clone();
        Self { news, user }
    }

    /// Hands in the result. Without it, a count just ends.
    pub(super) fn end_with(self, result: Happening) {
        let _ = self.news.send(result);
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        let user = self.user;
        let _ = self.news.send(Happening::CountEnds { user });
    }
}

struct News {
    shared: Arc<Shared>,
    /// Users with pages that follow the news, or with a count under way.
    readers: HashMap<UserId, Reader>,
    presence: Presence,
    said: BTreeMap<GroupId, Vec<(MessageId, UserId)>>,
    said_since: Option<Instant>,
}

/// Starts the task that gathers and tells the news.
pub(super) fn start(shared: Arc<Shared>) -> mpsc::UnboundedSender<Happening> {
    let (sender, happenings) = mpsc::unbounded_channel();
    let news = News {
        shared,
        readers: HashMap::new(),
        presence: Presence::default(),
        said: BTreeMap::new(),
        said_since: None,
    };
    tokio::spawn(news.run(happenings));
    sender
}

impl News {
    async fn run(mut self, mut happenings: mpsc::UnboundedReceiver<Happening>) {
        loop {
            let said_due = self.said_since.map(|since| since + GATHER);
            let due = self.presence.next_due().into_iter().chain(said_due).min();
            tokio::select! {
                // What is due first: however much happens, it is told in time.
                biased;
                () = sleep_until(due) => {
                    self.tell_presence().await;
                    if said_due.is_some_and(|due| due <= Instant::now()) {
                        self.tell_said().await;
                    }
                }
                happening = happenings.recv() => match happening {
                    Some(happening) => self.note(happening).await,
                    None => return,
                },
            }
        }
    }

    async fn note(&mut self, happening: Happening) {
        match happening {
            Happening::Follow { listener, answer } => {
                let shown = self.presence.shown_to(listener.user);
                let _ = answer.send(self.shared.persons(&self.presence, shown));
                let reader = self.readers.entry(listener.user).or_default();
                reader.pages.push(Page::new(listener));
            }
            Happening::Belongs {
                listener,
                memberships,
            } => self.with_reader(listener.user, |reader, _| {
                reader.tell(|page| !page.is(&listener) || page.begins_with(&memberships));
            }),
            Happening::Unfollow { listener } => self.with_reader(listener.user, |reader, _| {
                reader.pages.retain(|page| !page.is(&listener));
            }),
            Happening::Arrive { user, address } => {
                self.presence.arrive(user, address, Instant::now());
            }
            Happening::Depart { user, address } => {
                self.presence.depart(user, address, Instant::now());
            }
            Happening::Created { group } => self.tell_all(&event::encode_group(&group)).await,
            Happening::Belonging {
                user,
                group,
                joined,
            } => self.with_reader(user, |reader, shared| {
                let frames = shared.framed(&event::encode_belonging(joined, group));
                reader.tell(|page| page.belongs(group, joined, &frames));
            }),
            Happening::Said { group, messages } => {
                self.said_since.get_or_insert_with(Instant::now);
                self.said.entry(group).or_default().extend(messages);
            }
            Happening::CountBegins { user } => self.readers.entry(user).or_default().counts += 1,
            Happening::Read { user, membership } => self.with_reader(user, |reader, shared| {
                let (group, unread) = (membership.group_id, membership.unread);
                let frames = shared.framed(&event::encode_read(group, unread));
                reader.tell(|page| page.has_read(&membership, &frames));
            }),
            Happening::CountEnds { user } => {
                self.with_reader(user, |reader, shared| reader.count_ends(shared));
            }
        }
    }

    /// Forgets the reader when nothing is left of it.
    fn with_reader(&mut self, user: UserId, change: impl FnOnce(&mut Reader, &Shared)) {
        if let Some(reader) = self.readers.get_mut(&user) {
            change(reader, &self.shared);
            if reader.is_idle() {
                self.readers.remove(&user);
            }
        }
    }

    async fn tell_said(&mut self) {
        self.said_since = None;
        for (group, messages) in std::mem::take(&mut self.said) {
            let said = Said::new(&self.shared, group, messages);
            for (told, reader) in self.readers.values_mut().enumerate() {
                give_way(told).await;
                reader.hear(&self.shared, &said);
            }
        }
        self.readers.retain(|_, reader| !reader.is_idle());
    }

    async fn tell_presence(&mut self) {
        if let Some(changes) = self.presence.take_due(Instant::now()) {
            let arrived = self.shared.persons(&self.presence, changes.arrived);
            self.tell_all(&event::encode_presence(&arrived, &changes.departed))
                .await;
        }
    }

    async fn tell_all(&mut self, event: &[u8]) {
        let frames = self.shared.framed(event);
        for (told, reader) in self.readers.values_mut().enumerate() {
            give_way(told).await;
            reader.tell(|page| page.offer(&frames));
        }
        self.readers.retain(|_, reader| !reader.is_idle());
    }
}

/// Lets others have their turn after some readers: to write to ten thousand pages takes a thread a tenth of a second.
async fn give_way(told: usize) {
    if told % READERS_AT_A_TIME == READERS_AT_A_TIME - 1 {
        tokio::task::yield_now().await;
    }
}
