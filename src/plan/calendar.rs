//! Periods of calendars from tables: the days of a range, and the period of a row's day.
//!
//! A row of 3 February joins the calendar's row of 3 February, which names its retail month:
//!
//! ```sql
//! LEFT JOIN (
//!   SELECT calendar_date AS day, MIN(retail_month) AS retail_month FROM marts.dim_retail_calendar GROUP BY day
//! ) AS retail ON retail.day = shipments.booked_date
//! ```
//!
//! **Invariant:** a day that stands in a calendar twice multiplies no row, and a range is made of constants.

use std::{borrow::Cow, collections::BTreeSet};

use chrono::Datelike;

use super::{KeyKind, PlanError, PlanErrorCode, Request, time};
use crate::{
    catalog::ColumnType,
    diagnostics::nearest,
    ids::{CalendarId, GranularityId},
    project::{CalendarGranularity, Dimension, DimensionKind, Period, Project, Size, Visible},
    sql::{
        Aggregate, AggregateFunction, BinaryOp, Expr, From, Function, Join, JoinKind, Leaf, Literal, Select, SqlExpr,
        Window, WindowFunction,
    },
    time::{
        DateRange, Granularity, NaiveDate, RangeUnit, RelativeRange, TimePart, TimeRange, Unit, add_periods,
        period_start,
    },
};

/// What of a day's period is asked of a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CalendarColumn {
    /// What the column holds.
    Value,
    /// The period's first day.
    Start,
    /// The day after the period's last one.
    End,
}

/// Columns of a calendar that one SELECT needs.
pub(super) type CalendarColumns = BTreeSet<(GranularityId, CalendarColumn)>;

/// Returns the size that a key is told by, and what of the calendar that is.
pub(super) fn column_of(size: Size) -> Option<(GranularityId, CalendarColumn)> {
    match size {
        Size::Standard(_) => None,
        Size::Calendar(id) => Some((id, CalendarColumn::Value)),
        Size::FirstDay(id) => Some((id, CalendarColumn::Start)),
    }
}

/// Returns the name of a column of [`relation`].
pub(super) fn column_name(project: &Project, granularity: GranularityId, column: CalendarColumn) -> String {
    let name = &project.granularities[granularity].name;
    match column {
        CalendarColumn::Value => name.clone(),
        CalendarColumn::Start => format!("{name}_start"),
        CalendarColumn::End => format!("{name}_end"),
    }
}

/// Returns the type of a column of [`relation`].
pub(super) fn column_type(project: &Project, granularity: GranularityId, column: CalendarColumn) -> ColumnType {
    match column {
        CalendarColumn::Value => project.granularities[granularity].column_type,
        CalendarColumn::Start | CalendarColumn::End => ColumnType::Date,
    }
}

/// Returns the join that finds the period of a day.
pub(super) fn join(
    project: &Project,
    calendar: CalendarId,
    columns: &CalendarColumns,
    alias: &str,
    day: SqlExpr,
    kind: JoinKind,
) -> Join {
    let on = SqlExpr::column(alias, "day").binary(BinaryOp::Eq, day);
    let select = Box::new(relation(project, calendar, columns));
    Join { kind, to: From::Select { select, alias: alias.to_owned() }, on: Some(on) }
}

/// Returns the days of a calendar, each once, with their periods of every granularity.
pub(crate) fn days_of_calendar(project: &Project, calendar: CalendarId) -> Select {
    let granularities = project.calendars[calendar].granularities.iter();
    relation(project, calendar, &granularities.map(|id| (*id, CalendarColumn::Value)).collect())
}

/// Returns the days of a calendar, each once, with what is asked of their periods.
fn relation(project: &Project, calendar: CalendarId, columns: &CalendarColumns) -> Select {
    let table = &project.calendars[calendar];
    let date = SqlExpr::column("calendar", table.date.clone());
    let date = match table.date_type {
        ColumnType::Date => date,
        _ => Expr::call(Function::DateOf, vec![date]),
    };
    let granularities: BTreeSet<GranularityId> = columns.iter().map(|(id, _)| *id).collect();
    let mut items = vec![date.named("day")];
    for id in granularities {
        let CalendarGranularity { name, column, .. } = &project.granularities[id];
        let value = SqlExpr::column("calendar", column.clone());
        items.push(SqlExpr::aggregate(AggregateFunction::Min, Some(value)).named(name));
    }
    let from = From::Table { name: project.tables[table.table].name.clone(), alias: "calendar".to_owned() };
    let days = Select { items, from: Some(from), group_by: vec![0], ..Select::default() };
    if columns.iter().all(|(_, column)| *column == CalendarColumn::Value) {
        return days;
    }
    let mut items = vec![SqlExpr::bare("day").named("day")];
    items.extend(
        columns.iter().map(|(id, column)| {
            edge(&project.granularities[*id].name, *column).named(column_name(project, *id, *column))
        }),
    );
    let from = From::Select { select: Box::new(days), alias: "days".to_owned() };
    Select { items, from: Some(from), ..Select::default() }
}

/// Returns one end of the period that a day's row names: `MIN(day) OVER (PARTITION BY retail_month)`.
fn edge(name: &str, column: CalendarColumn) -> SqlExpr {
    let over = |function| {
        let aggregate = Aggregate { function, arg: Some(SqlExpr::bare("day")) };
        let window = Window {
            function: WindowFunction::Aggregate(aggregate),
            partition_by: vec![SqlExpr::bare(name)],
            order_by: Vec::new(),
        };
        Expr::Leaf(Leaf::Window(Box::new(window)))
    };
    let is_there = SqlExpr::bare(name).is_null(true);
    match column {
        CalendarColumn::Value => SqlExpr::bare(name),
        CalendarColumn::Start => over(AggregateFunction::Min).when(is_there),
        CalendarColumn::End => time::move_day(over(AggregateFunction::Max), Unit::Day, 1).when(is_there),
    }
}

/// The calendars that are joined beside days of our own, such as those of missing periods.
#[derive(Debug, Default)]
pub(super) struct Beside {
    prefix: Option<&'static str>,
    columns: Vec<(CalendarId, CalendarColumns)>,
}

impl Beside {
    /// Makes a set whose aliases begin with a word of their own.
    pub(super) fn under(prefix: &'static str) -> Self {
        Self { prefix: Some(prefix), columns: Vec::new() }
    }

    fn alias(&self, project: &Project, calendar: CalendarId) -> String {
        let name = &project.calendars[calendar].name;
        self.prefix.map_or_else(|| name.clone(), |prefix| format!("{prefix}_{name}"))
    }

    /// Returns a column of the calendar that is joined to the days.
    pub(super) fn column(&mut self, project: &Project, granularity: GranularityId, column: CalendarColumn) -> SqlExpr {
        let calendar = project.granularities[granularity].calendar;
        match self.columns.iter_mut().find(|(known, _)| *known == calendar) {
            Some((_, columns)) => {
                columns.insert((granularity, column));
            }
            None => self.columns.push((calendar, [(granularity, column)].into())),
        }
        SqlExpr::column(self.alias(project, calendar), column_name(project, granularity, column))
    }

    /// Returns the joins to the days.
    pub(super) fn joins(&self, project: &Project, day: &SqlExpr) -> Vec<Join> {
        let one = |(calendar, columns): &(CalendarId, CalendarColumns)| {
            let alias = self.alias(project, *calendar);
            join(project, *calendar, columns, &alias, day.clone(), JoinKind::Inner)
        };
        self.columns.iter().map(one).collect()
    }
}

/// Reads the granularities of calendars in the keys of a request: what `time.retail_week` ends in.
pub(super) fn with_calendars<'r>(project: &Visible<'_>, request: &'r Request) -> Result<Cow<'r, Request>, PlanError> {
    let mut read = Cow::Borrowed(request);
    for (index, key) in request.keys.iter().enumerate() {
        if let Some(kind) = of_calendar(project, &key.kind)? {
            read.to_mut().keys[index].kind = kind;
        }
    }
    Ok(read)
}

fn of_calendar(project: &Visible<'_>, kind: &KeyKind) -> Result<Option<KeyKind>, PlanError> {
    let KeyKind::Dimension { path, granularity: None, part: None } = kind else { return Ok(None) };
    let [before @ .., last] = path.as_slice() else { return Ok(None) };
    let Some(name) = before.last() else { return Ok(None) };
    match (project.calendar_granularity(last), before) {
        (Some(id), [time]) if time == "time" => Ok(Some(KeyKind::Time(Size::Calendar(id)))),
        (None, [time]) if time == "time" => Err(unknown_size(project, last)),
        (Some(id), _) if is_time_dimension(project, name) => {
            Ok(Some(KeyKind::Dimension { path: before.to_vec(), granularity: Some(Size::Calendar(id)), part: None }))
        }
        _ => Ok(None),
    }
}

fn is_time_dimension(project: &Visible<'_>, name: &str) -> bool {
    let is_meant =
        |dimension: &Dimension| dimension.name == name && matches!(dimension.kind, DimensionKind::Time { .. });
    project.dimensions.iter().any(|(id, dimension)| is_meant(dimension) && project.shows_dimension(id))
}

/// Says that there is no such granularity or part, and which one may be meant.
pub(super) fn unknown_size(project: &Project, name: &str) -> PlanError {
    let message = format!("there is no granularity or part of a date `{name}`");
    let error = PlanError::new(PlanErrorCode::UnknownField, message);
    let names: Vec<&str> = project.granularity_names().chain(TimePart::ALL.iter().map(|part| part.name())).collect();
    match nearest(name, names.iter().copied()) {
        Some(near) => error.help(format!("Did you mean `{near}`?")),
        None => error.help(format!("Write one of {}.", names.join(", "))),
    }
}

/// Returns the days of a time range, given today's date in the request's zone.
pub(super) fn range(project: &Project, range: &TimeRange, today: NaiveDate) -> Result<DateRange, PlanError> {
    let named = |name: &str| find_named(project, name, "the time range");
    match range {
        TimeRange::Current(RangeUnit::Named(name)) => {
            let id = named(name)?;
            last(project, id, 1, true, today)
        }
        TimeRange::Last(RelativeRange { count, unit: RangeUnit::Named(name), include_current }) => {
            let id = named(name)?;
            last(project, id, *count, *include_current, today)
        }
        TimeRange::Current(RangeUnit::Granularity(unit))
        | TimeRange::Last(RelativeRange { unit: RangeUnit::Granularity(unit), .. })
            if *unit < Granularity::Day =>
        {
            Err(PlanError::new(
                PlanErrorCode::GranularityTooFine,
                format!("whole days are needed, and a {unit} is none"),
            )
            .help("Write days or a coarser granularity, such as `last 2 days`."))
        }
        TimeRange::Current(_) | TimeRange::Last(_) | TimeRange::Between { .. } | TimeRange::Since(_) => {
            let days = range.to_dates(today, project.calendar).expect("the units that calendars name are read above");
            if [days.from, days.to].into_iter().flatten().all(|day| (1..=9999).contains(&day.year())) {
                return Ok(days);
            }
            let message = "the time range reaches beyond the years 1 to 9999";
            Err(PlanError::new(PlanErrorCode::LimitExceeded, message).help("Give a shorter range."))
        }
    }
}

/// Finds the granularity that a word of a request names, in the singular or the plural.
pub(super) fn find_named(project: &Project, name: &str, what: &str) -> Result<GranularityId, PlanError> {
    let singular = name.strip_suffix('s').unwrap_or(name);
    let found = project.calendar_granularity(name).or_else(|| project.calendar_granularity(singular));
    found.ok_or_else(|| {
        if let Some(size) = Granularity::from_name(singular) {
            let message = format!("{what} is taken back by `{name}`, which no offset counts");
            return PlanError::new(PlanErrorCode::InvalidFilter, message).help(size.instead_of_offset());
        }
        let error =
            PlanError::new(PlanErrorCode::InvalidFilter, format!("{what} speaks of unknown granularity `{singular}`"));
        match nearest(singular, project.granularity_names()) {
            Some(near) => error.help(format!("Did you mean `{near}`?")),
            None => error.help(format!("Write one of {}.", project.granularity_names().collect::<Vec<_>>().join(", "))),
        }
    })
}

/// Returns whole periods of a calendar that end with the present one, or just before it.
fn last(
    project: &Project,
    id: GranularityId,
    count: u32,
    include_current: bool,
    today: NaiveDate,
) -> Result<DateRange, PlanError> {
    let granularity = &project.granularities[id];
    let current = granularity.position(today).ok_or_else(|| unread(project, id, today))?;
    let end = if include_current { current + 1 } else { current };
    let begin = end.checked_sub(count as usize).ok_or_else(|| {
        let first = granularity.periods[0].from;
        let message = format!(
            "the calendar begins on {first}, {end} periods of `{}` before, and {count} are asked for",
            granularity.name
        );
        PlanError::new(PlanErrorCode::TimeRangeRequired, message).help("Ask for fewer, or give the range by its days.")
    })?;
    Ok(DateRange::days(Some(granularity.periods[begin].from), Some(granularity.periods[end - 1].to)))
}

/// Says that the catalog does not know the period of a day.
pub(super) fn unread(project: &Project, id: GranularityId, day: NaiveDate) -> PlanError {
    let granularity = &project.granularities[id];
    let calendar = &project.calendars[granularity.calendar].name;
    let known = granularity.covered();
    let (Some(from), Some(to)) = (known.from, known.to) else {
        return PlanError::new(
            PlanErrorCode::TimeRangeRequired,
            format!(
                "the catalog has no periods of calendar `{calendar}`, so the days of a {} are not known",
                granularity.name
            ),
        )
        .help("Read them with `entente catalog pull`, or give the time range by its days.");
    };
    PlanError::new(
        PlanErrorCode::TimeRangeRequired,
        format!(
            "calendar `{calendar}` has no {} of {day}: it is known from {from} up to, not including, {to}",
            granularity.name
        ),
    )
    .help("Add the days to its table and run `entente catalog pull`, or give the time range by its days.")
}

/// Returns the day after the period that holds a day; nothing if the catalog knows nothing of the calendar. A day that
/// the calendar lacks is a period of its own.
pub(super) fn period_end(project: &Project, size: Size, day: NaiveDate) -> Option<NaiveDate> {
    let next = add_periods(day, Granularity::Day, 1);
    match size {
        Size::Standard(granularity) => {
            Some(add_periods(period_start(day, granularity, project.calendar), granularity, 1))
        }
        Size::Calendar(id) | Size::FirstDay(id) => {
            let granularity = &project.granularities[id];
            let is_known = !granularity.periods.is_empty();
            is_known.then(|| granularity.period(day).map_or(next, |period| period.to))
        }
    }
}

/// Returns the first day of the period that holds a day, as far as the catalog knows it.
pub(super) fn first_day(project: &Project, size: Size, day: NaiveDate) -> Option<NaiveDate> {
    match size {
        Size::Standard(granularity) => Some(period_start(day, granularity, project.calendar)),
        Size::Calendar(id) | Size::FirstDay(id) => project.granularities[id].period(day).map(|period| period.from),
    }
}

/// Returns the place of a day in a calendar: the position of its period, and the days since that began.
fn place(granularity: &CalendarGranularity, day: NaiveDate) -> Option<(usize, i64)> {
    let position = granularity.periods.partition_point(|period| period.to <= day);
    match granularity.periods.get(position) {
        Some(period) => Some((position, (day - period.from).num_days().max(0))),
        None => granularity.periods.last().filter(|last| last.to == day).map(|_| (position, 0)),
    }
}

/// Returns the days of the rows that are shown in a range once they are taken back by periods: the fifth day of a period
/// becomes the fifth day of the earlier one. Nothing if the calendar does not reach to the end of the range.
pub(super) fn range_back(project: &Project, id: GranularityId, count: i64, range: DateRange) -> Option<DateRange> {
    let granularity = &project.granularities[id];
    let back = |day: NaiveDate| {
        let (position, since) = place(granularity, day)?;
        let earlier = usize::try_from(i64::try_from(position).ok()? - count).ok();
        let Some(period) = earlier.and_then(|earlier| granularity.periods.get(earlier)) else {
            return granularity.periods.first().map(|first| first.from);
        };
        Some(add_periods(period.from, Granularity::Day, since).min(period.to))
    };
    Some(DateRange::days(
        range.from.map(back).map_or(Some(None), |day| day.map(Some))?,
        range.to.map(back).map_or(Some(None), |day| day.map(Some))?,
    ))
}

/// Returns whether periods of a size can be taken back by periods of a calendar: each lies in one of them.
pub(super) fn lies_in(project: &Project, size: Size, id: GranularityId) -> bool {
    let whole = &project.granularities[id];
    match size {
        Size::Standard(granularity) => granularity == Granularity::Day,
        Size::Calendar(part) | Size::FirstDay(part) => project.granularities[part].periods.iter().all(|period| {
            let last_day = add_periods(period.to, Granularity::Day, -1);
            whole.position(period.from).is_some() && whole.position(period.from) == whole.position(last_day)
        }),
    }
}

/// A period in which rows lie, and the one in which they are shown.
struct Pair {
    ours: Literal,
    theirs: Literal,
}

/// Returns the periods of a range in which rows are shown that are taken back by periods of a calendar: the third week of
/// a year is shown in the third week of the year after.
fn pairs(project: &Project, (id, count): (GranularityId, i64), size: Size, range: DateRange) -> Vec<Pair> {
    let whole = &project.granularities[id].periods;
    let mut pairs = Vec::new();
    let later = usize::try_from(count).unwrap_or(usize::MAX);
    for (from, to) in whole.iter().zip(whole.iter().skip(later)) {
        let is_shown = range.from.is_none_or(|first| to.to > first) && range.to.is_none_or(|end| to.from < end);
        if !is_shown {
            continue;
        }
        match column_of(size) {
            None => {
                let days = |of: &Period| of.from.iter_days().take_while(|day| *day < of.to).collect::<Vec<_>>();
                let days = days(from).into_iter().zip(days(to));
                pairs.extend(
                    days.map(|(ours, theirs)| Pair { ours: Literal::Date(ours), theirs: Literal::Date(theirs) }),
                );
            }
            Some((part, column)) => {
                let parts = |of: &Period| {
                    let (from, to) = (of.from, of.to);
                    let parts = project.granularities[part].periods.iter();
                    parts.filter(move |part| part.from >= from && part.to <= to)
                };
                let told = |period: &Period| match column {
                    CalendarColumn::Value => period.value.clone(),
                    CalendarColumn::Start | CalendarColumn::End => Literal::Date(period.from),
                };
                let parts = parts(from).zip(parts(to));
                pairs.extend(parts.map(|(ours, theirs)| Pair { ours: told(ours), theirs: told(theirs) }));
            }
        }
    }
    pairs
}

/// Returns the period in which a row is shown, from the one in which it lies; null for what has no counterpart.
///
/// Days that move by as much are one branch: `CASE WHEN week >= DATE '2024-01-29' AND week <= … THEN week + 371 END`.
pub(super) fn shifted(
    project: &Project,
    periods: (GranularityId, i64),
    size: Size,
    lies_in: &SqlExpr,
    range: DateRange,
) -> SqlExpr {
    let mut branches = Vec::new();
    let mut runs: Vec<(NaiveDate, NaiveDate, i64)> = Vec::new();
    // A period begins where one does; a day may be one that the calendar lacks.
    let follows = |last: NaiveDate, day| column_of(size).is_some() || add_periods(last, Granularity::Day, 1) == day;
    for Pair { ours, theirs } in pairs(project, periods, size, range) {
        if let (Literal::Date(ours), Literal::Date(theirs)) = (&ours, &theirs) {
            let days = (*theirs - *ours).num_days();
            match runs.last_mut() {
                Some((_, last, moved)) if *moved == days && follows(*last, *ours) => *last = *ours,
                _ => runs.push((*ours, *ours, days)),
            }
        } else {
            branches.push((lies_in.clone().binary(BinaryOp::Eq, Expr::Literal(ours)), Expr::Literal(theirs)));
        }
    }
    branches.extend(runs.into_iter().map(|(first, last, days)| {
        let begun = lies_in.clone().binary(BinaryOp::GtEq, Expr::date(first));
        let within = begun.and(lies_in.clone().binary(BinaryOp::LtEq, Expr::date(last)));
        (within, time::move_day(lies_in.clone(), Unit::Day, days))
    }));
    if branches.is_empty() {
        // Beside rows of the range, a null without a type is a text to Postgres and an integer to BigQuery.
        let to = column_of(size).map_or(ColumnType::Date, |(id, column)| column_type(project, id, column));
        return Expr::Cast { arg: Box::new(Expr::null()), to };
    }
    Expr::Case { branches, otherwise: None }
}
