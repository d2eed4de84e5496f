//! Where the clock of a zone is changed, as far as it matters to periods that are shorter than a day.
//!
//! In Berlin two o'clock comes twice on a Sunday in October; on Lord Howe Island the half hour before two does.
//!
//! **Invariant:** what is not said of a span does not happen in it.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

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
    /// Finds the changes between two days; an open side is that of 1970 or of 2100.
    pub fn between(zone: Tz, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Self {
        let known = |year| NaiveDate::from_ymd_opt(year, 1, 1).expect("the first of January is a date");
        let start = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc();
        let (mut at, end) = (start(from.unwrap_or(known(1970))), start(to.unwrap_or(known(2100))));
        let mut changes = Self::default();
        while at < end {
            // No zone changes its clock there and back within so few days.
            let Some(next) = at.checked_add_days(Days::new(10)) else { break };
            if seconds(zone, at) != seconds(zone, next) {
                changes.note(zone, at, next);
            }
            at = next;
        }
        changes
    }

    /// Returns whether a clock shows the start of some period of so many hours twice.
    pub fn repeats_start(self, every: u32) -> bool {
        (0..24).any(|hour| hour % every == 0 && self.hours_twice & (1 << hour) != 0)
    }

    fn note(&mut self, zone: Tz, mut before: DateTime<Utc>, mut after: DateTime<Utc>) {
        let change = seconds(zone, after) - seconds(zone, before);
        self.uneven |= change % 3600 != 0;
        if change > 0 {
            return;
        }
        while after - before > TimeDelta::seconds(1) {
            let middle = before + (after - before) / 2;
            let middle = middle.with_nanosecond(0).unwrap_or(middle);
            if seconds(zone, middle) == seconds(zone, before) { before = middle } else { after = middle }
        }
        let first = after.with_timezone(&zone).naive_local();
        let back = TimeDelta::seconds(i64::from(-change));
        self.minutes_back = self.minutes_back.max(back.num_minutes());
        for hour in 0..24 {
            let time = NaiveTime::from_hms_opt(hour, 0, 0).expect("a full hour");
            let on = |day: NaiveDate| day.and_time(time);
            let days = [first.date(), (first + back).date()];
            if days.into_iter().any(|day| on(day) >= first && on(day) < first + back) {
                self.hours_twice |= 1 << hour;
            }
        }
    }
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
