//! Turns request bytes into values and response values into bytes (RFC 9110, RFC 9112).
//! No sockets, clocks or chat types: all but `io.rs` can be tested with a byte literal.
//!
//! A request is read in this order: `head` finds its end and splits it into field lines (`fields`),
//! `target` says what is asked for and of whom, `body` how its content is delimited; `router` finds
//! the page; `conditional` and `range` decide how much of it to send; `response` writes it.

pub mod body;
pub mod conditional;
pub mod cookie;
pub mod cross_site;
pub mod date;
mod field_lines;
pub mod fields;
pub mod form;
pub mod head;
pub mod io;

pub mod percent;
pub mod range;
pub mod response;
pub mod router;
pub mod static_path;
pub mod status;
pub mod target;

pub use field_lines::FieldLines;
pub use fields::{FieldLine, Fields};
pub use head::{HeadError, Method, RequestHead, Version};
pub use response::{Body, Response};
pub use status::StatusCode;
