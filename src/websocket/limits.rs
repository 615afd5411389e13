//! What one WebSocket may cost, and how long it may take.
//! Numbers and their reasons only: `io` and `messages` keep to them.

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

impl WebSocketLimits {
    /// For the chat.
    pub const CHAT: Self = Self {
        // Four thousand characters, each written as a JSON escape of a surrogate pair, and some.
        message_len_max: 64 * 1024,
        // Some eight hundred ordinary messages: more than a lively room says in a minute.
        queue_bytes_max: 256 * 1024,
        ping_every: Duration::from_secs(30),
        dead_after: Duration::from_secs(60),
        // Both together stay below the five seconds in which the server stops.
        close_wait: Duration::from_secs(2),
        linger: Duration::from_secs(1),
    };

    /// For an endpoint that says back what it is told, at the sizes that the Autobahn suite sends.
    pub const ECHO: Self = Self {
        message_len_max: 16 * 1024 * 1024,
        queue_bytes_max: 16 * 1024 * 1024,
        ..Self::CHAT
    };
}
