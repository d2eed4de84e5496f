//! A condition where null counts as false → the same without `IS TRUE`, and without what always holds.
//!
//! `WHERE (a < b) IS TRUE AND (c IS TRUE OR c IS NOT TRUE)` → `WHERE a < b`.
//!
//! **Invariant:** the condition holds for the same rows; where it does not, it may be null instead of false.

use crate::sql::{BinaryOp, Expr, Literal, SqlExpr};

/// Returns the simpler condition; nothing if it always holds.
pub(super) fn as_condition(expr: SqlExpr) -> Option<SqlExpr> {
    match expr {
        Expr::Literal(Literal::Boolean(true)) => None,
        Expr::IsTrue { arg, negated: false } => as_condition(*arg),
        Expr::Binary { op: BinaryOp::And, left, right } => match (as_condition(*left), as_condition(*right)) {
            (Some(left), Some(right)) => Some(left.and(right)),
            (one, other) => one.or(other),
        },
        Expr::Binary { op: BinaryOp::Or, left, right } => {
            let either = as_condition(*left)?.or(as_condition(*right)?);
            (!holds_always(&either)).then_some(either)
        }
        other => Some(other),
    }
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
