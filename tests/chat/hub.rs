//! The hub alone, where a store must fail or wait at just the wrong moment: no sockets, no frames.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use secure_chat::chat::directory::Directory;
use secure_chat::chat::guest::Guest;
use secure_chat::chat::hub::{Creation, Hub};
use secure_chat::chat::listener::{CloseReason, Outlet};
use secure_chat::chat::news_visit::NewsVisit;
use secure_chat::chat::visit::RoomVisit;
use secure_chat::model::{ChangeId, Group, GroupId, GroupName, User, UserId, UserName, UtcMillis};
use secure_chat::store::{ChatStore, StoreError};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::moody_store::{MoodyStore, Step};
use crate::support::{PATIENCE, eventually};

const LOBBY: GroupId = GroupId(1);
const ANA: UserId = UserId(1);
const BEN: UserId = UserId(2);
/// Never in the lobby unless a test says so.
const EVE: UserId = UserId(3);

/// A hub over a moody store, with Ana and Ben in the lobby.
struct Chat {
    store: Arc<MoodyStore>,
    hub: Arc<Hub>,
    lobby: Group,
}

impl Chat {
    async fn new() -> Self {
        let store = Arc::new(MoodyStore::new());
        let users = [(ANA, "ana"), (BEN, "ben"), (EVE, "eve")].map(|(id, name)| User {
            id,
            name: UserName::new(name).unwrap(),
            created_at: UtcMillis(0),
        });
        // Frames are lines here.
        let frame = |frames: &mut Vec<u8>, event: &[u8]| {
            frames.extend_from_slice(event);
            frames.push(b'\n');
        };
        let directory = Arc::new(Directory::new(&users));
        let hub = Arc::new(Hub::new(
            store.clone(),
            directory,
            frame,
            1_000_000,
            Box::new(|_| {}),
        ));
        for user in [ANA, BEN] {
            hub.join_group(user, LOBBY, UtcMillis(0)).await.unwrap();
        }
        let lobby = store.group(LOBBY).await.unwrap().unwrap();
        Self { store, hub, lobby }
    }

    /// A page in the lobby that was told everything up to `ready`.
    async fn page(&self, user: UserId) -> Page {
        self.page_after(user, None).await
    }

    async fn page_after(&self, user: UserId, after: Option<i64>) -> Page {
        let heard = Arc::new(Heard::default());
        let entered = self
            .hub
            .enter(guest(user, &heard), self.lobby.clone(), after.map(ChangeId))
            .await;
        let (mut visit, mut opening) = entered.unwrap().expect("a member");
        while let Some(frames) = visit.tell(&mut opening).await.unwrap() {
            heard.offer(&frames);
        }
        Page { visit, heard }
    }

    async fn news(&self, user: UserId) -> (NewsVisit, Arc<Heard>) {
        let heard = Arc::new(Heard::default());
        let mut visit = self.hub.follow(guest(user, &heard)).await.unwrap();
        visit.open().await.unwrap();
        (visit, heard)
    }
}

struct Page {
    visit: RoomVisit,
    heard: Arc<Heard>,
}

impl Page {
    /// Says it; what is answered at once is heard like all else.
    async fn say(&mut self, event: Value) {
        let answer = self
            .visit
            .hear(&event.to_string(), UtcMillis(1))
            .await
            .unwrap();
        if let Some(frames) = answer {
            self.heard.offer(&frames);
        }
    }

    /// Says it under itself as `client_id`, but for the blanks.
    async fn send(&mut self, content: &str) {
        let client_id = content.replace(' ', "-");
        self.say(json!({ "type": "send", "content": content, "client_id": client_id }))
            .await;
    }

    /// Sends, and waits until it is stored and seen.
    async fn post(&mut self, content: &str) -> Value {
        self.send(content).await;
        self.heard
            .until(|event| event["message"]["content"] == content)
            .await["message"]
            .clone()
    }
}

/// What a page heard.
#[derive(Default)]
struct Heard {
    events: Mutex<Vec<Value>>,
    closed: Mutex<Option<CloseReason>>,
    news: Notify,
}

impl Outlet for Heard {
    fn offer(&self, frames: &Bytes) -> bool {
        if self.closed.lock().unwrap().is_some() {
            return false;
        }
        let lines = frames
            .split(|&byte| byte == b'\n')
            .filter(|line| !line.is_empty());
        let events = lines.map(|line| serde_json::from_slice(line).unwrap());
        self.events.lock().unwrap().extend(events);
        self.news.notify_one();
        true
    }

    fn close(&self, why: CloseReason) {
        *self.closed.lock().unwrap() = Some(why);
        self.news.notify_one();
    }
}

impl Heard {
    /// Waits for an event, among those heard before too.
    async fn until(&self, wanted: impl Fn(&Value) -> bool) -> Value {
        let waiting = async {
            loop {
                let found = self
                    .events
                    .lock()
                    .unwrap()
                    .iter()
                    .find(|event| wanted(event))
                    .cloned();
                match found {
                    Some(event) => return event,
                    None => self.news.notified().await,
                }
            }
        };
        let found = timeout(PATIENCE, waiting).await;
        found.unwrap_or_else(|_| panic!("waited in vain after {:?}", self.kinds()))
    }

    async fn until_closed(&self) -> CloseReason {
        let waiting = async {
            loop {
                let closed = *self.closed.lock().unwrap();
                match closed {
                    Some(why) => return why,
                    None => self.news.notified().await,
                }
            }
        };
        timeout(PATIENCE, waiting).await.expect("not closed")
    }

    fn all(&self, kind: &str) -> Vec<Value> {
        let events = self.events.lock().unwrap();
        events
            .iter()
            .filter(|event| event["type"] == kind)
            .cloned()
            .collect()
    }

    fn contents(&self) -> Vec<String> {
        let messages = self.all("message");
        messages
            .iter()
            .map(|event| event["message"]["content"].as_str().unwrap().to_owned())
            .collect()
    }

    fn kinds(&self) -> Vec<Value> {
        self.events
            .lock()
            .unwrap()
            .iter()
            .map(|event| event["type"].clone())
            .collect()
    }
}

fn guest(user: UserId, heard: &Arc<Heard>) -> Guest {
    Guest {
        user,
        name: "somebody".into(),
        address: [127, 0, 0, 1].into(),
        outlet: heard.clone(),
    }
}

#[tokio::test]
async fn what_cannot_be_stored_is_refused_unseen_and_stored_once_when_it_can() {
    let chat = Chat::new().await;
    let (mut ana, mut ben) = (chat.page(ANA).await, chat.page(BEN).await);
    let standing = ana.post("standing").await;
    let path = std::path::PathBuf::from("/srv/secret-folder/chat.sqlite3");
    for failure in [
        StoreError::Full { path: path.clone() },
        StoreError::Locked { path: path.clone() },
    ] {
        chat.store.fail_with(Some(failure.clone()));
        ana.send("kept").await;
        ana.say(json!({ "type": "edit", "message_id": standing["id"], "content": "changed" }))
            .await;
        ana.say(json!({ "type": "delete", "message_id": standing["id"] }))
            .await;
        ana.heard.until(|event| event["request"] == "delete").await;
        let refusals = ana.heard.all("refused");
        assert_eq!(refusals.len(), 3, "{refusals:?}");
        for (refusal, request) in refusals.iter().zip(["send", "edit", "delete"]) {
            assert_eq!(
                (&refusal["request"], &refusal["reason"]),
                (&json!(request), &json!("not_stored"))
            );
            let text = refusal["text"].as_str().unwrap();
            assert!(text.contains("nobody has seen it"), "{text}");
            assert!(
                !text.contains("secret-folder"),
                "the operator's folders are not the users' business: {text}"
            );
        }
        assert_eq!(refusals[0]["client_id"], "kept");
        assert_eq!(refusals[1]["message_id"], standing["id"]);
        ana.heard.events.lock().unwrap().clear();
    }
    chat.store.fail_with(None);
    ben.post("fence").await;
    assert_eq!(ben.heard.contents(), ["standing", "fence"]);
    let kept = ana.post("kept").await;
    ana.heard.events.lock().unwrap().clear();
    assert_eq!(ana.post("kept").await, kept);
    let history = chat.page(BEN).await.heard.all("history");
    assert_eq!(history[0]["messages"].as_array().unwrap().len(), 3);
    assert_eq!(history[0]["messages"][0], standing);
}

#[tokio::test]
async fn a_mark_that_cannot_be_stored_does_not_end_the_conversation() {
    let chat = Chat::new().await;
    let (mut ana, mut ben) = (chat.page(ANA).await, chat.page(BEN).await);
    let message = ana.post("hello").await;
    chat.store.fail_with(Some(StoreError::Full {
        path: "chat.sqlite3".into(),
    }));
    ben.say(json!({ "type": "read", "message_id": message["id"] }))
        .await;
    let refusal = ben.heard.until(|event| event["type"] == "refused").await;
    assert_eq!(
        (&refusal["request"], &refusal["reason"]),
        (&json!("read"), &json!("not_stored"))
    );
    chat.store.fail_with(None);
    ben.post("still here").await;
}

#[tokio::test]
async fn a_room_that_breaks_down_sends_everybody_away_and_opens_again_for_those_who_come_back() {
    let chat = Chat::new().await;
    let (mut ana, ben) = (chat.page(ANA).await, chat.page(BEN).await);
    let message = ana.post("before").await;
    chat.store.break_down_next();
    ana.send("into the void").await;
    for page in [&ana, &ben] {
        eventually("nobody is sent away", async || {
            *page.heard.closed.lock().unwrap() == Some(CloseReason::Interrupted)
        })
        .await;
    }
    let after = message["change"].as_i64();
    let (mut ana, ben) = (
        chat.page_after(ANA, after).await,
        chat.page_after(BEN, after).await,
    );
    ana.post("after").await;
    ben.heard
        .until(|event| event["message"]["content"] == "after")
        .await;
}

#[tokio::test]
async fn what_waits_for_a_slow_store_shares_a_commit_and_keeps_its_order() {
    let chat = Chat::new().await;
    let (mut ana, mut ben) = (chat.page(ANA).await, chat.page(BEN).await);
    let before = chat.store.commits();
    let hold = chat.store.hold_next(Step::Write);
    ana.send("first").await;
    hold.reached().await;
    for number in 0..100 {
        ana.send(&format!("a{number}")).await;
        ben.send(&format!("b{number}")).await;
    }
    assert_eq!(chat.store.commits() - before, 1);
    hold.go_on();
    ana.heard
        .until(|event| event["message"]["content"] == "b99")
        .await;
    // One for the first, one for those that waited; the room may have been quick once in between.
    assert!(
        chat.store.commits() - before <= 3,
        "{}",
        chat.store.commits() - before
    );
    let heard = ana.heard.contents();
    assert_eq!(heard.len(), 201);
    for author in ["a", "b"] {
        let of_one = heard.iter().filter(|content| content.starts_with(author));
        assert!(
            of_one.eq((0..100)
                .map(|number| format!("{author}{number}"))
                .collect::<Vec<_>>()
                .iter())
        );
    }
    assert_eq!(ben.heard.contents(), heard);
}

#[tokio::test]
async fn changes_reach_each_page_in_their_order_with_private_answers_among_them() {
    let chat = Chat::new().await;
    let (mut ana, mut ben) = (chat.page(ANA).await, chat.page(BEN).await);
    let mine = ana.post("mine").await;
    let hold = chat.store.hold_next(Step::Write);
    ana.send("first").await;
    hold.reached().await;
    // In one batch: somebody else's message, and a repeat of a message that was changed after that.
    ben.send("between").await;
    ana.say(json!({ "type": "edit", "message_id": mine["id"], "content": "changed" }))
        .await;
    ana.say(json!({ "type": "send", "content": "mine", "client_id": "mine" }))
        .await;
    ana.send("last").await;
    hold.go_on();
    ana.heard
        .until(|event| event["message"]["content"] == "last")
        .await;
    // A page resumes from the greatest change it has seen: a later one before an earlier one, and a
    // connection lost between them, would lose the earlier one.
    let mut changes: Vec<i64> = Vec::new();
    for event in ana.heard.events.lock().unwrap().iter() {
        changes.extend(event["message"]["change"].as_i64());
    }
    let mut highest = 0;
    for change in &changes {
        assert!(*change <= highest + 1, "a gap: {changes:?}");
        highest = highest.max(*change);
    }
    assert_eq!(highest, 5);
}

#[tokio::test]
async fn who_left_while_a_message_was_being_stored_does_not_hear_it() {
    let chat = Chat::new().await;
    let (mut ana, ben) = (chat.page(ANA).await, chat.page(BEN).await);
    let hold = chat.store.hold_next(Step::Write);
    ana.send("being stored").await;
    hold.reached().await;
    chat.hub.leave_group(BEN, LOBBY).await.unwrap();
    ana.send("sent after he had left").await;
    hold.go_on();
    ana.heard
        .until(|event| event["message"]["content"] == "sent after he had left")
        .await;
    assert_eq!(ben.heard.until_closed().await, CloseReason::NotMember);
    assert_eq!(ben.heard.contents(), [] as [&str; 0]);
}

#[tokio::test]
async fn a_deleted_user_hears_nothing_more_and_what_they_wished_is_refused() {
    let chat = Chat::new().await;
    let (mut ana, mut ben) = (chat.page(ANA).await, chat.page(BEN).await);
    let hold = chat.store.hold_next(Step::Write);
    ana.send("being stored").await;
    hold.reached().await;
    ben.send("from beyond").await;
    chat.hub.forget_user(BEN).await.unwrap();
    ana.send("fence").await;
    hold.go_on();
    ana.heard
        .until(|event| event["message"]["content"] == "fence")
        .await;
    assert_eq!(ana.heard.contents(), ["being stored", "fence"]);
    assert_eq!(ben.heard.contents(), [] as [&str; 0]);
    assert_eq!(ben.heard.until_closed().await, CloseReason::NotMember);
}

#[tokio::test]
async fn unread_counts_are_exact_whatever_overtakes_what() {
    // A message is stored while the count is under way, just before it, or just after it.
    for held in [Step::Memberships, Step::Write] {
        let chat = Chat::new().await;
        let (_witness, witness_heard) = chat.news(ANA).await;
        let mut ana = chat.page(ANA).await;
        let heard = Arc::new(Heard::default());
        let mut news = chat.hub.follow(guest(BEN, &heard)).await.unwrap();
        let hold = chat.store.hold_next(held);
        if held == Step::Memberships {
            let mut opening = tokio::spawn(async move {
                news.open().await.unwrap();
                news
            });
            hold.reached().await;
            ana.post("counted by nobody yet").await;
            witness_heard
                .until(|event| event["type"] == "activity")
                .await;
            hold.go_on();
            let _news = (&mut opening).await.unwrap();
            assert_eq!(total(&mut ana, &heard, &witness_heard).await, 2);
        } else {
            ana.send("counted and not yet told").await;
            hold.reached().await;
            news.open().await.unwrap();
            hold.go_on();
            assert_eq!(total(&mut ana, &heard, &witness_heard).await, 2);
        }
    }
}

#[tokio::test]
async fn reading_is_exact_whatever_overtakes_it() {
    let chat = Chat::new().await;
    let (_witness, witness_heard) = chat.news(ANA).await;
    let (_news, heard) = chat.news(BEN).await;
    let (mut ana, mut ben) = (chat.page(ANA).await, chat.page(BEN).await);
    let first = ana.post("first").await;
    witness_heard
        .until(|event| event["type"] == "activity")
        .await;
    witness_heard.events.lock().unwrap().clear();
    let hold = chat.store.hold_next(Step::MarkRead);
    let reading = tokio::spawn(async move {
        ben.say(json!({ "type": "read", "message_id": first["id"] }))
            .await;
        ben
    });
    hold.reached().await;
    // The store has counted none; now there is one, and it is told before the count arrives.
    ana.post("second").await;
    witness_heard
        .until(|event| event["type"] == "activity")
        .await;
    hold.go_on();
    reading.await.unwrap();
    heard.until(|event| event["type"] == "read").await;
    assert_eq!(total(&mut ana, &heard, &witness_heard).await, 2);
}

#[tokio::test]
async fn of_two_marks_that_overtake_each_other_the_later_one_counts() {
    let chat = Chat::new().await;
    let (_witness, witness_heard) = chat.news(ANA).await;
    let (_news, heard) = chat.news(BEN).await;
    let (mut ana, mut slow, mut quick) = (
        chat.page(ANA).await,
        chat.page(BEN).await,
        chat.page(BEN).await,
    );
    let (first, second) = (ana.post("first").await, ana.post("second").await);
    let hold = chat.store.hold_next(Step::MarkRead);
    let reading = tokio::spawn(async move {
        slow.say(json!({ "type": "read", "message_id": first["id"] }))
            .await;
        slow
    });
    hold.reached().await;
    quick
        .say(json!({ "type": "read", "message_id": second["id"] }))
        .await;
    heard.until(|event| event["type"] == "read").await;
    hold.go_on();
    reading.await.unwrap();
    assert_eq!(total(&mut ana, &heard, &witness_heard).await, 1);
    assert_eq!(heard.all("read").len(), 1);
}

/// What a page shows as unread in the lobby, from all it heard, after one more message was told.
async fn total(ana: &mut Page, heard: &Heard, witness: &Heard) -> i64 {
    witness.events.lock().unwrap().clear();
    ana.post("one more").await;
    // Both are told in the same breath.
    witness.until(|event| event["type"] == "activity").await;
    heard.until(|event| event["type"] == "hello").await;
    let mut unread = 0;
    for event in heard.events.lock().unwrap().iter() {
        match event["type"].as_str().unwrap() {
            "hello" => unread = event["groups"][0]["unread"].as_i64().unwrap(),
            "read" => unread = event["unread"].as_i64().unwrap(),
            "activity" => {
                for group in event["groups"].as_array().unwrap() {
                    unread += group["new"][0]["count"].as_i64().unwrap();
                }
            }
            _ => {}
        }
    }
    unread
}

#[tokio::test]
async fn who_left_between_the_check_and_the_door_is_not_let_in() {
    let chat = Chat::new().await;
    let heard = Arc::new(Heard::default());
    let lobby = chat.lobby.clone();
    let entered = chat.hub.enter(guest(EVE, &heard), lobby, None).await;
    assert!(entered.unwrap().is_none());
    chat.page(ANA).await.post("for members").await;
    assert_eq!(heard.kinds(), [] as [Value; 0]);
}

/// Notes how many turns somebody else has had whenever a new group is told.
struct Timed {
    turns: Arc<AtomicUsize>,
    told_at: Mutex<Vec<usize>>,
}

impl Outlet for Timed {
    fn offer(&self, frames: &Bytes) -> bool {
        if String::from_utf8_lossy(frames).contains("\"type\":\"group\"") {
            let turn = self.turns.load(Ordering::Relaxed);
            self.told_at.lock().unwrap().push(turn);
        }
        true
    }

    fn close(&self, _why: CloseReason) {}
}

#[tokio::test]
async fn while_hundreds_are_told_the_news_others_have_their_turns() {
    const READERS: i64 = 100;
    let chat = Chat::new().await;
    let timed = Arc::new(Timed {
        turns: Arc::default(),
        told_at: Mutex::default(),
    });
    let mut visits = Vec::new();
    for number in 0..READERS {
        let guest = Guest {
            user: UserId(1000 + number),
            name: "somebody".into(),
            address: [127, 0, 0, 1].into(),
            outlet: timed.clone(),
        };
        let mut visit = chat.hub.follow(guest).await.unwrap();
        visit.open().await.unwrap();
        visits.push(visit);
    }
    let turns = timed.turns.clone();
    let other = tokio::spawn(async move {
        loop {
            turns.fetch_add(1, Ordering::Relaxed);
            tokio::task::yield_now().await;
        }
    });
    let name = GroupName::new("a new one").unwrap();
    let created = chat.hub.create_group(name, ANA, UtcMillis(0)).await;
    assert!(matches!(created, Ok(Creation::Made(_))));
    eventually("not everybody is told", async || {
        timed.told_at.lock().unwrap().len() == visits.len()
    })
    .await;
    other.abort();
    let told_at = timed.told_at.lock().unwrap();
    let distinct: BTreeSet<_> = told_at.iter().collect();
    assert!(distinct.len() > 4, "{distinct:?}");
}
