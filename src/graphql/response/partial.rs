//! Whether a row stands for a whole period.
//!
//! A row stands for the days that all its time keys have in common; without a time key, for the range. It is partial
//! if some of them lie outside the range, or are not over.

use super::rows::{day, moment};
use crate::{
    engine::Answer,
    plan::ColumnRole,
    project::{Project, Size},
    sql::Literal,
    time::{DateTime, NaiveDate, Utc, add_periods, period_start},
    warehouse::ColumnData,
};

/// The time keys of an answer, and what cuts their periods.
pub(super) struct Periods<'a> {
    keys: Vec<(Size, &'a ColumnData)>,
    project: &'a Project,
    answer: &'a Answer,
    today: NaiveDate,
    /// The last row's period and what was said of it: rows of one period come together.
    last: Option<(Vec<NaiveDate>, bool)>,
}

impl<'a> Periods<'a> {
    pub(super) fn new(answer: &'a Answer, project: &'a Project) -> Self {
        let columns = answer.plan.columns.iter().zip(&answer.rows.columns);
        let keys = columns.filter_map(|(column, data)| match column.role {
            ColumnRole::Time(size) => Some((size, data)),
            ColumnRole::TimePart(_)
            | ColumnRole::Dimension(_)
            | ColumnRole::Metric(_)
            | ColumnRole::IsOther
            | ColumnRole::IsTotal
            | ColumnRole::OrderOnly => None,
        });
        let today = answer.now.with_timezone(&answer.plan.time_zone).date_naive();
        Self { keys: keys.collect(), project, answer, today, last: None }
    }

    pub(super) fn is_partial(&mut self, row: usize) -> bool {
        let mut starts = Vec::with_capacity(self.keys.len());
        for (size, column) in &self.keys {
            // An hour is never cut by a range, whose ends are days.
            match column {
                ColumnData::Timestamp(values) if size.is_within_a_day() => {
                    return values.get(row).copied().flatten().is_some_and(|at| unfinished(at, self.answer.now));
                }
                ColumnData::DateTime(values) if size.is_within_a_day() => {
                    let now = self.answer.now.with_timezone(&self.answer.plan.time_zone).naive_local().and_utc();
                    return values.get(row).copied().flatten().is_some_and(|at| unfinished(at, now));
                }
                _ => {}
            }
            match self.local_day(column, row) {
                Some(start) => starts.push(start),
                // The null group has no period.
                None => return false,
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

    fn days_are_partial(&self, starts: &[NaiveDate]) -> bool {
        let range = self.answer.plan.range;
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
        to > cut_at || from.zip(range.from).is_some_and(|(from, cut)| from < cut)
    }

    /// Returns the first day of the period that a value tells, and the day after its last one.
    fn period(&self, size: Size, told: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let (id, by_value) = match size {
            Size::Standard(granularity) => {
                let from = period_start(told, granularity, self.project.calendar);
                return Some((from, add_periods(told, granularity, 1)));
            }
            Size::Calendar(id) => (id, true),
            Size::FirstDay(id) => (id, false),
        };
        let mut periods = self.project.granularities[id].periods.iter();
        let found =
            periods.find(|period| if by_value { period.value == Literal::Date(told) } else { period.from == told });
        found.map(|period| (period.from, period.to))
    }

    fn local_day(&self, column: &ColumnData, row: usize) -> Option<NaiveDate> {
        match column {
            ColumnData::Date(values) => values.get(row).copied().flatten().and_then(day),
            ColumnData::DateTime(values) => {
                values.get(row).copied().flatten().and_then(moment).map(|at| at.date_naive())
            }
            ColumnData::Timestamp(values) => {
                let instant = values.get(row).copied().flatten().and_then(moment)?;
                Some(instant.with_timezone(&self.answer.plan.time_zone).date_naive())
            }
            ColumnData::Boolean(_)
            | ColumnData::Integer(_)
            | ColumnData::Decimal { .. }
            | ColumnData::Float(_)
            | ColumnData::String(_) => None,
        }
    }
}

/// Returns whether the hour that begins at an instant is not over.
fn unfinished(hour: i64, now: DateTime<Utc>) -> bool {
    moment(hour).is_some_and(|hour| hour + chrono::TimeDelta::hours(1) > now)
}
