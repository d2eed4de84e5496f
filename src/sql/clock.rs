//! Periods of an instant that are shorter than a day, told by the clock of a zone.
//!
//! An hour lasts sixty minutes, save where the clock is put forward or back by a part of an hour within one: then it begins
//! with the change. On Chatham Island, where a quarter to four becomes a quarter to three, it stays whole.
//! Six hours are a part of the local day: they begin at 0, 6, 12 and 18 o'clock, and one of them has an hour more or
//! less where clocks change.
//!
//! **Invariant:** two instants of one period have the same value, and it is the first instant of the period.

use super::{BinaryOp, Expr, Function};
use crate::time::{Calendar, ClockChanges, Granularity, TimePart, Tz, Unit};

/// Returns the first instant of the period of a zone that holds an instant.
///
/// `changes` says how the clock is changed where the instants lie; what does not happen there costs no SQL.
pub fn period_of_instant<N: Clone>(
    instant: Expr<N>,
    granularity: Granularity,
    zone: Tz,
    changes: ClockChanges,
) -> Expr<N> {
    match granularity {
        Granularity::Hour(every) if every.count() > 1 => {
            let local = Expr::call(Function::LocalTime(zone), vec![instant]);
            let start = truncated(local, granularity);
            if changes.repeats_start(every.count()) {
                first_instant(start, zone, changes)
            } else {
                Expr::call(Function::InstantOf(zone), vec![start])
            }
        }
        _ => {
            let start = Expr::call(Function::TruncateInstant { zone, granularity }, vec![instant]);
            let minutes = granularity.seconds().unwrap_or(0) / 60;
            if changes.uneven && minutes > 1 { not_before_change(start, i64::from(minutes), zone) } else { start }
        }
    }
}

/// Returns the first instant behind the period of a zone that begins at an instant.
pub fn period_end_of_instant<N: Clone>(
    start: Expr<N>,
    granularity: Granularity,
    zone: Tz,
    changes: ClockChanges,
) -> Expr<N> {
    let (unit, count) = steps(granularity);
    match granularity {
        Granularity::Hour(every) if every.count() > 1 => {
            let local = Expr::call(Function::LocalTime(zone), vec![start]);
            // Where the first hours are skipped, the clock shows more than their start.
            let next = moved(truncated(local, granularity), unit, count);
            if changes.repeats_start(every.count()) {
                first_instant(next, zone, changes)
            } else {
                Expr::call(Function::InstantOf(zone), vec![next])
            }
        }
        _ if changes.uneven => period_of_instant(moved(start, unit, count), granularity, zone, changes),
        _ => moved(start, unit, count),
    }
}

/// Returns the unit of a period that is shorter than a day, and how many of it make one.
pub fn steps(granularity: Granularity) -> (Unit, i64) {
    match granularity {
        Granularity::Second => (Unit::Second, 1),
        Granularity::Minute(every) => (Unit::Minute, i64::from(every.count())),
        Granularity::Hour(every) => (Unit::Hour, i64::from(every.count())),
        _ => (Unit::Day, 1),
    }
}

fn moved<N>(time: Expr<N>, unit: Unit, count: i64) -> Expr<N> {
    Expr::call(Function::AddUnits(unit), vec![time, Expr::integer(count)])
}

fn truncated<N>(local: Expr<N>, granularity: Granularity) -> Expr<N> {
    let Calendar { week_start, fiscal_start_month } = Calendar::default();
    Expr::call(Function::Truncate { granularity, week_start, fiscal_start_month }, vec![local])
}

/// Returns the first instant at which a clock shows a time. Of two, dialects differ in which they take.
pub fn first_instant<N: Clone>(local: Expr<N>, zone: Tz, changes: ClockChanges) -> Expr<N> {
    let at = Expr::call(Function::InstantOf(zone), vec![local.clone()]);
    if changes.minutes_back == 0 {
        return at;
    }
    let earlier = moved(at.clone(), Unit::Minute, -changes.minutes_back);
    let shown = Expr::call(Function::LocalTime(zone), vec![earlier.clone()]);
    Expr::Case { branches: vec![(shown.binary(BinaryOp::Eq, local), earlier)], otherwise: Some(Box::new(at)) }
}

/// Where the clock was changed by half an hour within the hour, its start as the new clock counts lies before the
/// change; the old clock was within an hour then, and the period begins when that hour would have ended.
fn not_before_change<N: Clone>(start: Expr<N>, minutes: i64, zone: Tz) -> Expr<N> {
    let local = Expr::call(Function::LocalTime(zone), vec![start.clone()]);
    let part = Function::Part { part: TimePart::MinuteOfHour, week_start: Calendar::default().week_start };
    let minute = Expr::call(part, vec![local]);
    let left = Expr::integer(minutes).binary(BinaryOp::Subtract, minute).binary(BinaryOp::Add, Expr::integer(60));
    let left = left.binary(BinaryOp::Modulo, Expr::integer(minutes));
    Expr::call(Function::AddUnits(Unit::Minute), vec![start, left])
}
