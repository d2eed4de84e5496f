//! Whether a time that is known by months or the like is spoken of in whole ones.
//!
//! A budget of March lies on 1 March: a window of 28 days to the end of March, or a range from 10 March, would not hold it.

use crate::{
    plan::{
        PlanError, PlanErrorCode,
        bind::{Bound, Scan, Shift},
    },
    project::{Cumulation, DimensionKind, Size, TimeAxis},
    time::{Duration, Granularity, NaiveDate, period_start},
};

/// Checks that the range, the window and the shift of a scan are made of whole periods by which its time is known.
pub(super) fn check_whole(bound: &Bound<'_>, scan: &Scan, axis: &TimeAxis, metric: &str) -> Result<(), PlanError> {
    let project = bound.project;
    let dimension = &project.dimensions[axis.dimension];
    let DimensionKind::Time { finest } = dimension.kind else { return Ok(()) };
    if finest.nests_in(Granularity::Day) {
        return Ok(());
    }
    let refuse = |what: String, help: &str| {
        let message = format!("{what}, and `{}`, the time of `{metric}`, is known by {finest} only", dimension.name);
        Err(PlanError::new(PlanErrorCode::GranularityTooFine, message).help(format!("{help} in whole {finest}s.")))
    };
    let is_start = |day: NaiveDate| period_start(day, finest, project.calendar) == day;
    if let Some(day) = [bound.range.from, bound.range.to].into_iter().flatten().find(|day| !is_start(*day)) {
        return refuse(format!("the time range begins or ends on {day}, within a {finest}"), "Give the range");
    }
    // Months taken back row by row lead from the start of one period to that of another, too.
    if !(Shift { by_rows: false, ..scan.shift }).is_whole(finest) {
        return refuse(format!("`{metric}` is taken back by {}", scan.shift), "Take it back");
    }
    let is_whole = scan.cumulation.is_none_or(|accumulation| match accumulation.over {
        Cumulation::Window(duration) => length(duration).is_whole(finest),
        Cumulation::ToDate(Size::Standard(size)) => finest.nests_in(size),
        Cumulation::ToDate(Size::Calendar(_) | Size::FirstDay(_)) => false,
        Cumulation::AllTime => true,
    });
    if is_whole { Ok(()) } else { refuse(format!("`{metric}` accumulates over a part of a {finest}"), "Accumulate it") }
}

/// Returns how far back a window begins.
fn length(Duration { count, unit }: Duration) -> Shift {
    let times = |of: i64| of.saturating_mul(count);
    Shift {
        months: unit.months().map_or(0, |months| times(i64::from(months))),
        days: unit.days().map_or(0, times),
        seconds: unit.seconds().map_or(0, times),
        ..Shift::default()
    }
}
