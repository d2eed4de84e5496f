//! Whether a metric can be accumulated over time as is asked.

use crate::{
    plan::{
        PlanError, PlanErrorCode,
        bind::{Accumulation, Bound, Scan, ScanKind},
        calendar, hours,
    },
    project::{Cumulation, Size},
    time::{Granularity, add_periods},
};

pub(super) fn check_cumulation(
    bound: &Bound<'_>,
    scan: &Scan,
    metric: &str,
    accumulation: Accumulation,
    time_keys: &[Size],
    parts: bool,
) -> Result<(), PlanError> {
    let (project, cumulation, range) = (bound.project, accumulation.over, bound.range);
    let by_hours = hours::are_meant(bound, scan, accumulation);
    let refuse = |code, what: &str, help: &str| Err(PlanError::new(code, format!("`{metric}` {what}")).help(help));
    match time_keys {
        _ if parts => refuse(
            PlanErrorCode::TimeCombinationRefused,
            "accumulates over time, and a part of a date is no moment in time",
            "Group by `time` at a granularity.",
        ),
        [_, _, ..] => refuse(
            PlanErrorCode::TimeCombinationRefused,
            "accumulates over time, and is asked for at two granularities at once",
            "Group by one granularity of `time`.",
        ),
        _ if by_hours && matches!(scan.kind, ScanKind::Funnel(..)) => refuse(
            PlanErrorCode::TimeCombinationRefused,
            "is a funnel, which accumulates whole days",
            "Group by day or a coarser granularity, and accumulate days.",
        ),
        _ if by_hours && is_of_calendar(cumulation, time_keys) => refuse(
            PlanErrorCode::TimeCombinationRefused,
            "accumulates hours, and the periods of a calendar are days",
            "Group by a granularity such as `time.week`, or accumulate days.",
        ),
        [_] if by_hours && (range.from.is_none() || range.to.is_none()) => refuse(
            PlanErrorCode::TimeRangeRequired,
            "accumulates by the hour, which takes a range",
            "Give a time range with a beginning and an end.",
        ),
        [Size::Standard(size)] if size.is_within_a_day() => hours::check(range, bound.zone, &[*size]),
        [] if range.to.is_none() && cumulation != Cumulation::AllTime => refuse(
            PlanErrorCode::TimeRangeRequired,
            "accumulates up to the end of a range, and the request has none",
            "Give a time range with an end, or group by `time`.",
        ),
        [] => match (cumulation, range.to) {
            // The window begins with the period of the range's last day.
            (Cumulation::ToDate(size), Some(to)) => match size.of_calendar() {
                Some(id) => {
                    let last = add_periods(to, Granularity::Day, -1);
                    calendar::first_day(project, size, last)
                        .map(|_| ())
                        .ok_or_else(|| calendar::unread(project, id, last))
                }
                None => Ok(()),
            },
            _ => Ok(()),
        },
        [_] => Ok(()),
    }
}

fn is_of_calendar(cumulation: Cumulation, time_keys: &[Size]) -> bool {
    let to_date = match cumulation {
        Cumulation::ToDate(size) => size.of_calendar(),
        Cumulation::Window(_) | Cumulation::AllTime => None,
    };
    to_date.is_some() || time_keys.iter().any(|size| size.of_calendar().is_some())
}
