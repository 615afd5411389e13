//! A running fingerprint of a stream: two streams that have the same are the same, but for a chance of one in billions.
//! So cheap that every byte of every connection can be counted in; no secret is kept by it, and no attacker resisted.
//!
//! The stream, in words of seven bytes, is taken for the coefficients of a polynomial, which is evaluated at one random point modulo the prime
//! 2^61 − 1. Two different polynomials of n words agree in at most n points: a terabyte that differs anywhere goes unnoticed with a
//! chance below one in 10^7, a chat below one in 10^14 (Karp and Rabin 1987, Carter and Wegman 1979).

use std::sync::LazyLock;

use aws_lc_rs::rand;

/// 2^61 − 1, a Mersenne prime: what is above bit 61 can be added to what is below.
const PRIME: u64 = (1 << 61) - 1;

/// Seven bytes are always less than the prime.
const WORD_LEN: usize = 7;

/// So many words are taken at once, since their products do not wait for each other.
const STRIDE: usize = 4;

/// The point of this run of the program. Without randomness any other point is as good, if nobody chooses the stream for it.
static POINT: LazyLock<u64> = LazyLock::new(|| {
    let mut random = [0x5a; 8];
    let _ = rand::fill(&mut random);
    reduce(u64::from_le_bytes(random).into()).max(2)
});

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
    /// The point and its next powers.
    powers: [u64; STRIDE],
    value: u64,
    len: u64,
    /// The beginning of a word, as many bytes as `len` has beyond whole words.
    begun: [u8; WORD_LEN],
}

impl Default for Fingerprinter {
    fn default() -> Self {
        Self::at(*POINT)
    }
}

impl Fingerprinter {
    fn at(point: u64) -> Self {
        let square = multiply(point, point);
        let cube = multiply(square, point);
        Self {
            powers: [point, square, cube, multiply(cube, point)],
            value: 0,
            len: 0,
            begun: [0; WORD_LEN],
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
            if begun_len + taken < WORD_LEN {
                return;
            }
            self.append(word(&self.begun));
        }
        let mut strides = bytes.chunks_exact(STRIDE * WORD_LEN);
        for stride in &mut strides {
            self.append_stride(stride);
        }
        let mut words = strides.remainder().chunks_exact(WORD_LEN);
        for bytes in &mut words {
            self.append(word(bytes));
        }
        for (place, byte) in self.begun.iter_mut().zip(words.remainder()) {
            *place = *byte;
        }
    }

    /// Of all so far.
    #[must_use]
    pub fn fingerprint(&self) -> Fingerprint {
        let mut end = self.clone();
        let begun = self.begun.get(..self.begun_len()).unwrap_or_default();
        // The length tells a stream from one with zeros behind it.
        end.append(word(begun));
        end.append(reduce(self.len.into()));
        Fingerprint {
            len: self.len,
            value: end.value,
        }
    }

    fn begun_len(&self) -> usize {
        usize::try_from(self.len % WORD_LEN as u64).unwrap_or_default()
    }

    /// value · x + word
    fn append(&mut self, word: u64) {
        let [point, ..] = self.powers;
        self.value = reduce(u128::from(self.value) * u128::from(point) + u128::from(word));
    }

    /// value · x⁴ + a · x³ + b · x² + c · x + d: no sum of four products reaches 2^124.
    fn append_stride(&mut self, stride: &[u8]) {
        let [point, square, cube, fourth] = self.powers.map(u128::from);
        let mut sum = u128::from(self.value) * fourth;
        for (bytes, power) in stride.chunks_exact(WORD_LEN).zip([cube, square, point, 1]) {
            sum += u128::from(word(bytes)) * power;
        }
        self.value = reduce(sum);
    }
}

fn word(bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    for (place, byte) in word.iter_mut().zip(bytes) {
        *place = *byte;
    }
    u64::from_le_bytes(word)
}

fn multiply(one: u64, other: u64) -> u64 {
    reduce(u128::from(one) * u128::from(other))
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

    fn of(bytes: &[u8]) -> Fingerprint {
        let mut printer = Fingerprinter::at(12345);
        printer.update(bytes);
        printer.fingerprint()
    }

    #[test]
    fn a_stream_has_one_fingerprint_however_it_is_cut() {
        let stream: Vec<u8> = (0..300_u16)
            .map(|at| at.to_le_bytes()[0].wrapping_mul(37))
            .collect();
        for first in 0..60 {
            for second in [0, 1, 6, 7, 8, 28, 29, 100] {
                let mut printer = Fingerprinter::at(12345);
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
    fn it_is_the_polynomial_at_the_point() {
        // Computed by hand, in the plainest way: each word, then what is left, then the length.
        let stream: Vec<u8> = (1..=40).collect();
        let mut value: u128 = 0;
        for word in stream.chunks(7) {
            let mut bytes = [0; 16];
            bytes[..word.len()].copy_from_slice(word);
            value = (value * 12345 + u128::from_le_bytes(bytes)) % u128::from(PRIME);
        }
        value = (value * 12345 + 40) % u128::from(PRIME);
        assert_eq!(u128::from(of(&stream).value), value);
    }

    #[test]
    fn a_difference_anywhere_shows() {
        let stream = vec![0_u8; 64];
        let whole = of(&stream);
        for at in 0..64 {
            for bit in 0..8 {
                let mut other = stream.clone();
                other[at] ^= 1 << bit;
                assert_ne!(of(&other), whole, "{at}.{bit}");
            }
            assert_ne!(of(&stream[..at]).value, whole.value, "cut at {at}");
        }
        assert_ne!(of(b"1234567abcdefg"), of(b"abcdefg1234567"));
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
