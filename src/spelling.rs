//! Guesses which name was meant when somebody wrote another, for flags and settings alike.
//! Knows no list of names: callers bring their own.

/// The longest name that is compared, in characters: the work grows with its square.
const COMPARED_CHARS_MAX: usize = 64;

/// So many characters are a beginning that may stand for the whole name.
const BEGINNING_CHARS_MIN: usize = 3;

/// The one of `names` that `written` most resembles, if it resembles any.
///
/// Only letters and digits count, whatever their case, so that `cipherSuites` is `cipher_suites`.
/// About every third character may be wrong: more than that is another word, not a slip. Where two
/// names are equally near, neither was clearly meant. A name of which only the beginning was written is meant, if no other begins so.
#[must_use]
pub fn nearest<'a>(written: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = significant(written);
    if written.is_empty() || written.len() > COMPARED_CHARS_MAX {
        return None;
    }
    let mut best = None;
    let mut begun = Vec::new();
    for name in names {
        let letters = significant(name);
        if written.len() >= BEGINNING_CHARS_MIN && letters.starts_with(&written) {
            begun.push(name);
        }
        let distance = edit_distance(&written, &letters);
        let slips_max = 1 + written.len().max(letters.len()) / 3;
        match best {
            _ if distance > slips_max => {}
            Some((least, _)) if distance > least => {}
            Some((least, _)) if distance == least => best = Some((least, None)),
            _ => best = Some((distance, Some(name))),
        }
    }
    match begun.as_slice() {
        [only] => Some(only),
        _ => best.and_then(|(_, name)| name),
    }
}

/// The letters and digits of a name, in lower case.
fn significant(name: &str) -> Vec<char> {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
        .collect()
}

/// How many characters must be inserted, removed or replaced to turn `a` into `b` (Levenshtein).
fn edit_distance(a: &[char], b: &[char]) -> usize {
    // One row of the table is enough: `row[j]` is the distance from what was read of `a` to `b[..j]`.
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (read, from) in a.iter().enumerate() {
        let mut left = read + 1;
        let mut next = vec![left];
        for ((to, above), diagonal) in b.iter().zip(row.iter().skip(1)).zip(&row) {
            left = (diagonal + usize::from(from != to))
                .min(above + 1)
                .min(left + 1);
            next.push(left);
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 5] = ["--host", "--port", "--tls", "--tls-port", "cipher_suites"];

    #[test]
    fn a_slip_of_the_pen_finds_its_name() {
        for (written, meant) in [
            ("--prot", "--port"),
            ("--tsl", "--tls"),
            ("--tlsport", "--tls-port"),
            ("TLS_PORT", "--tls-port"),
            ("cipherSuites", "cipher_suites"),
            ("ciphersuite", "cipher_suites"),
            ("--tls", "--tls"),
            ("--cip", "cipher_suites"),
        ] {
            assert_eq!(nearest(written, NAMES), Some(meant), "{written}");
        }
    }

    #[test]
    fn a_beginning_stands_for_the_name_and_if_two_begin_so_the_nearer_is_meant() {
        let names = ["--port", "--certfile", "--capture", "--capture-size"];
        assert_eq!(nearest("--cert", names), Some("--certfile"));
        assert_eq!(nearest("--captur", names), Some("--capture"));
        assert_eq!(nearest("--ce", names), None);
    }

    #[test]
    fn another_word_is_nobodys_slip() {
        for written in ["", "--", "--verbose", "x", &"p".repeat(10_000)] {
            assert_eq!(nearest(written, NAMES), None, "{written:.20}");
        }
    }

    #[test]
    fn between_two_equally_near_names_it_does_not_choose() {
        assert_eq!(nearest("1.4", ["1.2", "1.3"]), None);
        assert_eq!(nearest("--xost", ["--host", "--post", "--data"]), None);
        assert_eq!(nearest("--host", ["--post", "--host"]), Some("--host"));
    }

    #[test]
    fn distances_are_those_of_levenshtein() {
        for (a, b, distance) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
        ] {
            assert_eq!(edit_distance(&significant(a), &significant(b)), distance);
        }
    }
}
