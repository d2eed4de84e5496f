//! Casts that give the same value in every dialect, and rounding of whole numbers.
//!
//! `cast(weight as string)` of a decimal becomes `Cast(Cast(weight, Decimal), String)`, so that a dialect knows that it
//! writes a decimal.

use super::{BinaryOp, Expr, Function, Literal};
use crate::{catalog::ColumnType, time::Tz};

/// How to write the text of a float.
pub const TEXT_OF_FLOAT: &str = "Write `cast(cast(… as decimal) as string)`, which has at most 9 digits behind the point, \
                                 or `cast(cast(… as integer) as string)`.";

/// Returns a value as another type, in a zone where one of them is an instant and the other is not.
///
/// Nothing where the text of an instant is meant, which depends on a zone, or that of a float, which each warehouse writes in
/// its own way. A value of which dialects make different texts or numbers goes by way of a cast to its own type, so that
/// they know what they write; a text becomes a number, a day or a truth by way of the form that all of them read alike.
pub fn cast_in<N>(value: Expr<N>, from: ColumnType, to: ColumnType, zone: Tz) -> Option<Expr<N>> {
    use ColumnType::{Boolean, Date, DateTime, Decimal, Float, Integer, String, Timestamp, Unknown};
    Some(match (from, to) {
        (from, to) if from == to && from != Unknown => value,
        (Timestamp | Float, String) => return None,
        (Float, Integer) if is_whole(&value) => cast(value, to),
        (Date | DateTime | Decimal, String) | (Float, Integer) | (String, Boolean) if !tells_its_type(&value) => {
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

/// Returns `floor`, `ceil` or `round` of a whole number as a whole number, of which most dialects make floating point.
pub fn round_whole<N>(function: Function, mut args: Vec<Expr<N>>) -> Expr<N> {
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
        Expr::Binary { op, .. } => matches!(op, BinaryOp::Divide | BinaryOp::Concat),
        _ => false,
    }
}

fn is_whole<N>(value: &Expr<N>) -> bool {
    match value {
        Expr::Call { function: Function::Floor | Function::Ceil, .. } => true,
        Expr::Call { function: Function::Round, args } => args.len() == 1,
        _ => false,
    }
}
