//! Every deadline and every size that the server holds its clients to, each with its reason.
//! Only numbers: what happens at a limit is said where it is met.

use std::time::Duration;

use super::flags::{Given, UsageError};

const KIB: usize = 1024;

/// The most that a flag may ask for: more connections than a machine has ports, more messages than a disk takes.
const ASKED_MAX: u32 = 1_000_000;

/// How much, how many and how long. The defaults are what people get; tests make them small.
///
/// Sizes that belong to a grammar (a request head, its target, its content) are constants where that grammar is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// A whole request head has to arrive within this time (408 beyond): whoever sends a byte a
    /// minute would hold a connection for ever.
    pub head_deadline: Duration,
    /// The whole content has to arrive within this time (408 beyond). 64 KiB in 30 s is a slow modem.
    pub body_deadline: Duration,
    /// How long a connection may stay open between two requests. Browsers keep theirs for minutes.
    pub keep_alive_idle: Duration,
    /// The most connections open at once (503 beyond). With 30 KiB each, 300 MB.
    pub connections_max: usize,
    /// The most connections from one address (503 beyond): a whole class may sit behind one.
    pub connections_per_address_max: usize,
    /// A TLS handshake has to be finished within this time. It is three flights at most.
    pub tls_handshake_deadline: Duration,
    /// How often a WebSocket is pinged. Less than the minute after which routers forget a connection.
    pub websocket_ping_interval: Duration,
    /// A WebSocket that was silent for so long, pongs included, is dead. Two pings unanswered.
    pub websocket_dead_after: Duration,
    /// The longest WebSocket message, in bytes (1009 beyond). 4000 characters in JSON escapes take
    /// 48,000.
    pub websocket_message_bytes_max: usize,
    /// How many bytes may wait for one member who reads too slowly (1013 beyond): hundreds of messages, and
    /// for a thousand such members 256 MB.
    pub websocket_queue_bytes_max: usize,
    /// How long a WebSocket's peer may take to read what waits for it and to answer our Close.
    pub websocket_close_wait: Duration,
    /// How long a closed connection is still read from, so that the last answer is not destroyed
    /// by a reset (RFC 9112 §9.6).
    pub lingering_close: Duration,
    /// How long requests under way may take when the server stops. A second less than the five within
    /// which it has promised to be gone: databases and log are closed after it.
    pub shutdown_deadline: Duration,
    /// The most messages of one user in a second. Nobody types that fast, programs do.
    pub messages_per_second_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_deadline: Duration::from_secs(10),
            body_deadline: Duration::from_secs(30),
            keep_alive_idle: Duration::from_secs(60),
            connections_max: 10_000,
            connections_per_address_max: 1_000,
            tls_handshake_deadline: Duration::from_secs(10),
            websocket_ping_interval: Duration::from_secs(30),
            websocket_dead_after: Duration::from_secs(60),
            websocket_message_bytes_max: 64 * KIB,
            websocket_queue_bytes_max: 256 * KIB,
            websocket_close_wait: Duration::from_secs(2),
            lingering_close: Duration::from_secs(1),
            shutdown_deadline: Duration::from_secs(4),
            messages_per_second_max: 10,
        }
    }
}

impl Limits {
    /// The defaults, but for what the flags say.
    pub(super) fn read(given: &Given) -> Result<Self, UsageError> {
        let default = Self::default();
        let asked = |flag, otherwise| {
            let text = given.value(flag);
            text.map_or(Ok(otherwise), |text| limit(flag, text))
        };
        let count = |flag, otherwise: usize| {
            let otherwise = u32::try_from(otherwise).unwrap_or(ASKED_MAX);
            asked(flag, otherwise).map(|limit| usize::try_from(limit).unwrap_or(usize::MAX))
        };
        Ok(Self {
            connections_max: count("--max-connections", default.connections_max)?,
            connections_per_address_max: count(
                "--max-per-address",
                default.connections_per_address_max,
            )?,
            messages_per_second_max: asked("--message-rate", default.messages_per_second_max)?,
            ..default
        })
    }
}

fn limit(flag: &'static str, text: &str) -> Result<u32, UsageError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number
        .filter(|number| (1..=ASKED_MAX).contains(number))
        .ok_or_else(|| UsageError::NotALimit {
            flag,
            value: text.to_owned(),
            max: ASKED_MAX,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_fit_each_other() {
        let limits = Limits::default();
        assert!(limits.websocket_ping_interval < limits.websocket_dead_after);
        // A WebSocket whose peer does not answer is closed in order, too, before the server is gone.
        let closing = limits.websocket_close_wait + limits.lingering_close;
        assert!(closing < limits.shutdown_deadline);
        assert!(limits.shutdown_deadline < Duration::from_secs(5));
        assert!(limits.connections_per_address_max < limits.connections_max);
        // A character outside the BMP takes twelve bytes in JSON escapes, and the rest of the event some more.
        assert!(4000 * 12 + 4096 < limits.websocket_message_bytes_max);
        assert!(limits.websocket_message_bytes_max < limits.websocket_queue_bytes_max);
    }
}
