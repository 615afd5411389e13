//! What Wireshark's own tshark makes of what this program hands to it: the file of one connection, captures of all, the live
//! stream, and key logs. Real clients talk to a real server, within the test's own process.
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

mod captures;
mod key_logs;
mod live;
mod one_connection;
mod tshark;
mod visit;
mod who_may_see;
