//! What a session promises, against a store in memory.
//! Nothing sleeps: the clock is a number, and races are held still in the store.

use super::super::fake_store::FakeStore;
use super::*;
use crate::model::UserName;
use crate::store::PasswordHash;
use SessionTransport::{Plain, Tls};

const NOW: i64 = 1_763_800_000_000;
const MINUTE: i64 = 60 * 1000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

struct Scene {
    store: Arc<FakeStore>,
    sessions: Sessions,
    ana: UserId,
    ben: UserId,
}

impl Scene {
    async fn new() -> Self {
        Self::with_live_max(LIVE_MAX).await
    }

    async fn with_live_max(live_max: usize) -> Self {
        let store = Arc::new(FakeStore::default());
        let mut ids = Vec::new();
        for name in ["ana", "ben"] {
            let name = UserName::new(name).unwrap();
            let hash = PasswordHash(String::new());
            let added = store.add_user(name, hash, UtcMillis(NOW)).await;
            ids.push(added.unwrap().unwrap().id);
        }
        Self {
            sessions: Sessions::with_live_max(Arc::clone(&store) as _, live_max),
            store,
            ana: ids[0],
            ben: ids[1],
        }
    }

    /// Nothing stays but what the store has.
    fn restart(&mut self) {
        self.sessions = Sessions::new(Arc::clone(&self.store) as _);
    }

    async fn start(&self, user: UserId, transport: SessionTransport) -> SessionToken {
        self.start_over(user, transport, None, NOW).await
    }

    async fn start_over(
        &self,
        user: UserId,
        transport: SessionTransport,
        old: Option<&str>,
        now: i64,
    ) -> SessionToken {
        let started = self.sessions.start(user, transport, old, UtcMillis(now));
        started.await.unwrap()
    }

    async fn find(&self, token: &SessionToken, transport: SessionTransport, now: i64) -> Found {
        self.try_find(token, transport, now).await.unwrap()
    }

    async fn try_find(
        &self,
        token: &SessionToken,
        transport: SessionTransport,
        now: i64,
    ) -> Result<Found, StoreError> {
        let found = self
            .sessions
            .find(token.as_str(), transport, UtcMillis(now));
        found.await
    }

    async fn view(&self, token: &SessionToken, transport: SessionTransport) -> SessionView {
        match self.find(token, transport, NOW).await {
            Found::Valid(view) => view,
            other => panic!("{other:?}"),
        }
    }
}

/// `Found` in a word, so that tables stay readable.
fn word(found: &Found) -> &'static str {
    match found {
        Found::Valid(_) => "valid",
        Found::None => "none",
        Found::Expired => "expired",
        Found::Leaked {
            discovered_now: true,
            ..
        } => "leaked now",
        Found::Leaked { .. } => "leaked before",
    }
}

/// Why a session ended. One that never ends fails the test, rather than to stop it.
async fn ended(view: &SessionView) -> EndReason {
    let patience = std::time::Duration::from_secs(10);
    tokio::time::timeout(patience, view.ended()).await.unwrap()
}

#[tokio::test]
async fn a_token_leads_to_its_user_and_the_store_has_only_its_hash() {
    let scene = Scene::new().await;
    for (user, name, transport) in [(scene.ana, "ana", Plain), (scene.ben, "ben", Tls)] {
        let token = scene.start(user, transport).await;
        let view = scene.view(&token, transport).await;
        assert_eq!((view.user().id, view.user().name.as_str()), (user, name));
        assert_eq!(view.transport(), transport);
        let row = scene.store.row(view.key()).unwrap();
        assert_eq!(Some(row.token_hash), token::hash_of(token.as_str()));
        assert_eq!((row.user_id, row.transport), (user, transport));
    }
}

#[tokio::test]
async fn what_is_no_token_is_refused_without_asking_the_store() {
    let scene = Scene::new().await;
    let reads = scene.store.reads();
    for text in ["", "x", &"A".repeat(42), &"A".repeat(44), &"!".repeat(43)] {
        let found = scene.sessions.find(text, Plain, UtcMillis(NOW)).await;
        assert_eq!(word(&found.unwrap()), "none", "{text:?}");
    }
    assert_eq!(scene.store.reads(), reads);
    let stranger = "A".repeat(43);
    let found = scene.sessions.find(&stranger, Plain, UtcMillis(NOW)).await;
    assert_eq!(word(&found.unwrap()), "none");
    assert_eq!(scene.store.reads(), reads + 1);
}

#[tokio::test]
async fn a_login_ends_the_session_whose_token_came_along_and_takes_none_over() {
    let scene = Scene::new().await;
    let old = scene.start(scene.ana, Plain).await;
    let view = scene.view(&old, Plain).await;
    let new = scene
        .start_over(scene.ben, Plain, Some(old.as_str()), NOW)
        .await;
    assert_ne!(old.as_str(), new.as_str());
    assert_eq!(word(&scene.find(&old, Plain, NOW).await), "none");
    assert_eq!(ended(&view).await, EndReason::LoggedOut);
    assert_eq!(scene.view(&new, Plain).await.user().id, scene.ben);

    let slipped_in = "A".repeat(43);
    let new = scene
        .start_over(scene.ana, Plain, Some(&slipped_in), NOW)
        .await;
    assert_ne!(new.as_str(), slipped_in);
    let found = scene
        .sessions
        .find(&slipped_in, Plain, UtcMillis(NOW))
        .await;
    assert_eq!(word(&found.unwrap()), "none");
}

#[tokio::test]
async fn a_login_does_not_wipe_out_the_news_of_a_leak() {
    let scene = Scene::new().await;
    let stolen = scene.start(scene.ana, Plain).await;
    for transport in [Tls, Plain] {
        scene
            .start_over(scene.ben, transport, Some(stolen.as_str()), NOW)
            .await;
        let found = scene.find(&stolen, Plain, NOW).await;
        assert_eq!(word(&found), "leaked before");
    }
}

#[tokio::test]
async fn a_session_ends_after_twelve_hours_without_use_to_the_millisecond() {
    for restarted in [false, true] {
        for (used_after, asked_after, answer) in [
            (0, 12 * HOUR - 1, "valid"),
            (0, 12 * HOUR, "expired"),
            (11 * HOUR, 23 * HOUR - 1, "valid"),
            (11 * HOUR, 23 * HOUR, "expired"),
        ] {
            let mut scene = Scene::new().await;
            let token = scene.start(scene.ana, Tls).await;
            scene.find(&token, Tls, NOW + used_after).await;
            if restarted {
                scene.restart();
            }
            let found = scene.find(&token, Tls, NOW + asked_after).await;
            assert_eq!(
                word(&found),
                answer,
                "{used_after} {asked_after} {restarted}"
            );
            // And it does not come back, whatever the clock says then.
            let found = scene.find(&token, Tls, NOW + asked_after).await;
            assert_eq!(word(&found), answer);
        }
    }
}

#[tokio::test]
async fn a_session_ends_after_seven_days_however_much_it_is_used() {
    for (last, answer) in [(7 * DAY - 1, "valid"), (7 * DAY, "expired")] {
        let scene = Scene::new().await;
        let token = scene.start(scene.ana, Plain).await;
        for leg in 1..28 {
            let found = scene.find(&token, Plain, NOW + leg * 6 * HOUR).await;
            assert_eq!(word(&found), "valid");
        }
        assert_eq!(word(&scene.find(&token, Plain, NOW + last).await), answer);
    }
}

#[tokio::test]
async fn a_session_made_by_a_clock_that_was_years_ahead_lasts_no_longer_than_others() {
    for swept in [false, true] {
        let mut scene = Scene::new().await;
        let ahead = NOW + 3650 * DAY;
        let token = scene.start_over(scene.ana, Plain, None, ahead).await;
        scene.restart();
        if swept {
            assert_eq!(scene.sessions.sweep(UtcMillis(NOW)).await.unwrap(), 0);
        }
        assert_eq!(word(&scene.find(&token, Plain, NOW).await), "valid");
        let idle = scene.find(&token, Plain, NOW + 12 * HOUR).await;
        assert_eq!(word(&idle), "expired", "{swept}");
    }
}

#[tokio::test]
async fn a_note_that_the_database_does_not_take_keeps_no_request_waiting() {
    let scene = Scene::new().await;
    let token = scene.start(scene.ana, Plain).await;
    scene.view(&token, Plain).await;
    let held = scene.store.hold_next_touch();
    let find = scene.find(&token, Plain, NOW + MINUTE);
    let found = timeout(Duration::from_secs(10), find).await;
    assert_eq!(word(&found.unwrap()), "valid");
    // It was asked for, and has not been let go.
    held.reached().await;
}

#[tokio::test]
async fn a_token_on_the_wrong_transport_is_dead_on_both_and_its_owner_is_told() {
    for (right, wrong) in [(Plain, Tls), (Tls, Plain)] {
        for in_memory in [true, false] {
            let mut scene = Scene::new().await;
            let token = scene.start(scene.ana, right).await;
            let view = scene.view(&token, right).await;
            if !in_memory {
                scene.restart();
            }
            let found = scene.find(&token, wrong, NOW + 5).await;
            assert_eq!(word(&found), "leaked now");
            if in_memory {
                assert_eq!(ended(&view).await, EndReason::Leaked);
            }
            for restarted in [false, true] {
                if restarted {
                    scene.restart();
                }
                for transport in [right, wrong] {
                    let found = scene.find(&token, transport, NOW + HOUR).await;
                    assert_eq!(word(&found), "leaked before");
                    let Found::Leaked { user_id, at, .. } = found else {
                        unreachable!();
                    };
                    assert_eq!((user_id, at), (scene.ana, UtcMillis(NOW + 5)));
                }
            }
        }
    }
}

#[tokio::test]
async fn an_expired_token_on_the_wrong_transport_is_only_expired() {
    let scene = Scene::new().await;
    let token = scene.start(scene.ana, Plain).await;
    let found = scene.find(&token, Tls, NOW + 12 * HOUR).await;
    assert_eq!(word(&found), "expired");
    assert!(
        scene
            .store
            .row(token::hash_of(token.as_str()).unwrap())
            .unwrap()
            .leaked_at
            .is_none()
    );
}

#[tokio::test]
async fn a_leak_that_the_disk_refuses_to_keep_still_ends_the_session() {
    let scene = Scene::with_live_max(1).await;
    let token = scene.start(scene.ana, Plain).await;
    let others = [
        scene.start(scene.ben, Plain).await,
        scene.start(scene.ben, Plain).await,
    ];
    scene.store.refuse_writes(true);
    assert!(scene.try_find(&token, Tls, NOW).await.is_err());
    for other in &others {
        // They press for room in memory, which must not bring the leaked one back.
        assert_eq!(word(&scene.find(other, Plain, NOW).await), "valid");
    }
    assert!(scene.try_find(&token, Plain, NOW).await.is_err());
    scene.store.refuse_writes(false);
    let found = scene.find(&token, Plain, NOW + 9).await;
    assert_eq!(word(&found), "leaked now", "the first time it can be told");
    assert!(matches!(
        found,
        Found::Leaked {
            at: UtcMillis(NOW),
            ..
        }
    ));
    let found = scene.find(&token, Plain, NOW).await;
    assert_eq!(word(&found), "leaked before");
}

#[tokio::test]
async fn a_request_reads_nothing_from_the_store_but_the_first() {
    let scene = Scene::new().await;
    let token = scene.start(scene.ana, Plain).await;
    scene.view(&token, Plain).await;
    let reads = scene.store.reads();
    for second in 0..100 {
        let found = scene.find(&token, Plain, NOW + second * 1000).await;
        assert_eq!(word(&found), "valid");
    }
    assert_eq!(scene.store.reads(), reads);
}

#[tokio::test]
async fn use_is_written_down_once_a_minute() {
    let scene = Scene::new().await;
    let token = scene.start(scene.ana, Plain).await;
    let key = scene.view(&token, Plain).await.key();
    for (after, touches, noted) in [
        (MINUTE - 1, 0, 0),
        (MINUTE, 1, MINUTE),
        (2 * MINUTE - 1, 1, MINUTE),
        (2 * MINUTE + 7, 2, 2 * MINUTE + 7),
        (3 * MINUTE, 2, 2 * MINUTE + 7),
    ] {
        scene.find(&token, Plain, NOW + after).await;
        assert_eq!(scene.store.touches(), touches, "{after}");
        let row = scene.store.row(key).unwrap();
        assert_eq!(row.last_used_at, UtcMillis(NOW + noted), "{after}");
    }
}

#[tokio::test]
async fn a_full_disk_keeps_nobody_out() {
    let scene = Scene::new().await;
    let token = scene.start(scene.ana, Plain).await;
    scene.store.refuse_writes(true);
    for hour in 1..24 {
        let found = scene.find(&token, Plain, NOW + hour * HOUR).await;
        assert_eq!(word(&found), "valid");
    }
    let started = scene.sessions.start(scene.ana, Plain, None, UtcMillis(NOW));
    assert!(matches!(
        started.await,
        Err(SessionError::Store(StoreError::Full { .. }))
    ));
}

#[tokio::test]
async fn a_restart_logs_nobody_out() {
    let mut scene = Scene::new().await;
    let token = scene.start(scene.ana, Tls).await;
    scene.restart();
    assert_eq!(scene.view(&token, Tls).await.user().id, scene.ana);
}

#[tokio::test]
async fn logging_out_ends_one_session_and_tells_all_who_hold_it() {
    let scene = Scene::new().await;
    let token = scene.start(scene.ana, Plain).await;
    let other = scene.start(scene.ana, Plain).await;
    let (view, other_tab) = tokio::join!(scene.view(&token, Plain), scene.view(&token, Plain));
    assert!(scene.sessions.end(view.key()).await.unwrap());
    assert_eq!(ended(&view).await, EndReason::LoggedOut);
    assert_eq!(ended(&other_tab.clone()).await, EndReason::LoggedOut);
    assert_eq!(word(&scene.find(&token, Plain, NOW).await), "none");
    assert_eq!(word(&scene.find(&other, Plain, NOW).await), "valid");
    assert!(!scene.sessions.end(view.key()).await.unwrap());
}

#[tokio::test]
async fn a_logout_that_the_disk_refuses_is_not_taken_for_one() {
    let scene = Scene::new().await;
    let token = scene.start(scene.ana, Plain).await;
    let view = scene.view(&token, Plain).await;
    scene.store.refuse_writes(true);
    assert!(scene.sessions.end(view.key()).await.is_err());
    assert_eq!(word(&scene.find(&token, Plain, NOW).await), "valid");
}

#[tokio::test]
async fn deleting_an_account_ends_all_its_sessions_and_no_others() {
    let scene = Scene::new().await;
    let tokens = [
        (scene.start(scene.ana, Plain).await, Plain),
        (scene.start(scene.ana, Tls).await, Tls),
    ];
    let bens = scene.start(scene.ben, Plain).await;
    let held = scene.view(&tokens[0].0, Plain).await;
    scene.view(&bens, Plain).await;
    assert!(scene.sessions.delete_account(scene.ana).await.unwrap());
    assert_eq!(ended(&held).await, EndReason::AccountDeleted);
    for (token, transport) in &tokens {
        assert_eq!(word(&scene.find(token, *transport, NOW).await), "none");
    }
    assert_eq!(word(&scene.find(&bens, Plain, NOW).await), "valid");
    assert!(!scene.sessions.delete_account(scene.ana).await.unwrap());
}

#[tokio::test]
async fn a_session_that_ends_while_it_is_read_does_not_come_back() {
    for (how, answer) in [
        ("logout", "none"),
        ("leak", "leaked before"),
        ("account", "none"),
    ] {
        let scene = Scene::new().await;
        let token = scene.start(scene.ana, Plain).await;
        let held = scene.store.hold_next_read();
        let (found, ()) = tokio::join!(scene.find(&token, Plain, NOW), async {
            held.reached().await;
            match how {
                "logout" => {
                    let key = token::hash_of(token.as_str()).unwrap();
                    assert!(scene.sessions.end(key).await.unwrap());
                }
                "leak" => {
                    let found = scene.find(&token, Tls, NOW).await;
                    assert_eq!(word(&found), "leaked now");
                }
                _ => assert!(scene.sessions.delete_account(scene.ana).await.unwrap()),
            }
            held.go_on();
        });
        assert_eq!(word(&found), answer, "{how}");
        assert_eq!(word(&scene.find(&token, Plain, NOW).await), answer, "{how}");
    }
}

#[tokio::test]
async fn a_logout_is_finished_even_if_the_client_hangs_up_in_the_middle() {
    let scene = Scene::new().await;
    let token = scene.start(scene.ana, Plain).await;
    let view = scene.view(&token, Plain).await;
    let held = scene.store.hold_next_removal();
    tokio::select! {
        _ = scene.sessions.end(view.key()) => panic!("the answer is held back"),
        () = held.reached() => {}
    }
    held.go_on();
    assert_eq!(ended(&view).await, EndReason::LoggedOut);
    assert_eq!(word(&scene.find(&token, Plain, NOW).await), "none");
}

#[tokio::test]
async fn an_open_socket_keeps_its_session_and_learns_when_it_expires() {
    let scene = Scene::new().await;
    let token = scene.start(scene.ana, Plain).await;
    let socket = scene.view(&token, Plain).await;
    for hour in 1..=20 {
        scene
            .sessions
            .touch(&socket, UtcMillis(NOW + hour * HOUR))
            .await;
    }
    scene
        .sessions
        .sweep(UtcMillis(NOW + 32 * HOUR - 1))
        .await
        .unwrap();
    assert_eq!(socket.live.end_reason(), None);
    scene
        .sessions
        .sweep(UtcMillis(NOW + 32 * HOUR))
        .await
        .unwrap();
    assert_eq!(ended(&socket).await, EndReason::Expired);
    scene
        .sessions
        .touch(&socket, UtcMillis(NOW + 20 * HOUR))
        .await;
    let found = scene.find(&token, Plain, NOW + 32 * HOUR).await;
    assert_eq!(word(&found), "expired");
}

#[tokio::test]
async fn a_touch_that_comes_too_late_ends_the_session() {
    let scene = Scene::new().await;
    for (after, answer) in [(12 * HOUR - 1, None), (12 * HOUR, Some(EndReason::Expired))] {
        let token = scene.start(scene.ana, Plain).await;
        let socket = scene.view(&token, Plain).await;
        scene.sessions.touch(&socket, UtcMillis(NOW + after)).await;
        assert_eq!(socket.live.end_reason(), answer, "{after}");
    }
}

#[tokio::test]
async fn a_sweep_takes_rows_a_minute_after_their_time_and_none_before() {
    let scene = Scene::new().await;
    scene.start(scene.ana, Plain).await;
    for (after, rows) in [(12 * HOUR + MINUTE, 0), (12 * HOUR + MINUTE + 1, 1)] {
        let swept = scene.sessions.sweep(UtcMillis(NOW + after)).await;
        assert_eq!(swept.unwrap(), rows, "{after}");
    }

    let token = scene.start(scene.ana, Plain).await;
    scene.view(&token, Plain).await;
    // Used, and too early after the last note to be written down again.
    scene.find(&token, Plain, NOW + MINUTE - 1).await;
    let late = NOW + 12 * HOUR + MINUTE - 2;
    assert_eq!(scene.sessions.sweep(UtcMillis(late)).await.unwrap(), 0);
    assert_eq!(word(&scene.find(&token, Plain, late).await), "valid");

    for leg in 2..16 {
        scene.find(&token, Plain, NOW + leg * 11 * HOUR).await;
    }
    for (after, rows) in [(7 * DAY, 0), (7 * DAY + 1, 1)] {
        let swept = scene.sessions.sweep(UtcMillis(NOW + after)).await;
        assert_eq!(swept.unwrap(), rows, "{after}");
    }
}

#[tokio::test]
async fn memory_is_bounded_and_forgets_those_unused_longest_but_none_that_is_held() {
    let scene = Scene::with_live_max(8).await;
    let mut tokens = Vec::new();
    for age in 0..20 {
        let token = scene.start(scene.ana, Plain).await;
        scene.find(&token, Plain, NOW + age).await;
        tokens.push(token);
    }
    let reads = scene.store.reads();
    for token in &tokens[12..] {
        assert_eq!(word(&scene.find(token, Plain, NOW + 20).await), "valid");
    }
    assert_eq!(scene.store.reads(), reads, "the last eight are in memory");

    let held = scene.view(&tokens[0], Plain).await;
    for token in &tokens {
        assert_eq!(word(&scene.find(token, Plain, NOW + 21).await), "valid");
    }
    assert!(
        scene.store.reads() > reads + 20,
        "most had to be read again"
    );
    assert!(scene.sessions.live.len() <= 8);
    scene.sessions.end(held.key()).await.unwrap();
    assert_eq!(ended(&held).await, EndReason::LoggedOut);
}

#[test]
fn the_reasons_have_the_names_that_the_protocol_gives_them() {
    for (reason, code) in [
        (EndReason::LoggedOut, "logged_out"),
        (EndReason::Expired, "expired"),
        (EndReason::Leaked, "leaked"),
        (EndReason::AccountDeleted, "account_deleted"),
    ] {
        assert_eq!(reason.code(), code);
        let protocol = include_str!("../../../docs/PROTOCOL.md");
        assert!(protocol.contains(&format!("`{code}`")), "{code}");
    }
}
