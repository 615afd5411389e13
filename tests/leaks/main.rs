//! Tries to get out of the wire view what belongs to somebody else, by every route there is, and to make it lie, stop or grow.
//! Beside each refusal stands who does get it: what bert cannot have, anna and the instructor can.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails; clippy knows that of test functions, not of what they share"
)]

#[path = "../journey/client.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod client;
#[path = "../support/mod.rs"]
#[allow(
    unreachable_pub,
    reason = "`pub` says what a test file may use of it, whichever file that is"
)]
mod support;
#[path = "../journey/visitor.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod visitor;

mod ask;
mod cutter;
mod markers;
mod person;
mod socket;

mod attackers;
mod bounds;
mod busy;
mod shared;
mod strange;
mod together;
mod views;

/// The group that everybody is in who registers.
const LOBBY: i64 = 1;
