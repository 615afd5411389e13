//! The cipher suites whose records can be opened, and what each is made of.
//! Only the table: no keys, no arithmetic.

use aws_lc_rs::{aead, hkdf, hmac};

use crate::wire::dissect::tls_record::Protection;

/// A version of TLS, as the ServerHello settles it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

/// How records are encrypted and authenticated at once ("AEAD", RFC 5116).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Aead {
    /// AES with a key of 16 bytes, in Galois/Counter mode.
    Aes128Gcm,
    /// AES with a key of 32 bytes, in Galois/Counter mode.
    Aes256Gcm,
    /// The stream cipher ChaCha20 with the authenticator Poly1305 (RFC 8439).
    ChaCha20Poly1305,
}

impl Aead {
    /// As its specification calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Aes128Gcm => "AES-128-GCM",
            Self::Aes256Gcm => "AES-256-GCM",
            Self::ChaCha20Poly1305 => "ChaCha20-Poly1305",
        }
    }

    /// Length of the key in bytes.
    #[must_use]
    pub fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes256Gcm | Self::ChaCha20Poly1305 => 32,
        }
    }

    pub(super) fn algorithm(self) -> &'static aead::Algorithm {
        match self {
            Self::Aes128Gcm => &aead::AES_128_GCM,
            Self::Aes256Gcm => &aead::AES_256_GCM,
            Self::ChaCha20Poly1305 => &aead::CHACHA20_POLY1305,
        }
    }
}

/// The hash function that keys are derived with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Hash {
    /// 32 bytes.
    Sha256,
    /// 48 bytes.
    Sha384,
}

impl Hash {
    /// Length of its output in bytes, and so of the secrets of TLS 1.3.
    #[must_use]
    pub fn output_len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
        }
    }

    pub(super) fn hkdf(self) -> hkdf::Algorithm {
        match self {
            Self::Sha256 => hkdf::HKDF_SHA256,
            Self::Sha384 => hkdf::HKDF_SHA384,
        }
    }

    pub(super) fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
        }
    }
}

/// A cipher suite: what records are protected with, and how its keys are derived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suite {
    /// As the ServerHello names it.
    pub number: u16,
    /// As IANA's registry names it.
    pub name: &'static str,
    /// The version that it belongs to: none belongs to both.
    pub version: Version,
    /// What protects records.
    pub aead: Aead,
    /// What derives keys.
    pub hash: Hash,
}

impl Suite {
    /// The suite with this number, if its records can be opened.
    #[must_use]
    pub fn of(version: Version, number: u16) -> Option<&'static Self> {
        SUITES
            .iter()
            .find(|suite| suite.version == version && suite.number == number)
    }

    /// How many bytes the nonce takes at the beginning of a record: TLS 1.2 sends half of it for GCM (RFC 5288 §3),
    /// everything later has both sides count instead (RFC 7905 §2, RFC 8446 §5.3).
    #[must_use]
    pub fn explicit_nonce_len(&self) -> usize {
        match (self.version, self.aead) {
            (Version::Tls12, Aead::Aes128Gcm | Aead::Aes256Gcm) => 8,
            _ => 0,
        }
    }

    /// Length of the IV that comes out of the key derivation: the nonce but for the part that is sent.
    #[must_use]
    pub fn iv_len(&self) -> usize {
        aead::NONCE_LEN - self.explicit_nonce_len()
    }

    /// How records are protected with it.
    #[must_use]
    pub fn protection(&self) -> Protection {
        match self.version {
            Version::Tls13 => Protection::Tls13,
            Version::Tls12 => Protection::Tls12 {
                explicit_nonce_len: self.explicit_nonce_len(),
            },
        }
    }
}

macro_rules! suites {
    ($($number:literal $name:ident $version:ident $aead:ident $hash:ident)+) => {
        &[$(Suite {
            number: $number,
            name: stringify!($name),
            version: Version::$version,
            aead: Aead::$aead,
            hash: Hash::$hash,
        }),+]
    };
}

/// All that rustls knows, and so all that this server can agree on.
#[rustfmt::skip]
const SUITES: &[Suite] = suites! {
    0x1301 TLS_AES_128_GCM_SHA256                        Tls13 Aes128Gcm        Sha256
    0x1302 TLS_AES_256_GCM_SHA384                        Tls13 Aes256Gcm        Sha384
    0x1303 TLS_CHACHA20_POLY1305_SHA256                  Tls13 ChaCha20Poly1305 Sha256
    0xc02b TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256       Tls12 Aes128Gcm        Sha256
    0xc02c TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384       Tls12 Aes256Gcm        Sha384
    0xc02f TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256         Tls12 Aes128Gcm        Sha256
    0xc030 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384         Tls12 Aes256Gcm        Sha384
    0xcca8 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256   Tls12 ChaCha20Poly1305 Sha256
    0xcca9 TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 Tls12 ChaCha20Poly1305 Sha256
};

#[cfg(test)]
mod tests {
    use tokio_rustls::rustls::SupportedCipherSuite;
    use tokio_rustls::rustls::crypto::aws_lc_rs::ALL_CIPHER_SUITES;

    use super::*;
    use crate::wire::dissect::tls_record::TAG_LEN;

    #[test]
    fn every_suite_of_rustls_can_be_opened_and_has_its_name_and_version() {
        for theirs in ALL_CIPHER_SUITES {
            let version = match theirs {
                SupportedCipherSuite::Tls12(_) => Version::Tls12,
                SupportedCipherSuite::Tls13(_) => Version::Tls13,
            };
            let ours = Suite::of(version, u16::from(theirs.suite())).unwrap();
            let name = format!("{:?}", theirs.suite()).replace("TLS13_", "TLS_");
            assert_eq!(ours.name, name);
        }
        assert_eq!(ALL_CIPHER_SUITES.len(), SUITES.len());
    }

    #[test]
    fn a_suite_belongs_to_one_version() {
        assert!(Suite::of(Version::Tls13, 0x1301).is_some());
        assert!(Suite::of(Version::Tls12, 0x1301).is_none());
        assert!(Suite::of(Version::Tls12, 0xc02b).is_some());
        assert!(Suite::of(Version::Tls13, 0xc02b).is_none());
    }

    #[test]
    fn the_lengths_are_those_of_the_algorithms() {
        for suite in SUITES {
            let algorithm = suite.aead.algorithm();
            assert_eq!(algorithm.key_len(), suite.aead.key_len());
            assert_eq!(algorithm.tag_len(), TAG_LEN);
            assert_eq!(suite.hash.hmac().tag_len(), suite.hash.output_len());
        }
    }

    #[test]
    fn a_record_costs_22_bytes_in_tls_13_and_29_or_21_in_tls_12() {
        let overhead = |version, number| {
            let protection = Suite::of(version, number).unwrap().protection();
            protection.overhead_len()
        };
        assert_eq!(overhead(Version::Tls13, 0x1301), Some(22));
        assert_eq!(overhead(Version::Tls13, 0x1303), Some(22));
        assert_eq!(overhead(Version::Tls12, 0xc02b), Some(29));
        assert_eq!(overhead(Version::Tls12, 0xcca9), Some(21));
    }
}
