//! Rows of Postgres to columns.
//!
//! **Invariant:** a value arrives exactly, or the query is refused by the name of its column.

use tokio_postgres::{
    Column, Row,
    types::{FromSql, Type},
};

use super::{failure, numeric::Numeric};
use crate::warehouse::{ColumnData, Error, Rows};

/// Gathers the values of each column.
pub(super) fn of(columns: &[Column], rows: &[Row]) -> Result<Rows, Error> {
    let gathered = columns.iter().enumerate().map(|(index, column)| {
        gather(column.type_(), rows, index).map_err(|refusal| match refusal {
            Unread::Value(error) => failure::of_value(column.name(), &error),
            Unread::Type => Error::refused(format!(
                "column `{}` has the type {}, which an answer cannot carry",
                column.name(),
                column.type_().name()
            )),
        })
    });
    Ok(Rows { columns: gathered.collect::<Result<_, _>>()?, len: rows.len() })
}

/// Why a column was not read.
enum Unread {
    Value(tokio_postgres::Error),
    Type,
}

fn gather(kind: &Type, rows: &[Row], index: usize) -> Result<ColumnData, Unread> {
    Ok(match *kind {
        Type::BOOL => ColumnData::Boolean(values(rows, index, |value: bool| value)?),
        Type::INT2 => ColumnData::Integer(values(rows, index, |value: i16| value.into())?),
        Type::INT4 => ColumnData::Integer(values(rows, index, |value: i32| value.into())?),
        Type::INT8 => ColumnData::Integer(values(rows, index, |value: i64| value.into())?),
        Type::NUMERIC => decimals(&values(rows, index, |value: Numeric| value)?).ok_or(Unread::Type)?,
        Type::FLOAT4 => ColumnData::Float(values(rows, index, |value: f32| value.into())?),
        Type::FLOAT8 => ColumnData::Float(values(rows, index, |value: f64| value)?),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => {
            ColumnData::String(values(rows, index, |value: String| value)?)
        }
        Type::DATE => ColumnData::Date(values(rows, index, |Raw::<4>(bytes)| days(i32::from_be_bytes(bytes)))?),
        Type::TIMESTAMP => {
            ColumnData::DateTime(values(rows, index, |Raw::<8>(bytes)| micros(i64::from_be_bytes(bytes)))?)
        }
        Type::TIMESTAMPTZ => {
            ColumnData::Timestamp(values(rows, index, |Raw::<8>(bytes)| micros(i64::from_be_bytes(bytes)))?)
        }
        Type::UUID => ColumnData::String(values(rows, index, |Raw::<16>(bytes)| uuid(bytes))?),
        Type::JSON => ColumnData::String(values(rows, index, |Utf8(text)| text)?),
        // The text behind the number of the format, which is 1.
        Type::JSONB => ColumnData::String(values(rows, index, |Utf8(mut text)| text.split_off(1.min(text.len())))?),
        _ => return Err(Unread::Type),
    })
}

fn values<'a, S: FromSql<'a>, T>(
    rows: &'a [Row],
    index: usize,
    mut of: impl FnMut(S) -> T,
) -> Result<Vec<Option<T>>, Unread> {
    let value = |row: &'a Row| row.try_get::<_, Option<S>>(index).map(|value| value.map(&mut of));
    rows.iter().map(value).collect::<Result<_, _>>().map_err(Unread::Value)
}

/// Gives all numbers of a column the greatest scale that one of them has.
fn decimals(numbers: &[Option<Numeric>]) -> Option<ColumnData> {
    let scale = numbers.iter().flatten().map(|number| number.scale).max().unwrap_or(0);
    let values = numbers.iter().map(|number| number.map_or(Some(None), |number| number.at(scale).map(Some)));
    Some(ColumnData::Decimal { values: values.collect::<Option<_>>()?, scale })
}

/// Days and times count from 1 January 2000, and the ends of the numbers stand for infinity.
/// See <https://www.postgresql.org/docs/current/datatype-datetime.html>.
const EPOCH_DAYS: i32 = 10_957;

fn days(since_2000: i32) -> i32 {
    since_2000.saturating_add(EPOCH_DAYS)
}

fn micros(since_2000: i64) -> i64 {
    since_2000.saturating_add(i64::from(EPOCH_DAYS) * 86_400_000_000)
}

/// The bytes of a value of a fixed size.
struct Raw<const N: usize>([u8; N]);

impl<'a, const N: usize> FromSql<'a> for Raw<N> {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(raw.try_into()?))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

/// The text of a document.
struct Utf8(String);

impl<'a> FromSql<'a> for Utf8 {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(String::from_utf8(raw.to_vec())?))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}

fn uuid(bytes: [u8; 16]) -> String {
    let digits = format!("{:032x}", u128::from_be_bytes(bytes));
    [&digits[..8], &digits[8..12], &digits[12..16], &digits[16..20], &digits[20..]].join("-")
}
