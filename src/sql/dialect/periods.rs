//! How far the project's weeks and fiscal years lie from those that a warehouse knows by itself.
//!
//! A fiscal year from April is a calendar year three months later; a week from Sunday is one from Monday a day earlier.

use crate::{
    sql::Literal,
    time::{Granularity, Weekday},
};

/// Returns how many months a fiscal period begins after a calendar one of its size.
pub(super) fn months_from_january(granularity: Granularity, fiscal_start_month: u32) -> i64 {
    match granularity {
        Granularity::FiscalQuarter => i64::from((fiscal_start_month + 11) % 3),
        Granularity::FiscalYear => i64::from((fiscal_start_month + 11) % 12),
        _ => 0,
    }
}

/// Returns how many days later a week that begins on `week_start` would begin on Monday.
pub(super) fn days_to_monday(granularity: Granularity, week_start: Weekday) -> i64 {
    match granularity {
        Granularity::Week => i64::from((7 - week_start.num_days_from_monday()) % 7),
        _ => 0,
    }
}

/// Returns the unit in which a granularity within a day is cut, and how many of it make a period.
pub(super) fn clock_unit(granularity: Granularity) -> (&'static str, i64) {
    match granularity {
        Granularity::Minute(every) => ("MINUTE", i64::from(every.count())),
        Granularity::Hour(every) => ("HOUR", i64::from(every.count())),
        Granularity::Second
        | Granularity::Day
        | Granularity::Week
        | Granularity::Month
        | Granularity::Quarter
        | Granularity::Year
        | Granularity::FiscalQuarter
        | Granularity::FiscalYear => ("SECOND", 1),
    }
}

/// Returns a number of seconds in the greatest unit of which it is a whole number.
pub(super) fn in_units(seconds: i64) -> (i64, &'static str) {
    match seconds {
        _ if seconds % 3600 == 0 => (seconds / 3600, "HOUR"),
        _ if seconds % 60 == 0 => (seconds / 60, "MINUTE"),
        _ => (seconds, "SECOND"),
    }
}

/// Returns the moment a second before another: the last of a series that goes up to that one.
pub(super) fn second_before(moment: &Literal) -> Literal {
    let before = |time: chrono::NaiveDateTime| time - chrono::TimeDelta::seconds(1);
    match moment {
        Literal::Timestamp(time) => Literal::Timestamp(before(*time)),
        Literal::DateTime(time) => Literal::DateTime(before(*time)),
        other => other.clone(),
    }
}
