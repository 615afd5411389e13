//! How one record was opened, step by step: secret → key and IV → nonce → additional data → tag (RFC 8446 §5, §7; RFC 5246 §6).
//! Nothing is computed anew but the key block of TLS 1.2: the values are those that opened the record.

use super::Step;
use crate::octets::{counted, hex};
use crate::wire::decrypt::{ClientRandom, Label, Opened, Secrets, TrafficKeys, Version, prf};
use crate::wire::dissect::tls_record::{RECORD_HEADER_LEN, TAG_LEN};

/// What keys follow from, besides what an opened record says itself.
pub(super) struct Derivation<'a> {
    pub(super) secrets: &'a Secrets,
    pub(super) client_random: Option<&'a ClientRandom>,
    pub(super) server_random: Option<&'a [u8; 32]>,
    /// Whether both sides agreed to compute the master secret from the whole handshake (RFC 7627).
    pub(super) extended_master_secret: bool,
}

/// All steps, each from those before it. `record` is the whole record.
pub(super) fn steps(opened: &Opened, record: &[u8], derivation: &Derivation<'_>) -> Vec<Step> {
    let mut steps = match opened.keys.suite.version {
        Version::Tls13 => keys_of_tls13(&opened.keys, derivation.secrets),
        Version::Tls12 => keys_of_tls12(&opened.keys, derivation),
    };
    steps.push(step(
        "sequence_number",
        &opened.sequence.to_be_bytes(),
        "How many records this key has sealed before. It is never sent: both sides count.",
        match opened.keys.suite.version {
            Version::Tls13 => "RFC 8446 §5.3",
            Version::Tls12 => "RFC 5246 §6.1",
        },
    ));
    steps.extend(nonce(opened, record));
    steps.push(additional_data(opened));
    steps.push(tag(opened, record));
    steps
}

fn step(
    name: &'static str,
    value: &[u8],
    meaning: impl Into<String>,
    source: &'static str,
) -> Step {
    Step {
        name,
        value: hex(value),
        meaning: meaning.into(),
        source,
    }
}

fn keys_of_tls13(keys: &TrafficKeys, secrets: &Secrets) -> Vec<Step> {
    const RFC8446_7_3: &str = "RFC 8446 §7.3";
    let logged = match keys.generation {
        0 => Some(keys.secret()),
        _ => secrets.get(keys.label),
    };
    let mut steps = Vec::new();
    if let Some(secret) = logged {
        steps.push(step(
            keys.label.name(),
            secret.expose(),
            format!(
                "The secret under this name in the key log. Both sides computed it from {}; nobody sent it.",
                what_makes(keys.label)
            ),
            "RFC 8446 §7.1",
        ));
    }
    if keys.generation > 0 {
        let len = keys.suite.hash.output_len();
        steps.push(step(
            "application_traffic_secret_N",
            keys.secret().expose(),
            format!(
                "N is {}: after each KeyUpdate, the next secret is HKDF-Expand-Label(the one before, \"traffic upd\", \"\", {len}).",
                keys.generation
            ),
            "RFC 8446 §7.2",
        ));
    }
    steps.push(step(
        "write_key",
        keys.key(),
        format!(
            "HKDF-Expand-Label(secret, \"key\", \"\", {}), with the hash function of {}.",
            keys.key().len(),
            keys.suite.name
        ),
        RFC8446_7_3,
    ));
    steps.push(step(
        "write_iv",
        keys.iv(),
        format!(
            "HKDF-Expand-Label(secret, \"iv\", \"\", {}).",
            keys.iv().len()
        ),
        RFC8446_7_3,
    ));
    steps
}

/// What a secret of TLS 1.3 follows from (RFC 8446 §7.1).
fn what_makes(label: Label) -> &'static str {
    match label {
        // It comes before any key share of the server.
        Label::ClientEarlyTrafficSecret => {
            "the pre-shared key that an earlier connection left them, and the ClientHello"
        }
        Label::ClientHandshakeTrafficSecret | Label::ServerHandshakeTrafficSecret => {
            "the key exchange and both hellos"
        }
        _ => "the key exchange and all messages up to the server's Finished",
    }
}

/// What the master secret follows from in TLS 1.2, and where that is written.
fn what_makes_master_secret(is_extended: bool) -> (&'static str, &'static str) {
    if is_extended {
        (
            "the key exchange and all messages up to the ClientKeyExchange",
            "RFC 7627 §4",
        )
    } else {
        ("the key exchange and both randoms", "RFC 5246 §8.1")
    }
}

fn keys_of_tls12(keys: &TrafficKeys, derivation: &Derivation<'_>) -> Vec<Step> {
    const RFC5246_6_3: &str = "RFC 5246 §6.3";
    let (origin, source) = what_makes_master_secret(derivation.extended_master_secret);
    let mut steps = vec![step(
        "master_secret",
        keys.secret().expose(),
        format!(
            "The key log names it CLIENT_RANDOM, by whose connection it is. Both sides computed it from {origin}, in this connection or in the one that it resumes; nobody sent it."
        ),
        source,
    )];
    let mut key_block = Vec::new();
    if let (Some(client), Some(server)) = (derivation.client_random, derivation.server_random) {
        let (in_hello, source) = ("It stands in its hello, for all to see.", "RFC 5246 §7.4.1");
        steps.push(step("client_random", client, in_hello, source));
        steps.push(step("server_random", server, in_hello, source));
        let seed = [server.as_slice(), client].concat();
        let len = 2 * (keys.key().len() + keys.iv().len());
        key_block = prf(keys.suite.hash, keys.secret(), b"key expansion", &seed, len);
        steps.push(step(
            "key_block",
            &key_block,
            "PRF(master_secret, \"key expansion\", server_random + client_random): the client's key, the server's key, the client's IV, the server's IV.",
            RFC5246_6_3,
        ));
    }
    let ivs_at = 2 * keys.key().len();
    for (name, value, first) in [
        ("write_key", keys.key(), 0),
        ("write_iv", keys.iv(), ivs_at),
    ] {
        // The client's stands before the server's.
        let mut places = [first, first + value.len()].into_iter();
        let at = places.find(|&at| key_block.get(at..at + value.len()) == Some(value));
        let meaning = at.map_or_else(
            || "A part of the key block.".to_owned(),
            |at| format!("Bytes {at} to {} of key_block.", at + value.len() - 1),
        );
        steps.push(step(name, value, meaning, RFC5246_6_3));
    }
    steps
}

fn nonce(opened: &Opened, record: &[u8]) -> Vec<Step> {
    let explicit = record
        .get(opened.explicit_nonce.clone())
        .unwrap_or_default();
    if !explicit.is_empty() {
        let explicit_nonce = step(
            "nonce_explicit",
            explicit,
            format!(
                "Bytes {} to {} of the record: the half of the nonce that is sent.",
                opened.explicit_nonce.start,
                opened.explicit_nonce.end - 1
            ),
            "RFC 5288 §3",
        );
        let meaning = "write_iv, then nonce_explicit: no two records of one key may have the same.";
        return vec![
            explicit_nonce,
            step("nonce", &opened.nonce, meaning, "RFC 5288 §3"),
        ];
    }
    let source = match opened.keys.suite.version {
        Version::Tls13 => "RFC 8446 §5.3",
        Version::Tls12 => "RFC 7905 §2",
    };
    let meaning = "write_iv xor sequence_number, with zeros in front of the number: no two records of one key have the same.";
    vec![step("nonce", &opened.nonce, meaning, source)]
}

fn additional_data(opened: &Opened) -> Step {
    let (meaning, source) = match opened.keys.suite.version {
        Version::Tls13 => (
            format!(
                "The record's header, its first {RECORD_HEADER_LEN} bytes: not encrypted, but whoever alters it breaks the tag."
            ),
            "RFC 8446 §5.2",
        ),
        Version::Tls12 => (
            "sequence_number, then type and version from the record's header, then the length of the content: not encrypted, but whoever alters one of them breaks the tag."
                .to_owned(),
            "RFC 5246 §6.2.3.3",
        ),
    };
    step("additional_data", &opened.additional_data, meaning, source)
}

fn tag(opened: &Opened, record: &[u8]) -> Step {
    let sealed = &opened.ciphertext;
    step(
        "tag",
        record.get(opened.tag.clone()).unwrap_or_default(),
        format!(
            "{} with write_key and nonce decrypts the {} from byte {} of the record on, and computes these {TAG_LEN} bytes from them and additional_data. The record ends with the same: nothing was altered.",
            opened.keys.suite.aead.name(),
            counted(sealed.len(), "byte"),
            sealed.start
        ),
        "RFC 5116 §2.2",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_is_told_to_come_from_what_it_comes_from() {
        for (label, words) in [
            (Label::ClientEarlyTrafficSecret, "pre-shared key"),
            (Label::ClientHandshakeTrafficSecret, "both hellos"),
            (Label::ServerHandshakeTrafficSecret, "both hellos"),
            (Label::ClientTrafficSecret0, "Finished"),
            (Label::ServerTrafficSecret0, "Finished"),
        ] {
            assert!(what_makes(label).contains(words), "{label:?}");
        }
        assert_eq!(what_makes_master_secret(true).1, "RFC 7627 §4");
        assert_eq!(what_makes_master_secret(false).1, "RFC 5246 §8.1");
    }
}
