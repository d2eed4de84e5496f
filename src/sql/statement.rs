//! Statements that change a warehouse, as data: what rollups are stored with.
//!
//! **Invariant:** a statement has constants only; nothing of a request is in it.

use super::{Select, SqlExpr};

/// A statement that gives no rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// `CREATE SCHEMA IF NOT EXISTS schema`
    CreateSchema(String),
    /// `CREATE TABLE IF NOT EXISTS table AS select`
    CreateTable {
        /// The table.
        table: String,
        /// What is in it.
        select: Select,
    },
    /// `DROP TABLE IF EXISTS table`
    Drop {
        /// The table.
        table: String,
    },
    /// `DELETE FROM table WHERE filter`
    Delete {
        /// The table.
        table: String,
        /// Which rows.
        filter: SqlExpr,
    },
    /// `INSERT INTO table select`, whose columns are those of the table, in their order.
    Insert {
        /// The table.
        table: String,
        /// The rows.
        select: Select,
    },
}
