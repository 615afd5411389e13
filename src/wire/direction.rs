//! Which way bytes went on a connection.
//! Nothing else: who client and server are is known to those who recorded them.

/// One of the two streams that make a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the server.
    FromClient,
    /// From the server to the client.
    FromServer,
}

impl Direction {
    /// The way back.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::FromClient => Self::FromServer,
            Self::FromServer => Self::FromClient,
        }
    }
}
