//! The shape in which every decoder answers, which way bytes went and how they are held, small views of raw bytes, and how many there
//! are in words.
//! No protocol's grammar lives here: those are in `http`, `websocket` and `wire`.

use std::fmt;

use bytes::Bytes;

/// What one decoding step learned: show more bytes, or the first `used_bytes` made `value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress<T> {
    /// All that was shown is the beginning of something valid.
    NeedMore,
    /// The first `used_bytes` of the input are one whole `value`; what follows was not looked at.
    Done {
        /// What the bytes mean.
        value: T,
        /// How many bytes of the input it took.
        used_bytes: usize,
    },
}

/// One of the two streams that make a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the client to the server.
    FromClient,
    /// From the server to the client.
    FromServer,
}

impl Direction {
    /// The way back.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::FromClient => Self::FromServer,
            Self::FromServer => Self::FromClient,
        }
    }
}

/// Bytes that cross a socket in one piece, and how they are held: whoever keeps shared ones needs no copy of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chunk<'a> {
    /// They last as long as the call: to keep them is to copy them.
    Borrowed(&'a [u8]),
    /// They can be kept by reference. They should be all that is in their memory, or keeping them would keep more than they are.
    Shared(&'a Bytes),
}

impl<'a> Chunk<'a> {
    /// Fewer bytes are not worth sharing: up to here copying them was measured to cost no more than a reference, which takes memory
    /// and a counter that processors pass around.
    pub const SHARED_LEN_MIN: usize = 1024;

    /// The bytes, however they are held.
    #[must_use]
    pub fn as_slice(self) -> &'a [u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }

    /// The first `len` bytes. A part is no longer shared: kept by reference, it would keep the rest, too.
    #[must_use]
    pub fn first(self, len: usize) -> Self {
        let bytes = self.as_slice();
        match bytes.get(..len) {
            Some(part) if part.len() < bytes.len() => Self::Borrowed(part),
            _ => self,
        }
    }

    /// The bytes, if they should be kept by reference.
    #[must_use]
    pub fn worth_sharing(self) -> Option<&'a Bytes> {
        match self {
            Self::Shared(bytes) if bytes.len() >= Self::SHARED_LEN_MIN => Some(bytes),
            _ => None,
        }
    }

    /// The bytes, to be kept: copied if they have to be.
    #[must_use]
    pub fn to_bytes(self) -> Bytes {
        self.worth_sharing()
            .map_or_else(|| Bytes::copy_from_slice(self.as_slice()), Bytes::clone)
    }
}

impl<'a, T: AsRef<[u8]> + ?Sized> From<&'a T> for Chunk<'a> {
    fn from(bytes: &'a T) -> Self {
        Self::Borrowed(bytes.as_ref())
    }
}

/// `1 byte`, `2 bytes`: a number, and the word for one of what it counts, whose plural ends in s.
#[must_use]
pub fn counted<N: fmt::Display + PartialEq + From<u8>>(number: N, one: &str) -> String {
    let ending = if number == N::from(1) { "" } else { "s" };
    format!("{number} {one}{ending}")
}

/// Where `part` lies within `whole`, in bytes, if it is a slice of it.
///
/// Tokenisers hand out slices; the wire view wants positions. Both slices must come from the
/// same buffer, otherwise the answer is `None`.
#[must_use]
pub fn range_within(whole: &[u8], part: &[u8]) -> Option<std::ops::Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    let end = start.checked_add(part.len())?;
    (end <= whole.len()).then_some(start..end)
}

/// A cursor that reads numbers and slices from bytes, and never beyond their end: every read that
/// would is `None`, and takes nothing.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Begins at the first byte.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What was not read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The next `len` bytes.
    pub fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest;
        Some(taken)
    }

    /// The next `N` bytes, as an array.
    pub fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    /// One byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    /// Two bytes, the high one first, as all numbers on the wire.
    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    /// Three bytes.
    pub fn u24(&mut self) -> Option<u32> {
        self.array()
            .map(|[high, middle, low]| u32::from_be_bytes([0, high, middle, low]))
    }
}

/// Lower-case hexadecimal digits, two a byte.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| {
        DIGITS
            .get(usize::from(nibble))
            .copied()
            .map_or('0', char::from)
    };
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(byte & 0x0f)])
        .collect()
}

/// A number in decimal digits: what `format!` makes, without its machinery, for lines that are written with every request.
#[derive(Debug, Clone, Copy)]
pub struct Decimal {
    digits: [u8; Self::DIGITS_MAX],
    start: usize,
}

impl Decimal {
    /// Those of the largest number.
    const DIGITS_MAX: usize = 20;

    /// Writes `number` down.
    #[must_use]
    pub fn of(number: u64) -> Self {
        let mut digits = [b'0'; Self::DIGITS_MAX];
        let mut start = Self::DIGITS_MAX;
        let mut left = number;
        // They are found from the last to the first.
        for place in digits.iter_mut().rev() {
            *place = b'0' + u8::try_from(left % 10).unwrap_or_default();
            left /= 10;
            start -= 1;
            if left == 0 {
                break;
            }
        }
        Self { digits, start }
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let digits = self.digits.get(self.start..).unwrap_or_default();
        std::str::from_utf8(digits).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shared_is_kept_by_reference_only_if_it_is_long_and_whole() {
        let long = Bytes::from(vec![7; Chunk::SHARED_LEN_MIN]);
        let short = long.slice(1..);
        let part = Chunk::Shared(&long).first(long.len() - 1);
        for (chunk, bytes, is_kept) in [
            (Chunk::Shared(&long), &long, true),
            (Chunk::Shared(&long).first(long.len()), &long, true),
            (Chunk::Shared(&short), &short, false),
            (part, &short, false),
            (Chunk::from(&long), &long, false),
        ] {
            let kept = chunk.to_bytes();
            assert_eq!(kept, bytes);
            assert_eq!(kept.as_ptr() == bytes.as_ptr(), is_kept, "{chunk:?}");
        }
    }

    #[test]
    fn one_is_counted_without_an_s() {
        assert_eq!(counted(0_u64, "byte"), "0 bytes");
        assert_eq!(counted(1_u64, "byte"), "1 byte");
        assert_eq!(counted(2_usize, "request"), "2 requests");
    }

    #[test]
    fn a_part_knows_its_place_and_a_stranger_has_none() {
        let whole = b"GET / HTTP/1.1";
        assert_eq!(range_within(whole, &whole[4..5]), Some(4..5));
        assert_eq!(range_within(whole, &whole[14..]), Some(14..14));
        assert_eq!(range_within(&whole[..4], &whole[4..6]), None);
        assert_eq!(range_within(&whole[4..], &whole[..4]), None);
    }

    #[test]
    fn a_reader_gives_what_is_there_and_takes_nothing_if_that_is_too_little() {
        let mut reader = Reader::new(&[1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(reader.u8(), Some(1));
        assert_eq!(reader.u16(), Some(0x0203));
        assert_eq!(reader.u24(), Some(0x0004_0506));
        assert_eq!(reader.u24(), None);
        assert_eq!(reader.take(3), None);
        assert_eq!(reader.array::<3>(), None);
        assert_eq!(reader.rest(), [7, 8]);
        assert_eq!(reader.take(2), Some([7, 8].as_slice()));
        assert_eq!(reader.take(0), Some([].as_slice()));
        assert_eq!(reader.u8(), None);
    }

    #[test]
    fn numbers_are_written_as_format_writes_them() {
        for number in [0, 7, 10, 99, 100, 4171, 1_795_305_600_042, u64::MAX] {
            assert_eq!(Decimal::of(number).as_str(), number.to_string());
        }
    }

    #[test]
    fn hex_writes_two_digits_a_byte() {
        assert_eq!(hex(&[0x00, 0x0f, 0xa5, 0xff]), "000fa5ff");
        assert_eq!(hex(&[]), "");
    }
}
