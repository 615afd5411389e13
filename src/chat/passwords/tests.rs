use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::task::{Context, Poll, Waker};

use super::*;

/// Whence everybody comes of whom nothing else is said.
fn home() -> Source {
    Source::of_log_in("192.0.2.1".parse().unwrap())
}

fn password(text: &str) -> Password {
    Password::from(text.to_owned())
}

fn at_once(count: usize) -> Passwords {
    let params = Params::new(8, 1, 1, None).unwrap();
    Passwords::new(params, NonZeroUsize::new(count).unwrap())
}

fn poll_once<F: Future + ?Sized>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()))
}

/// A hash that says when it has begun, and stands still until it is released.
struct Still {
    begun: mpsc::Receiver<()>,
    release: mpsc::Sender<()>,
}

fn stand_still() -> (
    Still,
    impl FnOnce(&mut Workbench) -> Result<(), AuthError> + Send + 'static,
) {
    let (begins, begun) = mpsc::channel();
    let (release, released) = mpsc::channel();
    let work = move |_: &mut Workbench| {
        begins.send(()).unwrap();
        released.recv().unwrap();
        Ok(())
    };
    (Still { begun, release }, work)
}

#[test]
fn a_password_has_8_to_128_bytes() {
    for (text, good) in [
        ("1234567", false),
        ("12345678", true),
        ("éééé", true),
        ("ééé1", false),
        (&"x".repeat(128), true),
        (&"x".repeat(129), false),
    ] {
        assert_eq!(password(text).check_length().is_ok(), good, "{text}");
    }
}

#[test]
fn debug_hides_the_password() {
    assert_eq!(format!("{:?}", password("hunter22")), "Password(hidden)");
}

#[tokio::test]
async fn a_hash_matches_its_password_alone_and_never_repeats() {
    let passwords = Passwords::cheap();
    let hash = passwords
        .hash(password("correct horse"), home())
        .await
        .unwrap();
    let again = passwords
        .hash(password("correct horse"), home())
        .await
        .unwrap();
    assert_ne!(hash, again, "each has a salt of its own");
    for (text, right) in [
        ("correct horse", true),
        ("correct horsf", false),
        ("Correct horse", false),
        ("correct horse ", false),
        ("", false),
    ] {
        let answer = passwords.verify(password(text), hash.clone(), home()).await;
        assert_eq!(answer.unwrap(), right, "{text:?}");
    }
}

#[tokio::test]
async fn todays_parameters_are_those_of_owasp() {
    let hash = Passwords::default()
        .hash(password("hunter22"), home())
        .await;
    let hash = hash.unwrap().0;
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
}

#[tokio::test]
async fn agrees_with_the_vectors_of_the_reference_implementation() {
    // P-H-C/phc-winner-argon2, src/test.c; the first one asks for the most that is granted.
    let passwords = Passwords::default();
    for vector in [
        "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
    ] {
        for (text, right) in [("password", true), ("Password", false)] {
            let stored = PasswordHash(vector.to_owned());
            let answer = passwords.verify(password(text), stored, home()).await;
            assert_eq!(answer.unwrap(), right, "{text} {vector}");
        }
    }
}

#[tokio::test]
async fn a_stored_hash_that_asks_for_too_much_is_not_run() {
    let passwords = Passwords::cheap();
    let tail = "$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
    for (head, runs) in [
        ("$argon2id$v=19$m=64,t=8,p=4", true),
        ("$argon2id$v=19$m=65537,t=1,p=1", false),
        ("$argon2id$v=19$m=4294967295,t=1,p=1", false),
        ("$argon2id$v=19$m=64,t=9,p=1", false),
        ("$argon2id$v=19$m=64,t=4294967295,p=1", false),
        ("$argon2id$v=19$m=64,t=1,p=5", false),
        ("$argon2i$v=19$m=64,t=1,p=1", false),
        ("$argon2id$v=99$m=64,t=1,p=1", false),
        ("$scrypt$ln=1", false),
        ("", false),
    ] {
        let stored = PasswordHash(format!("{head}{tail}"));
        let answer = passwords.verify(password("password"), stored, home()).await;
        match answer {
            Ok(right) => assert!(runs && !right, "{head}"),
            Err(AuthError::Hashing { .. }) => assert!(!runs, "{head}"),
            Err(other) => panic!("{head}: {other:?}"),
        }
    }
    let without_hash = PasswordHash("$argon2id$v=19$m=64,t=1,p=1".to_owned());
    let answer = passwords
        .verify(password("password"), without_hash, home())
        .await;
    assert!(matches!(answer, Err(AuthError::Hashing { .. })));
}

#[tokio::test]
async fn the_decoy_asks_for_the_work_of_a_real_hash_and_nothing_matches_it() {
    let passwords = Passwords::default();
    let real = passwords.hash(password("hunter22"), home()).await.unwrap();
    let (real, decoy) = (real.0, passwords.decoy().0);
    let (real, decoy) = (
        PhcString::new(&real).unwrap(),
        PhcString::new(&decoy).unwrap(),
    );
    assert_eq!(real.algorithm, decoy.algorithm);
    assert_eq!(real.version, decoy.version);
    assert_eq!(real.params, decoy.params);
    assert_eq!(real.salt.unwrap().len(), decoy.salt.unwrap().len());
    assert_eq!(real.hash.unwrap().len(), decoy.hash.unwrap().len());
    let answer = passwords
        .verify(password(""), passwords.decoy(), home())
        .await;
    assert!(!answer.unwrap());
}

#[tokio::test]
async fn beyond_the_queue_one_is_told_busy_and_after_it_served() {
    let passwords = at_once(1);
    let (still, work) = stand_still();
    let mut running = Box::pin(passwords.run_elsewhere(home(), work));
    assert!(poll_once(&mut running).is_pending());
    let mut waiting: Vec<_> = (0..WAITING_PER_CORE_MAX)
        .map(|_| Box::pin(passwords.hash(password("hunter22"), home())))
        .collect();
    for one in &mut waiting {
        assert!(poll_once(one).is_pending());
    }
    assert!(matches!(
        passwords.hash(password("hunter22"), home()).await,
        Err(AuthError::Busy)
    ));

    waiting.pop();
    let mut last = Box::pin(passwords.hash(password("hunter22"), home()));
    assert!(
        poll_once(&mut last).is_pending(),
        "one who gave up made room"
    );
    still.release.send(()).unwrap();
    running.await.unwrap();
    for one in waiting {
        one.await.unwrap();
    }
    last.await.unwrap();
}

#[tokio::test]
async fn as_many_run_at_once_as_there_are_turns_and_no_more() {
    let passwords = at_once(2);
    let barrier = Arc::new(Barrier::new(3));
    let meet = || {
        let barrier = Arc::clone(&barrier);
        move |_: &mut Workbench| {
            barrier.wait();
            Ok(())
        }
    };
    let mut first = Box::pin(passwords.run_elsewhere(home(), meet()));
    let mut second = Box::pin(passwords.run_elsewhere(home(), meet()));
    let mut third = Box::pin(passwords.hash(password("hunter22"), home()));
    assert!(poll_once(&mut first).is_pending());
    assert!(poll_once(&mut second).is_pending());
    assert_eq!(passwords.turns.free(), 0);
    assert!(poll_once(&mut third).is_pending());
    // Both stand at the barrier together, or this line would wait for ever.
    barrier.wait();
    first.await.unwrap();
    second.await.unwrap();
    third.await.unwrap();
}

#[tokio::test]
async fn no_more_memory_is_held_than_was_worked_in_at_once() {
    let passwords = Arc::new(at_once(2));
    let mut hashes = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let passwords = Arc::clone(&passwords);
        hashes.spawn(async move { passwords.hash(password("hunter22"), home()).await.is_ok() });
    }
    assert_eq!(hashes.join_all().await, [true; 50]);
    let held = passwords.benches.lock().unwrap().len();
    assert!((1..=2).contains(&held), "{held}");
}

#[tokio::test]
async fn a_caller_who_hangs_up_frees_the_core_only_when_the_hash_is_done() {
    let passwords = at_once(1);
    let (still, work) = stand_still();
    let mut abandoned = Box::pin(passwords.run_elsewhere(home(), work));
    assert!(poll_once(&mut abandoned).is_pending());
    still.begun.recv().unwrap();
    drop(abandoned);
    assert_eq!(passwords.turns.free(), 0);

    let mut next = Box::pin(passwords.hash(password("hunter22"), home()));
    assert!(poll_once(&mut next).is_pending());
    still.release.send(()).unwrap();
    next.await.unwrap();
}

#[tokio::test]
async fn a_log_in_waits_neither_for_a_flood_from_elsewhere_nor_for_registrations_beside_it() {
    let passwords = at_once(1);
    let (still, work) = stand_still();
    let mut running = Box::pin(passwords.run_elsewhere(home(), work));
    assert!(poll_once(&mut running).is_pending());
    let elsewhere = Source::of_log_in("198.51.100.7".parse().unwrap());
    let registering = Source::of_registration("192.0.2.1".parse().unwrap());
    let order = Arc::new(Mutex::new(Vec::new()));
    let note = |who: &'static str| {
        let order = Arc::clone(&order);
        move |_: &mut Workbench| {
            order.lock().unwrap().push(who);
            Ok(())
        }
    };
    let mut waiting = Vec::new();
    for (who, source, count) in [
        ("elsewhere", elsewhere, WAITING_PER_CORE_MAX / 2),
        ("registering", registering, WAITING_PER_CORE_MAX / 2),
        ("log-in", home(), 1),
    ] {
        for _ in 0..count {
            let mut one = Box::pin(passwords.run_elsewhere(source, note(who)));
            assert!(poll_once(&mut one).is_pending());
            waiting.push(one);
        }
    }
    still.release.send(()).unwrap();
    running.await.unwrap();
    let all_served = poll_fn(|context| {
        waiting.retain_mut(|one| one.as_mut().poll(context).is_pending());
        if waiting.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    });
    all_served.await;
    let order = order.lock().unwrap();
    assert_eq!(order[..3], ["elsewhere", "registering", "log-in"]);
    assert_eq!(order.len(), WAITING_PER_CORE_MAX, "one made room");
}
