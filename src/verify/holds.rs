//! Promises of partitions: rows of time t lie in the partitions of t+from … t+to. A query misses every other row.
//!
//! One query groups the rows by partition and tells the least and greatest time in each; from these the smallest promise
//! that would hold follows exactly.
//!
//! **Invariant:** a row breaks the promise here exactly if a query that asks for its time may not read it.

use super::{
    Check, Context, Draft, Judge, Judged, Kind, Status,
    counts::{count, grouped, share, verb},
    finding::{Example, Fault},
    keys::first_row,
    privacy::dimension_is_private,
};
use crate::{
    catalog::ColumnType,
    ids::{DimensionId, ModelId},
    plan::{ModelRows, PlanError, local_time},
    project::{DimensionKind, Partition, Promise, Source},
    sql::{AggregateFunction, BinaryOp, Expr, Function, OrderTerm, Select, SqlExpr},
    time::{Calendar, Duration, Granularity, NaiveDate, NaiveDateTime, Unit, add_periods, period_start},
    warehouse::Rows,
};

/// How many partitions are shown.
const N_EXAMPLES: usize = 5;

/// Returns a check for each time dimension that a promise speaks of.
pub(super) fn checks(context: &Context<'_>) -> Vec<Check> {
    let project = context.project;
    let mut checks = Vec::new();
    for (id, dimension) in project.dimensions.iter() {
        let Source::Table(table) = &project.models[dimension.model].source else { continue };
        let (table, DimensionKind::Time { .. }) = (&project.tables[*table], dimension.kind) else { continue };
        let Some(partition) = &table.partition else { continue };
        let Some(promise) = project.promise(partition, id) else { continue };
        if project.plain_column(id) == Some(partition.column.as_str()) {
            continue;
        }
        let name = format!("holds of `{}`: {}", table.name, spoken(promise));
        let made = select(context, id, partition, promise).map(|(select, has_row)| {
            let first_row = has_row.then(|| project.models[dimension.model].primary_key.concat());
            let (partition, promise) = (partition.clone(), promise.clone());
            let private = dimension_is_private(project, id);
            (select, Judge::Holds(Promised { partition, promise, first_row, private }))
        });
        checks.push(Draft { kind: Kind::Holds, name, span: table.span }.check(context, made));
    }
    checks
}

fn spoken(promise: &Promise) -> String {
    format!("{} from {} to {}", promise.column, promise.from, promise.to)
}

/// `SELECT partition, COUNT(*), COUNT(outside), MIN(t), MAX(t), MIN(key of those outside) … GROUP BY partition`
fn select(
    context: &Context<'_>,
    dimension: DimensionId,
    partition: &Partition,
    promise: &Promise,
) -> Result<(Select, bool), PlanError> {
    let model: ModelId = context.project.dimensions[dimension].model;
    let mut rows = context.rows(model);
    let value = rows.dimension(dimension);
    let column_type = context.project.dimensions[dimension].column_type;
    let time = local_time(value.clone(), column_type, partition.time_zone);
    let elapsed = (column_type == ColumnType::Timestamp).then_some(value);
    let start = {
        let column = rows.column(&partition.column);
        let local = local_time(column, partition.column_type, partition.time_zone);
        rows.period(local, partition.granularity)
    };
    let moved = |by: Duration| match (&elapsed, by) {
        (_, Duration { count: 0, .. }) => time.clone(),
        // Hours are elapsed time, whatever clocks do meanwhile; days move the date.
        (Some(instant), by) if by.unit < Unit::Day => {
            local_time(added(instant.clone(), by), column_type, partition.time_zone)
        }
        (_, by) => added(time.clone(), by),
    };
    let outside = outside(&rows, &start, partition, [moved(promise.from), moved(promise.to)]);
    let count_of = |arg| SqlExpr::aggregate(AggregateFunction::Count, arg);
    let of = |function, arg: SqlExpr| SqlExpr::aggregate(function, Some(arg));
    let mut items = vec![
        start.named("partition_start"),
        count_of(None).named("n_rows"),
        count_of(Some(Expr::integer(1).when(outside.clone()))).named("n_outside"),
        of(AggregateFunction::Min, time.clone()).named("first_time"),
        of(AggregateFunction::Max, time.clone()).named("last_time"),
    ];
    let key = first_row(context.project, model, &rows).map(|_| {
        let column = rows.column(&context.project.models[model].primary_key[0]);
        of(AggregateFunction::Min, column.when(outside))
    });
    let has_row = key.is_some();
    items.extend(key.map(|key| key.named("first_row")));
    let mut select = rows.select(items, Some(time.is_null(true)), 1)?;
    select.order_by.push(OrderTerm { expr: SqlExpr::bare("partition_start"), descending: false, nulls_first: false });
    Ok((select, has_row))
}

fn added(time: SqlExpr, by: Duration) -> SqlExpr {
    Expr::call(Function::AddUnits(by.unit), vec![time, Expr::integer(by.count)])
}

/// Returns the condition that a row lies outside of the partitions of its earliest and latest time, a null partition being
/// outside of any.
fn outside(rows: &ModelRows<'_>, start: &SqlExpr, partition: &Partition, times: [SqlExpr; 2]) -> SqlExpr {
    let [first, last] = times.map(|time| rows.period(time, partition.granularity));
    let early = start.clone().binary(BinaryOp::Lt, first);
    let late = start.clone().binary(BinaryOp::Gt, last);
    start.clone().is_null(false).or(early).or(late)
}

/// A promise, to be compared with partitions.
#[derive(Clone, Debug)]
pub(super) struct Promised {
    partition: Partition,
    promise: Promise,
    /// The primary key, where the answer has the first row outside.
    first_row: Option<String>,
    /// Whether the times may not be shown.
    private: bool,
}

/// A partition of the answer.
struct Found {
    start: Option<String>,
    n_rows: u64,
    n_outside: u64,
    times: Option<(NaiveDateTime, NaiveDateTime)>,
    first_row: Option<String>,
}

impl Promised {
    /// Reads the answer.
    pub(super) fn judge(&self, rows: &Rows) -> Judged {
        let found: Vec<Found> = (0..rows.len).map(|row| read(rows, row)).collect();
        let n_rows = found.iter().map(|partition| partition.n_rows).sum();
        let outside: Vec<&Found> = found.iter().filter(|partition| partition.n_outside > 0).collect();
        if outside.is_empty() {
            let unread = (n_rows == 0).then(|| "there are no rows with such a time".to_owned());
            return Judged { n_rows, unread, ..Judged::default() };
        }
        let n_outside: u64 = outside.iter().map(|partition| partition.n_outside).sum();
        let message = format!(
            "{} of {} ({}) {} outside of the promise, in {}: queries by `{}` may miss them",
            grouped(n_outside),
            count(n_rows, "row"),
            share(n_outside, n_rows),
            verb(n_outside, "lies", "lie"),
            count(outside.len() as u64, "partition"),
            self.promise.column,
        );
        let examples = outside.iter().take(N_EXAMPLES).map(|partition| self.example(partition)).collect();
        let fault =
            Fault { status: Status::Broken, message, n_values: outside.len() as u64, n_rows: n_outside, examples };
        Judged { n_rows, faults: vec![fault], unread: None, help: Some(self.help(&found)) }
    }

    fn example(&self, found: &Found) -> Example {
        let time = |time: NaiveDateTime| Some(time.to_string());
        let mut values = vec![(self.partition.column.clone(), found.start.clone())];
        if let Some((first, last)) = found.times.filter(|_| !self.private) {
            values.push((format!("least {}", self.promise.column), time(first)));
            values.push((format!("greatest {}", self.promise.column), time(last)));
        }
        if let Some(key) = &self.first_row {
            values.push((format!("first {key}"), found.first_row.clone()));
        }
        Example { values, n_rows: found.n_outside }
    }

    /// Says which promise would hold.
    fn help(&self, found: &[Found]) -> String {
        if found.iter().any(|partition| partition.start.is_none() && partition.n_outside > 0) {
            return "Rows without a partition are kept by no promise: load them into one.".to_owned();
        }
        let (from, to) = self.smallest(found);
        let is_kept = |smallest: Duration, promised: Duration| {
            smallest == promised || (smallest.count == 0 && promised.count == 0)
        };
        if is_kept(from, self.promise.from) && is_kept(to, self.promise.to) {
            return "Clocks were changed in between: a promise that is an hour wider holds.".to_owned();
        }
        format!("The smallest promise that holds is `{}: {{ from: {from}, to: {to} }}`.", self.promise.column)
    }

    /// Returns the smallest promise that all partitions keep, in hours if the promise or the partitions are.
    fn smallest(&self, found: &[Found]) -> (Duration, Duration) {
        let is_fine = |duration: Duration| duration.count != 0 && duration.unit < Unit::Day;
        let by_hour =
            self.partition.granularity == Granularity::HOUR || is_fine(self.promise.from) || is_fine(self.promise.to);
        let (unit, seconds) = if by_hour { (Unit::Hour, 3_600_000_000_i64) } else { (Unit::Day, 86_400_000_000) };
        let (mut from, mut to) = (0, 0);
        for partition in found {
            let Some((first, last)) = partition.times else { continue };
            let Some(start) = partition.start.as_deref().and_then(moment) else { continue };
            let micros = |span: chrono::TimeDelta| span.num_microseconds().unwrap_or(i64::MAX);
            // The greatest number of units that leaves the last time before the end of the partition.
            let room = micros(self.end(start) - last);
            from = from.min((room - 1).div_euclid(seconds));
            // The least number of units that takes the first time to the start of the partition.
            let way = micros(start - first);
            to = to.max((way + seconds - 1).div_euclid(seconds));
        }
        (Duration { count: from, unit }, Duration { count: to, unit })
    }

    fn end(&self, start: NaiveDateTime) -> NaiveDateTime {
        match self.partition.granularity {
            Granularity::HOUR => start + chrono::TimeDelta::hours(1),
            granularity => {
                let first = period_start(start.date(), granularity, Calendar::default());
                add_periods(first, granularity, 1).and_time(chrono::NaiveTime::MIN)
            }
        }
    }
}

fn read(rows: &Rows, row: usize) -> Found {
    let cell = |at: usize| rows.columns.get(at).and_then(|column| column.text(row));
    let number = |at| cell(at).and_then(|text| text.parse().ok()).unwrap_or(0);
    let time = |at| cell(at).as_deref().and_then(moment);
    Found { start: cell(0), n_rows: number(1), n_outside: number(2), times: time(3).zip(time(4)), first_row: cell(5) }
}

/// Reads a date or wall-clock time as a warehouse's answer shows it: `2024-02-29`, `2024-02-29T23:00:00`.
fn moment(text: &str) -> Option<NaiveDateTime> {
    let time = text.replacen('T', " ", 1);
    NaiveDateTime::parse_from_str(&time, "%Y-%m-%d %H:%M:%S%.f")
        .ok()
        .or_else(|| Some(time.parse::<NaiveDate>().ok()?.and_time(chrono::NaiveTime::MIN)))
}
