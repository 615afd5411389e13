//! Recordings that are incomplete, altered or invented, and secrets that are missing or wrong: each is told, none is harmful.

use std::collections::HashSet;

use bytes::Bytes;

use super::super::Direction::{FromClient, FromServer};
use super::super::*;
use super::conversation::{Conversation, Identity, Recorded, Setting, play, secrets};
use super::opened::{check, open_all};

const TLS13: u16 = 0x1301;
const TLS12: u16 = 0xc02b;

/// A short connection in which everything happens.
fn conversation(suite: u16) -> Conversation {
    let mut conversation = Conversation::of(&Setting::suite(&Identity::ecdsa(), suite));
    conversation.say(FromClient, b"GET / HTTP/1.1\r\n\r\n");
    conversation.say(FromServer, b"HTTP/1.1 200 OK\r\n\r\n");
    if suite < 0xc000 {
        conversation.client.refresh_traffic_keys().unwrap();
    }
    conversation.say(FromClient, b"GET /next HTTP/1.1\r\n\r\n");
    conversation.say(FromServer, &[b'x'; 20_000]);
    conversation.close();
    conversation
}

/// The same recording with the secrets changed, those that `change` drops left out.
fn with_secrets(
    recording: &[Recorded],
    change: impl Fn(&KeyLogLine) -> Option<KeyLogLine>,
) -> Vec<Recorded> {
    recording
        .iter()
        .filter_map(|recorded| match recorded {
            Recorded::Secret(line) => change(line).map(Recorded::Secret),
            bytes => Some(bytes.clone()),
        })
        .collect()
}

fn reasons(events: &[Event]) -> HashSet<(Direction, Reason)> {
    let reason = |event: &Event| match event.what {
        What::Record {
            cover: Cover::NotOpened(reason),
            ..
        } => Some((event.direction, reason)),
        _ => None,
    };
    events.iter().filter_map(reason).collect()
}

fn application(events: &[Event]) -> Vec<(Direction, Bytes)> {
    let data = |event: &Event| match &event.what {
        What::ApplicationData(data) => Some((event.direction, data.bytes.clone())),
        _ => None,
    };
    events.iter().filter_map(data).collect()
}

#[test]
fn without_any_secret_nothing_opens_and_each_record_says_what_is_missing() {
    use Label::*;
    for (suite, client, server) in [
        (
            TLS13,
            ClientHandshakeTrafficSecret,
            ServerHandshakeTrafficSecret,
        ),
        (TLS12, ClientRandom, ClientRandom),
    ] {
        let recording = with_secrets(&conversation(suite).recording(), |_| None);
        let opened = check(&recording, play(&recording, usize::MAX));
        assert_eq!(opened.application, [b"", b""]);
        let expected = [
            (FromClient, Reason::NoSecret { label: client }),
            (FromServer, Reason::NoSecret { label: server }),
        ];
        assert_eq!(reasons(&opened.events), expected.into());
    }
}

#[test]
fn each_missing_secret_closes_one_direction_from_there_on() {
    let recording = conversation(TLS13).recording();
    for (missing, sender) in [
        (Label::ClientHandshakeTrafficSecret, FromClient),
        (Label::ClientTrafficSecret0, FromClient),
        (Label::ServerHandshakeTrafficSecret, FromServer),
        (Label::ServerTrafficSecret0, FromServer),
    ] {
        let recording = with_secrets(&recording, |line| {
            (line.label != missing).then(|| line.clone())
        });
        let opened = check(&recording, play(&recording, usize::MAX));
        let expected = [(sender, Reason::NoSecret { label: missing })];
        assert_eq!(reasons(&opened.events), expected.into());
        assert!(opened.application[super::opened::side(sender)].is_empty());
        let other = match sender {
            FromClient => FromServer,
            FromServer => FromClient,
        };
        assert!(!opened.application[super::opened::side(other)].is_empty());
    }
}

#[test]
fn wrong_secrets_do_not_fit() {
    for suite in [TLS13, 0x1303, TLS12, 0xcca9] {
        let recording = with_secrets(&conversation(suite).recording(), |line| {
            let mut secret = line.secret.expose().to_vec();
            secret[5] ^= 1;
            let secret = Secret::new(&secret).unwrap();
            Some(KeyLogLine {
                secret,
                ..line.clone()
            })
        });
        let events = play(&recording, usize::MAX);
        assert_eq!(application(&events), []);
        let fits_not = Reason::TagDoesNotFit;
        assert_eq!(
            reasons(&events),
            [(FromClient, fits_not), (FromServer, fits_not)].into()
        );
    }
}

#[test]
fn secrets_of_another_length_or_connection_say_so() {
    for suite in [TLS13, TLS12] {
        let recording = conversation(suite).recording();
        let longer = with_secrets(&recording, |line| {
            let secret = [line.secret.expose(), &[0]].concat();
            let secret = Secret::new(&secret).unwrap();
            Some(KeyLogLine {
                secret,
                ..line.clone()
            })
        });
        let unfit = |(_, reason)| matches!(reason, Reason::SecretUnfit { .. });
        let found = reasons(&play(&longer, usize::MAX));
        assert!(found.len() == 2 && found.into_iter().all(unfit));

        let client_random = [7; 32];
        let strange = with_secrets(&recording, |line| {
            Some(KeyLogLine {
                client_random,
                ..line.clone()
            })
        });
        let reason = Reason::SecretsOfAnotherConnection;
        let expected = [(FromClient, reason), (FromServer, reason)];
        assert_eq!(reasons(&play(&strange, usize::MAX)), expected.into());
    }
}

#[test]
fn a_secret_that_comes_late_opens_what_comes_later() {
    for (suite, label) in [
        (TLS13, Label::ServerTrafficSecret0),
        (TLS12, Label::ClientRandom),
    ] {
        let recording = conversation(suite).recording();
        let mut late = secrets(&recording).lines().find(|line| line.label == label);
        let mut session = Session::new(Secrets::default());
        let mut events = Vec::new();
        for recorded in &recording {
            match recorded {
                Recorded::Secret(line) if line.label == label => {}
                Recorded::Secret(line) => assert!(session.learn(line.clone())),
                Recorded::Bytes(direction, bytes) => {
                    // All but the last answer, which is the only long one.
                    if bytes.len() > 20_000 {
                        assert!(session.learn(late.take().unwrap()));
                    }
                    events.extend(session.push(*direction, bytes));
                }
            }
        }
        let long: Vec<_> = answers(&events)
            .into_iter()
            .map(|(_, _, data)| data)
            .collect();
        // What was closed is taken for application data; in TLS 1.3, tickets look no different.
        let is_ticket = |message: &Message| suite == TLS13 && message.message_type == 4;
        let tickets: usize = play(&recording, usize::MAX)
            .iter()
            .filter_map(|event| match &event.what {
                What::Handshake(message) if is_ticket(message) => Some(message.bytes.len()),
                _ => None,
            })
            .sum();
        let before = ("HTTP/1.1 200 OK\r\n\r\n".len() + tickets) as u64;
        assert_eq!(long[0].at, before..before + 16_384);
        assert_eq!(long[1].at, before + 16_384..before + 20_000);
        assert!(!long[0].exact && !long[1].exact);
    }
}

/// Numbers that look random and are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

#[test]
fn thousands_of_altered_recordings_do_no_harm_and_forge_nothing() {
    let mut random = Random(1);
    for suite in [TLS13, TLS12, 0xcca9] {
        let recording = conversation(suite).recording();
        let genuine: HashSet<_> = application(&play(&recording, usize::MAX))
            .into_iter()
            .collect();
        for _ in 0..1_000 {
            let mut altered = recording.clone();
            for _ in 0..=random.below(3) {
                alter(&mut altered, &mut random);
            }
            for data in application(&play(&altered, usize::MAX)) {
                // An empty record, or one that was there: nobody without the keys can make another.
                assert!(genuine.contains(&data), "{data:?}");
            }
        }
    }
}

/// Changes, cuts, doubles or drops something.
fn alter(recording: &mut Vec<Recorded>, random: &mut Random) {
    let at = random.below(recording.len());
    match random.below(8) {
        0 => drop(recording.remove(at)),
        1 => recording.insert(at, recording[at].clone()),
        2 => {
            let other = random.below(recording.len());
            recording.swap(at, other);
        }
        kind => {
            let Recorded::Bytes(_, bytes) = &mut recording[at] else {
                return;
            };
            let byte = random.below(bytes.len());
            match kind {
                3 => bytes.truncate(byte.max(1)),
                4 => bytes[byte] = 0xff,
                // The beginning, where headers and hellos are, deserves more.
                5 => bytes[byte.min(60) % 61] ^= 1,
                _ => bytes[byte] ^= 1 << random.below(8),
            }
        }
    }
}

#[test]
fn an_altered_record_is_told_and_those_behind_it_open() {
    for suite in [TLS13, TLS12] {
        let conversation = conversation(suite);
        let mut recording = conversation.recording();
        let last_long = recording
            .iter_mut()
            .rev()
            .find_map(|recorded| match recorded {
                Recorded::Bytes(FromServer, bytes) if bytes.len() > 20_000 => Some(bytes),
                _ => None,
            });
        // Two records: the first is altered.
        last_long.unwrap()[100] ^= 1;
        let events = play(&recording, usize::MAX);
        assert_eq!(
            reasons(&events),
            [(FromServer, Reason::TagDoesNotFit)].into()
        );
        let sent = open_all(&conversation).application[1].len() as u64;
        let last = events.iter().rev().find_map(|event| match &event.what {
            What::ApplicationData(data) if event.direction == FromServer => Some(data),
            _ => None,
        });
        let last = last.unwrap();
        assert_eq!(last.at, sent - (20_000 - 16_384)..sent);
        assert!(!last.exact);
    }
}

/// Plays a recording of which these bytes of the server's, whole records, were not kept.
fn play_without(recording: &[Recorded], lost: std::ops::Range<u64>, records: u64) -> Vec<Event> {
    let (mut session, mut events, mut at) = (Session::new(secrets(recording)), Vec::new(), 0);
    for recorded in recording {
        match recorded {
            Recorded::Secret(_) => {}
            Recorded::Bytes(FromClient, bytes) => events.extend(session.push(FromClient, bytes)),
            Recorded::Bytes(FromServer, bytes) => {
                for byte in bytes {
                    if at == lost.start {
                        events.push(session.skip(FromServer, records, lost.end - lost.start));
                    }
                    if !lost.contains(&at) {
                        events.extend(session.push(FromServer, &[*byte]));
                    }
                    at += 1;
                }
            }
        }
    }
    events
}

/// Number, place and data of the records of the server's application data.
fn answers(events: &[Event]) -> Vec<(u64, std::ops::Range<u64>, ApplicationData)> {
    events
        .iter()
        .filter(|event| event.direction == FromServer)
        .filter_map(|event| match &event.what {
            What::ApplicationData(data) => Some((event.record, event.wire.clone(), data.clone())),
            _ => None,
        })
        .collect()
}

#[test]
fn records_that_were_not_kept_are_skipped_and_what_follows_opens_where_it_belongs() {
    for suite in [TLS13, TLS12, 0xcca9] {
        let mut conversation = Conversation::of(&Setting::suite(&Identity::ecdsa(), suite));
        for answer in ["one", "the second", "a third", "four"] {
            conversation.say(FromServer, answer.as_bytes());
        }
        let recording = conversation.recording();
        let all = answers(&play(&recording, usize::MAX));
        let lost = all[1].1.start..all[2].1.end;
        let events = play_without(&recording, lost.clone(), 2);
        let skipped = events
            .iter()
            .find(|event| matches!(event.what, What::Skipped { records: 2 }));
        assert_eq!(
            skipped.map(|event| (event.record, event.wire.clone())),
            Some((all[1].0, lost))
        );
        let rest = answers(&events);
        assert_eq!(rest[0], all[0]);
        let (record, wire, data) = all[3].clone();
        let inexact = ApplicationData {
            exact: false,
            ..data
        };
        assert_eq!(rest[1..], [(record, wire, inexact)]);
        assert_eq!(reasons(&events), HashSet::new());
    }
}
