//! How many views may be open at a time: each holds a timeline, which can take some ten megabytes.
//! Counts only.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use crate::wire::log::{Badge, Viewer};

/// So many views may be open in all, besides the instructor's.
const VIEWS_MAX: usize = 64;

/// So many of them by people who are not logged in: anybody can make up cookies, and shall not take every seat with them.
const GUESTS_MAX: usize = 32;

/// So many of one viewer: some tabs, and a comparison, which has two.
pub(super) const VIEWS_PER_VIEWER_MAX: usize = 8;

/// Those of this program.
static SEATS: LazyLock<Arc<Seats>> = LazyLock::new(Arc::default);

/// Who takes a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Holder {
    Instructor,
    Session(Badge),
    Browser(Badge),
    Stranger,
}

impl Holder {
    fn is_guest(self) -> bool {
        matches!(self, Self::Browser(_) | Self::Stranger)
    }
}

#[derive(Debug, Default)]
struct Seats(Mutex<HashMap<Holder, usize>>);

/// The right to one open view, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    holder: Holder,
    seats: Arc<Seats>,
}

impl Seat {
    /// A seat for one more view; `None` if there are too many.
    pub(super) fn take(viewer: &Viewer) -> Option<Self> {
        SEATS.take(viewer)
    }
}

impl Seats {
    fn take(self: &Arc<Self>, viewer: &Viewer) -> Option<Seat> {
        let holder = match (viewer.is_instructor, viewer.session, viewer.browser) {
            (true, _, _) => Holder::Instructor,
            (_, Some(badge), _) => Holder::Session(badge),
            (_, None, Some(badge)) => Holder::Browser(badge),
            (_, None, None) => Holder::Stranger,
        };
        let mut taken = self.taken();
        let sum = |is_counted: fn(Holder) -> bool| -> usize {
            let counted = taken.iter().filter(|(other, _)| is_counted(**other));
            counted.map(|(_, count)| count).sum()
        };
        let is_full = match holder {
            Holder::Instructor => false,
            _ if sum(|other| other != Holder::Instructor) >= VIEWS_MAX => true,
            _ => holder.is_guest() && sum(Holder::is_guest) >= GUESTS_MAX,
        };
        let own = taken.get(&holder).copied().unwrap_or_default();
        if is_full || own >= VIEWS_PER_VIEWER_MAX {
            return None;
        }
        taken.insert(holder, own + 1);
        let seats = Arc::clone(self);
        Some(Seat { holder, seats })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Holder, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.taken();
        if let Some(count) = taken.get_mut(&self.holder) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.holder);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(byte: u8) -> Viewer {
        Viewer {
            session: Some(Badge::new([byte; 32])),
            ..Viewer::default()
        }
    }

    fn guest(byte: u8) -> Viewer {
        Viewer {
            browser: Some(Badge::new([byte; 32])),
            ..Viewer::default()
        }
    }

    #[test]
    fn one_viewer_has_so_many_seats_and_those_given_back_are_free() {
        let seats = Arc::<Seats>::default();
        let mut own: Vec<_> = (0..VIEWS_PER_VIEWER_MAX)
            .map(|_| seats.take(&member(1)).unwrap())
            .collect();
        assert!(seats.take(&member(1)).is_none());
        assert!(seats.take(&member(2)).is_some());
        own.pop();
        assert!(seats.take(&member(1)).is_some());
        drop(own);
        assert!(seats.taken().is_empty());
    }

    #[test]
    fn made_up_cookies_take_no_seat_from_members_nor_members_one_from_the_instructor() {
        let seats = Arc::<Seats>::default();
        let guests: Vec<_> = (0..=255)
            .filter_map(|byte| seats.take(&guest(byte)))
            .collect();
        assert_eq!(guests.len(), GUESTS_MAX);
        assert!(seats.take(&Viewer::default()).is_none());
        let members: Vec<_> = (0..=255)
            .filter_map(|byte| seats.take(&member(byte)))
            .collect();
        assert_eq!(members.len(), VIEWS_MAX - GUESTS_MAX);
        let instructor = Viewer {
            is_instructor: true,
            ..Viewer::default()
        };
        let own: Vec<_> = (0..100).filter_map(|_| seats.take(&instructor)).collect();
        assert_eq!(own.len(), VIEWS_PER_VIEWER_MAX);
    }
}
