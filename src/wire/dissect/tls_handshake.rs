//! Messages of the handshake, TLS 1.2 and 1.3, one at a time (RFC 8446 §4, RFC 5246 §7.4).
//! No keys and no order of things: a message comes here decrypted and put together from its records.

mod authentication;
mod hello;
mod key_exchange;
mod ticket;

#[cfg(test)]
pub(super) mod rfc8448;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use super::parts::{Parts, Step, dissect, named};
use super::tls_names as names;
use crate::wire::field::{Field, Value};

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

/// How long the message at the beginning of `bytes` is, with its header, if that is whole.
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

/// The field that `handshake` reads the parts of.
pub(super) fn message_field(message: &[u8]) -> Field {
    let mut field = named("Handshake", RFC8446_4).wireshark("tls.handshake");
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
                parts.rest(named("body", RFC8446_4))?;
            }
            Ok(())
        }
    })
}

type Read = fn(&mut Parts<'_>, &HandshakeContext) -> Step<()>;

/// What is known of one kind of message.
struct Kind {
    meaning: &'static str,
    /// Where it is written, of TLS 1.2 and of TLS 1.3.
    sources: [&'static str; 2],
    /// Reads the body; `None` if it stays bytes.
    read: Option<Read>,
}

impl Kind {
    fn of(message: &[u8]) -> &'static Self {
        if hello::is_hello_retry_request(message) {
            return &HELLO_RETRY_REQUEST;
        }
        let number = message.first();
        KINDS
            .iter()
            .find(|(known, _)| Some(known) == number)
            .map_or(&UNKNOWN, |(_, kind)| kind)
    }

    fn source(&self, version: Version) -> &'static str {
        let [tls12, tls13] = self.sources;
        match version {
            Version::Tls12 => tls12,
            Version::Tls13 => tls13,
        }
    }

    /// Read here.
    const fn known(meaning: &'static str, sources: [&'static str; 2], read: Read) -> Self {
        Self {
            meaning,
            sources,
            read: Some(read),
        }
    }

    /// Nothing but being there.
    const fn empty(meaning: &'static str, source: &'static str) -> Self {
        Self::known(meaning, [source; 2], |_, _| Ok(()))
    }
}

const UNKNOWN: Kind = Kind {
    meaning: "A message that is not explained here.",
    sources: [RFC8446_4; 2],
    read: None,
};

const HELLO_RETRY_REQUEST: Kind = Kind::known(
    "The server cannot use the client's key shares and says which it wants.",
    ["RFC 8446 §4.1.4"; 2],
    hello::server_hello,
);

/// Each message that browsers, rustls and OpenSSL send, in one sentence.
const KINDS: &[(u8, Kind)] = &[
    (
        0,
        Kind::empty("The server wants to shake hands anew.", "RFC 5246 §7.4.1.1"),
    ),
    (
        1,
        Kind::known(
            "The client's first word: what it wants and what it can do.",
            ["RFC 8446 §4.1.2"; 2],
            hello::client_hello,
        ),
    ),
    (
        2,
        Kind::known(
            "The server's choice. In TLS 1.3, all that follows is encrypted.",
            ["RFC 8446 §4.1.3"; 2],
            hello::server_hello,
        ),
    ),
    (
        4,
        Kind::known(
            "A ticket: who brings it along next time needs no certificate.",
            ["RFC 5077 §3.3", "RFC 8446 §4.6.1"],
            ticket::new_session_ticket,
        ),
    ),
    (
        5,
        Kind::empty(
            "The client has sent all its early data; what follows has other keys.",
            "RFC 8446 §4.5",
        ),
    ),
    (
        8,
        Kind::known(
            "The answers to extensions that nobody else needs to read.",
            ["RFC 8446 §4.3.1"; 2],
            hello::encrypted_extensions,
        ),
    ),
    (
        11,
        Kind::known(
            "Who the sender is, and who vouches for that.",
            ["RFC 5246 §7.4.2", "RFC 8446 §4.4.2"],
            authentication::certificate,
        ),
    ),
    (
        12,
        Kind::known(
            "The server's half of the key exchange, signed with the key in its certificate.",
            ["RFC 8422 §5.4"; 2],
            key_exchange::server_key_exchange,
        ),
    ),
    (
        13,
        Kind::known(
            "The server wants to know who the client is.",
            ["RFC 5246 §7.4.4", "RFC 8446 §4.3.2"],
            authentication::certificate_request,
        ),
    ),
    (
        14,
        Kind::empty("The server waits for the client's half.", "RFC 5246 §7.4.5"),
    ),
    (
        15,
        Kind::known(
            "The proof that the sender has the private key: a signature over all messages so far.",
            ["RFC 5246 §7.4.8", "RFC 8446 §4.4.3"],
            authentication::certificate_verify,
        ),
    ),
    (
        16,
        Kind::known(
            "The client's half of the key exchange.",
            ["RFC 8422 §5.7"; 2],
            key_exchange::client_key_exchange,
        ),
    ),
    (
        20,
        Kind::known(
            "A checksum of the whole handshake that needs the keys: nobody has changed anything.",
            ["RFC 5246 §7.4.9", "RFC 8446 §4.4.4"],
            authentication::finished,
        ),
    ),
    (
        22,
        Kind::known(
            "A fresh proof that the certificate is not revoked.",
            ["RFC 6066 §8"; 2],
            authentication::certificate_status,
        ),
    ),
    (
        24,
        Kind::known(
            "From the next record on, the sender uses new keys.",
            ["RFC 8446 §4.6.3"; 2],
            ticket::key_update,
        ),
    ),
    (
        25,
        Kind::known(
            "The Certificate message, compressed.",
            ["RFC 8879 §4"; 2],
            authentication::compressed_certificate,
        ),
    ),
];
