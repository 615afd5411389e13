//! Alerts: how TLS says goodbye, or what went wrong (RFC 8446 §6, RFC 5246 §7.2).
//! Each has its name and a sentence for learners. Who sent it and why is not known here.

use std::borrow::Cow;

use super::parts::{Parts, Step, dissect, named};
use crate::wire::field::Field;

const RFC8446_6: &str = "RFC 8446 §6";

/// Takes an alert apart, as it is in a record that is not or no longer encrypted.
#[must_use]
pub fn dissect_alert(bytes: &[u8]) -> Field {
    dissect(bytes, alert_field(), alert)
}

/// `unknown_ca: the certificate is …`, for a line about the alert of this number.
#[must_use]
pub fn alert_in_words(description: u8) -> String {
    match find(description.into()) {
        Some((_, name, sentence)) => format!("{name}: {sentence}"),
        None => format!("alert {description}"),
    }
}

/// The field that `alert` reads the parts of.
pub(super) fn alert_field() -> Field {
    named("Alert", RFC8446_6)
        .wireshark("tls.alert_message")
        .meaning("A goodbye, or what went wrong.")
}

/// Reads an Alert.
pub(super) fn alert(parts: &mut Parts<'_>) -> Step<()> {
    let level = named("level", RFC8446_6)
        .wireshark("tls.alert_message.level")
        .meaning("How bad it is. TLS 1.3 goes by the description alone.");
    parts.code(1, level, alert_level)?;
    let field = named("description", RFC8446_6).wireshark("tls.alert_message.desc");
    let number = parts.code(1, field, alert_description)?;
    parts.explain(find(number).map_or("No alert has this number.", |(_, _, sentence)| sentence));
    Ok(())
}

fn alert_level(number: u64) -> Option<Cow<'static, str>> {
    match number {
        1 => Some("warning".into()),
        2 => Some("fatal".into()),
        _ => None,
    }
}

fn alert_description(number: u64) -> Option<Cow<'static, str>> {
    find(number).map(|(_, name, _)| name.into())
}

fn find(number: u64) -> Option<(u64, &'static str, &'static str)> {
    DESCRIPTIONS
        .iter()
        .find(|(known, ..)| *known == number)
        .copied()
}

/// AlertDescription (IANA, TLS Alerts).
const DESCRIPTIONS: &[(u64, &str, &str)] = &[
    (
        0,
        "close_notify",
        "The sender has said everything; nothing was cut off by somebody in between.",
    ),
    (
        10,
        "unexpected_message",
        "A message came that had no place there.",
    ),
    (
        20,
        "bad_record_mac",
        "A record does not open: wrong key, or changed on its way.",
    ),
    (
        21,
        "decryption_failed",
        "A record could not be decrypted. No longer sent, since it helped attackers.",
    ),
    (22, "record_overflow", "A record is longer than is allowed."),
    (
        30,
        "decompression_failure",
        "A record could not be unpacked.",
    ),
    (
        40,
        "handshake_failure",
        "Both sides have no version, cipher suite or group in common.",
    ),
    (
        41,
        "no_certificate",
        "SSL 3.0: the client has no certificate.",
    ),
    (
        42,
        "bad_certificate",
        "The certificate is damaged, or its signature is wrong.",
    ),
    (
        43,
        "unsupported_certificate",
        "The certificate is of a kind that the sender cannot use.",
    ),
    (
        44,
        "certificate_revoked",
        "The issuer has revoked the certificate.",
    ),
    (
        45,
        "certificate_expired",
        "The certificate does not hold any more, or not yet.",
    ),
    (
        46,
        "certificate_unknown",
        "The certificate was not accepted: often a name that does not fit, or a person who clicked no.",
    ),
    (
        47,
        "illegal_parameter",
        "A field says something that contradicts the rules or another field.",
    ),
    (
        48,
        "unknown_ca",
        "Nobody whom the sender trusts vouches for this certificate: your browser does not trust this certificate.",
    ),
    (
        49,
        "access_denied",
        "The certificate is good, and its owner may not come in.",
    ),
    (
        50,
        "decode_error",
        "A message could not be read: a length is wrong, or it is no TLS.",
    ),
    (
        51,
        "decrypt_error",
        "A signature, a Finished or a binder is wrong: somebody changed the handshake, or the keys differ.",
    ),
    (
        60,
        "export_restriction",
        "A relic of laws that forbade strong keys.",
    ),
    (
        70,
        "protocol_version",
        "The sender does not speak this version of TLS.",
    ),
    (
        71,
        "insufficient_security",
        "The other side offers only what is too weak.",
    ),
    (
        80,
        "internal_error",
        "Something broke in the sender that is not the other side's fault.",
    ),
    (
        86,
        "inappropriate_fallback",
        "The client tried an older version than both could speak: perhaps somebody forced it to.",
    ),
    (
        90,
        "user_canceled",
        "The handshake was called off, not for an error.",
    ),
    (
        100,
        "no_renegotiation",
        "The sender does not want to shake hands again.",
    ),
    (
        109,
        "missing_extension",
        "An extension that must be there is not.",
    ),
    (
        110,
        "unsupported_extension",
        "An extension came that nobody asked for.",
    ),
    (
        111,
        "certificate_unobtainable",
        "The certificate could not be fetched from its URL.",
    ),
    (
        112,
        "unrecognized_name",
        "The server is not the one that server_name asks for.",
    ),
    (
        113,
        "bad_certificate_status_response",
        "The stapled answer about revocation is not valid.",
    ),
    (
        114,
        "bad_certificate_hash_value",
        "The fetched certificate is not the announced one.",
    ),
    (
        115,
        "unknown_psk_identity",
        "The server does not know this pre-shared key.",
    ),
    (
        116,
        "certificate_required",
        "The server wants a certificate from the client, and got none.",
    ),
    (
        120,
        "no_application_protocol",
        "Both sides have no protocol (ALPN) in common.",
    ),
    (
        121,
        "ech_required",
        "The server wants an encrypted ClientHello.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::field::Value;

    #[test]
    fn an_alert_is_told_in_words() {
        let field = dissect_alert(&[2, 48]);
        assert_eq!(field.flaw(), None);
        let description = field.leaf_at(1).unwrap();
        let unknown_ca = Value::Code {
            number: 48,
            name: Some("unknown_ca".into()),
        };
        assert_eq!(description.value, unknown_ca);
        assert!(
            description
                .meaning
                .contains("your browser does not trust this certificate")
        );
        assert!(alert_in_words(48).starts_with("unknown_ca: Nobody"));
        assert_eq!(alert_in_words(99), "alert 99");
    }

    #[test]
    fn an_alert_has_two_bytes() {
        for (bytes, problems) in [(&[][..], 1), (&[2], 1), (&[2, 0], 0), (&[2, 0, 0], 1)] {
            let field = dissect_alert(bytes);
            assert_eq!(field.flaw(), None);
            let told = field.walk().filter(|field| field.problem.is_some()).count();
            assert_eq!(told, problems, "{bytes:?}");
        }
    }

    #[test]
    fn descriptions_are_in_order_and_are_sentences() {
        assert!(DESCRIPTIONS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(
            DESCRIPTIONS
                .iter()
                .all(|(_, _, sentence)| sentence.ends_with('.'))
        );
    }
}
