//! The order of the answer, and the rows behind a cursor.
//!
//! **Invariant:** the order is total, since all keys are in it, so pages never overlap.

use super::names::{IS_OTHER, Names};
use crate::{
    plan::bind::{Bound, BoundOrder, OrderColumn},
    sql::{BinaryOp, Expr, Literal, OrderTerm, SqlExpr},
};

pub(super) fn order_terms(bound: &Bound<'_>, names: &Names) -> Vec<OrderTerm> {
    let term = |term: &BoundOrder| OrderTerm {
        expr: SqlExpr::bare(order_column(names, term.column)),
        descending: term.descending,
        nulls_first: term.nulls_first,
    };
    bound.order.iter().map(term).collect()
}

fn order_column(names: &Names, column: OrderColumn) -> &str {
    match column {
        OrderColumn::Key(index) => &names.keys[index],
        OrderColumn::IsOther => IS_OTHER,
        OrderColumn::Output(index) => &names.outputs[index],
    }
}

/// The rows behind the last row of the page before: greater in the first term that differs.
pub(super) fn behind(bound: &Bound<'_>, names: &Names, after: &[Literal]) -> SqlExpr {
    let mut alternatives = Vec::new();
    for (index, (term, value)) in bound.order.iter().zip(after).enumerate() {
        let Some(greater) = greater(names, term, value) else { continue };
        let equal = bound.order[..index].iter().zip(after).map(|(term, value)| {
            SqlExpr::bare(order_column(names, term.column)).binary(BinaryOp::Same, Expr::Parameter(value.clone()))
        });
        alternatives.push(Expr::all(equal.chain([greater])).expect("at least one condition"));
    }
    Expr::any(alternatives).unwrap_or(Expr::Literal(Literal::Boolean(false)))
}

/// Whether a column stands behind a value in the order; nothing stands behind a null that comes last.
fn greater(names: &Names, term: &BoundOrder, value: &Literal) -> Option<SqlExpr> {
    let column = || SqlExpr::bare(order_column(names, term.column));
    match (value, term.nulls_first) {
        (Literal::Null, false) => None,
        (Literal::Null, true) => Some(column().is_null(true)),
        (value, nulls_first) => {
            let op = if term.descending { BinaryOp::Lt } else { BinaryOp::Gt };
            let greater = column().binary(op, Expr::Parameter(value.clone()));
            Some(if nulls_first { greater } else { greater.or(column().is_null(false)) })
        }
    }
}
