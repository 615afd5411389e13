//! Whether a room that is about to store something waits for more, which then shares the commit.
//! No clock and no channel: durations and numbers are handed in.
//!
//! Programs that talk to each other answer as soon as they hear something. Without waiting, one half of what they say would always
//! be answered while the other half is being stored, in twice as many commits. But most who speak answer nobody: to wait
//! for them is in vain, and after each such time it is tried less often.

use std::time::Duration;

/// How long is waited: two milliseconds at the most, since the timers of the runtime know no less than one and may add another.
pub(super) const PATIENCE: Duration = Duration::from_millis(1);

/// How many commits go by without waiting, at the most, before it is tried again: enough that the time lost on trying is
/// not seen among all that pass.
const ALONE_MAX: u32 = 128;

/// What one room knows of those who speak in it.
#[derive(Debug)]
pub(super) struct Company {
    /// How many wishes one commit takes at the most.
    batch_max: usize,
    /// How many wishes came around the last commit: as many may be about to come again.
    wishes: usize,
    /// How long the last commit took. To wait pays if it takes no longer.
    commit: Duration,
    /// How many commits go by without waiting once it was in vain. Doubled by each such time, and halved by each other.
    alone: u32,
    /// How many of these are still to come.
    alone_left: u32,
}

/// One commit, as it went.
#[derive(Debug, Clone, Copy)]
pub(super) struct Commit {
    /// How many wishes shared it.
    pub(super) came: usize,
    /// How long was waited until they had come.
    pub(super) waited: Duration,
    /// How long it took.
    pub(super) took: Duration,
    /// How many wishes came meanwhile.
    pub(super) came_meanwhile: usize,
}

impl Company {
    pub(super) fn new(batch_max: usize) -> Self {
        Self {
            batch_max,
            wishes: 0,
            commit: Duration::ZERO,
            alone: 0,
            alone_left: 0,
        }
    }

    /// How many wishes to wait for now, the first one included; `None` if that one is not to wait.
    pub(super) fn expected(&self) -> Option<usize> {
        (self.alone_left == 0 && self.wishes > 1).then_some(self.wishes)
    }

    pub(super) fn note(&mut self, commit: Commit) {
        self.alone_left = match self.expected() {
            Some(expected) if commit.came >= expected && commit.waited <= self.commit => {
                self.alone /= 2;
                0
            }
            Some(_) => {
                self.alone = (self.alone * 2).clamp(1, ALONE_MAX);
                self.alone
            }
            None => self.alone_left.saturating_sub(1),
        };
        self.wishes = (commit.came + commit.came_meanwhile).min(self.batch_max);
        self.commit = commit.took;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_micros(60);
    const TOOK: Duration = Duration::from_micros(300);
    const LATE: Duration = Duration::from_micros(301);

    fn commit(came: usize, waited: Duration, came_meanwhile: usize) -> Commit {
        Commit {
            came,
            waited,
            took: TOOK,
            came_meanwhile,
        }
    }

    /// One to which two have spoken, the second while the first was being stored.
    fn of_two() -> Company {
        let mut company = Company::new(20);
        company.note(commit(1, Duration::ZERO, 1));
        company
    }

    #[test]
    fn nobody_is_waited_for_where_one_speaks_at_a_time() {
        let mut company = Company::new(20);
        assert_eq!(company.expected(), None, "nobody has spoken yet");
        for _ in 0..3 {
            company.note(commit(1, Duration::ZERO, 0));
            assert_eq!(company.expected(), None);
        }
    }

    #[test]
    fn two_halves_that_answer_at_once_become_a_whole_and_stay_one() {
        let mut company = Company::new(20);
        company.note(commit(8, Duration::ZERO, 8));
        for waited in [SOON, TOOK, Duration::ZERO, SOON] {
            assert_eq!(company.expected(), Some(16));
            company.note(commit(16, waited, 0));
        }
        company.note(commit(16, SOON, 3));
        assert_eq!(company.expected(), Some(19), "what came meanwhile counts");
    }

    #[test]
    fn no_more_is_waited_for_than_one_commit_takes() {
        let mut company = Company::new(20);
        company.note(commit(20, Duration::ZERO, 30));
        for _ in 0..3 {
            assert_eq!(company.expected(), Some(20));
            company.note(commit(20, SOON, 30));
        }
    }

    #[test]
    fn what_is_waited_for_in_vain_is_tried_again_after_one_commit_and_then_after_twice_as_many_each_time()
     {
        for (came, waited) in [(2, LATE), (1, PATIENCE), (1, SOON)] {
            let mut company = of_two();
            for alone in [1, 2, 4, 8, 16, 32, 64, 128, 128] {
                assert_eq!(company.expected(), Some(2), "{came} {waited:?}");
                company.note(commit(came, waited, 2 - came));
                for _ in 0..alone {
                    assert_eq!(company.expected(), None, "{came} {waited:?} {alone}");
                    company.note(commit(1, Duration::ZERO, 1));
                }
            }
        }
    }

    #[test]
    fn one_time_that_pays_halves_the_number_of_commits_until_the_next_try() {
        let mut company = of_two();
        let mut tries = Vec::new();
        for number in 0..30 {
            let is_try = company.expected().is_some();
            // Two are in vain, then all pay.
            let waited = if is_try && tries.len() < 2 {
                LATE
            } else {
                SOON
            };
            if is_try {
                tries.push(number);
            }
            company.note(commit(2, waited, 0));
        }
        assert_eq!(tries[..4], [0, 2, 5, 6], "and then each time");
        assert_eq!(tries.len(), 3 + 24);
    }
}
