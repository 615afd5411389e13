//! What Wireshark gets: recorded connections as captures with their keys, and with comments in plain words.
//! Pure: news in, bytes out; how packets are rebuilt is known to `pcapng`, where the bytes go is decided elsewhere.
//!
//! `file` is that of one connection, `stream` the packets of all while they happen, `words` what their comments say.

mod file;
mod stream;
mod words;

pub use file::{Recorded, file};
pub use stream::Stream;

#[cfg(test)]
mod tests;
