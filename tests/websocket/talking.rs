//! What the peer says arrives, whole and in order, and the connection is kept alive.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use bytes::Bytes;
use secure_chat::websocket::close::{CloseCode, EndedBy};
use secure_chat::websocket::io::{Incoming, WebSocket};
use secure_chat::websocket::limits::WebSocketLimits;
use tokio::io::duplex;
use tokio::time::Instant;

use crate::client::{
    BINARY, CONTINUED, CONTINUED_ENDS, PING, PONG, TEXT, TEXT_BEGINS, masked, read, read_close,
    write,
};
use crate::{LIMITS, connection, frame, receive_all, text};

#[tokio::test]
async fn fragments_make_one_message_and_a_ping_between_them_is_answered() {
    let (mut websocket, mut client) = connection(4096);
    let frames = [
        masked(TEXT_BEGINS, b"Hel"),
        masked(PING, b"there?"),
        masked(CONTINUED, b"l\xc3"),
        masked(CONTINUED_ENDS, b"\xb6"),
        masked(PONG, b"unasked"),
        masked(BINARY, b"\xff\x00"),
    ];
    write(&mut client, &frames.concat()).await;
    assert_eq!(websocket.next().await, Some(text("Hellö")));
    assert_eq!(read(&mut client).await, Some((PONG, b"there?".to_vec())));
    let binary = Incoming::Binary(Bytes::from_static(b"\xff\x00"));
    assert_eq!(websocket.next().await, Some(binary));
}

#[tokio::test]
async fn bytes_that_came_with_the_request_are_the_first_frames() {
    let (server, mut client) = duplex(4096);
    let first = masked(TEXT, b"first");
    let (leftover, rest) = first.split_at(3);
    let mut websocket = WebSocket::new(server, leftover, LIMITS);
    write(&mut client, rest).await;
    assert_eq!(websocket.next().await, Some(text("first")));

    let (server, _client) = duplex(4096);
    let both = [first, masked(TEXT, b"second")].concat();
    let mut websocket = WebSocket::new(server, &both, LIMITS);
    assert_eq!(websocket.next().await, Some(text("first")));
    assert_eq!(websocket.next().await, Some(text("second")));
}

#[tokio::test]
async fn the_longest_message_passes() {
    let (mut websocket, mut client) = connection(4096);
    let longest = "x".repeat(LIMITS.message_len_max);
    write(&mut client, &masked(TEXT, longest.as_bytes())).await;
    assert_eq!(websocket.next().await, Some(text(&longest)));
}

#[tokio::test]
async fn receiving_that_is_cancelled_at_every_byte_loses_nothing() {
    let (mut websocket, mut client) = connection(4096);
    let bytes = [
        masked(TEXT_BEGINS, b"one "),
        masked(CONTINUED_ENDS, b"message"),
    ]
    .concat();
    let (last, begin) = bytes.split_last().unwrap();
    for byte in begin {
        write(&mut client, &[*byte]).await;
        let mut next = Box::pin(websocket.next());
        let polled = next.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
    write(&mut client, &[*last]).await;
    assert_eq!(websocket.next().await, Some(text("one message")));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_answers_pings_stays_and_a_silent_one_is_dropped_in_time() {
    let (websocket, mut client) = connection(4096);
    let socket = websocket.socket().clone();
    let task = receive_all(websocket).await;
    let start = Instant::now();
    for nth in 1..=5 {
        assert_eq!(read(&mut client).await, Some((PING, vec![])));
        assert_eq!(start.elapsed().as_secs(), nth * 30);
        write(&mut client, &masked(PONG, b"")).await;
    }
    let last_heard = Instant::now();
    assert_eq!(read(&mut client).await, Some((PING, vec![])));
    let (_, ended) = task.await.unwrap();
    let silence = last_heard.elapsed();
    assert!(silence >= LIMITS.dead_after && silence < LIMITS.dead_after + Duration::from_secs(1));
    assert_eq!((ended.by, ended.code), (EndedBy::Us, CloseCode::ABNORMAL));
    assert_eq!(ended.reason, "silent for 60s");
    // The socket that others still hold keeps no connection open.
    assert_eq!(read(&mut client).await, None);
    drop(socket);
}

#[tokio::test]
async fn each_message_is_answered_before_the_next_is_read() {
    let (mut websocket, mut client) = connection(4096);
    // The second frame has a reserved bit set.
    let bytes = [masked(TEXT, b"good"), masked(TEXT | 0x40, b"bad")].concat();
    write(&mut client, &bytes).await;
    let client = tokio::spawn(async move {
        assert_eq!(read(&mut client).await, Some((TEXT, b"answer".to_vec())));
        read_close(&mut client).await.0
    });
    while let Some(message) = websocket.next().await {
        assert_eq!(message, text("good"));
        websocket.socket().offer(&frame("answer"));
    }
    assert_eq!(client.await.unwrap(), 1002);
}

#[tokio::test]
async fn a_flood_of_frames_leaves_others_their_turns() {
    const FRAMES: usize = 100_000;
    // So much is taken at most before others have a turn.
    const TURN_LEN: usize = 64 * 1024;
    for (begins, goes_on, ends) in [
        (TEXT, PING, TEXT),
        (TEXT, TEXT, TEXT),
        (TEXT_BEGINS, CONTINUED, CONTINUED_ENDS),
    ] {
        let flood = masked(goes_on, b"").repeat(FRAMES);
        let flood = [masked(begins, b"first"), flood, masked(ends, b"end")].concat();
        let (server, mut client) = duplex(flood.len());
        write(&mut client, &flood).await;
        let limits = WebSocketLimits {
            queue_bytes_max: flood.len(),
            ..LIMITS
        };
        let mut websocket = WebSocket::new(server, b"", limits);
        let turns = Arc::new(AtomicUsize::new(0));
        let counted = turns.clone();
        let others = tokio::spawn(async move {
            loop {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        let flooded = tokio::spawn(async move {
            loop {
                match websocket.next().await {
                    Some(Incoming::Text(text)) if text.ends_with("end") => break,
                    other => assert!(other.is_some(), "{:?}", websocket.ended()),
                }
            }
            turns.load(Ordering::Relaxed)
        });
        let turns = flooded.await.unwrap();
        assert!(turns >= flood.len() / TURN_LEN, "{turns} for {goes_on:#x}");
        others.abort();
    }
}
