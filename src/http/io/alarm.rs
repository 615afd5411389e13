//! A timer for what is put off again and again: the time that a connection may be idle.
//! No bytes: what happens when it rings is for whoever waits.

use std::pin::Pin;

use tokio::time::{Instant, Sleep, sleep_until};

/// An alarm that is put off much more often than it rings. To put it off costs nothing: it goes off when it was set for
/// first, sees that this was too early, and sleeps on.
#[derive(Debug)]
pub(super) struct Alarm(Pin<Box<Sleep>>);

impl Alarm {
    pub(super) fn set_for(first: Instant) -> Self {
        Self(Box::pin(sleep_until(first)))
    }

    /// Ready at `until`.
    pub(super) async fn at(&mut self, until: Instant) {
        if self.0.deadline() > until {
            self.0.as_mut().reset(until);
        }
        loop {
            self.0.as_mut().await;
            if self.0.deadline() >= until {
                return;
            }
            self.0.as_mut().reset(until);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::timeout_at;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_alarm_rings_at_the_time_it_was_set_for_last() {
        let start = Instant::now();
        let at = |secs| start + Duration::from_secs(secs);
        let is_now =
            |secs| (at(secs)..at(secs) + Duration::from_millis(2)).contains(&Instant::now());
        let mut alarm = Alarm::set_for(at(10));
        for (set_for, waited_until) in [(60, 5), (65, 30), (90, 64), (95, 94)] {
            let waiting = timeout_at(at(waited_until), alarm.at(at(set_for)));
            assert!(
                waiting.await.is_err(),
                "put off to {set_for}, it rang earlier"
            );
        }
        alarm.at(at(95)).await;
        assert!(is_now(95));
        assert!(timeout_at(at(96), alarm.at(at(500))).await.is_err());
        alarm.at(at(97)).await;
        assert!(is_now(97), "brought forward, it rang later");
    }
}
