//! `--keylog` and `SSLKEYLOGFILE`: the secrets of all connections as lines of a key log (RFC 9850), each before what it opens.
//! It is written at once, on the connection's own task, as every TLS library does: some hundred bytes into the system's memory.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::ExportError;
use crate::config::KeyLogFile;
use crate::log;
use crate::log::Log;
use crate::wire::log::{About, News, Sink};

/// Whoever can read the keys can read everything: its owner alone.
const MODE: u32 = 0o600;

/// Appends keys to a file.
pub(super) struct KeyLogWriter {
    path: PathBuf,
    keys: Mutex<Keys>,
    log: Arc<Log>,
}

struct Keys {
    file: File,
    /// Whether the last line could not be written, or only in part.
    is_cut: bool,
}

impl KeyLogWriter {
    /// Opens the file, or makes it. One that others could read is closed to them.
    pub(super) fn open(key_log: &KeyLogFile, log: &Arc<Log>) -> Result<Self, ExportError> {
        let KeyLogFile { path, named_by } = key_log.clone();
        // A pipe would make the chat wait for its reader, and opening one even the start.
        if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            return Err(ExportError::KeyLogIsNoFile { path, named_by });
        }
        let (file, was_open_to_others) = match open_private(&path) {
            Ok(opened) => opened,
            Err(error) => {
                return Err(ExportError::KeyLog {
                    path,
                    named_by,
                    error,
                });
            }
        };
        if was_open_to_others {
            log!(
                log,
                "{} could be read by others: from now on by its owner alone",
                path.display()
            );
        }
        Ok(Self {
            path,
            keys: Mutex::new(Keys {
                file,
                is_cut: false,
            }),
            log: Arc::clone(log),
        })
    }
}

impl Sink for KeyLogWriter {
    fn take(&self, _about: &Arc<About>, news: &News<'_>) {
        let News::Secret(line) = news else { return };
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let was_cut = keys.is_cut;
        // What is left of a line must not spoil the next one. In one piece, since others may append to the same file.
        let begin = if was_cut { "\n" } else { "" };
        let line = format!("{begin}{}\n", line.to_text());
        let written = keys.file.write_all(line.as_bytes());
        keys.is_cut = written.is_err();
        drop(keys);
        if let Err(error) = written
            && !was_cut
        {
            log!(
                self.log,
                "{} cannot be written ({error}): keys are missing from it until it can",
                self.path.display()
            );
        }
    }
}

/// The file, and whether others could read or write it before.
fn open_private(path: &Path) -> io::Result<(File, bool)> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(MODE)
        .open(path)?;
    let mode = file.metadata()?.permissions().mode();
    let is_open_to_others = mode & 0o077 != 0;
    if is_open_to_others {
        file.set_permissions(Permissions::from_mode(MODE))?;
    }
    Ok((file, is_open_to_others))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::decrypt::{KeyLogLine, Label, Secret};

    #[test]
    fn while_keys_cannot_be_written_the_log_says_so_once_and_the_next_one_stands_on_a_line_of_its_own()
     {
        let folder = tempfile::tempdir().unwrap();
        let log_path = folder.path().join("server.log");
        let log = Arc::new(Log::start(Some(File::create(&log_path).unwrap())).unwrap());
        let writer = KeyLogWriter {
            path: "keys.log".into(),
            keys: Mutex::new(Keys {
                // Opened for reading, it takes no bytes.
                file: File::open(&log_path).unwrap(),
                is_cut: false,
            }),
            log: Arc::clone(&log),
        };
        let about = Arc::new(About {
            number: 1,
            client: "127.0.0.1:1".parse().unwrap(),
            server: "127.0.0.1:2".parse().unwrap(),
            is_tls_port: true,
            opened_ns: 0,
        });
        let line = KeyLogLine {
            label: Label::ClientRandom,
            client_random: [1; 32],
            secret: Secret::new(&[0xab; 48]).unwrap(),
        };
        for _twice in 0..2 {
            writer.take(&about, &News::Secret(&line));
        }
        let keys_path = folder.path().join("keys.log");
        std::fs::write(&keys_path, "CLIENT_RAN").unwrap();
        let reopened = OpenOptions::new().append(true).open(&keys_path);
        writer.keys.lock().unwrap().file = reopened.unwrap();
        for _twice in 0..2 {
            writer.take(&about, &News::Secret(&line));
        }
        let whole = line.to_text();
        assert_eq!(
            std::fs::read_to_string(keys_path).unwrap(),
            format!("CLIENT_RAN\n{whole}\n{whole}\n")
        );
        log.finish();
        let log = std::fs::read_to_string(log_path).unwrap();
        assert_eq!(
            log.matches("keys.log cannot be written").count(),
            1,
            "{log}"
        );
        assert!(!log.contains("abab"), "no key stands in the log");
    }
}
