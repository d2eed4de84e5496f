//! The order of the answer, and the rows behind a cursor.
//!
//! **Invariant:** the order is total, since all keys are in it, so pages never overlap, not even where a metric comes out
//! a little different each time.

use std::collections::BTreeSet;

use super::{
    cte,
    names::{IS_OTHER, IS_TOTAL, Names, free_name, or_total},
};
use crate::{
    ids::GranularityId,
    plan::{
        KeyKind,
        bind::{Bound, BoundOrder, OrderColumn, bind_key},
    },
    project::{Period, Size},
    sql::{
        Aggregate, AggregateFunction, BinaryOp, Cte, Expr, Function, Leaf, Literal, OrderTerm, Select, SqlExpr,
        UnaryOp, Window, WindowFunction,
    },
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

/// The rows behind the last row of the page before.
pub(super) struct Page<'b> {
    pub(super) bound: &'b Bound<'b>,
    pub(super) names: &'b Names,
    /// The values of the order's columns in that row.
    pub(super) after: &'b [Literal],
}

impl Page<'_> {
    /// Returns the rest of an answer, which becomes a common table expression.
    pub(super) fn rest(&self, answer: Select, with: &mut Vec<Cte>, taken: &mut BTreeSet<String>) -> Select {
        let columns: Vec<String> = answer.items.iter().map(|item| item.alias.clone()).collect();
        let mut last = free_name(taken, "answer");
        with.push(Cte { name: last.clone(), select: answer });
        let is_of_keys = self.bound.order.iter().all(|term| !matches!(term.column, OrderColumn::Output(_)));
        let filter = if is_of_keys { self.behind() } else { self.behind_its_place(&columns, &mut last, with, taken) };
        let items = columns.into_iter().map(|column| SqlExpr::bare(&column).named(column)).collect();
        Select { items, from: Some(cte(&last)), filter: Some(or_total(self.names, filter)), ..Select::default() }
    }

    /// A metric is computed anew for each page, and a sum of floats may end in other bits each time. The page thus begins
    /// behind the row with the keys of the cursor, wherever that stands; where it is gone, behind the cursor's values:
    ///
    /// ```text
    /// placed AS (SELECT …, ROW_NUMBER() OVER (ORDER BY revenue DESC, customer) AS place FROM answer),
    /// paged AS (SELECT …, COALESCE(MAX(CASE WHEN customer IS NOT DISTINCT FROM ? THEN place END) OVER (),
    ///                              COUNT(CASE WHEN …not behind… THEN 1 END) OVER ()) AS last_place FROM placed)
    /// … WHERE place > last_place
    /// ```
    fn behind_its_place(
        &self,
        columns: &[String],
        last: &mut String,
        with: &mut Vec<Cte>,
        taken: &mut BTreeSet<String>,
    ) -> SqlExpr {
        let mut known: BTreeSet<String> = columns.iter().cloned().collect();
        let [place, last_place] = ["place", "last_place"].map(|name| free_name(&mut known, name));
        let mut layer = |wanted: &str, columns: &[&str], further: SqlExpr, name: &str| {
            let column = |name: &&str| SqlExpr::bare(*name).named(*name);
            let items = columns.iter().map(column).chain([further.named(name)]).collect();
            let cte_name = free_name(taken, wanted);
            let from = Some(cte(&std::mem::replace(last, cte_name.clone())));
            with.push(Cte { name: cte_name, select: Select { items, from, ..Select::default() } });
        };
        let mut columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let number = over(WindowFunction::RowNumber, order_terms(self.bound, self.names));
        layer("placed", &columns, number, &place);
        columns.push(&place);
        let (its_place, n_before) = (SqlExpr::bare(&place).when(self.is_the_row()), self.before());
        let aggregate =
            |function, arg| over(WindowFunction::Aggregate(Aggregate { function, arg: Some(arg) }), Vec::new());
        let found = aggregate(AggregateFunction::Max, its_place);
        let otherwise = aggregate(AggregateFunction::Count, n_before);
        layer("paged", &columns, SqlExpr::call(Function::Coalesce, vec![found, otherwise]), &last_place);
        SqlExpr::bare(&place).binary(BinaryOp::Gt, SqlExpr::bare(&last_place))
    }

    /// Whether a row has the keys of the cursor.
    fn is_the_row(&self) -> SqlExpr {
        let terms = self.bound.order.iter().zip(self.after);
        let keys = terms.filter(|(term, _)| !matches!(term.column, OrderColumn::Output(_)));
        let same = keys.map(|(term, value)| self.same(term, value));
        Expr::all(same.chain(self.is_group())).unwrap_or(Expr::Literal(Literal::Boolean(true)))
    }

    /// One for the rows up to the cursor's values, and null for those behind.
    fn before(&self) -> SqlExpr {
        let behind = Expr::all([self.behind()].into_iter().chain(self.is_group())).expect("at least one condition");
        Expr::Case { branches: vec![(behind, Expr::null())], otherwise: Some(Box::new(Expr::integer(1))) }
    }

    /// Whether a row is not the one over all groups, if there is such a row.
    fn is_group(&self) -> Option<SqlExpr> {
        self.names.total.then(|| Expr::Unary { op: UnaryOp::Not, arg: Box::new(SqlExpr::bare(IS_TOTAL)) })
    }

    /// Whether a row is behind the values of the cursor: greater in the first term that differs.
    fn behind(&self) -> SqlExpr {
        let mut alternatives = Vec::new();
        for (index, (term, value)) in self.bound.order.iter().zip(self.after).enumerate() {
            let Some(greater) = self.greater(term, value) else { continue };
            let equal = self.bound.order[..index].iter().zip(self.after).map(|(term, value)| self.same(term, value));
            alternatives.push(Expr::all(equal.chain([greater])).expect("at least one condition"));
        }
        Expr::any(alternatives).unwrap_or(Expr::Literal(Literal::Boolean(false)))
    }

    fn same(&self, term: &BoundOrder, value: &Literal) -> SqlExpr {
        let column = SqlExpr::bare(column_name(self.names, term.column));
        column.binary(BinaryOp::Same, Expr::Parameter(value.clone()))
    }

    /// Whether a column stands behind a value in the order; nothing stands behind a null that comes last.
    fn greater(&self, term: &BoundOrder, value: &Literal) -> Option<SqlExpr> {
        let column = || ordered_by(self.bound, self.names, term.column);
        let place = labels(self.bound, term.column).iter().position(|known| known == value);
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
}

fn over(function: WindowFunction, order_by: Vec<OrderTerm>) -> SqlExpr {
    Expr::Leaf(Leaf::Window(Box::new(Window { function, partition_by: Vec::new(), order_by })))
}
