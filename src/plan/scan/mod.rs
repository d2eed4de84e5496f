//! A scan → the rows that it reads, what they are grouped by (`key`), and what is aggregated over them (`aggregate`).
//!
//! **Invariant:** rows are cut by the range of the scan's own axis, filtered in the scan, and joined to-one only.

mod aggregate;
mod key;

use std::collections::BTreeSet;

pub(super) use self::{
    aggregate::{LeafAggregate, Parts, aggregates, function_of},
    key::{dimension_value, key_column, key_value},
};
use super::{
    JoinUse, PlanError, RollupUse, balance,
    bind::{Bound, GroupKey, Scan, ScanKind},
    calendar, cumulative,
    fan_out::{self, Counted},
    filter::{FilterContext, bind_filter},
    funnel, nested, partition, rollup,
    scope::{Finished, Scope},
    state,
    time::TimeValue,
};
use crate::{
    catalog::ColumnType,
    ids::TableId,
    project::Cumulation,
    sql::{Expr, From, Join, SqlExpr},
    time::{DateRange, period_start},
};

/// The rows of a scan before they are grouped.
#[derive(Clone, Debug)]
pub(super) struct Rows {
    /// The first table.
    pub(super) from: From,
    /// The joins.
    pub(super) joins: Vec<Join>,
    /// The condition on rows.
    pub(super) filter: Option<SqlExpr>,
    /// The values of keys by their positions in the request.
    pub(super) keys: Vec<(usize, SqlExpr)>,
    /// What is aggregated, per leaf of the scan.
    pub(super) aggregates: Vec<LeafAggregate>,
    /// What tells the rows of the model apart, where a join multiplied them; empty where none did.
    pub(super) row: Vec<SqlExpr>,
    /// Whether each row is a group of its own, so that the arguments of the aggregates are their values.
    pub(super) grouped: bool,
    /// Whether a row is of the rest of a top, where that was told below and the key of the rest is null already.
    pub(super) rest: Option<SqlExpr>,
    /// The joins that were used.
    pub(super) uses: Vec<JoinUse>,
    /// The tables that are read.
    pub(super) tables: BTreeSet<TableId>,
    /// The promises that bounds on the partitions of tables rest on.
    pub(super) promises: Vec<(TableId, String)>,
    /// The rollups of the model, and whether its rows are read from one.
    pub(super) rollups: Vec<RollupUse>,
}

impl Rows {
    /// Returns the rows with aggregates of which none needs a window.
    pub(super) fn in_groups(mut self) -> Self {
        self.aggregates = self.aggregates.into_iter().map(LeafAggregate::in_groups).collect();
        self
    }

    /// Returns the value of an aggregate in its group.
    pub(super) fn value_of(&self, aggregate: &LeafAggregate) -> SqlExpr {
        match &aggregate.arg {
            Some(value) if self.grouped => value.clone(),
            _ => aggregate.expr(),
        }
    }
}

/// Builds the rows of a scan.
pub(super) fn rows(bound: &Bound<'_>, scan: &Scan) -> Result<Rows, PlanError> {
    let rows = rows_of_kind(bound, scan)?;
    Ok(if may_be_partitioned(bound, scan) { rows } else { rows.in_groups() })
}

/// Returns whether a window in the warehouse may be partitioned by the keys of a scan.
fn may_be_partitioned(bound: &Bound<'_>, scan: &Scan) -> bool {
    let is_float = |(_, key): &(usize, GroupKey)| key_column(bound, scan, key).column_type == ColumnType::Float;
    bound.frame.context.dialect.partitions_by_floats() || !scan.keys.iter().any(is_float)
}

fn rows_of_kind(bound: &Bound<'_>, scan: &Scan) -> Result<Rows, PlanError> {
    match &scan.kind {
        ScanKind::Nested(metric, filters) => nested::rows(bound, scan, *metric, filters),
        ScanKind::State(edge) => state::rows(bound, scan, *edge),
        ScanKind::Funnel(metric, filters) => funnel::rows(bound, scan, *metric, filters),
        ScanKind::Rows | ScanKind::Balance(..) if nested::is_mean_of_days(scan) => nested::mean_of_days(bound, scan),
        ScanKind::Rows | ScanKind::Balance(..) => rows_of_model(bound, scan),
    }
}

/// Builds the rows of a scan that reads its model, or a rollup of it.
fn rows_of_model(bound: &Bound<'_>, scan: &Scan) -> Result<Rows, PlanError> {
    let (stored, rollups) = rollup::rows(bound, scan, range_read(bound, scan));
    match stored {
        Some(rows) => Ok(rows),
        None => Ok(Rows { rollups, ..rows_within(bound, scan, range_read(bound, scan), Times::All)? }),
    }
}

/// Returns the rows that were built for a scan as its model has them, also where a rollup stands for them.
pub(super) fn of_model_itself(bound: &Bound<'_>, scan: &Scan, rows: Rows) -> Result<Rows, PlanError> {
    let is_of_model = matches!(scan.kind, ScanKind::Rows) && !nested::is_mean_of_days(scan);
    if !is_of_model || !rows.rollups.iter().any(|rollup| rollup.is_used) {
        return Ok(rows);
    }
    rows_within(bound, scan, range_read(bound, scan), Times::All)
}

/// Returns the range of the rows that a scan reads.
fn range_read(bound: &Bound<'_>, scan: &Scan) -> DateRange {
    cumulative::window(bound, scan).map_or_else(|| range_of(bound, scan), |window| window.rows)
}

/// Of which times the rows of a scan are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Times {
    /// All of the range.
    All,
    /// None: rows without a time.
    Absent,
}

/// Builds the rows of a scan that reads its model, in a range.
pub(super) fn rows_within(bound: &Bound<'_>, scan: &Scan, range: DateRange, times: Times) -> Result<Rows, PlanError> {
    let window = cumulative::window(bound, scan);
    let mut scope = open(bound, scan, range);
    let axis = scan.axis.as_ref().map(|axis| scope.time(&axis.route, axis.dimension));
    let mut conditions = rows_in_range(bound, scan, &mut scope, axis.as_ref(), range);
    if times == Times::Absent {
        conditions.extend(axis.iter().map(|axis| axis.expr.clone().is_null(false)));
    }
    conditions.extend(filter_of_request(bound, scan, &mut scope)?);

    let mut keys = Vec::new();
    for (position, key) in &scan.keys {
        let windowed = window.is_some();
        keys.push((*position, key_value(bound, scan, &mut scope, axis.as_ref(), key, windowed)?));
    }
    if scan.shift.periods.is_some() {
        // What has no counterpart in the later period is not shown in it.
        let of_time = scan.keys.iter().zip(&keys).filter(|((_, key), _)| key.size_of_time().is_some());
        conditions.extend(of_time.map(|(_, (_, value))| value.clone().is_null(true)));
    }
    if let (Some(axis), None) = (&axis, &window) {
        conditions.extend(day_exists(bound, scan, axis));
    }

    let (row, weight) = match fan_out::counted(bound, scan, &mut scope)? {
        Counted::Plainly => (Vec::new(), None),
        Counted::OncePerGroup(row) => (row, None),
        Counted::ByWeight(weight) => (Vec::new(), Some(weight)),
    };
    let aggregates = aggregates(bound, scan, &mut scope, &mut conditions, weight.as_ref())?;
    let point = match (&scan.kind, &axis) {
        (ScanKind::Balance(balance, _), Some(axis)) => {
            Some(balance::point(bound, scan, balance, &mut scope, axis, &keys, range)?)
        }
        _ => None,
    };
    let Finished { from, mut joins, uses, tables, promises } = scope.finish()?;
    joins.extend(point);
    let rows = Rows {
        from,
        joins,
        filter: Expr::all(conditions),
        keys,
        aggregates,
        row,
        grouped: false,
        rest: None,
        uses,
        tables,
        promises,
        rollups: Vec::new(),
    };
    Ok(match (window, axis) {
        (Some(window), Some(axis)) => cumulative::accumulate(bound, &window, rows, &axis),
        _ => rows,
    })
}

/// Opens the scope of a scan, which knows where the time of the rows that count lies.
///
/// Whoever opens it has to state the conditions of [`rows_in_range`] in the same select.
pub(super) fn open<'p>(bound: &Bound<'p>, scan: &Scan, range: DateRange) -> Scope<'p> {
    let mut scope = Scope::new(bound.frame, scan.model);
    scope.dated_by(scan.moment.clone());
    if let Some(axis) = &scan.axis
        && let Some(column) = bound.project.plain_column(axis.dimension)
    {
        let column_type = bound.project.dimensions[axis.dimension].column_type;
        scope.know(&axis.route, column, partition::span_of_days(column_type, range, bound.zone));
    }
    scope
}

/// Returns the conditions that every row of a scan fulfils before the filters of the request: its time, its
/// partitions, and the model's own filter.
pub(super) fn rows_in_range(
    bound: &Bound<'_>,
    scan: &Scan,
    scope: &mut Scope<'_>,
    axis: Option<&TimeValue>,
    range: DateRange,
) -> Vec<SqlExpr> {
    let mut conditions = scope.base_partitions(scan.axis.as_ref(), range, bound.zone);
    let looks_back = scan.cumulation.is_some_and(|cumulation| cumulation.over == Cumulation::AllTime);
    if range.from.is_none() && (looks_back || bound.is_over_all_time) {
        conditions.extend(partition::since_ever(bound.project, scope, scan.model));
    }
    if let Some(axis) = axis {
        conditions.extend(axis.within(bound.cut(), range));
        if !scan.shift.is_none() && range == DateRange::default() {
            // What has no time is not taken back in time.
            conditions.push(axis.expr.clone().is_null(true));
        }
    }
    conditions.extend(scope.base_filter());
    conditions
}

/// Returns the filter of the request, seen from the model of a scan.
pub(super) fn filter_of_request(
    bound: &Bound<'_>,
    scan: &Scan,
    scope: &mut Scope<'_>,
) -> Result<Option<SqlExpr>, PlanError> {
    let Some(filter) = bound.filter else { return Ok(None) };
    let keys: Vec<GroupKey> = scan.keys.iter().map(|(_, key)| key.clone()).collect();
    let context = FilterContext {
        project: bound.project,
        model: scan.model,
        axis: scan.axis.as_ref(),
        shift: scan.shift,
        cut: bound.cut(),
        behind: None,
        keys: &keys,
    };
    bind_filter(&context, scope, filter).map(Some)
}

/// Returns the condition that a row's day exists in the month to which it is shifted, where days are told apart.
pub(super) fn day_exists(bound: &Bound<'_>, scan: &Scan, axis: &TimeValue) -> Option<SqlExpr> {
    scan.tells_days().then(|| axis.day_exists(bound.cut(), scan.shift)).flatten()
}

/// Returns the days of the rows that a scan needs.
pub(super) fn range_of(bound: &Bound<'_>, scan: &Scan) -> DateRange {
    scan.shift.range(bound.project, range_shown(bound, scan), bound.zone)
}

/// Returns the days that a scan shows something of: those of the request, from the first period on which one of them is
/// taken back to.
///
/// The week of 30 September belongs to the third quarter, also where a range begins on 1 October.
pub(super) fn range_shown(bound: &Bound<'_>, scan: &Scan) -> DateRange {
    let Some(size) = scan.offset_to else { return bound.range };
    let first_of_key = |day| {
        let sizes = scan.keys.iter().filter_map(|(_, key)| key.size_of_time());
        sizes.map(|size| calendar::first_day(bound.project, size, day).unwrap_or(day)).min().unwrap_or(day)
    };
    let first = |day| first_of_key(period_start(first_of_key(day), size, bound.project.calendar));
    DateRange::days(bound.range.from.map(first), bound.range.to)
}
