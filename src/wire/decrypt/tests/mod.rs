//! The whole room at work: published traces, and connections that rustls makes in memory.

pub(in crate::wire) mod conversation;
mod handshakes;
mod hostile;
mod invented;
mod opened;
pub(super) mod rfc8448;
