//! Moments, in seconds of Unix time.

use std::time::{SystemTime, UNIX_EPOCH};

/// Now.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    i64::try_from(since).unwrap_or(i64::MAX)
}

/// A moment as text, such as `2026-01-31T08:00:00Z` (RFC 3339). `None` beyond the year 9999, which has no such text.
///
/// Years are counted from March in eras of 400 years, so that the leap day is the last of a year's days. Source: Richards,
/// *Mapping Time*, 1998, chapter 25.
pub(crate) fn text(seconds: u64) -> Option<String> {
    const DAY: u64 = 86_400;
    const ERA: u64 = 146_097;
    // 719,468 days lie between the 1st of March of year 0 and 1970.
    let days = seconds / DAY + 719_468;
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = match month {
        0..=9 => (era * 400 + year, month + 3),
        _ => (era * 400 + year + 1, month - 9),
    };
    let (hour, minute, second) = (seconds % DAY / 3_600, seconds % 3_600 / 60, seconds % 60);
    (year <= 9_999).then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `date -u --date=@N` prints them.
    #[test]
    fn moments_are_written() {
        let rows = [
            (0, Some("1970-01-01T00:00:00Z")),
            (951_782_399, Some("2000-02-28T23:59:59Z")),
            (951_782_400, Some("2000-02-29T00:00:00Z")),
            (951_868_800, Some("2000-03-01T00:00:00Z")),
            (1_795_737_600, Some("2026-11-27T00:00:00Z")),
            (4_107_542_399, Some("2100-02-28T23:59:59Z")),
            (4_107_542_400, Some("2100-03-01T00:00:00Z")),
            (253_402_300_799, Some("9999-12-31T23:59:59Z")),
            (253_402_300_800, None),
            (u64::MAX, None),
        ];
        for (seconds, want) in rows {
            assert_eq!(text(seconds).as_deref(), want, "{seconds}");
        }
    }
}
