//! Cells to columns.
//!
//! `"12.50"` of FIXED with scale 2 → unscaled 1250 of scale 2; `"1709247600.000000000 1500"` → an instant.
//! See <https://docs.snowflake.com/en/developer-guide/sql-api/handling-responses#getting-the-data-from-the-results>.
//!
//! **Invariant:** a value arrives exactly, or the query is refused by the name of its column.

use std::borrow::Cow;

use super::answer::{Cells, Field};
use crate::warehouse::{
    ColumnData, Error, Rows,
    decimal::{Decimal, of_scale},
};

/// The columns of an answer, as its partitions come in.
pub(super) struct Columns {
    fields: Vec<Field>,
    gathered: Vec<Gathered>,
    len: usize,
}

/// What is gathered of a column.
enum Gathered {
    Boolean(Vec<Option<bool>>),
    Integer(Vec<Option<i128>>),
    Decimal(Vec<Option<Decimal>>, u8),
    Float(Vec<Option<f64>>),
    /// Text, and what is shown as text.
    String(Vec<Option<String>>),
    Time(Vec<Option<String>>),
    Date(Vec<Option<i32>>),
    DateTime(Vec<Option<i64>>),
    Timestamp(Vec<Option<i64>>),
}

/// A value that its column cannot hold as it is.
struct Inexact;

impl Columns {
    /// Makes columns without rows.
    pub(super) fn new(fields: Vec<Field>) -> Self {
        Self { gathered: fields.iter().map(gathered_of).collect(), fields, len: 0 }
    }

    /// Adds the rows of a partition.
    pub(super) fn add(&mut self, partition: Cells<'_>) -> Result<(), Error> {
        if partition.cells.len() != partition.rows * self.fields.len() {
            return Err(Error::Unavailable("its rows do not fit their columns".to_owned()));
        }
        let mut cells = partition.cells.into_iter();
        for _ in 0..partition.rows {
            for ((gathered, field), cell) in self.gathered.iter_mut().zip(&self.fields).zip(&mut cells) {
                gathered.push(cell).map_err(|Inexact| inexact(field))?;
            }
        }
        self.len += partition.rows;
        Ok(())
    }

    /// Returns the number of rows so far.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Returns the rows.
    pub(super) fn into_rows(self) -> Result<Rows, Error> {
        let columns = self.gathered.into_iter().zip(&self.fields);
        let columns = columns.map(|(gathered, field)| gathered.into_column().ok_or_else(|| inexact(field)));
        Ok(Rows { columns: columns.collect::<Result<_, _>>()?, len: self.len })
    }
}

fn inexact(field: &Field) -> Error {
    Error::refused(format!("a value of column `{}` cannot be carried exactly", field.name))
}

/// Returns what a type is gathered as.
fn gathered_of(field: &Field) -> Gathered {
    match (field.kind.to_ascii_uppercase().as_str(), field.scale.unwrap_or(0)) {
        ("BOOLEAN", _) => Gathered::Boolean(Vec::new()),
        ("FIXED", 0) => Gathered::Integer(Vec::new()),
        ("FIXED", scale) => Gathered::Decimal(Vec::new(), scale),
        ("REAL", _) => Gathered::Float(Vec::new()),
        ("DATE", _) => Gathered::Date(Vec::new()),
        ("TIME", _) => Gathered::Time(Vec::new()),
        ("TIMESTAMP_NTZ", _) => Gathered::DateTime(Vec::new()),
        ("TIMESTAMP_LTZ" | "TIMESTAMP_TZ", _) => Gathered::Timestamp(Vec::new()),
        // TEXT, BINARY in hexadecimal digits, VARIANT, OBJECT, ARRAY, GEOGRAPHY, DECFLOAT, and what is to come.
        _ => Gathered::String(Vec::new()),
    }
}

impl Gathered {
    fn push(&mut self, cell: Option<Cow<'_, str>>) -> Result<(), Inexact> {
        match self {
            Self::Boolean(values) => values.push(read(cell, |text| text.parse().ok())?),
            Self::Integer(values) => values.push(read(cell, |text| text.parse().ok())?),
            Self::Decimal(values, _) => values.push(read(cell, Decimal::read)?),
            Self::Float(values) => values.push(read(cell, |text| text.parse().ok())?),
            Self::String(values) => values.push(cell.map(Cow::into_owned)),
            Self::Time(values) => values.push(read(cell, time_of_day)?),
            Self::Date(values) => values.push(read(cell, |text| text.parse().ok())?),
            Self::DateTime(values) => values.push(read(cell, microseconds)?),
            Self::Timestamp(values) => values.push(read(cell, instant)?),
        }
        Ok(())
    }

    fn into_column(self) -> Option<ColumnData> {
        Some(match self {
            Self::Boolean(values) => ColumnData::Boolean(values),
            Self::Integer(values) => ColumnData::Integer(values),
            Self::Decimal(values, scale) => of_scale(&values, scale)?,
            Self::Float(values) => ColumnData::Float(values),
            Self::String(values) | Self::Time(values) => ColumnData::String(values),
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

/// The seconds of the last moment that has a date, of the year 9999.
const LAST: u128 = 253_402_300_799;

/// Reads seconds with a fraction: `-1.500000000`. Whole nanoseconds, as an example of the manual has them, are told from
/// seconds by their size.
fn microseconds(text: &str) -> Option<i64> {
    let seconds = Decimal::read(text)?;
    match seconds.at(0) {
        Some(nanoseconds) if !text.contains('.') && nanoseconds.unsigned_abs() > LAST => {
            (nanoseconds % 1000 == 0).then(|| i64::try_from(nanoseconds / 1000).ok())?
        }
        _ => i64::try_from(seconds.at(6)?).ok(),
    }
}

/// Reads an instant; behind a blank stands the offset at which it was written, in minutes after -24:00.
fn instant(text: &str) -> Option<i64> {
    let (moment, offset) = text.split_once(' ').unwrap_or((text, "1440"));
    offset.parse::<u16>().ok()?;
    microseconds(moment)
}

/// Reads the seconds of a day: `82919.500000000` → `23:01:59.500000`.
fn time_of_day(text: &str) -> Option<String> {
    let micros = microseconds(text).filter(|micros| (0..86_400_000_000).contains(micros))?;
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    let mut time = format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
    if fraction > 0 {
        time.push_str(&format!(".{fraction:06}"));
    }
    Some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(kind: &str, scale: Option<u8>, texts: &[Option<&str>]) -> Result<ColumnData, Error> {
        let field = Field { name: "v".to_owned(), kind: kind.to_owned(), scale };
        let mut columns = Columns::new(vec![field]);
        let cells = texts.iter().map(|text| text.map(Cow::Borrowed)).collect();
        columns.add(Cells { cells, rows: texts.len() })?;
        columns.into_rows().map(|rows| rows.columns.into_iter().next().expect("a column"))
    }

    #[test]
    fn numbers_arrive_exactly() {
        let decimal = column("fixed", Some(2), &[Some("12.50"), None, Some("-0.05"), Some("7")]);
        let expected = ColumnData::Decimal { values: vec![Some(1250), None, Some(-5), Some(700)], scale: 2 };
        assert_eq!(decimal.expect("numbers"), expected);
        let longest = "99999999999999999999999999999999999999";
        let integer = column("FIXED", Some(0), &[Some(longest), Some("-1")]);
        assert_eq!(integer.expect("numbers"), ColumnData::Integer(vec![Some(10_i128.pow(38) - 1), Some(-1)]));
        assert!(column("FIXED", Some(2), &[Some("0.125")]).is_err(), "a digit would be lost");
        assert!(column("FIXED", Some(0), &[Some("1.5")]).is_err());
        assert_eq!(column("REAL", None, &[Some("1e300")]).expect("a float"), ColumnData::Float(vec![Some(1e300)]));
        assert!(matches!(
            column("REAL", None, &[Some("NaN"), Some("-inf")]).expect("floats"),
            ColumnData::Float(values) if values[0].is_some_and(f64::is_nan) && values[1] == Some(f64::NEG_INFINITY)
        ));
    }

    #[test]
    fn moments_arrive_to_the_microsecond_or_not_at_all() {
        assert_eq!(microseconds("1709247600.000000000"), Some(1_709_247_600_000_000));
        assert_eq!(microseconds("1709247600"), Some(1_709_247_600_000_000));
        assert_eq!(microseconds("-1.500000000"), Some(-1_500_000));
        assert_eq!(microseconds("-0.000001000"), Some(-1));
        assert_eq!(microseconds("0.000000001"), None, "a nanosecond has no place");
        assert_eq!(microseconds("253402300799.999999000"), Some(253_402_300_799_999_999));
        assert_eq!(microseconds("1616173619000000000"), Some(1_616_173_619_000_000));
        assert_eq!(instant("1616173619000000000 960"), Some(1_616_173_619_000_000));
        assert_eq!(instant("1709247600.250000000 1500"), Some(1_709_247_600_250_000));
        assert_eq!(instant("1709247600.250000000 later"), None);
    }

    #[test]
    fn days_and_times_of_day_are_read() {
        assert_eq!(column("DATE", None, &[Some("-1")]).expect("a day"), ColumnData::Date(vec![Some(-1)]));
        assert_eq!(time_of_day("82919.000000000").as_deref(), Some("23:01:59"));
        assert_eq!(time_of_day("0.250000000").as_deref(), Some("00:00:00.250000"));
        assert_eq!(time_of_day("86400"), None);
    }

    #[test]
    fn what_has_no_type_of_ours_is_text() {
        let json = column("VARIANT", None, &[Some("{\"a\":1}"), None]).expect("text");
        assert_eq!(json, ColumnData::String(vec![Some("{\"a\":1}".to_owned()), None]));
    }
}
