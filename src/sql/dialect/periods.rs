//! How far the project's weeks and fiscal years lie from those that a warehouse knows by itself.
//!
//! A fiscal year from April is a calendar year three months later; a week from Sunday is one from Monday a day earlier.

use crate::time::{Granularity, Weekday};

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
