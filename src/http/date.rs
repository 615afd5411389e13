//! Dates in HTTP: written in one form, read in three (RFC 9110 §5.6.7).
//! No clock is read here: seconds come in, text goes out, and the other way round.

const DAY_SECS: u64 = 86_400;
const WEEKDAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A day of the Gregorian calendar and a time of day, in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Civil {
    /// 1970 or later.
    pub year: u64,
    /// 1 to 12.
    pub month: u64,
    /// 1 to 31.
    pub day: u64,
    /// 0 to 23.
    pub hour: u64,
    /// 0 to 59.
    pub minute: u64,
    /// 0 to 59.
    pub second: u64,
}

impl Civil {
    /// `unix_secs` counts from 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn from_unix(unix_secs: u64) -> Self {
        let (days, secs) = (unix_secs / DAY_SECS, unix_secs % DAY_SECS);
        // Count from 1 March of year 0: the leap day is then the last day of a year, and 400 years
        // (146,097 days) repeat exactly.
        let days = days + 719_468;
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = if month_from_march < 10 {
            month_from_march + 3
        } else {
            month_from_march - 9
        };
        Self {
            year: era * 400 + year_of_era + u64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
            hour: secs / 3600,
            minute: secs / 60 % 60,
            second: secs % 60,
        }
    }

    /// `1994-11-06T08:49:37`, with `between` for the `T` (RFC 3339 §5.6), and nothing behind the seconds.
    #[must_use]
    pub fn in_order(self, between: char) -> String {
        format!(
            "{:04}-{:02}-{:02}{between}{:02}:{:02}:{:02}",
            self.year, self.month, self.day, self.hour, self.minute, self.second
        )
    }

    /// Seconds since 1970, or `None` for a day or time that does not exist.
    #[must_use]
    pub fn to_unix(self) -> Option<u64> {
        if !(1970..=9999).contains(&self.year)
            || self.hour > 23
            || self.minute > 59
            || self.second > 60
        {
            return None;
        }
        let (year, month) = if self.month > 2 {
            (self.year, self.month - 3)
        } else {
            (self.year - 1, self.month + 9)
        };
        let day_of_year = (153 * month + 2) / 5 + self.day.checked_sub(1)?;
        let days = year * 365 + year / 4 - year / 100 + year / 400 + day_of_year;
        // A leap second is read as the second after it (RFC 9110 leaves it open).
        let secs = days.checked_sub(719_468)? * DAY_SECS
            + self.hour * 3600
            + self.minute * 60
            + self.second;
        let back = Self::from_unix(secs - u64::from(self.second == 60));
        ((back.year, back.month, back.day) == (self.year, self.month, self.day)).then_some(secs)
    }
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`: the form everyone must send (IMF-fixdate).
#[must_use]
pub fn format(unix_secs: u64) -> String {
    let t = Civil::from_unix(unix_secs);
    let pick = |names: &[&'static str], index: u64| {
        usize::try_from(index)
            .ok()
            .and_then(|index| names.get(index).copied())
            .unwrap_or_default()
    };
    let weekday = pick(&WEEKDAYS, unix_secs / DAY_SECS % 7);
    let month = pick(&MONTHS, t.month - 1);
    format!(
        "{weekday}, {:02} {month} {:04} {:02}:{:02}:{:02} GMT",
        t.day, t.year, t.hour, t.minute, t.second
    )
}

/// Reads any of the three forms; `now` (seconds since 1970) places the two-digit years of the second one.
#[must_use]
pub fn parse(text: &str, now: u64) -> Option<u64> {
    let words: Vec<&str> = text.split(' ').collect();
    match words.as_slice() {
        // Sun, 06 Nov 1994 08:49:37 GMT
        [weekday, day, month, year, time, "GMT"] if is_weekday(weekday.strip_suffix(',')?, 3) => {
            civil(number(year, 4)?, month, number(day, 2)?, time)
        }
        // Sunday, 06-Nov-94 08:49:37 GMT (RFC 850)
        [weekday, date, time, "GMT"] if is_weekday(weekday.strip_suffix(',')?, usize::MAX) => {
            let parts: Vec<&str> = date.split('-').collect();
            let [day, month, year] = parts.as_slice() else {
                return None;
            };
            let this_year = Civil::from_unix(now).year;
            let year = this_year - this_year % 100 + number(year, 2)?;
            // More than 50 years ahead means the century before.
            let year = if year > this_year + 50 {
                year - 100
            } else {
                year
            };
            civil(year, month, number(day, 2)?, time)
        }
        // Sun Nov  6 08:49:37 1994 (asctime)
        [weekday, month, "", day, time, year] if is_weekday(weekday, 3) => {
            civil(number(year, 4)?, month, number(day, 1)?, time)
        }
        [weekday, month, day, time, year] if is_weekday(weekday, 3) => {
            civil(number(year, 4)?, month, number(day, 2)?, time)
        }
        _ => None,
    }
}

fn is_weekday(text: &str, len: usize) -> bool {
    let long = [
        "Thursday",
        "Friday",
        "Saturday",
        "Sunday",
        "Monday",
        "Tuesday",
        "Wednesday",
    ];
    if len == 3 {
        WEEKDAYS.contains(&text)
    } else {
        long.contains(&text)
    }
}

fn civil(year: u64, month: &str, day: u64, time: &str) -> Option<u64> {
    let month = MONTHS.iter().position(|&name| name == month)?;
    let parts: Vec<&str> = time.split(':').collect();
    let [hour, minute, second] = parts.as_slice() else {
        return None;
    };
    let t = Civil {
        year,
        month: u64::try_from(month).ok()? + 1,
        day,
        hour: number(hour, 2)?,
        minute: number(minute, 2)?,
        second: number(second, 2)?,
    };
    t.to_unix()
}

fn number(text: &str, digits: usize) -> Option<u64> {
    (text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-22
    const NOW: u64 = 1_795_305_600;

    #[test]
    fn the_example_of_rfc_9110_reads_the_same_in_three_forms() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
        ] {
            assert_eq!(parse(text, NOW), Some(784_111_777), "{text}");
        }
        assert_eq!(format(784_111_777), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn known_days_are_written_right() {
        for (secs, text) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT"),
            (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 GMT"),
            (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
            (NOW, "Sun, 22 Nov 2026 00:00:00 GMT"),
            (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 GMT"),
        ] {
            assert_eq!(format(secs), text);
            assert_eq!(parse(text, NOW), Some(secs), "{text}");
        }
    }

    #[test]
    fn every_day_of_four_centuries_comes_back() {
        for day in 0..146_097 {
            let secs = day * DAY_SECS + day % DAY_SECS;
            assert_eq!(Civil::from_unix(secs).to_unix(), Some(secs));
        }
    }

    #[test]
    fn two_digit_years_lie_at_most_fifty_years_ahead() {
        let year = |text: &str| parse(text, NOW).map(|secs| Civil::from_unix(secs).year);
        assert_eq!(year("Sunday, 06-Nov-76 08:49:37 GMT"), Some(2076));
        assert_eq!(year("Sunday, 06-Nov-77 08:49:37 GMT"), Some(1977));
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in [
            "",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 31 Feb 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1969 08:49:37 GMT",
            "Xxx, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov +994 08:49:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
        ] {
            assert_eq!(parse(bad, NOW), None, "{bad}");
        }
    }
}
