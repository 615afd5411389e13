//! Hands a connection's secrets to whoever watches that connection.
//! Keeps none of them, and knows no other connection: each has its own `ConnectionKeyLog`.

use std::fmt;
use std::sync::Arc;

use tokio_rustls::rustls::KeyLog;

/// One secret of one connection, in the words of the NSS key log format (RFC 9850).
///
/// Whoever has it can read that connection: `Debug` hides it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Secret<'a> {
    /// What it is for: `CLIENT_TRAFFIC_SECRET_0`, `CLIENT_RANDOM` (the master secret of TLS 1.2), …
    pub label: &'a str,
    /// The `random` of the ClientHello, 32 bytes: it tells connections apart.
    pub client_random: &'a [u8],
    /// The secret itself: 32 or 48 bytes.
    pub secret: &'a [u8],
}

impl fmt::Debug for Secret<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({}, hidden)", self.label)
    }
}

/// What is called with each secret, in the middle of the handshake: it must be quick, and not wait.
pub type SecretListener = Arc<dyn Fn(Secret<'_>) + Send + Sync>;

/// Passes the secrets of one connection on.
pub(crate) struct ConnectionKeyLog {
    on_secret: SecretListener,
}

impl ConnectionKeyLog {
    pub(crate) fn new(on_secret: SecretListener) -> Self {
        Self { on_secret }
    }
}

impl KeyLog for ConnectionKeyLog {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        (self.on_secret)(Secret {
            label,
            client_random,
            secret,
        });
    }
}

impl fmt::Debug for ConnectionKeyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ConnectionKeyLog")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_show_itself() {
        let secret = Secret {
            label: "CLIENT_RANDOM",
            client_random: &[1; 32],
            secret: &[0xab; 48],
        };
        assert_eq!(format!("{secret:?}"), "Secret(CLIENT_RANDOM, hidden)");
    }
}
