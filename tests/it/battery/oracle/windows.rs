//! Rows that count in several periods: what accumulates, and what is taken back row by row.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Duration, Months, NaiveDate, Utc};

use super::{
    KeyValue, Oracle,
    calendar::{Calendar, back, next_period},
    formula::Leaf,
    groups::{Groups, GroupsOfDays},
    moments::earlier,
    rows::Row,
};
use crate::battery::{
    definitions::{Axis, Span, Take},
    query::{Key, Moved, Size},
};

/// A period of the answer, as its key is told.
pub(super) enum Period {
    /// The only one.
    Whole,
    Day(NaiveDate),
    PartOfDay(KeyValue),
}

/// The moments between which rows count in a period; without an end all of them count.
struct Window {
    period: Period,
    from: Option<DateTime<Utc>>,
    end: Option<DateTime<Utc>>,
}

impl Window {
    fn holds(&self, at: Option<DateTime<Utc>>) -> bool {
        match (at, self.end) {
            (Some(at), Some(end)) => at < end && self.from.is_none_or(|from| at >= from),
            (None, Some(_)) => false,
            (_, None) => true,
        }
    }
}

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
        let is_longer = self.size_of_time(leaf).is_some_and(|size| size != Size::Day && !size.is_within_a_day());
        is_longer && leaf.span.is_some_and(|(_, take)| take == Take::Avg)
    }

    /// The key of a row in a period in which it counts, unless it is of no interest.
    pub(super) fn key_in(&self, row: Row<'q>, period: &Period, leaf: &Leaf<'q>) -> Option<Vec<KeyValue>> {
        let key = self.query.keys.iter().map(|key| match (key.meant_by(leaf.axis), period) {
            _ if leaf.drops(*key) => KeyValue::Null,
            (Key::Time(_), Period::PartOfDay(start)) => start.clone(),
            (Key::Time(size), Period::Day(day)) if self.is_mean_of_days(leaf) => self.shown(*day, size, leaf),
            (Key::Time(size), Period::Day(day)) => self.view.calendar.key(*day, size),
            (Key::Time(_), Period::Whole) | (Key::Part(_), _) => panic!("not asked of what counts in several periods"),
            (key, _) => self.key(row, key, None, leaf),
        });
        let key: Vec<KeyValue> = key.collect();
        // A day that a calendar lacks makes no period.
        if self.is_without_period(&key, leaf) { None } else { self.among_the_top(key) }
    }

    pub(super) fn accumulated_groups(
        &self,
        leaf: &Leaf<'q>,
        axis: Axis,
        (span, take): (Span, Take),
        rows: &[Row<'q>],
    ) -> (Groups<'q>, GroupsOfDays<'q>) {
        let by_days = self.is_mean_of_days(leaf);
        let size = if by_days { Some(Size::Day) } else { self.size_of_time(leaf) };
        let windows = if self.is_told_by_hours(leaf, span, size) {
            self.windows_of_hours(leaf, span, size, take)
        } else {
            let day_of = |row: &Row<'q>| self.view.axis(*row, axis).map(|moment| self.view.day(moment));
            self.windows_of_days(leaf, span, size, take, &rows.iter().filter_map(day_of).collect::<Vec<_>>())
        };
        let mut groups = Groups::new();
        let mut of_days: BTreeMap<Vec<KeyValue>, BTreeMap<NaiveDate, Vec<Row<'q>>>> = BTreeMap::new();
        for window in windows {
            for row in rows.iter().filter(|row| window.holds(self.view.at(**row, axis))) {
                let Some(key) = self.key_in(*row, &window.period, leaf) else { continue };
                if let (true, Period::Day(day)) = (by_days, &window.period) {
                    of_days.entry(key.clone()).or_default().entry(*day).or_default().push(*row);
                }
                groups.entry(key).or_default().push(*row);
            }
        }
        (groups, of_days.into_iter().map(|(key, days)| (key, days.into_values().collect())).collect())
    }

    /// Whether windows begin or end within a day.
    fn is_told_by_hours(&self, leaf: &Leaf<'q>, span: Span, size: Option<Size>) -> bool {
        let is_cut = leaf.moved.minutes != 0 || self.hours(leaf.axis).is_some();
        span.is_within_a_day() || size.map_or(is_cut, Size::is_within_a_day)
    }

    /// The days of the answer, or of that so many months before: those of the range; where a side is open, from the first row up to today or a last day.
    fn days(&self, first: Option<NaiveDate>, last: Option<NaiveDate>, months: u32) -> Vec<NaiveDate> {
        let range_from = self.range.map(|range| back(range.from, months, 0));
        let Some(first) = range_from.or(first) else { return Vec::new() };
        let end = self.range.and_then(|range| range.to).map(|to| back(to, months, 0));
        let last = end.map_or(self.today.max(last.unwrap_or(first)), |to| to - Duration::days(1));
        first.iter_days().take_while(|day| *day <= last).collect()
    }

    /// The periods of the answer that are no shorter than a day, each with the first day behind its window.
    pub(super) fn periods(
        &self,
        leaf: &Leaf<'q>,
        size: Size,
        take: Take,
        days: &[NaiveDate],
    ) -> impl Iterator<Item = (NaiveDate, NaiveDate)> {
        // The mean of a period is that of all of its days, also where it stands beside a shorter one.
        let months = if self.is_mean_of_days(leaf) { leaf.moved.months } else { 0 };
        let shown = self.days(days.iter().min().copied(), days.iter().max().copied(), months);
        let calendar = self.view.calendar;
        let mut starts: Vec<NaiveDate> = if size.is_retail() {
            shown.into_iter().filter_map(|day| calendar.retail_start(day, size)).collect()
        } else {
            shown.into_iter().map(|day| calendar.period(day, size)).collect()
        };
        starts.dedup();
        let moved = Moved { months: leaf.moved.months - months, ..leaf.moved };
        starts.into_iter().filter_map(move |start| {
            if size.is_retail() {
                let end =
                    if take == Take::First { start + Duration::days(1) } else { calendar.retail_end(start, size) };
                return Some((start, end - Duration::days(moved.days)));
            }
            let earlier = start - Months::new(moved.months);
            if earlier.day() != start.day() && size == Size::Day {
                return None;
            }
            let end = next_period(earlier, if take == Take::First { Size::Day } else { size });
            Some((start, end - Duration::days(moved.days)))
        })
    }

    fn windows_of_days(
        &self,
        leaf: &Leaf<'q>,
        span: Span,
        size: Option<Size>,
        take: Take,
        days: &[NaiveDate],
    ) -> Vec<Window> {
        let line = self.view.line(leaf.axis);
        let window = |period: Period, end: Option<NaiveDate>| {
            let from = end.and_then(|end| first_day(line, span, end)).map(|day| line.start_of_day(day));
            Window { period, from, end: end.map(|end| line.start_of_day(end)) }
        };
        // What begins with a period of a calendar has no beginning on a day that the calendar lacks.
        let begins = |end: NaiveDate| !span.is_retail() || first_day(line, span, end).is_some();
        match size {
            None => {
                let end = self.range.and_then(|range| range.to);
                vec![window(Period::Whole, end.map(|to| back(to, leaf.moved.months, leaf.moved.days)))]
            }
            Some(size) => {
                let periods = self.periods(leaf, size, take, days).filter(|(_, end)| begins(*end));
                periods.map(|(start, end)| window(Period::Day(start), Some(end))).collect()
            }
        }
    }

    fn windows_of_hours(&self, leaf: &Leaf<'q>, span: Span, size: Option<Size>, take: Take) -> Vec<Window> {
        let line = self.view.line(leaf.axis);
        let window = |period, end: Option<DateTime<Utc>>| {
            let from = end.and_then(|end| first_moment(line, span, end));
            Window { period, from, end }
        };
        match size {
            None => vec![window(Period::Whole, self.ends(leaf).1)],
            Some(size) if size.is_within_a_day() => {
                let parts = self.parts_of_range(leaf.axis, size).into_iter();
                let told = |start: DateTime<Utc>| {
                    Period::PartOfDay(match leaf.axis {
                        Axis::FiledAt | Axis::DoneOn | Axis::Validity => KeyValue::Clock(start.naive_utc()),
                        Axis::BookedAt | Axis::BookedAtOfParcel => KeyValue::Instant(start),
                    })
                };
                let end = |start| earlier(line, line.end_of_part(start, size), leaf.moved);
                parts.map(|start| window(told(start), Some(end(start)))).collect()
            }
            Some(size) => {
                let periods = self.periods(leaf, size, take, &[]);
                periods.map(|(start, end)| window(Period::Day(start), Some(line.start_of_day(end)))).collect()
            }
        }
    }

    /// Each day of the answer beside the rows of the day so many months before, ends of months clamped.
    pub(super) fn groups_of_moved_rows(&self, leaf: &Leaf<'q>, axis: Axis, rows: &[Row<'q>]) -> Groups<'q> {
        let day_of = |row: &Row<'q>| self.view.axis(*row, axis).map(|moment| self.view.day(moment));
        let days = rows.iter().filter_map(day_of);
        let (months, before) = (Months::new(leaf.moved.months), Duration::days(leaf.moved.days));
        let last = days.clone().max().map(|day| day + months + before + Duration::days(3));
        let mut groups = Groups::new();
        for day in self.days(days.min(), last, 0) {
            for row in rows.iter().filter(|row| day_of(row) == Some(day - months - before)) {
                if let Some(key) = self.key_in(*row, &Period::Day(day), leaf) {
                    groups.entry(key).or_default().push(*row);
                }
            }
        }
        groups
    }
}

/// The first day of what accumulates up to a day.
fn first_day(calendar: Calendar, span: Span, end: NaiveDate) -> Option<NaiveDate> {
    let last = end - Duration::days(1);
    match span {
        Span::Days(days) => Some(end - Duration::days(days)),
        Span::DayToDate => Some(last),
        Span::MonthToDate => last.with_day(1),
        Span::YearToDate => Some(calendar.period(last, Size::Year)),
        Span::RetailMonthToDate => calendar.retail_start(last, Size::RetailMonth),
        Span::RetailYearToDate => calendar.retail_start(last, Size::RetailYear),
        Span::Ever => None,
        Span::Minutes(_) | Span::HourToDate => panic!("hours are no days"),
    }
}

/// The first moment of what accumulates up to a moment.
fn first_moment(line: Calendar, span: Span, end: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let last = end - Duration::seconds(1);
    match span {
        Span::Days(days) => Some(line.same_clock(end, -days)),
        Span::Minutes(minutes) => Some(end - Duration::minutes(minutes)),
        Span::HourToDate => Some(line.part_of_day(last, Size::Hour)),
        Span::RetailMonthToDate | Span::RetailYearToDate => panic!("not asked by the hour"),
        Span::DayToDate | Span::MonthToDate | Span::YearToDate | Span::Ever => {
            let tomorrow = line.local_day(last) + Duration::days(1);
            first_day(line, span, tomorrow).map(|day| line.start_of_day(day))
        }
    }
}
