//! Ranges of time, from what a request says to half-open days and instants.

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::{Calendar, Duration, Granularity, Moment, Unit, add_periods, clock_instant, period_start};

/// A half-open range of local days `[from, to)`; either side may be open, or lie within its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct DateRange {
    /// The first day inside.
    pub from: Option<NaiveDate>,
    /// The first day after.
    pub to: Option<NaiveDate>,
    /// The first moment inside, where that is not the start of the first day.
    pub first: Option<Moment>,
    /// The first moment after, where that is not the end of the last day.
    pub end: Option<Moment>,
}

impl DateRange {
    /// Returns a range of whole days.
    pub fn days(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Self {
        Self { from, to, first: None, end: None }
    }

    /// Returns a range between two moments, and the days in which they lie.
    pub fn moments(first: Option<Moment>, end: Option<Moment>, zone: Tz) -> Self {
        Self { from: first.map(|first| first.first_day(zone)), to: end.map(|end| end.day_after(zone)), first, end }
    }

    /// Returns whether a side lies within a day.
    pub fn is_within_days(self) -> bool {
        self.first.is_some() || self.end.is_some()
    }

    /// Returns the two ends as moments.
    pub fn ends(self, zone: Tz) -> (Option<Moment>, Option<Moment>) {
        let start = |day| Moment::of_day(day, zone);
        (self.first.or(self.from.map(start)), self.end.or(self.to.map(start)))
    }
}

/// The size of the periods of a relative range.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum RangeUnit {
    /// A granularity of the language.
    Granularity(Granularity),
    /// A granularity of a calendar, by its name as written: `retail_months`.
    Named(String),
}

impl From<Granularity> for RangeUnit {
    fn from(granularity: Granularity) -> Self {
        Self::Granularity(granularity)
    }
}

/// A number of whole periods that end with the present one, or just before it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RelativeRange {
    /// How many periods.
    pub count: u32,
    /// Of which size.
    pub unit: RangeUnit,
    /// Whether the unfinished period is one of them.
    pub include_current: bool,
}

/// A time range as a request states it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TimeRange {
    /// `last 28 days`: whole periods before the present one.
    Last(RelativeRange),
    /// From a day up to, not including, another.
    Between {
        /// The first day inside.
        from: NaiveDate,
        /// The first day after.
        to: NaiveDate,
    },
    /// The unfinished period.
    Current(RangeUnit),
    /// From a day on.
    Since(NaiveDate),
}

impl TimeRange {
    /// Returns the days of the range, given today's date in the request's zone.
    ///
    /// `last n days` ends at the start of today; `last n months` ends at the start of this month. Nothing where the
    /// periods are those of a calendar from a table.
    pub fn to_dates(&self, today: NaiveDate, calendar: Calendar) -> Option<DateRange> {
        Some(match self {
            Self::Between { from, to } => DateRange::days(Some(*from), Some(*to)),
            Self::Since(from) => DateRange::days(Some(*from), None),
            Self::Current(RangeUnit::Granularity(unit)) => {
                let from = period_start(today, *unit, calendar);
                DateRange::days(Some(from), Some(add_periods(from, *unit, 1)))
            }
            Self::Last(RelativeRange { count, unit: RangeUnit::Granularity(unit), include_current }) => {
                let current = period_start(today, *unit, calendar);
                let to = if *include_current { add_periods(current, *unit, 1) } else { current };
                DateRange::days(Some(add_periods(to, *unit, -i64::from(*count))), Some(to))
            }
            Self::Current(RangeUnit::Named(_)) | Self::Last(RelativeRange { unit: RangeUnit::Named(_), .. }) => {
                return None;
            }
        })
    }

    /// Returns the moments of a range of seconds, minutes or hours, given the present moment; nothing for others.
    ///
    /// `last 24 hours` ends at the start of this hour.
    pub fn to_moments(&self, now: DateTime<Utc>, zone: Tz) -> Option<DateRange> {
        let (unit, count, include_current) = match self {
            Self::Current(RangeUnit::Granularity(unit)) => (*unit, 1, true),
            Self::Last(RelativeRange { count, unit: RangeUnit::Granularity(unit), include_current }) => {
                (*unit, i64::from(*count), *include_current)
            }
            Self::Current(_) | Self::Last(_) | Self::Between { .. } | Self::Since(_) => return None,
        };
        let seconds = i64::from(unit.seconds()?);
        let current = Moment::of_instant(now, zone).period_start(unit, zone, Calendar::default());
        let end = if include_current { current.period_end(unit, zone) } else { current };
        let whole = Duration { count: seconds.saturating_mul(count), unit: Unit::Second };
        let back = end.moved(whole, -1, zone);
        // Several hours are told by the clock, whatever passes.
        let at = if unit > Granularity::HOUR {
            let shown = end.at.with_timezone(&zone).naive_local();
            clock_instant(Moment { at: end.at, clock: shown }.moved(whole, -1, zone).clock, zone)
        } else {
            back.at
        };
        let first = Moment { at, ..back }.period_start(unit, zone, Calendar::default());
        Some(DateRange::moments(Some(first), Some(end), zone))
    }
}

/// Returns the first instant of a local day.
///
/// Where midnight is skipped by a change of the clock, the day begins with the first instant after the gap;
/// where it occurs twice, with the earlier one.
pub fn local_midnight(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = date.and_time(NaiveTime::MIN);
    earliest(midnight, zone).unwrap_or_else(|| {
        // A gap is at most a day long (Samoa skipped 30 December 2011); its end is found by bisecting minutes.
        let day_after = date.checked_add_days(Days::new(2)).unwrap_or(date).and_time(NaiveTime::MIN);
        let (mut missing, mut present) = (0, (day_after - midnight).num_minutes());
        while present - missing > 1 {
            let middle = missing.midpoint(present);
            if earliest(midnight + chrono::TimeDelta::minutes(middle), zone).is_some() {
                present = middle;
            } else {
                missing = middle;
            }
        }
        earliest(midnight + chrono::TimeDelta::minutes(present), zone).unwrap_or_else(|| midnight.and_utc())
    })
}

fn earliest(local: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    zone.from_local_datetime(&local).earliest().map(|instant| instant.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().expect("a date")
    }

    #[test]
    fn last_days_end_at_the_start_of_today() {
        let last = RelativeRange { count: 28, unit: Granularity::Day.into(), include_current: false };
        let dates = TimeRange::Last(last).to_dates(day("2026-03-01"), Calendar::default());
        assert_eq!(dates, Some(DateRange::days(Some(day("2026-02-01")), Some(day("2026-03-01")))));
    }

    #[test]
    fn last_hours_end_at_the_start_of_this_hour() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("an instant");
        let last = RelativeRange { count: 24, unit: Granularity::HOUR.into(), include_current: false };
        let zone = chrono_tz::Europe::Berlin;
        let range = TimeRange::Last(last).to_moments(at("2024-10-27T12:34:00Z"), zone).expect("hours");
        assert_eq!(range.first.map(|first| first.at), Some(at("2024-10-26T12:00:00Z")));
        assert_eq!(range.end.map(|end| end.at), Some(at("2024-10-27T12:00:00Z")));
        assert_eq!((range.from, range.to), (Some(day("2024-10-26")), Some(day("2024-10-28"))));
    }

    #[test]
    fn a_day_without_midnight_begins_after_the_gap() {
        let start = local_midnight(day("2023-04-28"), chrono_tz::Africa::Cairo);
        assert_eq!(start.to_rfc3339(), "2023-04-27T22:00:00+00:00");
    }

    #[test]
    fn a_day_that_was_skipped_begins_with_the_next_one() {
        let start = local_midnight(day("2011-12-30"), chrono_tz::Pacific::Apia);
        assert_eq!(start, local_midnight(day("2011-12-31"), chrono_tz::Pacific::Apia));
    }
}
