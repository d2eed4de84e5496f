//! Calendar arithmetic: granularities, periods, ranges, zones.
//!
//! The one place that says when a week or a fiscal year begins. SQL that truncates in a warehouse must agree with it.
//!
//! **Invariant:** nothing here asks a clock; the present moment is an argument.

mod clock;
mod granularity;
mod moment;
mod offset;
mod period;
mod range;
mod range_text;
mod zone;

pub use clock::{clock_instant, clock_period_end, clock_period_start};
pub use granularity::{Calendar, Every, Granularity, TimePart, Weekday};
pub use moment::Moment;
pub use offset::{Duration, Offset, Unit};
pub use period::{add_periods, date_exists_after_shift, period_start, shift_date};
pub use range::{DateRange, RangeUnit, RelativeRange, TimeRange, local_midnight};
pub use range_text::{RangeError, read_date};
pub use zone::ClockChanges;

pub use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
pub use chrono_tz::Tz;
