//! The messages in clear with which a handshake begins, and the one that answers the rest (RFC 8446 §4.1, §4.3.1).
//! What the extensions in them say is known to `tls_extension`.

use super::{HandshakeContext, Version};
use crate::wire::dissect::parts::{Parts, Step, named};
use crate::wire::dissect::tls_extension::{Place, extensions};
use crate::wire::dissect::tls_names as names;

const RFC8446_4_1_2: &str = "RFC 8446 §4.1.2";
const RFC8446_4_1_3: &str = "RFC 8446 §4.1.3";
const RANDOM_LEN: usize = 32;

/// The random of a ServerHello that is none, but a HelloRetryRequest: the SHA-256 of its name.
const HELLO_RETRY_REQUEST: [u8; RANDOM_LEN] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

/// The type of a ServerHello, and of a HelloRetryRequest.
pub(super) const SERVER_HELLO: u8 = 2;

/// Whether a message, with its header, is a HelloRetryRequest.
pub(super) fn is_hello_retry_request(message: &[u8]) -> bool {
    message.first() == Some(&SERVER_HELLO)
        && message.get(6..6 + RANDOM_LEN) == Some(&HELLO_RETRY_REQUEST)
}

/// Reads a ClientHello.
pub(super) fn client_hello(parts: &mut Parts<'_>, _: &HandshakeContext) -> Step<()> {
    legacy_version(parts, RFC8446_4_1_2)?;
    parts.bytes(
        RANDOM_LEN,
        named("random", RFC8446_4_1_2)
            .wireshark("tls.handshake.random")
            .meaning("32 fresh random bytes: no two handshakes are alike."),
    )?;
    session_id(parts, "legacy_session_id", RFC8446_4_1_2)?;
    let suites = named("cipher_suites", RFC8446_4_1_2)
        .wireshark("tls.handshake.ciphersuites")
        .meaning("Ways to encrypt that the client can use, the dearest first.");
    let len = Some("tls.handshake.cipher_suites_length");
    parts.vector(2, len, suites, |parts| {
        while parts.more() {
            let suite = named("CipherSuite", RFC8446_4_1_2).wireshark("tls.handshake.ciphersuite");
            let number = parts.code(2, suite, names::cipher_suite)?;
            parts.explain(names::suite_in_words(number));
        }
        Ok(())
    })?;
    let methods = named("legacy_compression_methods", RFC8446_4_1_2)
        .wireshark("tls.handshake.comp_methods")
        .meaning("Always null: compression before encryption gave secrets away.");
    let len = Some("tls.handshake.comp_methods_length");
    parts.vector(1, len, methods, |parts| {
        while parts.more() {
            let method = named("CompressionMethod", RFC8446_4_1_2)
                .wireshark("tls.handshake.comp_method")
                .meaning("How records would be compressed.");
            parts.code(1, method, names::compression_method)?;
        }
        Ok(())
    })?;
    // Clients of TLS 1.2 may do without.
    if parts.more() {
        extensions(parts, Place::ClientHello)?;
    }
    Ok(())
}

/// Reads a ServerHello or HelloRetryRequest: they differ in what the random says.
pub(super) fn server_hello(parts: &mut Parts<'_>, _: &HandshakeContext) -> Step<()> {
    legacy_version(parts, RFC8446_4_1_3)?;
    let random = named("random", RFC8446_4_1_3).wireshark("tls.handshake.random");
    let random = parts.bytes(RANDOM_LEN, random)?;
    let retry = random == HELLO_RETRY_REQUEST;
    parts.explain(match random.get(24..) {
        _ if retry => "Always these bytes: by them a HelloRetryRequest is told from a ServerHello.",
        Some(b"DOWNGRD\x01") => {
            "Random, but for the end: DOWNGRD 01 says that the server can do TLS 1.3. A client that offered it knows that somebody meddled."
        }
        Some(b"DOWNGRD\x00") => {
            "Random, but for the end: DOWNGRD 00 says that the server can do TLS 1.2. A client that offered it knows that somebody meddled."
        }
        _ => "32 fresh random bytes of the server's own.",
    });
    session_id(parts, "legacy_session_id_echo", RFC8446_4_1_3)?;
    let suite = named("cipher_suite", RFC8446_4_1_3).wireshark("tls.handshake.ciphersuite");
    let number = parts.code(2, suite, names::cipher_suite)?;
    parts.explain(names::suite_in_words(number));
    parts.code(
        1,
        named("legacy_compression_method", RFC8446_4_1_3)
            .wireshark("tls.handshake.comp_method")
            .meaning("Always null."),
        names::compression_method,
    )?;
    if parts.more() {
        let place = if retry {
            Place::HelloRetryRequest
        } else {
            Place::ServerHello
        };
        extensions(parts, place)?;
    }
    Ok(())
}

/// Reads EncryptedExtensions.
pub(super) fn encrypted_extensions(parts: &mut Parts<'_>, _: &HandshakeContext) -> Step<()> {
    extensions(parts, Place::EncryptedExtensions)
}

/// What a ServerHello settles: its suite, and the version in supported_versions, or else in legacy_version.
pub(super) fn settled(message: &[u8]) -> Option<HandshakeContext> {
    const SUPPORTED_VERSIONS: [u8; 2] = [0, 43];
    let (&[2, _, _, _, major, minor], rest) = message.split_first_chunk()? else {
        return None;
    };
    let (&session_id_len, rest) = rest.get(RANDOM_LEN..)?.split_first()?;
    let rest = rest.get(usize::from(session_id_len)..)?;
    let (&[suite_high, suite_low, _compression], rest) = rest.split_first_chunk()?;
    let mut version = [major, minor];
    let mut extensions = rest.get(2..).unwrap_or_default();
    while let Some((&[t1, t2, l1, l2], rest)) = extensions.split_first_chunk() {
        let (data, rest) = rest.split_at_checked(u16::from_be_bytes([l1, l2]).into())?;
        match *data {
            [high, low] if [t1, t2] == SUPPORTED_VERSIONS => version = [high, low],
            _ => {}
        }
        extensions = rest;
    }
    let version = match version {
        [3, 3] => Version::Tls12,
        [3, 4] => Version::Tls13,
        _ => return None,
    };
    Some(HandshakeContext {
        version,
        cipher_suite: Some(u16::from_be_bytes([suite_high, suite_low])),
    })
}

fn legacy_version(parts: &mut Parts<'_>, source: &'static str) -> Step<()> {
    let field = named("legacy_version", source)
        .wireshark("tls.handshake.version")
        .meaning("In TLS 1.3 this always says TLS 1.2, for the sake of old boxes in between; supported_versions says the truth.");
    parts.code(2, field, names::version)?;
    Ok(())
}

fn session_id(parts: &mut Parts<'_>, name: &'static str, source: &'static str) -> Step<()> {
    let field = named(name, source)
        .wireshark("tls.handshake.session_id")
        .meaning("TLS 1.2 resumed sessions by it. TLS 1.3 sends random bytes, and the server repeats them, to look alike.");
    parts.opaque(1, Some("tls.handshake.session_id_length"), field)?;
    Ok(())
}
