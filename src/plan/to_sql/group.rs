//! The rows of one scan → groups, in one layer or two.
//!
//! Two layers are needed where a value per row has to be known before grouping: whether a member is among the best, and
//! a percentile in a dialect that has it as a window function only. Rows that a join multiplied are made single first.
//!
//! **Invariant:** every leaf of the scan is a column of the result.

use std::collections::BTreeSet;

use super::{
    best::is_member,
    names::{IS_OTHER, IS_TOTAL, Names, free_name},
};
use crate::{
    plan::{
        bind::Bound,
        scan::{LeafAggregate, Parts, Rows},
    },
    sql::{
        AggregateFunction, BinaryOp, Column, Dialect, Expr, From, Join, Leaf, Select, SelectItem, SqlExpr, UnaryOp,
        Window, WindowFunction,
    },
};

/// Groups the rows of one scan by the keys; in two layers where an aggregate has to be computed per row first.
pub(super) fn grouped(bound: &Bound<'_>, names: &Names, rows: Rows, members: Option<&str>) -> Select {
    let was_multiplied = !rows.row.is_empty();
    let top = Best::of(bound, &rows, members);
    let has_other = top.as_ref().is_some_and(|top| top.other);
    let rows = if was_multiplied { once_per_group(bound, names, rows, top.as_ref()) } else { rows };
    let is_marked = top.is_none() || was_multiplied || rows.rest.is_some();
    // What is grouped by no key is the total itself.
    let is_told_apart = names.total && !rows.keys.is_empty();
    if is_marked && !is_told_apart && !needs_layers(bound, &rows) {
        return group(names, rows);
    }
    let dialect = bound.frame.context.dialect;
    let Marked { mut items, conditions, join } = if is_marked {
        let mut marked = marked(dialect, names, &rows, None);
        marked.items.extend(rows.rest.clone().map(|rest| rest.named(IS_OTHER)));
        marked
    } else {
        marked(dialect, names, &rows, top.as_ref())
    };
    let mut aggregates = Vec::new();
    let mut partition: Vec<SqlExpr> = Vec::new();
    for item in &items {
        partition.push(item.expr.clone());
    }
    let mut taken: BTreeSet<String> = names.keys.iter().chain(&names.leaves).cloned().collect();
    for aggregate in rows.aggregates {
        let name = &names.leaves[aggregate.leaf.0];
        let windowed = is_exact_percentile(aggregate.function) && dialect.percentile_is_window();
        let (function, arg) = if windowed {
            let window = Window {
                function: WindowFunction::Aggregate(aggregate.aggregate()),
                partition_by: partition.clone(),
                order_by: Vec::new(),
            };
            items.push(Expr::Leaf(Leaf::Window(Box::new(window))).named(name));
            (AggregateFunction::AnyValue, Some(SqlExpr::bare(name)))
        } else {
            (aggregate.function, aggregate.arg.map(|arg| below(&mut items, arg, name)))
        };
        let parts = aggregate.parts.map(|parts| match parts {
            Parts::Counts => Parts::Counts,
            Parts::Means(counts) => {
                let name = free_name(&mut taken, &format!("{name}_count"));
                Parts::Means(below(&mut items, counts, &name))
            }
        });
        aggregates.push(LeafAggregate { leaf: aggregate.leaf, function, arg, parts });
    }
    let layer = Select {
        items,
        from: Some(rows.from),
        joins: rows.joins.into_iter().chain(join).collect(),
        filter: Expr::all(conditions),
        ..Select::default()
    };
    let above = Rows {
        from: From::Select { select: Box::new(layer), alias: names.alias("rows_of_groups") },
        joins: Vec::new(),
        filter: None,
        keys: rows.keys.iter().map(|(position, _)| (*position, SqlExpr::bare(&names.keys[*position]))).collect(),
        aggregates,
        row: Vec::new(),
        grouped: false,
        rest: has_other.then(|| SqlExpr::bare(IS_OTHER)),
        uses: Vec::new(),
        tables: BTreeSet::new(),
        promises: Vec::new(),
        rollups: Vec::new(),
    };
    group(names, above)
}

/// Returns the column of a value in the select below, which gets it under a name if it has it not.
fn below(items: &mut Vec<SelectItem>, value: SqlExpr, name: &str) -> SqlExpr {
    match items.iter().find(|item| item.expr == value) {
        Some(item) => SqlExpr::bare(&item.alias),
        None => {
            items.push(value.named(name));
            SqlExpr::bare(name)
        }
    }
}

/// The key of rows whose best members are told apart from the rest.
struct Best<'t> {
    /// The position of the key in the request, and among the keys of the rows.
    key: (usize, usize),
    /// Whether the rest is gathered.
    other: bool,
    /// The common table expression of the members.
    members: &'t str,
}

impl<'t> Best<'t> {
    fn of(bound: &Bound<'_>, rows: &Rows, members: Option<&'t str>) -> Option<Self> {
        let (top, members) = bound.top.as_ref().zip(members)?;
        let at = rows.keys.iter().position(|(position, _)| *position == top.key)?;
        Some(Self { key: (top.key, at), other: top.other, members })
    }
}

/// Rows with the members that are not among the best marked or left out.
struct Marked {
    /// The keys, and whether a row is of the rest.
    items: Vec<SelectItem>,
    conditions: Vec<SqlExpr>,
    /// The best members, where the warehouse looks them up in a join.
    join: Option<Join>,
}

fn marked(dialect: Dialect, names: &Names, rows: &Rows, top: Option<&Best<'_>>) -> Marked {
    let mut items: Vec<SelectItem> =
        rows.keys.iter().map(|(position, value)| value.clone().named(&names.keys[*position])).collect();
    let mut conditions: Vec<SqlExpr> = rows.filter.iter().cloned().collect();
    let mut join = None;
    if let Some(Best { key: (position, at), other, members }) = top {
        let key = rows.keys[*at].1.clone();
        let (found, is_member) = is_member(dialect, &key, members);
        join = found;
        if *other {
            items[*at] = key.when(is_member.clone()).named(&names.keys[*position]);
            let is_other = Expr::Unary { op: UnaryOp::Not, arg: Box::new(is_member) };
            items.push(is_other.named(IS_OTHER));
        } else {
            conditions.push(is_member);
        }
    }
    Marked { items, conditions, join }
}

/// Makes rows that a to-many join multiplied single, once in each group: what is aggregated is the same in every copy.
///
/// `SELECT DISTINCT claims.kind AS kind, shipments.shipment_id AS shipment_id, shipments.price AS revenue FROM …`
fn once_per_group(bound: &Bound<'_>, names: &Names, rows: Rows, top: Option<&Best<'_>>) -> Rows {
    let Marked { mut items, conditions, join } = marked(bound.frame.context.dialect, names, &rows, top);
    let has_other = top.is_some_and(|top| top.other);
    let mut taken: BTreeSet<String> = names.keys.iter().chain(&names.leaves).cloned().collect();
    taken.insert(IS_OTHER.to_owned());
    for column in rows.row {
        let wanted = match &column {
            Expr::Leaf(Leaf::Column(column)) => column.name.to_lowercase(),
            _ => "row_key".to_owned(),
        };
        items.push(column.named(free_name(&mut taken, &wanted)));
    }
    let mut aggregates = Vec::new();
    for aggregate in rows.aggregates {
        let arg = aggregate.arg.map(|arg| below(&mut items, arg, &names.leaves[aggregate.leaf.0]));
        aggregates.push(LeafAggregate::of_rows(aggregate.leaf, aggregate.function, arg));
    }
    let single = Select {
        distinct: true,
        items,
        from: Some(rows.from),
        joins: rows.joins.into_iter().chain(join).collect(),
        filter: Expr::all(conditions),
        ..Select::default()
    };
    Rows {
        from: From::Select { select: Box::new(single), alias: names.alias("single_rows") },
        joins: Vec::new(),
        filter: None,
        keys: rows.keys.iter().map(|(position, _)| (*position, SqlExpr::bare(&names.keys[*position]))).collect(),
        aggregates,
        row: Vec::new(),
        grouped: false,
        rest: has_other.then(|| SqlExpr::bare(IS_OTHER)),
        uses: rows.uses,
        tables: rows.tables,
        promises: rows.promises,
        rollups: rows.rollups,
    }
}

/// Makes rows single that a to-many join multiplied, where no members are told apart.
pub(super) fn single(bound: &Bound<'_>, names: &Names, rows: Rows) -> Rows {
    if rows.row.is_empty() { rows } else { once_per_group(bound, names, rows, None) }
}

fn group(names: &Names, rows: Rows) -> Select {
    let mut items: Vec<SelectItem> =
        rows.keys.iter().map(|(position, value)| value.clone().named(&names.keys[*position])).collect();
    items.extend(rows.rest.clone().map(|rest| rest.named(IS_OTHER)));
    let n_keys = items.len();
    let with_total = names.total && n_keys > 0;
    let first = items.first().map(|item| item.alias.clone());
    if let Some(name) = first.filter(|_| with_total) {
        let grouping = Expr::Leaf(Leaf::Grouping(Column { table: None, name }));
        items.push(grouping.binary(BinaryOp::Eq, Expr::integer(1)).named(IS_TOTAL));
    }
    for aggregate in &rows.aggregates {
        items.push(rows.value_of(aggregate).named(&names.leaves[aggregate.leaf.0]));
    }
    let distinct = rows.aggregates.is_empty();
    Select {
        distinct,
        items,
        from: Some(rows.from),
        joins: rows.joins,
        filter: rows.filter,
        group_by: if distinct || rows.grouped { Vec::new() } else { (0..n_keys).collect() },
        with_total,
        ..Select::default()
    }
}

/// Returns whether a percentile has to be computed per row first.
pub(in crate::plan) fn needs_layers(bound: &Bound<'_>, rows: &Rows) -> bool {
    bound.frame.context.dialect.percentile_is_window()
        && rows.aggregates.iter().any(|aggregate| is_exact_percentile(aggregate.function))
}

fn is_exact_percentile(function: AggregateFunction) -> bool {
    matches!(function, AggregateFunction::Percentile(_) | AggregateFunction::DiscretePercentile(_))
}
