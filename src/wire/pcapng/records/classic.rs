//! Classic pcap files, as tcpdump writes them (draft-ietf-opsawg-pcap): a header and then packets.
//! Four kinds: either byte order, microseconds or nanoseconds.

use std::borrow::Cow;

use super::cursor::{Cursor, Order};
use super::{Item, Packet, Step};

const HEADER_LEN: usize = 24;
const RECORD_HEADER_LEN: usize = 16;
const MAGIC_MICROSECONDS: u32 = 0xa1b2_c3d4;
const MAGIC_NANOSECONDS: u32 = 0xa1b2_3c4d;

/// What the header of a file says of all its packets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Classic {
    order: Order,
    /// How many nanoseconds the fraction of a second counts in.
    unit_ns: u64,
    link_type: u16,
}

impl Classic {
    /// The header, and where the first packet begins.
    pub(super) fn read(file: &[u8]) -> Result<(Self, usize), Cow<'static, str>> {
        for order in [Order::Little, Order::Big] {
            let mut cursor = Cursor::new(file, 0..file.len(), order);
            let unit_ns = match cursor.u32() {
                Some(MAGIC_MICROSECONDS) => 1000,
                Some(MAGIC_NANOSECONDS) => 1,
                _ => continue,
            };
            // Version, time zone, accuracy and the longest packet decide nothing.
            let network = cursor.take(16).and_then(|_| cursor.u32());
            let Some(network) = network else {
                return Err("The file ends within its header.".into());
            };
            let [.., high, low] = network.to_be_bytes();
            let link_type = u16::from_be_bytes([high, low]);
            return Ok((
                Self {
                    order,
                    unit_ns,
                    link_type,
                },
                HEADER_LEN,
            ));
        }
        Err("This is neither a pcapng nor a pcap file.".into())
    }

    /// The packet at `at`.
    pub(super) fn record(&self, file: &[u8], at: usize) -> Step {
        let mut cursor = Cursor::new(file, at..file.len(), self.order);
        let (Some(secs), Some(fraction), Some(len), Some(_original_len)) =
            (cursor.u32(), cursor.u32(), cursor.len_u32(), cursor.u32())
        else {
            return Err("The file ends within the header of a packet.".into());
        };
        let Some(bytes) = cursor.take(len) else {
            return Err(format!(
                "The file ends within a packet: {len} bytes are announced, {} are there.",
                cursor.len()
            )
            .into());
        };
        let time_ns = u64::from(secs) * 1_000_000_000 + u64::from(fraction) * self.unit_ns;
        let packet = Packet {
            time_ns,
            link_type: self.link_type,
            at: bytes,
        };
        Ok((Item::Packet(packet), at + RECORD_HEADER_LEN + len))
    }
}
