//! Puts received bytes together to messages: tungstenite, fed from memory (RFC 6455 §5, §6).
//! No sockets and nothing sent: every answer, a Pong and a Close too, goes out through the outbox.

use std::io;

use bytes::Bytes;
use tungstenite::Message;
use tungstenite::error::Error;
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};

use super::close::CloseCode;
use super::received::Received;

/// What tungstenite keeps for reading on an idle connection, and moves at a time on a busy one: a usual chat message.
const READ_BUFFER_LEN: usize = 256;

/// tungstenite's buffer grows to the longest frame and stays so. After a frame longer than this it
/// is thrown away between two messages, so that an idle connection is small whatever it was sent.
const FRAME_LEN_KEPT: u64 = 4096;

/// What the peer said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A whole message of text.
    Text(String),
    /// A whole message of bytes.
    Binary(Bytes),
    /// To be answered with a Pong of this payload.
    Ping(Bytes),
    /// A sign of life.
    Pong,
    /// The last that is heard.
    Close {
        /// `NO_STATUS` if the frame was empty.
        code: CloseCode,
        /// In the peer's words.
        reason: String,
    },
}

/// The peer broke a rule: the code that says so, and which rule it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// What is answered.
    pub code: CloseCode,
    /// Which rule.
    pub reason: String,
}

/// The incoming half of one connection.
pub struct Messages {
    context: WebSocketContext,
    config: WebSocketConfig,
    received: Received,
}

impl Messages {
    /// Takes messages of up to `message_len_max` bytes. A frame that announces more is refused by
    /// its header, before its payload is waited for.
    pub fn new(message_len_max: usize) -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER_LEN)
            .write_buffer_size(0)
            .max_frame_size(Some(message_len_max))
            .max_message_size(Some(message_len_max));
        Self {
            context: WebSocketContext::new(Role::Server, Some(config)),
            config,
            received: Received::default(),
        }
    }

    /// Adds bytes that came from the peer.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.received.feed(bytes);
    }

    /// The next event, one at a time: a good message is answered before a bad frame behind it is
    /// seen. `None` asks for more bytes.
    ///
    /// # Errors
    /// `Violation` ends the connection: what follows it has no meaning any more.
    pub fn next_event(&mut self) -> Result<Option<Event>, Violation> {
        match self.context.read(&mut self.received) {
            Ok(message) => Ok(Some(Event::from(message))),
            Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                self.give_memory_back();
                Ok(None)
            }
            Err(error) => Err(Violation::from(error)),
        }
    }

    /// Between two messages a context remembers nothing but its buffer: a new one is as good.
    fn give_memory_back(&mut self) {
        if self.received.is_between_messages()
            && self.received.take_frame_len_max() > FRAME_LEN_KEPT
        {
            self.context = WebSocketContext::new(Role::Server, Some(self.config));
        }
    }
}

impl From<Message> for Event {
    fn from(message: Message) -> Self {
        match message {
            Message::Text(text) => Self::Text(text.as_str().to_owned()),
            Message::Binary(bytes) => Self::Binary(bytes),
            Message::Ping(payload) => Self::Ping(payload),
            // A raw `Frame` is only ever sent, never received.
            Message::Pong(_) | Message::Frame(_) => Self::Pong,
            Message::Close(None) => Self::Close {
                code: CloseCode::NO_STATUS,
                reason: String::new(),
            },
            Message::Close(Some(frame)) => Self::Close {
                code: CloseCode(frame.code.into()),
                reason: frame.reason.as_str().to_owned(),
            },
        }
    }
}

impl From<Error> for Violation {
    fn from(error: Error) -> Self {
        let (code, reason) = match error {
            Error::Utf8(_) => (
                CloseCode::INVALID_PAYLOAD,
                "Text is UTF-8; this was not.".to_owned(),
            ),
            Error::Capacity(too_long) => (CloseCode::MESSAGE_TOO_BIG, too_long.to_string()),
            Error::Protocol(rule) => (CloseCode::PROTOCOL_ERROR, rule.to_string()),
            // Bytes in memory cannot fail to be read, but their frame header can be refused.
            Error::Io(refused) => (CloseCode::PROTOCOL_ERROR, refused.to_string()),
            other => (CloseCode::PROTOCOL_ERROR, other.to_string()),
        };
        Self { code, reason }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::websocket::frame::{FrameHeader, Opcode, apply_mask};

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    /// A frame as a client sends it.
    fn frame(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let header = FrameHeader {
            fin,
            masking_key: Some(KEY),
            ..FrameHeader::from_server(opcode, payload.len() as u64)
        };
        header.encode(&mut bytes);
        let payload_start = bytes.len();
        bytes.extend_from_slice(payload);
        apply_mask(&mut bytes[payload_start..], KEY);
        bytes
    }

    /// Everything that `input` means, arriving in one piece.
    fn events(input: &[u8]) -> Vec<Result<Event, CloseCode>> {
        let mut messages = Messages::new(16);
        messages.feed(input);
        let mut events = Vec::new();
        loop {
            match messages.next_event() {
                Ok(Some(event)) => {
                    let last = matches!(event, Event::Close { .. });
                    events.push(Ok(event));
                    if last {
                        return events;
                    }
                }
                Ok(None) => return events,
                Err(violation) => {
                    events.push(Err(violation.code));
                    return events;
                }
            }
        }
    }

    fn text(text: &str) -> Result<Event, CloseCode> {
        Ok(Event::Text(text.to_owned()))
    }

    fn close(code: u16, reason: &str) -> Result<Event, CloseCode> {
        Ok(Event::Close {
            code: CloseCode(code),
            reason: reason.to_owned(),
        })
    }

    #[test]
    fn frames_make_messages() {
        use Opcode::{Binary, Close, Continuation, Ping, Pong, Text};
        let ping = || Ok(Event::Ping(Bytes::from_static(b"?")));
        for (input, meaning) in [
            (vec![], vec![]),
            (frame(true, Text, b"Hello"), vec![text("Hello")]),
            (frame(true, Text, b""), vec![text("")]),
            (
                frame(true, Binary, b"\xff"),
                vec![Ok(Event::Binary(Bytes::from_static(b"\xff")))],
            ),
            (
                [
                    frame(false, Text, b"Hel"),
                    frame(true, Ping, b"?"),
                    frame(true, Continuation, b"lo"),
                    frame(true, Pong, b""),
                ]
                .concat(),
                vec![ping(), text("Hello"), Ok(Event::Pong)],
            ),
            (
                // An é whose two bytes come in two frames.
                [
                    frame(false, Text, b"\xc3"),
                    frame(true, Continuation, b"\xa9"),
                ]
                .concat(),
                vec![text("é")],
            ),
            (frame(true, Close, b""), vec![close(1005, "")]),
            (frame(true, Close, b"\x03\xe9bye"), vec![close(1001, "bye")]),
        ] {
            assert_eq!(events(&input), meaning, "{input:02x?}");
            // However it is cut, it means the same.
            let mut messages = Messages::new(16);
            let mut bytewise = Vec::new();
            for byte in &input {
                messages.feed(&[*byte]);
                bytewise.extend(messages.next_event().unwrap().map(Ok));
            }
            assert_eq!(bytewise, meaning, "{input:02x?} byte by byte");
        }
    }

    #[test]
    fn a_good_message_is_seen_before_the_bad_frame_behind_it() {
        let input = [
            frame(true, Opcode::Text, b"good"),
            b"\x83\x80\0\0\0\0".to_vec(),
        ]
        .concat();
        assert_eq!(
            events(&input)[..],
            [text("good"), Err(CloseCode::PROTOCOL_ERROR)]
        );
    }

    #[test]
    fn each_broken_rule_has_its_code() {
        use Opcode::{Binary, Close, Continuation, Text};
        const PROTOCOL: CloseCode = CloseCode::PROTOCOL_ERROR;
        const UTF8: CloseCode = CloseCode::INVALID_PAYLOAD;
        const TOO_BIG: CloseCode = CloseCode::MESSAGE_TOO_BIG;
        for (name, input, code) in [
            ("unmasked", b"\x81\x01x".to_vec(), PROTOCOL),
            ("RSV1", b"\xc1\x80\0\0\0\0".to_vec(), PROTOCOL),
            ("reserved opcode", b"\x83\x80\0\0\0\0".to_vec(), PROTOCOL),
            ("fragmented ping", b"\x09\x80\0\0\0\0".to_vec(), PROTOCOL),
            ("ends nothing", frame(true, Continuation, b""), PROTOCOL),
            (
                "begins twice",
                [frame(false, Text, b"a"), frame(true, Text, b"b")].concat(),
                PROTOCOL,
            ),
            ("half a close code", frame(true, Close, b"\x03"), PROTOCOL),
            ("reason", frame(true, Close, b"\x03\xe8\xff"), UTF8),
            ("text", frame(true, Text, b"\xff"), UTF8),
            ("text ends in a character", frame(true, Text, b"\xc3"), UTF8),
            ("first fragment", frame(false, Text, b"\xc0\xaf"), UTF8),
            ("header of 17 bytes", b"\x82\x91".to_vec(), TOO_BIG),
            (
                "header of 2^63 bytes",
                b"\x82\xff\x80\0\0\0\0\0\0\0".to_vec(),
                PROTOCOL,
            ),
            (
                "header of 1 byte in a long form",
                b"\x82\xfe\0\x01".to_vec(),
                PROTOCOL,
            ),
            (
                "17 bytes in fragments",
                [
                    frame(false, Binary, &[0; 16]),
                    frame(true, Continuation, &[0]),
                ]
                .concat(),
                TOO_BIG,
            ),
        ] {
            // A masked header is complete, and judged, only with its key.
            let input = if name.starts_with("header") {
                [input, KEY.to_vec()].concat()
            } else {
                input
            };
            assert_eq!(events(&input).last(), Some(&Err(code)), "{name}");
        }
        let largest = frame(true, Binary, &[0; 16]);
        assert!(matches!(events(&largest)[..], [Ok(Event::Binary(_))]));
    }

    #[test]
    fn a_message_after_a_long_frame_is_as_good_as_any() {
        let long = "x".repeat(10_000);
        let mut messages = Messages::new(20_000);
        let mut hear = |bytes: &[u8]| {
            messages.feed(bytes);
            let heard = messages.next_event();
            assert_eq!(messages.next_event(), Ok(None));
            heard
        };
        let long_text = |count| Ok(Some(Event::Text(long.repeat(count))));
        assert_eq!(
            hear(&frame(true, Opcode::Text, long.as_bytes())),
            long_text(1)
        );
        assert_eq!(hear(&frame(false, Opcode::Text, long.as_bytes())), Ok(None));
        // Nothing is forgotten between the parts of a message.
        let rest = frame(true, Opcode::Continuation, long.as_bytes());
        let (begin, end) = rest.split_at(100);
        assert_eq!(hear(begin), Ok(None));
        assert_eq!(hear(end), long_text(2));
        assert_eq!(
            hear(&frame(true, Opcode::Text, b"short")),
            Ok(Some(Event::Text("short".to_owned())))
        );
    }

    #[test]
    fn a_close_code_that_may_not_be_sent_is_a_protocol_error() {
        for code in [0_u16, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535] {
            assert_eq!(
                events(&frame(true, Opcode::Close, &code.to_be_bytes())),
                [close(1002, "Protocol violation")],
                "{code}"
            );
        }
    }

    #[test]
    fn mutated_frames_end_in_events_or_a_violation() {
        let original = [
            frame(false, Opcode::Text, b"Hel"),
            frame(true, Opcode::Ping, b"?"),
            frame(true, Opcode::Continuation, b"lo"),
            frame(true, Opcode::Close, b"\x03\xe8"),
        ]
        .concat();
        let mut violations = 0;
        for position in 0..original.len() {
            for flip in 1..=u8::MAX {
                let mut input = original.clone();
                input[position] ^= flip;
                violations += usize::from(events(&input).iter().any(Result::is_err));
            }
        }
        assert!(violations > 1000, "{violations}");
    }
}
