//! The decrypter, from both ends: recordings with secrets, as they may be in any capture, and records that the target seals itself, so that
//! what is inside can be anything.

use std::sync::Arc;

use aws_lc_rs::aead::{
    AES_128_GCM, AES_256_GCM, Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey,
};
use bytes::Bytes;
use secure_chat::octets::Direction::{self, FromClient, FromServer};
use secure_chat::wire::decrypt::{
    Aead, Cover, Event, KeyLogLine, Label, MESSAGE_LEN_MAX, MESSAGE_PARTS_MAX, Opened, Problem,
    Secret, Session, Suite, TrafficKeys, Version, What, message_type,
};
use secure_chat::wire::dissect::tls_record::RECORD_HEADER_LEN;
use secure_chat::wire::event;

use super::promises::{choices, pieces};
use super::recording::{self, Step};

const CLIENT_RANDOM: [u8; 32] = [0xc1; 32];
const SERVER_RANDOM: [u8; 32] = [0x5e; 32];

/// Every byte is in one record, what was opened can be sealed again to the same bytes, and nothing depends on how it arrived.
pub(crate) fn session(input: &[u8]) -> bool {
    let ([cut], input) = choices(input);
    let steps = recording::read(input);
    let events = followed(&steps, 0);
    let others = followed(&steps, cut);
    assert_eq!(
        in_words(&events),
        in_words(&others),
        "it depends on how it was cut"
    );
    for direction in [FromClient, FromServer] {
        let happened = |step: &Step| match step {
            Step::Happened(event) => Some(event.clone()),
            Step::Secret(_) => None,
        };
        let recorded: Vec<event::Event> = steps.iter().filter_map(happened).collect();
        let bytes = |event: &event::Event| match &event.what {
            event::What::Bytes(bytes) if event.direction == direction => Some(bytes.to_vec()),
            _ => None,
        };
        let stream: Vec<u8> = recorded.iter().filter_map(bytes).flatten().collect();
        let of_side: Vec<_> = events
            .iter()
            .filter(|event| event.direction == direction)
            .collect();
        is_consistent(&of_side, &stream);
    }
    events
        .iter()
        .any(|event| matches!(event.what, What::Record { .. }))
}

/// The events; where bytes begin that are no record, but not where they end, since they are told at once.
fn in_words(events: &[Event]) -> Vec<String> {
    let word = |event: &Event| match event.what {
        What::Problem(Problem::NotARecord) => {
            format!(
                "{:?} {} {}",
                event.direction, event.record, event.wire.start
            )
        }
        _ => format!("{event:?}"),
    };
    events.iter().map(word).collect()
}

fn followed(steps: &[Step], cut: u8) -> Vec<Event> {
    let mut session = Session::default();
    let mut events = Vec::new();
    for step in steps {
        match step {
            Step::Secret(line) => {
                session.learn(line.clone());
            }
            Step::Happened(event) => {
                if let event::What::Bytes(bytes) = &event.what {
                    for piece in pieces(bytes, cut) {
                        events.extend(session.push(event.direction, piece));
                    }
                }
            }
        }
    }
    events.extend(session.finish());
    events
}

fn is_consistent(events: &[&Event], stream: &[u8]) {
    let (mut records, mut end, mut application) = (0, 0, 0);
    for event in events {
        let wire =
            usize::try_from(event.wire.start).unwrap()..usize::try_from(event.wire.end).unwrap();
        match &event.what {
            What::Record { header, cover } => {
                assert_eq!((event.record, wire.start), (records, end), "{event:?}");
                assert_eq!(wire.len(), header.record_len());
                (records, end) = (records + 1, wire.end);
                if let Cover::Opened(opened) = cover {
                    assert_eq!(sealed_again(opened, &stream[wire.clone()]), stream[wire]);
                }
            }
            What::ApplicationData(data) => {
                assert_eq!(data.at.end - data.at.start, data.bytes.len() as u64);
                assert!(data.at.start >= application);
                application = data.at.end;
            }
            What::Handshake(message) => {
                assert!(message.bytes.len() <= MESSAGE_LEN_MAX);
                assert!(message.parts.len() <= MESSAGE_PARTS_MAX);
                let mut end = 0;
                for part in &message.parts {
                    assert_eq!(part.in_message.start, end);
                    assert_eq!(part.in_record.len(), part.in_message.len());
                    assert!(part.record <= event.record);
                    end = part.in_message.end;
                }
                assert_eq!(end, message.bytes.len());
                assert_eq!(message.bytes.first(), Some(&message.message_type));
            }
            _ => {}
        }
    }
    assert!(end <= stream.len());
}

/// The record that these keys make of this content: header and explicit nonce as they were sent.
fn sealed_again(opened: &Opened, record: &[u8]) -> Vec<u8> {
    let mut inside = opened.content().to_vec();
    if opened.keys.suite.version == Version::Tls13 {
        inside.push(opened.inner_type);
        inside.resize(inside.len() + opened.padding_len, 0);
    }
    let nonce = opened
        .keys
        .nonce(opened.sequence, &record[opened.explicit_nonce.clone()]);
    assert_eq!(nonce, opened.nonce);
    let tag = seal(&opened.keys, nonce, &opened.additional_data, &mut inside);
    [&record[..opened.explicit_nonce.end], &inside, &tag].concat()
}

fn seal(keys: &TrafficKeys, nonce: [u8; 12], additional_data: &[u8], inside: &mut [u8]) -> Vec<u8> {
    let algorithm = match keys.suite.aead {
        Aead::Aes128Gcm => &AES_128_GCM,
        Aead::Aes256Gcm => &AES_256_GCM,
        Aead::ChaCha20Poly1305 => &CHACHA20_POLY1305,
    };
    let key = LessSafeKey::new(UnboundKey::new(algorithm, keys.key()).expect("a key"));
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = key.seal_in_place_separate_tag(nonce, Aad::from(additional_data), inside);
    tag.expect("a short text").as_ref().to_vec()
}

/// What is sealed comes out: content, type and padding, through every change of keys that the content itself asks for.
///
/// The first byte chooses the suite. Then each record says in one byte who sends it and how it is padded, in another what it is,
/// in two how long; its content follows.
pub(crate) fn sealed(input: &[u8]) -> bool {
    let ([suite], mut input) = choices(input);
    let suite = SUITES[usize::from(suite) % SUITES.len()];
    let mut two = Conversation::begin(suite);
    let mut opened = 0;
    while let Some((&[how, kind, high, low], rest)) = input.split_first_chunk() {
        let len = usize::from(u16::from_be_bytes([high, low]))
            .min(rest.len())
            .min(1 << 14);
        let (content, behind) = rest.split_at(len);
        input = behind;
        let sender = if how & 1 == 0 { FromClient } else { FromServer };
        // A type of zero is padding; TLS 1.2 knows no padding, and no types but its own.
        let kind = if suite.0 == Version::Tls12 {
            20 + kind % 5
        } else {
            kind.max(1)
        };
        if !two.say(sender, kind, usize::from(how >> 1), content) {
            break;
        }
        opened += 1;
    }
    opened > 0
}

const SUITES: [(Version, u16); 6] = [
    (Version::Tls13, 0x1301),
    (Version::Tls13, 0x1302),
    (Version::Tls13, 0x1303),
    (Version::Tls12, 0xc02b),
    (Version::Tls12, 0xc030),
    (Version::Tls12, 0xcca8),
];

/// A connection whose hellos were said, and whose records are sealed here.
struct Conversation {
    session: Session,
    suite: &'static Suite,
    client: Sender,
    server: Sender,
}

/// What one side seals its next record with.
struct Sender {
    keys: Arc<TrafficKeys>,
    sequence: u64,
}

fn secret(label: Label, suite: &Suite) -> Secret {
    let len = if suite.version == Version::Tls12 {
        48
    } else {
        suite.hash.output_len()
    };
    let byte = u8::try_from(label.name().len()).unwrap();
    Secret::new(&vec![byte; len]).expect("a secret")
}

impl Conversation {
    fn begin((version, number): (Version, u16)) -> Self {
        let suite = Suite::of(version, number).expect("a suite that can be opened");
        let mut session = Session::default();
        for label in Label::ALL {
            let secret = secret(label, suite);
            assert!(session.learn(KeyLogLine {
                label,
                client_random: CLIENT_RANDOM,
                secret
            }));
        }
        session.push(FromClient, &record(22, &client_hello(number)));
        session.push(FromServer, &record(22, &server_hello(version, number)));
        assert_eq!(session.suite().map(|suite| suite.number), Some(number));
        let sender = |direction| {
            let keys = match (version, direction) {
                (Version::Tls12, _) => {
                    let master = secret(Label::ClientRandom, suite);
                    TrafficKeys::tls12(suite, &master, &CLIENT_RANDOM, &SERVER_RANDOM, direction)
                }
                (Version::Tls13, FromClient) => keys_of(suite, Label::ClientHandshakeTrafficSecret),
                (Version::Tls13, FromServer) => keys_of(suite, Label::ServerHandshakeTrafficSecret),
            };
            Sender {
                keys: Arc::new(keys.expect("keys")),
                sequence: 0,
            }
        };
        let (client, server) = (sender(FromClient), sender(FromServer));
        if version == Version::Tls12 {
            for direction in [FromClient, FromServer] {
                session.push(direction, &record(20, &[1]));
            }
        }
        Self {
            session,
            suite,
            client,
            server,
        }
    }

    /// Seals a record and has it opened; `false` once this side's keys are no longer known here.
    fn say(&mut self, direction: Direction, kind: u8, padding_len: usize, content: &[u8]) -> bool {
        let sender = match direction {
            FromClient => &mut self.client,
            FromServer => &mut self.server,
        };
        let record = sender.seal(kind, padding_len, content);
        let events = self.session.push(direction, &record);
        let [
            Event {
                what:
                    What::Record {
                        cover: Cover::Opened(opened),
                        ..
                    },
                ..
            },
            rest @ ..,
        ] = events.as_slice()
        else {
            panic!("not opened: {events:?}");
        };
        assert_eq!(opened.content(), content);
        assert_eq!(
            (opened.inner_type, opened.sequence),
            (kind, sender.sequence)
        );
        assert_eq!(sealed_again(opened, &record), record);
        if self.suite.version == Version::Tls13 {
            assert_eq!(opened.padding_len, padding_len);
        }
        sender.sequence += 1;
        let mut told = 0;
        for event in rest {
            match &event.what {
                What::ApplicationData(data) => {
                    assert_eq!(data.bytes, Bytes::copy_from_slice(content));
                    told += 1;
                }
                What::Handshake(message) => sender.follow(direction, message.message_type),
                // TLS 1.2 may begin anew (RFC 5246 §7.4.1.1), with keys that nobody logged.
                What::ChangeCipherSpec if self.suite.version == Version::Tls12 => return false,
                _ => {}
            }
        }
        assert!(told == u32::from(kind == 23) || kind == 23, "{events:?}");
        true
    }
}

impl Sender {
    fn seal(&self, kind: u8, padding_len: usize, content: &[u8]) -> Vec<u8> {
        let suite = self.keys.suite;
        let explicit = &self.sequence.to_be_bytes()[..suite.explicit_nonce_len()];
        let nonce = self.keys.nonce(self.sequence, explicit);
        let mut inside = content.to_vec();
        let header_of = |kind, len: usize| {
            let [high, low] = u16::try_from(len).unwrap().to_be_bytes();
            [kind, 3, 3, high, low]
        };
        let (header, additional_data) = match suite.version {
            Version::Tls13 => {
                inside.push(kind);
                inside.resize(inside.len() + padding_len, 0);
                let header = header_of(23, inside.len() + 16);
                (header, header.to_vec())
            }
            Version::Tls12 => {
                let additional = [
                    &self.sequence.to_be_bytes()[..],
                    &header_of(kind, inside.len()),
                ];
                (
                    header_of(kind, explicit.len() + inside.len() + 16),
                    additional.concat(),
                )
            }
        };
        let tag = seal(&self.keys, nonce, &additional_data, &mut inside);
        let record = [&header[..], explicit, &inside, &tag].concat();
        assert_eq!(
            record.len(),
            RECORD_HEADER_LEN + usize::from(u16::from_be_bytes([header[3], header[4]]))
        );
        record
    }

    /// Changes keys after a message that asks for it (RFC 8446 §7.2, §7.3).
    fn follow(&mut self, direction: Direction, message: u8) {
        if self.keys.suite.version == Version::Tls12 {
            return;
        }
        let next = match (message, self.keys.label) {
            (
                message_type::FINISHED,
                Label::ClientHandshakeTrafficSecret | Label::ServerHandshakeTrafficSecret,
            ) => {
                let label = match direction {
                    FromClient => Label::ClientTrafficSecret0,
                    FromServer => Label::ServerTrafficSecret0,
                };
                keys_of(self.keys.suite, label)
            }
            (
                message_type::KEY_UPDATE,
                Label::ClientTrafficSecret0 | Label::ServerTrafficSecret0,
            ) => self.keys.next_generation(),
            _ => return,
        };
        self.keys = Arc::new(next.expect("keys"));
        self.sequence = 0;
    }
}

fn keys_of(suite: &'static Suite, label: Label) -> Option<TrafficKeys> {
    TrafficKeys::tls13(suite, label, &secret(label, suite))
}

fn record(kind: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3, high, low], content].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let [_, len @ ..] = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind], &len[..], body].concat()
}

/// Just enough of a ClientHello.
fn client_hello(suite: u16) -> Vec<u8> {
    let body = [
        &[3, 3][..],
        &CLIENT_RANDOM,
        &[0, 0, 2],
        &suite.to_be_bytes(),
        &[1, 0],
    ];
    message(message_type::CLIENT_HELLO, &body.concat())
}

/// Just enough of a ServerHello: in TLS 1.3 with the version that it chose.
fn server_hello(version: Version, suite: u16) -> Vec<u8> {
    let extensions: &[u8] = match version {
        Version::Tls12 => &[],
        Version::Tls13 => &[0, 6, 0, 43, 0, 2, 3, 4],
    };
    let body = [
        &[3, 3][..],
        &SERVER_RANDOM,
        &[0],
        &suite.to_be_bytes(),
        &[0],
        extensions,
    ];
    message(message_type::SERVER_HELLO, &body.concat())
}
