//! Slows down those who guess passwords: counts failures, and says how long to wait.
//! No passwords, storage or clock: the caller brings a name, an address and the time.
//!
//! Failures are counted twice: per name and address together, and per address. Not per name
//! alone, or a stranger could lock the owner of a name out from anywhere. A few failures are
//! free, then each one doubles the wait before the next try, up to a minute.
//!
//! A try counts from its beginning, as if it had failed already; else a thousand guesses sent at
//! once would all pass before the first of them failed.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::model::UserName;

/// Failures for one name from one address before waits begin: somebody who tries the three
/// passwords they have, and mistypes two, should not notice us.
pub const PAIR_FAILURES_FREE: u32 = 5;

/// Failures from one address before waits begin, whatever the names: a whole course may sit
/// behind one address, and each of its members mistypes once.
pub const ADDRESS_FAILURES_FREE: u32 = 100;

/// The first wait; the ones after it double.
const WAIT_FIRST: Duration = Duration::from_secs(1);

/// The longest wait: a guesser is left sixty tries an hour, and an owner who has forgotten which
/// password it was still gets through in one sitting.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// After this long without a failure all is forgotten. Long enough that it does not pay for a
/// guesser to rest: that gives five tries an hour in place of sixty.
const FORGET_AFTER: Duration = Duration::from_secs(60 * 60);

/// The most entries in each of the two tables (about a megabyte each).
///
/// When one is full, the entry with the fewest failures makes room, among equals the oldest. So
/// whoever wants to lose an entry of their own has to fill the table with worse ones, and each
/// failure costs them one argon2 at our pace. Names are cheap to invent, but all of them count
/// for the address, and addresses have a table of their own.
const ENTRIES_MAX: usize = 10_000;

/// Counts the failures of all who log in.
#[derive(Debug)]
pub struct Throttle {
    tables: Mutex<Tables>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self::with_entries_max(ENTRIES_MAX)
    }
}

impl Throttle {
    /// Lets a try begin, or says how long to wait before the next one.
    ///
    /// # Errors
    /// The time after which it is worth trying again; never zero.
    pub fn begin(
        &self,
        name: &UserName,
        address: IpAddr,
        now: Instant,
    ) -> Result<Attempt<'_>, Duration> {
        let network = Network::of(address);
        let pair = (name.key(), network);
        let mut tables = self.lock();
        let wait = tables
            .pairs
            .wait(&pair, now)
            .max(tables.addresses.wait(&network, now));
        if !wait.is_zero() {
            return Err(wait);
        }
        if !(tables.pairs.make_room(&pair, now) && tables.addresses.make_room(&network, now)) {
            return Err(WAIT_FIRST);
        }
        tables.pairs.begin(pair.clone());
        tables.addresses.begin(network);
        drop(tables);
        Ok(Attempt {
            throttle: self,
            pair,
            // What becomes of a try that nobody settles: its caller went away in the middle, and
            // the work was done for them.
            outcome: Outcome::Failed(now),
        })
    }

    fn with_entries_max(entries_max: usize) -> Self {
        Self {
            tables: Mutex::new(Tables {
                pairs: Table::new(PAIR_FAILURES_FREE, entries_max),
                addresses: Table::new(ADDRESS_FAILURES_FREE, entries_max),
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        // Counts are whole after every step, so a panic elsewhere leaves nothing broken behind.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One try under way. Dropped without a word it counts as a failure.
#[must_use = "a try that is dropped counts as a failure"]
#[derive(Debug)]
pub struct Attempt<'a> {
    throttle: &'a Throttle,
    pair: (String, Network),
    outcome: Outcome,
}

impl Attempt<'_> {
    /// The password was right: this name's failures from this address are forgotten. Those of
    /// the address are not, or a guesser would clear them by logging in as themselves.
    pub fn succeeded(mut self) {
        self.outcome = Outcome::Succeeded;
    }

    /// The name or the password was wrong.
    pub fn failed(mut self, now: Instant) {
        self.outcome = Outcome::Failed(now);
    }

    /// Nothing was compared, so nothing was learned: the server was busy, or the disk failed.
    pub fn withdrawn(mut self) {
        self.outcome = Outcome::Withdrawn;
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut tables = self.throttle.lock();
        let address_outcome = match self.outcome {
            Outcome::Succeeded => Outcome::Withdrawn,
            other => other,
        };
        tables.pairs.settle(&self.pair, self.outcome);
        tables.addresses.settle(&self.pair.1, address_outcome);
    }
}

#[derive(Debug, Clone, Copy)]
enum Outcome {
    Succeeded,
    Failed(Instant),
    Withdrawn,
}

/// What counts as one address: an IPv4 address, or an IPv6 /64, which is what one customer gets
/// at least (RFC 6177); within it they pick from 2^64 addresses as they like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Network(IpAddr);

impl Network {
    pub(super) fn of(address: IpAddr) -> Self {
        // An IPv4 peer of an IPv6 socket shows up as ::ffff:a.b.c.d, all of which share one /64.
        match address.to_canonical() {
            IpAddr::V6(v6) => Self(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into()),
            v4 @ IpAddr::V4(_) => Self(v4),
        }
    }
}

#[derive(Debug)]
struct Tables {
    pairs: Table<(String, Network)>,
    addresses: Table<Network>,
}

/// Keys that have failures or tries under way; an entry with neither is not kept.
#[derive(Debug)]
struct Table<K> {
    tallies: HashMap<K, Tally>,
    failures_free: u32,
    entries_max: usize,
}

#[derive(Debug, Default)]
struct Tally {
    failures: u32,
    under_way: u32,
    last_failure: Option<Instant>,
}

impl<K: Hash + Eq + Clone> Table<K> {
    fn new(failures_free: u32, entries_max: usize) -> Self {
        Self {
            tallies: HashMap::new(),
            failures_free,
            entries_max,
        }
    }

    /// How long this key has to wait; zero if it may try now.
    fn wait(&self, key: &K, now: Instant) -> Duration {
        let Some(tally) = self.tallies.get(key) else {
            return Duration::ZERO;
        };
        let failures = tally.failures_at(now);
        if failures.saturating_add(tally.under_way) < self.failures_free {
            return Duration::ZERO;
        }
        if tally.under_way > 0 {
            // Those under way have taken what was free. Who is past that goes one by one.
            return WAIT_FIRST;
        }
        let doublings = failures.saturating_sub(self.failures_free);
        let wait = WAIT_FIRST
            .saturating_mul(2_u32.saturating_pow(doublings))
            .min(WAIT_MAX);
        tally.last_failure.map_or(Duration::ZERO, |failed_at| {
            wait.saturating_sub(now.saturating_duration_since(failed_at))
        })
    }

    /// Whether there is room for `key`, if need be at the cost of another entry.
    ///
    /// Looks at all entries when the table is full: little beside the argon2 that follows.
    fn make_room(&mut self, key: &K, now: Instant) -> bool {
        if self.tallies.contains_key(key) || self.tallies.len() < self.entries_max {
            return true;
        }
        self.tallies
            .retain(|_, tally| tally.under_way > 0 || tally.failures_at(now) > 0);
        if self.tallies.len() < self.entries_max {
            return true;
        }
        let mildest = self
            .tallies
            .iter()
            .filter(|(_, tally)| tally.under_way == 0)
            .min_by_key(|(_, tally)| (tally.failures, tally.last_failure))
            .map(|(key, _)| key.clone());
        mildest.is_some_and(|key| self.tallies.remove(&key).is_some())
    }

    fn begin(&mut self, key: K) {
        let tally = self.tallies.entry(key).or_default();
        tally.under_way = tally.under_way.saturating_add(1);
    }

    fn settle(&mut self, key: &K, outcome: Outcome) {
        let Some(tally) = self.tallies.get_mut(key) else {
            return;
        };
        tally.under_way = tally.under_way.saturating_sub(1);
        match outcome {
            Outcome::Succeeded => tally.failures = 0,
            Outcome::Failed(at) => {
                tally.failures = tally.failures_at(at).saturating_add(1);
                // Tries under way at once may fail in any order.
                tally.last_failure = tally.last_failure.max(Some(at));
            }
            Outcome::Withdrawn => {}
        }
        if tally.failures == 0 && tally.under_way == 0 {
            self.tallies.remove(key);
        }
    }
}

impl Tally {
    /// The failures that still count at `now`.
    fn failures_at(&self, now: Instant) -> u32 {
        match self.last_failure {
            Some(at) if now.saturating_duration_since(at) < FORGET_AFTER => self.failures,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests;
