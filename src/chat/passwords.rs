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
mod tests;
