//! Functions in a filter: `date`, `trunc` and `periods_between` mean the query's zone.
//!
//! **Invariant:** no function as written is left in the SQL.

use super::{FilterContext, Typed, bind, compare::constant_day, wider, with_article};
use crate::{
    catalog::ColumnType,
    plan::{
        PlanError, PlanErrorCode,
        bind::Shift,
        scope::Scope,
        time::{self, TimeValue},
    },
    sql::{Expr, Function, Literal, Name, SqlExpr, call_of, cast_in},
    time::Granularity,
};

/// Returns a value as another type; a time is read in the query's zone, and moved as far as the scan is taken back.
pub(super) fn cast(context: &FilterContext<'_>, arg: Typed, to: ColumnType) -> Result<Typed, PlanError> {
    let zone = context.cut.zone;
    let expr = match &arg.time {
        Some(time) if to == ColumnType::Date => Ok(time.value.moved_day(context.cut, time.shift)),
        Some(time) => cast_in(time.value.moved(context.cut, time.shift), arg.column_type, to, zone),
        None => cast_in(arg.expr, arg.column_type, to, zone),
    };
    expr.map(|expr| Typed::new(expr, to)).map_err(|refusal| {
        let message = format!("{} {}", with_article(arg.column_type), refusal.why());
        PlanError::new(PlanErrorCode::InvalidFilter, message).help(refusal.help())
    })
}

pub(super) fn call(
    context: &FilterContext<'_>,
    scope: &mut Scope<'_>,
    function: Function,
    args: &[Expr<Name>],
) -> Result<Typed, PlanError> {
    use ColumnType::{Boolean, Date, Float, Integer, String};
    let mut bound = Vec::new();
    for arg in args {
        bound.push(bind(context, scope, arg)?);
    }
    let first = bound.first().map_or(ColumnType::Unknown, |typed| typed.column_type);
    let widest = bound.iter().fold(ColumnType::Unknown, |widest, typed| wider(widest, typed.column_type));
    let day = |typed: &Typed| {
        if let Some(time) = &typed.time {
            return Ok(time.value.moved_day(context.cut, time.shift));
        }
        let read =
            constant_day(typed).map(|day| TimeValue { expr: Expr::Parameter(Literal::Date(day)), column_type: Date });
        let plain = TimeValue { expr: typed.expr.clone(), column_type: typed.column_type };
        let time = read.unwrap_or(plain);
        if time.column_type.is_time() || time.column_type == ColumnType::Unknown {
            return Ok(time.day(context.cut));
        }
        Err(PlanError::new(
            PlanErrorCode::InvalidFilter,
            format!("a date is needed, and {} is given", with_article(typed.column_type)),
        ))
    };
    let calendar = context.cut.calendar;
    let (week_start, fiscal_start_month) = (calendar.week_start, calendar.fiscal_start_month);
    let arity = |count: usize, name: &str| {
        if bound.len() == count {
            return Ok(());
        }
        Err(PlanError::new(
            PlanErrorCode::InvalidFilter,
            format!("`{name}` takes {count} values, and {} are given", bound.len()),
        ))
    };
    let (function, column_type, args) = match function {
        Function::WrittenDate => {
            arity(1, "date")?;
            return Ok(Typed::new(day(&bound[0])?, Date));
        }
        Function::WrittenTruncate(granularity) => {
            arity(1, "trunc")?;
            if granularity.is_within_a_day() {
                return within_a_day(context, &bound.remove(0), granularity);
            }
            return Ok(Typed::new(time::truncate(day(&bound[0])?, granularity, calendar), Date));
        }
        Function::WrittenPeriodsBetween(granularity) => {
            arity(2, "periods_between")?;
            let days = if granularity.is_within_a_day() {
                vec![clock(context, &bound[0], granularity)?, clock(context, &bound[1], granularity)?]
            } else {
                vec![day(&bound[0])?, day(&bound[1])?]
            };
            (Function::PeriodsBetween { granularity, week_start, fiscal_start_month }, Integer, days)
        }
        Function::StartsWith | Function::EndsWith | Function::Contains => {
            (function, Boolean, bound.into_iter().map(|typed| typed.expr).collect())
        }
        Function::Length
        | Function::Part { .. }
        | Function::PeriodsBetween { .. }
        | Function::MicrosecondsBetween { .. } => {
            (function, Integer, bound.into_iter().map(|typed| typed.expr).collect())
        }
        Function::Lower
        | Function::Upper
        | Function::Trim
        | Function::Concat
        | Function::Substring
        | Function::Replace
        | Function::Sha256
        | Function::JsonText => (function, String, bound.into_iter().map(|typed| typed.expr).collect()),
        Function::Coalesce | Function::Greatest | Function::Least => {
            (function, widest, bound.into_iter().map(|typed| typed.expr).collect())
        }
        Function::Floor | Function::Ceil if first == Float => {
            (function, Float, bound.into_iter().map(|typed| typed.expr).collect())
        }
        Function::NullIf
        | Function::Abs
        | Function::Round
        | Function::Floor
        | Function::Ceil
        | Function::DateOf
        | Function::LocalTime(_)
        | Function::InstantOf(_)
        | Function::Truncate { .. }
        | Function::TruncateInstant { .. }
        | Function::AddUnits(_) => (function, first, bound.into_iter().map(|typed| typed.expr).collect()),
    };
    Ok(Typed::new(call_of(function, args, first), column_type))
}

/// Returns a time of the query, shifted as its metric is.
fn time_of(typed: &Typed, granularity: Granularity, context: &FilterContext<'_>) -> Result<TimeValue, PlanError> {
    let value = match &typed.time {
        Some(time) => TimeValue { expr: time.value.moved(context.cut, time.shift), ..time.value.clone() },
        None => TimeValue { expr: typed.expr.clone(), column_type: typed.column_type },
    };
    match value.column_type {
        ColumnType::DateTime | ColumnType::Timestamp => Ok(value),
        ColumnType::Date => Err(PlanError::new(PlanErrorCode::InvalidFilter, format!("a date has no {granularity}"))
            .help("Use a time, or a granularity of days.")),
        other => Err(PlanError::new(
            PlanErrorCode::InvalidFilter,
            format!("a time is needed, and {} is given", with_article(other)),
        )),
    }
}

fn within_a_day(context: &FilterContext<'_>, typed: &Typed, granularity: Granularity) -> Result<Typed, PlanError> {
    let value = time_of(typed, granularity, context)?;
    let column_type = value.column_type;
    Ok(Typed::new(value.period(context.cut, granularity, Shift::default()), column_type))
}

fn clock(context: &FilterContext<'_>, typed: &Typed, granularity: Granularity) -> Result<SqlExpr, PlanError> {
    Ok(time_of(typed, granularity, context)?.local(context.cut))
}
