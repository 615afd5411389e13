//! How sockets end: with which code, what is told before it, and what is never told after it.

use secure_chat::app;
use secure_chat::chat::sessions::Found;
use secure_chat::model::{Content, GroupId, UserId, UtcMillis};
use secure_chat::store::{MessageWrite, SessionTransport};
use serde_json::{Value, json};

use crate::LOBBY;
use crate::client::{Ask, BINARY, Socket, TEXT};
use crate::people::Person;
use crate::support::Server;

#[tokio::test]
async fn a_socket_that_breaks_the_rules_is_closed_with_its_code() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let mut longest = br#"{"type":"shout","x":""#.to_vec();
    longest.resize(64 * 1024 - 2, b'x');
    longest.extend_from_slice(b"\"}");
    for (opcode, payload, code) in [
        (BINARY, b"{}".to_vec(), 1003),
        (TEXT, vec![b' '; 64 * 1024 + 1], 1009),
        (TEXT, vec![0xff, 0xfe], 1007),
        (3, Vec::new(), 1002),
    ] {
        for path in ["/ws/chat/1", "/ws"] {
            let mut socket = ana.open(path).await;
            if path == "/ws" {
                socket.expect("hello").await;
            } else {
                socket.opening().await;
                // The longest message that is read at all.
                socket.frame(TEXT, &longest).await;
                assert_eq!(socket.expect("refused").await["request"], "shout");
            }
            socket.frame(opcode, &payload).await;
            assert_eq!(socket.ending().await.code, code, "{path}");
        }
    }
}

#[tokio::test]
async fn all_sockets_of_a_session_end_with_it_and_no_others() {
    let server = Server::both().await;
    let ana = Person::register(&server, "ana").await;
    let phone = ana.log_in_again(&server).await;
    let mut bystander = phone.chat(LOBBY).await;
    let (news, chat) = (ana.news().await, ana.chat(LOBBY).await);
    ana.log_out().await;
    assert_ended(news, "logged_out").await;
    assert_ended(chat, "logged_out").await;
    assert_eq!(ana.try_open("/ws").await.err().unwrap().status, 401);
    bystander.post("still here", "s").await;

    let ben = Person::register(&server, "ben").await;
    let bens_phone = ben.log_in_again(&server).await;
    ben.chat(LOBBY).await.post("I was here", "b").await;
    let (chat, phones) = (ben.chat(LOBBY).await, bens_phone.news().await);
    ben.delete_account().await;
    for socket in [chat, phones] {
        assert_ended(socket, "account_deleted").await;
    }
    bystander.expect("members").await;
    bystander.expect("message").await;
    let gone = bystander.expect("gone").await;
    assert_eq!(gone, json!({ "type": "gone", "user_id": ben.id }));
    let left = bystander.expect("members").await;
    assert_eq!(
        left,
        json!({ "type": "members", "joined": [], "left": [ben.id] })
    );
}

#[tokio::test]
async fn a_name_that_is_gone_is_gone_in_every_group_it_may_stand_in() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let left_long_ago = ana.create_group("left-long-ago").await;
    ben.join(left_long_ago).await;
    ben.chat(left_long_ago).await.post("I was here", "b").await;
    ben.leave(left_long_ago).await;
    let mut there = ana.chat(left_long_ago).await;
    assert!(there.heard_by_now().await.is_empty());
    ben.delete_account().await;
    let gone = there.expect("gone").await;
    assert_eq!(gone, json!({ "type": "gone", "user_id": ben.id }));
    // Told once, and from then on nothing tells the name.
    let mut again = ana.open(&format!("/ws/chat/{left_long_ago}")).await;
    let opening = again.opening().await;
    assert_eq!(opening.messages[0]["author"]["name"], Value::Null);
    assert!(there.heard_by_now().await.is_empty());
}

#[tokio::test]
async fn a_session_that_expires_or_leaks_ends_its_sockets_too() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let (news, chat) = (ana.news().await, ana.chat(LOBBY).await);
    // What the HTTPS side does with a cookie of the plain side.
    let leaked = server
        .app
        .sessions
        .find(ana.token(), SessionTransport::Tls, app::now())
        .await;
    assert!(matches!(
        leaked,
        Ok(Found::Leaked {
            discovered_now: true,
            ..
        })
    ));
    assert_ended(news, "leaked").await;
    assert_ended(chat, "leaked").await;
    assert_eq!(ana.try_open("/ws").await.err().unwrap().status, 401);

    let ana = ana.log_in_again(&server).await;
    let chat = ana.chat(LOBBY).await;
    let tomorrow = UtcMillis(app::now().0 + 24 * 60 * 60 * 1000);
    server.app.sessions.sweep(tomorrow).await.unwrap();
    assert_ended(chat, "expired").await;
}

async fn assert_ended(socket: Socket, reason: &str) {
    let ending = socket.ending().await;
    assert_eq!(ending.code, 4001, "{ending:?}");
    let last = ending.before.last().unwrap();
    assert_eq!(
        (&last["type"], &last["reason"]),
        (&json!("session_ended"), &json!(reason))
    );
    assert!(!last["text"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn who_leaves_a_group_is_sent_out_of_it_and_hears_nothing_more() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let group = ana.create_group("ours").await;
    ben.join(group).await;
    let (mut anas, mut bens, bens_second) = (
        ana.chat(group).await,
        ben.chat(group).await,
        ben.chat(group).await,
    );
    let mut lobby = ben.chat(LOBBY).await;
    anas.post("before", "b").await;
    bens.expect("message").await;
    ben.leave(group).await;
    anas.post("after", "a").await;
    for socket in [bens, bens_second] {
        let ending = socket.ending().await;
        assert_eq!(
            (ending.code, ending.reason.as_str()),
            (1008, "You are not in this group.")
        );
        assert!(
            ending
                .before
                .iter()
                .all(|event| event["message"]["content"] != "after")
        );
    }
    let left = anas.event().await;
    assert_eq!(
        left,
        json!({ "type": "members", "joined": [], "left": [ben.id] })
    );
    // Elsewhere Ben speaks on.
    lobby.post("hello", "h").await;
    assert_eq!(
        ben.try_open(&format!("/ws/chat/{group}"))
            .await
            .err()
            .unwrap()
            .status,
        403
    );
    ben.join(group).await;
    let joined = anas.event().await;
    let user = json!({ "id": ben.id, "name": "ben" });
    assert_eq!(
        joined,
        json!({ "type": "members", "joined": [user], "left": [] })
    );
    let history = ben.open(&format!("/ws/chat/{group}")).await.opening().await;
    assert_eq!(history.messages.len(), 2);
}

#[tokio::test]
async fn a_server_that_stops_says_so_and_one_that_starts_again_has_lost_nothing() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let (mut chat, mut news) = (ana.chat(LOBBY).await, ana.news().await);
    news.expect("hello").await;
    let message = chat.post("kept", "k").await;
    server.begin_to_stop();
    for socket in [chat, news] {
        assert_eq!(socket.ending().await.code, 1001);
    }
    let (all_left, folder) = server.stop().await;
    assert!(all_left);
    let server = Server::start_in(folder, &[], |_| {}).await;
    let ana = ana.at(&server);
    let change = message["change"].as_i64().unwrap();
    for (after, missed) in [(change - 1, vec![message]), (change, vec![])] {
        let back = ana
            .open(&format!("/ws/chat/1?after={after}"))
            .await
            .opening()
            .await;
        assert_eq!((back.messages, back.older), (missed, None));
    }
}

#[tokio::test]
async fn a_slow_reader_is_closed_while_others_hear_on_and_catches_up_whole() {
    let server = Server::start(&[], |config| {
        config.limits.messages_per_second_max = 1_000_000;
        config.limits.websocket_queue_bytes_max = 64 * 1024;
    })
    .await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    let slow = Ask {
        receive_buffer: Some(64 * 1024),
        ..ben.ask("/ws/chat/1")
    };
    let mut slow = Socket::ask(slow).await.unwrap();
    let mut witness = ben.chat(LOBBY).await;
    let mut sender = ana.chat(LOBBY).await;
    // Much more than TCP's buffers and the queue hold together, while one reads a fifth of it.
    let content = "😀".repeat(4000);
    let (mut said, mut heard) = (Vec::new(), Vec::new());
    slow.opening().await;
    for round in 0..24 {
        for number in 0..20 {
            sender.send(&content, &format!("c{round}-{number}")).await;
        }
        for number in 0..20 {
            let message = sender.next_message().await;
            assert_eq!(witness.next_message().await, message);
            said.push(message);
            if number % 5 == 0 {
                heard.push(slow.next_message().await);
            }
        }
    }
    let ending = slow.ending().await;
    // On a busy machine it may read too slowly even for the Close, and is cut off.
    assert!([1013, 1006].contains(&ending.code), "{}", ending.code);
    let number = |event: &Value, name| event["message"][name].as_i64().unwrap();
    let rest = ending.before.iter();
    heard.extend(rest.map(|event| (number(event, "id"), number(event, "change"))));
    let change = heard.last().unwrap().1;
    assert!(heard.len() < said.len());
    let back = ben
        .open(&format!("/ws/chat/1?after={change}"))
        .await
        .opening()
        .await;
    assert_eq!(back.older, None);
    let caught_up = back.messages.iter();
    heard.extend(caught_up.map(|message| {
        (
            message["id"].as_i64().unwrap(),
            message["change"].as_i64().unwrap(),
        )
    }));
    assert_eq!(heard, said);
}

#[tokio::test]
async fn one_who_does_not_read_how_it_begins_holds_up_neither_log_out_nor_stop() {
    let server = Server::plain().await;
    let ana = Person::register(&server, "ana").await;
    let ben = Person::register(&server, "ben").await;
    // A replay of more than TCP's buffers hold, put where nobody has to hear it.
    let post = MessageWrite::Post {
        group: GroupId(LOBBY),
        author: UserId(ana.id),
        client_id: None,
        content: Content::new("😀".repeat(4000)).unwrap(),
        now: app::now(),
    };
    server.app.chat.write(vec![post; 500]).await.unwrap();
    let path = "/ws/chat/1?after=0";
    let unread = |person| async move {
        let ask = Ask {
            receive_buffer: Some(4096),
            ..Person::ask(person, path)
        };
        Socket::ask(ask).await.unwrap()
    };
    let (_anas, mut bens) = (unread(&ana).await, unread(&ben).await);
    bens.expect("hello").await;
    ben.log_out().await;
    let ending = bens.ending().await;
    assert!(ending.before.iter().all(|event| event["type"] != "ready"));
    let (all_left, _folder) = server.stop().await;
    assert!(all_left);
}
