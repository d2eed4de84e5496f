//! How tables lie, back from the LookML that entente wrote of it: datagroups, bounds on partitions, clustering keys.
//!
//! ```text
//! MAX(t.loaded_at) … WHERE t.booked_date >= …                      freshness, partition
//! ${booked_date} >= COALESCE(DATE_SUB({% date_start … %}, 21 DAY)   holds: { delivered_at: { from: -20 days } }
//! ```
//!
//! **Invariant:** a promise is the one that gives the same bound, so that emitting again reads the same rows.

use std::collections::BTreeMap;

use super::{
    dimension::Fields,
    models::Rows,
    report::{Ledger, Outcome},
    say::Value,
};
use crate::{
    import::emit::{Entries, Out},
    lookml::check::{explore::Explore, layers::At, scan, view::View},
};

/// What is known of a table.
#[derive(Debug, Default)]
struct Lies {
    partition: Option<String>,
    is_required: bool,
    /// How many days rows may lie before and behind their time, by the time.
    holds: BTreeMap<String, (i64, i64)>,
    cluster_by: Vec<String>,
    /// The column with the moment of loading, and how old it may be.
    freshness: Option<(String, Option<String>)>,
}

/// Says the tables of a project that entente wrote.
pub(super) fn say(fields: &Fields<'_, '_>, ledger: &mut Ledger) -> Vec<Out> {
    let mut tables: BTreeMap<String, Lies> = BTreeMap::new();
    for at in fields.lookml.model.all("datagroup").filter(|at| fields.lookml.is_generated(at.file)) {
        if let Some((table, lies)) = fresh(at) {
            ledger.mark(at, Outcome::Native, "it is `freshness` of its table");
            tables.insert(table, lies);
        }
    }
    for explore in fields.lookml.model.explores.values().filter(|explore| !explore.needs_extension()) {
        let Some(view) = explore.view(explore.base).and_then(|view| fields.lookml.view(view)) else { continue };
        if let (true, Ok(Rows::Table(table))) = (fields.lookml.is_own(&explore.layers), fields.rows(view)) {
            let lies = tables.entry(table).or_default();
            bounds(fields, explore, view, lies);
            clustered(explore, view, lies);
        }
    }
    let is_said = |name: &String| !fields.refused.contains_key(&("tables".to_owned(), name.clone()));
    tables.into_iter().filter(|(name, _)| is_said(name)).filter_map(|(name, lies)| lies.out(name)).collect()
}

impl Lies {
    fn out(self, name: String) -> Option<Out> {
        let mut out = Entries::default();
        out.text("name", name);
        if let Some(column) = self.partition {
            let mut partition = Entries::default();
            partition.text("column", column);
            if self.is_required {
                partition.put("required", Out::yes());
            }
            let days =
                |count: i64| Out::Text(if count.abs() == 1 { format!("{count} day") } else { format!("{count} days") });
            let promise = |(back, ahead): (i64, i64)| {
                let mut promise = Entries::default();
                if back != 0 {
                    promise.put("from", days(-back));
                }
                if ahead != 0 {
                    promise.put("to", days(ahead));
                }
                Out::Map(promise.0)
            };
            if !self.holds.is_empty() {
                partition
                    .put("holds", Out::Map(self.holds.into_iter().map(|(time, at)| (time, promise(at))).collect()));
            }
            out.put("partition", Out::Map(partition.0));
        }
        if !self.cluster_by.is_empty() {
            out.put("cluster_by", Out::texts(&self.cluster_by));
        }
        if let Some((column, age)) = self.freshness {
            let mut freshness = Entries::default();
            freshness.text("column", column);
            freshness.maybe("warn_after", age);
            out.put("freshness", Out::Map(freshness.0));
        }
        (out.0.len() > 1).then_some(Out::Map(out.0))
    }
}

/// Reads `SELECT MAX(t.loaded_at) AS latest FROM marts.orders AS t WHERE t.booked_date >= …`.
fn fresh(at: At<'_>) -> Option<(String, Lies)> {
    let sql = at.word("sql_trigger")?.piece.block();
    let column = |after: &str| -> Option<String> {
        let rest = &sql[sql.find(after)? + after.len()..];
        let text: String =
            rest.chars().skip_while(|c| "\"`".contains(*c)).take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        (!text.is_empty()).then_some(text)
    };
    let loaded = column("MAX(t.").filter(|_| sql.contains(" AS latest "))?;
    let table = at.word("label")?.piece.value().into_owned();
    let age = at.word("max_cache_age").map(|age| age.piece.value().into_owned());
    let lies = Lies {
        partition: column(" WHERE t."),
        freshness: Some((loaded, age.filter(|age| age != "24 hours"))),
        ..Lies::default()
    };
    Some((table, lies))
}

/// Reads the bounds of an explore on the partition column of its table.
fn bounds(fields: &Fields<'_, '_>, explore: &Explore<'_>, view: &View<'_>, lies: &mut Lies) {
    let Some(at) = explore.layers.child("sql_always_where").filter(|at| fields.lookml.is_generated(at.file)) else {
        own_partition(fields, explore, view, lies);
        return;
    };
    let Some(text) = at.value().map(|word| word.piece.block()) else { return };
    for part in text.split("\nAND ") {
        // Behind `else` is the bound that holds without a comparison.
        let part = part.rsplit_once("{% else %}\n").map_or(part, |(_, part)| part);
        if let Some(column) = bare(fields, view, part, " >= DATE '1900-01-01'") {
            (lies.partition, lies.is_required) = (Some(column), true);
            continue;
        }
        for (tag, op, is_lower) in [("{% date_start ", " >= COALESCE(", true), ("{% date_end ", " < COALESCE(", false)]
        {
            let Some((column, time, count)) = bound(fields, view, part, tag, op) else { continue };
            lies.partition = Some(column);
            let days = lies.holds.entry(time).or_default();
            if is_lower { days.0 = count - 1 } else { days.1 = count - 1 }
        }
    }
}

/// Reads one bound: the partition column, the time from which it is made, and by how many days it is widened.
fn bound(fields: &Fields<'_, '_>, view: &View<'_>, part: &str, tag: &str, op: &str) -> Option<(String, String, i64)> {
    let column = bare(fields, view, part, op)?;
    let (before, rest) = part.split_once(tag)?;
    let (field, after) = rest.split_once(" %}")?;
    let (alias, name) = scan::parts(field.trim());
    let (dimension, _) = fields.member(view.name, name).ok().filter(|_| alias == Some(view.name))?;
    let before = before.split_once(op)?.1;
    let mut numbers = before
        .split('\'')
        .step_by(2)
        .chain(after.split('\'').step_by(2))
        .flat_map(|text| text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty()));
    let time = match &dimension.value {
        Value::Column(column) => column.clone(),
        _ => dimension.name.clone(),
    };
    Some((column, time, numbers.next()?.parse().ok()?))
}

/// Returns the column of the field that a condition begins with.
fn bare(fields: &Fields<'_, '_>, view: &View<'_>, part: &str, op: &str) -> Option<String> {
    let (field, _) = part.trim().split_once(op)?;
    let name = field.trim().strip_prefix("${")?.strip_suffix('}')?;
    let (alias, name) = scan::parts(name);
    let (dimension, _) = fields.member(view.name, name).ok().filter(|_| alias == Some(view.name))?;
    match &dimension.value {
        Value::Column(column) => Some(column.clone()),
        _ => None,
    }
}

/// Where an explore is filtered by a time and has no bound, the filter itself is on the partition column.
fn own_partition(fields: &Fields<'_, '_>, explore: &Explore<'_>, view: &View<'_>, lies: &mut Lies) {
    let filters = explore.layers.all("always_filter").flat_map(|at| at.children("filters").collect::<Vec<_>>());
    for (name, _) in filters.flat_map(At::filters) {
        let (alias, field) = scan::parts(name.text());
        let Ok((dimension, _)) = fields.member(view.name, field) else { continue };
        if let (Some(true), Value::Column(column), None) =
            (alias.map(|alias| alias == explore.base), &dimension.value, &lies.partition)
        {
            lies.partition = Some(column.clone());
        }
    }
}

/// Reads by which columns the table of an explore is clustered: those that its stored aggregates keep.
fn clustered(explore: &Explore<'_>, view: &View<'_>, lies: &mut Lies) {
    for table in explore.layers.all("aggregate_table") {
        let Some(keys) = table.child("materialization").and_then(|storage| storage.child("cluster_keys")) else {
            continue;
        };
        for key in keys.items() {
            let name = key.text();
            if view.field(name).is_some() && !lies.cluster_by.iter().any(|known| known == name) {
                lies.cluster_by.push(name.to_owned());
            }
        }
    }
}
