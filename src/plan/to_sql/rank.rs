//! The places of rows by a metric.
//!
//! `RANK() OVER (PARTITION BY month ORDER BY revenue DESC)`: the greatest first, nulls last.
//!
//! **Invariant:** a row that gathers the rest has no place, and takes none.

use super::{
    cte,
    names::{IS_OTHER, Names, has_other, key_columns, leaf_column, leaf_columns},
};
use crate::{
    catalog::ColumnType,
    plan::{
        bind::{Bound, LeafId, Output, Scan},
        same_key::of_one_zero,
        scan::key_column,
    },
    sql::{Expr, Leaf, OrderTerm, Select, SqlExpr, UnaryOp, Window, WindowFunction},
};

/// Returns the place of a row by the value of an output, within some keys.
pub(super) fn rank(bound: &Bound<'_>, names: &Names, output: &Output, within: &[usize]) -> SqlExpr {
    let value = output.formula.map(&mut |id| leaf_column(names, *id));
    let other = has_other(bound).then(|| SqlExpr::bare(IS_OTHER));
    let place = Expr::Leaf(Leaf::Window(Box::new(Window {
        function: WindowFunction::Rank,
        partition_by: within.iter().map(|key| partition(bound, names, *key)).chain(other.clone()).collect(),
        order_by: vec![OrderTerm { expr: value, descending: true, nulls_first: false }],
    })));
    match other {
        Some(other) => place.when(Expr::Unary { op: UnaryOp::Not, arg: Box::new(other) }),
        None => place,
    }
}

/// Returns a key by which a window may be partitioned; a float as its text.
fn partition(bound: &Bound<'_>, names: &Names, position: usize) -> SqlExpr {
    let key = SqlExpr::bare(&names.keys[position]);
    let is_float = |scan: &Scan| {
        let of_scan = scan.keys.iter().find(|(at, _)| *at == position);
        of_scan.is_some_and(|(_, key)| key_column(bound, scan, key).column_type == ColumnType::Float)
    };
    if bound.frame.context.dialect.partitions_by_floats() || !bound.scans.iter().any(is_float) {
        return key;
    }
    let key = of_one_zero(bound.frame.context.dialect, ColumnType::Float, key);
    Expr::Cast { arg: Box::new(key), to: ColumnType::String }
}

/// Returns the name of the column with the places by an output.
pub(super) fn place(names: &Names, output: usize) -> String {
    let mut name = format!("place_{}", output + 1);
    while names.leaves.contains(&name) || names.keys.contains(&name) {
        name.push('_');
    }
    name
}

/// Adds the places to lined-up leaves.
pub(super) fn ranked(bound: &Bound<'_>, names: &Names, from: &str) -> Select {
    let leaves = (0..names.leaves.len()).map(LeafId).collect();
    let mut items = key_columns(bound, names);
    items.extend(leaf_columns(names, &leaves, |_| true));
    for (index, output) in bound.outputs.iter().enumerate() {
        if let Some(within) = &output.rank {
            items.push(rank(bound, names, output, within).named(place(names, index)));
        }
    }
    Select { items, from: Some(cte(from)), ..Select::default() }
}
