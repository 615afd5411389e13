//! Upgrades an HTTP/1.1 connection to a WebSocket and keeps it whole until it is closed (RFC 6455).
//! Nothing of the chat: what a message says, and who may say it, is decided by the caller.
//!
//! All but `io`, the shell, is pure.

/// The request that asks for the upgrade: accepted with three field lines, or refused with a reason.
pub mod handshake;

/// Two to fourteen header bytes ⇄ what they mean.
pub mod frame;

/// Status codes of Close frames, their payload, and how a connection ended.
pub mod close;

/// Received bytes, one frame at a time.
mod received;

/// Frames → messages, by tungstenite, without I/O.
pub mod messages;

/// What waits to be sent, bounded; nothing follows a Close frame.
mod outbox;

/// What one connection may cost.
pub mod limits;

/// One open socket: its task's half and the half that others write through.
pub mod io;
