//! Days of the calendar, in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// A day, counted from 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Day(pub(crate) i64);

impl Day {
    pub(crate) fn of(time: SystemTime) -> Day {
        let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Day(i64::try_from(seconds / 86_400).unwrap_or(i64::MAX))
    }

    pub(crate) fn today() -> Day {
        Day::of(SystemTime::now())
    }

    /// Reads the day of `2026-08-21` or `2026-08-21T06:28:40Z`; only a day of the calendar counts.
    pub(crate) fn parse(text: &str) -> Option<Day> {
        let mut parts = text.get(..10)?.split('-').map(|part| part.parse::<i64>().ok());
        let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
        let known = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
        let day = known.then(|| Day::from_civil(year, month, day))?;
        // February 30 would be a day of March.
        (day.to_string() == text.get(..10)?).then_some(day)
    }

    /// Whole days from this to the other; negative if the other is earlier.
    pub(crate) fn until(self, other: Day) -> i64 {
        other.0 - self.0
    }

    /// Hinnant, *chrono-compatible low-level date algorithms*, `days_from_civil`.
    fn from_civil(year: i64, month: i64, day: i64) -> Day {
        let year = if month <= 2 { year - 1 } else { year };
        let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        Day(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
    }
}

impl std::fmt::Display for Day {
    /// Hinnant, *chrono-compatible low-level date algorithms*, `civil_from_days`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (era, day) = ((self.0 + 719_468).div_euclid(146_097), (self.0 + 719_468).rem_euclid(146_097));
        let year_of_era = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day_of_year = day - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * day_of_year + 2) / 153;
        let (day, month) =
            (day_of_year - (153 * shifted + 2) / 5 + 1, if shifted < 10 { shifted + 3 } else { shifted - 9 });
        let year = era * 400 + year_of_era + i64::from(month <= 2);
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::Day;

    /// Golden values from `date --date=@SECONDS --utc`.
    #[test]
    fn days_are_counted() {
        let table = [
            ("1970-01-01", 0),
            ("2000-02-29", 11_016),
            ("2024-12-31", 20_088),
            ("2026-08-21T06:28:40Z", 20_686),
            ("2100-03-01", 47_541),
        ];
        for (text, days) in table {
            assert_eq!(Day::parse(text), Some(Day(days)), "{text}");
            assert_eq!(Day(days).to_string(), text[..10]);
        }
        for bad in ["", "2026-8-21", "2026-02-30", "2026-13-01", "20260821", "never-ever!", "2026-08-2é"] {
            assert_eq!(Day::parse(bad), None, "{bad}");
        }
    }
}
