//! The open socket of a view: wishes in, news of connections out, at a measured pace (docs/PROTOCOL.md).
//! It waits and passes on; what is computed, `list` and `watched` compute off the async threads.

use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use serde_json::json;
use tokio::io::AsyncRead;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::app::App;
use crate::chat::event::encode_session_ended;
use crate::chat::sessions::{EndReason, SessionView};
use crate::transport::WriteChunks;
use crate::websocket::close::CloseCode;
use crate::websocket::frame::append_text_frame;
use crate::websocket::io::{Incoming, Offered, WebSocket};
use crate::wire::log::{Viewer, WireLog};

use super::super::conversation::SESSION_ENDED;
use super::list::List;
use super::locate::locate;
use super::seats::Seat;
use super::turns::compute;
use super::watched::Watched;
use super::wish::{Wish, decode};

/// A watched connection is read on no more often than this: what a burst brings is told together.
const ITEMS_EVERY: Duration = Duration::from_millis(100);

/// The summary, the proof and the lessons are computed anew no more often than this: they go over the whole connection.
const WHOLE_EVERY: Duration = Duration::from_millis(500);

/// The list is looked through no more often than this, however much happens.
const LIST_EVERY: Duration = Duration::from_millis(250);

/// The list is looked through at least this often, since counts of bytes change without a word.
const LIST_AT_LEAST_EVERY: Duration = Duration::from_secs(1);

/// Wishes are short: the longest holds what is searched for.
pub(in crate::pages) const WISH_LEN_MAX: usize = 4 * 1024;

/// What may wait for a viewer: nothing but the reason why they are closed, since each event waits until those before it are gone.
pub(in crate::pages) const QUEUE_LEN_MAX: usize = 64 * 1024;

/// Tells one run of this program from another: with each, the numbers of connections begin at 1 again.
static RUN: LazyLock<String> = LazyLock::new(|| {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    format!("{:x}", now.unwrap_or_default().as_nanos())
});

/// Whoever was let in to look.
#[derive(Debug)]
pub struct Watcher {
    pub(super) viewer: Viewer,
    /// The session, if there is one: the view ends with it.
    pub(super) session: Option<SessionView>,
    pub(super) _seat: Seat,
}

/// Tells a view what it may see, until it is closed.
pub(in crate::pages) async fn serve<S>(app: &App, socket: &mut WebSocket<S>, watcher: &Watcher)
where
    S: AsyncRead + WriteChunks + Unpin + Send + 'static,
{
    let Some(log) = &app.wire else { return };
    let mut view = View::new(log, watcher.viewer);
    let hello = json!({ "type": "hello", "run": *RUN }).to_string();
    let mut closing = tell(app, socket, watcher, vec![hello]).await.is_err();
    loop {
        let told = tokio::select! {
            biased;
            reason = ended(watcher.session.as_ref()), if !closing => {
                closing = true;
                let event = encode_session_ended(reason.code(), &reason.to_string());
                let mut frame = Vec::new();
                append_text_frame(&mut frame, &event);
                socket.socket().offer(&frame.into());
                socket.socket().close(SESSION_ENDED, "The session ended.");
                continue;
            }
            () = app.stopped(), if !closing => {
                closing = true;
                socket.socket().close(CloseCode::GOING_AWAY, "The server stops: reconnect soon.");
                continue;
            }
            incoming = socket.next() => match incoming {
                Some(_) if closing => continue,
                Some(Incoming::Text(text)) => view.hear(&text).await,
                Some(Incoming::Binary(_)) => {
                    closing = true;
                    socket.socket().close(CloseCode(1003), "This socket carries text only.");
                    continue;
                }
                None => return,
            },
            () = view.pace.list_is_due(&mut view.changes), if !closing => view.tell_list().await,
            () = view.pace.items_are_due(view.watched.as_deref()), if !closing => {
                view.tell_items().await
            }
        };
        if tell(app, socket, watcher, told).await.is_err() {
            // A peer that takes nothing more; `next` sees to the rest.
            closing = true;
        }
    }
}

/// The end of a session; never without one.
async fn ended(session: Option<&SessionView>) -> EndReason {
    match session {
        Some(session) => session.ended().await,
        None => std::future::pending().await,
    }
}

/// Sends events one behind the other, each once those before it are on their way: however much there is to tell, no more than one waits.
async fn tell<S>(
    app: &App,
    socket: &mut WebSocket<S>,
    watcher: &Watcher,
    events: Vec<String>,
) -> Result<(), ()>
where
    S: AsyncRead + WriteChunks + Unpin + Send + 'static,
{
    for event in events {
        let mut frame = Vec::new();
        append_text_frame(&mut frame, event.as_bytes());
        let frame = Bytes::from(frame);
        tokio::select! {
            biased;
            // The next turn says goodbye.
            _ = ended(watcher.session.as_ref()) => return Ok(()),
            () = app.stopped() => return Ok(()),
            offered = socket.send(&frame) => if offered != Offered::Taken {
                return Err(());
            },
        }
    }
    Ok(())
}

/// What a view shows.
struct View<'a> {
    log: &'a Arc<WireLog>,
    viewer: Viewer,
    list: List,
    changes: watch::Receiver<u64>,
    watched: Option<Box<Watched>>,
    pace: Pace,
}

/// When a view is told more.
struct Pace {
    list_not_before: Instant,
    list_at_latest: Instant,
    items_not_before: Instant,
    whole_not_before: Instant,
}

impl Pace {
    async fn list_is_due(&self, changes: &mut watch::Receiver<u64>) {
        sleep_until(self.list_not_before).await;
        tokio::select! {
            _ = changes.changed() => {}
            () = sleep_until(self.list_at_latest) => {}
        }
    }

    async fn items_are_due(&self, watched: Option<&Watched>) {
        let Some(watched) = watched else {
            return std::future::pending().await;
        };
        sleep_until(self.items_not_before).await;
        tokio::select! {
            () = watched.changed(), if !watched.is_over() => {}
            () = sleep_until(self.whole_not_before), if watched.owes_whole() => {}
            else => std::future::pending().await,
        }
    }
}

impl<'a> View<'a> {
    fn new(log: &'a Arc<WireLog>, viewer: Viewer) -> Self {
        let now = Instant::now();
        Self {
            log,
            viewer,
            list: List::default(),
            changes: log.changes(),
            watched: None,
            pace: Pace {
                list_not_before: now,
                list_at_latest: now,
                items_not_before: now,
                whole_not_before: now,
            },
        }
    }

    async fn tell_list(&mut self) -> Vec<String> {
        let (log, viewer) = (Arc::clone(self.log), self.viewer);
        let mut list = std::mem::take(&mut self.list);
        let computed = compute(move || {
            let news = list.news(&log, &viewer);
            (list, news)
        });
        let mut told = Vec::new();
        // If it could not be computed, the list begins anew.
        if let Some((list, news)) = computed.await {
            self.list = list;
            told.extend(news);
        }
        let now = Instant::now();
        self.pace.list_not_before = now + LIST_EVERY;
        self.pace.list_at_latest = now + LIST_AT_LEAST_EVERY;
        told
    }

    async fn tell_items(&mut self) -> Vec<String> {
        let with_whole = Instant::now() >= self.pace.whole_not_before;
        let told = self
            .with_watched(move |watched| watched.read_on(with_whole))
            .await
            .flatten()
            .unwrap_or_default();
        let now = Instant::now();
        self.pace.items_not_before = now + ITEMS_EVERY;
        if with_whole {
            self.pace.whole_not_before = now + WHOLE_EVERY;
        }
        told
    }

    async fn hear(&mut self, text: &str) -> Vec<String> {
        let told = match decode(text) {
            Ok(Wish::Watch(number)) => return self.begin(number).await,
            Ok(Wish::Show(item)) => self.ask(move |watched| Some(watched.show(item))).await,
            Ok(Wish::Find(needle, question)) => {
                self.ask(move |watched| watched.find(&needle, question))
                    .await
            }
            Ok(Wish::Locate(message)) => {
                let (log, viewer) = (Arc::clone(self.log), self.viewer);
                let located = compute(move || locate(&log, &viewer, message)).await;
                located.unwrap_or_else(|| refusal("The search for the message failed."))
            }
            Err(why) => refusal(&why),
        };
        vec![told]
    }

    /// What the watched connection answers, unless it may not be seen any more.
    async fn ask(
        &mut self,
        question: impl FnOnce(&mut Watched) -> Option<String> + Send + 'static,
    ) -> String {
        let Some(number) = self.watched.as_deref().map(Watched::number) else {
            return refusal(
                "There is nothing of that: watch a connection first, one of those that you were told.",
            );
        };
        let answer = self.with_watched(question).await;
        answer.flatten().unwrap_or_else(|| gone(number))
    }

    /// Begins to watch a connection, and tells what there is of it.
    async fn begin(&mut self, number: Option<u64>) -> Vec<String> {
        self.watched = None;
        let Some(number) = number else {
            return Vec::new();
        };
        let Some(sight) = self.log.connection(&self.viewer, number) else {
            return vec![gone(number)];
        };
        self.watched = Some(Box::new(Watched::new(sight)));
        self.pace.whole_not_before = Instant::now();
        self.tell_items().await
    }

    /// Does something with the watched connection off the async threads; `None` if none is watched, or it may not be seen any more.
    async fn with_watched<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Watched) -> T + Send + 'static,
    ) -> Option<T> {
        let mut watched = self.watched.take()?;
        // Whose connection it is can change with every request on it.
        if !watched.sight().is_allowed() {
            return None;
        }
        let worked = compute(move || {
            let done = work(&mut watched);
            (watched, done)
        });
        let (watched, done) = worked.await?;
        self.watched = Some(watched);
        Some(done)
    }
}

fn refusal(text: &str) -> String {
    json!({ "type": "refused", "text": text }).to_string()
}

fn gone(number: u64) -> String {
    let text = format!(
        "Connection {number} is not here: it is somebody else’s, or was let go to make room for newer ones."
    );
    json!({ "type": "refused", "connection": number, "text": text }).to_string()
}
