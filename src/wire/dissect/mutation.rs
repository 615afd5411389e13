//! Inputs that nobody would send, for tests: real ones with bytes changed, cut, doubled or moved.
//! The same seed gives the same inputs, so that a failure comes again.

/// `count` changed forms of `whole`.
pub(super) fn mutations(whole: &[u8], seed: u64, count: usize) -> Vec<Vec<u8>> {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    (0..count).map(|_| mutated(whole, &mut random)).collect()
}

fn mutated(whole: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, 0xff),
            2 if at < bytes.len() => {
                bytes.remove(at);
            }
            3 => bytes.extend_from_within(at..),
            4 if at < bytes.len() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][random.below(5)],
            _ if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            _ => {}
        }
    }
    bytes
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
