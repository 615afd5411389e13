//! Takes messages apart: each function maps the bytes of one message to a tree of `Field`s and never fails.
//! No state of a connection, except in `stream`, which finds where messages begin and end; no keys.

/// Points of elliptic curves.
mod curve_point;

/// Requests and responses of HTTP/1.1, heads and content.
pub mod http;

/// The parts of a binary message, read from left to right.
mod parts;

/// The bytes of one message of text while they are taken apart.
mod source;

/// Where messages begin and end in the two streams of a connection, and which response answers which request.
pub mod stream;

/// Alerts, with a sentence for learners.
pub mod tls_alert;

/// What goes beyond the first version of TLS.
mod tls_extension;

/// Messages of the handshake, TLS 1.2 and 1.3.
pub mod tls_handshake;

/// What the numbers of TLS are called.
mod tls_names;

/// Records: the envelopes in which everything travels.
pub mod tls_record;

/// Frames, bit by bit.
pub mod websocket;

/// Certificates, every byte of them.
pub mod x509;

/// Broken copies of good bytes, for the tests.
#[cfg(test)]
pub(super) mod mutation;
