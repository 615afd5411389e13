//! What is offered goes out whole and in order, and costs no more than it may.

use bytes::Bytes;
use secure_chat::websocket::close::{CloseCode, EndedBy};
use secure_chat::websocket::io::{Offered, WebSocket};
use secure_chat::websocket::limits::WebSocketLimits;
use tokio::time::Instant;

use crate::client::{CLOSE, PING, PONG, TEXT, close_payload, masked, read, write};
use crate::{LIMITS, connection, frame, receive_all, soon, tcp_streams, text};

fn numbered(number: usize) -> Bytes {
    frame(&format!("{number:0100}"))
}

fn is_numbered(frame: Option<(u8, Vec<u8>)>, number: usize) -> bool {
    frame == Some((TEXT, format!("{number:0100}").into_bytes()))
}

#[tokio::test]
async fn one_task_writes_to_many_sockets_at_once_and_needs_none_of_theirs() {
    // More than the 128 operations that tokio grants a task in one go.
    let mut members: Vec<_> = (0..300).map(|_| connection(4096)).collect();
    let broadcast = numbered(7);
    for (websocket, _) in &members {
        assert_eq!(websocket.socket().offer(&broadcast), Offered::Taken);
    }
    for (_, client) in &mut members {
        assert!(is_numbered(read(client).await, 7));
    }
}

#[tokio::test]
async fn what_a_socket_does_not_take_follows_in_order() {
    let (websocket, mut client) = connection(64);
    let socket = websocket.socket().clone();
    let task = receive_all(websocket).await;
    for number in 0..50 {
        assert_eq!(socket.offer(&numbered(number)), Offered::Taken);
    }
    socket.close(CloseCode::NORMAL, "");
    for number in 0..50 {
        assert!(is_numbered(read(&mut client).await, number));
    }
    assert_eq!(
        read(&mut client).await,
        Some((CLOSE, close_payload(1000, "")))
    );
    drop(client);
    task.await.unwrap();
}

#[tokio::test]
async fn a_peer_that_does_not_read_is_closed_with_1013_and_delays_no_one() {
    let (slow, mut slow_client) = connection(1000);
    let (quick, mut quick_client) = connection(1000);
    let (slow_socket, quick_socket) = (slow.socket().clone(), quick.socket().clone());
    let slow_task = receive_all(slow).await;
    let _quick_task = receive_all(quick).await;
    let mut taken = 0;
    loop {
        let broadcast = numbered(taken);
        assert_eq!(quick_socket.offer(&broadcast), Offered::Taken);
        assert!(is_numbered(read(&mut quick_client).await, taken));
        match slow_socket.offer(&broadcast) {
            Offered::Taken => taken += 1,
            Offered::TooSlow => break,
            Offered::Closed => panic!("closed before it was too slow"),
        }
        assert!(taken < LIMITS.queue_bytes_max / 100, "memory is bounded");
    }
    assert_eq!(slow_socket.offer(&numbered(0)), Offered::Closed);
    // It wakes up, and finds messages without a gap, then the request to come back.
    for number in 0.. {
        let received = read(&mut slow_client).await;
        if is_numbered(received.clone(), number) {
            continue;
        }
        let (first, payload) = received.unwrap();
        assert_eq!((first, &payload[..2]), (CLOSE, &1013_u16.to_be_bytes()[..]));
        assert!((9..=11).contains(&number), "{number}");
        break;
    }
    assert_eq!(quick_socket.offer(&numbered(1)), Offered::Taken);
    drop(slow_client);
    let (_, ended) = slow_task.await.unwrap();
    assert_eq!((ended.by, ended.code.0), (EndedBy::Us, 1013));
}

#[tokio::test]
async fn a_peer_that_asks_for_pongs_and_reads_none_is_too_slow_as_well() {
    let (websocket, mut client) = connection(64);
    let task = receive_all(websocket).await;
    for _ in 0..1000 {
        write(&mut client, &masked(PING, b"")).await;
    }
    drop(client);
    let (_, ended) = task.await.unwrap();
    assert_eq!(ended.code, CloseCode::TRY_AGAIN_LATER);
}

#[tokio::test]
async fn one_frame_may_be_larger_than_the_bound_on_what_waits_behind_it() {
    let (websocket, mut client) = connection(1000);
    let socket = websocket.socket().clone();
    let _task = receive_all(websocket).await;
    let history = "x".repeat(LIMITS.queue_bytes_max * 5);
    assert_eq!(socket.offer(&frame(&history)), Offered::Taken);
    assert_eq!(socket.offer(&numbered(1)), Offered::Taken);
    assert_eq!(read(&mut client).await, Some((TEXT, history.into_bytes())));
    assert!(is_numbered(read(&mut client).await, 1));
}

#[tokio::test]
async fn parts_sent_one_after_the_other_may_exceed_the_bound() {
    let (mut websocket, mut client) = connection(1000);
    let task = tokio::spawn(async move {
        for number in 0..1000 {
            assert_eq!(websocket.send(&numbered(number)).await, Offered::Taken);
        }
        receive_all(websocket).await.await.unwrap()
    });
    for number in 0..1000 {
        assert!(is_numbered(read(&mut client).await, number));
    }
    drop(client);
    task.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn parts_that_are_not_taken_in_time_end_in_1013() {
    let (mut websocket, client) = connection(150);
    let start = Instant::now();
    assert_eq!(websocket.send(&numbered(0)).await, Offered::Taken);
    assert_eq!(websocket.send(&numbered(1)).await, Offered::Taken);
    assert_eq!(websocket.send(&numbered(2)).await, Offered::TooSlow);
    assert_eq!(start.elapsed(), LIMITS.dead_after);
    assert_eq!(websocket.next().await, None);
    assert_eq!(websocket.ended().unwrap().code.0, 1013);
    drop(client);
}

#[tokio::test(start_paused = true)]
async fn a_close_does_not_wait_for_parts_that_are_not_taken() {
    let (mut websocket, client) = connection(150);
    let socket = websocket.socket().clone();
    let start = Instant::now();
    let task = tokio::spawn(async move {
        while websocket.send(&numbered(0)).await == Offered::Taken {}
        receive_all(websocket).await.await.unwrap()
    });
    tokio::task::yield_now().await;
    socket.close(CloseCode::GOING_AWAY, "");
    let (_, ended) = task.await.unwrap();
    assert_eq!(ended.code, CloseCode::GOING_AWAY);
    assert_eq!(start.elapsed(), LIMITS.close_wait);
    drop(client);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn threads_offer_while_the_task_receives_and_no_frame_is_torn() {
    const COUNT: usize = 5000;
    let limits = WebSocketLimits {
        queue_bytes_max: 1 << 30,
        ..LIMITS
    };
    let (server, client) = tcp_streams().await;
    let websocket = WebSocket::new(server, b"", limits);
    let socket = websocket.socket().clone();
    let task = receive_all(websocket).await;
    let offering = std::thread::spawn(move || {
        for number in 0..COUNT {
            assert_eq!(socket.offer(&numbered(number)), Offered::Taken);
        }
    });
    let (mut from_server, mut to_server) = client.into_split();
    let talking = tokio::spawn(async move {
        for _ in 0..COUNT {
            let bytes = [masked(TEXT, b"hello"), masked(PING, b"?")].concat();
            write(&mut to_server, &bytes).await;
        }
        to_server
    });
    let (mut numbers, mut pongs) = (0, 0);
    soon(async {
        while numbers < COUNT || pongs < COUNT {
            let received = read(&mut from_server).await;
            if received == Some((PONG, b"?".to_vec())) {
                pongs += 1;
            } else {
                assert!(is_numbered(received, numbers));
                numbers += 1;
            }
        }
        let mut to_server = talking.await.unwrap();
        write(&mut to_server, &masked(CLOSE, b"")).await;
        assert_eq!(read(&mut from_server).await, Some((CLOSE, vec![])));
        drop((from_server, to_server));
        let (received, _) = task.await.unwrap();
        assert_eq!(received.len(), COUNT);
        assert!(received.iter().all(|message| *message == text("hello")));
    })
    .await;
    offering.join().unwrap();
}
