//! Secure Chat Demo: a group chat whose own bytes can be watched.
//!
//! The modules stand in the order of one connection's journey, from the command that starts the
//! server to the row that the database keeps. `docs/ARCHITECTURE.md` draws the map.

/// Flags and environment become one checked configuration.
pub mod config;

/// Guesses which name was meant when another was written.
pub mod spelling;

/// What the connections in a capture said, printed.
pub mod explain;

/// What every connection is given: stores, hub, sessions, assets, log.
pub mod app;

/// What the server says when it starts.
pub mod banner;

/// Which URLs people should open.
pub mod start_url;

/// One line per request and per connection event.
pub mod log;

/// A thread that takes news of connections and has them written.
pub mod queue_writer;

/// A transcript of all connections on standard output, while they happen.
pub mod trace;

/// What leaves the program for Wireshark: captures, a live stream, key logs.
pub mod export;

/// Binds, accepts, limits, and stops gracefully.
pub mod server;

/// One connection from its first byte to its last: the file to read first.
pub mod journey;

/// Who is shown what one connection carries: the counters, the record of the wire view, the log.
mod watch;

/// In clear or within TLS, and the tap that shows what crosses the socket.
pub mod transport;

/// Certificates, settings and handshakes: the encryption around everything else.
pub mod tls;

/// Request bytes into values, response values into bytes: HTTP/1.1 by hand.
pub mod http;

/// What stands behind each URL.
pub mod pages;

/// Fills `{{name}}` places of HTML templates, always escaped.
pub mod template;

/// Templates and static files, built in or from a folder.
pub mod assets;

/// The upgrade from HTTP, frames as bytes and values, and one open socket from both sides.
pub mod websocket;

/// The conversation itself: accounts, sessions, events, rooms, presence.
pub mod chat;

/// What is kept: users and sessions in one database, groups and messages in another.
pub mod store;

/// What crossed the socket, taken apart byte by byte.
pub mod wire;

/// Ids, names and the things that people see: users, groups, messages.
pub mod model;

/// The one shape in which decoders answer, and small views of raw bytes.
pub mod octets;
