//! Extensions about agreeing on keys: groups, and the public halves that both sides show.
//! What is computed from them is known to `decrypt`.

use super::{Place, item, out_of_place};
use crate::wire::dissect::curve_point::uncompressed_point;
use crate::wire::dissect::parts::{Parts, Step, named};
use crate::wire::dissect::tls_names as names;
use crate::wire::field::Field;

const RFC8446_4_2_8: &str = "RFC 8446 §4.2.8";
const ECDHE_MLKEM: &str = "draft-ietf-tls-ecdhe-mlkem §4";

/// Reads supported_groups.
pub(super) fn supported_groups(parts: &mut Parts<'_>, _: Place) -> Step<()> {
    const SOURCE: &str = "RFC 8446 §4.2.7";
    let list = named("named_group_list", SOURCE)
        .wireshark("tls.handshake.extensions_supported_groups")
        .meaning("The groups, the dearest first.");
    let len = Some("tls.handshake.extensions_supported_groups_length");
    parts.vector(2, len, list, |parts| {
        while parts.more() {
            let field = item(
                "NamedGroup",
                SOURCE,
                "tls.handshake.extensions_supported_group",
            );
            let group = parts.code(2, field, names::named_group)?;
            parts.explain(names::group_in_words(group));
        }
        Ok(())
    })
}

/// Reads ec_point_formats.
pub(super) fn ec_point_formats(parts: &mut Parts<'_>, _: Place) -> Step<()> {
    const SOURCE: &str = "RFC 8422 §5.1.2";
    let list = named("ec_point_format_list", SOURCE)
        .wireshark("tls.handshake.extensions_ec_point_formats")
        .meaning("The forms in which points may be written.");
    let len = Some("tls.handshake.extensions_ec_point_formats_length");
    parts.vector(1, len, list, |parts| {
        while parts.more() {
            let field = item(
                "ECPointFormat",
                SOURCE,
                "tls.handshake.extensions_ec_point_format",
            )
            .meaning("Uncompressed writes both coordinates.");
            parts.code(1, field, names::point_format)?;
        }
        Ok(())
    })
}

/// Reads key_share: shares for several groups, for one, or only the group that is wanted.
pub(super) fn key_share(parts: &mut Parts<'_>, place: Place) -> Step<()> {
    match place {
        Place::ClientHello => {
            let list = named("client_shares", "RFC 8446 §4.2.8")
                .meaning("One public key for each group that the client thinks likely.");
            let len = Some("tls.handshake.extensions_key_share_client_length");
            parts.vector(2, len, list, |parts| {
                while parts.more() {
                    key_share_entry(parts, place)?;
                }
                Ok(())
            })
        }
        Place::ServerHello => key_share_entry(parts, place),
        Place::HelloRetryRequest => {
            let field = item(
                "selected_group",
                "RFC 8446 §4.2.8",
                "tls.handshake.extensions_key_share_selected_group",
            )
            .meaning("The client shall try again with a share for this group.");
            parts.code(2, field, names::named_group)?;
            Ok(())
        }
        _ => out_of_place(parts),
    }
}

fn key_share_entry(parts: &mut Parts<'_>, place: Place) -> Step<()> {
    let (group, len) = match *parts.ahead() {
        [a, b, c, d, ..] => (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])),
        _ => (0, 0),
    };
    let entry = named("KeyShareEntry", RFC8446_4_2_8).meaning("A fresh public key for one group.");
    parts.group((4 + usize::from(len)).min(parts.left()), entry, |parts| {
        let field = item(
            "group",
            RFC8446_4_2_8,
            "tls.handshake.extensions_key_share_group",
        );
        parts.code(2, field, names::named_group)?;
        parts.explain(names::group_in_words(group.into()));
        let key = item(
            "key_exchange",
            RFC8446_4_2_8,
            "tls.handshake.extensions_key_share_key_exchange",
        )
        .meaning(names::group_in_words(group.into()));
        let len_wireshark = Some("tls.handshake.extensions_key_share_key_exchange_length");
        let shape = shape(group, place == Place::ClientHello);
        // A share of another length than its group has is shown undivided.
        if usize::from(len) != shape.iter().map(|part| part.len()).sum::<usize>() {
            parts.opaque(2, len_wireshark, key)?;
            return Ok(());
        }
        parts.vector(2, len_wireshark, key, |parts| {
            for part in shape {
                part.read(parts)?;
            }
            Ok(())
        })
    })
}

/// What a share is made of.
#[derive(Debug, Clone, Copy)]
enum Part {
    /// An uncompressed point of a NIST curve: both coordinates, each this long.
    Point(usize),
    /// The x-coordinate of a point of Curve25519.
    X25519,
    /// A public key of ML-KEM.
    EncapsulationKey(usize),
    /// A secret, sealed for such a key.
    Ciphertext(usize),
}

impl Part {
    fn len(self) -> usize {
        match self {
            Self::Point(coordinate) => 1 + 2 * coordinate,
            Self::X25519 => 32,
            Self::EncapsulationKey(len) | Self::Ciphertext(len) => len,
        }
    }

    fn read(self, parts: &mut Parts<'_>) -> Step<()> {
        match self {
            Self::Point(_) => {
                let point = named("UncompressedPointRepresentation", "RFC 8446 §4.2.8.2")
                    .meaning("A point of the curve: the public half of a fresh key.");
                return parts.group(self.len(), point, uncompressed_point);
            }
            Self::X25519 => parts.bytes(
                self.len(),
                named("X25519 public key", "RFC 7748 §5")
                    .meaning("The public half of a fresh key of 32 bytes."),
            )?,
            Self::EncapsulationKey(_) => parts.bytes(
                self.len(),
                named("ML-KEM encapsulation key", ECDHE_MLKEM).meaning(
                    "A fresh public key that also holds against quantum computers (FIPS 203).",
                ),
            )?,
            Self::Ciphertext(_) => parts.bytes(
                self.len(),
                named("ML-KEM ciphertext", ECDHE_MLKEM)
                    .meaning("A secret that the server chose, sealed for the client's key."),
            )?,
        };
        Ok(())
    }
}

/// The parts of a share of each group; none for those that stay undivided.
fn shape(group: u16, from_client: bool) -> &'static [Part] {
    use Part::{Ciphertext, EncapsulationKey, Point, X25519};
    match (group, from_client) {
        (23, _) => &[Point(32)],
        (24, _) => &[Point(48)],
        (25, _) => &[Point(66)],
        (29, _) => &[X25519],
        (0x0201, true) => &[EncapsulationKey(1184)],
        (0x0201, false) => &[Ciphertext(1088)],
        (0x0202, true) => &[EncapsulationKey(1568)],
        (0x0202, false) => &[Ciphertext(1568)],
        (0x11eb, true) => &[Point(32), EncapsulationKey(1184)],
        (0x11eb, false) => &[Point(32), Ciphertext(1088)],
        (0x11ec, true) => &[EncapsulationKey(1184), X25519],
        (0x11ec, false) => &[Ciphertext(1088), X25519],
        (0x11ed, true) => &[Point(48), EncapsulationKey(1568)],
        (0x11ed, false) => &[Point(48), Ciphertext(1568)],
        _ => &[],
    }
}

/// Reads the point of an ECDHE key exchange of TLS 1.2, behind its length.
pub(in crate::wire::dissect) fn ec_point(
    parts: &mut Parts<'_>,
    len_wireshark: &'static str,
    field: Field,
) -> Step<()> {
    // NIST curves only: the others have no coordinates to show.
    match *parts.ahead() {
        [len, 4, ..] if [65, 97, 133].contains(&len) => {
            parts.vector(1, Some(len_wireshark), field, uncompressed_point)
        }
        _ => {
            parts.opaque(1, Some(len_wireshark), field)?;
            Ok(())
        }
    }
}
