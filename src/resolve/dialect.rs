//! A connection → the dialect in which its warehouse is asked: `type: postgres` → `Dialect::Postgres`.

use crate::{sql::Dialect, syntax::Connection};

/// Returns the dialect in which the warehouse of a connection is asked.
pub fn dialect_of(connection: &Connection) -> Dialect {
    match connection {
        Connection::DuckDb { .. } => Dialect::DuckDb,
        Connection::BigQuery(_) => Dialect::BigQuery,
        Connection::Snowflake(_) => Dialect::Snowflake,
        Connection::Postgres(_) => Dialect::Postgres,
    }
}
