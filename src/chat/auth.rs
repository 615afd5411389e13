//! Accounts: who registers, who logs in, and whose password was right.
//! No cookies or sessions (`sessions`), no argon2 (`passwords`), no counting (`throttle`).

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::pace::Paces;
use super::passwords::{PASSWORD_LEN, Password, Passwords, Source};
use super::throttle::{Attempt, Network, Throttle};
use crate::model::{User, UserId, UserName, UtcMillis};
use crate::store::{PasswordHash, StoreError, UserStore};

/// When a client that was told `Busy` may come again: by then the longest queue is worked off.
const BUSY_RETRY_AFTER: Duration = Duration::from_secs(5);

/// How many accounts may be made from one address at once, and how long it takes until there may be one more. A whole
/// school may sit behind one, and begin on the same morning; but names are kept for ever, and in memory.
const ACCOUNTS_AT_ONCE: u32 = 1000;
const ACCOUNT_EVERY: Duration = Duration::from_secs(10);

/// Registers users and checks their passwords.
pub struct Auth {
    users: Arc<dyn UserStore>,
    passwords: Passwords,
    throttle: Throttle,
    accounts: Paces<Network>,
}

impl Auth {
    /// `passwords` is `Passwords::default()`, or something cheaper in tests.
    #[must_use]
    pub fn new(users: Arc<dyn UserStore>, passwords: Passwords) -> Self {
        Self {
            users,
            passwords,
            throttle: Throttle::default(),
            accounts: Paces::new(ACCOUNT_EVERY, ACCOUNTS_AT_ONCE),
        }
    }

    /// Makes an account.
    ///
    /// A taken name is told at once, without hashing: registration has to tell it anyway, and
    /// names are no secret where everyone sees who is there.
    ///
    /// # Errors
    /// `PasswordLength`, `NameTaken`, `TooManyAccounts`, `Busy`, `Hashing` or `Store`.
    pub async fn register(
        &self,
        name: UserName,
        password: Password,
        address: IpAddr,
        now: UtcMillis,
    ) -> Result<User, AuthError> {
        password.check_length()?;
        if self.users.user_by_name(name.clone()).await?.is_some() {
            return Err(AuthError::NameTaken);
        }
        self.accounts
            .take(Network::of(address), Instant::now())
            .map_err(|retry_after| AuthError::TooManyAccounts { retry_after })?;
        let source = Source::of_registration(address);
        let hash = self.passwords.hash(password, source).await?;
        // Somebody may have taken the name in the meantime: the store has the last word.
        let added = self.users.add_user(name, hash, now).await?;
        added.ok_or(AuthError::NameTaken)
    }

    /// The user of that name, if the password is theirs. Blanks around the name do not count:
    /// a phone adds one behind each word that it completes.
    ///
    /// A name that nobody has takes as long as a wrong password, and gets the same answer. A text
    /// that cannot be a name is answered at once, as the rule for names is public.
    ///
    /// # Errors
    /// `WrongNameOrPassword`, `TooManyFailures`, `Busy`, `Hashing` or `Store`.
    pub async fn log_in(
        &self,
        name: &str,
        password: Password,
        address: IpAddr,
    ) -> Result<User, AuthError> {
        let name = UserName::new(name.trim()).map_err(|_| AuthError::WrongNameOrPassword)?;
        let attempt = self.begin(&name, address)?;
        let answer = async {
            let known = self.users.user_by_name(name).await?;
            self.compare(known, password, address).await
        };
        settle(attempt, answer.await)
    }

    /// The user of that id, if the password is theirs: asked again before an account is deleted,
    /// and slowed down like a login, since a session alone must not be enough to guess it.
    ///
    /// # Errors
    /// As `log_in`; `WrongNameOrPassword` also if the account is gone.
    pub async fn check(
        &self,
        id: UserId,
        password: Password,
        address: IpAddr,
    ) -> Result<User, AuthError> {
        let known = self.users.user_by_id(id).await?;
        let (user, hash) = known.ok_or(AuthError::WrongNameOrPassword)?;
        let attempt = self.begin(&user.name, address)?;
        settle(
            attempt,
            self.compare(Some((user, hash)), password, address).await,
        )
    }

    fn begin(&self, name: &UserName, address: IpAddr) -> Result<Attempt<'_>, AuthError> {
        self.throttle
            .begin(name, address, Instant::now())
            .map_err(|retry_after| AuthError::TooManyFailures { retry_after })
    }

    async fn compare(
        &self,
        known: Option<(User, PasswordHash)>,
        password: Password,
        address: IpAddr,
    ) -> Result<User, AuthError> {
        let (user, hash) = match known {
            Some((user, hash)) => (Some(user), hash),
            None => (None, self.passwords.decoy()),
        };
        let source = Source::of_log_in(address);
        let right = self.passwords.verify(password, hash, source).await?;
        user.filter(|_| right).ok_or(AuthError::WrongNameOrPassword)
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").finish_non_exhaustive()
    }
}

/// Tells the throttle what became of a try. Only a comparison that was made counts.
fn settle(attempt: Attempt<'_>, answer: Result<User, AuthError>) -> Result<User, AuthError> {
    match answer {
        Ok(_) => attempt.succeeded(),
        Err(AuthError::WrongNameOrPassword) => attempt.failed(Instant::now()),
        Err(_) => attempt.withdrawn(),
    }
    answer
}

/// Why somebody did not get in. `Display` is the sentence for the user, except that of `Hashing`
/// and `Store`, which is for the log.
#[derive(Debug)]
pub enum AuthError {
    /// Another account has this name, in whatever case.
    NameTaken,
    /// A new password with too few or too many bytes.
    PasswordLength,
    /// One answer for both, so that it does not tell which names exist.
    WrongNameOrPassword,
    /// Too many tries for this name or from this address.
    TooManyFailures {
        /// How long to wait before the next one.
        retry_after: Duration,
    },
    /// Too many accounts were made from this address.
    TooManyAccounts {
        /// How long to wait before the next one.
        retry_after: Duration,
    },
    /// More passwords to hash than can wait.
    Busy,
    /// argon2 did not run, or what is stored is not a hash.
    Hashing {
        /// What was wrong.
        detail: String,
    },
    /// The users could not be read or written.
    Store(StoreError),
}

impl AuthError {
    /// What to put into `Retry-After` (RFC 9110 §10.2.3), in seconds, rounded up: a client that
    /// obeys it does not come too early.
    #[must_use]
    pub fn retry_after_secs(&self) -> Option<u64> {
        let wait = match self {
            Self::TooManyFailures { retry_after } | Self::TooManyAccounts { retry_after } => {
                *retry_after
            }
            Self::Busy => BUSY_RETRY_AFTER,
            _ => return None,
        };
        Some(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wait = self.retry_after_secs().unwrap_or(0);
        match self {
            Self::NameTaken => f.write_str("This name is taken: choose another one."),
            Self::PasswordLength => write!(
                f,
                "A password has {} to {} bytes; a letter such as “é” counts as two.",
                PASSWORD_LEN.start(),
                PASSWORD_LEN.end()
            ),
            Self::WrongNameOrPassword => f.write_str("The name or the password is wrong."),
            Self::TooManyFailures { .. } => {
                write!(f, "Too many failed attempts: try again in {wait} s.")
            }
            Self::TooManyAccounts { .. } => write!(
                f,
                "Too many accounts were made from your address: try again in {wait} s."
            ),
            Self::Busy => write!(
                f,
                "Too many people are logging in at this moment: try again in {wait} s."
            ),
            Self::Hashing { detail } => write!(f, "A password could not be checked: {detail}."),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for AuthError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // `Display` shows the store's own sentence, so the chain goes on behind it.
            Self::Store(error) => error.source(),
            _ => None,
        }
    }
}

impl From<StoreError> for AuthError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fake_store::FakeStore;
    use super::super::throttle::PAIR_FAILURES_FREE;
    use super::*;

    const HOME: &str = "192.0.2.1";
    const AWAY: &str = "198.51.100.7";
    const NOW: UtcMillis = UtcMillis(1_763_800_000_000);

    struct Scene {
        store: Arc<FakeStore>,
        auth: Auth,
    }

    /// A server where “Ana” has the password “correct horse”.
    async fn with_ana() -> Scene {
        let store = Arc::new(FakeStore::default());
        let auth = Auth::new(Arc::clone(&store) as _, Passwords::cheap());
        let scene = Scene { store, auth };
        scene.register("Ana", "correct horse").await.unwrap();
        scene
    }

    impl Scene {
        async fn register(&self, name: &str, password: &str) -> Result<User, AuthError> {
            self.register_at(name, password, HOME).await
        }

        async fn register_at(
            &self,
            name: &str,
            password: &str,
            address: &str,
        ) -> Result<User, AuthError> {
            let name = UserName::new(name).unwrap();
            let address = address.parse().unwrap();
            self.auth
                .register(name, password.to_owned().into(), address, NOW)
                .await
        }

        async fn log_in(
            &self,
            name: &str,
            password: &str,
            address: &str,
        ) -> Result<User, AuthError> {
            let address = address.parse().unwrap();
            self.auth
                .log_in(name, password.to_owned().into(), address)
                .await
        }

        async fn check(&self, id: UserId, password: &str) -> Result<User, AuthError> {
            let address = HOME.parse().unwrap();
            self.auth
                .check(id, password.to_owned().into(), address)
                .await
        }
    }

    fn is_wrong(answer: &Result<User, AuthError>) -> bool {
        matches!(answer, Err(AuthError::WrongNameOrPassword))
    }

    fn is_throttled(answer: &Result<User, AuthError>) -> bool {
        matches!(answer, Err(AuthError::TooManyFailures { .. }))
    }

    #[tokio::test]
    async fn who_registered_logs_in_with_that_password_in_any_case_of_the_name() {
        let scene = with_ana().await;
        for (name, password, good) in [
            ("Ana", "correct horse", true),
            ("aNA", "correct horse", true),
            (" ana ", "correct horse", true),
            ("Ana", "correct horsf", false),
            ("Ana", "", false),
            ("ben", "correct horse", false),
            ("no such name", "correct horse", false),
            ("", "", false),
        ] {
            let answer = scene.log_in(name, password, HOME).await;
            match &answer {
                Ok(user) => assert!(good && user.name.as_str() == "Ana", "{name:?}"),
                Err(_) => assert!(!good && is_wrong(&answer), "{name:?} {answer:?}"),
            }
        }
    }

    #[tokio::test]
    async fn a_name_is_given_once_whatever_the_case() {
        let scene = with_ana().await;
        let again = scene.register("aNA", "battery staple").await;
        assert!(matches!(again, Err(AuthError::NameTaken)));
        assert!(scene.log_in("ana", "correct horse", HOME).await.is_ok());
        assert!(scene.register("ben", "battery staple").await.is_ok());
    }

    #[tokio::test]
    async fn one_address_makes_a_thousand_accounts_and_no_more_and_another_goes_on() {
        let scene = with_ana().await;
        for number in 1..ACCOUNTS_AT_ONCE {
            let name = format!("user-{number}");
            scene.register(&name, "battery staple").await.unwrap();
        }
        let refused = scene.register("ben", "battery staple").await;
        let Err(AuthError::TooManyAccounts { retry_after }) = refused else {
            panic!("{refused:?}");
        };
        assert!(retry_after <= ACCOUNT_EVERY);
        let elsewhere = scene.register_at("ben", "battery staple", AWAY).await;
        assert!(elsewhere.is_ok());
        // Nobody is kept from the account they have.
        assert!(scene.log_in("Ana", "correct horse", HOME).await.is_ok());
    }

    #[tokio::test]
    async fn of_two_who_register_a_name_at_once_one_gets_it() {
        let scene = with_ana().await;
        let (one, other) = tokio::join!(
            scene.register("ben", "battery staple"),
            scene.register("Ben", "battery stable")
        );
        let refused = [&one, &other]
            .iter()
            .filter(|answer| matches!(answer, Err(AuthError::NameTaken)))
            .count();
        assert_eq!((refused, one.is_ok() ^ other.is_ok()), (1, true));
    }

    #[tokio::test]
    async fn a_crowd_is_told_busy_and_nothing_that_needs_no_hash_waits_for_it() {
        let scene = with_ana().await;
        let crowd = scene.auth.passwords.crowd().await;
        for (name, why) in [
            ("Ana", "a known name"),
            ("ben", "an unknown one does the same work"),
        ] {
            let answer = scene.log_in(name, "correct horse", HOME).await;
            assert!(matches!(answer, Err(AuthError::Busy)), "{why}: {answer:?}");
        }
        let answer = scene.register("ben", "battery staple").await;
        assert!(matches!(answer, Err(AuthError::Busy)));
        let answer = scene.register("ana", "battery staple").await;
        assert!(matches!(answer, Err(AuthError::NameTaken)));
        let answer = scene.register("ben", "1234567").await;
        assert!(matches!(answer, Err(AuthError::PasswordLength)));
        let answer = scene.log_in("not a name", "correct horse", HOME).await;
        assert!(is_wrong(&answer));
        drop(crowd);
        assert!(scene.log_in("Ana", "correct horse", HOME).await.is_ok());
    }

    #[tokio::test]
    async fn what_was_not_compared_is_not_counted_as_a_failure() {
        let scene = with_ana().await;
        let crowd = scene.auth.passwords.crowd().await;
        for _ in 0..2 * PAIR_FAILURES_FREE {
            let answer = scene.log_in("Ana", "wrong password", HOME).await;
            assert!(matches!(answer, Err(AuthError::Busy)));
        }
        drop(crowd);
        scene.store.refuse_reads(true);
        for _ in 0..2 * PAIR_FAILURES_FREE {
            let answer = scene.log_in("Ana", "wrong password", HOME).await;
            assert!(matches!(answer, Err(AuthError::Store(_))));
        }
        scene.store.refuse_reads(false);
        assert!(scene.log_in("Ana", "correct horse", HOME).await.is_ok());
    }

    #[tokio::test]
    async fn after_five_failures_even_the_right_password_waits_but_not_from_elsewhere() {
        let scene = with_ana().await;
        for _ in 0..PAIR_FAILURES_FREE {
            assert!(is_wrong(&scene.log_in("Ana", "wrong password", HOME).await));
        }
        let answer = scene.log_in("ana", "correct horse", HOME).await;
        assert!(is_throttled(&answer));
        assert_eq!(answer.unwrap_err().retry_after_secs(), Some(1));
        assert!(scene.log_in("ana", "correct horse", AWAY).await.is_ok());
    }

    #[tokio::test]
    async fn success_clears_the_failures_before_it() {
        let scene = with_ana().await;
        for _ in 0..3 {
            for _ in 1..PAIR_FAILURES_FREE {
                assert!(is_wrong(&scene.log_in("Ana", "wrong password", HOME).await));
            }
            assert!(scene.log_in("Ana", "correct horse", HOME).await.is_ok());
        }
    }

    #[tokio::test]
    async fn of_twenty_guesses_at_once_five_are_compared() {
        let scene = Arc::new(with_ana().await);
        let mut guesses = tokio::task::JoinSet::new();
        for n in 0..20 {
            let scene = Arc::clone(&scene);
            guesses.spawn(async move { scene.log_in("Ana", &format!("guess {n}"), HOME).await });
        }
        let answers = guesses.join_all().await;
        let compared = answers.iter().filter(|answer| is_wrong(answer)).count();
        let refused = answers.iter().filter(|answer| is_throttled(answer)).count();
        assert_eq!((compared, refused), (5, 15));
    }

    #[tokio::test]
    async fn asking_for_the_password_again_is_slowed_down_like_a_login() {
        let scene = with_ana().await;
        let id = scene.log_in("Ana", "correct horse", HOME).await.unwrap().id;
        assert!(scene.check(id, "correct horse").await.is_ok());
        for _ in 0..PAIR_FAILURES_FREE {
            assert!(is_wrong(&scene.check(id, "wrong password").await));
        }
        assert!(is_throttled(&scene.check(id, "correct horse").await));
        assert!(is_throttled(
            &scene.log_in("Ana", "correct horse", HOME).await
        ));
        assert!(is_wrong(&scene.check(UserId(99), "correct horse").await));
    }

    #[tokio::test]
    async fn a_damaged_hash_is_an_error_of_ours_and_not_a_wrong_password() {
        let scene = with_ana().await;
        scene.store.damage_password_hashes();
        let answer = scene.log_in("Ana", "correct horse", HOME).await;
        assert!(matches!(answer, Err(AuthError::Hashing { .. })));
    }

    #[test]
    fn retry_after_is_rounded_up() {
        for (millis, secs) in [(1, 1), (1000, 1), (1001, 2), (60_000, 60)] {
            let error = AuthError::TooManyFailures {
                retry_after: Duration::from_millis(millis),
            };
            assert_eq!(error.retry_after_secs(), Some(secs));
            assert!(error.to_string().ends_with(&format!("in {secs} s.")));
        }
        assert_eq!(AuthError::Busy.retry_after_secs(), Some(5));
        assert_eq!(AuthError::NameTaken.retry_after_secs(), None);
    }
}
