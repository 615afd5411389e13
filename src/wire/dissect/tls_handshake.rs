//! Messages of the handshake, TLS 1.2 and 1.3, one at a time (RFC 8446 §4, RFC 5246 §7.4).
//! No keys and no order of things: a message comes here decrypted and put together from its records.

mod authentication;
mod hello;
mod key_exchange;
mod kinds;
mod ticket;

#[cfg(test)]
pub(super) mod rfc8448;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::parts::{Parts, Step, dissect, named};
use super::tls_names as names;
use crate::wire::field::{Field, Value};
use kinds::Kind;

const RFC8446_4: &str = "RFC 8446 §4";

/// In front of each message: its type, and its length in three bytes.
pub const MESSAGE_HEADER_LEN: usize = 4;

/// A version of TLS, as the ServerHello settles it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

/// What was agreed on before a message: some look different in each version, or by the way keys are agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandshakeContext {
    /// The version that the server chose.
    pub version: Version,
    /// The cipher suite that the server chose; `None` as long as that is not known.
    pub cipher_suite: Option<u16>,
}

impl Default for HandshakeContext {
    /// What holds before the ServerHello: hellos look the same in both versions.
    fn default() -> Self {
        Self {
            version: Version::Tls13,
            cipher_suite: None,
        }
    }
}

impl HandshakeContext {
    /// What this ServerHello or HelloRetryRequest settles. `None` if it is none, or of another version.
    #[must_use]
    pub fn after_server_hello(message: &[u8]) -> Option<Self> {
        hello::settled(message)
    }

    /// How the suite agrees on keys, in TLS 1.2.
    fn key_exchange(&self) -> KeyExchange {
        let number = self.cipher_suite.map(u64::from);
        let name = number.and_then(names::cipher_suite).unwrap_or_default();
        if name.is_empty()
            || name.starts_with("TLS_ECDHE_ECDSA")
            || name.starts_with("TLS_ECDHE_RSA")
        {
            KeyExchange::Ecdhe
        } else if name.starts_with("TLS_DHE_RSA") || name.starts_with("TLS_DHE_DSS") {
            KeyExchange::Dhe
        } else if name.starts_with("TLS_RSA_WITH") {
            KeyExchange::Rsa
        } else {
            KeyExchange::Other
        }
    }
}

/// How keys are agreed on in TLS 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum KeyExchange {
    /// By fresh points of a curve, the server's one signed.
    Ecdhe,
    /// By fresh numbers, the server's one signed.
    Dhe,
    /// By a secret encrypted for the key in the certificate.
    Rsa,
    /// In a way that is not taken apart here.
    Other,
}

/// Takes one whole message apart: type, length and body.
///
/// Never fails: what is cut off or malformed is shown up to where it breaks, and says so.
#[must_use]
pub fn dissect_handshake(message: &[u8], context: &HandshakeContext) -> Field {
    dissect(message, message_field(message), |parts| {
        handshake(parts, context)
    })
}

/// How long the message at the beginning of `bytes` is, with its header. `None` if not even that is whole.
#[must_use]
pub fn message_len(bytes: &[u8]) -> Option<usize> {
    let (&[_, high, middle, low], _) = bytes.split_first_chunk::<MESSAGE_HEADER_LEN>()?;
    let body_len = usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low);
    Some(MESSAGE_HEADER_LEN + body_len)
}

/// What a message is called: `ClientHello`. `None` for a type that is not known.
#[must_use]
pub fn message_name(message: &[u8]) -> Option<Cow<'static, str>> {
    if hello::is_hello_retry_request(message) {
        return Some("HelloRetryRequest".into());
    }
    names::handshake_type(message.first().copied()?.into())
}

/// Whether it is a ServerHello, and not a HelloRetryRequest, which is told from it by its random alone (RFC 8446 §4.1.3).
#[must_use]
pub fn is_server_hello(message: &[u8]) -> bool {
    message.first() == Some(&hello::SERVER_HELLO) && !hello::is_hello_retry_request(message)
}

/// The field that `handshake` reads the parts of.
pub(super) fn message_field(message: &[u8]) -> Field {
    let mut field = named("Handshake", RFC8446_4)
        .wireshark("tls.handshake")
        .meaning("One message of the handshake: its type, its length, and what it says.");
    if let Some(name) = message_name(message) {
        field.value = Value::Text(name.into_owned());
    }
    field
}

/// Reads a Handshake.
pub(super) fn handshake(parts: &mut Parts<'_>, context: &HandshakeContext) -> Step<()> {
    let message = parts.ahead();
    let kind = Kind::of(message);
    let mut msg_type = named("msg_type", RFC8446_4).meaning("Which message this is.");
    let mut length = named("length", RFC8446_4).meaning("How many bytes of it follow.");
    // Wireshark takes messages of a type that it does not know for encrypted ones.
    if message_name(message).is_some() {
        msg_type = msg_type.wireshark("tls.handshake.type");
        length = length.wireshark("tls.handshake.length");
    }
    let msg_type = parts.code(1, msg_type, names::handshake_type)?;
    let len = parts.number(3, length)?;
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    let name = message_name(message).unwrap_or_else(|| format!("message {msg_type}").into());
    let body = named(name, kind.source(context.version)).meaning(kind.meaning);
    parts.group(len, body, |parts| match kind.read {
        Some(read) => read(parts, context),
        None => {
            if parts.more() {
                parts.rest(named("body", RFC8446_4).meaning("What is not explained here."))?;
            }
            Ok(())
        }
    })
}
