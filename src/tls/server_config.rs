//! Settings and certificate → the `ServerConfig` that rustls works by.
//! Everything is said explicitly: no process-wide defaults, so that two configurations can live side by side.

use std::sync::Arc;

use tokio_rustls::rustls::crypto::CryptoProvider;
use tokio_rustls::rustls::crypto::aws_lc_rs::{Ticketer, default_provider};
use tokio_rustls::rustls::server::danger::ClientCertVerifier;
use tokio_rustls::rustls::server::{
    NoServerSessionStorage, ServerSessionMemoryCache, WebPkiClientVerifier,
};
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};

use super::certificate;
use super::error::SetupError;
use super::settings::{ClientAuth, Resumption, TlsSettings};

/// How many sessions the server remembers, if it does: each takes about a kilobyte.
const SESSIONS_MAX: usize = 1024;

/// rustls counts the header of a record with its content (RFC 8446 §5.1).
const RECORD_HEADER_LEN: usize = 5;

/// Whether clients must show the certificates that the settings ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AskClients {
    AsSet,
    /// For a handshake with ourselves: we have no client's certificate.
    Never,
}

/// What rustls needs to know to serve as `settings` say, with this certificate.
pub(crate) fn build(
    settings: &TlsSettings,
    key: Arc<CertifiedKey>,
    ask: AskClients,
) -> Result<ServerConfig, SetupError> {
    let refused = |error: rustls::Error| SetupError::Refused {
        detail: error.to_string(),
    };
    let provider = Arc::new(provider(settings));
    let versions: Vec<_> = settings
        .versions()
        .map(|version| version.rustls())
        .collect();
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&versions)
        .map_err(refused)?;
    let builder = match &settings.client_auth {
        Some(auth) if ask == AskClients::AsSet => {
            builder.with_client_cert_verifier(client_verifier(auth, provider)?)
        }
        _ => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    config.ignore_client_order = settings.prefer_server_ciphers;
    config.alpn_protocols = settings
        .alpn
        .iter()
        .map(|name| name.clone().into_bytes())
        .collect();
    config.max_fragment_size = Some(settings.max_record_payload + RECORD_HEADER_LEN);
    config.send_half_rtt_data = false;
    config.max_early_data_size = 0;
    set_resumption(&mut config, settings).map_err(refused)?;
    Ok(config)
}

/// What can be negotiated: the suites and groups of the settings, and nothing else.
fn provider(settings: &TlsSettings) -> CryptoProvider {
    CryptoProvider {
        cipher_suites: settings
            .cipher_suites
            .iter()
            .map(|suite| suite.rustls)
            .collect(),
        kx_groups: settings.groups.iter().map(|group| group.rustls).collect(),
        ..default_provider()
    }
}

/// A new configuration remembers no session of an older one: that one may have asked less of clients.
fn set_resumption(config: &mut ServerConfig, settings: &TlsSettings) -> Result<(), rustls::Error> {
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = settings.tickets;
    match settings.resumption {
        Resumption::Off => config.send_tls13_tickets = 0,
        Resumption::Stateful => {
            config.session_storage = ServerSessionMemoryCache::new(SESSIONS_MAX);
        }
        Resumption::Stateless => config.ticketer = Ticketer::new()?,
    }
    Ok(())
}

fn client_verifier(
    auth: &ClientAuth,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, SetupError> {
    let useless = |detail: String| SetupError::ClientAuthorities {
        path: auth.ca.clone(),
        detail,
    };
    let authorities = certificate::read_certificates(&auth.ca)?;
    if authorities.is_empty() {
        return Err(useless("it holds no certificate".to_owned()));
    }
    let mut roots = RootCertStore::empty();
    for authority in authorities {
        roots
            .add(authority)
            .map_err(|error| useless(error.to_string()))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = match auth.required {
        true => builder,
        false => builder.allow_unauthenticated(),
    };
    builder.build().map_err(|error| useless(error.to_string()))
}
