//! Secure Chat Demo: a group chat whose own bytes can be watched.
//!
//! The modules stand in the order of one connection's journey, from the first byte that a
//! client sends to the row that the database keeps. `docs/ARCHITECTURE.md` draws the map.

/// Bounds-checked reading, and the one shape in which decoders answer.
pub mod octets;

/// Fills `{{name}}` places of HTML templates, always escaped.
pub mod template;

/// Ids, names and the things that people see: users, groups, messages.
pub mod model;

/// What is kept: users and sessions in one database, groups and messages in another.
pub mod store;

/// Request bytes into values, response values into bytes: HTTP/1.1 by hand.
pub mod http;

/// In clear or within TLS, and the tap that shows what crosses the socket.
pub mod transport;

/// The conversation itself: events, rooms, presence.
pub mod chat;

/// Flags and environment become one checked configuration.
pub mod config;

/// Guesses which name was meant when another was written.
pub mod spelling;

/// Certificates, settings and handshakes: the encryption around everything else.
pub mod tls;

/// The upgrade from HTTP, frames as bytes and values, and one open socket from both sides.
pub mod websocket;

