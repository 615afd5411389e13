//! The versions, cipher suites and groups that there are, by their names in the IANA registries.
//! Nothing is negotiated or decided here; what there is not, and why, is in `impossible`.

use tokio_rustls::rustls::crypto::SupportedKxGroup;
use tokio_rustls::rustls::crypto::aws_lc_rs::{cipher_suite, kx_group};
use tokio_rustls::rustls::{
    ProtocolVersion, SupportedCipherSuite, SupportedProtocolVersion, version,
};

/// A TLS version that this server speaks. Later versions are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl Version {
    /// All of them, the older first.
    pub const ALL: [Self; 2] = [Self::Tls12, Self::Tls13];

    /// As people write it: `TLS 1.3`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        }
    }

    /// As `tls_config.json` writes it: `1.3`.
    #[must_use]
    pub fn number(self) -> &'static str {
        match self {
            Self::Tls12 => "1.2",
            Self::Tls13 => "1.3",
        }
    }

    pub(crate) fn of(protocol: ProtocolVersion) -> Option<Self> {
        match protocol {
            ProtocolVersion::TLSv1_2 => Some(Self::Tls12),
            ProtocolVersion::TLSv1_3 => Some(Self::Tls13),
            _ => None,
        }
    }

    pub(crate) fn rustls(self) -> &'static SupportedProtocolVersion {
        match self {
            Self::Tls12 => &version::TLS12,
            Self::Tls13 => &version::TLS13,
        }
    }
}

/// A cipher suite that this server can be told to use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Suite {
    /// Its name in the IANA registry.
    pub name: &'static str,
    /// The one version in which it is used.
    pub version: Version,
    pub(crate) rustls: SupportedCipherSuite,
}

/// All suites, in the order in which this server tries them unless told otherwise.
///
/// AES-128-GCM comes first: SHA-384, which the other AES suites bring along, costs a fifth of a
/// handshake, and 128 bits are enough.
pub static SUITES: [Suite; 9] = [
    suite13(
        "TLS_AES_128_GCM_SHA256",
        cipher_suite::TLS13_AES_128_GCM_SHA256,
    ),
    suite13(
        "TLS_AES_256_GCM_SHA384",
        cipher_suite::TLS13_AES_256_GCM_SHA384,
    ),
    suite13(
        "TLS_CHACHA20_POLY1305_SHA256",
        cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    ),
    suite12(
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
    ),
    suite12(
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
    ),
    suite12(
        "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
    suite12(
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    ),
    suite12(
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    ),
    suite12(
        "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
    ),
];

/// A way to agree on a key that this server can be told to allow.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// Its name.
    pub name: &'static str,
    /// Whether TLS 1.2 knows it too; the post-quantum ones came after it.
    pub in_tls12: bool,
    pub(crate) rustls: &'static dyn SupportedKxGroup,
}

impl PartialEq for Group {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// All groups. The first four are allowed unless `tls_config.json` says otherwise.
pub static GROUPS: [Group; 7] = [
    group("X25519MLKEM768", false, kx_group::X25519MLKEM768),
    group("X25519", true, kx_group::X25519),
    group("secp256r1", true, kx_group::SECP256R1),
    group("secp384r1", true, kx_group::SECP384R1),
    group("SecP256r1MLKEM768", false, kx_group::SECP256R1MLKEM768),
    group("MLKEM768", false, kx_group::MLKEM768),
    group("MLKEM1024", false, kx_group::MLKEM1024),
];

/// How many of `GROUPS` are allowed by default: those that browsers offer.
pub(crate) const GROUPS_BY_DEFAULT: usize = 4;

const fn suite13(name: &'static str, rustls: SupportedCipherSuite) -> Suite {
    Suite {
        name,
        version: Version::Tls13,
        rustls,
    }
}

const fn suite12(name: &'static str, rustls: SupportedCipherSuite) -> Suite {
    Suite {
        name,
        version: Version::Tls12,
        rustls,
    }
}

const fn group(name: &'static str, in_tls12: bool, rustls: &'static dyn SupportedKxGroup) -> Group {
    Group {
        name,
        in_tls12,
        rustls,
    }
}

#[cfg(test)]
mod tests {
    use tokio_rustls::rustls::crypto::aws_lc_rs::{ALL_CIPHER_SUITES, ALL_KX_GROUPS};

    use super::*;

    #[test]
    fn every_suite_and_group_of_rustls_has_its_name_here() {
        assert_eq!(SUITES.len(), ALL_CIPHER_SUITES.len());
        for suite in ALL_CIPHER_SUITES {
            let ours = SUITES.iter().find(|ours| ours.rustls == *suite).unwrap();
            let theirs = format!("{:?}", suite.suite()).replace("TLS13_", "TLS_");
            assert_eq!(ours.name, theirs);
            assert_eq!(Version::of(suite.version().version), Some(ours.version));
        }
        assert_eq!(GROUPS.len(), ALL_KX_GROUPS.len());
        for group in ALL_KX_GROUPS {
            let ours = GROUPS
                .iter()
                .find(|ours| ours.rustls.name() == group.name())
                .unwrap();
            assert!(
                ours.name
                    .eq_ignore_ascii_case(&format!("{:?}", group.name()))
            );
            assert_eq!(
                ours.in_tls12,
                group.usable_for_version(ProtocolVersion::TLSv1_2),
                "{}",
                ours.name
            );
        }
    }
}
