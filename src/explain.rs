//! `secure-chat explain`: reads a capture and perhaps a key log, and prints what the connections said.
//! Only files and standard output; what the bytes mean is known to `wire`.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, IsTerminal as _, Read, Write};
use std::path::Path;

use bytes::Bytes;

use crate::config::{Explain, Eyes, Input};
use crate::wire::decrypt::KeyLog;
use crate::wire::pcapng;
use crate::wire::transcript::{Listener, Palette, Told, write_capture};

/// The largest capture that is read: all of it is held in memory, and connections a second time while they are told.
const CAPTURE_LEN_MAX: u64 = 1024 * 1024 * 1024;

/// The largest key log: half a million connections.
const KEY_LOG_LEN_MAX: u64 = 256 * 1024 * 1024;

/// Prints what a capture holds. Whoever reads along may go before the end, as `| head` does.
///
/// # Errors
/// One sentence if a file cannot be read, or nothing in it could be explained.
pub fn run(explain: &Explain) -> Result<(), String> {
    let key_log = match &explain.key_log {
        None => KeyLog::default(),
        Some(path) => read_key_log(path)?,
    };
    let name = match &explain.capture {
        Input::Stdin => "standard input".to_owned(),
        Input::File(path) => path.display().to_string(),
    };
    let file = match &explain.capture {
        Input::Stdin => read_at_most(io::stdin().lock(), CAPTURE_LEN_MAX),
        Input::File(path) => open(path).and_then(|file| read_at_most(file, CAPTURE_LEN_MAX)),
    };
    let file = file.map_err(|error| unreadable(&name, &error))?;
    let Some(file) = file else {
        return Err(format!(
            "{name} is larger than {} MiB, more than is read at once: cut it with editcap -c, or filter it with tshark -Y.",
            CAPTURE_LEN_MAX >> 20
        ));
    };
    if file.is_empty() {
        return Err(format!(
            "{name} is empty: a capture has a header even if nothing was captured."
        ));
    }
    print(explain, &Bytes::from(file), &key_log, &name)
}

fn print(explain: &Explain, file: &Bytes, key_log: &KeyLog, name: &str) -> Result<(), String> {
    let capture = pcapng::read(file);
    if let (0, Some(problem)) = (capture.packets, capture.problems.first()) {
        return Err(format!("{name} cannot be read as a capture: {problem}"));
    }
    let listener = match explain.eyes {
        Eyes::Server => Listener::WithKeys(key_log),
        Eyes::Eve => Listener::Eve,
    };
    let stdout = io::stdout().lock();
    let palette = Palette::chosen(stdout.is_terminal(), explain.no_color);
    let mut out = Out {
        writer: BufWriter::new(stdout),
        failure: None,
    };
    let told = write_capture(&capture, listener, palette, &mut out);
    let flushed = out.writer.flush();
    match (told, out.failure.map_or(flushed, Err)) {
        (_, Err(error)) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        (_, Err(error)) => Err(format!("Standard output takes no more ({error}).")),
        (Ok(told), Ok(())) => verdict(told, capture.packets, name),
        (Err(_), Ok(())) => Err("Standard output takes no more.".to_owned()),
    }
}

/// Whether anything was explained; if not, why.
fn verdict(told: Told, packets: u64, name: &str) -> Result<(), String> {
    let which = if told.silent > 0 {
        format!("in {name} that carried anything")
    } else {
        format!("in {name}")
    };
    Err(match (told.readable, told.unreadable, told.silent) {
        (1.., ..) => return Ok(()),
        (0, 0, 0) if packets == 0 => format!("{name} holds no packets."),
        (0, 0, 0) => {
            format!("{name} holds no TCP connection: nothing in it can be explained.")
        }
        (0, 0, _) => format!("No connection in {name} carried anything."),
        (0, 1, _) => format!("The only TCP connection {which} is not TLS, HTTP or WebSocket."),
        (0, many, _) => {
            format!("None of the {many} TCP connections {which} is TLS, HTTP or WebSocket.")
        }
    })
}

fn read_key_log(path: &Path) -> Result<KeyLog, String> {
    let name = path.display();
    let text = open(path).and_then(|file| read_at_most(file, KEY_LOG_LEN_MAX));
    let text = text.map_err(|error| unreadable(&name.to_string(), &error))?;
    let Some(text) = text else {
        return Err(format!(
            "{name} is larger than {} MiB: no key log is.",
            KEY_LOG_LEN_MAX >> 20
        ));
    };
    let key_log = KeyLog::read(&String::from_utf8_lossy(&text));
    if key_log.connections() == 0 {
        return Err(format!(
            "{name} holds no secret: a key log has lines like CLIENT_RANDOM, 64 hexadecimal digits, the secret."
        ));
    }
    Ok(key_log)
}

fn open(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    Ok(file)
}

/// All of it; `None` if that is more than `max` bytes.
fn read_at_most(reader: impl Read, max: u64) -> io::Result<Option<Vec<u8>>> {
    let mut all = Vec::new();
    let read = reader.take(max + 1).read_to_end(&mut all)?;
    Ok((read as u64 <= max).then_some(all))
}

fn unreadable(name: &str, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => format!("There is no file {name}."),
        ErrorKind::IsADirectory => format!("{name} is a folder, not a file."),
        _ => format!("{name} cannot be read ({error})."),
    }
}

/// Takes text, and keeps what went wrong: `fmt::Write` cannot say it.
struct Out<W> {
    writer: W,
    failure: Option<io::Error>,
}

impl<W: Write> std::fmt::Write for Out<W> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.writer.write_all(text.as_bytes()).map_err(|error| {
            self.failure = Some(error);
            std::fmt::Error
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_nothing_was_explained_is_said_of_what_was_there() {
        for (readable, unreadable, silent, packets, said) in [
            (1, 9, 9, 99, None),
            (0, 0, 0, 0, Some("x holds no packets.")),
            (
                0,
                0,
                0,
                7,
                Some("x holds no TCP connection: nothing in it can be explained."),
            ),
            (0, 0, 1, 3, Some("No connection in x carried anything.")),
            (
                0,
                1,
                0,
                9,
                Some("The only TCP connection in x is not TLS, HTTP or WebSocket."),
            ),
            (
                0,
                1,
                2,
                9,
                Some(
                    "The only TCP connection in x that carried anything is not TLS, HTTP or WebSocket.",
                ),
            ),
            (
                0,
                2,
                0,
                9,
                Some("None of the 2 TCP connections in x is TLS, HTTP or WebSocket."),
            ),
        ] {
            let told = Told {
                readable,
                unreadable,
                silent,
                without_secrets: 0,
            };
            let verdict = verdict(told, packets, "x");
            assert_eq!(verdict.err().as_deref(), said);
        }
    }

    #[test]
    fn what_is_longer_than_the_limit_is_not_read() {
        for (len, max, is_read) in [(0, 0, true), (4, 4, true), (5, 4, false), (500, 4, false)] {
            let read = read_at_most(io::repeat(7).take(len), max).unwrap();
            assert_eq!(read.is_some(), is_read, "{len} of {max}");
        }
        // It ends, though the input does not.
        assert_eq!(read_at_most(io::repeat(7), 100).unwrap(), None);
    }
}
