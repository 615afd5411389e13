//! Whether a room that is about to store something waits until others have come, who then share the commit.
//! No clock and no channel: moments and numbers are handed in.
//!
//! Programs that talk to each other answer as soon as they hear something. Without waiting, one half of them would always
//! be answered while the other half is being stored, in twice as many commits. But most who speak answer nobody: to wait
//! for them is in vain, and after each such time it is tried less often.

use std::time::Duration;

/// How long is waited at the most. The timers of the runtime know no less, and may add as much again.
pub(super) const PATIENCE: Duration = Duration::from_millis(1);

/// How many commits go by without waiting, at the most, before it is tried again: enough that the time lost on trying is
/// not seen among all that pass.
const ALONE_MAX: u32 = 128;

/// What one room knows of those who speak in it.
#[derive(Debug, Default)]
pub(super) struct Company {
    /// How many spoke around the last commit: they may be about to speak again.
    speakers: usize,
    /// How long the last commit took. To wait pays if it takes no longer.
    commit: Duration,
    /// How many commits go by without waiting once it was in vain. Doubled by each such time, and halved by each other.
    alone: u32,
    /// How many of these are still to come.
    alone_left: u32,
}

impl Company {
    /// How many to wait for now; 1 or less for nobody.
    pub(super) fn expected(&self) -> usize {
        if self.alone_left == 0 {
            self.speakers
        } else {
            1
        }
    }

    /// Notes what became of a commit: `came` shared it, after `waited`; `others` spoke while it went on, for `commit`.
    pub(super) fn note(&mut self, came: usize, waited: Duration, others: usize, commit: Duration) {
        if self.alone_left > 0 {
            self.alone_left -= 1;
        } else if self.speakers > 1 {
            if came >= self.speakers && waited <= self.commit {
                self.alone /= 2;
            } else {
                self.alone = (self.alone * 2).clamp(1, ALONE_MAX);
                self.alone_left = self.alone;
            }
        }
        self.speakers = came + others;
        self.commit = commit;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_micros(60);
    const COMMIT: Duration = Duration::from_micros(300);
    const LONG: Duration = Duration::from_micros(301);

    #[test]
    fn nobody_waits_for_others_where_one_speaks_at_a_time() {
        let mut company = Company::default();
        assert!(company.expected() <= 1, "nobody has spoken yet");
        for _ in 0..3 {
            company.note(1, Duration::ZERO, 0, COMMIT);
            assert_eq!(company.expected(), 1);
        }
    }

    #[test]
    fn two_halves_that_answer_at_once_become_a_whole_and_stay_one() {
        let mut company = Company::default();
        company.note(8, Duration::ZERO, 8, COMMIT);
        for _ in 0..5 {
            assert_eq!(company.expected(), 16);
            company.note(16, SOON, 0, COMMIT);
        }
        company.note(16, COMMIT, 3, COMMIT);
        assert_eq!(company.expected(), 19, "those who came in meanwhile count");
    }

    #[test]
    fn what_is_waited_for_in_vain_is_tried_again_after_one_commit_and_then_after_twice_as_many_each_time()
     {
        let in_vain = [(2, LONG), (1, PATIENCE), (1, SOON)];
        for (came, waited) in in_vain {
            let mut company = Company::default();
            company.note(1, Duration::ZERO, 1, COMMIT);
            for pause in [1, 2, 4, 8, 16, 32, 64, 128, 128] {
                assert_eq!(company.expected(), 2, "{came} {waited:?}");
                company.note(came, waited, 2 - came, COMMIT);
                for _ in 0..pause {
                    assert_eq!(company.expected(), 1, "{came} {waited:?} {pause}");
                    company.note(1, Duration::ZERO, 1, COMMIT);
                }
            }
        }
    }

    #[test]
    fn one_time_that_pays_halves_the_number_of_commits_until_the_next_try() {
        let mut company = Company::default();
        company.note(1, Duration::ZERO, 1, COMMIT);
        let mut tries = Vec::new();
        for commit in 0..30 {
            let is_try = company.expected() > 1;
            // Two in vain, then all of them pay.
            let waited = if tries.len() < 3 { LONG } else { SOON };
            if is_try {
                tries.push(commit);
            }
            company.note(2, if is_try { waited } else { Duration::ZERO }, 0, COMMIT);
        }
        assert_eq!(tries[..5], [0, 2, 5, 10, 11], "then each time");
        assert_eq!(tries.len(), 5 + 18);
    }
}
