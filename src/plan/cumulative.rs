//! Metrics accumulated over time: each period of the answer gathers the rows of its window.
//!
//! `28 days` by month: for May the rows of 4 to 31 May. The rows are read once, cut to what any window needs, and
//! joined to the periods whose window they lie in; any aggregate is right over such a window, distinct counts too.
//!
//! **Invariant:** a query's range cuts the periods of the answer, never a window.

use super::{
    bind::{Accumulation, Bound, GroupBy, GroupKey, Scan, Shift},
    calendar::{self, Beside, CalendarColumn},
    hours,
    scan::{LeafAggregate, Rows},
    time::{self, TimeValue},
};
use crate::{
    catalog::ColumnType,
    project::{Cumulation, Size, Take},
    sql::{AggregateFunction, BinaryOp, Expr, From, Function, Join, JoinKind, Leaf, Select, SqlExpr},
    time::{
        Calendar, DateRange, Duration, Granularity, NaiveDate, TimePart, Unit, add_periods, period_start, shift_date,
    },
};

/// The windows of a scan.
#[derive(Debug)]
pub(super) struct Window {
    /// The sizes of the answer's periods by the position of their key; none if one window ends with the range.
    sizes: Vec<(usize, Size)>,
    width: Width,
    shift: Shift,
    /// Whether windows begin or end within a day.
    pub(super) by_hours: bool,
    /// The days of the rows that any window needs.
    pub(super) rows: DateRange,
}

/// How much time a window spans.
#[derive(Clone, Copy, Debug)]
enum Width {
    /// What is accumulated up to a moment of each period.
    Over(Accumulation),
    /// For each day of the answer the rows of one day.
    OneDay,
}

/// Finds the windows of a scan and the rows they need; none if it is neither accumulated nor shifted by rows.
pub(super) fn window(bound: &Bound<'_>, scan: &Scan) -> Option<Window> {
    let size_at = |(position, key): &(usize, GroupKey)| key.size_of_periods().map(|size| (*position, size));
    // Periods of the rows are those of the earlier time, which nothing takes back by months.
    let are_of_rows = scan.keys.iter().any(|(_, key)| matches!(key.by, GroupBy::MemberPeriod(_)));
    let months = if are_of_rows { 0 } else { scan.shift.months };
    let scan = &Scan { shift: Shift { months, ..scan.shift }, ..scan.clone() };
    let sizes: Vec<(usize, Size)> = scan.keys.iter().filter_map(size_at).collect();
    let by_hours = scan.cumulation.is_some_and(|accumulation| hours::are_meant(bound, scan, accumulation));
    let (width, rows) = match (scan.cumulation, scan.shift.by_rows) {
        (Some(accumulation), _) if by_hours => {
            let size = sizes.first().and_then(|(_, size)| size.standard());
            (Width::Over(accumulation), hours::rows_of_windows(bound, scan, accumulation, size))
        }
        (Some(accumulation), _) => {
            let size = sizes.first().map(|(_, size)| *size);
            (Width::Over(accumulation), rows_of_windows(bound, scan, accumulation, size))
        }
        (None, true) => (Width::OneDay, rows_of_days(bound, scan.shift)),
        (None, false) => return None,
    };
    Some(Window { sizes, width, shift: scan.shift, by_hours, rows })
}

fn rows_of_windows(bound: &Bound<'_>, scan: &Scan, accumulation: Accumulation, size: Option<Size>) -> DateRange {
    let project = bound.project;
    let day_before = |day| shift_date(day, Duration { count: 1, unit: Unit::Day }, -1);
    let back = |end: NaiveDate| match accumulation.over {
        Cumulation::Window(duration) => Some(shift_date(end, duration, -1)),
        Cumulation::ToDate(size) => calendar::first_day(project, size, day_before(end)),
        Cumulation::AllTime => None,
    };
    let end_of = |first: NaiveDate| match size {
        // The end of the period is what moves by days: 28 days before 1 April is 4 March, not a month after 2 February.
        Some(Size::Standard(size)) => {
            let by_months = Shift { days: 0, ..scan.shift };
            let by_days = Shift { months: 0, ..scan.shift };
            let start = by_months.back(period_start(first, size, project.calendar));
            Some(by_days.back(match accumulation.take {
                Take::Last | Take::Avg => add_periods(start, size, 1),
                Take::First => add_periods(start, Granularity::Day, 1),
            }))
        }
        Some(size) => calendar::period_end(project, size, first).map(|end| scan.shift.back(end)),
        None => Some(scan.shift.back(first)),
    };
    let last_end = bound.range.to.and_then(|to| end_of(if size.is_some() { day_before(to) } else { to }));
    let first_end = match (size, accumulation.take) {
        // The first day of a calendar's period may lie before the range.
        (Some(size), Take::First) if size.of_calendar().is_some() => bound
            .range
            .from
            .and_then(|from| calendar::first_day(project, size, from))
            .map(|first| scan.shift.back(first)),
        // Whatever a calendar says, the period of a day ends behind it.
        (Some(_), _) => bound.range.from.map(|from| end_of(from).unwrap_or_else(|| scan.shift.back(from))),
        (None, _) => last_end,
    };
    DateRange::days(first_end.and_then(back), last_end)
}

/// Returns the days that the days of a range look back at.
fn rows_of_days(bound: &Bound<'_>, shift: Shift) -> DateRange {
    let one_day = Duration { count: 1, unit: Unit::Day };
    let to = bound.range.to.map(|to| shift_date(shift.back_clamped(shift_date(to, one_day, -1)), one_day, 1));
    DateRange::days(bound.range.from.map(|from| shift.back_clamped(from)), to)
}

/// Joins the rows of a scan to the windows that they lie in.
///
/// ```sql
/// FROM (SELECT DISTINCT DATE_TRUNC(day, MONTH) AS period FROM days) AS periods
/// JOIN (SELECT country, day, price FROM shipments WHERE …) AS events
///   ON events.day >= window_start AND events.day < window_end
/// ```
pub(super) fn accumulate(bound: &Bound<'_>, window: &Window, rows: Rows, axis: &TimeValue) -> Rows {
    if window.sizes.is_empty() && matches!(window.width, Width::Over(_)) {
        return rows;
    }
    let mut items =
        vec![if window.by_hours { axis.expr.clone().named("moment") } else { axis.day(bound.cut()).named("day") }];
    let mut keys = Vec::new();
    for (position, value) in rows.keys {
        if window.sizes.iter().any(|(at, _)| *at == position) {
            keys.push((position, SqlExpr::column("periods", window.period(position))));
        } else {
            let alias = format!("key_{}", position + 1);
            keys.push((position, SqlExpr::column("events", alias.clone())));
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
        aggregates.push(LeafAggregate::of_rows(aggregate.leaf, aggregate.function, arg));
    }
    let row = rows.row.into_iter().enumerate().map(|(index, column)| {
        let alias = format!("row_{}", index + 1);
        items.push(column.named(alias.clone()));
        SqlExpr::column("events", alias)
    });
    let row = row.collect();
    let rest = rows.rest.map(|rest| {
        items.push(rest.named("is_rest"));
        SqlExpr::column("events", "is_rest")
    });
    let events = Select { items, from: Some(rows.from), joins: rows.joins, filter: rows.filter, ..Select::default() };

    let size = window.sizes.first().and_then(|(_, size)| size.standard());
    let by_hours = size.filter(|_| window.by_hours);
    let (periods, ends) = match by_hours {
        Some(size) if size.is_within_a_day() => (hours::periods(bound, size, axis.column_type), None),
        _ => periods(bound, window, &events),
    };
    let on = match (window.width, by_hours) {
        (Width::Over(accumulation), Some(size)) => {
            hours::in_window(bound, (size, window.shift, accumulation), axis.column_type)
        }
        (Width::Over(accumulation), None) => in_window(bound, window, accumulation, ends),
        (Width::OneDay, _) => {
            let months = time::add_units(SqlExpr::column("periods", "day"), Unit::Month, -window.shift.months);
            let back = time::move_day(months, Unit::Day, -window.shift.days);
            let back = Expr::call(Function::DateOf, vec![back]);
            vec![SqlExpr::column("events", "day").binary(BinaryOp::Eq, back)]
        }
    };
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
        row,
        grouped: false,
        rest,
        uses: rows.uses,
        tables: rows.tables,
        promises: rows.promises,
        rollups: rows.rollups,
    }
}

impl Window {
    /// Returns the name of the column of a time key's periods.
    fn period(&self, position: usize) -> String {
        if self.sizes.len() == 1 { "period".to_owned() } else { format!("period_{}", position + 1) }
    }
}

/// The two ends of the window of each period, over columns of the periods.
struct Ends {
    start: Option<SqlExpr>,
    end: SqlExpr,
}

/// Returns the conditions that a row lies in the window of a period.
fn in_window(bound: &Bound<'_>, window: &Window, accumulation: Accumulation, ends: Option<Ends>) -> Vec<SqlExpr> {
    let (_, size) = *window.sizes.first().expect("windows without periods are not joined");
    let period = || SqlExpr::column("periods", "period");
    let moved = |period: SqlExpr| time::add_units(period, Unit::Month, -window.shift.months);
    let Ends { start, end } = ends.unwrap_or_else(|| ends_of(bound, window, accumulation, size, &period()));
    let event_day = || SqlExpr::column("events", "day");
    let mut on: Vec<SqlExpr> = start.map(|start| event_day().binary(BinaryOp::GtEq, start)).into_iter().collect();
    on.push(event_day().binary(BinaryOp::Lt, end));
    if size == Granularity::Day.into() && window.shift.months != 0 {
        let part = |day| {
            let value = TimeValue { expr: day, column_type: ColumnType::Date };
            value.part(bound.cut(), TimePart::DayOfMonth, Shift::default())
        };
        on.push(part(moved(period())).binary(BinaryOp::Eq, part(period())));
    }
    on
}

/// Returns the two ends of the window of a period that needs no calendar.
fn ends_of(bound: &Bound<'_>, window: &Window, accumulation: Accumulation, size: Size, period: &SqlExpr) -> Ends {
    let moved = time::add_units(period.clone(), Unit::Month, -window.shift.months);
    let end_of_period = match (accumulation.take, size) {
        (Take::Last | Take::Avg, Size::Standard(size)) => time::period_end(moved, size),
        _ => time::add_units(moved, Unit::Day, 1),
    };
    let end = time::add_units(end_of_period, Unit::Day, -window.shift.days);
    Ends { start: start_of_window(accumulation.over, &end, bound.project.calendar), end }
}

/// Returns where a window begins that ends at `end`; nothing if it has no beginning, or a calendar says it.
pub(crate) fn start_of_window(over: Cumulation, end: &SqlExpr, calendar: Calendar) -> Option<SqlExpr> {
    match over {
        Cumulation::Window(duration) => Some(time::add_units(end.clone(), duration.unit, -duration.count)),
        Cumulation::ToDate(Size::Standard(size)) => {
            let last_day = time::add_units(end.clone(), Unit::Day, -1);
            Some(time::truncate(last_day, size, calendar))
        }
        Cumulation::ToDate(Size::Calendar(_) | Size::FirstDay(_)) | Cumulation::AllTime => None,
    }
}

/// Adds to the periods what a calendar says of their windows: the end of a period, the start of what is "to date".
fn ends_by_calendar(
    bound: &Bound<'_>,
    window: &Window,
    accumulation: Accumulation,
    select: &mut Select,
    beside: &mut Beside,
) -> Option<Ends> {
    let project = bound.project;
    let (_, size) = *window.sizes.first()?;
    let to_date = match accumulation.over {
        Cumulation::ToDate(size) => size.of_calendar(),
        Cumulation::Window(_) | Cumulation::AllTime => None,
    };
    if size.of_calendar().is_none() && to_date.is_none() {
        return None;
    }
    let end_of_days = match size.of_calendar() {
        None => ends_of(bound, window, accumulation, size, &select.items.first()?.expr).end,
        Some(id) => {
            let end = match accumulation.take {
                Take::Last | Take::Avg => beside.column(project, id, CalendarColumn::End),
                Take::First => time::move_day(beside.column(project, id, CalendarColumn::Start), Unit::Day, 1),
            };
            time::move_day(end, Unit::Day, -window.shift.days)
        }
    };
    select.items.push(end_of_days.clone().named("window_end"));
    let end = SqlExpr::column("periods", "window_end");
    let Some(id) = to_date else {
        let start = start_of_window(accumulation.over, &end, project.calendar);
        return Some(Ends { start, end });
    };
    let mut of_last_day = Beside::under("to_date");
    select.items.push(of_last_day.column(project, id, CalendarColumn::Start).named("window_start"));
    select.joins = of_last_day.joins(project, &time::move_day(end_of_days, Unit::Day, -1));
    Some(Ends { start: Some(SqlExpr::column("periods", "window_start")), end })
}

/// Returns the periods of the answer: those of the range; where a side is open, from the first row up to today, or to
/// the last row if that is later, since what has accumulated stays.
fn periods(bound: &Bound<'_>, window: &Window, events: &Select) -> (Select, Option<Ends>) {
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
    let last_row = || match window.width {
        Width::Over(_) => edge(AggregateFunction::Max),
        Width::OneDay => {
            // A few days more than a month end can be clamped by.
            let months = time::move_day(edge(AggregateFunction::Max), Unit::Month, window.shift.months);
            time::move_day(months, Unit::Day, window.shift.days + 3)
        }
    };
    let last = bound.range.to.map_or_else(
        || of_rows(Expr::call(Function::Greatest, vec![last_row(), Expr::date(bound.today)])),
        |to| Expr::date(shift_date(to, Duration { count: 1, unit: Unit::Day }, -1)),
    );
    let days =
        From::Days { from: Box::new(first), to: Box::new(last), alias: "days".to_owned(), column: "day".to_owned() };
    let day = || SqlExpr::column("days", "day");
    let mut beside = Beside::default();
    let distinct = matches!(window.width, Width::Over(_));
    let mut select = Select { distinct, from: Some(days), ..Select::default() };
    for (position, size) in &window.sizes {
        let period = match (size, calendar::column_of(*size)) {
            (_, Some((id, column))) => beside.column(bound.project, id, column),
            (Size::Standard(granularity), None) => time::truncate(day(), *granularity, bound.project.calendar),
            (_, None) => day(),
        };
        select.items.push(period.named(window.period(*position)));
    }
    let ends = match window.width {
        Width::Over(accumulation) => ends_by_calendar(bound, window, accumulation, &mut select, &mut beside),
        Width::OneDay => {
            select.items.push(day().named("day"));
            None
        }
    };
    let of_days = beside.joins(bound.project, &day());
    if !of_days.is_empty() {
        // A day that the calendar lacks makes no period.
        let periods = select.items.iter().take(window.sizes.len());
        select.filter = Expr::all(periods.map(|item| item.expr.clone().is_null(true)));
        select.joins.splice(0..0, of_days);
    }
    (select, ends)
}
