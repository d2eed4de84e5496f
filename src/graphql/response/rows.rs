//! Rows as bytes, straight from columns.
//!
//! A [`Shape`] is the text of a row with holes: `{"by":{"time":` *day* `},"revenue":` *decimal* `}`.
//!
//! **Invariant:** a row is written without building a value, and the bytes depend on the answer and the shape alone.

use super::json;
use crate::{
    engine::{Answer, Periods},
    plan::{ColumnRole, Plan},
    project::Project,
    time::{DateTime, NaiveDate, Tz},
    warehouse::ColumnData,
};

/// How the rows of an answer are written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::graphql) struct Shape {
    /// The pieces of one row, in order.
    pub(in crate::graphql) pieces: Vec<Piece>,
}

/// A piece of a row.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(in crate::graphql) enum Piece {
    /// Text that is the same in every row.
    Text(Vec<u8>),
    /// The value of the column of this name; null if there is none.
    Column(String, Form),
    /// The value of the column at this place.
    Place(usize, Form),
    /// Whether the row's period is unfinished or cut.
    IsPartial,
    /// Whether the row gathers the rest.
    IsOther,
}

/// How a value looks in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::graphql) enum Form {
    /// A string.
    Text,
    /// An exact number in quotes.
    Exact,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A day.
    Date,
    /// An instant or a wall-clock time.
    DateTime,
}

impl Form {
    /// Returns the form of a scalar type.
    pub(in crate::graphql) fn of(scalar: &str) -> Self {
        match scalar {
            "BigInt" | "Decimal" => Self::Exact,
            "Float" | "Int" => Self::Number,
            "Boolean" => Self::Boolean,
            "Date" => Self::Date,
            "DateTime" | "LocalDateTime" => Self::DateTime,
            _ => Self::Text,
        }
    }
}

impl Shape {
    /// Adds text, joined to text before it.
    pub(in crate::graphql) fn text(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        if let Some(Piece::Text(text)) = self.pieces.last_mut() {
            return write(text);
        }
        let mut text = Vec::new();
        write(&mut text);
        self.pieces.push(Piece::Text(text));
    }

    /// Writes the one row of a selection without metrics and keys.
    pub(in crate::graphql) fn write_constant(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.extend_from_slice(text),
                Piece::Column(..) | Piece::Place(..) => out.extend_from_slice(b"null"),
                Piece::IsPartial | Piece::IsOther => boolean(&mut out, false),
            }
        }
        out
    }

    /// Writes the first rows of an answer, with commas between them.
    pub(in crate::graphql) fn write(&self, answer: &Answer, project: &Project, rows: usize) -> Vec<u8> {
        let (plan, data) = (&answer.plan, &answer.rows);
        let mut periods = Periods::new(project, plan, data, answer.now);
        let is_other = plan.columns.iter().position(|column| column.role == ColumnRole::IsOther);
        let is_other = is_other.and_then(|index| data.columns.get(index));
        let pieces: Vec<Hole<'_>> = self.pieces.iter().map(|piece| Hole::new(piece, plan, &data.columns)).collect();
        let mut out = Vec::with_capacity(rows * pieces.len() * 12);
        for row in 0..rows {
            if row > 0 {
                out.push(b',');
            }
            for piece in &pieces {
                match piece {
                    Hole::Text(text) => out.extend_from_slice(text),
                    Hole::Column(column, form) => value(&mut out, column, *form, row, plan.time_zone),
                    Hole::Null => out.extend_from_slice(b"null"),
                    Hole::IsPartial => boolean(&mut out, periods.is_partial(row)),
                    Hole::IsOther => {
                        let other = is_other.is_some_and(|column| truth(column, row) == Some(true));
                        boolean(&mut out, other);
                    }
                }
            }
        }
        out
    }
}

/// A piece that has found its column.
enum Hole<'a> {
    Text(&'a [u8]),
    Column(&'a ColumnData, Form),
    Null,
    IsPartial,
    IsOther,
}

impl<'a> Hole<'a> {
    fn new(piece: &'a Piece, plan: &Plan, columns: &'a [ColumnData]) -> Self {
        match piece {
            Piece::Text(text) => Self::Text(text),
            Piece::IsPartial => Self::IsPartial,
            Piece::IsOther => Self::IsOther,
            Piece::Column(name, form) => {
                let index = plan.columns.iter().position(|column| column.name == *name);
                Self::of_column(index.and_then(|index| columns.get(index)), *form)
            }
            Piece::Place(index, form) => Self::of_column(columns.get(*index), *form),
        }
    }
}

impl<'a> Hole<'a> {
    fn of_column(column: Option<&'a ColumnData>, form: Form) -> Self {
        column.map_or(Self::Null, |column| Self::Column(column, form))
    }
}

/// Returns the first row that has a value which cannot be written: NaN, infinity, a day beyond all calendars.
pub(in crate::graphql) fn first_unsaid(column: &ColumnData, rows: usize) -> Option<usize> {
    fn first<T: Copy>(values: &[Option<T>], rows: usize, is_said: impl Fn(T) -> bool) -> Option<usize> {
        values.iter().take(rows).position(|value| value.is_some_and(|value| !is_said(value)))
    }
    match column {
        ColumnData::Float(values) => first(values, rows, f64::is_finite),
        ColumnData::Date(values) => first(values, rows, |days| NaiveDate::from_epoch_days(days).is_some()),
        ColumnData::DateTime(values) | ColumnData::Timestamp(values) => {
            first(values, rows, |micros| DateTime::from_timestamp_micros(micros).is_some())
        }
        ColumnData::Boolean(_) | ColumnData::Integer(_) | ColumnData::Decimal { .. } | ColumnData::String(_) => None,
    }
}

/// Writes one value as its form says, whatever the warehouse took to hold it.
pub(in crate::graphql) fn value(out: &mut Vec<u8>, column: &ColumnData, form: Form, row: usize, zone: Tz) {
    let start = out.len();
    let quoted = match form {
        Form::Text | Form::Exact | Form::Date | Form::DateTime => true,
        Form::Number | Form::Boolean => false,
    };
    let written = if let ColumnData::String(values) = column {
        match values.get(row) {
            Some(Some(text)) if quoted => return json::string(out, text),
            Some(Some(text)) => {
                out.extend_from_slice(text.as_bytes());
                // A column that says it is a number and is text would break the document.
                serde_json::from_slice::<serde_json::Number>(&out[start..]).is_ok()
            }
            _ => false,
        }
    } else {
        if quoted {
            out.push(b'"');
        }
        let written = bare(out, column, form, row, zone);
        if quoted {
            out.push(b'"');
        }
        written
    };
    if !written {
        out.truncate(start);
        out.extend_from_slice(b"null");
    }
}

/// Writes a value without quotes and returns whether there is one.
fn bare(out: &mut Vec<u8>, column: &ColumnData, form: Form, row: usize, zone: Tz) -> bool {
    match column {
        ColumnData::Boolean(values) => values.get(row).copied().flatten().map(|truth| boolean(out, truth)).is_some(),
        ColumnData::Integer(values) => {
            values.get(row).copied().flatten().map(|number| json::integer(out, number)).is_some()
        }
        ColumnData::Decimal { values, scale } => match (values.get(row).copied().flatten(), form) {
            (Some(number), Form::Number) => {
                let mut digits = Vec::with_capacity(24);
                json::decimal(&mut digits, number, *scale);
                let number = std::str::from_utf8(&digits).ok().and_then(|digits| digits.parse::<f64>().ok());
                number.map(|number| json::float(out, number)).is_some()
            }
            (Some(number), _) => {
                json::decimal(out, number, *scale);
                true
            }
            (None, _) => false,
        },
        ColumnData::Float(values) => match values.get(row).copied().flatten() {
            Some(number) if number.is_finite() => {
                json::float(out, number);
                true
            }
            _ => false,
        },
        ColumnData::String(_) => false,
        ColumnData::Date(values) => values
            .get(row)
            .copied()
            .flatten()
            .and_then(NaiveDate::from_epoch_days)
            .map(|day| json::date(out, day))
            .is_some(),
        ColumnData::DateTime(values) => {
            match values.get(row).copied().flatten().and_then(DateTime::from_timestamp_micros) {
                Some(moment) if form == Form::Date => {
                    json::date(out, moment.date_naive());
                    true
                }
                Some(moment) => {
                    out.extend_from_slice(moment.naive_utc().format("%Y-%m-%dT%H:%M:%S%.f").to_string().as_bytes());
                    true
                }
                None => false,
            }
        }
        ColumnData::Timestamp(values) => {
            match values.get(row).copied().flatten().and_then(DateTime::from_timestamp_micros) {
                Some(moment) if form == Form::Date => {
                    json::date(out, moment.with_timezone(&zone).date_naive());
                    true
                }
                Some(moment) => {
                    json::instant(out, moment, zone);
                    true
                }
                None => false,
            }
        }
    }
}

fn boolean(out: &mut Vec<u8>, truth: bool) {
    out.extend_from_slice(if truth { b"true" } else { b"false" });
}

fn truth(column: &ColumnData, row: usize) -> Option<bool> {
    match column {
        ColumnData::Boolean(values) => values.get(row).copied().flatten(),
        ColumnData::Integer(values) => values.get(row).copied().flatten().map(|number| number != 0),
        ColumnData::Decimal { .. }
        | ColumnData::Float(_)
        | ColumnData::String(_)
        | ColumnData::Date(_)
        | ColumnData::DateTime(_)
        | ColumnData::Timestamp(_) => None,
    }
}
