//! Broken copies of good bytes: changed, cut, doubled, joined with others, with lengths that lie and bytes that mean something.
//! The same seed gives the same copies, so that a failure comes again.

/// Bytes that mean something in one protocol or another.
const TELLING: &[u8] = b"\r\n\0\x01: ;,=&%\"?/0f{}<\x14\x16\x17\x30\x7e\x7f\x80\x81\x88\xff";

/// What stands where lengths stand.
const LENGTHS: [u32; 12] = [
    0, 1, 2, 125, 126, 127, 255, 256, 0x3fff, 0x4000, 0xffff, 0xff_ffff,
];

/// No copy is longer, whatever was doubled.
const LEN_MAX: usize = 64 * 1024;

/// A source of broken copies of these good inputs.
#[derive(Debug)]
pub(crate) struct Mutator<'a> {
    good: &'a [Vec<u8>],
    random: Random,
}

impl<'a> Mutator<'a> {
    pub(crate) fn new(good: &'a [Vec<u8>], seed: u64) -> Self {
        Self {
            good,
            random: Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
        }
    }

    /// The next copy.
    pub(crate) fn next(&mut self) -> Vec<u8> {
        let mut copy = self.one().to_vec();
        for _ in 0..=self.random.below(4) {
            self.mutate(&mut copy);
        }
        copy.truncate(LEN_MAX);
        copy
    }

    /// Good input with a piece of it repeated until all is about as long as each of these lengths.
    pub(crate) fn stretched<const N: usize>(&mut self, lengths: [usize; N]) -> [Vec<u8>; N] {
        let input = self.one();
        let start = self.random.below(input.len());
        let end = (start + 1 + self.random.below(200)).min(input.len());
        let (front, piece) = (&input[..start], &input[start..end]);
        lengths.map(|len| {
            let times = len.saturating_sub(input.len()) / piece.len().max(1);
            [front, &piece.repeat(times), &input[start..]].concat()
        })
    }

    fn one(&mut self) -> &'a [u8] {
        let index = self.random.below(self.good.len());
        self.good.get(index).map_or(&[], Vec::as_slice)
    }

    fn mutate(&mut self, copy: &mut Vec<u8>) {
        let at = self.random.below(copy.len() + 1);
        let end = (at + 1 + self.random.below(16)).min(copy.len());
        let byte = TELLING[self.random.below(TELLING.len())];
        match self.random.below(12) {
            0 => copy.truncate(at),
            1 => drop(copy.drain(at..end)),
            2 => {
                let again = copy[at..end].to_vec();
                copy.splice(at..at, again);
            }
            3 => copy.insert(at, byte),
            4 => copy.extend_from_within(at..),
            5 => {
                let piece = copy[at..end].repeat(1 << self.random.below(8));
                copy.splice(at..at, piece);
            }
            // The rest, or a piece, of another.
            6 => {
                let other = self.one();
                let from = self.random.below(other.len());
                copy.truncate(at);
                copy.extend_from_slice(&other[from..]);
            }
            7 => {
                let other = self.one();
                let from = self.random.below(other.len());
                let piece = &other[from..(from + 1 + self.random.below(64)).min(other.len())];
                copy.splice(at..at, piece.iter().copied());
            }
            8 => self.lie(copy, at),
            9 if at < copy.len() => copy[at] = byte,
            10 if at < copy.len() => {
                copy[at] = copy[at].wrapping_add(1).wrapping_sub(2 * (byte & 1))
            }
            _ if at < copy.len() => copy[at] ^= 1 << self.random.below(8),
            _ => {}
        }
    }

    /// Puts a number where one of one to four bytes may stand.
    fn lie(&mut self, copy: &mut [u8], at: usize) {
        let number = LENGTHS[self.random.below(LENGTHS.len())].to_be_bytes();
        let len = 1 + self.random.below(4);
        for (place, byte) in copy[at..].iter_mut().zip(&number[4 - len..]) {
            *place = *byte;
        }
    }
}

/// Xorshift: not random enough for anything but this.
#[derive(Debug)]
struct Random(u64);

impl Random {
    /// A number below `limit`; 0 if that is 0.
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let small = usize::try_from(self.0 >> 33).unwrap_or_default();
        small.checked_rem(limit).unwrap_or(0)
    }
}
