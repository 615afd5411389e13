//! What leaves the program for Wireshark: a capture in files, a live stream, a key log.
//! Each is told everything and makes nobody wait; what packets look like is known to `wire::capture`.

mod capture;
mod file_set;
mod key_log;
mod live;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use crate::config::Exports;
use crate::log::Log;
use crate::wire::log::{Sink, WireLog};
use capture::CaptureWriter;
use key_log::KeyLogWriter;
use live::Live;

/// All that was asked for.
pub struct Export {
    key_log: Option<Arc<KeyLogWriter>>,
    live: Option<Arc<Live>>,
    capture: Option<Arc<CaptureWriter>>,
}

/// Why something cannot be handed out. `Display` is one sentence with its cure.
#[derive(Debug)]
pub enum ExportError {
    /// A capture would overwrite a file.
    CaptureExists(PathBuf),
    /// A capture cannot be written.
    Capture(PathBuf, io::Error),
    /// Keys cannot be written.
    KeyLog {
        /// The file.
        path: PathBuf,
        /// What named it.
        named_by: &'static str,
        /// Why.
        error: io::Error,
    },
    /// What should be the key log is no file.
    KeyLogIsNoFile {
        /// What it is called.
        path: PathBuf,
        /// What named it.
        named_by: &'static str,
    },
    /// Nothing can be streamed from there.
    Live(SocketAddr, io::Error),
}

impl Export {
    /// Opens files and sockets; nothing is handed out before `serve`, and what the sinks are told.
    ///
    /// # Errors
    /// `ExportError`; then nothing is left behind.
    pub fn open(exports: &Exports, log: &Arc<Log>) -> Result<Self, ExportError> {
        // In this order, since a socket goes by itself and an empty capture can be taken away; a key log, to which others may
        // append, cannot.
        let live = exports.live.map(|address| Live::open(address, log));
        let live = live.transpose()?;
        let capture = exports.capture.as_ref();
        let capture = capture.map(|capture| CaptureWriter::open(capture, log));
        let mut export = Self {
            key_log: None,
            live: live.map(Arc::new),
            capture: capture.transpose()?.map(Arc::new),
        };
        let key_log = exports.key_log.as_ref();
        match key_log.map(|key_log| KeyLogWriter::open(key_log, log)) {
            None => Ok(export),
            Some(Ok(key_log)) => {
                export.key_log = Some(Arc::new(key_log));
                Ok(export)
            }
            Some(Err(error)) => {
                export.abandon();
                Err(error)
            }
        }
    }

    /// Those who want to be told of everything. Keys first: they are to be there before what they open.
    #[must_use]
    pub fn sinks(&self) -> Vec<Arc<dyn Sink>> {
        let mut sinks: Vec<Arc<dyn Sink>> = Vec::new();
        sinks.extend(self.key_log.iter().map(|it| Arc::clone(it) as _));
        sinks.extend(self.live.iter().map(|it| Arc::clone(it) as _));
        sinks.extend(self.capture.iter().map(|it| Arc::clone(it) as _));
        sinks
    }

    /// Begins to accept live readers. `wire` is what they can catch up from. Needs a tokio runtime.
    ///
    /// # Errors
    /// If the runtime cannot use the socket.
    pub fn serve(&self, wire: &Arc<WireLog>) -> Result<(), ExportError> {
        match &self.live {
            Some(live) => live.serve(wire),
            None => Ok(()),
        }
    }

    /// Where live readers are accepted.
    #[must_use]
    pub fn live_address(&self) -> Option<SocketAddr> {
        self.live.as_ref().map(|live| live.address())
    }

    /// Hands out what still waits, and nothing more.
    pub async fn finish(&self) {
        if let Some(live) = &self.live {
            live.finish().await;
        }
        if let Some(capture) = self.capture.clone() {
            let _ = tokio::task::spawn_blocking(move || capture.finish()).await;
        }
    }

    /// The server did not start: takes away a capture in which nothing stands.
    pub fn abandon(self) {
        if let Some(capture) = &self.capture {
            capture.abandon();
        }
    }
}

impl fmt::Debug for Export {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Export").finish_non_exhaustive()
    }
}

impl fmt::Display for ExportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CaptureExists(path) => write!(
                f,
                "{} exists already, and a capture overwrites nothing: move it away, or name another file with --capture.",
                path.display()
            ),
            Self::Capture(path, error) => write!(
                f,
                "{} cannot be written ({error}): name another file with --capture.",
                path.display()
            ),
            Self::KeyLog {
                path,
                named_by,
                error,
            } => write!(
                f,
                "Keys cannot be written to {} ({error}): name another file with {named_by}.",
                path.display()
            ),
            Self::KeyLogIsNoFile { path, named_by } => write!(
                f,
                "{} is no ordinary file, so no keys are written to it: name another one with {named_by}.",
                path.display()
            ),
            Self::Live(address, error) if error.kind() == io::ErrorKind::AddrInUse => write!(
                f,
                "Port {} is in use: choose another one with --live.",
                address.port()
            ),
            Self::Live(address, error) => write!(
                f,
                "{address} cannot be listened on ({error}): choose another address with --live."
            ),
        }
    }
}

impl std::error::Error for ExportError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Capture, KeyLogFile};

    #[test]
    fn what_cannot_be_opened_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let free = "127.0.0.1:0".parse().unwrap();
        let capture = |name: &str| {
            Some(Capture {
                path: folder.path().join(name),
                file_bytes_max: 1 << 20,
            })
        };
        let key_log = |name: &str| {
            Some(KeyLogFile {
                path: folder.path().join(name),
                named_by: "--keylog",
            })
        };
        std::fs::write(folder.path().join("there"), "precious").unwrap();
        for (live, capture, key_log) in [
            (taken.local_addr().unwrap(), capture("new"), key_log("keys")),
            (free, capture("there"), key_log("keys")),
            (free, capture("new"), key_log("no/such/folder")),
            (free, capture("new"), key_log(".")),
        ] {
            let exports = Exports {
                live: Some(live),
                capture,
                key_log,
                ..Exports::default()
            };
            let refused = Export::open(&exports, &Arc::new(Log::silent()));
            assert!(refused.is_err(), "{exports:?}");
            let names: Vec<_> = std::fs::read_dir(folder.path())
                .unwrap()
                .map(|entry| entry.unwrap().file_name())
                .collect();
            assert_eq!(names, ["there"], "{exports:?}");
        }
    }
}
