//! A handshake of the server with itself, in memory, before anybody connects.
//! Finds what rustls notices only then, such as suites for another kind of key; opens no socket.

use std::sync::Arc;

use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::aws_lc_rs::default_provider;
use tokio_rustls::rustls::crypto::{
    CryptoProvider, verify_tls12_signature, verify_tls13_signature,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, ConnectionCommon, DigitallySignedStruct, Error,
    PeerIncompatible, ServerConfig, ServerConnection, SideData, SignatureAlgorithm,
    SignatureScheme,
};

use super::error::SetupError;
use super::names::{GROUPS, GROUPS_BY_DEFAULT, SUITES, Version};
use super::negotiated::Negotiated;
use super::server_config::{self, AskClients};
use super::settings::TlsSettings;

/// More flights than any handshake has: TLS 1.2 needs two each way, and one more for a retry.
const FLIGHTS_MAX: usize = 10;

/// One handshake that worked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rehearsal {
    /// What a client of today gets.
    pub negotiated: Negotiated,
    /// What the client sent, record headers included.
    pub client_bytes: usize,
    /// What the server sent, tickets included.
    pub server_bytes: usize,
}

/// Tries one handshake in each version that is allowed, the newest first.
///
/// The client offers what browsers offer. It shows no certificate, and is asked for none: whether
/// the authorities in `client_auth` are usable was found out before.
pub(crate) fn rehearse(
    settings: &TlsSettings,
    key: &Arc<CertifiedKey>,
) -> Result<Vec<Rehearsal>, SetupError> {
    let server = server_config::build(settings, Arc::clone(key), AskClients::Never)?;
    let server = Arc::new(server);
    let mut versions: Vec<Version> = settings.versions().collect();
    versions.reverse();
    versions
        .into_iter()
        .map(|version| {
            handshake(version, Arc::clone(&server)).map_err(|error| SetupError::SelfTest {
                version,
                sentence: cure(&error, version, key.key.algorithm()),
            })
        })
        .collect()
}

/// One handshake in one version.
fn handshake(version: Version, server: Arc<ServerConfig>) -> Result<Rehearsal, Error> {
    let client = client_config(version)?;
    let name = ServerName::try_from("localhost").map_err(|_| Error::UnsupportedNameType)?;
    let mut client = ClientConnection::new(Arc::new(client), name)?;
    let mut server = ServerConnection::new(server)?;
    let (mut client_bytes, mut server_bytes) = (0, 0);
    for _ in 0..FLIGHTS_MAX {
        client_bytes += pass(&mut client, &mut server)?;
        let answered = pass(&mut server, &mut client)?;
        server_bytes += answered;
        if answered == 0 && !client.is_handshaking() {
            break;
        }
    }
    let negotiated = Negotiated::of(&server).ok_or(Error::HandshakeNotComplete)?;
    Ok(Rehearsal {
        negotiated,
        client_bytes,
        server_bytes,
    })
}

/// Carries all that one side has to say to the other; says how many bytes that was.
fn pass<A: SideData, B: SideData>(
    from: &mut ConnectionCommon<A>,
    to: &mut ConnectionCommon<B>,
) -> Result<usize, Error> {
    let in_memory = |error: std::io::Error| Error::General(error.to_string());
    let mut flight = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut flight).map_err(in_memory)?;
    }
    let mut unread = flight.as_slice();
    while !unread.is_empty() {
        to.read_tls(&mut unread).map_err(in_memory)?;
        to.process_new_packets()?;
    }
    Ok(flight.len())
}

/// A client as browsers are: it prefers post-quantum key agreement, and knows all suites.
fn client_config(version: Version) -> Result<ClientConfig, Error> {
    let provider = Arc::new(CryptoProvider {
        cipher_suites: SUITES.iter().map(|suite| suite.rustls).collect(),
        kx_groups: GROUPS
            .iter()
            .take(GROUPS_BY_DEFAULT)
            .map(|group| group.rustls)
            .collect(),
        ..default_provider()
    });
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[version.rustls()])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Says which setting to change.
fn cure(error: &Error, version: Version, key: SignatureAlgorithm) -> String {
    match error {
        Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon) => {
            let (kind, mark) = match key {
                SignatureAlgorithm::RSA => ("RSA", "_RSA_"),
                _ => ("ECDSA", "_ECDSA_"),
            };
            let fitting = SUITES.iter().find(|suite| suite.name.contains(mark));
            format!(
                "none of \"cipher_suites\" goes with the certificate, whose key is for {kind}. Add \"{}\", or set \"min_version\" to \"1.3\".",
                fitting.map_or("", |suite| suite.name)
            )
        }
        Error::PeerIncompatible(PeerIncompatible::NoKxGroupsInCommon) => format!(
            "browsers have none of \"groups\" for {}. Add \"X25519\".",
            version.name()
        ),
        Error::PeerIncompatible(PeerIncompatible::NoSignatureSchemesInCommon) => {
            "browsers cannot check signatures of the certificate's kind of key. Use a certificate for ECDSA on P-256.".to_owned()
        }
        Error::BadMaxFragmentSize => {
            "\"max_record_payload\" is out of range. Set it to 16384.".to_owned()
        }
        other => format!("{other}. Begin again with the tls_config.json that comes with this program."),
    }
}

/// Takes any certificate, as this client asks whether the handshake works, not whom to trust.
/// Signatures are checked all the same.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
