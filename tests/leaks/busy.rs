//! Many at once: connections that come, talk and close while others look at them, let go while they are looked at. Nothing waits for
//! ever, nobody is told less than the other, and the log keeps within its bounds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use secure_chat::octets::Direction::{self, FromClient, FromServer};
use secure_chat::wire::event::What;
use secure_chat::wire::log::{About, Badge, Cursor, News, Sink, Traveller, Viewer, WireLog};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::client::WIRES;
use crate::person::{Person, instructor, log, newest};
use crate::socket::{Heard, Socket};
use crate::support::{PATIENCE, Server, eventually};

/// What a view has been told of a connection.
#[derive(Default)]
struct Told {
    items: BTreeMap<u64, Value>,
    summary: Value,
    has_ended: bool,
}

impl Told {
    /// Hears until the connection has ended and all of it was told.
    async fn hear(view: &mut Socket, number: u64, items: usize) -> Self {
        let mut told = Self::default();
        while !told.has_ended || told.items.len() < items {
            let Heard::Event(event) = view.hear().await else {
                panic!("closed");
            };
            match event["type"].as_str().unwrap() {
                "items" => {
                    if event["all"] == true {
                        told.items.clear();
                    }
                    for item in event["items"].as_array().unwrap() {
                        told.items
                            .insert(item["number"].as_u64().unwrap(), item.clone());
                    }
                }
                "summary" => told.summary = event["summary"].clone(),
                "connections" => {
                    let rows = event["connections"].as_array().unwrap();
                    let is_own = |row: &&Value| row["number"] == number && !row["ended"].is_null();
                    told.has_ended |= rows.iter().any(|row| is_own(&row));
                }
                _ => {}
            }
        }
        told
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_who_look_at_a_busy_connection_until_it_closes_are_told_the_same() {
    let flags = ["--both", "--tls-port=0", "--echo", "--instructor"];
    let server = Server::start(&flags, |_| {}).await;
    for wire in WIRES {
        let anna = Person::visit(&server, wire, &format!("anna-{wire:?}")).await;
        let mut busy = Socket::open(&server, wire, "/ws/echo", &anna.session())
            .await
            .ok()
            .unwrap();
        let number = newest(&server).about().number;
        let mut early = Socket::view(&server, wire, &anna.cookie).await;
        let mut late = Socket::view(&server, wire, &instructor(&server, wire)).await;
        early
            .say(&json!({ "type": "watch", "connection": number }))
            .await;
        for at in 0..500 {
            if at == 250 {
                late.say(&json!({ "type": "watch", "connection": number }))
                    .await;
            }
            busy.frame(2, &vec![0x5a; at % 400]).await;
        }
        busy.frame(8, &1000_u16.to_be_bytes()).await;
        busy.rest().await;
        // A frame each way, and more.
        let (early, late) = tokio::join!(
            Told::hear(&mut early, number, 1002),
            Told::hear(&mut late, number, 1002),
        );
        let lens = |told: &Told| {
            let frames = told.items.values().filter(|it| it["kind"] == "frame");
            let lens = frames.map(|it| (it["from"].clone(), it["len"].clone()));
            lens.collect::<Vec<_>>()
        };
        let of_client = |told: &Told| {
            lens(told)
                .into_iter()
                .filter(|(from, _)| from == "client")
                .count()
        };
        assert_eq!(of_client(&late), 501);
        assert_eq!(lens(&early), lens(&late), "{wire:?}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn views_that_come_and_go_in_the_middle_of_everything_stop_nothing() {
    let flags = ["--both", "--tls-port=0", "--echo", "--instructor"];
    let server = Arc::new(Server::start(&flags, |_| {}).await);
    let mut tasks = JoinSet::new();
    for (at, wire) in WIRES.into_iter().cycle().take(6).enumerate() {
        let anna = Person::visit(&server, wire, &format!("anna-{at}")).await;
        let server = Arc::clone(&server);
        tasks.spawn(async move {
            for round in 0..8 {
                let opened = Socket::open(&server, wire, "/ws/echo", &anna.session()).await;
                let mut echo = opened.ok().unwrap();
                let number = newest(&server).about().number;
                let mut view = Socket::view(&server, wire, &anna.cookie).await;
                // Perhaps another's: they all come at once.
                view.say(&json!({ "type": "watch", "connection": number }))
                    .await;
                echo.frame(2, &[0x5a; 50_000]).await;
                view.say(&json!({ "type": "find", "hex": "5a" })).await;
                if round % 2 == 0 {
                    echo.frame(8, b"").await;
                    echo.rest().await;
                    view.until("connections").await;
                }
                // Dropped in the middle of whatever it is being told.
            }
        });
    }
    while let Some(done) = timeout(PATIENCE * 3, tasks.join_next())
        .await
        .expect("somebody waits for ever")
    {
        done.unwrap();
    }
    let all_over = async || {
        let echoes = log(&server).connections(&Viewer::OF_ALL);
        let open = echoes
            .iter()
            .filter(|it| it.state().unwrap().ended.is_none())
            .count();
        // The conversations of the six are still open, two each, and the connection they registered on.
        open <= 18
    };
    eventually("what was dropped has ended", all_over).await;
    Arc::into_inner(server).unwrap().stop().await;
}

/// Counts what it is told; whoever tells must not have to wait for it.
#[derive(Default)]
struct Counting {
    opened: AtomicUsize,
    ended: AtomicUsize,
}

impl Sink for Counting {
    fn take(&self, _about: &Arc<About>, news: &News<'_>) {
        match news {
            News::Opened => self.opened.fetch_add(1, Ordering::SeqCst),
            News::Ended { .. } => self.ended.fetch_add(1, Ordering::SeqCst),
            News::Secret(_) | News::Event(_) => 0,
        };
    }
}

/// So much the small log may hold.
const SMALL: usize = 512 * 1024;

/// So many connections come, on each of so many tasks.
const EACH: u64 = 150;
const TASKS: u64 = 4;

fn about(number: u64) -> About {
    About {
        number,
        client: "127.0.0.1:40000".parse().unwrap(),
        server: "127.0.0.1:8080".parse().unwrap(),
        is_tls_port: false,
        opened_ns: number,
    }
}

fn badge(number: u64) -> Badge {
    Badge::new([u8::try_from(number % 5).unwrap(); 32])
}

/// One connection after the other, as a server's task records them.
async fn record(log: Arc<WireLog>, task: u64) {
    for at in 0..EACH {
        let number = at * TASKS + task + 1;
        let recorder = log.open(about(number), false);
        let mut time_ns = number;
        let mut say = |direction: Direction, len: usize| {
            time_ns += 1;
            recorder.chunk(time_ns, direction, &vec![0x5a; len]);
        };
        for request in 0..10 {
            say(FromClient, 300);
            if request == 9 && at % 7 == 0 {
                recorder.conceal(number);
            }
            recorder.carries(Traveller::Browser(badge(number)));
            if request == 5 {
                log.logged_in(&recorder, badge(number));
            }
            say(FromServer, 3_000);
            recorder.between_requests(0);
            tokio::task::yield_now().await;
        }
        recorder.end(time_ns, FromClient);
        recorder.ended(time_ns, "closed");
    }
}

/// Looks at everything that it may see, over and over, until it has been told to stop.
async fn look(
    log: Arc<WireLog>,
    viewer: Viewer,
    stop: tokio::sync::watch::Receiver<bool>,
) -> usize {
    let mut seen = 0;
    let mut changes = log.changes();
    while !*stop.borrow() {
        if let Some(last) = log.connections(&viewer).pop() {
            // To its end, though it may have been let go by then.
            let mut cursor = Cursor::default();
            let mut bytes = 0;
            loop {
                // Until it becomes somebody else's, too.
                let Some(reading) = last.read(&mut cursor) else {
                    break;
                };
                let (news, state) = (reading.events, reading.state);
                bytes += news.iter().fold(0, |sum, event| match &event.what {
                    What::Bytes(bytes) => sum + bytes.len() as u64,
                    What::Missing(missing) => sum + missing.bytes,
                    What::End | What::Reset => sum,
                });
                if news.is_empty() && state.ended.is_some() {
                    let crossed = state.bytes.client + state.bytes.server;
                    let concealed = state.ended.is_some_and(|it| it.why.contains("view"));
                    assert!(bytes == crossed || concealed, "{bytes} of {crossed}");
                    break;
                }
                timeout(PATIENCE, last.changed(&cursor))
                    .await
                    .expect("nobody tells that it is over");
            }
            seen += 1;
        }
        let _ = timeout(std::time::Duration::from_millis(50), changes.changed()).await;
    }
    seen
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_small_log_under_load_lets_go_what_is_looked_at_and_nobody_waits_for_ever() {
    let counting = Arc::new(Counting::default());
    let log = Arc::new(WireLog::new(SMALL, vec![counting.clone()]));
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let mut lookers = JoinSet::new();
    for viewer in [
        Viewer {
            is_instructor: true,
            ..Viewer::default()
        },
        Viewer {
            is_instructor: true,
            ..Viewer::default()
        },
        Viewer {
            browser: Some(badge(1)),
            ..Viewer::default()
        },
        Viewer {
            session: Some(badge(2)),
            ..Viewer::default()
        },
    ] {
        lookers.spawn(look(Arc::clone(&log), viewer, stopping.clone()));
    }
    let mut recording = JoinSet::new();
    for task in 0..TASKS {
        recording.spawn(record(Arc::clone(&log), task));
    }
    while let Some(done) = timeout(PATIENCE * 2, recording.join_next())
        .await
        .expect("a deadlock")
    {
        done.unwrap();
        assert!(
            log.held_bytes() <= SMALL + 64 * 1024,
            "{}",
            log.held_bytes()
        );
    }
    stop.send(true).unwrap();
    while let Some(done) = timeout(PATIENCE * 2, lookers.join_next())
        .await
        .expect("a deadlock")
    {
        assert!(done.unwrap() > 0);
    }
    let connections = usize::try_from(EACH * TASKS).unwrap();
    assert_eq!(counting.opened.load(Ordering::SeqCst), connections);
    assert_eq!(counting.ended.load(Ordering::SeqCst), connections);
    // It has let go of the oldest, and of no more than it had to.
    let kept = log.connections(&Viewer::OF_ALL);
    assert!(
        kept.len() < connections && log.held_bytes() > SMALL / 2,
        "{}",
        kept.len()
    );
    assert!(
        kept.iter()
            .all(|it| it.state().unwrap().missing.client == 0)
    );
    drop(kept);
}
