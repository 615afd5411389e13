//! What is said after the handshake proper: tickets for the next time, and new keys (RFC 8446 §4.6, RFC 5077 §3.3).
//! What is in a ticket only the server knows.

use super::{HandshakeContext, Version};
use crate::wire::dissect::parts::{Parts, Step, named};
use crate::wire::dissect::tls_extension::{Place, extensions};
use crate::wire::dissect::tls_names as names;

const RFC8446_4_6_1: &str = "RFC 8446 §4.6.1";

/// Reads a NewSessionTicket.
pub(super) fn new_session_ticket(parts: &mut Parts<'_>, context: &HandshakeContext) -> Step<()> {
    let tls13 = context.version == Version::Tls13;
    let lifetime = if tls13 {
        named("ticket_lifetime", RFC8446_4_6_1)
    } else {
        named("ticket_lifetime_hint", "RFC 5077 §3.3")
    };
    parts.number(
        4,
        lifetime
            .wireshark("tls.handshake.session_ticket_lifetime_hint")
            .meaning("For how many seconds it holds."),
    )?;
    if tls13 {
        parts.number(
            4,
            named("ticket_age_add", RFC8446_4_6_1)
                .wireshark("tls.handshake.session_ticket_age_add")
                .meaning("Added to its age when it is used, so that nobody can tell two uses belong together."),
        )?;
        parts.opaque(
            1,
            Some("tls.handshake.session_ticket_nonce_length"),
            named("ticket_nonce", RFC8446_4_6_1)
                .wireshark("tls.handshake.session_ticket_nonce")
                .meaning("Gives each ticket of a connection a secret of its own."),
        )?;
    }
    parts.opaque(
        2,
        Some("tls.handshake.session_ticket_length"),
        named("ticket", RFC8446_4_6_1)
            .wireshark("tls.handshake.session_ticket")
            .meaning("The session, sealed for the server alone, or a number under which it remembers it."),
    )?;
    if tls13 {
        extensions(parts, Place::NewSessionTicket)?;
    }
    Ok(())
}

/// Reads a KeyUpdate.
pub(super) fn key_update(parts: &mut Parts<'_>, _: &HandshakeContext) -> Step<()> {
    let field = named("request_update", "RFC 8446 §4.6.3")
        .wireshark("tls.handshake.key_update.request_update")
        .meaning("Whether the other side shall take new keys, too.");
    parts.code(1, field, names::key_update_request)?;
    Ok(())
}
