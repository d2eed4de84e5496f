//! Writes many rows into a table without SQL.
//!
//! `database.append("marts", "dim_depots", |rows| rows.push(&[…]))`, one value per column in the table's order.
//!
//! **Invariant:** either all rows of a call are in the table, or the call failed.

use ::duckdb::{Appender, appender_params_from_iter};

use super::{DuckDb, bind, failure};
use crate::{sql::Literal, warehouse::Error};

/// The rows on their way into one table.
pub struct NewRows<'a> {
    appender: Appender<'a>,
}

impl NewRows<'_> {
    /// Adds a row.
    pub fn push(&mut self, row: &[Literal]) -> Result<(), Error> {
        let values = row.iter().map(bind::value).collect::<Result<Vec<_>, _>>()?;
        self.appender.append_row(appender_params_from_iter(values)).map_err(|error| failure::of_query(&error))
    }
}

impl DuckDb {
    /// Lets `fill` add rows to a table.
    pub fn append(
        &self,
        schema: &str,
        table: &str,
        fill: impl FnOnce(&mut NewRows<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.with_connection(|connection| {
            let refused = |error: ::duckdb::Error| failure::of_query(&error);
            connection.execute_batch("BEGIN").map_err(refused)?;
            let written = connection.appender_to_db(table, schema).map_err(refused).and_then(|appender| {
                let mut rows = NewRows { appender };
                fill(&mut rows)?;
                rows.appender.flush().map_err(refused)
            });
            let end = if written.is_ok() { "COMMIT" } else { "ROLLBACK" };
            connection.execute_batch(end).map_err(refused).and(written)
        })
    }
}
