//! Time columns in SQL: local days, periods, parts, and bounds on the bare column.
//!
//! An instant is cut in the query's zone; a wall-clock time and a date are taken as they are.
//!
//! **Invariant:** a range is compared with the bare column and constants, so that a warehouse can prune by it.

use super::{PlanError, PlanErrorCode, bind::Shift};
use crate::{
    catalog::ColumnType,
    project::{Dimension, DimensionKind, Size},
    sql::{BinaryOp, Expr, Function, Leaf, Literal, first_instant, period_of_instant},
    time::{
        Calendar, ClockChanges, DateRange, Duration, Granularity, Moment, NaiveDate, TimePart, Tz, Unit, local_midnight,
    },
};

/// How periods are cut in a query.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut {
    /// The zone of the query.
    pub(super) zone: Tz,
    /// How its clock is changed about the range of the query.
    pub(super) changes: ClockChanges,
    /// Where weeks and fiscal years begin.
    pub(super) calendar: Calendar,
}

/// A time in SQL and its type.
#[derive(Clone, Debug)]
pub(crate) struct TimeValue<N = Leaf> {
    /// The value of a row.
    pub(crate) expr: Expr<N>,
    /// A date, a wall-clock time or an instant.
    pub(crate) column_type: ColumnType,
}

impl<N: Clone> TimeValue<N> {
    /// Returns the wall-clock time in the query's zone; a date stays a date.
    pub(super) fn local(&self, cut: Cut) -> Expr<N> {
        match self.column_type {
            ColumnType::Timestamp => Expr::call(Function::LocalTime(cut.zone), vec![self.expr.clone()]),
            _ => self.expr.clone(),
        }
    }

    /// Returns the time moved forward by the seconds of a shift.
    fn passed(&self, shift: Shift) -> Self {
        Self { expr: add_seconds(self.expr.clone(), shift.seconds), ..self.clone() }
    }

    /// Returns the time moved by whole units: hours pass, days and longer units move the zone's clock.
    pub(super) fn moved_by(&self, cut: Cut, unit: Unit, count: i64) -> Expr<N> {
        match (unit.seconds(), self.column_type) {
            (None, ColumnType::Timestamp) => {
                first_instant(add_units(self.local(cut), unit, count), cut.zone, cut.changes)
            }
            (_, _) => add_units(self.expr.clone(), unit, count),
        }
    }

    /// Returns the local day.
    pub(super) fn day(&self, cut: Cut) -> Expr<N> {
        match self.column_type {
            ColumnType::Date => self.expr.clone(),
            _ => Expr::call(Function::DateOf, vec![self.local(cut)]),
        }
    }

    /// Returns the local day moved forward by the days of a shift.
    pub(super) fn shifted_day(&self, cut: Cut, shift: Shift) -> Expr<N> {
        move_day(self.passed(shift).day(cut), Unit::Day, shift.days)
    }

    /// Returns the local day moved forward by a shift.
    pub(super) fn moved_day(&self, cut: Cut, shift: Shift) -> Expr<N> {
        move_day(self.shifted_day(cut, shift), Unit::Month, shift.months)
    }

    /// Returns the time moved forward by a shift, in the zone's clock.
    pub(super) fn moved(&self, cut: Cut, shift: Shift) -> Expr<N> {
        if shift.is_none() {
            return self.expr.clone();
        }
        match self.column_type {
            ColumnType::Date => self.moved_day(cut, shift),
            ColumnType::Timestamp if shift.days == 0 && shift.months == 0 => self.passed(shift).expr,
            ColumnType::Timestamp => {
                let days = add_units(self.passed(shift).local(cut), Unit::Day, shift.days);
                first_instant(add_units(days, Unit::Month, shift.months), cut.zone, cut.changes)
            }
            _ => add_units(add_units(self.passed(shift).expr, Unit::Day, shift.days), Unit::Month, shift.months),
        }
    }

    /// Returns the period in which a row counts once it is shifted: a date, or within a day the time of its start.
    pub(super) fn period(&self, cut: Cut, granularity: Granularity, shift: Shift) -> Expr<N> {
        if !granularity.is_within_a_day() {
            let period = truncate(self.shifted_day(cut, shift), granularity, cut.calendar);
            return move_day(period, Unit::Month, shift.months);
        }
        match self.column_type {
            ColumnType::Timestamp => {
                let moved = if shift.days == 0 {
                    self.passed(shift).expr
                } else {
                    let local = add_units(self.passed(shift).local(cut), Unit::Day, shift.days);
                    first_instant(local, cut.zone, cut.changes)
                };
                period_of_instant(moved, granularity, cut.zone, cut.changes)
            }
            _ => {
                let moved = add_units(self.passed(shift).expr, Unit::Day, shift.days);
                truncate(moved, granularity, cut.calendar)
            }
        }
    }

    /// Returns the period in which the moved time of a row lies, which is what a filter asks of it.
    ///
    /// The year 2023 moved by a month, as a key would be, begins on 1 February and is no year; a day of December 2023 that is
    /// moved by a month lies in 2024.
    pub(super) fn period_of_moved(&self, cut: Cut, granularity: Granularity, shift: Shift) -> Expr<N> {
        if !granularity.is_within_a_day() {
            return truncate(self.moved_day(cut, shift), granularity, cut.calendar);
        }
        let moved = Self { expr: self.moved(cut, shift), ..self.clone() };
        moved.period(cut, granularity, Shift::default())
    }

    /// Returns a part of the shifted local time.
    pub(super) fn part(&self, cut: Cut, part: TimePart, shift: Shift) -> Expr<N> {
        let time = match part {
            TimePart::MinuteOfHour | TimePart::HourOfDay => self.passed(shift).local(cut),
            _ => add_units(self.shifted_day(cut, shift), Unit::Month, shift.months),
        };
        Expr::call(Function::Part { part, week_start: cut.calendar.week_start }, vec![time])
    }

    /// Returns the condition that the row's day exists in the month to which it is shifted.
    ///
    /// 31 January moved by one month would be counted on 28 February together with that day's own row.
    pub(super) fn day_exists(&self, cut: Cut, shift: Shift) -> Option<Expr<N>> {
        if shift.months == 0 {
            return None;
        }
        let day = self.shifted_day(cut, shift);
        let part = |day| {
            Expr::call(Function::Part { part: TimePart::DayOfMonth, week_start: cut.calendar.week_start }, vec![day])
        };
        let moved = add_units(day.clone(), Unit::Month, shift.months);
        Some(part(moved).binary(BinaryOp::Eq, part(day)))
    }

    /// Returns the conditions that a row lies in a range.
    pub(super) fn within(&self, cut: Cut, range: DateRange) -> Vec<Expr<N>> {
        let (from, to) = ends(self.column_type, range, cut.zone);
        let from = from.map(|from| self.expr.clone().from_on(Expr::Literal(from)));
        let to = to.map(|to| self.expr.clone().before(Expr::Literal(to)));
        from.into_iter().chain(to).collect()
    }
}

/// Returns the constants at which a range begins and ends, in the type of a column; of a date its whole days.
pub(super) fn ends(column_type: ColumnType, range: DateRange, zone: Tz) -> (Option<Literal>, Option<Literal>) {
    let end = |moment: Option<Moment>, day: Option<NaiveDate>| match (moment, column_type) {
        (Some(moment), ColumnType::Timestamp) => Some(Literal::Timestamp(moment.at.naive_utc())),
        (Some(moment), ColumnType::DateTime) => Some(Literal::DateTime(moment.clock)),
        _ => day.map(|day| day_start(column_type, day, zone)),
    };
    (end(range.first, range.from), end(range.end, range.to))
}

/// Returns the constant at which a local day begins, in the type of a column.
pub(super) fn day_start(column_type: ColumnType, day: NaiveDate, zone: Tz) -> Literal {
    match column_type {
        ColumnType::Date => Literal::Date(day),
        ColumnType::Timestamp => Literal::Timestamp(local_midnight(day, zone).naive_utc()),
        _ => Literal::DateTime(day.and_time(chrono::NaiveTime::MIN)),
    }
}

/// Returns the start of the period of a date, or of a wall-clock time within its day.
pub(crate) fn truncate<N>(day: Expr<N>, granularity: Granularity, calendar: Calendar) -> Expr<N> {
    if granularity == Granularity::Day {
        return day;
    }
    let function = Function::Truncate {
        granularity,
        week_start: calendar.week_start,
        fiscal_start_month: calendar.fiscal_start_month,
    };
    Expr::call(function, vec![day])
}

/// Returns a time moved by seconds, in the greatest unit of which they are a whole number.
pub(super) fn add_seconds<N>(time: Expr<N>, seconds: i64) -> Expr<N> {
    let Duration { count, unit } = Shift { seconds, ..Shift::default() }.passing();
    add_units(time, unit, count)
}

/// Returns a date or wall-clock time moved by whole units.
pub(super) fn add_units<N>(time: Expr<N>, unit: Unit, count: i64) -> Expr<N> {
    if count == 0 { time } else { Expr::call(Function::AddUnits(unit), vec![time, Expr::integer(count)]) }
}

/// Returns a date moved by whole units, as a date: some dialects make a wall-clock time of it.
pub(crate) fn move_day<N>(day: Expr<N>, unit: Unit, count: i64) -> Expr<N> {
    if count == 0 { day } else { Expr::call(Function::DateOf, vec![add_units(day, unit, count)]) }
}

/// Returns the first day after the period that begins with `period`.
pub(crate) fn period_end<N>(period: Expr<N>, granularity: Granularity) -> Expr<N> {
    match granularity {
        Granularity::Day => add_units(period, Unit::Day, 1),
        Granularity::Week => add_units(period, Unit::Day, 7),
        _ if granularity.is_within_a_day() => add_seconds(period, i64::from(granularity.seconds().unwrap_or(0))),
        _ => add_units(period, Unit::Month, i64::from(granularity.months().unwrap_or(1))),
    }
}

/// Checks that a time dimension has values as fine as a granularity.
pub(super) fn check_finest(dimension: &Dimension, granularity: Granularity) -> Result<(), PlanError> {
    let name = &dimension.name;
    let DimensionKind::Time { finest } = dimension.kind else {
        return Err(PlanError::new(PlanErrorCode::InvalidFilter, format!("`{name}` is no time dimension"))
            .help("Leave the granularity out."));
    };
    if finest.nests_in(granularity) {
        return Ok(());
    }
    Err(PlanError::new(PlanErrorCode::GranularityTooFine, format!("`{name}` is known by {finest} only"))
        .help(format!("Group it by {finest} or a granularity made of whole {finest}s.")))
}

/// Returns the granularity that a time must be known by, to be cut into periods of a size.
pub(super) fn finest_of(size: Size) -> Granularity {
    match size {
        Size::Standard(granularity) => granularity,
        Size::Calendar(_) | Size::FirstDay(_) => Granularity::Day,
    }
}

/// Returns the type of a time key at a granularity.
pub(super) fn period_type(column_type: ColumnType, granularity: Granularity) -> ColumnType {
    if granularity.is_within_a_day() { column_type } else { ColumnType::Date }
}
