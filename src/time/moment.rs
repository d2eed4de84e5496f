//! Ends of ranges that lie within a day.
//!
//! Six hours before a midnight on which clocks change are six o'clock to a wall clock and an hour more or less to an
//! instant, so an end is told for both.
//!
//! **Invariant:** hours pass, days and longer units move the clock.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{
    Calendar, Duration, Granularity, Unit, clock_instant, clock_period_end, clock_period_start, local_midnight,
    period_start, shift_date,
};

/// A moment of a zone, for instants and for wall clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    /// As an instant.
    pub at: DateTime<Utc>,
    /// As a wall clock shows it.
    pub clock: NaiveDateTime,
}

impl Moment {
    /// Returns the first moment of a local day.
    pub fn of_day(day: NaiveDate, zone: Tz) -> Self {
        Self { at: local_midnight(day, zone), clock: day.and_time(NaiveTime::MIN) }
    }

    /// Returns the moment of an instant.
    pub fn of_instant(at: DateTime<Utc>, zone: Tz) -> Self {
        Self { at, clock: at.with_timezone(&zone).naive_local() }
    }

    /// Returns the moment `sign` times a duration later.
    #[must_use]
    pub fn moved(self, duration: Duration, sign: i64, zone: Tz) -> Self {
        if let Some(seconds) = duration.unit.seconds() {
            let span = seconds.checked_mul(duration.count).and_then(|all| all.checked_mul(sign));
            let span = span.and_then(TimeDelta::try_seconds).unwrap_or_default();
            return Self {
                at: self.at.checked_add_signed(span).unwrap_or(self.at),
                clock: self.clock.checked_add_signed(span).unwrap_or(self.clock),
            };
        }
        let moved = |clock: NaiveDateTime| shift_date(clock.date(), duration, sign).and_time(clock.time());
        let shown = self.at.with_timezone(&zone).naive_local();
        Self { at: clock_instant(moved(shown), zone), clock: moved(self.clock) }
    }

    /// Returns the first moment of the period that holds it.
    #[must_use]
    pub fn period_start(self, granularity: Granularity, zone: Tz, calendar: Calendar) -> Self {
        if granularity.is_within_a_day() {
            let clock = clock_period_start(self.clock.and_utc(), granularity, Tz::UTC).naive_utc();
            return Self { at: clock_period_start(self.at, granularity, zone), clock };
        }
        let start = |day| period_start(day, granularity, calendar);
        let day = self.at.with_timezone(&zone).date_naive();
        Self { at: local_midnight(start(day), zone), clock: start(self.clock.date()).and_time(NaiveTime::MIN) }
    }

    /// Returns the first moment behind the period within a day that begins with it.
    #[must_use]
    pub fn period_end(self, granularity: Granularity, zone: Tz) -> Self {
        let clock = clock_period_end(self.clock.and_utc(), granularity, Tz::UTC).naive_utc();
        Self { at: clock_period_end(self.at, granularity, zone), clock }
    }

    /// Returns the first day that holds rows from the moment on.
    pub(super) fn first_day(self, zone: Tz) -> NaiveDate {
        self.at.with_timezone(&zone).date_naive().min(self.clock.date())
    }

    /// Returns the first day that holds no rows before the moment.
    pub(super) fn day_after(self, zone: Tz) -> NaiveDate {
        let a_little = TimeDelta::microseconds(1);
        let last = |clock: NaiveDateTime| (clock - a_little).date();
        let last_day = last(self.at.with_timezone(&zone).naive_local()).max(last(self.clock));
        shift_date(last_day, Duration { count: 1, unit: Unit::Day }, 1)
    }
}
