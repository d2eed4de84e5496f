//! Arrow record batches to [`Rows`].
//!
//! `DECIMAL(38,2)` 1250 → `Decimal { values: [1250], scale: 2 }`; `HUGEINT` → `Integer`, which arrow cannot tell from
//! a decimal without digits.
//!
//! **Invariant:** a value arrives exactly, or the query is refused by the name of its column.

use ::duckdb::{
    Statement,
    arrow::{
        array::{Array, ArrayRef, AsArray},
        compute::cast,
        datatypes::{
            ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type,
            Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
            TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
        },
    },
    core::LogicalTypeId,
};

use super::failure;
use crate::warehouse::{ColumnData, Error, Rows};

/// Runs a statement whose parameters are bound, and gathers its columns.
pub(super) fn fetch(statement: &mut Statement<'_>) -> Result<Rows, Error> {
    statement.raw_execute().map_err(|error| failure::of_query(&error))?;
    let schema = statement.schema();
    let types: Vec<LogicalTypeId> =
        (0..schema.fields().len()).map(|index| statement.column_logical_type(index).id()).collect();
    let mut columns = Vec::with_capacity(types.len());
    for (field, logical) in schema.fields().iter().zip(&types) {
        columns.push(column_of(field.data_type(), *logical).ok_or_else(|| {
            Error::refused(format!("column `{}` has the type {logical:?}, which an answer cannot carry", field.name()))
        })?);
    }
    let mut rows = Rows { columns, len: 0 };
    while let Some(batch) = statement.step().map_err(|error| failure::of_query(&error))? {
        rows.len += batch.len();
        for (column, array) in rows.columns.iter_mut().zip(batch.columns()) {
            add(column, array);
        }
    }
    Ok(rows)
}

/// Returns the column, without values, in which a type is gathered; nothing for a type that an answer cannot carry.
fn column_of(kind: &DataType, logical: LogicalTypeId) -> Option<ColumnData> {
    Some(match kind {
        DataType::Boolean => ColumnData::Boolean(Vec::new()),
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64 => ColumnData::Integer(Vec::new()),
        DataType::Decimal128(_, scale) => match logical {
            LogicalTypeId::Hugeint => ColumnData::Integer(Vec::new()),
            LogicalTypeId::Decimal => ColumnData::Decimal { values: Vec::new(), scale: u8::try_from(*scale).ok()? },
            _ => return None,
        },
        DataType::Float32 | DataType::Float64 => ColumnData::Float(Vec::new()),
        DataType::Null | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(_, _) => {
            ColumnData::String(Vec::new())
        }
        DataType::Date32 => ColumnData::Date(Vec::new()),
        DataType::Timestamp(_, None) => ColumnData::DateTime(Vec::new()),
        DataType::Timestamp(_, Some(_)) => ColumnData::Timestamp(Vec::new()),
        _ => return None,
    })
}

/// Adds the values of a batch to the column of their type.
fn add(column: &mut ColumnData, array: &ArrayRef) {
    match column {
        ColumnData::Boolean(values) => values.extend(array.as_boolean().iter()),
        ColumnData::Integer(values) => add_integers(values, array),
        ColumnData::Decimal { values, .. } => values.extend(array.as_primitive::<Decimal128Type>().iter()),
        ColumnData::Float(values) => match array.data_type() {
            DataType::Float32 => {
                values.extend(array.as_primitive::<Float32Type>().iter().map(|value| value.map(f64::from)));
            }
            _ => values.extend(array.as_primitive::<Float64Type>().iter()),
        },
        ColumnData::String(values) => add_texts(values, array),
        ColumnData::Date(values) => values.extend(array.as_primitive::<Date32Type>().iter()),
        ColumnData::DateTime(values) | ColumnData::Timestamp(values) => add_times(values, array),
    }
}

fn add_integers(values: &mut Vec<Option<i128>>, array: &ArrayRef) {
    match array.data_type() {
        DataType::Int8 => values.extend(integers::<Int8Type>(array)),
        DataType::Int16 => values.extend(integers::<Int16Type>(array)),
        DataType::Int32 => values.extend(integers::<Int32Type>(array)),
        DataType::Int64 => values.extend(integers::<Int64Type>(array)),
        DataType::UInt8 => values.extend(integers::<UInt8Type>(array)),
        DataType::UInt16 => values.extend(integers::<UInt16Type>(array)),
        DataType::UInt32 => values.extend(integers::<UInt32Type>(array)),
        DataType::UInt64 => values.extend(integers::<UInt64Type>(array)),
        _ => values.extend(integers::<Decimal128Type>(array)),
    }
}

fn integers<T: ArrowPrimitiveType<Native: Into<i128>>>(array: &ArrayRef) -> impl Iterator<Item = Option<i128>> {
    array.as_primitive::<T>().iter().map(|value| value.map(Into::into))
}

fn add_texts(values: &mut Vec<Option<String>>, array: &ArrayRef) {
    let owned = |value: Option<&str>| value.map(str::to_owned);
    match array.data_type() {
        DataType::Null => values.extend(std::iter::repeat_n(None, array.len())),
        DataType::Utf8 => values.extend(array.as_string::<i32>().iter().map(owned)),
        DataType::LargeUtf8 => values.extend(array.as_string::<i64>().iter().map(owned)),
        _ => {
            let texts = cast(array, &DataType::LargeUtf8).expect("what was accepted is a text");
            values.extend(texts.as_string::<i64>().iter().map(owned));
        }
    }
}

/// Adds times as microseconds.
fn add_times(values: &mut Vec<Option<i64>>, array: &ArrayRef) {
    let times = |factor: i64| move |value: Option<i64>| value.map(|value| value.saturating_mul(factor));
    match array.data_type() {
        DataType::Timestamp(TimeUnit::Second, _) => {
            values.extend(array.as_primitive::<TimestampSecondType>().iter().map(times(1_000_000)));
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            values.extend(array.as_primitive::<TimestampMillisecondType>().iter().map(times(1_000)));
        }
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            let nanos = array.as_primitive::<TimestampNanosecondType>().iter();
            values.extend(nanos.map(|value| value.map(|value| value.div_euclid(1_000))));
        }
        _ => values.extend(array.as_primitive::<TimestampMicrosecondType>().iter()),
    }
}
