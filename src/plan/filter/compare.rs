//! Operators of a filter: both sides become one type, and a time beside a day means its local day.
//!
//! A shifted time is compared with days, or moments, moved back by as much.
//!
//! **Invariant:** a time is compared with constants on its bare column, so that a warehouse can prune by it.

use super::{FilterContext, Typed, expect, wider, with_article};
use crate::{
    catalog::ColumnType,
    plan::{PlanError, PlanErrorCode, time},
    sql::{BinaryOp, Expr, Literal, Name, SqlExpr, constant_beside},
    time::{DateRange, NaiveDate},
};

pub(super) fn binary(context: &FilterContext<'_>, op: BinaryOp, left: Typed, right: Typed) -> Result<Typed, PlanError> {
    use BinaryOp::{Add, And, Concat, Divide, Eq, Gt, GtEq, Lt, LtEq, Modulo, Multiply, NotEq, Or, Same, Subtract};
    match op {
        And | Or => {
            expect(&left, ColumnType::Boolean, "`and`, `or`")?;
            expect(&right, ColumnType::Boolean, "`and`, `or`")?;
            Ok(Typed::new(left.expr.binary(op, right.expr), ColumnType::Boolean))
        }
        Add | Subtract | Multiply | Divide | Modulo => {
            expect(&left, ColumnType::Decimal, "arithmetic")?;
            expect(&right, ColumnType::Decimal, "arithmetic")?;
            let (left, right) = as_numbers(left, right);
            let column_type = if op == Divide { ColumnType::Float } else { wider(left.column_type, right.column_type) };
            Ok(Typed::new(left.expr.binary(op, right.expr), column_type))
        }
        Concat => Ok(Typed::new(left.expr.binary(op, right.expr), ColumnType::String)),
        Eq | NotEq | Lt | LtEq | Gt | GtEq | Same => {
            if let Some(compared) = compare_day(context, op, &left, &right) {
                return Ok(Typed::new(compared, ColumnType::Boolean));
            }
            let (left, right) = agree(left, right)?;
            Ok(Typed::new(left.expr.binary(op, right.expr), ColumnType::Boolean))
        }
    }
}

/// Compares a time with a day: its local day counts, and the bare column is compared with the day's ends.
fn compare_day(context: &FilterContext<'_>, op: BinaryOp, left: &Typed, right: &Typed) -> Option<SqlExpr> {
    use BinaryOp::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    let (time, day, op) = match (&left.time, &right.time) {
        (Some(time), None) => (time, constant_day(right)?, op),
        (None, Some(time)) => (time, constant_day(left)?, op.mirrored()),
        _ => return None,
    };
    let column = || time.value.expr.clone();
    let zone = context.cut.zone;
    let start = |day| {
        let rows = time.shift.range(context.project, DateRange::days(Some(day), None), zone);
        let (first, _) = time::ends(time.value.column_type, rows, zone);
        Expr::Parameter(first.unwrap_or_else(|| time::day_start(time.value.column_type, day, zone)))
    };
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

pub(super) fn constant_day(typed: &Typed) -> Option<NaiveDate> {
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

/// For `booked_at in ('2025-01-01', …)`: the local day of the time.
pub(super) fn day_if_dates(context: &FilterContext<'_>, arg: &Typed, list: &[Expr<Name>]) -> SqlExpr {
    match &arg.time {
        Some(time) if compared_type(arg, list) == ColumnType::Date => time.value.moved_day(context.cut, time.shift),
        _ => arg.expr.clone(),
    }
}

pub(super) fn compared_type(arg: &Typed, list: &[Expr<Name>]) -> ColumnType {
    let is_day = |item: &Expr<Name>| match item {
        Expr::Literal(literal) | Expr::Parameter(literal) => match literal {
            Literal::Date(_) => true,
            Literal::String(text) => read_day(text).is_some(),
            _ => false,
        },
        _ => false,
    };
    if arg.column_type.is_time() && list.iter().all(is_day) { ColumnType::Date } else { arg.column_type }
}

/// Makes both sides of a comparison one type: text that is a date becomes one beside a date.
pub(super) fn agree(left: Typed, right: Typed) -> Result<(Typed, Typed), PlanError> {
    let left_type = left.column_type;
    let right_type = right.column_type;
    let (left, right) = (read_as(left, right_type)?, read_as(right, left_type)?);
    let (a, b) = (left.column_type, right.column_type);
    let comparable = a == b
        || (a.is_numeric() && b.is_numeric())
        || matches!(a, ColumnType::Unknown | ColumnType::Json)
        || matches!(b, ColumnType::Unknown | ColumnType::Json);
    if comparable {
        return Ok(as_numbers(left, right));
    }
    Err(PlanError::new(
        PlanErrorCode::InvalidFilter,
        format!("{} is compared with {}", with_article(a), with_article(b)),
    )
    .help(format!("Write {} on both sides, or cast one of them.", with_article(a))))
}

/// Writes a fraction beside binary floating point as such a number.
fn as_numbers(left: Typed, right: Typed) -> (Typed, Typed) {
    let (of_left, of_right) = (left.column_type, right.column_type);
    let beside = |typed: Typed, other| Typed { expr: constant_beside(typed.expr, other), ..typed };
    (beside(left, of_right), beside(right, of_left))
}

/// Reads a constant text as the type it is compared with.
fn read_as(typed: Typed, other: ColumnType) -> Result<Typed, PlanError> {
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
