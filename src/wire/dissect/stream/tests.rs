use super::*;
use crate::websocket::frame::{FrameHeader, Opcode, append_text_frame, apply_mask};
use crate::wire::dissect::mutation;

const UPGRADE: &[u8] =
    b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const AGREED: &[u8] =
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

fn client_frame(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let key = [1, 2, 3, 4];
    let header = FrameHeader {
        fin,
        masking_key: Some(key),
        ..FrameHeader::from_server(opcode, payload.len() as u64)
    };
    let mut bytes = Vec::new();
    header.encode(&mut bytes);
    let start = bytes.len();
    bytes.extend_from_slice(payload);
    apply_mask(&mut bytes[start..], key);
    bytes
}

/// A message in one line: direction, range, kind.
fn line(message: &Message) -> String {
    let side = match message.direction {
        Direction::FromClient => "C",
        Direction::FromServer => "S",
    };
    let what = match &message.what {
        What::Request { line } => format!("request {}", line.as_deref().unwrap_or("…")),
        What::Response {
            line,
            answers,
            request_method,
        } => format!(
            "response {} to {} {}",
            line.as_deref().unwrap_or("…"),
            answers.map_or("nothing".to_owned(), |number| number.to_string()),
            request_method.as_deref().unwrap_or("-"),
        ),
        What::Frame {
            opcode, continues, ..
        } => format!("frame {opcode:?} {continues:?}"),
        What::Unreadable(_) => "unreadable".to_owned(),
        What::Missing => "missing".to_owned(),
    };
    let more = if message.is_whole { "" } else { " …" };
    format!(
        "{side} {}..{} {what}{more}",
        message.bytes.start, message.bytes.end
    )
}

fn lines(client: &[u8], server: &[u8]) -> Vec<String> {
    split(client, server).iter().map(line).collect()
}

#[test]
fn requests_meet_their_responses() {
    let client = [
        &b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"[..],
        b"HEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
        b"PUT /4 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        b"GET /5 HTTP/1.1\r\nHost: a\r\n\r\n",
    ]
    .concat();
    let server = [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        b"HTTP/1.1 404 Not Found\r\n\r\nto the end",
    ]
    .concat();
    assert_eq!(
        lines(&client, &server),
        [
            "C 0..28 request GET /1 HTTP/1.1",
            "C 28..57 request HEAD /2 HTTP/1.1",
            "C 57..108 request POST /3 HTTP/1.1",
            "C 108..175 request PUT /4 HTTP/1.1",
            "C 175..203 request GET /5 HTTP/1.1",
            "S 0..40 response HTTP/1.1 200 OK to 0 GET",
            "S 40..78 response HTTP/1.1 200 OK to 1 HEAD",
            "S 78..103 response HTTP/1.1 100 Continue to 2 POST",
            "S 103..130 response HTTP/1.1 204 No Content to 2 POST",
            "S 130..189 response HTTP/1.1 200 OK to 3 PUT",
            "S 189..225 response HTTP/1.1 404 Not Found to 4 GET",
        ]
    );
}

#[test]
fn after_101_both_sides_send_frames() {
    let client = [
        UPGRADE.to_vec(),
        client_frame(false, Opcode::Text, b"Hel"),
        client_frame(true, Opcode::Ping, b""),
        client_frame(true, Opcode::Continuation, b"lo"),
        client_frame(true, Opcode::Close, b"\x03\xe8"),
    ]
    .concat();
    let mut server = AGREED.to_vec();
    append_text_frame(&mut server, b"Hi");
    let at = UPGRADE.len();
    assert_eq!(
        lines(&client, &server),
        [
            format!("C 0..{at} request GET /ws HTTP/1.1"),
            format!(
                "S 0..{} response HTTP/1.1 101 Switching Protocols to 0 GET",
                AGREED.len()
            ),
            format!("C {at}..{} frame Some(1) None", at + 9),
            format!("C {}..{} frame Some(9) None", at + 9, at + 15),
            format!("C {}..{} frame Some(0) Some(2)", at + 15, at + 23),
            format!("C {}..{} frame Some(8) None", at + 23, at + 31),
            format!(
                "S {}..{} frame Some(1) None",
                AGREED.len(),
                AGREED.len() + 4
            ),
        ]
    );
}

#[test]
fn a_refused_upgrade_leaves_http() {
    let client = [UPGRADE, b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"].concat();
    let server =
        b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\nHTTP/1.1 204 No\r\n\r\n";
    let lines = lines(&client, server);
    assert_eq!(lines.len(), 4);
    assert!(
        lines.contains(&format!(
            "C {}..{} request GET /2 HTTP/1.1",
            UPGRADE.len(),
            client.len()
        )),
        "{lines:?}"
    );
    assert!(
        lines.contains(&"S 52..71 response HTTP/1.1 204 No to 2 GET".to_owned()),
        "{lines:?}"
    );
}

#[test]
fn what_is_not_http_is_said_to_be_unreadable() {
    for (client, expected) in [
        (&b"\x16\x03\x01\x02\x00"[..], vec!["C 0..5 unreadable"]),
        (
            b"GET /\r\n\r\nrest",
            vec!["C 0..9 request GET /", "C 9..13 unreadable"],
        ),
        (
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            vec!["C 0..18 request PRI * HTTP/2.0", "C 18..24 unreadable"],
        ),
        (b"GET / HTTP/1.1\r\nHost", vec!["C 0..20 request … …"]),
        (
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            vec!["C 0..47 request POST / HTTP/1.1", "C 47..50 unreadable"],
        ),
    ] {
        assert_eq!(lines(client, b""), expected, "{}", client.escape_ascii());
    }
    assert_eq!(lines(b"", b"220 ready\r\n"), ["S 0..11 unreadable"]);
    assert_eq!(
        lines(
            b"",
            b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"
        ),
        ["S 0..51 response HTTP/1.1 408 Request Timeout to nothing -"]
    );
}

#[test]
fn a_growing_message_is_told_again_under_its_number() {
    let mut stream = HttpStream::new();
    let mut told = Vec::new();
    for piece in [
        &b"POST / HT"[..],
        b"TP/1.1\r\nContent-Length: 4\r\n\r\nab",
        b"cdGET",
    ] {
        told.push(
            stream
                .push(Direction::FromClient, piece)
                .iter()
                .map(line)
                .collect::<Vec<_>>(),
        );
    }
    assert_eq!(
        told,
        [
            vec!["C 0..9 request … …"],
            vec!["C 0..40 request POST / HTTP/1.1 …"],
            vec!["C 0..42 request POST / HTTP/1.1", "C 42..45 request … …"],
        ]
    );
}

#[test]
fn however_the_bytes_come_the_messages_are_the_same() {
    let client = [
        UPGRADE.to_vec(),
        client_frame(true, Opcode::Text, &[b'x'; 200]),
        client_frame(true, Opcode::Close, b"\x03\xe8"),
    ]
    .concat();
    let mut server = [&b"HTTP/1.1 100 Continue\r\n\r\n"[..], AGREED].concat();
    append_text_frame(&mut server, &[b'y'; 70_000]);
    let whole = split(&client, &server);
    for len in [1, 2, 3, 7, 64] {
        let mut stream = HttpStream::new();
        let mut told = Vec::new();
        for piece in client.chunks(len) {
            told.extend(stream.push(Direction::FromClient, piece));
        }
        for piece in server.chunks(len) {
            told.extend(stream.push(Direction::FromServer, piece));
        }
        let same = |messages: Vec<Message>| {
            let mut lines: Vec<_> = messages.iter().map(line).collect();
            lines.sort();
            lines
        };
        assert_eq!(
            same(latest(told)),
            same(whole.clone()),
            "in pieces of {len}"
        );
    }
}

#[test]
fn bytes_that_were_not_kept_are_passed_over_and_reading_goes_on() {
    let mut stream = HttpStream::new();
    let mut told = stream.push(
        Direction::FromClient,
        b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc",
    );
    told.extend(stream.skip(Direction::FromClient, 5));
    told.extend(stream.push(Direction::FromClient, b"ijGET /2"));
    // Here the gap begins within a head, and what follows it at once is its rest.
    told.extend(stream.skip(Direction::FromClient, 9));
    told.extend(stream.push(Direction::FromClient, b"ost: a\r\n\r\n"));
    told.extend(stream.push(Direction::FromClient, b"GET /3 HTTP/1.1\r\n\r\n"));
    let lines: Vec<_> = latest(told).iter().map(line).collect();
    assert_eq!(
        lines,
        [
            "C 0..49 request POST / HTTP/1.1",
            "C 49..55 request … …",
            "C 55..64 missing",
            "C 64..74 unreadable",
            "C 74..93 request GET /3 HTTP/1.1",
        ]
    );
}

#[test]
fn frames_are_found_again_behind_a_gap() {
    let mut stream = HttpStream::new();
    let mut told = stream.push(Direction::FromClient, UPGRADE);
    told.extend(stream.push(Direction::FromServer, AGREED));
    told.extend(stream.push(Direction::FromServer, b"\x81\x05He"));
    told.extend(stream.skip(Direction::FromServer, 1000));
    told.extend(stream.push(Direction::FromServer, b"half a frame"));
    told.extend(stream.push(Direction::FromServer, b"\x81\x02Hi\x81\x01!"));
    let at = AGREED.len();
    let lines: Vec<_> = latest(told).iter().skip(2).map(line).collect();
    assert_eq!(
        lines,
        [
            format!("S {at}..{} frame Some(1) None", at + 7),
            format!("S {}..{} missing", at + 7, at + 1004),
            format!("S {}..{} unreadable", at + 1004, at + 1016),
            format!("S {}..{} frame Some(1) None", at + 1016, at + 1020),
            format!("S {}..{} frame Some(1) None", at + 1020, at + 1023),
        ]
    );
}

#[test]
fn waiting_requests_and_held_bytes_are_bounded() {
    let mut stream = HttpStream::new();
    let one = b"GET / HTTP/1.1\r\n\r\n";
    let mut told = stream.push(Direction::FromClient, &one.repeat(REQUESTS_WAITING_MAX));
    assert!(
        told.iter()
            .all(|message| matches!(message.what, What::Request { .. }))
    );
    told = stream.push(Direction::FromClient, &one.repeat(2));
    assert!(matches!(told.last().unwrap().what, What::Unreadable(_)));

    let mut stream = HttpStream::new();
    stream.push(Direction::FromClient, UPGRADE);
    assert!(
        stream
            .push(Direction::FromClient, &vec![b'x'; HELD_LEN_MAX])
            .is_empty()
    );
    assert_eq!(stream.held.len(), HELD_LEN_MAX);
    let told = stream.push(Direction::FromClient, b"x");
    assert!(matches!(told.last().unwrap().what, What::Unreadable(_)));
    assert!(stream.held.is_empty());
}

/// Every byte belongs to one message, messages follow one another, and each makes a tree without a flaw.
fn holds_its_promises(client: &[u8], server: &[u8]) {
    let messages = split(client, server);
    for (direction, stream) in [
        (Direction::FromClient, client),
        (Direction::FromServer, server),
    ] {
        let mut end = 0;
        for message in messages
            .iter()
            .filter(|message| message.direction == direction)
        {
            assert_eq!(message.bytes.start, end);
            end = message.bytes.end;
            let at = usize::try_from(message.bytes.start).unwrap()..usize::try_from(end).unwrap();
            let tree = message.dissect(&stream[at.clone()]);
            assert_eq!(tree.flaw(), None);
            assert_eq!(tree.bytes, 0..at.len());
        }
        assert_eq!(end, stream.len() as u64, "{}", stream.escape_ascii());
    }
}

#[test]
fn broken_streams_are_divided_without_a_gap() {
    let client = [
        b"POST /1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n".to_vec(),
        UPGRADE.to_vec(),
        client_frame(true, Opcode::Text, b"Hello"),
    ]
    .concat();
    let server = [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"[..],
        AGREED,
        b"\x81\x02Hi",
    ]
    .concat();
    holds_its_promises(&client, &server);
    for (client, server) in mutation::of(&client).zip(mutation::of(&server)) {
        holds_its_promises(&client, &server);
    }
}
