//! The two years of the sample, and how busy each of their days is.
//!
//! 1 February 2024 to 31 January 2026, one leap day and four changes of the clock included.
//!
//! **Invariant:** nothing depends on today.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, TimeZone, Timelike, Weekday};
use chrono_tz::Tz;

/// How many days have bookings.
pub(super) const DAYS: u64 = 731;

/// Milliseconds of a minute, an hour and a day.
pub(super) const MINUTE: i64 = 60_000;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;

/// Milliseconds of 1 February 2026 in UTC, when the sample was taken; nothing is known of later.
pub(super) const TAKEN_AT: i64 = 1_769_904_000_000;

/// Returns the day with this index.
pub(super) fn day(index: u64) -> NaiveDate {
    date(2024, 2, 1) + Days::new(index)
}

/// Returns a day of the Gregorian calendar.
pub(super) fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("only days that exist are written here")
}

/// Returns whether clocks in Europe change in the night to this day's morning.
pub(super) fn is_clock_change(date: NaiveDate) -> bool {
    let last_sunday = date.weekday() == Weekday::Sun && date.day() > 24;
    last_sunday && matches!(date.month(), 3 | 10)
}

/// Returns how busy a day is, in a unit of its own; the network grows by a quarter a year.
pub(super) fn busyness(date: NaiveDate) -> u64 {
    let weekday = [110, 115, 112, 110, 105, 45, 20][date.weekday().num_days_from_monday() as usize];
    let season = [90, 90, 95, 95, 97, 97, 92, 90, 100, 105, 130, 140][date.month0() as usize];
    let growth = 1_000 + (date - day(0)).num_days() * 250 / 366;
    let quiet = matches!((date.month(), date.day()), (12, 25) | (1, 1));
    let change = if is_clock_change(date) { 12 } else { 1 };
    let growth = u64::try_from(growth).expect("the sample has no day from before 2020");
    weekday * season * growth * change / if quiet { 7_000 } else { 1_000 }
}

/// Returns the instant of a local time in milliseconds; a time that the clock skipped is an hour later.
pub(super) fn instant(local: NaiveDateTime, zone: Tz) -> i64 {
    let found = zone.from_local_datetime(&local).earliest();
    let found = found.or_else(|| zone.from_local_datetime(&(local + chrono::TimeDelta::hours(1))).earliest());
    found.expect("the zones of the sample skip one hour at most").timestamp_millis()
}

/// Returns the instant as the wall clock of UTC.
pub(super) fn utc(millis: i64) -> NaiveDateTime {
    DateTime::from_timestamp_millis(millis).expect("an instant near the sample").naive_utc()
}

/// Moves an instant to the hours at which people open the door: 8 to 20 by the local clock.
pub(super) fn in_daytime(millis: i64, zone: Tz) -> i64 {
    let local = zone.from_utc_datetime(&utc(millis)).naive_local();
    match local.hour() {
        0..8 => millis + (8 - i64::from(local.hour())) * HOUR,
        8..20 => millis,
        _ => millis + (32 - i64::from(local.hour())) * HOUR,
    }
}

/// Returns the zone with this name.
pub(super) fn zone(name: &str) -> Tz {
    name.parse().expect("the sample names zones that exist")
}
