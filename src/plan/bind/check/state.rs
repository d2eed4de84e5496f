//! Whether the moments of a balance over versions are known.

use super::offset::check_offset;
use crate::{
    plan::{
        PlanError, PlanErrorCode,
        bind::{Bound, Scan},
    },
    project::{Edge, Size},
};

/// Checks that the moments of a balance over versions are known.
pub(super) fn check_state(
    bound: &Bound<'_>,
    scan: &Scan,
    metric: &str,
    edge: Edge,
    time_keys: &[Size],
    parts: bool,
) -> Result<(), PlanError> {
    let refuse = |code, what: &str, help: &str| Err(PlanError::new(code, format!("`{metric}` {what}")).help(help));
    for size in time_keys {
        match size {
            Size::Standard(granularity) => check_offset(metric, scan, *granularity)?,
            Size::Calendar(_) | Size::FirstDay(_) => {
                return refuse(
                    PlanErrorCode::TimeCombinationRefused,
                    "is a balance over versions, which is not told for the periods of a calendar",
                    "Group by a granularity such as `time.week`.",
                );
            }
        }
    }
    let moved = scan.shift.by_rows || scan.shift.periods.is_some() || scan.offset_to.is_some();
    let by_hours = scan.shift.seconds != 0 || bound.range.is_within_days();
    if parts || time_keys.len() > 1 || scan.cumulation.is_some() || moved {
        return refuse(
            PlanErrorCode::TimeCombinationRefused,
            "is a balance over versions, which is told for the periods of one granularity",
            "Group by one granularity of `time`.",
        );
    }
    if by_hours || time_keys.iter().any(|size| size.is_within_a_day()) {
        return refuse(
            PlanErrorCode::GranularityTooFine,
            "is a balance over versions, which is told by the day",
            "Group by day or a coarser granularity.",
        );
    }
    let is_open = bound.range.from.is_none() && (!time_keys.is_empty() || edge == Edge::First);
    if is_open {
        return refuse(
            PlanErrorCode::TimeRangeRequired,
            "is a balance over versions, whose periods only a range tells",
            "Give a time range with a beginning.",
        );
    }
    Ok(())
}
