//! One record: its header, and what is inside, with every value that opening it takes (RFC 8446 §5, RFC 5246 §6.2).
//! Knows no other record: which keys and which sequence number belong to it is said by `direction`.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use aws_lc_rs::aead::{Aad, Nonce};
use bytes::Bytes;

use super::keys::TrafficKeys;
use super::reason::Reason;
use super::suite::Version;
use crate::wire::dissect::tls_record::{RECORD_HEADER_LEN, TAG_LEN};

/// What a record carries (RFC 8446 §5.1), by its number: what was encrypted may be of a type that nobody knows.
pub mod content_type {
    use crate::wire::dissect::tls_record::ContentType;

    /// In TLS 1.2, from the next record on this side encrypts; in TLS 1.3 it means nothing (RFC 8446 §D.4).
    pub const CHANGE_CIPHER_SPEC: u8 = ContentType::ChangeCipherSpec.byte();
    /// A warning, or why the connection ends.
    pub const ALERT: u8 = ContentType::Alert.byte();
    /// Handshake messages, or parts of them.
    pub const HANDSHAKE: u8 = ContentType::Handshake.byte();
    /// What the application has to say; in TLS 1.3 on the outside of everything encrypted.
    pub const APPLICATION_DATA: u8 = ContentType::ApplicationData.byte();
    /// RFC 6520; nobody uses it any more.
    pub const HEARTBEAT: u8 = ContentType::Heartbeat.byte();
}

/// A record that was opened, and how. `Debug` shows neither keys nor content.
pub struct Opened {
    /// Secret, key and IV.
    pub keys: Arc<TrafficKeys>,
    /// How many records this key has sealed before.
    pub sequence: u64,
    /// What makes this use of the key unlike all others: see [`TrafficKeys::nonce`].
    pub nonce: [u8; 12],
    /// What is not encrypted, but must not be altered either: in TLS 1.3 the header of the record (RFC 8446 §5.2), in TLS 1.2
    /// the sequence number, type, version and length of the content (RFC 5246 §6.2.3.3).
    pub additional_data: Vec<u8>,
    /// Where the part of the nonce stands that is sent, in the record; empty but for GCM in TLS 1.2.
    pub explicit_nonce: Range<usize>,
    /// Where the encrypted bytes stand in the record.
    pub ciphertext: Range<usize>,
    /// Where the tag stands in the record.
    pub tag: Range<usize>,
    /// What it really carries: in TLS 1.3 that is encrypted, too.
    pub inner_type: u8,
    /// How many zeros stood behind the content to hide its length (RFC 8446 §5.4).
    pub padding_len: usize,
    content: Bytes,
}

impl Opened {
    /// What was inside, without inner type and padding.
    #[must_use]
    pub fn content(&self) -> &Bytes {
        &self.content
    }
}

impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opened")
            .field("keys", &self.keys)
            .field("sequence", &self.sequence)
            .field("inner_type", &self.inner_type)
            .field("content_len", &self.content.len())
            .field("padding_len", &self.padding_len)
            .finish_non_exhaustive()
    }
}

/// Opens one record, header included, as the `sequence`th that was sealed with these keys.
///
/// # Errors
/// `TooShort`, `TagDoesNotFit` or `NoContentType`.
pub fn open(keys: &Arc<TrafficKeys>, sequence: u64, record: &[u8]) -> Result<Opened, Reason> {
    let (header, fragment) = record
        .split_first_chunk::<RECORD_HEADER_LEN>()
        .ok_or(Reason::TooShort)?;
    let (explicit, sealed) = fragment
        .split_at_checked(keys.suite.explicit_nonce_len())
        .ok_or(Reason::TooShort)?;
    let content_len = sealed.len().checked_sub(TAG_LEN).ok_or(Reason::TooShort)?;

    let nonce = keys.nonce(sequence, explicit);
    let additional_data = match keys.suite.version {
        Version::Tls13 => header.to_vec(),
        Version::Tls12 => additional_data_of_tls12(sequence, header, content_len)?,
    };
    let mut content = sealed.to_vec();
    keys.opening()
        .open_in_place(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(&additional_data),
            &mut content,
        )
        .map_err(|_| Reason::TagDoesNotFit)?;
    content.truncate(content_len);

    let [outer_type, ..] = *header;
    let (inner_type, padding_len) = match keys.suite.version {
        Version::Tls13 => take_off_padding(&mut content)?,
        Version::Tls12 => (outer_type, 0),
    };
    let sealed_at = RECORD_HEADER_LEN + explicit.len();
    Ok(Opened {
        keys: Arc::clone(keys),
        sequence,
        nonce,
        additional_data,
        explicit_nonce: RECORD_HEADER_LEN..sealed_at,
        ciphertext: sealed_at..sealed_at + content_len,
        tag: sealed_at + content_len..record.len(),
        inner_type,
        padding_len,
        content: content.into(),
    })
}

/// `seq_num + TLSCompressed.type + TLSCompressed.version + TLSCompressed.length` (RFC 5246 §6.2.3.3).
fn additional_data_of_tls12(
    sequence: u64,
    header: &[u8; RECORD_HEADER_LEN],
    content_len: usize,
) -> Result<Vec<u8>, Reason> {
    let [content_type, major, minor, ..] = *header;
    let length = u16::try_from(content_len).map_err(|_| Reason::TagDoesNotFit)?;
    let mut data = sequence.to_be_bytes().to_vec();
    data.extend_from_slice(&[content_type, major, minor]);
    data.extend_from_slice(&length.to_be_bytes());
    Ok(data)
}

/// Cuts `TLSInnerPlaintext` down to its content: behind it stand the type, never zero, and zeros (RFC 8446 §5.4).
fn take_off_padding(inner: &mut Vec<u8>) -> Result<(u8, usize), Reason> {
    let (at, inner_type) = inner
        .iter()
        .copied()
        .enumerate()
        .rfind(|(_, byte)| *byte != 0)
        .ok_or(Reason::NoContentType)?;
    let padding_len = inner.len() - at - 1;
    inner.truncate(at);
    Ok((inner_type, padding_len))
}

#[cfg(test)]
mod tests;
