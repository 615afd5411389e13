//! The journey of one connection, walked over loopback: bytes in, bytes out, in clear and within TLS.
//! No HTTP library here: what is sent is what stands in the test. The chat over WebSockets is walked elsewhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails; clippy knows that of test functions, not of what they share"
)]

#[path = "../support/mod.rs"]
#[allow(
    unreachable_pub,
    reason = "`pub` says what a test file may use of it, whichever file that is"
)]
mod support;

mod accounts;
mod badge;
mod client;
mod conditions;
mod content;
mod limits;
mod persistence;
mod recorded;
mod reloading;
mod requests;
mod sessions;
mod static_files;
mod stopping;
mod tapped;
mod two_readings;
mod visitor;
mod wrong_port;
