//! Stands between clients and a server, passes everything on, and writes down what passes.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use secure_chat::octets::Direction;
use secure_chat::wire::event::{Event, What};

/// One connection that passed.
#[derive(Debug, Clone)]
pub(crate) struct Recorded {
    pub(crate) client: SocketAddr,
    pub(crate) opened_ns: u64,
    pub(crate) events: Vec<Event>,
}

impl Recorded {
    /// All that one side sent.
    pub(crate) fn stream(&self, direction: Direction) -> Vec<u8> {
        stream(&self.events, direction)
    }
}

/// The bytes of one direction, in a row.
pub(crate) fn stream(events: &[Event], direction: Direction) -> Vec<u8> {
    events
        .iter()
        .filter(|event| event.direction == direction)
        .flat_map(|event| match &event.what {
            What::Bytes(bytes) => bytes.to_vec(),
            _ => Vec::new(),
        })
        .collect()
}

/// Listens until it is stopped.
pub(crate) struct Recorder {
    pub(crate) address: SocketAddr,
    connections: Arc<Mutex<Vec<Arc<Mutex<Recorded>>>>>,
    pumps: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Recorder {
    /// Passes connections to a port of its own on to `server`.
    pub(crate) fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let recorder = Self {
            address,
            connections: Arc::default(),
            pumps: Arc::default(),
        };
        let (connections, pumps) = (recorder.connections.clone(), recorder.pumps.clone());
        // The thread ends with the process: nothing waits for another client.
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                let server = TcpStream::connect(server).unwrap();
                let recorded = Arc::new(Mutex::new(Recorded {
                    client: client.peer_addr().unwrap(),
                    opened_ns: now_ns(),
                    events: Vec::new(),
                }));
                connections.lock().unwrap().push(recorded.clone());
                let copies = (
                    client.try_clone().unwrap(),
                    server.try_clone().unwrap(),
                    recorded.clone(),
                );
                let there =
                    thread::spawn(move || pump(client, server, Direction::FromClient, &recorded));
                let back = thread::spawn(move || {
                    pump(copies.1, copies.0, Direction::FromServer, &copies.2)
                });
                pumps.lock().unwrap().extend([there, back]);
            }
        });
        recorder
    }

    /// All connections, once both sides of each have ended.
    pub(crate) fn finished(&self) -> Vec<Recorded> {
        let pumps = std::mem::take(&mut *self.pumps.lock().unwrap());
        for pump in pumps {
            pump.join().unwrap();
        }
        self.connections
            .lock()
            .unwrap()
            .iter()
            .map(|it| it.lock().unwrap().clone())
            .collect()
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, direction: Direction, recorded: &Mutex<Recorded>) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let len = from.read(&mut buffer).unwrap_or(0);
        let what = match len {
            0 => What::End,
            len => What::Bytes(Bytes::copy_from_slice(&buffer[..len])),
        };
        // Before it is passed on, so that an answer cannot be written down before its question.
        recorded.lock().unwrap().events.push(Event {
            time_ns: now_ns(),
            direction,
            what,
            comment: None,
        });
        if len == 0 || to.write_all(&buffer[..len]).is_err() {
            let _ = to.shutdown(Shutdown::Write);
            return;
        }
    }
}

/// Now, as capture files count.
pub(crate) fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_nanos()).unwrap()
}
