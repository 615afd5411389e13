//! How fast one may go: a bucket of tokens that fills with time.
//! No clock: moments are handed in.

use std::time::{Duration, Instant};

/// A bucket that holds `burst` tokens and gets `per_second` new ones.
#[derive(Debug, Clone)]
pub struct Pace {
    per_second: u32,
    burst: u32,
    /// When the bucket will be full again. Later than now by one token's time for each token missing.
    full_at: Instant,
}

impl Pace {
    /// A full bucket. `per_second` and `burst` count as 1 at least.
    #[must_use]
    pub fn new(per_second: u32, burst: u32, now: Instant) -> Self {
        Self {
            per_second: per_second.max(1),
            burst: burst.max(1),
            full_at: now,
        }
    }

    /// Takes one token.
    ///
    /// # Errors
    /// How long to wait for the next one, if there is none; never zero.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let token = Duration::from_secs(1) / self.per_second;
        let full_at = self.full_at.max(now) + token;
        let missing = full_at - now;
        let room = token * self.burst;
        if missing > room {
            return Err(missing - room);
        }
        self.full_at = full_at;
        Ok(())
    }

    /// Whether the bucket is full: then a new one would be the same.
    #[must_use]
    pub fn is_full(&self, now: Instant) -> bool {
        self.full_at <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_pass_at_once_and_then_one_every_tenth_of_a_second() {
        let start = Instant::now();
        let mut pace = Pace::new(10, 10, start);
        for _ in 0..10 {
            assert_eq!(pace.take(start), Ok(()));
        }
        assert_eq!(pace.take(start), Err(Duration::from_millis(100)));
        assert_eq!(
            pace.take(start + Duration::from_millis(60)),
            Err(Duration::from_millis(40))
        );
        assert_eq!(pace.take(start + Duration::from_millis(100)), Ok(()));
        assert_eq!(
            pace.take(start + Duration::from_millis(100)),
            Err(Duration::from_millis(100))
        );
    }

    #[test]
    fn a_rest_fills_the_bucket_but_never_over_its_rim() {
        let start = Instant::now();
        let mut pace = Pace::new(10, 10, start);
        assert!(pace.is_full(start));
        for _ in 0..10 {
            assert_eq!(pace.take(start), Ok(()));
        }
        assert!(!pace.is_full(start + Duration::from_millis(999)));
        let later = start + Duration::from_secs(3600);
        assert!(pace.is_full(later));
        assert_eq!((0..20).filter(|_| pace.take(later).is_ok()).count(), 10);
    }
}
