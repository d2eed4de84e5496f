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
    let not_yet = PlanErrorCode::TimeCombinationRefused;
    if scan.cumulation.is_some() {
        return refuse(not_yet, "accumulated over time", "Use an offset of weeks, such as 52 weeks.");
    }
    if matches!(scan.kind, ScanKind::Funnel(..)) {
        return refuse(not_yet, "is a funnel", "Use an offset of weeks, such as 52 weeks.");
    }
    if parts || is_filtered_by_time(bound, scan) {
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

/// Returns whether the query has a condition on the time of a scan.
fn is_filtered_by_time(bound: &Bound<'_>, scan: &Scan) -> bool {
    bound.filter.is_some_and(|filter| own_time::is_named(bound.project, filter, scan.model, scan.axis.as_ref()))
}

/// Checks that a metric of which each row is shifted by months is asked for as days can show it: a day may show the rows
/// of a day that others show as well.
pub(super) fn check_rows(bound: &Bound<'_>, scan: &Scan, metric: &str, parts: bool) -> Result<(), PlanError> {
    let refuse = |what: &str, help: &str| {
        let message = format!("`{metric}` is shifted row by row, and {what}");
        Err(PlanError::new(PlanErrorCode::TimeCombinationRefused, message).help(help))
    };
    match scan.kind {
        _ if !scan.shift.by_rows => Ok(()),
        ScanKind::Balance(..) => refuse("a balance has one moment in each period", "Leave `shift: rows` out."),
        _ if scan.cumulation.is_some() => refuse(
            "accumulated over time, where days at the ends of months would count twice",
            "Leave `shift: rows` out, or accumulate the metric without an offset.",
        ),
        _ if parts => refuse("a part of a date is no moment in time", "Group by `time` at a granularity."),
        _ if is_filtered_by_time(bound, scan) => {
            refuse("a row that the query keeps by its time may be shown on several days", "Give the time as a range.")
        }
        _ => Ok(()),
    }
}

/// Checks that it does not matter whether days or months are taken back first.
pub(super) fn check_order(scan: &Scan, metric: &str, time_keys: &[Size]) -> Result<(), PlanError> {
    let tells_days = time_keys.is_empty() || scan.tells_days();
    if !scan.shift.days_of_months || !(tells_days || scan.shift.by_rows) {
        return Ok(());
    }
    let message =
        format!("`{metric}` is taken back by {}, days upon months, which is told for whole months only", scan.shift);
    let help = if scan.shift.by_rows {
        "Take it back once, or leave `shift: rows` out."
    } else {
        "Group by `time.month` or a coarser granularity, or take it back once."
    };
    Err(PlanError::new(PlanErrorCode::TimeCombinationRefused, message).help(help))
}

pub(super) fn check_offset_to(
    bound: &Bound<'_>,
    scan: &Scan,
    metric: &str,
    size: Granularity,
    time_keys: &[Size],
    parts: bool,
) -> Result<(), PlanError> {
    let finer = |key: &Size| match key {
        Size::Standard(key) => *key != size && (key.nests_in(size) || *key == Granularity::Week),
        Size::Calendar(_) | Size::FirstDay(_) => false,
    };
    let refuse = |code, what: &str, help: &str| {
        let message = format!("`{metric}` is taken back to the start of a {size}, {what}");
        Err(PlanError::new(code, message).help(help))
    };
    let refused = PlanErrorCode::TimeCombinationRefused;
    if time_keys.len() != 1 || !time_keys.iter().all(finer) || parts {
        let help = "Group by one granularity of `time` that lies inside of it.";
        return refuse(PlanErrorCode::OffsetFinerThanGranularity, "which takes one time key that is finer", help);
    }
    if scan.cumulation.is_some() {
        return refuse(refused, "and accumulated over time", "Take back the metric, or accumulate it.");
    }
    if is_filtered_by_time(bound, scan) {
        return refuse(refused, "which the query's condition on its time may leave out", "Give the time as a range.");
    }
    Ok(())
}

/// An offset of days is no finer than the shortest period, counted in whole weeks; months are no periods of a calendar.
pub(super) fn check_offset_in_calendar(metric: &str, scan: &Scan, size: &CalendarGranularity) -> Result<(), PlanError> {
    let Shift { months, days, seconds, by_rows, days_by_rows, .. } = scan.shift;
    let shortest = size.periods.iter().map(|period| (period.to - period.from).num_days()).min().unwrap_or(1);
    let whole_weeks = if shortest < 7 { shortest } else { shortest / 7 * 7 };
    if seconds == 0 && (months == 0 || by_rows) && (days == 0 || days_by_rows || days >= whole_weeks) {
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
    let Shift { months, days, seconds, by_rows, days_by_rows, .. } = scan.shift;
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
        _ if by_rows => true,
        Granularity::Week => months == 0,
        _ => granularity.months().is_none_or(|period| months % i64::from(period) == 0),
    };
    let enough_days = days == 0 || days >= shortest || (days_by_rows && !granularity.is_within_a_day());
    let whole_hours = match granularity.seconds() {
        Some(length) => seconds % i64::from(length) == 0,
        None => seconds == 0,
    };
    if whole_hours && whole_months && enough_days {
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
