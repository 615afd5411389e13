//! `--capture`: all connections from the start, written to files by a thread of its own.
//! A disk that is too slow costs bytes of the capture, which are counted and told in it, and makes nobody wait.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::ExportError;
use super::file_set::FileSet;
use crate::config::Capture;
use crate::log;
use crate::log::Log;
use crate::octets::counted;
use crate::queue_writer::QueueWriter;
use crate::wire::capture::Stream;
use crate::wire::log::queue::{Item, Queue, What};
use crate::wire::log::{About, News, Sink};

/// How much news may wait for the disk, in bytes, besides as much that is just being written. Beyond it bytes are left out.
const WAITING_BYTES_MAX: usize = 32 * 1024 * 1024;

/// So many bytes of packets are written at once. What has come so far is never held back for more.
const WRITE_LEN: usize = 1024 * 1024;

/// How long the last packets may take to be written when the program ends.
const FINISH_MAX: Duration = Duration::from_secs(5);

/// What the first file says of itself.
const COMMENT: &str =
    "All connections of a server, with their keys: whoever has this file can read everything.";

/// Takes news from anywhere, and has it written.
pub(super) struct CaptureWriter {
    writer: QueueWriter,
    path: PathBuf,
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
        let mut writer = Writer {
            files: FileSet::create(path).map_err(failed)?,
            stream: Stream::default(),
            out: Vec::new(),
            packets_len: 0,
            packets_len_max: capture.file_bytes_max,
            log: Arc::clone(log),
        };
        let begun = writer.begin(COMMENT).and_then(|()| {
            let write = move |waiting: &Queue| writer.write_all(waiting);
            QueueWriter::spawn("capture", waiting_bytes_max, write)
        });
        match begun {
            Ok(writer) => Ok(Self {
                writer,
                path: path.clone(),
            }),
            Err(error) => {
                let _ = std::fs::remove_file(path);
                Err(failed(error))
            }
        }
    }

    /// Writes out what waits, and takes no more. Waits for it, not for long.
    pub(super) fn finish(&self) {
        self.writer.finish(FINISH_MAX);
    }

    /// Takes the file away, in which nothing stands yet.
    pub(super) fn abandon(&self) {
        self.finish();
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Sink for CaptureWriter {
    fn take(&self, about: &Arc<About>, news: &News<'_>) {
        self.writer.take(about, news);
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
                "the disk is too slow for the capture: {} and {} are missing from it",
                counted(bytes_left, "byte"),
                counted(connections_left, "whole connection")
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
        let before = match self.files.turn()? {
            Some(path) => {
                let name = path.file_name().map(Path::new).unwrap_or(&path);
                format!("It goes on from {}.", name.display())
            }
            None => "It goes on from a file that somebody has taken away.".to_owned(),
        };
        self.begin(&format!("{COMMENT} {before}"))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.files.append(&self.out)?;
        self.packets_len += self.out.len() as u64;
        self.out.clear();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::octets::Direction;
    use crate::wire::event::{Event, What as Happened};
    use crate::wire::pcapng;

    fn about(number: u64) -> Arc<About> {
        Arc::new(About {
            number,
            client: "127.0.0.1:50000".parse().unwrap(),
            server: "127.0.0.1:8080".parse().unwrap(),
            is_tls_port: false,
            opened_ns: number * 1_000_000,
        })
    }

    fn said(text: &str) -> Event {
        Event {
            time_ns: 1,
            direction: Direction::FromClient,
            what: Happened::Bytes(Bytes::copy_from_slice(text.as_bytes())),
            comment: None,
        }
    }

    /// A log that can be read, in the folder with the capture.
    fn log(folder: &Path) -> Arc<Log> {
        let file = std::fs::File::create(folder.join("server.log")).unwrap();
        Arc::new(Log::start(Some(file)).unwrap())
    }

    fn logged(folder: &Path, log: &Log) -> String {
        log.finish();
        std::fs::read_to_string(folder.join("server.log")).unwrap()
    }

    fn capture(folder: &Path) -> Capture {
        Capture {
            path: folder.join("lab.pcapng"),
            file_bytes_max: 1 << 20,
        }
    }

    #[test]
    fn what_finds_no_room_is_missing_in_the_capture_and_told_in_the_log() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(folder.path());
        let capture = capture(folder.path());
        let queue = Queue::new(1);
        let told = |news: &News<'_>| queue.put(&about(1), news);
        told(&News::Opened);
        told(&News::Event(&said("no room for these")));
        let mut writer = Writer {
            files: FileSet::create(&capture.path).unwrap(),
            stream: Stream::default(),
            out: Vec::new(),
            packets_len: 0,
            packets_len_max: capture.file_bytes_max,
            log: Arc::clone(&log),
        };
        writer.begin("").unwrap();
        writer.write(queue.take().unwrap()).unwrap();
        told(&News::Event(&said("and room for these")));
        queue.close();
        writer.write_all(&queue);

        let read = pcapng::read(&std::fs::read(&capture.path).unwrap().into());
        assert_eq!(read.problems, []);
        let events: Vec<_> = read.connections[0]
            .events
            .iter()
            .map(|it| &it.what)
            .collect();
        let [Happened::Missing(missing), Happened::Bytes(bytes)] = events[..] else {
            panic!("{events:?}");
        };
        assert_eq!(
            (missing.bytes, &bytes[..]),
            (17, &b"and room for these"[..])
        );
        let log = logged(folder.path(), &log);
        assert!(
            log.contains("17 bytes and 0 whole connections are missing"),
            "{log}"
        );
    }

    #[test]
    fn a_file_says_which_one_it_goes_on_from_if_that_is_there() {
        for is_taken in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let mut capture = capture(folder.path());
            capture.file_bytes_max = 1;
            let writer = CaptureWriter::open(&capture, &Arc::new(Log::silent())).unwrap();
            if is_taken {
                std::fs::remove_file(&capture.path).unwrap();
            }
            for number in 1..3 {
                writer.take(&about(number), &News::Opened);
            }
            writer.finish();
            let files = std::fs::read_dir(folder.path()).unwrap().count();
            let newest = std::fs::read(&capture.path).unwrap();
            let says = |words: &str| newest.windows(words.len()).any(|at| at == words.as_bytes());
            assert_eq!(files, if is_taken { 1 } else { 2 });
            assert_eq!(says("It goes on from lab_00001_"), !is_taken);
            assert_eq!(says("that somebody has taken away"), is_taken);
        }
    }

    #[test]
    fn where_the_next_file_cannot_be_made_the_capture_ends_and_the_log_says_so_once() {
        let folder = tempfile::tempdir().unwrap();
        let log = log(folder.path());
        let mut capture = capture(folder.path());
        std::fs::create_dir(folder.path().join("there")).unwrap();
        capture.path = folder.path().join("there/lab.pcapng");
        capture.file_bytes_max = 1;
        let writer = CaptureWriter::open(&capture, &log).unwrap();
        std::fs::remove_dir_all(folder.path().join("there")).unwrap();
        for number in 1..10 {
            writer.take(&about(number), &News::Opened);
        }
        writer.finish();
        writer.take(&about(11), &News::Opened);
        let log = logged(folder.path(), &log);
        assert_eq!(log.matches("the capture ends here").count(), 1, "{log}");
    }

    #[test]
    fn a_capture_that_exists_is_refused_and_one_that_was_not_needed_goes() {
        let folder = tempfile::tempdir().unwrap();
        let log = Arc::new(Log::silent());
        let capture = capture(folder.path());
        let writer = CaptureWriter::open(&capture, &log).unwrap();
        let refused = CaptureWriter::open(&capture, &log).err().unwrap();
        assert!(matches!(refused, ExportError::CaptureExists(_)));
        assert!(capture.path.exists());
        writer.abandon();
        assert!(!capture.path.exists());
    }
}
