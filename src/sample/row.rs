//! Short names for the values of a row.

use chrono::NaiveDate;

use super::calendar;
use crate::sql::Literal;

pub(super) fn null() -> Literal {
    Literal::Null
}

pub(super) fn text(value: impl Into<String>) -> Literal {
    Literal::String(value.into())
}

pub(super) fn integer(value: i64) -> Literal {
    Literal::Integer(value)
}

pub(super) fn boolean(value: bool) -> Literal {
    Literal::Boolean(value)
}

pub(super) fn day(value: NaiveDate) -> Literal {
    Literal::Date(value)
}

/// An instant from its milliseconds.
pub(super) fn instant(millis: i64) -> Literal {
    Literal::Timestamp(calendar::utc(millis))
}

/// An exact decimal from hundredths: 1250 is `12.50`.
pub(super) fn hundredths(value: i64) -> Literal {
    Literal::Decimal(format!("{}.{:02}", value / 100, value % 100))
}

/// A floating-point number from a quotient of whole numbers, which every machine rounds alike.
#[expect(clippy::cast_precision_loss, reason = "both numbers are far below 2^53")]
pub(super) fn quotient(value: i64, divisor: i64) -> Literal {
    Literal::Float((value as f64 / divisor as f64).to_bits())
}

/// A value, or null.
pub(super) fn or_null<T>(value: Option<T>, literal: impl FnOnce(T) -> Literal) -> Literal {
    value.map_or(Literal::Null, literal)
}
