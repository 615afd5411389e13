//! The two ways in which bytes travel here: in clear, or within TLS. Above this room nobody needs to know which.
//! No protocol is understood here, and nothing is kept: the tap only shows what passes.

pub mod tap;

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use tap::Tap;

use crate::octets::Chunk;

/// So many chunks go into one system call. More gain little: a socket that let them gather has no room for many.
pub const CHUNKS_MAX: usize = 16;

/// A stream that hears of the bytes written to it which of them are shared, for those who keep what passes.
pub trait WriteChunks: AsyncWrite {
    /// Writes what it can of the first `CHUNKS_MAX` chunks, one behind the other, in one go, and gives how many bytes that was.
    ///
    /// # Errors
    /// Of the stream.
    fn poll_write_chunks(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        chunks: &[Chunk<'_>],
    ) -> Poll<io::Result<usize>> {
        with_slices(chunks, |slices| self.poll_write_vectored(context, slices))
    }
}

// Streams that show nothing to anybody.
impl WriteChunks for TcpStream {}
impl WriteChunks for DuplexStream {}
impl<S: AsyncRead + AsyncWrite + Unpin> WriteChunks for TlsStream<S> {}

/// Hands chunks on as slices, so that they are written together; empty ones would only cost.
fn with_slices<T>(chunks: &[Chunk<'_>], write: impl FnOnce(&[IoSlice<'_>]) -> T) -> T {
    let mut slices = [IoSlice::new(&[]); CHUNKS_MAX];
    let bytes = chunks.iter().map(|chunk| chunk.as_slice());
    let filled = slices
        .iter_mut()
        .zip(bytes.filter(|bytes| !bytes.is_empty()))
        .map(|(slice, bytes)| *slice = IoSlice::new(bytes))
        .count();
    write(slices.get(..filled).unwrap_or_default())
}

/// A connection's stream of application bytes. One tap lies under TLS and shows what the network sees; above TLS another shows what was
/// wrapped in it.
#[derive(Debug)]
pub enum Stream {
    /// HTTP in clear: the application's bytes are the network's.
    Plain(Tap<TcpStream>),
    /// Within TLS, between two taps. Boxed, since it is ten times as large and would make every plain connection as large.
    Tls(Box<Tap<TlsStream<Tap<TcpStream>>>>),
}

impl Stream {
    /// How many of the client's bytes TLS has opened and nobody has read yet. In clear there are none: what was read is handed up.
    pub fn waiting_len(&mut self) -> usize {
        match self {
            Self::Plain(_) => 0,
            Self::Tls(tapped) => {
                let (_, session) = tapped.get_mut().get_mut();
                // Nothing has come in since it was asked last: it only says how it stands. A broken session gives no more bytes.
                let state = session.process_new_packets();
                state.map_or(0, |state| state.plaintext_bytes_to_read())
            }
        }
    }
}

macro_rules! on_either {
    ($self:ident, $stream:ident => $call:expr) => {
        match $self.get_mut() {
            Self::Plain($stream) => {
                let $stream = Pin::new($stream);
                $call
            }
            Self::Tls($stream) => {
                let $stream = Pin::new($stream.as_mut());
                $call
            }
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = on_either!(self, stream => stream.poll_read(context, buffer));
        match read {
            // Browsers end TLS connections without `close_notify`; HTTP and WebSocket know by
            // themselves where a message ends, so nothing is lost by calling that an end.
            Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Poll::Ready(Ok(()))
            }
            read => read,
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_either!(self, stream => stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_either!(self, stream => stream.poll_write_vectored(context, slices))
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_either!(self, stream => stream.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_either!(self, stream => stream.poll_shutdown(context))
    }
}

impl WriteChunks for Stream {
    fn poll_write_chunks(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        chunks: &[Chunk<'_>],
    ) -> Poll<io::Result<usize>> {
        on_either!(self, stream => stream.poll_write_chunks(context, chunks))
    }
}
