//! Takes messages apart: each function maps the bytes of one message to a tree of `Field`s and never fails.
//! No state of a connection and no keys.

/// Inputs that nobody would send, for tests.
#[cfg(test)]
mod mutation;

/// The parts of a binary message, read from left to right.
mod parts;

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

/// Certificates, every byte of them.
pub mod x509;
