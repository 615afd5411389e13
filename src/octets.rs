//! The shape in which every decoder answers, and small views of raw bytes.
//! No protocol's grammar lives here: those are in `http`, `websocket` and `wire`.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_knows_its_place_and_a_stranger_has_none() {
        let whole = b"GET / HTTP/1.1";
        assert_eq!(range_within(whole, &whole[4..5]), Some(4..5));
        assert_eq!(range_within(whole, &whole[14..]), Some(14..14));
        assert_eq!(range_within(&whole[..4], &whole[4..6]), None);
        assert_eq!(range_within(&whole[4..], &whole[..4]), None);
    }

    #[test]
    fn hex_writes_two_digits_a_byte() {
        assert_eq!(hex(&[0x00, 0x0f, 0xa5, 0xff]), "000fa5ff");
        assert_eq!(hex(&[]), "");
    }
}
