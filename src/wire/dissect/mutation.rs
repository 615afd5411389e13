//! Broken copies of good bytes, for tests: bytes changed, cut, doubled, and replaced by bytes that mean something.
//! The same seed gives the same copies, so that a failure comes again.

/// How many copies `of` gives of each input.
const COPIES: usize = 3000;

/// Bytes that mean something in one protocol or another.
const TELLING: &[u8] = b"\r\n\0\x01: ;,=&%\"?/0f\x7e\x7f\x80\x81\x88\xff";

/// The usual number of broken copies of `good`.
pub(in crate::wire) fn of(good: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    mutations(good, 1, COPIES).into_iter()
}

/// `count` broken copies of `good`.
pub(in crate::wire) fn mutations(good: &[u8], seed: u64, count: usize) -> Vec<Vec<u8>> {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    (0..count).map(|_| mutated(good, &mut random)).collect()
}

fn mutated(good: &[u8], random: &mut Random) -> Vec<u8> {
    let mut copy = good.to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(copy.len());
        let end = (at + 1 + random.below(8)).min(copy.len());
        match random.below(7) {
            0 => copy.truncate(at),
            1 => drop(copy.drain(at..end)),
            2 => {
                let again = copy[at..end].to_vec();
                copy.splice(at..at, again);
            }
            3 => copy.insert(at, TELLING[random.below(TELLING.len())]),
            4 => copy.extend_from_within(at..),
            5 if at < copy.len() => copy[at] = TELLING[random.below(TELLING.len())],
            _ if at < copy.len() => copy[at] ^= 1 << random.below(8),
            _ => {}
        }
    }
    copy
}

/// Xorshift: not random enough for anything but this.
struct Random(u64);

impl Random {
    /// A number below `limit`; 0 if that is 0.
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let small = usize::try_from(self.0 >> 33).unwrap();
        small.checked_rem(limit).unwrap_or(0)
    }
}
