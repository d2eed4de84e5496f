//! Rows under the key of a joined model → groups by our side of that key first, what is joined looked up afterwards.
//!
//! ```text
//! FROM lines LEFT JOIN suppliers ON lines.supplier_id = suppliers.id GROUP BY suppliers.id, suppliers.name
//!   ─►  FROM (SELECT lines.supplier_id, SUM(price) AS revenue FROM lines GROUP BY 1) AS by_key
//!       LEFT JOIN suppliers ON by_key.supplier_id = suppliers.id GROUP BY suppliers.id, suppliers.name
//! ```
//!
//! Rows of one `supplier_id` meet the same suppliers and so count in the same groups, whatever the tables hold: several
//! dangling keys and null meet none, and their sums are added up in the one group of null. There are hardly more groups
//! below than above, so the second time costs little, and names are read once per supplier instead of once per line.
//! Where every line is promised to have its supplier, there is no second time: the groups below are those above.
//!
//! **Invariant:** only aggregates whose parts add up to the whole are taken apart; what is not understood stays.

use std::collections::BTreeSet;

use super::names::{Names, free_name};
use crate::{
    plan::scan::{LeafAggregate, Rows},
    sql::{AggregateFunction, BinaryOp, Column, Expr, From, Join, JoinKind, Leaf, Select, SelectItem, SqlExpr},
};

/// The alias of the groups by our side of the keys.
const BY_KEY: &str = "by_key";

/// Groups rows below the joins that only give keys, where they give the whole key that they meet.
pub(super) fn grouped_by_key(names: &Names, rows: Rows) -> Rows {
    let parts_add_up =
        |aggregate: &LeafAggregate| aggregate.parts.is_none() && whole_of_parts(aggregate.function).is_some();
    if !rows.row.is_empty()
        || rows.rest.is_some()
        || rows.aggregates.is_empty()
        || !rows.aggregates.iter().all(parts_add_up)
    {
        return rows;
    }
    let later: BTreeSet<String> = match later_aliases(&rows) {
        Some(later) if !later.is_empty() => later,
        _ => return rows,
    };
    taken_apart(names, rows, &later)
}

/// Returns the aggregate of the whole over the aggregates of its parts.
fn whole_of_parts(function: AggregateFunction) -> Option<AggregateFunction> {
    match function {
        AggregateFunction::Sum | AggregateFunction::Count => Some(AggregateFunction::Sum),
        AggregateFunction::Min => Some(AggregateFunction::Min),
        AggregateFunction::Max => Some(AggregateFunction::Max),
        AggregateFunction::Avg
        | AggregateFunction::CountDistinct
        | AggregateFunction::ApproxCountDistinct
        | AggregateFunction::Percentile(_)
        | AggregateFunction::DiscretePercentile(_)
        | AggregateFunction::GroupPercentile(_)
        | AggregateFunction::GroupDiscretePercentile(_)
        | AggregateFunction::ApproxPercentile(_)
        | AggregateFunction::Sketch
        | AggregateFunction::MergedSketch
        | AggregateFunction::SketchEstimate
        | AggregateFunction::AnyValue => None,
    }
}

/// Returns the aliases of the joins that can be made after grouping; nothing if some expression is not understood.
fn later_aliases(rows: &Rows) -> Option<BTreeSet<String>> {
    let reads = |expr: &SqlExpr| columns(expr).map(|columns| columns.iter().filter_map(|c| c.table.clone()).collect());
    let mut below: BTreeSet<String> = BTreeSet::new();
    for expr in rows.filter.iter().chain(rows.aggregates.iter().filter_map(|aggregate| aggregate.arg.as_ref())) {
        below.extend(reads(expr)?);
    }
    let keys: Vec<BTreeSet<String>> = rows.keys.iter().map(|(_, key)| reads(key)).collect::<Option<_>>()?;
    let on: Vec<BTreeSet<String>> =
        rows.joins.iter().map(|join| join.on.as_ref().map_or(Some(BTreeSet::new()), reads)).collect::<Option<_>>()?;
    let mut later = BTreeSet::new();
    for (index, join) in rows.joins.iter().enumerate() {
        let alias = join.to.alias();
        let Some(key) = key_of(join).filter(|_| !later.contains(alias)) else { continue };
        let is_asked_for = |(ours, theirs): &(SqlExpr, SqlExpr)| {
            let is_same = |key: &SqlExpr| key == theirs || (join.kind == JoinKind::Matched && key == ours);
            rows.keys.iter().any(|(_, key)| is_same(key))
        };
        if !key.iter().all(is_asked_for) {
            continue;
        }
        let mut with_it: BTreeSet<String> = [alias.to_owned()].into();
        for (next, reads) in rows.joins.iter().zip(&on).skip(index + 1) {
            if keeps_rows(next) && !reads.is_disjoint(&with_it) {
                with_it.insert(next.to.alias().to_owned());
            }
        }
        let is_apart = |reads: &BTreeSet<String>| reads.is_disjoint(&with_it) || reads.is_subset(&with_it);
        let others = rows.joins.iter().zip(&on).filter(|(other, _)| other.to.alias() != alias);
        if below.is_disjoint(&with_it) && keys.iter().all(is_apart) && others.map(|(_, reads)| reads).all(is_apart) {
            later.extend(with_it);
        }
    }
    Some(later)
}

/// Returns our side and theirs of a join on equal keys, which may ask more of their side alone.
fn key_of(join: &Join) -> Option<Vec<(SqlExpr, SqlExpr)>> {
    if !keeps_rows(join) {
        return None;
    }
    let alias = join.to.alias();
    let is_theirs = |column: &Column| column.table.as_deref() == Some(alias);
    let mut key = Vec::new();
    for condition in join.on.as_ref()?.conjuncts() {
        if columns(condition)?.iter().all(|column| is_theirs(column)) {
            continue;
        }
        let Expr::Binary { op: BinaryOp::Eq, left, right } = condition else { return None };
        match (&**left, &**right) {
            (ours, theirs @ Expr::Leaf(Leaf::Column(column))) if is_theirs(column) && !reads(ours, alias)? => {
                key.push((ours.clone(), theirs.clone()));
            }
            _ => return None,
        }
    }
    (!key.is_empty()).then_some(key)
}

/// Returns whether a join loses no row.
fn keeps_rows(join: &Join) -> bool {
    matches!(join.kind, JoinKind::Left | JoinKind::Matched)
}

fn taken_apart(names: &Names, rows: Rows, later: &BTreeSet<String>) -> Rows {
    let mut taken: BTreeSet<String> = names.keys.iter().chain(&names.leaves).cloned().collect();
    let mut items: Vec<SelectItem> = Vec::new();
    let mut keys = Vec::new();
    for (position, key) in rows.keys {
        if is_of(&key, later) {
            keys.push((position, key));
        } else {
            let name = &names.keys[position];
            items.push(key.named(name));
            keys.push((position, SqlExpr::column(BY_KEY, name)));
        }
    }
    let (mut above, mut below) = (Vec::new(), Vec::new());
    for join in rows.joins {
        if !later.contains(join.to.alias()) {
            below.push(join);
            continue;
        }
        let on = join.on.map(|on| with_key(&on, later, &mut items, &mut taken));
        above.push(Join { on, ..join });
    }
    let n_keys = items.len();
    let mut aggregates = Vec::new();
    for aggregate in rows.aggregates {
        let name = &names.leaves[aggregate.leaf.0];
        items.push(aggregate.expr().named(name));
        let function = whole_of_parts(aggregate.function).expect("the parts of each add up");
        aggregates.push(LeafAggregate { function, arg: Some(SqlExpr::column(BY_KEY, name)), ..aggregate });
    }
    // Each group below has a key of its own, and meets exactly one row of each table above.
    let grouped = above.iter().all(|join| join.kind == JoinKind::Matched);
    let groups = Select {
        items,
        from: Some(rows.from),
        joins: below,
        filter: rows.filter,
        group_by: (0..n_keys).collect(),
        ..Select::default()
    };
    Rows {
        from: From::Select { select: Box::new(groups), alias: BY_KEY.to_owned() },
        joins: above,
        filter: None,
        keys,
        aggregates,
        grouped,
        ..rows
    }
}

/// Rebuilds the condition of a join over the groups, each of which has our side of the key as a column.
fn with_key(
    on: &SqlExpr,
    later: &BTreeSet<String>,
    items: &mut Vec<SelectItem>,
    taken: &mut BTreeSet<String>,
) -> SqlExpr {
    let mut side = |expr: SqlExpr| {
        let is_constant = columns(&expr).is_some_and(|columns| columns.is_empty());
        if is_constant || is_of(&expr, later) {
            return expr;
        }
        if let Some(known) = items.iter().find(|item| item.expr == expr) {
            return SqlExpr::column(BY_KEY, &known.alias);
        }
        let wanted = match &expr {
            Expr::Leaf(Leaf::Column(column)) => column.name.to_lowercase(),
            _ => "key".to_owned(),
        };
        let name = free_name(taken, &wanted);
        items.push(expr.named(&name));
        SqlExpr::column(BY_KEY, name)
    };
    let all: Vec<SqlExpr> = on.conjuncts().into_iter().cloned().collect();
    let rebuilt = all.into_iter().map(|condition| match condition {
        Expr::Binary { op: BinaryOp::Eq, left, right } => side(*left).binary(BinaryOp::Eq, *right),
        other => other,
    });
    Expr::all(rebuilt.collect::<Vec<_>>()).expect("a condition has a part")
}

fn is_of(expr: &SqlExpr, aliases: &BTreeSet<String>) -> bool {
    let is_in = |column: &&Column| column.table.as_ref().is_some_and(|table| aliases.contains(table));
    columns(expr).is_some_and(|all| all.iter().any(is_in))
}

fn reads(expr: &SqlExpr, alias: &str) -> Option<bool> {
    columns(expr).map(|all| all.iter().any(|column| column.table.as_deref() == Some(alias)))
}

/// Returns the columns that an expression reads, each with its table; nothing if it reads something else.
fn columns(expr: &SqlExpr) -> Option<Vec<&Column>> {
    let mut columns = Vec::new();
    let mut understood = true;
    expr.for_each_leaf(&mut |leaf| match leaf {
        Leaf::Column(column) if column.table.is_some() => columns.push(column),
        _ => understood = false,
    });
    understood.then_some(columns)
}
