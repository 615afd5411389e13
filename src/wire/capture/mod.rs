//! What Wireshark gets: recorded connections as captures with their keys, and with comments in plain words.
//! Pure: news in, bytes out; how packets are rebuilt is known to `pcapng`, where the bytes go is decided elsewhere.

mod file;
mod words;

pub use file::{Recorded, file};
