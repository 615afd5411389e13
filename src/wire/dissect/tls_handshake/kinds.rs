//! The table of messages: each that browsers, rustls and OpenSSL send, in one sentence.
//! What they are made of is known to the files beside this one.

use super::{HandshakeContext, RFC8446_4, Version, authentication, hello, key_exchange, ticket};
use crate::wire::dissect::parts::{Parts, Step};

pub(super) type Read = fn(&mut Parts<'_>, &HandshakeContext) -> Step<()>;

/// What is known of one kind of message.
pub(super) struct Kind {
    pub(super) meaning: &'static str,
    /// Of TLS 1.2 and of TLS 1.3.
    sources: [&'static str; 2],
    /// Reads the body; `None` if it stays bytes.
    pub(super) read: Option<Read>,
}

impl Kind {
    /// By its first bytes.
    pub(super) fn of(message: &[u8]) -> &'static Self {
        if hello::is_hello_retry_request(message) {
            return &HELLO_RETRY_REQUEST;
        }
        let number = message.first();
        KINDS
            .iter()
            .find(|(known, _)| Some(known) == number)
            .map_or(&UNKNOWN, |(_, kind)| kind)
    }

    /// Where it is written.
    pub(super) fn source(&self, version: Version) -> &'static str {
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
