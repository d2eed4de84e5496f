//! Functions in a condition: `date`, `trunc` and `periods_between` mean the query's zone.
//!
//! **Invariant:** no function as written is left in the SQL.

use super::{Typed, Typing, compare::constant_day, fits};
use crate::{
    catalog::ColumnType,
    plan::{
        PlanError, PlanErrorCode,
        bind::Shift,
        time::{self, TimeValue},
    },
    sql::{Expr, Function, Literal, Name, Part, article, call_of, cast_in, check_call},
};

impl<N: Clone> Typing<'_, N> {
    /// Returns a value as another type; a time is read in the query's zone, and moved as far as the scan is taken back.
    pub(super) fn cast(&self, arg: Typed<N>, to: ColumnType) -> Result<Typed<N>, PlanError> {
        let zone = self.cut.zone;
        let expr = match &arg.time {
            Some(time) if to == ColumnType::Date => Ok(time.value.moved_day(self.cut, time.shift)),
            Some(time) => cast_in(time.value.moved(self.cut, time.shift), arg.column_type, to, zone),
            None => cast_in(arg.expr, arg.column_type, to, zone),
        };
        expr.map(|expr| Typed::new(expr, to)).map_err(|refusal| {
            let message = format!("{} {}", article(arg.column_type), refusal.why());
            PlanError::new(PlanErrorCode::InvalidFilter, message).help(refusal.help())
        })
    }

    pub(super) fn call(
        &mut self,
        function: Function,
        args: &[Expr<Name>],
        whole: &Expr<Name>,
    ) -> Result<Typed<N>, PlanError> {
        let typed = args.iter().map(|arg| self.of(arg)).collect::<Result<Vec<_>, _>>()?;
        let is_of_times = matches!(
            function,
            Function::WrittenDate | Function::WrittenTruncate(_) | Function::WrittenPeriodsBetween(_)
        );
        let typed: Vec<Typed<N>> = if is_of_times { typed.into_iter().map(day_of_text).collect() } else { typed };
        let parts: Vec<Part> = typed.iter().map(Typed::part).collect();
        let (column_type, misfits) = check_call(function, &parts);
        misfits.into_iter().try_for_each(|(_, misfit)| fits(Err(misfit), whole))?;
        let (cut, calendar) = (self.cut, self.cut.calendar);
        Ok(match (function, typed.as_slice()) {
            (Function::WrittenDate, [time]) => Typed::new(self.day(time), ColumnType::Date),
            (Function::WrittenTruncate(granularity), [time]) if granularity.is_within_a_day() => {
                let value = self.moved(time);
                Typed::new(value.period(cut, granularity, Shift::default()), value.column_type)
            }
            (Function::WrittenTruncate(granularity), [time]) => {
                Typed::new(time::truncate(self.day(time), granularity, calendar), ColumnType::Date)
            }
            (Function::WrittenPeriodsBetween(granularity), times) => {
                let (week_start, fiscal_start_month) = (calendar.week_start, calendar.fiscal_start_month);
                let clock = |time: &Typed<N>| self.moved(time).local(cut);
                let ends = if granularity.is_within_a_day() {
                    times.iter().map(clock).collect()
                } else {
                    times.iter().map(|time| self.day(time)).collect()
                };
                let function = Function::PeriodsBetween { granularity, week_start, fiscal_start_month };
                Typed::new(Expr::call(function, ends), column_type)
            }
            _ => {
                let first = typed.first().map_or(ColumnType::Unknown, |typed| typed.column_type);
                let args = typed.into_iter().map(|typed| typed.expr).collect();
                Typed::new(call_of(function, args, first), column_type)
            }
        })
    }

    /// Returns the local day of a time, moved as its metric is.
    fn day(&self, typed: &Typed<N>) -> Expr<N> {
        match &typed.time {
            Some(time) => time.value.moved_day(self.cut, time.shift),
            None => self.moved(typed).day(self.cut),
        }
    }

    /// Returns a time of the query, moved as its metric is.
    fn moved(&self, typed: &Typed<N>) -> TimeValue<N> {
        let expr = match &typed.time {
            Some(time) => time.value.moved(self.cut, time.shift),
            None => typed.expr.clone(),
        };
        TimeValue { expr, column_type: typed.column_type }
    }
}

/// Reads a constant text that is a day as one, where a time stands.
fn day_of_text<N>(typed: Typed<N>) -> Typed<N> {
    match constant_day(&typed) {
        Some(day) if typed.column_type == ColumnType::String => {
            Typed::new(Expr::Parameter(Literal::Date(day)), ColumnType::Date)
        }
        _ => typed,
    }
}
