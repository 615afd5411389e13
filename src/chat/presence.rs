//! Who is there: counts the open sockets of each user, and gathers arrivals and departures into changes.
//! No sockets and no clock: moments are handed in, so that a test needs no waiting.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use crate::model::UserId;

/// How long changes gather before they are told. A room into which a thousand people come within
/// a second then hears it four times, not a thousand times.
pub const GATHER: Duration = Duration::from_millis(250);

/// How long somebody without a socket still counts as there: changing from one page to another, or a moment
/// without a network, is no departure.
pub const GRACE: Duration = Duration::from_secs(2);

/// Who is there, and what of it has not been told yet.
#[derive(Debug, Default)]
pub struct Presence {
    /// The sockets of each user, by client address.
    sockets: HashMap<UserId, BTreeMap<IpAddr, usize>>,
    /// Who was told to be there, and at which addresses.
    told: HashMap<UserId, Vec<IpAddr>>,
    /// Who may have to be told anew.
    news: HashSet<UserId>,
    /// Since when there is something to tell about those in `news`.
    news_since: Option<Instant>,
    /// Who has no socket any more, since when.
    leaving: HashMap<UserId, Instant>,
}

/// What is to be told.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// New, or at other addresses.
    pub arrived: Vec<UserId>,
    /// Gone.
    pub departed: Vec<UserId>,
}

impl Presence {
    /// A socket of `user` opened.
    pub fn arrive(&mut self, user: UserId, address: IpAddr, now: Instant) {
        *self
            .sockets
            .entry(user)
            .or_default()
            .entry(address)
            .or_default() += 1;
        self.leaving.remove(&user);
        self.note(user, now);
    }

    /// A socket of `user` closed.
    pub fn depart(&mut self, user: UserId, address: IpAddr, now: Instant) {
        let Some(sockets) = self.sockets.get_mut(&user) else {
            return;
        };
        let Some(count) = sockets.get_mut(&address) else {
            return;
        };
        *count -= 1;
        if *count > 0 {
            return;
        }
        sockets.remove(&address);
        if sockets.is_empty() {
            self.sockets.remove(&user);
            self.leaving.insert(user, now);
        } else {
            self.note(user, now);
        }
    }

    /// Everybody who is there now, those within their grace included.
    pub fn everyone(&self) -> impl Iterator<Item = UserId> {
        self.sockets.keys().chain(self.leaving.keys()).copied()
    }

    /// Where `user` is, in a fixed order.
    #[must_use]
    pub fn addresses(&self, user: UserId) -> Vec<IpAddr> {
        self.sockets
            .get(&user)
            .map(|sockets| sockets.keys().copied().collect())
            .unwrap_or_default()
    }

    /// When `take_due` will have something to say; `None` if nothing is under way.
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        let departures = self.leaving.values().min().map(|&since| since + GRACE);
        let arrivals = self.news_since.map(|since| since + GATHER);
        departures.into_iter().chain(arrivals).min()
    }

    /// What is to be told at `now`; `None` if nothing is.
    pub fn take_due(&mut self, now: Instant) -> Option<Changes> {
        let mut changes = Changes::default();
        if self.news_since.is_some_and(|since| since + GATHER <= now) {
            self.news_since = None;
            for user in std::mem::take(&mut self.news) {
                let addresses = self.addresses(user);
                // Who left meanwhile is not announced, and another tab is no news.
                if !addresses.is_empty() && self.told.get(&user) != Some(&addresses) {
                    self.told.insert(user, addresses);
                    changes.arrived.push(user);
                }
            }
        }
        let gone: Vec<UserId> = self
            .leaving
            .iter()
            .filter(|(_, since)| **since + GRACE <= now)
            .map(|(user, _)| *user)
            .collect();
        for user in gone {
            self.leaving.remove(&user);
            if self.told.remove(&user).is_some() {
                changes.departed.push(user);
            }
        }
        changes.arrived.sort_unstable();
        changes.departed.sort_unstable();
        (changes != Changes::default()).then_some(changes)
    }

    fn note(&mut self, user: UserId, now: Instant) {
        self.news.insert(user);
        self.news_since.get_or_insert(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANA: UserId = UserId(1);
    const BEN: UserId = UserId(2);

    fn home() -> IpAddr {
        [127, 0, 0, 1].into()
    }

    fn away() -> IpAddr {
        [192, 0, 2, 7].into()
    }

    fn changes(arrived: &[UserId], departed: &[UserId]) -> Option<Changes> {
        Some(Changes {
            arrived: arrived.to_vec(),
            departed: departed.to_vec(),
        })
    }

    #[test]
    fn arrivals_gather_and_are_told_once() {
        let start = Instant::now();
        let mut presence = Presence::default();
        assert_eq!(presence.next_due(), None);
        presence.arrive(BEN, home(), start);
        presence.arrive(ANA, home(), start + GATHER / 2);
        assert_eq!(presence.next_due(), Some(start + GATHER));
        assert_eq!(
            presence.take_due(start + GATHER - Duration::from_millis(1)),
            None
        );
        assert_eq!(presence.take_due(start + GATHER), changes(&[ANA, BEN], &[]));
        assert_eq!(presence.take_due(start + GATHER * 9), None);
        assert_eq!(presence.next_due(), None);
    }

    #[test]
    fn several_tabs_of_one_user_are_one_user() {
        let start = Instant::now();
        let mut presence = Presence::default();
        presence.arrive(ANA, home(), start);
        presence.arrive(ANA, home(), start);
        assert_eq!(presence.take_due(start + GATHER), changes(&[ANA], &[]));
        presence.depart(ANA, home(), start + GATHER);
        assert_eq!(presence.take_due(start + GRACE * 9), None);
        assert_eq!(presence.everyone().collect::<Vec<_>>(), [ANA]);
    }

    #[test]
    fn another_address_is_told_and_its_end_too() {
        let start = Instant::now();
        let mut presence = Presence::default();
        presence.arrive(ANA, home(), start);
        presence.take_due(start + GATHER);
        presence.arrive(ANA, away(), start + GATHER);
        assert_eq!(presence.take_due(start + GATHER * 2), changes(&[ANA], &[]));
        assert_eq!(presence.addresses(ANA), [home(), away()]);
        presence.depart(ANA, home(), start + GATHER * 2);
        assert_eq!(presence.take_due(start + GATHER * 3), changes(&[ANA], &[]));
        assert_eq!(presence.addresses(ANA), [away()]);
    }

    #[test]
    fn a_page_change_is_no_departure_and_a_departure_waits_for_its_grace() {
        let start = Instant::now();
        let mut presence = Presence::default();
        presence.arrive(ANA, home(), start);
        presence.take_due(start + GATHER);
        let left = start + GATHER;
        presence.depart(ANA, home(), left);
        presence.arrive(ANA, home(), left + GRACE / 2);
        assert_eq!(presence.take_due(left + GRACE * 2), None);

        let left = left + GRACE * 2;
        presence.depart(ANA, home(), left);
        assert_eq!(presence.next_due(), Some(left + GRACE));
        assert_eq!(
            presence.take_due(left + GRACE - Duration::from_millis(1)),
            None
        );
        assert_eq!(presence.take_due(left + GRACE), changes(&[], &[ANA]));
        assert_eq!(presence.everyone().count(), 0);
    }

    #[test]
    fn who_came_and_went_unnoticed_is_not_told() {
        let start = Instant::now();
        let mut presence = Presence::default();
        presence.arrive(ANA, home(), start);
        presence.depart(ANA, home(), start);
        assert_eq!(presence.take_due(start + GATHER), None);
        assert_eq!(presence.take_due(start + GRACE), None);
        assert_eq!(presence.next_due(), None);
        // A socket nobody counted is no reason to count below zero.
        presence.depart(BEN, home(), start);
        assert_eq!(presence.everyone().count(), 0);
    }
}
