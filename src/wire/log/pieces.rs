//! A queue of bytes in pieces: what is shared anyway is kept by reference, all else is copied into blocks.
//! Bytes only: neither where they lie in a stream nor what they mean.

use std::collections::VecDeque;
use std::ops::Range;

use bytes::{Buf, Bytes, BytesMut};

use crate::octets::Chunk;

/// So much is asked of the allocator at once for what is copied: as much as is held already, within these bounds. Few pieces for a long
/// tail, and little asked for in vain on a connection that says little: of those there may be ten thousand, and all share one bound.
const BLOCK_LEN: usize = 16 * 1024;
const BLOCK_LEN_MIN: usize = 512;

/// Bytes that come in behind and go out in front.
///
/// ```text
///   | gone |        |  shared piece  |  rest of a block  |  open block ···· |
///   '- first sealed -'
/// ```
#[derive(Debug, Default)]
pub(super) struct Pieces {
    sealed: VecDeque<Bytes>,
    /// How many bytes of the first sealed piece have gone out.
    gone: usize,
    /// Where small and borrowed chunks are copied to.
    open: BytesMut,
    len: usize,
}

impl Pieces {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How much memory is held, in bytes. A shared piece counts whole, in each record that has it, and as long as any of it is there:
    /// whichever of its holders is the last to let go, its memory is taken until then, and none of them knows of the others.
    pub(super) fn cost(&self) -> usize {
        let unused = self.open.capacity() - self.open.len();
        self.len + self.gone + unused + self.sealed.len() * size_of::<Bytes>()
    }

    /// Takes the next bytes.
    pub(super) fn push(&mut self, chunk: Chunk<'_>) {
        match chunk.worth_sharing() {
            Some(bytes) => {
                self.seal();
                self.sealed.push_back(bytes.clone());
                self.len += bytes.len();
            }
            None => self.push_copy(chunk.as_slice()),
        }
    }

    /// Lets the first `len` bytes go, or all there are.
    pub(super) fn drop_front(&mut self, len: usize) {
        let mut left = len.min(self.len);
        self.len -= left;
        while let Some(first) = self.sealed.front() {
            let first_len = first.len() - self.gone;
            if left < first_len {
                self.gone += left;
                return;
            }
            left -= first_len;
            self.gone = 0;
            self.sealed.pop_front();
        }
        self.open.advance(left);
    }

    /// Lets all but the first `len` bytes go.
    pub(super) fn truncate(&mut self, len: usize) {
        let mut excess = self.len.saturating_sub(len);
        self.len -= excess;
        let still_open = self.open.len().saturating_sub(excess);
        excess -= self.open.len() - still_open;
        self.open.truncate(still_open);
        while excess > 0
            && let Some(last) = self.sealed.pop_back()
        {
            let is_first = self.sealed.is_empty();
            let before = if is_first { self.gone } else { 0 };
            let kept_len = last.len().saturating_sub(excess);
            if kept_len > before {
                // A copy: what is cut off would be held with it.
                let kept = last.get(before..kept_len).unwrap_or_default();
                self.sealed.push_back(Bytes::copy_from_slice(kept));
            }
            if is_first {
                self.gone = 0;
            }
            excess = excess.saturating_sub(last.len() - before);
        }
    }

    /// Gives back what memory is held beyond the bytes.
    pub(super) fn shrink_to_fit(&mut self) {
        let mut rest = Vec::with_capacity(self.len);
        self.copy_to(&mut rest, &(0..self.len));
        *self = Self::default();
        if !rest.is_empty() {
            self.len = rest.len();
            self.sealed.push_back(rest.into());
        }
    }

    /// Appends the bytes of a range to `into`, as far as they are there.
    pub(super) fn copy_to(&self, into: &mut Vec<u8>, range: &Range<usize>) {
        let mut at = 0;
        for slice in self.slices() {
            let from = range.start.saturating_sub(at).min(slice.len());
            let to = range.end.saturating_sub(at).min(slice.len());
            into.extend_from_slice(slice.get(from..to).unwrap_or_default());
            at += slice.len();
        }
    }

    /// The bytes, one by one.
    pub(super) fn iter(&self) -> impl Iterator<Item = u8> {
        self.slices().flatten().copied()
    }

    fn slices(&self) -> impl Iterator<Item = &[u8]> {
        let mut gone = self.gone;
        let sealed = self.sealed.iter().map(move |piece| {
            let rest = piece.get(std::mem::take(&mut gone)..);
            rest.unwrap_or_default()
        });
        sealed.chain([self.open.as_ref()])
    }

    fn push_copy(&mut self, bytes: &[u8]) {
        self.len += bytes.len();
        let mut rest = bytes;
        while !rest.is_empty() {
            if self.open.len() == self.open.capacity() {
                self.seal();
                let block_len = self.len.clamp(BLOCK_LEN_MIN, BLOCK_LEN);
                self.open = BytesMut::with_capacity(block_len);
            }
            let room = self.open.capacity() - self.open.len();
            let (fitting, behind) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            self.open.extend_from_slice(fitting);
            rest = behind;
        }
    }

    /// Ends the piece that is written to. What follows next goes into the rest of its block.
    fn seal(&mut self) {
        if !self.open.is_empty() {
            self.sealed.push_back(self.open.split().freeze());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIN: usize = Chunk::SHARED_LEN_MIN;

    /// The lengths of chunks, and whether each is shared.
    const STREAMS: [&[(usize, bool)]; 6] = [
        &[],
        &[(1, false), (MIN, true), (2, false)],
        &[(MIN, true), (MIN - 1, true), (MIN + 1, true)],
        &[
            (3 * BLOCK_LEN + 5, false),
            (3, false),
            (3 * BLOCK_LEN, true),
        ],
        &[
            (BLOCK_LEN, false),
            (1, false),
            (MIN, true),
            (BLOCK_LEN, false),
        ],
        &[
            (1500, true),
            (300, false),
            (1500, true),
            (300, false),
            (1500, true),
        ],
    ];

    /// The same bytes in pieces, and in a plain queue.
    fn filled(stream: &[(usize, bool)]) -> (Pieces, VecDeque<u8>) {
        let (mut pieces, mut plain) = (Pieces::default(), VecDeque::new());
        push(&mut pieces, &mut plain, stream);
        (pieces, plain)
    }

    fn push(pieces: &mut Pieces, plain: &mut VecDeque<u8>, stream: &[(usize, bool)]) {
        for &(len, is_shared) in stream {
            let start = plain.len();
            let bytes: Bytes = (start..start + len)
                .map(|at| u8::try_from(at % 251).unwrap())
                .collect();
            pieces.push(match is_shared {
                true => Chunk::Shared(&bytes),
                false => Chunk::Borrowed(&bytes),
            });
            plain.extend(&bytes);
        }
    }

    fn assert_same(pieces: &Pieces, plain: &VecDeque<u8>, what: &str) {
        assert_eq!(
            (pieces.len(), pieces.is_empty()),
            (plain.len(), plain.is_empty()),
            "{what}"
        );
        assert!(pieces.iter().eq(plain.iter().copied()), "{what}");
        assert!(pieces.cost() >= pieces.len(), "{what}");
        for range in [
            0..plain.len(),
            1..plain.len() / 2,
            plain.len() / 2..plain.len() + 9,
        ] {
            let mut copy = b"before".to_vec();
            pieces.copy_to(&mut copy, &range);
            let end = range.end.min(plain.len());
            let expected: Vec<u8> = plain.range(range.start.min(end)..end).copied().collect();
            assert!(
                copy.strip_prefix(b"before").unwrap() == expected,
                "{what}, {range:?}"
            );
        }
    }

    #[test]
    fn however_they_are_cut_the_bytes_are_those_of_a_plain_queue() {
        let cuts = [
            0,
            1,
            5,
            MIN - 1,
            MIN,
            MIN + 1,
            1000,
            BLOCK_LEN,
            BLOCK_LEN + 1,
            usize::MAX,
        ];
        for stream in STREAMS {
            for front in cuts {
                for kept in cuts {
                    let what = format!("{stream:?} without {front} in front, then {kept} of it");
                    let (mut pieces, mut plain) = filled(stream);
                    assert_same(&pieces, &plain, &what);
                    pieces.drop_front(front);
                    plain.drain(..front.min(plain.len()));
                    assert_same(&pieces, &plain, &what);
                    pieces.truncate(kept);
                    plain.truncate(kept);
                    assert_same(&pieces, &plain, &what);
                    push(&mut pieces, &mut plain, STREAMS[5]);
                    pieces.drop_front(1);
                    plain.pop_front();
                    assert_same(&pieces, &plain, &what);
                    pieces.shrink_to_fit();
                    assert_same(&pieces, &plain, &what);
                }
            }
        }
    }

    #[test]
    fn a_shared_piece_is_kept_by_reference_and_counts_whole_until_it_goes() {
        let shared = Bytes::from(vec![7; 2 * MIN]);
        let mut pieces = Pieces::default();
        pieces.push(Chunk::Shared(&shared));
        assert!(!shared.is_unique());
        let whole = pieces.cost();
        assert!((shared.len()..shared.len() + 100).contains(&whole));
        pieces.drop_front(shared.len() - 1);
        assert_eq!((pieces.len(), pieces.cost()), (1, whole));
        pieces.drop_front(1);
        assert_eq!(pieces.cost(), 0);
        assert!(shared.is_unique());
    }

    #[test]
    fn small_chunks_between_shared_ones_leave_one_block_open() {
        let (pieces, _) = filled(&[(100, false), (MIN, true)].repeat(100));
        let bytes = 100 * (MIN + 100 + 2 * size_of::<Bytes>());
        assert!((bytes..=bytes + BLOCK_LEN).contains(&pieces.cost()));
    }

    #[test]
    fn what_is_held_in_vain_is_no_more_than_what_is_held() {
        for len in [1_usize, 100, 600, 5000, 50_000] {
            let mut pieces = Pieces::default();
            for _ in 0..len.div_ceil(100) {
                pieces.push(Chunk::Borrowed(&[b'x'; 100]));
                let bytes = pieces.len() + pieces.sealed.len() * size_of::<Bytes>();
                let in_vain = pieces.cost() - bytes;
                assert!(
                    in_vain <= pieces.len().clamp(BLOCK_LEN_MIN, BLOCK_LEN),
                    "{len}"
                );
            }
        }
    }

    #[test]
    fn what_is_cut_off_or_shrunk_holds_nothing_more() {
        let shared = Bytes::from(vec![7; 10 * MIN]);
        for shorten in [
            |pieces: &mut Pieces| pieces.truncate(MIN),
            |pieces: &mut Pieces| {
                pieces.drop_front(9 * MIN);
                pieces.shrink_to_fit();
            },
        ] {
            let mut pieces = Pieces::default();
            pieces.push(Chunk::Shared(&shared));
            shorten(&mut pieces);
            assert!(shared.is_unique());
            assert_eq!(pieces.cost(), MIN + size_of::<Bytes>());
        }
    }
}
