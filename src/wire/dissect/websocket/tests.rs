use super::*;
use crate::websocket::frame::{FrameHeader, apply_mask};
use crate::wire::dissect::mutation;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

const CLIENT: FrameContext = FrameContext {
    direction: Direction::FromClient,
    unfinished: None,
    deflate: false,
};
const SERVER: FrameContext = FrameContext {
    direction: Direction::FromServer,
    unfinished: None,
    deflate: false,
};

fn frame(fin: bool, opcode: Opcode, key: Option<[u8; 4]>, payload: &[u8]) -> Vec<u8> {
    let header = FrameHeader {
        fin,
        masking_key: key,
        ..FrameHeader::from_server(opcode, payload.len() as u64)
    };
    let mut bytes = Vec::new();
    header.encode(&mut bytes);
    let start = bytes.len();
    bytes.extend_from_slice(payload);
    if let Some(key) = key {
        apply_mask(&mut bytes[start..], key);
    }
    bytes
}

fn value(field: &Field) -> String {
    match &field.value {
        Value::Number(number) => number.to_string(),
        Value::Code { number, name } => format!("{number} {}", name.as_deref().unwrap_or("?")),
        Value::Text(text) => text.clone(),
        Value::Bytes => "bytes".to_owned(),
        Value::Group => String::new(),
    }
}

/// `name = value` at the given place for each leaf and each bit that is set.
fn shown(bytes: &[u8], context: FrameContext) -> Vec<String> {
    let tree = dissect_frame(bytes, context);
    assert_eq!(tree.flaw(), None, "{bytes:02x?}");
    tree.walk()
        .filter(|field| field.children.is_empty())
        .filter(|field| field.mask.is_none() || field.value != Value::Number(0))
        .map(|field| format!("{} = {} at {:?}", field.name, value(field), field.bytes))
        .collect()
}

fn problems(bytes: &[u8], context: FrameContext) -> Vec<(String, String)> {
    let tree = dissect_frame(bytes, context);
    assert_eq!(tree.flaw(), None, "{bytes:02x?}");
    tree.walk()
        .filter_map(|field| Some((field.name.to_string(), field.problem.as_deref()?.to_owned())))
        .collect()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table is read by its rows")]
fn the_frames_of_rfc_6455_section_5_7_are_shown() {
    let continued = FrameContext {
        unfinished: Some(Opcode::Text),
        ..SERVER
    };
    for (bytes, context, expected) in [
        (
            b"\x81\x05Hello".to_vec(),
            SERVER,
            vec![
                "FIN = 1 at 0..1",
                "opcode = 1 text frame at 0..1",
                "Payload length = 5 at 1..2",
                "Application data = Hello at 2..7",
            ],
        ),
        (
            b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec(),
            CLIENT,
            vec![
                "FIN = 1 at 0..1",
                "opcode = 1 text frame at 0..1",
                "MASK = 1 at 1..2",
                "Payload length = 5 at 1..2",
                "Masking-key = bytes at 2..6",
                "Application data = Hello at 6..11",
            ],
        ),
        (
            b"\x01\x03Hel".to_vec(),
            SERVER,
            vec![
                "opcode = 1 text frame at 0..1",
                "Payload length = 3 at 1..2",
                "Application data = Hel at 2..5",
            ],
        ),
        (
            b"\x80\x02lo".to_vec(),
            continued,
            vec![
                "FIN = 1 at 0..1",
                "opcode = 0 continuation frame at 0..1",
                "Payload length = 2 at 1..2",
                "Application data = lo at 2..4",
            ],
        ),
        (
            b"\x89\x05Hello".to_vec(),
            SERVER,
            vec![
                "FIN = 1 at 0..1",
                "opcode = 9 ping at 0..1",
                "Payload length = 5 at 1..2",
                "Application data = Hello at 2..7",
            ],
        ),
        (
            b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58".to_vec(),
            CLIENT,
            vec![
                "FIN = 1 at 0..1",
                "opcode = 10 pong at 0..1",
                "MASK = 1 at 1..2",
                "Payload length = 5 at 1..2",
                "Masking-key = bytes at 2..6",
                "Application data = Hello at 6..11",
            ],
        ),
        (
            [b"\x82\x7e\x01\x00".to_vec(), vec![0; 256]].concat(),
            SERVER,
            vec![
                "FIN = 1 at 0..1",
                "opcode = 2 binary frame at 0..1",
                "Payload length = 126 at 1..2",
                "Extended payload length = 256 at 2..4",
                "Application data = bytes at 4..260",
            ],
        ),
        (
            [b"\x82\x7f\0\0\0\0\0\x01\0\0".to_vec(), vec![0; 65_536]].concat(),
            SERVER,
            vec![
                "FIN = 1 at 0..1",
                "opcode = 2 binary frame at 0..1",
                "Payload length = 127 at 1..2",
                "Extended payload length = 65536 at 2..10",
                "Application data = bytes at 10..65546",
            ],
        ),
    ] {
        assert_eq!(shown(&bytes, context), expected);
        assert_eq!(problems(&bytes, context), []);
    }
}

#[test]
fn a_close_frame_says_why() {
    let bytes = frame(true, Opcode::Close, Some(KEY), b"\x03\xe9bye");
    assert_eq!(
        shown(&bytes, CLIENT)[5..],
        [
            "status code = 1001 going away at 6..8",
            "reason = bye at 8..11"
        ]
    );
    assert_eq!(problems(&frame(true, Opcode::Close, None, b""), SERVER), []);
    assert_eq!(
        problems(&frame(true, Opcode::Close, None, b"\x0f\xa1"), SERVER),
        []
    );
}

#[test]
fn masked_bytes_are_given_unmasked() {
    let bytes = frame(true, Opcode::Binary, Some(KEY), b"\x00\xff");
    assert_eq!(
        shown(&bytes, CLIENT).last().unwrap(),
        "Application data = 00ff at 6..8"
    );
    let ping = frame(true, Opcode::Ping, Some(KEY), b"still there?");
    assert_eq!(
        shown(&ping, CLIENT).last().unwrap(),
        "Application data = still there? at 6..18"
    );
}

#[test]
fn a_compressed_message_is_not_taken_for_text() {
    let mut bytes = frame(true, Opcode::Text, None, b"\xf2\x48\xcd\xc9\xc9\x07\x00");
    bytes[0] |= 0x40;
    let agreed = FrameContext {
        deflate: true,
        ..SERVER
    };
    assert_eq!(
        shown(&bytes, agreed).last().unwrap(),
        "Application data = bytes at 2..9"
    );
    assert_eq!(problems(&bytes, agreed), []);
    assert!(
        problems(&bytes, SERVER)
            .iter()
            .any(|(name, _)| name == "RSV1")
    );
}

#[test]
fn each_broken_rule_is_said_where_it_is_broken() {
    let unfinished = FrameContext {
        unfinished: Some(Opcode::Text),
        ..SERVER
    };
    for (bytes, context, part, problem) in [
        (&b"\x83\x00"[..], SERVER, "opcode", "reserved"),
        (b"\x09\x00", SERVER, "FIN", "sent whole"),
        (b"\x89\x7e\x00\x7e", SERVER, "Payload length", "at most 125"),
        (
            b"\x82\x7e\x00\x7d",
            SERVER,
            "Extended payload length",
            "shortest form",
        ),
        (
            b"\x82\x7f\x80\0\0\0\0\0\0\0",
            SERVER,
            "Extended payload length",
            "below 2^63",
        ),
        (b"\xa1\x00", SERVER, "RSV2", "no extension"),
        (b"\x91\x00", SERVER, "RSV3", "no extension"),
        (b"\x81\x00", CLIENT, "MASK", "not masked"),
        (b"\x81\x80\0\0\0\0", SERVER, "MASK", "is masked"),
        (b"\x80\x00", SERVER, "opcode", "none was begun"),
        (b"\x81\x00", unfinished, "opcode", "has not ended"),
        (b"\x81\x01\xff", SERVER, "Application data", "UTF-8"),
        (b"\x88\x01\x03", SERVER, "status code", "two code bytes"),
        (
            b"\x88\x02\x03\xed",
            SERVER,
            "status code",
            "may not carry 1005",
        ),
        (b"\x88\x03\x03\xe8\xff", SERVER, "reason", "UTF-8"),
        (
            b"\x81\x05Hell",
            SERVER,
            "frame",
            "1 byte of this payload is",
        ),
        (b"\x81", SERVER, "frame", "header of this frame"),
        (b"\x81\x7e\x01", SERVER, "frame", "header of this frame"),
        (b"\x81\x01ab", SERVER, "bytes behind the frame", "has ended"),
    ] {
        let found = problems(bytes, context);
        assert!(
            found
                .iter()
                .any(|(name, said)| name == part && said.contains(problem)),
            "{bytes:02x?}: {found:?}"
        );
    }
}

#[test]
fn a_broken_frame_makes_a_tree_without_a_flaw() {
    let good = [
        frame(
            true,
            Opcode::Text,
            Some(KEY),
            "né{\"type\":\"send\"}".as_bytes(),
        ),
        frame(true, Opcode::Close, Some(KEY), b"\x03\xe8bye"),
        frame(true, Opcode::Binary, None, &[7; 200]),
    ];
    for (bytes, context) in good
        .iter()
        .flat_map(|bytes| [(bytes, CLIENT), (bytes, SERVER)])
    {
        for end in 0..bytes.len() {
            assert_eq!(dissect_frame(&bytes[..end], context).flaw(), None);
        }
        for copy in mutation::of(bytes) {
            let tree = dissect_frame(&copy, context);
            assert_eq!(tree.flaw(), None, "{copy:02x?}");
            assert_eq!(tree.bytes, 0..copy.len());
        }
    }
}
