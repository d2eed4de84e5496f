//! Finds what one row stands for: a column, or two, whose values never repeat.

use super::{
    Ask,
    survey::{Surveyed, SurveyedColumn, whole},
    words,
};
use crate::{
    catalog::ColumnType,
    sql::{AggregateFunction, From, Select, SqlExpr},
};

/// How many pairs of columns are tried per table.
const PAIRS: usize = 12;

/// Completes the keys of the tables that have rows.
pub(super) fn find<E>(tables: &mut [Surveyed], ask: Ask<'_, E>) -> Result<(), E> {
    for table in tables.iter_mut().filter(|table| table.rows > 0) {
        table.key = match single(table) {
            Some(column) => vec![column],
            None => pair(table, ask)?.unwrap_or_default(),
        };
    }
    Ok(())
}

/// Returns the unique column that is most likely meant: `id`, `order_id` of orders, another id, the first text.
fn single(table: &Surveyed) -> Option<String> {
    let own = format!("{}_id", words::singular(&table.model));
    let rank = |(index, column): (usize, &SurveyedColumn)| {
        let name = column.name.to_ascii_lowercase();
        let likely = if name == "id" || name == own {
            0
        } else if words::is_key_like(&name) {
            1
        } else if index == 0 {
            2
        } else {
            3
        };
        (likely, index)
    };
    let unique =
        table.columns.iter().enumerate().filter(|(_, column)| column.is_unique(table.rows) && may_be_key(column));
    let best = unique.min_by_key(|(index, column)| rank((*index, column)))?;
    // A single row proves nothing but the name.
    let (likely, _) = rank((best.0, best.1));
    (table.rows > 1 || likely < 2).then(|| best.1.name.clone())
}

fn may_be_key(column: &SurveyedColumn) -> bool {
    match column.column_type {
        ColumnType::String | ColumnType::Integer | ColumnType::Date => true,
        ColumnType::Decimal
        | ColumnType::Float
        | ColumnType::Boolean
        | ColumnType::DateTime
        | ColumnType::Timestamp
        | ColumnType::Json
        | ColumnType::Unknown => false,
    }
}

/// Returns the first pair of likely columns that is unique together.
///
/// `SELECT COUNT(*) FROM (SELECT DISTINCT a, b FROM table)`
fn pair<E>(table: &Surveyed, ask: Ask<'_, E>) -> Result<Option<Vec<String>>, E> {
    let whole_columns = table.columns.iter().filter(|column| column.present == table.rows && may_be_key(column));
    let likely: Vec<&SurveyedColumn> = whole_columns
        .filter(|column| column.column_type != ColumnType::Integer || words::is_key_like(&column.name))
        .collect();
    let pairs = likely.iter().enumerate().flat_map(|(index, a)| likely[index + 1..].iter().map(move |b| (*a, *b)));
    // Two columns with few values cannot tell many rows apart.
    let enough = pairs.filter(|(a, b)| a.distinct.saturating_mul(b.distinct) >= table.rows);
    for (a, b) in enough.take(PAIRS) {
        let distinct = Select {
            distinct: true,
            items: [a, b].map(|column| SqlExpr::column("t", &column.name).named(&column.name)).into(),
            from: Some(table.from()),
            ..Select::default()
        };
        let rows = ask(&Select {
            items: vec![SqlExpr::aggregate(AggregateFunction::Count, None).named("n")],
            from: Some(From::Select { select: Box::new(distinct), alias: "pairs".to_owned() }),
            ..Select::default()
        })?;
        if whole(&rows, 0) == table.rows {
            return Ok(Some(vec![a.name.clone(), b.name.clone()]));
        }
    }
    Ok(None)
}
