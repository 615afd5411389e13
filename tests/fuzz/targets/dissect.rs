//! The wire, message by message: every byte of whatever came has its place in a tree, and not too many.

use secure_chat::octets::Direction;
use secure_chat::wire::dissect::http::{dissect_request, dissect_response};
use secure_chat::wire::dissect::tls_alert::{alert_in_words, dissect_alert};
use secure_chat::wire::dissect::tls_handshake::{
    HandshakeContext, Version, dissect_handshake, is_server_hello, message_len, message_name,
};
use secure_chat::wire::dissect::tls_record::{
    ContentType, FRAGMENT_LEN_MAX, Onlooker, Protection, RECORD_HEADER_LEN, RecordContext, Records,
    Tail, decode_record_header, dissect_fragment, dissect_inner_plaintext, dissect_record,
};
use secure_chat::wire::dissect::x509::dissect_certificate;

use super::promises::{choices, decode, lengths_below, shows};

/// A request.
pub(crate) fn request(input: &[u8]) -> bool {
    shows(&dissect_request(input), input)
}

/// A response; the first byte says to what.
pub(crate) fn response(input: &[u8]) -> bool {
    const METHODS: [Option<&str>; 4] = [None, Some("GET"), Some("HEAD"), Some("CONNECT")];
    let ([method], response) = choices(input);
    let method = METHODS[usize::from(method) % METHODS.len()];
    shows(&dissect_response(response, method), response)
}

/// A handshake message; the first byte says what was agreed on before.
pub(crate) fn handshake(input: &[u8]) -> bool {
    let ([agreed], message) = choices(input);
    let tree = dissect_handshake(message, &context(agreed));
    let right = shows(&tree, message);
    let len = message_len(message);
    assert!(
        !right || len == Some(message.len()),
        "right, but not one whole message"
    );
    assert!(len.is_none_or(|len| (4..4 + (1 << 24)).contains(&len)));
    assert!(message_name(message).is_none_or(|name| !name.is_empty()));
    if HandshakeContext::after_server_hello(message).is_some() {
        assert_eq!(message.first(), Some(&2));
    }
    assert!(!is_server_hello(message) || message.first() == Some(&2));
    right
}

fn context(agreed: u8) -> HandshakeContext {
    const SUITES: [Option<u16>; 8] = [
        None,
        Some(0x1301),
        Some(0xc02b),
        Some(0xc02f),
        Some(0x009e),
        Some(0x009c),
        Some(0x00ff),
        Some(0xcca8),
    ];
    HandshakeContext {
        version: if agreed & 8 == 0 {
            Version::Tls13
        } else {
            Version::Tls12
        },
        cipher_suite: SUITES[usize::from(agreed & 7)],
    }
}

/// A stream of records: where each is does not depend on what follows, an onlooker sees each, and each is shown.
pub(crate) fn records(input: &[u8]) -> bool {
    let ([choice], stream) = choices(input);
    decode(stream, decode_record_header);
    let mut records = Records::of(stream);
    let mut onlooker = Onlooker::default();
    let (mut at, mut right) = (0, 0);
    for span in &mut records {
        assert_eq!(span.bytes.start, at);
        at = span.bytes.end;
        let record = &stream[span.bytes];
        assert_eq!(
            record.len(),
            RECORD_HEADER_LEN + usize::from(span.header.fragment_len)
        );
        assert!(span.header.fragment_len <= FRAGMENT_LEN_MAX);
        let sender = if choice & 1 == 0 {
            Direction::FromClient
        } else {
            Direction::FromServer
        };
        let seen = onlooker.see(sender, record);
        right += usize::from(shows(&dissect_record(record, &seen), record));
    }
    assert_eq!(records.at(), at);
    match records.tail() {
        Tail::Empty => assert_eq!(at, stream.len()),
        Tail::Partial { missing } => {
            assert!(at < stream.len());
            let header = decode_record_header(&stream[at..]);
            assert_eq!(
                missing.is_none(),
                stream.len() - at < RECORD_HEADER_LEN,
                "{header:?}"
            );
        }
        Tail::Nonsense(error) => assert_eq!(decode_record_header(&stream[at..]), Err(error)),
    }
    right > 0
}

/// A record, its fragment and what was encrypted in it, whatever protects it and whatever it continues.
pub(crate) fn fragment(input: &[u8]) -> bool {
    const KINDS: [ContentType; 5] = [
        ContentType::ChangeCipherSpec,
        ContentType::Alert,
        ContentType::Handshake,
        ContentType::ApplicationData,
        ContentType::Heartbeat,
    ];
    let ([agreed, protected, kind, continued], bytes) = choices(input);
    let context = RecordContext {
        protection: match protected % 5 {
            0 => Protection::Clear,
            1 => Protection::Tls13,
            2 => Protection::Tls12 {
                explicit_nonce_len: 8,
            },
            3 => Protection::Tls12 {
                explicit_nonce_len: 0,
            },
            _ => Protection::Other,
        },
        handshake: context(agreed),
        continued_bytes: if continued < 128 {
            0
        } else {
            usize::from(continued & 0x7f)
        },
    };
    let kind = KINDS[usize::from(kind) % KINDS.len()];
    let record = shows(&dissect_record(bytes, &context), bytes);
    let inner = shows(&dissect_inner_plaintext(bytes, &context), bytes);
    let fragment = shows(&dissect_fragment(kind, bytes, &context), bytes);
    record || inner || fragment
}

/// An alert, and its words.
pub(crate) fn alert(input: &[u8]) -> bool {
    if let Some(&description) = input.get(1) {
        assert!(!alert_in_words(description).is_empty());
    }
    let right = shows(&dissect_alert(input), input);
    assert!(!right || input.len() == 2);
    right
}

/// A certificate. Of one that is right, no beginning is.
pub(crate) fn certificate(input: &[u8]) -> bool {
    let right = shows(&dissect_certificate(input), input);
    if right {
        for len in lengths_below(input.len()).step_by(7) {
            let cut = &input[..len];
            assert!(
                !shows(&dissect_certificate(cut), cut),
                "cut to {len}, and nothing is wrong"
            );
        }
    }
    right
}
