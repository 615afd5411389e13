//! `--trace`: a transcript of all connections on standard output, while they happen.
//! Carries news from the connections to a thread of its own, and writes; what is written is known to `wire::transcript`.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io::{self, IsTerminal as _, Write};
use std::sync::Arc;
use std::time::Duration;

use crate::config::Eyes;
use crate::octets::counted;
use crate::queue_writer::QueueWriter;
use crate::wire::decrypt::Secrets;
use crate::wire::event::{self, Event};
use crate::wire::log::queue::{Item, Queue, What};
use crate::wire::log::{About, News, Sink};
use crate::wire::transcript::{Opening, Palette, Transcript};

/// How much news may wait for a slow terminal, in bytes. Beyond it bytes are left out, and counted: the chat does not wait.
const WAITING_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How much of one connection is followed, and of all that are open together, in bytes: a transcript has to keep what it has
/// told. A chat of a day stays far below; a large download does not, and its bytes look all the same.
const FOLLOWED_BYTES_MAX: usize = 16 * 1024 * 1024;
const FOLLOWED_BYTES_MAX_IN_ALL: usize = 128 * 1024 * 1024;

/// How long the last lines may take to be written when the program ends.
const FINISH_MAX: Duration = Duration::from_millis(500);

/// The transcript of all connections.
pub struct Trace {
    writer: QueueWriter,
}

impl Trace {
    /// To standard output; in colours if that is a terminal, unless the environment asks for none.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn to_stdout(eyes: Eyes, no_color: bool) -> io::Result<Self> {
        let palette = Palette::chosen(io::stdout().is_terminal(), no_color);
        Self::start(eyes, palette, WAITING_BYTES_MAX, io::stdout())
    }

    /// To `out`, while at most so many bytes of news wait.
    fn start(
        eyes: Eyes,
        palette: Palette,
        waiting_bytes_max: usize,
        out: impl Write + Send + 'static,
    ) -> io::Result<Self> {
        let mut writer = Writer {
            eyes,
            palette,
            followed: HashMap::new(),
            bytes: 0,
        };
        let write = move |waiting: &Queue| writer.write_all(waiting, out);
        let writer = QueueWriter::spawn("trace", waiting_bytes_max, write)?;
        Ok(Self { writer })
    }

    /// Writes out what waits, and takes no more.
    pub fn finish(&self) {
        self.writer.finish(FINISH_MAX);
    }
}

impl Sink for Trace {
    fn take(&self, about: &Arc<About>, news: &News<'_>) {
        self.writer.take(about, news);
    }
}

/// All connections that have not ended, while they are told.
struct Writer {
    eyes: Eyes,
    palette: Palette,
    followed: HashMap<u64, Followed>,
    /// Of all of them together.
    bytes: usize,
}

/// One connection while it is told.
struct Followed {
    transcript: Transcript,
    bytes: usize,
}

impl Writer {
    /// Until the queue is closed and empty, or nobody reads what is written.
    fn write_all(&mut self, waiting: &Queue, mut out: impl Write) {
        while let Some(items) = waiting.take() {
            for item in items {
                let text = self.tell(item);
                if out.write_all(text.as_bytes()).is_err() {
                    return;
                }
            }
            if out.flush().is_err() {
                return;
            }
        }
    }

    fn tell(&mut self, item: Item) -> String {
        let number = item.number;
        let what = match item.what {
            What::Opened(about) => return self.open(&about),
            What::Unseen { connections } => {
                return format!(
                    "(not shown here, since this output was too slow: {})\n",
                    counted(connections, "connection")
                );
            }
            other => other,
        };
        let Some(Followed { transcript, .. }) = self.followed.get_mut(&number) else {
            return String::new();
        };
        match what {
            What::Secret(line) => {
                transcript.learn(line);
                String::new()
            }
            What::Event(event) => {
                let text = transcript.push(&event);
                text + &self.count(number, &event)
            }
            What::Left { bytes } => transcript.remark(&format!(
                "not shown here, since this output was too slow: {}",
                counted(bytes, "byte")
            )),
            What::Ended { time_ns, why } => {
                let text = transcript.finish(Some((time_ns, &why)));
                self.leave(number);
                text
            }
            What::Opened(_) | What::Unseen { .. } => String::new(),
        }
    }

    /// Counts what is held now, and says so where a connection can be followed no further.
    fn count(&mut self, number: u64, event: &Event) -> String {
        let (event::What::Bytes(bytes), Some(followed)) =
            (&event.what, self.followed.get_mut(&number))
        else {
            return String::new();
        };
        followed.bytes += bytes.len();
        self.bytes += bytes.len();
        if followed.bytes <= FOLLOWED_BYTES_MAX && self.bytes <= FOLLOWED_BYTES_MAX_IN_ALL {
            return String::new();
        }
        let text = followed.transcript.remark(&format!(
            "this connection is followed no further: its first {} bytes are all that there is room for",
            followed.bytes
        ));
        self.leave(number);
        text
    }

    fn leave(&mut self, number: u64) {
        if let Some(followed) = self.followed.remove(&number) {
            self.bytes -= followed.bytes;
        }
    }

    fn open(&mut self, about: &About) -> String {
        let opening = Opening {
            number: about.number,
            client: about.client,
            server: about.server,
            opened_ns: about.opened_ns,
        };
        let secrets = match self.eyes {
            Eyes::Server => Some(Secrets::default()),
            Eyes::Eve => None,
        };
        let transcript = Transcript::new(opening, secrets, self.palette);
        let text = transcript.opening();
        let bytes = 0;
        self.followed
            .insert(about.number, Followed { transcript, bytes });
        text
    }
}
