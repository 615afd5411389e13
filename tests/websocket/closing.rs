//! Every way to the end: theirs, ours, a broken rule, a vanished peer.

use secure_chat::websocket::close::{CloseCode, EndedBy};
use secure_chat::websocket::io::{Offered, WebSocket};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use crate::client::{
    BINARY, CLOSE, CONTINUED_ENDS, PING, TEXT, TEXT_BEGINS, close_payload, masked, read,
    read_close, write,
};
use crate::{LIMITS, connection, frame, receive_all, soon, tcp_streams, text};

#[tokio::test]
async fn a_close_is_echoed_and_ends_both_directions() {
    for (payload, echo, code, reason) in [
        (
            close_payload(1000, "bye"),
            close_payload(1000, ""),
            1000,
            "bye",
        ),
        (close_payload(4999, ""), close_payload(4999, ""), 4999, ""),
        (vec![], vec![], 1005, ""),
        // Codes that may not be sent are a broken rule (RFC 6455 §7.4).
        (
            close_payload(1005, ""),
            close_payload(1002, ""),
            1002,
            "Protocol violation",
        ),
    ] {
        let (websocket, mut client) = connection(4096);
        let task = receive_all(websocket).await;
        write(&mut client, &masked(CLOSE, &payload)).await;
        assert_eq!(read(&mut client).await, Some((CLOSE, echo)));
        assert_eq!(read(&mut client).await, None);
        drop(client);
        let (_, ended) = task.await.unwrap();
        assert_eq!(ended.by, EndedBy::Peer);
        assert_eq!((ended.code, &*ended.reason), (CloseCode(code), reason));
    }
}

#[tokio::test]
async fn a_broken_rule_closes_with_its_code() {
    let too_long = vec![b'x'; LIMITS.message_len_max + 1];
    for (name, bytes, code) in [
        ("no mask", vec![TEXT, 1, b'x'], 1002),
        ("reserved bit", masked(0xc1, b"x"), 1002),
        ("reserved opcode", masked(0x83, b"x"), 1002),
        ("fragmented ping", masked(0x09, b""), 1002),
        ("long ping", masked(PING, &[0; 126]), 1002),
        ("end without beginning", masked(CONTINUED_ENDS, b"x"), 1002),
        (
            "two beginnings",
            [masked(TEXT_BEGINS, b""), masked(TEXT, b"")].concat(),
            1002,
        ),
        ("half a close code", masked(CLOSE, b"\x03"), 1002),
        (
            "close reason is not UTF-8",
            masked(CLOSE, b"\x03\xe8\xff"),
            1007,
        ),
        ("text is not UTF-8", masked(TEXT, b"\xff"), 1007),
        ("text ends within a character", masked(TEXT, b"\xc3"), 1007),
        // The header alone: not one byte of the payload is waited for.
        ("too long", masked(BINARY, &too_long)[..8].to_vec(), 1009),
        (
            "too long in fragments",
            [
                masked(TEXT_BEGINS, &too_long[1..]),
                masked(CONTINUED_ENDS, b"x"),
            ]
            .concat(),
            1009,
        ),
    ] {
        let (websocket, mut client) = connection(4096);
        let task = receive_all(websocket).await;
        write(&mut client, &bytes).await;
        assert_eq!(read_close(&mut client).await.0, code, "{name}");
        drop(client);
        let (received, ended) = task.await.unwrap();
        assert!(received.is_empty(), "{name}");
        assert_eq!((ended.by, ended.code.0), (EndedBy::Us, code), "{name}");
    }
}

#[tokio::test]
async fn our_close_is_the_last_frame_and_waits_for_theirs() {
    let (websocket, mut client) = connection(4096);
    let socket = websocket.socket().clone();
    let task = receive_all(websocket).await;
    assert_eq!(socket.offer(&frame("before")), Offered::Taken);
    socket.close(CloseCode(4001), "log in");
    socket.close(CloseCode::GOING_AWAY, "the first code wins");
    assert_eq!(socket.offer(&frame("after")), Offered::Closed);
    assert_eq!(read(&mut client).await, Some((TEXT, b"before".to_vec())));
    let close = read(&mut client).await;
    assert_eq!(close, Some((CLOSE, close_payload(4001, "log in"))));
    // Neither a late message nor a Ping is answered any more.
    let late = [masked(TEXT, b"late"), masked(PING, b"")].concat();
    write(&mut client, &late).await;
    write(&mut client, &masked(CLOSE, &close_payload(4001, ""))).await;
    assert_eq!(read(&mut client).await, None);
    drop(client);
    let (received, ended) = task.await.unwrap();
    assert!(received.is_empty());
    assert_eq!(ended.to_string(), r#"by us, 4001 (private use), "log in""#);
    assert_eq!(socket.offer(&frame("over")), Offered::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_ignores_our_close_is_not_waited_for() {
    let (websocket, mut client) = connection(4096);
    let socket = websocket.socket().clone();
    let task = receive_all(websocket).await;
    let start = Instant::now();
    socket.close(CloseCode::GOING_AWAY, "");
    assert_eq!(
        read(&mut client).await,
        Some((CLOSE, close_payload(1001, "")))
    );
    // Our end of TCP is closed when the Close was not answered, theirs never.
    assert_eq!(read(&mut client).await, None);
    assert!(start.elapsed() >= LIMITS.close_wait);
    let (_, ended) = task.await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 3);
    assert_eq!((ended.by, ended.code), (EndedBy::Us, CloseCode::GOING_AWAY));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_take_our_close_is_not_waited_for() {
    let (mut websocket, client) = connection(1);
    let socket = websocket.socket().clone();
    socket.close(CloseCode::GOING_AWAY, "");
    let start = Instant::now();
    assert_eq!(websocket.next().await, None);
    assert_eq!(start.elapsed(), LIMITS.close_wait);
    drop(client);
}

#[tokio::test]
async fn a_close_reaches_a_peer_that_was_still_sending() {
    soon(async {
        let (server, mut client) = tcp_streams().await;
        let task = receive_all(WebSocket::new(server, b"", LIMITS)).await;
        write(&mut client, &masked(0x83, b"reserved opcode")).await;
        write(&mut client, &vec![0; 300_000]).await;
        // Without lingering, the kernel would have answered these bytes with a reset by now, and
        // reading would fail.
        assert_eq!(read_close(&mut client).await.0, 1002);
        write(&mut client, &vec![0; 1000]).await;
        drop(client);
        assert_eq!(task.await.unwrap().1.code, CloseCode::PROTOCOL_ERROR);
    })
    .await;
}

#[tokio::test]
async fn a_peer_that_vanishes_is_noticed() {
    let (websocket, mut client) = connection(4096);
    let task = receive_all(websocket).await;
    write(&mut client, &masked(TEXT, b"last words")).await;
    write(&mut client, &masked(TEXT, b"cut off")[..5]).await;
    drop(client);
    let (received, ended) = task.await.unwrap();
    assert_eq!(received, [text("last words")]);
    assert_eq!((ended.by, ended.code), (EndedBy::Peer, CloseCode::ABNORMAL));
}

#[tokio::test]
async fn a_peer_that_vanishes_is_noticed_by_writing_too() {
    let (mut websocket, client) = connection(4096);
    drop(client);
    assert_eq!(websocket.socket().offer(&frame("?")), Offered::Closed);
    assert_eq!(websocket.next().await, None);
    let ended = websocket.ended().unwrap();
    assert_eq!((ended.by, ended.code), (EndedBy::Peer, CloseCode::ABNORMAL));
}

#[tokio::test]
async fn a_reset_is_noticed() {
    soon(async {
        let (server, client) = tcp_streams().await;
        let websocket = WebSocket::new(server, b"", LIMITS);
        websocket.socket().offer(&frame("unread"));
        client.readable().await.unwrap();
        // Closed with unread bytes, a socket is reset.
        drop(client);
        let (_, ended) = receive_all(websocket).await.await.unwrap();
        assert_eq!((ended.by, ended.code), (EndedBy::Peer, CloseCode::ABNORMAL));
    })
    .await;
}

#[tokio::test]
async fn a_peer_that_has_closed_its_half_still_gets_our_close() {
    let (websocket, mut client) = connection(4096);
    let task = receive_all(websocket).await;
    write(&mut client, &masked(TEXT, b"\xff")).await;
    client.shutdown().await.unwrap();
    assert_eq!(read_close(&mut client).await.0, 1007);
    assert_eq!(task.await.unwrap().1.code, CloseCode::INVALID_PAYLOAD);
}

#[tokio::test]
async fn a_task_that_is_cancelled_takes_its_connection_with_it() {
    let (websocket, mut client) = connection(4096);
    let socket = websocket.socket().clone();
    drop(websocket);
    assert_eq!(socket.offer(&frame("nobody")), Offered::Closed);
    assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
}
