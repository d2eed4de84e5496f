//! A select as text of one dialect, with its parameters.
//!
//! `Select { items: [sum(t.price)], from: marts.shipments … }` → `SELECT SUM(t.price) AS revenue FROM marts.shipments
//! AS t`. What every dialect says alike is written here; what differs is asked of [`Syntax`].
//!
//! **Invariant:** a constant reaches the text through the dialect's own encoder only, and a value of a request not at
//! all: it becomes a parameter.

mod call;
mod expr;
mod select;
mod statement;
mod types;
mod writer;

use super::{
    Dialect, Literal, Select, SqlExpr,
    dialect::{OrderNames, Syntax},
};

pub use statement::print_statement;
pub(super) use types::known_type;
pub(super) use writer::{Level, Writer};

/// SQL text and the values bound to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text {
    /// The text; parameters are `$1, $2, …` (DuckDB, Postgres), `@p1, @p2, …` (BigQuery) or `?` (Snowflake).
    ///
    /// Except in BigQuery a parameter whose value is a date, a time or a decimal stands in a CAST, so it may be bound
    /// as text; a timestamp bound as text has to carry its `+00`.
    pub sql: String,
    /// The values, in the order of their numbers or places. Null never is one: it is written as NULL.
    pub parameters: Vec<Literal>,
}

/// Writes a select on one line, for the warehouse.
pub fn print(select: &Select, dialect: Dialect) -> Text {
    write(select, dialect, Layout::Line)
}

/// Writes a select over several lines, indented, for people.
pub fn print_pretty(select: &Select, dialect: Dialect) -> Text {
    write(select, dialect, Layout::Pretty)
}

/// Writes an expression without parameters, as a part of a larger text such as a LookML field.
pub fn print_expression(expr: &SqlExpr, dialect: Dialect) -> String {
    let mut writer = Writer::new(dialect.syntax(), Layout::Line);
    writer.expr(expr, Level::Or);
    writer.into_text().sql
}

/// How clauses are set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// By a blank.
    Line,
    /// By line breaks and indents.
    Pretty,
}

fn write(select: &Select, dialect: Dialect, layout: Layout) -> Text {
    let mut writer = Writer::new(dialect.syntax(), layout);
    writer.select(select);
    writer.into_text()
}

#[cfg(test)]
mod tests;
