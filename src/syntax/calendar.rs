//! `calendars:` from a table (parsed and checked for form; not executed yet).

use super::Text;
use crate::files::Span;

/// A calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarDef {
    /// `name:`
    pub name: Text,
    /// `table:`
    pub table: Text,
    /// `date:` the column with the day.
    pub date: Text,
    /// `granularities:` by name.
    pub granularities: Vec<Text>,
    /// The whole entry.
    pub span: Span,
}
