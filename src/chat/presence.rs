//! Who is there: counts the open sockets of each user, and gathers arrivals and departures into changes.
//! No sockets and no clock: moments are handed in, so that a test needs no waiting.

use std::collections::{HashMap, HashSet};
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
    /// The sockets of each user.
    sockets: HashMap<UserId, Connected>,
    /// Who was told to be there, and at which addresses. A newcomer is shown just this, so that whatever
    /// is told afterwards is a change to it for them as well.
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
        self.sockets.entry(user).or_default().add(address);
        self.leaving.remove(&user);
        self.note(user, now);
    }

    /// A socket of `user` closed.
    pub fn depart(&mut self, user: UserId, address: IpAddr, now: Instant) {
        let Some(sockets) = self.sockets.get_mut(&user) else {
            return;
        };
        if !sockets.remove(address) {
            return;
        }
        if sockets.0.is_empty() {
            self.sockets.remove(&user);
            self.leaving.insert(user, now);
        } else {
            self.note(user, now);
        }
    }

    /// Whom `newcomer` is shown: everybody who was told of, and the newcomer.
    #[must_use]
    pub fn shown_to(&self, newcomer: UserId) -> Vec<UserId> {
        let own = (!self.told.contains_key(&newcomer)).then_some(newcomer);
        self.told.keys().copied().chain(own).collect()
    }

    /// Where `user` is as far as it was told, in a fixed order.
    #[must_use]
    pub fn addresses(&self, user: UserId) -> Vec<IpAddr> {
        match self.told.get(&user) {
            Some(addresses) => addresses.clone(),
            None => self.connected_from(user).unwrap_or_default(),
        }
    }

    /// When `take_due` will have something to do; `None` if nothing is under way.
    #[must_use]
    pub fn next_due(&self) -> Option<Instant> {
        let graces = self.leaving.values().min().map(|&since| since + GRACE);
        let news = self.news_since.map(|since| since + GATHER);
        graces.into_iter().chain(news).min()
    }

    /// What is to be told at `now`; `None` if nothing is.
    pub fn take_due(&mut self, now: Instant) -> Option<Changes> {
        // A grace that is over is news like any other: a room that a thousand people leave within a
        // second hears it four times.
        let over: Vec<(UserId, Instant)> = self
            .leaving
            .extract_if(|_, since| *since + GRACE <= now)
            .collect();
        for (user, since) in over {
            self.note(user, since + GRACE);
        }
        self.news_since.filter(|since| *since + GATHER <= now)?;
        self.news_since = None;
        let mut changes = Changes::default();
        for user in std::mem::take(&mut self.news) {
            match self.connected_from(user) {
                // Another tab at the same address is no news.
                Some(addresses) if self.told.get(&user) != Some(&addresses) => {
                    self.told.insert(user, addresses);
                    changes.arrived.push(user);
                }
                // The end of the grace will be news again.
                None if self.leaving.contains_key(&user) => {}
                None if self.told.remove(&user).is_some() => changes.departed.push(user),
                // Who came and went unnoticed is not announced.
                Some(_) | None => {}
            }
        }
        changes.arrived.sort_unstable();
        changes.departed.sort_unstable();
        (changes != Changes::default()).then_some(changes)
    }

    fn connected_from(&self, user: UserId) -> Option<Vec<IpAddr>> {
        let sockets = self.sockets.get(&user)?;
        Some(sockets.0.iter().map(|&(address, _)| address).collect())
    }

    fn note(&mut self, user: UserId, now: Instant) {
        self.news.insert(user);
        self.news_since.get_or_insert(now);
    }
}

/// How many sockets there are from each address, in the order of the addresses. A person has one or two: a tree of
/// them would take ten times the memory.
#[derive(Debug, Default)]
struct Connected(Vec<(IpAddr, usize)>);

impl Connected {
    fn add(&mut self, address: IpAddr) {
        match self.find(address) {
            Ok((_, count)) => *count += 1,
            Err(place) => {
                self.0.reserve_exact(1);
                self.0.insert(place, (address, 1));
            }
        }
    }

    /// True if there is none any more from this address, and there was one.
    fn remove(&mut self, address: IpAddr) -> bool {
        let Ok((place, count)) = self.find(address) else {
            return false;
        };
        *count -= 1;
        let was_last = *count == 0;
        if was_last {
            self.0.remove(place);
        }
        was_last
    }

    /// Where an address stands, and its count; or where it would stand.
    fn find(&mut self, address: IpAddr) -> Result<(usize, &mut usize), usize> {
        let place = self
            .0
            .binary_search_by_key(&address, |&(address, _)| address)?;
        match self.0.get_mut(place) {
            Some((_, count)) => Ok((place, count)),
            None => Err(place),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

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
        assert_eq!(presence.shown_to(ANA), [ANA]);
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
        assert_eq!(presence.take_due(left + GRACE), None);
        let told = left + GRACE + GATHER;
        assert_eq!(presence.next_due(), Some(told));
        assert_eq!(presence.take_due(told - Duration::from_millis(1)), None);
        assert_eq!(presence.take_due(told), changes(&[], &[ANA]));
        assert_eq!(presence.shown_to(BEN), [BEN]);
        assert_eq!(presence.next_due(), None);
    }

    #[test]
    fn who_came_and_went_unnoticed_is_not_told() {
        let start = Instant::now();
        let mut presence = Presence::default();
        presence.arrive(ANA, home(), start);
        presence.depart(ANA, home(), start);
        assert_eq!(presence.take_due(start + GATHER), None);
        assert_eq!(presence.take_due(start + GRACE), None);
        assert_eq!(presence.take_due(start + GRACE + GATHER), None);
        assert_eq!(presence.next_due(), None);
        // A socket nobody counted is no reason to count below zero.
        presence.depart(BEN, home(), start);
        assert_eq!(presence.shown_to(ANA), [ANA]);
        assert_eq!(presence.next_due(), None);
    }

    #[test]
    fn a_thousand_who_leave_within_a_second_are_told_some_times_and_not_a_thousand() {
        let start = Instant::now();
        let mut presence = Presence::default();
        let users = 0..1000_u32;
        for user in users.clone() {
            presence.arrive(UserId(user.into()), home(), start);
        }
        presence.take_due(start + GATHER);
        for user in users {
            let left = start + GATHER + Duration::from_millis(user.into());
            presence.depart(UserId(user.into()), home(), left);
        }
        let (mut times, mut departed) = (0, 0);
        while let Some(due) = presence.next_due() {
            if let Some(changes) = presence.take_due(due) {
                times += 1;
                departed += changes.departed.len();
            }
        }
        assert_eq!(departed, 1000);
        assert!(times <= 5, "{times}");
    }

    /// Whoever comes in at any moment, and applies what is told from then on, knows who is there in the end.
    #[test]
    fn what_a_newcomer_is_shown_and_told_adds_up_to_the_truth() {
        let mut seed = 1_u64;
        let mut draw = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) % below
        };
        for _ in 0..300 {
            let mut now = Instant::now();
            let mut presence = Presence::default();
            let mut open: Vec<(UserId, IpAddr)> = Vec::new();
            let mut newcomers: Vec<BTreeMap<UserId, Vec<IpAddr>>> = Vec::new();
            for _ in 0..40 {
                now += Duration::from_millis(draw(700));
                tell_what_is_due(&mut presence, &mut newcomers, now);
                match draw(5) {
                    0 | 1 => {
                        let user = UserId(i64::try_from(draw(4)).unwrap());
                        let address = if draw(2) == 0 { home() } else { away() };
                        presence.arrive(user, address, now);
                        open.push((user, address));
                    }
                    2 | 3 if !open.is_empty() => {
                        let gone = usize::try_from(draw(u64::MAX)).unwrap() % open.len();
                        let (user, address) = open.swap_remove(gone);
                        presence.depart(user, address, now);
                    }
                    _ => {
                        let user = UserId(100 + i64::try_from(newcomers.len()).unwrap());
                        presence.arrive(user, home(), now);
                        let shown = presence.shown_to(user);
                        let addresses = |user| (user, presence.addresses(user));
                        newcomers.push(shown.into_iter().map(addresses).collect());
                    }
                }
            }
            while let Some(due) = presence.next_due() {
                tell_what_is_due(&mut presence, &mut newcomers, due);
            }
            let mut truth: BTreeMap<UserId, Vec<IpAddr>> = BTreeMap::new();
            let stayed = (100..)
                .map(|user| (UserId(user), home()))
                .take(newcomers.len());
            for (user, address) in open.into_iter().chain(stayed) {
                let addresses = truth.entry(user).or_default();
                addresses.push(address);
                addresses.sort_unstable();
                addresses.dedup();
            }
            for view in newcomers {
                assert_eq!(view, truth);
            }
        }
    }

    fn tell_what_is_due(
        presence: &mut Presence,
        views: &mut [BTreeMap<UserId, Vec<IpAddr>>],
        now: Instant,
    ) {
        if let Some(changes) = presence.take_due(now) {
            for view in views {
                for &user in &changes.arrived {
                    view.insert(user, presence.addresses(user));
                }
                for user in &changes.departed {
                    view.remove(user);
                }
            }
        }
    }
}
