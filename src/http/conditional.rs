//! Conditional requests: is what the client has still right? (RFC 9110 §13)
//! Compares validators only; what a file is and when it changed comes from the caller.

use super::date;
use super::fields::Fields;

/// What is known of the current state of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validators<'a> {
    /// A strong entity tag, with its quotes (§8.8.3).
    pub etag: &'a str,
    /// Seconds since 1970 (§8.8.2).
    pub last_modified: u64,
}

/// What follows from the preconditions of a GET or HEAD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Send it.
    Send,
    /// 304: the client has it.
    NotModified,
    /// 412: the client wanted another state.
    PreconditionFailed,
}

/// Weighs the preconditions in the order of §13.2.2. `now` is in seconds since 1970.
#[must_use]
pub fn evaluate(fields: &Fields, current: Validators<'_>, now: u64) -> Verdict {
    let when = |name| {
        fields
            .only_text(name)
            .and_then(|text| date::parse(text, now))
    };
    if fields.contains("If-Match") {
        if !any_tag(fields, "If-Match", |tag| tag == current.etag) {
            return Verdict::PreconditionFailed;
        }
    } else if when("If-Unmodified-Since").is_some_and(|since| current.last_modified > since) {
        return Verdict::PreconditionFailed;
    }
    if fields.contains("If-None-Match") {
        // Weak comparison (§8.8.3.2): a cache may have made the tag weak.
        if any_tag(fields, "If-None-Match", |tag| {
            tag.strip_prefix("W/").unwrap_or(tag) == current.etag
        }) {
            return Verdict::NotModified;
        }
    } else if when("If-Modified-Since").is_some_and(|since| current.last_modified <= since) {
        return Verdict::NotModified;
    }
    Verdict::Send
}

/// Whether a range may be served: there is no `If-Range`, or it names the current state (§13.1.5).
#[must_use]
pub fn if_range_holds(fields: &Fields, current: Validators<'_>, now: u64) -> bool {
    if !fields.contains("If-Range") {
        return true;
    }
    fields.only_text("If-Range").is_some_and(|value| {
        value == current.etag || date::parse(value, now) == Some(current.last_modified)
    })
}

/// Our tags hold no commas, so a list of them splits at commas safely: a foreign tag with a comma
/// in it falls apart into pieces that equal none of ours.
fn any_tag(fields: &Fields, name: &str, matches: impl Fn(&str) -> bool) -> bool {
    fields
        .list(name)
        .filter_map(|member| std::str::from_utf8(member).ok())
        .any(|member| member == "*" || matches(member))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::head::{Scanned, decode_request_head};
    use crate::octets::Progress;

    const CURRENT: Validators<'_> = Validators {
        etag: "\"abc\"",
        last_modified: 784_111_777,
    };
    const SAME: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";

    fn fields(lines: &str) -> Fields {
        let input = format!("GET / HTTP/1.1\r\n{lines}\r\n");
        match decode_request_head(input.as_bytes(), &mut Scanned::default()) {
            Ok(Progress::Done { value, .. }) => value.fields,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn preconditions_are_weighed_in_the_order_of_the_rfc() {
        use Verdict::{NotModified, PreconditionFailed, Send};
        for (lines, verdict) in [
            (String::new(), Send),
            ("If-None-Match: \"abc\"\r\n".into(), NotModified),
            ("If-None-Match: W/\"abc\"\r\n".into(), NotModified),
            ("If-None-Match: \"x\", \"abc\"\r\n".into(), NotModified),
            ("If-None-Match: *\r\n".into(), NotModified),
            ("If-None-Match: \"ABC\"\r\n".into(), Send),
            ("If-None-Match: abc\r\n".into(), Send),
            (format!("If-Modified-Since: {SAME}\r\n"), NotModified),
            (format!("If-Modified-Since: {BEFORE}\r\n"), Send),
            ("If-Modified-Since: yesterday\r\n".into(), Send),
            // The tag decides, whatever the date says.
            (
                format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {SAME}\r\n"),
                Send,
            ),
            ("If-Match: \"abc\"\r\n".into(), Send),
            ("If-Match: W/\"abc\"\r\n".into(), PreconditionFailed),
            (
                "If-Match: \"x\"\r\nIf-None-Match: \"abc\"\r\n".into(),
                PreconditionFailed,
            ),
            (format!("If-Unmodified-Since: {SAME}\r\n"), Send),
            (
                format!("If-Unmodified-Since: {BEFORE}\r\n"),
                PreconditionFailed,
            ),
        ] {
            assert_eq!(
                evaluate(&fields(&lines), CURRENT, 1_795_305_600),
                verdict,
                "{lines:?}"
            );
        }
    }

    #[test]
    fn a_range_of_another_state_is_not_served() {
        for (lines, holds) in [
            (String::new(), true),
            ("If-Range: \"abc\"\r\n".into(), true),
            ("If-Range: W/\"abc\"\r\n".into(), false),
            ("If-Range: \"x\"\r\n".into(), false),
            (format!("If-Range: {SAME}\r\n"), true),
            (format!("If-Range: {BEFORE}\r\n"), false),
        ] {
            assert_eq!(
                if_range_holds(&fields(&lines), CURRENT, 1_795_305_600),
                holds,
                "{lines:?}"
            );
        }
    }
}
