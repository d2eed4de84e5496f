//! What a rollup stores, as one would select it from the rows: a row per period and kept dimensions, a column per part.
//!
//! ```sql
//! SELECT service, DATE_TRUNC(booked_on, MONTH) AS booked_on_month, SUM(price) AS revenue, COUNT(*) AS n_rows FROM … GROUP BY 1, 2
//! ```
//!
//! **Invariant:** it is made without any policy, and every value in it can be put together to coarser groups; only what is an
//! estimate anyway is stored as a sketch.

use std::collections::BTreeSet;

use super::conditions::{conjuncts, same_conditions, stripped};
use crate::{
    ids::MetricId,
    plan::{
        Context, PlanError,
        access::WholeData,
        bind::Shift,
        frame::Frame,
        scope::{Finished, Scope},
        time::{Cut, TimeValue},
    },
    project::{Aggregation, Combine, Project, Rollup, Route},
    sql::{AggregateFunction, Dialect, Expr, From, Join, Select, SqlExpr},
    time::{ClockChanges, DateRange},
};

/// A rollup over the tables of its model.
#[derive(Debug)]
pub(super) struct Table {
    /// The first table.
    pub(super) from: From,
    /// The joins.
    pub(super) joins: Vec<Join>,
    /// What holds for every row that is stored.
    pub(super) conditions: Vec<SqlExpr>,
    /// The conditions that keep the rows of some days.
    pub(super) in_range: Vec<SqlExpr>,
    /// The kept dimensions: value and column.
    pub(super) dimensions: Vec<(SqlExpr, String)>,
    /// The kept time.
    pub(super) period: Period,
    /// What is stored of each group.
    pub(super) values: Vec<Value>,
    /// What would be stored in another warehouse.
    pub(super) without: Vec<Without>,
}

/// The periods of a rollup.
#[derive(Debug)]
pub(super) struct Period {
    /// The time of a row.
    pub(super) time: SqlExpr,
    /// The first day of the period in which it lies.
    pub(super) first_day: SqlExpr,
    /// The column of that day.
    pub(super) column: String,
}

/// What is stored of each group.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Value {
    /// How it is aggregated.
    pub(super) function: AggregateFunction,
    /// Over the rows that fulfil all of these.
    pub(super) conditions: Vec<SqlExpr>,
    /// The value of a row; absent if rows are counted.
    pub(super) of: Option<SqlExpr>,
    /// The column.
    pub(super) column: String,
    /// The first metric for which it is stored.
    pub(super) metric: MetricId,
}

/// An estimate of how many different values there are, in a warehouse that has no sketch to store for it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Without {
    /// The value of a row.
    pub(super) of: SqlExpr,
    /// The metric.
    pub(super) metric: MetricId,
    /// Why nothing is stored.
    pub(super) reason: String,
}

impl Table {
    /// Builds what a rollup stores, of the rows in a range; says why the API cannot use one like it.
    pub(super) fn of(project: &Project, context: Context, rollup: &Rollup, range: DateRange) -> Result<Self, String> {
        let time = rollup.time.as_ref().ok_or("it keeps no time, so nothing says which of its rows are final")?;
        if time.granularity.is_within_a_day() {
            return Err(format!("it keeps periods of a {}, and whole days are needed", time.granularity.name()));
        }
        let data = WholeData::of(project);
        let mut scope = Scope::new(Frame { project: data.access(), context, from_rollups: false }, rollup.model);
        scope.dated_by(Some(time.axis.clone()));
        let mut taken = BTreeSet::new();
        let mut name = |wanted: &str| free_name(&mut taken, wanted);
        let axis = scope.time(&time.axis.route, time.axis.dimension);
        let cut = Cut { zone: time.time_zone, changes: ClockChanges::default(), calendar: project.calendar };
        let mut in_range = scope.base_partitions(Some(&time.axis), range, time.time_zone);
        in_range.extend(axis.within(cut, range));
        let dimensions = rollup.dimensions.iter().map(|(route, dimension)| {
            let words = project.dimension_path(rollup.model, route, *dimension).replace('.', "_");
            let own = &project.dimensions[*dimension].name;
            (scope.dimension(route, *dimension), name(if route.0.is_empty() { own } else { &words }))
        });
        let dimensions = dimensions.collect();
        let period = period(project, &axis, cut, rollup, &mut name);
        let conditions: Vec<SqlExpr> = scope.base_filter().iter().flat_map(conjuncts).collect();
        let values = values(project, rollup, &mut scope, context.dialect, &mut name);
        let without = without(project, rollup, &mut scope, context.dialect);
        let Finished { from, joins, .. } = scope.finish().map_err(|error: PlanError| error.message)?;
        if !matches!(from, From::Table { .. }) {
            return Err("its model is a SELECT of the project's own, which nothing is known of".to_owned());
        }
        Ok(Self { from, joins, conditions, in_range, dimensions, period, values, without })
    }

    /// Returns the select that fills the table.
    pub(super) fn select(&self) -> Select {
        let mut items: Vec<_> = self.dimensions.iter().map(|(value, column)| value.clone().named(column)).collect();
        items.push(self.period.first_day.clone().named(&self.period.column));
        let n_keys = items.len();
        items.extend(self.values.iter().map(|value| value.expr().named(&value.column)));
        Select {
            items,
            from: Some(self.from.clone()),
            joins: self.joins.clone(),
            filter: Expr::all(self.conditions.iter().chain(&self.in_range).cloned()),
            group_by: (0..n_keys).collect(),
            ..Select::default()
        }
    }
}

impl Value {
    fn expr(&self) -> SqlExpr {
        let arg = match (self.of.clone(), Expr::all(self.conditions.iter().cloned())) {
            (Some(value), Some(condition)) => Some(value.when(condition)),
            (None, Some(condition)) => Some(Expr::integer(1).when(condition)),
            (value, None) => value,
        };
        SqlExpr::aggregate(self.function, arg)
    }
}

fn period(
    project: &Project,
    axis: &TimeValue,
    cut: Cut,
    rollup: &Rollup,
    name: &mut impl FnMut(&str) -> String,
) -> Period {
    let time = rollup.time.as_ref().expect("looked at before");
    let own = &project.dimensions[time.axis.dimension].name;
    Period {
        time: axis.expr.clone(),
        first_day: axis.period(cut, time.granularity, Shift::default()),
        column: name(&format!("{own}_{}", time.granularity.name().replace(' ', "_"))),
    }
}

/// Returns what is stored of the metrics: their parts, and how many rows each is made of.
fn values(
    project: &Project,
    rollup: &Rollup,
    scope: &mut Scope<'_>,
    dialect: Dialect,
    name: &mut impl FnMut(&str) -> String,
) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for part in &rollup.parts {
        let Some(simple) = project.simple(part.metric) else { continue };
        let filters = simple.filter.iter().chain(part.filter.get(&rollup.model));
        let conditions: Vec<SqlExpr> =
            filters.flat_map(|filter| conjuncts(&scope.value(&Route::here(), filter))).collect();
        let of = simple.expr.as_ref().map(|expr| scope.value(&Route::here(), expr));
        let metric = &project.metrics[part.metric].name;
        let functions: &[(AggregateFunction, &str)] = match part.combine {
            Combine::Sum if simple.aggregation == Aggregation::Count => &[(AggregateFunction::Count, "")],
            Combine::Sum => &[(AggregateFunction::Sum, "")],
            Combine::Least => &[(AggregateFunction::Min, "")],
            Combine::Greatest => &[(AggregateFunction::Max, "")],
            Combine::Mean => &[(AggregateFunction::Sum, "_sum"), (AggregateFunction::Count, "_count")],
            Combine::Sketch if dialect.sketch_of(simple.expr_type).is_ok() => &[(AggregateFunction::Sketch, "_sketch")],
            Combine::Sketch => &[],
        };
        let of_part = functions.iter().map(|(function, suffix)| (*function, of.clone(), *suffix));
        for (function, of, suffix) in of_part.chain([(AggregateFunction::Count, None, "_rows")]) {
            let (conditions, of) = stripped(function, conditions.clone(), of);
            let is_known = |known: &Value| {
                (known.function, &known.of) == (function, &of) && same_conditions(&known.conditions, &conditions)
            };
            if !values.iter().any(is_known) {
                let column = name(&format!("{metric}{suffix}"));
                values.push(Value { function, conditions, of, column, metric: part.metric });
            }
        }
    }
    values
}

/// Returns the estimates that a warehouse cannot store.
fn without(project: &Project, rollup: &Rollup, scope: &mut Scope<'_>, dialect: Dialect) -> Vec<Without> {
    let mut without = Vec::new();
    for part in &rollup.parts {
        let Some(reason) = project.lacks_sketch(rollup, part, dialect) else { continue };
        let expr = project.simple(part.metric).and_then(|simple| simple.expr.as_ref());
        let of = expr.map(|expr| scope.value(&Route::here(), expr));
        let (_, of) = stripped(AggregateFunction::Sketch, Vec::new(), of);
        without.extend(of.map(|of| Without { of, metric: part.metric, reason }));
    }
    without
}

fn free_name(taken: &mut BTreeSet<String>, wanted: &str) -> String {
    let further = (2..).map(|n| format!("{wanted}_{n}"));
    let mut names = std::iter::once(wanted.to_owned()).chain(further);
    names.find(|name| taken.insert(name.clone())).expect("numbers do not end")
}
