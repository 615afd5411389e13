//! What people look for in TLS settings and cannot have here, each with the reason.
//! What they can have is in `names`.

/// Why a version that exists cannot be had here.
pub(crate) fn impossible_version(name: &str) -> Option<&'static str> {
    let digits = name.to_ascii_lowercase();
    let digits = digits.trim_start_matches(|c: char| !c.is_ascii_digit());
    let ssl = name.to_ascii_lowercase().contains("ssl");
    match digits {
        _ if ssl => {
            Some("SSL is broken and forbidden (RFC 6176, RFC 7568), and rustls has none of it")
        }
        "1" | "1.0" | "1.1" => {
            Some("TLS 1.0 and 1.1 are withdrawn (RFC 8996), and rustls has neither")
        }
        _ => None,
    }
}

/// Why a cipher suite that exists cannot be had here.
///
/// The order matters: a suite with several faults is refused for the worst of them.
pub(crate) fn impossible_suite(name: &str) -> Option<&'static str> {
    const FAULTS: [(&[&str], &str); 11] = [
        (
            &["NULL"],
            "it does not encrypt (RFC 9325 §4.1), and rustls has no such suite",
        ),
        (
            &["EXPORT"],
            "its keys were made short enough to be broken (RFC 9325 §4.1), and rustls has no such suite",
        ),
        (
            &["ANON", "ADH", "AECDH"],
            "it does not say who the server is (RFC 9325 §4.1), and rustls has no such suite",
        ),
        (
            &["RC4"],
            "RC4 is forbidden (RFC 7465), and rustls does not have it",
        ),
        (
            &["3DES", "DES_CBC", "DES-CBC"],
            "DES blocks are too short (CVE-2016-2183), and rustls does not have it",
        ),
        (
            &["CBC"],
            "CBC in TLS can be attacked by its padding (RFC 7457 §2.3), and rustls does not have it",
        ),
        (&["CCM"], "rustls does not have CCM"),
        (
            &["PSK"],
            "a key shared beforehand needs settings that rustls does not have",
        ),
        (
            &["TLS_DHE_", "TLS_DH_", "DHE-RSA", "DHE-DSS"],
            "rustls has no Diffie-Hellman over finite fields, only over curves",
        ),
        (
            &["TLS_ECDH_"],
            "it gives no forward secrecy (RFC 9325 §4.1), and rustls has no such suite",
        ),
        (
            &["TLS_RSA_"],
            "whoever finds the server's key later can read everything (no forward secrecy, RFC 9325 §4.1), and rustls has no such suite",
        ),
    ];
    let name = name.to_ascii_uppercase();
    // OpenSSL's `ECDHE-RSA-…` contains `DHE-RSA`, and is a different thing.
    let name = name.replace("ECDHE", "E_C_D_H_E");
    FAULTS
        .iter()
        .find(|(marks, _)| marks.iter().any(|mark| name.contains(mark)))
        .map(|(_, why)| *why)
}

/// Why a group that exists cannot be had here.
pub(crate) fn impossible_group(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    if name.starts_with("ffdhe") {
        return Some("rustls has no Diffie-Hellman over finite fields, only over curves");
    }
    match name.as_str() {
        "secp521r1" | "p-521" | "p521" => Some("rustls does not have the curve P-521"),
        "x448" => Some("rustls does not have X448"),
        _ => None,
    }
}

/// Settings that people look for and that this server refuses, each with the reason.
pub(crate) const REFUSED_SETTINGS: [(&[&str], &str); 8] = [
    (
        &[
            "early_data",
            "early_data_bytes",
            "max_early_data",
            "0rtt",
            "zero_rtt",
        ],
        "this server takes no 0-RTT data on purpose: whoever records it can play it again (RFC 8446 §8), and a message would be said twice",
    ),
    (
        &["half_rtt", "send_half_rtt_data"],
        "this server says nothing before the client has finished its handshake, on purpose: until then it does not know who listens (RFC 8446 §4.4.4)",
    ),
    (
        &["renegotiation", "allow_renegotiation"],
        "rustls does not renegotiate: TLS 1.3 has no such thing, and in TLS 1.2 it was attacked (RFC 5746)",
    ),
    (
        &["compression", "tls_compression"],
        "rustls does not compress: the length of what is compressed betrays it (CRIME, RFC 7457 §2.6)",
    ),
    (
        &["cert_compression", "certificate_compression"],
        "this server sends its certificate uncompressed, so that it can be read in a capture",
    ),
    (
        &["ech", "encrypted_client_hello"],
        "rustls has no Encrypted Client Hello for servers",
    ),
    (
        &["padding", "record_padding"],
        "rustls does not pad the records that it sends",
    ),
    (
        &["psk", "external_psk", "pre_shared_key"],
        "rustls takes no keys that were shared beforehand",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::names::{GROUPS, SUITES, Version};

    #[test]
    fn what_cannot_be_had_says_why_and_what_can_is_not_refused() {
        for suite in &SUITES {
            assert_eq!(impossible_suite(suite.name), None);
        }
        for group in &GROUPS {
            assert_eq!(impossible_group(group.name), None);
        }
        for version in Version::ALL {
            assert_eq!(impossible_version(version.number()), None);
        }
        assert_eq!(impossible_suite("ECDHE-RSA-AES128-GCM-SHA256"), None);
        for (name, word) in [
            ("TLS_RSA_WITH_NULL_SHA", "encrypt"),
            ("TLS_RSA_EXPORT_WITH_RC4_40_MD5", "short"),
            ("TLS_DH_anon_WITH_AES_128_GCM_SHA256", "who"),
            ("TLS_RSA_WITH_RC4_128_SHA", "RC4"),
            ("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "DES"),
            ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "padding"),
            ("TLS_AES_128_CCM_SHA256", "CCM"),
            ("TLS_PSK_WITH_AES_128_GCM_SHA256", "beforehand"),
            ("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "finite"),
            ("DHE-RSA-AES128-GCM-SHA256", "finite"),
            ("TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256", "forward secrecy"),
            ("TLS_RSA_WITH_AES_128_GCM_SHA256", "forward secrecy"),
        ] {
            assert!(impossible_suite(name).unwrap().contains(word), "{name}");
        }
    }
}
