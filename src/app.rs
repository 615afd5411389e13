//! What every connection is given: stores, hub, sessions, pages' assets, log, and the word that it is time to stop.
//! It is put together once at the start; nothing is decided here afterwards.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};
use tokio::sync::watch;

use crate::assets::{AssetError, Assets};
use crate::chat::auth::Auth;
use crate::chat::directory::Directory;
use crate::chat::hub::Hub;
use crate::chat::passwords::Passwords;
use crate::chat::sessions::{SessionToken, Sessions, hash_of};
use crate::config::Config;
use crate::log;
use crate::log::Log;
use crate::model::UtcMillis;
use crate::store::sqlite::{SqliteChatStore, SqliteUserStore};
use crate::store::{ChatStore, StoreError, TokenHash, UserStore};
use crate::tls::{CertificateFiles, Setup, SetupError, Sources, Tls};
use crate::websocket::frame::append_text_frame;
use crate::wire::log::{HELD_BYTES_MAX, Sink, WireLog};

/// The shared handles of one running server.
pub struct App {
    /// What the server was told at the start.
    pub config: Config,
    /// One line per request and connection event.
    pub log: Arc<Log>,
    /// Who people are.
    pub users: Arc<dyn UserStore>,
    /// What they said.
    pub chat: Arc<dyn ChatStore>,
    /// Names by id.
    pub directory: Arc<Directory>,
    /// Rooms and news.
    pub hub: Hub,
    /// Passwords.
    pub auth: Auth,
    /// Logins.
    pub sessions: Sessions,
    /// Templates and static files.
    pub assets: Assets,
    /// How TLS is done, where it is.
    pub tls: Option<Tls>,
    /// What crossed the network, unless nothing is recorded.
    pub wire: Option<Arc<WireLog>>,
    /// The key that shows everybody's connections, if there is one.
    pub instructor: Option<InstructorKey>,
    stopping: watch::Receiver<bool>,
    databases: Databases,
}

/// What an instructor shows in order to see the connections of everybody: drawn at the start, and printed once.
pub struct InstructorKey {
    text: SessionToken,
    hash: TokenHash,
}

impl InstructorKey {
    fn draw() -> Result<Self, AppError> {
        let (text, hash) = SessionToken::draw().map_err(|_| AppError::NoRandomness)?;
        Ok(Self { text, hash })
    }

    /// As it stands in the URL that is printed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.text.as_str()
    }

    /// Whether this is it. Only hashes are compared: how long that takes tells nothing about the key.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        hash_of(text) == Some(self.hash)
    }
}

/// The two databases, kept here so that they can be closed in order.
struct Databases {
    users: Arc<SqliteUserStore>,
    chat: Arc<SqliteChatStore>,
}

/// Why the server cannot be put together. `Display` is one sentence with its cure.
#[derive(Debug)]
pub enum AppError {
    /// A database.
    Store(StoreError),
    /// TLS settings or certificate.
    Tls(SetupError),
    /// Templates.
    Assets(AssetError),
    /// HSTS, with a plain port beside the one with TLS.
    HstsWouldHidePlain,
    /// No key could be drawn.
    NoRandomness,
}

impl fmt::Display for AppError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(error) => error.fmt(f),
            Self::Tls(error) => error.fmt(f),
            Self::Assets(error) => error.fmt(f),
            Self::NoRandomness => f.write_str("The system gives this program no randomness: it cannot make keys."),
            Self::HstsWouldHidePlain => f.write_str(
                "hsts_seconds would make browsers refuse the plain side, which --both serves too: set it to 0 in the TLS settings, or start with --tls.",
            ),
        }
    }
}

impl std::error::Error for AppError {}

impl App {
    /// Opens the databases, reads the certificate (or makes one) and the templates.
    ///
    /// `sinks` are told of everything that crosses the network; `stopping` turns true when the server is to stop. Needs a tokio runtime.
    ///
    /// # Errors
    /// `AppError`; then nothing is left open.
    pub async fn start(
        config: Config,
        log: Arc<Log>,
        sinks: Vec<Arc<dyn Sink>>,
        stopping: watch::Receiver<bool>,
    ) -> Result<Self, AppError> {
        let assets = Assets::load(config.assets.clone(), config.asset_version.clone())
            .map_err(AppError::Assets)?;
        let instructor = config.instructor.then(InstructorKey::draw).transpose()?;
        let wire = config
            .wire
            .then(|| Arc::new(WireLog::new(HELD_BYTES_MAX, sinks)));
        let sources = config.listen.tls_port().map(|_| tls_sources(&config));
        let data = config.data.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let tls = sources.map(Tls::start).transpose().map_err(AppError::Tls)?;
            Ok((tls, Databases::open(&data).map_err(AppError::Store)?))
        });
        let (tls, databases) = opened
            .await
            .unwrap_or(Err(AppError::Store(StoreError::Closed)))?;
        if config.listen.plain_port().is_some() && tls.as_ref().is_some_and(demands_tls) {
            return Err(AppError::HstsWouldHidePlain);
        }
        let users: Arc<dyn UserStore> = databases.users.clone();
        let chat: Arc<dyn ChatStore> = databases.chat.clone();
        let known = users.users().await.map_err(AppError::Store)?;
        // An account deletion that was cut short between the two databases is finished now.
        chat.forget_all_but(known.iter().map(|user| user.id).collect())
            .await
            .map_err(AppError::Store)?;
        let directory = Arc::new(Directory::new(&known));
        let report = {
            let log = log.clone();
            move |outcome: Result<(), &StoreError>| match outcome {
                Ok(()) => log!(log, "messages can be stored again"),
                Err(error) => log!(log, "messages could not be stored: {error}"),
            }
        };
        let messages_per_second = config.limits.messages_per_second_max;
        Ok(Self {
            hub: Hub::new(
                chat.clone(),
                directory.clone(),
                append_text_frame,
                messages_per_second,
                Box::new(report),
            ),
            auth: Auth::new(users.clone(), Passwords::default()),
            sessions: Sessions::new(users.clone()),
            config,
            log,
            users,
            chat,
            directory,
            assets,
            tls,
            wire,
            instructor,
            stopping,
            databases,
        })
    }

    /// Resolves when the server is to stop; at once if it is stopping.
    pub async fn stopped(&self) {
        // An error means that the one who could say so is gone, which says the same.
        let _ = self.stopping.clone().wait_for(|&stopping| stopping).await;
    }

    /// Whether the server is stopping.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Reads certificate and TLS settings anew; `None` if this server speaks no TLS. Reads files: not
    /// for an async thread.
    ///
    /// # Errors
    /// As at the start; then nothing has changed.
    pub fn reload_tls(&self) -> Result<Option<Arc<Setup>>, AppError> {
        let Some(tls) = &self.tls else {
            return Ok(None);
        };
        let setup = tls.reload().map_err(AppError::Tls)?;
        Ok(Some(setup))
    }

    /// Does what `reload_tls` does, and tells the log what came of it: nobody else is there to be told.
    pub fn reload_tls_logged(&self) {
        let setup = match self.reload_tls() {
            Ok(Some(setup)) => setup,
            Ok(None) => {
                log!(
                    self.log,
                    "SIGHUP reads TLS settings anew, and this server speaks no TLS: nothing to do"
                );
                return;
            }
            Err(error) => {
                log!(
                    self.log,
                    "the old certificate and TLS settings stay in use, since the new ones are no good: {error}"
                );
                return;
            }
        };
        log!(
            self.log,
            "certificate and TLS settings were read anew; new connections use {}",
            setup.certificate.fingerprint
        );
        for warning in &setup.certificate.warnings {
            log!(self.log, "note: {warning}");
        }
        if setup.settings.hsts_seconds > 0 && !self.may_demand_tls() {
            log!(
                self.log,
                "note: hsts_seconds is passed over, since browsers would refuse the plain side, which --both serves too: set it to 0 in the TLS settings, or start with --tls."
            );
        }
    }

    /// Whether browsers may be told to come over TLS alone: not where there is a plain side too, which they
    /// would refuse from then on.
    #[must_use]
    pub fn may_demand_tls(&self) -> bool {
        self.config.listen.plain_port().is_none()
    }

    /// Commits what waits, and closes both databases.
    pub async fn close(&self) {
        self.databases.chat.close().await;
        self.databases.users.close().await;
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Databases {
    fn open(folder: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            users: Arc::new(SqliteUserStore::open(&folder.join("users.sqlite3"))?),
            chat: Arc::new(SqliteChatStore::open(&folder.join("chat.sqlite3"))?),
        })
    }
}

/// A clock that nobody can set, and that goes on while the machine sleeps.
#[cfg(any(target_os = "linux", target_os = "android"))]
const STEADY: ClockId = ClockId::CLOCK_BOOTTIME;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const STEADY: ClockId = ClockId::CLOCK_MONOTONIC;

/// The present moment by the system's clock: what people are shown as the time of what they said.
#[must_use]
pub fn now() -> UtcMillis {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    UtcMillis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// The present moment for sessions, by a clock that nobody sets: else a machine that finds a time server would end
/// them all at once, or make them last for years.
#[must_use]
pub fn steady_now() -> UtcMillis {
    UtcMillis(i64::try_from(steady_time().as_millis()).unwrap_or(i64::MAX))
}

/// The present moment in nanoseconds since 1970, for what crosses the wire. It never goes back, even where the system's clock is set.
#[must_use]
pub fn now_ns() -> u64 {
    u64::try_from(steady_time().as_nanos()).unwrap_or(u64::MAX)
}

/// The time since 1970: by the system's clock when this was asked first, and counted on from there.
fn steady_time() -> Duration {
    static START: LazyLock<(Duration, Duration)> = LazyLock::new(|| {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        (steady_clock(), since.unwrap_or_default())
    });
    let (start, since) = *START;
    since + steady_clock().saturating_sub(start)
}

fn steady_clock() -> Duration {
    // Fails only where there is no such clock, as on no system that this program runs on.
    clock_gettime(STEADY).map_or(Duration::ZERO, Duration::from)
}

fn demands_tls(tls: &Tls) -> bool {
    tls.setup().settings.hsts_seconds > 0
}

fn tls_sources(config: &Config) -> Sources {
    Sources {
        settings: config.tls_settings.clone(),
        settings_named: config.tls_settings_named,
        certificate: CertificateFiles {
            certificate: config.certificate.clone(),
            private_key: config.private_key.clone(),
        },
        certificate_named: config.certificate_named,
    }
}
