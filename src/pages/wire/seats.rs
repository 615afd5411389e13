//! How many views may be open at a time: each holds a timeline, which can take some ten megabytes.
//! Counts only.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::wire::log::{Badge, Viewer};

/// So many views may be open in all.
const VIEWS_MAX: usize = 64;

/// So many of one viewer: some tabs, and a comparison, which has two.
pub(super) const VIEWS_PER_VIEWER_MAX: usize = 8;

/// Who takes a seat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Holder {
    Instructor,
    Badge(Badge),
    Stranger,
}

static TAKEN: Mutex<Option<HashMap<Holder, usize>>> = Mutex::new(None);

/// The right to one open view, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Seat(Holder);

impl Seat {
    /// A seat for one more view; `None` if there are too many.
    pub(super) fn take(viewer: &Viewer) -> Option<Self> {
        let holder = match (viewer.is_instructor, viewer.session.or(viewer.browser)) {
            (true, _) => Holder::Instructor,
            (false, Some(badge)) => Holder::Badge(badge),
            (false, None) => Holder::Stranger,
        };
        let mut guard = taken();
        let taken = guard.get_or_insert_default();
        if taken.values().sum::<usize>() >= VIEWS_MAX {
            return None;
        }
        let count = taken.entry(holder).or_default();
        if *count >= VIEWS_PER_VIEWER_MAX {
            return None;
        }
        *count += 1;
        Some(Self(holder))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut guard = taken();
        let taken = guard.get_or_insert_default();
        if let Some(count) = taken.get_mut(&self.0) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.0);
            }
        }
    }
}

fn taken() -> MutexGuard<'static, Option<HashMap<Holder, usize>>> {
    TAKEN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_viewer_has_so_many_seats_and_those_given_back_are_free() {
        let viewer = |byte| Viewer {
            session: Some(Badge::new([byte; 32])),
            ..Viewer::default()
        };
        let mut seats: Vec<_> = (0..VIEWS_PER_VIEWER_MAX)
            .map(|_| Seat::take(&viewer(1)).unwrap())
            .collect();
        assert!(Seat::take(&viewer(1)).is_none());
        assert!(Seat::take(&viewer(2)).is_some());
        seats.pop();
        assert!(Seat::take(&viewer(1)).is_some());
    }
}
