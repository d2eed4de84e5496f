//! Constants of a query to DuckDB's own values.
//!
//! `12.50` becomes `DECIMAL(4,2)`, never a float.
//!
//! **Invariant:** a value is bound with its own type; nothing is written into the text.

use ::duckdb::{
    Statement,
    types::{Decimal, TimeUnit, Value},
};

use super::failure;
use crate::{
    sql::Literal,
    time::{NaiveDate, NaiveDateTime},
    warehouse::Error,
};

/// Binds the parameters of a query in the order of their numbers.
pub(super) fn parameters(statement: &mut Statement<'_>, parameters: &[Literal]) -> Result<(), Error> {
    if statement.parameter_count() != parameters.len() {
        return Err(Error::refused(format!(
            "it has {} parameters, and {} values were given",
            statement.parameter_count(),
            parameters.len()
        )));
    }
    for (index, literal) in parameters.iter().enumerate() {
        statement.raw_bind_parameter(index + 1, value(literal)?).map_err(|error| failure::of_query(&error))?;
    }
    Ok(())
}

pub(super) fn value(literal: &Literal) -> Result<Value, Error> {
    Ok(match literal {
        Literal::Null => Value::Null,
        Literal::Boolean(value) => Value::Boolean(*value),
        Literal::Integer(value) => Value::BigInt(*value),
        Literal::Decimal(digits) => Value::Decimal(decimal(digits)?),
        Literal::Float(bits) => Value::Double(f64::from_bits(*bits)),
        Literal::String(text) => Value::Text(text.clone()),
        Literal::Date(date) => Value::Date32(days_since_epoch(*date)),
        // The session is in UTC, so the wall clock of UTC compares with an instant as that instant.
        Literal::DateTime(time) | Literal::Timestamp(time) => Value::Timestamp(TimeUnit::Microsecond, micros(*time)),
    })
}

fn days_since_epoch(date: NaiveDate) -> i32 {
    let days = (date - NaiveDate::default()).num_days();
    i32::try_from(days).expect("the days of the calendar fit in 32 bits")
}

fn micros(time: NaiveDateTime) -> i64 {
    time.and_utc().timestamp_micros()
}

/// Reads `-12.50` as an unscaled number of 38 digits at most.
fn decimal(digits: &str) -> Result<Decimal, Error> {
    let bad = || Error::refused(format!("`{digits}` is not a decimal of at most 38 digits"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let unscaled: i128 = format!("{whole}{fraction}").parse().map_err(|_| bad())?;
    let scale = u8::try_from(fraction.len()).map_err(|_| bad())?;
    let length = unscaled.unsigned_abs().checked_ilog10().map_or(1, |log| log + 1);
    let width = u8::try_from(length).map_err(|_| bad())?.max(scale).max(1);
    Decimal::new(width, scale, unscaled).map_err(|_| bad())
}
