//! The names of the columns, from the innermost select to the answer.
//!
//! **Invariant:** no two columns of one select share a name.

use std::collections::BTreeSet;

use crate::{
    plan::bind::{Bound, LeafId},
    sql::{Expr, SelectItem, SqlExpr, free_identifier},
};

/// The names of the columns of the answer.
pub(super) struct Names {
    pub(super) keys: Vec<String>,
    pub(super) outputs: Vec<String>,
    pub(super) leaves: Vec<String>,
    /// Whether the row over all groups comes with them.
    pub(super) total: bool,
}

/// The column that says whether a row gathers the rest.
pub(in crate::plan) const IS_OTHER: &str = "is_other";

/// The column that says whether a group is a row of the answer by itself.
pub(super) const PRESENT: &str = "is_present";

/// The column that says whether a row is the one over all groups.
pub(super) const IS_TOTAL: &str = "is_total";

/// Names the columns: as in the request where that is a plain name, each different from all others.
pub(super) fn name_columns(bound: &Bound<'_>) -> Names {
    let mut taken: BTreeSet<String> = [IS_OTHER, IS_TOTAL, PRESENT].map(str::to_owned).into();
    let plain = |name: &str| {
        let plain: String =
            name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
        if plain.starts_with(|c: char| c.is_ascii_digit()) || plain.is_empty() { format!("_{plain}") } else { plain }
    };
    let keys: Vec<String> = bound.keys.iter().map(|key| free_name(&mut taken, &plain(&key.name))).collect();
    // A leaf may be called like a metric of the answer: expressions see the columns below, ORDER BY the answer's.
    let mut taken_below = taken.clone();
    let leaves = bound.leaves.iter().map(|leaf| free_name(&mut taken_below, &leaf.name)).collect();
    let outputs = bound.outputs.iter().map(|output| free_name(&mut taken, &plain(&output.name))).collect();
    Names { keys, outputs, leaves, total: false }
}

impl Names {
    /// Returns an alias for a table that no column has: in BigQuery a name alone is the table before it is a column.
    pub(super) fn alias(&self, wanted: &str) -> String {
        free_name(&mut self.columns().cloned().collect(), wanted)
    }

    /// Returns the names of keys, metrics and what they are made of.
    pub(super) fn columns(&self) -> impl Iterator<Item = &String> {
        self.keys.iter().chain(&self.leaves).chain(&self.outputs)
    }
}

/// Returns a name that is not taken, and takes it.
pub(super) fn free_name(taken: &mut BTreeSet<String>, wanted: &str) -> String {
    free_identifier(wanted, |name| taken.insert(name.to_owned()))
}

/// Returns what tells the groups apart.
pub(super) fn key_columns(bound: &Bound<'_>, names: &Names) -> Vec<SelectItem> {
    let mut columns = answer_keys(bound, names);
    columns.extend(names.total.then(|| SqlExpr::bare(IS_TOTAL).named(IS_TOTAL)));
    columns
}

/// Returns the columns of the answer before its metrics.
pub(super) fn answer_keys(bound: &Bound<'_>, names: &Names) -> Vec<SelectItem> {
    let other = has_other(bound).then_some(IS_OTHER);
    names.keys.iter().map(String::as_str).chain(other).map(|name| SqlExpr::bare(name).named(name)).collect()
}

/// Returns a condition on groups, which the row over all of them always fulfils.
pub(super) fn or_total(names: &Names, condition: SqlExpr) -> SqlExpr {
    if names.total { SqlExpr::bare(IS_TOTAL).or(condition) } else { condition }
}

/// Returns the columns of leaves, null for those that are not there.
pub(super) fn leaf_columns(
    names: &Names,
    leaves: &BTreeSet<LeafId>,
    mut is_there: impl FnMut(LeafId) -> bool,
) -> Vec<SelectItem> {
    let column = |leaf: &LeafId| {
        let name = &names.leaves[leaf.0];
        if is_there(*leaf) { SqlExpr::bare(name).named(name) } else { Expr::null().named(name) }
    };
    leaves.iter().map(column).collect()
}

pub(super) fn leaf_column(names: &Names, leaf: LeafId) -> SqlExpr {
    SqlExpr::bare(&names.leaves[leaf.0])
}

pub(super) fn has_other(bound: &Bound<'_>) -> bool {
    bound.top.as_ref().is_some_and(|top| top.other)
}
