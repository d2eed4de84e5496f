//! A connection → the dialect in which its warehouse is asked, and where it looks for tables that are named in part:
//! `{ type: bigquery, project: acme, dataset: marts }` → `Dialect::BigQuery`, `marts` of `acme`.

use crate::{project::Home, sql::Dialect, syntax::Connection};

/// Returns the dialect in which the warehouse of a connection is asked.
pub fn dialect_of(connection: &Connection) -> Dialect {
    match connection {
        Connection::DuckDb { .. } => Dialect::DuckDb,
        Connection::BigQuery(_) => Dialect::BigQuery,
        Connection::Snowflake(_) => Dialect::Snowflake,
        Connection::Postgres(_) => Dialect::Postgres,
    }
}

/// Returns where a connection looks for tables that are named in part. A DuckDB file is one place, and what has no schema in
/// Postgres lies in `public`.
pub(super) fn home_of(connection: &Connection) -> Home {
    match connection {
        Connection::DuckDb { .. } => Home::default(),
        Connection::BigQuery(connection) => {
            Home { database: Some(connection.project.clone()), schema: connection.dataset.clone() }
        }
        Connection::Snowflake(connection) => {
            Home { database: connection.database.clone(), schema: connection.schema.clone() }
        }
        Connection::Postgres(connection) => Home { database: Some(connection.database.clone()), schema: None },
    }
}
