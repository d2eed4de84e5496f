//! Where the clock of a zone is changed, as far as it matters to periods that are shorter than a day.
//!
//! In Berlin two o'clock comes twice on a Sunday in October; on Lord Howe Island the half hour before two does.
//!
//! **Invariant:** what is not said of a span does not happen in it.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use chrono::{DateTime, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

/// The first year in which a clock may be changed: no zone has a rule before.
const FROM: i32 = 1840;
/// The year with which times begin where nothing is said.
const OPEN: i32 = 1970;
/// The year from which on no rule is known.
const TO: i32 = 2101;
/// Days within which no zone changes its clock there and back.
const STEP: i64 = 10;

/// How the clock of a zone is changed within a span of days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct ClockChanges {
    /// Whether some change is no whole number of hours, so that an hour begins within a clock's hour.
    pub uneven: bool,
    /// The full hours that a clock shows twice, one bit for each hour of the day.
    hours_twice: u32,
    /// For how many minutes the clock is put back, at most.
    pub minutes_back: i64,
}

impl ClockChanges {
    /// Finds the changes between two days; an open start is that of 1970.
    pub fn between(zone: Tz, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Self {
        let start = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        let (from, to) = (from.map(start), to.map(start));
        let of_zone = changes_of(zone);
        let from = from.unwrap_or(first_of(OPEN));
        let first = of_zone.partition_point(|(at, _)| *at < from);
        let later = of_zone[first..].iter().take_while(|(at, _)| to.is_none_or(|to| *at <= to));
        later.fold(Self::default(), |all, (_, change)| all.and(*change))
    }

    fn and(self, other: Self) -> Self {
        Self {
            uneven: self.uneven || other.uneven,
            hours_twice: self.hours_twice | other.hours_twice,
            minutes_back: self.minutes_back.max(other.minutes_back),
        }
    }

    /// Returns whether a clock shows the start of some period of so many hours twice.
    pub fn repeats_start(self, every: u32) -> bool {
        (0..24).any(|hour| hour % every == 0 && self.hours_twice & (1 << hour) != 0)
    }

    /// The change at an instant before which a clock was some seconds further back, or ahead where negative.
    fn at(zone: Tz, at: DateTime<Utc>, change: i32) -> Self {
        let mut changes = Self { uneven: change % 3600 != 0, ..Self::default() };
        if change > 0 {
            return changes;
        }
        let first = at.with_timezone(&zone).naive_local();
        let back = TimeDelta::seconds(i64::from(-change));
        changes.minutes_back = back.num_minutes();
        for hour in 0..24 {
            let time = NaiveTime::from_hms_opt(hour, 0, 0).expect("a full hour");
            let on = |day: NaiveDate| day.and_time(time);
            let days = [first.date(), (first + back).date()];
            if days.into_iter().any(|day| on(day) >= first && on(day) < first + back) {
                changes.hours_twice |= 1 << hour;
            }
        }
        changes
    }
}

type Dated = (DateTime<Utc>, ClockChanges);

/// The changes of a zone in their order, found when the zone is first asked for.
fn changes_of(zone: Tz) -> Arc<[Dated]> {
    static KNOWN: LazyLock<Mutex<HashMap<Tz, Arc<[Dated]>>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(known.entry(zone).or_insert_with(|| find(zone)))
}

fn first_of(year: i32) -> DateTime<Utc> {
    let day = NaiveDate::from_ymd_opt(year, 1, 1).expect("the first of January is a date");
    day.and_time(NaiveTime::MIN).and_utc()
}

fn find(zone: Tz) -> Arc<[Dated]> {
    let (mut at, end) = (first_of(FROM), first_of(TO));
    let mut changes = Vec::new();
    while at < end {
        let next = at + TimeDelta::days(STEP);
        let change = seconds(zone, next) - seconds(zone, at);
        if change != 0 {
            let moment = moment_between(zone, at, next);
            changes.push((moment, ClockChanges::at(zone, moment, change)));
        }
        at = next;
    }
    changes.into()
}

/// The first instant with the later offset.
fn moment_between(zone: Tz, mut before: DateTime<Utc>, mut after: DateTime<Utc>) -> DateTime<Utc> {
    while after - before > TimeDelta::seconds(1) {
        let middle = before + (after - before) / 2;
        let middle = middle.with_nanosecond(0).unwrap_or(middle);
        if seconds(zone, middle) == seconds(zone, before) { before = middle } else { after = middle }
    }
    after
}

fn seconds(zone: Tz, at: DateTime<Utc>) -> i32 {
    zone.offset_from_utc_datetime(&at.naive_utc()).fix().local_minus_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_year(zone: Tz, year: i32) -> ClockChanges {
        let day = |year| NaiveDate::from_ymd_opt(year, 1, 1);
        ClockChanges::between(zone, day(year), day(year + 1))
    }

    #[test]
    fn hours_that_come_twice_are_known() {
        let berlin = in_year(Tz::Europe__Berlin, 2024);
        assert!(berlin.repeats_start(2) && !berlin.repeats_start(6) && !berlin.uneven);
        assert_eq!(berlin.minutes_back, 60);
        assert!(!in_year(Tz::America__New_York, 2024).repeats_start(2));
        assert!(in_year(Tz::America__Havana, 2024).repeats_start(12));
        assert_eq!(in_year(Tz::Asia__Kolkata, 2024), ClockChanges::default());
    }

    #[test]
    fn half_an_hour_is_uneven() {
        let island = in_year(Tz::Australia__Lord_Howe, 2024);
        assert!(island.uneven && !island.repeats_start(2));
        assert!(ClockChanges::between(Tz::Asia__Kathmandu, None, None).uneven);
        assert!(!in_year(Tz::Asia__Kathmandu, 2024).uneven);
    }
}
