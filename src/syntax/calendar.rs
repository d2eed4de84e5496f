//! `calendars:` periods of a company's own, from a table with one row per day.

use super::{
    Text,
    keys::{Fields, Kind, Shape, key, keys, required},
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
    /// `granularities:` in source order.
    pub granularities: Vec<CalendarGranularityDef>,
    /// The whole entry.
    pub span: Span,
}

/// A granularity of a calendar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarGranularityDef {
    /// The name.
    pub name: Text,
    /// `column:`, where the column has another name.
    pub column: Option<Text>,
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
    doc: "A column of the calendar's table that says in which period a day lies: by the period's first day, its number or its label.",
    keys: keys![key("column", Shape::Reference, "The column, where it has another name."), meta],
    rules: &[],
};

impl CalendarDef {
    pub(super) fn from_fields(mut fields: Fields) -> Self {
        Self {
            name: fields.required_text("name"),
            table: fields.required_text("table"),
            date: fields.required_text("date"),
            granularities: fields
                .named("granularities")
                .into_iter()
                .map(|(name, mut fields)| CalendarGranularityDef { name, column: fields.text("column") })
                .collect(),
            span: fields.span,
        }
    }
}
