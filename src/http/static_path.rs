//! Which file names can be asked for: plain ones only, so that no spelling leads out of their folder.
//! No file is opened here.

/// The longest name, in bytes: what file systems take.
const NAME_LEN_MAX: usize = 255;

/// Whether a decoded path segment is made of ASCII letters, digits, `-`, `_` and single dots inside of it.
///
/// That refuses `..` in every spelling, absolute and drive names, hidden files, backslashes, NUL, and what
/// comes out of `%2F`: the files here have plain names, so nothing else is worth understanding.
#[must_use]
pub fn is_plain_name(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    (1..=NAME_LEN_MAX).contains(&segment.len())
        && segment.bytes().all(plain)
        && !segment.starts_with('.')
        && !segment.ends_with('.')
        && !segment.contains("..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::percent;

    #[test]
    fn plain_names_pass() {
        for name in ["app.js", "a-b_c.min.svg", "x", &"x".repeat(255)] {
            assert!(is_plain_name(name), "{name}");
        }
    }

    #[test]
    fn no_spelling_leads_out_of_the_folder() {
        for raw in [
            "..",
            "../x",
            "a/../../x",
            "a/..",
            ".",
            "./x",
            "",
            "a//b",
            "/etc/passwd",
            "%2e%2e/x",
            "%2E./x",
            "..%2fx",
            "..%5cx",
            "..\\x",
            "a\\..\\x",
            "C:",
            "C:%5cx",
            "%00",
            "app.js%00.png",
            ".htaccess",
            "a/.git",
            "....//x",
            "a..b",
            "..;/x",
            "%c0%ae%c0%ae/x",
            "x.",
            "app.js::$DATA",
            "~root",
            "a b",
            "%252e%252e/x",
        ] {
            // As the server does: split, then decode.
            let segments: Option<Vec<_>> = raw
                .split('/')
                .map(|s| percent::decode(s.as_bytes(), false))
                .collect();
            let Some(segments) = segments else { continue };
            let all_plain = segments.iter().all(|segment| is_plain_name(segment));
            assert!(!all_plain, "{raw}");
        }
        assert!(!is_plain_name(&"x".repeat(256)));
    }
}
