//! Metrics of metrics: a select per member below, an aggregate over its rows above.
//!
//! `parcels_per_customer` by country: the parcels of each customer and country, then their mean by country.
//!
//! **Invariant:** the filters, the time and the principal of the request hold in the select below.

use super::{
    KeyKind, PlanError, access,
    bind::{
        Accumulation, Bound, BoundTop, GroupBy, GroupKey, LeafId, LeafValue, MakesRows, Output, Scan, Shift, Usage,
        WithoutRows,
    },
    calendar::{self, Beside},
    cumulative,
    scan::{LeafAggregate, Rows, function_of, range_shown},
    time::{move_day, truncate},
    to_sql::{self, Built},
};
use crate::{
    ids::{MetricId, ModelId},
    project::{Member, MetricKind, NestedMetric, Ref, Size, Take},
    sql::{AggregateFunction, Expr, From, SqlExpr},
    time::{Granularity, Unit},
};

mod everyone;
mod windows;

/// The alias of the select below.
const MEMBERS: &str = "members";

/// Builds the rows of a nested metric: one per member and group.
pub(super) fn rows(
    bound: &Bound<'_>,
    scan: &Scan,
    metric: MetricId,
    filters: &[(ModelId, Expr<Ref>)],
) -> Result<Rows, PlanError> {
    let MetricKind::Nested(nested) = &bound.project.metrics[metric].kind else {
        unreachable!("the scan was made for a nested metric")
    };
    // A window over days is one of the metric: which of its days is the best is asked once they are told apart.
    let window = if windows::counts_periods(nested) { cumulative::window(bound, scan) } else { None };
    if let Some(window) = &window {
        windows::check(bound, scan, nested, window)?;
    }
    let told = |(_, key): &&(usize, GroupKey)| window.is_none() || key.size_of_time().is_none();
    let told: Vec<&(usize, GroupKey)> = scan.keys.iter().filter(told).collect();
    let mut keys: Vec<GroupKey> = told.iter().map(|(_, key)| key.clone()).collect();
    let n_keys = keys.len();
    let mut without_null = Vec::new();
    let mut days = None;
    for member in &nested.per {
        for (key, is_thing) in member_keys(bound, scan, member, keys.len() - n_keys) {
            without_null.extend(is_thing.then_some(keys.len()));
            days = days.or(matches!(member, Member::Time(_)).then_some(keys.len()));
            keys.push(key);
        }
    }
    let is_windowed = window.is_some();
    let usage = Usage {
        filters: filters.to_vec(),
        shift: if is_windowed { Shift::default() } else { scan.shift },
        cumulation: if is_windowed { None } else { scan.cumulation },
        offset_to: None,
        ignore: None,
        within: None,
    };
    let rest = rest_of(bound, &told);
    let n_below = keys.len();
    // What is taken back to the start of a period is found there below, too; a shift is part of the usage.
    let range = window.as_ref().map_or_else(|| range_shown(bound, scan), |window| window.rows);
    let below = bound.below(nested.metric, keys, usage, range)?.beside_rest(rest.clone());
    let below = access::grant(below)?;
    let built = to_sql::build(below.get())?;
    let columns: Vec<String> = built.select.items.iter().map(|item| item.alias.clone()).collect();
    let value = columns.last().expect("a select has columns").clone();
    let filter = Expr::all(without_null.iter().map(|index| SqlExpr::column(MEMBERS, &columns[*index]).is_null(true)));
    let arg = |leaf: LeafValue| match leaf {
        LeafValue::Rows => None,
        _ if nested.aggregation == crate::project::Aggregation::Count => None,
        _ => Some(SqlExpr::column(MEMBERS, &value)),
    };
    let aggregates = aggregates(bound, scan, nested, &arg);
    let keys = told.iter().zip(&columns).map(|((position, _), name)| (*position, SqlExpr::column(MEMBERS, name)));
    let rows = Rows { rest: column_of_rest(rest.as_ref()), ..over(built, keys.collect(), aggregates, filter) };
    if let Some((window, day)) = window.zip(days) {
        return Ok(windows::joined(bound, scan, &window, rows, SqlExpr::column(MEMBERS, &columns[day])));
    }
    if !nested.include_all {
        return Ok(rows);
    }
    let (keys, others) = columns.split_at(n_keys);
    let without_rows = WithoutRows::of_metric(below.get());
    let members = &others[..n_below - n_keys];
    let below = everyone::Below { keys, members, value: &value, without_rows: &without_rows };
    everyone::with_all_members(bound, scan, nested, rows, below)
}

/// Returns the top whose rest a scan has as a group, with the key's place among the keys of the scan.
///
/// What is told for each member or day is told of the rest as one group: a customer with orders in two channels that are
/// not among the best is one customer of the rest.
fn rest_of(bound: &Bound<'_>, keys: &[&(usize, GroupKey)]) -> Option<BoundTop> {
    let top = bound.top.as_ref().filter(|top| top.other)?;
    let key = keys.iter().position(|(position, _)| *position == top.key)?;
    Some(BoundTop { key, ..top.clone() })
}

/// Returns the column of the select below that tells the rest.
fn column_of_rest(rest: Option<&BoundTop>) -> Option<SqlExpr> {
    rest.map(|_| SqlExpr::column(MEMBERS, to_sql::IS_OTHER))
}

/// Returns the keys that tell members apart, and whether a null among them is no member.
fn member_keys(bound: &Bound<'_>, scan: &Scan, member: &Member, before: usize) -> Vec<(GroupKey, bool)> {
    let name = |index: usize| format!("member_{}", before + index + 1);
    match member {
        Member::Model { name: role, model } => {
            let columns = bound.project.models[*model].primary_key.iter().enumerate();
            let key = |(index, column): (usize, &String)| {
                let by = GroupBy::Member { model: role.clone(), column: column.clone(), loose: false };
                (GroupKey { name: name(index), by }, true)
            };
            columns.map(key).collect()
        }
        Member::Dimension(path) => {
            let kind = KeyKind::Dimension { path: path.clone(), granularity: None, part: None };
            vec![(GroupKey { name: name(0), by: GroupBy::Asked(kind) }, false)]
        }
        Member::Time(size) => {
            // 29 February is a day of its year, also where that year is shown beside another; so is the 29th day of a month
            // of five weeks beside one of four.
            let by_periods = scan.shift.months != 0 || scan.shift.periods.is_some();
            let is_period_moved = by_periods && scan.cumulation.is_none() && !scan.shift.by_rows;
            let size = (*size).into();
            let by = if is_period_moved { GroupBy::MemberPeriod(size) } else { GroupBy::Asked(KeyKind::Time(size)) };
            vec![(GroupKey { name: name(0), by }, true)]
        }
    }
}

fn aggregates(
    bound: &Bound<'_>,
    scan: &Scan,
    nested: &NestedMetric,
    arg: &dyn Fn(LeafValue) -> Option<SqlExpr>,
) -> Vec<LeafAggregate> {
    let aggregate = |leaf: &LeafId| {
        let value = bound.leaves[leaf.0].value;
        let function = match value {
            LeafValue::Rows => AggregateFunction::Count,
            _ => function_of(nested.aggregation),
        };
        LeafAggregate::of_rows(*leaf, function, arg(value))
    };
    scan.leaves.iter().map(aggregate).collect()
}

fn over(built: Built, keys: Vec<(usize, SqlExpr)>, aggregates: Vec<LeafAggregate>, filter: Option<SqlExpr>) -> Rows {
    Rows {
        from: From::Select { select: Box::new(built.select), alias: MEMBERS.to_owned() },
        joins: Vec::new(),
        filter,
        keys,
        aggregates,
        row: Vec::new(),
        grouped: false,
        rest: None,
        uses: built.uses,
        tables: built.tables,
        promises: built.promises,
        rollups: built.rollups,
    }
}

/// Returns whether a scan is accumulated and takes the mean of days for a longer period.
pub(super) fn is_mean_of_days(scan: &Scan) -> bool {
    let is_longer =
        |(_, key): &(usize, GroupKey)| key.size_of_time().is_some_and(|size| size > Granularity::Day.into());
    scan.cumulation.is_some_and(|cumulation| cumulation.take == Take::Avg) && scan.keys.iter().any(is_longer)
}

/// Builds the rows of an accumulated scan whose longer periods show the mean of their days: one row per day.
///
/// Months take the period back: beside February stands the mean of all days of January, also of those that February lacks.
pub(super) fn mean_of_days(bound: &Bound<'_>, scan: &Scan) -> Result<Rows, PlanError> {
    let months = if scan.shift.by_rows { 0 } else { scan.shift.months };
    let by_day = |(_, key): &(usize, GroupKey)| {
        let by = match key.size_of_time() {
            Some(_) if months != 0 => GroupBy::MemberPeriod(Granularity::Day.into()),
            Some(_) => GroupBy::Asked(KeyKind::Time(Granularity::Day.into())),
            None => key.by.clone(),
        };
        GroupKey { name: key.name.clone(), by }
    };
    let keys: Vec<GroupKey> = scan.keys.iter().map(by_day).collect();
    let output = |leaf: &LeafId| {
        let of = &bound.leaves[leaf.0];
        let value_type = bound.project.metrics[of.metric].value_type;
        Output { name: of.name.clone(), formula: Expr::Leaf(*leaf), value_type, position: Some(leaf.0), rank: None }
    };
    let days = Scan {
        cumulation: scan.cumulation.map(|cumulation| Accumulation { take: Take::Last, ..cumulation }),
        keys: keys.iter().cloned().enumerate().collect(),
        makes_rows: MakesRows::Always,
        ..scan.clone()
    };
    let rest = rest_of(bound, &scan.keys.iter().collect::<Vec<_>>());
    let below = bound.by(keys, scan.leaves.iter().map(output).collect(), days).beside_rest(rest.clone());
    let range = Shift { months, ..Shift::default() }.range(bound.project, bound.range, bound.zone);
    let below = Bound { range, ..below };
    let below = access::grant(below)?;
    let built = to_sql::build(below.get())?;
    let columns: Vec<String> = built.select.items.iter().map(|item| item.alias.clone()).collect();
    let (key_columns, others) = columns.split_at(scan.keys.len());
    let leaf_columns = &others[usize::from(rest.is_some())..];
    let mut calendars = Vec::new();
    let value = |((position, key), name): (&(usize, GroupKey), &String)| {
        let day = SqlExpr::column(MEMBERS, name);
        let size = key.size_of_time();
        let value = match (size, size.and_then(calendar::column_of)) {
            (_, Some((id, column))) => {
                let mut beside = Beside::default();
                let value = beside.column(bound.project, id, column);
                calendars.extend(beside.joins(bound.project, &day));
                value
            }
            (Some(Size::Standard(granularity)), None) => {
                move_day(truncate(day, granularity, bound.project.calendar), Unit::Month, months)
            }
            (_, None) => day,
        };
        (*position, value)
    };
    let aggregate = |(leaf, name): (&LeafId, &String)| {
        LeafAggregate::of_rows(*leaf, AggregateFunction::Avg, Some(SqlExpr::column(MEMBERS, name)))
    };
    let keys = scan.keys.iter().zip(key_columns).map(value).collect();
    let aggregates = scan.leaves.iter().zip(leaf_columns).map(aggregate).collect();
    Ok(Rows { joins: calendars, rest: column_of_rest(rest.as_ref()), ..over(built, keys, aggregates, None) })
}
