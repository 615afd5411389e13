//! Moves the bytes of HTTP between a stream and the pure files beside this one.
//! No grammar: what a head, a chunk or a response looks like is decided there.

mod alarm;

use std::cell::{Cell, RefCell};
use std::fmt;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};
use tokio::time::{Instant, timeout, timeout_at};

use self::alarm::Alarm;
use super::body::{
    BodyError, CHUNK_EXTENSIONS_LEN_MAX, CONTENT_LEN_MAX, Framing, decode_chunk_end,
    decode_chunk_line, decode_trailers,
};
use super::date;
use super::head::{HEAD_LEN_MAX, HeadError, RequestHead, Scanned, decode_request_head};
use super::response::{Circumstances, Response};
use super::status::StatusCode;
use crate::octets::{Chunk, Progress};
use crate::transport::WriteChunks;

/// How much is read at once. One such buffer serves all connections of a thread, so that those
/// which wait hold none.
const READ_LEN: usize = 16 * 1024;

/// The largest buffer that a thread keeps for the next response it writes: a long head, and content not worth sharing.
const OUT_KEPT_MAX: usize = 8 * 1024;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_LEN]);

    /// Where responses are put together. A connection has it while it writes one, and no longer.
    static OUT: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };

    /// The second that `Date` was written for last, and how it was written.
    static DATE: RefCell<(u64, String)> = const { RefCell::new((u64::MAX, String::new())) };
}

/// How long a peer may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadlines {
    /// From the first byte of a head to its last (408).
    pub head: Duration,
    /// For the whole content (408).
    pub content: Duration,
    /// Between two requests; then the connection is closed without a word (RFC 9112 §9.5).
    pub idle: Duration,
    /// Between two steps forward of a response that the peer reads slowly.
    pub write: Duration,
    /// For the peer to close, after we have.
    pub linger: Duration,
}

/// One connection that carries requests and responses, one after the other.
#[derive(Debug)]
pub struct HttpConnection<S> {
    stream: S,
    /// What has been read and not been used: the rest of this request, or the next ones.
    unread: BytesMut,
    deadlines: Deadlines,
    /// Until when the first head must be there; later heads are timed from their first byte.
    first_head_until: Option<Instant>,
    /// For the time between two requests.
    alarm: Alarm,
}

/// Why no request came out of a connection.
#[derive(Debug)]
pub enum ReadError {
    /// It is not a request, or one that is refused.
    Head(HeadError),
    /// Its content is refused.
    Body(BodyError),
    /// It took too long.
    TooSlow,
    /// The client ended in the middle of it. It may still be listening (RFC 9112 §8).
    Incomplete,
    /// The stream failed.
    Io(io::Error),
}

impl ReadError {
    /// The answer the peer gets; `None` if nobody is there any more.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Head(error) => Some(error.status()),
            Self::Body(error) => Some(error.status()),
            Self::TooSlow => Some(StatusCode::REQUEST_TIMEOUT),
            Self::Incomplete => Some(StatusCode::BAD_REQUEST),
            Self::Io(_) => None,
        }
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head(error) => error.fmt(f),
            Self::Body(error) => error.fmt(f),
            Self::TooSlow => f.write_str("The request did not arrive in time."),
            Self::Incomplete => f.write_str("The request ended before it was whole."),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl<S: AsyncRead + WriteChunks + Unpin> HttpConnection<S> {
    /// A fresh connection; its first head is timed from now.
    pub fn new(stream: S, deadlines: Deadlines) -> Self {
        let first_head_until = Instant::now() + deadlines.head;
        Self {
            stream,
            unread: BytesMut::new(),
            deadlines,
            first_head_until: Some(first_head_until),
            alarm: Alarm::set_for(first_head_until),
        }
    }

    /// The next request head; `None` if the connection ended, stayed idle for too long, or `stop`
    /// came first, in each case between two requests. There is no next one then, and a `stop` that was lent is used up.
    ///
    /// That holds for the time before the first request as well: browsers open connections ahead of need, and one of
    /// them would take a 408 that nothing asked for as the answer to what it sends at last.
    ///
    /// # Errors
    /// `Head`, `TooSlow`, `Incomplete`, `Io`.
    pub async fn next_head(
        &mut self,
        stop: impl Future<Output = ()>,
    ) -> Result<Option<RequestHead>, ReadError> {
        let mut stop = pin!(stop);
        let first_head_until = self.first_head_until.take();
        let (mut idle_until, mut head_until) = (first_head_until, first_head_until);
        let mut scanned = Scanned::default();
        let mut empty_len = 0;
        loop {
            let skipped_len = self.skip_empty_lines();
            if skipped_len > 0 {
                // An empty line wins no time, and needs no answer; a head of nothing else is too long some time.
                empty_len += skipped_len;
                if empty_len > HEAD_LEN_MAX {
                    return Err(ReadError::Head(HeadError::TooLong));
                }
                scanned = Scanned::default();
            }
            if self.unread.is_empty() {
                // What was timed was an empty line that came in two pieces.
                head_until = first_head_until;
                let until = *idle_until.get_or_insert_with(|| Instant::now() + self.deadlines.idle);
                if !self.first_bytes(until, stop.as_mut()).await {
                    return Ok(None);
                }
                continue;
            }
            match decode_request_head(&self.unread, &mut scanned).map_err(ReadError::Head)? {
                Progress::Done { value, used_bytes } => {
                    self.unread.advance(used_bytes);
                    return Ok(Some(value));
                }
                Progress::NeedMore => {
                    // A head that comes whole needs no clock.
                    let until =
                        *head_until.get_or_insert_with(|| Instant::now() + self.deadlines.head);
                    self.read_more(until).await?;
                }
            }
        }
    }

    /// How many bytes of the next request were read together with the one that is whole.
    pub fn unread_len(&mut self) -> usize {
        self.skip_empty_lines();
        self.unread.len()
    }

    /// The stream below, from which more may have been read than came up here.
    pub fn stream_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    /// Old clients send an empty line behind a form (RFC 9112 §2.2): that begins no request. How long those lines were.
    fn skip_empty_lines(&mut self) -> usize {
        let before = self.unread.len();
        while self.unread.starts_with(b"\r\n") {
            self.unread.advance(2);
        }
        before - self.unread.len()
    }

    /// Waits until then for the first bytes of a request, holding no buffer. False if there will be none.
    async fn first_bytes(&mut self, until: Instant, stop: impl Future<Output = ()>) -> bool {
        self.unread = BytesMut::new();
        let read_len = tokio::select! {
            biased;
            read_len = read_some(&mut self.stream, &mut self.unread) => read_len,
            () = self.alarm.at(until) => return false,
            () = stop => return false,
        };
        // A peer that resets an idle connection has closed it, if not politely.
        matches!(read_len, Ok(1..))
    }

    /// The content of the request whose head was read last. Sends `100 Continue` first if `expects_continue`
    /// and the content is not there yet (RFC 9110 §10.1.1).
    ///
    /// # Errors
    /// `Body`, `TooSlow`, `Incomplete`, `Io`.
    pub async fn read_content(
        &mut self,
        framing: Framing,
        expects_continue: bool,
    ) -> Result<Bytes, ReadError> {
        if matches!(framing, Framing::None) {
            return Ok(Bytes::new());
        }
        let until = Instant::now() + self.deadlines.content;
        if let Framing::Length(len) = framing
            && usize::try_from(len).map_or(true, |len| len > CONTENT_LEN_MAX)
        {
            return Err(ReadError::Body(BodyError::TooLong));
        }
        let content_follows = !matches!(framing, Framing::None | Framing::Length(0));
        if expects_continue && content_follows && self.unread.is_empty() {
            let nothing = Chunk::Borrowed(&[]);
            self.write_all(b"HTTP/1.1 100 Continue\r\n\r\n", nothing)
                .await?;
        }
        match framing {
            Framing::None => Ok(Bytes::new()),
            Framing::Length(len) => {
                let len = usize::try_from(len).map_err(|_| ReadError::Body(BodyError::TooLong))?;
                self.take_exactly(len, until).await
            }
            Framing::Chunked => self.read_chunks(until).await,
        }
    }

    async fn read_chunks(&mut self, until: Instant) -> Result<Bytes, ReadError> {
        let mut content = BytesMut::new();
        let mut extensions_len = 0;
        loop {
            let line = self.decode(decode_chunk_line, until).await?;
            extensions_len += line.extensions_at.len();
            if extensions_len > CHUNK_EXTENSIONS_LEN_MAX {
                return Err(ReadError::Body(BodyError::ChunkExtensions));
            }
            let chunk_size = usize::try_from(line.chunk_size).unwrap_or(usize::MAX);
            if chunk_size > CONTENT_LEN_MAX - content.len() {
                return Err(ReadError::Body(BodyError::TooLong));
            }
            if chunk_size == 0 {
                self.decode(decode_trailers, until).await?;
                return Ok(content.freeze());
            }
            content.extend_from_slice(&self.take_exactly(chunk_size, until).await?);
            self.decode(decode_chunk_end, until).await?;
        }
    }

    /// Reads until `decoder` is content with the bytes in front.
    async fn decode<T>(
        &mut self,
        decoder: impl Fn(&[u8]) -> Result<Progress<T>, BodyError>,
        until: Instant,
    ) -> Result<T, ReadError> {
        loop {
            match decoder(&self.unread).map_err(ReadError::Body)? {
                Progress::Done { value, used_bytes } => {
                    self.unread.advance(used_bytes);
                    return Ok(value);
                }
                Progress::NeedMore => self.read_more(until).await?,
            }
        }
    }

    async fn take_exactly(&mut self, len: usize, until: Instant) -> Result<Bytes, ReadError> {
        while self.unread.len() < len {
            self.read_more(until).await?;
        }
        Ok(self.unread.split_to(len).freeze())
    }

    async fn read_more(&mut self, until: Instant) -> Result<(), ReadError> {
        match timeout_at(until, read_some(&mut self.stream, &mut self.unread)).await {
            Err(_) => Err(ReadError::TooSlow),
            Ok(Err(error)) => Err(error.into()),
            Ok(Ok(0)) => Err(ReadError::Incomplete),
            Ok(Ok(_)) => Ok(()),
        }
    }

    /// Writes a response, in one write if the socket takes it.
    ///
    /// # Errors
    /// Of the stream; `TimedOut` if the peer stopped reading.
    pub async fn write_response(
        &mut self,
        response: &Response,
        circumstances: Circumstances,
    ) -> io::Result<()> {
        let mut out = OUT.take();
        let mut content = with_date(|date| response.encode_head(circumstances, date, &mut out));
        if content.as_slice().len() < Chunk::SHARED_LEN_MIN {
            out.extend_from_slice(content.as_slice());
            content = Chunk::Borrowed(&[]);
        }
        let written = self.write_all(&out, content).await;
        if out.capacity() <= OUT_KEPT_MAX {
            out.clear();
            OUT.set(out);
        }
        written
    }

    /// Writes the one, then the other; if that is shared, whoever keeps what passes needs no copy of it.
    async fn write_all(&mut self, head: &[u8], content: Chunk<'_>) -> io::Result<()> {
        let mut sent_len = 0;
        while sent_len < head.len() + content.as_slice().len() {
            let content_left = match sent_len.saturating_sub(head.len()) {
                0 => content,
                // The rest of it; its memory holds the whole.
                begun_len => rest_of(content.as_slice(), begun_len),
            };
            let chunks = [rest_of(head, sent_len), content_left];
            let written_len = self
                .in_time(|stream, context| stream.poll_write_chunks(context, &chunks))
                .await?;
            if written_len == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            sent_len += written_len;
        }
        self.in_time(|stream, context| stream.poll_flush(context))
            .await
    }

    /// Takes one step forward with a response, unless the peer reads too slowly.
    async fn in_time<T>(
        &mut self,
        mut step: impl FnMut(Pin<&mut S>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> io::Result<T> {
        let mut step = poll_fn(|context| step(Pin::new(&mut self.stream), context));
        // Mostly the socket takes it at once, and no clock is needed.
        if let Poll::Ready(done) = poll_fn(|cx| Poll::Ready(Pin::new(&mut step).poll(cx))).await {
            return done;
        }
        timeout(self.deadlines.write, step)
            .await
            .map_err(|_| io::Error::new(io::ErrorKind::TimedOut, "the peer stopped reading"))?
    }

    /// Says goodbye and waits a moment for the peer's: whoever closes with bytes unread makes the
    /// kernel reset the connection, and the peer may lose the response (RFC 9112 §9.6).
    pub async fn close(mut self) {
        let linger = self.deadlines.linger;
        let goodbye = async {
            self.stream.shutdown().await?;
            let mut discarded = BytesMut::new();
            while read_some(&mut self.stream, &mut discarded).await? > 0 {
                discarded.clear();
            }
            io::Result::Ok(())
        };
        // However it ends, the connection is over.
        let _ = timeout(linger, goodbye).await;
    }

    /// The stream and what was read beyond the last request, for the protocol that takes over.
    pub fn into_parts(self) -> (S, Bytes) {
        (self.stream, self.unread.freeze())
    }
}

fn rest_of(bytes: &[u8], sent_len: usize) -> Chunk<'_> {
    Chunk::Borrowed(bytes.get(sent_len..).unwrap_or_default())
}

/// Hands out the date of this moment as `Date` has it, which is written once a second.
fn with_date<T>(hand_out: impl FnOnce(&str) -> T) -> T {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = since.unwrap_or_default().as_secs();
    DATE.with_borrow_mut(|(second, text)| {
        if *second != now {
            (*second, *text) = (now, date::format(now));
        }
        hand_out(text)
    })
}

/// Reads once, through the thread's scratch buffer, and appends to `into`: a connection that waits owns no memory for it.
async fn read_some<S: AsyncRead + Unpin>(stream: &mut S, into: &mut BytesMut) -> io::Result<usize> {
    poll_fn(|context| {
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buffer = ReadBuf::new(scratch);
            match Pin::new(&mut *stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) => {
                    into.extend_from_slice(buffer.filled());
                    Poll::Ready(Ok(buffer.filled().len()))
                }
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Pending => Poll::Pending,
            }
        })
    })
    .await
}

#[cfg(test)]
mod tests;
