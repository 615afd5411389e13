//! A thread that takes news of connections from a queue and has them written, however slow that is.
//! What is written, and where, is known to those who start it.

use std::io;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::wire::log::queue::Queue;
use crate::wire::log::{About, News, Sink};

/// Takes news from anywhere, and makes nobody wait.
pub struct QueueWriter {
    queue: Arc<Queue>,
    /// Ends with the thread.
    running: Mutex<Receiver<()>>,
}

impl QueueWriter {
    /// Starts a thread of this `name` that does `write` until that returns: because the queue was closed and is empty, or
    /// because nothing can be written any more. From then on news is no longer taken. Of news, about so many bytes may wait.
    ///
    /// # Errors
    /// If no thread can be started.
    pub fn spawn(
        name: &str,
        waiting_bytes_max: usize,
        write: impl FnOnce(&Queue) + Send + 'static,
    ) -> io::Result<Self> {
        let queue = Arc::new(Queue::new(waiting_bytes_max));
        let waiting = Arc::clone(&queue);
        let (is_running, running) = channel();
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(move || {
                write(&waiting);
                waiting.close();
                // What nobody will write takes no memory.
                while waiting.take().is_some() {}
                drop(is_running);
            })?;
        Ok(Self {
            queue,
            running: Mutex::new(running),
        })
    }

    /// Has written what waits, and takes no more. Waits for it, but no longer than this: what does not answer, be it a disk or
    /// a terminal that nobody reads, must not keep the program from ending.
    pub fn finish(&self, within: Duration) {
        self.queue.close();
        self.wait(within);
    }

    /// Until the thread has ended, but no longer than this.
    pub(crate) fn wait(&self, within: Duration) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        // Nothing is ever sent: it ends with the thread.
        let _ = running.recv_timeout(within);
    }

    #[cfg(test)]
    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }
}

impl Sink for QueueWriter {
    fn take(&self, about: &Arc<About>, news: &News<'_>) {
        self.queue.put(about, news);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::log::queue::What;

    /// Longer than anything here takes.
    const PATIENCE: Duration = Duration::from_secs(30);

    fn about(number: u64) -> Arc<About> {
        Arc::new(About {
            number,
            client: "127.0.0.1:50000".parse().unwrap(),
            server: "127.0.0.1:8080".parse().unwrap(),
            is_tls_port: false,
            opened_ns: 0,
        })
    }

    #[test]
    fn what_waits_is_written_before_it_has_finished() {
        let (write, written) = channel();
        let writer = QueueWriter::spawn("writer", 1 << 20, move |waiting| {
            while let Some(items) = waiting.take() {
                for item in items {
                    assert!(matches!(item.what, What::Opened(_)));
                    write.send(item.number).unwrap();
                }
            }
        })
        .unwrap();
        for number in 0..100 {
            writer.take(&about(number), &News::Opened);
        }
        writer.finish(PATIENCE);
        assert!(written.try_iter().eq(0..100));
    }

    #[test]
    fn one_that_gives_up_takes_no_more() {
        let writer = QueueWriter::spawn("writer", 1 << 20, |_| {}).unwrap();
        writer.wait(PATIENCE);
        writer.take(&about(1), &News::Opened);
        assert!(writer.queue.take().is_none());
    }

    #[test]
    fn nobody_waits_for_what_does_not_answer() {
        let (answer, asked) = channel::<()>();
        let writer = QueueWriter::spawn("writer", 1 << 20, move |_| {
            let _ = asked.recv();
        })
        .unwrap();
        writer.finish(Duration::from_millis(1));
        drop(answer);
        writer.finish(PATIENCE);
    }
}
