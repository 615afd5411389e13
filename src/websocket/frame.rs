//! The header in front of every WebSocket frame, as bytes and as a value (RFC 6455 §5.2).
//! No connection state: whether a frame may come at this point is not judged here.
//!
//! ```text
//!  byte 0                1                  2…                        …
//! +---+---+---+---+----+----+--------+-------------------+-------------------+---------
//! |FIN|RSV|RSV|RSV|  op|MASK|  7-bit | 0, 2 or 8 bytes   | 0 or 4 bytes      | payload
//! |   | 1 | 2 | 3 |code|    |  length| of longer length  | of masking key    |
//! +---+---+---+---+----+----+--------+-------------------+-------------------+---------
//! ```

use std::fmt;
use std::ops::Range;

use crate::octets::Progress;

/// The longest payload of a Close, Ping or Pong frame (RFC 6455 §5.5).
pub const CONTROL_PAYLOAD_LEN_MAX: u8 = 125;

/// The 7 bits of the second byte hold lengths below 126; 126 and 127 announce a longer field.
const LEN_IN_2_BYTES: u8 = 126;
const LEN_IN_8_BYTES: u8 = 127;
/// The smallest lengths that need 2 and 8 bytes, and the first that no field may hold.
const LEN_2_BYTES_MIN: u64 = 126;
const LEN_8_BYTES_MIN: u64 = 1 << 16;
const LEN_END: u64 = 1 << 63;

/// What a frame is for (RFC 6455 §5.2, §11.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// A further part of a message that an earlier frame began.
    Continuation,
    /// The beginning of a message that is UTF-8 text.
    Text,
    /// The beginning of a message that is bytes.
    Binary,
    /// The last frame of its direction.
    Close,
    /// A request to answer with a Pong of the same payload.
    Ping,
    /// The answer to a Ping, or an unasked sign of life.
    Pong,
}

impl Opcode {
    /// The four bits on the wire.
    #[must_use]
    pub fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xa,
        }
    }

    /// Control frames may come between the parts of a message, and are short and whole themselves.
    #[must_use]
    pub fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }

    fn from_bits(bits: u8) -> Result<Self, FrameError> {
        match bits {
            0x0 => Ok(Self::Continuation),
            0x1 => Ok(Self::Text),
            0x2 => Ok(Self::Binary),
            0x8 => Ok(Self::Close),
            0x9 => Ok(Self::Ping),
            0xa => Ok(Self::Pong),
            reserved => Err(FrameError::ReservedOpcode(reserved)),
        }
    }
}

/// A frame's header. Its byte positions follow from its values, because lengths are minimal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameHeader {
    /// Whether this frame ends its message.
    pub fin: bool,
    /// Zero unless an extension gives it a meaning; permessage-deflate would (RFC 7692).
    pub rsv1: bool,
    /// Zero unless an extension gives it a meaning.
    pub rsv2: bool,
    /// Zero unless an extension gives it a meaning.
    pub rsv3: bool,
    /// What the frame is for.
    pub opcode: Opcode,
    /// How many payload bytes follow the header; below 2⁶³.
    pub payload_len: u64,
    /// Present in every frame from a client, absent in every frame from a server (RFC 6455 §5.1).
    pub masking_key: Option<[u8; 4]>,
}

impl FrameHeader {
    /// The header of a whole, unmasked frame, as a server sends it.
    #[must_use]
    pub fn from_server(opcode: Opcode, payload_len: u64) -> Self {
        Self {
            fin: true,
            rsv1: false,
            rsv2: false,
            rsv3: false,
            opcode,
            payload_len,
            masking_key: None,
        }
    }

    /// Where the payload length stands, without the MASK bit's neighbours: 1, 3 or 9 bytes.
    #[must_use]
    pub fn payload_len_range(&self) -> Range<usize> {
        match self.payload_len {
            ..LEN_2_BYTES_MIN => 1..2,
            LEN_2_BYTES_MIN..LEN_8_BYTES_MIN => 1..4,
            _ => 1..10,
        }
    }

    /// Where the masking key stands, if there is one.
    #[must_use]
    pub fn masking_key_range(&self) -> Option<Range<usize>> {
        let start = self.payload_len_range().end;
        self.masking_key.map(|key| start..start + key.len())
    }

    /// How many bytes the header takes: 2 to 14.
    #[must_use]
    pub fn header_len(&self) -> usize {
        self.masking_key_range()
            .map_or(self.payload_len_range().end, |range| range.end)
    }

    /// Appends the header's bytes to `out`, the length in its shortest form.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        out.push(
            bit(self.fin, 0x80)
                | bit(self.rsv1, 0x40)
                | bit(self.rsv2, 0x20)
                | bit(self.rsv3, 0x10)
                | self.opcode.bits(),
        );
        let mask_bit = bit(self.masking_key.is_some(), 0x80);
        let [.., high, low] = self.payload_len.to_be_bytes();
        match self.payload_len {
            ..LEN_2_BYTES_MIN => out.push(mask_bit | low),
            LEN_2_BYTES_MIN..LEN_8_BYTES_MIN => {
                out.extend_from_slice(&[mask_bit | LEN_IN_2_BYTES, high, low]);
            }
            long => {
                out.push(mask_bit | LEN_IN_8_BYTES);
                out.extend_from_slice(&long.to_be_bytes());
            }
        }
        out.extend_from_slice(self.masking_key.as_ref().map_or(&[], |key| key.as_slice()));
    }
}

/// Why bytes are not a frame header. Either end answers it with a Close frame of code 1002.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// Opcodes 3–7 and 11–15 mean nothing yet.
    ReservedOpcode(u8),
    /// A Close, Ping or Pong without FIN.
    FragmentedControl(Opcode),
    /// A Close, Ping or Pong of more than 125 bytes.
    ControlTooLong(Opcode),
    /// A length in a longer field than it needs.
    LengthNotMinimal(u64),
    /// A 64-bit length with its top bit set.
    LengthTooLarge,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ReservedOpcode(bits) => write!(
                f,
                "Opcode {bits:#x} is reserved: a frame has 0x0, 0x1, 0x2, 0x8, 0x9 or 0xA."
            ),
            Self::FragmentedControl(opcode) => {
                write!(f, "A {opcode:?} frame is sent whole, with FIN set.")
            }
            Self::ControlTooLong(opcode) => write!(
                f,
                "A {opcode:?} frame carries at most {CONTROL_PAYLOAD_LEN_MAX} bytes."
            ),
            Self::LengthNotMinimal(len) => write!(
                f,
                "A length of {len} is written in the shortest form that holds it."
            ),
            Self::LengthTooLarge => f.write_str("A 64-bit length is below 2^63."),
        }
    }
}

impl std::error::Error for FrameError {}

/// Reads the header at the beginning of `input` (RFC 6455 §5.2).
///
/// `used_bytes` is the header alone; its `payload_len` bytes come next.
///
/// # Errors
/// What makes the header wrong whatever came before it. RSV bits and a missing mask are values
/// here: whether they are right depends on extensions and on who sent them.
pub fn decode_frame_header(input: &[u8]) -> Result<Progress<FrameHeader>, FrameError> {
    let Some((&[first, second], rest)) = input.split_first_chunk::<2>() else {
        return Ok(Progress::NeedMore);
    };
    let fin = first & 0x80 != 0;
    let opcode = Opcode::from_bits(first & 0x0f)?;
    let len_7_bit = second & 0x7f;
    if opcode.is_control() {
        if !fin {
            return Err(FrameError::FragmentedControl(opcode));
        }
        if len_7_bit > CONTROL_PAYLOAD_LEN_MAX {
            return Err(FrameError::ControlTooLong(opcode));
        }
    }
    let Some((payload_len, rest)) = decode_payload_len(len_7_bit, rest)? else {
        return Ok(Progress::NeedMore);
    };
    let masking_key = if second & 0x80 == 0 {
        None
    } else if let Some(&key) = rest.first_chunk::<4>() {
        Some(key)
    } else {
        return Ok(Progress::NeedMore);
    };
    let value = FrameHeader {
        fin,
        rsv1: first & 0x40 != 0,
        rsv2: first & 0x20 != 0,
        rsv3: first & 0x10 != 0,
        opcode,
        payload_len,
        masking_key,
    };
    Ok(Progress::Done {
        value,
        used_bytes: value.header_len(),
    })
}

/// The length, and the bytes behind it; `None` while its longer field is not there yet.
fn decode_payload_len(len_7_bit: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, FrameError> {
    let (len, rest, len_min) = match len_7_bit {
        LEN_IN_2_BYTES => match rest.split_first_chunk::<2>() {
            Some((&bytes, rest)) => (u64::from(u16::from_be_bytes(bytes)), rest, LEN_2_BYTES_MIN),
            None => return Ok(None),
        },
        LEN_IN_8_BYTES => match rest.split_first_chunk::<8>() {
            Some((&bytes, rest)) => (u64::from_be_bytes(bytes), rest, LEN_8_BYTES_MIN),
            None => return Ok(None),
        },
        len => (u64::from(len), rest, 0),
    };
    if len < len_min {
        return Err(FrameError::LengthNotMinimal(len));
    }
    if len >= LEN_END {
        return Err(FrameError::LengthTooLarge);
    }
    Ok(Some((len, rest)))
}

/// Masks or unmasks `payload` in place: the operation is its own inverse (RFC 6455 §5.3).
pub fn apply_mask(payload: &mut [u8], masking_key: [u8; 4]) {
    for (byte, key) in payload.iter_mut().zip(masking_key.iter().cycle()) {
        *byte ^= key;
    }
}

/// Appends a whole frame from a server to `out`.
pub fn append_frame(out: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    let header = FrameHeader::from_server(opcode, payload.len() as u64);
    out.reserve(header.header_len() + payload.len());
    header.encode(out);
    out.extend_from_slice(payload);
}

/// Appends a text message from a server to `out`. Many may be joined and sent as one.
///
/// `text` is UTF-8 that the caller made; it is not checked again.
pub fn append_text_frame(out: &mut Vec<u8>, text: &[u8]) {
    append_frame(out, Opcode::Text, text);
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

    fn header(fin: bool, opcode: Opcode, payload_len: u64, key: Option<[u8; 4]>) -> FrameHeader {
        FrameHeader {
            fin,
            masking_key: key,
            ..FrameHeader::from_server(opcode, payload_len)
        }
    }

    /// Every proper prefix asks for more, the whole is the value, what follows is left alone, and
    /// the value is written as the same bytes.
    fn holds_its_promises(bytes: &[u8], value: FrameHeader) {
        for len in 0..bytes.len() {
            assert_eq!(
                decode_frame_header(&bytes[..len]),
                Ok(Progress::NeedMore),
                "{bytes:02x?} cut to {len}"
            );
        }
        let followed = [bytes, b"\xff\xff"].concat();
        for input in [bytes, &followed] {
            assert_eq!(
                decode_frame_header(input),
                Ok(Progress::Done {
                    value,
                    used_bytes: bytes.len()
                }),
                "{bytes:02x?}"
            );
        }
        let mut out = Vec::new();
        value.encode(&mut out);
        assert_eq!(out, bytes);
        assert_eq!(value.header_len(), bytes.len());
    }

    #[test]
    fn the_headers_of_rfc_6455_section_5_7_are_read_and_written() {
        use Opcode::{Binary, Continuation, Ping, Pong, Text};
        for (bytes, value) in [
            (&b"\x81\x05"[..], header(true, Text, 5, None)),
            (
                b"\x81\x85\x37\xfa\x21\x3d",
                header(true, Text, 5, Some(KEY)),
            ),
            (b"\x01\x03", header(false, Text, 3, None)),
            (b"\x80\x02", header(true, Continuation, 2, None)),
            (b"\x89\x05", header(true, Ping, 5, None)),
            (
                b"\x8a\x85\x37\xfa\x21\x3d",
                header(true, Pong, 5, Some(KEY)),
            ),
            (b"\x82\x7e\x01\x00", header(true, Binary, 256, None)),
            (
                b"\x82\x7f\0\0\0\0\0\x01\0\0",
                header(true, Binary, 65_536, None),
            ),
        ] {
            holds_its_promises(bytes, value);
        }
    }

    #[test]
    fn the_masked_hello_of_rfc_6455_section_5_7_is_unmasked() {
        let mut payload = *b"\x7f\x9f\x4d\x51\x58";
        apply_mask(&mut payload, KEY);
        assert_eq!(&payload, b"Hello");
        apply_mask(&mut payload, KEY);
        assert_eq!(&payload, b"\x7f\x9f\x4d\x51\x58");
    }

    #[test]
    fn the_text_frame_of_rfc_6455_section_5_7_is_appended() {
        let mut out = b"before".to_vec();
        append_text_frame(&mut out, b"Hello");
        assert_eq!(out, b"before\x81\x05Hello");
    }

    #[test]
    fn each_length_takes_its_shortest_form_and_no_other() {
        let largest = LEN_END - 1;
        for (len, form) in [
            (0, &b"\x82\x00"[..]),
            (125, b"\x82\x7d"),
            (126, b"\x82\x7e\x00\x7e"),
            (65_535, b"\x82\x7e\xff\xff"),
            (65_536, b"\x82\x7f\0\0\0\0\0\x01\0\0"),
            (largest, b"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"),
        ] {
            holds_its_promises(form, FrameHeader::from_server(Opcode::Binary, len));
        }
        for (bytes, why) in [
            (&b"\x82\x7e\x00\x7d"[..], FrameError::LengthNotMinimal(125)),
            (b"\x82\x7e\x00\x00", FrameError::LengthNotMinimal(0)),
            (
                b"\x82\x7f\0\0\0\0\0\0\xff\xff",
                FrameError::LengthNotMinimal(65_535),
            ),
            (b"\x82\x7f\x80\0\0\0\0\0\0\0", FrameError::LengthTooLarge),
        ] {
            assert_eq!(decode_frame_header(bytes), Err(why));
        }
    }

    #[test]
    fn control_frames_are_short_and_whole() {
        for opcode in [Opcode::Close, Opcode::Ping, Opcode::Pong] {
            let first = 0x80 | opcode.bits();
            holds_its_promises(&[first, 125], FrameHeader::from_server(opcode, 125));
            assert_eq!(
                decode_frame_header(&[first, 126]),
                Err(FrameError::ControlTooLong(opcode))
            );
            assert_eq!(
                decode_frame_header(&[opcode.bits(), 0]),
                Err(FrameError::FragmentedControl(opcode))
            );
        }
    }

    #[test]
    fn reserved_opcodes_are_refused() {
        for bits in 0..16 {
            let known = matches!(bits, 0..=2 | 8..=10);
            let decoded = decode_frame_header(&[0x80 | bits, 0]);
            assert_eq!(decoded.is_ok(), known, "{bits:#x}");
            assert!(known || decoded == Err(FrameError::ReservedOpcode(bits)));
        }
    }

    #[test]
    fn reserved_bits_are_reported_as_they_came() {
        for (first, rsv) in [
            (0xc1, [true, false, false]),
            (0xa1, [false, true, false]),
            (0x91, [false, false, true]),
        ] {
            let [rsv1, rsv2, rsv3] = rsv;
            let value = FrameHeader {
                rsv1,
                rsv2,
                rsv3,
                ..FrameHeader::from_server(Opcode::Text, 0)
            };
            holds_its_promises(&[first, 0], value);
        }
    }

    #[test]
    fn fields_know_their_bytes() {
        let long = header(true, Opcode::Binary, 65_536, Some(KEY));
        assert_eq!(long.payload_len_range(), 1..10);
        assert_eq!(long.masking_key_range(), Some(10..14));
        let medium = header(true, Opcode::Binary, 126, None);
        assert_eq!(medium.payload_len_range(), 1..4);
        assert_eq!(medium.masking_key_range(), None);
        let short = header(true, Opcode::Binary, 125, Some(KEY));
        assert_eq!(short.payload_len_range(), 1..2);
        assert_eq!(short.masking_key_range(), Some(2..6));
    }

    #[test]
    fn whatever_the_bytes_a_header_that_is_read_is_written_as_it_was() {
        // xorshift64: the same sixteen thousand inputs in every run.
        let mut seed = 0x6455_u64;
        let (mut read, mut refused) = (0, 0);
        for _ in 0..16_384 {
            let mut input = [0; 16];
            for byte in &mut input {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                *byte = seed.to_le_bytes()[3];
            }
            // Zeros make small lengths in long forms, which chance alone hardly meets.
            if seed & 1 == 0 {
                input[2..9].fill(0);
            }
            match decode_frame_header(&input) {
                Ok(Progress::Done { value, used_bytes }) => {
                    let mut out = Vec::new();
                    value.encode(&mut out);
                    assert_eq!(out, input[..used_bytes]);
                    read += 1;
                }
                Ok(Progress::NeedMore) => panic!("{input:02x?} holds the longest header"),
                Err(_) => refused += 1,
            }
        }
        assert!(
            read > 1000 && refused > 1000,
            "{read} read, {refused} refused"
        );
    }
}
