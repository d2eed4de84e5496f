//! Balances of versioned models: the versions that are valid at the last or first moment of each period.
//!
//! `parcels_in_status` by week counts the statuses that were valid when each week ended.
//!
//! **Invariant:** a version counts where `from <= moment` and the moment lies before `to`, or `to` is null; the last
//! moment of a period is just before its end.

use super::{
    PlanError,
    bind::{Bound, Scan, Shift},
    scan::{LeafAggregate, Rows, aggregates, filter_of_request, key_value},
    scope::{Finished, Scope},
    time::{self, TimeValue},
};
use crate::{
    catalog::ColumnType,
    project::{Edge, Route, Size},
    sql::{BinaryOp, Expr, From, Function, Join, JoinKind, Select, SelectItem, SqlExpr, first_instant},
    time::{ClockChanges, Duration, Granularity, Unit, shift_date},
};

const DAY: Duration = Duration { count: 1, unit: Unit::Day };
const YEAR: Duration = Duration { count: 1, unit: Unit::Year };
const HOURS_OF_DAY: u32 = 24;

/// Builds the rows of a balance over versions.
pub(super) fn rows(bound: &Bound<'_>, scan: &Scan, edge: Edge) -> Result<Rows, PlanError> {
    let project = bound.project;
    let versions = project.models[scan.model].versions.as_ref().expect("the scan was made for versions");
    let mut scope = Scope::new(bound.frame, scan.model);
    let mut conditions: Vec<SqlExpr> = scope.base_filter().into_iter().collect();
    conditions.extend(filter_of_request(bound, scan, &mut scope)?);
    let mut period = None;
    let mut keys = Vec::new();
    for (position, key) in &scan.keys {
        match key.size_of_time() {
            Some(Size::Standard(granularity)) => period = Some((*position, granularity)),
            _ => keys.push((*position, key_value(bound, scan, &mut scope, None, key, false)?)),
        }
    }
    let aggregates = aggregates(bound, scan, &mut scope, &mut conditions, None)?;
    let (from, to) = (scope.column(&Route::here(), &versions.from), scope.column(&Route::here(), &versions.to));
    let Some((position, granularity)) = period else {
        let day = match edge {
            Edge::First => bound.range.from.expect("checked when bound"),
            Edge::Last => bound.range.to.unwrap_or_else(|| shift_date(bound.today, DAY, 1)),
        };
        let moment = Expr::Literal(time::day_start(versions.column_type, scan.shift.back(day), bound.zone));
        conditions.extend(valid(edge, &from, &to, &moment));
        let Finished { from, joins, uses, tables, promises } = scope.finish()?;
        let filter = Expr::all(conditions);
        return Ok(Rows {
            from,
            joins,
            filter,
            keys,
            aggregates,
            row: Vec::new(),
            grouped: false,
            rest: None,
            uses,
            tables,
            promises,
            rollups: Vec::new(),
        });
    };

    let mut items = vec![from.named("valid_from"), to.named("valid_to")];
    let mut outer_keys = vec![(position, SqlExpr::column("periods", "period"))];
    for (position, value) in keys {
        let alias = format!("key_{}", position + 1);
        outer_keys.push((position, SqlExpr::column("versions", &alias)));
        items.push(value.named(alias));
    }
    outer_keys.sort_by_key(|(position, _)| *position);
    let outer = aggregates.into_iter().map(|aggregate| {
        let arg = aggregate.arg.map(|value| {
            let alias = format!("{}_value", bound.leaves[aggregate.leaf.0].name);
            items.push(value.named(alias.clone()));
            SqlExpr::column("versions", alias)
        });
        LeafAggregate::of_rows(aggregate.leaf, aggregate.function, arg)
    });
    let outer: Vec<LeafAggregate> = outer.collect();
    let Finished { from, joins, uses, tables, promises } = scope.finish()?;
    let select = Select { items, from: Some(from), joins, filter: Expr::all(conditions), ..Select::default() };
    let moment = moment(bound, scan, edge, granularity, versions.column_type);
    let on = valid(edge, &SqlExpr::column("versions", "valid_from"), &SqlExpr::column("versions", "valid_to"), &moment);
    // A day that the earlier month lacks shows nothing.
    let by_months = Shift { months: -scan.shift.months, ..Shift::default() };
    let exists = (granularity == Granularity::Day).then(|| period_day().day_exists(bound.cut(), by_months)).flatten();
    Ok(Rows {
        from: From::Select { select: Box::new(periods(bound, granularity)), alias: "periods".to_owned() },
        joins: vec![Join {
            kind: JoinKind::Inner,
            to: From::Select { select: Box::new(select), alias: "versions".to_owned() },
            on: Expr::all(on.into_iter().chain(exists)),
        }],
        filter: None,
        keys: outer_keys,
        aggregates: outer,
        row: Vec::new(),
        grouped: false,
        rest: None,
        uses,
        tables,
        promises,
        rollups: Vec::new(),
    })
}

/// Returns the conditions that a version is valid at a moment, or just before it.
fn valid(edge: Edge, from: &SqlExpr, to: &SqlExpr, moment: &SqlExpr) -> Vec<SqlExpr> {
    let (begins, goes_on) = match edge {
        Edge::First => (BinaryOp::LtEq, BinaryOp::Gt),
        Edge::Last => (BinaryOp::Lt, BinaryOp::GtEq),
    };
    let begun = from.clone().binary(begins, moment.clone());
    let still = to.clone().is_null(false).or(to.clone().binary(goes_on, moment.clone()));
    vec![begun, still]
}

/// Returns the day that is a period.
fn period_day() -> TimeValue {
    TimeValue { expr: SqlExpr::column("periods", "period"), column_type: ColumnType::Date }
}

/// Returns the start of a period, or its end, in the type of the versions.
fn moment(bound: &Bound<'_>, scan: &Scan, edge: Edge, granularity: Granularity, column_type: ColumnType) -> SqlExpr {
    let period = time::add_units(SqlExpr::column("periods", "period"), Unit::Month, -scan.shift.months);
    let day = match edge {
        Edge::First => period,
        Edge::Last => time::period_end(period, granularity),
    };
    let day = Expr::call(Function::DateOf, vec![time::add_units(day, Unit::Day, -scan.shift.days)]);
    let wall_clock = |day| Expr::Cast { arg: Box::new(day), to: ColumnType::DateTime };
    match column_type {
        ColumnType::Date => day,
        ColumnType::Timestamp => instant_of_midnight(bound, scan, wall_clock(day)),
        _ => wall_clock(day),
    }
}

/// Returns the first instant at which the clock shows a midnight, which in some zones it does twice a year.
fn instant_of_midnight(bound: &Bound<'_>, scan: &Scan, midnight: SqlExpr) -> SqlExpr {
    let range = scan.shift.range(bound.project, bound.range, bound.zone);
    // Periods begin and end outside the range, by a year at most.
    let moved = |day, sign| shift_date(day, YEAR, sign);
    let (from, to) = (range.from.map(|from| moved(from, -1)), range.to.map(|to| moved(to, 1)));
    let changes = ClockChanges::between(bound.zone, from, to);
    if changes.repeats_start(HOURS_OF_DAY) {
        first_instant(midnight, bound.zone, changes)
    } else {
        Expr::call(Function::InstantOf(bound.zone), vec![midnight])
    }
}

/// Returns the periods of the range; without an end those up to today.
fn periods(bound: &Bound<'_>, granularity: Granularity) -> Select {
    let first = bound.range.from.expect("checked when bound");
    let last = bound.range.to.map_or(bound.today, |to| shift_date(to, DAY, -1));
    let days = From::Days {
        from: Box::new(Expr::date(first)),
        to: Box::new(Expr::date(last)),
        alias: "days".to_owned(),
        column: "day".to_owned(),
    };
    let period = time::truncate(SqlExpr::column("days", "day"), granularity, bound.project.calendar);
    let items: Vec<SelectItem> = vec![period.named("period")];
    Select { distinct: true, items, from: Some(days), ..Select::default() }
}
