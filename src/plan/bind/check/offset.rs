//! Whether a metric can be taken back as far as is asked, at the granularities that are asked for.

use crate::{
    ids::GranularityId,
    plan::{
        PlanError, PlanErrorCode,
        bind::{Bound, Scan, ScanKind, Shift, own_time},
        calendar,
    },
    project::{CalendarGranularity, Size},
    time::Granularity,
};

/// Checks that a metric can be taken back by periods of a calendar.
pub(super) fn check_periods(
    bound: &Bound<'_>,
    scan: &Scan,
    metric: &str,
    (id, count): (GranularityId, i64),
    time_keys: &[Size],
    parts: bool,
) -> Result<(), PlanError> {
    let project = bound.project;
    let name = &project.granularities[id].name;
    let refuse = |code, what: &str, help: &str| {
        let message = format!("`{metric}` is taken back by {count} {name}, and {what}");
        Err(PlanError::new(code, message).help(help))
    };
    let names_its_time =
        bound.filter.is_some_and(|filter| own_time::is_named(project, filter, scan.model, scan.axis.as_ref()));
    let not_yet = PlanErrorCode::TimeCombinationRefused;
    if scan.cumulation.is_some() {
        return refuse(not_yet, "accumulated over time", "Use an offset of weeks, such as 52 weeks.");
    }
    if matches!(scan.kind, ScanKind::Funnel(..)) {
        return refuse(not_yet, "is a funnel", "Use an offset of weeks, such as 52 weeks.");
    }
    if parts || names_its_time {
        let help = "Group by `time` at a granularity, and give the time as a range.";
        return refuse(not_yet, "the request speaks of a part of its time or filters by it", help);
    }
    if let Some(size) = time_keys.iter().find(|size| !calendar::lies_in(project, **size, id)) {
        let what = format!("a {} does not lie in one", project.size_name(*size));
        let help = "Group by day, or by a granularity of the calendar that lies in it.";
        return refuse(PlanErrorCode::OffsetFinerThanGranularity, &what, help);
    }
    let ends = [bound.range.from, bound.range.to];
    let unknown =
        project.granularities[id].periods.is_empty() || calendar::range_back(project, id, count, bound.range).is_none();
    if unknown {
        return Err(calendar::unread(project, id, ends.into_iter().flatten().max().unwrap_or(bound.today)));
    }
    Ok(())
}

pub(super) fn check_offset_to(
    metric: &str,
    size: Granularity,
    time_keys: &[Size],
    parts: bool,
) -> Result<(), PlanError> {
    let finer = |key: &Size| match key {
        Size::Standard(key) => *key != size && (key.nests_in(size) || *key == Granularity::Week),
        Size::Calendar(_) | Size::FirstDay(_) => false,
    };
    if time_keys.len() == 1 && time_keys.iter().all(finer) && !parts {
        return Ok(());
    }
    Err(PlanError::new(
        PlanErrorCode::OffsetFinerThanGranularity,
        format!("`{metric}` is taken back to the start of a {size}, which takes one time key that is finer"),
    )
    .help("Group by one granularity of `time` that lies inside of it."))
}

/// An offset of days is no finer than the shortest period, counted in whole weeks; months are no periods of a calendar.
pub(super) fn check_offset_in_calendar(metric: &str, scan: &Scan, size: &CalendarGranularity) -> Result<(), PlanError> {
    let Shift { months, days, seconds, by_rows, at_any_size, periods: _ } = scan.shift;
    let shortest = size.periods.iter().map(|period| (period.to - period.from).num_days()).min().unwrap_or(1);
    let whole_weeks = if shortest < 7 { shortest } else { shortest / 7 * 7 };
    if seconds == 0 && (by_rows || at_any_size || (months == 0 && (days == 0 || days >= whole_weeks))) {
        return Ok(());
    }
    let message = if months == 0 && seconds == 0 {
        format!("`{metric}` is taken back by {}, which is less than a {}", scan.shift, size.name)
    } else {
        format!("`{metric}` is taken back by {}, which is no whole number of {}s", scan.shift, size.name)
    };
    Err(PlanError::new(PlanErrorCode::OffsetFinerThanGranularity, message)
        .help("Use an offset of weeks, such as 52 weeks, or of the calendar's own periods."))
}

pub(super) fn check_offset(metric: &str, scan: &Scan, granularity: Granularity) -> Result<(), PlanError> {
    let Shift { months, days, seconds, by_rows, at_any_size, periods: _ } = scan.shift;
    // Counted in whole weeks: 52 of them compare years, though a year is a day longer.
    let shortest = match granularity {
        Granularity::Second | Granularity::Minute(_) | Granularity::Hour(_) | Granularity::Day => 1,
        Granularity::Week => 7,
        Granularity::Month => 4 * 7,
        Granularity::Quarter | Granularity::FiscalQuarter => 12 * 7,
        Granularity::Year | Granularity::FiscalYear => 52 * 7,
    };
    let whole_months = match granularity {
        within if within.is_within_a_day() => months == 0,
        Granularity::Week => months == 0,
        _ => granularity.months().is_none_or(|period| months % i64::from(period) == 0),
    };
    let fits_by_rows = (by_rows || at_any_size) && !granularity.is_within_a_day();
    let whole_hours = match granularity.seconds() {
        Some(length) => seconds % i64::from(length) == 0,
        None => seconds == 0,
    };
    let fits = whole_hours && (fits_by_rows || whole_months && (months != 0 || days == 0 || days >= shortest));
    if fits {
        return Ok(());
    }
    // Days need not be whole months or years, but as many as one has.
    let why = if months == 0 && seconds == 0 {
        format!("less than a {granularity}")
    } else {
        format!("no whole number of {granularity}s")
    };
    Err(PlanError::new(
        PlanErrorCode::OffsetFinerThanGranularity,
        format!("`{metric}` is taken back by {}, which is {why}", scan.shift),
    )
    .help(match granularity {
        Granularity::Week => "Use an offset of weeks, such as 52 weeks, or group by month.",
        within if within.is_within_a_day() => "Use an offset of whole periods, of days or weeks, or group by day.",
        Granularity::Day => "Use an offset of days, or group by `time.hour`.",
        _ if seconds != 0 => "Use an offset of whole periods, or group by `time.hour`.",
        _ => "Use an offset of whole periods, or a finer granularity.",
    }))
}
