//! A formula over leaves → what it is where none of them has rows.
//!
//! `100 - COALESCE(orders, 0)` of a customer without orders is `100 - 0`; a rate of nothing is null.
//!
//! **Invariant:** the value is that of the formula with every leaf null, which a group without rows shows as well.

use super::{Bound, LeafId, formula::is_or_zero};
use crate::sql::{BinaryOp, Expr, Function, Literal, SqlExpr};

/// What a metric is of a member of whom it counts nothing.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::plan) enum WithoutRows {
    /// Nothing.
    Null,
    /// Zero, and never null of a member of whom it counts something.
    Zero,
    /// Another value, while it may be null of others.
    Value(SqlExpr),
}

impl WithoutRows {
    /// Returns it for the one metric that is asked for.
    pub(in crate::plan) fn of_metric(asked: &Bound<'_>) -> Self {
        asked.outputs.first().map_or(Self::Null, |output| Self::of(&output.formula))
    }

    fn of(formula: &Expr<LeafId>) -> Self {
        if is_or_zero(formula) {
            return Self::Zero;
        }
        let nowhere: SqlExpr = formula.map(&mut |_: &LeafId| Expr::null());
        let value = nowhere.rebuild(&mut without_nulls);
        if is_null(&value) { Self::Null } else { Self::Value(value) }
    }

    /// Returns the metric of each member from the values of those who were joined, and a column of these that is never null.
    pub(in crate::plan) fn or(&self, value: SqlExpr, member: SqlExpr) -> SqlExpr {
        match self {
            Self::Null => value,
            Self::Zero => Expr::call(Function::Coalesce, vec![value, Expr::integer(0)]),
            Self::Value(without_rows) => Expr::Case {
                branches: vec![(member.is_null(false), without_rows.clone())],
                otherwise: Some(Box::new(value)),
            },
        }
    }
}

fn is_null(value: &SqlExpr) -> bool {
    *value == Expr::null()
}

/// Returns what an expression says whose null operands have no type, which warehouses ask for.
fn without_nulls(expr: SqlExpr) -> SqlExpr {
    match expr {
        Expr::Call { function: Function::Coalesce, mut args } => {
            args.retain(|arg| !is_null(arg));
            match args.len() {
                0 => Expr::null(),
                1 => args.remove(0),
                _ => Expr::call(Function::Coalesce, args),
            }
        }
        Expr::Call { function: Function::NullIf, mut args } if args.last().is_some_and(is_null) => args.swap_remove(0),
        Expr::Case { mut branches, otherwise } => {
            branches.retain(|(when, _)| !is_null(when));
            match (branches.is_empty(), otherwise) {
                (true, otherwise) => otherwise.map_or_else(Expr::null, |otherwise| *otherwise),
                (false, otherwise) => Expr::Case { branches, otherwise },
            }
        }
        Expr::IsNull { arg, negated } if is_null(&arg) => Expr::Literal(Literal::Boolean(!negated)),
        Expr::IsTrue { arg, negated } if is_null(&arg) => Expr::Literal(Literal::Boolean(negated)),
        Expr::Binary { op: BinaryOp::Divide | BinaryOp::Modulo, right, .. } if *right == Expr::integer(0) => {
            Expr::null()
        }
        // These may be true or false beside a null.
        Expr::Binary { op: BinaryOp::And | BinaryOp::Or | BinaryOp::Same, .. }
        | Expr::In { .. }
        | Expr::Between { .. }
        | Expr::IsNull { .. }
        | Expr::IsTrue { .. } => expr,
        other => {
            let mut has_null = is_null(&other);
            other.for_each_child(&mut |child| has_null |= is_null(child));
            if has_null { Expr::null() } else { other }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_without_rows_is_what_its_constants_make_of_it() {
        let leaf = || Expr::Leaf(LeafId(0));
        let counted = || Expr::call(Function::Coalesce, vec![leaf(), Expr::integer(0)]);
        let kept = Expr::integer(1).when(leaf().binary(BinaryOp::Gt, Expr::integer(0)));
        let absent = Expr::Case { branches: vec![(leaf().is_null(false), Expr::integer(7))], otherwise: None };
        let hundred = || Expr::integer(100);
        let less = |value| Expr::integer(100).binary(BinaryOp::Subtract, value);
        let table = [
            (leaf(), WithoutRows::Null),
            (counted(), WithoutRows::Zero),
            (hundred().binary(BinaryOp::Subtract, counted()), WithoutRows::Value(less(Expr::integer(0)))),
            (hundred().binary(BinaryOp::Subtract, leaf()), WithoutRows::Null),
            (hundred().binary(BinaryOp::Divide, counted()), WithoutRows::Null),
            (kept, WithoutRows::Null),
            (absent, WithoutRows::Value(Expr::integer(7).when(Expr::Literal(Literal::Boolean(true))))),
        ];
        for (formula, value) in table {
            assert_eq!(WithoutRows::of(&formula), value, "{formula:?}");
        }
    }
}
