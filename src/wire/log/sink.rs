//! Those who are told of everything that is recorded, while it happens: a terminal, a file, a live stream.
//! Only the shape of what they are told.

use std::net::SocketAddr;
use std::sync::Arc;

use crate::wire::decrypt::KeyLogLine;
use crate::wire::event::Event;

/// What is known of a connection when it begins, and never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// Counts from 1, over all ports, as in the log.
    pub number: u64,
    /// Where the client is.
    pub client: SocketAddr,
    /// The address that it reached.
    pub server: SocketAddr,
    /// Whether the port speaks TLS.
    pub is_tls_port: bool,
    /// When it was accepted, in nanoseconds since 1970.
    pub opened_ns: u64,
}

/// What happened on a connection.
#[derive(Debug)]
pub enum News<'a> {
    /// It begins.
    Opened,
    /// A secret of it: told before the bytes that it opens.
    Secret(&'a KeyLogLine),
    /// Bytes, or the end of a direction.
    Event(&'a Event),
    /// It is over.
    Ended {
        /// When, in nanoseconds since 1970.
        time_ns: u64,
        /// In a few words, as in the log.
        why: &'a str,
    },
}

/// Somebody who is told everything, of all connections, in the order in which it happens on each.
pub trait Sink: Send + Sync {
    /// Is called on the connection's own task, so it must not wait: what it cannot take it has to leave, and to count.
    fn take(&self, about: &Arc<About>, news: &News<'_>);
}
