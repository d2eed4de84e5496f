//! `calendars:` from a table (parsed and checked for form; not executed yet).

use super::{
    Text,
    keys::{Fields, Kind, Shape, keys, required},
};
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

/// The keys of a calendar.
pub(super) static CALENDAR: Kind = Kind {
    name: "calendar",
    article: "a calendar",
    doc: "Periods of a company's own, such as retail weeks, from a table with one row per day.",
    keys: keys![
        required("name", Shape::Name, "The name of the calendar."),
        required("table", Shape::Reference, "The table, as the warehouse knows it."),
        required("date", Shape::Reference, "The column with the day."),
        required("granularities", Shape::Named(&CALENDAR_GRANULARITY), "The columns with the periods, by name."),
        meta
    ],
    rules: &[],
};

static CALENDAR_GRANULARITY: Kind = Kind {
    name: "granularity",
    article: "a granularity",
    doc: "A column of the calendar's table with the first day of a period.",
    keys: keys![meta],
    rules: &[],
};

impl CalendarDef {
    pub(super) fn from_fields(mut fields: Fields) -> Self {
        Self {
            name: fields.required_text("name"),
            table: fields.required_text("table"),
            date: fields.required_text("date"),
            granularities: fields.named("granularities").into_iter().map(|(name, _)| name).collect(),
            span: fields.span,
        }
    }
}
