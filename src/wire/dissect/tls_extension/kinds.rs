//! The table of extensions: each that browsers, rustls and OpenSSL send, in one sentence.
//! What they are made of is known to the files beside this one.

use super::{
    Place, RFC8446_4_2, certificate_authorities, certificates, encrypted_hello, keys, protocols,
    session,
};
use crate::wire::dissect::parts::{Parts, Step};
use crate::wire::dissect::tls_names as names;

/// Wireshark's name for data that it does not look into.
const DATA: &str = "tls.handshake.extension.data";

/// What is known of one kind of extension.
pub(super) struct Kind {
    pub(super) meaning: &'static str,
    pub(super) source: &'static str,
    /// Reads its data; `None` if they stay bytes.
    pub(super) read: Option<Read>,
    /// Wireshark's name for its data as a whole, if it does not look into them.
    pub(super) data_wireshark: Option<&'static str>,
}

pub(super) type Read = fn(&mut Parts<'_>, Place) -> Step<()>;

impl Kind {
    /// By its type.
    pub(super) fn of(number: u64) -> &'static Self {
        if names::is_grease(number) {
            return &GREASE;
        }
        KINDS
            .iter()
            .find(|(known, _)| *known == number)
            .map_or(&UNKNOWN, |(_, kind)| kind)
    }

    /// Read here and by Wireshark.
    const fn known(meaning: &'static str, source: &'static str, read: Read) -> Self {
        Self {
            meaning,
            source,
            read: Some(read),
            data_wireshark: None,
        }
    }

    /// Nothing but being there.
    const fn flag(meaning: &'static str, source: &'static str) -> Self {
        Self::known(meaning, source, |_, _| Ok(()))
    }

    /// Read here, and too new for Wireshark 4.0.
    const fn new(meaning: &'static str, source: &'static str, read: Read) -> Self {
        Self {
            meaning,
            source,
            read: Some(read),
            data_wireshark: Some(DATA),
        }
    }

    /// Not read here.
    const fn opaque(meaning: &'static str, source: &'static str) -> Self {
        Self {
            meaning,
            source,
            read: None,
            data_wireshark: Some(DATA),
        }
    }
}

const GREASE: Kind = Kind::opaque(
    "Means nothing, on purpose: so that servers do not forget how to skip what they do not know.",
    "RFC 8701 §3.1",
);

const UNKNOWN: Kind = Kind::opaque("Not explained here.", RFC8446_4_2);

/// Each extension that browsers, rustls and OpenSSL send, in one sentence.
const KINDS: &[(u64, Kind)] = &[
    (
        0,
        Kind::known(
            "The name of the server that is wanted, in clear: an eavesdropper reads it.",
            "RFC 6066 §3",
            protocols::server_name,
        ),
    ),
    (
        1,
        Kind::known(
            "A small client asks for records no longer than this.",
            "RFC 6066 §4",
            protocols::max_fragment_length,
        ),
    ),
    (
        5,
        Kind::known(
            "The client would like a fresh proof that the certificate is not revoked, stapled to it.",
            "RFC 6066 §8",
            certificates::status_request,
        ),
    ),
    (
        10,
        Kind::known(
            "The groups in which the sender can agree on keys, the dearest first.",
            "RFC 8446 §4.2.7",
            keys::supported_groups,
        ),
    ),
    (
        11,
        Kind::known(
            "How points of curves may be written. Only uncompressed is left of it.",
            "RFC 8422 §5.1.2",
            keys::ec_point_formats,
        ),
    ),
    (
        13,
        Kind::known(
            "Which signatures the sender can verify.",
            "RFC 8446 §4.2.3",
            certificates::signature_algorithms,
        ),
    ),
    (
        16,
        Kind::known(
            "What shall be spoken inside TLS: the client offers, the server chooses.",
            "RFC 7301 §3.1",
            protocols::alpn,
        ),
    ),
    (
        18,
        Kind::known(
            "Proof that the certificate was shown to everybody in public logs.",
            "RFC 6962 §3.3.1",
            certificates::timestamps,
        ),
    ),
    (
        21,
        Kind::known(
            "Zeros, to bring the message to a length that gives less away, or that old servers survive.",
            "RFC 7685 §3",
            encrypted_hello::padding,
        ),
    ),
    (
        22,
        Kind::flag(
            "With CBC suites, authenticate what was encrypted rather than the other way round.",
            "RFC 7366 §2",
        ),
    ),
    (
        23,
        Kind::flag(
            "Mix the whole handshake into the master secret, so that two connections cannot share one.",
            "RFC 7627 §5.1",
        ),
    ),
    (
        27,
        Kind::known(
            "How certificates may be compressed.",
            "RFC 8879 §3",
            certificates::compress_certificate,
        ),
    ),
    (
        28,
        Kind::known(
            "The longest record that the sender wants to get.",
            "RFC 8449 §4",
            protocols::record_size_limit,
        ),
    ),
    (
        34,
        Kind::known(
            "Which signatures the sender can verify in a short-lived substitute of a certificate.",
            "RFC 9345 §4.1.1",
            certificates::signature_algorithms,
        ),
    ),
    // Wireshark shows its data undivided, too.
    (
        35,
        Kind::opaque(
            "TLS 1.2: a ticket from an earlier connection, or empty for a wish to get one.",
            "RFC 5077 §3.2",
        ),
    ),
    (
        41,
        Kind::known(
            "A secret that both know from before: with it, the handshake needs no certificate.",
            "RFC 8446 §4.2.11",
            session::pre_shared_key,
        ),
    ),
    (
        42,
        Kind::known(
            "Data before the handshake is done: fast, and an eavesdropper can send them again.",
            "RFC 8446 §4.2.10",
            session::early_data,
        ),
    ),
    (
        43,
        Kind::known(
            "Which versions the client speaks, or which one the server has chosen: the true version field.",
            "RFC 8446 §4.2.1",
            session::supported_versions,
        ),
    ),
    (
        44,
        Kind::known(
            "What the server wants to hear again, so that it need not remember the client.",
            "RFC 8446 §4.2.2",
            session::cookie,
        ),
    ),
    (
        45,
        Kind::known(
            "Whether fresh keys are agreed on when a pre-shared key is used.",
            "RFC 8446 §4.2.9",
            session::psk_key_exchange_modes,
        ),
    ),
    (
        47,
        Kind::known(
            "The authorities whose certificates the sender accepts.",
            "RFC 8446 §4.2.4",
            |parts, _| certificate_authorities(parts),
        ),
    ),
    (
        49,
        Kind::flag(
            "The client may be asked for a certificate later on.",
            "RFC 8446 §4.2.6",
        ),
    ),
    (
        50,
        Kind::known(
            "Which signatures in certificates the sender can verify.",
            "RFC 8446 §4.2.3",
            certificates::signature_algorithms,
        ),
    ),
    (
        51,
        Kind::known(
            "Public halves of fresh keys: from one of each side both compute the same secret.",
            "RFC 8446 §4.2.8",
            keys::key_share,
        ),
    ),
    (
        17513,
        Kind::known(
            "Chromium: settings of the protocol inside TLS, already in the handshake (older form).",
            "draft-vvv-tls-alps",
            protocols::alps_old,
        ),
    ),
    (
        17613,
        Kind::new(
            "Chromium: settings of the protocol inside TLS, already in the handshake.",
            "draft-vvv-tls-alps",
            protocols::alps,
        ),
    ),
    (
        51764,
        Kind::new(
            "Which authorities the client trusts, by number, so that the server can choose its certificate.",
            "draft-ietf-tls-trust-anchor-ids",
            certificates::trust_anchors,
        ),
    ),
    (
        65037,
        Kind::new(
            "A second ClientHello, encrypted for the server: it hides the true name. Browsers send a fake one to all others.",
            "RFC 9849 §5",
            encrypted_hello::encrypted_client_hello,
        ),
    ),
    (
        65281,
        Kind::known(
            "Ties a second handshake on the same connection to the first; empty in the first.",
            "RFC 5746 §3.2",
            session::renegotiation_info,
        ),
    ),
];
