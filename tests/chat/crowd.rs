//! Many at once: ten who talk and thirty who come in meanwhile. Each sees each message once, in order.

use std::collections::HashSet;

use tokio::task::JoinSet;

use crate::LOBBY;
use crate::client::Socket;
use crate::people::Person;
use crate::support::Server;

const SENDERS: usize = 10;
const JOINERS: usize = 30;
const MESSAGES_EACH: usize = 40;

fn id(message: &serde_json::Value) -> i64 {
    message["id"].as_i64().unwrap()
}

/// Hears new messages until `last` was among them.
async fn hear_until(socket: &mut Socket, heard: &mut Vec<i64>, count: usize) {
    while heard.len() < count {
        heard.push(id(&socket.expect("message").await["message"]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_join_while_ten_talk_and_nobody_misses_or_repeats_anything() {
    let server = Server::start(&[], |config| {
        config.limits.messages_per_second_max = 1_000_000
    })
    .await;
    let mut registering = JoinSet::new();
    let server = std::sync::Arc::new(server);
    for number in 0..SENDERS {
        let server = server.clone();
        registering
            .spawn(async move { Person::register(&server, &format!("user-{number}")).await });
    }
    let people = registering.join_all().await;
    let all = SENDERS * MESSAGES_EACH;

    let mut talking = JoinSet::new();
    let mut sockets = Vec::new();
    for person in &people {
        sockets.push((person.clone(), person.chat(LOBBY).await));
    }
    for (person, mut socket) in sockets {
        talking.spawn(async move {
            let mut own = Vec::new();
            for number in 0..MESSAGES_EACH {
                let client_id = format!("{}-{number}", person.name);
                own.push(id(&socket.post("x", &client_id).await));
            }
            // What others said in between waited for its turn.
            let mut heard = own.clone();
            while heard.len() < all {
                heard.push(id(&socket.expect("message").await["message"]));
            }
            assert!(own.is_sorted(), "one's own words keep their order");
            heard.into_iter().collect::<HashSet<_>>().len()
        });
    }
    let mut joining = JoinSet::new();
    for number in 0..JOINERS {
        let person = people[number % people.len()].clone();
        joining.spawn(async move { join(&person, all, number % 3).await });
        // Some of the talking happens before the next one comes.
        if number % 5 == 0 {
            people[0].chat(LOBBY).await.leave().await;
        }
    }
    for distinct in talking.join_all().await {
        assert_eq!(distinct, all);
    }
    let everything = people[0].open("/ws/chat/1?after=0").await.opening().await;
    let everything: Vec<i64> = everything.messages.iter().map(id).collect();
    assert_eq!(everything.len(), all);
    for heard in joining.join_all().await {
        assert!(!heard.is_empty());
        assert_eq!(
            heard,
            everything[all - heard.len()..],
            "a gap, a repeat, or another order"
        );
    }
}

/// Comes in, some of them for the first time and some with `?after=`, leaves in the middle, comes back.
async fn join(person: &Person, all: usize, manner: usize) -> Vec<i64> {
    let path = if manner == 0 {
        "/ws/chat/1".to_owned()
    } else {
        "/ws/chat/1?after=0".to_owned()
    };
    let mut socket = person.open(&path).await;
    let opening = socket.opening().await;
    let mut heard: Vec<i64> = opening.messages.iter().map(id).collect();
    // How many there will be in all: of a history, only what came before it is missing.
    let missing = match (opening.older, heard.first()) {
        (Some(true), Some(first)) => usize::try_from(first - 1).unwrap(),
        _ => 0,
    };
    let expected = all - missing;
    if manner == 2 {
        let middle = heard.len() + (expected - heard.len()) / 2;
        hear_until(&mut socket, &mut heard, middle).await;
        // Only messages were said, and only here: ids and changes count alike.
        let after = heard.last().copied().unwrap_or_default();
        drop(socket);
        socket = person.open(&format!("/ws/chat/1?after={after}")).await;
        let back = socket.opening().await;
        assert_eq!(back.older, None);
        heard.extend(back.messages.iter().map(id));
    }
    hear_until(&mut socket, &mut heard, expected).await;
    heard
}
