//! Rows of an answer as text: a table for people, CSV, or JSON.
//!
//! A table shows values as their metric says (`94.2%`, `1,234.50 EUR`); CSV and JSON show them exactly.

use std::io::{self, Write};

use comfy_table::{Attribute, Cell, CellAlignment, Table, presets};

use super::context::Context;
use crate::{
    engine::Periods,
    plan::{ColumnRole, OutputColumn, Plan, Request, Show},
    project::{Format, Metric, Project},
    time::{DateTime, Tz, Utc},
    warehouse::{ColumnData, Rows, csv_field},
};

/// The shape of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Shape {
    /// Aligned columns, values as their metrics say
    Table,
    /// Comma-separated values, exact
    Csv,
    /// An array of objects, exact
    Json,
}

/// An answer and what is needed to show it.
pub(crate) struct Answer<'a> {
    /// The project.
    pub(crate) project: &'a Project,
    /// What was asked.
    pub(crate) request: &'a Request,
    /// How it was computed.
    pub(crate) plan: &'a Plan,
    /// The rows.
    pub(crate) rows: &'a Rows,
    /// The moment up to which periods are over.
    pub(crate) now: DateTime<Utc>,
}

impl Answer<'_> {
    /// Writes the answer.
    pub(crate) fn write(&self, shape: Shape, colors: bool, out: &mut dyn Write) -> io::Result<()> {
        match shape {
            Shape::Table => self.write_table(colors, out),
            Shape::Csv => self.write_csv(out),
            Shape::Json => self.write_json(out),
        }
    }

    /// Notes how many rows stand for periods that are not over or that the range cuts, if any do.
    pub(crate) fn say_what_is_partial(&self, context: &Context<'_>) {
        let mut periods = self.periods();
        let n_partial = (0..self.rows.len).filter(|row| periods.is_partial(*row)).count();
        let stand = match (n_partial, self.rows.len) {
            (0, _) => return,
            (1, 1) => "the row stands for a period that is".to_owned(),
            (1, all) => format!("1 of {all} rows stands for a period that is"),
            (some, all) if some == all => "the rows stand for periods that are".to_owned(),
            (some, all) => format!("{some} of {all} rows stand for periods that are"),
        };
        context.note(&format!("{stand} not over, or cut by the range"));
    }

    fn periods(&self) -> Periods<'_> {
        Periods::new(self.project, self.plan, self.rows, self.now)
    }

    /// Returns the columns that were asked for, with their positions.
    fn shown(&self) -> Vec<(usize, &OutputColumn)> {
        let columns = self.plan.columns.iter().enumerate();
        columns.filter(|(_, column)| column.role != ColumnRole::OrderOnly).collect()
    }

    fn write_table(&self, colors: bool, out: &mut dyn Write) -> io::Result<()> {
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        let shown = self.shown();
        let heading = |column: &OutputColumn| {
            let cell = Cell::new(&column.name).set_alignment(alignment(column));
            if colors { cell.add_attribute(Attribute::Bold) } else { cell }
        };
        if colors {
            table.enforce_styling();
        }
        table.set_header(shown.iter().map(|(_, column)| heading(column)));
        for row in 0..self.rows.len {
            table.add_row(shown.iter().map(|(index, column)| {
                Cell::new(self.for_people(*index, column, row)).set_alignment(alignment(column))
            }));
        }
        for line in table.to_string().lines() {
            // The preset puts one space before the first column.
            writeln!(out, "{}", line.strip_prefix(' ').unwrap_or(line).trim_end())?;
        }
        Ok(())
    }

    fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let shown = self.shown();
        let names: Vec<String> = shown.iter().map(|(_, column)| csv_field(&column.name)).collect();
        writeln!(out, "{}", names.join(","))?;
        for row in 0..self.rows.len {
            let fields: Vec<String> = shown
                .iter()
                .map(|(index, column)| {
                    self.exact(*index, column, row).map_or_else(String::new, |text| csv_field(&text))
                })
                .collect();
            writeln!(out, "{}", fields.join(","))?;
        }
        Ok(())
    }

    fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let shown = self.shown();
        let mut periods = self.periods();
        write!(out, "[")?;
        for row in 0..self.rows.len {
            write!(out, "{}\n  {{", if row == 0 { "" } else { "," })?;
            for (position, (index, column)) in shown.iter().enumerate() {
                let comma = if position == 0 { "" } else { ", " };
                let value = match (self.exact(*index, column, row), &self.rows.columns[*index]) {
                    (None, _) => "null".to_owned(),
                    (Some(text), ColumnData::Boolean(_) | ColumnData::Integer(_) | ColumnData::Decimal { .. }) => text,
                    (Some(text), ColumnData::Float(values)) if values[row].is_some_and(f64::is_finite) => text,
                    (Some(text), _) => serde_json::Value::from(text).to_string(),
                };
                write!(out, "{comma}{}: {value}", serde_json::Value::from(column.name.as_str()))?;
            }
            write!(out, ", \"is_partial\": {}}}", periods.is_partial(row))?;
        }
        writeln!(out, "{}]", if self.rows.len == 0 { "" } else { "\n" })
    }

    /// Returns the exact text of a value; null is nothing. An hour carries its offset from UTC.
    fn exact(&self, index: usize, column: &OutputColumn, row: usize) -> Option<String> {
        match (&self.rows.columns[index], &column.role) {
            (ColumnData::Timestamp(values), ColumnRole::Time(size) | ColumnRole::Dimension(Some(size)))
                if size.is_within_a_day() =>
            {
                values[row].map(|micros| local_hour(micros, self.plan.time_zone))
            }
            (data, _) => data.text(row),
        }
    }

    /// Returns a value as its metric wants it to be shown.
    fn for_people(&self, index: usize, column: &OutputColumn, row: usize) -> String {
        let Some(text) = self.exact(index, column, row) else { return "null".to_owned() };
        let ColumnRole::Metric(position) = column.role else { return one_line(&text) };
        let asked = &self.request.metrics[position];
        let metric = self.project.metric_named(&asked.metric);
        let Some(metric) = metric.map(|id| &self.project.metrics[id]) else { return text };
        match asked.show {
            Show::Value => {
                let is_float = matches!(self.rows.columns[index], ColumnData::Float(_));
                formatted(&text, is_float, metric, self.project.currency.as_deref())
            }
            Show::Rank { .. } => text,
            // A share or a change has no unit, whatever its metric has.
            Show::Share { .. } | Show::Change(_) => percent(&text, 1),
        }
    }
}

/// Returns text that a terminal can show on one line: control characters would move the cursor.
fn one_line(text: &str) -> String {
    text.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char }).collect()
}

fn alignment(column: &OutputColumn) -> CellAlignment {
    if column.column_type.is_numeric() { CellAlignment::Right } else { CellAlignment::Left }
}

fn local_hour(micros: i64, zone: Tz) -> String {
    DateTime::from_timestamp_micros(micros)
        .map_or_else(|| micros.to_string(), |instant| instant.with_timezone(&zone).to_rfc3339())
}

/// Shows a number as its metric says: `0.9417` with `format: percent` → `94.2%`.
fn formatted(text: &str, is_float: bool, metric: &Metric, currency: Option<&str>) -> String {
    match metric.format {
        Some(Format::Id) => text.to_owned(),
        Some(Format::Percent(decimals)) => percent(text, decimals),
        Some(Format::Decimal(decimals)) => rounded(text, decimals),
        Some(Format::Currency(decimals)) => {
            let unit = metric.unit.as_deref().or(currency).unwrap_or_default();
            format!("{} {unit}", rounded(text, decimals)).trim_end().to_owned()
        }
        None if is_float => readable(text),
        None => grouped(text),
    }
}

/// Shows a float without the digits that nobody reads: four behind the point, or four that count of a small number.
///
/// `344.1132075471698` → `344.1132`; `0.00012345678` → `0.00012346`.
fn readable(text: &str) -> String {
    let Ok(number) = text.parse::<f64>() else { return text.to_owned() };
    if !number.is_finite() || number.abs() >= 1e15 {
        return text.to_owned();
    }
    let mut decimals = 4;
    let mut least = 1.0;
    while number != 0.0 && number.abs() < least && decimals < 12 {
        least /= 10.0;
        decimals += 1;
    }
    let shown = format!("{number:.decimals$}");
    let shown = shown.trim_end_matches('0');
    grouped(&if shown.ends_with('.') { format!("{shown}0") } else { shown.to_owned() })
}

/// Shows a fraction as a percentage: `0.9417` → `94.2%`.
fn percent(text: &str, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    text.parse::<f64>().map_or_else(|_| text.to_owned(), |number| format!("{:.decimals$}%", number * 100.0))
}

/// Rounds decimal digits, half away from zero, and groups them: `1234.505` → `1,234.51`.
fn rounded(text: &str, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    let Some((digits, scale)) = unscaled(text) else {
        return text.parse::<f64>().map_or_else(|_| text.to_owned(), |number| grouped(&format!("{number:.decimals$}")));
    };
    let digits = if scale > decimals {
        let unit = 10_i128.pow(u32::try_from(scale - decimals).unwrap_or(0));
        (digits + digits.signum() * unit / 2) / unit
    } else {
        digits * 10_i128.pow(u32::try_from(decimals - scale).unwrap_or(0))
    };
    let padded = format!("{:0>width$}", digits.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = padded.split_at(padded.len() - decimals);
    let sign = if digits < 0 { "-" } else { "" };
    let point = if decimals > 0 { "." } else { "" };
    grouped(&format!("{sign}{whole}{point}{fraction}"))
}

/// Returns the digits of a plain decimal and how many of them are behind the point: `-12.50` → (-1250, 2).
fn unscaled(text: &str) -> Option<(i128, usize)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    // Ten more digits may be put behind, and the whole has to stay within 128 bits.
    if whole.len() + fraction.len() > 27 {
        return None;
    }
    let digits = format!("{whole}{fraction}").parse().ok()?;
    Some((digits, fraction.len()))
}

/// Groups the digits before the point by three: `-1234567.8` → `-1,234,567.8`.
fn grouped(text: &str) -> String {
    let (sign, rest) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = rest.split_once('.').map_or((rest, None), |(whole, fraction)| (whole, Some(fraction)));
    if !whole.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.to_owned();
    }
    let mut result = sign.to_owned();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            result.push(',');
        }
        result.push(digit);
    }
    if let Some(fraction) = fraction {
        result.push('.');
        result.push_str(fraction);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_grouped_and_rounded_exactly() {
        assert_eq!(grouped("-1234567.8"), "-1,234,567.8");
        assert_eq!(grouped("999"), "999");
        assert_eq!(grouped("1e21"), "1e21");
        assert_eq!(rounded("1234.505", 2), "1,234.51");
        assert_eq!(rounded("-0.005", 2), "-0.01");
        assert_eq!(rounded("7", 2), "7.00");
        assert_eq!(rounded("0.1", 0), "0");
        assert_eq!(rounded("NaN", 2), "NaN");
    }

    #[test]
    fn a_float_has_as_many_digits_as_are_read() {
        assert_eq!(readable("344.1132075471698"), "344.1132");
        assert_eq!(readable("12345.5"), "12,345.5");
        assert_eq!(readable("3.0"), "3.0");
        assert_eq!(readable("0.0"), "0.0");
        assert_eq!(readable("-0.25"), "-0.25");
        assert_eq!(readable("0.00012345678"), "0.00012346");
        assert_eq!(readable("1e300"), "1e300");
        assert_eq!(readable("NaN"), "NaN");
    }

    #[test]
    fn an_hour_carries_its_offset() {
        // The hour between two and three happens twice on 27 October 2024 in Berlin.
        let zone: Tz = "Europe/Berlin".parse().expect("a zone");
        assert_eq!(local_hour(1_729_987_200_000_000, zone), "2024-10-27T02:00:00+02:00");
        assert_eq!(local_hour(1_729_990_800_000_000, zone), "2024-10-27T02:00:00+01:00");
    }
}
