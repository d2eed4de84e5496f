//! Conditions as sets, and aggregates as a value under conditions.
//!
//! `SUM(CASE WHEN late THEN price END)` is the sum of `price` under `late`.
//!
//! **Invariant:** what is taken apart means the same put together.

use crate::sql::{AggregateFunction, Expr, Literal, SqlExpr};

/// Returns the conditions that a condition is made of by AND.
pub(super) fn conjuncts(condition: &SqlExpr) -> Vec<SqlExpr> {
    condition.conjuncts().into_iter().cloned().collect()
}

/// Returns whether two sets of conditions are the same.
pub(super) fn same_conditions(left: &[SqlExpr], right: &[SqlExpr]) -> bool {
    are_in(left, right) && are_in(right, left)
}

/// Returns whether every condition of the first set is in the second.
pub(super) fn are_in(some: &[SqlExpr], all: &[SqlExpr]) -> bool {
    some.iter().all(|condition| all.contains(condition))
}

/// Takes the conditions out of the argument of an aggregate; a number that is counted counts its row.
pub(super) fn stripped(
    function: AggregateFunction,
    mut conditions: Vec<SqlExpr>,
    mut arg: Option<SqlExpr>,
) -> (Vec<SqlExpr>, Option<SqlExpr>) {
    while let Some(Expr::Case { branches, otherwise: None }) = &arg
        && let [(when, then)] = branches.as_slice()
    {
        for condition in conjuncts(when) {
            if !conditions.contains(&condition) {
                conditions.push(condition);
            }
        }
        arg = Some(then.clone());
    }
    let counts_rows = function == AggregateFunction::Count && matches!(arg, Some(Expr::Literal(Literal::Integer(_))));
    (conditions, arg.filter(|_| !counts_rows))
}
