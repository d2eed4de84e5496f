//! Statements that change a warehouse, as data: what rollups are stored with.
//!
//! **Invariant:** a statement has constants only; nothing of a request is in it.

use super::{Select, SqlExpr};
use crate::time::Granularity;

/// A statement that gives no rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Statement {
    /// `CREATE SCHEMA IF NOT EXISTS schema`
    CreateSchema(String),
    /// `CREATE TABLE IF NOT EXISTS table AS select`
    CreateTable {
        /// The table.
        table: String,
        /// How its rows are laid out.
        layout: TableLayout,
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
    /// `UPDATE table SET column = value WHERE filter`
    Update {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// Its new value.
        value: SqlExpr,
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

/// How the rows of a table are laid out, where the warehouse lets one say it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableLayout {
    /// The column of dates by which they are partitioned, and the size of a partition: a day, a month or a year.
    pub partition: Option<(String, Granularity)>,
    /// The columns by which the rows of a partition are sorted.
    pub cluster: Vec<String>,
}
