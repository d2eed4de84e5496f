//! `--now INSTANT`: the moment that a command takes for the present one.

use chrono::Datelike;

use crate::time::{DateTime, Utc, read_date};

/// Reads `2026-01-15T12:00:00Z`, or `2026-01-15`, the start of that day in UTC; in the years 1 to 9999.
pub(crate) fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Some(day) = read_date(text) {
        return Ok(day.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    let read = text.parse().ok().filter(|at: &DateTime<Utc>| (1..=9999).contains(&at.year()));
    read.ok_or_else(|| "write an instant such as `2026-01-15T12:00:00Z`, or a day such as `2026-01-15`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_day_is_its_start() {
        assert_eq!(moment("2026-01-15"), moment("2026-01-15T00:00:00Z"));
        assert_eq!(moment("2026-01-15T13:00:00+01:00"), moment("2026-01-15T12:00:00Z"));
        assert!(moment("2026-01-15T12:00").is_err_and(|error| error.contains("or a day")));
        for outside in ["-262143-01-01", "-262143-01-01T00:00:00Z", "+262142-12-31T23:59:59Z"] {
            assert!(moment(outside).is_err(), "{outside}");
        }
    }
}
