//! When a room waits before it has something stored, and when it does not.
//! What people see of rooms is tested in `tests/chat`.

use std::sync::mpsc as std_mpsc;

use rusqlite::Connection;
use tempfile::TempDir;

use super::*;
use crate::chat::directory::Directory;
use crate::chat::listener::Outlet;
use crate::chat::pace::Paces;
use crate::model::{Content, UtcMillis};
use crate::store::sqlite::SqliteChatStore;
use crate::store::{ChatStore, MessageWrite};

const LOBBY: GroupId = GroupId(1);
const ANA: UserId = UserId(1);

/// Tells a test how many events each commit brought.
struct Counted(std_mpsc::Sender<usize>);

impl Outlet for Counted {
    fn offer(&self, frames: &Bytes) -> bool {
        let events = frames.iter().filter(|&&byte| byte == b'\n').count();
        self.0.send(events).is_ok()
    }

    fn close(&self, _why: CloseReason) {}
}

/// A room with Ana in it. Its patience does not end before the test lets time pass: the clock must be paused.
struct Rehearsal {
    door: RoomDoor,
    listener: Arc<Listener>,
    commits: std_mpsc::Receiver<usize>,
    folder: TempDir,
}

impl Rehearsal {
    async fn begin() -> Self {
        let folder = TempDir::new().unwrap();
        let store = SqliteChatStore::open(&folder.path().join("chat.sqlite3")).unwrap();
        store.join(ANA, LOBBY, UtcMillis(1)).await.unwrap();
        let shared = Shared {
            store: Arc::new(store),
            directory: Arc::new(Directory::default()),
            frame: |frames, event| {
                frames.extend_from_slice(event);
                frames.push(b'\n');
            },
            report: Box::new(|outcome| panic!("{outcome:?}")),
            messages: Paces::new(Duration::from_secs(1), 1),
        };
        let (news, _) = mpsc::unbounded_channel();
        let door = open(LOBBY, Arc::new(shared), news).await.unwrap();
        let (counted, commits) = std_mpsc::channel();
        let listener = Arc::new(Listener::new(ANA, Arc::new(Counted(counted))));
        listener.release(&Bytes::new());
        let (answer, entered) = oneshot::channel();
        let enter = Happening::Enter {
            listener: listener.clone(),
            address: [127, 0, 0, 1].into(),
            answer,
        };
        door.happenings.send(enter).unwrap();
        entered.await.unwrap();
        let rehearsal = Self {
            door,
            listener,
            commits,
            folder,
        };
        assert_eq!(rehearsal.next_commit().await, 0, "what was released");
        rehearsal
    }

    /// Says something; the room's task does not run before the test waits for something.
    fn say(&self) {
        let wish = Wish {
            from: self.listener.clone(),
            write: MessageWrite::Post {
                group: LOBBY,
                author: ANA,
                client_id: None,
                content: Content::new("hi".to_owned()).unwrap(),
                now: UtcMillis(2),
            },
        };
        self.door.wishes.try_send(wish).unwrap();
    }

    async fn next_commit(&self) -> usize {
        let until = Instant::now() + Duration::from_secs(30);
        while Instant::now() < until {
            match self.commits.try_recv() {
                Ok(events) => return events,
                Err(_) => tokio::task::yield_now().await,
            }
        }
        panic!("nothing was stored");
    }

    /// Lets the room do all that it can do without time.
    async fn settle(&self) {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_calm_room_stores_what_it_hears_without_waiting() {
    let room = Rehearsal::begin().await;
    for _ in 0..3 {
        room.say();
        assert_eq!(room.next_commit().await, 1);
    }
}

#[tokio::test]
async fn those_who_join_and_leave_together_are_told_of_in_one_event() {
    let room = Rehearsal::begin().await;
    for (user, joined) in [(2, true), (3, true), (2, false), (4, false)] {
        let user = UserId(user);
        let belonging = Happening::Belonging { user, joined };
        room.door.happenings.send(belonging).unwrap();
    }
    room.say();
    let mut events = 0;
    while events < 2 {
        events += room.next_commit().await;
    }
    room.settle().await;
    assert_eq!((events, room.commits.try_recv().ok()), (2, None));
}

#[tokio::test(start_paused = true)]
async fn a_busy_room_waits_until_as_many_have_come_as_shared_the_last_commit() {
    let room = Rehearsal::begin().await;
    for _ in 0..3 {
        room.say();
    }
    assert_eq!(room.next_commit().await, 3, "and from now on it is busy");
    for _ in 0..2 {
        room.say();
        room.settle().await;
    }
    assert_eq!(room.door.wishes.capacity(), WISHES_MAX, "it has them");
    room.say();
    assert_eq!(room.next_commit().await, 3);
}

#[tokio::test(start_paused = true)]
async fn what_came_while_something_was_stored_is_waited_for_as_well() {
    let room = Rehearsal::begin().await;
    let holding = Connection::open(room.folder.path().join("chat.sqlite3")).unwrap();
    holding.execute_batch("BEGIN IMMEDIATE").unwrap();
    room.say();
    room.settle().await;
    assert_eq!(room.door.wishes.capacity(), WISHES_MAX, "it has it stored");
    room.say();
    holding.execute_batch("COMMIT").unwrap();
    assert_eq!(room.next_commit().await, 1);
    room.settle().await;
    assert!(room.commits.try_recv().is_err(), "it waits for another");
    room.say();
    assert_eq!(room.next_commit().await, 2);
}

#[tokio::test(start_paused = true)]
async fn a_busy_room_waits_no_longer_than_its_patience_lasts() {
    let room = Rehearsal::begin().await;
    for _ in 0..2 {
        room.say();
    }
    assert_eq!(room.next_commit().await, 2);
    room.say();
    room.settle().await;
    tokio::time::advance(PATIENCE * 2).await;
    assert_eq!(room.next_commit().await, 1);
    room.say();
    assert_eq!(room.next_commit().await, 1, "nor does it wait again");
}
