//! Whether a request speaks of times within a day, and how the clock of its zone is changed then.
//!
//! **Invariant:** what speaks of days only pays nothing for the changes of clocks.

use super::{LeafUse, Shift, own_time, simple};
use crate::{
    ids::MetricId,
    plan::{Key, KeyKind, Request},
    project::{Cumulation, Size, Visible},
    sql::{Expr, Function, Name},
    time::{ClockChanges, DateRange, Duration, Granularity, Tz, Unit, shift_date},
};

/// For how many days before a range times lie in it that are not its axis, such as the day of an order.
const DAYS_OF_OTHER_TIMES: i64 = 3_660;
/// The days of the longest period since whose start a metric is accumulated, and a few more.
const DAYS_TO_DATE: i64 = 370;
/// What a range of local days may differ by from the days in UTC.
const MARGIN: i64 = 2;

/// Finds the changes of the clock that may matter to a request.
pub(super) fn changes(
    project: &Visible<'_>,
    zone: Tz,
    request: &Request,
    leaves: &[LeafUse],
    range: DateRange,
) -> ClockChanges {
    let of_axis = |key: &Key| match key.kind {
        KeyKind::Time(size) => size.is_within_a_day(),
        KeyKind::Dimension { .. } | KeyKind::TimePart(_) => false,
    };
    let of_others = |key: &Key| match key.kind {
        KeyKind::Dimension { granularity, .. } => granularity.is_some_and(Size::is_within_a_day),
        KeyKind::Time(_) | KeyKind::TimePart(_) => false,
    };
    let is_moved = |leaf: &LeafUse| leaf.usage.shift != Shift::default();
    let filter = request.filter.as_ref();
    let names_time = |leaf: &LeafUse, filter| {
        let axis = |metric: &MetricId| {
            let simple = simple(project, *metric);
            own_time::is_named(project, filter, simple.model, simple.time.as_ref())
        };
        project.leaves(leaf.metric).iter().any(axis)
    };
    let moves_filter =
        filter.is_some_and(|filter| leaves.iter().any(|leaf| is_moved(leaf) && names_time(leaf, filter)));
    let others = request.keys.iter().any(of_others) || moves_filter || filter.is_some_and(speaks_of_hours);
    let windows = leaves.iter().filter_map(days_of_window).max();
    if !others && windows.is_none() && !request.keys.iter().any(of_axis) {
        return ClockChanges::default();
    }
    let back = if others { DAYS_OF_OTHER_TIMES } else { windows.unwrap_or(0) };
    let moved = |day, count, sign| shift_date(day, Duration { count, unit: Unit::Day }, sign);
    let from = range.from.map(|day| moved(day, back.saturating_add(MARGIN), -1));
    ClockChanges::between(zone, from, range.to.map(|day| moved(day, MARGIN, 1)))
}

/// Returns how many days a window within which hours matter reaches back before the range, wherever it is taken back to.
fn days_of_window(leaf: &LeafUse) -> Option<i64> {
    let days = match leaf.usage.cumulation?.over {
        Cumulation::Window(Duration { count, unit }) => {
            let days = unit.days().or(unit.months().map(|months| i64::from(months) * 31)).unwrap_or(1);
            count.saturating_mul(days)
        }
        Cumulation::ToDate(_) => DAYS_TO_DATE,
        Cumulation::AllTime if leaf.usage.shift.is_none() => return None,
        Cumulation::AllTime => 0,
    };
    let Shift { months, days: days_back, seconds, .. } = leaf.usage.shift;
    let back = months.saturating_mul(31).saturating_add(days_back).saturating_add(seconds / 86_400);
    Some(days.saturating_add(back))
}

fn speaks_of_hours(expr: &Expr<Name>) -> bool {
    let mut found = match expr {
        Expr::Call { function: Function::WrittenTruncate(granularity), .. } => granularity.is_within_a_day(),
        Expr::Leaf(Name::Path(words)) => {
            words.last().and_then(|word| Granularity::from_name(&word.value)).is_some_and(Granularity::is_within_a_day)
        }
        _ => false,
    };
    expr.for_each_child(&mut |child| found |= speaks_of_hours(child));
    found
}
