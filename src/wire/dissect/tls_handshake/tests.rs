//! What messages look like in each version, what is wrong with malformed ones, and that nothing breaks this.

use super::rfc8448;
use super::*;
use crate::wire::dissect::mutation::mutations;
use crate::wire::field::Field;

const TLS12: HandshakeContext = HandshakeContext {
    version: Version::Tls12,
    cipher_suite: Some(0xc02f),
};

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let len = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind], &len[1..], body].concat()
}

fn problems(field: &Field) -> Vec<String> {
    assert_eq!(field.flaw(), None);
    let told = field.walk().filter_map(|field| field.problem.as_ref());
    told.map(ToString::to_string).collect()
}

fn value_of<'a>(field: &'a Field, name: &str) -> &'a Value {
    let found = field.walk().find(|field| field.name == name);
    &found
        .unwrap_or_else(|| panic!("no {name} in {field:#?}"))
        .value
}

fn hello(extensions: &[u8]) -> Vec<u8> {
    let len = u16::try_from(extensions.len()).unwrap().to_be_bytes();
    let body = [
        &[3, 3][..],
        &[7; 32],
        &[0, 0, 2, 0x13, 1, 1, 0],
        &len,
        extensions,
    ];
    message(1, &body.concat())
}

#[test]
fn every_prefix_of_every_message_is_shown_as_far_as_it_goes() {
    for (section, whole) in rfc8448::all() {
        assert_eq!(
            problems(&dissect_handshake(&whole, &HandshakeContext::default())),
            Vec::<String>::new()
        );
        for len in 0..whole.len() {
            let field = dissect_handshake(&whole[..len], &HandshakeContext::default());
            assert!(
                !problems(&field).is_empty(),
                "{len} of {whole:02x?} of §{section}"
            );
            assert_eq!(field.bytes, 0..len);
        }
        let with_more = [&whole[..], &[0]].concat();
        let field = dissect_handshake(&with_more, &HandshakeContext::default());
        assert_eq!(problems(&field), ["1 byte more than Handshake has."]);
    }
}

#[test]
fn mutated_messages_keep_the_promise_of_fields_in_both_versions() {
    for (seed, (_, whole)) in (1..).zip(rfc8448::all()) {
        for mutated in mutations(&whole, seed, 300) {
            for context in [HandshakeContext::default(), TLS12] {
                let field = dissect_handshake(&mutated, &context);
                assert_eq!(field.flaw(), None, "{mutated:02x?}");
                assert_eq!(field.bytes, 0..mutated.len());
            }
        }
    }
}

#[test]
fn bytes_of_every_type_keep_the_promise_of_fields() {
    for kind in 0..=u8::MAX {
        for fill in [0, 1, 3, 0x30, 0x7f, 0xff] {
            let field = dissect_handshake(&message(kind, &[fill; 300]), &TLS12);
            assert_eq!(field.flaw(), None, "{kind} {fill}");
        }
    }
}

#[test]
fn a_message_of_hundreds_of_kilobytes_takes_a_bounded_number_of_fields() {
    // Lists of one-byte items, elements within elements, extensions of no bytes.
    for (kind, fill) in [(1, 0), (11, 0x30), (8, 0), (13, 1)] {
        let field = dissect_handshake(&message(kind, &vec![fill; 400_000]), &TLS12);
        assert_eq!(field.flaw(), None);
        assert!(field.walk().count() < 30_000);
    }
}

#[test]
fn what_is_wrong_is_said_where_it_is() {
    for (extensions, problem) in [
        (&[0u8, 23, 0, 0][..], None),
        (
            &[0, 23, 0, 1, 9],
            Some("1 byte more than extension_data has."),
        ),
        (
            &[0, 23, 0, 0, 0, 23, 0, 0],
            Some("An extension may come once in a message (RFC 8446 §4.2)."),
        ),
        (&[0, 23, 0, 1], Some("This should have 1 byte, and has 0.")),
        (&[0, 43, 0, 3, 2, 3, 4], None),
        (
            &[0, 43, 0, 3, 3, 3, 4],
            Some("This should have 3 bytes, and has 2."),
        ),
        (
            &[0, 43, 0, 4, 3, 3, 4, 9],
            Some("ProtocolVersion takes 2 bytes; 1 left."),
        ),
        (&[0, 21, 0, 1, 0], None),
        (
            &[0, 21, 0, 1, 1],
            Some("Padding is zeros: here something hides."),
        ),
        (
            &[0, 16, 0, 4, 0, 2, 1, 0xff],
            Some("This should be text, and is not UTF-8."),
        ),
        (
            &[0, 41, 0, 4, 0, 0, 0, 0, 0, 23, 0, 0],
            Some("pre_shared_key must come last (RFC 8446 §4.2.11)."),
        ),
        (&[0, 23, 0, 0, 0, 41, 0, 4, 0, 0, 0, 0], None),
    ] {
        let field = dissect_handshake(&hello(extensions), &HandshakeContext::default());
        assert_eq!(
            problems(&field).first().map(String::as_str),
            problem,
            "{extensions:?}"
        );
    }
}

#[test]
fn grease_and_unknown_numbers_are_named_as_such() {
    let field = dissect_handshake(&hello(&[0x2a, 0x2a, 0, 0, 0x77, 0x77, 0, 1, 5]), &TLS12);
    let names: Vec<_> = field.walk().map(|field| field.name.as_ref()).collect();
    assert!(names.contains(&"GREASE"));
    assert!(names.contains(&"extension 30583"));
}

#[test]
fn a_hybrid_share_has_two_parts() {
    let share = |group: [u8; 2], len: u16| {
        let lens = [len + 6, len + 4, len].map(u16::to_be_bytes);
        let head = [&[0, 51][..], &lens[0], &lens[1], &group, &lens[2]].concat();
        hello(&[head, vec![5; len.into()]].concat())
    };
    let parts = |group, len| {
        let field = dissect_handshake(&share(group, len), &HandshakeContext::default());
        let parts = field.walk().filter(|field| {
            [
                "ML-KEM encapsulation key",
                "X25519 public key",
                "UncompressedPointRepresentation",
            ]
            .contains(&field.name.as_ref())
        });
        let lens: Vec<_> = parts.map(|part| part.bytes.len()).collect();
        assert_eq!(problems(&field), Vec::<String>::new());
        lens
    };
    assert_eq!(parts([0x11, 0xec], 1216), [1184, 32]);
    assert_eq!(parts([0x11, 0xec], 1215), Vec::<usize>::new());
    assert_eq!(parts([0x11, 0xeb], 1249), [65, 1184]);
    assert_eq!(parts([0, 29], 32), [32]);
    assert_eq!(parts([0x2a, 0x2a], 1), Vec::<usize>::new());
}

#[test]
fn the_version_decides_how_a_message_is_read() {
    let tls13 = HandshakeContext::default();
    // The same list of no certificates, and of no authorities.
    for (kind, body, context) in [
        (11, &[0u8, 0, 0][..], TLS12),
        (11, &[0, 0, 0, 0], tls13),
        (13, &[1, 64, 0, 2, 4, 3, 0, 0], TLS12),
        (13, &[0, 0, 8, 0, 13, 0, 4, 0, 2, 4, 3], tls13),
        (4, &[0, 0, 0, 9, 0, 1, 5], TLS12),
        (4, &[0, 0, 0, 9, 0, 0, 0, 8, 1, 7, 0, 1, 5, 0, 0], tls13),
    ] {
        let message = message(kind, body);
        assert_eq!(
            problems(&dissect_handshake(&message, &context)),
            Vec::<String>::new()
        );
        let other = if context == TLS12 { tls13 } else { TLS12 };
        assert!(
            !problems(&dissect_handshake(&message, &other)).is_empty(),
            "{kind}"
        );
    }
}

#[test]
fn the_suite_decides_how_keys_are_read() {
    let with = |cipher_suite| HandshakeContext {
        cipher_suite: Some(cipher_suite),
        ..TLS12
    };
    let ecdhe = message(12, &[&[3, 0, 29, 2, 8, 9, 8, 4, 0, 1][..], &[7]].concat());
    let field = dissect_handshake(&ecdhe, &with(0xc02f));
    assert_eq!(problems(&field), Vec::<String>::new());
    assert_eq!(*value_of(&field, "public"), Value::Bytes);
    let dhe = message(12, &[0, 1, 23, 0, 1, 5, 0, 1, 8, 8, 4, 0, 1, 7]);
    let field = dissect_handshake(&dhe, &with(0x009e));
    assert_eq!(problems(&field), Vec::<String>::new());
    assert_eq!(*value_of(&field, "dh_Ys"), Value::Bytes);
    // A pre-shared key is not explained, and not guessed at.
    let field = dissect_handshake(&message(12, &[0, 0]), &with(0x00a8));
    assert_eq!(problems(&field), Vec::<String>::new());
    assert_eq!(*value_of(&field, "exchange_keys"), Value::Bytes);
    let field = dissect_handshake(&message(16, &[0, 2, 1, 2]), &with(0x009c));
    assert_eq!(
        *value_of(&field, "encrypted_pre_master_secret"),
        Value::Bytes
    );
}

#[test]
fn a_server_hello_settles_version_and_suite() {
    let settled =
        |section, name| HandshakeContext::after_server_hello(&rfc8448::message(section, name));
    let tls13 = Some(HandshakeContext {
        version: Version::Tls13,
        cipher_suite: Some(0x1301),
    });
    assert_eq!(settled(3, "ServerHello"), tls13);
    assert_eq!(settled(5, "HelloRetryRequest"), tls13);
    assert_eq!(settled(3, "ClientHello"), None);
    let hello =
        |version: [u8; 2]| message(2, &[&version[..], &[7; 32], &[0, 0xc0, 0x2f, 0]].concat());
    assert_eq!(
        HandshakeContext::after_server_hello(&hello([3, 3])),
        Some(TLS12)
    );
    assert_eq!(HandshakeContext::after_server_hello(&hello([3, 1])), None);
    for mutated in mutations(&rfc8448::message(3, "ServerHello"), 9, 2_000) {
        let settled = HandshakeContext::after_server_hello(&mutated);
        assert!(settled.is_none() || mutated[0] == 2);
    }
}

#[test]
fn a_downgrade_is_explained() {
    let random = [&[7; 24][..], b"DOWNGRD\x01"].concat();
    let message = message(2, &[&[3, 3][..], &random, &[0, 0xc0, 0x2f, 0]].concat());
    let field = dissect_handshake(&message, &TLS12);
    let random = field.walk().find(|field| field.name == "random").unwrap();
    assert!(random.meaning.contains("somebody meddled"));
}

#[test]
fn every_field_says_what_it_means() {
    let mut silent = std::collections::BTreeSet::new();
    for (_, message) in rfc8448::all() {
        let field = dissect_handshake(&message, &HandshakeContext::default());
        let without = field.walk().filter(|field| field.meaning.is_empty());
        silent.extend(without.map(|field| field.name.to_string()));
    }
    assert_eq!(silent, std::collections::BTreeSet::new());
}
