//! What client and server have agreed on so far, and the keys that follow from it for each of them.
//! Remembers what the hellos said; when which keys are used is decided in `session`.

use std::sync::Arc;

use super::hello::{ClientHello, ServerHello};
use super::keys::TrafficKeys;
use super::reason::Reason;
use super::secrets::{ClientRandom, Label, Secrets};
use super::suite::{Suite, Version};
use crate::octets::Direction;

/// What became known, in this order.
#[derive(Debug, Default)]
pub(super) struct Negotiation {
    pub(super) client_random: Option<ClientRandom>,
    pub(super) early_data: EarlyData,
    agreed: Option<Agreed>,
}

/// Whether the client sends application data before it has heard from the server (RFC 8446 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum EarlyData {
    #[default]
    NotOffered,
    Offered,
    Accepted,
    Rejected,
}

/// What the ServerHello settled.
#[derive(Debug, Clone, Copy)]
struct Agreed {
    server_random: [u8; 32],
    is_tls13: bool,
    suite: Result<&'static Suite, Reason>,
}

impl Negotiation {
    /// The first ClientHello, or the one after a HelloRetryRequest: it has the same random, and never early data.
    pub(super) fn client_hello(&mut self, hello: &ClientHello) {
        self.client_random = Some(hello.random);
        if hello.offers_early_data {
            self.early_data = EarlyData::Offered;
        }
    }

    pub(super) fn server_hello(&mut self, hello: &ServerHello) {
        const TLS12: u16 = 0x0303;
        const TLS13: u16 = 0x0304;
        let version = match hello.version {
            TLS12 => Ok(Version::Tls12),
            TLS13 => Ok(Version::Tls13),
            number => Err(Reason::VersionNotSupported { number }),
        };
        let number = hello.cipher_suite;
        self.agreed = Some(Agreed {
            server_random: hello.random,
            // Drafts of it have higher numbers, and the same kind of records.
            is_tls13: hello.version >= TLS13,
            suite: version.and_then(|version| {
                Suite::of(version, number).ok_or(Reason::SuiteNotSupported { number })
            }),
        });
    }

    /// From here on no keys are known: they will be agreed on where nobody looks.
    pub(super) fn renegotiate(&mut self) {
        if let Some(agreed) = &mut self.agreed {
            agreed.suite = Err(Reason::Renegotiated);
        }
    }

    pub(super) fn is_settled(&self) -> bool {
        self.agreed.is_some()
    }

    pub(super) fn is_tls13(&self) -> bool {
        self.agreed.is_some_and(|agreed| agreed.is_tls13)
    }

    pub(super) fn suite(&self) -> Option<&'static Suite> {
        self.agreed.and_then(|agreed| agreed.suite.ok())
    }

    /// Why a record that is encrypted cannot be, while its sender has no keys.
    pub(super) fn reason_without_keys(&self, sender: Direction) -> Reason {
        match (sender, self.early_data) {
            (Direction::FromClient, EarlyData::Offered) => Reason::EarlyDataUnanswered,
            (Direction::FromClient, EarlyData::Rejected) => Reason::RejectedEarlyData,
            _ => Reason::BeforeKeys,
        }
    }

    /// The first keys that follow from a secret.
    pub(super) fn keys(
        &self,
        secrets: &Secrets,
        label: Label,
        sender: Direction,
    ) -> Result<Arc<TrafficKeys>, Reason> {
        let agreed = self.agreed.as_ref().ok_or(Reason::BeforeKeys)?;
        let client_random = self.client_random.as_ref().ok_or(Reason::BeforeKeys)?;
        let suite = agreed.suite?;
        if secrets
            .client_random()
            .is_some_and(|random| random != client_random)
        {
            return Err(Reason::SecretsOfAnotherConnection);
        }
        let secret = secrets.get(label).ok_or(Reason::NoSecret { label })?;
        let keys = match suite.version {
            Version::Tls13 => TrafficKeys::tls13(suite, label, secret),
            Version::Tls12 => {
                TrafficKeys::tls12(suite, secret, client_random, &agreed.server_random, sender)
            }
        };
        keys.map(Arc::new).ok_or(Reason::SecretUnfit { label })
    }
}
