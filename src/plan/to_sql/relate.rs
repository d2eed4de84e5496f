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
    catalog::ColumnType,
    plan::{
        bind::{Bound, LeafId, Scan, ScanKind},
        same_key::{same_column, same_key},
        scan::key_column,
        time::truncate,
    },
    project::Size,
    sql::{BinaryOp, Expr, Join, JoinKind, Select, SelectItem, SqlExpr},
    time::Granularity,
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
    let dialect = bound.frame.context.dialect;
    let may_be_null = |key_type, ours, column: &str| same_key(dialect, key_type, ours, SqlExpr::column(name, column));
    let equal = |ours: SqlExpr, column: &str| ours.binary(BinaryOp::Eq, SqlExpr::column(name, column));
    let mut on: Vec<SqlExpr> = Vec::new();
    for (position, key) in &scan.keys {
        let column = &names.keys[*position];
        let key_type = key_column(bound, scan, key).column_type;
        on.push(match key.size_of_time() {
            Some(Size::Standard(granularity)) => {
                let ours = first_period(bound, scan, granularity, SqlExpr::column(from, column));
                if times_are_known(bound, names) { equal(ours, column) } else { may_be_null(key_type, ours, column) }
            }
            _ if is_made_alike(bound, scan) => may_be_null(key_type, SqlExpr::column(from, column), column),
            _ => same_column(dialect, key_type, (from, name), column),
        });
    }
    if bound.top.as_ref().is_some_and(|top| top.other && scan.is_grouped_by(top.key)) {
        let ours = SqlExpr::column(from, IS_OTHER);
        // The row over all groups is of the rest no more than of the best.
        let is_known = !names.total;
        on.push(if is_known { equal(ours, IS_OTHER) } else { may_be_null(ColumnType::Boolean, ours, IS_OTHER) });
    }
    if names.total && !on.is_empty() {
        on.push(equal(SqlExpr::column(from, IS_TOTAL), IS_TOTAL));
    }
    on
}

/// Returns the period to whose group a row is related: its own, or the first of a longer one.
fn first_period(bound: &Bound<'_>, scan: &Scan, granularity: Granularity, ours: SqlExpr) -> SqlExpr {
    let calendar = bound.project.calendar;
    match scan.offset_to {
        Some(size) => truncate(truncate(ours, size, calendar), granularity, calendar),
        None => ours,
    }
}

/// Returns whether every row has a time: those of a range have one, and the row over all groups has none.
fn times_are_known(bound: &Bound<'_>, names: &Names) -> bool {
    (bound.range.from.is_some() || bound.range.to.is_some()) && !names.total
}

/// Returns whether a scan makes its keys of what the rows of the answer make theirs of.
fn is_made_alike(bound: &Bound<'_>, scan: &Scan) -> bool {
    let reads_model =
        |scan: &Scan| matches!(scan.kind, ScanKind::Rows | ScanKind::Balance(..)) && scan.shift.periods.is_none();
    let mut whole = bound.scans.iter().filter(|other| !other.is_partial(&bound.keys));
    reads_model(scan) && whole.all(|other| other.model == scan.model && reads_model(other))
}
