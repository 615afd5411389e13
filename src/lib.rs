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
