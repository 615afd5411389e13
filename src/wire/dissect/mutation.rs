//! Broken copies of good bytes, the same in every run.
//! For tests only.

/// How many copies `of` gives of each input.
const COPIES: usize = 3000;

/// Copies of `good`: bytes changed, left out, doubled, cut, and replaced by bytes that mean something.
pub(in crate::wire) fn of(good: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    const TELLING: &[u8] = b"\r\n\0: ;,=&%\"?/0f\x7e\x7f\x80\x81\x88\xff";
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = move |end: usize| {
        // xorshift64: not random, but well mixed and always the same.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % end.max(1) as u64).unwrap()
    };
    (0..COPIES).map(move |_| {
        let mut copy = good.to_vec();
        for _ in 0..=below(4) {
            let at = below(copy.len());
            let end = (at + 1 + below(8)).min(copy.len());
            match below(6) {
                0 => copy.truncate(at),
                1 => drop(copy.drain(at..end)),
                2 => {
                    let again = copy[at..end].to_vec();
                    copy.splice(at..at, again);
                }
                3 => copy.insert(at, TELLING[below(TELLING.len())]),
                4 if !copy.is_empty() => copy[at] = TELLING[below(TELLING.len())],
                _ if !copy.is_empty() => copy[at] ^= 1 << below(8),
                _ => {}
            }
        }
        copy
    })
}
