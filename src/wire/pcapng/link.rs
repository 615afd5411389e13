//! What stands in front of IP, for each kind of link that a capture may come from.
//! Only where the IP packet begins; what is in it is read in `segment`.

use super::{ETHERTYPE_IPV4, ETHERTYPE_IPV6, LINK_ETHERNET};

/// The kinds of link that are read (the registry of LINKTYPE values).
mod link_type {
    /// BSD loopback: the address family as a number of the machine's own byte order.
    pub(super) const NULL: u16 = 0;
    /// OpenBSD loopback: the same, but always big-endian.
    pub(super) const LOOP: u16 = 108;
    /// Raw IP; 12 and 14 are what some systems write for it.
    pub(super) const RAW: u16 = 101;
    pub(super) const RAW_12: u16 = 12;
    pub(super) const RAW_14: u16 = 14;
    pub(super) const IPV4: u16 = 228;
    pub(super) const IPV6: u16 = 229;
    /// Linux "cooked" captures: `tcpdump -i any`.
    pub(super) const LINUX_SLL: u16 = 113;
    pub(super) const LINUX_SLL2: u16 = 276;
}

/// The most VLAN tags in a row; two are usual where there are any.
const VLAN_TAGS_MAX: usize = 4;
const ETHERTYPE_VLAN: u16 = 0x8100;
const ETHERTYPE_VLAN_OUTER: u16 = 0x88a8;

/// Why there is no IP packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoIp {
    /// A link type that is not read here.
    UnknownLink,
    /// Another protocol, or fewer bytes than a header needs.
    OtherProtocol,
}

/// The IP packet in `frame`, whose first bytes are those of the link.
pub(super) fn ip_packet(link_type: u16, frame: &[u8]) -> Result<&[u8], NoIp> {
    let behind = |len: usize| frame.get(len..).ok_or(NoIp::OtherProtocol);
    match link_type {
        LINK_ETHERNET => behind_ethertype(frame, 12, 14),
        link_type::LINUX_SLL => behind_ethertype(frame, 14, 16),
        link_type::LINUX_SLL2 => behind_ethertype(frame, 0, 20),
        // Families are numbered differently on each system; the version of IP stands in the packet itself.
        link_type::NULL | link_type::LOOP => behind(4),
        link_type::RAW
        | link_type::RAW_12
        | link_type::RAW_14
        | link_type::IPV4
        | link_type::IPV6 => Ok(frame),
        _ => Err(NoIp::UnknownLink),
    }
}

/// What follows a header of `header_len` bytes, if the EtherType in it is one of IP. VLAN tags are passed over.
fn behind_ethertype(frame: &[u8], type_at: usize, header_len: usize) -> Result<&[u8], NoIp> {
    let mut ethertype = number_at(frame, type_at).ok_or(NoIp::OtherProtocol)?;
    let mut start = header_len;
    for _tag in 0..VLAN_TAGS_MAX {
        if !matches!(ethertype, ETHERTYPE_VLAN | ETHERTYPE_VLAN_OUTER) {
            break;
        }
        ethertype = number_at(frame, start + 2).ok_or(NoIp::OtherProtocol)?;
        start += 4;
    }
    match ethertype {
        ETHERTYPE_IPV4 | ETHERTYPE_IPV6 => frame.get(start..).ok_or(NoIp::OtherProtocol),
        _ => Err(NoIp::OtherProtocol),
    }
}

fn number_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes
        .get(at..)?
        .first_chunk()
        .map(|bytes| u16::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ip_packet_is_found_behind_each_kind_of_link() {
        let zeros = |len: usize| vec![0_u8; len];
        let tag = |kind: [u8; 2]| [kind.to_vec(), vec![0, 7]].concat();
        for (link_type, header) in [
            (LINK_ETHERNET, [zeros(12), vec![0x08, 0x00]].concat()),
            (LINK_ETHERNET, [zeros(12), vec![0x86, 0xdd]].concat()),
            (
                LINK_ETHERNET,
                [zeros(12), tag([0x81, 0]), vec![0x08, 0]].concat(),
            ),
            (
                LINK_ETHERNET,
                [zeros(12), tag([0x88, 0xa8]), tag([0x81, 0]), vec![0x08, 0]].concat(),
            ),
            (113, [zeros(14), vec![0x08, 0x00]].concat()),
            (276, [vec![0x08, 0x00], zeros(18)].concat()),
            (0, vec![2, 0, 0, 0]),
            (0, vec![0, 0, 0, 30]),
            (108, vec![0, 0, 0, 2]),
            (12, vec![]),
            (14, vec![]),
            (101, vec![]),
            (228, vec![]),
            (229, vec![]),
        ] {
            let frame = [header.clone(), b"IP".to_vec()].concat();
            assert_eq!(
                ip_packet(link_type, &frame),
                Ok(&b"IP"[..]),
                "{link_type} {header:02x?}"
            );
            for end in 0..header.len() {
                assert_eq!(
                    ip_packet(link_type, &frame[..end]),
                    Err(NoIp::OtherProtocol)
                );
            }
        }
        let arp = [zeros(12), vec![0x08, 0x06], zeros(28)].concat();
        assert_eq!(ip_packet(LINK_ETHERNET, &arp), Err(NoIp::OtherProtocol));
        assert_eq!(ip_packet(147, b"IP"), Err(NoIp::UnknownLink));
    }
}
