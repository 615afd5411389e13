//! Where the parts of a frame's header are, whether or not the frame keeps the rules (RFC 6455 §5.2).
//! No judgement: `websocket::frame` refuses, this one shows what was refused.

use std::ops::Range;

/// The parts of a whole header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::wire) struct Layout {
    pub(in crate::wire) fin: bool,
    /// RSV1 to RSV3, as the three bits of a number.
    pub(in crate::wire) rsv: u8,
    pub(in crate::wire) opcode_bits: u8,
    /// Empty if the seven bits were enough.
    pub(in crate::wire) extended_len_at: Range<usize>,
    pub(in crate::wire) payload_len: u64,
    pub(in crate::wire) masking_key: Option<[u8; 4]>,
    /// Empty if there is none.
    pub(in crate::wire) masking_key_at: Range<usize>,
}

impl Layout {
    /// Reads the header at the beginning of `bytes`; `None` until it is whole, at 14 bytes at the latest.
    pub(in crate::wire) fn read(bytes: &[u8]) -> Option<Self> {
        let (&[first, second], rest) = bytes.split_first_chunk::<2>()?;
        let (payload_len, extended_len, rest) = match second & 0x7f {
            126 => {
                let (len, rest) = rest.split_first_chunk::<2>()?;
                (u16::from_be_bytes(*len).into(), len.len(), rest)
            }
            127 => {
                let (len, rest) = rest.split_first_chunk::<8>()?;
                (u64::from_be_bytes(*len), len.len(), rest)
            }
            len => (len.into(), 0, rest),
        };
        let masking_key = match second & 0x80 {
            0 => None,
            _ => Some(*rest.first_chunk::<4>()?),
        };
        let key_start = 2 + extended_len;
        Some(Self {
            fin: first & 0x80 != 0,
            rsv: first >> 4 & 0x07,
            opcode_bits: first & 0x0f,
            extended_len_at: 2..key_start,
            payload_len,
            masking_key,
            masking_key_at: key_start..key_start + masking_key.map_or(0, |key| key.len()),
        })
    }

    /// Where the payload begins.
    pub(in crate::wire) fn header_len(&self) -> usize {
        self.masking_key_at.end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::octets::Progress;
    use crate::websocket::frame::decode_frame_header;

    #[test]
    fn it_agrees_with_the_strict_decoder_wherever_that_one_accepts() {
        let mut accepted = 0;
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                let bytes = [first, second, 0, 1, 0, 1, 0, 1, 2, 3, 4, 5, 6, 7];
                let Ok(Progress::Done { value, used_bytes }) = decode_frame_header(&bytes) else {
                    continue;
                };
                let layout = Layout::read(&bytes).unwrap();
                assert_eq!(layout.header_len(), used_bytes);
                assert_eq!(layout.payload_len, value.payload_len);
                assert_eq!(layout.masking_key, value.masking_key);
                assert_eq!(
                    (layout.fin, layout.opcode_bits),
                    (value.fin, value.opcode.bits())
                );
                assert_eq!(Layout::read(&bytes[..used_bytes - 1]), None);
                accepted += 1;
            }
        }
        assert!(accepted > 10_000, "{accepted}");
    }
}
