//! Many at once: ten who talk and thirty who come in meanwhile. Each sees each message once, in order.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};
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

/// A server with that many people, who may say as much as they like.
async fn crowd(count: usize) -> (Arc<Server>, Vec<Person>) {
    let server = Server::start(&[], |config| {
        config.limits.messages_per_second_max = 1_000_000
    })
    .await;
    let server = Arc::new(server);
    let mut registering = JoinSet::new();
    for number in 0..count {
        let server = server.clone();
        registering
            .spawn(async move { Person::register(&server, &format!("user-{number}")).await });
    }
    (server, registering.join_all().await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_join_while_ten_talk_and_nobody_misses_or_repeats_anything() {
    let (_server, people) = crowd(SENDERS).await;
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edits_and_deletions_reach_all_who_come_and_go_meanwhile() {
    let (_server, people) = crowd(4).await;
    let mut talking = JoinSet::new();
    for person in people.clone() {
        let mut socket = person.chat(LOBBY).await;
        talking.spawn(async move {
            for number in 0..40 {
                let message = socket.post("x", &format!("{}-{number}", person.name)).await;
                let wish = match number % 5 {
                    0 => json!({ "type": "delete", "message_id": message["id"] }),
                    _ => json!({ "type": "edit", "message_id": message["id"], "content": "y" }),
                };
                socket.say(wish).await;
            }
            // Answered in order: so all of it is stored.
            socket.post("x", &format!("{}-end", person.name)).await;
        });
    }
    let mut joining = JoinSet::new();
    for number in 0..12 {
        let person = people[number % people.len()].clone();
        joining.spawn(async move { follow(&person, number % 4).await });
    }
    talking.join_all().await;
    people[0].chat(LOBBY).await.post("the end", "the-end").await;
    let truth = people[0].open("/ws/chat/1?after=0").await.opening().await;
    assert_eq!(truth.messages.len(), 4 * 41 + 1);
    let truth = truth
        .messages
        .into_iter()
        .map(|message| (id(&message), message));
    let truth: BTreeMap<i64, Value> = truth.collect();
    for known in joining.join_all().await {
        assert!(known == truth, "a page knows something else than the store");
    }
}

/// Follows the conversation to its end with so many breaks, and resumes as the protocol says.
async fn follow(person: &Person, breaks: usize) -> BTreeMap<i64, Value> {
    let mut known: BTreeMap<i64, Value> = BTreeMap::new();
    let mut change = 0;
    for visit in 0..=breaks {
        let mut socket = person.open(&format!("/ws/chat/1?after={change}")).await;
        let opening = socket.opening().await;
        let mut messages = opening.messages;
        let mut heard = 0;
        loop {
            for message in messages.drain(..) {
                change = change.max(message["change"].as_i64().unwrap());
                known.insert(id(&message), message);
            }
            change = change.max(opening.change);
            let is_over = known
                .values()
                .next_back()
                .is_some_and(|last| last["content"] == "the end");
            if is_over {
                return known;
            }
            if visit < breaks && heard == 20 {
                break;
            }
            messages.push(socket.event().await["message"].clone());
            heard += 1;
        }
    }
    known
}
