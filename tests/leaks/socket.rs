//! A WebSocket client over either transport, that keeps all it heard: frames by hand (RFC 6455 §5.2), and JSON in them.

use serde_json::{Value, json};

use crate::client::{Answer, Client, HOST, Wire};
use crate::support::Server;

const TEXT: u8 = 1;
const MASKING_KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// What makes a request a WebSocket's.
pub(crate) const UPGRADE: &str = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/// One open WebSocket.
pub(crate) struct Socket {
    client: Client,
    /// Every payload that came, one behind the other.
    pub(crate) heard: Vec<u8>,
    posts: usize,
}

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heard {
    Event(Value),
    /// A Close with its code; 1005 if it has none.
    Close(u16),
}

impl Socket {
    /// Opens one, with these field lines besides; or the answer that refuses it.
    pub(crate) async fn open(
        server: &Server,
        wire: Wire,
        path: &str,
        lines: &str,
    ) -> Result<Self, Answer> {
        Self::open_at(server, wire, path, &format!("{HOST}{lines}")).await
    }

    /// As `open`; `lines` say which host, too.
    pub(crate) async fn open_at(
        server: &Server,
        wire: Wire,
        path: &str,
        lines: &str,
    ) -> Result<Self, Answer> {
        let mut client = Client::connect(server, wire).await;
        client
            .send(format!("GET {path} HTTP/1.1\r\n{lines}{UPGRADE}\r\n"))
            .await;
        let answer = client.answer().await;
        if answer.status != 101 {
            return Err(answer);
        }
        Ok(Self {
            client,
            heard: Vec::new(),
            posts: 0,
        })
    }

    /// A view with this session or key.
    pub(crate) async fn view(server: &Server, wire: Wire, cookie: &str) -> Self {
        let lines = format!("Cookie: {cookie}\r\n{}", crate::ask::OWN_PAGE);
        let opened = Self::open(server, wire, "/ws/wire", &lines).await;
        opened.unwrap_or_else(|answer| panic!("no view: {answer:?}"))
    }

    pub(crate) async fn say(&mut self, event: &Value) {
        self.frame(TEXT, event.to_string().as_bytes()).await;
    }

    /// Sends one whole frame; nothing happens if the server has gone.
    pub(crate) async fn frame(&mut self, opcode: u8, payload: &[u8]) {
        self.client.try_send(frame(opcode, payload)).await;
    }

    /// Sends bytes as they are.
    pub(crate) async fn bytes(&mut self, bytes: &[u8]) {
        self.client.try_send(bytes).await;
    }

    pub(crate) async fn hear(&mut self) -> Heard {
        loop {
            let head = self.client.exactly(2).await;
            let len = match head[1] {
                126 => self.number(2).await,
                127 => self.number(8).await,
                len => usize::from(len),
            };
            let payload = self.client.exactly(len).await;
            self.heard.extend_from_slice(&payload);
            match head[0] {
                0x81 => return Heard::Event(serde_json::from_slice(&payload).unwrap()),
                0x88 => {
                    let code = payload
                        .first_chunk()
                        .map_or(1005, |it| u16::from_be_bytes(*it));
                    return Heard::Close(code);
                }
                0x89 => self.frame(0xa, &payload).await,
                0x8a => {}
                other => panic!("a frame that begins with {other:#x}"),
            }
        }
    }

    /// The next event of this type; those before it are passed over.
    pub(crate) async fn until(&mut self, kind: &str) -> Value {
        self.until_event(kind, |_| true).await
    }

    /// The next event of this type of which `is_it` is true.
    pub(crate) async fn until_event(
        &mut self,
        kind: &str,
        is_it: impl Fn(&Value) -> bool,
    ) -> Value {
        loop {
            match self.hear().await {
                Heard::Event(event) if event["type"] == kind && is_it(&event) => return event,
                Heard::Event(_) => {}
                Heard::Close(code) => panic!("closed with {code} before “{kind}”"),
            }
        }
    }

    /// Says a wish, and hears its answer.
    pub(crate) async fn wish(&mut self, wish: &Value, answer: &str) -> Value {
        self.say(wish).await;
        self.until(answer).await
    }

    /// Watches a connection until its items are told; gives them.
    pub(crate) async fn watch(&mut self, number: u64) -> Value {
        self.say(&json!({ "type": "watch", "connection": number }))
            .await;
        let is_first = |event: &Value| event["connection"] == number && event["all"] == true;
        self.until_event("items", is_first).await
    }

    /// Says something in a conversation; gives the message as it was stored.
    pub(crate) async fn post(&mut self, content: &str) -> Value {
        self.posts += 1;
        let client_id = self.posts.to_string();
        let wish = json!({ "type": "send", "content": content, "client_id": client_id });
        self.say(&wish).await;
        let is_own = |event: &Value| event["message"]["content"] == content;
        self.until_event("message", is_own).await["message"].clone()
    }

    /// Hears all until the server closes; gives the code.
    pub(crate) async fn ending(&mut self) -> u16 {
        loop {
            if let Heard::Close(code) = self.hear().await {
                return code;
            }
        }
    }

    /// Whatever comes until the end of the connection.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        self.client.rest().await
    }

    async fn number(&mut self, len: usize) -> usize {
        let bytes = self.client.exactly(len).await;
        bytes
            .iter()
            .fold(0, |number, byte| number << 8 | usize::from(*byte))
    }
}

/// A whole frame of a client.
pub(crate) fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match payload.len() {
        len @ 0..126 => frame.push(0x80 | u8::try_from(len).unwrap()),
        len @ 126..65_536 => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&u16::try_from(len).unwrap().to_be_bytes());
        }
        len => {
            frame.push(0x80 | 127);
            frame.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&MASKING_KEY);
    let mask = MASKING_KEY.iter().cycle();
    frame.extend(payload.iter().zip(mask).map(|(byte, mask)| byte ^ mask));
    frame
}
