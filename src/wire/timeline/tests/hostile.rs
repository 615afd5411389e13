//! Broken, foreign and contradictory input: it is told, and nothing breaks.

use super::super::*;
use super::holds;
use super::script::{TLS12, TLS13, bytes, event, in_clear, in_tls};
use crate::wire::dissect::mutation::mutations;
use crate::wire::event::{Missing, What};

use Direction::{FromClient, FromServer};

/// So many broken copies of each event: each is a whole connection to be taken apart.
const COPIES: usize = 12;

fn check_mutations(events: &[Event], secrets: &Secrets) {
    for (number, event) in (0_u64..).zip(events) {
        let What::Bytes(good) = &event.what else {
            continue;
        };
        for broken in mutations(good, number, COPIES) {
            let mut events = events.to_vec();
            let index = usize::try_from(number).unwrap();
            events[index].what = What::Bytes(broken.into());
            holds::play(&events, secrets);
        }
    }
}

#[test]
fn broken_copies_of_a_chat_keep_every_promise() {
    check_mutations(&in_clear(), &Secrets::default());
    for suite in [TLS13, TLS12] {
        let (events, secrets) = in_tls(suite);
        check_mutations(&events, &secrets);
    }
}

#[test]
fn events_in_any_order_keep_every_promise() {
    for (events, secrets) in [
        (in_clear(), Secrets::default()),
        in_tls(TLS13),
        in_tls(TLS12),
    ] {
        for start in 0..events.len() {
            let mut turned = events.clone();
            turned.rotate_left(start);
            holds::play(&turned, &secrets);
            let missing = Missing {
                bytes: 77,
                records_before: (start % 3 > 0).then_some(start as u64),
            };
            let endless = Missing::of(u64::MAX);
            for (direction, missing) in [
                (FromClient, missing),
                (FromServer, missing),
                (FromServer, endless),
            ] {
                let mut gapped = events.clone();
                gapped.insert(start, event(5, direction, What::Missing(missing)));
                holds::play(&gapped, &secrets);
            }
        }
    }
}

#[test]
fn the_first_byte_tells_what_is_spoken() {
    for (first, is_tls) in [
        (&[0x16, 3, 1][..], true),
        (&[0x15, 3, 3], true),
        (b"GET", false),
        (&[0x80, 0x2e, 1], false),
    ] {
        for direction in [FromClient, FromServer] {
            let timeline = holds::play(&[bytes(1, direction, first)], &Secrets::default());
            assert_eq!(timeline.summary().is_tls, is_tls, "{first:?}");
        }
    }
    let nothing = [
        event(1, FromClient, What::Missing(Missing::of(0))),
        bytes(1, FromClient, b""),
        event(2, FromServer, What::End),
    ];
    let timeline = holds::play(&nothing, &Secrets::default());
    assert_eq!(timeline.items().len(), 1);
    assert!(timeline.lessons().is_empty());
}

#[test]
fn what_is_no_record_is_one_thing_to_its_end() {
    let (mut events, secrets) = in_tls(TLS13);
    events.insert(
        3,
        bytes(4_000_000_000, FromServer, b"GET / HTTP/1.1\r\n\r\n"),
    );
    let timeline = holds::play(&events, &secrets);
    let strays: Vec<_> = timeline
        .items()
        .iter()
        .filter(|item| item.kind == Kind::Unreadable && item.direction == FromServer)
        .collect();
    let [stray] = strays[..] else {
        panic!("{strays:?}");
    };
    let problem = stray.problem.as_deref().unwrap();
    assert!(problem.starts_with("This is HTTP in clear where TLS should be"));
    let shown = timeline.show(stray.number).unwrap();
    assert!(shown.on_the_wire[0].bytes.starts_with(b"GET / HTTP/1.1"));
    assert_eq!(
        stray.eve_title.as_deref(),
        Some("Bytes that cannot be read")
    );
}

#[test]
fn a_secret_of_another_connection_is_not_taken() {
    let (_, ours) = in_tls(TLS13);
    let (_, theirs) = in_tls(TLS13);
    let mut timeline = Timeline::new(ours);
    let line = theirs.lines().next().unwrap();
    assert!(!timeline.learn(line));
}

#[test]
fn secrets_may_come_while_bytes_do() {
    let (events, secrets) = in_tls(TLS13);
    let mut timeline = Timeline::new(Secrets::default());
    timeline.push(&events[0]);
    for line in secrets.lines() {
        assert!(timeline.learn(line));
    }
    for event in &events[1..] {
        timeline.push(event);
    }
    timeline.finish();
    holds::check(&timeline, &events);
    assert_eq!(timeline.items(), holds::play(&events, &secrets).items());
}
