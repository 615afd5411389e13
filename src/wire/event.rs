//! What happened on a connection: the shape that recordings are written from and captures are read into.
//! Nothing of files and packets.

use bytes::Bytes;

use crate::octets::Direction;

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
    /// These bytes were sent, and are not here.
    Missing(Missing),
    /// Nothing more will come (FIN).
    End,
    /// The connection was broken off (RST).
    Reset,
}

/// A gap in what is known of a direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// How many bytes.
    pub bytes: u64,
    /// If the direction goes on behind the gap at the beginning of a TLS record: how many records came before that one.
    pub records_before: Option<u64>,
}

impl Missing {
    /// A gap behind which nothing is known of records.
    #[must_use]
    pub fn of(bytes: u64) -> Self {
        Self {
            bytes,
            records_before: None,
        }
    }
}
