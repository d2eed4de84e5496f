//! Measures of type `period_over_period`: the value that the base measure has one period earlier.
//!
//! The query is asked a second time, with the time moved by one period, and joined by all dimensions. A filter on the time
//! is widened by one period of the filter's own unit, as Looker documents, so that "12 months" knows nothing of a year ago.

use chrono::NaiveDateTime;

use super::{Writer, conditions::both, frames::fineness, order};
use crate::lookml::twin::{
    Looker,
    explore::Explore,
    field::Field,
    filter::day::{Calendar, Span},
    query::{Query, Session},
    refuse,
    text::Block,
};

/// A time that is moved by one period.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shift {
    alias: String,
    group: String,
    /// As DuckDB says it: `1 YEAR`.
    interval: &'static str,
}

impl Shift {
    pub(super) fn is_of(&self, alias: &str, block: &Block) -> bool {
        self.alias == alias && self.group == block.name
    }

    pub(super) fn moved(&self, local: &str) -> String {
        format!("({local} + INTERVAL {})", self.interval)
    }

    /// The condition that a moved time is in a span, of rows that a query of the span has.
    pub(super) fn within(&self, writer: &Writer<'_>, block: &Block, sql: &str, span: &Span) -> String {
        let clock = |at: NaiveDateTime| format!("TIMESTAMP '{}'", at.format("%F %T"));
        let moved = self.moved(&writer.clock(block, &format!("({sql})")));
        let from = span.from.map(|at| format!("{moved} >= {}", clock(at)));
        let to = span.to.map(|at| format!("{moved} < {}", clock(at)));
        let known = span.from.map(|at| {
            let earliest = Calendar::moved(at, -1, span.unit);
            format!("{sql} >= {}", writer.bound(block, earliest))
        });
        format!("({} AND {})", both(from, to), known.unwrap_or_else(|| "TRUE".to_owned()))
    }
}

/// A comparison in a query.
struct Comparison {
    position: usize,
    based_on: String,
    shift: Shift,
    kind: String,
}

/// Writes a query with comparisons; nothing if there is none.
pub(super) fn answer(explore: &Explore<'_>, session: &Session, query: &Query) -> Looker<Option<String>> {
    let mut comparisons = Vec::new();
    for (position, field) in query.fields.iter().enumerate() {
        comparisons.extend(comparison(explore, query, position, field)?);
    }
    if comparisons.is_empty() {
        return Ok(None);
    }
    let dimensions = (0..query.fields.len()).filter(|at| {
        let (alias, name) = query.fields[*at].split_once('.').unwrap_or_default();
        explore.field(alias, name).is_ok_and(|field| !field.is_measure())
    });
    let dimensions: Vec<usize> = dimensions.collect();
    let mut present = Query { sorts: Vec::new(), limit: None, ..query.clone() };
    for comparison in &comparisons {
        present.fields[comparison.position].clone_from(&comparison.based_on);
    }
    let mut writer = Writer { asked: query, ..Writer::new(explore, session, &present)? };
    let mut joins = format!("({}) AS present", writer.grouped()?);
    let mut columns: Vec<String> = (0..query.fields.len()).map(|at| format!("present.c{at}")).collect();
    for (number, comparison) in comparisons.iter().enumerate() {
        let mut fields: Vec<String> = dimensions.iter().map(|at| query.fields[*at].clone()).collect();
        fields.push(comparison.based_on.clone());
        let past = Query { fields, ..present.clone() };
        let shift = Some(comparison.shift.clone());
        let mut writer = Writer { asked: query, shift, ..Writer::new(explore, session, &past)? };
        let same: Vec<String> = (0..)
            .zip(&dimensions)
            .map(|(there, here): (usize, _)| format!("present.c{here} IS NOT DISTINCT FROM past{number}.c{there}"))
            .collect();
        joins.push_str(&format!(" LEFT JOIN ({}) AS past{number} ON {}", writer.grouped()?, same.join(" AND ")));
        let (now, then) = (format!("present.c{}", comparison.position), format!("past{number}.c{}", dimensions.len()));
        columns[comparison.position] = match comparison.kind.as_str() {
            "previous" => then,
            "difference" => format!("{now} - {then}"),
            "relative_change" => format!("CAST({now} - {then} AS DOUBLE) / NULLIF({then}, 0)"),
            other => return refuse(format!("unknown kind of comparison `{other}`")),
        };
    }
    let columns: Vec<String> = columns.iter().enumerate().map(|(at, sql)| format!("{sql} AS c{at}")).collect();
    let mut sql = format!("SELECT {} FROM {joins}", columns.join(", "));
    sql.push_str(&order(query, |field| query.fields.iter().position(|other| other == field))?);
    Ok(Some(sql))
}

fn comparison(explore: &Explore<'_>, query: &Query, position: usize, field: &str) -> Looker<Option<Comparison>> {
    let (alias, name) = field.split_once('.').unwrap_or_default();
    let Field::Measure(block) = explore.field(alias, name)? else { return Ok(None) };
    if block.word("type") != Some("period_over_period") {
        return Ok(None);
    }
    let said = |key: &str| match block.word(key) {
        Some(word) => Ok(word),
        None => refuse(format!("`{field}` needs `{key}`")),
    };
    let full = |name: &str| if name.contains('.') { name.to_owned() } else { format!("{alias}.{name}") };
    let (period, interval) = match said("period")? {
        "date" => ("date", "1 DAY"),
        "week" => ("week", "7 DAY"),
        "month" => ("month", "1 MONTH"),
        "quarter" => ("quarter", "3 MONTH"),
        "year" => ("year", "1 YEAR"),
        other => return refuse(format!("unknown period `{other}`")),
    };
    let based_on = full(said("based_on")?);
    let time = full(said("based_on_time")?);
    let (time_alias, time_name) = time.split_once('.').unwrap_or_default();
    let Field::Frame(group, _) = explore.field(time_alias, time_name)? else {
        return refuse(format!("`{time}` is no timeframe"));
    };
    let (base_alias, base_name) = based_on.split_once('.').unwrap_or_default();
    let base = explore.field(base_alias, base_name)?.block();
    let is_aggregate = !matches!(base.word("type"), Some("number" | "date" | "date_time" | "string" | "yesno") | None);
    if !is_aggregate {
        return refuse(format!("`{field}` is based on `{based_on}`, which is no aggregate"));
    }
    // The query has to have a timeframe of the same group, as coarse as a date and no coarser than the period.
    let fits = |asked: &String| {
        let (alias, name) = asked.split_once('.').unwrap_or_default();
        match explore.field(alias, name) {
            Ok(Field::Frame(other, frame)) if alias == time_alias && other.name == group.name => {
                let fine = fineness(frame).filter(|fine| Some(*fine) >= fineness("date"));
                fine.is_some_and(|fine| Some(fine) <= fineness(period)) && (frame != "week" || period == "week")
            }
            _ => false,
        }
    };
    if !query.fields.iter().any(fits) {
        return refuse(format!("`{field}` needs a timeframe of `{}` in the query", group.name));
    }
    let shift = Shift { alias: time_alias.to_owned(), group: group.name.clone(), interval };
    Ok(Some(Comparison { position, based_on, shift, kind: said("kind")?.to_owned() }))
}
