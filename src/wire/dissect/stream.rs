//! Where messages begin and end in the two streams of one connection, and which response answers which request:
//! HTTP/1.1, then perhaps WebSocket. What stands in a message is told by `http` and `websocket`.
//!
//! It takes bytes as they come, in pieces of any size, and keeps no more of them than one head; so it serves a
//! live view as well as a finished recording.

mod content;
mod half;
mod line_scan;
mod message;
mod reading;

use std::collections::VecDeque;
use std::sync::Arc;

pub use message::{Message, What};

use half::Half;
use reading::Reading;

use super::http::framing::{self, Framing};
use super::http::head::Head;
use super::http::start_line::{RequestLine, StatusLine};
use crate::http::Fields;
use crate::octets::Direction;

/// The most requests that may wait for their responses; browsers do not pipeline, tests do.
pub const REQUESTS_WAITING_MAX: usize = 10_000;

/// The most bytes of a client that are held until it is known which protocol they speak, because the request
/// before them asks for another one. A client that keeps the rules sends none.
pub const HELD_LEN_MAX: usize = 1024 * 1024;

/// One connection.
#[derive(Debug)]
pub struct HttpStream {
    client: Half,
    server: Half,
    requests: VecDeque<Waiting>,
    /// What a client sent behind a request for another protocol.
    held: Vec<u8>,
    messages: u64,
}

/// A request that no final response has answered.
#[derive(Debug)]
struct Waiting {
    number: u64,
    method: Arc<str>,
    changes_protocol: bool,
}

impl Default for HttpStream {
    fn default() -> Self {
        Self {
            client: Half::new(Direction::FromClient),
            server: Half::new(Direction::FromServer),
            requests: VecDeque::new(),
            held: Vec::new(),
            messages: 0,
        }
    }
}

impl HttpStream {
    /// A connection on which nothing was said yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes of a direction.
    ///
    /// Gives each message that they began, continued or ended, as it stands now. A message is told again
    /// under the same `number` whenever it has grown, until it `is_whole`.
    pub fn push(&mut self, direction: Direction, bytes: &[u8]) -> Vec<Message> {
        let mut told = Vec::new();
        if direction == Direction::FromClient && self.client_waits() {
            self.hold(bytes, &mut told);
        } else {
            self.read(direction, bytes, &mut told);
        }
        told
    }

    /// Says that the next `len` bytes of a direction were not kept.
    ///
    /// Where they lie within content or payload, nothing is lost but them. Otherwise reading goes on with the first
    /// piece handed to `push` that begins like a message.
    pub fn skip(&mut self, direction: Direction, len: u64) -> Vec<Message> {
        let mut told = Vec::new();
        if direction == Direction::FromClient && self.client_waits() {
            // What was held lies before the gap.
            let held = std::mem::take(&mut self.held);
            self.client.reading = self.client.reading.lost();
            self.read(direction, &held, &mut told);
        }
        let passed = self.half(direction).pass(len, &mut told);
        if passed < len {
            let number = self.next_number();
            self.half(direction).lose(number, len - passed, &mut told);
            // Which request the next response answers is no longer known.
            self.requests.clear();
        }
        told
    }

    /// Says that a direction has ended: content that lasts to the end of the connection is whole now.
    pub fn end(&mut self, direction: Direction) -> Vec<Message> {
        let mut told = Vec::new();
        self.half(direction).end(&mut told);
        if direction == Direction::FromServer && self.client_waits() {
            self.client.reading =
                Reading::Unreadable("The server never agreed to another protocol.".into());
            self.release(&mut told);
            self.client.end(&mut told);
        }
        told
    }

    /// Whether the client's next bytes cannot be read before the server has answered.
    fn client_waits(&self) -> bool {
        self.client.reading.is_waiting()
    }

    fn half(&mut self, direction: Direction) -> &mut Half {
        match direction {
            Direction::FromClient => &mut self.client,
            Direction::FromServer => &mut self.server,
        }
    }

    fn next_number(&mut self) -> u64 {
        self.messages += 1;
        self.messages - 1
    }

    fn hold(&mut self, bytes: &[u8], told: &mut Vec<Message>) {
        if self.held.len() + bytes.len() <= HELD_LEN_MAX {
            self.held.extend_from_slice(bytes);
            return;
        }
        self.client.reading = Reading::Unreadable(
            "The client went on before the server had agreed to another protocol.".into(),
        );
        let held = std::mem::take(&mut self.held);
        self.read(Direction::FromClient, &held, told);
        self.read(Direction::FromClient, bytes, told);
    }

    /// Reads what was held, if the server's answer allows it: before the server's next response, which may
    /// answer a request that stands there.
    fn release(&mut self, told: &mut Vec<Message>) {
        if !self.client_waits() && !self.held.is_empty() {
            let held = std::mem::take(&mut self.held);
            self.read(Direction::FromClient, &held, told);
        }
    }

    fn read(&mut self, direction: Direction, mut bytes: &[u8], told: &mut Vec<Message>) {
        self.half(direction).find_beginning(bytes, told);
        while !bytes.is_empty() {
            if direction == Direction::FromClient && self.client_waits() {
                self.hold(bytes, told);
                return;
            }
            if self.half(direction).message.is_none() {
                let number = self.next_number();
                self.half(direction).begin(number);
            }
            let used = self.half(direction).read(bytes, told);
            bytes = bytes.get(used..).unwrap_or_default();
            if let Some(head) = self.half(direction).take_head() {
                match direction {
                    Direction::FromClient => self.request_head(&head, told),
                    Direction::FromServer => {
                        self.response_head(&head, told);
                        self.release(told);
                    }
                }
            }
        }
        self.half(direction).tell(told);
    }

    fn request_head(&mut self, bytes: &[u8], told: &mut Vec<Message>) {
        let head = Head::read(bytes);
        let fields = head.values(bytes);
        let line = text(bytes, &head.start_line.text);
        let Some(number) = self.client.name(What::Request { line: Some(line) }) else {
            return;
        };
        let parts = match RequestLine::read(bytes, &head.start_line.text) {
            Ok(parts) => parts,
            Err(error) => return self.client.end_unreadable(error.to_string(), told),
        };
        let is_http_1_0 = bytes.get(parts.version.clone()) == Some(b"HTTP/1.0");
        let (framing, breach) = framing::of_request(&fields, is_http_1_0);
        let method = text(bytes, &parts.method);
        let changes_protocol = &*method == "CONNECT"
            || (fields.contains("Upgrade") && fields.lists("Connection", "upgrade"));
        if self.requests.len() == REQUESTS_WAITING_MAX {
            return self
                .client
                .end_unreadable("Too many requests wait for an answer.".to_owned(), told);
        }
        self.requests.push_back(Waiting {
            number,
            method,
            changes_protocol,
        });
        if framing == Framing::Unknown {
            let why = breach.map(|error| error.to_string()).unwrap_or_default();
            return self.client.end_unreadable(why, told);
        }
        let next = if changes_protocol {
            Reading::Waiting
        } else {
            Reading::head()
        };
        self.client.content(framing, next, told);
    }

    fn response_head(&mut self, bytes: &[u8], told: &mut Vec<Message>) {
        let head = Head::read(bytes);
        let fields = head.values(bytes);
        let request = self.requests.front();
        let what = What::Response {
            line: Some(text(bytes, &head.start_line.text)),
            answers: request.map(|request| request.number),
            request_method: request.map(|request| request.method.clone()),
        };
        let method = request.map(|request| request.method.clone());
        self.server.name(what);
        let line = match StatusLine::read(bytes, &head.start_line.text) {
            Ok(line) => line,
            Err(why) => return self.server.end_unreadable(why.to_owned(), told),
        };
        let is_http_1_0 = bytes.get(line.version.clone()) == Some(b"HTTP/1.0");
        let method = method.as_deref().map(str::as_bytes);
        let (framing, breach) =
            framing::of_response(&fields, line.status_code, method, is_http_1_0);
        if framing == Framing::Unknown {
            let why = breach.map(|error| error.to_string()).unwrap_or_default();
            return self.server.end_unreadable(why, told);
        }
        let next = self.answered(line.status_code, &fields);
        self.server.content(framing, next, told);
    }

    /// What a response means for the request it answers, and for how the server goes on.
    fn answered(&mut self, status_code: u16, fields: &Fields) -> Reading {
        if matches!(status_code, 100 | 102..=199) {
            return Reading::head();
        }
        let request = self.requests.pop_front();
        let opens_tunnel = matches!(status_code, 200..=299)
            && request
                .as_ref()
                .is_some_and(|request| &*request.method == "CONNECT");
        if status_code == 101 || opens_tunnel {
            let agreed = agreed(status_code, fields);
            if self.client_waits() || self.client.message.is_none() {
                self.client.reading = agreed.clone();
            }
            return agreed;
        }
        if request.is_some_and(|request| request.changes_protocol) && self.client_waits() {
            self.client.reading = Reading::head();
        }
        Reading::head()
    }
}

/// What is spoken after 101, or 200 to CONNECT.
fn agreed(status_code: u16, fields: &Fields) -> Reading {
    if status_code == 101 && fields.lists("Upgrade", "websocket") {
        let deflate = fields.list("Sec-WebSocket-Extensions").any(|member| {
            let name = member
                .split(|&byte| byte == b';')
                .next()
                .unwrap_or_default();
            name.trim_ascii()
                .eq_ignore_ascii_case(b"permessage-deflate")
        });
        return Reading::frames(deflate);
    }
    Reading::Unreadable("From here on the connection speaks another protocol.".into())
}

fn text(bytes: &[u8], at: &std::ops::Range<usize>) -> Arc<str> {
    String::from_utf8_lossy(bytes.get(at.clone()).unwrap_or_default()).into()
}

/// All messages of a finished connection, in the order in which they were found: `client` and `server` are all
/// that each side sent.
#[must_use]
pub fn split(client: &[u8], server: &[u8]) -> Vec<Message> {
    /// Small enough that what a client sent before it was agreed on stays small, too.
    const PIECE_LEN: usize = 64 * 1024;
    let mut stream = HttpStream::new();
    let mut told = Vec::new();
    let mut client = client.chunks(PIECE_LEN);
    let mut server = server.chunks(PIECE_LEN);
    loop {
        let client_piece = if stream.client_waits() {
            None
        } else {
            client.next()
        };
        if let Some(piece) = client_piece {
            told.extend(stream.push(Direction::FromClient, piece));
        } else if let Some(piece) = server.next() {
            told.extend(stream.push(Direction::FromServer, piece));
        } else if let Some(piece) = client.next() {
            told.extend(stream.push(Direction::FromClient, piece));
        } else {
            break;
        }
    }
    told.extend(stream.end(Direction::FromClient));
    told.extend(stream.end(Direction::FromServer));
    latest(told)
}

/// Of messages that were told several times, what was told last, in the order of their numbers.
#[must_use]
pub fn latest(mut told: Vec<Message>) -> Vec<Message> {
    // The sort keeps what is equal in order, so the last of each number is the latest.
    told.sort_by_key(|message| message.number);
    told.reverse();
    told.dedup_by_key(|message| message.number);
    told.reverse();
    told
}

#[cfg(test)]
mod tests;
