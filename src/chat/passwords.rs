//! Hashes passwords with argon2id, and checks them, off the async threads and a few at a time.
//! No names, accounts or throttling: `auth` decides whose password is checked, and whether at all.
//!
//! argon2 is meant to be slow: one hash takes some 40 ms of a core and 19 MiB (the first choice of
//! the OWASP Password Storage Cheat Sheet that needs no more than one core). So no more of them
//! run at once than there are cores; those who wait for their turn are counted, and addresses take turns, so that
//! a flood from one of them waits for itself.

mod workbench;

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::ops::RangeInclusive;
use std::sync::{Arc, Mutex, PoisonError};

use argon2::password_hash::Error as Argon2Error;
use argon2::password_hash::phc::PasswordHash as PhcString;
use argon2::{ARGON2ID_IDENT, Params};
use tokio::task::spawn_blocking;

use super::auth::AuthError;
use super::throttle::Network;
use super::turns::Turns;
use crate::store::PasswordHash;
use workbench::Workbench;

/// The shortest and the longest password, in bytes. Eight is the least that NIST SP 800-63B allows;
/// 128 holds any sentence, and whoever sends more is not a person who has to remember it.
pub const PASSWORD_LEN: RangeInclusive<usize> = 8..=128;

/// How many may wait for their turn, for each that can be hashed at once. A course of a hundred
/// that registers at the same moment is served even by one core, and the last of so many waits
/// some five seconds: a browser waits longer, its user hardly. Where it is full, who came last of
/// the address of which most wait makes room for one of another.
const WAITING_PER_CORE_MAX: usize = 128;

/// What a stored hash may ask for at most. Its parameters come from the database, and a line there
/// that asks for gigabytes or hours must not be able to stop the server. Enough for some years of
/// raising today's 19 MiB and two passes.
const MEMORY_KIB_MAX: u32 = 64 * 1024;
const PASSES_MAX: u32 = 8;
const LANES_MAX: u32 = 4;

/// A password as it was typed. `Debug` hides it.
pub struct Password(Vec<u8>);

impl From<String> for Password {
    fn from(typed: String) -> Self {
        Self(typed.into_bytes())
    }
}

impl Password {
    /// # Errors
    /// `PasswordLength`, if it is not one to register with.
    pub fn check_length(&self) -> Result<(), AuthError> {
        if PASSWORD_LEN.contains(&self.0.len()) {
            Ok(())
        } else {
            Err(AuthError::PasswordLength)
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

/// Where a wish to hash comes from. Those of one source wait behind one another, and the sources take turns: whoever logs
/// in waits neither for another address, nor for those who register from the same one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    network: Network,
    purpose: Purpose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Purpose {
    LogIn,
    Register,
}

impl Source {
    /// Somebody at this address shows a password.
    #[must_use]
    pub fn of_log_in(address: IpAddr) -> Self {
        Self {
            network: Network::of(address),
            purpose: Purpose::LogIn,
        }
    }

    /// Somebody at this address chooses a password.
    #[must_use]
    pub fn of_registration(address: IpAddr) -> Self {
        Self {
            network: Network::of(address),
            purpose: Purpose::Register,
        }
    }
}

/// The one place where argon2 runs.
#[derive(Debug)]
pub struct Passwords {
    params: Params,
    turns: Turns<Source>,
    /// Those that nobody works at. There are never more than were in use at once.
    benches: Arc<Mutex<Vec<Workbench>>>,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        Self::new(Params::DEFAULT, cores)
    }
}

impl Passwords {
    /// Hashes with `params`, at most `at_once` at the same time. Tests take cheap parameters.
    #[must_use]
    pub fn new(params: Params, at_once: NonZeroUsize) -> Self {
        let at_once = at_once.get();
        Self {
            params,
            benches: Arc::default(),
            turns: Turns::new(at_once, at_once.saturating_mul(WAITING_PER_CORE_MAX)),
        }
    }

    /// Hashes a new password, with a salt of its own.
    ///
    /// # Errors
    /// `Busy` or `Hashing`.
    pub async fn hash(
        &self,
        password: Password,
        source: Source,
    ) -> Result<PasswordHash, AuthError> {
        let params = self.params.clone();
        self.run_elsewhere(source, move |bench| {
            let hash = bench.hash(&password.0, &params).map_err(refusal)?;
            Ok(PasswordHash(hash.to_string()))
        })
        .await
    }

    /// Whether `stored` is the hash of this password.
    ///
    /// # Errors
    /// `Busy`, or `Hashing` if `stored` is not a hash, or asks for more work than is reasonable.
    pub async fn verify(
        &self,
        password: Password,
        stored: PasswordHash,
        source: Source,
    ) -> Result<bool, AuthError> {
        self.run_elsewhere(source, move |bench| matches(bench, &password, &stored))
            .await
    }

    /// A hash that no password has, and that takes exactly as long to check as one made today.
    pub(super) fn decoy(&self) -> PasswordHash {
        // Sixteen bytes of salt and 32 of output, all zero, in base64.
        PasswordHash(format!(
            "$argon2id$v=19${}${}${}",
            self.params,
            "A".repeat(22),
            "A".repeat(43)
        ))
    }

    /// Runs `work` on a thread that may block, when its turn comes: the only way to argon2.
    async fn run_elsewhere<T: Send + 'static>(
        &self,
        source: Source,
        work: impl FnOnce(&mut Workbench) -> Result<T, AuthError> + Send + 'static,
    ) -> Result<T, AuthError> {
        let turn = self.turns.take(source).await.ok_or(AuthError::Busy)?;
        let benches = Arc::clone(&self.benches);
        let running = spawn_blocking(move || {
            // It goes with the work, not with the caller: a client that hangs up drops this
            // future, while the core stays busy until the hash is done.
            let _turn = turn;
            let free = || benches.lock().unwrap_or_else(PoisonError::into_inner);
            let mut bench = free().pop().unwrap_or_default();
            let worked = work(&mut bench);
            free().push(bench);
            worked
        });
        running.await.unwrap_or_else(|stopped| {
            Err(AuthError::Hashing {
                detail: stopped.to_string(),
            })
        })
    }
}

fn matches(
    bench: &mut Workbench,
    password: &Password,
    stored: &PasswordHash,
) -> Result<bool, AuthError> {
    let stored = PhcString::new(&stored.0).map_err(|error| refusal(error.into()))?;
    let params = Params::try_from(&stored).map_err(refusal)?;
    let reasonable = stored.algorithm == ARGON2ID_IDENT
        && params.m_cost() <= MEMORY_KIB_MAX
        && params.t_cost() <= PASSES_MAX
        && params.p_cost() <= LANES_MAX;
    if !reasonable || stored.salt.is_none() || stored.hash.is_none() {
        return Err(AuthError::Hashing {
            detail: "the stored hash is not one that this program made".to_owned(),
        });
    }
    bench.verify(&password.0, &stored).map_err(refusal)
}

fn refusal(error: Argon2Error) -> AuthError {
    match error {
        // No 19 MiB to be had now; others will give theirs back.
        Argon2Error::OutOfMemory => AuthError::Busy,
        other => AuthError::Hashing {
            detail: other.to_string(),
        },
    }
}

#[cfg(test)]
impl Passwords {
    /// Few and cheap: for tests that are about something else.
    pub(crate) fn cheap() -> Self {
        Self::new(Params::new(8, 1, 1, None).unwrap(), NonZeroUsize::MIN)
    }

    /// Takes the turn and fills the line, each place from an address of its own, so that whatever wants to hash is told `Busy`
    /// until the answer is dropped.
    pub(crate) async fn crowd(&self) -> impl Sized + use<> {
        let source = |number| Source::of_log_in(std::net::Ipv4Addr::from_bits(number).into());
        let turn = self.turns.take(source(0)).await;
        let mut line = Vec::new();
        for number in 1..=u32::try_from(WAITING_PER_CORE_MAX).unwrap() {
            let turns = self.turns.clone();
            let mut waiting = Box::pin(async move { turns.take(source(number)).await });
            let mut context = std::task::Context::from_waker(std::task::Waker::noop());
            assert!(waiting.as_mut().poll(&mut context).is_pending());
            line.push(waiting);
        }
        (line, turn)
    }
}

#[cfg(test)]
mod tests {
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
}
