//! Byte ranges: one part of a file (RFC 9110 §14).
//! Only the arithmetic; the bytes are cut out by whoever has them.

use std::ops::Range;

use super::fields::Fields;

/// What a `Range` field asks of something of a certain length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// All of it: there is no `Range`, or one that may be ignored (another unit, several ranges, bad syntax).
    Whole,
    /// These bytes.
    Part(Range<usize>),
    /// 416: none of it lies within.
    Unsatisfiable,
}

/// Reads `Range: bytes=first-last`, `first-` or `-suffix` for something of `len` bytes.
///
/// Several ranges are answered with the whole, as §14.2 allows: joining them is the cheapest of
/// attacks on a server, and no client of ours asks for it.
#[must_use]
pub fn wanted(fields: &Fields, len: usize) -> Wanted {
    let Some(range) = fields.only_text("Range") else {
        return Wanted::Whole;
    };
    let Some((unit, spec)) = range.split_once('=') else {
        return Wanted::Whole;
    };
    if !unit.trim().eq_ignore_ascii_case("bytes") {
        return Wanted::Whole;
    }
    let Some((first, last)) = spec.trim().split_once('-') else {
        return Wanted::Whole;
    };
    let range = match (position(first), position(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(len),
        (Some(first), None) if last.is_empty() => first..len,
        (None, Some(suffix)) if first.is_empty() => len.saturating_sub(suffix)..len,
        _ => return Wanted::Whole,
    };
    if range.is_empty() {
        Wanted::Unsatisfiable
    } else {
        Wanted::Part(range)
    }
}

/// Digits only; a number too large for this machine lies behind the end of everything.
fn position(text: &str) -> Option<usize> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::fields::FieldLine;

    fn of_ten(value: &str) -> Wanted {
        let buffer = format!("Range{value}");
        let lines = vec![FieldLine {
            name: 0..5,
            value: 5..buffer.len(),
        }];
        wanted(&Fields::new(buffer.into(), lines), 10)
    }

    #[test]
    fn a_single_range_is_cut_to_what_there_is() {
        for (value, range) in [
            ("bytes=0-0", 0..1),
            ("bytes=2-4", 2..5),
            ("bytes=9-9", 9..10),
            ("bytes=2-99", 2..10),
            ("bytes=2-99999999999999999999999", 2..10),
            ("bytes=7-", 7..10),
            ("bytes=-3", 7..10),
            ("bytes=-99", 0..10),
            ("Bytes= 1-2", 1..3),
        ] {
            assert_eq!(of_ten(value), Wanted::Part(range), "{value}");
        }
    }

    #[test]
    fn a_range_behind_the_end_cannot_be_met() {
        for value in [
            "bytes=10-",
            "bytes=10-12",
            "bytes=-0",
            "bytes=99999999999999999999999-",
        ] {
            assert_eq!(of_ten(value), Wanted::Unsatisfiable, "{value}");
        }
    }

    #[test]
    fn what_need_not_be_understood_means_the_whole() {
        for value in [
            "",
            "lines=1-2",
            "bytes=1-2,4-5",
            "bytes=4-2",
            "bytes=a-b",
            "bytes=-",
            "bytes=1",
            "bytes",
            "bytes=+1-2",
        ] {
            assert_eq!(of_ten(value), Wanted::Whole, "{value}");
        }
    }
}
