//! What the tables hold: rows, nulls and distinct values of each column.
//!
//! One select per table counts everything; one more per short list reads its values.

use super::{Ask, words};
use crate::{
    catalog::{Catalog, ColumnType},
    sql::{AggregateFunction, From, OrderTerm, Select, SqlExpr},
    warehouse::{ColumnData, Rows},
};

/// A table as far as it is known.
#[derive(Clone, Debug)]
pub(super) struct Surveyed {
    /// The name in the warehouse.
    pub(super) table: String,
    /// The name of the model.
    pub(super) model: String,
    /// The number of rows.
    pub(super) rows: u64,
    /// The columns that can be named without quotes.
    pub(super) columns: Vec<SurveyedColumn>,
    /// Columns that were left out.
    pub(super) left_out: Vec<String>,
    /// The primary key, if one was found.
    pub(super) key: Vec<String>,
    /// Joins to other tables.
    pub(super) joins: Vec<FoundJoin>,
}

/// A column as far as it is known.
#[derive(Clone, Debug)]
pub(super) struct SurveyedColumn {
    pub(super) name: String,
    pub(super) column_type: ColumnType,
    /// Rows with a value.
    pub(super) present: u64,
    /// Different values.
    pub(super) distinct: u64,
    /// The values in their order, of texts with few.
    pub(super) values: Vec<String>,
}

/// A join from many to one that the values prove.
#[derive(Clone, Debug)]
pub(super) struct FoundJoin {
    /// The model on the one side.
    pub(super) to: String,
    /// Our column.
    pub(super) column: String,
    /// The role, where the model's name would not do.
    pub(super) role: Option<String>,
}

impl Surveyed {
    /// Finds a column.
    pub(super) fn column(&self, name: &str) -> Option<&SurveyedColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Returns the table as the only one of a select.
    pub(super) fn from(&self) -> From {
        From::Table { name: self.table.clone(), alias: "t".to_owned() }
    }
}

impl SurveyedColumn {
    /// Returns whether no two of `rows` rows share a value and none is null.
    pub(super) fn is_unique(&self, rows: u64) -> bool {
        self.present == rows && self.distinct == rows
    }
}

/// Texts with at most so many values have them listed.
const LISTED_VALUES: u64 = 8;

/// Reads the tables that have rows or columns to speak of.
pub(super) fn survey<E>(catalog: &Catalog, ask: Ask<'_, E>) -> Result<Vec<Surveyed>, E> {
    let mut surveyed: Vec<Surveyed> = Vec::new();
    for (table, known) in &catalog.tables {
        let (named, left): (Vec<_>, Vec<_>) = known
            .columns
            .iter()
            .partition(|column| words::is_plain(&column.name) && column.column_type != ColumnType::Unknown);
        if named.is_empty() {
            continue;
        }
        let mut model = words::model(table);
        while surveyed.iter().any(|other| other.model == model) {
            model = format!("{}_{model}", words::identifier(table.split('.').next().unwrap_or(table)));
        }
        surveyed.push(Surveyed {
            table: table.clone(),
            model,
            rows: 0,
            columns: named
                .into_iter()
                .map(|column| SurveyedColumn {
                    name: column.name.clone(),
                    column_type: column.column_type,
                    present: 0,
                    distinct: 0,
                    values: Vec::new(),
                })
                .collect(),
            left_out: left.into_iter().map(|column| column.name.clone()).collect(),
            key: Vec::new(),
            joins: Vec::new(),
        });
    }
    for table in &mut surveyed {
        count(table, ask)?;
        list_values(table, ask)?;
    }
    Ok(surveyed)
}

/// `SELECT COUNT(*), COUNT(a), COUNT(DISTINCT a), … FROM table`
fn count<E>(table: &mut Surveyed, ask: Ask<'_, E>) -> Result<(), E> {
    let mut items = vec![SqlExpr::aggregate(AggregateFunction::Count, None).named("n")];
    for (index, column) in table.columns.iter().enumerate() {
        let value = SqlExpr::column("t", &column.name);
        items.push(SqlExpr::aggregate(AggregateFunction::Count, Some(value.clone())).named(format!("p{index}")));
        items.push(SqlExpr::aggregate(AggregateFunction::CountDistinct, Some(value)).named(format!("d{index}")));
    }
    let rows = ask(&Select { items, from: Some(table.from()), ..Select::default() })?;
    table.rows = whole(&rows, 0);
    for (index, column) in table.columns.iter_mut().enumerate() {
        column.present = whole(&rows, 2 * index + 1);
        column.distinct = whole(&rows, 2 * index + 2);
    }
    Ok(())
}

fn list_values<E>(table: &mut Surveyed, ask: Ask<'_, E>) -> Result<(), E> {
    let from = table.from();
    for column in &mut table.columns {
        let short = column.distinct > 0 && column.distinct <= LISTED_VALUES && column.distinct < table.rows / 4;
        if column.column_type != ColumnType::String || !short {
            continue;
        }
        let value = SqlExpr::column("t", &column.name);
        let rows = ask(&Select {
            distinct: true,
            items: vec![value.clone().named("value")],
            from: Some(from.clone()),
            filter: Some(value.is_null(true)),
            order_by: vec![OrderTerm { expr: SqlExpr::bare("value"), descending: false, nulls_first: false }],
            ..Select::default()
        })?;
        if let Some(ColumnData::String(values)) = rows.columns.first() {
            column.values = values.iter().flatten().cloned().collect();
        }
    }
    Ok(())
}

/// Reads the whole number in a column of the only row.
pub(super) fn whole(rows: &Rows, column: usize) -> u64 {
    match rows.columns.get(column) {
        Some(ColumnData::Integer(values)) => {
            values.first().copied().flatten().and_then(|value| u64::try_from(value).ok()).unwrap_or_default()
        }
        _ => 0,
    }
}
