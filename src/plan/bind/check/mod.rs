//! Whether scans can be cut by time as a request asks.
//!
//! **Invariant:** what has no one meaning is refused here, so that the stages below need not ask.

mod cumulation;
mod offset;
mod state;
mod whole;

use self::{
    cumulation::check_cumulation,
    offset::{check_offset, check_offset_in_calendar, check_offset_to, check_order, check_periods, check_rows},
    state::check_state,
    whole::check_whole,
};
use super::{Bound, GroupKey, Scan, ScanKind};
use crate::{
    plan::{Fill, PlanError, PlanErrorCode, hours, time},
    project::{Cumulation, Size, TimeAxis},
    time::{Granularity, TimePart, Unit},
};

/// Checks that a scan can be cut by time as the request asks.
pub(super) fn check_time(bound: &Bound<'_>, scan: &Scan) -> Result<(), PlanError> {
    let project = bound.project;
    let metric =
        scan.leaves.first().map_or("the query", |leaf| project.metrics[bound.leaves[leaf.0].metric].name.as_str());
    let keys = || scan.keys.iter().map(|(_, key)| key);
    let time_keys: Vec<Size> = keys().filter_map(GroupKey::size_of_time).collect();
    let asked_parts: Vec<TimePart> = keys().filter_map(GroupKey::part_of_time).collect();
    let parts = !asked_parts.is_empty();
    if let ScanKind::State(edge) = scan.kind {
        check_order(scan, metric, &time_keys)?;
        return check_state(bound, scan, metric, edge, &time_keys, parts);
    }
    let needs_axis = bound.is_ranged || !time_keys.is_empty() || parts || scan.cumulation.is_some();
    let Some(axis) = &scan.axis else {
        if needs_axis || !scan.shift.is_none() || matches!(scan.kind, ScanKind::Balance(..) | ScanKind::Funnel(..)) {
            return Err(PlanError::new(PlanErrorCode::UnreachableDimension, format!("`{metric}` has no time axis"))
                .help(format!("Give its model `{}` a `time:`, or leave time out.", project.models[scan.model].name)));
        }
        return Ok(());
    };
    check_moments(bound, scan, axis, metric)?;
    check_order(scan, metric, &time_keys)?;
    check_rows(bound, scan, metric, parts)?;
    let sizes = time_keys.iter().map(|size| time::finest_of(*size));
    for needed in sizes.chain(asked_parts.into_iter().map(TimePart::finest)) {
        time::check_finest(&project.dimensions[axis.dimension], needed).map_err(|error| error.about_metric(metric))?;
    }
    check_whole(bound, scan, axis, metric)?;
    for size in &time_keys {
        match size.of_calendar() {
            _ if scan.shift.periods.is_some() => {}
            None => check_offset(metric, scan, time::finest_of(*size))?,
            Some(id) => check_offset_in_calendar(metric, scan, &project.granularities[id])?,
        }
    }
    if let Some(periods) = scan.shift.periods {
        check_periods(bound, scan, metric, periods, &time_keys, parts)?;
    }
    if let Some(size) = scan.offset_to {
        check_offset_to(bound, scan, metric, size, &time_keys, parts)?;
    }
    // Days move each row, so that a part of its date is told as well.
    let moves_parts = parts && scan.shift.months == 0 && scan.shift.periods.is_none();
    if !scan.shift.is_none() && !bound.is_ranged && time_keys.is_empty() && !moves_parts {
        return Err(PlanError::new(
            PlanErrorCode::TimeRangeRequired,
            format!("`{metric}` is taken back by {}, and the request has no time to take it back from", scan.shift),
        )
        .help("Give a time range, or group by `time`."));
    }
    match scan.cumulation {
        None => Ok(()),
        Some(_) if matches!(scan.kind, ScanKind::Balance(..)) => Err(PlanError::new(
            PlanErrorCode::TimeCombinationRefused,
            format!("`{metric}` is a balance, and a balance is not accumulated"),
        )
        .help("Ask for it at a coarser granularity instead.")),
        Some(cumulation) => check_cumulation(bound, scan, metric, cumulation, &time_keys, parts),
    }
}

/// Checks that an axis is fine enough for what a metric and its request say of hours.
fn check_moments(bound: &Bound<'_>, scan: &Scan, axis: &TimeAxis, metric: &str) -> Result<(), PlanError> {
    let project = bound.project;
    let window = scan.cumulation.and_then(|accumulation| match accumulation.over {
        Cumulation::Window(duration) => duration.unit.seconds().map(|_| granularity_of(duration.unit)),
        Cumulation::ToDate(Size::Standard(size)) if size.is_within_a_day() => Some(size),
        Cumulation::ToDate(_) | Cumulation::AllTime => None,
    });
    let shift = (scan.shift.seconds != 0).then(|| granularity_of(scan.shift.passing().unit));
    let dimension = &project.dimensions[axis.dimension];
    for needed in window.into_iter().chain(shift).chain(bound.range.is_within_days().then_some(Granularity::HOUR)) {
        time::check_finest(dimension, needed).map_err(|error| error.about_metric(metric))?;
    }
    if scan.shift.by_rows && scan.shift.seconds != 0 {
        let message = format!("`{metric}` is taken back by {}, each row by months and by time that passes", scan.shift);
        return Err(PlanError::new(PlanErrorCode::TimeCombinationRefused, message)
            .help("Take it back by whole days, or leave `shift: rows` out."));
    }
    let by_months = scan.shift.months != 0 || scan.shift.periods.is_some() || scan.offset_to.is_some();
    if bound.range.is_within_days() && by_months {
        let message = format!("`{metric}` is taken back by months or periods, and the range lies within days");
        return Err(PlanError::new(PlanErrorCode::TimeCombinationRefused, message)
            .help("Give the range in days, or take it back by hours, days or weeks."));
    }
    Ok(())
}

fn granularity_of(unit: Unit) -> Granularity {
    match unit {
        Unit::Second => Granularity::Second,
        Unit::Minute => Granularity::MINUTE,
        Unit::Hour => Granularity::HOUR,
        Unit::Day | Unit::Week | Unit::Month | Unit::Quarter | Unit::Year => Granularity::Day,
    }
}

/// Checks that hours are those of one kind of clock: an instant is no wall-clock time.
pub(super) fn check_hours(bound: &Bound<'_>, scans: &[Scan]) -> Result<(), PlanError> {
    let project = bound.project;
    if !bound.keys.iter().filter_map(GroupKey::size_of_time).any(Size::is_within_a_day) {
        return Ok(());
    }
    let axes = scans.iter().filter_map(|scan| scan.axis.as_ref()).map(|axis| &project.dimensions[axis.dimension]);
    let mut axes = axes.peekable();
    let Some(first) = axes.peek().copied() else { return Ok(()) };
    match axes.find(|axis| axis.column_type != first.column_type) {
        None => Ok(()),
        Some(other) => Err(PlanError::new(
            PlanErrorCode::GranularityTooFine,
            format!(
                "the hours of `{}` ({}) and of `{}` ({}) are not the same hours",
                first.name, first.column_type, other.name, other.column_type
            ),
        )
        .help("Group by day or a coarser granularity.")),
    }
}

/// Checks that missing periods can be told.
pub(super) fn check_fill(bound: &Bound<'_>) -> Result<(), PlanError> {
    let sizes: Vec<Size> = bound.keys.iter().filter_map(GroupKey::size_of_time).collect();
    if sizes.is_empty() {
        return Err(PlanError::new(PlanErrorCode::GrainMismatch, "there are no periods to fill without a time key")
            .help("Group by `time` at a granularity, or leave out `fill`."));
    }
    if bound.range.from.is_none() || bound.range.to.is_none() {
        return Err(PlanError::new(PlanErrorCode::TimeRangeRequired, "missing periods are made within a time range")
            .help("Give a time range with a beginning and an end."));
    }
    let within: Vec<Granularity> =
        sizes.iter().filter_map(|size| size.standard()).filter(|size| size.is_within_a_day()).collect();
    if within.is_empty() { Ok(()) } else { hours::check(bound.range, bound.zone, &within) }
}

/// Checks that so many days and longer periods can be made, where any are: to be filled in, accumulated up to, or shown
/// what holds in them.
pub(super) fn check_made(bound: &Bound<'_>, scans: &[Scan]) -> Result<(), PlanError> {
    let are_made = |scan: &Scan| scan.cumulation.is_some() || matches!(scan.kind, ScanKind::State(_));
    let sizes: Vec<Size> = bound.keys.iter().filter_map(GroupKey::size_of_time).collect();
    if sizes.is_empty() || !(bound.fill == Fill::Time || scans.iter().any(are_made)) {
        return Ok(());
    }
    // An open side ends about today.
    let (from, to) = (bound.range.from.unwrap_or(bound.today), bound.range.to.unwrap_or(bound.today));
    let has_parts = bound.keys.iter().any(|key| key.part_of_time().is_some());
    let days = sizes.iter().map(|size| if has_parts { 1 } else { days_of(*size) }).min().unwrap_or(1);
    hours::check_count((to - from).num_days() / days)
}

/// Returns the days of the shortest period of a size.
fn days_of(size: Size) -> i64 {
    match size.standard() {
        Some(Granularity::Week) => 7,
        Some(Granularity::Month) => 28,
        Some(Granularity::Quarter | Granularity::FiscalQuarter) => 90,
        Some(Granularity::Year | Granularity::FiscalYear) => 365,
        Some(Granularity::Second | Granularity::Minute(_) | Granularity::Hour(_) | Granularity::Day) | None => 1,
    }
}
