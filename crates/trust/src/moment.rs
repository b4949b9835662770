//! Moments of a trust store, as seconds of Unix time.

use toml::value::{Datetime, Offset};

use crate::{Code, Error, Result};

/// The Unix time of a date and time with an offset, such as `2027-01-31T00:00:00Z`.
pub(crate) fn unix_seconds(moment: &Datetime) -> Result<i64> {
    seconds(moment).ok_or_else(|| {
        let message =
            format!("trust store: {moment} needs a date, a time and an offset, as `2027-01-31T00:00:00Z`");
        Error::new(Code::Value, message)
    })
}

fn seconds(moment: &Datetime) -> Option<i64> {
    let (date, time) = (moment.date?, moment.time?);
    let offset = match moment.offset? {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    let days = days_since_1970(i64::from(date.year), i64::from(date.month), i64::from(date.day))?;
    let minutes = days.checked_mul(24)?.checked_add(i64::from(time.hour))?.checked_mul(60)?;
    let minutes = minutes.checked_add(i64::from(time.minute))?.checked_sub(offset)?;
    minutes.checked_mul(60)?.checked_add(i64::from(time.second.unwrap_or(0)))
}

/// Days from 1970-01-01 in the Gregorian calendar, for years from 0.
///
/// Years are counted from March, so that the leap day is a year's last: the months from March on then have
/// `(153 m + 2) / 5` days before them. Source: Richards, *Mapping Time*, 1998, chapter 25.
fn days_since_1970(year: i64, month: i64, day: i64) -> Option<i64> {
    let before_march = month <= 2;
    let year = if before_march { year.checked_sub(1)? } else { year };
    let month = if before_march { month.checked_add(9)? } else { month.checked_sub(3)? };
    let leap_days =
        year.div_euclid(4).checked_sub(year.div_euclid(100))?.checked_add(year.div_euclid(400))?;
    let in_months = month.checked_mul(153)?.checked_add(2)?.div_euclid(5);
    let days = year.checked_mul(365)?.checked_add(leap_days)?.checked_add(in_months)?.checked_add(day)?;
    // The 1st of January 1970 is day 719469 when the 1st of March of year 0 is day 1.
    days.checked_sub(719_469)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From `date --date=... +%s`.
    #[test]
    fn moments_are_those_of_date() {
        let table = [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T12:34:56Z", Some(951_827_696)),
            ("2026-11-27T00:00:00Z", Some(1_795_737_600)),
            ("2100-03-01T00:00:00Z", Some(4_107_542_400)),
            ("1969-12-31T23:59:59Z", Some(-1)),
            ("2026-11-27T01:00:00+01:00", Some(1_795_737_600)),
            ("2026-11-26T19:00:00-05:00", Some(1_795_737_600)),
            ("2026-11-27", None),
            ("2026-11-27T00:00:00", None),
            ("00:00:00", None),
        ];
        for (text, expected) in table {
            let moment: Datetime = text.parse().unwrap();
            assert_eq!(unix_seconds(&moment).ok(), expected, "{text}");
        }
    }
}
