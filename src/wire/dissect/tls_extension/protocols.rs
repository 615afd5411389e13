//! Extensions that say with whom and in which protocol the client wants to speak, and how long records may be.
//! The protocols themselves are taken apart elsewhere.

use super::{Place, item, out_of_place};
use crate::wire::dissect::parts::{Parts, Step, named};
use crate::wire::dissect::tls_names as names;

/// Reads server_name: a list in the ClientHello, empty in the answer.
pub(super) fn server_name(parts: &mut Parts<'_>, place: Place) -> Step<()> {
    const SOURCE: &str = "RFC 6066 §3";
    if place != Place::ClientHello {
        return Ok(());
    }
    let list =
        named("server_name_list", SOURCE).meaning("A list that never has more than one name.");
    let len = Some("tls.handshake.extensions_server_name_list_len");
    parts.vector(2, len, list, |parts| {
        while parts.more() {
            parts.code(
                1,
                item(
                    "name_type",
                    SOURCE,
                    "tls.handshake.extensions_server_name_type",
                )
                .meaning("Which kind of name follows; there is but one."),
                names::name_type,
            )?;
            parts.opaque_text(
                2,
                Some("tls.handshake.extensions_server_name_len"),
                item("HostName", SOURCE, "tls.handshake.extensions_server_name")
                    .meaning("The host that is wanted: one address may serve many."),
            )?;
        }
        Ok(())
    })
}

/// Reads max_fragment_length.
pub(super) fn max_fragment_length(parts: &mut Parts<'_>, _: Place) -> Step<()> {
    let field = item(
        "MaxFragmentLength",
        "RFC 6066 §4",
        "tls.handshake.max_fragment_length",
    )
    .meaning("As a power of two.");
    parts.code(1, field, names::max_fragment_length)?;
    Ok(())
}

/// Reads record_size_limit.
pub(super) fn record_size_limit(parts: &mut Parts<'_>, _: Place) -> Step<()> {
    let field = item("RecordSizeLimit", "RFC 8449 §4", "tls.record_size_limit")
        .meaning("In bytes of content.");
    parts.number(2, field)?;
    Ok(())
}

/// Reads application_layer_protocol_negotiation: in the answer a list of one.
pub(super) fn alpn(parts: &mut Parts<'_>, _: Place) -> Step<()> {
    const SOURCE: &str = "RFC 7301 §3.1";
    let list = named("protocol_name_list", SOURCE)
        .wireshark("tls.handshake.extensions_alpn_list")
        .meaning("The protocols, the dearest first.");
    parts.vector(
        2,
        Some("tls.handshake.extensions_alpn_len"),
        list,
        |parts| {
            while parts.more() {
                parts.opaque_text(
                    1,
                    Some("tls.handshake.extensions_alpn_str_len"),
                    item("ProtocolName", SOURCE, "tls.handshake.extensions_alpn_str")
                        .meaning("h2 is HTTP/2; http/1.1 is what this server speaks."),
                )?;
            }
            Ok(())
        },
    )
}

const ALPS: &str = "draft-vvv-tls-alps §4";

/// Reads application_settings under its first number, which Wireshark 4.0 knows.
pub(super) fn alps_old(parts: &mut Parts<'_>, place: Place) -> Step<()> {
    match place {
        Place::ClientHello => {
            let list = named("supported_protocols", ALPS)
                .wireshark("tls.handshake.extensions_alps_alpn_list")
                .meaning("The protocols that have settings.");
            parts.vector(
                2,
                Some("tls.handshake.extensions_alps_len"),
                list,
                |parts| {
                    while parts.more() {
                        parts.opaque_text(
                            1,
                            Some("tls.handshake.extensions_alps_alpn_str_len"),
                            item(
                                "ProtocolName",
                                ALPS,
                                "tls.handshake.extensions_alps_alpn_str",
                            )
                            .meaning("The name of a protocol."),
                        )?;
                    }
                    Ok(())
                },
            )
        }
        // Wireshark 4.0 has a name for the settings, and takes their end for their length.
        _ => out_of_place(parts),
    }
}

/// Reads application_settings under its second number.
pub(super) fn alps(parts: &mut Parts<'_>, place: Place) -> Step<()> {
    if place != Place::ClientHello {
        return out_of_place(parts);
    }
    let list = named("supported_protocols", ALPS).meaning("The protocols that have settings.");
    parts.vector(2, None, list, |parts| {
        while parts.more() {
            parts.opaque_text(
                1,
                None,
                named("ProtocolName", ALPS).meaning("The name of a protocol."),
            )?;
        }
        Ok(())
    })
}
