//! Which names below a folder can be asked for: plain ones only, so that no spelling leads out of it.
//! No file is opened here.

/// The longest path below the folder, in bytes.
const STATIC_PATH_LEN_MAX: usize = 255;

/// Joins decoded path segments to a path below a folder, `/` between them.
///
/// `None` unless each segment is made of ASCII letters, digits, `-`, `_` and single dots inside of it.
/// That refuses `..` in every spelling, absolute and drive names, hidden files, backslashes, NUL, and what
/// comes out of `%2F`: the files here have plain names, so nothing else is worth understanding.
#[must_use]
pub fn join_segments(segments: &[&str]) -> Option<String> {
    if segments.is_empty() || !segments.iter().all(|segment| is_plain(segment)) {
        return None;
    }
    let path = segments.join("/");
    (path.len() <= STATIC_PATH_LEN_MAX).then_some(path)
}

fn is_plain(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    !segment.is_empty()
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
        assert_eq!(join_segments(&["app.js"]).as_deref(), Some("app.js"));
        assert_eq!(
            join_segments(&["icons", "a-b_c.min.svg"]).as_deref(),
            Some("icons/a-b_c.min.svg")
        );
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
            let segments: Option<Vec<String>> = raw
                .split('/')
                .map(|s| percent::decode(s.as_bytes(), false))
                .collect();
            let Some(segments) = segments else { continue };
            let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
            assert_eq!(join_segments(&segments), None, "{raw}");
        }
        assert_eq!(join_segments(&[]), None);
        assert_eq!(join_segments(&[&"x".repeat(256)]), None);
    }
}
