//! Conditions on whole numbers → bounds on the partitions of tables that are joined by them.
//!
//! With parcels of customers 1000 to 1999 and customers cut by their id, `customers.id = parcels.customer_id` reads the
//! partitions of these customers only. A condition on the partition column itself is its bound as it stands.
//!
//! **Invariant:** a bound follows from conditions of the same select and from equal join keys, so that no row that counts is
//! lost.

use std::collections::BTreeSet;

use crate::{
    ids::TableId,
    project::Project,
    sql::{BinaryOp, Column, Expr, From, Join, JoinKind, Leaf, Literal, Select, SqlExpr, bounds_of, change_selects},
};

/// Adds the bounds that follow from equal keys to the joins of every select.
pub(super) fn bounded(project: &Project, tables: &BTreeSet<TableId>, select: Select) -> Select {
    let cut = tables.iter().filter_map(|id| {
        let table = &project.tables[*id];
        Some((table.name.as_str(), table.numbers.as_ref()?.column.as_str()))
    });
    let cut: Vec<(&str, &str)> = cut.collect();
    if cut.is_empty() { select } else { change_selects(select, &mut |select| with_bounds(&cut, select)) }
}

fn with_bounds(cut: &[(&str, &str)], mut select: Select) -> Select {
    if let Some(bound) = bound_of_first(cut, &select) {
        select.filter = Expr::all(bound.into_iter().chain(select.filter.take()));
    }
    for at in 0..select.joins.len() {
        let Some(bound) = bound_of_join(cut, &select, &select.joins[at]) else { continue };
        let join = &mut select.joins[at];
        join.on = Expr::all(bound.into_iter().chain(join.on.take()));
    }
    select
}

/// Returns the bound of the first table that follows from those that join to it and is not there yet.
fn bound_of_first(cut: &[(&str, &str)], select: &Select) -> Option<Vec<SqlExpr>> {
    let (alias, column) = unbounded(cut, select, select.from.as_ref()?)?;
    // What an outer join asks of its own rows drops none of the first table.
    let dropping = select.joins.iter().filter(|join| join.kind != JoinKind::Left);
    let rows = Select {
        from: select.from.clone(),
        joins: dropping.cloned().collect(),
        filter: select.filter.clone(),
        ..Select::default()
    };
    let mut equal = select.joins.iter().filter_map(|join| equal_to(join.on.as_ref()?, alias, column));
    equal.find_map(|theirs| bound_by(&rows, theirs, alias, column))
}

/// Returns the bound of a joined table that follows from what it is joined by and is not there yet.
fn bound_of_join(cut: &[(&str, &str)], select: &Select, join: &Join) -> Option<Vec<SqlExpr>> {
    let (alias, column) = unbounded(cut, select, &join.to)?;
    bound_by(select, equal_to(join.on.as_ref()?, alias, column)?, alias, column)
}

/// Returns the alias and the partition column of a table that is cut by numbers and has no bound.
fn unbounded<'s>(cut: &[(&str, &'s str)], select: &Select, from: &'s From) -> Option<(&'s str, &'s str)> {
    let From::Table { name, alias } = from else { return None };
    let (_, column) = cut.iter().find(|(table, _)| table == name)?;
    let own = bounds_of(select, alias, column);
    (own.from.is_none() && own.to.is_none()).then_some((alias.as_str(), *column))
}

/// Returns the bound that a column has because it is equal to another one.
fn bound_by(select: &Select, equal: &Column, alias: &str, column: &str) -> Option<Vec<SqlExpr>> {
    let bound = bounds_of(select, equal.table.as_ref()?, &equal.name);
    let is_number = |side: &Option<Literal>| matches!(side, None | Some(Literal::Integer(_)));
    if !is_number(&bound.from) || !is_number(&bound.to) {
        return None;
    }
    let ours = || SqlExpr::column(alias, column);
    let from = bound.from.map(|from| ours().binary(BinaryOp::GtEq, Expr::Parameter(from)));
    let to = bound.to.map(|to| ours().binary(BinaryOp::Lt, Expr::Parameter(to)));
    let sides: Vec<SqlExpr> = from.into_iter().chain(to).collect();
    (!sides.is_empty()).then_some(sides)
}

/// Finds the column that a condition makes equal to a column of a table.
fn equal_to<'e>(condition: &'e SqlExpr, alias: &str, column: &str) -> Option<&'e Column> {
    let is_theirs = |side: &SqlExpr| match side {
        Expr::Leaf(Leaf::Column(Column { table: Some(table), name })) => {
            table == alias && name.eq_ignore_ascii_case(column)
        }
        _ => false,
    };
    let bare = |side: &'e SqlExpr| if let Expr::Leaf(Leaf::Column(column)) = side { Some(column) } else { None };
    match condition {
        Expr::Binary { op: BinaryOp::And, left, right } => {
            equal_to(left, alias, column).or_else(|| equal_to(right, alias, column))
        }
        Expr::Binary { op: BinaryOp::Eq, left, right } if is_theirs(left) => bare(right),
        Expr::Binary { op: BinaryOp::Eq, left, right } if is_theirs(right) => bare(left),
        _ => None,
    }
}
