//! Reads numbers of either byte order from a range of a file, never beyond its end.
//! No meaning: what the numbers are is said by the formats.

use std::ops::Range;

/// Which end of a number comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Order {
    #[default]
    Little,
    Big,
}

/// What is left of a range of a file.
#[derive(Debug, Clone)]
pub(super) struct Cursor<'a> {
    file: &'a [u8],
    at: usize,
    end: usize,
    order: Order,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(file: &'a [u8], range: Range<usize>, order: Order) -> Self {
        let end = range.end.min(file.len());
        Self {
            file,
            at: range.start.min(end),
            end,
            order,
        }
    }

    /// How many bytes are left.
    pub(super) fn len(&self) -> usize {
        self.end - self.at
    }

    /// The next `len` bytes, and where they are; `None` if there are fewer.
    pub(super) fn take(&mut self, len: usize) -> Option<Range<usize>> {
        let end = self.at.checked_add(len).filter(|&end| end <= self.end)?;
        let range = self.at..end;
        self.at = end;
        Some(range)
    }

    pub(super) fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let range = self.take(N)?;
        let mut bytes = *self.file.get(range)?.first_chunk::<N>()?;
        if self.order == Order::Little {
            bytes.reverse();
        }
        Some(bytes)
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        self.bytes().map(u16::from_be_bytes)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.bytes().map(u32::from_be_bytes)
    }

    /// A length in 32 bits.
    pub(super) fn len_u32(&mut self) -> Option<usize> {
        self.u32().and_then(|len| usize::try_from(len).ok())
    }
}
