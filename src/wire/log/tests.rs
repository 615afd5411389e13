//! The log as a whole: what is recorded, held back, concealed, told to sinks, and let go.

use std::sync::Mutex;

use super::*;
use crate::octets::Direction::{self, FromClient, FromServer};
use crate::wire::decrypt::{KeyLogLine, Label, Secret};
use crate::wire::event::{Event, What};

fn about(number: u64) -> About {
    About {
        number,
        client: "127.0.0.1:40000".parse().unwrap(),
        server: "127.0.0.1:8443".parse().unwrap(),
        is_tls_port: true,
        opened_ns: 1,
    }
}

fn log() -> WireLog {
    WireLog::new(HELD_BYTES_MAX, Vec::new())
}

fn secret() -> KeyLogLine {
    KeyLogLine {
        label: Label::ClientRandom,
        client_random: [1; 32],
        secret: Secret::new(&[2; 48]).unwrap(),
    }
}

/// Events in short: the time, who, and the bytes or a word.
fn short(events: &[Event]) -> Vec<(u64, Direction, String)> {
    events
        .iter()
        .map(|event| {
            let what = match &event.what {
                What::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
                What::Missing(missing) => format!("{} missing", missing.bytes),
                What::End => "end".to_owned(),
                What::Reset => "reset".to_owned(),
            };
            (event.time_ns, event.direction, what)
        })
        .collect()
}

fn read(recorder: &Recorder, cursor: &mut Cursor) -> Vec<(u64, Direction, String)> {
    short(&recorder.read(cursor))
}

fn row(time_ns: u64, direction: Direction, what: &str) -> (u64, Direction, String) {
    (time_ns, direction, what.to_owned())
}

#[test]
fn what_crossed_is_read_in_order_once_and_from_the_beginning_by_each_reader() {
    let log = log();
    let recorder = log.open(about(1), false);
    let mut early = Cursor::default();
    recorder.chunk(10, FromClient, b"GET");
    recorder.chunk(20, FromServer, b"200");
    assert_eq!(
        read(&recorder, &mut early),
        [row(10, FromClient, "GET"), row(20, FromServer, "200")]
    );
    assert_eq!(read(&recorder, &mut early), []);
    recorder.chunk(30, FromServer, b"OK");
    recorder.end(40, FromClient);
    recorder.end(50, FromServer);
    let rest = [
        row(30, FromServer, "OK"),
        row(40, FromClient, "end"),
        row(50, FromServer, "end"),
    ];
    assert_eq!(read(&recorder, &mut early), rest);
    assert_eq!(read(&recorder, &mut early), []);
    assert_eq!(read(&recorder, &mut Cursor::default()).len(), 5);
}

#[test]
fn a_reader_who_comes_late_or_is_slow_is_told_what_they_missed() {
    let log = log();
    let recorder = log.open(about(1), false);
    let chunk = [b'x'; 1024];
    let mut slow = Cursor::default();
    let kept = HEAD_LEN + TAIL_LEN;
    for _ in 0..70 {
        recorder.chunk(1, FromServer, &chunk);
    }
    let first: usize = recorder.read(&mut slow).iter().map(len).sum();
    assert_eq!(first, 70 * 1024);
    for _ in 70..500 {
        recorder.chunk(2, FromServer, &chunk);
    }
    let total = 500 * 1024;
    assert_eq!(recorder.state().missing.server, (total - kept) as u64);
    for (cursor, already) in [(Cursor::default(), 0), (slow, 70 * 1024)] {
        let mut cursor = cursor;
        let events = recorder.read(&mut cursor);
        let missing: u64 = events
            .iter()
            .filter_map(|event| match &event.what {
                What::Missing(missing) => Some(missing.bytes),
                _ => None,
            })
            .sum();
        let bytes: usize = events.iter().map(len).sum();
        assert_eq!((already + bytes) as u64 + missing, total as u64);
        // Behind the gap, all that is kept of the tail is there.
        assert!(bytes >= TAIL_LEN);
        assert!(recorder.read(&mut cursor).is_empty());
    }
}

fn len(event: &Event) -> usize {
    match &event.what {
        What::Bytes(bytes) => bytes.len(),
        _ => 0,
    }
}

#[test]
fn the_clients_latest_chunk_waits_until_the_keys_for_it_are_there() {
    let log = log();
    let recorder = log.open(about(1), true);
    let mut cursor = Cursor::default();
    recorder.chunk(1, FromClient, b"hello");
    assert_eq!(read(&recorder, &mut cursor), []);
    recorder.chunk(2, FromServer, b"hello back");
    recorder.chunk(3, FromClient, b"finished");
    assert_eq!(
        read(&recorder, &mut cursor),
        [
            row(1, FromClient, "hello"),
            row(2, FromServer, "hello back")
        ]
    );
    recorder.secret(secret());
    recorder.established("TLS 1.2".to_owned());
    assert_eq!(
        read(&recorder, &mut cursor),
        [row(3, FromClient, "finished")]
    );
    recorder.chunk(4, FromClient, b"data");
    assert_eq!(read(&recorder, &mut cursor), [row(4, FromClient, "data")]);
    assert_eq!(recorder.secrets().lines().count(), 1);
}

#[test]
fn a_handshake_that_fails_is_shown_to_its_last_byte() {
    let log = log();
    let recorder = log.open(about(1), true);
    recorder.chunk(1, FromClient, b"no hello");
    recorder.ended(2, "no TLS");
    let mut cursor = Cursor::default();
    assert_eq!(
        read(&recorder, &mut cursor),
        [row(1, FromClient, "no hello")]
    );
    assert_eq!(recorder.state().ended.unwrap().why, "no TLS");
}

#[test]
fn the_views_own_requests_leave_no_byte_behind() {
    let log = log();
    let recorder = log.open(about(1), true);
    recorder.chunk(1, FromClient, b"handshake");
    recorder.established("TLS 1.3".to_owned());
    recorder.chunk(2, FromClient, b"GET /chat");
    recorder.plaintext(FromClient, b"chat");
    recorder.chunk(3, FromServer, b"200");
    recorder.between_requests();
    let fingerprints = recorder.plaintext_fingerprints();
    recorder.chunk(4, FromClient, b"GET /wire");
    recorder.plaintext(FromClient, b"wire");
    recorder.conceal(5);
    recorder.chunk(6, FromServer, b"somebody's keys");
    recorder.plaintext(FromServer, b"somebody's keys");
    recorder.secret(secret());
    recorder.end(7, FromClient);
    recorder.ended(8, "closed");
    let mut cursor = Cursor::default();
    let last = read(&recorder, &mut cursor).pop();
    assert_eq!(last, Some(row(3, FromServer, "200")));
    assert_eq!(recorder.state().bytes.client, 18);
    assert_eq!(recorder.plaintext_fingerprints(), fingerprints);
    assert_eq!(recorder.secrets().lines().count(), 0);
    let ending = recorder.state().ended.unwrap();
    assert_eq!(ending.time_ns, 5);
    assert!(ending.why.contains("not recorded"), "{}", ending.why);
    assert!(log.connection(1).is_some());
}

#[test]
fn a_connection_that_carried_nothing_but_the_view_is_forgotten() {
    let log = log();
    let recorder = log.open(about(1), false);
    recorder.chunk(4, FromClient, b"GET /wire");
    recorder.conceal(5);
    recorder.ended(6, "closed");
    assert!(log.connections().is_empty());
    drop(recorder);
    assert_eq!(log.held_bytes(), 0);
}

#[test]
fn the_next_request_waits_until_it_is_known_whose_it_is() {
    let anna = Badge::new([1; 32]);
    let log = log();
    let recorder = log.open(about(1), false);
    let mut cursor = Cursor::default();
    let mut news = || read(&recorder, &mut cursor);
    // Before the first one is known, nobody but the instructor sees the connection.
    recorder.chunk(1, FromClient, b"a head");
    assert_eq!(news(), [row(1, FromClient, "a head")]);
    recorder.carries(Traveller::Session(anna));
    recorder.chunk(2, FromServer, b"a response");
    recorder.between_requests();
    recorder.chunk(3, FromClient, b"half a ");
    assert_eq!(news(), [row(2, FromServer, "a response")]);
    recorder.chunk(4, FromServer, b"go on");
    recorder.chunk(5, FromClient, b"head");
    assert_eq!(news(), []);
    recorder.carries(Traveller::Anyone);
    let all = [
        row(3, FromClient, "half a "),
        row(4, FromServer, "go on"),
        row(5, FromClient, "head"),
    ];
    assert_eq!(news(), all);
}

#[test]
fn what_never_became_a_request_leaves_a_connection_to_nobody() {
    let anna = Badge::new([1; 32]);
    let log = log();
    // Behind its last request nothing comes; half a head; under TLS no more than the goodbye; and half a head.
    for (number, is_tls, wire, plain, owner) in [
        (1, false, &b""[..], &b""[..], Owner::Session(anna)),
        (2, false, b"GET / HT", b"", Owner::Several),
        (3, true, b"close_notify", b"", Owner::Session(anna)),
        (4, true, b"record", b"GET / HT", Owner::Several),
    ] {
        let recorder = log.open(about(number), is_tls);
        recorder.established("TLS 1.3".to_owned());
        recorder.carries(Traveller::Session(anna));
        recorder.between_requests();
        recorder.chunk(1, FromClient, wire);
        recorder.plaintext(FromClient, plain);
        assert_eq!(read(&recorder, &mut Cursor::default()), []);
        assert_eq!(recorder.owner(), Owner::Session(anna));
        recorder.ended(2, "over");
        assert_eq!(recorder.owner(), owner, "{number}");
        let shown = read(&recorder, &mut Cursor::default()).len();
        assert_eq!(shown, usize::from(!wire.is_empty()));
    }
}

#[test]
fn whoever_looks_at_all_connections_does_not_make_the_log_forget_them() {
    let log = WireLog::new(26 * 1024, Vec::new());
    let chunk = [b'x'; 4096];
    for number in 1..=3 {
        let recorder = log.open(about(number), false);
        recorder.chunk(1, FromClient, &chunk);
        recorder.ended(2, "closed");
    }
    let looked_at = log.connections();
    let open = log.open(about(4), false);
    open.chunk(3, FromServer, &chunk);
    let kept = log.connections();
    let numbers: Vec<u64> = kept.iter().map(|it| it.about().number).collect();
    assert_eq!(numbers, [2, 3, 4], "one had to go, and no more");
    assert_eq!(open.state().missing.server, 0);
    let held_bytes = log.held_bytes();
    assert!(held_bytes <= 26 * 1024);
    drop((looked_at, kept, open));
    assert_eq!(log.held_bytes(), held_bytes, "nothing is given back twice");
}

#[test]
fn closed_connections_make_room_the_oldest_first_and_open_ones_stay() {
    let log = WireLog::new(26 * 1024, Vec::new());
    let chunk = [b'x'; 4096];
    let open = log.open(about(1), false);
    open.chunk(1, FromClient, &chunk);
    for number in 2..=3 {
        let recorder = log.open(about(number), false);
        recorder.chunk(1, FromClient, &chunk);
        recorder.ended(2, "closed");
    }
    let numbers = || {
        log.connections()
            .iter()
            .map(|kept| kept.about().number)
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(), [1, 2, 3]);
    let young = log.open(about(4), false);
    young.chunk(3, FromServer, &chunk);
    assert_eq!(numbers(), [1, 3, 4]);
    assert!(log.held_bytes() <= 26 * 1024);
}

#[test]
fn without_any_closed_connection_the_one_that_grows_keeps_its_beginning_and_counts_the_rest() {
    let log = WireLog::new(100 * 1024, Vec::new());
    let recorder = log.open(about(1), false);
    for at in 0..200 {
        recorder.chunk(at, FromServer, &[b'x'; 1024]);
    }
    assert!(log.held_bytes() <= 100 * 1024);
    let state = recorder.state();
    assert_eq!(state.bytes.server, 200 * 1024);
    assert_eq!(state.missing.server, (200 * 1024 - HEAD_LEN) as u64);
    let events = recorder.read(&mut Cursor::default());
    assert_eq!(events.iter().map(len).sum::<usize>(), HEAD_LEN);
    assert!(
        matches!(&events.last().unwrap().what, What::Missing(missing) if missing.bytes == state.missing.server)
    );
}

#[test]
fn single_bytes_do_not_cost_a_hundred_times_as_much_as_long_chunks() {
    let log = log();
    let recorder = log.open(about(1), false);
    for at in 0..400_000 {
        let direction = if at % 2 == 0 { FromClient } else { FromServer };
        recorder.chunk(at, direction, b"x");
    }
    assert!(log.held_bytes() < 2 * 1024 * 1024, "{}", log.held_bytes());
    let events = recorder.read(&mut Cursor::default());
    assert_eq!(events.iter().map(len).sum::<usize>(), 400_000);
}

#[tokio::test]
async fn who_waits_is_woken_by_bytes_and_by_the_end() {
    let log = log();
    let recorder = log.open(about(1), false);
    let mut cursor = Cursor::default();
    let waiting = recorder.clone();
    let reader = tokio::spawn(async move {
        let mut told = Vec::new();
        loop {
            waiting.changed(&cursor).await;
            let events = waiting.read(&mut cursor);
            if events.is_empty() {
                return told;
            }
            told.extend(events);
        }
    });
    for at in 0..100 {
        recorder.chunk(at, FromClient, b"x");
        tokio::task::yield_now().await;
    }
    recorder.ended(100, "closed");
    let told = reader.await.unwrap();
    assert_eq!(told.iter().map(len).sum::<usize>(), 100);
}

#[test]
fn a_login_takes_along_the_connections_of_its_browser() {
    let log = log();
    let (browser, session) = (Badge::new([1; 32]), Badge::new([2; 32]));
    let before = log.open(about(1), false);
    let others = log.open(about(2), false);
    before.carries(Traveller::Browser(browser));
    others.carries(Traveller::Browser(Badge::new([3; 32])));
    let viewer = Viewer {
        session: Some(session),
        ..Viewer::default()
    };
    assert!(!before.may_be_seen_by(&viewer));
    log.logged_in(&before, session);
    assert!(before.may_be_seen_by(&viewer));
    assert!(!others.may_be_seen_by(&viewer));
    assert!(!before.should_close());
    before.carries(Traveller::Session(Badge::new([4; 32])));
    assert!(before.should_close() && !others.should_close());
    assert!(!before.may_be_seen_by(&viewer));
}

/// Writes down what it is told, in a word each.
#[derive(Default)]
struct Diary(Mutex<Vec<String>>);

impl Sink for Diary {
    fn take(&self, about: &Arc<About>, news: &News<'_>) {
        let word = match news {
            News::Opened => "opened".to_owned(),
            News::Secret(line) => line.label.name().to_owned(),
            News::Event(event) => short(std::slice::from_ref(event)).remove(0).2,
            News::Ended { why, .. } => (*why).to_owned(),
        };
        self.0
            .lock()
            .unwrap()
            .push(format!("#{} {word}", about.number));
    }
}

#[test]
fn sinks_are_told_everything_with_secrets_before_the_bytes_they_open() {
    let diary = Arc::new(Diary::default());
    let log = WireLog::new(HELD_BYTES_MAX, vec![diary.clone()]);
    let recorder = log.open(about(7), true);
    recorder.chunk(1, FromClient, b"hello");
    recorder.chunk(2, FromServer, b"hello back");
    recorder.chunk(3, FromClient, b"finished");
    recorder.secret(secret());
    recorder.established("TLS 1.2".to_owned());
    recorder.chunk(4, FromClient, b"data");
    recorder.end(5, FromClient);
    recorder.ended(6, "closed");
    assert_eq!(
        *diary.0.lock().unwrap(),
        [
            "#7 opened",
            "#7 hello",
            "#7 hello back",
            "#7 CLIENT_RANDOM",
            "#7 finished",
            "#7 data",
            "#7 end",
            "#7 closed"
        ]
    );
}

#[test]
fn sinks_are_not_told_of_requests_for_the_view() {
    let diary = Arc::new(Diary::default());
    let log = WireLog::new(HELD_BYTES_MAX, vec![diary.clone()]);
    let recorder = log.open(about(7), false);
    let told = || diary.0.lock().unwrap().len();
    recorder.chunk(1, FromClient, b"GET /chat");
    assert_eq!(told(), 1);
    recorder.carries(Traveller::Stranger);
    assert_eq!(told(), 2);
    recorder.chunk(2, FromServer, b"200");
    recorder.between_requests();
    recorder.chunk(3, FromClient, b"GET /wi");
    recorder.chunk(4, FromClient, b"re?key=");
    recorder.conceal(5);
    recorder.chunk(6, FromServer, b"somebody's keys");
    recorder.ended(7, "closed");
    let diary = diary.0.lock().unwrap();
    assert_eq!(diary.len(), 4);
    assert!(diary[3].contains("not recorded"), "{diary:?}");
    assert!(
        !diary
            .iter()
            .any(|word| word.contains("/wi") || word.contains("keys"))
    );
}

#[test]
fn sinks_are_told_at_once_what_is_too_much_for_a_request_for_the_view() {
    let diary = Arc::new(Diary::default());
    let log = WireLog::new(HELD_BYTES_MAX, vec![diary.clone()]);
    let recorder = log.open(about(7), false);
    for at in 0..200 {
        recorder.chunk(at, FromClient, b"x");
    }
    assert!(diary.0.lock().unwrap().len() > 100);
    recorder.ended(200, "closed");
    assert_eq!(diary.0.lock().unwrap().len(), 202);
}
