//! What the numbers of TLS are called in their registries (IANA, "TLS Parameters" and "TLS ExtensionType Values").
//! No bytes are read here. A number without a name has none: it is shown as it is.

mod suites;
mod words;

use std::borrow::Cow;

pub(super) use suites::cipher_suite;
pub(super) use words::{group_in_words, scheme_in_words, suite_in_words, version_in_words};

/// A registry, in ascending order.
type Registry = &'static [(u16, &'static str)];

/// What a number is called, or nothing.
type Name = Option<Cow<'static, str>>;

/// ContentType (RFC 8446 §5.1).
pub(super) fn content_type(number: u64) -> Name {
    const NAMES: Registry = &[
        (20, "change_cipher_spec"),
        (21, "alert"),
        (22, "handshake"),
        (23, "application_data"),
        (24, "heartbeat"),
    ];
    look_up(NAMES, number)
}

/// HandshakeType (RFC 8446 §4, RFC 5246 §7.4), as the struct of that type is called.
pub(super) fn handshake_type(number: u64) -> Name {
    const NAMES: Registry = &[
        (0, "HelloRequest"),
        (1, "ClientHello"),
        (2, "ServerHello"),
        (4, "NewSessionTicket"),
        (5, "EndOfEarlyData"),
        (8, "EncryptedExtensions"),
        (11, "Certificate"),
        (12, "ServerKeyExchange"),
        (13, "CertificateRequest"),
        (14, "ServerHelloDone"),
        (15, "CertificateVerify"),
        (16, "ClientKeyExchange"),
        (20, "Finished"),
        (21, "CertificateURL"),
        (22, "CertificateStatus"),
        (23, "SupplementalData"),
        (24, "KeyUpdate"),
        (25, "CompressedCertificate"),
        (254, "message_hash"),
    ];
    look_up(NAMES, number)
}

/// ProtocolVersion (RFC 8446 §4.2.1, RFC 8701).
pub(super) fn version(number: u64) -> Name {
    const NAMES: Registry = &[
        (0x0002, "SSL 2.0"),
        (0x0300, "SSL 3.0"),
        (0x0301, "TLS 1.0"),
        (0x0302, "TLS 1.1"),
        (0x0303, "TLS 1.2"),
        (0x0304, "TLS 1.3"),
    ];
    look_up(NAMES, number).or_else(|| grease(number))
}

/// CompressionMethod (RFC 3749 §2).
pub(super) fn compression_method(number: u64) -> Name {
    look_up(&[(0, "null"), (1, "DEFLATE")], number)
}

/// ExtensionType.
pub(super) fn extension_type(number: u64) -> Name {
    const NAMES: Registry = &[
        (0, "server_name"),
        (1, "max_fragment_length"),
        (2, "client_certificate_url"),
        (3, "trusted_ca_keys"),
        (4, "truncated_hmac"),
        (5, "status_request"),
        (10, "supported_groups"),
        (11, "ec_point_formats"),
        (12, "srp"),
        (13, "signature_algorithms"),
        (14, "use_srtp"),
        (15, "heartbeat"),
        (16, "application_layer_protocol_negotiation"),
        (17, "status_request_v2"),
        (18, "signed_certificate_timestamp"),
        (19, "client_certificate_type"),
        (20, "server_certificate_type"),
        (21, "padding"),
        (22, "encrypt_then_mac"),
        (23, "extended_master_secret"),
        (24, "token_binding"),
        (25, "cached_info"),
        (27, "compress_certificate"),
        (28, "record_size_limit"),
        (34, "delegated_credential"),
        (35, "session_ticket"),
        (41, "pre_shared_key"),
        (42, "early_data"),
        (43, "supported_versions"),
        (44, "cookie"),
        (45, "psk_key_exchange_modes"),
        (47, "certificate_authorities"),
        (48, "oid_filters"),
        (49, "post_handshake_auth"),
        (50, "signature_algorithms_cert"),
        (51, "key_share"),
        (52, "transparency_info"),
        (57, "quic_transport_parameters"),
        (58, "ticket_request"),
        (13172, "next_protocol_negotiation"),
        (17513, "application_settings_old"),
        (17613, "application_settings"),
        (30032, "channel_id"),
        (51764, "trust_anchors"),
        (64768, "ech_outer_extensions"),
        (65037, "encrypted_client_hello"),
        (65281, "renegotiation_info"),
    ];
    look_up(NAMES, number).or_else(|| grease(number))
}

/// NamedGroup (RFC 8446 §4.2.7, RFC 8422 §5.1.1, RFC 7919 §2, draft-ietf-tls-ecdhe-mlkem).
pub(super) fn named_group(number: u64) -> Name {
    const NAMES: Registry = &[
        (19, "secp192r1"),
        (21, "secp224r1"),
        (22, "secp256k1"),
        (23, "secp256r1"),
        (24, "secp384r1"),
        (25, "secp521r1"),
        (26, "brainpoolP256r1"),
        (27, "brainpoolP384r1"),
        (28, "brainpoolP512r1"),
        (29, "x25519"),
        (30, "x448"),
        (31, "brainpoolP256r1tls13"),
        (32, "brainpoolP384r1tls13"),
        (33, "brainpoolP512r1tls13"),
        (41, "curveSM2"),
        (0x0100, "ffdhe2048"),
        (0x0101, "ffdhe3072"),
        (0x0102, "ffdhe4096"),
        (0x0103, "ffdhe6144"),
        (0x0104, "ffdhe8192"),
        (0x0200, "MLKEM512"),
        (0x0201, "MLKEM768"),
        (0x0202, "MLKEM1024"),
        (0x11eb, "SecP256r1MLKEM768"),
        (0x11ec, "X25519MLKEM768"),
        (0x11ed, "SecP384r1MLKEM1024"),
        (0x6399, "X25519Kyber768Draft00"),
    ];
    look_up(NAMES, number).or_else(|| grease(number))
}

/// SignatureScheme (RFC 8446 §4.2.3), with the pairs of hash and signature of RFC 5246 §7.4.1.4.1.
pub(super) fn signature_scheme(number: u64) -> Name {
    const NAMES: Registry = &[
        (0x0201, "rsa_pkcs1_sha1"),
        (0x0202, "dsa_sha1"),
        (0x0203, "ecdsa_sha1"),
        (0x0301, "rsa_pkcs1_sha224"),
        (0x0302, "dsa_sha224"),
        (0x0303, "ecdsa_sha224"),
        (0x0401, "rsa_pkcs1_sha256"),
        (0x0402, "dsa_sha256"),
        (0x0403, "ecdsa_secp256r1_sha256"),
        (0x0501, "rsa_pkcs1_sha384"),
        (0x0502, "dsa_sha384"),
        (0x0503, "ecdsa_secp384r1_sha384"),
        (0x0601, "rsa_pkcs1_sha512"),
        (0x0602, "dsa_sha512"),
        (0x0603, "ecdsa_secp521r1_sha512"),
        (0x0708, "sm2sig_sm3"),
        (0x0804, "rsa_pss_rsae_sha256"),
        (0x0805, "rsa_pss_rsae_sha384"),
        (0x0806, "rsa_pss_rsae_sha512"),
        (0x0807, "ed25519"),
        (0x0808, "ed448"),
        (0x0809, "rsa_pss_pss_sha256"),
        (0x080a, "rsa_pss_pss_sha384"),
        (0x080b, "rsa_pss_pss_sha512"),
        (0x081a, "ecdsa_brainpoolP256r1tls13_sha256"),
        (0x081b, "ecdsa_brainpoolP384r1tls13_sha384"),
        (0x081c, "ecdsa_brainpoolP512r1tls13_sha512"),
        (0x0904, "mldsa44"),
        (0x0905, "mldsa65"),
        (0x0906, "mldsa87"),
    ];
    look_up(NAMES, number).or_else(|| grease(number))
}

/// ECPointFormat (RFC 8422 §5.1.2).
pub(super) fn point_format(number: u64) -> Name {
    const NAMES: Registry = &[
        (0, "uncompressed"),
        (1, "ansiX962_compressed_prime"),
        (2, "ansiX962_compressed_char2"),
    ];
    look_up(NAMES, number)
}

/// ECCurveType (RFC 8422 §5.4).
pub(super) fn curve_type(number: u64) -> Name {
    const NAMES: Registry = &[
        (1, "explicit_prime"),
        (2, "explicit_char2"),
        (3, "named_curve"),
    ];
    look_up(NAMES, number)
}

/// PskKeyExchangeMode (RFC 8446 §4.2.9); its GREASE values are other ones (RFC 8701 §2).
pub(super) fn psk_key_exchange_mode(number: u64) -> Name {
    let grease = (number < 256 && number % 0x1f == 0x0b).then_some(GREASE);
    look_up(&[(0, "psk_ke"), (1, "psk_dhe_ke")], number).or(grease)
}

/// CertificateStatusType (RFC 6066 §8).
pub(super) fn certificate_status_type(number: u64) -> Name {
    look_up(&[(1, "ocsp"), (2, "ocsp_multi")], number)
}

/// NameType (RFC 6066 §3).
pub(super) fn name_type(number: u64) -> Name {
    look_up(&[(0, "host_name")], number)
}

/// MaxFragmentLength (RFC 6066 §4).
pub(super) fn max_fragment_length(number: u64) -> Name {
    const NAMES: Registry = &[(1, "2^9"), (2, "2^10"), (3, "2^11"), (4, "2^12")];
    look_up(NAMES, number)
}

/// CertificateCompressionAlgorithm (RFC 8879 §3).
pub(super) fn certificate_compression(number: u64) -> Name {
    look_up(&[(1, "zlib"), (2, "brotli"), (3, "zstd")], number)
}

/// ClientCertificateType (RFC 5246 §7.4.4, RFC 8422 §5.5).
pub(super) fn client_certificate_type(number: u64) -> Name {
    const NAMES: Registry = &[
        (1, "rsa_sign"),
        (2, "dss_sign"),
        (3, "rsa_fixed_dh"),
        (4, "dss_fixed_dh"),
        (64, "ecdsa_sign"),
        (65, "rsa_fixed_ecdh"),
        (66, "ecdsa_fixed_ecdh"),
    ];
    look_up(NAMES, number)
}

/// KeyUpdateRequest (RFC 8446 §4.6.3).
pub(super) fn key_update_request(number: u64) -> Name {
    const NAMES: Registry = &[(0, "update_not_requested"), (1, "update_requested")];
    look_up(NAMES, number)
}

/// ECHClientHelloType (RFC 9849 §5).
pub(super) fn ech_client_hello_type(number: u64) -> Name {
    look_up(&[(0, "outer"), (1, "inner")], number)
}

/// Key derivation functions of HPKE (RFC 9180 §7.2).
pub(super) fn hpke_kdf(number: u64) -> Name {
    const NAMES: Registry = &[(1, "HKDF-SHA256"), (2, "HKDF-SHA384"), (3, "HKDF-SHA512")];
    look_up(NAMES, number)
}

/// Ciphers of HPKE (RFC 9180 §7.3).
pub(super) fn hpke_aead(number: u64) -> Name {
    const NAMES: Registry = &[
        (1, "AES-128-GCM"),
        (2, "AES-256-GCM"),
        (3, "ChaCha20Poly1305"),
    ];
    look_up(NAMES, number)
}

/// Version of a signed certificate timestamp (RFC 6962 §3.2).
pub(super) fn sct_version(number: u64) -> Name {
    look_up(&[(0, "v1")], number)
}

const GREASE: Cow<'static, str> = Cow::Borrowed("GREASE");

/// Whether a number of two bytes means nothing on purpose (RFC 8701 §2): 0x0a0a, 0x1a1a … 0xfafa.
pub(super) fn is_grease(number: u64) -> bool {
    number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff
}

fn grease(number: u64) -> Name {
    is_grease(number).then_some(GREASE)
}

fn look_up(registry: &[(u16, &'static str)], number: u64) -> Name {
    let number = u16::try_from(number).ok()?;
    let at = registry.binary_search_by_key(&number, |&(number, _)| number);
    registry.get(at.ok()?).map(|&(_, name)| Cow::Borrowed(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All names that a function gives, as far as two bytes reach.
    fn all(names: fn(u64) -> Name) -> usize {
        (0..=0xffff)
            .filter(|&number| names(number).is_some())
            .count()
    }

    #[test]
    fn registries_are_in_order_so_that_every_name_is_found() {
        assert!(
            suites::CIPHER_SUITES
                .windows(2)
                .all(|pair| pair[0].0 < pair[1].0)
        );
        assert_eq!(all(cipher_suite), suites::CIPHER_SUITES.len() + 16);
        assert_eq!(
            [
                content_type,
                handshake_type,
                version,
                extension_type,
                named_group,
                signature_scheme,
                client_certificate_type
            ]
            .map(all),
            [5, 19, 6 + 16, 47 + 16, 27 + 16, 30 + 16, 7]
        );
    }

    #[test]
    fn grease_is_named_as_grease_and_its_neighbours_are_not() {
        for (number, expected) in [
            (0x0a0a, true),
            (0xfafa, true),
            (0x0a1a, false),
            (0x0a0b, false),
        ] {
            assert_eq!(is_grease(number), expected, "{number:#x}");
        }
        let greased = (0..=0xff).filter(|&mode| psk_key_exchange_mode(mode) == Some(GREASE));
        assert_eq!(
            greased.collect::<Vec<_>>(),
            [0x0b, 0x2a, 0x49, 0x68, 0x87, 0xa6, 0xc5, 0xe4]
        );
    }
}
