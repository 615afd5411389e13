//! Who is logged in: starts, finds and ends sessions, and tells those who hold one when it ends.
//! No cookies, passwords or log lines. The clock is the caller's too: every `now` is passed in, of one that nobody sets.
//!
//! A session lives in the database, so a restart logs nobody out, and while it is used in memory as
//! well, so a request reads nothing from the disk. Whatever ends one is first written to the
//! database, then carried out in memory, on a task of its own: a client that hangs up in the middle
//! must not leave the two in disagreement.

mod live;
mod token;

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;

use live::{LIVE_MAX, Live, LiveSessions};
pub use token::{SessionToken, hash_of};

use crate::model::{User, UserId, UtcMillis};
use crate::store::{Session, SessionTransport, StoreError, TokenHash, UserStore};

/// A session ends when it was not used for so long: 12 hours, one day of work.
pub const IDLE_MILLIS_MAX: i64 = 12 * 60 * 60 * 1000;

/// A session ends so long after it was made, used or not: 7 days. A stolen token ends with it.
pub const AGE_MILLIS_MAX: i64 = 7 * 24 * 60 * 60 * 1000;

/// How often `Sessions::sweep` wants to be called: an open socket learns so much later at most
/// that its session has expired.
pub const SWEEP_EVERY_SECS: u64 = 60;

/// How often the use of a session is written down. A session that was not in memory (after a
/// restart) may expire so much too early.
const NOTE_EVERY_MILLIS: i64 = 60 * 1000;

/// How long a request waits for that at the most.
const NOTE_WAIT_MAX: Duration = Duration::from_millis(200);

/// All sessions. Clones are the same sessions.
#[derive(Clone)]
pub struct Sessions {
    users: Arc<dyn UserStore>,
    live: Arc<LiveSessions>,
}

impl Sessions {
    /// The sessions that `users` keeps.
    #[must_use]
    pub fn new(users: Arc<dyn UserStore>) -> Self {
        Self::with_live_max(users, LIVE_MAX)
    }

    /// Starts a session for a user who has just proved to be one, under a token never used before.
    ///
    /// `old_token` is what the same request carried as its session cookie. That session ends, so
    /// that nobody can slip a token of theirs to somebody, and share the session that grows on it;
    /// unless it has leaked: its owner is still to be told. (A leak is not reported from here: ask
    /// `find` first, as on every request.)
    ///
    /// # Errors
    /// If there is no randomness, or the store fails. Then there is no new session.
    pub async fn start(
        &self,
        user_id: UserId,
        transport: SessionTransport,
        old_token: Option<&str>,
        now: UtcMillis,
    ) -> Result<SessionToken, SessionError> {
        if let Some(old) = old_token
            && let Found::Valid(view) = self.find(old, transport, now).await?
        {
            self.end(view.key()).await?;
        }
        let (token, token_hash) = SessionToken::draw().map_err(|_| SessionError::NoRandomness)?;
        let session = Session {
            token_hash,
            user_id,
            transport,
            created_at: now,
            last_used_at: now,
            leaked_at: None,
        };
        self.users.add_session(session).await?;
        Ok(token)
    }

    /// The session of the token in a cookie, which counts as a use of it.
    ///
    /// A token that shows up on the other transport than its session was made on has been seen, or
    /// could have been, by somebody else: the session ends at once, on both.
    ///
    /// # Errors
    /// If the store fails. A leaked session is unusable even if that could not be written.
    pub async fn find(
        &self,
        token_text: &str,
        transport: SessionTransport,
        now: UtcMillis,
    ) -> Result<Found, StoreError> {
        let Some(key) = token::hash_of(token_text) else {
            return Ok(Found::None);
        };
        let live = match self.load(key, now).await? {
            Loaded::Live(live) => live,
            Loaded::Ended(found) => return Ok(found),
        };
        match live.end_reason() {
            // It is still in memory, so the database does not know yet: it may have refused.
            Some(EndReason::Leaked) => return self.leak(live, now).await,
            Some(EndReason::Expired) => return Ok(Found::Expired),
            Some(EndReason::LoggedOut | EndReason::AccountDeleted) => return Ok(Found::None),
            None => {}
        }
        if live.is_expired(now) {
            self.live.end(key, EndReason::Expired);
            return Ok(Found::Expired);
        }
        if live.transport != transport {
            return self.leak(live, now).await;
        }
        self.note_use(&live, now).await;
        Ok(Found::Valid(SessionView { live }))
    }

    /// Notes that a session is used without a request: for an open WebSocket, at each sign of life.
    /// A session whose time is over is ended instead, and `SessionView::ended` tells so.
    pub async fn touch(&self, view: &SessionView, now: UtcMillis) {
        if view.live.end_reason().is_some() {
            return;
        }
        if view.live.is_expired(now) {
            self.live.end(view.key(), EndReason::Expired);
        } else {
            self.note_use(&view.live, now).await;
        }
    }

    /// Logs out; false if there was no such session (any more).
    ///
    /// # Errors
    /// If the store fails. Then the session goes on.
    pub async fn end(&self, key: TokenHash) -> Result<bool, StoreError> {
        let this = self.clone();
        to_its_end(async move {
            let removed = this.users.remove_session(key).await?;
            this.live.end(key, EndReason::LoggedOut);
            Ok(removed)
        })
        .await
    }

    /// Deletes a user's account, and ends all their sessions with it; false if there was none.
    /// Here, and not by a call to the store alone, because sessions in memory have to go as well.
    ///
    /// # Errors
    /// If the store fails. Then the account stays as it is.
    pub async fn delete_account(&self, user_id: UserId) -> Result<bool, StoreError> {
        let this = self.clone();
        to_its_end(async move {
            let deleted = this.users.delete_user(user_id).await?;
            this.live.end_all_of(user_id, EndReason::AccountDeleted);
            Ok(deleted)
        })
        .await
    }

    /// Ends what has expired, and cleans the database of it; says how many rows went. To be called
    /// every `SWEEP_EVERY_SECS`.
    ///
    /// # Errors
    /// If the store fails. What has expired has ended nevertheless.
    pub async fn sweep(&self, now: UtcMillis) -> Result<usize, StoreError> {
        self.live.end_expired(now);
        // The database may know of the last use a little late: a row must not go before its time.
        let idle_since = now.0.saturating_sub(IDLE_MILLIS_MAX + NOTE_EVERY_MILLIS);
        let made_before = now.0.saturating_sub(AGE_MILLIS_MAX);
        self.users
            .sweep_sessions(UtcMillis(idle_since), UtcMillis(made_before), now)
            .await
    }

    fn with_live_max(users: Arc<dyn UserStore>, live_max: usize) -> Self {
        Self {
            users,
            live: Arc::new(LiveSessions::new(live_max)),
        }
    }

    /// The session from memory, else from the database.
    async fn load(&self, key: TokenHash, now: UtcMillis) -> Result<Loaded, StoreError> {
        loop {
            let endings = match self.live.get(key) {
                Ok(live) => return Ok(Loaded::Live(live)),
                Err(endings) => endings,
            };
            let Some(session) = self.users.session(key).await? else {
                return Ok(Loaded::Ended(Found::None));
            };
            let user_id = session.user_id;
            if let Some(at) = session.leaked_at {
                return Ok(Loaded::Ended(Found::Leaked {
                    user_id,
                    at,
                    discovered_now: false,
                }));
            }
            let Some((user, _)) = self.users.user_by_id(user_id).await? else {
                return Ok(Loaded::Ended(Found::None));
            };
            if let Some(live) = self.live.keep(Live::new(&session, user, now), endings) {
                return Ok(Loaded::Live(live));
            }
        }
    }

    /// Ends a session as leaked: first in memory, so that nobody can use it even if the database
    /// refuses. It stays there until the database knows.
    async fn leak(&self, live: Arc<Live>, now: UtcMillis) -> Result<Found, StoreError> {
        let at = live.leak(now);
        let (key, user_id) = (live.key, live.user.id);
        let this = self.clone();
        let discovered_now = to_its_end(async move {
            this.users.mark_leaked(key, at).await?;
            Ok(this.live.end(key, EndReason::Leaked))
        })
        .await?;
        Ok(Found::Leaked {
            user_id,
            at,
            discovered_now,
        })
    }

    async fn note_use(&self, live: &Live, now: UtcMillis) {
        if live.note_use(now, NOTE_EVERY_MILLIS) {
            // A full disk must not keep anybody from reading, nor a program that holds the database:
            // memory knows of the use, and the next minute tries again.
            let noted = self.users.touch_session(live.key, now);
            let _ = timeout(NOTE_WAIT_MAX, noted).await;
        }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

/// What a token turned out to be.
#[derive(Debug)]
pub enum Found {
    /// The token of a session in use.
    Valid(SessionView),
    /// No token of ours, or one of a session that was ended.
    None,
    /// The token of a session whose time is over.
    Expired,
    /// The token of a session that was ended since its token showed up on the other transport.
    /// Its owner should be told whenever the token comes back.
    Leaked {
        /// Whose session it was.
        user_id: UserId,
        /// When it showed up.
        at: UtcMillis,
        /// Whether it was this very call that found out: true once for each leak, for the log.
        discovered_now: bool,
    },
}

/// A session in use. Clones are the same session.
#[derive(Debug, Clone)]
pub struct SessionView {
    live: Arc<Live>,
}

impl SessionView {
    /// Who is logged in.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.live.user
    }

    /// What to end it by.
    #[must_use]
    pub fn key(&self) -> TokenHash {
        self.live.key
    }

    /// Where it was made, and may be used.
    #[must_use]
    pub fn transport(&self) -> SessionTransport {
        self.live.transport
    }

    /// Waits until the session ends, and says why; at once if it has ended. May be dropped and
    /// called again.
    pub async fn ended(&self) -> EndReason {
        self.live.ended().await
    }
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndReason {
    /// Its owner logged out, or logged in anew.
    LoggedOut,
    /// It was not used for 12 hours, or 7 days were over.
    Expired,
    /// Its token showed up on the other transport.
    Leaked,
    /// Its owner's account is gone.
    AccountDeleted,
}

impl EndReason {
    /// The `reason` of `session_ended` (docs/PROTOCOL.md).
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::LoggedOut => "logged_out",
            Self::Expired => "expired",
            Self::Leaked => "leaked",
            Self::AccountDeleted => "account_deleted",
        }
    }
}

/// The sentence for the session's owner.
impl fmt::Display for EndReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::LoggedOut => "You have logged out.",
            Self::Expired => "Your session has expired: log in again.",
            Self::Leaked => {
                "Your session token was seen on the other transport, so somebody else may have it; the session was ended: log in again."
            }
            Self::AccountDeleted => "This account was deleted.",
        })
    }
}

/// Why no session could be started. `Display` is one sentence with its cure.
#[derive(Debug)]
pub enum SessionError {
    /// The system gave no random bytes.
    NoRandomness,
    /// The users could not be read or written.
    Store(StoreError),
}

impl fmt::Display for SessionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRandomness => {
                f.write_str("The system has no random bytes to give: try again in a moment.")
            }
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for SessionError {}

impl From<StoreError> for SessionError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

enum Loaded {
    Live(Arc<Live>),
    Ended(Found),
}

/// Runs `work` to its end, even if whoever asked for it goes away.
async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    // The task is only ever cut off when the whole program stops.
    let work = tokio::spawn(work);
    work.await.unwrap_or(Err(StoreError::Closed))
}

#[cfg(test)]
mod tests;
