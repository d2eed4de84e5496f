//! A finished select → one that says the same with less.
//!
//! ```text
//! LEFT JOIN orders … WHERE (a < b) IS TRUE AND orders.year = 1994   ─►   JOIN orders … WHERE a < b AND orders.year = 1994
//! ```
//!
//! A warehouse reorders inner joins only, and an analyst would write no `IS TRUE` where a condition stands.
//!
//! **Invariant:** the rows are the same, whatever the tables hold; what is not understood stays as it is.

mod condition;
mod null;

#[cfg(test)]
mod tests;

use super::{
    BinaryOp, Column, Expr, From, Function, JoinKind, Leaf, Literal, Select, SqlExpr, UnaryOp, WindowFunction,
};
use condition::as_condition;
use null::{Truth, truth};

/// Returns the select with every part of it simplified.
pub fn simplify(select: Select) -> Select {
    let mut select = Select {
        with: select
            .with
            .into_iter()
            .map(|mut cte| {
                cte.select = simplify(cte.select);
                cte
            })
            .collect(),
        items: select
            .items
            .into_iter()
            .map(|mut item| {
                item.expr = simpler(item.expr);
                item
            })
            .collect(),
        from: select.from.map(simpler_from),
        joins: select
            .joins
            .into_iter()
            .map(|mut join| {
                join.to = simpler_from(join.to);
                join.on = join.on.and_then(condition);
                join
            })
            .collect(),
        filter: select.filter.and_then(condition),
        having: select.having.and_then(condition),
        union_all: select.union_all.into_iter().map(simplify).collect(),
        order_by: select
            .order_by
            .into_iter()
            .map(|mut term| {
                term.expr = simpler(term.expr);
                term
            })
            .collect(),
        ..select
    };
    make_inner(&mut select);
    let known = columns_with_values(&select);
    if !known.is_empty() {
        // What was a row without match is no row any more.
        select.filter = select.filter.and_then(|filter| condition(without_null_checks(filter, &known)));
        make_inner(&mut select);
    }
    select
}

/// Returns the columns that are never null in a row, since an inner join compares them with another.
fn columns_with_values(select: &Select) -> Vec<Column> {
    let mut columns = Vec::new();
    let inner = select.joins.iter().filter(|join| join.kind == JoinKind::Inner);
    let mut waiting: Vec<&SqlExpr> = inner.filter_map(|join| join.on.as_ref()).collect();
    while let Some(condition) = waiting.pop() {
        match condition {
            Expr::Binary { op: BinaryOp::And, left, right } => waiting.extend([&**left, &**right]),
            Expr::Binary { op: BinaryOp::Eq, left, right } => {
                for side in [left, right] {
                    if let Expr::Leaf(Leaf::Column(column)) = &**side {
                        columns.push(column.clone());
                    }
                }
            }
            _ => {}
        }
    }
    columns
}

fn without_null_checks(filter: SqlExpr, known: &[Column]) -> SqlExpr {
    filter.rebuild(&mut |expr| match expr {
        Expr::IsNull { arg, negated } => match &*arg {
            Expr::Leaf(Leaf::Column(column)) if known.contains(column) => Expr::Literal(Literal::Boolean(negated)),
            _ => Expr::IsNull { arg, negated },
        },
        other => other,
    })
}

/// Makes an inner join of every left join whose unmatched rows the conditions drop anyway.
///
/// The condition of an inner join holds for every row, so that it drops rows for the joins before it.
fn make_inner(select: &mut Select) {
    let mut holds: Vec<&SqlExpr> = select.filter.iter().collect();
    for join in select.joins.iter_mut().rev() {
        let alias = join.to.alias();
        let drops = |condition: &&SqlExpr| !truth(condition, alias).contains(Truth::TRUE);
        let is_inner = join.kind == JoinKind::Matched || (join.kind == JoinKind::Left && holds.iter().any(drops));
        if is_inner {
            join.kind = JoinKind::Inner;
        }
        if join.kind == JoinKind::Inner {
            holds.extend(&join.on);
        }
    }
}

/// Returns a condition whose null counts as false; nothing if it always holds.
fn condition(expr: SqlExpr) -> Option<SqlExpr> {
    as_condition(simpler(expr))
}

fn simpler_from(from: From) -> From {
    match from {
        From::Select { select, alias } => From::Select { select: Box::new(simplify(*select)), alias },
        From::Days { from, to, alias, column } => {
            From::Days { from: Box::new(simpler(*from)), to: Box::new(simpler(*to)), alias, column }
        }
        From::Table { .. } | From::Cte { .. } | From::Verbatim { .. } | From::Moments { .. } => from,
    }
}

fn simpler(expr: SqlExpr) -> SqlExpr {
    expr.rebuild(&mut |expr| match expr {
        Expr::Leaf(leaf) => Expr::Leaf(simpler_leaf(leaf)),
        Expr::IsTrue { arg, negated: false } if is_two_valued(&arg) => *arg,
        Expr::Unary { op: UnaryOp::Not, arg } => match *arg {
            Expr::IsTrue { arg, negated } => Expr::IsTrue { arg, negated: !negated },
            Expr::IsNull { arg, negated } => Expr::IsNull { arg, negated: !negated },
            other => Expr::Unary { op: UnaryOp::Not, arg: Box::new(other) },
        },
        Expr::Case { branches, otherwise } => {
            let always = || Expr::Literal(Literal::Boolean(true));
            let branch = |(when, then)| (as_condition(when).unwrap_or_else(always), then);
            let mut branches: Vec<(SqlExpr, SqlExpr)> = branches.into_iter().map(branch).collect();
            match branches.first() {
                Some((when, _)) if *when == always() => branches.swap_remove(0).1,
                _ => Expr::Case { branches, otherwise },
            }
        }
        Expr::Call { function: Function::Coalesce, args } => first_of(args),
        // By zero or by nothing: null either way.
        Expr::Binary { op: BinaryOp::Divide, left, right } => left.binary(BinaryOp::Divide, without_zero(*right)),
        other => other,
    })
}

fn simpler_leaf(leaf: Leaf) -> Leaf {
    match leaf {
        Leaf::Aggregate(mut aggregate) => {
            aggregate.arg = aggregate.arg.map(simpler);
            Leaf::Aggregate(aggregate)
        }
        Leaf::Window(mut window) => {
            if let WindowFunction::Aggregate(aggregate) = &mut window.function {
                aggregate.arg = aggregate.arg.take().map(simpler);
            }
            Leaf::Window(window)
        }
        Leaf::Exists(select) => Leaf::Exists(Box::new(simplify(*select))),
        Leaf::InSelect { arg, select } => {
            Leaf::InSelect { arg: Box::new(simpler(*arg)), select: Box::new(simplify(*select)) }
        }
        Leaf::Scalar(select) => Leaf::Scalar(Box::new(simplify(*select))),
        Leaf::Column(_) | Leaf::Grouping(_) | Leaf::Verbatim(_) => leaf,
    }
}

/// Returns the first value that is not null; one within the first, and no value twice.
fn first_of(args: Vec<SqlExpr>) -> SqlExpr {
    let mut all: Vec<SqlExpr> = Vec::new();
    for (at, arg) in args.into_iter().enumerate() {
        match arg {
            Expr::Call { function: Function::Coalesce, args } if at == 0 => all = args,
            again if all.contains(&again) => {}
            new => all.push(new),
        }
    }
    if all.len() == 1 { all.remove(0) } else { Expr::call(Function::Coalesce, all) }
}

fn without_zero(divisor: SqlExpr) -> SqlExpr {
    match divisor {
        Expr::Call { function: Function::Coalesce, mut args } if args.len() == 2 && args[1] == Expr::integer(0) => {
            args.swap_remove(0)
        }
        other => other,
    }
}

/// Returns whether a condition is never null.
fn is_two_valued(expr: &SqlExpr) -> bool {
    match expr {
        Expr::IsNull { .. } | Expr::IsTrue { .. } | Expr::Leaf(Leaf::Exists(_)) => true,
        Expr::Literal(Literal::Boolean(_)) | Expr::Binary { op: BinaryOp::Same, .. } => true,
        Expr::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } => is_two_valued(left) && is_two_valued(right),
        Expr::Unary { op: UnaryOp::Not, arg } => is_two_valued(arg),
        _ => false,
    }
}
