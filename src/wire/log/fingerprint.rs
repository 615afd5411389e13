//! A running fingerprint of a stream: two streams that have the same are the same, but for a chance of one in billions.
//! So cheap that every byte of every connection can be counted in; no secret is kept by it, and no attacker resisted.
//!
//! The stream is cut into blocks of a kibibyte. Each is summed up by NH, which hides pairs of words with random keys, multiplies them, and adds
//! the products: two different blocks have the same sum with a chance of 2^−64 (Black et al., "UMAC", 1999). The sums are taken for the
//! coefficients of a polynomial, which is evaluated at one random point modulo the prime 2^61 − 1: two different polynomials of n coefficients
//! agree in at most n points (Carter and Wegman 1979). A terabyte that differs anywhere goes unnoticed with a chance of two in 10^9.

use std::sync::LazyLock;

use aws_lc_rs::rand;

/// 2^61 − 1, a Mersenne prime: what is above bit 61 can be added to what is below.
const PRIME: u64 = (1 << 61) - 1;

const WORD_LEN: usize = 8;
const PAIR_LEN: usize = 2 * WORD_LEN;

/// So many products make one sum.
const PAIRS_PER_BLOCK: usize = 64;

/// A sum of 128 bits makes three coefficients of so many: less than the prime.
const COEFFICIENT_BITS: u32 = 43;

/// What is random about a fingerprint.
#[derive(Debug)]
struct Key {
    /// Added to the words of a block.
    pairs: [(u64, u64); PAIRS_PER_BLOCK],
    /// Where the polynomial is evaluated.
    point: u64,
}

/// That of this run of the program. Without randomness any other is as good, if nobody chooses the stream for it.
static KEY: LazyLock<Key> = LazyLock::new(|| {
    let mut random = [0x5a; (PAIRS_PER_BLOCK + 1) * PAIR_LEN];
    let _ = rand::fill(&mut random);
    Key::of(&random)
});

impl Key {
    fn of(random: &[u8; (PAIRS_PER_BLOCK + 1) * PAIR_LEN]) -> Self {
        let mut pairs = random.as_chunks().0.iter().map(words);
        let (point, _) = pairs.next_back().unwrap_or_default();
        Self {
            pairs: std::array::from_fn(|_| pairs.next().unwrap_or_default()),
            point: reduce(point.into()).max(2),
        }
    }
}

/// How much of a stream has come, and its fingerprint: comparable within one run of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    /// In bytes.
    pub len: u64,
    value: u64,
}

/// Takes a stream in pieces of any size.
#[derive(Debug, Clone)]
pub struct Fingerprinter {
    key: &'static Key,
    /// The polynomial of the blocks that are complete.
    value: u64,
    /// The sum of the block that is not, and how many pairs are in it.
    sum: u128,
    pairs: usize,
    len: u64,
    /// The beginning of a pair, as many bytes as `len` has beyond whole ones.
    begun: [u8; PAIR_LEN],
}

impl Default for Fingerprinter {
    fn default() -> Self {
        Self::with(&KEY)
    }
}

impl Fingerprinter {
    fn with(key: &'static Key) -> Self {
        Self {
            key,
            value: 0,
            sum: 0,
            pairs: 0,
            len: 0,
            begun: [0; PAIR_LEN],
        }
    }

    /// Takes the next piece.
    pub fn update(&mut self, mut bytes: &[u8]) {
        let begun_len = self.begun_len();
        self.len += bytes.len() as u64;
        if begun_len > 0 {
            let missing = self.begun.iter_mut().skip(begun_len);
            let taken = missing
                .zip(bytes)
                .map(|(place, byte)| *place = *byte)
                .count();
            bytes = bytes.get(taken..).unwrap_or_default();
            if begun_len + taken < PAIR_LEN {
                return;
            }
            self.append(&[self.begun]);
        }
        let (pairs, rest) = bytes.as_chunks();
        self.append(pairs);
        for (place, byte) in self.begun.iter_mut().zip(rest) {
            *place = *byte;
        }
    }

    /// Of all so far.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut end = self.clone();
        if let Some(unused) = end.begun.get_mut(self.begun_len()..)
            && self.begun_len() > 0
        {
            unused.fill(0);
            end.append(&[end.begun]);
        }
        end.end_block();
        // The length tells a stream from one with zeros behind it.
        end.append_coefficient(reduce(self.len.into()));
        Fingerprint {
            len: self.len,
            value: end.value,
        }
    }

    fn begun_len(&self) -> usize {
        usize::try_from(self.len % PAIR_LEN as u64).unwrap_or_default()
    }

    fn append(&mut self, mut pairs: &[[u8; PAIR_LEN]]) {
        while !pairs.is_empty() {
            let keys = self.key.pairs.get(self.pairs..).unwrap_or_default();
            let (of_block, behind) = pairs.split_at_checked(keys.len()).unwrap_or((pairs, &[]));
            for (pair, (first_key, second_key)) in of_block.iter().zip(keys) {
                let (first, second) = words(pair);
                let hidden = |word: u64, key: &u64| u128::from(word.wrapping_add(*key));
                let product = hidden(first, first_key) * hidden(second, second_key);
                self.sum = self.sum.wrapping_add(product);
            }
            self.pairs += of_block.len();
            if self.pairs == PAIRS_PER_BLOCK {
                self.end_block();
            }
            pairs = behind;
        }
    }

    fn end_block(&mut self) {
        if self.pairs > 0 {
            for part in 0..3 {
                let mask = (1 << COEFFICIENT_BITS) - 1;
                let coefficient = (self.sum >> (part * COEFFICIENT_BITS)) & mask;
                self.append_coefficient(reduce(coefficient));
            }
            self.sum = 0;
            self.pairs = 0;
        }
    }

    fn append_coefficient(&mut self, coefficient: u64) {
        let product = u128::from(self.value) * u128::from(self.key.point);
        self.value = reduce(product + u128::from(coefficient));
    }
}

fn words(pair: &[u8; PAIR_LEN]) -> (u64, u64) {
    let word =
        |bytes: Option<&[u8; WORD_LEN]>| u64::from_le_bytes(bytes.copied().unwrap_or_default());
    (word(pair.first_chunk()), word(pair.last_chunk()))
}

/// Modulo the prime.
fn reduce(number: u128) -> u64 {
    let fold = |number: u128| (number & u128::from(PRIME)) + (number >> 61);
    let folded = fold(fold(fold(number)));
    let number = u64::try_from(folded).unwrap_or_default();
    if number >= PRIME {
        number - PRIME
    } else {
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same in each run: 0, 1, 2, …
    static FIXED: LazyLock<Key> =
        LazyLock::new(|| Key::of(&std::array::from_fn(|at| u8::try_from(at % 251).unwrap())));

    fn of(bytes: &[u8]) -> Fingerprint {
        let mut printer = Fingerprinter::with(&FIXED);
        printer.update(bytes);
        printer.fingerprint()
    }

    fn pattern(len: usize) -> Vec<u8> {
        (0..len)
            .map(|at| u8::try_from(at * 37 % 251).unwrap())
            .collect()
    }

    #[test]
    fn a_stream_has_one_fingerprint_however_it_is_cut() {
        let stream = pattern(3000);
        for first in (0..60).chain([1000, 1023, 1024, 1025]) {
            for second in [0, 1, 15, 16, 17, 28, 1024, 1500] {
                let mut printer = Fingerprinter::with(&FIXED);
                let (a, rest) = stream.split_at(first);
                let (b, c) = rest.split_at(second);
                for piece in [a, b, c] {
                    printer.update(piece);
                }
                assert_eq!(printer.fingerprint(), of(&stream), "{first}, {second}");
            }
        }
    }

    #[test]
    fn it_is_the_polynomial_of_the_sums_at_the_point() {
        // In the plainest way: numbers of any size, and remainders only at the end of a step.
        for len in [0, 1, 16, 40, 1024, 1030, 2500] {
            let stream = pattern(len);
            let number = |bytes: &[u8]| {
                let digits = bytes.iter().rev().map(|byte| u128::from(*byte));
                digits.fold(0, |number, digit| number * 256 + digit)
            };
            let mut coefficients = Vec::new();
            for block in stream.chunks(1024) {
                let mut sum = 0_u128;
                for (at, pair) in block.chunks(16).enumerate() {
                    let key = |word: usize| number(&pattern_of_key()[at * 16 + word * 8..][..8]);
                    let (first, second) = pair.split_at(pair.len().min(8));
                    let hidden = |word, at| (number(word) + key(at)) % (1 << 64);
                    sum = sum.wrapping_add(hidden(first, 0) * hidden(second, 1));
                }
                coefficients.extend([sum % (1 << 43), (sum >> 43) % (1 << 43), sum >> 86]);
            }
            coefficients.push(len as u128);
            let point = number(&pattern_of_key()[1024..1032]) % u128::from(PRIME);
            let value = coefficients.iter().fold(0, |value, coefficient| {
                (value * point + coefficient) % u128::from(PRIME)
            });
            assert_eq!(u128::from(of(&stream).value), value, "{len}");
        }
    }

    /// What `FIXED` was made of.
    fn pattern_of_key() -> Vec<u8> {
        (0..1040)
            .map(|at| u8::try_from(at % 251).unwrap())
            .collect()
    }

    #[test]
    fn a_difference_anywhere_shows() {
        let stream = vec![0_u8; 1100];
        let whole = of(&stream);
        for at in (0..64).chain(1000..1100) {
            for bit in 0..8 {
                let mut other = stream.clone();
                other[at] ^= 1 << bit;
                assert_ne!(of(&other), whole, "{at}.{bit}");
            }
            assert_ne!(of(&stream[..at]).value, whole.value, "cut at {at}");
        }
        assert_ne!(of(b"12345678abcdefgh"), of(b"abcdefgh12345678"));
    }

    #[test]
    fn numbers_are_reduced_whatever_their_size() {
        let prime = u128::from(PRIME);
        for number in [
            0,
            1,
            prime - 1,
            prime,
            prime + 1,
            2 * prime,
            prime * prime,
            1 << 124,
            u128::MAX >> 4,
        ] {
            assert_eq!(u128::from(reduce(number)), number % prime, "{number}");
        }
    }
}
