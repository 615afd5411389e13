//! The log: one line per request and per connection event, to the terminal and perhaps to a file.
//! Never a password, cookie, token or message: whoever writes a line hands in only what may stand in it.

use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::http::date::Civil;

/// How much may wait for a slow terminal or disk: some ten thousand lines. Beyond it lines are lost, and
/// counted: a log that is not read must not stop the chat.
const WAITING_LEN_MAX: usize = 1024 * 1024;

/// How much memory is kept for the lines to come. More than this waits only when something is wrong.
const KEPT_LEN_MAX: usize = 64 * 1024;

/// How long lines are gathered before they are written: a busy server wakes the thread that writes them fifty times a
/// second, rather than for each line. Nobody sees that they come so much later.
const GATHER: Duration = Duration::from_millis(20);

/// How long the last lines may take to be written when the program ends.
const FINISH_MAX: Duration = Duration::from_millis(500);
const FINISH_LOOK_EVERY: Duration = Duration::from_millis(2);

/// Takes lines from anywhere, and has a thread of its own write them.
#[derive(Debug)]
pub struct Log {
    lines: Arc<Lines>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

/// Between those who have something to say and the thread that writes: lines are put down here, one behind
/// the other, and taken all at once.
#[derive(Debug, Default)]
struct Lines {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    text: String,
    lost: u64,
    is_open: bool,
    /// The millisecond of the latest line, and how it is written: on a busy server many lines have the same.
    moment: (Duration, String),
}

impl Log {
    /// Writes to standard error, and to `file` too if there is one.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(file: Option<File>) -> io::Result<Self> {
        let log = Self::silent();
        log.lines.open();
        let lines = log.lines.clone();
        let writer = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_lines(&lines, file))?;
        *log.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer);
        Ok(log)
    }

    /// A log that nobody reads: for tests.
    #[must_use]
    pub fn silent() -> Self {
        Self {
            lines: Arc::default(),
            writer: Mutex::new(None),
        }
    }

    /// Adds a line, with the time in front. Never waits for whoever reads it.
    pub fn line(&self, text: fmt::Arguments<'_>) {
        let write = |out: &mut String| {
            let _ = out.write_fmt(text);
        };
        self.lines.add(SystemTime::now(), write);
    }

    /// As `line`, of what is written down already: for the line that each request gets.
    pub fn parts(&self, parts: &[&str]) {
        let write = |out: &mut String| out.extend(parts.iter().copied());
        self.lines.add(SystemTime::now(), write);
    }

    /// Writes out what waits, and takes no more lines.
    pub fn finish(&self) {
        self.lines.close();
        let writer = self
            .writer
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // A terminal that nobody reads must not keep the program from ending.
        let until = Instant::now() + FINISH_MAX;
        while writer.as_ref().is_some_and(|writer| !writer.is_finished()) && Instant::now() < until
        {
            std::thread::sleep(FINISH_LOOK_EVERY);
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        self.lines.close();
    }
}

impl Lines {
    fn open(&self) {
        self.change(|waiting| waiting.is_open = true);
    }

    fn close(&self) {
        self.change(|waiting| waiting.is_open = false);
    }

    fn add(&self, now: SystemTime, write: impl FnOnce(&mut String)) {
        self.change(|waiting| waiting.add(now, write));
    }

    fn change(&self, change: impl FnOnce(&mut Waiting)) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let was_empty = waiting.text.is_empty();
        change(&mut waiting);
        let is_news = was_empty || !waiting.is_open;
        drop(waiting);
        if is_news {
            self.changed.notify_one();
        }
    }

    /// Takes all that waits in exchange for `taken`, which is empty; false once nothing more will come.
    fn take(&self, taken: &mut String) -> bool {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = self
            .changed
            .wait_while(waiting, |waiting| {
                waiting.is_open && waiting.text.is_empty()
            })
            .unwrap_or_else(PoisonError::into_inner);
        let gathered = self
            .changed
            .wait_timeout_while(waiting, GATHER, |waiting| waiting.is_open);
        let (mut waiting, _) = gathered.unwrap_or_else(PoisonError::into_inner);
        std::mem::swap(&mut waiting.text, taken);
        !taken.is_empty()
    }
}

impl Waiting {
    fn add(&mut self, now: SystemTime, write: impl FnOnce(&mut String)) {
        if !self.is_open {
            return;
        }
        if self.text.len() >= WAITING_LEN_MAX {
            self.lost += 1;
            return;
        }
        self.add_time(now);
        let lost = std::mem::take(&mut self.lost);
        if lost > 0 {
            let _ = write!(
                self.text,
                "({lost} lines were lost here, they came too fast) "
            );
        }
        write(&mut self.text);
        self.text.push('\n');
    }

    /// `2026-11-22T23:40:01.123Z `: UTC, so that logs of two machines can be laid side by side.
    fn add_time(&mut self, now: SystemTime) {
        let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let since = Duration::new(since.as_secs(), since.subsec_millis() * 1_000_000);
        let (moment, text) = &mut self.moment;
        if *moment != since || text.is_empty() {
            let seconds = Civil::from_unix(since.as_secs()).in_order('T');
            *moment = since;
            *text = format!("{seconds}.{:03}Z ", since.subsec_millis());
        }
        self.text.push_str(text);
    }
}

/// Writes a line: `log!(app.log, "{} connected", peer)`.
#[macro_export]
macro_rules! log {
    ($log:expr, $($text:tt)+) => { $log.line(format_args!($($text)+)) };
}

fn write_lines(lines: &Lines, file: Option<File>) {
    let mut together = String::new();
    let mut log_file = file.map(LogFile::of);
    while lines.take(&mut together) {
        // A closed terminal is no reason to stop; there is nobody left to tell.
        let _ = io::stderr().lock().write_all(together.as_bytes());
        if let Some(Err(error)) = log_file.as_mut().map(|file| file.append(&together)) {
            let _ = writeln!(
                io::stderr(),
                "The log file cannot be written ({error}): lines are missing from it until it can."
            );
        }
        together.clear();
        together.shrink_to(KEPT_LEN_MAX);
    }
}

/// What goes to the terminal once more, in a file.
struct LogFile<W> {
    file: W,
    is_failing: bool,
}

impl<W: io::Write> LogFile<W> {
    fn of(file: W) -> Self {
        let is_failing = false;
        Self { file, is_failing }
    }

    /// Adds lines. An error is given once for each time that it begins: the terminal goes on, and so does the chat.
    fn append(&mut self, lines: &str) -> io::Result<()> {
        if self.is_failing {
            // The last line before may have been cut in the middle.
            let note = b"\n(lines are missing here, as this file could not be written)\n";
            if self.file.write_all(note).is_err() {
                return Ok(());
            }
        }
        let written = self.file.write_all(lines.as_bytes());
        self.is_failing = written.is_err();
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_reach_the_file_in_order_each_with_its_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server.log");
        let log = Log::start(Some(File::create(&path).unwrap())).unwrap();
        for number in 0..100 {
            if number % 2 == 0 {
                crate::log!(log, "line {number}");
            } else {
                log.parts(&["line ", &number.to_string()]);
            }
        }
        log.finish();
        crate::log!(log, "after the end");
        let text = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 100);
        for (number, line) in lines.iter().enumerate() {
            let (time, rest) = line.split_once(' ').unwrap();
            assert_eq!(time.len(), "2026-11-22T23:40:01.123Z".len());
            assert_eq!(rest, format!("line {number}"));
        }
    }

    #[test]
    fn lines_that_nobody_takes_are_lost_and_counted_and_those_before_them_are_not() {
        let mut waiting = Waiting {
            is_open: true,
            ..Waiting::default()
        };
        let line = "x".repeat(1000);
        let mut kept = 0;
        while waiting.text.len() < WAITING_LEN_MAX {
            waiting.add(UNIX_EPOCH, |out| out.push_str(&line));
            kept += 1;
        }
        let full_len = waiting.text.len();
        for _ in 0..3 {
            waiting.add(UNIX_EPOCH, |out| out.push_str("too much"));
        }
        assert_eq!((waiting.text.len(), waiting.lost), (full_len, 3));
        assert_eq!(waiting.text.lines().count(), kept);
        waiting.text.clear();
        waiting.add(UNIX_EPOCH, |out| out.push_str("room again"));
        waiting.add(UNIX_EPOCH, |out| out.push_str("and again"));
        assert_eq!(
            waiting.text,
            "1970-01-01T00:00:00.000Z (3 lines were lost here, they came too fast) room again\n\
             1970-01-01T00:00:00.000Z and again\n"
        );
    }

    /// A disk with room for so many bytes.
    struct SmallDisk {
        text: String,
        room: usize,
    }

    impl io::Write for SmallDisk {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let taken_len = bytes.len().min(self.room);
            self.room -= taken_len;
            self.text
                .push_str(std::str::from_utf8(&bytes[..taken_len]).unwrap());
            Ok(taken_len)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_full_disk_is_told_once_and_the_file_says_where_lines_are_missing() {
        let text = String::new();
        let mut log_file = LogFile::of(SmallDisk { text, room: 18 });
        assert!(log_file.append("first line\n").is_ok());
        assert!(log_file.append("second line\n").is_err());
        for _ in 0..3 {
            assert!(log_file.append("lost\n").is_ok(), "told once");
        }
        log_file.file.room = 1000;
        log_file.append("third line\n").unwrap();
        log_file.append("fourth line\n").unwrap();
        assert_eq!(
            log_file.file.text,
            "first line\nsecond \n(lines are missing here, as this file could not be written)\nthird line\nfourth line\n"
        );
        log_file.file.room = 0;
        assert!(log_file.append("lost\n").is_err(), "told anew");
    }

    #[test]
    fn times_are_utc_to_the_millisecond() {
        let mut waiting = Waiting::default();
        for millis in [0, 1_795_305_600_042, 1_795_305_600_999, 1_795_305_601_000] {
            waiting.add_time(UNIX_EPOCH + Duration::from_millis(millis));
        }
        assert_eq!(
            waiting.text,
            "1970-01-01T00:00:00.000Z 2026-11-22T00:00:00.042Z 2026-11-22T00:00:00.999Z 2026-11-22T00:00:01.000Z "
        );
    }
}
