//! Finds what one row stands for: a column, or two or three, whose values never repeat.

use super::{
    Ask,
    survey::{Surveyed, SurveyedColumn, whole},
    words,
};
use crate::{
    catalog::ColumnType,
    sql::{AggregateFunction, From, Select, SqlExpr},
};

/// How many pairs and how many triples of columns are tried per table.
const TRIED: usize = 12;

/// Completes the keys of the tables that have rows.
pub(super) fn find<E>(tables: &mut [Surveyed], ask: Ask<'_, E>) -> Result<(), E> {
    for table in tables.iter_mut().filter(|table| table.rows > 0) {
        table.key = match single(table) {
            Some(column) => vec![column],
            None => several(table, ask)?.unwrap_or_default(),
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
        // Other systems write their whole numbers as `NUMBER(18, 0)`.
        ColumnType::Decimal => words::is_key_like(&column.name),
        ColumnType::Float
        | ColumnType::Boolean
        | ColumnType::DateTime
        | ColumnType::Timestamp
        | ColumnType::Json
        | ColumnType::Unknown => false,
    }
}

/// Returns the first two or three likely columns that are unique together.
///
/// `SELECT COUNT(*) FROM (SELECT DISTINCT a, b FROM table)`
fn several<E>(table: &Surveyed, ask: Ask<'_, E>) -> Result<Option<Vec<String>>, E> {
    let likely: Vec<&SurveyedColumn> = table
        .columns
        .iter()
        .filter(|column| column.present == table.rows && may_be_part(column) && column.distinct > 1)
        .collect();
    let pairs = (0..likely.len()).flat_map(|a| (a + 1..likely.len()).map(move |b| vec![a, b]));
    let triples = (0..likely.len())
        .flat_map(|a| (a + 1..likely.len()).map(move |b| (a, b)))
        .flat_map(|(a, b)| (b + 1..likely.len()).map(move |c| vec![a, b, c]));
    // A few columns with few values cannot tell many rows apart.
    let enough = |columns: &Vec<usize>| {
        let product = columns.iter().map(|index| likely[*index].distinct).reduce(u64::saturating_mul);
        product.is_some_and(|product| product >= table.rows)
    };
    let tried = pairs.filter(enough).take(TRIED).chain(triples.filter(enough).take(TRIED));
    for columns in tried {
        let names: Vec<&str> = columns.iter().map(|index| likely[*index].name.as_str()).collect();
        let distinct = Select {
            distinct: true,
            items: names.iter().map(|name| SqlExpr::column("t", *name).named(*name)).collect(),
            from: Some(table.from()),
            ..Select::default()
        };
        let rows = ask(&Select {
            items: vec![SqlExpr::aggregate(AggregateFunction::Count, None).named("n")],
            from: Some(From::Select { select: Box::new(distinct), alias: "several".to_owned() }),
            ..Select::default()
        })?;
        if whole(&rows, 0) == table.rows {
            return Ok(Some(names.into_iter().map(str::to_owned).collect()));
        }
    }
    Ok(None)
}

/// Returns whether a column may be one part of a key; amounts are not, however rarely they repeat.
fn may_be_part(column: &SurveyedColumn) -> bool {
    match column.column_type {
        ColumnType::String | ColumnType::Date | ColumnType::DateTime | ColumnType::Timestamp => true,
        ColumnType::Integer | ColumnType::Decimal => words::is_key_like(&column.name),
        ColumnType::Float | ColumnType::Boolean | ColumnType::Json | ColumnType::Unknown => false,
    }
}
