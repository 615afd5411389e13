//! The log: one line per request and per connection event, to the terminal and perhaps to a file.
//! Never a password, cookie, token or message: whoever writes a line hands in only what may stand in it.

use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::http::date::Civil;

/// How many lines may wait for a slow terminal or disk. Beyond it lines are lost, and counted:
/// a log that is not read must not stop the chat.
const LINES_WAITING_MAX: usize = 8192;

/// How many lines are written at once.
const LINES_TOGETHER_MAX: usize = 256;

/// How long the last lines may take to be written when the program ends.
const FINISH_MAX: Duration = Duration::from_millis(500);
const FINISH_LOOK_EVERY: Duration = Duration::from_millis(2);

/// Takes lines from anywhere, and has a thread of its own write them.
#[derive(Debug)]
pub struct Log {
    lines: Mutex<Option<SyncSender<String>>>,
    lost: AtomicU64,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Log {
    /// Writes to standard error, and to `file` too if there is one.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn start(file: Option<File>) -> io::Result<Self> {
        let (lines, waiting) = sync_channel(LINES_WAITING_MAX);
        let writer = std::thread::Builder::new()
            .name("log".to_owned())
            .spawn(move || write_lines(&waiting, file))?;
        Ok(Self {
            lines: Mutex::new(Some(lines)),
            lost: AtomicU64::new(0),
            writer: Mutex::new(Some(writer)),
        })
    }

    /// A log that nobody reads: for tests.
    #[must_use]
    pub fn silent() -> Self {
        Self {
            lines: Mutex::new(None),
            lost: AtomicU64::new(0),
            writer: Mutex::new(None),
        }
    }

    /// Adds a line, with the time in front. Never waits.
    pub fn line(&self, text: fmt::Arguments<'_>) {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(lines) = lines.as_ref() else { return };
        let mut line = String::with_capacity(128);
        write_time(&mut line, SystemTime::now());
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            let _ = write!(line, "({lost} lines were lost here, they came too fast) ");
        }
        let _ = line.write_fmt(text);
        line.push('\n');
        if let Err(TrySendError::Full(_)) = lines.try_send(line) {
            self.lost.fetch_add(lost + 1, Ordering::Relaxed);
        }
    }

    /// Writes out what waits, and takes no more lines.
    pub fn finish(&self) {
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
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

/// Writes a line: `log!(app.log, "{} connected", peer)`.
#[macro_export]
macro_rules! log {
    ($log:expr, $($text:tt)+) => { $log.line(format_args!($($text)+)) };
}

fn write_lines(waiting: &Receiver<String>, mut file: Option<File>) {
    let mut together = String::new();
    let mut is_failing = false;
    while let Ok(line) = waiting.recv() {
        together.clear();
        together.push_str(&line);
        together.extend(waiting.try_iter().take(LINES_TOGETHER_MAX));
        // A closed terminal is no reason to stop; there is nobody left to tell.
        let _ = io::stderr().lock().write_all(together.as_bytes());
        let written = file
            .as_mut()
            .map_or(Ok(()), |file| file.write_all(together.as_bytes()));
        if let Err(error) = &written
            && !is_failing
        {
            // Said once for each time it happens; the terminal goes on, and so does the chat.
            let _ = writeln!(
                io::stderr(),
                "The log file cannot be written ({error}): lines are missing from it until it can."
            );
        }
        is_failing = written.is_err();
    }
}

/// `2026-11-22T23:40:01.123Z `: UTC, so that logs of two machines can be laid side by side.
fn write_time(line: &mut String, now: SystemTime) {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let t = Civil::from_unix(since.as_secs());
    let _ = write!(
        line,
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z ",
        t.year,
        t.month,
        t.day,
        t.hour,
        t.minute,
        t.second,
        since.subsec_millis()
    );
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
            crate::log!(log, "line {number}");
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
    fn times_are_utc_to_the_millisecond() {
        let mut line = String::new();
        write_time(
            &mut line,
            UNIX_EPOCH + Duration::from_millis(1_795_305_600_042),
        );
        assert_eq!(line, "2026-11-22T00:00:00.042Z ");
    }
}
