//! How many sockets each user has open, so that nobody takes the places of all others.
//! Counts only: what happens to one too many is for the caller to say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::model::UserId;

/// The most sockets of one user, over all devices. A page has two of them, and after a reload the
/// old ones may linger for a moment.
pub const SOCKETS_PER_USER_MAX: usize = 32;

/// All seats that are taken. Clones are the same seats.
#[derive(Debug, Clone, Default)]
pub struct Seats(Arc<Mutex<HashMap<UserId, usize>>>);

/// The right of a user to one socket, given back when it is dropped.
#[derive(Debug)]
pub struct Seat {
    user: UserId,
    seats: Seats,
}

impl Seats {
    /// A seat for one more socket of a user; `None` if they have as many as one may have.
    #[must_use]
    pub fn take(&self, user: UserId) -> Option<Seat> {
        let mut taken = self.lock();
        let count = taken.entry(user).or_default();
        if *count >= SOCKETS_PER_USER_MAX {
            return None;
        }
        *count += 1;
        let seats = self.clone();
        Some(Seat { user, seats })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.lock();
        if let Some(count) = taken.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_given_back_is_free_and_users_do_not_share_theirs() {
        let seats = Seats::default();
        let take = |user| seats.take(UserId(user));
        let mut taken: Vec<_> = (0..SOCKETS_PER_USER_MAX).map(|_| take(1)).collect();
        assert!(taken.iter().all(Option::is_some));
        assert!(take(1).is_none());
        assert!(take(2).is_some());
        taken.pop();
        assert!(take(1).is_some());
        drop(taken);
        assert!(seats.lock().is_empty());
    }
}
