//! Windows and missing periods within a day: the moments of a range, and the ends of a window about them.
//!
//! `6 hours` by hour: for the hour from 10 to 11 o'clock the rows from 5 o'clock on. By day, where nothing else is said:
//! the rows of the day's last six hours.
//!
//! **Invariant:** hours pass, days move the clock; the range cuts the periods of the answer, never a window.

use super::{
    PlanError, PlanErrorCode,
    bind::{Accumulation, Bound, Scan, Shift},
    time::{self, Cut, TimeValue},
};
use crate::{
    catalog::ColumnType,
    project::{Cumulation, Size, Take},
    sql::{BinaryOp, Expr, From, Literal, Select, SqlExpr, first_instant, period_end_of_instant},
    time::{DateRange, Duration, Granularity, Moment, TimePart, Tz, Unit, add_periods, period_start},
};

/// The greatest number of periods that are made for one answer, within a day or longer.
const MOST_PERIODS: i64 = 100_000;
const SECOND: Duration = Duration { count: 1, unit: Unit::Second };

/// Returns whether a scan's windows begin or end within a day.
pub(super) fn are_meant(bound: &Bound<'_>, scan: &Scan, accumulation: Accumulation) -> bool {
    let by_hours = match accumulation.over {
        Cumulation::Window(duration) => duration.unit.seconds().is_some(),
        Cumulation::ToDate(size) => size.is_within_a_day(),
        Cumulation::AllTime => false,
    };
    let size = scan.keys.iter().find_map(|(_, key)| key.size_of_periods());
    by_hours || size.map_or(bound.range.is_within_days() || scan.shift.seconds != 0, Size::is_within_a_day)
}

/// Returns the rows that the windows of a scan need.
pub(super) fn rows_of_windows(
    bound: &Bound<'_>,
    scan: &Scan,
    accumulation: Accumulation,
    size: Option<Granularity>,
) -> DateRange {
    let (zone, calendar) = (bound.zone, bound.project.calendar);
    let end_of = |moment: Moment, size: Granularity| {
        if size.is_within_a_day() {
            let end = moment.period_start(size, zone, calendar).period_end(size, zone);
            return scan.shift.back_moment(end, zone);
        }
        let day = period_start(moment.clock.date(), size, calendar);
        let by_months = Shift { days: 0, seconds: 0, ..scan.shift };
        let by_days = Shift { months: 0, seconds: 0, ..scan.shift };
        let step = if accumulation.take == Take::First { Granularity::Day } else { size };
        Moment::of_day(by_days.back(add_periods(by_months.back(day), step, 1)), zone)
    };
    let (first_end, last_end) = match size {
        Some(size) => {
            let (first, end) = bound.range.ends(zone);
            (first.map(|first| end_of(first, size)), end.map(|end| end_of(end.moved(SECOND, -1, zone), size)))
        }
        None => {
            let (_, end) = scan.shift.range(bound.project, bound.range, zone).ends(zone);
            (end, end)
        }
    };
    let from = first_end.and_then(|end| match accumulation.over {
        Cumulation::Window(duration) => Some(end.moved(duration, -1, zone)),
        Cumulation::ToDate(Size::Standard(size)) => {
            Some(end.moved(SECOND, -1, zone).period_start(size, zone, calendar))
        }
        Cumulation::ToDate(Size::Calendar(_) | Size::FirstDay(_)) | Cumulation::AllTime => None,
    });
    DateRange::moments(from, last_end, zone)
}

/// Returns the periods of the answer, whose windows rows lie in.
///
/// ```sql
/// SELECT moments.moment AS period FROM (SELECT unnest(generate_series(…, INTERVAL 1 HOUR)) AS moment) AS moments
/// ```
pub(super) fn periods(bound: &Bound<'_>, size: Granularity, column_type: ColumnType) -> Select {
    let series = Series::of(bound, &[size], column_type);
    let value = series.moment();
    let period = if series.step == size && !bound.changes.uneven {
        value.expr
    } else {
        value.period(bound.cut(), size, Shift::default())
    };
    Select {
        distinct: series.step != size || bound.changes.uneven,
        items: vec![period.named("period")],
        from: Some(series.table()),
        ..Select::default()
    }
}

/// Returns the conditions that a row's moment lies in the window of a period.
pub(super) fn in_window(
    bound: &Bound<'_>,
    (size, shift, accumulation): (Granularity, Shift, Accumulation),
    column_type: ColumnType,
) -> Vec<SqlExpr> {
    let cut = bound.cut();
    let period = || SqlExpr::column("periods", "period");
    let value = |expr| TimeValue { expr, column_type };
    let mut on = Vec::new();
    let end = if size.is_within_a_day() {
        let end = match column_type {
            ColumnType::Timestamp => period_end_of_instant(period(), size, cut.zone, cut.changes),
            _ => time::add_seconds(period(), i64::from(size.seconds().unwrap_or(0))),
        };
        // As where ranges are taken back: days of the clock first, then what passes.
        let by_days = value(end).moved(cut, Shift { seconds: 0, ..shift }.negated());
        time::add_seconds(by_days, -shift.seconds)
    } else {
        let moved = time::add_units(period(), Unit::Month, -shift.months);
        let end = match accumulation.take {
            Take::Last | Take::Avg => time::period_end(moved.clone(), size),
            Take::First => time::add_units(moved.clone(), Unit::Day, 1),
        };
        if size == Granularity::Day && shift.months != 0 {
            let part = |expr| {
                let day = TimeValue { expr, column_type: ColumnType::Date };
                day.part(cut, TimePart::DayOfMonth, Shift::default())
            };
            on.push(part(moved).binary(BinaryOp::Eq, part(period())));
        }
        start_of_day(time::add_units(end, Unit::Day, -shift.days), column_type, cut)
    };
    let moment = || SqlExpr::column("events", "moment");
    if let Some(start) = start_of(bound, accumulation, &value(end.clone())) {
        on.insert(0, moment().binary(BinaryOp::GtEq, start));
    }
    on.push(moment().binary(BinaryOp::Lt, end));
    on
}

/// Returns where a window begins that ends at a moment; nothing if it has no beginning.
fn start_of(bound: &Bound<'_>, accumulation: Accumulation, end: &TimeValue) -> Option<SqlExpr> {
    let cut = bound.cut();
    match accumulation.over {
        Cumulation::Window(duration) => Some(end.moved_by(cut, duration.unit, -duration.count)),
        Cumulation::ToDate(Size::Standard(size)) => {
            let last = TimeValue { expr: time::add_units(end.expr.clone(), Unit::Second, -1), ..end.clone() };
            let start = last.period(cut, size, Shift::default());
            Some(if size.is_within_a_day() { start } else { start_of_day(start, end.column_type, cut) })
        }
        Cumulation::ToDate(Size::Calendar(_) | Size::FirstDay(_)) | Cumulation::AllTime => None,
    }
}

/// Returns the moment at which a day begins, in the type of a column.
fn start_of_day(day: SqlExpr, column_type: ColumnType, cut: Cut) -> SqlExpr {
    let midnight = Expr::Cast { arg: Box::new(day), to: ColumnType::DateTime };
    match column_type {
        ColumnType::Timestamp => first_instant(midnight, cut.zone, cut.changes),
        _ => midnight,
    }
}

/// The moments of a range, close enough to meet every period of some sizes.
#[derive(Debug)]
pub(super) struct Series {
    first: Literal,
    end: Literal,
    seconds: i64,
    step: Granularity,
    column_type: ColumnType,
}

impl Series {
    /// Makes the moments of the request's range, which has two ends.
    pub(super) fn of(bound: &Bound<'_>, sizes: &[Granularity], column_type: ColumnType) -> Self {
        let (first, end) = bound.range.ends(bound.zone);
        let (first, end) = (first.expect("checked when bound"), end.expect("checked when bound"));
        let step = step(sizes, bound.changes.uneven && column_type == ColumnType::Timestamp);
        let first = first.period_start(step, bound.zone, bound.project.calendar);
        let literal = |moment: Moment| match column_type {
            ColumnType::Timestamp => Literal::Timestamp(moment.at.naive_utc()),
            _ => Literal::DateTime(moment.clock),
        };
        let seconds = i64::from(step.seconds().unwrap_or(1));
        Self { first: literal(first), end: literal(end), seconds, step, column_type }
    }

    /// Returns the moment of a row of the series.
    pub(super) fn moment(&self) -> TimeValue {
        TimeValue { expr: SqlExpr::column("moments", "moment"), column_type: self.column_type }
    }

    /// Returns the table of the moments.
    pub(super) fn table(self) -> From {
        let (alias, column) = ("moments".to_owned(), "moment".to_owned());
        From::Moments { first: self.first, end: self.end, seconds: self.seconds, alias, column }
    }
}

/// Returns how far moments may lie apart to meet every period of some sizes.
fn step(sizes: &[Granularity], uneven: bool) -> Granularity {
    let seconds = sizes.iter().filter_map(|size| size.seconds()).fold(0, gcd);
    // Hours are counted one by one, since a part of the day may have one more or less.
    match (seconds, uneven) {
        (3600.., false) => Granularity::HOUR,
        (3600.., true) => Granularity::minutes(15).unwrap_or(Granularity::MINUTE),
        (60..3600, true) => Granularity::MINUTE,
        (60..3600, false) => Granularity::minutes(i64::from(seconds / 60)).unwrap_or(Granularity::MINUTE),
        (_, _) => Granularity::Second,
    }
}

fn gcd(a: u32, b: u32) -> u32 {
    if a == 0 { b } else { gcd(b % a, a) }
}

/// Checks that the moments of a range can be made.
pub(super) fn check(range: DateRange, zone: Tz, sizes: &[Granularity]) -> Result<(), PlanError> {
    let (Some(first), Some(end)) = range.ends(zone) else {
        return Err(PlanError::new(
            PlanErrorCode::TimeRangeRequired,
            "periods within a day are made within a time range",
        )
        .help("Give a time range with a beginning and an end."));
    };
    let seconds = i64::from(step(sizes, false).seconds().unwrap_or(1));
    check_count((end.at - first.at).num_seconds() / seconds)
}

/// Checks that so many periods can be made.
pub(super) fn check_count(count: i64) -> Result<(), PlanError> {
    if count <= MOST_PERIODS {
        return Ok(());
    }
    let message = format!("{count} periods would be made, and {MOST_PERIODS} are the most");
    Err(PlanError::new(PlanErrorCode::LimitExceeded, message).help("Give a shorter range, or a coarser granularity."))
}

/// Returns the type of the moments of a request's metrics, which have one where they are told by the hour.
pub(super) fn column_type(bound: &Bound<'_>) -> ColumnType {
    let axis = bound.scans.iter().find_map(|scan| scan.axis.as_ref());
    axis.map_or(ColumnType::Timestamp, |axis| bound.project.dimensions[axis.dimension].column_type)
}
