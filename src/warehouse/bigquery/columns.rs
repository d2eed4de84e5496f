//! Cells to columns.
//!
//! `"12.5"` of NUMERIC → unscaled 125 of scale 1; `"1709247600000000"` of TIMESTAMP → that many microseconds.
//!
//! **Invariant:** a value arrives exactly, or the query is refused by the name of its column.

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveDateTime};

use super::{
    nested,
    page::{Cell, Cells, Field, Schema},
};
use crate::warehouse::{
    ColumnData, Error, Rows,
    decimal::{Decimal, of_one_scale},
};

/// The columns of an answer, as its pages come in.
pub(super) struct Columns {
    schema: Schema,
    gathered: Vec<Gathered>,
    len: usize,
}

/// What is gathered of a column.
enum Gathered {
    Boolean(Vec<Option<bool>>),
    Integer(Vec<Option<i128>>),
    Decimal(Vec<Option<Decimal>>),
    Float(Vec<Option<f64>>),
    /// Text, and what is shown as text.
    String(Vec<Option<String>>),
    Date(Vec<Option<i32>>),
    DateTime(Vec<Option<i64>>),
    Timestamp(Vec<Option<i64>>),
    /// Arrays and STRUCTs, shown as JSON.
    Nested(Vec<Option<String>>),
}

/// A value that its column cannot hold as it is.
struct Inexact;

impl Columns {
    /// Reads the rows of a page.
    pub(super) fn read(schema: Schema, page: Cells<'_>) -> Result<Self, Error> {
        let mut gathered: Vec<Gathered> = schema.fields.iter().map(gathered_of).collect();
        if page.cells.len() != page.rows * gathered.len() {
            return Err(Error::Unavailable("its rows do not fit their schema".to_owned()));
        }
        let mut cells = page.cells.into_iter();
        for _ in 0..page.rows {
            for ((gathered, field), cell) in gathered.iter_mut().zip(&schema.fields).zip(&mut cells) {
                gathered.push(cell, field).map_err(|Inexact| inexact(field))?;
            }
        }
        Ok(Self { schema, gathered, len: page.rows })
    }

    /// Adds the rows of the next page, which was read by the same schema.
    pub(super) fn append(&mut self, page: Self) {
        for (gathered, more) in self.gathered.iter_mut().zip(page.gathered) {
            gathered.append(more);
        }
        self.len += page.len;
    }

    /// Returns the schema.
    pub(super) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Returns the number of rows so far.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Returns whether there are no rows.
    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns the rows.
    pub(super) fn into_rows(self) -> Result<Rows, Error> {
        let columns = self.gathered.into_iter().zip(&self.schema.fields);
        let columns = columns.map(|(gathered, field)| gathered.into_column().ok_or_else(|| inexact(field)));
        Ok(Rows { columns: columns.collect::<Result<_, _>>()?, len: self.len })
    }
}

fn inexact(field: &Field) -> Error {
    Error::refused(format!("a value of column `{}` cannot be carried exactly", field.name))
}

/// Returns what a type is gathered as. See
/// <https://cloud.google.com/bigquery/docs/reference/rest/v2/tables#TableFieldSchema>.
fn gathered_of(field: &Field) -> Gathered {
    if field.is_repeated() {
        return Gathered::Nested(Vec::new());
    }
    match field.kind.as_str() {
        "BOOLEAN" | "BOOL" => Gathered::Boolean(Vec::new()),
        "INTEGER" | "INT64" => Gathered::Integer(Vec::new()),
        "NUMERIC" | "BIGNUMERIC" => Gathered::Decimal(Vec::new()),
        "FLOAT" | "FLOAT64" => Gathered::Float(Vec::new()),
        "DATE" => Gathered::Date(Vec::new()),
        "DATETIME" => Gathered::DateTime(Vec::new()),
        "TIMESTAMP" => Gathered::Timestamp(Vec::new()),
        "RECORD" | "STRUCT" => Gathered::Nested(Vec::new()),
        // STRING, BYTES in base64, JSON, TIME, GEOGRAPHY, INTERVAL, RANGE, and what is to come.
        _ => Gathered::String(Vec::new()),
    }
}

impl Gathered {
    fn push(&mut self, cell: Cell<'_>, field: &Field) -> Result<(), Inexact> {
        if let Self::Nested(values) = self {
            values.push(match cell {
                Cell::Null => None,
                cell => Some(nested::json(&cell, field).ok_or(Inexact)?),
            });
            return Ok(());
        }
        let text = match cell {
            Cell::Null => None,
            Cell::Text(text) => Some(text),
            Cell::Array(_) | Cell::Struct(_) => return Err(Inexact),
        };
        match self {
            Self::Boolean(values) => values.push(read(text, |text| text.parse().ok())?),
            Self::Integer(values) => values.push(read(text, |text| text.parse().ok())?),
            Self::Decimal(values) => values.push(read(text, Decimal::read)?),
            Self::Float(values) => values.push(read(text, |text| text.parse().ok())?),
            Self::String(values) => values.push(text.map(Cow::into_owned)),
            Self::Date(values) => values.push(read(text, days)?),
            Self::DateTime(values) => values.push(read(text, wall_clock)?),
            Self::Timestamp(values) => values.push(read(text, instant)?),
            Self::Nested(_) => unreachable!("handled above"),
        }
        Ok(())
    }

    fn append(&mut self, more: Self) {
        match (self, more) {
            (Self::Boolean(all), Self::Boolean(values)) => all.extend(values),
            (Self::Integer(all), Self::Integer(values)) => all.extend(values),
            (Self::Decimal(all), Self::Decimal(values)) => all.extend(values),
            (Self::Float(all), Self::Float(values)) => all.extend(values),
            (Self::String(all), Self::String(values)) | (Self::Nested(all), Self::Nested(values)) => all.extend(values),
            (Self::Date(all), Self::Date(values)) => all.extend(values),
            (Self::DateTime(all), Self::DateTime(values)) | (Self::Timestamp(all), Self::Timestamp(values)) => {
                all.extend(values);
            }
            _ => unreachable!("pages are read by one schema"),
        }
    }

    fn into_column(self) -> Option<ColumnData> {
        Some(match self {
            Self::Boolean(values) => ColumnData::Boolean(values),
            Self::Integer(values) => ColumnData::Integer(values),
            Self::Decimal(values) => of_one_scale(&values)?,
            Self::Float(values) => ColumnData::Float(values),
            Self::String(values) | Self::Nested(values) => ColumnData::String(values),
            Self::Date(values) => ColumnData::Date(values),
            Self::DateTime(values) => ColumnData::DateTime(values),
            Self::Timestamp(values) => ColumnData::Timestamp(values),
        })
    }
}

/// Reads a text, if there is one.
fn read<T>(text: Option<Cow<'_, str>>, of: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Inexact> {
    text.map(|text| of(&text).ok_or(Inexact)).transpose()
}

fn days(text: &str) -> Option<i32> {
    let date: NaiveDate = text.parse().ok()?;
    i32::try_from(date.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

fn wall_clock(text: &str) -> Option<i64> {
    let time: NaiveDateTime = text.replacen(' ', "T", 1).parse().ok()?;
    Some(time.and_utc().timestamp_micros())
}

/// Reads whole microseconds, as they are asked for, or the seconds that older servers send: `1.7092476E9`.
fn instant(text: &str) -> Option<i64> {
    if !text.contains(['.', 'e', 'E']) {
        return text.parse().ok();
    }
    i64::try_from(Decimal::read(text)?.at(6)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_arrive_in_either_form() {
        assert_eq!(instant("1709247600000250"), Some(1_709_247_600_000_250));
        assert_eq!(instant("1.70924760000025E9"), Some(1_709_247_600_000_250));
        assert_eq!(instant("-1.5"), Some(-1_500_000));
        assert_eq!(instant("1709247600.0"), Some(1_709_247_600_000_000));
        assert_eq!(instant("2024-02-29"), None);
    }

    #[test]
    fn days_and_wall_clocks_are_read() {
        assert_eq!(days("1969-12-31"), Some(-1));
        assert_eq!(days("0001-01-01"), Some(-719_162));
        assert_eq!(wall_clock("1970-01-01T00:00:00.000250"), Some(250));
        assert_eq!(wall_clock("1970-01-01 00:00:01"), Some(1_000_000));
        assert_eq!(wall_clock("1970-01-01"), None);
    }
}
