//! Rows of Postgres to columns.
//!
//! **Invariant:** a value arrives exactly, or the query is refused by the name of its column.

use tokio_postgres::{
    Column, Row,
    types::{FromSql, Type},
};

use super::{failure, numeric::Numeric};
use crate::warehouse::{ColumnData, Error, Rows};

/// The columns of an answer, as its rows come in.
pub(super) struct Gathering<'c> {
    columns: Vec<(&'c Column, Box<dyn Gather + Send>)>,
    len: usize,
}

impl<'c> Gathering<'c> {
    /// Makes columns without values; refuses types that an answer cannot carry.
    pub(super) fn of(columns: &'c [Column]) -> Result<Self, Error> {
        let empty = |column: &'c Column| Some((column, values_of(column.type_())?));
        let columns = columns.iter().map(|column| empty(column).ok_or_else(|| not_carried(column)));
        Ok(Self { columns: columns.collect::<Result<_, _>>()?, len: 0 })
    }

    /// Adds the values of a row.
    pub(super) fn push(&mut self, row: &Row) -> Result<(), Error> {
        for (index, (column, values)) in self.columns.iter_mut().enumerate() {
            values.push(row, index).map_err(|error| failure::of_value(column.name(), &error))?;
        }
        self.len += 1;
        Ok(())
    }

    /// Returns the rows.
    pub(super) fn into_rows(self) -> Result<Rows, Error> {
        let columns = self.columns.into_iter().map(|(column, values)| values.end().ok_or_else(|| not_carried(column)));
        Ok(Rows { columns: columns.collect::<Result<_, _>>()?, len: self.len })
    }
}

fn not_carried(column: &Column) -> Error {
    let (name, kind) = (column.name(), column.type_().name());
    Error::refused(format!("column `{name}` has the type {kind}, which an answer cannot carry"))
}

/// The values of a column so far.
trait Gather {
    fn push(&mut self, row: &Row, index: usize) -> Result<(), tokio_postgres::Error>;

    /// Returns the column; nothing if it cannot hold all values.
    fn end(self: Box<Self>) -> Option<ColumnData>;
}

/// Values that are read as `S` and kept as `T`.
struct Gathered<S, T> {
    values: Vec<Option<T>>,
    kept: fn(S) -> T,
    column: fn(Vec<Option<T>>) -> Option<ColumnData>,
}

impl<S: for<'a> FromSql<'a>, T> Gather for Gathered<S, T> {
    fn push(&mut self, row: &Row, index: usize) -> Result<(), tokio_postgres::Error> {
        self.values.push(row.try_get::<_, Option<S>>(index)?.map(self.kept));
        Ok(())
    }

    fn end(self: Box<Self>) -> Option<ColumnData> {
        (self.column)(self.values)
    }
}

fn gather<S: for<'a> FromSql<'a> + 'static, T: Send + 'static>(
    kept: fn(S) -> T,
    column: fn(Vec<Option<T>>) -> Option<ColumnData>,
) -> Box<dyn Gather + Send> {
    Box::new(Gathered { values: Vec::new(), kept, column })
}

/// Returns how the values of a type are gathered.
fn values_of(kind: &Type) -> Option<Box<dyn Gather + Send>> {
    let integers: fn(_) -> _ = |values| Some(ColumnData::Integer(values));
    let floats: fn(_) -> _ = |values| Some(ColumnData::Float(values));
    let texts: fn(_) -> _ = |values| Some(ColumnData::String(values));
    Some(match *kind {
        Type::BOOL => gather(|value: bool| value, |values| Some(ColumnData::Boolean(values))),
        Type::INT2 => gather(|value: i16| value.into(), integers),
        Type::INT4 => gather(|value: i32| value.into(), integers),
        Type::INT8 => gather(|value: i64| value.into(), integers),
        Type::NUMERIC => gather(|value: Numeric| value, |values| decimals(&values)),
        Type::FLOAT4 => gather(|value: f32| value.into(), floats),
        Type::FLOAT8 => gather(|value: f64| value, floats),
        Type::TEXT | Type::VARCHAR | Type::BPCHAR | Type::NAME | Type::UNKNOWN => gather(|value: String| value, texts),
        Type::DATE => {
            gather(|Raw::<4>(bytes)| days(i32::from_be_bytes(bytes)), |values| Some(ColumnData::Date(values)))
        }
        Type::TIMESTAMP => {
            gather(|Raw::<8>(bytes)| micros(i64::from_be_bytes(bytes)), |values| Some(ColumnData::DateTime(values)))
        }
        Type::TIMESTAMPTZ => {
            gather(|Raw::<8>(bytes)| micros(i64::from_be_bytes(bytes)), |values| Some(ColumnData::Timestamp(values)))
        }
        Type::UUID => gather(|Raw::<16>(bytes)| uuid(bytes), texts),
        Type::JSON => gather(|Utf8(text)| text, texts),
        // The text behind the number of the format, which is 1.
        Type::JSONB => gather(|Utf8(mut text)| text.split_off(1.min(text.len())), texts),
        _ => return None,
    })
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
