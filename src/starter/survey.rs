//! What the tables hold: rows, nulls and distinct values of each column.
//!
//! One select per table counts everything; one more per short list reads its values.

use std::collections::BTreeSet;

use super::{Ask, words};
use crate::{
    catalog::{Catalog, CatalogColumn, ColumnType},
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
    /// The columns of a type that the language speaks of.
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
    /// What dimensions and metrics on it are called: an identifier, unique in its table.
    pub(super) word: String,
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

/// Reads the tables that have rows or columns to speak of; those that cannot be read come with the reason.
pub(super) fn survey<E>(catalog: &Catalog, ask: Ask<'_, E>) -> (Vec<Surveyed>, Vec<(String, E)>) {
    let mut surveyed: Vec<Surveyed> = Vec::new();
    // Tables of the default schema have no dot, and take the plain names.
    let mut tables: Vec<_> = catalog.tables.iter().collect();
    tables.sort_by_key(|(name, _)| name.contains('.'));
    for (table, known) in tables {
        let (named, left): (Vec<_>, Vec<_>) = known.columns.iter().partition(|column| is_usable(column));
        if named.is_empty() {
            continue;
        }
        let mut model = words::model(table);
        let mut taken = BTreeSet::new();
        let plain = model.clone();
        let mut number = 2;
        while surveyed.iter().any(|other| other.model == model) {
            model = match table.rsplit_once('.') {
                Some((schema, _)) if number == 2 => words::shortened(&format!(
                    "{}_{plain}",
                    words::identifier(schema).unwrap_or_else(|| "schema".to_owned())
                )),
                _ => format!("{plain}_{number}"),
            };
            number += 1;
        }
        surveyed.push(Surveyed {
            table: table.clone(),
            rows: 0,
            columns: named
                .into_iter()
                .map(|column| SurveyedColumn {
                    name: column.name.clone(),
                    word: word(&column.name, &model, &mut taken),
                    column_type: column.column_type,
                    present: 0,
                    distinct: 0,
                    values: Vec::new(),
                })
                .collect(),
            model,
            left_out: left.into_iter().map(|column| column.name.clone()).collect(),
            key: Vec::new(),
            joins: Vec::new(),
        });
    }
    let mut unread = Vec::new();
    surveyed.retain_mut(|table| match count(table, ask).and_then(|()| list_values(table, ask)) {
        Ok(()) => true,
        Err(error) => {
            unread.push((table.table.clone(), error));
            false
        }
    });
    (surveyed, unread)
}

/// Returns whether the language speaks of a column.
pub(super) fn is_usable(column: &CatalogColumn) -> bool {
    column.column_type != ColumnType::Unknown && !column.name.contains(['"', '`', '\\', '\n', '\r'])
}

/// Returns an identifier for a column that no other column of the table has.
fn word(column: &str, model: &str, taken: &mut BTreeSet<String>) -> String {
    let plain = words::identifier(column).unwrap_or_else(|| "column".to_owned());
    let word = if words::is_plain(&plain) { plain } else { format!("{}_{plain}", words::singular(model)) };
    let numbered = (2_u32..).map(|number| format!("{word}_{number}"));
    let free = std::iter::once(word.clone()).chain(numbered).find(|word| !taken.contains(word));
    let free = free.expect("there is always another number");
    taken.insert(free.clone());
    free
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
