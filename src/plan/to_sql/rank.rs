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
    plan::bind::{Bound, LeafId, Output},
    sql::{Expr, Leaf, OrderTerm, Select, SqlExpr, UnaryOp, Window, WindowFunction},
};

/// Returns the place of a row by the value of an output, within some keys.
pub(super) fn rank(bound: &Bound<'_>, names: &Names, output: &Output, within: &[usize]) -> SqlExpr {
    let value = output.formula.map(&mut |id| leaf_column(names, *id));
    let other = has_other(bound).then(|| SqlExpr::bare(IS_OTHER));
    let place = Expr::Leaf(Leaf::Window(Box::new(Window {
        function: WindowFunction::Rank,
        partition_by: within.iter().map(|key| SqlExpr::bare(&names.keys[*key])).chain(other.clone()).collect(),
        order_by: vec![OrderTerm { expr: value, descending: true, nulls_first: false }],
    })));
    match other {
        Some(other) => place.when(Expr::Unary { op: UnaryOp::Not, arg: Box::new(other) }),
        None => place,
    }
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
