//! What `--help` and `--version` print.
//! Knows no flag by itself: the list is drawn from the flags there are.

use super::flags::FLAGS;

/// Where explanations begin, counted in characters.
const EXPLANATION_COLUMN: usize = 22;

const INTRODUCTION: &str = "\
Secure Chat Demo: a group chat whose own bytes can be watched.

Usage: secure-chat [FLAG]...
       cargo run -- [FLAG]...

";

const EXAMPLES: &str = "
A value follows its flag after a space or an equals sign. What holds without
the flag stands in parentheses.

Environment:
  ASSET_VERSION       pins the version in the URLs of scripts and styles, so
                      that two starts give the same pages (new with each start)

Examples:
  cargo run                             http://127.0.0.1:8080, in clear
  cargo run -- --tls                    https://localhost:8443, encrypted
  cargo run -- --both                   the two side by side, one chat
  cargo run -- --tls --host 0.0.0.0     for everybody in the local network
  cargo run -- --tls --certfile=fullchain.pem --keyfile=privkey.pem

Signals: Ctrl-C or SIGTERM stops the server after what is under way, a second
one at once. SIGHUP reads certificate and TLS settings again.

Exit codes:
  0  stopped cleanly
  1  could not run
  2  the command line was wrong
";

/// All of the help, at most 80 columns wide.
pub(super) fn text() -> String {
    let mut text = INTRODUCTION.to_owned();
    text.push_str("Flags:\n");
    for flag in &FLAGS {
        let mut left = match flag.value {
            Some(value) => format!("  {} {value}", flag.name),
            None => format!("  {}", flag.name),
        };
        for line in flag.help.lines() {
            text.push_str(&format!("{left:EXPLANATION_COLUMN$}{line}\n"));
            left.clear();
        }
    }
    text.push_str(EXAMPLES);
    text
}

/// The name and the version.
pub(super) fn version() -> String {
    format!("secure-chat {}\n", env!("CARGO_PKG_VERSION"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_flag_and_fits_a_terminal() {
        let text = text();
        for flag in &FLAGS {
            assert!(
                text.contains(&format!("\n  {}", flag.name)),
                "{}",
                flag.name
            );
            let left = 2 + flag.name.len() + flag.value.map_or(0, |value| 1 + value.len());
            assert!(
                left < EXPLANATION_COLUMN,
                "{} touches its explanation",
                flag.name
            );
        }
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "too wide: {line}");
            assert_eq!(line, line.trim_end());
        }
    }
}
