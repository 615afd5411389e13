//! The news: what every open page hears, whichever conversation it shows.
//! New groups, who is online at all, and in which groups something was said; gathered, never the messages themselves.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::event::{self, Person};
use super::hub::Shared;
use super::listener::Listener;
use super::presence::{GATHER, Presence};
use super::room::sleep_until;
use crate::model::{Group, GroupId, UserId};

/// What happens anywhere in the chat.
#[derive(Debug)]
pub(super) enum Happening {
    /// A page that follows the news opened; it is told who is online.
    Follow {
        listener: Arc<Listener>,
        answer: oneshot::Sender<Vec<Person>>,
    },
    /// What groups that page's user is in, as the store says.
    Belongs {
        listener: Arc<Listener>,
        groups: Vec<GroupId>,
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
    /// Messages were said in a group: how many, by whom.
    Said {
        group: GroupId,
        authors: Vec<(UserId, u64)>,
    },
    /// Somebody has read a group, and so much is still unread.
    Read {
        user: UserId,
        group: GroupId,
        unread: u64,
    },
}

struct Follower {
    listener: Arc<Listener>,
    /// True for the groups its user is in. What happens while the store is asked counts more than the store's answer.
    groups: HashMap<GroupId, bool>,
}

struct News {
    shared: Arc<Shared>,
    followers: Vec<Follower>,
    presence: Presence,
    said: BTreeMap<GroupId, Vec<(UserId, u64)>>,
    said_since: Option<Instant>,
}

/// Starts the task that gathers and tells the news.
pub(super) fn start(shared: Arc<Shared>) -> mpsc::UnboundedSender<Happening> {
    let (sender, happenings) = mpsc::unbounded_channel();
    let news = News {
        shared,
        followers: Vec::new(),
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
            let due = self
                .presence
                .next_due()
                .into_iter()
                .chain(self.said_since.map(|since| since + GATHER))
                .min();
            tokio::select! {
                happening = happenings.recv() => match happening {
                    Some(happening) => self.note(happening),
                    None => return,
                },
                () = sleep_until(due) => {
                    self.tell_presence();
                    if self.said_since.is_some_and(|since| since + GATHER <= Instant::now()) {
                        self.tell_said();
                    }
                }
            }
        }
    }

    fn note(&mut self, happening: Happening) {
        match happening {
            Happening::Follow { listener, answer } => {
                // What was said before this moment is in the counts that the page will read from the store.
                self.tell_said();
                self.followers.push(Follower {
                    listener,
                    groups: HashMap::new(),
                });
                let _ = answer.send(
                    self.shared
                        .persons(&self.presence, self.presence.everyone()),
                );
            }
            Happening::Belongs { listener, groups } => {
                let follower = self
                    .followers
                    .iter_mut()
                    .find(|other| Arc::ptr_eq(&other.listener, &listener));
                if let Some(follower) = follower {
                    for group in groups {
                        follower.groups.entry(group).or_insert(true);
                    }
                }
            }
            Happening::Unfollow { listener } => {
                self.followers
                    .retain(|other| !Arc::ptr_eq(&other.listener, &listener));
            }
            Happening::Arrive { user, address } => {
                self.presence.arrive(user, address, Instant::now())
            }
            Happening::Depart { user, address } => {
                self.presence.depart(user, address, Instant::now())
            }
            Happening::Created { group } => {
                let frames = self.shared.framed(&event::encode_group(&group));
                self.tell(&frames, |_| true);
            }
            Happening::Belonging {
                user,
                group,
                joined,
            } => self.note_belonging(user, group, joined),
            Happening::Said { group, authors } => self.gather(group, authors),
            Happening::Read {
                user,
                group,
                unread,
            } => {
                let frames = self.shared.framed(&event::encode_read(group, unread));
                self.tell(&frames, |follower| follower.listener.user == user);
            }
        }
    }

    fn note_belonging(&mut self, user: UserId, group: GroupId, joined: bool) {
        for follower in self
            .followers
            .iter_mut()
            .filter(|other| other.listener.user == user)
        {
            follower.groups.insert(group, joined);
        }
        let frames = self.shared.framed(&event::encode_belonging(joined, group));
        self.tell(&frames, |follower| follower.listener.user == user);
    }

    fn gather(&mut self, group: GroupId, authors: Vec<(UserId, u64)>) {
        self.said_since.get_or_insert_with(Instant::now);
        let gathered = self.said.entry(group).or_default();
        for (author, count) in authors {
            match gathered.iter_mut().find(|(other, _)| *other == author) {
                Some((_, sum)) => *sum += count,
                None => gathered.push((author, count)),
            }
        }
    }

    fn tell_said(&mut self) {
        self.said_since = None;
        for (group, authors) in std::mem::take(&mut self.said) {
            let event = event::encode_activity([(group, authors.as_slice())].into_iter());
            let frames = self.shared.framed(&event);
            self.tell(&frames, |follower| {
                follower.groups.get(&group) == Some(&true)
            });
        }
    }

    fn tell_presence(&mut self) {
        if let Some(changes) = self.presence.take_due(Instant::now()) {
            let arrived = self.shared.persons(&self.presence, changes.arrived);
            let frames = self
                .shared
                .framed(&event::encode_presence(&arrived, &changes.departed));
            self.tell(&frames, |_| true);
        }
    }

    fn tell(&mut self, frames: &Bytes, wanted: impl Fn(&Follower) -> bool) {
        self.followers
            .retain(|follower| !wanted(follower) || follower.listener.offer(frames));
    }
}
