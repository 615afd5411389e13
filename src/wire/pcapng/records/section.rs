//! pcapng files: sections of blocks, each block with its kind and length (draft-ietf-opsawg-pcapng).
//! Blocks of unknown kinds are passed over, as the format wants it.

use std::borrow::Cow;
use std::ops::Range;

use super::cursor::{Cursor, Order};
use super::{Item, Packet, Problem, Step};
use crate::wire::pcapng::block::{BYTE_ORDER_MAGIC, SECRETS_TLS_KEY_LOG, kind, option};

/// Kind and length in front, length behind.
const BLOCK_LEN_MIN: usize = 12;

/// What the blocks so far say of those that follow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Section {
    order: Order,
    interfaces: Vec<Interface>,
}

/// One of the interfaces that packets were captured on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Interface {
    link_type: u16,
    snap_len: usize,
    units_per_sec: u128,
    offset_secs: i64,
}

impl Section {
    /// The block at `at`.
    pub(super) fn block(&mut self, file: &[u8], at: usize) -> Step {
        let mut cursor = Cursor::new(file, at..file.len(), self.order);
        let Some(block_kind) = cursor.u32() else {
            return Err("The file ends within the header of a block.".into());
        };
        if block_kind == kind::SECTION_HEADER {
            // The kind reads the same both ways; the magic number behind the length does not.
            let mut magic = Cursor::new(file, (at + 8).min(file.len())..file.len(), Order::Little);
            self.order = match magic.u32() {
                Some(BYTE_ORDER_MAGIC) => Order::Little,
                Some(other) if other.swap_bytes() == BYTE_ORDER_MAGIC => Order::Big,
                _ => return Err("A section begins without its byte-order magic.".into()),
            };
            self.interfaces.clear();
        }
        let mut cursor = Cursor::new(file, at + 4..file.len(), self.order);
        let Some(total_len) = cursor.len_u32() else {
            return Err("The file ends within the header of a block.".into());
        };
        if total_len < BLOCK_LEN_MIN || !total_len.is_multiple_of(4) {
            return Err(format!("A block of {total_len} bytes cannot be.").into());
        }
        let end = at.saturating_add(total_len);
        if end > file.len() {
            return Err(format!("The file ends within a block of {total_len} bytes.").into());
        }
        if Cursor::new(file, end - 4..end, self.order).len_u32() != Some(total_len) {
            return Err("A block's length before it and behind it are not the same.".into());
        }
        let body = Cursor::new(file, at + 8..end - 4, self.order);
        let item = self
            .item(block_kind, body, file)
            .unwrap_or_else(|text| Item::Problem(Problem { offset: at, text }));
        Ok((item, end))
    }

    fn item(
        &mut self,
        block_kind: u32,
        body: Cursor<'_>,
        file: &[u8],
    ) -> Result<Item, Cow<'static, str>> {
        const SHORT: &str = "A block is shorter than its kind needs.";
        match block_kind {
            kind::INTERFACE_DESCRIPTION => {
                let interface = Interface::read(body, file).ok_or(SHORT)?;
                self.interfaces.push(interface);
                Ok(Item::Other)
            }
            kind::ENHANCED_PACKET => self.enhanced_packet(body).ok_or(SHORT)?,
            kind::PACKET => self.obsolete_packet(body).ok_or(SHORT)?,
            kind::SIMPLE_PACKET => self.simple_packet(body).ok_or(SHORT)?,
            kind::DECRYPTION_SECRETS => key_log(body).ok_or(SHORT.into()),
            _ => Ok(Item::Other),
        }
    }

    fn enhanced_packet(&self, mut body: Cursor<'_>) -> Option<Result<Item, Cow<'static, str>>> {
        let interface = body.u32()?;
        let time = [body.u32()?, body.u32()?];
        let len = body.len_u32()?;
        body.u32()?;
        let at = body.take(len)?;
        Some(self.packet(interface, time, at))
    }

    fn obsolete_packet(&self, mut body: Cursor<'_>) -> Option<Result<Item, Cow<'static, str>>> {
        let interface = u32::from(body.u16()?);
        body.u16()?;
        let time = [body.u32()?, body.u32()?];
        let len = body.len_u32()?;
        body.u32()?;
        let at = body.take(len)?;
        Some(self.packet(interface, time, at))
    }

    /// A packet without time and length of its own: it is cut where its interface cuts all.
    fn simple_packet(&self, mut body: Cursor<'_>) -> Option<Result<Item, Cow<'static, str>>> {
        let original_len = body.len_u32()?;
        let snap_len = self
            .interfaces
            .first()
            .map_or(usize::MAX, |interface| interface.snap_len);
        let at = body.take(original_len.min(snap_len))?;
        Some(self.packet(0, [0, 0], at))
    }

    fn packet(
        &self,
        interface: u32,
        [high, low]: [u32; 2],
        at: Range<usize>,
    ) -> Result<Item, Cow<'static, str>> {
        let interface = usize::try_from(interface)
            .ok()
            .and_then(|index| self.interfaces.get(index))
            .ok_or("A packet names an interface that was not described.")?;
        let time = u64::from(high) << 32 | u64::from(low);
        Ok(Item::Packet(Packet {
            time_ns: interface.time_ns(time),
            link_type: interface.link_type,
            at,
        }))
    }
}

impl Interface {
    fn read(mut body: Cursor<'_>, file: &[u8]) -> Option<Self> {
        let link_type = body.u16()?;
        body.u16()?;
        let snap_len = match body.len_u32()? {
            0 => usize::MAX,
            len => len,
        };
        let mut interface = Self {
            link_type,
            snap_len,
            units_per_sec: 1_000_000,
            offset_secs: 0,
        };
        while let (Some(kind), Some(len)) = (body.u16(), body.u16()) {
            let len = usize::from(len);
            let mut value = body.clone();
            if kind == 0 || body.take(len.next_multiple_of(4)).is_none() {
                break;
            }
            match kind {
                option::IF_TSRESOL => {
                    let resolution = value.take(1).and_then(|at| file.get(at)?.first().copied());
                    interface.units_per_sec = units_per_sec(resolution?);
                }
                option::IF_TSOFFSET => interface.offset_secs = i64::from_be_bytes(value.bytes()?),
                _ => {}
            }
        }
        Some(interface)
    }

    fn time_ns(&self, units: u64) -> u64 {
        let ns = u128::from(units) * 1_000_000_000 / self.units_per_sec;
        let ns = i128::try_from(ns).unwrap_or(i128::MAX);
        let offset_ns = i128::from(self.offset_secs) * 1_000_000_000;
        u64::try_from(ns.saturating_add(offset_ns)).unwrap_or_default()
    }
}

/// `if_tsresol`: a power of ten, or with the top bit a power of two. Finer than `u128` holds is no time.
fn units_per_sec(resolution: u8) -> u128 {
    let exponent = u32::from(resolution & 0x7f);
    let base: u128 = if resolution & 0x80 == 0 { 10 } else { 2 };
    base.checked_pow(exponent).unwrap_or(u128::MAX)
}

fn key_log(mut body: Cursor<'_>) -> Option<Item> {
    let secrets_kind = body.u32()?;
    let len = body.len_u32()?;
    let at = body.take(len)?;
    Some(if secrets_kind == SECRETS_TLS_KEY_LOG {
        Item::KeyLog(at)
    } else {
        Item::Other
    })
}
