use bytes::Bytes;

use super::*;
use crate::wire::timeline::Kind;

const OPENED_NS: u64 = 1_763_800_000_000_000_000;

fn an_item() -> Item {
    Item {
        number: 7,
        direction: Direction::FromClient,
        kind: Kind::Frame,
        begun_ns: OPENED_NS + 1_234_567,
        ended_ns: OPENED_NS + 2_000_000,
        is_whole: true,
        len: 23,
        title: "Text \"hi\"".to_owned(),
        eve_title: None,
        eve_plaintext_len: None,
        wire: 517..560,
        plain: Some(100..123),
        related: vec![6],
        secret: true,
        problem: Some("It is cut.".into()),
    }
}

#[test]
fn an_item_says_when_it_was_since_the_connection_opened_to_the_nanosecond() {
    assert_eq!(
        item(&an_item(), OPENED_NS),
        json!({
            "number": 7, "from": "client", "kind": "frame", "begun": 1234.567, "ended": 2000.0,
            "len": 23, "title": "Text \"hi\"", "wire": [517, 560], "plain": [100, 123],
            "related": [6], "secret": true, "problem": "It is cut."
        })
    );
    let a_week_later_ns = OPENED_NS + 7 * 24 * 60 * 60 * 1_000_000_000 + 1;
    assert_eq!(
        micros_since(OPENED_NS, a_week_later_ns).to_string(),
        "604800000000.001"
    );
    assert_eq!(
        micros_since(OPENED_NS, OPENED_NS - 1500).to_string(),
        "-1.5"
    );
}

#[test]
fn what_an_item_has_not_is_left_out() {
    let bare = Item {
        direction: Direction::FromServer,
        kind: Kind::Record,
        is_whole: false,
        eve_title: Some("Application data".to_owned()),
        plain: None,
        related: Vec::new(),
        secret: false,
        problem: None,
        ..an_item()
    };
    assert_eq!(
        item(&bare, OPENED_NS),
        json!({
            "number": 7, "from": "server", "kind": "record", "begun": 1234.567, "ended": 2000.0,
            "open": true, "len": 23, "title": "Text \"hi\"", "eve": "Application data", "wire": [517, 560]
        })
    );
}

#[test]
fn a_field_carries_all_that_a_student_may_ask() {
    let tree = Field::group("frame", 0..2, "RFC 6455 §5.2").children(vec![
        Field::leaf("first", 0..1, Value::Number(0x81), "RFC 6455 §5.2").children(vec![
            Field::leaf("FIN", 0..1, Value::Number(1), "RFC 6455 §5.2")
                .mask(0x80)
                .meaning("The last frame of its message.")
                .wireshark("websocket.fin"),
            Field::leaf(
                "opcode",
                0..1,
                Value::Code {
                    number: 1,
                    name: Some("text".into()),
                },
                "RFC 6455 §5.2",
            )
            .mask(0x0f),
        ]),
        Field::leaf("payload", 1..2, Value::Text("<".to_owned()), "")
            .secret()
            .problem("It is short."),
    ]);
    assert_eq!(
        field(&tree),
        json!({ "name": "frame", "at": [0, 2], "source": "RFC 6455 §5.2", "parts": [
            { "name": "first", "at": [0, 1], "value": { "number": 129 }, "source": "RFC 6455 §5.2", "parts": [
                { "name": "FIN", "at": [0, 1], "mask": 128, "value": { "number": 1 }, "source": "RFC 6455 §5.2",
                  "meaning": "The last frame of its message.", "wireshark": "websocket.fin" },
                { "name": "opcode", "at": [0, 1], "mask": 15, "value": { "number": 1, "name": "text" },
                  "source": "RFC 6455 §5.2" }
            ] },
            { "name": "payload", "at": [1, 2], "value": { "text": "<" }, "secret": true, "problem": "It is short." }
        ] })
    );
}

#[test]
fn a_code_without_a_name_says_so() {
    let code = Value::Code {
        number: 0x3a3a,
        name: None,
    };
    let leaf = Field::leaf("group", 0..2, code, "");
    assert_eq!(
        field(&leaf)["value"],
        json!({ "number": 14906, "name": null })
    );
}

#[test]
fn a_number_that_javascript_would_round_goes_as_its_digits() {
    let told = |number| field(&Field::leaf("n", 0..8, Value::Number(number), ""))["value"].clone();
    assert_eq!(
        told((1 << 53) - 1),
        json!({ "number": 9_007_199_254_740_991_u64 })
    );
    assert_eq!(told(1 << 53), json!({ "number": "9007199254740992" }));
    assert_eq!(told(u64::MAX), json!({ "number": "18446744073709551615" }));
}

#[test]
fn parts_keep_their_order_however_many_and_however_deep() {
    let mut deep = Field::leaf("0", 0..1, Value::Bytes, "");
    for name in 1..2_000 {
        deep = Field::group(name.to_string(), 0..1, "").children(vec![deep]);
    }
    let mut json = &field(&deep);
    for name in (0..2_000).rev() {
        assert_eq!(json["name"], name.to_string());
        json = &json["parts"][0];
    }
    // Dropping such a tree is for its owner, as in real life: dissectors make none so deep.
    let wide = Field::group("all", 0..300, "").children(
        (0..300)
            .map(|at| Field::leaf(at.to_string(), at..at + 1, Value::Bytes, ""))
            .collect(),
    );
    let told = field(&wide);
    let parts = told["parts"].as_array().unwrap();
    let names: Vec<_> = parts
        .iter()
        .map(|part| part["name"].as_str().unwrap())
        .collect();
    let expected: Vec<_> = (0..300).map(|at| at.to_string()).collect();
    assert_eq!(names, expected);
}

#[test]
fn bytes_go_in_hexadecimal_with_what_carried_them() {
    let pane = |item, bytes: &'static [u8], cut_bytes| Pane {
        title: format!("Record {item}"),
        item,
        offset: 5,
        bytes: Bytes::from_static(bytes),
        cut_bytes,
        tree: Field::leaf("all", 0..bytes.len(), Value::Bytes, ""),
    };
    let taken_apart = Shown {
        number: 3,
        on_the_wire: vec![pane(2, &[0x17, 0x03], 0)],
        inside: vec![pane(3, b"G", 9)],
        arithmetic: vec![Step {
            name: "nonce",
            value: "00ff".to_owned(),
            meaning: "The IV xor the sequence number.".to_owned(),
            source: "RFC 8446 §5.3",
        }],
        aligned: vec![Aligned {
            inside_pane: 0,
            inside: 0..1,
            wire_pane: 0,
            wire: 1..2,
        }],
    };
    assert_eq!(
        shown(&taken_apart),
        json!({
            "number": 3,
            "on_the_wire": [{ "title": "Record 2", "item": 2, "offset": 5, "bytes": "1703", "tree": { "name": "all", "at": [0, 2] } }],
            "inside": [{ "title": "Record 3", "item": 3, "offset": 5, "bytes": "47", "cut": 9, "tree": { "name": "all", "at": [0, 1] } }],
            "arithmetic": [{ "name": "nonce", "value": "00ff", "meaning": "The IV xor the sequence number.", "source": "RFC 8446 §5.3" }],
            "aligned": [[0, 0, 1, 0, 1, 2]]
        })
    );
}

#[test]
fn lessons_and_summary_say_what_is_known_and_nothing_else() {
    let learned = Lesson {
        what: "server name",
        value: "chat.example".to_owned(),
        how: "It stands in the ClientHello, in clear.".to_owned(),
        item: Some(0),
    };
    assert_eq!(
        lesson(&learned),
        json!({ "what": "server name", "value": "chat.example", "how": "It stands in the ClientHello, in clear.", "item": 0 })
    );
    assert!(
        lesson(&Lesson {
            item: None,
            ..learned
        })
        .get("item")
        .is_none()
    );
    let known = Summary {
        is_tls: true,
        version: Some("TLS 1.3".to_owned()),
        application: vec!["HTTP/1.1", "WebSocket"],
        requests: 1,
        assumption: Some("It is assumed."),
        ..Summary::default()
    };
    assert_eq!(
        summary(&known),
        json!({ "tls": true, "version": "TLS 1.3", "application": ["HTTP/1.1", "WebSocket"],
            "requests": 1, "frames": 0, "missing_bytes": 0, "closed_records": 0,
            "assumption": "It is assumed." })
    );
}
