//! Takes messages apart: each function maps the bytes of one message to a tree of `Field`s and never fails.
//! No state of a connection, except in `stream`, which finds where messages begin and end; no keys.

/// Requests and responses of HTTP/1.1, heads and content.
pub mod http;

/// The bytes of one message while they are taken apart.
mod source;

/// Where messages begin and end in the two streams of a connection, and which response answers which request.
pub mod stream;

/// Frames, bit by bit.
pub mod websocket;

/// Broken copies of good bytes, for the tests.
#[cfg(test)]
pub(super) mod mutation;
