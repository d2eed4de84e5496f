//! The views of days that entente makes of calendars from tables, back as the calendars.
//!
//! ```sql
//! SELECT calendar.calendar_date AS day, MIN(calendar.month_label) AS retail_month FROM … AS calendar GROUP BY 1
//! ```
//!
//! **Invariant:** such a view is no model, and its joins are none: entente writes them anew on the time of each explore.

use super::{
    dimension::{Fields, primary_key},
    report::{Ledger, Outcome},
};
use crate::{
    import::emit::{Entries, Out},
    lookml::check::view::View,
};

/// A calendar as its view tells it.
struct Calendar {
    table: String,
    date: String,
    /// Granularities with their columns.
    granularities: Vec<(String, String)>,
}

/// Returns whether a view holds the days of a calendar, as entente writes it.
pub(super) fn is_calendar(fields: &Fields<'_, '_>, view: &View<'_>) -> bool {
    read(fields, view).is_some()
}

/// Says the calendars of a project that entente wrote.
pub(super) fn say(fields: &Fields<'_, '_>, ledger: &mut Ledger) -> Vec<Out> {
    let mut calendars = Vec::new();
    for view in fields.lookml.model.views.values() {
        let Some(Calendar { table, date, granularities }) = read(fields, view) else { continue };
        if fields.refused.contains_key(&("calendars".to_owned(), view.name.to_owned())) {
            continue;
        }
        let fields_of_view = view.fields.iter().flat_map(|field| field.layers.iter());
        for at in view.layers.iter().chain(fields_of_view) {
            ledger.mark(at, Outcome::Native, "it is a calendar of a table");
        }
        let granularities = granularities.into_iter().map(|(name, column)| {
            let own = if column == name { Vec::new() } else { vec![("column".to_owned(), Out::text(column))] };
            (name, Out::Map(own))
        });
        let mut out = Entries::default();
        out.text("name", view.name);
        out.text("table", table);
        out.text("date", date);
        out.put("granularities", Out::Map(granularities.collect()));
        calendars.push(Out::Map(out.0));
    }
    calendars
}

fn read(fields: &Fields<'_, '_>, view: &View<'_>) -> Option<Calendar> {
    if !fields.lookml.is_own(&view.layers) || primary_key(view)?.name != "day" {
        return None;
    }
    let sql = view.layers.child("derived_table")?.word("sql")?.piece.block();
    let mut lines = sql.lines().map(|line| line.trim().trim_end_matches(',')).filter(|line| *line != "SELECT");
    let column = |text: &str| text.strip_prefix("calendar.").map(bare);
    let first = lines.next()?.strip_suffix(" AS day")?;
    let date = column(first.strip_prefix("DATE(").and_then(|inner| inner.strip_suffix(')')).unwrap_or(first))
        .or_else(|| column(first.strip_prefix("CAST(")?.strip_suffix(" AS DATE)")?))?;
    let mut granularities = Vec::new();
    for line in lines {
        if let Some(from) = line.strip_prefix("FROM ") {
            let written = from.strip_suffix(" AS calendar")?;
            // The warehouse's project is the connection's.
            let own = written.strip_prefix("`@{warehouse_project}.").unwrap_or(written);
            let table = bare(&fields.lookml.expanded(own).ok()?);
            return (!granularities.is_empty()).then_some(Calendar { table, date, granularities });
        }
        let (value, name) = line.rsplit_once(" AS ")?;
        granularities.push((bare(name), column(value.strip_prefix("MIN(")?.strip_suffix(')')?)?));
    }
    None
}

/// Returns a name without the quotes of a dialect.
fn bare(name: &str) -> String {
    name.chars().filter(|c| !"`\"".contains(*c)).collect()
}
