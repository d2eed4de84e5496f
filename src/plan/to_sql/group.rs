//! The rows of one scan → groups, in one layer or two.
//!
//! Two layers are needed where a value per row has to be known before grouping: whether a member is among the best, and
//! a percentile in a dialect that has it as a window function only.
//!
//! **Invariant:** every leaf of the scan is a column of the result.

use std::collections::BTreeSet;

use super::{
    cte,
    names::{IS_OTHER, Names},
};
use crate::{
    plan::{
        bind::Bound,
        scan::{LeafAggregate, Rows},
    },
    sql::{AggregateFunction, Expr, From, Leaf, Select, SelectItem, SqlExpr, UnaryOp, Window, WindowFunction},
};

/// Groups the rows of one scan by the keys; in two layers where an aggregate has to be computed per row first.
pub(super) fn grouped(bound: &Bound<'_>, names: &Names, rows: Rows, members: Option<&str>) -> Select {
    let top = bound.top.as_ref().zip(members).and_then(|(top, members)| {
        let at = rows.keys.iter().position(|(position, _)| *position == top.key)?;
        Some((top, at, members))
    });
    let has_other = top.is_some_and(|(top, ..)| top.other);
    if top.is_none() && !needs_layers(bound, &rows) {
        return group(names, rows, false);
    }
    let mut items: Vec<SelectItem> =
        rows.keys.iter().map(|(position, value)| value.clone().named(&names.keys[*position])).collect();
    let mut conditions: Vec<SqlExpr> = rows.filter.into_iter().collect();
    if let Some((top, at, members)) = top {
        let key = rows.keys[at].1.clone();
        let is_member = is_member(&key, members);
        if top.other {
            items[at] = key.when(is_member.clone()).named(&names.keys[top.key]);
            let is_other = Expr::Unary { op: UnaryOp::Not, arg: Box::new(is_member) };
            items.push(is_other.named(IS_OTHER));
        } else {
            conditions.push(is_member);
        }
    }
    let mut aggregates = Vec::new();
    let mut partition: Vec<SqlExpr> = Vec::new();
    for item in &items {
        partition.push(item.expr.clone());
    }
    for aggregate in rows.aggregates {
        let name = &names.leaves[aggregate.leaf.0];
        let windowed = is_exact_percentile(aggregate.function) && bound.frame.context.dialect.percentile_is_window();
        let (function, arg) = if windowed {
            let window = Window {
                function: WindowFunction::Aggregate(aggregate.aggregate()),
                partition_by: partition.clone(),
                order_by: Vec::new(),
            };
            items.push(Expr::Leaf(Leaf::Window(Box::new(window))).named(name));
            (AggregateFunction::AnyValue, Some(SqlExpr::bare(name)))
        } else {
            let arg = aggregate.arg.map(|arg| {
                items.push(arg.named(name));
                SqlExpr::bare(name)
            });
            (aggregate.function, arg)
        };
        aggregates.push(LeafAggregate { leaf: aggregate.leaf, function, arg });
    }
    let layer =
        Select { items, from: Some(rows.from), joins: rows.joins, filter: Expr::all(conditions), ..Select::default() };
    let above = Rows {
        from: From::Select { select: Box::new(layer), alias: "rows_of_groups".to_owned() },
        joins: Vec::new(),
        filter: None,
        keys: rows.keys.iter().map(|(position, _)| (*position, SqlExpr::bare(&names.keys[*position]))).collect(),
        aggregates,
        uses: Vec::new(),
        tables: BTreeSet::new(),
        promise: None,
    };
    group(names, above, has_other)
}

fn group(names: &Names, rows: Rows, has_other: bool) -> Select {
    let mut items: Vec<SelectItem> =
        rows.keys.into_iter().map(|(position, value)| value.named(&names.keys[position])).collect();
    if has_other {
        items.push(SqlExpr::bare(IS_OTHER).named(IS_OTHER));
    }
    let n_keys = items.len();
    for aggregate in &rows.aggregates {
        items.push(aggregate.expr().named(&names.leaves[aggregate.leaf.0]));
    }
    let distinct = rows.aggregates.is_empty();
    Select {
        distinct,
        items,
        from: Some(rows.from),
        joins: rows.joins,
        filter: rows.filter,
        group_by: if distinct { Vec::new() } else { (0..n_keys).collect() },
        ..Select::default()
    }
}

/// Whether a key's value is one of the best members, null included.
fn is_member(key: &SqlExpr, members: &str) -> SqlExpr {
    let member = |filter| Select {
        items: vec![SqlExpr::bare("member").named("member")],
        from: Some(cte(members)),
        filter: Some(filter),
        ..Select::default()
    };
    let listed = member(SqlExpr::bare("member").is_null(true));
    let null_listed = member(SqlExpr::bare("member").is_null(false));
    let in_list = Expr::Leaf(Leaf::InSelect { arg: Box::new(key.clone()), select: Box::new(listed) }).is_true(false);
    let null_in_list = Expr::Leaf(Leaf::Exists(Box::new(null_listed)));
    in_list.or(key.clone().is_null(false).and(null_in_list))
}

pub(super) fn needs_layers(bound: &Bound<'_>, rows: &Rows) -> bool {
    bound.frame.context.dialect.percentile_is_window()
        && rows.aggregates.iter().any(|aggregate| is_exact_percentile(aggregate.function))
}

fn is_exact_percentile(function: AggregateFunction) -> bool {
    matches!(function, AggregateFunction::Percentile(_) | AggregateFunction::DiscretePercentile(_))
}
