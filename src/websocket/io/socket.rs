//! The half of a connection that others write through while its own task reads.
//! No frames are made here, and none are understood: whole ones come in, and leave in that order.

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::task::coop::unconstrained;

use crate::octets::Chunk;
use crate::transport::{CHUNKS_MAX, WriteChunks};
use crate::websocket::close::CloseCode;
use crate::websocket::outbox::Outbox;

/// What became of frames that were offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offered {
    /// They are with the operating system, or wait in order for their turn.
    Taken,
    /// Too much waits: the peer is being closed with 1013, and these frames were dropped.
    TooSlow,
    /// A Close was queued before, or the connection is gone.
    Closed,
}

/// One open WebSocket as all but its own task see it. Shared in an `Arc`.
pub struct Socket<S> {
    /// Held for a system call at most, never across an await.
    shared: Mutex<Shared<S>>,
    queue_bytes_max: usize,
}

struct Shared<S> {
    /// `None` once the connection is over.
    stream: Option<S>,
    outbox: Outbox,
    /// The stream took bytes that it may still hold itself, as TLS does with records.
    unflushed: bool,
    /// The connection's task, as it last waited.
    task: Option<Waker>,
    /// Why writing failed, until the connection's task has heard of it.
    failure: Option<io::Error>,
}

impl<S: AsyncRead + WriteChunks + Unpin> Socket<S> {
    pub(super) fn new(stream: S, queue_bytes_max: usize) -> Self {
        Self {
            shared: Mutex::new(Shared {
                stream: Some(stream),
                outbox: Outbox::default(),
                unflushed: false,
                task: None,
                failure: None,
            }),
            queue_bytes_max,
        }
    }

    /// Sends whole, encoded frames, or queues what the socket does not take at once.
    ///
    /// Returns without waiting, from any thread. The bound on the queue applies to what waits
    /// behind the entry under way. A peer over it loses what waits, and is told to come back:
    /// what it was sent up to then is without a gap.
    pub fn offer(&self, frames: &Bytes) -> Offered {
        let mut shared = self.lock();
        let was_idle = shared.is_idle();
        let offered = shared.offer(frames, self.queue_bytes_max);
        // The attempt made here has left a waker on the stream that wakes no one: what is left
        // needs the task's own. What was added to a queue goes with the rest of it.
        let is_left = was_idle && !shared.is_idle();
        let task = if is_left || offered == Offered::TooSlow {
            shared.task.take()
        } else {
            None
        };
        drop(shared);
        wake(task);
        offered
    }

    /// Asks for the end: what waits is sent, then a Close frame, then nothing more.
    ///
    /// The first code wins. The connection's task does the rest.
    pub fn close(&self, code: CloseCode, reason: &str) {
        let mut shared = self.lock();
        shared.outbox.close(code, reason);
        let task = shared.task.take();
        drop(shared);
        wake(task);
    }

    /// Closes with 1013 a peer that cannot keep up.
    pub(super) fn give_up(&self) -> Offered {
        self.lock().give_up()
    }

    /// The Close that was queued, by whoever was first.
    pub(super) fn closing(&self) -> Option<(CloseCode, String)> {
        self.lock().outbox.closing().cloned()
    }

    /// Moves what waits to the stream; ready once nothing waits. Remembers the calling task as the
    /// one to wake.
    pub(super) fn poll_transmit(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut shared = self.lock();
        match &mut shared.task {
            Some(task) => task.clone_from(cx.waker()),
            task => *task = Some(cx.waker().clone()),
        }
        if let Some(error) = shared.failure.take() {
            return Poll::Ready(Err(error));
        }
        shared.poll_transmit(cx)
    }

    /// Reads once; nothing filled means the end.
    pub(super) fn poll_receive(
        &self,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match &mut self.lock().stream {
            Some(stream) => Pin::new(stream).poll_read(cx, into),
            None => Poll::Ready(Ok(())),
        }
    }

    /// Tells the peer that nothing more will come.
    pub(super) fn poll_shutdown(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.lock().stream {
            Some(stream) => Pin::new(stream).poll_shutdown(cx),
            None => Poll::Ready(Ok(())),
        }
    }

    /// Notes that writing failed, for the next `poll_transmit` to tell.
    pub(super) fn fail(&self, error: io::Error) {
        self.lock().fail(error);
    }
}

impl<S> Socket<S> {
    /// Lets go of the stream and of all that waits, whoever still holds this half.
    pub(super) fn drop_stream(&self) {
        let mut shared = self.lock();
        shared.stream = None;
        shared.outbox = Outbox::default();
        shared.task = None;
    }

    /// A thread that panicked while it held the lock left at worst an unfinished frame, on this
    /// connection alone.
    fn lock(&self) -> MutexGuard<'_, Shared<S>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: WriteChunks + Unpin> Shared<S> {
    fn is_idle(&self) -> bool {
        self.outbox.is_empty() && !self.unflushed && self.failure.is_none()
    }

    fn offer(&mut self, frames: &Bytes, queue_bytes_max: usize) -> Offered {
        if self.stream.is_none() || self.outbox.closing().is_some() {
            return Offered::Closed;
        }
        if self.is_idle() {
            self.send_now(frames);
            if self.failure.is_some() {
                return Offered::Closed;
            }
        } else {
            self.outbox.push(frames.clone());
        }
        if self.outbox.cost_behind_first() > queue_bytes_max {
            return self.give_up();
        }
        Offered::Taken
    }

    fn give_up(&mut self) -> Offered {
        self.outbox.forget_waiting();
        self.outbox.close(
            CloseCode::TRY_AGAIN_LATER,
            "Too much waits for you: reconnect.",
        );
        Offered::TooSlow
    }

    /// One attempt to send frames before which nothing waits. It leaves no trace in the calling task.
    fn send_now(&mut self, frames: &Bytes) {
        // `unconstrained`, because tokio grants a task 128 operations before its sockets pretend
        // to be busy: a room's task writes to all its members in one go.
        let attempt = pin!(unconstrained(poll_fn(|cx| self.poll_send(cx, frames))));
        if let Poll::Ready(Err(error)) = attempt.poll(&mut Context::from_waker(Waker::noop())) {
            self.fail(error);
        }
    }

    /// Writes past the empty outbox; what the stream does not take at once waits there.
    fn poll_send(&mut self, cx: &mut Context<'_>, frames: &Bytes) -> Poll<io::Result<()>> {
        let written = match &mut self.stream {
            Some(stream) if !frames.is_empty() => {
                Pin::new(stream).poll_write_chunks(cx, &[Chunk::Shared(frames)])
            }
            _ => return Poll::Ready(Ok(())),
        };
        let sent_len = match written? {
            Poll::Ready(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
            Poll::Ready(sent_len) => sent_len,
            Poll::Pending => 0,
        };
        self.unflushed = sent_len > 0;
        if sent_len < frames.len() {
            self.outbox.push_rest(frames.clone(), sent_len);
        }
        self.poll_transmit(cx)
    }

    fn poll_transmit(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(Ok(()));
        };
        let mut stream = Pin::new(stream);
        while !self.outbox.is_empty() {
            let mut chunks = [Chunk::Borrowed(&[]); CHUNKS_MAX];
            let next = self.outbox.chunks(&mut chunks);
            let sent_len = ready!(stream.as_mut().poll_write_chunks(cx, next))?;
            if sent_len == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.unflushed = true;
            self.outbox.advance(sent_len);
        }
        if self.unflushed {
            ready!(stream.as_mut().poll_flush(cx))?;
            self.unflushed = false;
        }
        Poll::Ready(Ok(()))
    }

    fn fail(&mut self, error: io::Error) {
        self.failure = Some(error);
        self.stream = None;
        self.outbox = Outbox::default();
    }
}

/// Called without the lock, which the woken task takes first thing.
fn wake(task: Option<Waker>) {
    if let Some(task) = task {
        task.wake();
    }
}
