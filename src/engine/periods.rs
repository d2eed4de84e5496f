//! Whether a row stands for a whole period.
//!
//! A row stands for the days that all its time keys have in common; without a time key, for the range. It is partial
//! if some of them lie outside the range, or are not over.

use crate::{
    plan::{ColumnRole, Plan},
    project::{Project, Size},
    sql::Literal,
    time::{DateTime, Moment, NaiveDate, Tz, Utc, add_periods, clock_period_end, period_start},
    warehouse::{ColumnData, Rows},
};

/// The time keys of an answer, and what cuts their periods.
#[derive(Debug)]
pub struct Periods<'a> {
    keys: Vec<(Size, &'a ColumnData)>,
    project: &'a Project,
    plan: &'a Plan,
    now: DateTime<Utc>,
    today: NaiveDate,
    /// The last row's period and what was said of it: rows of one period come together.
    last: Option<(Vec<NaiveDate>, bool)>,
}

/// The period that a value tells.
enum Told {
    /// None: the value is null.
    Nothing,
    /// One that no calendar knows.
    Unknown,
    /// The one of this day.
    Period(NaiveDate),
}

impl<'a> Periods<'a> {
    /// Reads the time keys of an answer that was planned for a moment.
    pub fn new(project: &'a Project, plan: &'a Plan, rows: &'a Rows, now: DateTime<Utc>) -> Self {
        let columns = plan.columns.iter().zip(&rows.columns);
        let keys = columns.filter_map(|(column, data)| match column.role {
            ColumnRole::Time(size) => Some((size, data)),
            ColumnRole::TimePart(_)
            | ColumnRole::Dimension(_)
            | ColumnRole::Metric(_)
            | ColumnRole::IsOther
            | ColumnRole::IsTotal
            | ColumnRole::OrderOnly => None,
        });
        let today = now.with_timezone(&plan.time_zone).date_naive();
        Self { keys: keys.collect(), project, plan, now, today, last: None }
    }

    /// Returns whether a row stands for a period that is not over, or that the range cuts.
    pub fn is_partial(&mut self, row: usize) -> bool {
        let mut starts = Vec::with_capacity(self.keys.len());
        for (size, column) in &self.keys {
            match column {
                ColumnData::Timestamp(values) if size.is_within_a_day() => {
                    let start = values.get(row).copied().flatten().and_then(DateTime::from_timestamp_micros);
                    return start.is_some_and(|at| self.clock_is_partial(at, *size, self.plan.time_zone));
                }
                ColumnData::DateTime(values) if size.is_within_a_day() => {
                    let start = values.get(row).copied().flatten().and_then(DateTime::from_timestamp_micros);
                    return start.is_some_and(|at| self.clock_is_partial(at, *size, Tz::UTC));
                }
                _ => {}
            }
            match self.told(*size, column, row) {
                Told::Period(start) => starts.push(start),
                // The null group has no period.
                Told::Nothing => return false,
                // Of a period that no calendar knows, nobody can say that it is whole.
                Told::Unknown => return true,
            }
        }
        if let Some((last, partial)) = &self.last
            && *last == starts
        {
            return *partial;
        }
        let partial = self.days_are_partial(&starts);
        self.last = Some((starts, partial));
        partial
    }

    /// Returns whether the period within a day that begins at a moment is not over, or cut by the range. Wall clocks are
    /// told as if they were those of UTC.
    fn clock_is_partial(&self, start: DateTime<Utc>, size: Size, zone: Tz) -> bool {
        let Size::Standard(granularity) = size else { return false };
        let plan = self.plan;
        let of = |told: Moment| if zone == plan.time_zone { told.at } else { told.clock.and_utc() };
        let (first, end) = plan.range.ends(plan.time_zone);
        let now = of(Moment::of_instant(self.now, plan.time_zone));
        let cut_at = end.map_or(now, |end| of(end).min(now));
        clock_period_end(start, granularity, zone) > cut_at || first.is_some_and(|first| start < of(first))
    }

    /// Returns whether a range cuts its first or last day.
    fn days_are_cut(&self, from: NaiveDate, to: NaiveDate) -> bool {
        let (range, zone) = (self.plan.range, self.plan.time_zone);
        let starts_later = |first: Moment| Moment::of_day(from, zone).at < first.at;
        let ends_sooner = |end: Moment| Moment::of_day(to, zone).at > end.at;
        range.first.is_some_and(starts_later) || range.end.is_some_and(ends_sooner)
    }

    fn days_are_partial(&self, starts: &[NaiveDate]) -> bool {
        let range = self.plan.range;
        let periods = self.keys.iter().zip(starts).map(|((size, _), told)| self.period(*size, *told));
        // Of a period that no calendar knows, nobody can say that it is whole.
        let Some(periods) = periods.collect::<Option<Vec<_>>>() else { return true };
        let from = periods.iter().map(|(from, _)| *from).max();
        let to = periods.iter().map(|(_, to)| *to).min();
        let (from, to) = match (from, to) {
            (Some(from), Some(to)) => (Some(from), to),
            _ => match range.to {
                Some(to) => (range.from, to),
                // Without a range nothing is cut; from a day on, it is never over.
                None => return range.from.is_some(),
            },
        };
        // The first day that is not over.
        let cut_at = range.to.map_or(self.today, |to| to.min(self.today));
        let is_cut = from.is_some_and(|from| !self.keys.is_empty() && self.days_are_cut(from, to));
        is_cut || to > cut_at || from.zip(range.from).is_some_and(|(from, cut)| from < cut)
    }

    /// Returns the period of a day, as its first day and the day after its last one.
    fn period(&self, size: Size, start: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let id = match size {
            Size::Standard(granularity) => {
                let from = period_start(start, granularity, self.project.calendar);
                return Some((from, add_periods(start, granularity, 1)));
            }
            Size::Calendar(id) | Size::FirstDay(id) => id,
        };
        let found = self.project.granularities[id].periods.iter().find(|period| period.from == start);
        found.map(|period| (period.from, period.to))
    }

    /// Returns which period a row's value tells; a calendar may tell its periods by labels or numbers.
    fn told(&self, size: Size, column: &ColumnData, row: usize) -> Told {
        let Size::Calendar(id) = size else { return self.local_day(column, row).map_or(Told::Nothing, Told::Period) };
        let value = match column {
            ColumnData::String(values) => values.get(row).cloned().flatten().map(Literal::String),
            ColumnData::Integer(values) => {
                let whole = values.get(row).copied().flatten();
                whole.map(|whole| i64::try_from(whole).map_or(Literal::Null, Literal::Integer))
            }
            _ => self.local_day(column, row).map(Literal::Date),
        };
        let Some(value) = value else { return Told::Nothing };
        let periods = &self.project.granularities[id].periods;
        periods.iter().find(|period| period.value == value).map_or(Told::Unknown, |period| Told::Period(period.from))
    }

    fn local_day(&self, column: &ColumnData, row: usize) -> Option<NaiveDate> {
        match column {
            ColumnData::Date(values) => values.get(row).copied().flatten().and_then(NaiveDate::from_epoch_days),
            ColumnData::DateTime(values) => {
                values.get(row).copied().flatten().and_then(DateTime::from_timestamp_micros).map(|at| at.date_naive())
            }
            ColumnData::Timestamp(values) => {
                let instant = values.get(row).copied().flatten().and_then(DateTime::from_timestamp_micros)?;
                Some(instant.with_timezone(&self.plan.time_zone).date_naive())
            }
            ColumnData::Boolean(_)
            | ColumnData::Integer(_)
            | ColumnData::Decimal { .. }
            | ColumnData::Float(_)
            | ColumnData::String(_) => None,
        }
    }
}
