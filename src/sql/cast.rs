//! Casts that give the same value in every dialect, and calls that dialects write by the type of what they get.
//!
//! `cast(weight as string)` of a decimal becomes `Cast(Cast(weight, Decimal), String)`, so that a dialect knows that it
//! writes a decimal.

use super::{BinaryOp, Expr, Function, Literal};
use crate::{catalog::ColumnType, time::Tz};

/// How to write the text of a float.
pub const TEXT_OF_FLOAT: &str = "Write `cast(cast(… as decimal) as string)`, which has at most 9 digits behind the point, \
                                 or `cast(cast(… as integer) as string)`.";

/// A cast that not every warehouse has, or not alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoCast {
    from: ColumnType,
    to: ColumnType,
}

impl NoCast {
    /// Returns why, to go on from the words for the value: "a float".
    pub fn why(self) -> String {
        match (self.from, self.to) {
            (ColumnType::Float, ColumnType::String) => {
                "has no text of its own: each warehouse writes it in another way".to_owned()
            }
            (ColumnType::Timestamp, ColumnType::String) => "has no text of its own: it depends on a zone".to_owned(),
            (_, to) => format!("cannot be cast to {to}"),
        }
    }

    /// Returns what to write instead.
    pub fn help(self) -> &'static str {
        match (self.from, self.to) {
            (ColumnType::Float, ColumnType::String) => TEXT_OF_FLOAT,
            (ColumnType::Timestamp, ColumnType::String) => {
                "Write `cast(cast(… as datetime) as string)` for the text of the local time."
            }
            (ColumnType::Json, _) => "Write `cast(json_text(…, 'key') as …)` for a value of the document.",
            (from, to) if from.is_time() && to.is_numeric() => {
                "Write `periods_between('day', a, b)` for the days between two times."
            }
            _ => {
                "Write what is meant as `case when … then … end`, or in the warehouse's own SQL: `expr: { bigquery: \"…\" }`."
            }
        }
    }
}

/// Returns a value as another type, in a zone where one of them is an instant and the other is not.
///
/// The text of an instant is refused, which depends on a zone, that of a float, which each warehouse writes in its own way,
/// and what a warehouse lacks. A value of which dialects make different texts or numbers goes by way of a cast to its own
/// type, so that they know what they write; a text becomes a number, a day or a truth by way of the form that all of them
/// read alike, a truth becomes a number by way of 1 and 0.
pub fn cast_in<N>(value: Expr<N>, from: ColumnType, to: ColumnType, zone: Tz) -> Result<Expr<N>, NoCast> {
    use ColumnType::{Boolean, Date, DateTime, Decimal, Float, Integer, Json, String, Timestamp, Unknown};
    if !is_everywhere(from, to) {
        return Err(NoCast { from, to });
    }
    Ok(match (from, to) {
        (from, to) if from == to && from != Unknown => value,
        (Float, Integer) if is_whole(&value) => cast(value, to),
        (Integer | Decimal | Float, Boolean) => value.binary(BinaryOp::NotEq, Expr::Literal(Literal::Integer(0))),
        (Boolean, Decimal | Float) => cast(cast_in(value, Boolean, Integer, zone)?, to),
        (Date | DateTime | Decimal | Json, String)
        | (Float, Integer | Decimal)
        | (String, Boolean)
        | (Boolean, Integer)
            if !tells_its_type(&value) =>
        {
            cast(cast(value, from), to)
        }
        (String, Integer) => cast(cast(value, Decimal), to),
        (String, Date) => cast(cast(value, DateTime), to),
        (Timestamp, Date) => Expr::call(Function::DateOf, vec![Expr::call(Function::LocalTime(zone), vec![value])]),
        (DateTime, Date) => Expr::call(Function::DateOf, vec![value]),
        (Timestamp, DateTime) => Expr::call(Function::LocalTime(zone), vec![value]),
        (Date, Timestamp) => Expr::call(Function::InstantOf(zone), vec![cast(value, DateTime)]),
        (DateTime, Timestamp) => Expr::call(Function::InstantOf(zone), vec![value]),
        _ => cast(value, to),
    })
}

/// Returns a constant as it is written beside a value of a type: beside binary floating point a fraction is one as well.
///
/// Of a decimal, DuckDB makes a float that is rounded twice, so `v = 0.15789473684210525` would not find the value that is
/// shown so.
pub fn constant_beside<N>(value: Expr<N>, other: ColumnType) -> Expr<N> {
    let as_float = |literal: Literal| match &literal {
        Literal::Decimal(digits) if other == ColumnType::Float => {
            digits.parse().map_or(literal, |value: f64| Literal::Float(value.to_bits()))
        }
        _ => literal,
    };
    match value {
        Expr::Literal(literal) => Expr::Literal(as_float(literal)),
        Expr::Parameter(literal) => Expr::Parameter(as_float(literal)),
        value => value,
    }
}

/// Returns whether every warehouse makes the same of a value as another type; what is not known, it casts as it does.
fn is_everywhere(from: ColumnType, to: ColumnType) -> bool {
    use ColumnType::{Boolean, Float, Json, String, Timestamp, Unknown};
    let is_number_or_truth = |column_type: ColumnType| column_type.is_numeric() || column_type == Boolean;
    match (from, to) {
        (from, to) if from == to => true,
        (Unknown | String, _) | (_, Unknown) => true,
        (Timestamp | Float, String) => false,
        (Json, _) => to == String,
        (_, String) => true,
        _ => is_number_or_truth(from) == is_number_or_truth(to),
    }
}

/// Returns the call of a function whose first argument is of a type.
///
/// Of a whole number, `floor`, `ceil` and `round` are the number itself, of which most dialects make floating point. A float
/// that is rounded and a JSON document tell what they are, where dialects write the call by that.
pub fn call_of<N>(function: Function, mut args: Vec<Expr<N>>, first: ColumnType) -> Expr<N> {
    let tells = match (function, first) {
        (Function::Floor | Function::Ceil | Function::Round, ColumnType::Integer) => {
            return round_whole(function, args);
        }
        (Function::Round, ColumnType::Float) => args.len() == 1,
        (Function::JsonText, ColumnType::Json) => true,
        _ => false,
    };
    if tells && !tells_its_type(&args[0]) {
        args = args.into_iter().enumerate().map(|(at, arg)| if at == 0 { cast(arg, first) } else { arg }).collect();
    }
    Expr::call(function, args)
}

fn round_whole<N>(function: Function, mut args: Vec<Expr<N>>) -> Expr<N> {
    let digits = (args.len() > 1).then(|| args.remove(1));
    let value = args.remove(0);
    match digits {
        None => value,
        Some(Expr::Literal(Literal::Integer(digits))) if digits >= 0 => value,
        Some(digits) => cast(Expr::call(function, vec![cast(value, ColumnType::Decimal), digits]), ColumnType::Integer),
    }
}

fn cast<N>(value: Expr<N>, to: ColumnType) -> Expr<N> {
    Expr::Cast { arg: Box::new(value), to }
}

/// Returns whether the printer sees the type of a value.
fn tells_its_type<N>(value: &Expr<N>) -> bool {
    match value {
        Expr::Literal(_) | Expr::Parameter(_) | Expr::Cast { .. } => true,
        Expr::Binary { op, .. } => {
            !matches!(op, BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Modulo)
        }
        Expr::IsNull { .. } | Expr::IsTrue { .. } | Expr::In { .. } | Expr::Between { .. } | Expr::Like { .. } => true,
        _ => false,
    }
}

/// Returns whether a number has nothing behind the point, in whichever type it is.
pub(super) fn is_whole<N>(value: &Expr<N>) -> bool {
    match value {
        Expr::Call { function: Function::Floor | Function::Ceil, .. } => true,
        Expr::Call { function: Function::Round, args } => args.len() == 1,
        _ => false,
    }
}
