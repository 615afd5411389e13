//! One open WebSocket: its task receives messages, others send through its shared half.
//! No grammar: frames are made in `frame`, and put together to messages in `messages`.
//!
//! A connection passes through four phases: open; closing, until both Close frames are through;
//! lingering, until the peer's end of TCP is closed too; over.

mod socket;

use std::future::{Future, poll_fn};
use std::io;
use std::mem::MaybeUninit;
use std::ops::ControlFlow::{self, Break, Continue};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, timeout};

pub use socket::{Offered, Socket};

use super::close::{CloseCode, Ended, EndedBy};
use super::frame::{Opcode, append_frame};
use super::limits::WebSocketLimits;
use super::messages::{Event, Messages, Violation};
use crate::transport::WriteChunks;

/// One read takes at most this much, a TLS record's content. It lies on the stack, so that a
/// connection holds no read buffer while it waits.
const READ_LEN_MAX: usize = 16 * 1024;

/// An empty Ping from a server.
const PING: Bytes = Bytes::from_static(b"\x89\x00");

/// A whole message from the peer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// Valid UTF-8.
    Text(String),
    /// Any bytes.
    Binary(Bytes),
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Open,
    /// A Close of ours is queued; `peer_done` once the peer's came, or nothing more can come.
    Closing {
        peer_done: bool,
    },
    /// Both sides have said all. Closing TCP now, with bytes unread, would make the kernel send a
    /// reset that overtakes our Close: so read to the end first (RFC 6455 §7.1.1).
    Lingering {
        shut_down: bool,
    },
    Over,
}

/// The half of a connection that its own task holds.
pub struct WebSocket<S> {
    socket: Arc<Socket<S>>,
    messages: Messages,
    limits: WebSocketLimits,
    phase: Phase,
    /// Open: the next Ping, or the moment the peer counts as gone. Later: the phase's deadline.
    alarm: Pin<Box<Sleep>>,
    last_heard: Instant,
    ended: Option<Ended>,
}

impl<S: AsyncRead + WriteChunks + Unpin> WebSocket<S> {
    /// Takes over `stream` after the 101 was written to it.
    ///
    /// `leftover` are bytes that were read together with the request and belong to its frames.
    /// Call it within a tokio runtime with time enabled.
    pub fn new(stream: S, leftover: &[u8], limits: WebSocketLimits) -> Self {
        let mut messages = Messages::new(limits.message_len_max);
        messages.feed(leftover);
        Self {
            socket: Arc::new(Socket::new(stream, limits.queue_bytes_max)),
            messages,
            limits,
            phase: Phase::Open,
            alarm: Box::pin(sleep(limits.ping_every.min(limits.dead_after))),
            last_heard: Instant::now(),
            ended: None,
        }
    }

    /// The half through which others, and this task too, send.
    #[must_use]
    pub fn socket(&self) -> &Arc<Socket<S>> {
        &self.socket
    }

    /// The next message; `None` once the connection is over, Close frames and TCP included.
    ///
    /// It also does everything else that keeps a connection going: it sends what waits in the
    /// outbox, answers Pings, sends its own, and carries out a close that anyone asked for. So it
    /// must be awaited most of the time.
    ///
    /// Cancel safe: dropped before it is ready, it has lost no message, and continues when called
    /// again.
    pub async fn next(&mut self) -> Option<Incoming> {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Offers frames once all earlier ones are on their way: for much at once, such as a history
    /// in parts, that would be over the bound on what may wait.
    ///
    /// Does not receive meanwhile. A peer that needs longer than `dead_after` is closed with 1013.
    /// Dropped before it is ready, it has offered nothing.
    pub async fn send(&mut self, frames: &Bytes) -> Offered {
        let transmitted = poll_fn(|cx| match self.socket.poll_transmit(cx) {
            // Whoever asks for a close is not kept waiting by a peer that reads slowly.
            Poll::Pending if self.socket.closing().is_some() => Poll::Ready(Ok(())),
            step => step,
        });
        match timeout(self.limits.dead_after, transmitted).await {
            Ok(Ok(())) => self.socket.offer(frames),
            Ok(Err(error)) => {
                self.socket.fail(error);
                Offered::Closed
            }
            Err(_elapsed) => self.socket.give_up(),
        }
    }

    /// How the connection ended; `None` while it is open.
    #[must_use]
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Incoming>> {
        loop {
            self.phase = match self.phase {
                Phase::Open => match ready!(self.poll_open(cx)) {
                    Continue(incoming) => return Poll::Ready(Some(incoming)),
                    Break(phase) => phase,
                },
                Phase::Closing { peer_done } => ready!(self.poll_closing(cx, peer_done)),
                Phase::Lingering { shut_down } => ready!(self.poll_lingering(cx, shut_down)),
                Phase::Over => {
                    self.socket.drop_stream();
                    return Poll::Ready(None);
                }
            }
        }
    }

    /// The next message, or the phase that begins.
    fn poll_open(&mut self, cx: &mut Context<'_>) -> Poll<ControlFlow<Phase, Incoming>> {
        if let Poll::Ready(Err(error)) = self.socket.poll_transmit(cx) {
            return Poll::Ready(Break(self.broken(&error)));
        }
        loop {
            if let Some((code, reason)) = self.socket.closing() {
                self.end(EndedBy::Us, code, reason);
                return Poll::Ready(Break(self.closing(false)));
            }
            let event = match self.messages.next_event() {
                Ok(event) => event,
                Err(Violation { code, reason }) => {
                    self.socket.close(code, &reason);
                    self.end(EndedBy::Us, code, reason);
                    // What follows a broken frame cannot be told apart, the peer's Close neither.
                    return Poll::Ready(Break(self.closing(true)));
                }
            };
            match event {
                Some(Event::Text(text)) => return Poll::Ready(Continue(Incoming::Text(text))),
                Some(Event::Binary(bytes)) => {
                    return Poll::Ready(Continue(Incoming::Binary(bytes)));
                }
                Some(Event::Ping(payload)) => self.answer_ping(&payload),
                Some(Event::Pong) => {}
                Some(Event::Close { code, reason }) => {
                    self.socket.close(code, "");
                    self.end(EndedBy::Peer, code, reason);
                    return Poll::Ready(Break(self.closing(true)));
                }
                None => match self.poll_hear(cx) {
                    Poll::Ready(Ok(0)) => {
                        let how = "ended without a Close frame".to_owned();
                        self.end(EndedBy::Peer, CloseCode::ABNORMAL, how);
                        return Poll::Ready(Break(self.lingering()));
                    }
                    Poll::Ready(Ok(_)) => {}
                    Poll::Ready(Err(error)) => return Poll::Ready(Break(self.broken(&error))),
                    Poll::Pending => return self.poll_alarm(cx).map(Break),
                },
            }
        }
    }

    /// Sends what waits, our Close at its end, and waits for the peer's.
    fn poll_closing(&mut self, cx: &mut Context<'_>, mut peer_done: bool) -> Poll<Phase> {
        let Ok(sent) = is_done(self.socket.poll_transmit(cx)) else {
            return Poll::Ready(Phase::Over);
        };
        while !peer_done {
            match self.messages.next_event() {
                Ok(Some(Event::Close { .. })) | Err(_) => peer_done = true,
                // Too late: it is not acknowledged, so its sender knows that it was not taken.
                Ok(Some(_)) => {}
                Ok(None) => match self.poll_hear(cx) {
                    Poll::Ready(Ok(heard_len)) => peer_done = heard_len == 0,
                    Poll::Ready(Err(_)) => return Poll::Ready(Phase::Over),
                    Poll::Pending => break,
                },
            }
        }
        self.phase = Phase::Closing { peer_done };
        if !(sent && peer_done) {
            ready!(self.alarm.as_mut().poll(cx));
        }
        Poll::Ready(if sent { self.lingering() } else { Phase::Over })
    }

    /// Closes our end of TCP, then reads until the peer has closed its own.
    fn poll_lingering(&mut self, cx: &mut Context<'_>, mut shut_down: bool) -> Poll<Phase> {
        if !shut_down {
            match is_done(self.socket.poll_shutdown(cx)) {
                Ok(done) => shut_down = done,
                Err(_) => return Poll::Ready(Phase::Over),
            }
            self.phase = Phase::Lingering { shut_down };
        }
        let peer_shut_down = loop {
            match self.poll_hear(cx) {
                Poll::Ready(Ok(0) | Err(_)) => break true,
                Poll::Ready(Ok(_)) => {}
                Poll::Pending => break false,
            }
        };
        if !(shut_down && peer_shut_down) {
            ready!(self.alarm.as_mut().poll(cx));
        }
        Poll::Ready(Phase::Over)
    }

    /// Sends a Ping when it is time; ready when it is time to give the peer up.
    fn poll_alarm(&mut self, cx: &mut Context<'_>) -> Poll<Phase> {
        loop {
            ready!(self.alarm.as_mut().poll(cx));
            let now = Instant::now();
            let dead_at = self.last_heard + self.limits.dead_after;
            if now >= dead_at {
                let silence = format!("silent for {:?}", self.limits.dead_after);
                self.end(EndedBy::Us, CloseCode::ABNORMAL, silence);
                return Poll::Ready(Phase::Over);
            }
            self.socket.offer(&PING);
            self.alarm
                .as_mut()
                .reset(dead_at.min(now + self.limits.ping_every));
        }
    }

    /// Reads once; gives how many bytes came, 0 at the end.
    fn poll_hear(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut space = [MaybeUninit::uninit(); READ_LEN_MAX];
        let mut heard = ReadBuf::uninit(&mut space);
        ready!(self.socket.poll_receive(cx, &mut heard))?;
        self.last_heard = Instant::now();
        if !matches!(self.phase, Phase::Lingering { .. }) {
            self.messages.feed(heard.filled());
        }
        Poll::Ready(Ok(heard.filled().len()))
    }

    /// RFC 6455 §5.5.3: a Pong carries what the Ping carried.
    fn answer_ping(&self, payload: &[u8]) {
        let mut pong = Vec::new();
        append_frame(&mut pong, Opcode::Pong, payload);
        self.socket.offer(&pong.into());
    }

    fn closing(&mut self, peer_done: bool) -> Phase {
        let deadline = Instant::now() + self.limits.close_wait;
        self.alarm.as_mut().reset(deadline);
        Phase::Closing { peer_done }
    }

    fn lingering(&mut self) -> Phase {
        let deadline = Instant::now() + self.limits.linger;
        self.alarm.as_mut().reset(deadline);
        Phase::Lingering { shut_down: false }
    }

    /// The stream failed: nothing more can be sent or heard.
    fn broken(&mut self, error: &io::Error) -> Phase {
        self.end(EndedBy::Peer, CloseCode::ABNORMAL, error.to_string());
        Phase::Over
    }

    fn end(&mut self, by: EndedBy, code: CloseCode, reason: String) {
        self.ended = Some(Ended { by, code, reason });
    }
}

/// A task that is cancelled takes its connection with it, whoever else still holds the socket.
impl<S> Drop for WebSocket<S> {
    fn drop(&mut self) {
        self.socket.drop_stream();
    }
}

/// Whether a step is done, for phases that go on with something else while it is not.
fn is_done(step: Poll<io::Result<()>>) -> io::Result<bool> {
    match step {
        Poll::Ready(result) => result.map(|()| true),
        Poll::Pending => Ok(false),
    }
}
