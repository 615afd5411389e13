//! When to remind of a certificate whose time runs out while it is served.
//! No clock and no log: moments come in, sentences go out.

use std::time::Duration;

use super::calendar::UnixSecs;
use super::certificate::CertificateFacts;

/// How often it is looked at, if nothing is about to happen: clocks can be set, and certificates replaced.
const LOOK_EVERY_SECS: i64 = 60;

/// What was said last, and when.
#[derive(Debug)]
pub struct Reminder {
    said: Option<(String, UnixSecs)>,
}

impl Reminder {
    /// Of a certificate of which everything was said at `now`, as is done at the start.
    #[must_use]
    pub fn after_start(certificate: &CertificateFacts, now: UnixSecs) -> Self {
        let said = certificate.note_of_time(now).map(|note| (note, now));
        Self { said }
    }

    /// What to say at `now`: whatever is new, and then once a day.
    pub fn due(&mut self, certificate: &CertificateFacts, now: UnixSecs) -> Option<String> {
        let Some(note) = certificate.note_of_time(now) else {
            self.said = None;
            return None;
        };
        if let Some((said, when)) = &self.said
            && *said == note
            && now.0.abs_diff(when.0) < UnixSecs::DAY.unsigned_abs()
        {
            return None;
        }
        self.said = Some((note.clone(), now));
        Some(note)
    }

    /// How long to wait before looking again: the moment at which it expires is not missed.
    #[must_use]
    pub fn pause(certificate: &CertificateFacts, now: UnixSecs) -> Duration {
        let left = certificate.not_after.0.saturating_sub(now.0);
        let secs = match left.saturating_add(1) {
            soon @ 1..LOOK_EVERY_SECS => soon,
            _ => LOOK_EVERY_SECS,
        };
        Duration::from_secs(secs.unsigned_abs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::CertificateFiles;

    const DAY: i64 = UnixSecs::DAY;
    const NOT_AFTER: UnixSecs = UnixSecs(1_800_000_000);

    fn certificate() -> CertificateFacts {
        CertificateFacts {
            files: CertificateFiles {
                certificate: "cert.pem".into(),
                private_key: "key.pem".into(),
            },
            is_ours: false,
            made_now: false,
            fingerprint: String::new(),
            public_key_sha256: String::new(),
            not_before: UnixSecs(NOT_AFTER.0 - 90 * DAY),
            not_after: NOT_AFTER,
            names: vec![],
            warnings: vec![],
        }
    }

    fn before_the_end(secs: i64) -> UnixSecs {
        UnixSecs(NOT_AFTER.0 - secs)
    }

    #[test]
    fn each_news_is_said_at_once_and_then_once_a_day() {
        let certificate = certificate();
        let mut reminder = Reminder::after_start(&certificate, before_the_end(60 * DAY));
        for (now, words) in [
            (before_the_end(30 * DAY), ""),
            (before_the_end(30 * DAY - 1), "expires on 2027-01-15"),
            (before_the_end(29 * DAY), ""),
            (before_the_end(29 * DAY - 1), "expires on"),
            (before_the_end(0), "expires on"),
            (before_the_end(-1), "expired on 2027-01-15"),
            (before_the_end(-1 - DAY), "expired on"),
            // The clock is set.
            (before_the_end(90 * DAY + 1), "valid only from 2026-10-17"),
            (before_the_end(60 * DAY), ""),
            (before_the_end(-1), "expired on"),
        ] {
            let said = reminder.due(&certificate, now).unwrap_or_default();
            assert_eq!(said.is_empty(), words.is_empty(), "{now:?}: {said}");
            assert!(said.contains(words), "{said}");
            assert_eq!(reminder.due(&certificate, now), None, "not twice");
        }
    }

    #[test]
    fn what_was_said_at_the_start_is_not_said_again_on_that_day() {
        let certificate = certificate();
        let mut reminder = Reminder::after_start(&certificate, before_the_end(10 * DAY));
        assert_eq!(reminder.due(&certificate, before_the_end(10 * DAY)), None);
        assert!(
            reminder
                .due(&certificate, before_the_end(9 * DAY))
                .is_some()
        );
    }

    #[test]
    fn the_end_is_not_slept_through() {
        let certificate = certificate();
        for (left, pause) in [
            (3600, 60),
            (60, 60),
            (58, 59),
            (0, 1),
            (-1, 60),
            (-3600, 60),
        ] {
            let found = Reminder::pause(&certificate, before_the_end(left));
            assert_eq!(found, Duration::from_secs(pause), "{left} s before the end");
        }
    }
}
