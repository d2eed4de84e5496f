//! How much the tables of a DuckDB database hold.
//!
//! `marts.fct_shipments` → texts of `service` have 7 letters; `booked_date` lies between 2024-01-01 and 2025-12-31.
//!
//! The first and the last day are read off what DuckDB keeps of each block of rows; the length of texts off some rows.

use ::duckdb::Connection;

use super::query;
use crate::{
    catalog::{CatalogTable, ColumnType, TableStatistics},
    sql::{AggregateFunction, Dialect, Expr, From, Function, Select, SelectItem, SqlExpr, print},
    warehouse::{ColumnData, Error, Rows},
};

/// The rows whose texts are measured.
const SAMPLE: u64 = 2048;

/// Measures a table.
pub(super) fn measure(connection: &Connection, name: &str, table: &CatalogTable) -> Result<TableStatistics, Error> {
    let mut statistics = TableStatistics { rows: table.rows, ..TableStatistics::default() };
    let of_type = |wanted: fn(ColumnType) -> bool| -> Vec<&str> {
        table.columns.iter().filter(|column| wanted(column.column_type)).map(|column| &*column.name).collect()
    };
    let texts = of_type(|column_type| column_type == ColumnType::String);
    if !texts.is_empty() {
        let mean = |name: &str| {
            let column = SqlExpr::column("sample", name);
            let text = Expr::Cast { arg: Box::new(column), to: ColumnType::String };
            let length = Expr::call(Function::Length, vec![text]);
            SqlExpr::aggregate(AggregateFunction::Avg, Some(length)).named(name)
        };
        let rows = Select {
            items: texts.iter().map(|name| SqlExpr::column("rows", *name).named(*name)).collect(),
            from: Some(From::Table { name: name.to_owned(), alias: "rows".to_owned() }),
            limit: Some(SAMPLE),
            ..Select::default()
        };
        let sample = From::Select { select: Box::new(rows), alias: "sample".to_owned() };
        let found = ask(connection, texts.iter().map(|name| mean(name)).collect(), sample)?;
        for (name, column) in texts.iter().zip(&found.columns) {
            if let ColumnData::Float(means) = column
                && let Some(Some(mean)) = means.first()
            {
                // Two bytes for the length, as BigQuery counts it.
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of lengths")]
                statistics.widths.insert((*name).to_owned(), 2 + mean.ceil() as u64);
            }
        }
    }
    let times = of_type(ColumnType::is_time);
    if !times.is_empty() {
        let edge = |function, name: &str| SqlExpr::aggregate(function, Some(SqlExpr::column("rows", name)));
        let items = times.iter().flat_map(|name| {
            [
                edge(AggregateFunction::Min, name).named(format!("first_{name}")),
                edge(AggregateFunction::Max, name).named(format!("last_{name}")),
            ]
        });
        let rows = From::Table { name: name.to_owned(), alias: "rows".to_owned() };
        let found = ask(connection, items.collect(), rows)?;
        for (name, edges) in times.iter().zip(found.columns.chunks(2)) {
            if let (Some(first), Some(last)) = (day(&edges[0]), day(&edges[1])) {
                statistics.days.insert((*name).to_owned(), (first, last));
            }
        }
    }
    Ok(statistics)
}

fn ask(connection: &Connection, items: Vec<SelectItem>, from: From) -> Result<Rows, Error> {
    let select = Select { items, from: Some(from), ..Select::default() };
    query(connection, &print(&select, Dialect::DuckDb))
}

/// Returns the day of the only value of a column; nothing for infinity.
fn day(column: &ColumnData) -> Option<crate::time::NaiveDate> {
    column.text(0)?.get(..10)?.parse().ok()
}
