//! What a finished handshake agreed on, in the names of the IANA registries.
//! Decides nothing: it reads a connection that has decided.

use std::fmt;

use tokio_rustls::rustls::{HandshakeKind, ServerConnection};

use super::names::{GROUPS, SUITES, Version};

/// What client and server agreed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// `TLS 1.3`.
    pub version: &'static str,
    /// `TLS_AES_128_GCM_SHA256`.
    pub cipher_suite: &'static str,
    /// `X25519MLKEM768`; `None` where an earlier session's key was used again.
    pub group: Option<&'static str>,
    /// The protocol chosen by ALPN, if the client offered any.
    pub alpn: Option<String>,
    /// The name the client called (SNI); none if it called an address.
    pub server_name: Option<String>,
    /// Whether an earlier session was continued: then no certificate was shown.
    pub resumed: bool,
    /// Whether the client showed a certificate, and it was accepted.
    pub client_certificate: bool,
}

impl Negotiated {
    /// `None` before the handshake has finished.
    #[must_use]
    pub fn of(connection: &ServerConnection) -> Option<Self> {
        if connection.is_handshaking() {
            return None;
        }
        let suite = connection.negotiated_cipher_suite()?;
        let group = connection.negotiated_key_exchange_group();
        Some(Self {
            version: Version::of(connection.protocol_version()?)?.name(),
            cipher_suite: SUITES.iter().find(|ours| ours.rustls == suite)?.name,
            group: group.and_then(|group| {
                let ours = GROUPS
                    .iter()
                    .find(|ours| ours.rustls.name() == group.name())?;
                Some(ours.name)
            }),
            alpn: connection
                .alpn_protocol()
                .map(|protocol| String::from_utf8_lossy(protocol).into_owned()),
            server_name: connection.server_name().map(str::to_owned),
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
            client_certificate: connection.peer_certificates().is_some(),
        })
    }
}

impl fmt::Display for Negotiated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} · {}", self.version, self.cipher_suite)?;
        match self.group {
            Some(group) => write!(f, " · {group}"),
            None => f.write_str(" · resumed"),
        }
    }
}
