//! Seconds since 1970 and the days they fall on, for the validity of certificates.
//! Only UTC, and no formats of any protocol.

use std::fmt;

/// From 0000-03-01, where the algorithms below begin to count, to 1970-01-01.
const DAYS_BEFORE_EPOCH: i64 = 719_468;

/// Four hundred years, after which the calendar repeats itself.
const DAYS_PER_ERA: i64 = 146_097;

/// A second: counted from 1970-01-01T00:00:00Z. Shown as its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixSecs(pub i64);

impl UnixSecs {
    /// One day.
    pub const DAY: i64 = 86_400;

    /// This moment, by this machine's clock.
    #[must_use]
    pub fn now() -> Self {
        let since_epoch = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |elapsed| elapsed.as_secs());
        Self(i64::try_from(since_epoch).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for UnixSecs {
    /// The day in UTC, like `2026-11-22` (H. Hinnant, “chrono-Compatible Low-Level Date Algorithms”).
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Years are taken to begin in March, so that the leap day is the last of its year.
        let days = self.0.div_euclid(Self::DAY) + DAYS_BEFORE_EPOCH;
        let (era, day_of_era) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

/// How many days lie between 1970-01-01 and this day: the inverse of `Display`, from the same source.
pub(super) fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - DAYS_BEFORE_EPOCH
}
