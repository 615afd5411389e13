//! An open WebSocket from its first frame to its last: kept in conversation with the hub.
//! Frames are made and read in `websocket`, events in `chat`; here they meet.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;

use bytes::Bytes;
use tokio::io::AsyncRead;

use crate::app::{self, App};
use crate::chat::event;
use crate::chat::guest::Guest;
use crate::chat::listener::{CloseReason, Outlet};
use crate::chat::news_visit::NewsVisit;
use crate::chat::opening::Opening;
use crate::chat::sessions::{EndReason, SessionView};
use crate::chat::visit::RoomVisit;
use crate::config::Limits;
use crate::store::StoreError;
use crate::transport::WriteChunks;
use crate::websocket::close::CloseCode;
use crate::websocket::frame::{Opcode, append_frame, append_text_frame};
use crate::websocket::io::{Incoming, Offered, Socket, WebSocket};
use crate::websocket::limits::WebSocketLimits;

use super::request::{Admission, Opened, Upgrade};
use super::wire;

/// The session ended; what to do next is to log in (4000–4999 are ours to define, RFC 6455 §7.4.2).
pub(super) const SESSION_ENDED: CloseCode = CloseCode(4001);

/// The longest message that `/ws/echo` says back, and the most that may wait there: the Autobahn suite sends such.
const ECHO_LEN_MAX: usize = 16 * 1024 * 1024;

/// An open WebSocket until it is over; it says how it ended.
///
/// Each kind is boxed by itself: a page that listens to a chat takes no more memory than that needs.
pub type Conversation<'a> = Pin<Box<dyn Future<Output = String> + Send + 'a>>;

/// Keeps an open WebSocket going.
pub fn converse<'a, S>(app: &'a App, peer: SocketAddr, opened: Opened<S>) -> Conversation<'a>
where
    S: AsyncRead + WriteChunks + Unpin + Send + 'static,
{
    let limits = match &opened.upgrade {
        Upgrade::Echo => echo_limits(&app.config.limits),
        Upgrade::Wire(_) => WebSocketLimits {
            message_len_max: wire::WISH_LEN_MAX,
            queue_bytes_max: wire::QUEUE_LEN_MAX,
            ..chat_limits(&app.config.limits)
        },
        _ => chat_limits(&app.config.limits),
    };
    let mut socket = WebSocket::new(opened.stream, &opened.leftover, limits);
    match opened.upgrade {
        Upgrade::News(admission) => {
            let guest = guest(peer, &socket, &admission.session);
            let coming = Box::pin(app.hub.follow(guest));
            Box::pin(async move {
                let served = follow_news(app, &mut socket, &admission, coming).await;
                farewell(&mut socket, served).await
            })
        }
        Upgrade::Chat {
            admission,
            group,
            after,
        } => {
            let guest = guest(peer, &socket, &admission.session);
            let coming = Box::pin(app.hub.enter(guest, group, after));
            Box::pin(async move {
                let served = talk(app, &mut socket, &admission, coming).await;
                farewell(&mut socket, served).await
            })
        }
        Upgrade::Echo => Box::pin(async move {
            let served = say_back(app, &mut socket).await;
            farewell(&mut socket, served).await
        }),
        Upgrade::Wire(watcher) => Box::pin(async move {
            wire::serve(app, &mut socket, &watcher).await;
            farewell(&mut socket, Ok(())).await
        }),
    }
}

/// How it ended; where the database could not be read, that is told, and the socket closed.
async fn farewell<S: Stream>(socket: &mut WebSocket<S>, served: Result<(), StoreError>) -> String {
    if let Err(error) = served {
        socket.socket().close(
            CloseCode::INTERNAL_ERROR,
            "The server could not read its database.",
        );
        while socket.next().await.is_some() {}
        return format!("by us, {error}");
    }
    socket.ended().map(ToString::to_string).unwrap_or_default()
}

fn chat_limits(limits: &Limits) -> WebSocketLimits {
    WebSocketLimits {
        message_len_max: limits.websocket_message_bytes_max,
        queue_bytes_max: limits.websocket_queue_bytes_max,
        ping_every: limits.websocket_ping_interval,
        dead_after: limits.websocket_dead_after,
        close_wait: limits.websocket_close_wait,
        linger: limits.lingering_close,
    }
}

fn echo_limits(limits: &Limits) -> WebSocketLimits {
    WebSocketLimits {
        message_len_max: ECHO_LEN_MAX,
        queue_bytes_max: ECHO_LEN_MAX,
        ..chat_limits(limits)
    }
}

/// `coming` and whatever else takes a moment is boxed: an open page that only listens holds no room for it.
async fn talk<S: Stream>(
    app: &App,
    socket: &mut WebSocket<S>,
    Admission { session, .. }: &Admission,
    coming: Pin<Box<impl Future<Output = Result<Option<(RoomVisit, Opening)>, StoreError>>>>,
) -> Result<(), StoreError> {
    let Some((mut visit, opening)) = coming.await? else {
        // They left the group since the handshake.
        turn_out(socket.socket());
        while socket.next().await.is_some() {}
        return Ok(());
    };
    Box::pin(tell_opening(app, socket, session, &mut visit, opening)).await?;
    while let Some(text) = hear(app, socket, session).await {
        Box::pin(app.sessions.touch(session, app::steady_now())).await;
        if is_over(session).await {
            // It expired, and only now somebody noticed. `hear` tells so.
            continue;
        }
        let heard = Box::pin(visit.hear(&text, app::now()));
        if let Some(frames) = heard.await? {
            socket.socket().offer(&frames);
        }
    }
    Ok(())
}

/// Tells what comes first, part by part, each once the one before is on its way. It ends early if nobody is
/// there to hear it any more, or should.
async fn tell_opening<S: Stream>(
    app: &App,
    socket: &mut WebSocket<S>,
    session: &SessionView,
    visit: &mut RoomVisit,
    mut opening: Opening,
) -> Result<(), StoreError> {
    while let Some(frames) = visit.tell(&mut opening).await? {
        tokio::select! {
            biased;
            _ = session.ended() => return Ok(()),
            () = app.stopped() => return Ok(()),
            offered = socket.send(&frames) => if offered != Offered::Taken {
                return Ok(());
            },
        }
    }
    Ok(())
}

async fn follow_news<S: Stream>(
    app: &App,
    socket: &mut WebSocket<S>,
    Admission { session, .. }: &Admission,
    coming: Pin<Box<impl Future<Output = Result<NewsVisit, StoreError>>>>,
) -> Result<(), StoreError> {
    let mut visit = coming.await?;
    Box::pin(visit.open()).await?;
    // Whatever comes in here means nothing.
    while hear(app, socket, session).await.is_some() {}
    Ok(())
}

async fn say_back<S: Stream>(app: &App, socket: &mut WebSocket<S>) -> Result<(), StoreError> {
    let mut stopped = false;
    loop {
        let incoming = tokio::select! {
            biased;
            () = app.stopped(), if !stopped => {
                stopped = true;
                socket.socket().close(CloseCode::GOING_AWAY, "The server stops.");
                continue;
            }
            incoming = socket.next() => incoming,
        };
        let mut frame = Vec::new();
        match incoming {
            Some(Incoming::Text(text)) => append_text_frame(&mut frame, text.as_bytes()),
            Some(Incoming::Binary(bytes)) => append_frame(&mut frame, Opcode::Binary, &bytes),
            None => return Ok(()),
        }
        let frame = frame.into();
        tokio::select! {
            biased;
            // A peer that does not read holds nobody up: the next turn closes.
            () = app.stopped(), if !stopped => {}
            _ = socket.send(&frame) => {}
        }
    }
}

/// The next text from the client. Meanwhile the session may end or the server stop: then the socket is
/// closed with the reason, and there is no next text.
async fn hear<S: Stream>(
    app: &App,
    socket: &mut WebSocket<S>,
    session: &SessionView,
) -> Option<String> {
    let mut closing = false;
    loop {
        tokio::select! {
            // A text that came after the session had ended is not carried out.
            biased;
            reason = session.ended(), if !closing => {
                closing = true;
                tell_end(socket.socket(), reason);
            }
            () = app.stopped(), if !closing => {
                closing = true;
                socket.socket().close(CloseCode::GOING_AWAY, "The server stops: reconnect soon.");
            }
            incoming = socket.next() => match incoming {
                // Nor is one that came while the socket was closing: nobody could be told.
                Some(_) if closing => {}
                Some(Incoming::Text(text)) => return Some(text),
                Some(Incoming::Binary(_)) => {
                    closing = true;
                    socket.socket().close(CloseCode(1003), "This socket carries text only.");
                }
                None => return None,
            },
        }
    }
}

/// Whether the session has ended by now.
async fn is_over(session: &SessionView) -> bool {
    tokio::select! {
        biased;
        _ = session.ended() => true,
        () = std::future::ready(()) => false,
    }
}

fn tell_end<S: Stream>(socket: &Socket<S>, reason: EndReason) {
    let mut frame = Vec::new();
    append_text_frame(
        &mut frame,
        &event::encode_session_ended(reason.code(), &reason.to_string()),
    );
    socket.offer(&frame.into());
    socket.close(SESSION_ENDED, "The session ended.");
}

fn guest<S: Stream>(peer: SocketAddr, socket: &WebSocket<S>, session: &SessionView) -> Guest {
    Guest {
        user: session.user().id,
        name: session.user().name.as_str().into(),
        // An IPv4 client of an IPv6 socket is shown as what it is.
        address: peer.ip().to_canonical(),
        outlet: socket.socket().clone(),
    }
}

/// What a WebSocket runs over.
trait Stream: AsyncRead + WriteChunks + Unpin + Send + 'static {}
impl<S: AsyncRead + WriteChunks + Unpin + Send + 'static> Stream for S {}

/// The chat's view of a WebSocket.
impl<S: Stream> Outlet for Socket<S> {
    fn offer(&self, frames: &Bytes) -> bool {
        Self::offer(self, frames) == Offered::Taken
    }

    fn close(&self, why: CloseReason) {
        match why {
            CloseReason::TooSlow => Self::close(
                self,
                CloseCode::TRY_AGAIN_LATER,
                "Too much waits for you: reconnect.",
            ),
            CloseReason::NotMember => turn_out(self),
            CloseReason::Interrupted => Self::close(
                self,
                CloseCode::TRY_AGAIN_LATER,
                "The conversation was interrupted: reconnect.",
            ),
        }
    }
}

fn turn_out<S: Stream>(socket: &Socket<S>) {
    socket.close(CloseCode::POLICY_VIOLATION, "You are not in this group.");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Stream;
    use std::future::Ready;

    type Coming = Pin<Box<Ready<Result<Option<(RoomVisit, Opening)>, StoreError>>>>;

    fn future_len<A, B, C, D, F>(_: fn(A, B, C, D) -> F) -> usize {
        size_of::<F>()
    }

    /// It is what most connections do most of the time: the memory of a server goes for that.
    #[test]
    fn a_page_that_only_listens_holds_less_than_a_kilobyte() {
        let talk_len = future_len(
            talk::<Stream>
                as fn(
                    &'static App,
                    &'static mut WebSocket<Stream>,
                    &'static Admission,
                    Coming,
                ) -> _,
        );
        let held_len = size_of::<WebSocket<Stream>>() + size_of::<Admission>() + talk_len;
        assert!(held_len < 1000, "{held_len}");
    }
}
