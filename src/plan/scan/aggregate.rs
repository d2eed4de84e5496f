//! What is aggregated over the rows of a scan.
//!
//! **Invariant:** a row that a leaf's own filter leaves out does not count for that leaf.

use crate::{
    plan::{
        PlanError,
        bind::{Bound, LeafId, LeafValue, Scan, simple},
        fan_out,
        scope::Scope,
    },
    project::{Aggregation, Route},
    sql::{Aggregate, AggregateFunction, BinaryOp, Expr, Function, SqlExpr},
};

/// The aggregate of one leaf.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::plan) struct LeafAggregate {
    /// The leaf.
    pub(in crate::plan) leaf: LeafId,
    /// The function.
    pub(in crate::plan) function: AggregateFunction,
    /// The value of a row that counts, null for others; absent if every row is counted.
    pub(in crate::plan) arg: Option<SqlExpr>,
    /// What the values are if they are no values of rows, but stored for many of them.
    pub(in crate::plan) parts: Option<Parts>,
}

/// What is stored for many rows and added up.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::plan) enum Parts {
    /// How many rows there are, which is zero where nothing is stored.
    Counts,
    /// Sums, to be divided by the sum of how many values went into them.
    Means(SqlExpr),
}

impl LeafAggregate {
    /// Makes an aggregate over values of rows.
    pub(in crate::plan) fn of_rows(leaf: LeafId, function: AggregateFunction, arg: Option<SqlExpr>) -> Self {
        Self { leaf, function, arg, parts: None }
    }

    /// Returns the aggregate such that it is computed in every group, where the warehouse may have it over a window only.
    pub(in crate::plan) fn in_groups(mut self) -> Self {
        self.function = match self.function {
            AggregateFunction::Percentile(millionths) => AggregateFunction::GroupPercentile(millionths),
            AggregateFunction::DiscretePercentile(millionths) => AggregateFunction::GroupDiscretePercentile(millionths),
            other => other,
        };
        self
    }

    /// Returns the aggregate as an expression.
    pub(in crate::plan) fn expr(&self) -> SqlExpr {
        let whole = SqlExpr::aggregate(self.function, self.arg.clone());
        match &self.parts {
            None => whole,
            Some(Parts::Counts) => Expr::call(Function::Coalesce, vec![whole, Expr::integer(0)]),
            Some(Parts::Means(counts)) => {
                let count = SqlExpr::aggregate(AggregateFunction::Sum, Some(counts.clone()));
                whole.binary(BinaryOp::Divide, count)
            }
        }
    }

    /// Returns the aggregate as data.
    pub(in crate::plan) fn aggregate(&self) -> Aggregate {
        Aggregate { function: self.function, arg: self.arg.clone() }
    }
}

/// Returns what is aggregated; the leaves' own filters become conditions of the scan as far as they are shared.
pub(in crate::plan) fn aggregates(
    bound: &Bound<'_>,
    scan: &Scan,
    scope: &mut Scope<'_>,
    conditions: &mut Vec<SqlExpr>,
    weight: Option<&SqlExpr>,
) -> Result<Vec<LeafAggregate>, PlanError> {
    let here = Route::here();
    let filters: Vec<Vec<SqlExpr>> = scan
        .leaves
        .iter()
        .map(|leaf| {
            let leaf = &bound.leaves[leaf.0];
            let own = simple(bound.project, leaf.metric).filter.as_ref();
            let above = leaf.usage.filters.iter().map(|(_, filter)| filter);
            own.into_iter().chain(above).map(|filter| scope.value(&here, filter)).collect()
        })
        .collect();
    let shared: Vec<SqlExpr> = filters
        .first()
        .map(|first| first.iter().filter(|filter| filters.iter().all(|all| all.contains(filter))).cloned().collect())
        .unwrap_or_default();
    let own: Vec<Option<SqlExpr>> =
        filters.into_iter().map(|all| Expr::all(all.into_iter().filter(|filter| !shared.contains(filter)))).collect();
    conditions.extend(shared);
    // A group is a row of the answer only if some metric has rows in it.
    let some = own.iter().cloned().collect::<Option<Vec<SqlExpr>>>().and_then(Expr::any);
    if let Some(some) = some {
        conditions.push(some);
    }
    scan.leaves.iter().zip(own).map(|(leaf, filter)| leaf_aggregate(bound, scope, *leaf, (filter, weight))).collect()
}

fn leaf_aggregate(
    bound: &Bound<'_>,
    scope: &mut Scope<'_>,
    id: LeafId,
    (filter, weight): (Option<SqlExpr>, Option<&SqlExpr>),
) -> Result<LeafAggregate, PlanError> {
    let leaf = &bound.leaves[id.0];
    let metric = simple(bound.project, leaf.metric);
    let counts_rows = leaf.value == LeafValue::Rows;
    let expr = metric.expr.as_ref().filter(|_| !counts_rows);
    let value = expr.map(|expr| scope.value(&Route::here(), expr));
    let arg = match (value, filter) {
        (Some(value), Some(filter)) => Some(value.when(filter)),
        (Some(value), None) => Some(value),
        (None, Some(filter)) => Some(Expr::integer(1).when(filter)),
        (None, None) => None,
    };
    if let Some(weight) = weight.filter(|_| !counts_rows) {
        let (function, parts) = fan_out::weighed(metric.aggregation, arg, weight)?;
        return Ok(LeafAggregate::of_rows(id, function, Some(parts)));
    }
    let function = if counts_rows { AggregateFunction::Count } else { function_of(metric.aggregation) };
    Ok(LeafAggregate::of_rows(id, function, arg))
}

/// Returns the SQL function of an aggregate.
pub(in crate::plan) fn function_of(aggregation: Aggregation) -> AggregateFunction {
    match aggregation {
        Aggregation::Count => AggregateFunction::Count,
        Aggregation::Sum => AggregateFunction::Sum,
        Aggregation::Avg => AggregateFunction::Avg,
        Aggregation::Min => AggregateFunction::Min,
        Aggregation::Max => AggregateFunction::Max,
        Aggregation::CountDistinct => AggregateFunction::CountDistinct,
        Aggregation::ApproxCountDistinct => AggregateFunction::ApproxCountDistinct,
        Aggregation::Percentile(millionths) => AggregateFunction::Percentile(millionths),
        Aggregation::DiscretePercentile(millionths) => AggregateFunction::DiscretePercentile(millionths),
        Aggregation::ApproxPercentile(millionths) => AggregateFunction::ApproxPercentile(millionths),
    }
}
