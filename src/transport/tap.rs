//! The tap: a stream that shows each chunk and its direction to a closure, and changes nothing.
//! It does not know what the chunks mean, keep them, or look at a clock.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{CHUNKS_MAX, WriteChunks, with_slices};
use crate::octets::{Chunk, Direction};

/// What the tap saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen<'a> {
    /// These bytes crossed the socket in one go, one behind the other; none is empty, and there is one at least.
    Chunks(&'a [Chunk<'a>]),
    /// This direction has ended, in order (FIN). Told once.
    End,
}

/// Who is shown what passes. Called on the connection's own task, so it must be quick.
pub type Observer = Arc<dyn Fn(Direction, Seen<'_>) + Send + Sync>;

/// A stream that passes everything through, and shows it.
pub struct Tap<S> {
    stream: S,
    observer: Option<Observer>,
    client_ended: bool,
    server_ended: bool,
}

impl<S> Tap<S> {
    /// With no observer, a tap costs one comparison a call.
    pub fn new(stream: S, observer: Option<Observer>) -> Self {
        Self {
            stream,
            observer,
            client_ended: false,
            server_ended: false,
        }
    }

    /// The stream below.
    pub fn get_ref(&self) -> &S {
        &self.stream
    }

    /// The stream below, to ask it something: what is read from it or written to it here is not shown.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.stream
    }

    fn show(&self, direction: Direction, seen: Seen<'_>) {
        if let Some(observer) = &self.observer {
            observer(direction, seen);
        }
    }

    /// Shows the chunks that were to be written as far as they were taken.
    fn show_written<'a>(
        &self,
        written: &Poll<io::Result<usize>>,
        chunks: impl Iterator<Item = Chunk<'a>>,
    ) {
        let (Poll::Ready(Ok(len)), Some(observer)) = (written, &self.observer) else {
            return;
        };
        let mut left = *len;
        let mut taken = chunks.filter_map(|chunk| {
            let taken_len = left.min(chunk.as_slice().len());
            left -= taken_len;
            (taken_len > 0).then(|| chunk.first(taken_len))
        });
        // TLS writes more of them at once than we do.
        loop {
            let mut together = [Chunk::Borrowed(&[]); CHUNKS_MAX];
            let places = together.iter_mut().zip(taken.by_ref());
            let count = places.map(|(place, chunk)| *place = chunk).count();
            match together.get(..count) {
                Some(together @ [_, ..]) => observer(Direction::FromServer, Seen::Chunks(together)),
                _ => break,
            }
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Tap<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tap")
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled_before = buffer.filled().len();
        let had_room = buffer.remaining() > 0;
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if let Poll::Ready(Ok(())) = &read {
            match buffer.filled().get(filled_before..) {
                Some(chunk) if !chunk.is_empty() => {
                    self.show(Direction::FromClient, Seen::Chunks(&[chunk.into()]));
                }
                // Nothing read although there was room: the peer has sent its FIN.
                _ if had_room && !self.client_ended => {
                    self.client_ended = true;
                    self.show(Direction::FromClient, Seen::End);
                }
                _ => {}
            }
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        if let Poll::Ready(Ok(len)) = written
            && let Some(chunk @ [_, ..]) = bytes.get(..len)
        {
            self.show(Direction::FromServer, Seen::Chunks(&[chunk.into()]));
        }
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.show_written(&written, slices.iter().map(|slice| Chunk::Borrowed(slice)));
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(context);
        if matches!(shut, Poll::Ready(Ok(()))) && !self.server_ended {
            self.server_ended = true;
            self.show(Direction::FromServer, Seen::End);
        }
        shut
    }
}

impl<S: AsyncWrite + Unpin> WriteChunks for Tap<S> {
    fn poll_write_chunks(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        chunks: &[Chunk<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        let written = with_slices(chunks, |slices| stream.poll_write_vectored(context, slices));
        self.show_written(&written, chunks.iter().copied());
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use std::future::poll_fn;
    use std::sync::Mutex;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    fn joined(chunks: &[Chunk<'_>]) -> Vec<u8> {
        let slices: Vec<_> = chunks.iter().map(|chunk| chunk.as_slice()).collect();
        slices.concat()
    }

    type Log = Arc<Mutex<Vec<(Direction, Option<Vec<u8>>)>>>;

    fn tapped<S>(stream: S) -> (Tap<S>, Log) {
        let log = Log::default();
        let seen_log = log.clone();
        let observer: Observer = Arc::new(move |direction, seen| {
            let bytes = match seen {
                Seen::Chunks(chunks) => Some(joined(chunks)),
                Seen::End => None,
            };
            seen_log.lock().unwrap().push((direction, bytes));
        });
        (Tap::new(stream, Some(observer)), log)
    }

    #[tokio::test]
    async fn every_byte_is_shown_once_in_its_direction_and_each_end_once() {
        let (mut client, server) = duplex(4);
        let (mut server, log) = tapped(server);
        client.write_all(b"abc").await.unwrap();
        client.shutdown().await.unwrap();
        let mut received = Vec::new();
        server.read_to_end(&mut received).await.unwrap();
        assert_eq!(server.read(&mut [0; 8]).await.unwrap(), 0);
        let answer = async {
            // More than the pipe takes at once: only what was taken is shown.
            server.write_all(b"0123456789").await.unwrap();
            server.shutdown().await.unwrap();
            server.shutdown().await.unwrap();
        };
        let mut answered = Vec::new();
        let (_, read) = tokio::join!(answer, client.read_to_end(&mut answered));
        assert_eq!(read.unwrap(), 10);

        let log = log.lock().unwrap();
        let of = |wanted| {
            log.iter()
                .filter(move |(direction, _)| *direction == wanted)
        };
        let bytes = |wanted| {
            of(wanted)
                .flat_map(|(_, chunk)| chunk.clone().unwrap_or_default())
                .collect::<Vec<_>>()
        };
        assert_eq!(bytes(Direction::FromClient), b"abc");
        assert_eq!(bytes(Direction::FromServer), b"0123456789");
        for direction in [Direction::FromClient, Direction::FromServer] {
            assert_eq!(
                of(direction).filter(|(_, chunk)| chunk.is_none()).count(),
                1
            );
            assert_eq!(of(direction).next_back(), Some(&(direction, None)));
        }
    }

    #[tokio::test]
    async fn a_vectored_write_is_shown_as_far_as_it_was_taken() {
        let (client, server) = duplex(5);
        let (mut server, log) = tapped(server);
        let slices = [
            IoSlice::new(b"ab"),
            IoSlice::new(b""),
            IoSlice::new(b"cdefgh"),
        ];
        let written = server.write_vectored(&slices).await.unwrap();
        let shown: Vec<u8> = log
            .lock()
            .unwrap()
            .iter()
            .flat_map(|(_, chunk)| chunk.clone().unwrap())
            .collect();
        assert_eq!(shown, b"abcdefgh"[..written]);
        drop(client);
    }

    #[tokio::test]
    async fn however_many_slices_are_written_at_once_all_of_them_are_shown() {
        for count in [CHUNKS_MAX - 1, CHUNKS_MAX, CHUNKS_MAX + 1, 3 * CHUNKS_MAX] {
            let bytes: Vec<u8> = (0..u8::try_from(count).unwrap()).collect();
            let (_client, server) = duplex(count);
            let (mut server, log) = tapped(server);
            let slices: Vec<_> = bytes.chunks(1).map(IoSlice::new).collect();
            assert_eq!(server.write_vectored(&slices).await.unwrap(), count);
            let shown = log.lock().unwrap().clone();
            let shown: Vec<u8> = shown.into_iter().flat_map(|(_, it)| it.unwrap()).collect();
            assert_eq!(shown, bytes);
        }
    }

    #[tokio::test]
    async fn shared_bytes_are_shown_shared_if_they_were_taken_whole() {
        let (head, content) = (&b"head"[..], Bytes::from_static(b"content"));
        for (room, expected) in [
            (11, vec![(4, false), (7, true)]),
            (10, vec![(4, false), (6, false)]),
            (4, vec![(4, false)]),
        ] {
            let (_client, server) = duplex(room);
            let shown = Arc::new(Mutex::new(Vec::<Vec<_>>::new()));
            let seen_log = shown.clone();
            let observer: Observer = Arc::new(move |_, seen| {
                let Seen::Chunks(chunks) = seen else { return };
                let told = chunks.iter().map(|chunk| {
                    let is_shared = matches!(chunk, Chunk::Shared(_));
                    (chunk.as_slice().len(), is_shared)
                });
                seen_log.lock().unwrap().push(told.collect());
            });
            let mut server = Tap::new(server, Some(observer));
            let chunks = [
                Chunk::Borrowed(head),
                Chunk::Borrowed(&[]),
                Chunk::Shared(&content),
            ];
            let write = poll_fn(|cx| Pin::new(&mut server).poll_write_chunks(cx, &chunks));
            assert_eq!(write.await.unwrap(), room);
            assert_eq!(*shown.lock().unwrap(), [expected]);
        }
    }
}
