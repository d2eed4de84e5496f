//! A request → bound → granted → logical plan → SQL. One function, [`plan`], tells the life of a request.
//!
//! **Invariant:** planning is pure: no clock, no environment, no warehouse. A metric is never aggregated above a join
//! that multiplies its rows, and nothing that access has not granted can be planned.

mod error;
mod request;
mod text;

pub use error::{PlanError, PlanErrorCode};
pub use request::{CursorValue, Fill, Key, KeyKind, MetricRequest, Order, OrderBy, Principal, Request, Top};

pub use text::RequestText;

use crate::{
    catalog::ColumnType,
    ids::MetricId,
    project::Project,
    sql::{Bound, Select},
    time::{DateRange, DateTime, Granularity, TimePart, Tz, Utc},
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
    /// The time axis of each simple metric that took part: metric and dimension path.
    pub axes: Vec<(MetricId, String)>,
    /// The expressions of the order, as columns of the answer, for cursors: position, descending, nulls first.
    pub order: Vec<(usize, bool, bool)>,
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
    Time(Granularity),
    /// A part of the metrics' time axis.
    TimePart(TimePart),
    /// A dimension, with the granularity of a time dimension.
    Dimension(Option<Granularity>),
    /// The metric at this position of `Request::metrics`.
    Metric(usize),
    /// Whether the row gathers what is not among the top.
    IsOther,
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

/// Plans the rows of a request.
///
/// `now` is the moment that relative ranges count from. Names, rights, joins, bounds: everything is decided here, and
/// whatever cannot be proved is refused with a code and a way out.
pub fn plan(
    _project: &Project,
    _request: &Request,
    _principal: &Principal,
    _now: DateTime<Utc>,
) -> Result<Plan, PlanError> {
    todo!()
}
