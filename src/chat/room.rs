//! One room: the task through which everything that is said in a group passes.
//! It takes all wishes that wait, has them stored in one commit, encodes the news once and offers it to every listener.
//! No wish is answered, and nothing is shown to anyone, before it is stored.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use super::event::{self, MessageNews, Person, Reason, Refusal};
use super::hub::Shared;
use super::listener::{Audience, CloseReason, Listener};
use super::news;
use super::presence::Presence;
use crate::model::{ChangeId, GroupId, Message, MessageId, UserId};
use crate::store::{MessageWrite, StoreError, Written};

/// How many wishes may wait for a room. Beyond it their senders wait, and so do their sockets.
const WISHES_MAX: usize = 1024;

/// How many wishes one commit takes at the most: enough to make its cost small for each of them.
const BATCH_MAX: usize = 512;

/// A wish about a message, and who waits for its answer.
#[derive(Debug)]
pub(super) struct Wish {
    pub(super) from: Arc<Listener>,
    pub(super) write: MessageWrite,
}

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

struct Room {
    group: GroupId,
    shared: Arc<Shared>,
    news: mpsc::UnboundedSender<news::Happening>,
    audience: Audience,
    presence: Presence,
    latest_change: ChangeId,
    latest_message: MessageId,
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
        news,
        audience: Audience::default(),
        presence: Presence::default(),
        latest_change,
        latest_message,
        json: Vec::new(),
    };
    tokio::spawn(room.run(wishes, happenings));
    Ok(RoomDoor {
        wishes: wishes_in,
        happenings: happenings_in,
    })
}

impl Room {
    async fn run(
        mut self,
        mut wishes: mpsc::Receiver<Wish>,
        mut happenings: mpsc::UnboundedReceiver<Happening>,
    ) {
        let mut batch = Vec::new();
        loop {
            let due = self.presence.next_due();
            tokio::select! {
                taken = wishes.recv_many(&mut batch, BATCH_MAX) => {
                    if taken == 0 {
                        return;
                    }
                    // Readers that are ready hand in what they have, so that it shares this commit.
                    tokio::task::yield_now().await;
                    while batch.len() < BATCH_MAX && let Ok(wish) = wishes.try_recv() {
                        batch.push(wish);
                    }
                    self.carry_out(std::mem::take(&mut batch)).await;
                }
                happening = happenings.recv() => match happening {
                    Some(happening) => self.note(happening),
                    None => return,
                },
                () = sleep_until(due) => self.tell_presence(),
            }
        }
    }

    async fn carry_out(&mut self, batch: Vec<Wish>) {
        let (senders, writes): (Vec<_>, Vec<_>) = batch
            .into_iter()
            .map(|wish| ((wish.from, WishName::of(&wish.write)), wish.write))
            .unzip();
        let written = match self.shared.store.write(writes).await {
            Ok(written) => written,
            Err(error) => {
                for (from, name) in senders {
                    self.answer(&from, name.refused(Reason::NotStored(error.to_string())));
                }
                return;
            }
        };
        let mut frames = Vec::new();
        let mut authors: Vec<(UserId, u64)> = Vec::new();
        for ((from, name), written) in senders.into_iter().zip(written) {
            match written {
                Written::Posted(message) => {
                    self.append(&mut frames, MessageNews::New, &message);
                    match authors
                        .iter_mut()
                        .find(|(author, _)| *author == message.author_id)
                    {
                        Some((_, count)) => *count += 1,
                        None => authors.push((message.author_id, 1)),
                    }
                }
                Written::Edited(message) => self.append(&mut frames, MessageNews::Edited, &message),
                Written::Deleted(message) => {
                    self.append(&mut frames, MessageNews::Deleted, &message)
                }
                Written::Repeated(message) | Written::Unchanged(message) => {
                    let news = name.news_of(&message);
                    self.json.clear();
                    self.encode(news, &message);
                    self.shared.offer_to(&from, &self.json);
                }
                Written::NotMember => self.answer(&from, name.refused(Reason::NotMember)),
                Written::NoSuchMessage => self.answer(&from, name.refused(Reason::NoSuchMessage)),
                Written::NotAuthor => self.answer(&from, name.refused(Reason::NotAuthor)),
            }
        }
        if !frames.is_empty() {
            self.audience.offer(&Bytes::from(frames), |_| true);
        }
        if !authors.is_empty() {
            // Fails only when the program stops.
            let _ = self.news.send(news::Happening::Said {
                group: self.group,
                authors,
            });
        }
    }

    /// Encodes what happened to `message` behind `frames`, and notes that the room has come so far.
    fn append(&mut self, frames: &mut Vec<u8>, news: MessageNews, message: &Message) {
        self.latest_change = self.latest_change.max(message.change);
        self.latest_message = self.latest_message.max(message.id);
        self.json.clear();
        self.encode(news, message);
        (self.shared.frame)(frames, &self.json);
    }

    fn encode(&mut self, news: MessageNews, message: &Message) {
        let author = self.shared.directory.name(message.author_id);
        event::encode_message(&mut self.json, news, message, author.as_deref());
    }

    fn answer(&self, to: &Listener, refusal: Refusal) {
        self.shared.offer_to(to, &event::encode_refusal(&refusal));
    }

    fn note(&mut self, happening: Happening) {
        match happening {
            Happening::Enter {
                listener,
                address,
                answer,
            } => {
                self.presence.arrive(listener.user, address, Instant::now());
                let snapshot = Snapshot {
                    present: self
                        .shared
                        .persons(&self.presence, self.presence.everyone()),
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
                if let Some(name) = self.shared.directory.name(user) {
                    let frames = self.shared.framed(&event::encode_typing(user, &name));
                    self.audience
                        .offer(&frames, |listener| listener.user != user);
                }
            }
            Happening::Belonging { user, joined } => {
                if !joined {
                    self.audience.close(user, CloseReason::NotMember);
                }
                let (came, gone) = if joined {
                    (vec![user], vec![])
                } else {
                    (vec![], vec![user])
                };
                let event = event::encode_members(&self.shared.directory.named(came), &gone);
                self.audience.offer(&self.shared.framed(&event), |_| true);
            }
        }
    }

    fn tell_presence(&mut self) {
        if let Some(changes) = self.presence.take_due(Instant::now()) {
            let arrived = self.shared.persons(&self.presence, changes.arrived);
            let event = event::encode_presence(&arrived, &changes.departed);
            self.audience.offer(&self.shared.framed(&event), |_| true);
        }
    }
}

/// Sleeps until `due`, or for ever.
pub(super) async fn sleep_until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due.into()).await,
        None => std::future::pending().await,
    }
}

/// How a wish is called in a refusal of it.
struct WishName {
    request: &'static str,
    client_id: Option<String>,
    message_id: Option<i64>,
}

impl WishName {
    fn of(write: &MessageWrite) -> Self {
        match write {
            MessageWrite::Post { client_id, .. } => Self {
                request: "send",
                client_id: client_id.as_ref().map(|id| id.as_str().to_owned()),
                message_id: None,
            },
            MessageWrite::Edit { message, .. } => Self {
                request: "edit",
                client_id: None,
                message_id: Some(message.0),
            },
            MessageWrite::Delete { message, .. } => Self {
                request: "delete",
                client_id: None,
                message_id: Some(message.0),
            },
        }
    }

    fn refused(self, reason: Reason) -> Refusal {
        Refusal {
            request: self.request.to_owned(),
            client_id: self.client_id,
            message_id: self.message_id,
            reason,
        }
    }

    /// In which event the present state of `message` acknowledges this wish.
    fn news_of(&self, message: &Message) -> MessageNews {
        match self.request {
            _ if message.deleted_at.is_some() => MessageNews::Deleted,
            "send" => MessageNews::New,
            _ => MessageNews::Edited,
        }
    }
}
