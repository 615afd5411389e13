//! Why a record could not be opened, or a stream not be read on, each in one plain sentence.
//! Only words: who finds out stands in `session`, `record`, `stream` and `handshake`.

use std::fmt;

use super::secrets::Label;
use crate::octets::counted;

/// Why a record could not be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The key log does not have it, or not yet.
    NoSecret {
        /// What was missing.
        label: Label,
    },
    /// The secrets begin with another client's random than the ClientHello.
    SecretsOfAnotherConnection,
    /// The secret is not of the length that the suite's secrets have.
    SecretUnfit {
        /// Which.
        label: Label,
    },
    /// Not a suite that we can open: CBC, CCM and others.
    SuiteNotSupported {
        /// Its number in the ServerHello.
        number: u16,
    },
    /// TLS 1.1 and older, or a version that is not known yet.
    VersionNotSupported {
        /// Its number in the ServerHello.
        number: u16,
    },
    /// Encrypted, before keys were agreed on.
    BeforeKeys,
    /// In clear, though this side encrypts by now.
    NotEncrypted,
    /// Too short for what surrounds the content.
    TooShort,
    /// The AEAD says that this is not what the sender sealed with this key, nonce and additional data.
    TagDoesNotFit,
    /// Opened, but all zeros, so nothing says what it is (RFC 8446 §5.4).
    NoContentType,
    /// Early data that the server did not take (RFC 8446 §4.2.10).
    RejectedEarlyData,
    /// Early data, and what the server made of it is not known.
    EarlyDataUnanswered,
    /// More early data waits for the server's answer than is kept.
    TooMuchEarlyData,
    /// TLS 1.2 began a second handshake within the first.
    Renegotiated,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::NoSecret { label } => {
                return write!(f, "the key log has no {} for this connection", label.name());
            }
            Self::SecretUnfit { label } => {
                return write!(
                    f,
                    "the {} in the key log has not the length that this cipher suite needs",
                    label.name()
                );
            }
            Self::SuiteNotSupported { number } => {
                return write!(
                    f,
                    "cipher suite 0x{number:04x} cannot be opened here: only AES-GCM and ChaCha20-Poly1305 with ECDHE can"
                );
            }
            Self::VersionNotSupported { number } => {
                return write!(
                    f,
                    "version 0x{number:04x} cannot be opened here: only TLS 1.2 and TLS 1.3 can"
                );
            }
            Self::SecretsOfAnotherConnection => {
                "the secrets belong to another connection: their client random is not that of the ClientHello"
            }
            Self::BeforeKeys => "it is encrypted, but no keys were agreed on yet",
            Self::NotEncrypted => "it is in clear, but this side encrypts by now",
            Self::TooShort => "it is too short to be an encrypted record",
            Self::TagDoesNotFit => {
                "the tag does not fit: the record was altered, one before it is missing, or the secret is not the right one"
            }
            Self::NoContentType => "it holds nothing but padding, so nothing says what it is",
            Self::RejectedEarlyData => {
                "it is early data that the server did not accept: the client has to send it once more"
            }
            Self::EarlyDataUnanswered => {
                "it is early data, and whether the server accepted it cannot be seen"
            }
            Self::TooMuchEarlyData => {
                "more early data came before the server's answer than is kept"
            }
            Self::Renegotiated => {
                "the connection was negotiated a second time, which is not followed"
            }
        };
        f.write_str(words)
    }
}

/// What else is wrong with a stream of records, or with what they carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// What comes here does not begin like a record; nothing behind it was looked at.
    NotARecord,
    /// The stream ended within a record.
    RecordCutShort {
        /// How much of it there was, header included.
        bytes: u64,
    },
    /// The handshake message says that it is longer than any is; the rest of this flight is skipped.
    MessageTooLong {
        /// As it says.
        len: usize,
    },
    /// The handshake message comes in more parts than any does; the rest of this flight is skipped.
    MessageTooDivided,
    /// Keys changed in the middle of a handshake message (forbidden by RFC 8446 §5.1).
    MessageAcrossKeyChange,
    /// A hello that cannot be read: what follows from it is unknown.
    HelloUnreadable,
    /// Not two bytes, as alerts have.
    NotAnAlert,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotARecord => f.write_str("this is not a TLS record"),
            Self::RecordCutShort { bytes } => {
                write!(
                    f,
                    "the connection ended {} into a record",
                    counted(*bytes, "byte")
                )
            }
            Self::MessageTooLong { len } => write!(
                f,
                "a handshake message claims to be {len} bytes long, which none is"
            ),
            Self::MessageTooDivided => {
                f.write_str("a handshake message comes in more pieces than are put together")
            }
            Self::MessageAcrossKeyChange => {
                f.write_str("the keys changed in the middle of a handshake message")
            }
            Self::HelloUnreadable => {
                f.write_str("this hello cannot be read, so what it agrees on is unknown")
            }
            Self::NotAnAlert => f.write_str("an alert has two bytes, this has not"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_names_what_is_missing() {
        let label = Label::ServerHandshakeTrafficSecret;
        assert_eq!(
            Reason::NoSecret { label }.to_string(),
            "the key log has no SERVER_HANDSHAKE_TRAFFIC_SECRET for this connection"
        );
        let number = 0x1304;
        assert!(
            Reason::SuiteNotSupported { number }
                .to_string()
                .contains("0x1304")
        );
    }
}
