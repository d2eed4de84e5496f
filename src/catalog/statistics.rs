//! How much the tables of the warehouse hold, as it told on a day.
//!
//! `{ "read_on": "2026-01-15", "tables": { "marts.fct_shipments": { "rows": 48100000, "widths": { "service": 7 } } } }`.
//!
//! **Invariant:** nothing about the meaning of a number depends on it; it only says what reading costs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Catalog;
use crate::time::NaiveDate;

/// What is known of all tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// The day on which the warehouse was asked.
    pub read_on: NaiveDate,
    /// Tables by their name as written in `table:`.
    pub tables: BTreeMap<String, TableStatistics>,
}

/// What is known of how much a table holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableStatistics {
    /// The number of rows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
    /// The bytes of the whole table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The bytes of a value of a row, by column.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub widths: BTreeMap<String, u64>,
    /// The days between which the values of a column of dates or times lie, both included.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub days: BTreeMap<String, (NaiveDate, NaiveDate)>,
}

impl Statistics {
    /// Takes what a catalog, read from the warehouse on a day, knows of its tables.
    pub fn of(catalog: &Catalog, read_on: NaiveDate) -> Self {
        let tables = catalog.tables.iter().map(|(name, table)| {
            let known = &table.statistics;
            let widths = table.columns.iter().filter_map(|column| {
                let width = known.widths.get(&column.name).copied().or(column.column_type.width())?;
                Some((column.name.clone(), width))
            });
            let mut widths: BTreeMap<String, u64> = widths.collect();
            let rows = known.rows.or(table.rows);
            let unknown: Vec<&str> = table.columns.iter().map(|column| &*column.name).collect();
            let unknown: Vec<&str> = unknown.into_iter().filter(|name| !widths.contains_key(*name)).collect();
            let each = rest(rows, known.bytes, &widths, unknown.len());
            widths.extend(unknown.into_iter().map(|name| (name.to_owned(), each)));
            (name.clone(), TableStatistics { rows, widths, ..known.clone() })
        });
        Self { read_on, tables: tables.collect() }
    }

    /// Reads the text of `schema/statistics.json`.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Writes the text of `schema/statistics.json`, with a final newline.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("statistics are plain data");
        text.push('\n');
        text
    }
}

/// The bytes of a text of which nothing is known.
const TEXT: u64 = 32;

/// Returns what each column has of the bytes of a row that no column is known to have.
fn rest(rows: Option<u64>, bytes: Option<u64>, known: &BTreeMap<String, u64>, others: usize) -> u64 {
    match (rows.filter(|rows| *rows > 0), bytes, u64::try_from(others)) {
        (Some(rows), Some(bytes), Ok(others)) if others > 0 => {
            bytes.div_ceil(rows).saturating_sub(known.values().sum()).div_ceil(others)
        }
        _ => TEXT,
    }
}
