//! All connections in one stream of packets, as they happen, with their keys: for files that go on and for live readers.
//! Of each connection it keeps where its packets are and its secrets, and nothing once it is over.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::words;
use crate::octets::Direction;
use crate::wire::decrypt::{KeyLogLine, Secrets};
use crate::wire::event::{Event, What};
use crate::wire::log::{About, queue};
use crate::wire::pcapng::{self, Note, Tcp};

/// The connections that are open.
#[derive(Debug, Default)]
pub struct Stream {
    open: BTreeMap<u64, Connection>,
}

#[derive(Debug)]
struct Connection {
    about: Arc<About>,
    tcp: Tcp,
    secrets: Secrets,
    client_has_spoken: bool,
    server_has_ended: bool,
    /// Whether its packets so far are in an earlier file, and this one does not say so yet.
    is_continued: bool,
}

impl Stream {
    /// Appends what a file or stream begins with. In the middle of connections too: it opens by itself, with the secrets of those
    /// that are open.
    pub fn begin(&mut self, comment: &str, out: &mut Vec<u8>) {
        pcapng::begin(comment, out);
        for connection in self.open.values_mut() {
            let lines = connection.secrets.lines();
            let key_log: String = lines.map(|line| line.to_text() + "\n").collect();
            pcapng::secrets(&key_log, out);
            connection.is_continued = true;
        }
    }

    /// Appends what happened on the connection of this number. Those that did not begin here are passed over.
    pub fn tell(&mut self, number: u64, what: &queue::What, out: &mut Vec<u8>) {
        match what {
            queue::What::Opened(about) => self.opened(about, out),
            queue::What::Secret(line) => self.secret(number, line, out),
            queue::What::Event(event) => self.event(number, event, out),
            queue::What::Ended { time_ns, why } => self.ended(number, *time_ns, why, out),
            // The gap itself follows.
            queue::What::Left { .. } | queue::What::Unseen { .. } => {}
        }
    }

    fn opened(&mut self, about: &Arc<About>, out: &mut Vec<u8>) {
        if self.open.contains_key(&about.number) {
            return;
        }
        let comment = words::opening(about);
        let tcp = Tcp::open(
            about.client,
            about.server,
            about.opened_ns,
            Some(&comment),
            out,
        );
        let connection = Connection {
            about: Arc::clone(about),
            tcp,
            secrets: Secrets::default(),
            client_has_spoken: false,
            server_has_ended: false,
            is_continued: false,
        };
        self.open.insert(about.number, connection);
    }

    fn secret(&mut self, number: u64, line: &KeyLogLine, out: &mut Vec<u8>) {
        let Some(connection) = self.open.get_mut(&number) else {
            return;
        };
        let is_known = connection.secrets.get(line.label) == Some(&line.secret);
        if !is_known && connection.secrets.learn(line.clone()) {
            pcapng::secrets(&(line.to_text() + "\n"), out);
        }
    }

    fn event(&mut self, number: u64, event: &Event, out: &mut Vec<u8>) {
        if let Some(connection) = self.open.get_mut(&number) {
            connection.event(event, out);
        }
    }

    fn ended(&mut self, number: u64, time_ns: u64, why: &str, out: &mut Vec<u8>) {
        let Some(mut connection) = self.open.remove(&number) else {
            return;
        };
        if !connection.server_has_ended {
            connection.event(&words::end_event(time_ns, Some(why)), out);
        }
    }
}

impl Connection {
    fn event(&mut self, event: &Event, out: &mut Vec<u8>) {
        let mut notes = Vec::new();
        if !matches!(event.what, What::Missing(_)) && std::mem::take(&mut self.is_continued) {
            notes.push(words::continued(&self.about));
        }
        match (&event.what, event.direction) {
            (What::Bytes(bytes), Direction::FromClient) if !self.client_has_spoken => {
                self.client_has_spoken = true;
                notes.push(words::first_bytes(bytes).to_owned());
            }
            (What::End | What::Reset, Direction::FromServer) => self.server_has_ended = true,
            _ => {}
        }
        let notes: Vec<_> = notes.into_iter().map(|text| Note { at: 0, text }).collect();
        self.tcp.write_noted(event, &notes, out);
    }
}
