//! Where the rows of a leaf lie in time: the moments of its axis, and where a range begins and ends for it.
//!
//! A wall clock and a date are taken as the clock of UTC, so that all axes are lines of instants.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};

use super::{
    Oracle,
    calendar::{Calendar, back},
    formula::Leaf,
    rows::{Moment, Row, View},
};
use crate::battery::{
    definitions::{Axis, Metric, simple, uses},
    query::{Moved, Size},
};

impl Moment {
    /// The moment so many minutes later.
    pub(super) fn passed(self, minutes: i64) -> Self {
        let minutes = Duration::minutes(minutes);
        match self {
            Self::Instant(at) => Self::Instant(at + minutes),
            Self::Clock(at) => Self::Clock(at + minutes),
            Self::Day(day) => {
                assert!(minutes.is_zero(), "a date has no minutes");
                Self::Day(day)
            }
        }
    }

    fn on_its_line(self) -> DateTime<Utc> {
        match self {
            Self::Instant(at) => at,
            Self::Clock(at) => at.and_utc(),
            Self::Day(day) => day.and_time(NaiveTime::MIN).and_utc(),
        }
    }
}

impl<'w> View<'w> {
    /// The calendar by which an axis has days.
    pub(super) fn line(self, axis: Axis) -> Calendar {
        match axis {
            Axis::BookedAt | Axis::BookedAtOfParcel => self.calendar,
            Axis::DoneOn | Axis::FiledAt | Axis::Validity => Calendar { zone: chrono_tz::UTC, ..self.calendar },
        }
    }

    /// The moment of a row on the line of its axis.
    pub(super) fn at(self, row: Row<'w>, axis: Axis) -> Option<DateTime<Utc>> {
        self.axis(row, axis).map(Moment::on_its_line)
    }

    /// The day of a moment moved forward by minutes and days.
    pub(super) fn moved_day(self, moment: Moment, moved: Moved) -> NaiveDate {
        self.day(moment.passed(moved.minutes)) + Duration::days(moved.days)
    }
}

/// A moment taken back by days of the clock, then by minutes that pass.
pub(super) fn earlier(line: Calendar, at: DateTime<Utc>, moved: Moved) -> DateTime<Utc> {
    let at = if moved.days == 0 { at } else { line.same_clock(at, -moved.days) };
    at - Duration::minutes(moved.minutes)
}

impl<'q> Oracle<'q> {
    /// Where the rows of a leaf begin and end that are shown in the range.
    pub(super) fn ends(&self, leaf: &Leaf<'q>) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let Some(range) = self.range else { return (None, None) };
        let (line, moved) = (self.view.line(leaf.axis), leaf.moved);
        if let Some((first, end)) = self.hours(leaf.axis) {
            return (Some(earlier(line, first, moved)), Some(earlier(line, end, moved)));
        }
        let of_day = |day| match moved.retail {
            Some(units) => line.start_of_day(line.units_back(day, units)),
            None => line.start_of_day(back(day, moved.months, moved.days)) - Duration::minutes(moved.minutes),
        };
        (Some(of_day(self.first_needed(range.from, leaf))), range.to.map(of_day))
    }

    /// The hours of the range on the line of an axis, where it is one of hours.
    pub(super) fn hours(&self, axis: Axis) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let hours = self.range?.hours?;
        let (first, end) = hours.clock;
        Some(match axis {
            Axis::BookedAt | Axis::BookedAtOfParcel => hours.at,
            Axis::DoneOn | Axis::FiledAt | Axis::Validity => (first.and_utc(), end.and_utc()),
        })
    }

    pub(super) fn is_in_range(&self, row: Row<'q>, leaf: &Leaf<'q>) -> bool {
        let (from, to) = self.ends(leaf);
        match self.view.at(row, leaf.axis) {
            Some(at) => from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to),
            None => self.range.is_none(),
        }
    }

    /// The first day of what a range needs: the first period of the unit is there as a whole.
    fn first_needed(&self, from: NaiveDate, leaf: &Leaf<'q>) -> NaiveDate {
        let calendar = self.view.calendar;
        match leaf.start_of.zip(self.size_of_time(leaf)) {
            // A week belongs to the unit in which it begins.
            Some((unit, size)) => calendar.period(calendar.period(calendar.period(from, size), unit), size),
            None => from,
        }
    }

    /// The starts of the parts of a day that the range touches, on the line of an axis.
    pub(super) fn parts_of_range(&self, axis: Axis, size: Size) -> Vec<DateTime<Utc>> {
        let range = self.range.expect("within a range");
        let line = self.view.line(axis);
        let to = || line.start_of_day(range.to.expect("up to an end"));
        let (first, end) = self.hours(axis).unwrap_or_else(|| (line.start_of_day(range.from), to()));
        let mut parts = Vec::new();
        let mut start = line.part_of_day(first, size);
        while start < end {
            parts.push(start);
            start = line.end_of_part(start, size);
        }
        parts
    }

    /// A moment of each period that is filled in: the days of the range, or the finest parts of them that are asked for.
    pub(super) fn moments_to_fill(&self, finest: Option<Size>) -> Vec<Moment> {
        let range = self.range.expect("filled within a range");
        let to = range.to.expect("filled up to an end");
        let Some(finest) = finest else {
            return range.from.iter_days().take_while(|day| *day < to).map(Moment::Day).collect();
        };
        let axis = self.first_axis();
        // Six hours have several hours of the day.
        let size = if finest == Size::Hour6 { Size::Hour } else { finest };
        let parts = self.parts_of_range(axis, size).into_iter();
        parts
            .map(|at| if axis == Axis::FiledAt { Moment::Clock(at.naive_utc()) } else { Moment::Instant(at) })
            .collect()
    }

    /// The axis of a metric of the query; all of them have the same clock where there are hours.
    fn first_axis(&self) -> Axis {
        let metrics: &[Metric] = self.metrics;
        let used = uses(metrics, self.query.metrics[0].0)[0];
        simple(metrics, used.simple).axis
    }
}
