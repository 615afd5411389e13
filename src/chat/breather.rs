//! A pause that is shorter than tokio can make one: its timers go by the millisecond.
//! Who pauses does not know why there is more to do afterwards, and this file does not either.

use std::iter;
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

/// How long the thread sleeps; the system may add as much again before it runs. A commit takes some hundred: the
/// pause is to be short beside the one that it saves. With 150, rooms were slower and no cheaper.
const PAUSE: Duration = Duration::from_micros(50);

/// Somebody who pauses.
type Pausing = oneshot::Sender<()>;

/// One thread that sleeps on behalf of all who pause; it ends with this.
pub(super) struct Breather(mpsc::UnboundedSender<Pausing>);

impl Breather {
    /// Starts the thread. If the system gives none, pauses have no length.
    pub(super) fn start() -> Self {
        let (breather, pausing) = Self::without_thread();
        let _thread = thread::Builder::new()
            .name("breather".to_owned())
            .spawn(|| sleep_for(pausing));
        breather
    }

    /// One whose pauses end when the other end of the channel says so.
    pub(super) fn without_thread() -> (Self, mpsc::UnboundedReceiver<Pausing>) {
        let (pausing, incoming) = mpsc::unbounded_channel();
        (Self(pausing), incoming)
    }

    /// Ready after the pause, or earlier if one is under way already.
    pub(super) async fn pause(&self) {
        let (over, is_over) = oneshot::channel();
        if self.0.send(over).is_ok() {
            // Fails if the thread could not be started.
            let _over = is_over.await;
        }
    }
}

fn sleep_for(mut pausing: mpsc::UnboundedReceiver<Pausing>) {
    while let Some(first) = pausing.blocking_recv() {
        thread::sleep(PAUSE);
        let others = iter::from_fn(|| pausing.try_recv().ok());
        for over in iter::once(first).chain(others) {
            // Who gave up waiting need not know.
            let _sent = over.send(());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn a_pause_lasts_as_long_as_the_thread_sleeps() {
        let breather = Breather::start();
        let begin = Instant::now();
        for _ in 0..10 {
            breather.pause().await;
        }
        assert!(begin.elapsed() >= PAUSE * 10);
    }

    #[tokio::test]
    async fn nobody_waits_for_a_thread_that_is_not_there() {
        let (breather, pausing) = Breather::without_thread();
        drop(pausing);
        breather.pause().await;
    }
}
