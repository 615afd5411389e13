//! What happened on a connection: the shape that recordings are written from and captures are read into.
//! Nothing of files and packets.

use bytes::Bytes;

use crate::wire::direction::Direction;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When, in nanoseconds since 1970.
    pub time_ns: u64,
    /// Who did it.
    pub direction: Direction,
    /// What.
    pub what: What,
    /// A sentence for the packet that shows it.
    pub comment: Option<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// These bytes were sent.
    Bytes(Bytes),
    /// So many bytes were sent, and are not here.
    Missing(u64),
    /// Nothing more will come (FIN).
    End,
    /// The connection was broken off (RST).
    Reset,
}
