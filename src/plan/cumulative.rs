//! Metrics accumulated over time: each period of the answer gathers the rows of its window.
//!
//! `28 days` by month: for May the rows of 4 to 31 May. The rows are read once, cut to what any window needs, and
//! joined to the periods whose window they lie in; any aggregate is right over such a window, distinct counts too.
//!
//! **Invariant:** a query's range cuts the periods of the answer, never a window.

use super::{
    KeyKind,
    bind::{Bound, Scan, Shift},
    scan::{LeafAggregate, Rows},
    time::{self, Cut, TimeValue},
};
use crate::{
    catalog::ColumnType,
    project::Cumulation,
    sql::{AggregateFunction, BinaryOp, Expr, From, Function, Join, JoinKind, Leaf, Select, SqlExpr},
    time::{DateRange, Duration, Granularity, NaiveDate, TimePart, Unit, add_periods, period_start, shift_date},
};

/// The windows of a scan.
#[derive(Debug)]
pub(super) struct Window {
    /// The size of the answer's periods; absent if there is one window, which ends with the range.
    granularity: Option<Granularity>,
    cumulation: Cumulation,
    shift: Shift,
    /// The days of the rows that any window needs.
    pub(super) rows: DateRange,
}

/// Finds the windows of a scan and the rows they need.
pub(super) fn window(bound: &Bound<'_>, scan: &Scan, cumulation: Cumulation) -> Window {
    let calendar = bound.project.calendar;
    let granularity = bound.keys.iter().find_map(|key| match key.kind {
        KeyKind::Time(granularity) => Some(granularity),
        KeyKind::TimePart(_) | KeyKind::Dimension { .. } => None,
    });
    let back = |end: NaiveDate| match cumulation {
        Cumulation::Window(duration) => Some(shift_date(end, duration, -1)),
        Cumulation::ToDate(size) => {
            let last = shift_date(end, Duration { count: 1, unit: Unit::Day }, -1);
            Some(period_start(last, size, calendar))
        }
        Cumulation::AllTime => None,
    };
    let end_of = |first: NaiveDate| match granularity {
        // The end of the period is what moves by days: 28 days before 1 April is 4 March, not a month after 2 February.
        Some(size) => {
            let by_months = Shift { days: 0, ..scan.shift };
            let by_days = Shift { months: 0, ..scan.shift };
            by_days.back(add_periods(by_months.back(period_start(first, size, calendar)), size, 1))
        }
        None => scan.shift.back(first),
    };
    let last_end = bound.range.to.map(|to| match granularity {
        Some(_) => end_of(shift_date(to, Duration { count: 1, unit: Unit::Day }, -1)),
        None => end_of(to),
    });
    let first_end = match granularity {
        Some(_) => bound.range.from.map(end_of),
        None => last_end,
    };
    let rows = DateRange { from: first_end.and_then(back), to: last_end };
    Window { granularity, cumulation, shift: scan.shift, rows }
}

/// Joins the rows of a scan to the windows that they lie in.
///
/// ```sql
/// FROM (SELECT DISTINCT DATE_TRUNC(day, MONTH) AS period FROM days) AS periods
/// JOIN (SELECT country, day, price FROM shipments WHERE …) AS events
///   ON events.day >= window_start AND events.day < window_end
/// ```
pub(super) fn accumulate(bound: &Bound<'_>, window: &Window, rows: Rows, day: SqlExpr) -> Rows {
    let Some(granularity) = window.granularity else { return rows };
    let calendar = bound.project.calendar;
    let mut items = vec![day.named("day")];
    let mut keys = Vec::new();
    for (index, (key, value)) in bound.keys.iter().zip(rows.keys).enumerate() {
        if matches!(key.kind, KeyKind::Time(_)) {
            keys.push(SqlExpr::column("periods", "period"));
        } else {
            let alias = format!("key_{}", index + 1);
            keys.push(SqlExpr::column("events", alias.clone()));
            items.push(value.named(alias));
        }
    }
    let mut aggregates = Vec::new();
    for aggregate in rows.aggregates {
        let arg = aggregate.arg.map(|value| {
            let alias = format!("{}_value", bound.leaves[aggregate.leaf.0].name);
            items.push(value.named(alias.clone()));
            SqlExpr::column("events", alias)
        });
        aggregates.push(LeafAggregate { leaf: aggregate.leaf, function: aggregate.function, arg });
    }
    let events = Select { items, from: Some(rows.from), joins: rows.joins, filter: rows.filter, ..Select::default() };

    let period = || SqlExpr::column("periods", "period");
    let moved = |period: SqlExpr| time::add_units(period, Unit::Month, -window.shift.months);
    let end = time::add_units(time::period_end(moved(period()), granularity), Unit::Day, -window.shift.days);
    let start = match window.cumulation {
        Cumulation::Window(duration) => Some(time::add_units(end.clone(), duration.unit, -duration.count)),
        Cumulation::ToDate(size) => Some(time::truncate(time::add_units(end.clone(), Unit::Day, -1), size, calendar)),
        Cumulation::AllTime => None,
    };
    let event_day = || SqlExpr::column("events", "day");
    let mut on: Vec<SqlExpr> = start.map(|start| event_day().binary(BinaryOp::GtEq, start)).into_iter().collect();
    on.push(event_day().binary(BinaryOp::Lt, end));
    let cut = Cut { zone: bound.zone, calendar };
    if granularity == Granularity::Day && window.shift.months != 0 {
        let part = |day| {
            TimeValue { expr: day, column_type: ColumnType::Date }.part(cut, TimePart::DayOfMonth, Shift::default())
        };
        on.push(part(moved(period())).binary(BinaryOp::Eq, part(period())));
    }
    let periods = periods(bound, granularity, &events);
    Rows {
        from: From::Select { select: Box::new(periods), alias: "periods".to_owned() },
        joins: vec![Join {
            kind: JoinKind::Inner,
            to: From::Select { select: Box::new(events), alias: "events".to_owned() },
            on: Expr::all(on),
        }],
        filter: None,
        keys,
        aggregates,
        uses: rows.uses,
        tables: rows.tables,
        promise: rows.promise,
    }
}

/// Returns the periods of the answer: those of the range; where a side is open, from the first row up to today, or to
/// the last row if that is later, since what has accumulated stays.
fn periods(bound: &Bound<'_>, granularity: Granularity, events: &Select) -> Select {
    let of_rows = |item: SqlExpr| {
        let events = From::Select { select: Box::new(events.clone()), alias: "events".to_owned() };
        Expr::Leaf(Leaf::Scalar(Box::new(Select {
            items: vec![item.named("day")],
            from: Some(events),
            ..Select::default()
        })))
    };
    let edge = |function| SqlExpr::aggregate(function, Some(SqlExpr::column("events", "day")));
    let first = bound.range.from.map_or_else(|| of_rows(edge(AggregateFunction::Min)), Expr::date);
    let last = bound.range.to.map_or_else(
        || {
            let last_row = edge(AggregateFunction::Max);
            of_rows(Expr::call(Function::Greatest, vec![last_row, Expr::date(bound.today)]))
        },
        |to| Expr::date(shift_date(to, Duration { count: 1, unit: Unit::Day }, -1)),
    );
    let days =
        From::Days { from: Box::new(first), to: Box::new(last), alias: "days".to_owned(), column: "day".to_owned() };
    let day = SqlExpr::column("days", "day");
    Select {
        distinct: true,
        items: vec![time::truncate(day, granularity, bound.project.calendar).named("period")],
        from: Some(days),
        ..Select::default()
    }
}
