//! Extensions that hide something: Encrypted Client Hello, and padding.
//! Nothing is decrypted here; what is inside only the server can read.

use super::{Place, item};
use crate::wire::dissect::parts::{Parts, Step, named};
use crate::wire::dissect::tls_names as names;

const RFC9849_5: &str = "RFC 9849 §5";

/// Reads encrypted_client_hello, each form of it.
pub(super) fn encrypted_client_hello(parts: &mut Parts<'_>, place: Place) -> Step<()> {
    match place {
        Place::ClientHello => client_hello(parts),
        Place::HelloRetryRequest => {
            let field = named("confirmation", RFC9849_5)
                .meaning("Tells the client whether its hidden ClientHello was read.");
            parts.bytes(8, field)?;
            Ok(())
        }
        _ => {
            let field = named("retry_configs", RFC9849_5)
                .meaning("The keys to encrypt the next ClientHello with.");
            parts.rest(field)?;
            Ok(())
        }
    }
}

fn client_hello(parts: &mut Parts<'_>) -> Step<()> {
    let field = named("type", RFC9849_5).meaning("Inner is the marker within the hidden one.");
    let inner = 1 == parts.code(1, field, names::ech_client_hello_type)?;
    if inner {
        return Ok(());
    }
    let suite = named("cipher_suite", RFC9849_5).meaning("How the hidden one is encrypted (HPKE).");
    parts.group(4, suite, |parts| {
        parts.code(
            2,
            named("kdf_id", "RFC 9180 §7.2").meaning("How keys are derived."),
            names::hpke_kdf,
        )?;
        parts.code(
            2,
            named("aead_id", "RFC 9180 §7.3").meaning("How the hidden one is encrypted."),
            names::hpke_aead,
        )?;
        Ok(())
    })?;
    let config_id = named("config_id", RFC9849_5)
        .meaning("Which of the server's keys is meant; chosen at random in a fake one.");
    parts.number(1, config_id)?;
    let enc =
        named("enc", RFC9849_5).meaning("A fresh public key, for the server to open it with.");
    parts.opaque(2, None, enc)?;
    let payload = named("payload", RFC9849_5)
        .meaning("The hidden ClientHello, encrypted; random bytes in a fake one.");
    parts.opaque(2, None, payload)?;
    Ok(())
}

/// Reads padding, which must be zeros.
pub(super) fn padding(parts: &mut Parts<'_>, _: Place) -> Step<()> {
    if !parts.more() {
        return Ok(());
    }
    let zeros = item(
        "padding",
        "RFC 7685 §3",
        "tls.handshake.extensions_padding_data",
    )
    .meaning("So that the message becomes longer.");
    if parts.rest(zeros)?.iter().any(|&byte| byte != 0) {
        parts.blame("Padding is zeros: here something hides.");
    }
    Ok(())
}
