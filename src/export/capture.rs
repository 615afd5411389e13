//! `--capture`: all connections from the start, written to files by a thread of its own.
//! A disk that is too slow costs bytes of the capture, which are counted and told in it, and makes nobody wait.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::ExportError;
use super::file_set::FileSet;
use crate::config::Capture;
use crate::log;
use crate::log::Log;
use crate::wire::capture::Stream;
use crate::wire::log::queue::{Item, Queue, What};
use crate::wire::log::{About, News, Sink};

/// How much news may wait for the disk, in bytes, besides as much that is just being written. Beyond it bytes are left out.
const WAITING_BYTES_MAX: usize = 32 * 1024 * 1024;

/// So many bytes are written at once; what waits longer than it takes to write them is written in the end anyway.
const WRITE_LEN: usize = 1024 * 1024;

/// How long the last packets may take to be written when the program ends.
const FINISH_MAX: Duration = Duration::from_secs(5);

/// What the first file says of itself.
const COMMENT: &str =
    "All connections of a server, with their keys: whoever has this file can read everything.";

/// Takes news from anywhere, and has it written.
pub(super) struct CaptureWriter {
    queue: Arc<Queue>,
    /// Ends with the thread.
    running: Mutex<Receiver<()>>,
    path: std::path::PathBuf,
}

impl CaptureWriter {
    /// Makes the file, and begins it.
    pub(super) fn open(capture: &Capture, log: &Arc<Log>) -> Result<Self, ExportError> {
        Self::open_with(capture, log, WAITING_BYTES_MAX)
    }

    fn open_with(
        capture: &Capture,
        log: &Arc<Log>,
        waiting_bytes_max: usize,
    ) -> Result<Self, ExportError> {
        let path = &capture.path;
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::AlreadyExists => ExportError::CaptureExists(path.clone()),
            _ => ExportError::Capture(path.clone(), error),
        };
        let queue = Arc::new(Queue::new(waiting_bytes_max));
        let mut writer = Writer {
            files: FileSet::create(path).map_err(failed)?,
            stream: Stream::default(),
            out: Vec::new(),
            packets_len: 0,
            packets_len_max: capture.file_bytes_max,
            log: Arc::clone(log),
        };
        let (is_running, running) = channel();
        let begun = writer.begin(COMMENT).and_then(|()| {
            let waiting = Arc::clone(&queue);
            std::thread::Builder::new()
                .name("capture".to_owned())
                .spawn(move || {
                    writer.write_all(&waiting);
                    drop(is_running);
                })
        });
        if let Err(error) = begun {
            let _ = std::fs::remove_file(path);
            return Err(failed(error));
        }
        Ok(Self {
            queue,
            running: Mutex::new(running),
            path: path.clone(),
        })
    }

    /// Writes out what waits, and takes no more. Waits for it, not for long.
    pub(super) fn finish(&self) {
        self.queue.close();
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // Nothing is ever sent: it ends with the thread. A disk that does not answer must not keep the program from ending.
        let _ = running.recv_timeout(FINISH_MAX);
    }

    /// Takes the file away, in which nothing stands yet.
    pub(super) fn abandon(&self) {
        self.finish();
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Sink for CaptureWriter {
    fn take(&self, about: &Arc<About>, news: &News<'_>) {
        self.queue.put(about, news);
    }
}

/// Writes packets to one file after the other.
struct Writer {
    files: FileSet,
    stream: Stream,
    /// What is not written yet.
    out: Vec<u8>,
    /// How many bytes of packets the file has, besides what it begins with.
    packets_len: u64,
    packets_len_max: u64,
    log: Arc<Log>,
}

impl Writer {
    /// Until the queue is closed and empty, or nothing can be written any more.
    fn write_all(&mut self, waiting: &Queue) {
        while let Some(items) = waiting.take() {
            if let Err(error) = self.write(items) {
                log!(
                    self.log,
                    "the capture ends here, since {} cannot be written any more: {error}",
                    self.files.path().display()
                );
                waiting.close();
                while waiting.take().is_some() {}
                return;
            }
        }
    }

    fn write(&mut self, items: VecDeque<Item>) -> io::Result<()> {
        let (mut bytes_left, mut connections_left) = (0, 0);
        for item in items {
            if self.packets_len + self.out.len() as u64 >= self.packets_len_max {
                self.flush()?;
                self.turn()?;
            }
            match &item.what {
                What::Left { bytes } => bytes_left += bytes,
                What::Unseen { connections } => connections_left += connections,
                what => self.stream.tell(item.number, what, &mut self.out),
            }
            if self.out.len() >= WRITE_LEN {
                self.flush()?;
            }
        }
        if bytes_left > 0 || connections_left > 0 {
            log!(
                self.log,
                "the disk is too slow for the capture: {bytes_left} bytes and {connections_left} whole connections are missing from it"
            );
        }
        // What has happened so far can be read now.
        self.flush()
    }

    /// Begins a file.
    fn begin(&mut self, comment: &str) -> io::Result<()> {
        self.stream.begin(comment, &mut self.out);
        self.flush()?;
        self.packets_len = 0;
        Ok(())
    }

    fn turn(&mut self) -> io::Result<()> {
        let before = self.files.turn()?;
        let name = before.file_name().map(Path::new).unwrap_or(&before);
        let comment = format!("{COMMENT} It goes on from {}.", name.display());
        self.begin(&comment)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.files.append(&self.out)?;
        self.packets_len += self.out.len() as u64;
        self.out.clear();
        Ok(())
    }
}
