//! A select as text of one dialect, with its parameters.

use super::{Dialect, Literal, Select};

/// SQL text and the values bound to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Text {
    /// The text; parameters are `$1, $2, …` (DuckDB) or `@p1, @p2, …` (BigQuery).
    pub sql: String,
    /// The values, in the order of their numbers.
    pub parameters: Vec<Literal>,
}

/// Writes a select on one line, for the warehouse.
pub fn print(_select: &Select, _dialect: Dialect) -> Text {
    todo!()
}

/// Writes a select over several lines, indented, for people.
pub fn print_pretty(_select: &Select, _dialect: Dialect) -> Text {
    todo!()
}
