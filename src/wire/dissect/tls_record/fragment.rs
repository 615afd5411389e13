//! What is in a record: content in clear, or what an eavesdropper sees of it (RFC 8446 §5, RFC 5246 §6.2).
//! Nothing is decrypted here; decrypted content comes back to `dissect_inner_plaintext` or `dissect_fragment`.

use super::{ContentType, FRAGMENT_LEN_MAX_TLS13, RECORD_HEADER_LEN, decode_record_header};
use crate::wire::dissect::parts::{Parts, Step, broken, dissect, named};
use crate::wire::dissect::tls_alert::{alert, alert_field};
use crate::wire::dissect::tls_handshake::{
    HandshakeContext, Version, handshake, message_field, message_len,
};
use crate::wire::dissect::tls_names as names;
use crate::wire::field::{Field, Value};

const RFC8446_5_1: &str = "RFC 8446 §5.1";
const RFC8446_5_2: &str = "RFC 8446 §5.2";

/// The tag at the end of what an AEAD has encrypted; CCM_8, which nobody here speaks, has 8 bytes.
pub const TAG_LEN: usize = 16;

/// How the fragments of a direction are protected at some point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Protection {
    /// Not at all: the fragment is the content.
    #[default]
    Clear,
    /// As TLS 1.3 does it: every record that is encrypted says `application_data`.
    Tls13,
    /// As TLS 1.2 does it with an AEAD suite: 8 bytes of nonce in front with GCM, none with ChaCha20-Poly1305.
    Tls12 {
        /// How many bytes of nonce stand in front.
        explicit_nonce_len: usize,
    },
    /// In an older way, which stays bytes.
    Other,
}

impl Protection {
    /// How much longer a record is than the content in it: header, the nonce that is sent, tag, and in TLS 1.3 the byte
    /// that says what is inside. `None` where that differs from record to record.
    #[must_use]
    pub fn overhead_len(self) -> Option<usize> {
        let beside = match self {
            Self::Clear => return Some(RECORD_HEADER_LEN),
            Self::Tls13 => 1,
            Self::Tls12 { explicit_nonce_len } => explicit_nonce_len,
            Self::Other => return None,
        };
        Some(RECORD_HEADER_LEN + beside + TAG_LEN)
    }

    /// How a record of this type is protected, where records are protected like this: in TLS 1.3 only those that say
    /// `application_data` are encrypted; change_cipher_spec and early alerts are not.
    #[must_use]
    pub fn of(self, content_type: Option<ContentType>) -> Self {
        match (self, content_type) {
            (Self::Tls13, Some(ContentType::ApplicationData)) => Self::Tls13,
            (Self::Tls13, _) => Self::Clear,
            (other, _) => other,
        }
    }

    /// How records are protected after this was agreed on, once they are.
    #[must_use]
    pub fn agreed(context: &HandshakeContext) -> Self {
        let number = context.cipher_suite.map(u64::from);
        let suite = number.and_then(names::cipher_suite).unwrap_or_default();
        match context.version {
            Version::Tls13 => Self::Tls13,
            Version::Tls12 if suite.contains("_GCM_") || suite.contains("_CCM") => Self::Tls12 {
                explicit_nonce_len: 8,
            },
            Version::Tls12 if suite.contains("CHACHA20_POLY1305") => Self::Tls12 {
                explicit_nonce_len: 0,
            },
            Version::Tls12 => Self::Other,
        }
    }
}

/// What one must know to tell what is in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RecordContext {
    /// How this record is protected.
    pub protection: Protection,
    /// What was agreed on before it.
    pub handshake: HandshakeContext,
    /// How many bytes at the beginning of its content belong to a handshake message that an earlier record began.
    pub continued_bytes: usize,
}

/// Takes one record apart as it is on the wire: header, and content or what can be seen of it.
///
/// Never fails: what is no record, or only the beginning of one, is shown as far as it goes, and says so.
#[must_use]
pub fn dissect_record(record: &[u8], context: &RecordContext) -> Field {
    let (name, source, meaning) = outer_struct(record, context);
    let field = named(name, source).wireshark("tls.record").meaning(meaning);
    dissect(record, field, |parts| {
        if let Err(error) = decode_record_header(parts.ahead()) {
            return broken(error.to_string());
        }
        let content_type = parts
            .ahead()
            .first()
            .copied()
            .and_then(ContentType::from_byte);
        let protection = context.protection.of(content_type);
        header(parts, protection)?;
        let fragment_len = match record.get(3..RECORD_HEADER_LEN) {
            Some(&[high, low]) => usize::from(u16::from_be_bytes([high, low])),
            _ => 0,
        };
        if fragment_len == 0 && content_type != Some(ContentType::ApplicationData) {
            parts.blame("Only a record of application data may be empty.");
        }
        fragment(parts, content_type, protection, fragment_len, context)
    })
}

/// Takes a decrypted TLSInnerPlaintext apart: content, its true type, and zeros (RFC 8446 §5.2).
#[must_use]
pub fn dissect_inner_plaintext(plaintext: &[u8], context: &RecordContext) -> Field {
    let field = named("TLSInnerPlaintext", RFC8446_5_2)
        .meaning("What was encrypted: content, what it is, and padding.");
    dissect(plaintext, field, |parts| {
        let Some(type_at) = plaintext.iter().rposition(|&byte| byte != 0) else {
            return broken("Somewhere among the zeros there should be a type.");
        };
        let content_type = plaintext
            .get(type_at)
            .copied()
            .and_then(ContentType::from_byte);
        content(parts, type_at, content_type, context)?;
        parts.code(
            1,
            named("type", RFC8446_5_2)
                .meaning("What the content truly is: outside, all records look alike."),
            names::content_type,
        )?;
        if parts.more() {
            let zeros = named("zeros", "RFC 8446 §5.4")
                .meaning("Padding, so that nobody can tell the true length.");
            parts.rest(zeros)?;
        }
        Ok(())
    })
}

/// Takes the decrypted or never encrypted content of a record apart.
#[must_use]
pub fn dissect_fragment(
    content_type: ContentType,
    plaintext: &[u8],
    context: &RecordContext,
) -> Field {
    let field = named("fragment", RFC8446_5_1).meaning("What the record carries.");
    dissect(plaintext, field, |parts| {
        content(parts, plaintext.len(), Some(content_type), context)
    })
}

/// What the whole is called.
fn outer_struct(
    record: &[u8],
    context: &RecordContext,
) -> (&'static str, &'static str, &'static str) {
    let content_type = record.first().copied().and_then(ContentType::from_byte);
    match context.protection.of(content_type) {
        Protection::Clear => (
            "TLSPlaintext",
            RFC8446_5_1,
            "A record that everybody on the way can read.",
        ),
        Protection::Tls13 => (
            "TLSCiphertext",
            RFC8446_5_2,
            "An encrypted record: others learn who sent it, when, and how long it is.",
        ),
        _ => (
            "TLSCiphertext",
            "RFC 5246 §6.2.3",
            "An encrypted record: others learn who sent it, what type it has, when, and how long it is.",
        ),
    }
}

fn header(parts: &mut Parts<'_>, protection: Protection) -> Step<()> {
    let kind = if protection == Protection::Tls13 {
        named("opaque_type", RFC8446_5_2)
            .wireshark("tls.record.opaque_type")
            .meaning("Always application_data: the true type is encrypted.")
    } else {
        named("type", RFC8446_5_1)
            .wireshark("tls.record.content_type")
            .meaning("What the record carries.")
    };
    parts.code(1, kind, names::content_type)?;
    parts.code(
        2,
        named("legacy_record_version", RFC8446_5_1)
            .wireshark("tls.record.version")
            .meaning("Means nothing any more; it is there for old boxes in between."),
        names::version,
    )?;
    parts.number(
        2,
        named("length", RFC8446_5_1)
            .wireshark("tls.record.length")
            .meaning("How many bytes follow, up to the next record."),
    )?;
    Ok(())
}

fn fragment(
    parts: &mut Parts<'_>,
    content_type: Option<ContentType>,
    protection: Protection,
    len: usize,
    context: &RecordContext,
) -> Step<()> {
    let (encrypted, nonce_len) = match protection {
        Protection::Clear => return content(parts, len, content_type, context),
        Protection::Tls13 => (named("encrypted_record", RFC8446_5_2), 0),
        Protection::Tls12 { explicit_nonce_len } => (
            named("GenericAEADCipher", "RFC 5246 §6.2.3.3"),
            explicit_nonce_len,
        ),
        Protection::Other => (named("fragment", "RFC 5246 §6.2.3"), 0),
    };
    let mut encrypted = encrypted.meaning("Encrypted: without the keys it looks like chance.");
    // Wireshark goes by the type, though it cannot look inside either.
    encrypted.wireshark = match content_type {
        Some(ContentType::ApplicationData) => Some("tls.app_data"),
        Some(ContentType::Handshake) => Some("tls.handshake"),
        Some(ContentType::Alert) => Some("tls.alert_message"),
        _ => None,
    };
    if protection == Protection::Other {
        parts.value(len, encrypted, Value::Bytes)?;
        return Ok(());
    }
    parts.group(len, encrypted, |parts| sealed(parts, nonce_len))?;
    if protection == Protection::Tls13 && len > FRAGMENT_LEN_MAX_TLS13.into() {
        parts.blame(format!(
            "TLS 1.3 allows {FRAGMENT_LEN_MAX_TLS13} bytes, not {len}."
        ));
    }
    Ok(())
}

/// What an AEAD has made (RFC 5116 §5): with the nonce in front that TLS 1.2 sends along.
fn sealed(parts: &mut Parts<'_>, nonce_len: usize) -> Step<()> {
    if nonce_len > 0 {
        let nonce = named("nonce_explicit", "RFC 5246 §6.2.3.3")
            .meaning("The part of the nonce that changes with each record: a counter, usually.");
        parts.bytes(nonce_len, nonce)?;
    }
    let Some(ciphertext_len) = parts.left().checked_sub(TAG_LEN) else {
        return broken(format!(
            "Encrypted content has a tag of {TAG_LEN} bytes at its end."
        ));
    };
    let ciphertext = named("ciphertext", "RFC 5116 §2.1").meaning("As long as what it hides.");
    parts.bytes(ciphertext_len, ciphertext)?;
    let tag = named("authentication tag", "RFC 5116 §5.1")
        .meaning("If one bit of the record changes on its way, this does not fit any more.");
    parts.bytes(TAG_LEN, tag)?;
    Ok(())
}

/// Reads `len` bytes of content.
fn content(
    parts: &mut Parts<'_>,
    len: usize,
    content_type: Option<ContentType>,
    context: &RecordContext,
) -> Step<()> {
    match content_type {
        Some(ContentType::Alert) => parts.group(len, alert_field(), alert),
        Some(ContentType::ChangeCipherSpec) => {
            let field = named("change_cipher_spec", "RFC 5246 §7.1")
                .wireshark("tls.change_cipher_spec")
                .meaning(change_cipher_spec_in_words(context));
            parts.group(len, field, |parts| {
                parts.number(1, named("type", "RFC 5246 §7.1").meaning("Always 1."))?;
                Ok(())
            })
        }
        Some(ContentType::Handshake) => {
            let field = named("fragment", RFC8446_5_1)
                .meaning("Messages of the handshake, whole or in part.");
            parts.group(len, field, |parts| messages(parts, context))
        }
        Some(ContentType::ApplicationData) => {
            if len > 0 {
                let field = named("application_data", RFC8446_5_1)
                    .meaning("What the application says: here HTTP or WebSocket.");
                parts.bytes(len, field)?;
            }
            Ok(())
        }
        Some(ContentType::Heartbeat) => {
            let field = named("HeartbeatMessage", "RFC 6520 §4").meaning(
                "Whether the other side is still there. Servers that believed the length in it gave away their memory (Heartbleed).",
            );
            parts.bytes(len, field)?;
            Ok(())
        }
        None => {
            if len > 0 {
                parts.bytes(
                    len,
                    named("content", RFC8446_5_1).meaning("Of a type that nobody knows."),
                )?;
                parts.blame("No content is of this type.");
            }
            Ok(())
        }
    }
}

fn change_cipher_spec_in_words(context: &RecordContext) -> &'static str {
    match context.handshake.version {
        Version::Tls12 => "From the next record on, the sender encrypts.",
        Version::Tls13 => {
            "Means nothing: it makes TLS 1.3 look like an older session to boxes in between."
        }
    }
}

/// Whole messages, and around them parts of such as began earlier or end later.
fn messages(parts: &mut Parts<'_>, context: &RecordContext) -> Step<()> {
    let continued = context.continued_bytes.min(parts.left());
    if continued > 0 {
        let field = named("fragment of a message", RFC8446_5_1)
            .meaning("The continuation of a message that an earlier record began.");
        parts.bytes(continued, field)?;
    }
    let mut agreed = context.handshake;
    while parts.more() {
        match message_len(parts.ahead()) {
            Some(len) if len <= parts.left() => {
                let message = parts.ahead();
                parts.group(len, message_field(message), |parts| {
                    handshake(parts, &agreed)
                })?;
                // A server of TLS 1.2 sends its hello and what depends on it in one record.
                agreed = HandshakeContext::after_server_hello(message).unwrap_or(agreed);
            }
            _ => {
                let field = named("fragment of a message", RFC8446_5_1)
                    .meaning("The beginning of a message that the next records continue.");
                parts.rest(field)?;
            }
        }
    }
    Ok(())
}
