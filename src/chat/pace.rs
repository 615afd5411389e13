//! How fast one may go: a bucket of tokens that fills with time, for one page, or for each user or address.
//! No clock: moments are handed in.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many paces are remembered before the full ones are looked for and forgotten.
const REMEMBERED_MIN: usize = 1024;

/// A bucket that holds `burst` tokens and gets a new one in each `every`.
#[derive(Debug, Clone)]
pub struct Pace {
    every: Duration,
    burst: u32,
    /// When the bucket will be full again. Later than now by one token's time for each token missing.
    full_at: Instant,
}

impl Pace {
    /// A full bucket. `every` counts as a nanosecond at least, `burst` as 1.
    #[must_use]
    pub fn new(every: Duration, burst: u32, now: Instant) -> Self {
        Self {
            every: every.max(Duration::from_nanos(1)),
            burst: burst.max(1),
            full_at: now,
        }
    }

    /// Takes one token.
    ///
    /// # Errors
    /// How long to wait for the next one, if there is none; never zero.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        let full_at = self.full_at.max(now) + self.every;
        let missing = full_at - now;
        let room = self.every * self.burst;
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

/// One bucket for each `K`: a user, or an address.
#[derive(Debug)]
pub struct Paces<K> {
    every: Duration,
    burst: u32,
    used: Mutex<Used<K>>,
}

#[derive(Debug)]
struct Used<K> {
    paces: HashMap<K, Pace>,
    forget_at_len: usize,
}

impl<K: Eq + Hash> Paces<K> {
    /// Full buckets for everybody.
    #[must_use]
    pub fn new(every: Duration, burst: u32) -> Self {
        let used = Used {
            paces: HashMap::new(),
            forget_at_len: REMEMBERED_MIN,
        };
        Self {
            every,
            burst,
            used: Mutex::new(used),
        }
    }

    /// Takes one token of `key`'s.
    ///
    /// # Errors
    /// How long to wait for the next one, if there is none; never zero.
    pub fn take(&self, key: K, now: Instant) -> Result<(), Duration> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.paces.len() >= used.forget_at_len {
            used.paces.retain(|_, pace| !pace.is_full(now));
            // Not before there are twice as many: looking through all of them must stay rare.
            used.forget_at_len = (used.paces.len() * 2).max(REMEMBERED_MIN);
        }
        used.paces
            .entry(key)
            .or_insert_with(|| Pace::new(self.every, self.burst, now))
            .take(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::UserId;

    #[test]
    fn ten_pass_at_once_and_then_one_every_tenth_of_a_second() {
        let start = Instant::now();
        let mut pace = Pace::new(Duration::from_millis(100), 10, start);
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
        let mut pace = Pace::new(Duration::from_millis(100), 10, start);
        assert!(pace.is_full(start));
        for _ in 0..10 {
            assert_eq!(pace.take(start), Ok(()));
        }
        assert!(!pace.is_full(start + Duration::from_millis(999)));
        let later = start + Duration::from_secs(3600);
        assert!(pace.is_full(later));
        assert_eq!((0..20).filter(|_| pace.take(later).is_ok()).count(), 10);
    }

    #[test]
    fn users_have_a_pace_each_and_full_ones_are_forgotten() {
        let start = Instant::now();
        let paces = Paces::new(Duration::from_secs(1), 1);
        let many = i64::try_from(REMEMBERED_MIN).unwrap();
        for user in 0..many {
            assert_eq!(paces.take(UserId(user), start), Ok(()));
            assert_eq!(paces.take(UserId(user), start), Err(Duration::from_secs(1)));
        }
        let len = || paces.used.lock().unwrap().paces.len();
        assert_eq!(len(), REMEMBERED_MIN);
        // None is full yet: all stay, whatever it costs.
        assert_eq!(paces.take(UserId(many), start), Ok(()));
        assert_eq!(len(), REMEMBERED_MIN + 1);
        let later = start + Duration::from_secs(1);
        for user in many + 1..many * 2 {
            assert_eq!(paces.take(UserId(user), later), Ok(()));
        }
        assert_eq!(len(), REMEMBERED_MIN * 2);
        assert_eq!(paces.take(UserId(-1), later), Ok(()));
        assert_eq!(len(), REMEMBERED_MIN, "those who took theirs just now");
    }
}
