//! Time functions as written → functions that say the zone and the calendar.
//!
//! `trunc(booked_at, month)` of an instant becomes `Truncate(DateOf(LocalTime(Europe/Berlin)(booked_at)))`: the
//! project's zone is in the tree, so that no later stage can take the session's.
//!
//! **Invariant:** an instant is never cut to a day without a zone.

use super::typing::Typed;
use crate::{
    catalog::ColumnType,
    sql::{Expr, Function, NoCast, cast_in, period_of_instant},
    time::{Calendar, ClockChanges, Granularity, TimePart, Tz},
};

/// Returns the day of a time in the zone.
pub(super) fn to_date<N>(value: Typed<N>, zone: Tz) -> Expr<N> {
    match value.column_type {
        ColumnType::Date => value.expr,
        ColumnType::Timestamp => Expr::call(Function::DateOf, vec![to_wall_clock(value, zone)]),
        _ => Expr::call(Function::DateOf, vec![value.expr]),
    }
}

/// Returns the wall-clock time of an instant in the zone; dates and wall-clock times stay.
pub(super) fn to_wall_clock<N>(value: Typed<N>, zone: Tz) -> Expr<N> {
    match value.column_type {
        ColumnType::Timestamp => Expr::call(Function::LocalTime(zone), vec![value.expr]),
        _ => value.expr,
    }
}

/// Returns the start of the period that holds a time; nothing for the hour of a date.
pub(super) fn truncate<N: Clone>(
    value: Typed<N>,
    granularity: Granularity,
    zone: Tz,
    calendar: Calendar,
) -> Option<Typed<N>> {
    let function = Function::Truncate {
        granularity,
        week_start: calendar.week_start,
        fiscal_start_month: calendar.fiscal_start_month,
    };
    let (expr, column_type) = match (granularity, value.column_type) {
        (within, ColumnType::Date) if within.is_within_a_day() => return None,
        (within, ColumnType::Timestamp) if within.is_within_a_day() => {
            // A definition holds for the rows of all times.
            let changes = ClockChanges::between(zone, None, None);
            (period_of_instant(value.expr, within, zone, changes), ColumnType::Timestamp)
        }
        (within, _) if within.is_within_a_day() => (Expr::call(function, vec![value.expr]), ColumnType::DateTime),
        (Granularity::Day, _) => (to_date(value, zone), ColumnType::Date),
        _ => (Expr::call(function, vec![to_date(value, zone)]), ColumnType::Date),
    };
    Some(Typed { expr, column_type })
}

/// Returns a part of a time; nothing for the hour of a date.
pub(super) fn part<N>(value: Typed<N>, part: TimePart, zone: Tz, calendar: Calendar) -> Option<Typed<N>> {
    let expr = match (part, value.column_type) {
        (part, ColumnType::Date) if part.is_within_a_day() => return None,
        (part, _) if part.is_within_a_day() => to_wall_clock(value, zone),
        _ => to_date(value, zone),
    };
    let function = Function::Part { part, week_start: calendar.week_start };
    Some(Typed { expr: Expr::call(function, vec![expr]), column_type: ColumnType::Integer })
}

/// Returns how many boundaries of a period lie between two times.
pub(super) fn periods_between<N>(
    from: Typed<N>,
    to: Typed<N>,
    granularity: Granularity,
    zone: Tz,
    calendar: Calendar,
) -> Typed<N> {
    let function = Function::PeriodsBetween {
        granularity,
        week_start: calendar.week_start,
        fiscal_start_month: calendar.fiscal_start_month,
    };
    let args = match granularity {
        within if within.is_within_a_day() => vec![to_wall_clock(from, zone), to_wall_clock(to, zone)],
        _ => vec![to_date(from, zone), to_date(to, zone)],
    };
    Typed { expr: Expr::call(function, args), column_type: ColumnType::Integer }
}

/// Returns a cast; one between instants and wall clocks says the zone.
pub(super) fn cast<N>(value: Typed<N>, to: ColumnType, zone: Tz) -> Result<Typed<N>, NoCast> {
    let expr = cast_in(value.expr, value.column_type, to, zone)?;
    Ok(Typed { expr, column_type: to })
}
