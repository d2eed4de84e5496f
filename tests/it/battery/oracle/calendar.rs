//! Days, periods and parts of a zone, with the week and the fiscal year of a world.

use chrono::{
    DateTime, Datelike, Duration, Months, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Timelike, Utc,
};
use chrono_tz::Tz;

use super::KeyValue;
use crate::battery::{
    query::{Part, Query, Range, Size},
    world::{Retail, World},
};

#[derive(Clone, Copy)]
pub(in crate::battery) struct Calendar {
    pub(super) zone: Tz,
    /// Days from Monday.
    pub(super) week_start: u32,
    pub(super) fiscal_start: u32,
    pub(super) retail: Retail,
}

impl Calendar {
    /// The calendar of a query.
    pub(in crate::battery) fn of(world: &World, query: &Query) -> Self {
        let zone = query.zone.unwrap_or(world.zone);
        Self { zone, week_start: world.week_start, fiscal_start: world.fiscal_start, retail: world.retail }
    }

    pub(in crate::battery) fn local_day(self, at: DateTime<Utc>) -> NaiveDate {
        at.with_timezone(&self.zone).date_naive()
    }

    pub(in crate::battery) fn period(self, day: NaiveDate, size: Size) -> NaiveDate {
        let first = day.with_day(1).expect("a first day");
        let months_into = |year_start: u32, period: u32| (day.month() + 12 - year_start) % 12 % period;
        match size {
            Size::Minute15 | Size::Hour | Size::Hour6 | Size::Day => day,
            Size::Week => day - Duration::days(self.day_of_week(day) - 1),
            Size::Month => first,
            Size::Quarter => first - Months::new(months_into(1, 3)),
            Size::Year => first - Months::new(months_into(1, 12)),
            Size::FiscalQuarter => first - Months::new(months_into(self.fiscal_start, 3)),
            Size::FiscalYear => first - Months::new(months_into(self.fiscal_start, 12)),
            Size::RetailMonth | Size::RetailYear => panic!("a table may lack the day"),
        }
    }

    /// The key of the period in which a day lies; null where a table has no such day.
    pub(super) fn key(self, day: NaiveDate, size: Size) -> KeyValue {
        match size {
            Size::RetailMonth | Size::RetailYear => self.retail_key(day, size),
            _ => KeyValue::Day(self.period(day, size)),
        }
    }

    fn day_of_week(self, day: NaiveDate) -> i64 {
        let from_monday = day.weekday().num_days_from_monday();
        i64::from((from_monday + 7 - self.week_start) % 7 + 1)
    }

    /// A part of a day; the hour is asked of times only.
    pub(super) fn part(self, day: NaiveDate, part: Part) -> i64 {
        match part {
            Part::HourOfDay => panic!("a day has no hour"),
            Part::DayOfWeek => self.day_of_week(day),
            Part::DayOfMonth => i64::from(day.day()),
            Part::DayOfYear => i64::from(day.ordinal()),
            Part::MonthOfYear => i64::from(day.month()),
            Part::QuarterOfYear => i64::from(day.month0() / 3 + 1),
        }
    }

    /// The first instant of the part of a day that holds an instant.
    ///
    /// Minute by minute it goes back as long as the clock shows the same part.
    pub(super) fn part_of_day(self, at: DateTime<Utc>, size: Size) -> DateTime<Utc> {
        let mut start =
            at - Duration::seconds(i64::from(at.second())) - Duration::nanoseconds(i64::from(at.nanosecond()));
        let minute = Duration::minutes(1);
        while self.shown(start - minute, size) == self.shown(at, size) {
            start -= minute;
        }
        start
    }

    /// The first instant behind the part of a day that begins at an instant.
    pub(super) fn end_of_part(self, start: DateTime<Utc>, size: Size) -> DateTime<Utc> {
        let mut end = start;
        while self.shown(end, size) == self.shown(start, size) {
            end += Duration::minutes(1);
        }
        end
    }

    /// What tells a part of a day from the ones beside it: of six hours the hour hand, of an hour or less the minute hand,
    /// which a change by whole hours does not move.
    fn shown(self, at: DateTime<Utc>, size: Size) -> (NaiveDateTime, i32) {
        let local = at.with_timezone(&self.zone);
        let start = part_of_clock(local.naive_local(), size);
        if size == Size::Hour6 {
            return (start, 0);
        }
        let offset = local.offset().fix().local_minus_utc();
        let seconds = i32::try_from(60 * size.minutes().expect("a part of a day")).expect("less than a day");
        (start - Duration::seconds(i64::from(offset)), offset % seconds)
    }

    /// The first instant of a day: the first minute that its clock shows.
    pub(super) fn start_of_day(self, day: NaiveDate) -> DateTime<Utc> {
        let minutes = (0..24 * 60).map(|minute| day.and_time(NaiveTime::MIN) + Duration::minutes(minute));
        let mut shown = minutes.filter_map(|minute| self.zone.from_local_datetime(&minute).earliest());
        shown.next().expect("no day is skipped").with_timezone(&Utc)
    }

    /// The instant with the same wall clock so many months later.
    pub(super) fn months_later(self, at: DateTime<Utc>, months: u32) -> DateTime<Utc> {
        self.of_clock(at.with_timezone(&self.zone).naive_local() + Months::new(months))
    }

    /// The instant with the same wall clock so many days later.
    pub(super) fn same_clock(self, at: DateTime<Utc>, days: i64) -> DateTime<Utc> {
        self.of_clock(at.with_timezone(&self.zone).naive_local() + Duration::days(days))
    }

    fn of_clock(self, local: NaiveDateTime) -> DateTime<Utc> {
        match self.zone.from_local_datetime(&local).earliest() {
            Some(at) => at.with_timezone(&Utc),
            // The clock was moved over it: as far after the gap as it would have been after its start.
            None => {
                let before = self.zone.from_local_datetime(&(local - Duration::hours(3))).earliest();
                before.expect("gaps are short").with_timezone(&Utc) + Duration::hours(3)
            }
        }
    }

    /// The range of a query.
    pub(super) fn bounds(self, range: Range, now: DateTime<Utc>) -> Bounds {
        let today = self.local_day(now);
        let month = self.period(today, Size::Month);
        let next = month + Months::new(1);
        let (from, to) = match range {
            Range::Between(from, to) => (from, Some(to)),
            Range::Since(from) => (from, None),
            Range::LastDays(days) => (today - Duration::days(days), Some(today)),
            Range::LastHours(hours) => return self.hours(hours, now),
            Range::LastMonths(months) => (month - Months::new(months), Some(month)),
            Range::LastRetailMonths(months) => {
                let (from, to) = self.last_retail_months(today, months);
                (from, Some(to))
            }
            Range::LastMonthsAndThis(months) => (next - Months::new(months), Some(next)),
            Range::ThisMonth => (month, Some(next)),
        };
        Bounds { from, to, hours: None }
    }

    /// So many hours that passed before this one, and on the wall clock of the zone.
    fn hours(self, hours: i64, now: DateTime<Utc>) -> Bounds {
        let end = self.part_of_day(now, Size::Hour);
        let end_shown = part_of_clock(now.with_timezone(&self.zone).naive_local(), Size::Hour);
        let passed = Duration::hours(hours);
        let (first, first_shown) = (self.part_of_day(end - passed, Size::Hour), end_shown - passed);
        let before_end = Duration::microseconds(1);
        let last_day = self.local_day(end - before_end).max((end_shown - before_end).date());
        Bounds {
            from: self.local_day(first).min(first_shown.date()),
            to: last_day.succ_opt(),
            hours: Some(Hours { at: (first, end), clock: (first_shown, end_shown) }),
        }
    }
}

/// The days of a range: the first one and the first one after it.
#[derive(Clone, Copy)]
pub(super) struct Bounds {
    pub(super) from: NaiveDate,
    pub(super) to: Option<NaiveDate>,
    /// Where it begins and ends within its days.
    pub(super) hours: Option<Hours>,
}

#[derive(Clone, Copy)]
pub(super) struct Hours {
    pub(super) at: (DateTime<Utc>, DateTime<Utc>),
    pub(super) clock: (NaiveDateTime, NaiveDateTime),
}

/// The start of a part of a day as a wall clock shows it.
pub(super) fn part_of_clock(clock: NaiveDateTime, size: Size) -> NaiveDateTime {
    let (hour, minute) = match size {
        Size::Minute15 => (clock.hour(), clock.minute() / 15 * 15),
        Size::Hour6 => (clock.hour() / 6 * 6, 0),
        _ => (clock.hour(), 0),
    };
    clock.date().and_hms_opt(hour, minute, 0).expect("a time of the day")
}

pub(super) fn next_period(start: NaiveDate, size: Size) -> NaiveDate {
    match size {
        Size::Minute15 | Size::Hour | Size::Hour6 | Size::Day => start + Duration::days(1),
        Size::Week => start + Duration::days(7),
        Size::Month => start + Months::new(1),
        Size::Quarter | Size::FiscalQuarter => start + Months::new(3),
        Size::Year | Size::FiscalYear => start + Months::new(12),
        Size::RetailMonth | Size::RetailYear => panic!("a table says it"),
    }
}

/// A day taken back; a day that the earlier month lacks gives the first of the month after.
pub(super) fn back(day: NaiveDate, months: u32, days: i64) -> NaiveDate {
    let moved = day - Months::new(months);
    let moved = if moved.day() == day.day() { moved } else { moved + Duration::days(1) };
    moved - Duration::days(days)
}

pub(super) fn forward(day: NaiveDate, months: u32) -> NaiveDate {
    day + Months::new(months)
}
