//! A scan → the rows that it reads, what they are grouped by, and what is aggregated over them.
//!
//! **Invariant:** rows are cut by the range of the scan's own axis, filtered in the scan, and joined to-one only.

use std::collections::BTreeSet;

use super::{
    ColumnRole, JoinUse, KeyKind, OutputColumn, PlanError, RollupUse, balance,
    bind::{
        Bound, GroupBy, GroupKey, LeafId, LeafValue, Scan, ScanKind, Shift, bind_key, bind_model, bind_path, simple,
    },
    calendar::{self, CalendarColumn},
    cumulative,
    fan_out::{self, Counted},
    filter::{FilterContext, bind_filter},
    funnel, nested, partition, rollup,
    safety::with_example,
    scope::{Finished, Scope},
    state,
    time::{self, Cut, TimeValue},
};
use crate::{
    catalog::ColumnType,
    ids::TableId,
    project::{Aggregation, Cumulation, DimensionKind, Route, Size},
    sql::{Aggregate, AggregateFunction, BinaryOp, Expr, From, Function, Join, SqlExpr},
    time::{DateRange, Granularity, TimePart, period_start},
};

/// The rows of a scan before they are grouped.
#[derive(Debug)]
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
    /// Returns the value of an aggregate in its group.
    pub(super) fn value_of(&self, aggregate: &LeafAggregate) -> SqlExpr {
        match &aggregate.arg {
            Some(value) if self.grouped => value.clone(),
            _ => aggregate.expr(),
        }
    }
}

/// The aggregate of one leaf.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct LeafAggregate {
    /// The leaf.
    pub(super) leaf: LeafId,
    /// The function.
    pub(super) function: AggregateFunction,
    /// The value of a row that counts, null for others; absent if every row is counted.
    pub(super) arg: Option<SqlExpr>,
    /// What the values are if they are no values of rows, but stored for many of them.
    pub(super) parts: Option<Parts>,
}

/// What is stored for many rows and added up.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Parts {
    /// How many rows there are, which is zero where nothing is stored.
    Counts,
    /// Sums, to be divided by the sum of how many values went into them.
    Means(SqlExpr),
}

impl LeafAggregate {
    /// Makes an aggregate over values of rows.
    pub(super) fn of_rows(leaf: LeafId, function: AggregateFunction, arg: Option<SqlExpr>) -> Self {
        Self { leaf, function, arg, parts: None }
    }

    /// Returns the aggregate as an expression.
    pub(super) fn expr(&self) -> SqlExpr {
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
    pub(super) fn aggregate(&self) -> Aggregate {
        Aggregate { function: self.function, arg: self.arg.clone() }
    }
}

/// Builds the rows of a scan.
pub(super) fn rows(bound: &Bound<'_>, scan: &Scan) -> Result<Rows, PlanError> {
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
    let window = cumulative::window(bound, scan);
    let range = window.as_ref().map_or_else(|| range_of(bound, scan), |window| window.rows);
    let (stored, rollups) = rollup::rows(bound, scan, range);
    match stored {
        Some(rows) => Ok(rows),
        None => Ok(Rows { rollups, ..rows_within(bound, scan, range, Times::All)? }),
    }
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
        keys: &keys,
    };
    bind_filter(&context, scope, filter).map(Some)
}

/// Returns the condition that a row's day exists in the month to which it is shifted, where days are told apart.
pub(super) fn day_exists(bound: &Bound<'_>, scan: &Scan, axis: &TimeValue) -> Option<SqlExpr> {
    use TimePart::{DayOfMonth, DayOfWeek, DayOfYear};
    let tells_days = |(_, key): &(usize, GroupKey)| match key.asked() {
        Some(KeyKind::Time(size)) => *size == Granularity::Day.into(),
        Some(KeyKind::TimePart(part)) => matches!(part, DayOfMonth | DayOfWeek | DayOfYear),
        Some(KeyKind::Dimension { .. }) | None => false,
    };
    scan.keys.iter().any(tells_days).then(|| axis.day_exists(bound.cut(), scan.shift)).flatten()
}

/// Returns the days of the rows that a scan needs.
pub(super) fn range_of(bound: &Bound<'_>, scan: &Scan) -> DateRange {
    let range = scan.shift.range(bound.project, bound.range, bound.zone);
    let Some(size) = scan.offset_to else { return range };
    let first = |day| {
        let start = period_start(day, size, bound.project.calendar);
        let sizes = scan.keys.iter().filter_map(|(_, key)| key.size_of_time());
        sizes.map(|size| calendar::first_day(bound.project, size, start).unwrap_or(start)).min().unwrap_or(start)
    };
    DateRange::days(range.from.map(first), range.to)
}

/// Returns what is aggregated; the leaves' own filters become conditions of the scan as far as they are shared.
pub(super) fn aggregates(
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
pub(super) fn function_of(aggregation: Aggregation) -> AggregateFunction {
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

/// Returns the value of a key; the time key of an accumulated scan is made later, from its windows.
pub(super) fn key_value(
    bound: &Bound<'_>,
    scan: &Scan,
    scope: &mut Scope<'_>,
    axis: Option<&TimeValue>,
    key: &GroupKey,
    windowed: bool,
) -> Result<SqlExpr, PlanError> {
    let cut = bound.cut();
    let kind = match &key.by {
        GroupBy::Asked(kind) | GroupBy::OwnTime { time: kind, .. } => kind,
        GroupBy::Member { model, column, loose } => {
            let route = bind_model(bound.project, scan.model, model)?;
            return Ok(if *loose { scope.column_or_key(&route, column) } else { scope.column(&route, column) });
        }
        GroupBy::MemberPeriod(size) => {
            let (axis, of) = axis.zip(scan.axis.as_ref()).expect("a scan under a time key has an axis");
            if let Size::Standard(granularity) = size {
                time::check_finest(&bound.project.dimensions[of.dimension], *granularity)?;
            }
            return Ok(period(scope, axis, cut, *size, Shift::default()));
        }
    };
    match kind {
        KeyKind::Time(_) if windowed => Ok(Expr::null()),
        KeyKind::Time(size) => {
            let axis = axis.expect("a scan under a time key has an axis");
            if let Some((id, count)) = scan.shift.periods {
                let lies_in = match calendar::column_of(*size) {
                    None => axis.day(cut),
                    Some((part, column)) => scope.calendar(part, column, axis.day(cut)),
                };
                return Ok(calendar::shifted(bound.project, (id, count), *size, &lies_in, bound.range));
            }
            Ok(period(scope, axis, cut, *size, scan.shift))
        }
        KeyKind::TimePart(part) => {
            let axis = axis.expect("a scan under a time key has an axis");
            Ok(axis.part(cut, *part, scan.shift))
        }
        KeyKind::Dimension { path, granularity, part } => {
            // Events that a join multiplied would be credited more than once.
            let found = match scan.kind {
                ScanKind::Funnel(..) | ScanKind::State(_) => bind_path(bound.project, scan.model, path),
                ScanKind::Rows | ScanKind::Balance(..) | ScanKind::Nested(..) => {
                    bind_key(bound.project, scan.model, path)
                }
            };
            let found = found.map_err(|error| with_example(bound, scan, path, error))?;
            let definition = &bound.project.dimensions[found.dimension];
            if !matches!(definition.kind, DimensionKind::Time { .. }) {
                if granularity.is_some() || part.is_some() {
                    time::check_finest(definition, Granularity::Day)?;
                }
                return Ok(scope.dimension(&found.route, found.dimension));
            }
            let value = scope.time(&found.route, found.dimension);
            let shift = Shift::default();
            if let Some(part) = part {
                if let Some(needed) = part.within_a_day() {
                    time::check_finest(definition, needed)?;
                }
                return Ok(value.part(cut, *part, shift));
            }
            let size = granularity.unwrap_or(Granularity::Day.into());
            time::check_finest(definition, time::finest_of(size))?;
            Ok(period(scope, &value, cut, size, shift))
        }
    }
}

/// Returns the period in which a row counts once it is shifted by days.
fn period(scope: &mut Scope<'_>, value: &TimeValue, cut: Cut, size: Size, shift: Shift) -> SqlExpr {
    match size {
        Size::Standard(granularity) => value.period(cut, granularity, shift),
        Size::Calendar(id) => scope.calendar(id, CalendarColumn::Value, value.shifted_day(cut, shift)),
        Size::FirstDay(id) => scope.calendar(id, CalendarColumn::Start, value.shifted_day(cut, shift)),
    }
}

/// Returns the type of a time key's values.
fn period_type(bound: &Bound<'_>, column_type: ColumnType, size: Size) -> ColumnType {
    match (size, calendar::column_of(size)) {
        (Size::Standard(granularity), _) => time::period_type(column_type, granularity),
        (_, Some((id, column))) => calendar::column_type(bound.project, id, column),
        (_, None) => column_type,
    }
}

/// Returns what a key is in the answer, seen from a scan.
pub(super) fn key_column(bound: &Bound<'_>, scan: &Scan, key: &GroupKey) -> OutputColumn {
    let project = bound.project;
    let (role, column_type) = match key.asked() {
        None => (ColumnRole::Dimension(None), ColumnType::Unknown),
        Some(KeyKind::Time(size)) => {
            let axis = scan.axis.as_ref().map(|axis| project.dimensions[axis.dimension].column_type);
            (ColumnRole::Time(*size), period_type(bound, axis.unwrap_or(ColumnType::Date), *size))
        }
        Some(KeyKind::TimePart(part)) => (ColumnRole::TimePart(*part), ColumnType::Integer),
        Some(KeyKind::Dimension { path, granularity, part }) => {
            let found = bind_key(project, scan.model, path).expect("the scan's rows were built with it");
            let definition = &project.dimensions[found.dimension];
            match definition.kind {
                DimensionKind::Time { .. } if part.is_some() => (ColumnRole::Dimension(None), ColumnType::Integer),
                DimensionKind::Time { .. } => {
                    let size = granularity.unwrap_or(Granularity::Day.into());
                    (ColumnRole::Dimension(Some(size)), period_type(bound, definition.column_type, size))
                }
                _ => (ColumnRole::Dimension(None), definition.column_type),
            }
        }
    };
    OutputColumn { name: key.name.clone(), role, column_type }
}
