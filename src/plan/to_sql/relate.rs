//! Groups of fewer keys, or of an earlier time, beside the rows that they belong to.
//!
//! The parcels of everyone stand beside the parcels of each region; those of January beside each month of the year.
//!
//! **Invariant:** no row is lost or multiplied: a scan has one group at most for the keys of a row.

use std::collections::BTreeSet;

use super::{
    cte,
    names::{IS_OTHER, IS_TOTAL, Names, has_other},
};
use crate::{
    plan::{
        bind::{Bound, LeafId, Scan},
        time::truncate,
    },
    project::Size,
    sql::{BinaryOp, Expr, Join, JoinKind, Select, SelectItem, SqlExpr},
};

/// A scan with groups of its own, and the name of its common table expression.
pub(super) struct Partial<'b> {
    pub(super) scan: &'b Scan,
    pub(super) name: String,
    pub(super) leaves: Vec<LeafId>,
}

/// Puts the leaves of partial scans beside the rows of the answer.
pub(super) fn related(
    bound: &Bound<'_>,
    names: &Names,
    whole: &BTreeSet<LeafId>,
    from: &str,
    partial: &[Partial<'_>],
) -> Select {
    let other = has_other(bound).then(|| IS_OTHER.to_owned());
    let total = names.total.then(|| IS_TOTAL.to_owned());
    let of_rows = names
        .keys
        .iter()
        .cloned()
        .chain(other)
        .chain(total)
        .chain(whole.iter().map(|leaf| names.leaves[leaf.0].clone()));
    let mut items: Vec<SelectItem> = of_rows.map(|name| SqlExpr::column(from, &name).named(name)).collect();
    let mut joins = Vec::new();
    for Partial { scan, name, leaves } in partial {
        items.extend(leaves.iter().map(|leaf| {
            let column = &names.leaves[leaf.0];
            SqlExpr::column(name, column).named(column)
        }));
        let on = Expr::all(conditions(bound, names, scan, from, name));
        let kind = if on.is_some() { JoinKind::Left } else { JoinKind::Cross };
        joins.push(Join { kind, to: cte(name), on });
    }
    Select { items, from: Some(cte(from)), joins, ..Select::default() }
}

/// Returns the conditions that a group is the one of a row.
fn conditions(bound: &Bound<'_>, names: &Names, scan: &Scan, from: &str, name: &str) -> Vec<SqlExpr> {
    let same = |ours: SqlExpr, column: &str| ours.binary(BinaryOp::Same, SqlExpr::column(name, column));
    let mut on: Vec<SqlExpr> = Vec::new();
    for (position, key) in &scan.keys {
        let column = &names.keys[*position];
        let ours = SqlExpr::column(from, column);
        let ours = match (scan.offset_to, key.size_of_time()) {
            (Some(size), Some(Size::Standard(granularity))) => {
                let calendar = bound.project.calendar;
                truncate(truncate(ours, size, calendar), granularity, calendar)
            }
            _ => ours,
        };
        on.push(same(ours, column));
    }
    if bound.top.as_ref().is_some_and(|top| top.other && scan.is_grouped_by(top.key)) {
        on.push(same(SqlExpr::column(from, IS_OTHER), IS_OTHER));
    }
    if names.total && !on.is_empty() {
        on.push(same(SqlExpr::column(from, IS_TOTAL), IS_TOTAL));
    }
    on
}
