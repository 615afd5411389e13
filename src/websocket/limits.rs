//! What one WebSocket may cost, and how long it may take.
//! No numbers: whoever opens one brings them, the server's are in `config::Limits`.

use std::time::Duration;

/// What one connection may cost and how long it may take.
#[derive(Debug, Clone, Copy)]
pub struct WebSocketLimits {
    /// A longer message is refused with 1009.
    pub message_len_max: usize,
    /// A peer that lets more than this wait is closed with 1013.
    pub queue_bytes_max: usize,
    /// How often a Ping is sent. It keeps middleboxes from forgetting the connection, too.
    pub ping_every: Duration,
    /// A peer of which nothing was heard for so long is gone.
    pub dead_after: Duration,
    /// How long the closing handshake may take.
    pub close_wait: Duration,
    /// How long the peer may take to close its end of TCP after that.
    pub linger: Duration,
}
