//! The views in which entente put the rows of several facts under one another, back as the metrics that they were made for.
//!
//! `net` of `orders_and_refunds` is `${revenue} - ${refunded}`, whose metrics are at home in the views of their facts.
//!
//! **Invariant:** such a view is not kept only if every metric of it is said.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    dimension::{Fields, primary_key},
    measure::{Measures, is_helper},
    report::{Ledger, Outcome},
    say::canonical,
    source::texts,
};
use crate::{
    import::emit::{Entries, Out},
    lookml::check::view::{Field, FieldKind, View},
};

/// Returns whether a view holds the rows of several facts, as entente writes it.
pub(super) fn is_union(fields: &Fields<'_, '_>, view: &View<'_>) -> bool {
    let has_period = view.fields.iter().any(|field| field.kind == FieldKind::Group && field.name == "period");
    fields.lookml.is_own(&view.layers)
        && view.layers.has("derived_table")
        && has_period
        && primary_key(view).is_some_and(|field| field.name == "fact_key")
}

/// Says the metrics of such views; returns the views that are said whole.
pub(super) fn say<'a>(
    fields: &Fields<'_, 'a>,
    measures: &Measures<'_, '_, 'a>,
    ledger: &mut Ledger,
) -> BTreeSet<&'a str> {
    let mut whole = BTreeSet::new();
    for view in fields.lookml.model.views.values().filter(|view| is_union(fields, view)) {
        let mut is_whole = true;
        for field in view.fields.iter().filter(|field| field.kind == FieldKind::Measure) {
            if is_helper(fields.lookml, field) {
                continue;
            }
            let said = name(field).ok_or_else(|| "it has no name of a metric".to_owned()).and_then(|name| {
                if let Some(why) = fields.refused.get(&("metrics".to_owned(), name.clone())) {
                    return Err(why.clone());
                }
                if measures.has(&name) { Ok(()) } else { formula(fields, measures, view, field, &name) }
            });
            if let Err(why) = said {
                field.layers.iter().for_each(|at| ledger.mark(at, Outcome::Verbatim, why.clone()));
                is_whole = false;
            }
        }
        if is_whole {
            whole.insert(view.name);
        }
    }
    whole
}

/// Returns what columns of facts mean elsewhere, by view and column: rows of several facts share the path.
pub(super) fn shared(fields: &Fields<'_, '_>) -> BTreeMap<(String, String), String> {
    let mut found = BTreeMap::new();
    for view in fields.lookml.model.views.values().filter(|view| is_union(fields, view)) {
        let Some(sql) = view.layers.child("derived_table").and_then(|table| table.word("sql")) else { continue };
        let sql = sql.piece.block();
        for branch in sql.split("UNION ALL") {
            let lines = || branch.lines().map(str::trim);
            let from = lines().find_map(|line| line.strip_prefix("FROM "));
            let Some(base) = from.and_then(|from| from.rsplit_once(" AS ")).map(|(_, alias)| alias) else { continue };
            for field in &view.fields {
                let tags = texts(&field.layers, "tags");
                let Some(path) = tags.iter().find_map(|tag| tag.strip_prefix("entente:")) else { continue };
                let end = format!(" AS {}", field.name);
                let item = lines().find_map(|line| line.trim_end_matches(',').strip_suffix(end.as_str()));
                let column = item.and_then(|item| item.strip_prefix(base)?.strip_prefix('.'));
                if let Some(column) = column.filter(|_| path.contains('.') && !path.starts_with(&format!("{base}."))) {
                    found.insert((base.to_owned(), column.to_owned()), path.to_owned());
                }
            }
        }
    }
    found
}

/// Returns the name of the metric that a measure was made of.
fn name(field: &Field<'_>) -> Option<String> {
    texts(&field.layers, "tags").iter().find_map(|tag| tag.strip_prefix("entente:")).map(str::to_owned)
}

/// Says a measure over the measures of the view.
fn formula<'a>(
    fields: &Fields<'_, 'a>,
    measures: &Measures<'_, '_, 'a>,
    view: &View<'a>,
    field: &Field<'a>,
    metric: &str,
) -> Result<(), String> {
    let sql = fields.lookml.sql(&field.layers, "sql").ok_or("it has no `sql`")??;
    let named = |name: &str| view.fields.iter().find(|other| other.kind == FieldKind::Measure && other.name == name);
    let mut inputs: BTreeMap<String, Out> = BTreeMap::new();
    let mut words: BTreeMap<String, String> = BTreeMap::new();
    let used = view.fields.iter().filter(|other| sql.contains(&format!("${{{}}}", other.name)));
    let used: Vec<&Field<'a>> = used.filter(|other| other.kind == FieldKind::Measure).collect();
    if used.is_empty() {
        return Err("it aggregates rows that are gathered over time".to_owned());
    }
    for helper in used.iter().filter(|other| is_helper(fields.lookml, other)) {
        let input = helper.name.strip_prefix(&format!("{}_", field.name)).ok_or("it has an input of unknown name")?;
        let base =
            used.iter().find(|other| !is_helper(fields.lookml, other) && other.type_name() == helper.type_name());
        let base =
            base.and_then(|base| name(base)).filter(|base| measures.has(base)).ok_or("its inputs are not known")?;
        let offset = before(view.name).ok_or("it goes back by an unknown time")?;
        let entries = vec![("metric".to_owned(), Out::Text(base)), ("offset".to_owned(), Out::Text(offset))];
        inputs.insert(input.to_owned(), Out::Map(entries));
        words.insert(helper.name.to_owned(), input.to_owned());
    }
    let operand = |alias: Option<&str>, of: &str| {
        let other = named(of).filter(|_| alias.is_none_or(|alias| alias == view.name))?;
        Some(match (words.get(of), name(other)) {
            (Some(input), _) => Ok(input.clone()),
            (None, Some(name)) if measures.has(&name) => Ok(name),
            _ => Err(format!("`{of}` is no metric by itself")),
        })
    };
    let (split, _) = fields.say_formula(view, &sql, &operand)?;
    if !split.aggregates.is_empty() {
        return Err("it aggregates rows of several facts".to_owned());
    }
    let mut text = canonical(&split.formula.text);
    for input in inputs.keys() {
        // Where the earlier time has no rows, there is nothing to divide by.
        text = text.replace(&format!("case when {input} > 0 then {input} end"), input);
    }
    let mut body = Entries::default();
    body.text("expr", canonical(&text));
    if !inputs.is_empty() {
        body.put("inputs", Out::Map(inputs.into_iter().collect()));
    }
    measures.push_shared(field, metric, body);
    Ok(())
}

/// Reads how far back a view goes by its name: `shipments_and_52_weeks_before`.
fn before(view: &str) -> Option<String> {
    let (_, rest) = view.rsplit_once("_and_")?;
    let (count, unit) = rest.strip_suffix("_before")?.split_once('_')?;
    let is_unit = ["day", "days", "week", "weeks"].contains(&unit);
    let count: u32 = count.parse().ok().filter(|_| is_unit)?;
    // A comparison with one week before is a measure of its own; seven days before is a union.
    Some(if (count, unit) == (1, "week") { "7 days".to_owned() } else { format!("{count} {unit}") })
}

#[cfg(test)]
mod tests {
    use super::before;

    #[test]
    fn a_view_says_how_far_back_it_goes() {
        assert_eq!(before("shipments_and_52_weeks_before").as_deref(), Some("52 weeks"));
        assert_eq!(before("flights_and_1_week_before").as_deref(), Some("7 days"));
        assert_eq!(before("orders_and_refunds"), None);
    }
}
