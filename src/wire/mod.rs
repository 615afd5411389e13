//! The wire, made visible: what crossed the socket, taken apart byte by byte, with the keys and without.
//! Everything is computed from recorded bytes by pure functions, `log` alone keeps any; no socket, no page, no chat.

/// One value for each direction.
pub mod both;

/// What Wireshark gets of recorded connections.
pub mod capture;

/// Records opened by the connection's own secrets, each with its arithmetic.
pub mod decrypt;

/// Bytes → trees of fields, protocol by protocol, and where one message ends and the next begins.
pub mod dissect;

/// What happened on a connection, as it was recorded or captured.
pub mod event;

/// One field, where it stands and what it means.
pub mod field;

/// What is shown of a connection, as JSON for the pages.
pub mod json;

/// What is recorded of all connections, and who may see it.
pub mod log;

/// Files that Wireshark reads: written from what was recorded, read from what was captured.
pub mod pcapng;

/// Whether what is decrypted is what the application read and wrote.
pub mod proof;

/// Records and messages of one connection on a timeline, aligned.
pub mod timeline;

/// A connection as text for a terminal.
pub mod transcript;
