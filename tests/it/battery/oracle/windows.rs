//! Rows that count on several days: what accumulates, and what is taken back row by row.

use std::collections::BTreeMap;

use chrono::{Datelike, Duration, Months, NaiveDate};

use super::{
    KeyValue, Oracle,
    calendar::{back, next_period},
    formula::Leaf,
    groups::{Groups, GroupsOfDays},
    rows::Row,
};
use crate::battery::{
    definitions::{Axis, Span, Take},
    query::{Key, Size},
};

impl<'q> Oracle<'q> {
    /// The granularity at which the time of a leaf is asked for.
    pub(super) fn size_of_time(&self, leaf: &Leaf<'_>) -> Option<Size> {
        self.query.keys.iter().find_map(|key| match key.meant_by(leaf.axis) {
            Key::Time(size) => Some(size),
            _ => None,
        })
    }

    /// Whether a leaf shows the mean of the days of a longer period.
    fn is_mean_of_days(&self, leaf: &Leaf<'_>) -> bool {
        let is_longer = self.size_of_time(leaf).is_some_and(|size| size != Size::Day);
        is_longer && leaf.span.is_some_and(|(_, take)| take == Take::Avg)
    }

    /// The key of a row on a day on which it counts, unless it is of no interest.
    fn key_on(&self, row: Row<'q>, day: Option<NaiveDate>, leaf: &Leaf<'q>) -> Option<Vec<KeyValue>> {
        let key = self.query.keys.iter().map(|key| match key.meant_by(leaf.axis) {
            Key::Time(size) => KeyValue::Day(self.view.calendar.period(day.expect("there is a time key"), size)),
            Key::Part(_) => panic!("not asked of what counts on several days"),
            key => self.key(row, key, None, leaf),
        });
        self.among_the_top(key.collect())
    }

    pub(super) fn accumulated_groups(
        &self,
        leaf: &Leaf<'q>,
        axis: Axis,
        span: Span,
        take: Take,
        rows: &[Row<'q>],
    ) -> (Groups<'q>, GroupsOfDays<'q>) {
        let day_of = |row: &Row<'q>| self.view.axis(*row, axis).map(|moment| self.view.day(moment));
        let days: Vec<NaiveDate> = rows.iter().filter_map(day_of).collect();
        let size = self.size_of_time(leaf);
        let by_days = self.is_mean_of_days(leaf);
        let size = if by_days { Some(Size::Day) } else { size };
        let mut groups = Groups::new();
        let mut of_days: BTreeMap<Vec<KeyValue>, BTreeMap<NaiveDate, Vec<Row<'q>>>> = BTreeMap::new();
        for (period, end) in self.windows(leaf, size, take, &days) {
            let from = end.and_then(|end| match span {
                Span::Days(days) => Some(end - Duration::days(days)),
                Span::MonthToDate => (end - Duration::days(1)).with_day(1),
                Span::YearToDate => Some(self.view.calendar.period(end - Duration::days(1), Size::Year)),
                Span::Ever => None,
            });
            for row in rows {
                let is_inside = match (day_of(row), end) {
                    (Some(day), Some(end)) => day < end && from.is_none_or(|from| day >= from),
                    (None, Some(_)) => false,
                    (_, None) => true,
                };
                let Some(key) = is_inside.then(|| self.key_on(*row, period, leaf)).flatten() else { continue };
                if by_days {
                    let day = period.expect("there is a time key");
                    of_days.entry(key.clone()).or_default().entry(day).or_default().push(*row);
                }
                groups.entry(key).or_default().push(*row);
            }
        }
        (groups, of_days.into_iter().map(|(key, days)| (key, days.into_values().collect())).collect())
    }

    /// The days of the answer: those of the range; where a side is open, from the first row up to today or a last day.
    fn days(&self, first: Option<NaiveDate>, last: Option<NaiveDate>) -> Vec<NaiveDate> {
        let Some(first) = self.range.map(|(from, _)| from).or(first) else { return Vec::new() };
        let end = self.range.and_then(|(_, to)| to);
        let last = end.map_or(self.today.max(last.unwrap_or(first)), |to| to - Duration::days(1));
        first.iter_days().take_while(|day| *day <= last).collect()
    }

    /// The periods of the answer, each with the end of its window.
    fn windows(
        &self,
        leaf: &Leaf<'q>,
        size: Option<Size>,
        take: Take,
        days: &[NaiveDate],
    ) -> Vec<(Option<NaiveDate>, Option<NaiveDate>)> {
        let end = self.range.and_then(|(_, to)| to);
        let Some(size) = size else { return vec![(None, end.map(|to| back(to, leaf.months, leaf.days)))] };
        let shown = self.days(days.iter().min().copied(), days.iter().max().copied());
        let mut starts: Vec<NaiveDate> = shown.into_iter().map(|day| self.view.calendar.period(day, size)).collect();
        starts.dedup();
        let moved = starts.into_iter().filter_map(|start| {
            let moved = start - Months::new(leaf.months);
            if moved.day() != start.day() && size == Size::Day {
                return None;
            }
            let end = next_period(moved, if take == Take::First { Size::Day } else { size });
            Some((Some(start), Some(end - Duration::days(leaf.days))))
        });
        moved.collect()
    }

    /// Each day of the answer beside the rows of the day so many months before, ends of months clamped.
    pub(super) fn groups_of_moved_rows(&self, leaf: &Leaf<'q>, axis: Axis, rows: &[Row<'q>]) -> Groups<'q> {
        let day_of = |row: &Row<'q>| self.view.axis(*row, axis).map(|moment| self.view.day(moment));
        let days = rows.iter().filter_map(day_of);
        let last = days.clone().max().map(|day| day + Months::new(leaf.months) + Duration::days(leaf.days + 3));
        let mut groups = Groups::new();
        for day in self.days(days.min(), last) {
            let earlier = day - Months::new(leaf.months) - Duration::days(leaf.days);
            for row in rows.iter().filter(|row| day_of(row) == Some(earlier)) {
                if let Some(key) = self.key_on(*row, Some(day), leaf) {
                    groups.entry(key).or_default().push(*row);
                }
            }
        }
        groups
    }
}
