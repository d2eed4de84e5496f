//! `--now INSTANT`: the moment that a command takes for the present one.

use crate::time::{DateTime, NaiveDate, Utc};

/// Reads `2026-01-15T12:00:00Z`, or `2026-01-15`, the start of that day in UTC.
pub(crate) fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(day) = text.parse::<NaiveDate>() {
        return Ok(day.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    text.parse()
        .map_err(|_| "write an instant such as `2026-01-15T12:00:00Z`, or a day such as `2026-01-15`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_day_is_its_start() {
        assert_eq!(moment("2026-01-15"), moment("2026-01-15T00:00:00Z"));
        assert_eq!(moment("2026-01-15T13:00:00+01:00"), moment("2026-01-15T12:00:00Z"));
        assert!(moment("2026-01-15T12:00").is_err_and(|error| error.contains("or a day")));
    }
}
