//! The standing proof: whether what the view decrypted is what the server really read and wrote.
//! The server's digests come from above TLS, the view's from what it opened itself.

use aws_lc_rs::digest::{Context, SHA256};
use serde_json::{Value, json};

use crate::octets::Direction::{self, FromClient, FromServer};
use crate::wire::both::Both;
use crate::wire::log::PlaintextDigest;
use crate::wire::timeline::Timeline;

/// What the comparison says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// Both directions are the same, byte by byte.
    Same,
    /// They are not: a defect of this program.
    Different,
    /// Not all of it could be opened or was kept, so it cannot be told.
    Partial,
    /// The one has come further than the other; at the end they will meet.
    UnderWay,
}

impl Proof {
    /// Compares what a timeline opened with what the application read and wrote; `None` without TLS: what is shown then is what crossed.
    pub(super) fn of(timeline: &Timeline, really: Option<&Both<PlaintextDigest>>) -> Option<Self> {
        let really = really?;
        let [client, server] =
            [FromClient, FromServer].map(|way| compare(timeline, way, really.of(way)));
        Some(match (client, server) {
            (Self::Different, _) | (_, Self::Different) => Self::Different,
            (Self::Partial, _) | (_, Self::Partial) => Self::Partial,
            (Self::UnderWay, _) | (_, Self::UnderWay) => Self::UnderWay,
            (Self::Same, Self::Same) => Self::Same,
        })
    }

    pub(super) fn to_json(self) -> Value {
        let (state, text) = match self {
            Self::Same => (
                "same",
                "Checked: what is decrypted here is, byte for byte, what the server read and wrote above TLS (SHA-256 of both directions).",
            ),
            Self::Different => (
                "different",
                "What is decrypted here is not what the server read and wrote: please report this as a defect of the program.",
            ),
            Self::Partial => (
                "partial",
                "Not all of this connection was kept or could be opened, so it cannot be compared with what the server read and wrote.",
            ),
            Self::UnderWay => (
                "under_way",
                "Being compared with what the server reads and writes above TLS.",
            ),
        };
        json!({ "state": state, "text": text })
    }
}

fn compare(timeline: &Timeline, direction: Direction, really: &PlaintextDigest) -> Proof {
    let mut context = Context::new(&SHA256);
    let mut len = 0;
    for (range, bytes) in timeline.plaintext(direction) {
        if range.start != len {
            return Proof::Partial;
        }
        len = range.end;
        context.update(bytes);
    }
    if !timeline.is_exact(direction) {
        return Proof::Partial;
    }
    if len != really.len {
        return Proof::UnderWay;
    }
    if context.finish().as_ref() == really.sha256 {
        Proof::Same
    } else {
        Proof::Different
    }
}
