//! Whether a row stands for a whole period.
//!
//! A row stands for the days that all its time keys have in common; without a time key, for the range. It is partial
//! if some of them lie outside the range, or are not over.

use super::rows::{day, moment};
use crate::{
    engine::Answer,
    plan::ColumnRole,
    time::{Calendar, DateTime, Granularity, NaiveDate, Utc, add_periods, period_start},
    warehouse::ColumnData,
};

/// The time keys of an answer, and what cuts their periods.
pub(super) struct Periods<'a> {
    keys: Vec<(Granularity, &'a ColumnData)>,
    calendar: Calendar,
    answer: &'a Answer,
    today: NaiveDate,
    /// The last row's period and what was said of it: rows of one period come together.
    last: Option<(Vec<NaiveDate>, bool)>,
}

impl<'a> Periods<'a> {
    pub(super) fn new(answer: &'a Answer, calendar: Calendar) -> Self {
        let columns = answer.plan.columns.iter().zip(&answer.rows.columns);
        let keys = columns.filter_map(|(column, data)| match column.role {
            ColumnRole::Time(granularity) => Some((granularity, data)),
            ColumnRole::TimePart(_)
            | ColumnRole::Dimension(_)
            | ColumnRole::Metric(_)
            | ColumnRole::IsOther
            | ColumnRole::OrderOnly => None,
        });
        let today = answer.now.with_timezone(&answer.plan.time_zone).date_naive();
        Self { keys: keys.collect(), calendar, answer, today, last: None }
    }

    pub(super) fn is_partial(&mut self, row: usize) -> bool {
        let mut starts = Vec::with_capacity(self.keys.len());
        for (granularity, column) in &self.keys {
            // An hour is never cut by a range, whose ends are days.
            match (granularity, column) {
                (Granularity::Hour, ColumnData::Timestamp(values)) => {
                    return values.get(row).copied().flatten().is_some_and(|at| unfinished(at, self.answer.now));
                }
                (Granularity::Hour, ColumnData::DateTime(values)) => {
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
        let periods = self.keys.iter().zip(starts);
        let from =
            periods.clone().map(|((granularity, _), start)| period_start(*start, *granularity, self.calendar)).max();
        let to = periods.map(|((granularity, _), start)| add_periods(*start, *granularity, 1)).min();
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
