//! The log as a whole, and what its tests are made of: what is recorded is read in order.

mod bounds;
mod sinks;
mod whose;

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
