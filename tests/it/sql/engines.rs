//! Runs a select on both engines and makes the texts of their values alike.

use entente::sql::{Dialect, Select, print};

use crate::googlesql::{self, Rows};

/// Runs each select on every engine; panics with the SQL where one fails.
pub(crate) fn run_everywhere(selects: &[Select]) -> Vec<[Rows; 2]> {
    let texts: Vec<_> = selects.iter().map(|select| print(select, Dialect::BigQuery)).collect();
    let queries: Vec<googlesql::Query> = texts.iter().cloned().map(Into::into).collect();
    let bigquery = googlesql::run(&queries)
        .into_iter()
        .zip(&texts)
        .map(|(rows, text)| alike(rows.unwrap_or_else(|error| panic!("GoogleSQL: {error}\n{}", text.sql))));
    let duckdb = duckdb_rows(selects);
    duckdb.into_iter().zip(bigquery).map(|(duckdb, bigquery)| [duckdb, bigquery]).collect()
}

fn duckdb_rows(selects: &[Select]) -> Vec<Rows> {
    let connection = duckdb::Connection::open_in_memory().expect("DuckDB opens");
    connection.execute_batch("SET TimeZone = 'UTC'").expect("a setting");
    let one = |select: &Select| {
        let text = print(select, Dialect::DuckDb);
        assert!(text.parameters.is_empty(), "parameters are tried by the warehouse");
        let wrapped = format!("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({})", text.sql);
        let mut statement = connection.prepare(&wrapped).unwrap_or_else(|error| panic!("{error}\n{}", text.sql));
        let rows = statement.query_map([], |row| (0..select.items.len()).map(|at| row.get(at)).collect());
        let rows = rows.unwrap_or_else(|error| panic!("{error}\n{}", text.sql));
        alike(rows.map(|row| row.unwrap_or_else(|error| panic!("{error}\n{}", text.sql))).collect())
    };
    selects.iter().map(one).collect()
}

/// Takes off what engines write differently for one value: zeros behind the point.
fn alike(rows: Rows) -> Rows {
    let cell = |text: String| {
        let looks_numeric = text.bytes().next_back().is_some_and(|byte| byte == b'0')
            && text.contains('.')
            && text.bytes().all(|byte| byte.is_ascii_digit() || b".-: ".contains(&byte));
        if looks_numeric { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
    };
    rows.into_iter().map(|row| row.into_iter().map(|text| text.map(cell)).collect()).collect()
}
