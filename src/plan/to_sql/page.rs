//! The order of the answer, and the rows behind a cursor.
//!
//! **Invariant:** the order is total, since all keys are in it, so pages never overlap.

use super::names::{IS_OTHER, IS_TOTAL, Names};
use crate::{
    ids::GranularityId,
    plan::{
        KeyKind,
        bind::{Bound, BoundOrder, OrderColumn, bind_key},
    },
    project::{Period, Size},
    sql::{BinaryOp, Expr, Literal, OrderTerm, SqlExpr},
    time::DateRange,
};

pub(super) fn order_terms(bound: &Bound<'_>, names: &Names) -> Vec<OrderTerm> {
    let term = |term: &BoundOrder| OrderTerm {
        expr: ordered_by(bound, names, term.column),
        descending: term.descending,
        nulls_first: term.nulls_first,
    };
    let total = names.total.then(|| OrderTerm { expr: SqlExpr::bare(IS_TOTAL), descending: true, nulls_first: false });
    total.into_iter().chain(bound.order.iter().map(term)).collect()
}

/// Returns what a column is ordered by: itself, or for labels their place.
fn ordered_by(bound: &Bound<'_>, names: &Names, column: OrderColumn) -> SqlExpr {
    let value = SqlExpr::bare(column_name(names, column));
    let labels = labels(bound, column);
    if labels.is_empty() {
        return value;
    }
    let place = |(label, place)| {
        let is_label = value.clone().binary(BinaryOp::Eq, Expr::Literal(label));
        (is_label, Expr::integer(place))
    };
    Expr::Case { branches: labels.into_iter().zip(0..).map(place).collect(), otherwise: None }
}

/// Returns the labels of a key with buckets from low to high, and of a calendar's periods from early to late where the
/// labels are in another order.
fn labels(bound: &Bound<'_>, column: OrderColumn) -> Vec<Literal> {
    let OrderColumn::Key(index) = column else { return Vec::new() };
    let path = match bound.keys[index].asked() {
        Some(KeyKind::Time(Size::Calendar(id))) => return period_labels(bound, *id, bound.range),
        Some(KeyKind::Dimension { granularity: Some(Size::Calendar(id)), .. }) => {
            return period_labels(bound, *id, DateRange::default());
        }
        Some(KeyKind::Dimension { path, .. }) => path,
        Some(KeyKind::Time(_) | KeyKind::TimePart(_)) | None => return Vec::new(),
    };
    let scan = bound.scans.first().expect("a request has at least one scan");
    let found = bind_key(bound.project, scan.model, path).expect("the scan's rows were built with it");
    bound.project.dimensions[found.dimension]
        .buckets
        .iter()
        .map(|bucket| Literal::String(bucket.label.clone()))
        .collect()
}

/// Returns the labels of the periods of a range, unless they are in the order of time by themselves.
fn period_labels(bound: &Bound<'_>, id: GranularityId, range: DateRange) -> Vec<Literal> {
    let granularity = &bound.project.granularities[id];
    if granularity.is_ordered_by_value() {
        return Vec::new();
    }
    let is_shown =
        |period: &&Period| range.from.is_none_or(|from| period.to > from) && range.to.is_none_or(|to| period.from < to);
    granularity.periods.iter().filter(is_shown).map(|period| period.value.clone()).collect()
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
    let place = labels(bound, term.column).iter().position(|known| known == value);
    let place = place.map(|place| Literal::Integer(i64::try_from(place).expect("fewer labels than numbers")));
    let value = place.unwrap_or_else(|| value.clone());
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
