//! A condition where null counts as false → the same without `IS TRUE`, and without what always holds.
//!
//! `WHERE (a < b) IS TRUE AND (c IS TRUE OR c IS NOT TRUE)` → `WHERE a < b`.
//!
//! **Invariant:** the condition holds for the same rows; where it does not, it may be null instead of false.

use crate::sql::{BinaryOp, Expr, Leaf, Literal, SqlExpr};

/// Returns the simpler condition; nothing if it always holds.
pub(super) fn as_condition(expr: SqlExpr) -> Option<SqlExpr> {
    match expr {
        Expr::Literal(Literal::Boolean(true)) => None,
        Expr::IsTrue { arg, negated: false } => as_condition(*arg),
        Expr::Binary { op: BinaryOp::And, left, right } => match (as_condition(*left), as_condition(*right)) {
            (Some(left), Some(right)) => both(left, &right),
            (one, other) => one.or(other),
        },
        Expr::Binary { op: BinaryOp::Or, left, right } => {
            let either = as_condition(*left)?.or(as_condition(*right)?);
            (!holds_always(&either)).then_some(either)
        }
        other => Some(other),
    }
}

/// Returns two conditions as one, without what both say.
fn both(left: SqlExpr, right: &SqlExpr) -> Option<SqlExpr> {
    let new: Vec<SqlExpr> = right.conjuncts().into_iter().filter(|part| !is_said(part, &left)).cloned().collect();
    Expr::all(std::iter::once(left).chain(new))
}

/// Returns whether a condition is one of those that hold together. What the project wrote in SQL may be another each time.
fn is_said(condition: &SqlExpr, all: &SqlExpr) -> bool {
    let mut is_ours = true;
    condition.for_each_leaf(&mut |leaf| is_ours &= matches!(leaf, Leaf::Column(_)));
    is_ours && all.conjuncts().contains(&condition)
}

/// Returns whether alternatives leave nothing out: `x OR x IS NOT TRUE`.
fn holds_always(either: &SqlExpr) -> bool {
    let mut alternatives = Vec::new();
    let mut waiting = vec![either];
    while let Some(expr) = waiting.pop() {
        match expr {
            Expr::Binary { op: BinaryOp::Or, left, right } => waiting.extend([&**left, &**right]),
            other => alternatives.push(other),
        }
    }
    alternatives.iter().any(|alternative| match alternative {
        Expr::IsTrue { arg, negated: true } => alternatives.contains(&&**arg),
        _ => false,
    })
}
