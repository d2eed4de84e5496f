//! Constants.

use chrono::{DateTime, NaiveDateTime};
use sqlparser::ast::{DataType, TypedString, Value, ValueWithSpan};

use super::{ParseError, Source};
use crate::{sql::Literal, time::read_date};

/// The most digits that a decimal has in every warehouse.
const MAX_DIGITS: usize = 38;

pub(super) fn value(source: &Source, value: &ValueWithSpan) -> Result<Literal, ParseError> {
    let span = source.span_of(value.span);
    match &value.value {
        Value::Null => Ok(Literal::Null),
        Value::Boolean(value) => Ok(Literal::Boolean(*value)),
        Value::SingleQuotedString(text) => Ok(Literal::String(text.clone())),
        Value::Number(digits, _) => number(digits).map_err(|message| source.error_in(message, span)),
        _ => Err(source.error_in("this constant is not part of the language", span)),
    }
}

/// `12` is a whole number, `1.50` an exact decimal, `1e3` a float; whole numbers beyond 64 bits are decimals.
fn number(digits: &str) -> Result<Literal, &'static str> {
    if digits.contains(['e', 'E']) {
        let value: f64 = digits.parse().map_err(|_| "this is not a number")?;
        return if value.is_finite() { Ok(Literal::Float(value.to_bits())) } else { Err("this number is too large") };
    }
    if let Ok(value) = digits.parse() {
        return Ok(Literal::Integer(value));
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    if whole.len() + fraction.len() > MAX_DIGITS {
        return Err("this number has more than 38 digits");
    }
    let whole = if whole.is_empty() { "0" } else { whole };
    Ok(Literal::Decimal(if fraction.is_empty() { whole.to_owned() } else { format!("{whole}.{fraction}") }))
}

/// Puts the sign of a written number into the constant; anything else has none.
pub(super) fn negated(literal: &Literal) -> Option<Literal> {
    match literal {
        Literal::Integer(value) => value.checked_neg().map(Literal::Integer),
        Literal::Decimal(digits) => Some(Literal::Decimal(format!("-{digits}"))),
        Literal::Float(bits) => Some(Literal::Float((-f64::from_bits(*bits)).to_bits())),
        _ => None,
    }
}

/// `date '2024-02-29'`, `datetime '2024-02-29 12:00:00'`, `timestamp '2024-02-29 12:00:00+01:00'`.
pub(super) fn typed(source: &Source, typed: &TypedString) -> Result<Literal, ParseError> {
    let span = source.span_of(typed.value.span);
    let text = match &typed.value.value {
        Value::SingleQuotedString(text) => text.as_str(),
        _ => "",
    };
    let (literal, name, example) = match typed.data_type {
        DataType::Date => (read_date(text).map(Literal::Date), "date", "date '2024-02-29'"),
        DataType::Datetime(_) => (date_time(text).map(Literal::DateTime), "datetime", "datetime '2024-02-29 12:00:00'"),
        DataType::Timestamp(..) => (
            timestamp(text).map(Literal::Timestamp),
            "timestamp",
            "timestamp '2024-02-29 12:00:00+01:00' with its offset, or datetime '2024-02-29 12:00:00' for a wall clock",
        ),
        _ => return Err(source.error_in("this constant is not part of the language", span)),
    };
    literal
        .filter(Literal::is_writable)
        .ok_or_else(|| source.error_in(&format!("`{text}` is not a {name}"), span).help(format!("Write {example}.")))
}

fn date_time(text: &str) -> Option<NaiveDateTime> {
    let (day, time) = text.split_once(['T', ' '])?;
    let time =
        ["%H:%M:%S%.f", "%H:%M"].iter().find_map(|format| chrono::NaiveTime::parse_from_str(time, format).ok())?;
    Some(read_date(day)?.and_time(time))
}

fn timestamp(text: &str) -> Option<NaiveDateTime> {
    let text = text.replacen(' ', "T", 1);
    read_date(text.get(..10)?)?;
    // `+01` stands for `+01:00`.
    let is_short = text.len().checked_sub(3).is_some_and(|at| matches!(text.as_bytes()[at], b'+' | b'-'));
    let with_offset = if is_short { format!("{text}:00") } else { text };
    DateTime::parse_from_rfc3339(&with_offset).ok().map(|instant| instant.naive_utc())
}
