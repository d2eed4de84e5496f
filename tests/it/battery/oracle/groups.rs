//! The rows of one use of a simple metric, by the keys under which they count.

use std::collections::BTreeMap;

use chrono::{Datelike, Duration, Months, NaiveDate};

use super::{
    KeyValue, Oracle,
    calendar::{back, forward, next_period},
    formula::Leaf,
    rows::{Moment, Row},
};
use crate::battery::{
    definitions::{Axis, Balance, Base, Member, Simple, Span, simple},
    query::{Dimension, Key, Part, Predicate, Size},
};

type Groups<'q> = BTreeMap<Vec<KeyValue>, Vec<Row<'q>>>;

impl<'q> Oracle<'q> {
    pub(super) fn groups(&self, leaf: &Leaf<'q>) -> Groups<'q> {
        let metric = simple(self.metrics, leaf.metric);
        let all: Vec<Row<'q>> = match metric.base {
            Base::Parcels => self.view.world.parcels.iter().map(Row::Parcel).collect(),
            Base::Claims => self.view.world.claims.iter().map(Row::Claim).collect(),
        };
        let conditions: Vec<&Predicate> =
            self.query.filter.iter().chain(&metric.filter).chain(leaf.filters.iter().copied()).collect();
        let holds = |row: &Row<'q>, condition: &Predicate| self.view.holds(*row, condition, metric.axis, leaf);
        let rows: Vec<Row<'q>> = all
            .into_iter()
            .filter(|row| conditions.iter().all(|condition| holds(row, condition) == Some(true)))
            .collect();
        let rows = match metric.balance {
            Some(balance) => self.of_moments(leaf, metric, balance, rows),
            None => rows,
        };
        // A kind that is null is a group of its own; no customer and no day are nobody.
        let is_nobodys = |row: &Row<'q>| {
            leaf.nested.is_some_and(|(member, _)| {
                member != Member::Kind && self.member(*row, member, metric.axis) == KeyValue::Null
            })
        };
        let rows: Vec<Row<'q>> = rows.into_iter().filter(|row| !is_nobodys(row)).collect();
        match leaf.span {
            None => self.plain_groups(leaf, metric.axis, rows),
            Some(span) => self.accumulated_groups(leaf, metric.axis, span, &rows),
        }
    }

    fn plain_groups(&self, leaf: &Leaf<'q>, axis: Axis, rows: Vec<Row<'q>>) -> Groups<'q> {
        let mut groups = Groups::new();
        let is_shifted = leaf.months > 0 || leaf.days > 0;
        for row in rows {
            let moment = self.view.axis(row, axis);
            let day = moment.map(|moment| self.view.day(moment));
            if !self.is_in_range(day, leaf) || (is_shifted && day.is_none()) {
                continue;
            }
            let moved = day.map(|day| day + Duration::days(leaf.days));
            // A day that the later month lacks is nobody's.
            if moved.is_some_and(|day| self.tells_days(leaf) && forward(day, leaf.months).day() != day.day()) {
                continue;
            }
            let key = self.query.keys.iter().map(|key| self.key(row, *key, moment.zip(moved), leaf));
            if let Some(key) = self.among_the_top(key.collect()) {
                groups.entry(self.kept(leaf, &key)).or_default().push(row);
            }
        }
        groups
    }

    /// The key of a leaf's group, in which what it ignores is nothing.
    pub(super) fn kept(&self, leaf: &Leaf<'q>, key: &[KeyValue]) -> Vec<KeyValue> {
        let values = key.iter().zip(&self.query.keys);
        values.map(|(value, key)| if leaf.drops(*key) { KeyValue::Null } else { value.clone() }).collect()
    }

    /// For whom a row counts.
    pub(super) fn member(&self, row: Row<'q>, member: Member, axis: Axis) -> KeyValue {
        match member {
            Member::Customer => self.view.customer_id(row).map_or(KeyValue::Null, KeyValue::Whole),
            Member::Kind => self.view.dimension(row, Dimension::Kind),
            Member::Day => {
                let moment = self.view.axis(row, axis);
                moment.map_or(KeyValue::Null, |moment| KeyValue::Day(self.view.day(moment)))
            }
        }
    }

    /// Those of the rows that are of the moment of their period, which is chosen among all rows of the model.
    fn of_moments(&self, leaf: &Leaf<'q>, metric: &Simple, balance: Balance, rows: Vec<Row<'q>>) -> Vec<Row<'q>> {
        let size = self.query.keys.iter().find_map(|key| match key {
            Key::Time(size) if !leaf.drops(*key) => Some(*size),
            _ => None,
        });
        let place = |row: Row<'q>| {
            let day = self.view.day(self.view.axis(row, metric.axis)?);
            if !self.is_in_range(Some(day), leaf) {
                return None;
            }
            let moved = day + Duration::days(leaf.days);
            let period = size.map(|size| forward(self.view.calendar.period(moved, size), leaf.months));
            let kind = balance.per_kind.then(|| self.view.dimension(row, Dimension::Kind));
            Some(((period, kind), day))
        };
        let mut moments = BTreeMap::new();
        for row in self.view.world.parcels.iter().map(Row::Parcel) {
            let Some((place, day)) = place(row) else { continue };
            let moment = moments.entry(place).or_insert(day);
            *moment = if balance.is_last { day.max(*moment) } else { day.min(*moment) };
        }
        let is_of_moment = |row: &Row<'q>| place(*row).is_some_and(|(place, day)| moments[&place] == day);
        rows.into_iter().filter(is_of_moment).collect()
    }

    fn is_in_range(&self, day: Option<NaiveDate>, leaf: &Leaf<'q>) -> bool {
        let Some((from, to)) = self.range else { return true };
        day.is_some_and(|day| {
            day >= back(from, leaf.months, leaf.days) && to.is_none_or(|to| day < back(to, leaf.months, leaf.days))
        })
    }

    /// Whether a key of the query tells the days of a month apart.
    fn tells_days(&self, leaf: &Leaf<'q>) -> bool {
        let keys = self.query.keys.iter().filter(|key| !leaf.drops(**key));
        keys.into_iter().any(|key| {
            matches!(key, Key::Time(Size::Day) | Key::Part(Part::DayOfWeek | Part::DayOfMonth | Part::DayOfYear))
        })
    }

    fn key(&self, row: Row<'q>, key: Key, moved: Option<(Moment, NaiveDate)>, leaf: &Leaf<'q>) -> KeyValue {
        let calendar = self.view.calendar;
        match key {
            Key::Time(Size::Hour) => moved.map_or(KeyValue::Null, |(moment, _)| self.view.hour(moment, leaf.days)),
            Key::Time(size) => {
                moved.map_or(KeyValue::Null, |(_, day)| KeyValue::Day(forward(calendar.period(day, size), leaf.months)))
            }
            Key::Part(part) => moved.map_or(KeyValue::Null, |(moment, day)| {
                KeyValue::Whole(self.view.part(moment, forward(day, leaf.months), part))
            }),
            Key::Dimension(dimension) => self.view.dimension(row, dimension),
            Key::DimensionTime(time, size) => match (self.view.time(row, time), size) {
                (None, _) => KeyValue::Null,
                (Some(moment), Size::Hour) => self.view.hour(moment, 0),
                (Some(moment), _) => KeyValue::Day(calendar.period(self.view.day(moment), size)),
            },
            Key::DimensionPart(time, part) => self
                .view
                .time(row, time)
                .map_or(KeyValue::Null, |moment| KeyValue::Whole(self.view.part(moment, self.view.day(moment), part))),
        }
    }

    /// The key with its member where that is among the best, as one of the others, or not at all.
    fn among_the_top(&self, mut key: Vec<KeyValue>) -> Option<Vec<KeyValue>> {
        let (Some(top), Some(members)) = (self.query.top, &self.members) else { return Some(key) };
        if !members.contains(&key[top.of]) {
            if !top.other {
                return None;
            }
            key[top.of] = KeyValue::Other;
        }
        Some(key)
    }

    fn accumulated_groups(&self, leaf: &Leaf<'q>, axis: Axis, span: Span, rows: &[Row<'q>]) -> Groups<'q> {
        let day_of = |row: &Row<'q>| self.view.axis(*row, axis).map(|moment| self.view.day(moment));
        let days: Vec<NaiveDate> = rows.iter().filter_map(day_of).collect();
        let mut groups = Groups::new();
        for (period, end) in self.windows(leaf, &days) {
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
                if !is_inside {
                    continue;
                }
                let key = self.query.keys.iter().map(|key| match key {
                    Key::Time(_) => KeyValue::Day(period.expect("there is a time key")),
                    Key::Part(_) => panic!("not asked of accumulated metrics"),
                    _ => self.key(*row, *key, None, leaf),
                });
                if let Some(key) = self.among_the_top(key.collect()) {
                    groups.entry(key).or_default().push(*row);
                }
            }
        }
        groups
    }

    /// The periods of the answer, each with the end of its window.
    fn windows(&self, leaf: &Leaf<'q>, days: &[NaiveDate]) -> Vec<(Option<NaiveDate>, Option<NaiveDate>)> {
        let size = self.query.keys.iter().find_map(|key| match key {
            Key::Time(size) => Some(*size),
            _ => None,
        });
        let end = self.range.and_then(|(_, to)| to);
        let Some(size) = size else { return vec![(None, end.map(|to| back(to, leaf.months, leaf.days)))] };
        let Some(first) = self.range.map(|(from, _)| from).or(days.iter().min().copied()) else { return Vec::new() };
        let last = end.map_or(self.today.max(days.iter().max().copied().unwrap_or(first)), |to| to - Duration::days(1));
        let mut starts: Vec<NaiveDate> =
            first.iter_days().take_while(|day| *day <= last).map(|day| self.view.calendar.period(day, size)).collect();
        starts.dedup();
        let moved = starts.into_iter().filter_map(|start| {
            let moved = start - Months::new(leaf.months);
            if moved.day() != start.day() && size == Size::Day {
                return None;
            }
            Some((Some(start), Some(next_period(moved, size) - Duration::days(leaf.days))))
        });
        moved.collect()
    }
}
