//! Opens the records of a TLS connection with the connection's own secrets, and shows how: secret → key and IV → nonce →
//! additional data → tag (RFC 8446, RFC 5246). Pure: recorded bytes and a key log in, events out; nothing here is ever sent.
//!
//! Read in this order: `secrets` and `key_log` (what is known), `suite`, `key_schedule`, `prf` and `keys` (what follows from
//! it), `record` (one record opened), `handshake` (messages across records), `session` (when which keys are used).

mod alignment;
mod event;
mod half;
mod handshake;
mod hello;
mod key_log;
mod key_schedule;
mod keys;
mod negotiation;
mod prf;
mod reason;
mod record;
mod secrets;
mod session;
mod stream;
mod suite;

pub use crate::octets::Direction;
pub use alignment::{Alignment, Span};
pub use event::{ApplicationData, Cover, Event, What};
pub use handshake::{MESSAGE_LEN_MAX, MESSAGE_PARTS_MAX, Message, Part, message_type};
pub use key_log::{KeyLog, KeyLogError, KeyLogLine};
pub use key_schedule::{hkdf_expand_label, hkdf_label, next_traffic_secret, write_iv, write_key};
pub use keys::TrafficKeys;
pub use prf::prf;
pub use reason::{Problem, Reason};
pub use record::{Opened, content_type, open};
pub use secrets::{ClientRandom, Label, SECRET_BYTES_MAX, Secret, Secrets};
pub use session::Session;
pub use suite::{Aead, Hash, Suite, Version};

#[cfg(test)]
pub(super) mod tests;
