//! Data tests in which entente pinned numbers → the tests that they were.
//!
//! `${flights.flights} = 20000` is `{ metric: flights, expect: 20000 }`.
//!
//! **Invariant:** a test is read whole or left behind.

use chrono::{NaiveDate, TimeDelta};

use super::{
    dimension::Fields,
    measure::Measures,
    report::{Ledger, Outcome},
};
use crate::{
    import::emit::{Entries, Out},
    lookml::check::{explore::Explore, layers::At, scan, view::View},
};

/// Says the tests of a project that entente wrote.
pub(super) fn tests(fields: &Fields<'_, '_>, measures: &Measures<'_, '_, '_>, ledger: &mut Ledger) -> Vec<Out> {
    let mut tests = Vec::new();
    for at in fields.lookml.model.tests.iter().copied().filter(|at| fields.lookml.is_generated(at.file)) {
        let name = at.name().text().to_owned();
        if let Some(why) = fields.refused.get(&("tests".to_owned(), name)) {
            ledger.mark(at, Outcome::LeftBehind, why.clone());
            continue;
        }
        if let Some(out) = test(fields, measures, at) {
            ledger.mark(at, Outcome::Native, "it is a test of its metric");
            tests.push(out);
        }
    }
    tests
}

fn test(fields: &Fields<'_, '_>, measures: &Measures<'_, '_, '_>, at: At<'_>) -> Option<Out> {
    let source = at.child("explore_source")?;
    let explore = fields.lookml.model.explores.get(source.node.name()?.text)?;
    let view = fields.lookml.view(explore.view(explore.base)?)?;
    let columns: Vec<&str> =
        source.children("column").filter_map(|column| Some(column.word("field")?.text())).collect();
    let (measure, keys) = columns.split_last()?;
    let (alias, name) = scan::parts(measure);
    let metric = measures.name(view.name, name).filter(|_| alias == Some(explore.base))?;
    let mut out = Entries::default();
    out.text("name", at.node.name()?.text);
    out.text("metric", metric);
    let filters: Vec<_> = source.children("filters").flat_map(At::filters).collect();
    match filters.as_slice() {
        [] => {}
        [(_, value)] => out.text("time", range(&value.as_ref()?.piece.value())?),
        _ => return None,
    }
    let keys = keys.iter().map(|field| key(fields, explore, view, field)).collect::<Option<Vec<String>>>()?;
    if !keys.is_empty() {
        out.put("by", Out::texts(&keys));
    }
    let expression = at.child("assert")?.word("expression")?.piece.block();
    expectation(expression.trim(), &format!("${{{measure}}}"), &mut out)?;
    Some(Out::Map(out.0))
}

/// Reads a key: `time.month`, `service`, `origin.region`.
fn key(fields: &Fields<'_, '_>, explore: &Explore<'_>, view: &View<'_>, field: &str) -> Option<String> {
    let (alias, name) = scan::parts(field);
    let (owner, path) = match alias {
        Some(alias) if alias != explore.base => fields.way(view.name, alias).ok()?,
        _ => (view.name.to_owned(), String::new()),
    };
    let (dimension, frame) = fields.member(&owner, name).ok()?;
    match frame.as_deref() {
        None => Some(format!("{path}{}", dimension.name)),
        Some("date") => Some("time.day".to_owned()),
        Some(frame) => Some(format!("time.{frame}")),
    }
}

/// Reads a filter of a time as the range that it was: `2025/01/01 for 365 days`.
fn range(text: &str) -> Option<String> {
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y/%m/%d").ok();
    if let Some((from, count)) = text.split_once(" for ")
        && let Some(from) = day(from)
    {
        let to = from.checked_add_signed(TimeDelta::days(count.strip_suffix(" days")?.parse().ok()?))?;
        let is_day = from.succ_opt() == Some(to);
        return Some(if is_day { from.to_string() } else { format!("{from} to {to}") });
    }
    let (count, rest) = text.split_once(' ')?;
    let unit = rest.split(' ').next()?;
    (rest == format!("{unit} ago for {count} {unit}")).then(|| format!("last {count} {unit}"))
}

/// Reads what a test expects of its measure.
fn expectation(expression: &str, measure: &str, out: &mut Entries) -> Option<()> {
    let number = |text: &str| text.parse::<f64>().is_ok().then(|| Out::Word(text.to_owned()));
    if let Some(rest) = expression.strip_prefix("abs(").and_then(|rest| rest.strip_prefix(measure)) {
        out.put("expect", number(rest.strip_prefix(" - ")?.strip_suffix(") < 0.000001")?)?);
        return Some(());
    }
    let rest = expression.strip_prefix(measure)?;
    if let Some(expected) = rest.strip_prefix(" = ") {
        out.put("expect", number(expected)?);
        return Some(());
    }
    let (least, greatest) = rest.strip_prefix(" >= ")?.split_once(" AND ")?;
    let greatest = greatest.strip_prefix(measure)?.strip_prefix(" <= ")?;
    out.put("between", Out::List(vec![number(least)?, number(greatest)?]));
    Some(())
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn ranges_are_read_back() {
        assert_eq!(range("2024/02/29 for 1 days").as_deref(), Some("2024-02-29"));
        assert_eq!(range("2025/01/01 for 365 days").as_deref(), Some("2025-01-01 to 2026-01-01"));
        assert_eq!(range("4 weeks ago for 4 weeks").as_deref(), Some("last 4 weeks"));
        assert_eq!(range("before 2024/01/01"), None);
    }
}
