//! The standing proof in words: whether what the view decrypted is what the server really read and wrote.
//! How the two are compared stands in `crate::wire::proof`.

use serde_json::{Value, json};

use crate::wire::both::Both;
use crate::wire::proof::Proof;

/// One sentence for both directions; `is_over` if nothing more will come.
pub(super) fn to_json(proofs: &Both<Proof>, is_over: bool) -> Value {
    let (state, text) = match (proofs.client, proofs.server) {
        (Proof::Fails, _) | (_, Proof::Fails) => (
            "different",
            "What is decrypted here is not what the server read and wrote: please report this as a defect of the program.",
        ),
        (Proof::Holds { .. }, Proof::Holds { .. }) => (
            "same",
            "Checked: what is decrypted here is, byte for byte, what the server read and wrote above TLS, in both directions.",
        ),
        _ if is_over => (
            "partial",
            "Not all of this connection was kept or could be opened, so it cannot be compared with what the server read and wrote.",
        ),
        _ => (
            "under_way",
            "Being compared with what the server reads and writes above TLS.",
        ),
    };
    json!({ "state": state, "text": text })
}
