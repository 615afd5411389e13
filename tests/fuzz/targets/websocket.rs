//! What the server reads of a WebSocket: the request for it, frames, the messages they make, and how they say goodbye.

use secure_chat::http::head::{Scanned, decode_request_head};
use secure_chat::http::target::Scheme;
use secure_chat::http::{Method, Version, cross_site};
use secure_chat::octets::{Direction, Progress};
use secure_chat::websocket::close::{
    CloseCode, CloseError, REASON_LEN_MAX, append_close_frame, decode_close_payload,
};
use secure_chat::websocket::frame::{
    CONTROL_PAYLOAD_LEN_MAX, FrameHeader, Opcode, append_frame, apply_mask, decode_frame_header,
};
use secure_chat::websocket::handshake::{UpgradeRequest, accept_upgrade, sec_websocket_accept};
use secure_chat::websocket::messages::{Event, Messages, Violation};
use secure_chat::wire::dissect::stream::{HttpStream, What, latest};
use secure_chat::wire::dissect::websocket::{FrameContext, dissect_frame};

use super::promises::{choices, decode, pieces, shows};

/// An upgrade is agreed to only with all that RFC 6455 §4.2.1 asks for, in whatever order it comes, and answered with the hash of the key.
pub(crate) fn handshake(input: &[u8]) -> bool {
    let ([choice], input) = choices(input);
    let secure = choice & 1 == 1;
    let request = [input, b"\r\n\r\n"].concat();
    let Ok(Progress::Done { value: head, .. }) =
        decode_request_head(&request, &mut Scanned::default())
    else {
        return sec_websocket_accept(input).is_ok();
    };
    let text = |name| std::str::from_utf8(name).expect("a name is a token");
    let mut fields: Vec<_> = head
        .fields
        .iter()
        .map(|(name, value)| (text(name), value))
        .collect();
    let judge = |fields: &[(&str, &[u8])]| {
        accept_upgrade(&UpgradeRequest {
            method: head.method.as_str(),
            http_1_1: head.version == Version::Http11,
            secure,
            fields,
        })
    };
    let answer = judge(&fields);
    // Of several hosts the first counts; such requests are refused before.
    if head.fields.all("Host").count() < 2 {
        fields.reverse();
        assert_eq!(
            answer,
            judge(&fields),
            "it depends on the order of the fields"
        );
    }
    let accepted = match answer {
        Ok(accepted) => accepted,
        Err(error) => {
            assert!((400..500).contains(&error.status()) && !error.to_string().is_empty());
            return false;
        }
    };
    assert_eq!((head.method, head.version), (Method::Get, Version::Http11));
    assert!(head.fields.lists("Connection", "upgrade"));
    assert!(head.fields.lists("Upgrade", "websocket"));
    assert_eq!(head.fields.only("Sec-WebSocket-Version"), Some(&b"13"[..]));
    let key = head.fields.only("Sec-WebSocket-Key").expect("one key");
    let [_, _, (_, answered)] = accepted.field_lines();
    assert_eq!(answered, sec_websocket_accept(key).expect("a key"));
    assert_eq!(answered.len(), 28);
    if let Some(origin) = head.fields.only("Origin") {
        let scheme = if secure { Scheme::Https } else { Scheme::Http };
        let host = head.fields.all("Host").next().expect("a page is of a host");
        let text = |value| std::str::from_utf8(value).expect("ASCII");
        assert!(cross_site::is_same_origin(text(origin), scheme, text(host)));
    }
    true
}

/// A header is read as it was written, and shown bit by bit; the first byte says whose it is and what came before.
pub(crate) fn frame(input: &[u8]) -> bool {
    let ([choice], input) = choices(input);
    let read = decode(input, decode_frame_header);
    if let Some((header, used)) = &read {
        let mut again = Vec::new();
        header.encode(&mut again);
        assert_eq!(again, input[..*used], "{header:?}");
        assert_eq!(header.header_len(), *used);
        assert!(header.payload_len >> 63 == 0);
        if header.opcode.is_control() {
            assert!(header.fin && header.payload_len <= CONTROL_PAYLOAD_LEN_MAX.into());
        }
        if let (Some(at), Some(key)) = (header.masking_key_range(), header.masking_key) {
            assert_eq!(input[at], key);
            let mut payload = input.to_vec();
            apply_mask(&mut payload, key);
            apply_mask(&mut payload, key);
            assert_eq!(payload, input);
        }
    }
    let context = FrameContext {
        direction: if choice & 1 == 0 {
            Direction::FromClient
        } else {
            Direction::FromServer
        },
        unfinished: (choice & 2 == 0).then_some(Opcode::Text),
        deflate: choice & 4 == 0,
    };
    let right = shows(&dissect_frame(input, context), input);
    let refused = decode_frame_header(input).is_err();
    assert!(
        !(right && refused),
        "the server refuses what the tree calls right"
    );
    read.is_some() && right
}

/// Frames make the same messages however they arrive, text is text, nothing is longer than allowed, and the wire view finds each frame.
pub(crate) fn messages(input: &[u8]) -> bool {
    const LONGEST: usize = 200;
    let ([cut], input) = choices(input);
    let told = heard(input, cut, LONGEST);
    assert_eq!(
        told,
        heard(input, 0, LONGEST),
        "it depends on how it was cut"
    );
    for event in told.iter().flatten() {
        match event {
            Event::Text(text) => assert!(text.len() <= LONGEST),
            Event::Binary(bytes) => assert!(bytes.len() <= LONGEST),
            Event::Ping(payload) => assert!(payload.len() <= CONTROL_PAYLOAD_LEN_MAX.into()),
            Event::Pong => {}
            Event::Close { code, reason } => {
                assert!(
                    code.may_be_sent() || *code == CloseCode::NO_STATUS,
                    "{code}"
                );
                assert!(reason.len() <= REASON_LEN_MAX);
            }
        }
    }
    let frames = frames_seen(input);
    let events = told.iter().filter(|event| event.is_ok()).count();
    assert!(events <= frames, "{events} messages of {frames} frames");
    told.iter().any(Result::is_ok)
}

/// What the server hears; a violation, as a Close, is the last of it.
fn heard(input: &[u8], cut: u8, longest: usize) -> Vec<Result<Event, Violation>> {
    let mut messages = Messages::new(longest);
    let mut told = Vec::new();
    for piece in pieces(input, cut) {
        messages.feed(piece);
        loop {
            match messages.next_event() {
                Ok(None) => break,
                Ok(Some(event)) => {
                    let is_last = matches!(event, Event::Close { .. });
                    told.push(Ok(event));
                    if is_last {
                        return told;
                    }
                }
                Err(violation) => {
                    told.push(Err(violation));
                    return told;
                }
            }
        }
    }
    told
}

/// How many frames the wire view finds, in a connection that was upgraded before.
fn frames_seen(frames: &[u8]) -> usize {
    const ASKED: &[u8] = b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    const AGREED: &[u8] =
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    let mut stream = HttpStream::new();
    let mut told = stream.push(Direction::FromClient, ASKED);
    told.extend(stream.push(Direction::FromServer, AGREED));
    told.extend(stream.push(Direction::FromClient, frames));
    let is_frame = |what: &What| matches!(what, What::Frame { .. });
    latest(told)
        .iter()
        .filter(|message| is_frame(&message.what))
        .count()
}

/// A goodbye is the same after it was written out, unless it is too long for a frame; then it is cut between two characters.
pub(crate) fn close_payload(input: &[u8]) -> bool {
    let read = decode_close_payload(input);
    match read {
        Ok(Some((code, reason))) => {
            assert!(code.may_be_sent());
            let mut frame = Vec::new();
            append_close_frame(&mut frame, code, reason);
            let Ok(Progress::Done { value, used_bytes }) = decode_frame_header(&frame) else {
                panic!("no frame: {frame:?}");
            };
            assert_eq!(
                value,
                FrameHeader::from_server(Opcode::Close, (frame.len() - used_bytes) as u64)
            );
            let again = decode_close_payload(&frame[used_bytes..]);
            let Ok(Some((same_code, same_reason))) = again else {
                panic!("{again:?}")
            };
            assert_eq!(same_code, code);
            assert!(reason.starts_with(same_reason));
            assert!(
                same_reason == reason
                    || (REASON_LEN_MAX - 3..=REASON_LEN_MAX).contains(&same_reason.len())
            );
        }
        Ok(None) => assert!(input.is_empty()),
        Err(CloseError::HalfACode) => assert_eq!(input.len(), 1),
        Err(_) => assert!(input.len() >= 2),
    }
    if input.len() <= CONTROL_PAYLOAD_LEN_MAX.into() {
        let mut frame = Vec::new();
        append_frame(&mut frame, Opcode::Close, input);
        let is_right = shows(
            &dissect_frame(&frame, FrameContext::alone(Direction::FromServer)),
            &frame,
        );
        assert_eq!(is_right, read.is_ok(), "{read:?}");
    }
    matches!(read, Ok(Some(_)))
}
