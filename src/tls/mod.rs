//! TLS as `tls_config.json` wants it: settings and certificate in, encrypted streams out (RFC 8446, RFC 5246).
//! No HTTP and no chat: what travels inside the streams, and over which sockets, is not known here.

mod calendar;
mod certificate;
mod error;
mod failure;
mod files;
mod impossible;
mod key_log;
mod machine;
mod names;
mod negotiated;
mod new_certificate;
mod reminder;
mod self_test;
mod server_config;
mod settings;
mod x509;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::server::TlsStream;

use key_log::ConnectionKeyLog;

pub use calendar::UnixSecs;
pub use certificate::{CertificateFacts, CertificateSource};
pub use error::SetupError;
pub use failure::explain;
pub use key_log::{Secret, SecretListener};
pub use machine::{host_name, lan_addresses};
pub use names::{GROUPS, Group, SUITES, Suite, Version};
pub use negotiated::Negotiated;
pub use reminder::Reminder;
pub use self_test::Rehearsal;
pub use settings::{
    CertificateFiles, ClientAuth, Problem, Resumption, SettingsError, Subject, TlsSettings,
};

/// Where the settings and the certificate are to be found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sources {
    /// Usually `tls_config.json`.
    pub settings: PathBuf,
    /// Whether somebody asked for this very settings file: then it must exist.
    pub settings_named: bool,
    /// Usually `.tls/cert.pem` and `.tls/key.pem`.
    pub certificate: CertificateFiles,
    /// Whether somebody asked for these very files: then they must exist, and stand above those
    /// that the settings name. Otherwise they are made if there are none.
    pub certificate_named: bool,
}

impl Sources {
    /// The usual places below `folder`, none of them named by anybody.
    #[must_use]
    pub fn usual_in(folder: &Path) -> Self {
        Self {
            settings: folder.join("tls_config.json"),
            settings_named: false,
            certificate: CertificateFiles {
                certificate: folder.join(".tls/cert.pem"),
                private_key: folder.join(".tls/key.pem"),
            },
            certificate_named: false,
        }
    }
}

/// How TLS is done at the moment: changes only as a whole.
#[derive(Debug)]
pub struct Setup {
    /// As read from `tls_config.json`.
    pub settings: TlsSettings,
    /// The certificate in use.
    pub certificate: CertificateFacts,
    /// The handshakes that were tried in memory, the newest version first.
    pub rehearsals: Vec<Rehearsal>,
    server_config: Arc<ServerConfig>,
}

/// A client that did not get through the handshake.
#[derive(Debug)]
pub struct Refused<IO> {
    /// Why; `explain` says it in plain words. The client was sent an alert if there was one to send.
    pub error: io::Error,
    /// The stream underneath, so that it can be closed gently: closing at once could destroy the
    /// alert on its way.
    pub io: IO,
}

/// Turns streams into encrypted streams. Shared by all connections.
#[derive(Debug)]
pub struct Tls {
    sources: Sources,
    // Held only to copy or replace the pointer, never while anything waits.
    setup: RwLock<Arc<Setup>>,
}

impl Tls {
    /// Reads settings and certificate (making one if there is none and nobody named any), checks
    /// them, and tries a handshake.
    ///
    /// Reads files and computes for some milliseconds: not for an async thread.
    ///
    /// # Errors
    /// `SetupError`, whose sentence says what to change.
    pub fn start(sources: Sources) -> Result<Self, SetupError> {
        let setup = Setup::from_sources(&sources)?;
        Ok(Self {
            sources,
            setup: RwLock::new(Arc::new(setup)),
        })
    }

    /// Does what `start` did once more. Connections to come use the new settings, those that are
    /// open stay as they are.
    ///
    /// # Errors
    /// As `start`; then nothing has changed.
    pub fn reload(&self) -> Result<Arc<Setup>, SetupError> {
        let setup = Arc::new(Setup::from_sources(&self.sources)?);
        *self.setup.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&setup);
        Ok(setup)
    }

    /// How TLS is done at the moment.
    #[must_use]
    pub fn setup(&self) -> Arc<Setup> {
        Arc::clone(&self.setup.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Setup {
    /// Performs the server's part of the handshake on `io`.
    ///
    /// `on_secret` hears the secrets of this connection and no other. There is no deadline here:
    /// wrap the call in one.
    ///
    /// # Errors
    /// The reason, and `io` back.
    pub async fn accept<IO>(
        &self,
        io: IO,
        on_secret: Option<SecretListener>,
    ) -> Result<TlsStream<IO>, Refused<IO>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let shared = Arc::clone(&self.server_config);
        let config = match on_secret {
            None => shared,
            Some(on_secret) => watched(&shared, on_secret),
        };
        let accept = TlsAcceptor::from(config).accept(io).into_fallible();
        accept.await.map_err(|(error, io)| Refused { error, io })
    }

    fn from_sources(sources: &Sources) -> Result<Self, SetupError> {
        let settings = TlsSettings::load(&sources.settings, sources.settings_named)?;
        let source = match &settings.files {
            _ if sources.certificate_named => {
                CertificateSource::Theirs(sources.certificate.clone())
            }
            Some(files) => CertificateSource::Theirs(files.clone()),
            None => CertificateSource::Ours(sources.certificate.clone()),
        };
        let subject = &settings.subject;
        let names = machine::names_to_cover(subject);
        let certificate::Certificate { key, facts } =
            certificate::load_or_make(&source, subject, &names, UnixSecs::now())?;
        let config = server_config::build(
            &settings,
            Arc::clone(&key),
            server_config::AskClients::AsSet,
        )?;
        let rehearsals = self_test::rehearse(&settings, &key)?;
        Ok(Self {
            settings,
            certificate: facts,
            rehearsals,
            server_config: Arc::new(config),
        })
    }
}

/// A copy of the configuration for one connection alone, with that connection's own key log.
///
/// So secrets need not be sorted by connection afterwards, and cannot end up with another one. A
/// copy has some 240 bytes; sessions and tickets stay shared, as they lie behind pointers.
fn watched(shared: &ServerConfig, on_secret: SecretListener) -> Arc<ServerConfig> {
    let mut own = shared.clone();
    own.key_log = Arc::new(ConnectionKeyLog::new(on_secret));
    Arc::new(own)
}

#[cfg(test)]
mod tests;
