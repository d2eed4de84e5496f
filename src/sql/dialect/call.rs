//! Functions that dialects write each in its own way, with their arguments told apart.
//!
//! What every dialect says alike, such as `COALESCE(a, b)`, is written by the printer and is not here.
//!
//! **Invariant:** a function without a form in every dialect does not compile: it is here, or the printer writes it.

use super::SqlExpr;
use crate::time::{Granularity, TimePart, Tz, Unit, Weekday};

/// A function of texts and numbers; see [`crate::sql::Function`] for what each means.
#[derive(Clone, Copy, Debug)]
pub(in crate::sql) enum Call<'a> {
    Trim(&'a SqlExpr),
    Sha256(&'a SqlExpr),
    Concat(&'a [SqlExpr]),
    /// The text, then where the part begins and how long it is, if that is said.
    Substring(&'a SqlExpr, &'a [SqlExpr]),
    StartsWith([&'a SqlExpr; 2]),
    EndsWith([&'a SqlExpr; 2]),
    Contains([&'a SqlExpr; 2]),
    /// The document, then the key.
    JsonText(&'a SqlExpr, &'a SqlExpr),
    /// The number, then the digits, if they are said.
    Round(&'a [SqlExpr]),
    Greatest(&'a [SqlExpr]),
    Least(&'a [SqlExpr]),
}

/// A function of dates and times; see [`crate::sql::Function`] for what each means.
#[derive(Clone, Copy, Debug)]
pub(in crate::sql) enum TimeCall<'a> {
    DateOf(&'a SqlExpr),
    LocalTime(Tz, &'a SqlExpr),
    InstantOf(Tz, &'a SqlExpr),
    Truncate {
        time: &'a SqlExpr,
        granularity: Granularity,
        week_start: Weekday,
        fiscal_start_month: u32,
    },
    TruncateInstant {
        zone: Tz,
        granularity: Granularity,
        instant: &'a SqlExpr,
    },
    /// The time, then how many units.
    AddUnits(Unit, &'a SqlExpr, &'a SqlExpr),
    PeriodsBetween {
        from: &'a SqlExpr,
        to: &'a SqlExpr,
        granularity: Granularity,
        week_start: Weekday,
        fiscal_start_month: u32,
    },
    MicrosecondsBetween {
        from: &'a SqlExpr,
        to: &'a SqlExpr,
        /// Whether they are instants; wall-clock times otherwise.
        instants: bool,
    },
    Part {
        time: &'a SqlExpr,
        part: TimePart,
        week_start: Weekday,
    },
}
