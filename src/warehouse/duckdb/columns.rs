//! Arrow record batches to [`Rows`].
//!
//! `DECIMAL(38,2)` 1250 → `Decimal { values: [1250], scale: 2 }`; `HUGEINT` → `Integer`, which arrow cannot tell from
//! a decimal without digits.
//!
//! **Invariant:** a value arrives exactly, or the query is refused by the name of its column.

use ::duckdb::{
    Statement,
    arrow::{
        array::{Array, ArrayRef, AsArray, new_empty_array},
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
        let empty = new_empty_array(field.data_type());
        let column = column(&empty, *logical).ok_or_else(|| {
            Error::refused(format!("column `{}` has the type {logical:?}, which an answer cannot carry", field.name()))
        })?;
        columns.push(column);
    }
    let mut rows = Rows { columns, len: 0 };
    while let Some(batch) = statement.step().map_err(|error| failure::of_query(&error))? {
        rows.len += batch.len();
        for ((gathered, array), logical) in rows.columns.iter_mut().zip(batch.columns()).zip(&types) {
            let more = column(array, *logical).expect("the type was accepted above");
            append(gathered, more);
        }
    }
    Ok(rows)
}

fn column(array: &ArrayRef, logical: LogicalTypeId) -> Option<ColumnData> {
    Some(match array.data_type() {
        DataType::Null => ColumnData::String(vec![None; array.len()]),
        DataType::Boolean => ColumnData::Boolean(array.as_boolean().iter().collect()),
        DataType::Int8 => integers::<Int8Type>(array),
        DataType::Int16 => integers::<Int16Type>(array),
        DataType::Int32 => integers::<Int32Type>(array),
        DataType::Int64 => integers::<Int64Type>(array),
        DataType::UInt8 => integers::<UInt8Type>(array),
        DataType::UInt16 => integers::<UInt16Type>(array),
        DataType::UInt32 => integers::<UInt32Type>(array),
        DataType::UInt64 => integers::<UInt64Type>(array),
        DataType::Decimal128(_, scale) => match logical {
            LogicalTypeId::Hugeint => integers::<Decimal128Type>(array),
            LogicalTypeId::Decimal => ColumnData::Decimal {
                values: primitives::<Decimal128Type>(array).collect(),
                scale: u8::try_from(*scale).ok()?,
            },
            _ => return None,
        },
        DataType::Float32 => {
            ColumnData::Float(primitives::<Float32Type>(array).map(|value| value.map(f64::from)).collect())
        }
        DataType::Float64 => ColumnData::Float(primitives::<Float64Type>(array).collect()),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Dictionary(_, _) => {
            let texts = cast(array, &DataType::LargeUtf8).ok()?;
            ColumnData::String(texts.as_string::<i64>().iter().map(|value| value.map(str::to_owned)).collect())
        }
        DataType::Date32 => ColumnData::Date(primitives::<Date32Type>(array).collect()),
        DataType::Timestamp(unit, zone) => {
            let micros = micros(array, *unit);
            if zone.is_some() { ColumnData::Timestamp(micros) } else { ColumnData::DateTime(micros) }
        }
        _ => return None,
    })
}

fn primitives<T: ArrowPrimitiveType>(array: &ArrayRef) -> impl Iterator<Item = Option<T::Native>> {
    array.as_primitive::<T>().iter()
}

fn integers<T: ArrowPrimitiveType<Native: Into<i128>>>(array: &ArrayRef) -> ColumnData {
    ColumnData::Integer(primitives::<T>(array).map(|value| value.map(Into::into)).collect())
}

fn micros(array: &ArrayRef, unit: TimeUnit) -> Vec<Option<i64>> {
    let times = |factor: i64| move |value: Option<i64>| value.map(|value| value.saturating_mul(factor));
    match unit {
        TimeUnit::Second => primitives::<TimestampSecondType>(array).map(times(1_000_000)).collect(),
        TimeUnit::Millisecond => primitives::<TimestampMillisecondType>(array).map(times(1_000)).collect(),
        TimeUnit::Microsecond => primitives::<TimestampMicrosecondType>(array).collect(),
        TimeUnit::Nanosecond => primitives::<TimestampNanosecondType>(array)
            .map(|value| value.map(|value| value.div_euclid(1_000)))
            .collect(),
    }
}

fn append(gathered: &mut ColumnData, more: ColumnData) {
    match (gathered, more) {
        (ColumnData::Boolean(all), ColumnData::Boolean(values)) => all.extend(values),
        (ColumnData::Integer(all), ColumnData::Integer(values))
        | (ColumnData::Decimal { values: all, .. }, ColumnData::Decimal { values, .. }) => all.extend(values),
        (ColumnData::Float(all), ColumnData::Float(values)) => all.extend(values),
        (ColumnData::String(all), ColumnData::String(values)) => all.extend(values),
        (ColumnData::Date(all), ColumnData::Date(values)) => all.extend(values),
        (ColumnData::DateTime(all), ColumnData::DateTime(values))
        | (ColumnData::Timestamp(all), ColumnData::Timestamp(values)) => all.extend(values),
        (gathered, more) => unreachable!("a column changed its type from {gathered:?} to {more:?} between batches"),
    }
}
