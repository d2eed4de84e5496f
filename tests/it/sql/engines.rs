//! Runs a select on both engines and makes the texts of their values alike.

use entente::sql::{Dialect, Select, print};

use crate::{
    googlesql::{self, Query, Rows},
    postgres, snowflake,
};

/// Rows, with the engine that gave them.
pub(crate) type Answers = Vec<(&'static str, Rows)>;

/// What runs queries.
type Engine = fn(&[Query]) -> Vec<Result<Rows, String>>;

/// Runs each select on every engine; panics with the SQL where one fails. What fakesnow does not emulate has no answer of
/// it, and what Postgres cannot hold none of Postgres.
pub(crate) fn run_everywhere(selects: &[Select]) -> Vec<Answers> {
    let mut answers: Vec<Answers> = duckdb_rows(selects).into_iter().map(|rows| vec![("DuckDB", rows)]).collect();
    let engines: [(&'static str, Dialect, Engine); 3] = [
        ("GoogleSQL", Dialect::BigQuery, googlesql::run),
        ("fakesnow", Dialect::Snowflake, snowflake::run),
        ("Postgres", Dialect::Postgres, postgres::run),
    ];
    for (name, dialect, run) in engines {
        let queries: Vec<Query> = selects.iter().map(|select| print(select, dialect).into()).collect();
        for ((answers, query), rows) in answers.iter_mut().zip(&queries).zip(run(&queries)) {
            let excused = match dialect {
                Dialect::Snowflake => snowflake::not_emulated(&query.sql).is_some(),
                // The server refuses a NUL, whichever way it is written, and a text that is no JSON.
                Dialect::Postgres => ["\\000", "no JSON"].iter().any(|odd| query.sql.contains(odd)) && rows.is_err(),
                _ => false,
            };
            if !excused {
                let rows = rows.unwrap_or_else(|error| panic!("{name}: {error}\n{}", query.sql));
                let rows = if name == "fakesnow" { days(rows, &answers[0].1) } else { rows };
                answers.push((name, alike(rows)));
            }
        }
    }
    answers
}

/// fakesnow moves and cuts a date to a midnight: where DuckDB has a date, it is one.
fn days(rows: Rows, like: &Rows) -> Rows {
    let cell = |(cell, like): (Option<String>, &Option<String>)| match (cell, like) {
        (Some(cell), Some(like)) if cell.strip_suffix(" 00:00:00") == Some(like) => Some(like.clone()),
        (cell, _) => cell,
    };
    rows.into_iter().zip(like).map(|(row, like)| row.into_iter().zip(like).map(cell).collect()).collect()
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
