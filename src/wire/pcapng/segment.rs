//! The TCP segment in an IP packet (RFC 791, RFC 8200, RFC 9293 §3.1).
//! Checksums are not looked at: network cards fill them in after the capture was taken.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::PROTOCOL_TCP;

/// The most extension headers of IPv6 in a row; more than two are rare.
const EXTENSION_HEADERS_MAX: usize = 8;

/// A segment and what it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment<'a> {
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) flags: u8,
    /// As many bytes of it as were captured.
    pub(super) payload: &'a [u8],
    /// How many more it had.
    pub(super) cut: usize,
}

/// Why there is no segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoSegment {
    /// Another protocol than TCP.
    OtherProtocol,
    /// A part of an IP packet: they are not put together here.
    Fragment,
    /// Fewer bytes than the headers need, or lengths that contradict each other.
    Malformed,
}

impl<'a> Segment<'a> {
    /// Reads an IP packet.
    pub(super) fn read(packet: &'a [u8]) -> Result<Self, NoSegment> {
        match packet.first().map(|byte| byte >> 4) {
            Some(4) => read_ipv4(packet),
            Some(6) => read_ipv6(packet),
            _ => Err(NoSegment::Malformed),
        }
    }
}

fn read_ipv4(packet: &[u8]) -> Result<Segment<'_>, NoSegment> {
    let header = packet.first_chunk::<20>().ok_or(NoSegment::Malformed)?;
    let [
        version_and_words,
        _,
        len_high,
        len_low,
        _,
        _,
        fragment_high,
        fragment_low,
        _,
        protocol,
        _,
        _,
        addresses @ ..,
    ] = *header;
    if protocol != PROTOCOL_TCP {
        return Err(NoSegment::OtherProtocol);
    }
    // More fragments, or an offset.
    if fragment_high & 0x3f != 0 || fragment_low != 0 {
        return Err(NoSegment::Fragment);
    }
    let header_len = usize::from(version_and_words & 0x0f) * 4;
    let total_len = match usize::from(u16::from_be_bytes([len_high, len_low])) {
        // The network card was to cut this into packets (segmentation offload).
        0 => packet.len(),
        len => len,
    };
    let [a, b, c, d, e, f, g, h] = addresses;
    let from = Ipv4Addr::new(a, b, c, d).into();
    let to = Ipv4Addr::new(e, f, g, h).into();
    let len = total_len
        .checked_sub(header_len)
        .filter(|_| header_len >= 20)
        .ok_or(NoSegment::Malformed)?;
    let rest = packet.get(header_len..).ok_or(NoSegment::Malformed)?;
    read_tcp(from, to, rest, len)
}

fn read_ipv6(packet: &[u8]) -> Result<Segment<'_>, NoSegment> {
    let (header, mut rest) = packet
        .split_first_chunk::<40>()
        .ok_or(NoSegment::Malformed)?;
    let [_, _, _, _, len_high, len_low, mut next, _, addresses @ ..] = *header;
    let mut len = match usize::from(u16::from_be_bytes([len_high, len_low])) {
        0 => rest.len(),
        len => len,
    };
    let (from, to) = addresses
        .split_first_chunk::<16>()
        .ok_or(NoSegment::Malformed)?;
    let to = to.first_chunk::<16>().ok_or(NoSegment::Malformed)?;
    for _header in 0..EXTENSION_HEADERS_MAX {
        match next {
            // Hop-by-hop, routing and destination options: next header, and the length in units of eight.
            0 | 43 | 60 => {
                let &[following, units, ..] = rest else {
                    return Err(NoSegment::Malformed);
                };
                let extension_len = (usize::from(units) + 1) * 8;
                next = following;
                rest = rest.get(extension_len..).ok_or(NoSegment::Malformed)?;
                len = len.checked_sub(extension_len).ok_or(NoSegment::Malformed)?;
            }
            44 => return Err(NoSegment::Fragment),
            _ => break,
        }
    }
    if next != PROTOCOL_TCP {
        return Err(NoSegment::OtherProtocol);
    }
    read_tcp(
        Ipv6Addr::from(*from).into(),
        Ipv6Addr::from(*to).into(),
        rest,
        len,
    )
}

/// `len` is what the IP header says; `bytes` may be fewer (a short capture) or more (padding of the link).
fn read_tcp(from: IpAddr, to: IpAddr, bytes: &[u8], len: usize) -> Result<Segment<'_>, NoSegment> {
    let header = bytes.first_chunk::<20>().ok_or(NoSegment::Malformed)?;
    let [a, b, c, d, s0, s1, s2, s3, a0, a1, a2, a3, words, flags, ..] = *header;
    let header_len = usize::from(words >> 4) * 4;
    let payload_len = len
        .checked_sub(header_len)
        .filter(|_| header_len >= 20)
        .ok_or(NoSegment::Malformed)?;
    let captured = bytes.get(header_len..).unwrap_or_default();
    let payload = captured.get(..payload_len).unwrap_or(captured);
    Ok(Segment {
        from: SocketAddr::new(from, u16::from_be_bytes([a, b])),
        to: SocketAddr::new(to, u16::from_be_bytes([c, d])),
        seq: u32::from_be_bytes([s0, s1, s2, s3]),
        ack: u32::from_be_bytes([a0, a1, a2, a3]),
        flags,
        payload,
        cut: payload_len - payload.len(),
    })
}
