//! What the log is told while the system lets nobody in, as when all descriptors are in use.
//! No sockets and no clock: moments come in, and what is to be told goes out.

use std::io;
use std::time::{Duration, Instant};

use nix::errno::Errno;

/// How often it is told while it lasts: a log that fills the disk would be the next accident.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// It is over when for so long no attempt has failed. Where each one who leaves makes room for one who waited, attempts
/// succeed and fail in turn, and that is one trouble, not many.
const OVER_AFTER: Duration = Duration::from_secs(5);

/// The trouble that one port has with letting people in, if it has any.
#[derive(Debug, Default)]
pub(super) struct Trouble {
    present: Option<Episode>,
}

#[derive(Debug)]
struct Episode {
    began: Instant,
    told: Instant,
    failed: Instant,
}

impl Trouble {
    /// An attempt has failed at `now`; true if it is time to tell so.
    pub(super) fn failed(&mut self, now: Instant) -> bool {
        match &mut self.present {
            Some(episode) => {
                episode.failed = now;
                let is_due = now.duration_since(episode.told) >= TELL_EVERY;
                if is_due {
                    episode.told = now;
                }
                is_due
            }
            None => {
                self.present = Some(Episode {
                    began: now,
                    told: now,
                    failed: now,
                });
                true
            }
        }
    }

    /// When it is over, unless another attempt fails before.
    pub(super) fn over_at(&self) -> Option<Instant> {
        let episode = self.present.as_ref()?;
        Some(episode.failed + OVER_AFTER)
    }

    /// It is over; says for how long attempts had failed.
    pub(super) fn end(&mut self) -> Duration {
        let episode = self.present.take();
        episode.map_or(Duration::ZERO, |it| it.failed.duration_since(it.began))
    }
}

/// What lets more people in, as the end of a sentence.
pub(super) fn cure(error: &io::Error) -> &'static str {
    match error.raw_os_error().map(Errno::from_raw) {
        Some(Errno::EMFILE) => {
            "; each connection is an open file to the system: allow more of them with `ulimit -Hn` before the next start"
        }
        Some(Errno::ENFILE) => "; close other programs that hold many files open",
        Some(Errno::ENOMEM | Errno::ENOBUFS) => "; close other programs that take much memory",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_failures_a_second_are_told_at_once_and_then_once_a_minute() {
        let began = Instant::now();
        let mut trouble = Trouble::default();
        let told: Vec<u64> = (0..=1800)
            .map(|tenths| tenths * 100)
            .filter(|millis| trouble.failed(began + Duration::from_millis(*millis)))
            .collect();
        assert_eq!(told, [0, 60_000, 120_000, 180_000]);
    }

    #[test]
    fn it_is_over_when_nothing_failed_for_a_while_and_the_next_one_is_told_anew() {
        let began = Instant::now();
        let at = |secs| began + Duration::from_secs(secs);
        let mut trouble = Trouble::default();
        assert_eq!(trouble.over_at(), None);
        assert!(trouble.failed(at(0)));
        assert!(!trouble.failed(at(4)));
        assert_eq!(trouble.over_at(), Some(at(4) + OVER_AFTER));
        assert_eq!(trouble.end(), Duration::from_secs(4));
        assert_eq!(trouble.over_at(), None);
        assert!(trouble.failed(at(20)));
    }
}
