//! Checks of keys and time, and requests of keys without metrics.

use super::{Accumulation, Bound, BoundTop, GroupKey, Scan, ScanKind, Shift, bind_path, knows_path};
use crate::{
    ids::{GranularityId, JoinId, ModelId},
    plan::{
        Key, KeyKind, MetricRequest, Order, OrderBy, PlanError, PlanErrorCode, Request, Top, calendar, hours, time,
    },
    project::{CalendarGranularity, Cumulation, Edge, Project, Route, Size, TimeAxis, Visible},
    sql::{Expr, Name},
    time::{DateRange, Granularity, TimePart, Tz, Unit, add_periods},
};

/// Returns whether an expression of a request speaks of the metrics' time axis.
pub(super) fn names_time(expr: &Expr<Name>) -> bool {
    let mut found = false;
    expr.for_each_leaf(&mut |name| {
        found |= matches!(name, Name::Path(words) if words.first().is_some_and(|word| word.value == "time"));
    });
    found
}

/// Finds the model whose rows a query of keys alone is about.
pub(super) fn scan_of_keys(project: &Visible<'_>, request: &Request) -> Result<Scan, PlanError> {
    let mut paths = Vec::new();
    for key in &request.keys {
        match &key.kind {
            KeyKind::Dimension { path, .. } => paths.push(path.as_slice()),
            KeyKind::Time(_) | KeyKind::TimePart(_) => {
                return Err(PlanError::new(PlanErrorCode::KeysNeedMetric, "`time` is the time axis of metrics")
                    .help("Ask for a metric, or group by a time dimension by its name."));
            }
        }
    }
    let Some(first) = paths.first() else {
        return Err(PlanError::new(PlanErrorCode::KeysNeedMetric, "a query without metrics and keys asks for nothing")
            .help("Ask for at least one metric."));
    };
    let filter = request.filter.as_ref().map(|filter| paths_of(project, filter)).unwrap_or_default();
    let reaches_keys = |model: ModelId| paths.iter().all(|path| knows_path(project, model, path));
    let reaches_filter = |model: ModelId| filter.iter().all(|path| knows_path(project, model, path));
    let named = first.first().filter(|_| first.len() > 1).and_then(|word| project.model_named(word));
    let at_home = named.filter(|model| reaches_keys(*model) && reaches_filter(*model));
    // A filter that no such model reaches has an error of its own, later.
    let filtered = at_home.is_some() || project.models.ids().any(|model| reaches_keys(model) && reaches_filter(model));
    let reaches_all = |model: ModelId| reaches_keys(model) && (!filtered || reaches_filter(model));
    let candidates: Vec<ModelId> = match at_home.or_else(|| named.filter(|model| reaches_all(*model))) {
        Some(model) => vec![model],
        None => {
            // The nearest model: the one from which the keys are reached over the fewest joins.
            let hops = |model: ModelId| -> usize {
                // A way that was declared is nearer than any that is walked the other way.
                let cost = |join: &JoinId| if project.joins[*join].reverse_of.is_some() { 1_000 } else { 1 };
                let found = paths.iter().filter_map(|path| bind_path(project, model, path).ok());
                found.map(|found| found.route.0.iter().map(cost).sum::<usize>()).sum()
            };
            let all: Vec<(usize, ModelId)> =
                project.models.ids().filter(|id| reaches_all(*id)).map(|id| (hops(id), id)).collect();
            let least = all.iter().map(|(hops, _)| *hops).min();
            all.into_iter().filter(|(hops, _)| Some(*hops) == least).map(|(_, id)| id).collect()
        }
    };
    let [model] = candidates.as_slice() else {
        if candidates.is_empty() {
            // A misspelled key has a better message than "no model has them all".
            for path in &paths {
                if !project.models.ids().any(|id| knows_path(project, id, path)) {
                    let nearest_model = named.or_else(|| project.models.ids().next());
                    if let Some(model) = nearest_model {
                        return Err(bind_path(project, model, path).expect_err("no model knows the path"));
                    }
                }
            }
        }
        let keys: Vec<&str> = request.keys.iter().map(|key| key.name.as_str()).collect();
        return Err(PlanError::new(
            PlanErrorCode::KeysNeedMetric,
            format!("no one model has the keys {}", keys.join(", ")),
        )
        .help("Ask for a metric that lines them up, or write the keys from one model's point of view."));
    };
    let time = project.models[*model].time.filter(|dimension| project.shows_dimension(*dimension));
    let axis = time.map(|dimension| TimeAxis { route: Route::here(), dimension });
    Ok(Scan {
        model: *model,
        axis: axis.filter(|_| request.time.is_some()),
        kind: ScanKind::Rows,
        shift: Shift::default(),
        cumulation: None,
        offset_to: None,
        keys: (0..request.keys.len()).collect(),
        leaves: Vec::new(),
        makes_rows: true,
    })
}

/// Returns the dimensions that a condition names, without the granularities and parts behind them.
pub(in crate::plan) fn paths_of(project: &Project, expr: &Expr<Name>) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    expr.for_each_leaf(&mut |name| {
        if let Name::Path(words) = name {
            let mut path: Vec<String> = words.iter().map(|word| word.value.clone()).collect();
            let last = path.last().filter(|_| path.len() > 1);
            let is_size = |name: &str| {
                Granularity::from_name(name).is_some()
                    || TimePart::from_name(name).is_some()
                    || project.calendar_granularity(name).is_some()
            };
            if last.is_some_and(|last| is_size(last)) {
                path.pop();
            }
            paths.push(path);
        }
    });
    paths
}

/// Checks that a scan can be cut by time as the request asks.
pub(super) fn check_time(bound: &Bound<'_>, scan: &Scan) -> Result<(), PlanError> {
    let project = bound.project;
    let metric =
        scan.leaves.first().map_or("the query", |leaf| project.metrics[bound.leaves[leaf.0].metric].name.as_str());
    let keys = || scan.keys.iter().map(|index| &bound.keys[*index]);
    let time_keys: Vec<Size> = keys().filter_map(GroupKey::size_of_time).collect();
    let parts = keys().any(|key| matches!(key.asked(), Some(KeyKind::TimePart(_))));
    if let ScanKind::State(edge) = scan.kind {
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
    check_own_period(bound, scan, axis, metric)?;
    for size in &time_keys {
        let dimension = &project.dimensions[axis.dimension];
        time::check_finest(dimension, time::finest_of(*size)).map_err(|error| error.about_metric(metric))?;
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
        check_offset_to(metric, size, &time_keys, parts)?;
    }
    // Days move each row, so that a part of its date is told as well.
    let moves_parts = parts && scan.shift.months == 0 && scan.shift.periods.is_none();
    if !scan.shift.is_none() && !bound.is_ranged && time_keys.is_empty() && !moves_parts {
        return Err(PlanError::new(
            PlanErrorCode::TimeRangeRequired,
            format!("`{metric}` is taken back by {}, and the query has no time to take it back from", scan.shift),
        )
        .help("Give a time range, or group by `time`."));
    }
    if scan.shift.by_rows && parts {
        return Err(PlanError::new(
            PlanErrorCode::TimeCombinationRefused,
            format!("`{metric}` is shifted row by row, and a part of a date is no moment in time"),
        )
        .help("Group by `time` at a granularity."));
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

/// Checks that what is taken back is not grouped by the time of its own rows, which lies before the answer's.
fn check_own_period(bound: &Bound<'_>, scan: &Scan, axis: &TimeAxis, metric: &str) -> Result<(), PlanError> {
    if scan.shift.is_none() && scan.offset_to.is_none() {
        return Ok(());
    }
    for key in scan.keys.iter().map(|position| &bound.keys[*position]) {
        let Some(KeyKind::Dimension { path, granularity, part }) = key.asked() else { continue };
        let Ok(found) = bind_path(bound.project, scan.model, path) else { continue };
        if found.route != axis.route || found.dimension != axis.dimension {
            continue;
        }
        let size = match (granularity, part) {
            (_, Some(part)) => part.name(),
            (Some(size), None) => bound.project.size_name(*size),
            (None, None) => Granularity::Day.name(),
        };
        let message = format!("`{metric}` is taken back in time, and `{}` is the time of its own rows", key.name);
        return Err(PlanError::new(PlanErrorCode::TimeCombinationRefused, message)
            .help(format!("Group by `time.{size}`, which moves with what is taken back.")));
    }
    Ok(())
}

/// Checks that the moments of a balance over versions are known.
fn check_state(
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

/// Checks that a metric can be taken back by periods of a calendar.
fn check_periods(
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
    if parts || bound.filter.is_some_and(names_time) {
        let help = "Group by `time` at a granularity, and give the time as a range.";
        return refuse(not_yet, "the query speaks of a part of its time or filters by it", help);
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

fn check_offset_to(metric: &str, size: Granularity, time_keys: &[Size], parts: bool) -> Result<(), PlanError> {
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

/// An offset of days is no finer than the shortest period, counted in whole weeks; months are no periods of a calendar.
fn check_offset_in_calendar(metric: &str, scan: &Scan, size: &CalendarGranularity) -> Result<(), PlanError> {
    let Shift { months, days, seconds, by_rows, at_any_size, periods: _ } = scan.shift;
    let shortest = size.periods.iter().map(|period| (period.to - period.from).num_days()).min().unwrap_or(1);
    let whole_weeks = if shortest < 7 { shortest } else { shortest / 7 * 7 };
    if seconds == 0 && (by_rows || at_any_size || (months == 0 && (days == 0 || days >= whole_weeks))) {
        return Ok(());
    }
    let message = format!(
        "`{metric}` is taken back by {}, which is less than a {} or no whole number of them",
        scan.shift, size.name
    );
    Err(PlanError::new(PlanErrorCode::OffsetFinerThanGranularity, message)
        .help("Use an offset of weeks, such as 52 weeks, or of the calendar's own periods."))
}

fn check_offset(metric: &str, scan: &Scan, granularity: Granularity) -> Result<(), PlanError> {
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
    Err(PlanError::new(
        PlanErrorCode::OffsetFinerThanGranularity,
        format!(
            "`{metric}` is taken back by {}, which is less than {} {granularity} or no whole number of them",
            scan.shift,
            if matches!(granularity, Granularity::Hour(_)) { "an" } else { "a" }
        ),
    )
    .help(match granularity {
        Granularity::Week => "Use an offset of weeks, such as 52 weeks, or group by month.",
        within if within.is_within_a_day() => "Use an offset of whole periods, of days or weeks, or group by day.",
        _ if seconds != 0 => "Use an offset of days, or group by `time.hour`.",
        _ => "Use an offset of whole periods, or a finer granularity.",
    }))
}

fn check_cumulation(
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
            "accumulates up to the end of a range, and the query has none",
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

/// Checks that missing periods can be told.
pub(super) fn check_fill(request: &Request, range: DateRange, zone: Tz) -> Result<(), PlanError> {
    let sizes: Vec<Size> = request.keys.iter().filter_map(|key| key.kind.size_of_time()).collect();
    if sizes.is_empty() {
        return Err(PlanError::new(PlanErrorCode::GrainMismatch, "there are no periods to fill without a time key")
            .help("Group by `time` at a granularity, or leave out `fill`."));
    }
    if range.from.is_none() || range.to.is_none() {
        return Err(PlanError::new(PlanErrorCode::TimeRangeRequired, "missing periods are made within a time range")
            .help("Give a time range with a beginning and an end."));
    }
    let within: Vec<Granularity> =
        sizes.iter().filter_map(|size| size.standard()).filter(|size| size.is_within_a_day()).collect();
    if within.is_empty() { Ok(()) } else { hours::check(range, zone, &within) }
}

/// Finds the keys of a request that paths name; `time` names every time key.
pub(super) fn positions(request: &Request, paths: &[Vec<String>]) -> Result<Vec<usize>, PlanError> {
    let mut found = Vec::new();
    for path in paths {
        let is_meant = |key: &Key| match &key.kind {
            KeyKind::Time(_) | KeyKind::TimePart(_) => {
                path.len() == 1 && path[0] == "time" || path.join(".") == key.name
            }
            KeyKind::Dimension { path: of_key, .. } => path == of_key || path.join(".") == key.name,
        };
        let before = found.len();
        found.extend((0..request.keys.len()).filter(|index| is_meant(&request.keys[*index])));
        if found.len() == before {
            let names: Vec<&str> = request.keys.iter().map(|key| key.name.as_str()).collect();
            return Err(PlanError::new(
                PlanErrorCode::GrainMismatch,
                format!("`within {}` names no key of the query", path.join(".")),
            )
            .help(format!("Group by it, or name one of the keys: {}.", names.join(", "))));
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Finds the key of a top-n query and the request that ranks its members.
pub(super) fn bind_top(project: &Visible<'_>, request: &Request, top: &Top) -> Result<BoundTop, PlanError> {
    super::find_metric(project, &top.by)?;
    let is_key = |key: &Key| {
        key.name == top.of || matches!(&key.kind, KeyKind::Dimension { path, .. } if path.join(".") == top.of)
    };
    let Some(key) = request.keys.iter().position(is_key) else {
        return Err(PlanError::new(
            PlanErrorCode::GrainMismatch,
            format!("the top members of `{}` are asked for, and it is no key of the query", top.of),
        )
        .help("Group by it, or name one of the keys."));
    };
    if !matches!(request.keys[key].kind, KeyKind::Dimension { granularity: None, part: None, .. }) {
        return Err(PlanError::new(PlanErrorCode::GrainMismatch, "the top members of a time are not ranked")
            .help("Name a key that is a plain dimension."));
    }
    let by = MetricRequest::plain(&top.by, &top.by);
    let ranking = Request {
        keys: vec![Key { name: "member".to_owned(), kind: request.keys[key].kind.clone() }],
        order: vec![Order { by: OrderBy::Column(by.name.clone()), descending: true, nulls_first: false }],
        metrics: vec![by],
        filter: request.filter.clone(),
        time: request.time.clone(),
        time_zone: request.time_zone,
        limit: Some(top.count),
        ..Request::default()
    };
    Ok(BoundTop { key, ranking, other: top.other })
}
