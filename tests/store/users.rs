//! Accounts and sessions.

use secure_chat::model::{User, UserId, UserName, UtcMillis};
use secure_chat::store::sqlite::SqliteUserStore;
use secure_chat::store::{
    PasswordHash, Session, SessionTransport, StoreError, TokenHash, UserStore,
};
use tempfile::TempDir;

const NOW: UtcMillis = UtcMillis(1000);

fn open(folder: &TempDir) -> SqliteUserStore {
    SqliteUserStore::open(&folder.path().join("users.sqlite3")).unwrap()
}

fn name(text: &str) -> UserName {
    UserName::new(text).unwrap()
}

fn hash(text: &str) -> PasswordHash {
    PasswordHash(text.to_owned())
}

async fn add(store: &SqliteUserStore, text: &str) -> User {
    let added = store.add_user(name(text), hash(text), NOW).await.unwrap();
    added.expect("the name is free")
}

fn session_of(user_id: UserId, token: u8) -> Session {
    Session {
        token_hash: TokenHash([token; 32]),
        user_id,
        transport: SessionTransport::Tls,
        created_at: NOW,
        last_used_at: NOW,
        leaked_at: None,
    }
}

#[tokio::test]
async fn a_user_is_found_by_id_and_by_name_whatever_its_case() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let ana = add(&store, "Ana").await;
    assert_eq!(ana.name.as_str(), "Ana");
    assert_eq!(ana.created_at, NOW);
    let found = Some((ana.clone(), hash("Ana")));
    for spelling in ["Ana", "ana", "ANA"] {
        assert_eq!(store.user_by_name(name(spelling)).await.unwrap(), found);
    }
    assert_eq!(store.user_by_id(ana.id).await.unwrap(), found);

    assert_eq!(store.user_by_name(name("anna")).await.unwrap(), None);
    assert_eq!(store.user_by_id(UserId(99)).await.unwrap(), None);
}

#[tokio::test]
async fn a_name_is_taken_once_whatever_its_case() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let ana = add(&store, "ana").await;
    let again = store.add_user(name("ANA"), hash("other"), NOW).await;
    assert_eq!(again.unwrap(), None);
    let ben = add(&store, "ben").await;
    assert_eq!(store.users().await.unwrap(), [ana, ben]);
}

#[tokio::test]
async fn of_many_who_want_one_name_at_once_one_gets_it() {
    let folder = TempDir::new().unwrap();
    let store = std::sync::Arc::new(open(&folder));
    let wishes: Vec<_> = (0..50)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                let wish = store.add_user(name("ana"), hash(&n.to_string()), NOW);
                wish.await.unwrap()
            })
        })
        .collect();
    let mut granted = Vec::new();
    for wish in wishes {
        granted.extend(wish.await.unwrap());
    }
    assert_eq!(granted.len(), 1);
    assert_eq!(store.users().await.unwrap(), granted);
}

#[tokio::test]
async fn the_id_of_a_deleted_user_is_never_given_again() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    add(&store, "ana").await;
    let ben = add(&store, "ben").await;
    assert!(store.delete_user(ben.id).await.unwrap());
    assert!(!store.delete_user(ben.id).await.unwrap());
    store.close().await;

    let store = open(&folder);
    let ben_again = add(&store, "ben").await;
    assert!(ben_again.id > ben.id);
}

#[tokio::test]
async fn a_deleted_user_leaves_no_session_behind() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let (ana, ben) = (add(&store, "ana").await, add(&store, "ben").await);
    let (of_ana, of_ben) = (session_of(ana.id, 1), session_of(ben.id, 2));
    store.add_session(of_ana.clone()).await.unwrap();
    store.add_session(of_ben.clone()).await.unwrap();
    assert!(store.delete_user(ana.id).await.unwrap());
    assert_eq!(store.session(of_ana.token_hash).await.unwrap(), None);
    assert_eq!(
        store.session(of_ben.token_hash).await.unwrap(),
        Some(of_ben)
    );
}

#[tokio::test]
async fn a_session_is_kept_as_it_was_given_over_a_restart() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let ana = add(&store, "ana").await;
    let tls = session_of(ana.id, 1);
    let plain = Session {
        transport: SessionTransport::Plain,
        leaked_at: Some(UtcMillis(7)),
        ..session_of(ana.id, 2)
    };
    for session in [&tls, &plain] {
        store.add_session(session.clone()).await.unwrap();
    }
    store.close().await;

    let store = open(&folder);
    for session in [tls, plain] {
        let found = store.session(session.token_hash).await.unwrap();
        assert_eq!(found, Some(session));
    }
    assert_eq!(store.session(TokenHash([3; 32])).await.unwrap(), None);
}

#[tokio::test]
async fn a_session_needs_a_user_and_a_token_of_its_own() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let ana = add(&store, "ana").await;
    let nobodys = store.add_session(session_of(UserId(99), 1)).await;
    assert!(matches!(nobodys, Err(StoreError::Other { .. })));
    store.add_session(session_of(ana.id, 1)).await.unwrap();
    let twice = store.add_session(session_of(ana.id, 1)).await;
    assert!(matches!(twice, Err(StoreError::Other { .. })));
}

#[tokio::test]
async fn using_a_session_moves_its_time_forward_only() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let ana = add(&store, "ana").await;
    let session = session_of(ana.id, 1);
    store.add_session(session.clone()).await.unwrap();
    for (used_at, last_used_at) in [(2000, 2000), (1500, 2000), (2001, 2001)] {
        let touched = store.touch_session(session.token_hash, UtcMillis(used_at));
        touched.await.unwrap();
        let found = store.session(session.token_hash).await.unwrap().unwrap();
        assert_eq!(found.last_used_at, UtcMillis(last_used_at));
        assert_eq!(found.created_at, NOW);
    }
    // One that ended meanwhile is nobody's fault.
    store.touch_session(TokenHash([9; 32]), NOW).await.unwrap();
}

#[tokio::test]
async fn a_leak_is_dated_when_it_was_first_seen() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let ana = add(&store, "ana").await;
    for token in [1, 2] {
        store.add_session(session_of(ana.id, token)).await.unwrap();
    }
    for at in [UtcMillis(5000), UtcMillis(6000)] {
        store.mark_leaked(TokenHash([1; 32]), at).await.unwrap();
    }
    let leaked_at = async |token| {
        let found = store.session(TokenHash([token; 32])).await.unwrap();
        found.unwrap().leaked_at
    };
    assert_eq!(leaked_at(1).await, Some(UtcMillis(5000)));
    assert_eq!(leaked_at(2).await, None);
}

#[tokio::test]
async fn a_session_is_removed_once() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let ana = add(&store, "ana").await;
    for token in [1, 2] {
        store.add_session(session_of(ana.id, token)).await.unwrap();
    }
    assert!(store.remove_session(TokenHash([1; 32])).await.unwrap());
    assert!(!store.remove_session(TokenHash([1; 32])).await.unwrap());
    assert_eq!(store.session(TokenHash([1; 32])).await.unwrap(), None);
    assert!(store.session(TokenHash([2; 32])).await.unwrap().is_some());
}

#[tokio::test]
async fn sweeping_takes_the_idle_and_the_old_and_leaves_the_rest() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let ana = add(&store, "ana").await;
    // Idle before 500, or made before 100.
    let sessions = [
        (1, 100, 500, true),
        (2, 100, 499, false),
        (3, 99, 500, false),
        (4, 99, 499, false),
        (5, 900, 900, true),
    ];
    for (token, created_at, last_used_at, _) in sessions {
        let session = Session {
            created_at: UtcMillis(created_at),
            last_used_at: UtcMillis(last_used_at),
            ..session_of(ana.id, token)
        };
        store.add_session(session).await.unwrap();
    }
    let sweep = || store.sweep_sessions(UtcMillis(500), UtcMillis(100), UtcMillis(1000));
    assert_eq!(sweep().await.unwrap(), 3);
    assert_eq!(sweep().await.unwrap(), 0);
    for (token, _, _, stays) in sessions {
        let found = store.session(TokenHash([token; 32])).await.unwrap();
        assert_eq!(found.is_some(), stays, "session {token}");
    }
}

#[tokio::test]
async fn what_was_noted_by_a_clock_that_was_ahead_counts_as_of_the_next_sweep() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let ana = add(&store, "ana").await;
    for (token, created_at, last_used_at) in [(1, 999, 1000), (2, 900, 5000), (3, 5000, 5001)] {
        let session = Session {
            created_at: UtcMillis(created_at),
            last_used_at: UtcMillis(last_used_at),
            ..session_of(ana.id, token)
        };
        store.add_session(session).await.unwrap();
    }
    let swept = store.sweep_sessions(UtcMillis(500), UtcMillis(100), UtcMillis(1000));
    assert_eq!(swept.await.unwrap(), 0);
    for (token, created_at, last_used_at) in [(1, 999, 1000), (2, 900, 1000), (3, 1000, 1000)] {
        let found = store.session(TokenHash([token; 32])).await.unwrap();
        let found = found.unwrap();
        assert_eq!(
            (found.created_at, found.last_used_at),
            (UtcMillis(created_at), UtcMillis(last_used_at)),
            "session {token}"
        );
    }
}

#[tokio::test]
async fn a_closed_store_says_so() {
    let folder = TempDir::new().unwrap();
    let store = open(&folder);
    let ana = add(&store, "ana").await;
    store.close().await;
    assert_eq!(store.users().await, Err(StoreError::Closed));
    assert_eq!(store.delete_user(ana.id).await, Err(StoreError::Closed));
    store.close().await;
    assert_eq!(open(&folder).users().await.unwrap(), [ana]);
}
