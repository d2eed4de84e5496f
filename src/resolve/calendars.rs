//! Calendars from tables: their columns, and the periods as the catalog knows them.
//!
//! `retail_month: { column: month_label }` is checked against the table's columns, and takes the periods that
//! `entente catalog pull` found under that column.
//!
//! **Invariant:** no two granularities of a project, those of the language included, share a name.

use std::collections::BTreeMap;

use super::{context::Context, names::suggest, tables::unknown_column};
use crate::{
    catalog::{CatalogTable, ColumnType},
    diagnostics::{Code, Diagnostic, Diagnostics},
    files::Span,
    ids::{CalendarId, TableId},
    project::{CalendarGranularity, CalendarTable},
    syntax::{CalendarDef, CalendarGranularityDef, Text},
    time::{Granularity, TimePart},
};

/// Completes all calendars.
pub(super) fn resolve(context: &mut Context<'_>, diagnostics: &mut Diagnostics) {
    let mut first: BTreeMap<&str, Span> = BTreeMap::new();
    let mut names: BTreeMap<&str, Span> = BTreeMap::new();
    let definitions = context.definitions;
    for def in &definitions.calendars {
        if let Some(span) = first.insert(&def.name.value, def.name.span) {
            let message = format!("calendar `{}` is defined twice", def.name.value);
            diagnostics.push(
                Diagnostic::new(Code::DuplicateName, def.name.span, message)
                    .label("defined again")
                    .also(span, "defined first")
                    .help("Rename or remove one of the two."),
            );
            continue;
        }
        complete(context, def, &mut names, diagnostics);
    }
}

fn complete<'d>(
    context: &mut Context<'_>,
    def: &'d CalendarDef,
    names: &mut BTreeMap<&'d str, Span>,
    diagnostics: &mut Diagnostics,
) {
    let known = context.catalog.tables.get(&def.table.value);
    let (date, date_type) = column(known, &def.table, &def.date, diagnostics);
    if !matches!(date_type, ColumnType::Date | ColumnType::DateTime | ColumnType::Unknown) {
        let message = format!("the date of calendar `{}` is a {date_type}", def.name.value);
        diagnostics.push(
            Diagnostic::new(Code::TypeMismatch, def.date.span, message)
                .help("Name a column that holds one day per row."),
        );
    }
    let calendar = context.project.calendars.push(CalendarTable {
        name: def.name.value.clone(),
        table: table(context, &def.table),
        date,
        date_type,
        granularities: Vec::new(),
        span: def.span,
    });
    for written in &def.granularities {
        if let Some(diagnostic) = clash(&written.name, names) {
            diagnostics.push(diagnostic);
            continue;
        }
        names.insert(&written.name.value, written.name.span);
        let granularity = granularity(calendar, &def.table, written, known, diagnostics);
        let periods = known.and_then(|table| table.periods.get(&granularity.column));
        let id = context.project.granularities.push(granularity);
        context.project.set_periods(id, periods.map_or(&[], Vec::as_slice));
        context.project.calendars[calendar].granularities.push(id);
    }
}

/// Every table of a calendar is in the arena.
fn table(context: &Context<'_>, name: &Text) -> TableId {
    let found = context.project.tables.iter().find(|(_, table)| table.name == name.value);
    found.map(|(id, _)| id).expect("the tables of calendars were named when tables were resolved")
}

fn granularity(
    calendar: CalendarId,
    table: &Text,
    def: &CalendarGranularityDef,
    known: Option<&CatalogTable>,
    diagnostics: &mut Diagnostics,
) -> CalendarGranularity {
    let named = def.column.as_ref().unwrap_or(&def.name);
    let (column, column_type) = column(known, table, named, diagnostics);
    if matches!(column_type, ColumnType::Float | ColumnType::Boolean | ColumnType::Json) {
        let message = format!("the periods of granularity `{}` are told by a {column_type}", def.name.value);
        let help = "Name a column with the first day, the number or the label of the period.";
        diagnostics.push(Diagnostic::new(Code::TypeMismatch, named.span, message).help(help));
    }
    let name = def.name.value.clone();
    CalendarGranularity { name, calendar, column, column_type, periods: Vec::new(), span: def.name.span }
}

fn column(
    known: Option<&CatalogTable>,
    table: &Text,
    name: &Text,
    diagnostics: &mut Diagnostics,
) -> (String, ColumnType) {
    let Some(known) = known else { return (name.value.clone(), ColumnType::Unknown) };
    match known.column(&name.value) {
        Some(column) => (column.name.clone(), column.column_type),
        None => {
            diagnostics.push(unknown_column(&table.value, known, name));
            (name.value.clone(), ColumnType::Unknown)
        }
    }
}

fn clash(name: &Text, names: &BTreeMap<&str, Span>) -> Option<Diagnostic> {
    let text = &name.value;
    let help = format!("Give it another name, and name the column under it: `own_{text}: {{ column: {text} }}`.");
    if Granularity::from_name(text).is_some() || TimePart::from_name(text).is_some() {
        let message = format!("granularity `{text}` has a name that the language gives a meaning");
        return Some(Diagnostic::new(Code::NameClash, name.span, message).help(help));
    }
    let span = names.get(text.as_str())?;
    let message = format!("granularity `{text}` is defined twice");
    Some(Diagnostic::new(Code::NameClash, name.span, message).also(*span, "the other granularity").help(help))
}

/// Says that there is no such granularity, and which one may be meant.
pub(super) fn unknown_granularity(
    context: &Context<'_>,
    code: Code,
    span: Span,
    subject: &str,
    name: &str,
) -> Diagnostic {
    let message = format!("{subject} speaks of unknown granularity `{name}`");
    suggest(Diagnostic::new(code, span, message), name, context.project.granularity_names(), "granularities")
}
