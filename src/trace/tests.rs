//! The transcript while it happens, written into memory, and what happens when nobody reads it.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};

use bytes::Bytes;

use super::*;
use crate::octets::Direction::{self, FromClient, FromServer};
use crate::wire::decrypt::{Label, Secret};

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";

/// How long anything here may take on a busy machine.
const DEADLINE: Duration = Duration::from_secs(30);

fn about(number: u64) -> Arc<About> {
    let address = |port| SocketAddr::from(([127, 0, 0, 1], port));
    Arc::new(About {
        number,
        client: address(50_000),
        server: address(8080),
        is_tls_port: false,
        opened_ns: 0,
    })
}

fn sent(direction: Direction, bytes: &[u8]) -> Event {
    Event {
        time_ns: 1000,
        direction,
        what: event::What::Bytes(Bytes::copy_from_slice(bytes)),
        comment: None,
    }
}

/// Hands on what is written, each time only after `go` said so.
struct Slow {
    written: Sender<Vec<u8>>,
    go: Receiver<()>,
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let closed = |_| io::ErrorKind::BrokenPipe;
        self.go.recv_timeout(DEADLINE).map_err(|_| closed(()))?;
        self.written.send(bytes.to_vec()).map_err(|_| closed(()))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Hands on what is written, at once.
struct Quick(Sender<Vec<u8>>);

impl Write for Quick {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.send(bytes.to_vec());
        sent.map(|()| bytes.len())
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn started(eyes: Eyes) -> (Trace, Receiver<Vec<u8>>) {
    let (written, reader) = channel();
    let trace = Trace::start(eyes, Palette::PLAIN, WAITING_BYTES_MAX, Quick(written)).unwrap();
    (trace, reader)
}

/// All that was written once the trace has finished.
fn all(reader: &Receiver<Vec<u8>>) -> String {
    let bytes: Vec<u8> = std::iter::from_fn(|| reader.recv_timeout(DEADLINE).ok())
        .flatten()
        .collect();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn connections_are_told_side_by_side_each_with_its_number() {
    let (trace, reader) = started(Eyes::Server);
    for number in [1, 2] {
        trace.take(&about(number), &News::Opened);
    }
    for (number, event) in [
        (1, sent(FromClient, REQUEST)),
        (2, sent(FromClient, REQUEST)),
        (1, sent(FromServer, RESPONSE)),
    ] {
        trace.take(&about(number), &News::Event(&event));
    }
    let why = "closed";
    trace.take(&about(1), &News::Ended { time_ns: 2000, why });
    trace.finish();
    drop(trace);
    let text = all(&reader);
    let starts: Vec<_> = text.lines().map(|line| &line[..3]).collect();
    assert_eq!(
        starts,
        [
            "  1", "  2", "  1", "  1", "  1", "  1", "  2", "  2", "  2", "  2", "  1", "  1",
            "  1", "  1"
        ]
    );
    assert!(
        text.contains("  1 ── ended after 0.000002 s: closed; HTTP/1.1; 1 request\n"),
        "{text}"
    );
}

#[test]
fn eve_learns_no_secret() {
    let capture = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/tls/tls13_curl.pcapng"
    );
    let capture = crate::wire::pcapng::read(&std::fs::read(capture).unwrap().into());
    for (eyes, is_read) in [(Eyes::Server, true), (Eyes::Eve, false)] {
        let (trace, reader) = started(eyes);
        trace.take(&about(1), &News::Opened);
        for line in capture.key_log.lines() {
            let line = crate::wire::decrypt::KeyLogLine::parse(line).unwrap();
            trace.take(&about(1), &News::Secret(&line.unwrap()));
        }
        for event in &capture.connections[0].events {
            trace.take(&about(1), &News::Event(event));
        }
        // As the server knows it: it may repeat what was said under TLS.
        let why = "the client said: bye";
        trace.take(&about(1), &News::Ended { time_ns: 2000, why });
        trace.finish();
        let text = all(&reader);
        assert_eq!(text.contains("GET /favicon.svg"), is_read, "{text}");
        assert_eq!(text.contains("bye"), is_read, "{text}");
        assert!(text.contains("server name  localhost"), "{text}");
    }
}

#[test]
fn nobody_waits_for_a_reader_who_does_not_read() {
    let (written, reader) = channel();
    let (go, waits) = channel();
    let slow = Slow { written, go: waits };
    let trace = Trace::start(Eyes::Server, Palette::PLAIN, 1024, slow).unwrap();
    trace.take(&about(1), &News::Opened);
    let body = vec![b'x'; 1000];
    let head = sent(
        FromServer,
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n",
    );
    trace.take(&about(1), &News::Event(&sent(FromClient, REQUEST)));
    trace.take(&about(1), &News::Event(&head));
    // The writer stands at its first line all the while.
    for _ in 0..1000 {
        trace.take(&about(1), &News::Event(&sent(FromServer, &body)));
    }
    trace.take(&about(2), &News::Opened);
    let why = "closed";
    trace.take(&about(1), &News::Ended { time_ns: 2000, why });
    let waiting = items(trace.writer.queue());
    assert!(waiting.len() < 10, "{waiting:?}");
    drop((go, reader));
    trace.finish();
}

#[test]
fn a_connection_that_says_very_much_is_followed_no_further_and_makes_room() {
    let mut writer = Writer {
        eyes: Eyes::Server,
        palette: Palette::PLAIN,
        followed: HashMap::new(),
        bytes: 0,
    };
    let mut tell = |what| writer.tell(Item { number: 1, what });
    tell(What::Opened(about(1)));
    tell(What::Event(sent(FromClient, REQUEST)));
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n";
    let rest = FOLLOWED_BYTES_MAX - REQUEST.len() - head.len();
    tell(What::Event(sent(FromServer, head.as_bytes())));
    let text = tell(What::Event(sent(FromServer, &vec![b'x'; rest])));
    assert!(!text.contains("no further"), "{text}");
    let text = tell(What::Event(sent(FromServer, b"x")));
    assert!(text.contains("its first 16777217 bytes"), "{text}");
    assert_eq!(tell(What::Event(sent(FromServer, b"x"))), "");
    assert!(writer.followed.is_empty() && writer.bytes == 0);
}

fn items(queue: &Queue) -> Vec<Item> {
    queue.close();
    queue.take().map(Vec::from).unwrap_or_default()
}

#[test]
fn what_finds_no_room_is_counted_and_it_goes_on_where_a_record_begins() {
    const RECORD: &[u8] = b"\x17\x03\x03\x00\x03abc";
    let queue = Queue::new(1);
    let take = |news: &News<'_>| queue.put(&about(1), news);
    take(&News::Opened);
    // There is no room now.
    take(&News::Event(&sent(FromServer, RECORD)));
    take(&News::Event(&sent(FromServer, &RECORD[..4])));
    let secret = crate::wire::decrypt::KeyLogLine {
        label: Label::ClientRandom,
        client_random: [1; 32],
        secret: Secret::new(&[1]).unwrap(),
    };
    take(&News::Secret(&secret));
    assert_eq!(queue.take().unwrap().len(), 2, "the opening and the secret");
    // There is room, but the record has not ended.
    take(&News::Event(&sent(FromServer, &RECORD[4..6])));
    take(&News::Event(&sent(
        FromServer,
        &[&RECORD[6..], RECORD].concat(),
    )));
    let items = items(&queue);
    let [left, gap, rest] = &items[..] else {
        panic!("{items:?}")
    };
    assert!(matches!(left.what, What::Left { bytes: 16 }), "{left:?}");
    let What::Event(Event {
        what: event::What::Missing(missing),
        ..
    }) = &gap.what
    else {
        panic!("{gap:?}")
    };
    assert_eq!((missing.bytes, missing.records_before), (16, Some(2)));
    let What::Event(Event {
        what: event::What::Bytes(bytes),
        ..
    }) = &rest.what
    else {
        panic!("{rest:?}")
    };
    assert_eq!(bytes, RECORD);
}

#[test]
fn a_connection_that_begins_without_room_is_counted_and_passed_over() {
    let queue = Queue::new(1);
    let why = "closed";
    queue.put(&about(1), &News::Opened);
    for number in [2, 3] {
        queue.put(&about(number), &News::Opened);
        queue.put(&about(number), &News::Event(&sent(FromClient, REQUEST)));
        queue.put(&about(number), &News::Ended { time_ns: 0, why });
    }
    assert_eq!(queue.take().unwrap().len(), 1);
    queue.put(&about(4), &News::Opened);
    let items = items(&queue);
    assert!(
        matches!(items[0].what, What::Unseen { connections: 2 }),
        "{items:?}"
    );
    assert!(matches!(items[1].what, What::Opened(_)), "{items:?}");
}

#[test]
fn when_nobody_reads_any_more_nothing_is_collected() {
    let (written, reader) = channel();
    drop(reader);
    let trace = Trace::start(
        Eyes::Server,
        Palette::PLAIN,
        WAITING_BYTES_MAX,
        Quick(written),
    )
    .unwrap();
    trace.take(&about(1), &News::Opened);
    trace.writer.wait(FINISH_MAX * 20);
    trace.take(&about(2), &News::Opened);
    assert!(trace.writer.queue().take().is_none());
}
