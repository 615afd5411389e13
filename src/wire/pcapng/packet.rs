//! Ethernet, IP and TCP headers with right checksums around a piece of a stream (RFC 791, 8200, 9293, 1071).
//! Which piece, and with which numbers, is decided in `write`.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::{ETHERTYPE_IPV4, ETHERTYPE_IPV6, PROTOCOL_TCP};

/// The flags of a TCP header.
pub(super) mod flags {
    pub(in crate::wire::pcapng) const FIN: u8 = 0x01;
    pub(in crate::wire::pcapng) const SYN: u8 = 0x02;
    pub(in crate::wire::pcapng) const RST: u8 = 0x04;
    pub(in crate::wire::pcapng) const PSH: u8 = 0x08;
    pub(in crate::wire::pcapng) const ACK: u8 = 0x10;
}

/// The usual limit on a path, whatever the packets crossed.
const HOP_LIMIT: u8 = 64;

/// All of a TCP header that a rebuilt packet decides about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) seq: u32,
    pub(super) ack: u32,
    pub(super) flags: u8,
    pub(super) window: u16,
}

/// Two addresses of one version of IP, in the direction of the packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Path {
    V4 {
        from: [u8; 4],
        to: [u8; 4],
        ports: [u16; 2],
    },
    V6 {
        from: [u8; 16],
        to: [u8; 16],
        ports: [u16; 2],
    },
}

impl Path {
    /// An IPv4 address in IPv6 clothes becomes one again; if the two are still of different versions, both become
    /// IPv6.
    pub(super) fn new(from: SocketAddr, to: SocketAddr) -> Self {
        let ports = [from.port(), to.port()];
        match (from.ip().to_canonical(), to.ip().to_canonical()) {
            (IpAddr::V4(from), IpAddr::V4(to)) => Self::V4 {
                from: from.octets(),
                to: to.octets(),
                ports,
            },
            (from, to) => Self::V6 {
                from: v6(from).octets(),
                to: v6(to).octets(),
                ports,
            },
        }
    }

    /// How many bytes of a stream fit into a packet of 1500 bytes.
    pub(super) fn segment_len_max(&self) -> u16 {
        match self {
            Self::V4 { .. } => 1500 - 20 - 20,
            Self::V6 { .. } => 1500 - 40 - 20,
        }
    }

    fn ports(&self) -> [u16; 2] {
        match self {
            Self::V4 { ports, .. } | Self::V6 { ports, .. } => *ports,
        }
    }
}

fn v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
}

/// An Ethernet frame. `options` are those of TCP, whole 32-bit words; `identification` is for IPv4.
pub(super) fn frame(
    path: &Path,
    header: Header,
    options: &[u8],
    payload: &[u8],
    identification: u16,
) -> Vec<u8> {
    let tcp = tcp(path, header, options, payload);
    let tcp_len = u16::try_from(tcp.len()).unwrap_or(u16::MAX);
    // Both addresses are zero, as on the loopback interface.
    let mut frame = vec![0; 12];
    match path {
        Path::V4 { from, to, .. } => {
            frame.extend(ETHERTYPE_IPV4.to_be_bytes());
            let mut ip = vec![0x45, 0];
            ip.extend(tcp_len.saturating_add(20).to_be_bytes());
            ip.extend(identification.to_be_bytes());
            // Don't fragment.
            ip.extend([0x40, 0, HOP_LIMIT, PROTOCOL_TCP, 0, 0]);
            ip.extend(from);
            ip.extend(to);
            let sum = checksum(&[&ip]);
            put(&mut ip, 10, sum);
            frame.extend(ip);
        }
        Path::V6 { from, to, .. } => {
            frame.extend(ETHERTYPE_IPV6.to_be_bytes());
            frame.extend([0x60, 0, 0, 0]);
            frame.extend(tcp_len.to_be_bytes());
            frame.extend([PROTOCOL_TCP, HOP_LIMIT]);
            frame.extend(from);
            frame.extend(to);
        }
    }
    frame.extend(tcp);
    frame
}

fn tcp(path: &Path, header: Header, options: &[u8], payload: &[u8]) -> Vec<u8> {
    let [from_port, to_port] = path.ports();
    let words = u8::try_from(5 + options.len() / 4).unwrap_or(5);
    let mut tcp = Vec::with_capacity(20 + options.len() + payload.len());
    tcp.extend(from_port.to_be_bytes());
    tcp.extend(to_port.to_be_bytes());
    tcp.extend(header.seq.to_be_bytes());
    tcp.extend(header.ack.to_be_bytes());
    tcp.extend([words << 4, header.flags]);
    tcp.extend(header.window.to_be_bytes());
    tcp.extend([0; 4]);
    tcp.extend(options);
    tcp.extend(payload);
    // The pseudo-header: both addresses, protocol and length (RFC 9293 §3.1, RFC 8200 §8.1).
    let len = u32::try_from(tcp.len()).unwrap_or(u32::MAX).to_be_bytes();
    let protocol = [0, 0, 0, PROTOCOL_TCP];
    let sum = match path {
        Path::V4 { from, to, .. } => checksum(&[from, to, &protocol, &len, &tcp]),
        Path::V6 { from, to, .. } => checksum(&[from, to, &protocol, &len, &tcp]),
    };
    put(&mut tcp, 16, sum);
    tcp
}

fn put(header: &mut [u8], at: usize, value: u16) {
    if let Some(place) = header.get_mut(at..at + 2) {
        place.copy_from_slice(&value.to_be_bytes());
    }
}

/// The Internet checksum (RFC 1071) of the parts in a row; all but the last have an even length.
fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u64;
    for pair in parts.iter().flat_map(|part| part.chunks(2)) {
        let word = match *pair {
            [high, low] => u16::from_be_bytes([high, low]),
            [high] => u16::from_be_bytes([high, 0]),
            _ => 0,
        };
        sum += u64::from(word);
    }
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !u16::try_from(sum).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_rfc_1071_section_3() {
        let words = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(checksum(&[&words]), !0xddf2);
        assert_eq!(checksum(&[&words[..4], &words[4..]]), !0xddf2);
        assert_eq!(checksum(&[&[0xab]]), !0xab00);
        // A header with its checksum in place sums up to nothing.
        let path = Path::new(
            "127.0.0.1:1".parse().unwrap(),
            "127.0.0.2:2".parse().unwrap(),
        );
        let header = Header {
            seq: 1,
            ack: 2,
            flags: flags::ACK,
            window: 3,
        };
        assert_eq!(
            checksum(&[&frame(&path, header, &[], b"odd", 7)[14..34]]),
            0
        );
    }

    #[test]
    fn addresses_of_two_versions_become_ipv6() {
        let v4 = "127.0.0.1:1".parse().unwrap();
        let mapped = "[::ffff:127.0.0.1]:2".parse().unwrap();
        let v6 = "[::1]:3".parse().unwrap();
        assert!(matches!(Path::new(v4, mapped), Path::V4 { .. }));
        assert!(matches!(Path::new(v4, v6), Path::V6 { .. }));
        assert_eq!(Path::new(v4, v6).segment_len_max(), 1440);
    }
}
