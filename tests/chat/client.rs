//! A WebSocket client by hand (RFC 6455 §5), so that the server is not tested with its own frames.
//! It speaks bytes and JSON; who may open a socket, and why, is the tests' affair.

use std::collections::VecDeque;
use std::net::SocketAddr;

use bytes::{Buf, BytesMut};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::support::PATIENCE;

/// Key and answer of RFC 6455 §1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

/// Any will do here: the server must undo whatever it is.
const MASKING_KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

pub(crate) const TEXT: u8 = 1;
pub(crate) const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// How a socket is asked for.
#[derive(Clone, Copy)]
pub(crate) struct Ask<'a> {
    pub(crate) to: SocketAddr,
    pub(crate) path: &'a str,
    /// The whole `Cookie` field value; none if it is empty.
    pub(crate) cookie: &'a str,
    /// `None`: the server's own.
    pub(crate) origin: Option<&'a str>,
    /// What a browser of these years says of the page that asks, in `Sec-Fetch-Site`; `None`: an older one.
    pub(crate) site: Option<&'a str>,
    pub(crate) version: &'a str,
    /// How little the client's side of TCP may hold; `None`: the usual.
    pub(crate) receive_buffer: Option<u32>,
}

/// An answer other than 101.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) text: String,
}

/// One open WebSocket.
pub(crate) struct Socket {
    stream: TcpStream,
    received: BytesMut,
    /// Presence comes whenever it comes: it waits here until a test asks for it, and never in the way.
    presence: VecDeque<Value>,
    others: VecDeque<Value>,
}

/// What a page is told first.
#[derive(Debug)]
pub(crate) struct Opening {
    pub(crate) hello: Value,
    /// Those of `history`, or of all parts of `replay`.
    pub(crate) messages: Vec<Value>,
    /// The `older` of `history`; `None` for a replay.
    pub(crate) older: Option<bool>,
    /// In how many parts they came.
    pub(crate) parts: usize,
    /// The `change` of `ready`.
    pub(crate) change: i64,
}

/// How the server closed.
#[derive(Debug)]
pub(crate) struct Ending {
    pub(crate) code: u16,
    pub(crate) reason: String,
    /// What was heard before it, presence excepted.
    pub(crate) before: Vec<Value>,
}

enum Heard {
    Event(Value),
    Pong,
    Close(u16, String),
    /// TCP ended, or broke.
    Nothing,
}

impl Socket {
    pub(crate) async fn ask(ask: Ask<'_>) -> Result<Self, Refused> {
        let socket = TcpSocket::new_v4().unwrap();
        if let Some(size) = ask.receive_buffer {
            socket.set_recv_buffer_size(size).unwrap();
        }
        let mut stream = socket.connect(ask.to).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let host = ask.to;
        let own = format!("http://{host}");
        let origin = ask.origin.unwrap_or(&own);
        let (path, cookie, version) = (ask.path, ask.cookie, ask.version);
        let cookie = match cookie {
            "" => String::new(),
            cookie => format!("Cookie: {cookie}\r\n"),
        };
        let site = match ask.site {
            None => String::new(),
            Some(site) => format!("Sec-Fetch-Site: {site}\r\n"),
        };
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\n{site}{cookie}Connection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: {version}\r\nSec-WebSocket-Key: {KEY}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut received = BytesMut::new();
        let head_len = loop {
            if let Some(at) = received.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            let read = timeout(PATIENCE, stream.read_buf(&mut received)).await;
            assert_ne!(read.unwrap().unwrap(), 0, "no answer to {path}");
        };
        let head = String::from_utf8(received.split_to(head_len).to_vec()).unwrap();
        let status: u16 = head[9..12].parse().unwrap();
        if status == 101 {
            assert!(head.contains(ACCEPT), "{head}");
            return Ok(Self {
                stream,
                received,
                presence: VecDeque::new(),
                others: VecDeque::new(),
            });
        }
        let len = field(&head, "content-length").map_or(0, |len| len.parse().unwrap());
        while received.len() < len {
            let read = timeout(PATIENCE, stream.read_buf(&mut received)).await;
            assert_ne!(read.unwrap().unwrap(), 0, "an answer cut short");
        }
        let text = String::from_utf8(received[..len].to_vec()).unwrap();
        Err(Refused { status, head, text })
    }

    /// Says one event.
    pub(crate) async fn say(&mut self, event: Value) {
        self.frame(TEXT, event.to_string().as_bytes()).await;
    }

    pub(crate) async fn send(&mut self, content: &str, client_id: &str) {
        self.say(json!({ "type": "send", "content": content, "client_id": client_id }))
            .await;
    }

    /// Sends and waits for the acknowledgement; the message as it was stored. Other events wait for their turn.
    pub(crate) async fn post(&mut self, content: &str, client_id: &str) -> Value {
        self.send(content, client_id).await;
        let mut before = std::mem::take(&mut self.others);
        loop {
            let event = self.event().await;
            let of_mine =
                [&event["client_id"], &event["message"]["client_id"]].contains(&&json!(client_id));
            if of_mine {
                assert_ne!(event["type"], "refused", "{event}");
                self.others = before;
                return event["message"].clone();
            }
            before.push_back(event);
        }
    }

    /// Sends one whole frame, masked.
    pub(crate) async fn frame(&mut self, opcode: u8, payload: &[u8]) {
        let mut frame = vec![0x80 | opcode];
        match payload.len() {
            len @ 0..126 => frame.push(0x80 | u8::try_from(len).unwrap()),
            len @ 126..65536 => {
                frame.push(0x80 | 126);
                frame.extend_from_slice(&u16::try_from(len).unwrap().to_be_bytes());
            }
            len => {
                frame.push(0x80 | 127);
                frame.extend_from_slice(&u64::try_from(len).unwrap().to_be_bytes());
            }
        }
        frame.extend_from_slice(&MASKING_KEY);
        let mask = MASKING_KEY.iter().cycle();
        frame.extend(payload.iter().zip(mask).map(|(byte, mask)| byte ^ mask));
        // The server may have closed already: what it said last can still be read.
        let _ = self.stream.write_all(&frame).await;
    }

    /// The next event but for presence.
    pub(crate) async fn event(&mut self) -> Value {
        if let Some(event) = self.others.pop_front() {
            return event;
        }
        loop {
            match self.hear().await {
                Heard::Event(event) if event["type"] == "presence" => {
                    self.presence.push_back(event);
                }
                Heard::Event(event) => return event,
                Heard::Pong => panic!("an answer to no ping"),
                Heard::Close(code, reason) => panic!("closed with {code}: {reason}"),
                Heard::Nothing => panic!("cut off"),
            }
        }
    }

    /// The next event, which must be of this type.
    pub(crate) async fn expect(&mut self, kind: &str) -> Value {
        let event = self.event().await;
        assert_eq!(event["type"], kind, "{event}");
        event
    }

    /// The next event about presence. Others wait for their turn.
    pub(crate) async fn presence(&mut self) -> Value {
        while self.presence.is_empty() {
            match self.hear().await {
                Heard::Event(event) if event["type"] == "presence" => {
                    self.presence.push_back(event);
                }
                Heard::Event(event) => self.others.push_back(event),
                _ => panic!("closed while waiting for presence"),
            }
        }
        self.presence.pop_front().unwrap()
    }

    /// Id and change of the next event, a message, without a look at the rest: it may be long.
    pub(crate) async fn next_message(&mut self) -> (i64, i64) {
        loop {
            if let Some((TEXT, text)) = self.take_frame() {
                let head = String::from_utf8_lossy(&text[..text.len().min(100)]).into_owned();
                if !head.starts_with(r#"{"type":"message""#) {
                    let event: Value = serde_json::from_slice(&text).unwrap();
                    assert_eq!(event["type"], "presence", "{head}");
                    continue;
                }
                let number = |name| {
                    let (_, rest) = head.split_once(name).unwrap();
                    rest.split_once(',').unwrap().0.parse().unwrap()
                };
                return (number(r#""id":"#), number(r#""change":"#));
            }
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.received)).await;
            assert_ne!(read.unwrap().unwrap(), 0, "cut off");
        }
    }

    /// What was offered to this socket before the server answers a ping of now, presence excepted.
    pub(crate) async fn heard_by_now(&mut self) -> Vec<Value> {
        self.frame(PING, b"now?").await;
        loop {
            match self.hear().await {
                Heard::Event(event) if event["type"] == "presence" => {
                    self.presence.push_back(event);
                }
                Heard::Event(event) => self.others.push_back(event),
                Heard::Pong => return self.others.drain(..).collect(),
                Heard::Close(code, reason) => panic!("closed with {code}: {reason}"),
                Heard::Nothing => panic!("cut off"),
            }
        }
    }

    /// From `hello` to `ready`.
    pub(crate) async fn opening(&mut self) -> Opening {
        let hello = self.expect("hello").await;
        let mut opening = Opening {
            hello,
            messages: Vec::new(),
            older: None,
            parts: 0,
            change: 0,
        };
        loop {
            let event = self.event().await;
            match event["type"].as_str().unwrap() {
                "ready" => {
                    opening.change = event["change"].as_i64().unwrap();
                    return opening;
                }
                "history" => opening.older = Some(event["older"].as_bool().unwrap()),
                "replay" => {}
                _ => panic!("{event} before ready"),
            }
            opening.parts += 1;
            opening
                .messages
                .extend(event["messages"].as_array().unwrap().iter().cloned());
        }
    }

    /// Reads to the server's Close, answers it, and reads to the end of TCP. Without a Close, the code is 1006.
    pub(crate) async fn ending(mut self) -> Ending {
        let mut before: Vec<Value> = self.others.drain(..).collect();
        let (code, reason) = loop {
            match self.hear().await {
                Heard::Event(event) if event["type"] == "presence" => {}
                Heard::Event(event) => before.push(event),
                Heard::Pong => {}
                Heard::Close(code, reason) => break (code, reason),
                Heard::Nothing => break (1006, String::new()),
            }
        };
        self.frame(CLOSE, &code.to_be_bytes()).await;
        while !matches!(self.hear().await, Heard::Nothing) {}
        Ending {
            code,
            reason,
            before,
        }
    }

    /// Closes as a browser does when its page is left.
    pub(crate) async fn leave(mut self) {
        self.frame(CLOSE, &1001_u16.to_be_bytes()).await;
        while !matches!(self.hear().await, Heard::Nothing) {}
    }

    /// The next thing the server says. Frames of a server are whole and unmasked here.
    async fn hear(&mut self) -> Heard {
        loop {
            if let Some((opcode, payload)) = self.take_frame() {
                return match opcode {
                    TEXT => Heard::Event(serde_json::from_slice(&payload).unwrap()),
                    CLOSE => {
                        let code = payload.get(..2).map_or(1005, |mut code| code.get_u16());
                        let reason = payload.get(2..).unwrap_or_default();
                        Heard::Close(code, String::from_utf8(reason.to_vec()).unwrap())
                    }
                    PONG => Heard::Pong,
                    PING => continue,
                    _ => panic!("opcode {opcode}"),
                };
            }
            let read = timeout(PATIENCE, self.stream.read_buf(&mut self.received)).await;
            match read.expect("waited in vain for the server's next word") {
                Ok(0) | Err(_) => return Heard::Nothing,
                Ok(_) => {}
            }
        }
    }

    fn take_frame(&mut self) -> Option<(u8, BytesMut)> {
        let &[first, second, ref rest @ ..] = &self.received[..] else {
            return None;
        };
        assert_eq!(first & 0xf0, 0x80, "a fragment, or a reserved bit");
        assert_eq!(second & 0x80, 0, "a server does not mask");
        let (head_len, len) = match second {
            126 => {
                let len = rest.first_chunk()?;
                (4, usize::from(u16::from_be_bytes(*len)))
            }
            127 => {
                let len = rest.first_chunk()?;
                (10, usize::try_from(u64::from_be_bytes(*len)).unwrap())
            }
            len => (2, usize::from(len)),
        };
        if self.received.len() < head_len + len {
            return None;
        }
        self.received.advance(head_len);
        Some((first & 0x0f, self.received.split_to(len)))
    }
}

/// The value of a field in a head.
pub(crate) fn field<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (field_name, value) = line.split_once(':')?;
        field_name.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
