//! The two messages by which TLS 1.2 agrees on keys (RFC 8422 §5.4, §5.7; RFC 5246 §7.4.7.1).
//! TLS 1.3 does it in the hellos; see `tls_extension`.

use super::authentication::signed;
use super::{HandshakeContext, KeyExchange};
use crate::wire::dissect::parts::{Parts, Step, named};
use crate::wire::dissect::tls_extension::ec_point;
use crate::wire::dissect::tls_names as names;

const RFC8422_5_4: &str = "RFC 8422 §5.4";
const RFC5246_7_4_3: &str = "RFC 5246 §7.4.3";
const NAMED_CURVE: u64 = 3;

/// Reads a ServerKeyExchange.
pub(super) fn server_key_exchange(parts: &mut Parts<'_>, context: &HandshakeContext) -> Step<()> {
    let ahead = parts.ahead();
    match context.key_exchange() {
        KeyExchange::Ecdhe => {
            let params = named("params", RFC8422_5_4).meaning("What both sides compute with.");
            parts.group(ecdhe_params_len(ahead), params, ecdhe_params)?;
        }
        KeyExchange::Dhe => {
            let params = named("params", RFC5246_7_4_3).meaning("What both sides compute with.");
            parts.group(dhe_params_len(ahead), params, dhe_params)?;
        }
        _ => return undivided(parts),
    }
    let signature = named("signature", RFC8422_5_4)
        .wireshark("tls.handshake.sig")
        .meaning(
            "Over both randoms and the parameters: they come from whom the certificate names.",
        );
    signed(parts, RFC8422_5_4, "tls.handshake.sig_len", signature)
}

fn ecdhe_params(parts: &mut Parts<'_>) -> Step<()> {
    let curve_type = parts.code(
        1,
        named("curve_type", RFC8422_5_4)
            .wireshark("tls.handshake.server_curve_type")
            .meaning("How the curve is told: by name."),
        names::curve_type,
    )?;
    if curve_type != NAMED_CURVE {
        return undivided(parts);
    }
    let field = named("namedcurve", RFC8422_5_4).wireshark("tls.handshake.server_named_curve");
    let group = parts.code(2, field, names::named_group)?;
    parts.explain(names::group_in_words(group));
    let point = named("public", RFC8422_5_4)
        .wireshark("tls.handshake.server_point")
        .meaning("The public half of the server's fresh key.");
    ec_point(parts, "tls.handshake.server_point_len", point)
}

fn dhe_params(parts: &mut Parts<'_>) -> Step<()> {
    for (name, wireshark, len_wireshark, meaning) in [
        (
            "dh_p",
            "tls.handshake.p",
            "tls.handshake.p_len",
            "The prime to compute with.",
        ),
        (
            "dh_g",
            "tls.handshake.g",
            "tls.handshake.g_len",
            "The number whose powers are taken.",
        ),
        (
            "dh_Ys",
            "tls.handshake.ys",
            "tls.handshake.ys_len",
            "The public half of the server's fresh key.",
        ),
    ] {
        let field = named(name, RFC5246_7_4_3)
            .wireshark(wireshark)
            .meaning(meaning);
        parts.opaque(2, Some(len_wireshark), field)?;
    }
    Ok(())
}

/// Curve type, group, and a point behind its length; all there is if it is something else.
fn ecdhe_params_len(ahead: &[u8]) -> usize {
    match *ahead {
        [3, _, _, point_len, ..] => 4 + usize::from(point_len),
        _ => ahead.len(),
    }
}

/// Three numbers, each behind its length; all there is if they are cut off.
fn dhe_params_len(ahead: &[u8]) -> usize {
    let mut rest = ahead;
    for _ in 0..3 {
        let Some((&[high, low], behind)) = rest.split_first_chunk() else {
            return ahead.len();
        };
        rest = behind
            .get(u16::from_be_bytes([high, low]).into()..)
            .unwrap_or_default();
    }
    ahead.len() - rest.len()
}

/// Reads a ClientKeyExchange.
pub(super) fn client_key_exchange(parts: &mut Parts<'_>, context: &HandshakeContext) -> Step<()> {
    match context.key_exchange() {
        KeyExchange::Ecdhe => {
            let point = named("ecdh_Yc", "RFC 8422 §5.7")
                .wireshark("tls.handshake.client_point")
                .meaning("The public half of the client's fresh key.");
            ec_point(parts, "tls.handshake.client_point_len", point)
        }
        KeyExchange::Dhe => {
            let number = named("dh_Yc", "RFC 5246 §7.4.7.2")
                .wireshark("tls.handshake.yc")
                .meaning("The public half of the client's fresh key.");
            parts.opaque(2, Some("tls.handshake.yc_len"), number)?;
            Ok(())
        }
        KeyExchange::Rsa => {
            let secret = named("encrypted_pre_master_secret", "RFC 5246 §7.4.7.1")
                .wireshark("tls.handshake.epms")
                .meaning("Encrypted for the key in the certificate: who ever gets that key reads everything.");
            parts.opaque(2, Some("tls.handshake.epms_len"), secret)?;
            Ok(())
        }
        KeyExchange::Other => undivided(parts),
    }
}

/// The parameters of a way to agree on keys that is not explained here.
fn undivided(parts: &mut Parts<'_>) -> Step<()> {
    if parts.more() {
        let field = named("exchange_keys", "RFC 5246 §7.4.7")
            .meaning("A way to agree on keys that is not explained here.");
        parts.rest(field)?;
    }
    Ok(())
}
