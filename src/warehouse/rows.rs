//! An answer in columns, and its values as text.
//!
//! Unscaled 1250 of scale 2 reads `12.50`; an instant reads `2024-02-29T23:00:00Z`.
//!
//! **Invariant:** text of a value is exact: reading it back gives the same value.

use std::ops::Range;

use chrono::{DateTime, NaiveDate, TimeDelta};

/// Rows of an answer, column by column.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Rows {
    /// The columns, all of one length.
    pub columns: Vec<ColumnData>,
    /// The number of rows.
    pub len: usize,
}

/// The values of one column; `None` is null.
#[derive(Clone, Debug, PartialEq)]
pub enum ColumnData {
    /// Truth values.
    Boolean(Vec<Option<bool>>),
    /// Whole numbers, also those above 64 bits (DuckDB sums to 128).
    Integer(Vec<Option<i128>>),
    /// Exact decimals: the unscaled number, and the digits after the point.
    Decimal {
        /// Unscaled numbers.
        values: Vec<Option<i128>>,
        /// Digits after the point.
        scale: u8,
    },
    /// Floating-point numbers.
    Float(Vec<Option<f64>>),
    /// Text.
    String(Vec<Option<String>>),
    /// Days since 1 January 1970.
    Date(Vec<Option<i32>>),
    /// Microseconds of a wall clock since 1 January 1970.
    DateTime(Vec<Option<i64>>),
    /// Microseconds since 1 January 1970, UTC.
    Timestamp(Vec<Option<i64>>),
}

impl ColumnData {
    /// Returns the number of values.
    pub fn len(&self) -> usize {
        match self {
            Self::Boolean(values) => values.len(),
            Self::Integer(values) | Self::Decimal { values, .. } => values.len(),
            Self::Float(values) => values.len(),
            Self::String(values) => values.len(),
            Self::Date(values) => values.len(),
            Self::DateTime(values) | Self::Timestamp(values) => values.len(),
        }
    }

    /// Returns whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the bytes that the values take in memory.
    fn bytes(&self) -> usize {
        match self {
            Self::Boolean(values) => size_of_val(values.as_slice()),
            Self::Integer(values) | Self::Decimal { values, .. } => size_of_val(values.as_slice()),
            Self::Float(values) => size_of_val(values.as_slice()),
            Self::String(values) => {
                let texts = values.iter().flatten().map(String::len).sum::<usize>();
                size_of_val(values.as_slice()) + texts
            }
            Self::Date(values) => size_of_val(values.as_slice()),
            Self::DateTime(values) | Self::Timestamp(values) => size_of_val(values.as_slice()),
        }
    }

    /// Returns a value as text; null is nothing.
    pub fn text(&self, row: usize) -> Option<String> {
        match self {
            Self::Boolean(values) => values[row].map(|value| value.to_string()),
            Self::Integer(values) => values[row].map(|value| value.to_string()),
            Self::Decimal { values, scale } => values[row].map(|value| decimal_text(value, *scale)),
            // `-0.0 + 0.0` is 0.0: nobody asks for the sign of nothing.
            Self::Float(values) => values[row].map(|value| format!("{:?}", value + 0.0)),
            Self::String(values) => values[row].clone(),
            Self::Date(values) => values[row].map(date_text),
            Self::DateTime(values) => values[row].map(|value| date_time_text(value, "")),
            Self::Timestamp(values) => values[row].map(|value| date_time_text(value, "Z")),
        }
    }
}

impl Rows {
    /// Returns the bytes that the values take in memory.
    pub fn bytes(&self) -> u64 {
        self.columns.iter().map(ColumnData::bytes).sum::<usize>() as u64
    }

    /// Returns the rows of a range of positions.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let part = |column: &ColumnData| match column {
            ColumnData::Boolean(values) => ColumnData::Boolean(values[range.clone()].to_vec()),
            ColumnData::Integer(values) => ColumnData::Integer(values[range.clone()].to_vec()),
            ColumnData::Decimal { values, scale } => {
                ColumnData::Decimal { values: values[range.clone()].to_vec(), scale: *scale }
            }
            ColumnData::Float(values) => ColumnData::Float(values[range.clone()].to_vec()),
            ColumnData::String(values) => ColumnData::String(values[range.clone()].to_vec()),
            ColumnData::Date(values) => ColumnData::Date(values[range.clone()].to_vec()),
            ColumnData::DateTime(values) => ColumnData::DateTime(values[range.clone()].to_vec()),
            ColumnData::Timestamp(values) => ColumnData::Timestamp(values[range.clone()].to_vec()),
        };
        Self { columns: self.columns.iter().map(part).collect(), len: range.len() }
    }

    /// Writes the rows as CSV under these names; null is an empty field, and empty text is `""`.
    pub fn to_csv<S: AsRef<str>>(&self, names: &[S]) -> String {
        let mut csv = names.iter().map(|name| csv_field(name.as_ref())).collect::<Vec<_>>().join(",");
        csv.push('\n');
        for row in 0..self.len {
            for (index, column) in self.columns.iter().enumerate() {
                if index > 0 {
                    csv.push(',');
                }
                if let Some(text) = column.text(row) {
                    csv.push_str(&csv_field(&text));
                }
            }
            csv.push('\n');
        }
        csv
    }
}

/// Quotes a field of CSV where it has to be: `a,b` → `"a,b"`.
pub(crate) fn csv_field(field: &str) -> String {
    if field.is_empty() || field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

fn decimal_text(unscaled: i128, scale: u8) -> String {
    let scale = usize::from(scale);
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let mut text = String::with_capacity(digits.len() + 2);
    if unscaled < 0 {
        text.push('-');
    }
    text.push_str(whole);
    if scale > 0 {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

fn date_text(days: i32) -> String {
    match NaiveDate::default().checked_add_signed(TimeDelta::days(i64::from(days))) {
        Some(date) => date.to_string(),
        None => infinity(days > 0),
    }
}

fn date_time_text(micros: i64, zone: &str) -> String {
    let Some(time) = DateTime::from_timestamp_micros(micros).map(|time| time.naive_utc()) else {
        return infinity(micros > 0);
    };
    let mut text = time.format("%Y-%m-%dT%H:%M:%S").to_string();
    if micros % 1_000_000 != 0 {
        text.push_str(&time.format("%.6f").to_string());
    }
    text.push_str(zone);
    text
}

/// Warehouses have dates beyond every calendar.
fn infinity(positive: bool) -> String {
    if positive { "infinity".to_owned() } else { "-infinity".to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_exact_text() {
        let money = ColumnData::Decimal { values: vec![Some(-5), Some(1250), None], scale: 2 };
        assert_eq!(money.text(0).as_deref(), Some("-0.05"));
        assert_eq!(money.text(1).as_deref(), Some("12.50"));
        assert_eq!(money.text(2), None);
        let instants = ColumnData::Timestamp(vec![Some(1_709_247_600_000_000), Some(1_500)]);
        assert_eq!(instants.text(0).as_deref(), Some("2024-02-29T23:00:00Z"));
        assert_eq!(instants.text(1).as_deref(), Some("1970-01-01T00:00:00.001500Z"));
        assert_eq!(ColumnData::Date(vec![Some(19_782)]).text(0).as_deref(), Some("2024-02-29"));
        assert_eq!(ColumnData::Float(vec![Some(0.1 + 0.2)]).text(0).as_deref(), Some("0.30000000000000004"));
        assert_eq!(ColumnData::Float(vec![Some(-0.0)]).text(0).as_deref(), Some("0.0"));
    }

    #[test]
    fn csv_tells_null_from_empty_text() {
        let names = ColumnData::String(vec![None, Some(String::new()), Some("a,\"b\"".to_owned())]);
        let rows = Rows { len: 3, columns: vec![names, ColumnData::Integer(vec![Some(1), Some(2), None])] };
        assert_eq!(rows.to_csv(&["name", "n"]), "name,n\n,1\n\"\",2\n\"a,\"\"b\"\"\",\n");
    }
}
