//! Records that no endpoint of ours would send, made by hand: the state machine stands still, tells, and stays small.

use super::super::Direction::{FromClient, FromServer};
use super::super::*;
use super::rfc8448;

fn record(content_type: u8, fragment: &[u8]) -> Vec<u8> {
    let length = u16::try_from(fragment.len()).unwrap().to_be_bytes();
    [&[content_type, 3, 3], &length[..], fragment].concat()
}

/// The hello of this type in RFC 8448 §3, or in §4 for a client that sends early data.
fn hello(section: &str, sender: &str) -> Vec<u8> {
    let steps = rfc8448::steps();
    let step = steps.iter().find(|step| {
        step.section.contains(section)
            && step.name.starts_with(sender)
            && step.name.contains("send")
    });
    step.unwrap().value("payload").unwrap().to_vec()
}

fn client_hello() -> Vec<u8> {
    record(22, &hello("§3", "{client}"))
}

fn server_hello() -> Vec<u8> {
    record(22, &hello("§3", "{server}"))
}

fn client_hello_with_early_data() -> Vec<u8> {
    record(22, &hello("§4", "{client}"))
}

/// A ServerHello that agrees on this version and suite.
fn old_server_hello(version: u16, suite: u16) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend_from_slice(&[9; 32]);
    body.push(0);
    body.extend_from_slice(&suite.to_be_bytes());
    body.push(0);
    let mut message = vec![2, 0, 0, u8::try_from(body.len()).unwrap()];
    message.extend_from_slice(&body);
    record(22, &message)
}

fn session() -> Session {
    Session::new(Secrets::default())
}

fn reasons(events: &[Event]) -> Vec<Reason> {
    let reason = |event: &Event| match event.what {
        What::Record {
            cover: Cover::NotOpened(reason),
            ..
        } => Some(reason),
        _ => None,
    };
    events.iter().filter_map(reason).collect()
}

fn problems(events: &[Event]) -> Vec<Problem> {
    let problem = |event: &Event| match event.what {
        What::Problem(problem) => Some(problem),
        _ => None,
    };
    events.iter().filter_map(problem).collect()
}

#[test]
fn an_http_request_is_not_a_record() {
    let mut session = session();
    let events = session.push(FromClient, b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(problems(&events), [Problem::NotARecord]);
    assert_eq!(events[0].wire, 0..18);
    assert!(session.push(FromClient, b"more of it").is_empty());
    assert!(session.finish().is_empty());
}

#[test]
fn encrypted_before_there_are_keys_is_told() {
    for direction in [FromClient, FromServer] {
        let mut session = session();
        let events = session.push(direction, &record(23, &[0; 40]));
        assert_eq!(reasons(&events), [Reason::BeforeKeys]);
    }
}

#[test]
fn in_clear_after_there_are_keys_is_told_for_messages_and_read_for_alerts() {
    let mut session = session();
    session.push(FromClient, &client_hello());
    session.push(FromServer, &server_hello());
    let finished = record(22, &[20, 0, 0, 0]);
    for direction in [FromClient, FromServer] {
        let events = session.push(direction, &finished);
        assert_eq!(reasons(&events), [Reason::NotEncrypted]);
        let events = session.push(direction, &record(21, &[2, 48]));
        assert!(matches!(
            events[1].what,
            What::Alert {
                level: 2,
                description: 48
            }
        ));
        let events = session.push(direction, &record(20, &[1]));
        assert!(matches!(events[1].what, What::ChangeCipherSpec));
    }
}

#[test]
fn a_second_hello_changes_nothing() {
    let mut session = session();
    session.push(FromClient, &client_hello());
    session.push(FromServer, &old_server_hello(0x0303, 0xc02b));
    let suite = session.suite();
    assert_eq!(suite.unwrap().number, 0xc02b);
    session.push(FromServer, &old_server_hello(0x0303, 0xc02c));
    session.push(FromClient, &client_hello_with_early_data());
    assert_eq!(session.suite(), suite);
    assert_eq!(
        session.client_random().unwrap()[..],
        hello("§3", "{client}")[6..38]
    );
}

#[test]
fn versions_and_suites_that_cannot_be_opened_are_named() {
    for (version, number, reason) in [
        (
            0x0301,
            0xc02b,
            Reason::VersionNotSupported { number: 0x0301 },
        ),
        (
            0x0302,
            0xc02b,
            Reason::VersionNotSupported { number: 0x0302 },
        ),
        (0x0303, 0x002f, Reason::SuiteNotSupported { number: 0x002f }),
    ] {
        let mut session = session();
        session.push(FromClient, &client_hello());
        session.push(FromServer, &old_server_hello(version, number));
        assert_eq!(session.suite(), None);
        for direction in [FromClient, FromServer] {
            session.push(direction, &record(20, &[1]));
            let events = session.push(direction, &record(22, &[0; 40]));
            assert_eq!(reasons(&events), [reason]);
        }
    }
    let mut session = session();
    session.push(FromClient, &client_hello());
    let mut ccm = server_hello();
    // The suite stands behind header (5), type and length (4), version (2), random (32) and an empty session id (1).
    ccm[44..46].copy_from_slice(&[0x13, 0x04]);
    session.push(FromServer, &ccm);
    let events = session.push(FromServer, &record(23, &[0; 40]));
    assert_eq!(
        reasons(&events),
        [Reason::SuiteNotSupported { number: 0x1304 }]
    );
}

#[test]
fn hellos_and_alerts_that_cannot_be_read_are_told() {
    let mut session = session();
    let events = session.push(FromServer, &record(22, &[2, 0, 0, 1, 3]));
    assert_eq!(problems(&events), [Problem::HelloUnreadable]);
    let events = session.push(FromClient, &record(22, &[1, 0, 0, 1, 3]));
    assert_eq!(problems(&events), [Problem::HelloUnreadable]);
    for alert in [&[][..], &[1], &[1, 0, 0]] {
        let events = session.push(FromClient, &record(21, alert));
        assert_eq!(problems(&events), [Problem::NotAnAlert]);
    }
}

#[test]
fn a_message_that_the_keys_change_within_is_told() {
    let mut session = session();
    session.push(FromClient, &client_hello());
    let and_half_a_message = [hello("§3", "{server}"), vec![8, 0, 0, 9, 0]].concat();
    let events = session.push(FromServer, &record(22, &and_half_a_message));
    assert_eq!(problems(&events), [Problem::MessageAcrossKeyChange]);
}

#[test]
fn a_message_that_is_too_long_is_told_once() {
    let mut session = session();
    let events = session.push(FromServer, &record(22, &[11, 255, 255, 255]));
    assert_eq!(
        problems(&events),
        [Problem::MessageTooLong { len: 0x00ff_ffff }]
    );
    assert_eq!(
        problems(&session.push(FromServer, &record(22, &[0; 100]))),
        []
    );
}

#[test]
fn a_record_that_was_begun_is_told_at_the_end() {
    let mut session = session();
    session.push(FromClient, &client_hello());
    session.push(FromClient, &[23, 3, 3, 0]);
    session.push(FromServer, &[22, 3, 3, 0, 9, 2]);
    let events = session.finish();
    assert_eq!(
        problems(&events),
        [4, 6].map(|bytes| Problem::RecordCutShort { bytes })
    );
    assert_eq!(events[0].wire, 517 - 316..517 - 312);
    assert!(session.finish().is_empty());
}

#[test]
fn early_data_without_an_answer_waits_until_the_end() {
    let mut session = session();
    session.push(FromClient, &client_hello_with_early_data());
    assert!(session.push(FromClient, &record(23, &[0; 40])).is_empty());
    assert!(session.push(FromClient, &record(20, &[1])).is_empty());
    let events = session.finish();
    assert_eq!(reasons(&events), [Reason::EarlyDataUnanswered]);
    assert!(matches!(events[2].what, What::ChangeCipherSpec));
}

#[test]
fn early_data_whose_answer_cannot_be_read_does_not_wait_longer() {
    let mut session = session();
    session.push(FromClient, &client_hello_with_early_data());
    session.push(FromClient, &record(23, &[0; 40]));
    session.push(FromServer, &server_hello());
    let events = session.push(FromServer, &record(23, &[0; 40]));
    let [server, client] = &events[..] else {
        panic!("{events:?}");
    };
    assert_eq!(
        (server.direction, client.direction),
        (FromServer, FromClient)
    );
    let label = Label::ClientHandshakeTrafficSecret;
    assert_eq!(reasons(&events)[1], Reason::NoSecret { label });
}

#[test]
fn early_data_for_a_server_of_old_is_rejected() {
    let mut session = session();
    session.push(FromClient, &client_hello_with_early_data());
    session.push(FromClient, &record(23, &[0; 40]));
    let events = session.push(FromServer, &old_server_hello(0x0303, 0xc02b));
    assert_eq!(reasons(&events), [Reason::RejectedEarlyData]);
}

#[test]
fn no_more_early_data_waits_than_is_allowed() {
    for len in [0, 1, 16_384] {
        let mut session = session();
        session.push(FromClient, &client_hello_with_early_data());
        let (mut waiting, mut bytes) = (0, 0);
        let one = record(23, &vec![0; len]);
        while session.push(FromClient, &one).is_empty() {
            waiting += 1;
            bytes += one.len();
            assert!(bytes <= 256 * 1024 && waiting <= 256 * 1024 / 64);
        }
        let events = session.push(FromClient, &one);
        assert_eq!(reasons(&events), [Reason::TooMuchEarlyData]);
        let told = session.finish();
        assert_eq!(reasons(&told), vec![Reason::EarlyDataUnanswered; waiting]);
    }
}

#[test]
fn noise_in_well_formed_records_is_told_record_by_record() {
    let mut noise = 1_u64;
    let mut next = || {
        noise = noise
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        u8::try_from(noise >> 56).unwrap()
    };
    let old = old_server_hello(0x0303, 0xc02b);
    for hellos in [None, Some(old), Some(server_hello())] {
        let mut session = session();
        let mut told = [0, 0];
        if let Some(server_hello) = hellos {
            session.push(FromClient, &client_hello());
            session.push(FromServer, &server_hello);
            told = [1, 1];
        }
        for _ in 0..5_000 {
            let direction = if next() < 128 { FromClient } else { FromServer };
            let fragment: Vec<u8> = (0..next()).map(|_| next()).collect();
            let events = session.push(direction, &record(20 + next() % 5, &fragment));
            assert!(matches!(events[0].what, What::Record { .. }));
            let number = &mut told[super::opened::side(direction)];
            assert_eq!(events[0].record, *number);
            *number += 1;
            let opened = |event: &Event| {
                matches!(
                    &event.what,
                    What::Record {
                        cover: Cover::Opened(_),
                        ..
                    } | What::ApplicationData(_)
                )
            };
            assert!(!events.iter().any(opened));
        }
        assert!(session.finish().is_empty());
    }
}
