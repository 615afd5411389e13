//! `--keylog` and `SSLKEYLOGFILE`: the secrets of all connections as lines of a key log (RFC 9850), each before what it opens.
//! It is written at once, on the connection's own task, as every TLS library does: some hundred bytes into the system's memory.

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
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
    file: Mutex<File>,
    log: Arc<Log>,
    has_failed: AtomicBool,
}

impl KeyLogWriter {
    /// Opens the file, or makes it. One that others could read is closed to them.
    pub(super) fn open(key_log: &KeyLogFile, log: &Arc<Log>) -> Result<Self, ExportError> {
        let KeyLogFile { path, named_by } = key_log.clone();
        // A pipe would make the chat wait for its reader, and opening one even the start.
        if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
            return Err(ExportError::KeyLogIsNoFile { path, named_by });
        }
        match open_private(&path) {
            Ok(file) => Ok(Self {
                path,
                file: Mutex::new(file),
                log: Arc::clone(log),
                has_failed: AtomicBool::new(false),
            }),
            Err(error) => Err(ExportError::KeyLog {
                path,
                named_by,
                error,
            }),
        }
    }
}

impl Sink for KeyLogWriter {
    fn take(&self, _about: &Arc<About>, news: &News<'_>) {
        let News::Secret(line) = news else { return };
        // In one piece: others may append to the same file.
        let line = line.to_text() + "\n";
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let written = file.write_all(line.as_bytes());
        drop(file);
        if let Err(error) = written
            && !self.has_failed.swap(true, Ordering::Relaxed)
        {
            log!(
                self.log,
                "{} cannot be written ({error}): keys are missing from it",
                self.path.display()
            );
        }
    }
}

fn open_private(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .create(true)
        .append(true)
        .mode(MODE)
        .open(path)?;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        file.set_permissions(Permissions::from_mode(MODE))?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::decrypt::{KeyLogLine, Label, Secret};

    #[test]
    fn when_keys_cannot_be_written_any_more_the_log_says_so_once() {
        let folder = tempfile::tempdir().unwrap();
        let log_path = folder.path().join("server.log");
        let log = Arc::new(Log::start(Some(File::create(&log_path).unwrap())).unwrap());
        let writer = KeyLogWriter {
            path: "keys.log".into(),
            // Opened for reading, it takes no bytes.
            file: Mutex::new(File::open(&log_path).unwrap()),
            log: Arc::clone(&log),
            has_failed: AtomicBool::new(false),
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
