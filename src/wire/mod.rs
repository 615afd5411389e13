//! The wire, made visible: what crossed the socket, taken apart byte by byte, with the keys and without.
//! Everything here is computed from recorded bytes by pure functions; no socket, no page, no chat.

/// Which way bytes went.
pub mod direction;

/// Bytes → trees of fields, protocol by protocol.
pub mod dissect;

pub mod field;
