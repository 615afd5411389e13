//! Bytes of one direction with their places, and when each of them crossed: what a timeline remembers of streams.
//! Only positions and bytes: what they say is found elsewhere.

use std::ops::Range;

use bytes::{Bytes, BytesMut};

/// When the bytes of a direction crossed.
#[derive(Debug, Default)]
pub(super) struct Times {
    /// Where bytes of one time end, and that time; both parts of the pairs ascend, the ends strictly.
    ends: Vec<(u64, u64)>,
}

impl Times {
    /// The bytes up to `end` that have no time yet crossed at `time_ns`.
    pub(super) fn note(&mut self, end: u64, time_ns: u64) {
        match self.ends.last_mut() {
            Some((last_end, _)) if *last_end >= end => {}
            Some((last_end, last_ns)) if *last_ns == time_ns => *last_end = end,
            _ => self.ends.push((end, time_ns)),
        }
    }

    /// How many bytes have crossed.
    pub(super) fn end(&self) -> u64 {
        self.ends.last().map_or(0, |(end, _)| *end)
    }

    /// When the byte at this place crossed; of one that has not come yet, when the last one did.
    pub(super) fn of(&self, at: u64) -> u64 {
        let found = self.ends.partition_point(|(end, _)| *end <= at);
        let found = self.ends.get(found).or(self.ends.last());
        found.map_or(0, |(_, time_ns)| *time_ns)
    }

    /// When the first and the last byte of this range crossed.
    pub(super) fn of_range(&self, range: &Range<u64>) -> (u64, u64) {
        let last = range.end.saturating_sub(1).max(range.start);
        (self.of(range.start), self.of(last))
    }
}

/// What is known of a stream: pieces in order, with gaps between them.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    pieces: Vec<(u64, Bytes)>,
    end: u64,
}

impl Pieces {
    /// Where what comes next would stand.
    pub(super) fn end(&self) -> u64 {
        self.end
    }

    /// Adds what comes next.
    pub(super) fn push(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        let start = self.end;
        self.end = start.saturating_add(bytes.len() as u64);
        self.pieces.push((start, bytes));
    }

    /// Leaves a gap.
    pub(super) fn skip(&mut self, len: u64) {
        self.end = self.end.saturating_add(len);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Range<u64>, &[u8])> {
        self.pieces
            .iter()
            .map(|(start, bytes)| (*start..start + bytes.len() as u64, bytes.as_ref()))
    }

    /// The bytes from the beginning of `range` up to its end, the first gap, or `len_max`.
    pub(super) fn read(&self, range: &Range<u64>, len_max: usize) -> Bytes {
        let wanted = usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX);
        let wanted = wanted.min(len_max);
        let first = self.pieces.partition_point(|(start, bytes)| {
            start.saturating_add(bytes.len() as u64) <= range.start
        });
        let mut read = BytesMut::new();
        for (start, bytes) in self.pieces.get(first..).unwrap_or_default() {
            let at = range.start + read.len() as u64;
            let Some(skipped) = at.checked_sub(*start) else {
                break;
            };
            let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
            let left = wanted - read.len();
            let end = bytes.len().min(skipped.saturating_add(left));
            if skipped >= end {
                break;
            }
            if read.is_empty() && end - skipped == left {
                return bytes.slice(skipped..end);
            }
            read.extend_from_slice(bytes.get(skipped..end).unwrap_or_default());
        }
        read.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_the_time_of_its_piece() {
        let mut times = Times::default();
        for (end, time_ns) in [(3, 10), (5, 10), (5, 11), (9, 20)] {
            times.note(end, time_ns);
        }
        assert_eq!(times.ends.len(), 2);
        for (at, time_ns) in [(0, 10), (4, 10), (5, 20), (8, 20), (9, 20), (99, 20)] {
            assert_eq!(times.of(at), time_ns, "{at}");
        }
        assert_eq!(times.of_range(&(4..6)), (10, 20));
        assert_eq!(times.of_range(&(0..5)), (10, 10));
        assert_eq!(times.of_range(&(2..2)), (10, 10));
    }

    #[test]
    fn bytes_are_read_up_to_the_end_a_gap_or_the_limit() {
        let mut pieces = Pieces::default();
        pieces.push(Bytes::from_static(b"abc"));
        pieces.push(Bytes::from_static(b"de"));
        pieces.skip(4);
        pieces.push(Bytes::from_static(b"fgh"));
        assert_eq!(pieces.end(), 12);
        for (range, len_max, read) in [
            (0..2, 9, &b"ab"[..]),
            (1..5, 9, b"bcde"),
            (1..99, 9, b"bcde"),
            (1..5, 3, b"bcd"),
            (5..9, 9, b""),
            (6..12, 9, b""),
            (9..12, 9, b"fgh"),
            (10..11, 9, b"g"),
            (12..13, 9, b""),
            (2..2, 9, b""),
        ] {
            assert_eq!(pieces.read(&range, len_max), read, "{range:?}");
        }
        let places: Vec<_> = pieces.iter().map(|(range, _)| range).collect();
        assert_eq!(places, [0..3, 3..5, 9..12]);
    }
}
