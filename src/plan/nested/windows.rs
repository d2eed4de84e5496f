//! A window over members that are days: the days that lie in it, each with the value of the whole day.
//!
//! The best day of 7 days, by month: of each month the best of its last 7 days.
//!
//! **Invariant:** a day lies in a window whole, or not at all.

use crate::{
    catalog::ColumnType,
    plan::{
        PlanError, PlanErrorCode,
        bind::{Bound, Scan, own_time},
        cumulative::{self, Window},
        scan::Rows,
        time::TimeValue,
    },
    project::{Member, NestedMetric, Size, Take},
    sql::{Expr, SqlExpr},
    time::Granularity,
};

/// Returns whether a metric of a metric counts periods as its members.
pub(super) fn counts_periods(nested: &NestedMetric) -> bool {
    nested.per.iter().any(|member| matches!(member, Member::Time(_)))
}

/// Checks that windows hold whole members, and that what is asked of their time is known of them.
pub(super) fn check(bound: &Bound<'_>, scan: &Scan, nested: &NestedMetric, window: &Window) -> Result<(), PlanError> {
    let refuse = |what: &str, help: &str| {
        let name = scan.leaves.first().map_or("", |leaf| bound.leaves[leaf.0].name.as_str());
        let message = format!("`{name}` accumulates over time what it tells for each period, and {what}");
        Err(PlanError::new(PlanErrorCode::TimeCombinationRefused, message).help(help))
    };
    let is_day = |member: &Member| match member {
        Member::Time(size) => Size::from(*size) == Granularity::Day.into(),
        Member::Model { .. } | Member::Dimension(_) => true,
    };
    let is_longer = |size: Size| size > Granularity::Day.into();
    let takes_mean = scan.cumulation.is_some_and(|cumulation| cumulation.take == Take::Avg);
    let names_its_time =
        bound.filter.is_some_and(|filter| own_time::is_named(bound.project, filter, scan.model, scan.axis.as_ref()));
    if window.by_hours || !nested.per.iter().all(is_day) {
        return refuse("its windows would cut those periods", "Tell it `per: day`, and accumulate whole days.");
    }
    if takes_mean && scan.keys.iter().filter_map(|(_, key)| key.size_of_time()).any(is_longer) {
        return refuse("the mean of days is asked for", "Group by day, or use `take: last`.");
    }
    if !scan.shift.is_none() && names_its_time {
        return refuse("is taken back under a filter on its time", "Give the time as a range.");
    }
    Ok(())
}

/// Joins the members to the windows that their days lie in; without a time key there is one window, whose days they are.
pub(super) fn joined(bound: &Bound<'_>, scan: &Scan, window: &Window, mut rows: Rows, day: SqlExpr) -> Rows {
    let of_time = scan.keys.iter().filter(|(_, key)| key.size_of_time().is_some());
    rows.keys.extend(of_time.map(|(position, _)| (*position, Expr::null())));
    rows.keys.sort_by_key(|(position, _)| *position);
    cumulative::accumulate(bound, window, rows, &TimeValue { expr: day, column_type: ColumnType::Date })
}
