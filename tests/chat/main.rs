//! The chat over its real sockets, held to `docs/PROTOCOL.md` line by line.
//! People come in through the forms; the hub is also tested alone, where a store must fail or wait.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails; clippy knows that of test functions, not of what they share"
)]

#[path = "../support/mod.rs"]
#[allow(unreachable_pub, reason = "other test crates use it as a module too")]
mod support;

mod client;
mod people;

mod admission;
mod crowd;
mod ending;
mod hub;
mod moody_store;
mod opening;
mod presence;
mod talking;
mod unread;
mod wire;

/// The group that everybody is in who registers.
const LOBBY: i64 = 1;
