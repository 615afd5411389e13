//! What a number of a registry stands for, in one sentence for learners.
//! Judgements are those of the RFCs (8996, 9325); where there is nothing to say, the empty sentence.

use std::borrow::Cow;

use super::{cipher_suite, is_grease, signature_scheme};

const GREASE: &str = "Means nothing, on purpose (RFC 8701).";

/// What a version is.
pub(in crate::wire::dissect) fn version_in_words(number: u64) -> &'static str {
    match number {
        0x0002 | 0x0300 => "Broken, and forbidden (RFC 6176, RFC 7568).",
        0x0301 | 0x0302 => "Of 1999 and 2006; not to be used any more (RFC 8996).",
        0x0303 => "Of 2008: certificates are sent in clear.",
        0x0304 => "Of 2018: all but the two hellos is encrypted.",
        _ if is_grease(number) => GREASE,
        _ => "A version that is not known here.",
    }
}

/// What a group is.
pub(in crate::wire::dissect) fn group_in_words(number: u64) -> &'static str {
    match number {
        29 => "Curve25519, made to be fast and hard to get wrong.",
        30 => "Curve448, Curve25519's larger sister.",
        1..=28 | 31..=41 => "An elliptic curve.",
        0x0100..=0x0104 => "Diffie-Hellman with numbers, without curves.",
        0x11eb..=0x11ed | 0x6399 => {
            "A curve and ML-KEM at once: safe as long as one of them is, and so against quantum computers, too."
        }
        0x0200..=0x0202 => "ML-KEM alone, made against quantum computers.",
        _ if is_grease(number) => GREASE,
        _ => "A group that is not known here.",
    }
}

/// What a signature scheme is.
pub(in crate::wire::dissect) fn scheme_in_words(number: u64) -> &'static str {
    let name = signature_scheme(number).unwrap_or_default();
    match name.split('_').next().unwrap_or_default() {
        _ if name.ends_with("_sha1") => "With SHA-1, which is broken.",
        "rsa" if name.starts_with("rsa_pss") => "RSA with random padding.",
        "rsa" => "RSA with fixed padding: in TLS 1.3 for certificates only.",
        "ecdsa" => "A signature on an elliptic curve.",
        "ed25519" | "ed448" => "A signature on an Edwards curve, without any choice to get wrong.",
        "mldsa44" | "mldsa65" | "mldsa87" => "Made against quantum computers.",
        "GREASE" => GREASE,
        "" => "A scheme that is not known here.",
        _ => "A scheme that hardly anybody uses.",
    }
}

/// What a cipher suite does: how keys are agreed on and who proves to be whom, and how records are encrypted.
pub(in crate::wire::dissect) fn suite_in_words(number: u64) -> Cow<'static, str> {
    let name = cipher_suite(number).unwrap_or_default();
    let sentence = match number {
        0x00ff => "No suite, but a sign: this client ties renegotiations together (RFC 5746).",
        0x5600 => "No suite, but a sign: this client has tried a newer version before (RFC 7507).",
        _ if is_grease(number) => GREASE,
        _ if name.is_empty() => "A suite that is not known here.",
        _ => match name.split_once("_WITH_") {
            None => {
                "For TLS 1.3: encrypts and authenticates at once; how keys are agreed on is told elsewhere."
            }
            Some((keys, cipher)) => {
                return format!("{} {}", keys_in_words(keys), cipher_in_words(cipher)).into();
            }
        },
    };
    sentence.into()
}

fn keys_in_words(keys: &str) -> &'static str {
    match keys {
        "TLS_ECDHE_ECDSA" => "Fresh keys on a curve, signed with a key on a curve.",
        "TLS_ECDHE_RSA" => "Fresh keys on a curve, signed with an RSA key.",
        "TLS_DHE_RSA" => "Fresh keys, signed with an RSA key.",
        "TLS_RSA" => {
            "The secret is encrypted for the server's RSA key: who gets that later reads everything."
        }
        _ if keys.contains("anon") => "Nobody proves who they are.",
        _ if keys.contains("PSK") => "For those who have agreed on a secret before.",
        _ if keys.contains("SRP") => "For those who know a password.",
        _ => "Keys are agreed on in a way that hardly anybody uses.",
    }
}

fn cipher_in_words(cipher: &str) -> &'static str {
    match cipher {
        _ if cipher.starts_with("NULL") => "Nothing is encrypted.",
        _ if cipher.starts_with("RC4") || cipher.starts_with("3DES") => "Its cipher is broken.",
        _ if cipher.contains("_CBC_") => "Encrypts with CBC, which has let in many an attack.",
        _ => "Encrypts and authenticates at once.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suite_is_told_from_its_name() {
        for (number, sentence) in [
            (
                0x1301,
                "For TLS 1.3: encrypts and authenticates at once; how keys are agreed on is told elsewhere.",
            ),
            (
                0xc02b,
                "Fresh keys on a curve, signed with a key on a curve. Encrypts and authenticates at once.",
            ),
            (
                0x002f,
                "The secret is encrypted for the server's RSA key: who gets that later reads everything. Encrypts with CBC, which has let in many an attack.",
            ),
            (0x0a0a, GREASE),
            (0x7777, "A suite that is not known here."),
        ] {
            assert_eq!(suite_in_words(number), sentence);
        }
    }

    #[test]
    fn every_number_has_its_sentence() {
        for number in 0..=0xffff {
            let sentences = [
                version_in_words(number).into(),
                group_in_words(number).into(),
                scheme_in_words(number).into(),
                suite_in_words(number),
            ];
            assert!(sentences.iter().all(|sentence| sentence.ends_with('.')));
        }
        assert_eq!(scheme_in_words(0x0403), "A signature on an elliptic curve.");
        assert_eq!(scheme_in_words(0x0203), "With SHA-1, which is broken.");
        assert_eq!(scheme_in_words(0x0804), "RSA with random padding.");
        assert_eq!(scheme_in_words(0x0905), "Made against quantum computers.");
    }
}
