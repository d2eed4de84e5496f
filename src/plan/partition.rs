//! Bounds on partition columns, from the days of a range and the promises of a table.
//!
//! Rows of `booked_at` in May, cut in Berlin, of a table partitioned by UTC days with `holds: { booked_at: {} }`, lie in
//! the partitions 30 April to 31 May: the bound is widened by exactly what zone and promise need.
//!
//! **Invariant:** a bound is a constant on the bare column; see <https://cloud.google.com/bigquery/docs/querying-partitioned-tables>.

use chrono::{LocalResult, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Timelike};

use super::{
    PlanError, PlanErrorCode,
    known::Span,
    scope::Scope,
    time::{day_start, ends},
};
use crate::{
    catalog::ColumnType,
    ids::ModelId,
    project::{Partition, Project, Promise, Source, Table},
    sql::{BinaryOp, Expr, Literal, Proof, SqlExpr},
    time::{
        Calendar, DateRange, DateTime, Duration, Granularity, NaiveDate, Tz, Unit, Utc, add_periods, period_start,
        shift_date,
    },
};

/// Returns the partitioned table of a model.
pub(super) fn partitioned(project: &Project, model: ModelId) -> Option<(&Table, &Partition)> {
    match &project.models[model].source {
        Source::Table(table) => {
            let table = &project.tables[*table];
            table.partition.as_ref().map(|partition| (table, partition))
        }
        Source::Select(_) => None,
    }
}

/// Returns the partitions in which rows lie whose time lies in a span; nothing if the times are of another kind.
pub(super) fn promised(partition: &Partition, promise: &Promise, span: &Span) -> Option<Span> {
    let zone = partition.time_zone;
    let from = match &span.from {
        None => None,
        Some(value) => {
            let first = floor(clock(value, zone, promise.from, Edge::Lower)?, partition.granularity);
            Some(literal(partition, first, Edge::Lower))
        }
    };
    let to = match &span.to {
        None => None,
        Some(value) => {
            let end = ceiling(clock(value, zone, promise.to, Edge::Upper)?, partition.granularity);
            Some(literal(partition, end, Edge::Upper))
        }
    };
    Some(Span { from, to })
}

/// Writes a promise as the answer tells it.
pub(super) fn spoken(promise: &Promise) -> String {
    format!("{}: from {} to {}", promise.column, promise.from, promise.to)
}

/// Returns the span of a time dimension within a range.
pub(super) fn span_of_days(column_type: ColumnType, range: DateRange, zone: Tz) -> Span {
    let (from, to) = ends(column_type, range, zone);
    Span { from, to }
}

/// Returns the condition that a table is read from its first partition on, for what looks back over all time by its
/// definition: the warehouse sees a bound, and no row is lost.
pub(super) fn since_ever(project: &Project, scope: &Scope<'_>, model: ModelId) -> Option<SqlExpr> {
    let (_, partition) = partitioned(project, model)?;
    let first = floor(partition.since?.and_time(NaiveTime::MIN), partition.granularity);
    let column = SqlExpr::column(scope.base_alias(), partition.column.clone());
    Some(column.binary(BinaryOp::GtEq, Expr::Literal(literal(partition, first, Edge::Lower))))
}

/// Returns the bounds on a partition column that keep the partitions of some days, cut in the partition's own zone.
///
/// Without days there is no bound, unless one is required: then one that every partition fulfils.
pub(super) fn of_days(partition: &Partition, days: DateRange) -> (Option<Literal>, Option<Literal>) {
    let start = |day: NaiveDate| floor(day.and_time(NaiveTime::MIN), partition.granularity);
    let end = |day: NaiveDate| ceiling(day.and_time(NaiveTime::MIN), partition.granularity);
    let first = NaiveDate::from_ymd_opt(1, 1, 1).filter(|_| partition.required && days.to.is_none());
    let from = days.from.or(first);
    let from = from.map(|day| literal(partition, start(day), Edge::Lower));
    (from, days.to.map(|day| literal(partition, end(day), Edge::Upper)))
}

/// Which end of a bound is meant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Edge {
    /// The rows from a moment on.
    Lower,
    /// The rows before a moment.
    Upper,
}

/// Returns what the clock of the partition's zone shows at least, or at most, for rows from a moment on, or before it,
/// moved by a promise. Nothing if the constant is no moment.
///
/// Minutes and hours are elapsed time; days and longer units move the date. Wall clocks and dates are taken to be the
/// partition's own.
fn clock(value: &Literal, partition_zone: Tz, promised: Duration, edge: Edge) -> Option<NaiveDateTime> {
    let elapsed = match promised.unit {
        Unit::Second => TimeDelta::try_seconds(promised.count),
        Unit::Minute => TimeDelta::try_minutes(promised.count),
        Unit::Hour => TimeDelta::try_hours(promised.count),
        Unit::Day | Unit::Week | Unit::Month | Unit::Quarter | Unit::Year => None,
    };
    let moved = |clock: NaiveDateTime| match elapsed {
        Some(elapsed) => clock.checked_add_signed(elapsed).unwrap_or(clock),
        None => move_clock(clock, promised, edge),
    };
    match value {
        Literal::Timestamp(utc) => {
            let instant = utc.and_utc();
            Some(match elapsed.and_then(|elapsed| instant.checked_add_signed(elapsed)) {
                Some(instant) => shown(instant, partition_zone, edge),
                None => moved(shown(instant, partition_zone, edge)),
            })
        }
        Literal::DateTime(time) => Some(moved(*time)),
        Literal::Date(day) => Some(moved(day.and_time(NaiveTime::MIN))),
        _ => None,
    }
}

/// Returns a clock moved by days or more: for rows from it on, or before it, as far as any of them is moved.
///
/// 30 January moved by a month is 28 February, as 31 January is, so the rows before 31 January lie before 1 March. Those
/// before 1 July lie before 31 July, since the last of them are of 30 June.
fn move_clock(clock: NaiveDateTime, promised: Duration, edge: Edge) -> NaiveDateTime {
    let one_day = Duration { count: 1, unit: Unit::Day };
    let moved = || shift_date(clock.date(), promised, 1).and_time(clock.time());
    let days_before = || {
        let last = shift_date(shift_date(clock.date(), one_day, -1), promised, 1);
        shift_date(last, one_day, 1).and_time(NaiveTime::MIN)
    };
    let days_after = || shift_date(shift_date(clock.date(), one_day, 1), promised, 1).and_time(NaiveTime::MIN);
    match edge {
        // A month before 31 March is 29 February, as a month before 30 March is, whatever the clock shows.
        Edge::Lower => moved().min(days_after()),
        Edge::Upper if clock.time() == NaiveTime::MIN => days_before(),
        Edge::Upper => moved().max(days_before()),
    }
}

/// Returns the least that a clock shows from an instant on, or the most that it shows before it: when clocks go back, it
/// shows an hour twice.
fn shown(instant: DateTime<Utc>, zone: Tz, edge: Edge) -> NaiveDateTime {
    let clock = instant.with_timezone(&zone).naive_local();
    let LocalResult::Ambiguous(first, second) = zone.from_local_datetime(&clock) else { return clock };
    let (fold, is_first) = (second.signed_duration_since(first), first == instant);
    match edge {
        Edge::Lower if is_first => clock - fold,
        Edge::Upper if !is_first => clock + fold,
        Edge::Lower | Edge::Upper => clock,
    }
}

/// Returns the start of the partition that holds a moment.
fn floor(moment: NaiveDateTime, granularity: Granularity) -> NaiveDateTime {
    match granularity {
        Granularity::HOUR => moment
            .with_minute(0)
            .and_then(|time| time.with_second(0))
            .and_then(|time| time.with_nanosecond(0))
            .unwrap_or(moment),
        _ => period_start(moment.date(), granularity, Calendar::default()).and_time(NaiveTime::MIN),
    }
}

/// Returns the start of the first partition that holds nothing before a moment.
fn ceiling(moment: NaiveDateTime, granularity: Granularity) -> NaiveDateTime {
    let start = floor(moment, granularity);
    if start == moment {
        return start;
    }
    match granularity {
        Granularity::HOUR => start + TimeDelta::hours(1),
        _ => add_periods(start.date(), granularity, 1).and_time(NaiveTime::MIN),
    }
}

/// Returns a moment of the partition's zone as a constant of the partition column's type.
fn literal(partition: &Partition, moment: NaiveDateTime, edge: Edge) -> Literal {
    match (partition.column_type, partition.granularity) {
        (ColumnType::Date, _) => Literal::Date(moment.date()),
        (ColumnType::Timestamp, Granularity::HOUR) => {
            Literal::Timestamp(instant(moment, partition.time_zone, edge).naive_utc())
        }
        (ColumnType::Timestamp, _) => day_start(ColumnType::Timestamp, moment.date(), partition.time_zone),
        _ => Literal::DateTime(moment),
    }
}

/// Returns the instant at which a clock shows a time: of two the one that leaves no row out; an hour that the clock
/// skips is counted on from before.
fn instant(clock: NaiveDateTime, zone: Tz, edge: Edge) -> DateTime<Utc> {
    let found = zone.from_local_datetime(&clock);
    let found = match edge {
        Edge::Lower => found.earliest(),
        Edge::Upper => found.latest(),
    };
    let before = TimeDelta::hours(3);
    let counted_on = || zone.from_local_datetime(&(clock - before)).earliest().map(|instant| instant + before);
    found.or_else(counted_on).map_or(clock.and_utc(), |instant| instant.with_timezone(&Utc))
}

/// Says why a table that must be read within bounds has none, and the cheapest change that gives it one.
pub(super) fn unproven(table: &str, partition: &Partition, has_range: bool) -> PlanError {
    let column = &partition.column;
    if !has_range {
        return PlanError::new(
            PlanErrorCode::TimeRangeRequired,
            format!("table `{table}` is partitioned by `{column}` and may only be read within a time range"),
        )
        .help("Give a time range, such as the last 28 days; what looks back over all time needs `since` on the partition.");
    }
    let promises: Vec<String> = partition.holds.iter().map(|Promise { column, .. }| format!("`{column}`")).collect();
    let known = if promises.is_empty() {
        "it makes no promise (`holds`) for any time column".to_owned()
    } else {
        format!("it makes promises (`holds`) for {} only", promises.join(", "))
    };
    PlanError::new(
        PlanErrorCode::PartitionUnproven,
        format!("no bound on `{column}` follows from the query's time range on table `{table}`: {known}"),
    )
    .help(format!(
        "Declare under `tables:` how far `{column}` may lie from the time in question, with `holds`; or filter by a dimension \
         that is `{column}`."
    ))
}

/// Says why a joined table that must be read within bounds has none, and the cheapest change that gives it one.
pub(super) fn unproven_join(table: &str, partition: &Partition) -> PlanError {
    let column = &partition.column;
    let times: Vec<String> = partition.holds.iter().map(|promise| format!("`{}`", promise.column)).collect();
    let by = if times.is_empty() {
        format!("`{column}`")
    } else {
        format!("`{column}`, or {} by its promise (`holds`),", times.join(" or "))
    };
    PlanError::new(
        PlanErrorCode::PartitionUnproven,
        format!("no bound on `{column}` of joined table `{table}` follows from the query's time range"),
    )
    .help(format!("Put {by} into the key of the join, equal to a time of the metric that the range bounds."))
}

/// Says why a table that must be read within bounds of numbers has none, and the cheapest change that gives it one.
pub(super) fn unproven_numbers(proof: &Proof) -> PlanError {
    let Proof { table, column, .. } = proof;
    PlanError::new(
        PlanErrorCode::PartitionUnproven,
        format!("no bound on `{column}` of table `{table}` follows from the query's filters"),
    )
    .help(format!("Filter by `{column}`: one value, some of them (`in`), or a range (`between`)."))
}
