//! `--live`: whoever connects gets a capture of all connections, with their keys, while they happen.
//! A reader who is too slow is dropped: nobody waits for one. `waiting` holds what a reader has not had yet, `catch_up` tells them
//! what came before them.

mod catch_up;
mod waiting;

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout;

use super::ExportError;
use crate::log;
use crate::log::Log;
use crate::wire::both::Both;
use crate::wire::event;
use crate::wire::log::queue::What;
use crate::wire::log::{About, News, Sink, WireLog};
use catch_up::CatchUp;
use waiting::{End, Piece, Waiting};

/// So many readers at a time: a teacher, a projector, and some tries. Each costs the memory of what waits for it.
const READERS_MAX: usize = 8;

/// How much may wait for one reader, in bytes.
const WAITING_BYTES_MAX: usize = 16 * 1024 * 1024;

/// So many bytes of packets are made at once.
const PACKETS_LEN: usize = 256 * 1024;

/// How long readers may take to read the last of it when the program ends.
const FINISH_MAX: Duration = Duration::from_secs(2);

/// How long to wait when no reader can be accepted, as when all descriptors are in use.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What the stream says of itself.
const COMMENT: &str = "All connections of a running server, with their keys, as they happen.";

/// The live stream.
pub(super) struct Live {
    address: SocketAddr,
    listener: Mutex<Option<StdListener>>,
    audience: Arc<Audience>,
    accepting: Mutex<Option<JoinHandle<()>>>,
    is_over: watch::Sender<bool>,
}

impl Live {
    /// Opens the port.
    pub(super) fn open(address: SocketAddr, log: &Arc<Log>) -> Result<Self, ExportError> {
        let opened = StdListener::bind(address).and_then(|listener| {
            listener.set_nonblocking(true)?;
            Ok((listener.local_addr()?, listener))
        });
        let (address, listener) = opened.map_err(|error| ExportError::Live(address, error))?;
        Ok(Self {
            address,
            listener: Mutex::new(Some(listener)),
            audience: Arc::new(Audience::new(WAITING_BYTES_MAX, Arc::clone(log))),
            accepting: Mutex::default(),
            is_over: watch::Sender::new(false),
        })
    }

    /// Where readers connect.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins to accept readers.
    pub(super) fn serve(&self, wire: &Arc<WireLog>) -> Result<(), ExportError> {
        let Some(listener) = lock(&self.listener).take() else {
            return Ok(());
        };
        let listener = TcpListener::from_std(listener)
            .map_err(|error| ExportError::Live(self.address, error))?;
        let is_over = self.is_over.subscribe();
        let accepting = accept(
            listener,
            Arc::clone(&self.audience),
            Arc::clone(wire),
            is_over,
        );
        *lock(&self.accepting) = Some(tokio::spawn(accepting));
        Ok(())
    }

    /// Readers get what waits for them, and nothing more.
    pub(super) async fn finish(&self) {
        self.audience.close();
        self.is_over.send_replace(true);
        let accepting = lock(&self.accepting).take();
        if let Some(accepting) = accepting {
            let _ = accepting.await;
        }
    }
}

impl Sink for Live {
    fn take(&self, about: &Arc<About>, news: &News<'_>) {
        self.audience.tell(about, news);
    }
}

/// Those who read, and how far each connection is: whoever comes later has to know what they have missed.
struct Audience {
    waiting_bytes_max: usize,
    log: Arc<Log>,
    seats: Mutex<Seats>,
}

#[derive(Default)]
struct Seats {
    open: HashMap<u64, Position>,
    readers: Vec<Arc<Waiting>>,
    is_closed: bool,
}

/// How many bytes of a connection have been told.
struct Position {
    about: Arc<About>,
    told: Both<u64>,
}

impl Audience {
    fn new(waiting_bytes_max: usize, log: Arc<Log>) -> Self {
        Self {
            waiting_bytes_max,
            log,
            seats: Mutex::default(),
        }
    }

    /// Tells everybody.
    fn tell(&self, about: &Arc<About>, news: &News<'_>) {
        let mut seats = lock(&self.seats);
        let at = seats.note(about, news);
        if seats.readers.is_empty() {
            return;
        }
        let piece = Piece {
            number: about.number,
            at,
            what: What::of(about, news),
        };
        seats.readers.retain(|reader| reader.put(piece.clone()));
    }

    /// Takes a seat, from which everything is heard that is told from now on. Gives the connections that are open already.
    fn join(&self) -> Result<(Arc<Waiting>, Vec<Arc<About>>), &'static str> {
        let mut seats = lock(&self.seats);
        if seats.is_closed {
            return Err("the server stops");
        }
        if seats.readers.len() >= READERS_MAX {
            return Err("there are too many readers already");
        }
        let reader = Arc::new(Waiting::new(self.waiting_bytes_max));
        seats.readers.push(Arc::clone(&reader));
        let mut open: Vec<_> = seats.open.values().map(|it| it.about.clone()).collect();
        open.sort_by_key(|about| about.number);
        Ok((reader, open))
    }

    fn leave(&self, reader: &Arc<Waiting>) {
        lock(&self.seats)
            .readers
            .retain(|other| !Arc::ptr_eq(other, reader));
    }

    fn close(&self) {
        let mut seats = lock(&self.seats);
        seats.is_closed = true;
        for reader in seats.readers.drain(..) {
            reader.end(End::Closed);
        }
    }
}

impl Seats {
    /// Notes how far a connection is. Gives how far its direction was before.
    fn note(&mut self, about: &Arc<About>, news: &News<'_>) -> u64 {
        match news {
            News::Opened => {
                let told = Both::default();
                let about = Arc::clone(about);
                self.open.insert(about.number, Position { about, told });
            }
            News::Event(event) => {
                let position = self.open.get_mut(&about.number);
                let Some(told) = position.map(|it| it.told.of_mut(event.direction)) else {
                    return 0;
                };
                let at = *told;
                *told += match &event.what {
                    event::What::Bytes(bytes) => bytes.len() as u64,
                    event::What::Missing(missing) => missing.bytes,
                    event::What::End | event::What::Reset => 0,
                };
                return at;
            }
            News::Ended { .. } => {
                self.open.remove(&about.number);
            }
            News::Secret(_) => {}
        }
        0
    }
}

/// Accepts readers until it is over, then waits for them, not for long.
async fn accept(
    listener: TcpListener,
    audience: Arc<Audience>,
    wire: Arc<WireLog>,
    mut is_over: watch::Receiver<bool>,
) {
    let mut readers = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // An error means that the one who could say so is gone.
            _ = is_over.wait_for(|&is_over| is_over) => break,
            Some(_) = readers.join_next() => continue,
        };
        match accepted {
            Ok((socket, peer)) => {
                let reader = welcome(audience.clone(), wire.clone(), socket, peer);
                readers.spawn(reader);
            }
            Err(error) => {
                log!(
                    audience.log,
                    "--live can accept nobody at the moment: {error}"
                );
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    let _ = timeout(FINISH_MAX, async {
        while readers.join_next().await.is_some() {}
    })
    .await;
}

/// One reader from the first byte to the last.
async fn welcome(audience: Arc<Audience>, wire: Arc<WireLog>, socket: TcpStream, peer: SocketAddr) {
    let log = &audience.log;
    let (waiting, open) = match audience.join() {
        Ok(joined) => joined,
        Err(why) => {
            log!(log, "--live turned {peer} away: {why}");
            return;
        }
    };
    log!(log, "--live: {peer} reads along, keys included");
    let (mut said, out) = socket.into_split();
    let mut one_byte = [0];
    let ended = tokio::select! {
        // Readers of captures say nothing. Who does is perhaps a browser that some page has sent here.
        biased;
        said = said.read(&mut one_byte) => match said {
            Ok(1..) => "was dropped: it said something, as no reader of captures does",
            _ => "has left",
        },
        ended = feed(out, &waiting, CatchUp::new(wire), open) => match ended {
            Ok(End::Closed) => "has had everything",
            Ok(End::Overrun) => "was dropped: it reads too slowly",
            Err(_) => "has left",
        },
    };
    audience.leave(&waiting);
    log!(log, "--live: {peer} {ended}");
}

/// What has happened on the connections that are open, then what happens.
async fn feed(
    mut out: OwnedWriteHalf,
    waiting: &Waiting,
    mut catch_up: CatchUp,
    open: Vec<Arc<About>>,
) -> io::Result<End> {
    let mut packets = Vec::new();
    catch_up.begin(COMMENT, &mut packets);
    for about in open {
        (catch_up, packets) = off_the_async_threads(move || {
            catch_up.resume(&about, &mut packets);
            (catch_up, packets)
        })
        .await?;
        if let Some(end) = write(&mut out, waiting, &mut packets).await? {
            return Ok(end);
        }
    }
    write(&mut out, waiting, &mut packets).await?;
    loop {
        let mut pieces = match waiting.next().await {
            Ok(pieces) => pieces,
            Err(end) => {
                out.shutdown().await?;
                return Ok(end);
            }
        };
        while !pieces.is_empty() {
            (catch_up, packets, pieces) = off_the_async_threads(move || {
                while packets.len() < PACKETS_LEN
                    && let Some(piece) = pieces.pop_front()
                {
                    catch_up.tell(piece, &mut packets);
                }
                (catch_up, packets, pieces)
            })
            .await?;
            if let Some(end) = write(&mut out, waiting, &mut packets).await? {
                return Ok(end);
            }
        }
    }
}

/// Writes, unless meanwhile more waits than may.
async fn write(
    out: &mut OwnedWriteHalf,
    waiting: &Waiting,
    packets: &mut Vec<u8>,
) -> io::Result<Option<End>> {
    tokio::select! {
        written = out.write_all(packets) => written?,
        () = waiting.overrun() => return Ok(Some(End::Overrun)),
    }
    packets.clear();
    Ok(None)
}

async fn off_the_async_threads<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(io::Error::other)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Whoever panicked with the lock held did so between whole steps.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
