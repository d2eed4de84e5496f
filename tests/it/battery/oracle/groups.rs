//! The rows of one use of a simple metric, by the keys under which they count.

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate, NaiveDateTime};

use super::{
    KeyValue, Oracle,
    calendar::forward,
    copies::{once, once_per_group},
    formula::Leaf,
    rows::{Moment, Row},
};
use crate::battery::{
    definitions::{Axis, Balance, Member, Simple, simple},
    query::{Dimension, Key, Moved, Part, Predicate, Size},
};

pub(super) type Groups<'q> = BTreeMap<Vec<KeyValue>, Vec<Row<'q>>>;
/// The rows of a leaf under their keys.
#[derive(Default)]
pub(super) struct Grouped<'q> {
    pub(super) groups: Groups<'q>,
    /// What has accumulated day by day in a period that shows the mean.
    pub(super) of_days: GroupsOfDays<'q>,
    /// The time of each conversion of a funnel, by the number of its base.
    pub(super) conversions: BTreeMap<i64, Vec<NaiveDateTime>>,
}

pub(super) type GroupsOfDays<'q> = BTreeMap<Vec<KeyValue>, Vec<Vec<Row<'q>>>>;

impl<'q> Oracle<'q> {
    pub(super) fn grouped(&self, leaf: &Leaf<'q>) -> Grouped<'q> {
        let metric = simple(self.metrics, leaf.metric);
        let all = self.copies(leaf, self.view.rows_of(metric.base));
        let defined: Vec<&Predicate> = metric.filter.iter().chain(leaf.filters.iter().copied()).collect();
        let asked = |row: &Row<'q>| {
            let holds = |filter| self.view.holds(*row, filter, metric.axis, leaf.moved) == Some(true);
            self.query.filter.as_ref().is_none_or(holds)
        };
        let holds = |row: &Row<'q>, condition: &Predicate| {
            self.view.holds(*row, condition, metric.axis, Moved::default()) == Some(true)
        };
        let is_meant = |row: &Row<'q>| asked(row) && defined.iter().all(|condition| holds(row, condition));
        let rows: Vec<Row<'q>> = all.into_iter().filter(is_meant).collect();
        if metric.axis == Axis::Validity {
            return Grouped { groups: self.groups_of_versions(leaf, metric.balance, &rows), ..Grouped::default() };
        }
        let rows = match leaf.funnel {
            Some(funnel) => self.events(funnel, metric, rows),
            None => rows,
        };
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
            None if leaf.by_rows => {
                Grouped { groups: self.groups_of_moved_rows(leaf, metric.axis, &rows), ..Grouped::default() }
            }
            None => {
                let groups = once_per_group(self.plain_groups(leaf, metric.axis, &rows));
                // What a later base has is credited to it, whether or not the range holds it.
                Grouped { groups, conversions: self.conversions(leaf, &rows), ..Grouped::default() }
            }
            Some((span, take)) => {
                let (groups, of_days) = self.accumulated_groups(leaf, metric.axis, (span, take), &rows);
                let of_days =
                    of_days.into_iter().map(|(key, days)| (key, days.into_iter().map(once).collect())).collect();
                Grouped { groups: once_per_group(groups), of_days, ..Grouped::default() }
            }
        }
    }

    /// Whether a row counts in a period of the answer.
    fn counts(&self, leaf: &Leaf<'q>, axis: Axis, row: Row<'q>) -> bool {
        let moment = self.view.axis(row, axis);
        let moved = moment.map(|moment| self.view.moved_day(moment, leaf.moved));
        // A day that the later month lacks is nobody's.
        let exists = |day: NaiveDate| forward(day, leaf.moved.months).day() == day.day();
        let has_day = moved.is_none_or(|day| !self.tells_days(leaf) || exists(day));
        self.is_in_range(row, leaf) && (leaf.moved.is_none() || moment.is_some()) && has_day
    }

    fn plain_groups(&self, leaf: &Leaf<'q>, axis: Axis, rows: &[Row<'q>]) -> Groups<'q> {
        let mut groups = Groups::new();
        for row in rows.iter().copied().filter(|row| self.counts(leaf, axis, *row)) {
            let moment = self.view.axis(row, axis);
            let moved =
                moment.map(|moment| (moment.passed(leaf.moved.minutes), self.view.moved_day(moment, leaf.moved)));
            let key: Vec<KeyValue> = self.query.keys.iter().map(|key| self.key(row, *key, moved, leaf)).collect();
            // What has no counterpart in the later period is not shown.
            let is_shown = leaf.moved.retail.is_none() || !self.is_without_period(&key, leaf);
            if !is_shown {
                continue;
            }
            if let Some(key) = self.among_the_top(key) {
                groups.entry(self.without_dropped(leaf, key)).or_default().push(row);
            }
        }
        groups
    }

    /// Whether a time of a key is null.
    pub(super) fn is_without_period(&self, key: &[KeyValue], leaf: &Leaf<'q>) -> bool {
        let mut values = self.query.keys.iter().zip(key);
        values.any(|(key, value)| {
            !leaf.drops(*key) && matches!(key.meant_by(leaf.axis), Key::Time(_)) && *value == KeyValue::Null
        })
    }

    pub(super) fn without_dropped(&self, leaf: &Leaf<'q>, key: Vec<KeyValue>) -> Vec<KeyValue> {
        let values = key.into_iter().zip(&self.query.keys);
        values.map(|(value, key)| if leaf.drops(*key) { KeyValue::Null } else { value }).collect()
    }

    /// The key of a leaf's group beside a row of the answer: what it ignores is nothing, and its time may be earlier.
    pub(super) fn kept(&self, leaf: &Leaf<'q>, key: &[KeyValue]) -> Vec<KeyValue> {
        let values = key.iter().zip(&self.query.keys);
        let kept = values.map(|(value, key)| match (leaf.start_of, key.meant_by(leaf.axis), value) {
            _ if leaf.drops(*key) => KeyValue::Null,
            (Some(unit), Key::Time(size), KeyValue::Day(day)) => {
                KeyValue::Day(self.view.calendar.period(self.view.calendar.period(*day, unit), size))
            }
            _ => value.clone(),
        });
        kept.collect()
    }

    /// For whom a row counts.
    pub(super) fn member(&self, row: Row<'q>, member: Member, axis: Axis) -> KeyValue {
        match member {
            Member::Customer => self.view.customer_id(row).map_or(KeyValue::Null, KeyValue::Whole),
            Member::Kind => self.view.dimension(row, Dimension::Kind, axis),
            Member::Day => {
                let moment = self.view.axis(row, axis);
                moment.map_or(KeyValue::Null, |moment| KeyValue::Day(self.view.day(moment)))
            }
        }
    }

    /// Those of the rows that are of the moment of their period, which is chosen among all rows of the model.
    fn of_moments(&self, leaf: &Leaf<'q>, metric: &Simple, balance: Balance, rows: Vec<Row<'q>>) -> Vec<Row<'q>> {
        let size = self.query.keys.iter().find_map(|key| match key.meant_by(leaf.axis) {
            Key::Time(size) if !leaf.drops(*key) => Some(size),
            _ => None,
        });
        let place = |row: Row<'q>| {
            let moment = self.view.axis(row, metric.axis)?;
            if !self.is_in_range(row, leaf) {
                return None;
            }
            let (day, moved) = (self.view.day(moment), self.view.moved_day(moment, leaf.moved));
            let period = size.map(|size| self.shown(moved, size, leaf));
            // A day that is in no period has no moment of it.
            if period == Some(KeyValue::Null) {
                return None;
            }
            let kind = balance.per_kind.then(|| self.view.dimension(row, Dimension::Kind, metric.axis));
            Some(((period, kind), day))
        };
        let mut moments = BTreeMap::new();
        for row in self.view.world.parcels.iter().map(Row::parcel) {
            let Some((place, day)) = place(row) else { continue };
            let moment = moments.entry(place).or_insert(day);
            *moment = if balance.is_last { day.max(*moment) } else { day.min(*moment) };
        }
        let is_of_moment = |row: &Row<'q>| place(*row).is_some_and(|(place, day)| moments[&place] == day);
        rows.into_iter().filter(is_of_moment).collect()
    }

    /// Whether a key of the query tells the days of a month apart.
    fn tells_days(&self, leaf: &Leaf<'q>) -> bool {
        let keys = self.query.keys.iter().filter(|key| !leaf.drops(**key));
        keys.into_iter().any(|key| {
            let meant = key.meant_by(leaf.axis);
            matches!(meant, Key::Time(Size::Day) | Key::Part(Part::DayOfWeek | Part::DayOfMonth | Part::DayOfYear))
        })
    }

    pub(super) fn key(&self, row: Row<'q>, key: Key, moved: Option<(Moment, NaiveDate)>, leaf: &Leaf<'q>) -> KeyValue {
        let calendar = self.view.calendar;
        match key.meant_by(leaf.axis) {
            Key::Time(size) if size.is_within_a_day() => {
                moved.map_or(KeyValue::Null, |(moment, _)| self.view.part_of_day(moment, leaf.moved.days, size))
            }
            Key::Time(size) => moved.map_or(KeyValue::Null, |(_, day)| self.shown(day, size, leaf)),
            Key::Part(part) => moved.map_or(KeyValue::Null, |(moment, day)| {
                KeyValue::Whole(self.view.part(moment, forward(day, leaf.moved.months), part))
            }),
            Key::Dimension(dimension) => self.view.dimension(row, dimension, leaf.axis),
            Key::DimensionTime(time, size) => match (self.view.time(row, time), size) {
                (None, _) => KeyValue::Null,
                (Some(moment), size) if size.is_within_a_day() => self.view.part_of_day(moment, 0, size),
                (Some(moment), _) => calendar.key(self.view.day(moment), size),
            },
            Key::DimensionPart(time, part) => self
                .view
                .time(row, time)
                .map_or(KeyValue::Null, |moment| KeyValue::Whole(self.view.part(moment, self.view.day(moment), part))),
        }
    }

    /// The period in which a day is shown that was moved by minutes and days.
    pub(super) fn shown(&self, day: NaiveDate, size: Size, leaf: &Leaf<'q>) -> KeyValue {
        let calendar = self.view.calendar;
        match (leaf.moved.retail, calendar.key(day, size)) {
            (Some(units), _) => calendar.shown_later(day, size, units),
            (None, KeyValue::Day(first)) => KeyValue::Day(forward(first, leaf.moved.months)),
            (None, other) => other,
        }
    }

    /// The key with its member where that is among the best, as one of the others, or not at all.
    pub(super) fn among_the_top(&self, mut key: Vec<KeyValue>) -> Option<Vec<KeyValue>> {
        let (Some(top), Some(members)) = (self.query.top, &self.members) else { return Some(key) };
        if !members.contains(&key[top.of]) {
            if !top.other {
                return None;
            }
            key[top.of] = KeyValue::Other;
        }
        Some(key)
    }
}
