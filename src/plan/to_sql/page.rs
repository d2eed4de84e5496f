//! The order of the answer, and the rows behind a cursor.
//!
//! **Invariant:** the order is total, since all keys are in it, so pages never overlap.

use super::names::{IS_OTHER, Names};
use crate::{
    plan::{
        KeyKind,
        bind::{Bound, BoundOrder, OrderColumn, bind_key},
    },
    sql::{BinaryOp, Expr, Literal, OrderTerm, SqlExpr},
};

pub(super) fn order_terms(bound: &Bound<'_>, names: &Names) -> Vec<OrderTerm> {
    let term = |term: &BoundOrder| OrderTerm {
        expr: ordered_by(bound, names, term.column),
        descending: term.descending,
        nulls_first: term.nulls_first,
    };
    bound.order.iter().map(term).collect()
}

/// Returns what a column is ordered by: itself, or for buckets their place from low to high.
fn ordered_by(bound: &Bound<'_>, names: &Names, column: OrderColumn) -> SqlExpr {
    let value = SqlExpr::bare(column_name(names, column));
    let labels = bucket_labels(bound, column);
    if labels.is_empty() {
        return value;
    }
    let place = |(label, place)| {
        let is_label = value.clone().binary(BinaryOp::Eq, Expr::Literal(Literal::String(label)));
        (is_label, Expr::integer(place))
    };
    Expr::Case { branches: labels.into_iter().zip(0..).map(place).collect(), otherwise: None }
}

/// Returns the labels of a key with buckets, from low to high.
fn bucket_labels(bound: &Bound<'_>, column: OrderColumn) -> Vec<String> {
    let OrderColumn::Key(index) = column else { return Vec::new() };
    let KeyKind::Dimension { path, .. } = &bound.keys[index].kind else { return Vec::new() };
    let scan = bound.scans.first().expect("a request has at least one scan");
    let found = bind_key(bound.project, scan.model, path).expect("the scan's rows were built with it");
    bound.project.dimensions[found.dimension].buckets.iter().map(|bucket| bucket.label.clone()).collect()
}

fn column_name(names: &Names, column: OrderColumn) -> &str {
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
        let Some(greater) = greater(bound, names, term, value) else { continue };
        let equal = bound.order[..index].iter().zip(after).map(|(term, value)| {
            SqlExpr::bare(column_name(names, term.column)).binary(BinaryOp::Same, Expr::Parameter(value.clone()))
        });
        alternatives.push(Expr::all(equal.chain([greater])).expect("at least one condition"));
    }
    Expr::any(alternatives).unwrap_or(Expr::Literal(Literal::Boolean(false)))
}

/// Whether a column stands behind a value in the order; nothing stands behind a null that comes last.
fn greater(bound: &Bound<'_>, names: &Names, term: &BoundOrder, value: &Literal) -> Option<SqlExpr> {
    let column = || ordered_by(bound, names, term.column);
    let value = match value {
        Literal::String(label) => {
            let place = bucket_labels(bound, term.column).iter().position(|known| known == label);
            place.map_or(value.clone(), |place| Literal::Integer(i64::try_from(place).expect("few buckets")))
        }
        other => other.clone(),
    };
    match (value, term.nulls_first) {
        (Literal::Null, false) => None,
        (Literal::Null, true) => Some(column().is_null(true)),
        (value, nulls_first) => {
            let op = if term.descending { BinaryOp::Lt } else { BinaryOp::Gt };
            let greater = column().binary(op, Expr::Parameter(value));
            Some(if nulls_first { greater } else { greater.or(column().is_null(false)) })
        }
    }
}
