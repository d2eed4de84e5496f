//! Runs SQL and fetches a catalog; one file per driver.
//!
//! A driver is small: text and parameters in, columns out. It knows no metric.
//!
//! **Invariant:** a driver's own message never reaches a caller; it is logged, and [`Error`] says what it means.

#[cfg(feature = "duckdb")]
pub mod duckdb;
mod rows;

pub use rows::{ColumnData, Rows};

use std::{future::Future, pin::Pin};

use crate::{
    catalog::Catalog,
    sql::{Dialect, Text},
};

/// An answer that is on its way.
pub type Answering<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// A warehouse that answers SQL.
pub trait Warehouse: Send + Sync {
    /// Returns the dialect in which it has to be asked.
    fn dialect(&self) -> Dialect;
    /// Runs a query. Dropping the future cancels it.
    fn query<'a>(&'a self, text: &'a Text) -> Answering<'a, Rows>;
    /// Reads the columns of the tables with these names; tables that are not there are left out.
    fn catalog<'a>(&'a self, tables: &'a [String]) -> Answering<'a, Catalog>;
}

/// Why the warehouse did not answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be reached or opened.
    #[error("the warehouse cannot be reached: {0}")]
    Unavailable(String),
    /// It refuses the query.
    #[error("the warehouse refused the query: {0}")]
    Refused(String),
    /// The query took too long or was given up.
    #[error("the query was cancelled")]
    Cancelled,
}
