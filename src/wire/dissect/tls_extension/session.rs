//! Extensions about versions, and about going on from an earlier session.
//! Whether a session may be resumed is not decided here.

use super::{Place, item, out_of_place};
use crate::wire::dissect::parts::{Parts, Step, named};
use crate::wire::dissect::tls_names as names;

const RFC8446_4_2_11: &str = "RFC 8446 §4.2.11";

/// Reads supported_versions: the client's list, or the server's choice.
pub(super) fn supported_versions(parts: &mut Parts<'_>, place: Place) -> Step<()> {
    const SOURCE: &str = "RFC 8446 §4.2.1";
    const WIRESHARK: &str = "tls.handshake.extensions.supported_version";
    match place {
        Place::ClientHello => {
            let list = named("versions", SOURCE).meaning("The versions, the dearest first.");
            let len = Some("tls.handshake.extensions.supported_versions_len");
            parts.vector(1, len, list, |parts| {
                while parts.more() {
                    let field = item("ProtocolVersion", SOURCE, WIRESHARK);
                    let version = parts.code(2, field, names::version)?;
                    parts.explain(names::version_in_words(version));
                }
                Ok(())
            })
        }
        Place::ServerHello | Place::HelloRetryRequest => {
            let field = item("selected_version", SOURCE, WIRESHARK)
                .meaning("This version it is, whatever legacy_version says.");
            parts.code(2, field, names::version)?;
            Ok(())
        }
        _ => out_of_place(parts),
    }
}

/// Reads psk_key_exchange_modes.
pub(super) fn psk_key_exchange_modes(parts: &mut Parts<'_>, _: Place) -> Step<()> {
    const SOURCE: &str = "RFC 8446 §4.2.9";
    let list = named("ke_modes", SOURCE).meaning("The ways that suit the client.");
    parts.vector(
        1,
        Some("tls.extension.psk_ke_modes_length"),
        list,
        |parts| {
            while parts.more() {
                let field = item("PskKeyExchangeMode", SOURCE, "tls.extension.psk_ke_mode");
                let mode = parts.code(1, field, names::psk_key_exchange_mode)?;
                parts.explain(match mode {
                    0 => "With the pre-shared key alone: who steals it later reads everything.",
                    1 => "With the pre-shared key and a fresh exchange of keys.",
                    _ => "Means nothing to those who do not know it.",
                });
            }
            Ok(())
        },
    )
}

/// Reads pre_shared_key: what the client knows and proves to know, or the server's choice.
pub(super) fn pre_shared_key(parts: &mut Parts<'_>, place: Place) -> Step<()> {
    match place {
        Place::ClientHello => {
            let list = named("identities", RFC8446_4_2_11).meaning("The secrets the client has.");
            let len = Some("tls.handshake.extensions.psk.identities.length");
            parts.vector(2, len, list, |parts| {
                while parts.more() {
                    psk_identity(parts)?;
                }
                Ok(())
            })?;
            let list = named("binders", RFC8446_4_2_11)
                .wireshark("tls.handshake.extensions.psk.binders")
                .meaning("One proof for each secret.");
            let len = Some("tls.handshake.extensions.psk.binders_len");
            parts.vector(2, len, list, |parts| {
                while parts.more() {
                    let binder = named("PskBinderEntry", RFC8446_4_2_11).meaning(
                        "Computed from the secret and this ClientHello: only who knows it can.",
                    );
                    parts.opaque(1, None, binder)?;
                }
                Ok(())
            })
        }
        Place::ServerHello => {
            let field = item(
                "selected_identity",
                RFC8446_4_2_11,
                "tls.handshake.extensions.psk.identity.selected",
            )
            .meaning("Which of the client's secrets is used, counted from 0.");
            parts.number(2, field)?;
            Ok(())
        }
        _ => out_of_place(parts),
    }
}

fn psk_identity(parts: &mut Parts<'_>) -> Step<()> {
    let len = match *parts.ahead() {
        [high, low, ..] => usize::from(u16::from_be_bytes([high, low])),
        _ => 0,
    };
    let whole = named("PskIdentity", RFC8446_4_2_11).meaning("One secret from before.");
    parts.group((2 + len + 4).min(parts.left()), whole, |parts| {
        parts.opaque(
            2,
            Some("tls.handshake.extensions.psk.identity.identity_length"),
            item(
                "identity",
                RFC8446_4_2_11,
                "tls.handshake.extensions.psk.identity.identity",
            )
            .meaning("The ticket that the server gave in an earlier connection."),
        )?;
        parts.number(
            4,
            item(
                "obfuscated_ticket_age",
                "RFC 8446 §4.2.11.1",
                "tls.handshake.extensions.psk.identity.obfuscated_ticket_age",
            )
            .meaning("How old the ticket is, in milliseconds, plus the number that came with it."),
        )?;
        Ok(())
    })
}

/// Reads early_data: a size in a ticket, else only being there.
pub(super) fn early_data(parts: &mut Parts<'_>, place: Place) -> Step<()> {
    if place == Place::NewSessionTicket {
        let field = item(
            "max_early_data_size",
            "RFC 8446 §4.2.10",
            "tls.early_data.max_early_data_size",
        )
        .meaning("How many bytes may come early next time.");
        parts.number(4, field)?;
    }
    Ok(())
}

/// Reads cookie.
pub(super) fn cookie(parts: &mut Parts<'_>, _: Place) -> Step<()> {
    parts.opaque(
        2,
        Some("tls.handshake.extensions.cookie_len"),
        item(
            "cookie",
            "RFC 8446 §4.2.2",
            "tls.handshake.extensions.cookie",
        )
        .meaning("To be sent back as it is."),
    )?;
    Ok(())
}

/// Reads renegotiation_info.
pub(super) fn renegotiation_info(parts: &mut Parts<'_>, _: Place) -> Step<()> {
    parts.opaque(
        1,
        Some("tls.handshake.extensions_reneg_info_len"),
        item(
            "renegotiated_connection",
            "RFC 5746 §3.2",
            "tls.handshake.extensions_reneg_info",
        )
        .meaning("Proof of having taken part in the handshake before, if there was one."),
    )?;
    Ok(())
}
