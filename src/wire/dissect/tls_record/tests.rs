//! Where records begin and end, what is in them, and what is none.

use super::*;
use crate::wire::dissect::mutation::mutations;
use crate::wire::dissect::tls_handshake::{HandshakeContext, Version, rfc8448};
use crate::wire::field::Field;

fn record(content_type: u8, fragment: &[u8]) -> Vec<u8> {
    let len = u16::try_from(fragment.len()).unwrap().to_be_bytes();
    [&[content_type, 3, 3], &len[..], fragment].concat()
}

fn with(protection: Protection, version: Version) -> RecordContext {
    RecordContext {
        protection,
        handshake: HandshakeContext {
            version,
            cipher_suite: None,
        },
        continued_bytes: 0,
    }
}

fn clear() -> RecordContext {
    RecordContext::default()
}

fn problems(field: &Field) -> Vec<String> {
    assert_eq!(field.flaw(), None);
    let told = field.walk().filter_map(|field| field.problem.as_ref());
    told.map(ToString::to_string).collect()
}

/// Each leaf by name and length.
fn leaves(field: &Field) -> Vec<(String, usize)> {
    assert_eq!(problems(field), Vec::<String>::new());
    let leaves = field.walk().filter(|field| field.children.is_empty());
    leaves
        .map(|leaf| (leaf.name.to_string(), leaf.bytes.len()))
        .collect()
}

#[test]
fn a_header_is_five_bytes_and_each_prefix_of_it_needs_more() {
    for (bytes, content_type, version, fragment_len) in [
        ([22, 3, 1, 2, 0], ContentType::Handshake, 0x0301, 512),
        ([23, 3, 3, 0, 0], ContentType::ApplicationData, 0x0303, 0),
        ([20, 3, 3, 0, 1], ContentType::ChangeCipherSpec, 0x0303, 1),
        ([24, 3, 0, 0, 0], ContentType::Heartbeat, 0x0300, 0),
        // 2^14 + 2048.
        (
            [21, 3, 4, 0x48, 0],
            ContentType::Alert,
            0x0304,
            FRAGMENT_LEN_MAX,
        ),
    ] {
        for len in 0..5 {
            assert_eq!(decode_record_header(&bytes[..len]), Ok(Progress::NeedMore));
        }
        let value = RecordHeader {
            content_type,
            legacy_record_version: version,
            fragment_len,
        };
        let behind = [&bytes[..], b"behind"].concat();
        for input in [&bytes[..], &behind] {
            let done = Progress::Done {
                value,
                used_bytes: 5,
            };
            assert_eq!(decode_record_header(input), Ok(done));
        }
    }
}

#[test]
fn what_is_no_record_is_told_in_words() {
    for (bytes, error) in [
        (b"GET / HTTP/1.1\r\n".as_slice(), RecordError::Http),
        (b"POST /login HTTP/1.1\r\n", RecordError::Http),
        (b"HTTP/1.1 400 Bad Request\r\n", RecordError::Http),
        (b"GEThering", RecordError::UnknownContentType(b'G')),
        // A hello of SSL 2.0 for TLS 1.0, and one for SSL 2.0.
        (&[0x80, 0x2e, 1, 3, 1, 0], RecordError::Sslv2Hello),
        (&[0x80, 0x2e, 1, 0, 2, 0], RecordError::Sslv2Hello),
        (
            &[0x80, 0x2e, 2, 3, 1, 0],
            RecordError::UnknownContentType(0x80),
        ),
        (b"SSH-2.0-x", RecordError::UnknownContentType(b'S')),
        (&[19, 3, 3, 0, 1], RecordError::UnknownContentType(19)),
        (&[25, 3, 3, 0, 1], RecordError::UnknownContentType(25)),
        (&[22, 2, 3, 0, 1], RecordError::NotTlsVersion(0x0203)),
        (
            &[22, 3, 3, 0x48, 1],
            RecordError::FragmentTooLong(FRAGMENT_LEN_MAX + 1),
        ),
        (&[22, 4, 3, 0, 1], RecordError::NotTlsVersion(0x0403)),
    ] {
        assert_eq!(decode_record_header(bytes), Err(error));
        assert!(error.to_string().ends_with(['.', ')']));
        assert_eq!(
            problems(&dissect_record(bytes, &clear())),
            [error.to_string()]
        );
        assert_eq!(Records::of(bytes).tail(), Tail::Nonsense(error));
    }
}

#[test]
fn an_empty_record_is_one_but_should_carry_data() {
    let told = |content_type| problems(&dissect_record(&record(content_type, b""), &clear()));
    assert_eq!(told(23), [""; 0]);
    for content_type in [20, 21, 22, 24] {
        let said = told(content_type);
        assert!(
            said.contains(&"Only a record of application data may be empty.".to_owned()),
            "{said:?}"
        );
    }
}

#[test]
fn a_heartbeat_is_named() {
    let field = dissect_record(&record(24, &[1, 0x40, 0]), &clear());
    assert_eq!(field.leaf_at(5).unwrap().name, "HeartbeatMessage");
}

#[test]
fn a_stream_is_split_up_to_its_tail() {
    let first = record(22, &[1, 0, 0, 0]);
    let second = record(23, &[9; 40]);
    let tails: [(&[u8], Tail); 5] = [
        (&[], Tail::Empty),
        (&[23, 3], Tail::Partial { missing: None }),
        (&[23, 3, 3, 0, 9, 1], Tail::Partial { missing: Some(8) }),
        (&[23, 3, 3, 0, 9], Tail::Partial { missing: Some(9) }),
        (b"GET / HTTP/1.1", Tail::Nonsense(RecordError::Http)),
    ];
    for (rest, tail) in tails {
        let stream = [&first, &second, rest].concat();
        let mut records = Records::of(&stream);
        let spans: Vec<_> = records.by_ref().map(|span| span.bytes).collect();
        assert_eq!(spans, [0..9, 9..54]);
        assert_eq!((records.at(), records.tail()), (54, tail));
    }
}

#[test]
fn content_in_clear_is_taken_apart() {
    let alert = dissect_record(&record(21, &[2, 40]), &clear());
    assert_eq!(alert.leaf_at(6).unwrap().name, "description");
    let change = dissect_record(&record(20, &[1]), &clear());
    assert_eq!(change.leaf_at(5).unwrap().name, "type");
    let messages = [
        rfc8448::message(3, "ServerHello"),
        rfc8448::message(3, "EncryptedExtensions"),
    ];
    let both = dissect_record(&record(22, &messages.concat()), &clear());
    assert_eq!(problems(&both), Vec::<String>::new());
    let found = both
        .walk()
        .filter(|field| field.wireshark == Some("tls.handshake"));
    let ranges: Vec<_> = found.map(|field| field.bytes.clone()).collect();
    assert_eq!(ranges, [5..95, 95..135]);
}

#[test]
fn a_server_hello_settles_how_the_messages_behind_it_in_its_record_are_read() {
    let hello = [&[2, 0, 0, 38, 3, 3][..], &[7; 32], &[0, 0xc0, 0x2f, 0]].concat();
    // A list of no certificates: three bytes in TLS 1.2, four in TLS 1.3.
    let messages = [&hello[..], &[11, 0, 0, 3, 0, 0, 0]].concat();
    let field = dissect_record(&record(22, &messages), &clear());
    assert_eq!(problems(&field), Vec::<String>::new());
}

#[test]
fn parts_of_messages_stay_parts() {
    let hello = rfc8448::message(3, "ClientHello");
    let first = dissect_record(&record(22, &hello[..100]), &clear());
    assert_eq!(
        leaves(&first).last().unwrap(),
        &("fragment of a message".to_owned(), 100)
    );
    let continued = RecordContext {
        continued_bytes: 96,
        ..clear()
    };
    let behind = [&hello[100..], &[14, 0, 0, 0]].concat();
    let second = dissect_record(&record(22, &behind), &continued);
    assert_eq!(leaves(&second)[3], ("fragment of a message".to_owned(), 96));
    assert_eq!(second.leaf_at(5 + 96).unwrap().name, "msg_type");
}

#[test]
fn an_eavesdropper_sees_ciphertext_and_tag() {
    let sealed = record(23, &[9; 40]);
    let names = |protection, version| {
        let field = dissect_record(&sealed, &with(protection, version));
        leaves(&field)[3..].to_vec()
    };
    let leaf = |name: &str, len| (name.to_owned(), len);
    assert_eq!(
        names(Protection::Tls13, Version::Tls13),
        [leaf("ciphertext", 24), leaf("authentication tag", 16)]
    );
    let gcm = Protection::Tls12 {
        explicit_nonce_len: 8,
    };
    assert_eq!(
        names(gcm, Version::Tls12),
        [
            leaf("nonce_explicit", 8),
            leaf("ciphertext", 16),
            leaf("authentication tag", 16)
        ]
    );
    assert_eq!(
        names(Protection::Other, Version::Tls12),
        [leaf("fragment", 40)]
    );
}

#[test]
fn in_tls13_change_cipher_spec_and_early_alerts_are_in_clear() {
    let context = with(Protection::Tls13, Version::Tls13);
    let alert = dissect_record(&record(21, &[2, 48]), &context);
    assert_eq!(
        alert.leaf_at(0).unwrap().wireshark,
        Some("tls.record.content_type")
    );
    assert_eq!(alert.leaf_at(6).unwrap().name, "description");
    let data = dissect_record(&record(23, &[9; 17]), &context);
    assert_eq!(
        data.leaf_at(0).unwrap().wireshark,
        Some("tls.record.opaque_type")
    );
}

#[test]
fn too_short_and_too_long_ciphertexts_are_told() {
    let context = with(Protection::Tls13, Version::Tls13);
    let told = |len: usize| problems(&dissect_record(&record(23, &vec![9; len]), &context)).len();
    assert_eq!([told(15), told(16)], [1, 0]);
    let longest = usize::from(FRAGMENT_LEN_MAX_TLS13);
    assert_eq!([told(longest), told(longest + 1)], [0, 1]);
}

#[test]
fn inner_plaintext_is_content_type_and_zeros() {
    let context = with(Protection::Clear, Version::Tls13);
    let leaf = |name: &str, len| (name.to_owned(), len);
    for (plaintext, expected) in [
        (
            &b"hello\x17"[..],
            vec![leaf("application_data", 5), leaf("type", 1)],
        ),
        (
            b"hello\x17\0\0",
            vec![
                leaf("application_data", 5),
                leaf("type", 1),
                leaf("zeros", 2),
            ],
        ),
        (b"\x17", vec![leaf("type", 1)]),
        (
            &[1, 0, 21],
            vec![leaf("level", 1), leaf("description", 1), leaf("type", 1)],
        ),
    ] {
        assert_eq!(
            leaves(&dissect_inner_plaintext(plaintext, &context)),
            expected
        );
    }
    for plaintext in [&[][..], &[0, 0, 0], b"hello\x09"] {
        assert_eq!(
            problems(&dissect_inner_plaintext(plaintext, &context)).len(),
            1
        );
    }
    let fragment = dissect_fragment(ContentType::Handshake, &[14, 0, 0, 0], &context);
    assert_eq!(fragment.leaf_at(0).unwrap().name, "msg_type");
}

#[test]
fn mutated_records_keep_the_promise_of_fields() {
    let hello = record(22, &rfc8448::message(3, "ClientHello"));
    let certificate = record(22, &rfc8448::message(3, "Certificate"));
    let sealed = record(23, &[7; 60]);
    for (seed, whole) in (50..).zip([hello, certificate, sealed]) {
        for mutated in mutations(&whole, seed, 1_000) {
            for context in [
                clear(),
                with(Protection::Tls13, Version::Tls13),
                with(
                    Protection::Tls12 {
                        explicit_nonce_len: 8,
                    },
                    Version::Tls12,
                ),
                RecordContext {
                    continued_bytes: 50,
                    ..clear()
                },
            ] {
                let field = dissect_record(&mutated, &context);
                assert_eq!(field.flaw(), None, "{mutated:02x?}");
                assert_eq!(field.bytes, 0..mutated.len());
            }
            assert_eq!(dissect_inner_plaintext(&mutated, &clear()).flaw(), None);
            let mut records = Records::of(&mutated);
            let covered: usize = records.by_ref().map(|span| span.bytes.len()).sum();
            assert_eq!(covered, records.at());
        }
    }
}
