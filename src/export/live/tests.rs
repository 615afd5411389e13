//! Who hears what, and when it is too much; over real sockets it is tested in `tests/wireshark`.

use bytes::Bytes;

use super::*;
use crate::octets::Direction::{FromClient, FromServer};
use crate::wire::event::{Event, Missing, What as Happened};
use crate::wire::pcapng;

fn about(number: u64) -> About {
    About {
        number,
        client: "127.0.0.1:50000".parse().unwrap(),
        server: "127.0.0.1:8080".parse().unwrap(),
        is_tls_port: false,
        opened_ns: number * 1_000_000,
    }
}

fn event(what: Happened) -> What {
    What::Event(Event {
        time_ns: 1,
        direction: FromClient,
        what,
        comment: None,
    })
}

fn bytes(text: &'static str) -> What {
    event(Happened::Bytes(Bytes::from_static(text.as_bytes())))
}

fn piece(at: u64, what: What) -> Piece {
    Piece {
        number: 1,
        at,
        what,
    }
}

/// What the client sent on the first connection, according to a stream of packets; a gap shows as question marks.
fn heard(packets: Vec<u8>) -> String {
    let capture = pcapng::read(&packets.into());
    assert_eq!(capture.problems, []);
    let events = capture.connections.first().unwrap().events.iter();
    let from_client = events.filter(|event| event.direction == FromClient);
    from_client
        .map(|event| match &event.what {
            Happened::Bytes(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            Happened::Missing(missing) => "?".repeat(missing.bytes.try_into().unwrap()),
            Happened::End => "<end>".to_owned(),
            Happened::Reset => "<reset>".to_owned(),
        })
        .collect()
}

#[test]
fn news_of_what_is_recorded_already_is_not_told_again() {
    for (pieces, expected) in [
        // The record has "hello" when it is read.
        (vec![], "hello"),
        (vec![piece(0, bytes("hello"))], "hello"),
        (vec![piece(3, bytes("lo")), piece(5, bytes("!"))], "hello!"),
        (vec![piece(3, bytes("lo you"))], "hello you"),
        (vec![piece(7, bytes("you"))], "hello??you"),
        (
            vec![
                piece(2, event(Happened::Missing(Missing::of(5)))),
                piece(7, bytes("you")),
            ],
            "hello??you",
        ),
        (vec![piece(5, event(Happened::End))], "hello<end>"),
        (
            vec![
                piece(5, event(Happened::End)),
                piece(5, event(Happened::End)),
            ],
            "hello<end>",
        ),
    ] {
        let wire = Arc::new(WireLog::new(usize::MAX, Vec::new()));
        let recorder = wire.open(about(1), false);
        recorder.chunk(1, FromClient, b"hello");
        let mut packets = Vec::new();
        let mut catch_up = CatchUp::new(wire);
        catch_up.begin("", &mut packets);
        catch_up.resume(recorder.about(), &mut packets);
        let opened = What::Opened(Arc::clone(recorder.about()));
        for piece in [vec![piece(0, opened)], pieces].concat() {
            catch_up.tell(piece, &mut packets);
        }
        assert_eq!(heard(packets), expected);
    }
}

#[test]
fn a_connection_that_is_not_recorded_any_more_is_told_from_here_on() {
    let mut packets = Vec::new();
    let mut catch_up = CatchUp::new(Arc::new(WireLog::new(0, Vec::new())));
    catch_up.begin("", &mut packets);
    catch_up.resume(&Arc::new(about(1)), &mut packets);
    catch_up.tell(piece(10, bytes("later")), &mut packets);
    assert_eq!(heard(packets), "??????????later");
}

fn audience(waiting_bytes_max: usize) -> Audience {
    Audience::new(waiting_bytes_max, Arc::new(Log::silent()))
}

#[tokio::test]
async fn a_reader_gets_what_waits_before_the_end_and_nothing_if_it_was_too_much() {
    for (waiting_bytes_max, expected) in [(1 << 20, Ok(2)), (1, Err(End::Overrun))] {
        let audience = audience(waiting_bytes_max);
        let (reader, open) = audience.join().unwrap();
        assert!(open.is_empty());
        let about = Arc::new(about(1));
        audience.tell(&about, &News::Opened);
        audience.tell(
            &about,
            &News::Ended {
                time_ns: 1,
                why: "",
            },
        );
        audience.close();
        let heard = reader.next().await.map(|pieces| pieces.len());
        assert_eq!(heard, expected);
        if expected.is_ok() {
            assert_eq!(reader.next().await.unwrap_err(), End::Closed);
        } else {
            reader.overrun().await;
        }
        assert!(audience.join().is_err());
    }
}

#[test]
fn who_joins_learns_which_connections_are_open_and_news_says_where_it_stands() {
    let audience = audience(1 << 20);
    let [first, second] = [1, 2].map(|number| Arc::new(about(number)));
    for about in [&second, &first] {
        audience.tell(about, &News::Opened);
    }
    let told = |direction, text: &'static str| Event {
        time_ns: 1,
        direction,
        what: Happened::Bytes(Bytes::from_static(text.as_bytes())),
        comment: None,
    };
    audience.tell(&first, &News::Event(&told(FromClient, "hello")));
    let (reader, open) = audience.join().unwrap();
    assert_eq!(open, [first.clone(), second.clone()]);
    audience.tell(&first, &News::Event(&told(FromServer, "you")));
    audience.tell(&first, &News::Event(&told(FromClient, "!")));
    audience.close();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let pieces = runtime.unwrap().block_on(reader.next()).unwrap();
    let places: Vec<_> = pieces.iter().map(|piece| piece.at).collect();
    assert_eq!(places, [0, 5]);
}

#[test]
fn there_are_so_many_seats_and_who_leaves_makes_room() {
    let audience = audience(1);
    let mut readers: Vec<_> = (0..READERS_MAX)
        .map(|_| audience.join().unwrap().0)
        .collect();
    assert!(audience.join().is_err());
    audience.leave(&readers.pop().unwrap());
    assert!(audience.join().is_ok());
    assert!(audience.join().is_err());
}
