//! A short chat, as its two ends would hold it: in clear, and in TLS by rustls.

use bytes::Bytes;

use super::super::*;
use crate::websocket::frame::{FrameHeader, Opcode, append_frame, apply_mask};
use crate::wire::decrypt::tests::conversation::{
    Conversation, Identity, Recorded, Setting, secrets,
};
use crate::wire::event::What;

use Direction::{FromClient, FromServer};

pub(super) const TLS13: u16 = 0x1301;
pub(super) const TLS13_CHACHA: u16 = 0x1303;
pub(super) const TLS12: u16 = 0xc02b;
pub(super) const TLS12_CHACHA: u16 = 0xcca9;

/// What the two applications say, piece by piece.
pub(super) fn script() -> Vec<(Direction, Vec<u8>)> {
    let page = "<p>chat</p>".repeat(2_000);
    vec![
        (
            FromClient,
            b"POST /login HTTP/1.1\r\nHost: chat.example\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 27\r\n\r\nusername=ada&password=tulip".to_vec(),
        ),
        (
            FromServer,
            b"HTTP/1.1 303 See Other\r\nLocation: /chat\r\nSet-Cookie: __Host-sid=s3cr3t; Secure\r\nContent-Length: 0\r\n\r\n".to_vec(),
        ),
        (FromClient, b"GET / HTTP/1.1\r\nHost: chat.example\r\n\r\n".to_vec()),
        (
            FromServer,
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{page}", page.len()).into_bytes(),
        ),
        (
            FromClient,
            b"GET /chat HTTP/1.1\r\nHost: chat.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".to_vec(),
        ),
        (
            FromServer,
            b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n".to_vec(),
        ),
        (FromClient, from_client(Opcode::Text, b"{\"type\":\"send\",\"text\":\"hello\"}")),
        (FromServer, from_server(Opcode::Text, "{\"type\":\"message\",\"text\":\"hello\u{202e}\"}".as_bytes())),
        (FromServer, from_server(Opcode::Text, &[b'x'; 200])),
        (FromClient, from_client(Opcode::Ping, b"")),
        (FromServer, from_server(Opcode::Pong, b"")),
        (FromClient, from_client(Opcode::Binary, &[7; 12])),
        (FromClient, from_client(Opcode::Close, b"\x03\xe8bye")),
        (FromServer, from_server(Opcode::Close, b"\x03\xe8")),
    ]
}

fn from_server(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    append_frame(&mut frame, opcode, payload);
    frame
}

pub(super) fn from_client(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let key = [1, 2, 3, 4];
    let mut header = FrameHeader::from_server(opcode, payload.len() as u64);
    header.masking_key = Some(key);
    let mut frame = Vec::new();
    header.encode(&mut frame);
    let mut payload = payload.to_vec();
    apply_mask(&mut payload, key);
    frame.extend_from_slice(&payload);
    frame
}

pub(super) fn event(time_ns: u64, direction: Direction, what: What) -> Event {
    Event {
        time_ns,
        direction,
        what,
        comment: None,
    }
}

pub(super) fn bytes(time_ns: u64, direction: Direction, bytes: &[u8]) -> Event {
    event(
        time_ns,
        direction,
        What::Bytes(Bytes::copy_from_slice(bytes)),
    )
}

/// The chat without TLS. A second lies between two events.
pub(super) fn in_clear() -> Vec<Event> {
    let mut events: Vec<Event> = (1..)
        .zip(script())
        .map(|(second, (direction, said))| bytes(second * 1_000_000_000, direction, &said))
        .collect();
    events.push(event(99_000_000_000, FromServer, What::End));
    events.push(event(99_000_000_000, FromClient, What::End));
    events
}

/// The chat in TLS with this suite, and the secrets of the connection.
pub(super) fn in_tls(suite: u16) -> (Vec<Event>, Secrets) {
    let mut conversation = Conversation::of(&Setting::suite(&Identity::ecdsa(), suite));
    for (number, (direction, said)) in script().into_iter().enumerate() {
        if number == 7 && suite < 0xc000 {
            conversation.client.refresh_traffic_keys().unwrap();
        }
        conversation.say(direction, &said);
    }
    conversation.close();
    let recording = conversation.recording();
    let mut events: Vec<Event> = recording
        .iter()
        .filter_map(|recorded| match recorded {
            Recorded::Bytes(direction, said) => Some((*direction, said)),
            Recorded::Secret(_) => None,
        })
        .zip(1..)
        .map(|((direction, said), second)| bytes(second * 1_000_000_000, direction, said))
        .collect();
    events.push(event(99_000_000_000, FromServer, What::End));
    events.push(event(99_000_000_000, FromClient, What::End));
    (events, secrets(&recording))
}

/// What a side's application said, all of it.
pub(super) fn said(direction: Direction) -> Vec<u8> {
    let of_direction = |(sender, said)| (sender == direction).then_some(said);
    script()
        .into_iter()
        .filter_map(of_direction)
        .flatten()
        .collect()
}
