//! Periods of instants that are shorter than a day, as the clock of a zone tells them.
//!
//! The hour of 02:10 in Berlin begins at 02:00; the six hours that hold it at midnight. On Lord Howe Island clocks go back
//! at two to half past one, and an hour of thirty minutes begins there.
//!
//! **Invariant:** the SQL of `period_of_instant` says the same.

use chrono::{DateTime, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use super::Granularity;

/// Returns the first instant at which a clock shows a time; of a time that it skips, the one as the clock before counts.
pub fn clock_instant(clock: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let found = match zone.from_local_datetime(&clock) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.with_timezone(&Utc)),
        LocalResult::None => None,
    };
    let a_day = TimeDelta::hours(24);
    let counted_on = || zone.from_local_datetime(&(clock - a_day)).earliest().map(|at| at.with_timezone(&Utc) + a_day);
    found.or_else(counted_on).unwrap_or_else(|| clock.and_utc())
}

/// Returns the first instant of the second, minutes or hours that hold an instant; of a day and more, the instant.
pub fn clock_period_start(at: DateTime<Utc>, granularity: Granularity, zone: Tz) -> DateTime<Utc> {
    let Some(length) = granularity.seconds() else { return at };
    let length = TimeDelta::seconds(i64::from(length));
    if length > TimeDelta::hours(1) {
        return clock_instant(floor(local(at, zone), length), zone);
    }
    let since = |clock: NaiveDateTime| clock - floor(clock, length);
    let start = at - since(local(at, zone));
    if offset(start, zone) == offset(at, zone) {
        return start;
    }
    // The clock was changed within the period: it begins where the old clock's period would have ended, or is.
    let passed = since(local(start, zone));
    let end = start + (length - passed);
    if passed > TimeDelta::zero() && end <= at { end } else { start }
}

/// Returns the first instant behind the second, minutes or hours that begin at an instant.
pub fn clock_period_end(start: DateTime<Utc>, granularity: Granularity, zone: Tz) -> DateTime<Utc> {
    let Some(length) = granularity.seconds() else { return start };
    let length = TimeDelta::seconds(i64::from(length));
    if length > TimeDelta::hours(1) {
        return clock_instant(floor(local(start, zone), length) + length, zone);
    }
    clock_period_start(start + length, granularity, zone)
}

fn local(at: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
    at.with_timezone(&zone).naive_local()
}

fn offset(at: DateTime<Utc>, zone: Tz) -> i32 {
    at.with_timezone(&zone).offset().fix().local_minus_utc()
}

/// Returns the start of the so many seconds of a day that hold a time.
fn floor(clock: NaiveDateTime, length: TimeDelta) -> NaiveDateTime {
    let seconds = i64::from(clock.time().num_seconds_from_midnight());
    let passed = TimeDelta::seconds(seconds % length.num_seconds().max(1));
    clock - passed - TimeDelta::nanoseconds(i64::from(clock.nanosecond() % 1_000_000_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().expect("an instant")
    }

    #[test]
    fn an_hour_of_half_an_hour_begins_with_the_change() {
        let zone = Tz::Australia__Lord_Howe;
        let start = |text| clock_period_start(at(text), Granularity::HOUR, zone);
        assert_eq!(start("2024-04-06T14:45:00Z"), at("2024-04-06T14:00:00Z"));
        assert_eq!(start("2024-04-06T15:10:00Z"), at("2024-04-06T15:00:00Z"));
        assert_eq!(clock_period_end(at("2024-04-06T15:00:00Z"), Granularity::HOUR, zone), at("2024-04-06T15:30:00Z"));
        assert_eq!(start("2024-10-05T15:40:00Z"), at("2024-10-05T15:30:00Z"));
        assert_eq!(clock_period_end(at("2024-10-05T15:30:00Z"), Granularity::HOUR, zone), at("2024-10-05T16:00:00Z"));
    }

    #[test]
    fn parts_of_a_day_have_an_hour_more_or_less() {
        let zone = Tz::Europe__Berlin;
        let six = Granularity::hours(6).expect("a part of a day");
        assert_eq!(clock_period_start(at("2024-10-27T03:00:00Z"), six, zone), at("2024-10-26T22:00:00Z"));
        assert_eq!(clock_period_end(at("2024-10-26T22:00:00Z"), six, zone), at("2024-10-27T05:00:00Z"));
        let two = Granularity::hours(2).expect("a part of a day");
        assert_eq!(clock_period_start(at("2024-10-27T01:30:00Z"), two, zone), at("2024-10-27T00:00:00Z"));
        // Two o'clock is skipped, and three is when it would have been.
        assert_eq!(clock_period_start(at("2024-03-31T01:30:00Z"), two, zone), at("2024-03-31T01:00:00Z"));
        assert_eq!(clock_period_end(at("2024-03-31T01:00:00Z"), two, zone), at("2024-03-31T02:00:00Z"));
    }
}
