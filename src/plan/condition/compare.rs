//! Operators of a condition: both sides become one type, and a time beside a day means its local day.
//!
//! A shifted time is compared with days, or moments, moved back by as much.
//!
//! **Invariant:** a time is compared with constants on its bare column, so that a warehouse can prune by it.

use super::{ShiftedTime, Typed, Typing, fits, within};
use crate::{
    catalog::ColumnType,
    plan::{PlanError, PlanErrorCode, time},
    sql::{BinaryOp, Expr, Literal, Name, check_binary, check_compared, constant_beside},
    time::{DateRange, NaiveDate},
};

impl<N: Clone> Typing<'_, N> {
    pub(super) fn binary(
        &self,
        op: BinaryOp,
        left: Typed<N>,
        right: Typed<N>,
        whole: &Expr<Name>,
    ) -> Result<Typed<N>, PlanError> {
        if let Some(compared) = self.compare_day(op, &left, &right) {
            return Ok(Typed::new(compared, ColumnType::Boolean));
        }
        let (left, right) = if op.is_comparison() { read_alike(left, right, whole)? } else { (left, right) };
        let (column_type, misfits) = check_binary(op, left.part(), right.part());
        misfits.into_iter().try_for_each(|(_, misfit)| fits(Err(misfit), whole))?;
        let (of_left, of_right) = (left.column_type, right.column_type);
        let (left, right) = (constant_beside(left.expr, of_right), constant_beside(right.expr, of_left));
        Ok(Typed::new(left.binary(op, right), column_type))
    }

    /// Types `booked_at in ('2025-01-01', …)`: of a time, its local day is one of them.
    pub(super) fn is_in(
        &self,
        arg: Typed<N>,
        list: Vec<Typed<N>>,
        negated: bool,
        whole: &Expr<Name>,
    ) -> Result<Typed<N>, PlanError> {
        let arg = match &arg.time {
            Some(time) if list.iter().all(|item| constant_day(item).is_some()) => {
                Typed::new(time.value.moved_day(self.cut, time.shift), ColumnType::Date)
            }
            _ => arg,
        };
        let mut members = Vec::new();
        for item in list {
            let item = read_as(item, arg.column_type).map_err(|error| within(error, whole))?;
            fits(check_compared(arg.part(), item.part()), whole)?;
            members.push(constant_beside(item.expr, arg.column_type));
        }
        Ok(Typed::new(Expr::In { arg: Box::new(arg.expr), list: members, negated }, ColumnType::Boolean))
    }

    /// Compares a time with a day: its local day counts, and the bare column is compared with the day's ends.
    fn compare_day(&self, op: BinaryOp, left: &Typed<N>, right: &Typed<N>) -> Option<Expr<N>> {
        use BinaryOp::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
        let (time, day, op) = match (&left.time, &right.time) {
            (Some(time), None) => (time, constant_day(right)?, op),
            (None, Some(time)) => (time, constant_day(left)?, op.mirrored()),
            _ => return None,
        };
        let column = || time.value.expr.clone();
        let start = |day| Expr::Parameter(self.start(time, day));
        let next = day.succ_opt()?;
        let (from_on, before) = (|day| column().from_on(start(day)), |day| column().before(start(day)));
        Some(match op {
            GtEq => from_on(day),
            Lt => before(day),
            Gt => from_on(next),
            LtEq => before(next),
            Eq => from_on(day).and(before(next)),
            NotEq => before(day).or(from_on(next)),
            _ => return None,
        })
    }

    /// Returns the constant at which the local day of a shifted time begins.
    fn start(&self, time: &ShiftedTime<N>, day: NaiveDate) -> Literal {
        let zone = self.cut.zone;
        let rows = time.shift.range(self.project, DateRange::days(Some(day), None), zone);
        let (first, _) = time::ends(time.value.column_type, rows, zone);
        first.unwrap_or_else(|| time::day_start(time.value.column_type, day, zone))
    }
}

pub(super) fn constant_day<N>(typed: &Typed<N>) -> Option<NaiveDate> {
    match &typed.expr {
        Expr::Literal(literal) | Expr::Parameter(literal) => match literal {
            Literal::Date(day) => Some(*day),
            Literal::String(text) => read_day(text),
            _ => None,
        },
        _ => None,
    }
}

/// Reads a day that SQL can write.
fn read_day(text: &str) -> Option<NaiveDate> {
    text.parse().ok().filter(|day| Literal::Date(*day).is_writable())
}

/// Reads a text on either side as the type of the other: `'2025-01-31'` beside a date is one.
fn read_alike<N>(left: Typed<N>, right: Typed<N>, whole: &Expr<Name>) -> Result<(Typed<N>, Typed<N>), PlanError> {
    let (of_left, of_right) = (left.column_type, right.column_type);
    let read = |typed, other| read_as(typed, other).map_err(|error| within(error, whole));
    Ok((read(left, of_right)?, read(right, of_left)?))
}

/// Reads a constant text as the type it is compared with.
fn read_as<N>(typed: Typed<N>, other: ColumnType) -> Result<Typed<N>, PlanError> {
    let (Expr::Literal(Literal::String(text)) | Expr::Parameter(Literal::String(text))) = &typed.expr else {
        return Ok(typed);
    };
    let wrong = |example: &str| {
        PlanError::new(PlanErrorCode::InvalidFilter, format!("`{text}` is no {other}"))
            .help(format!("Write it like `{example}`."))
    };
    let read = match other {
        ColumnType::Date => text.parse().map(Literal::Date).map_err(|_| "2025-01-31"),
        ColumnType::DateTime => {
            text.replace(' ', "T").parse().map(Literal::DateTime).map_err(|_| "2025-01-31T14:30:00")
        }
        ColumnType::Timestamp => {
            let instant = chrono::DateTime::parse_from_rfc3339(&text.replace(' ', "T"));
            instant.map(|instant| Literal::Timestamp(instant.naive_utc())).map_err(|_| "2025-01-31T14:30:00Z")
        }
        _ => return Ok(typed),
    };
    let literal = read.map_err(wrong)?;
    if !literal.is_writable() {
        let message = format!("`{text}` lies outside of the years 1 to 9999");
        return Err(PlanError::new(PlanErrorCode::InvalidFilter, message).help("Write a day that a table can hold."));
    }
    let column_type = literal.column_type();
    let expr = match &typed.expr {
        Expr::Literal(_) => Expr::Literal(literal),
        _ => Expr::Parameter(literal),
    };
    Ok(Typed::new(expr, column_type))
}
