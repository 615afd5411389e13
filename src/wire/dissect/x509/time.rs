//! The two ways in which certificates write times (RFC 5280 §4.1.2.5).
//! No clock: whether a certificate holds now is its reader's question.

use super::der;
use crate::wire::dissect::parts::{Parts, Step, broken};
use crate::wire::field::{Field, Value};

/// Reads a Time.
pub(super) fn time(parts: &mut Parts<'_>, field: Field) -> Step<()> {
    let (tag, contents_wireshark) = match der::next_tag(parts) {
        Some(der::UTC_TIME) => (der::UTC_TIME, "x509af.utcTime"),
        Some(der::GENERALIZED_TIME) => (der::GENERALIZED_TIME, "x509af.generalizedTime"),
        _ => {
            let name = &field.name;
            return broken(format!("{name} should be UTCTime or GeneralizedTime."));
        }
    };
    let text = read(tag, der::peek(parts).unwrap_or_default());
    der::element(parts, field, |parts| {
        let contents = der::contents()
            .wireshark(contents_wireshark)
            .meaning("A time, in UTC: in two digits of the year up to 2049, then in four.");
        match text {
            Some(text) => parts.value(parts.left(), contents, Value::Text(text)),
            None => {
                parts.text(parts.left(), contents)?;
                parts.blame(
                    "A time is written like 260131235959Z, or 20500131235959Z from 2050 on.",
                );
                Ok(())
            }
        }
    })
}

/// `2026-01-31 23:59:59 (UTC)`.
fn read(tag: u8, digits: &[u8]) -> Option<String> {
    let digits = std::str::from_utf8(digits).ok()?.strip_suffix('Z')?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match tag {
        // Two digits are years from 1950 to 2049.
        der::UTC_TIME => {
            let (short, rest) = digits.split_at_checked(2)?;
            let century = if short < "50" { "20" } else { "19" };
            (format!("{century}{short}"), rest)
        }
        _ => {
            let (year, rest) = digits.split_at_checked(4)?;
            (year.to_owned(), rest)
        }
    };
    let two = |at: usize| rest.get(at..at + 2);
    if rest.len() != 10 {
        return None;
    }
    let (month, day) = (two(0)?, two(2)?);
    let (hour, minute, second) = (two(4)?, two(6)?, two(8)?);
    Some(format!(
        "{year}-{month}-{day} {hour}:{minute}:{second} (UTC)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_of_two_digits_turn_at_1950() {
        for (tag, digits, text) in [
            (
                der::UTC_TIME,
                "491231235959Z",
                Some("2049-12-31 23:59:59 (UTC)"),
            ),
            (
                der::UTC_TIME,
                "500101000000Z",
                Some("1950-01-01 00:00:00 (UTC)"),
            ),
            (
                der::GENERALIZED_TIME,
                "20500131235959Z",
                Some("2050-01-31 23:59:59 (UTC)"),
            ),
            (der::UTC_TIME, "20500131235959Z", None),
            (der::GENERALIZED_TIME, "500101000000Z", None),
            (der::UTC_TIME, "4912312359Z", None),
            (der::UTC_TIME, "491231235959", None),
            (der::UTC_TIME, "49123123595éZ", None),
        ] {
            assert_eq!(read(tag, digits.as_bytes()).as_deref(), text, "{digits}");
        }
    }
}
