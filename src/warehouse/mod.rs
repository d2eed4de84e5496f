//! Runs SQL and fetches a catalog; one file per driver.
//!
//! A driver is small: text and parameters in, columns out. It knows no metric.
//!
//! **Invariant:** a driver's own message never reaches a caller; it is logged, and [`Error`] says what it means.

#[cfg(feature = "bigquery")]
pub mod bigquery;
#[cfg(feature = "server")]
mod blocking;
#[cfg(any(feature = "bigquery", feature = "postgres", feature = "snowflake"))]
mod causes;
#[cfg(any(feature = "bigquery", feature = "snowflake"))]
mod decimal;
#[cfg(feature = "duckdb")]
pub mod duckdb;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(any(feature = "bigquery", feature = "snowflake"))]
mod rest;
mod rows;
#[cfg(feature = "snowflake")]
pub mod snowflake;
#[cfg(any(feature = "duckdb", feature = "postgres", feature = "snowflake"))]
mod table_keys;
mod terms;

#[cfg(feature = "server")]
pub use blocking::Blocking;
#[cfg(feature = "cli")]
pub(crate) use rows::csv_field;
pub use rows::{ColumnData, Rows};
pub use terms::{Meter, Metered, Terms};

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
    /// Returns whether each query is billed, so that one whose answer is lost may be on the bill.
    fn bills_queries(&self) -> bool {
        false
    }
    /// Returns the most that the connection lets one query bill, in bytes.
    fn most_billed(&self) -> Option<u64> {
        None
    }
    /// Runs a query on these terms. Dropping the future cancels it.
    fn query<'a>(&'a self, text: &'a Text, terms: &'a Terms) -> Answering<'a, Rows>;
    /// Returns the bytes that a query would read, without running it; nothing where the warehouse does not tell.
    fn estimate<'a>(&'a self, _text: &'a Text, _terms: &'a Terms) -> Answering<'a, Option<u64>> {
        Box::pin(async { Ok(None) })
    }
    /// Runs statements that give no rows, all of them or none; one that makes or drops a table stands alone.
    fn execute<'a>(&'a self, statements: &'a [String], terms: &'a Terms) -> Answering<'a, ()>;
    /// Opens what it reads anew if another one lies in its place, for the queries that begin from here on. Returns whether
    /// it did; where that fails, what was open goes on.
    fn reopen(&self) -> Answering<'_, bool> {
        Box::pin(async { Ok(false) })
    }
    /// Fails if what it reads is gone from its place, although it may still be open.
    fn in_place(&self) -> Result<(), Error> {
        Ok(())
    }
    /// Reads the columns of the tables with these names, or of all; tables that are not there are left out. Of tables that are
    /// named also how much they hold, as far as the warehouse knows it without reading them.
    fn catalog<'a>(&'a self, tables: Option<&'a [String]>) -> Answering<'a, Catalog>;
}

/// Why the warehouse did not answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be reached or opened.
    #[error("the warehouse cannot be reached: {0}")]
    Unavailable(String),
    /// It refuses the query.
    #[error("the warehouse refused the query: {}", .0.meaning)]
    Refused(Refusal),
    /// It refuses the query for what it would bill; nothing was read.
    #[error("the warehouse refused the query: {}", .0.meaning)]
    TooCostly(Refusal),
    /// Somebody else changes the same rows at the same time, and was preferred.
    #[error("somebody else changes the same rows at the same time")]
    Contended,
    /// The query took too long or was given up.
    #[error("the query was cancelled")]
    Cancelled,
}

/// Why a query was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What it means, in our own words; callers see it.
    pub meaning: String,
    /// The driver's own message, for logs and for the person at the terminal who wrote the definitions.
    pub detail: Option<String>,
}

impl Error {
    /// Makes the error of a refused query without a message of a driver.
    pub fn refused(meaning: impl Into<String>) -> Self {
        Self::Refused(Refusal { meaning: meaning.into(), detail: None })
    }

    /// Leaves the driver's own message out, which may tell a value of a row that the caller may not see.
    #[must_use]
    pub fn without_detail(self) -> Self {
        let meant = |refusal: Refusal| Refusal { detail: None, ..refusal };
        match self {
            Self::Refused(refusal) => Self::Refused(meant(refusal)),
            Self::TooCostly(refusal) => Self::TooCostly(meant(refusal)),
            other @ (Self::Unavailable(_) | Self::Contended | Self::Cancelled) => other,
        }
    }

    /// Returns the driver's own message, which may tell names of tables and columns.
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Refused(refusal) | Self::TooCostly(refusal) => refusal.detail.as_deref(),
            Self::Unavailable(_) | Self::Contended | Self::Cancelled => None,
        }
    }
}
