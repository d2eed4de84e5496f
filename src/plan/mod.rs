//! A request → bound → granted → logical plan → SQL. One function, [`plan`], tells the life of a request.
//!
//! **Invariant:** planning is pure: no clock, no environment, no warehouse. A metric is never aggregated above a join
//! that multiplies its rows, and nothing that access has not granted can be planned.

mod access;
mod balance;
mod bind;
mod calendar;
mod condition;
mod cumulative;
mod error;
mod explain;
mod fan_out;
mod filter;
mod frame;
mod funnel;
mod hours;
mod join_use;
mod known;
mod model_rows;
mod named;
mod nested;
mod numbers;
mod partition;
mod promised;
mod request;
mod rollup;
mod safety;
mod same_key;
mod saved;
mod scan;
mod scope;
mod state;
mod text;
mod time;
mod to_sql;
mod together;
mod total;

pub use error::{PlanError, PlanErrorCode};
pub use request::{CursorValue, Fill, Key, KeyKind, MetricRequest, Order, OrderBy, Over, Past, Request, Show, Top};

pub use rollup::{End, FinalBefore, Holds, Places, RollupUse, StateTable, StoredColumn, StoredTable};
pub use safety::{CounterExample, ExampleTable, JoinSafety, Verdict, join_safety};

pub use crate::project::{Claim, Principal};

pub(crate) use access::WholeData;
pub(crate) use calendar::days_of_calendar;
pub(crate) use cumulative::start_of_window;
pub(crate) use funnel::{Chain, Event};
pub(crate) use model_rows::{ModelRows, local_time, partition_condition};
pub use named::granularities_of;
pub use text::RequestText;
pub(crate) use time::{move_day, period_end, truncate};
pub use together::together;

use self::{access::Access, frame::Frame};
use crate::{
    catalog::ColumnType,
    ids::{DimensionId, MetricId, ModelId},
    project::{Project, Route, Size, Visible},
    sql::{Bound, Dialect, PartitionRule, Proof, Select, look_up, prove_pruning, share, simplify},
    time::{DateRange, DateTime, NaiveDate, TimePart, TimeRange, Tz, Utc},
};

/// What the planner made of a request: the SQL of the rows, what its columns mean, and what was proved.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The finished select. Columns come in the order of `columns`.
    pub select: Select,
    /// What each column of the answer is.
    pub columns: Vec<OutputColumn>,
    /// The days of the time range, if there is one.
    pub range: DateRange,
    /// The zone in which periods were cut.
    pub time_zone: Tz,
    /// The bound of every scan of a partitioned table.
    pub pruning: Vec<Pruning>,
    /// The joins that were used and why they are safe.
    pub joins: Vec<JoinUse>,
    /// The rollups of the models that are read, whether they are used, and why.
    pub rollups: Vec<RollupUse>,
    /// The time axis of each simple metric that took part: metric and dimension path.
    pub axes: Vec<(MetricId, String)>,
    /// The expressions of the order, as columns of the answer, for cursors: position, descending, nulls first.
    pub order: Vec<(usize, bool, bool)>,
    /// Whether a row may count in several groups, so that groups do not add up to the total.
    pub overlapping: bool,
    /// Remarks for the caller.
    pub warnings: Vec<String>,
    /// The stages as text, for `entente explain`.
    pub explanation: Explanation,
}

/// The stages of a plan as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The request with every name resolved.
    pub bound: String,
    /// The logical plan as an indented tree.
    pub logical: String,
}

impl Plan {
    /// Returns whether the row over all groups stands before them.
    pub fn has_total(&self) -> bool {
        self.columns.last().is_some_and(|column| column.role == ColumnRole::IsTotal)
    }
}

/// A column of the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputColumn {
    /// Its name: the request's key or metric name.
    pub name: String,
    /// What it is.
    pub role: ColumnRole,
    /// The type of its values.
    pub column_type: ColumnType,
}

/// What a column of the answer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnRole {
    /// The metrics' time axis at a granularity: the first day of the period, or for hours the instant.
    Time(Size),
    /// A part of the metrics' time axis.
    TimePart(TimePart),
    /// A dimension, with the granularity of a time dimension.
    Dimension(Option<Size>),
    /// The metric at this position of `Request::metrics`.
    Metric(usize),
    /// Whether the row gathers what is not among the top.
    IsOther,
    /// Whether the row is the one over all groups, which no condition on groups hides and no limit cuts off.
    IsTotal,
    /// A value that only orders, such as a metric that was not selected.
    OrderOnly,
}

/// What is known of one scan of a partitioned table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pruning {
    /// The table.
    pub table: String,
    /// The partition column.
    pub column: String,
    /// The constant bounds on it, read off the finished SQL.
    pub bound: Bound,
    /// Whether there is a bound.
    pub proven: bool,
    /// The promise that widened it, as written in YAML.
    pub promise: Option<String>,
}

/// A join of the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinUse {
    /// The path, such as `shipments → origin (depots)`.
    pub path: String,
    /// Why it multiplies no row: the key that it meets.
    pub reason: String,
}

/// What a plan depends on beside project, request and principal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    /// The moment that relative ranges count from.
    pub now: DateTime<Utc>,
    /// The dialect that will be printed.
    pub dialect: Dialect,
}

/// Finds the dimension that a path means for a model, and the joins that lead to it, exactly as a query would.
pub fn find_dimension<W: AsRef<str>>(
    project: &Visible<'_>,
    model: ModelId,
    path: &[W],
) -> Result<(Route, DimensionId), PlanError> {
    bind::bind_path(project, model, path).map(|found| (found.route, found.dimension))
}

/// Finds the joins that lead to a model, or to the end of the joins of a role, exactly as a query would.
pub(crate) fn find_model(project: &Project, model: ModelId, name: &str) -> Result<Route, PlanError> {
    bind::bind_model(project, model, name)
}

/// Returns the days of a time range, given today's date in the zone that is meant.
pub fn days_of_range(project: &Project, range: &TimeRange, today: NaiveDate) -> Result<DateRange, PlanError> {
    calendar::range(project, range, today)
}

/// Plans the rows of a request.
///
/// Names, rights, joins, bounds: everything is decided here, and whatever cannot be proved is refused with a code and
/// a way out.
pub fn plan(project: &Project, request: &Request, principal: &Principal, context: &Context) -> Result<Plan, PlanError> {
    match planned(project, request, principal, context, true) {
        // What stands in the way of a rollup must not stand in the way of the answer.
        Err(_) if project.rollups.iter().any(|rollup| rollup.stored.is_some()) => {
            plan_from_rows(project, request, principal, context)
        }
        planned => planned,
    }
}

/// Plans the same rows without any rollup, for whoever finds that one is dearer than the rows themselves.
pub fn plan_from_rows(
    project: &Project,
    request: &Request,
    principal: &Principal,
    context: &Context,
) -> Result<Plan, PlanError> {
    planned(project, request, principal, context, false)
}

fn planned(
    project: &Project,
    request: &Request,
    principal: &Principal,
    context: &Context,
    from_rollups: bool,
) -> Result<Plan, PlanError> {
    let project = &Access::of(project, principal);
    let request = &*calendar::with_calendars(project, request)?;
    let frame = Frame { project, context: *context, from_rollups };
    let granted = access::grant(bind::bind(frame, request)?)?;
    let bound = granted.get();
    let mut built = to_sql::build(bound)?;
    let select = numbers::bounded(project, &built.tables, simplify(built.select));
    let (select, promises) = promised::bounded(project, &built.tables, select);
    built.promises.extend(promises);
    built.select = share(look_up(select));
    let pruning = prove(bound, &built)?;
    let columns = columns(bound, built.has_total);
    let metrics = bound.leaves.iter().flat_map(|leaf| project.leaves(leaf.metric));
    let axes = metrics.filter_map(|metric| {
        let simple = project.simple(metric)?;
        let axis = simple.time.as_ref()?;
        Some((metric, project.dimension_path(simple.model, &axis.route, axis.dimension)))
    });
    let mut axes: Vec<(MetricId, String)> = axes.collect();
    axes.dedup();
    let overlaps = fan_out::overlaps(bound);
    Ok(Plan {
        columns,
        range: bound.range,
        time_zone: bound.zone,
        pruning,
        joins: built.uses,
        rollups: built.rollups,
        axes,
        order: built.order,
        overlapping: !overlaps.is_empty(),
        warnings: overlaps,
        explanation: explain::explain(bound),
        select: built.select,
    })
}

fn columns(bound: &bind::Bound<'_>, has_total: bool) -> Vec<OutputColumn> {
    let first = bound.scans.first().expect("a request has at least one scan");
    let mut columns: Vec<OutputColumn> = bound.keys.iter().map(|key| scan::key_column(bound, first, key)).collect();
    if bound.top.as_ref().is_some_and(|top| top.other) {
        columns.push(OutputColumn {
            name: "is_other".to_owned(),
            role: ColumnRole::IsOther,
            column_type: ColumnType::Boolean,
        });
    }
    columns.extend(bound.outputs.iter().map(|output| OutputColumn {
        name: output.name.clone(),
        role: output.position.map_or(ColumnRole::OrderOnly, ColumnRole::Metric),
        column_type: output_type(bound, output),
    }));
    columns.extend(has_total.then(|| OutputColumn {
        name: "is_total".to_owned(),
        role: ColumnRole::IsTotal,
        column_type: ColumnType::Boolean,
    }));
    columns
}

/// Returns the type of an output: what is split by weights has parts of a whole number.
fn output_type(bound: &bind::Bound<'_>, output: &bind::Output) -> ColumnType {
    let mut column_type = output.value_type;
    for scan in &bound.scans {
        let mut takes_part = false;
        output.formula.for_each_leaf(&mut |leaf| takes_part |= scan.leaves.contains(leaf));
        match (column_type, takes_part.then(|| fan_out::weight_type(bound, scan)).flatten()) {
            (ColumnType::Integer, Some(weight)) => column_type = weight,
            (ColumnType::Decimal, Some(ColumnType::Float)) => column_type = ColumnType::Float,
            _ => {}
        }
    }
    column_type
}

/// Proves on the finished select that every partitioned table is read within bounds, where that is required.
fn prove(bound: &bind::Bound<'_>, built: &to_sql::Built) -> Result<Vec<Pruning>, PlanError> {
    let project = bound.project;
    let rules: Vec<PartitionRule> =
        built.tables.iter().filter_map(|table| project.tables[*table].partition_rule()).collect();
    if rules.is_empty() {
        return Ok(Vec::new());
    }
    let mut pruning = Vec::new();
    for proof in prove_pruning(&built.select, &rules) {
        if proof.required && !proof.proven {
            return Err(unproven(bound, built, &proof));
        }
        let mut promises = built.promises.iter().filter(|(table, _)| project.tables[*table].name == proof.table);
        let promise = promises.next().map(|(_, promise)| promise.clone());
        pruning.push(Pruning {
            table: proof.table,
            column: proof.column,
            bound: proof.bound,
            proven: proof.proven,
            promise,
        });
    }
    Ok(pruning)
}

/// Says why a scan that must be bounded is not, with the cheapest change.
fn unproven(bound: &bind::Bound<'_>, built: &to_sql::Built, proof: &Proof) -> PlanError {
    let project = bound.project;
    let table = built.tables.iter().map(|id| &project.tables[*id]).find(|table| table.name == proof.table);
    let Some(partition) = table.and_then(|table| table.partition.as_ref()) else {
        return partition::unproven_numbers(proof);
    };
    let has_range = bound.range.from.is_some() || bound.range.to.is_some();
    let is_read = |scan: &bind::Scan| {
        partition::partitioned(project, scan.model).is_some_and(|(table, _)| table.name == proof.table)
    };
    if has_range && !bound.scans.iter().any(is_read) {
        return partition::unproven_join(&proof.table, partition);
    }
    partition::unproven(&proof.table, partition, has_range)
}
