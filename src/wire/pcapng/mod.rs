//! Capture files: what was recorded becomes a file for Wireshark, and captures of others become streams of bytes.
//! No protocol above TCP, no files and no clocks: bytes in, bytes out (draft-ietf-opsawg-pcapng; RFC 791, 8200, 9293).
//!
//! `write` rebuilds packets around recorded bytes: `block` is the file around them, `packet` the headers.
//! `read` goes the other way: `records` finds the packets, `link` and `segment` look into them, `reassemble` puts
//! the streams together.

mod block;
mod link;
mod packet;
mod read;
mod reassemble;
mod records;
mod segment;
mod write;

pub use read::{Capture, Connection, read};
pub use records::Problem;
pub use write::{Note, Recording, Tcp, begin, file, secrets};

/// Packets as a wire carries them, behind an Ethernet header (`LINKTYPE_ETHERNET`).
const LINK_ETHERNET: u16 = 1;

/// The EtherTypes of the two versions of IP.
const ETHERTYPE_IPV4: u16 = 0x0800;
const ETHERTYPE_IPV6: u16 = 0x86dd;

/// TCP, in the IP header.
const PROTOCOL_TCP: u8 = 6;

#[cfg(test)]
mod tests;
