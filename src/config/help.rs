//! What `--help` and `--version` print.
//! Knows no flag by itself: the list is drawn from the flags there are.

use super::flags::{EXPLAIN_FLAGS, FLAGS, Flag};

/// Where explanations begin, counted in characters.
const EXPLANATION_COLUMN: usize = 22;

const INTRODUCTION: &str = "\
Secure Chat Demo: a group chat whose own bytes can be watched.

Usage: secure-chat [FLAG]...
       secure-chat explain FILE|- [FLAG]...    (explain --help)
       cargo run -- [FLAG]...

";

const EXAMPLES: &str = "
A value follows its flag after a space or an equals sign. What holds without
the flag stands in parentheses.

Environment:
  ASSET_VERSION       pins the version in the URLs of scripts and styles, so
                      that two starts give the same pages (new with each start)
  SSLKEYLOGFILE       a file that the TLS keys of all connections are appended
                      to, as by --keylog, which counts more
  NO_COLOR            if it is set and not empty, --trace and explain print
                      no colours; into a file or pipe they never do

Examples:
  cargo run                             http://127.0.0.1:8080, in clear
  cargo run -- --tls                    https://localhost:8443, encrypted
  cargo run -- --both                   the two side by side, one chat
  cargo run -- --tls --host 0.0.0.0     for everybody in the local network
  cargo run -- --tls --certfile=fullchain.pem --keyfile=privkey.pem
  cargo run -- --tls --trace            every record and what it carries
  cargo run -- explain capture.pcapng   the same, from a capture
  cargo run -- --tls --live :19000      for wireshark -k -i TCP@127.0.0.1:19000

Signals: Ctrl-C or SIGTERM stops the server after what is under way, a second
one at once. SIGHUP reads certificate and TLS settings again.

Exit codes:
  0  stopped cleanly
  1  could not run
  2  the command line was wrong
";

const EXPLAIN_INTRODUCTION: &str = "\
Prints what the connections in a capture said: TLS records and what they
carried, HTTP messages, WebSocket frames.

Usage: secure-chat explain FILE [FLAG]...
       secure-chat explain - [FLAG]...         the capture is standard input

FILE is pcapng or pcap, of this program, Wireshark, tshark or tcpdump.

";

const EXPLAIN_EXAMPLES: &str = "
Examples:
  secure-chat explain capture.pcapng --keylog keys.log
  secure-chat explain capture.pcapng --eve
  sudo tcpdump -i lo -w - tcp port 8080 | secure-chat explain -

Exit codes:
  0  something was explained
  1  nothing could be read
  2  the command line was wrong
";

/// All of the help, at most 80 columns wide.
pub(super) fn text() -> String {
    format!("{INTRODUCTION}{}{EXAMPLES}", list(&FLAGS))
}

/// The help of `explain`.
pub(super) fn explain_text() -> String {
    let flags = list(&EXPLAIN_FLAGS);
    format!("{EXPLAIN_INTRODUCTION}{flags}{EXPLAIN_EXAMPLES}")
}

fn list(flags: &[Flag]) -> String {
    let mut text = "Flags:\n".to_owned();
    for flag in flags {
        let mut left = format!("  {}", flag.usage());
        for line in flag.help.lines() {
            text.push_str(&format!("{left:EXPLANATION_COLUMN$}{line}\n"));
            left.clear();
        }
    }
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
        for (text, flags) in [(text(), &FLAGS[..]), (explain_text(), &EXPLAIN_FLAGS[..])] {
            for flag in flags {
                let usage = format!("\n  {}", flag.usage());
                assert!(text.contains(&usage), "{usage}");
                assert!(
                    usage.len() <= EXPLANATION_COLUMN,
                    "{usage} touches its explanation"
                );
            }
            for line in text.lines() {
                assert!(line.chars().count() <= 80, "too wide: {line}");
                assert_eq!(line, line.trim_end());
            }
        }
    }
}
