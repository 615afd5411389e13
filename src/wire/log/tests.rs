//! The log as a whole: what is recorded, held back, concealed, told to sinks, and let go.

use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use bytes::Bytes;

use super::*;
use crate::octets::Chunk;
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

/// As whoever runs the server sees it.
fn seen(recorder: &Arc<Recorder>) -> Sight {
    Sight::of(Arc::clone(recorder), Viewer::OF_ALL).unwrap()
}

fn events(recorder: &Arc<Recorder>, cursor: &mut Cursor) -> Vec<Event> {
    seen(recorder).read(cursor).unwrap().events
}

fn read(recorder: &Arc<Recorder>, cursor: &mut Cursor) -> Vec<(u64, Direction, String)> {
    short(&events(recorder, cursor))
}

fn state(recorder: &Arc<Recorder>) -> State {
    seen(recorder).state().unwrap()
}

fn secrets(recorder: &Arc<Recorder>) -> usize {
    let reading = seen(recorder).read(&mut Cursor::default()).unwrap();
    reading.secrets.lines().count()
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

/// Passes on the bytes that it is told of.
struct Told(Sender<Bytes>);

impl Sink for Told {
    fn take(&self, _: &Arc<About>, news: &News<'_>) {
        if let News::Event(Event {
            what: What::Bytes(bytes),
            ..
        }) = news
        {
            let _ = self.0.send(bytes.clone());
        }
    }
}

#[test]
fn shared_bytes_are_kept_and_told_of_without_a_copy_behind_the_beginning() {
    let (told, hear) = channel();
    let log = WireLog::new(HELD_BYTES_MAX, vec![Arc::new(Told(told))]);
    let recorder = log.open(about(1), false);
    recorder.carries(Traveller::Stranger);
    recorder.chunk(1, FromServer, &[b'x'; HEAD_LEN]);
    let content = Bytes::from(vec![b'y'; 5000]);
    recorder.chunk(2, FromServer, Chunk::Shared(&content));
    let heard: Vec<Bytes> = hear.try_iter().collect();
    assert_eq!(heard[1].as_ptr(), content.as_ptr());
    drop(heard);
    assert!(!content.is_unique(), "it is kept by reference");
    let kept = events(&recorder, &mut Cursor::default());
    assert_eq!(kept.last().unwrap().what, What::Bytes(content.clone()));
    drop((recorder, log));
    assert!(content.is_unique());
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
    let first: usize = events(&recorder, &mut slow).iter().map(len).sum();
    assert_eq!(first, 70 * 1024);
    for _ in 70..500 {
        recorder.chunk(2, FromServer, &chunk);
    }
    let total = 500 * 1024;
    assert_eq!(state(&recorder).missing.server, (total - kept) as u64);
    for (cursor, already) in [(Cursor::default(), 0), (slow, 70 * 1024)] {
        let mut cursor = cursor;
        let told = events(&recorder, &mut cursor);
        let missing: u64 = told
            .iter()
            .filter_map(|event| match &event.what {
                What::Missing(missing) => Some(missing.bytes),
                _ => None,
            })
            .sum();
        let bytes: usize = told.iter().map(len).sum();
        assert_eq!((already + bytes) as u64 + missing, total as u64);
        // Behind the gap, all that is kept of the tail is there.
        assert!(bytes >= TAIL_LEN);
        assert!(events(&recorder, &mut cursor).is_empty());
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
    recorder.established("TLS 1.2".to_owned(), 0);
    assert_eq!(
        read(&recorder, &mut cursor),
        [row(3, FromClient, "finished")]
    );
    recorder.chunk(4, FromClient, b"data");
    assert_eq!(read(&recorder, &mut cursor), [row(4, FromClient, "data")]);
    assert_eq!(secrets(&recorder), 1);
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
    assert_eq!(state(&recorder).ended.unwrap().why, "no TLS");
}

#[test]
fn the_views_own_requests_leave_no_byte_behind() {
    let log = log();
    let recorder = log.open(about(1), true);
    recorder.chunk(1, FromClient, b"handshake");
    recorder.established("TLS 1.3".to_owned(), 0);
    recorder.chunk(2, FromClient, b"GET /chat");
    recorder.plaintext(FromClient, &[b"chat".into()]);
    recorder.chunk(3, FromServer, b"200");
    recorder.between_requests(0);
    let fingerprints = seen(&recorder).plaintext_fingerprints();
    recorder.chunk(4, FromClient, b"GET /wire");
    recorder.plaintext(FromClient, &[b"wire".into()]);
    recorder.conceal(5);
    recorder.chunk(6, FromServer, b"somebody's keys");
    recorder.plaintext(FromServer, &[b"somebody's keys".into()]);
    recorder.secret(secret());
    recorder.end(7, FromClient);
    recorder.ended(8, "closed");
    let mut cursor = Cursor::default();
    let last = read(&recorder, &mut cursor).pop();
    assert_eq!(last, Some(row(3, FromServer, "200")));
    assert_eq!(state(&recorder).bytes.client, 18);
    assert_eq!(seen(&recorder).plaintext_fingerprints(), fingerprints);
    assert_eq!(secrets(&recorder), 0);
    let ending = state(&recorder).ended.unwrap();
    assert_eq!(ending.time_ns, 5);
    assert!(ending.why.contains("not recorded"), "{}", ending.why);
    assert!(log.connection(&Viewer::OF_ALL, 1).is_some());
}

#[test]
fn a_connection_that_carried_nothing_but_the_view_is_forgotten() {
    let log = log();
    let recorder = log.open(about(1), false);
    recorder.chunk(4, FromClient, b"GET /wire");
    recorder.conceal(5);
    recorder.ended(6, "closed");
    assert!(log.connections(&Viewer::OF_ALL).is_empty());
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
    recorder.between_requests(0);
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
        recorder.established("TLS 1.3".to_owned(), 0);
        recorder.carries(Traveller::Session(anna));
        recorder.between_requests(0);
        recorder.chunk(1, FromClient, wire);
        recorder.plaintext(FromClient, &[plain.into()]);
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
    let looked_at = log.connections(&Viewer::OF_ALL);
    let open = log.open(about(4), false);
    open.chunk(3, FromServer, &chunk);
    let kept = log.connections(&Viewer::OF_ALL);
    let numbers: Vec<u64> = kept.iter().map(|it| it.about().number).collect();
    assert_eq!(numbers, [2, 3, 4], "one had to go, and no more");
    assert_eq!(state(&open).missing.server, 0);
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
        log.connections(&Viewer::OF_ALL)
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
fn without_any_closed_connection_the_largest_gives_up_its_latest_bytes_and_is_kept_again() {
    let held_bytes_max = 400 * 1024;
    let log = WireLog::new(held_bytes_max, Vec::new());
    let large = log.open(about(1), false);
    let say = |recorder: &Recorder, kilobytes: u64| {
        for at in 0..kilobytes {
            recorder.chunk(at, FromServer, &[b'x'; 1024]);
        }
    };
    say(&large, 256);
    assert_eq!(state(&large).missing.server, 0);
    // Those who come now are not blind because of it.
    let young: Vec<_> = (2..=4)
        .map(|number| log.open(about(number), false))
        .collect();
    for recorder in &young {
        say(recorder, 60);
        assert!(log.held_bytes() <= held_bytes_max, "{}", log.held_bytes());
    }
    assert!(young.iter().all(|it| state(it).missing.server == 0));
    let gap = state(&large).missing.server;
    assert_eq!(gap, (256 * 1024 - HEAD_LEN) as u64);
    say(&large, 10);
    let told = events(&large, &mut Cursor::default());
    let lens: Vec<usize> = told.iter().map(len).collect();
    let (head, tail) = (
        lens[..64].iter().sum::<usize>(),
        lens[65..].iter().sum::<usize>(),
    );
    assert_eq!((head, tail), (HEAD_LEN, 10 * 1024), "it is kept again");
    assert!(matches!(&told[64].what, What::Missing(missing) if missing.bytes == gap));
    assert_eq!(state(&large).bytes.server, 266 * 1024);
}

#[test]
fn connections_that_grow_while_the_largest_is_looked_for_break_nothing() {
    const MIB: usize = 1024 * 1024;
    let log = WireLog::new(4 * MIB, Vec::new());
    let open: Vec<_> = (1..=500)
        .map(|number| log.open(about(number), false))
        .collect();
    let begun = std::time::Instant::now();
    let write = |seed: usize| {
        for at in 0_u64.. {
            let turn = usize::try_from(at).unwrap();
            let recorder = &open[(turn * 7919 + seed * 104_729) % open.len()];
            recorder.chunk(at, FromServer, &[b'x'; 5000][..turn % 5000]);
            if begun.elapsed() > std::time::Duration::from_secs(1) {
                return;
            }
        }
    };
    std::thread::scope(|threads| {
        for seed in 0..4 {
            threads.spawn(move || write(seed));
        }
    });
    // Each has made room, but perhaps for less than came from the others meanwhile.
    assert!(log.held_bytes() < 5 * MIB, "{}", log.held_bytes());
}

#[test]
fn where_nothing_but_beginnings_is_held_the_largest_go_and_nothing_grows_without_bound() {
    let held_bytes_max = 200 * 1024;
    let log = WireLog::new(held_bytes_max, Vec::new());
    let open: Vec<_> = (1..=8)
        .map(|number| log.open(about(number), false))
        .collect();
    for at in 0..100 {
        for recorder in &open {
            recorder.chunk(at, FromClient, &[b'x'; 1024]);
            assert!(log.held_bytes() <= held_bytes_max, "{}", log.held_bytes());
        }
    }
    for recorder in &open {
        let State { bytes, missing, .. } = state(recorder);
        assert_eq!(bytes.client, 100 * 1024);
        let told: usize = events(recorder, &mut Cursor::default())
            .iter()
            .map(len)
            .sum();
        assert_eq!(told as u64 + missing.client, bytes.client);
    }
    assert!(
        log.held_bytes() > held_bytes_max / 2,
        "no more goes than has to"
    );
}

#[test]
fn what_waits_to_be_told_counts_too() {
    let log = WireLog::new(HELD_BYTES_MAX, vec![Arc::new(Diary::default())]);
    let recorder = log.open(about(1), true);
    recorder.established("TLS 1.3".to_owned(), 0);
    let before = log.held_bytes();
    recorder.chunk(1, FromClient, &[b'x'; 10_000]);
    recorder.plaintext(FromClient, &[(&[b'x'; 10_000]).into()]);
    // As a record, for the sinks, and to be taken back.
    assert!(
        log.held_bytes() - before > 30_000,
        "{}",
        log.held_bytes() - before
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
    let events = events(&recorder, &mut Cursor::default());
    assert_eq!(events.iter().map(len).sum::<usize>(), 400_000);
}

#[tokio::test]
async fn who_waits_is_woken_by_bytes_and_by_the_end() {
    let log = log();
    let recorder = log.open(about(1), false);
    let mut cursor = Cursor::default();
    let waiting = seen(&recorder);
    let reader = tokio::spawn(async move {
        let mut told = Vec::new();
        loop {
            waiting.changed(&cursor).await;
            let events = waiting.read(&mut cursor).unwrap().events;
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
    let is_seen = |recorder: &Arc<Recorder>| Sight::of(Arc::clone(recorder), viewer).is_some();
    assert!(!is_seen(&before));
    log.logged_in(&before, session);
    assert!(is_seen(&before));
    assert!(!is_seen(&others));
    assert!(!before.should_close());
    before.carries(Traveller::Session(Badge::new([4; 32])));
    assert!(before.should_close() && !others.should_close());
    let is_seen = |recorder: &Arc<Recorder>| Sight::of(Arc::clone(recorder), viewer).is_some();
    assert!(!is_seen(&before));
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
    recorder.established("TLS 1.2".to_owned(), 0);
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
    recorder.between_requests(0);
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
fn sinks_are_told_at_once_what_is_too_much_for_a_request_for_the_view_and_all_that_follows_it() {
    for (len, held) in [(1, 64), (1024, 32), (20_000, 1)] {
        let diary = Arc::new(Diary::default());
        let log = WireLog::new(HELD_BYTES_MAX, vec![diary.clone()]);
        let recorder = log.open(about(7), false);
        let told = || diary.0.lock().unwrap().len() - 1;
        let chunk = vec![b'x'; len];
        for at in 1..=held {
            recorder.chunk(at, FromClient, &chunk);
            assert_eq!(told(), 0);
        }
        for at in held + 1..=200 {
            recorder.chunk(at, FromClient, &chunk);
            assert_eq!(told() as u64, at, "chunks of {len} bytes");
        }
        // The next request is held again.
        recorder.carries(Traveller::Stranger);
        recorder.between_requests(0);
        recorder.chunk(201, FromClient, &chunk);
        assert_eq!(told(), 200);
        recorder.ended(202, "closed");
        assert_eq!(told(), 202);
    }
}

const ANNA: Badge = Badge::new([1; 32]);
const BERT: Badge = Badge::new([2; 32]);

fn session(badge: Badge) -> Viewer {
    Viewer {
        session: Some(badge),
        ..Viewer::default()
    }
}

/// All that this viewer is given of a connection, as one text.
fn given(recorder: &Arc<Recorder>, viewer: Viewer) -> String {
    let sight = Sight::of(Arc::clone(recorder), viewer);
    let reading = sight.and_then(|sight| sight.read(&mut Cursor::default()));
    let events = reading.map(|it| it.events).unwrap_or_default();
    short(&events)
        .into_iter()
        .map(|(_, _, what)| what)
        .collect()
}

#[test]
fn whoever_was_let_in_reads_nothing_of_a_request_that_has_come_since() {
    let log = log();
    let recorder = log.open(about(1), true);
    recorder.established("TLS 1.3".to_owned(), 0);
    recorder.secret(secret());
    recorder.chunk(1, FromClient, b"anna's");
    recorder.carries(Traveller::Session(ANNA));
    let [anna, all] = [session(ANNA), Viewer::OF_ALL].map(|it| log.connection(&it, 1).unwrap());
    assert!(anna.is_allowed() && anna.state().is_some());
    recorder.between_requests(0);
    recorder.chunk(2, FromClient, b"bert's password");
    // She was let in before, and reads afterwards.
    recorder.carries(Traveller::Session(BERT));
    assert!(anna.read(&mut Cursor::default()).is_none());
    assert!(anna.state().is_none() && anna.plaintext_fingerprints().is_none());
    assert!(!anna.is_allowed());
    let reading = all.read(&mut Cursor::default()).unwrap();
    assert_eq!(
        (reading.events.len(), reading.secrets.lines().count()),
        (2, 1)
    );
    assert!(log.connections(&session(ANNA)).is_empty());
    assert_eq!(log.connections(&Viewer::OF_ALL).len(), 1);
}

#[tokio::test]
async fn whoever_waits_for_news_of_what_they_may_not_see_any_more_waits_no_longer() {
    let log = log();
    let recorder = log.open(about(1), false);
    recorder.carries(Traveller::Session(ANNA));
    let anna = log.connection(&session(ANNA), 1).unwrap();
    let waiting = tokio::spawn(async move { anna.changed(&Cursor::default()).await });
    tokio::task::yield_now().await;
    recorder.carries(Traveller::Session(BERT));
    waiting.await.unwrap();
}

#[test]
fn a_request_that_came_together_with_the_one_before_is_not_shown_with_it() {
    let next = "POST /login with the password of bert";
    for is_whole in [true, false] {
        let log = log();
        let recorder = log.open(about(1), false);
        let next = if is_whole { next } else { &next[..10] };
        recorder.chunk(1, FromClient, format!("GET /anna {next}").as_bytes());
        recorder.request_is_whole(next.len());
        recorder.carries(Traveller::Session(ANNA));
        let annas = || given(&recorder, session(ANNA));
        assert_eq!(annas(), "");
        recorder.chunk(2, FromServer, b"200 for anna ");
        recorder.between_requests(next.len());
        assert_eq!(annas(), "");
        if is_whole {
            recorder.request_is_whole(0);
            recorder.carries(Traveller::Session(BERT));
            assert_eq!(
                given(&recorder, Viewer::OF_ALL),
                format!("GET /anna {next}200 for anna ")
            );
        } else {
            recorder.ended(3, "over");
        }
        assert_eq!((annas(), recorder.owner()), (String::new(), Owner::Several));
    }
}

/// A connection on which a request of anna's was answered, with so many bytes behind it.
fn answered(
    log: &WireLog,
    is_tls: bool,
    (sent, unread_len): (&[u8], usize),
    response: &[u8],
) -> Arc<Recorder> {
    let recorder = log.open(about(7), is_tls);
    recorder.established("TLS 1.3".to_owned(), 0);
    recorder.chunk(1, FromClient, sent);
    recorder.plaintext(FromClient, &[sent.into()]);
    recorder.request_is_whole(unread_len);
    recorder.carries(Traveller::Session(ANNA));
    recorder.chunk(2, FromServer, response);
    recorder.plaintext(FromServer, &[response.into()]);
    recorder
}

#[test]
fn a_second_request_of_ones_own_that_came_together_with_the_first_is_shown_when_it_is_known_for_that()
 {
    for is_tls in [false, true] {
        let log = log();
        let recorder = answered(&log, is_tls, (b"GET /1 GET /2 ", 7), b"200 ");
        recorder.between_requests(7);
        assert_eq!(given(&recorder, session(ANNA)), "");
        recorder.request_is_whole(0);
        recorder.carries(Traveller::Session(ANNA));
        assert_eq!(given(&recorder, session(ANNA)), "GET /1 GET /2 200 ");
        recorder.between_requests(0);
        recorder.ended(3, "over");
        assert_eq!(recorder.owner(), Owner::Session(ANNA));
    }
}

/// A record of application data.
fn sealed(content: &[u8]) -> Vec<u8> {
    let len = u8::try_from(content.len()).unwrap();
    [&[23, 3, 3, 0, len], content].concat()
}

#[test]
fn under_tls_a_record_that_has_come_in_part_or_is_not_read_yet_is_not_shown_with_the_request_before()
 {
    let (annas, berts) = (sealed(b"anna"), sealed(b"bert's password"));
    for (sent, unread_len) in [
        // Half a record, one that TLS has opened already, and one that both are in.
        ([&annas[..], &berts[..10]].concat(), 0),
        ([&annas[..], &berts].concat(), 15),
        (sealed(b"anna, and bert's password"), 15),
    ] {
        for with_handshake in [false, true] {
            let log = log();
            let recorder = log.open(about(1), true);
            if with_handshake {
                recorder.chunk(1, FromClient, &sent);
                recorder.established("TLS 1.3".to_owned(), 4 + unread_len);
            } else {
                recorder.established("TLS 1.3".to_owned(), 0);
                recorder.chunk(1, FromClient, &sent);
            }
            recorder.plaintext(
                FromClient,
                &[(&b"annabert's password"[..4 + unread_len]).into()],
            );
            recorder.request_is_whole(unread_len);
            recorder.carries(Traveller::Session(ANNA));
            recorder.chunk(2, FromServer, b"200");
            recorder.plaintext(FromServer, &[b"200".into()]);
            let annas = || given(&recorder, session(ANNA));
            assert_eq!(annas(), "");
            recorder.between_requests(unread_len);
            assert_eq!(annas(), "");
            recorder.ended(3, "over");
            assert_eq!((annas(), recorder.owner()), (String::new(), Owner::Several));
        }
    }
}

#[test]
fn a_request_for_the_view_that_came_together_with_another_leaves_nothing_behind() {
    for is_tls in [false, true] {
        let diary = Arc::new(Diary::default());
        let log = WireLog::new(HELD_BYTES_MAX, vec![diary.clone()]);
        let sent = b"GET /chat GET /wire?key=instructors";
        let sent = if is_tls { sealed(sent) } else { sent.to_vec() };
        let unread_len = 25;
        let recorder = answered(&log, is_tls, (&sent, unread_len), b"200");
        recorder.between_requests(unread_len);
        recorder.conceal(3);
        recorder.request_is_whole(0);
        recorder.carries(Traveller::Session(ANNA));
        recorder.chunk(4, FromServer, b"somebody's keys");
        recorder.between_requests(0);
        recorder.ended(5, "closed");
        // Over TLS the record holds both, so that both have to go.
        let left = if is_tls { "" } else { "GET /chat 200" };
        assert_eq!(given(&recorder, session(ANNA)), left);
        let fingerprints = seen(&recorder).plaintext_fingerprints();
        let lens = fingerprints.map(|it| (it.client.len, it.server.len));
        assert_eq!(lens, is_tls.then_some((0, 0)));
        let told = diary.0.lock().unwrap().concat();
        assert!(!told.contains("key"), "{told}");
        assert_eq!(told.contains("GET /chat"), !is_tls);
    }
}

#[test]
fn frames_that_came_together_with_their_upgrade_belong_to_whoever_sent_it() {
    for is_tls in [false, true] {
        let log = log();
        let recorder = answered(&log, is_tls, (b"GET /ws frame", 5), b"101");
        assert_eq!(given(&recorder, session(ANNA)), "");
        recorder.goes_on();
        assert_eq!(given(&recorder, session(ANNA)), "GET /ws frame101");
        recorder.chunk(3, FromClient, b"half a fr");
        recorder.ended(4, "over");
        assert_eq!(recorder.owner(), Owner::Session(ANNA));
    }
}
