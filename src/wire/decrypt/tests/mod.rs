//! The whole room at work: published traces, and connections that rustls makes in memory.

pub(super) mod rfc8448;
