//! One room: the task through which everything that is said in a group passes.
//! It takes all wishes that wait, has them stored in one commit, encodes the news once and offers it to every listener.
//! No wish is answered, and nothing is shown to anyone, before it is stored.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;

use super::company::{Commit, Company, PATIENCE};
use super::event::{self, MessageNews, Person, Reason};
use super::hub::Shared;
use super::listener::{Audience, CloseReason, Listener};
use super::news;
use super::pace::Pace;
use super::presence::Presence;
use super::wish::{Wish, WishName, not_stored};
use crate::model::{ChangeId, GroupId, Message, MessageId, UserId};
use crate::store::{StoreError, Written};

/// How many wishes may wait for a room. Beyond it their senders wait, and so do their sockets.
const WISHES_MAX: usize = 1024;

/// How many wishes one commit takes at the most: enough to make its cost small for each of them.
const BATCH_MAX: usize = 512;

/// How many typing notices a room passes on in a second, and at once. Nobody reads more names than that,
/// and each one goes to everybody.
const TYPING_EVERY: Duration = Duration::from_millis(50);
const TYPING_AT_ONCE: u32 = 20;

/// What happens in a room besides messages.
#[derive(Debug)]
pub(super) enum Happening {
    /// A page opened; it is told the state of the room at that moment.
    Enter {
        listener: Arc<Listener>,
        address: IpAddr,
        answer: oneshot::Sender<Snapshot>,
    },
    /// A page closed.
    Exit {
        listener: Arc<Listener>,
        address: IpAddr,
    },
    /// Somebody is typing.
    Typing { user: UserId },
    /// Somebody joined the group, or left it.
    Belonging { user: UserId, joined: bool },
    /// Somebody's account was deleted. Their messages may stand here, whether they were in the group or not.
    Gone { user: UserId },
}

/// A room at the moment when a listener came in: what it hears live is exactly what comes after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Snapshot {
    pub(super) present: Vec<Person>,
    pub(super) latest_change: ChangeId,
    pub(super) latest_message: MessageId,
}

/// The way into a room.
#[derive(Debug, Clone)]
pub(super) struct RoomDoor {
    pub(super) wishes: mpsc::Sender<Wish>,
    /// Unbounded, since each open page has at most one coming and one going under way, and paces the rest.
    pub(super) happenings: mpsc::UnboundedSender<Happening>,
}

impl RoomDoor {
    /// Whether there is a room behind it: its task may have broken down.
    pub(super) fn is_open(&self) -> bool {
        !self.happenings.is_closed()
    }
}

struct Room {
    group: GroupId,
    shared: Arc<Shared>,
    wishes: mpsc::Receiver<Wish>,
    happenings: mpsc::UnboundedReceiver<Happening>,
    news: mpsc::UnboundedSender<news::Happening>,
    audience: Audience,
    presence: Presence,
    typing: Pace,
    latest_change: ChangeId,
    latest_message: MessageId,
    company: Company,
    /// Why the last batch could not be stored. Told once, not with every batch.
    failure: Option<StoreError>,
    /// One event as JSON, before it becomes a frame; kept for its memory.
    json: Vec<u8>,
}

/// Opens a room: reads where its conversation stands, and starts its task.
///
/// The task lives as long as the program, since an empty room costs a kilobyte and a closed one a race.
pub(super) async fn open(
    group: GroupId,
    shared: Arc<Shared>,
    news: mpsc::UnboundedSender<news::Happening>,
) -> Result<RoomDoor, StoreError> {
    let latest_change = shared.store.latest_change(group).await?;
    let page = shared.store.page(group, None, 1).await?;
    let latest_message = page
        .messages
        .last()
        .map_or(MessageId(0), |message| message.id);
    let (wishes_in, wishes) = mpsc::channel(WISHES_MAX);
    let (happenings_in, happenings) = mpsc::unbounded_channel();
    let room = Room {
        group,
        shared,
        wishes,
        happenings,
        news,
        audience: Audience::default(),
        presence: Presence::default(),
        typing: Pace::new(TYPING_EVERY, TYPING_AT_ONCE, Instant::now()),
        latest_change,
        latest_message,
        company: Company::new(BATCH_MAX),
        failure: None,
        json: Vec::new(),
    };
    tokio::spawn(room.run());
    Ok(RoomDoor {
        wishes: wishes_in,
        happenings: happenings_in,
    })
}

impl Room {
    async fn run(mut self) {
        let mut batch = Vec::new();
        loop {
            let due = self.presence.next_due();
            // Neither who comes and goes nor who speaks without end keeps the others waiting: each has their turn.
            tokio::select! {
                happening = self.happenings.recv() => match happening {
                    Some(happening) => self.note_all(Some(happening)).await,
                    None => return,
                },
                () = sleep_until(due) => self.tell_presence().await,
                taken = self.wishes.recv_many(&mut batch, BATCH_MAX) => {
                    if taken == 0 {
                        return;
                    }
                    let waited = self.gather(&mut batch).await;
                    self.carry_out(std::mem::take(&mut batch), waited).await;
                }
            }
        }
    }

    /// Adds to `batch` what else is about to come in, so that it shares the commit. How long that was waited for.
    async fn gather(&mut self, batch: &mut Vec<Wish>) -> Duration {
        let begun = Instant::now();
        let expected = self.company.expected().unwrap_or(1);
        let mut patience = pin!(sleep(PATIENCE));
        while batch.len() < expected {
            tokio::select! {
                biased;
                taken = self.wishes.recv_many(batch, BATCH_MAX - batch.len()) => if taken == 0 {
                    break;
                },
                () = &mut patience => break,
            }
        }
        let waited = begun.elapsed();
        // Readers that are ready hand in what they have.
        tokio::task::yield_now().await;
        while batch.len() < BATCH_MAX
            && let Ok(wish) = self.wishes.try_recv()
        {
            batch.push(wish);
        }
        waited
    }

    async fn carry_out(&mut self, batch: Vec<Wish>, waited: Duration) {
        let came = batch.len();
        let (senders, writes): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .map(|wish| ((wish.from, WishName::of(&wish.write)), wish.write))
            .unzip();
        let begun = Instant::now();
        let written = self.shared.store.write(writes).await;
        self.company.note(Commit {
            came,
            waited,
            took: begun.elapsed(),
            came_meanwhile: self.wishes.len(),
        });
        // Whoever left meanwhile must not hear what was stored after that; whoever came in hears it live.
        self.note_all(None).await;
        match written {
            Ok(written) => {
                if self.failure.take().is_some() {
                    (self.shared.report)(Ok(()));
                }
                self.tell(senders.into_iter().zip(written)).await;
            }
            Err(error) => {
                if self.failure.as_ref() != Some(&error) {
                    (self.shared.report)(Err(&error));
                }
                for (from, name) in senders {
                    let refusal = name.refusal(Reason::NotStored(not_stored(&error)));
                    self.shared.offer_to(&from, &refusal);
                }
                self.failure = Some(error);
            }
        }
    }

    /// Tells everybody what was stored, then each sender what is for them alone: in this order, since who
    /// is shown a later change before an earlier one, and loses the connection in between, would
    /// resume behind both.
    async fn tell(&mut self, outcomes: impl Iterator<Item = ((Arc<Listener>, WishName), Written)>) {
        let mut frames = Vec::new();
        let mut said = Vec::new();
        let mut answers = Vec::new();
        for ((from, name), written) in outcomes {
            let answer = match written {
                Written::Posted(message) => {
                    said.push((message.id, message.author_id));
                    self.append(&mut frames, MessageNews::New, &message)
                }
                Written::Edited(message) => self.append(&mut frames, MessageNews::Edited, &message),
                Written::Deleted(message) => {
                    self.append(&mut frames, MessageNews::Deleted, &message)
                }
                Written::Repeated(message) | Written::Unchanged(message) => {
                    Some(self.encode(Vec::new(), name.news_of(&message), &message))
                }
                Written::NotMember => Some(name.refusal(Reason::NotMember)),
                Written::NoSuchMessage => Some(name.refusal(Reason::NoSuchMessage)),
                Written::NotAuthor => Some(name.refusal(Reason::NotAuthor)),
            };
            answers.extend(answer.map(|answer| (from, answer)));
        }
        if !frames.is_empty() {
            self.audience.offer(&Bytes::from(frames), |_| true).await;
        }
        for (from, json) in answers {
            self.shared.offer_to(&from, &json);
        }
        if !said.is_empty() {
            let group = self.group;
            // Fails only when the program stops.
            let _ = self.news.send(news::Happening::Said {
                group,
                messages: said,
            });
        }
    }

    /// Encodes what happened to `message` behind `frames`, and notes that the room has come so far. There
    /// is nothing that its sender alone has to be told.
    fn append(
        &mut self,
        frames: &mut Vec<u8>,
        news: MessageNews,
        message: &Message,
    ) -> Option<Vec<u8>> {
        self.latest_change = self.latest_change.max(message.change);
        self.latest_message = self.latest_message.max(message.id);
        let mut json = std::mem::take(&mut self.json);
        json.clear();
        self.json = self.encode(json, news, message);
        (self.shared.frame)(frames, &self.json);
        None
    }

    /// What happened to `message` as JSON, behind what is in `json`.
    fn encode(&self, mut json: Vec<u8>, news: MessageNews, message: &Message) -> Vec<u8> {
        let author = self.shared.directory.name(message.author_id);
        event::encode_message(&mut json, news, message, author.as_deref());
        json
    }

    /// Notes what has happened up to now, `first` of all; what happens meanwhile has to wait. All who have joined and left are
    /// told of together, since each telling goes to everybody.
    async fn note_all(&mut self, first: Option<Happening>) {
        let mut moved = BTreeMap::new();
        let waiting = self.happenings.len();
        if let Some(first) = first {
            self.note(first, &mut moved).await;
        }
        for _ in 0..waiting {
            if let Ok(happening) = self.happenings.try_recv() {
                self.note(happening, &mut moved).await;
            }
        }
        if !moved.is_empty() {
            let of = |here| moved.iter().filter(move |(_, joined)| **joined == here);
            let came = self.shared.directory.named(of(true).map(|(user, _)| *user));
            let gone: Vec<_> = of(false).map(|(user, _)| *user).collect();
            let event = event::encode_members(&came, &gone);
            let frames = self.shared.framed(&event);
            self.audience.offer(&frames, |_| true).await;
        }
    }

    /// Notes one thing that has happened; in `moved`, who is in the group now and who is not any more.
    async fn note(&mut self, happening: Happening, moved: &mut BTreeMap<UserId, bool>) {
        match happening {
            Happening::Enter {
                listener,
                address,
                answer,
            } => {
                self.presence.arrive(listener.user, address, Instant::now());
                let present = self.presence.shown_to(listener.user);
                let snapshot = Snapshot {
                    present: self.shared.persons(&self.presence, present),
                    latest_change: self.latest_change,
                    latest_message: self.latest_message,
                };
                self.audience.add(listener);
                // Who went away while waiting will send `Exit`.
                let _ = answer.send(snapshot);
            }
            Happening::Exit { listener, address } => {
                self.audience.remove(&listener);
                self.presence.depart(listener.user, address, Instant::now());
            }
            Happening::Typing { user } => {
                if let Some(name) = self.shared.directory.name(user)
                    && self.typing.take(Instant::now()).is_ok()
                {
                    let frames = self.shared.framed(&event::encode_typing(user, &name));
                    self.audience
                        .offer(&frames, |listener| listener.user != user)
                        .await;
                }
            }
            Happening::Belonging { user, joined } => {
                if !joined {
                    self.audience.close(user, CloseReason::NotMember);
                }
                moved.insert(user, joined);
            }
            Happening::Gone { user } => {
                let frames = self.shared.framed(&event::encode_gone(user));
                // Their own pages are told by the end of their sessions.
                self.audience
                    .offer(&frames, |listener| listener.user != user)
                    .await;
            }
        }
    }

    async fn tell_presence(&mut self) {
        if let Some(changes) = self.presence.take_due(Instant::now()) {
            let arrived = self.shared.persons(&self.presence, changes.arrived);
            let event = event::encode_presence(&arrived, &changes.departed);
            self.audience
                .offer(&self.shared.framed(&event), |_| true)
                .await;
        }
    }
}

/// Should the task break down, nobody is left in a room in which nothing is ever said.
impl Drop for Room {
    fn drop(&mut self) {
        self.audience.close_all(CloseReason::Interrupted);
    }
}

/// Sleeps until `due`, or for ever.
pub(super) async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
