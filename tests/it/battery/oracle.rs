//! The answer to a query, worked out row by row from the meaning of metrics, without SQL and without the planner.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Duration, Months, NaiveDate, NaiveDateTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use super::{
    question::{Aggregate, Axis, Back, Base, Dimension, Key, Metric, Predicate, Query, Size, Span, Value},
    world::{Claim, Customer, Depot, Parcel, World},
};

/// A value of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum KeyValue {
    Null,
    Bool(bool),
    Whole(i64),
    Text(String),
    Day(NaiveDate),
    Instant(DateTime<Utc>),
    Clock(NaiveDateTime),
}

/// A value of a metric: exact in hundredths, or a float.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    Null,
    Hundredths(i128),
    Float(f64),
}

/// Rows of an answer by their keys; no key is there twice.
pub(super) type Answer = BTreeMap<Vec<KeyValue>, Vec<Number>>;

#[derive(Clone, Copy)]
enum Row<'w> {
    Parcel(&'w Parcel),
    Claim(&'w Claim),
}

/// One use of a simple metric.
struct Leaf<'q> {
    metric: usize,
    filters: Vec<&'q Predicate>,
    months: u32,
    days: i64,
    span: Option<Span>,
    groups: BTreeMap<Vec<KeyValue>, Vec<Row<'q>>>,
    of_present: bool,
}

/// A metric of the query over leaves.
enum Formula {
    Leaf(usize),
    Ratio(Box<Self>, Box<Self>),
    Difference(Box<Self>, Box<Self>),
    /// What it was before; nothing where no row is known.
    Before(Box<Self>),
}

struct Oracle<'q> {
    world: &'q World,
    metrics: &'q [Metric],
    query: &'q Query,
    zone: Tz,
    today: NaiveDate,
    leaves: Vec<Leaf<'q>>,
}

/// Works out the answer.
pub(super) fn answer(world: &World, metrics: &[Metric], query: &Query, now: DateTime<Utc>) -> Answer {
    let zone = query.zone.unwrap_or(world.zone);
    let today = now.with_timezone(&zone).date_naive();
    let mut oracle = Oracle { world, metrics, query, zone, today, leaves: Vec::new() };
    let formulas: Vec<Formula> = query.metrics.iter().map(|(metric, back)| oracle.formula(*metric, *back)).collect();
    for leaf in 0..oracle.leaves.len() {
        oracle.leaves[leaf].groups = oracle.groups(&oracle.leaves[leaf]);
    }
    let mut keys: BTreeSet<Vec<KeyValue>> = BTreeSet::new();
    let only_back = oracle.leaves.iter().all(|leaf| !leaf.of_present);
    for leaf in &oracle.leaves {
        if leaf.of_present || only_back {
            keys.extend(leaf.groups.keys().cloned());
        }
    }
    if query.keys.is_empty() {
        keys.insert(Vec::new());
    }
    if query.fill {
        oracle.fill(&mut keys);
    }
    let mut answer = Answer::new();
    for key in keys {
        let values: Vec<Number> = formulas.iter().map(|formula| oracle.value(formula, &key)).collect();
        let enough = query.at_least.is_none_or(|least| match values[0] {
            Number::Null => false,
            Number::Hundredths(value) => value >= i128::from(least) * 100,
            #[allow(clippy::cast_precision_loss, reason = "a small whole number")]
            Number::Float(value) => value >= least as f64,
        });
        if enough {
            answer.insert(key, values);
        }
    }
    answer
}

impl<'q> Oracle<'q> {
    fn formula(&mut self, metric: usize, back: Option<Back>) -> Formula {
        let (months, days) = match back {
            None => (0, 0),
            Some(Back::Months(months)) => (months, 0),
            Some(Back::Days(days)) => (0, days),
        };
        let present = back.is_none();
        let mut leaf = |metric, filters, months, days, span| {
            self.leaves.push(Leaf {
                metric,
                filters,
                months,
                days,
                span,
                groups: BTreeMap::new(),
                of_present: present,
            });
            Formula::Leaf(self.leaves.len() - 1)
        };
        let formula = match &self.metrics[metric] {
            Metric::Simple { .. } => leaf(metric, Vec::new(), months, days, None),
            Metric::Ratio(one, other) => {
                let one = leaf(*one, Vec::new(), months, days, None);
                Formula::Ratio(Box::new(one), Box::new(leaf(*other, Vec::new(), months, days, None)))
            }
            Metric::Difference(one, other) => {
                let one = leaf(*one, Vec::new(), months, days, None);
                Formula::Difference(Box::new(one), Box::new(leaf(*other, Vec::new(), months, days, None)))
            }
            Metric::Share(one, filter) => {
                let part = leaf(*one, vec![filter], months, days, None);
                Formula::Ratio(Box::new(part), Box::new(leaf(*one, Vec::new(), months, days, None)))
            }
            Metric::Change(one, more) => {
                let now = leaf(*one, Vec::new(), months, days, None);
                let before = match more {
                    Back::Months(more) => leaf(*one, Vec::new(), months + more, days, None),
                    Back::Days(more) => leaf(*one, Vec::new(), months, days + more, None),
                };
                Formula::Difference(Box::new(now), Box::new(Formula::Before(Box::new(before))))
            }
            Metric::Accumulated(one, span) => leaf(*one, Vec::new(), months, days, Some(*span)),
        };
        if present { formula } else { Formula::Before(Box::new(formula)) }
    }

    fn simple(&self, metric: usize) -> (Base, Aggregate, Value, Option<&'q Predicate>, Axis) {
        match &self.metrics[metric] {
            Metric::Simple { base, aggregate, value, filter, axis } => {
                (*base, *aggregate, *value, filter.as_ref(), *axis)
            }
            _ => panic!("a leaf is a simple metric"),
        }
    }

    /// The rows of a leaf, by the keys under which they count.
    fn groups(&self, leaf: &Leaf<'q>) -> BTreeMap<Vec<KeyValue>, Vec<Row<'q>>> {
        let (base, _, _, own, axis) = self.simple(leaf.metric);
        let all: Vec<Row<'q>> = match base {
            Base::Parcels => self.world.parcels.iter().map(Row::Parcel).collect(),
            Base::Claims => self.world.claims.iter().map(Row::Claim).collect(),
        };
        let conditions: Vec<&Predicate> =
            self.query.filter.iter().chain(own).chain(leaf.filters.iter().copied()).collect();
        let rows: Vec<Row<'q>> = all
            .into_iter()
            .filter(|row| conditions.iter().all(|condition| self.holds(*row, condition, leaf) == Some(true)))
            .collect();
        match leaf.span {
            None => self.plain_groups(leaf, axis, rows),
            Some(span) => self.accumulated_groups(leaf, axis, span, &rows),
        }
    }

    fn plain_groups(&self, leaf: &Leaf<'q>, axis: Axis, rows: Vec<Row<'q>>) -> BTreeMap<Vec<KeyValue>, Vec<Row<'q>>> {
        let mut groups: BTreeMap<Vec<KeyValue>, Vec<Row<'q>>> = BTreeMap::new();
        let shifted = leaf.months > 0 || leaf.days > 0;
        for row in rows {
            let day = self.local_day(row, axis);
            if let Some((from, to)) = self.query.range {
                let Some(day) = day else { continue };
                if day < back(from, leaf.months, leaf.days) || day >= back(to, leaf.months, leaf.days) {
                    continue;
                }
            }
            if shifted && day.is_none() {
                continue;
            }
            let moved_days = day.map(|day| day + Duration::days(leaf.days));
            let by_day = self.query.keys.iter().any(|key| matches!(key, Key::Time(Size::Day) | Key::DayOfWeek));
            if let Some(day) = moved_days
                && by_day
                && forward(day, leaf.months).day() != day.day()
            {
                continue;
            }
            let key = self.query.keys.iter().map(|key| match key {
                Key::Time(Size::Hour) => self.hour(row, axis, leaf.days),
                Key::Time(size) => moved_days
                    .map_or(KeyValue::Null, |day| KeyValue::Day(forward(self.period(day, *size), leaf.months))),
                Key::DayOfWeek => moved_days.map_or(KeyValue::Null, |day| self.day_of_week(forward(day, leaf.months))),
                Key::Dimension(dimension) => self.dimension(row, *dimension),
            });
            groups.entry(key.collect()).or_default().push(row);
        }
        groups
    }

    fn accumulated_groups(
        &self,
        leaf: &Leaf<'q>,
        axis: Axis,
        span: Span,
        rows: &[Row<'q>],
    ) -> BTreeMap<Vec<KeyValue>, Vec<Row<'q>>> {
        let size = self.query.keys.iter().find_map(|key| match key {
            Key::Time(size) => Some(*size),
            Key::DayOfWeek | Key::Dimension(_) => None,
        });
        let days: Vec<NaiveDate> = rows.iter().filter_map(|row| self.local_day(*row, axis)).collect();
        let mut windows: Vec<(Option<NaiveDate>, Option<NaiveDate>)> = Vec::new();
        match size {
            None => windows.push((None, self.query.range.map(|(_, to)| back(to, leaf.months, leaf.days)))),
            Some(size) => {
                let (first, last) = match self.query.range {
                    Some((from, to)) => (from, to - Duration::days(1)),
                    None => {
                        let Some(first) = days.iter().min() else { return BTreeMap::new() };
                        (*first, self.today.max(*days.iter().max().expect("there is a first")))
                    }
                };
                let mut starts: Vec<NaiveDate> =
                    first.iter_days().take_while(|day| *day <= last).map(|day| self.period(day, size)).collect();
                starts.dedup();
                for start in starts {
                    let moved = start - Months::new(leaf.months);
                    if moved.day() != start.day() && size == Size::Day {
                        continue;
                    }
                    let end = next_period(moved, size) - Duration::days(leaf.days);
                    windows.push((Some(start), Some(end)));
                }
            }
        }
        let mut groups: BTreeMap<Vec<KeyValue>, Vec<Row<'q>>> = BTreeMap::new();
        for (period, end) in windows {
            let from = end.and_then(|end| match span {
                Span::Days(days) => Some(end - Duration::days(days)),
                Span::MonthToDate => (end - Duration::days(1)).with_day(1),
                Span::Ever => None,
            });
            for row in rows {
                let day = self.local_day(*row, axis);
                let inside = match (day, end) {
                    (Some(day), Some(end)) => day < end && from.is_none_or(|from| day >= from),
                    (None, Some(_)) => false,
                    (_, None) => true,
                };
                if !inside {
                    continue;
                }
                let key = self.query.keys.iter().map(|key| match key {
                    Key::Time(_) => KeyValue::Day(period.expect("there is a time key")),
                    Key::DayOfWeek => panic!("not asked of accumulated metrics"),
                    Key::Dimension(dimension) => self.dimension(*row, *dimension),
                });
                groups.entry(key.collect()).or_default().push(*row);
            }
        }
        groups
    }

    /// Every period of the range beside each combination of the other keys that is there.
    fn fill(&self, keys: &mut BTreeSet<Vec<KeyValue>>) {
        let (from, to) = self.query.range.expect("filled within a range");
        let is_dimension: Vec<bool> = self.query.keys.iter().map(|key| matches!(key, Key::Dimension(_))).collect();
        let others: BTreeSet<Vec<KeyValue>> = keys
            .iter()
            .map(|key| key.iter().zip(&is_dimension).filter(|(_, is)| **is).map(|(value, _)| value.clone()).collect())
            .collect();
        let others = if is_dimension.contains(&true) { others } else { BTreeSet::from([Vec::new()]) };
        for day in from.iter_days().take_while(|day| *day < to) {
            for other in &others {
                let mut other = other.iter();
                let key = self.query.keys.iter().map(|key| match key {
                    Key::Time(size) => KeyValue::Day(self.period(day, *size)),
                    Key::DayOfWeek => self.day_of_week(day),
                    Key::Dimension(_) => other.next().expect("one per dimension").clone(),
                });
                keys.insert(key.collect());
            }
        }
    }

    fn value(&self, formula: &Formula, key: &[KeyValue]) -> Number {
        match formula {
            Formula::Before(inner) if !self.has_rows(inner, key) => Number::Null,
            Formula::Before(inner) => self.value(inner, key),
            Formula::Leaf(leaf) => self.leaf_value(&self.leaves[*leaf], key),
            Formula::Ratio(left, right) => {
                let (left, right) = (self.value(left, key), self.value(right, key));
                match (float(left), float(right)) {
                    (Some(left), Some(right)) if right != 0.0 => Number::Float(left / right),
                    _ => Number::Null,
                }
            }
            Formula::Difference(left, right) => match (self.value(left, key), self.value(right, key)) {
                (Number::Null, _) | (_, Number::Null) => Number::Null,
                (Number::Hundredths(left), Number::Hundredths(right)) => Number::Hundredths(left - right),
                (left, right) => Number::Float(float(left).expect("not null") - float(right).expect("not null")),
            },
        }
    }

    fn has_rows(&self, formula: &Formula, key: &[KeyValue]) -> bool {
        match formula {
            Formula::Leaf(leaf) => self.leaves[*leaf].groups.contains_key(key),
            Formula::Ratio(left, right) | Formula::Difference(left, right) => {
                self.has_rows(left, key) || self.has_rows(right, key)
            }
            Formula::Before(inner) => self.has_rows(inner, key),
        }
    }

    fn leaf_value(&self, leaf: &Leaf<'q>, key: &[KeyValue]) -> Number {
        let (_, aggregate, value, _, _) = self.simple(leaf.metric);
        let counts = matches!(aggregate, Aggregate::Count | Aggregate::CountDistinct);
        let empty = if counts || aggregate == Aggregate::Sum { Number::Hundredths(0) } else { Number::Null };
        let Some(rows) = leaf.groups.get(key) else { return empty };
        if value == Value::Nothing {
            return Number::Hundredths(rows.len() as i128 * 100);
        }
        let mut values: Vec<i128> = rows.iter().filter_map(|row| hundredths(*row, value)).collect();
        values.sort_unstable();
        match aggregate {
            Aggregate::Count => Number::Hundredths(values.len() as i128 * 100),
            Aggregate::CountDistinct => {
                values.dedup();
                Number::Hundredths(values.len() as i128 * 100)
            }
            _ if values.is_empty() => empty,
            Aggregate::Sum => Number::Hundredths(values.iter().sum()),
            Aggregate::Min => Number::Hundredths(values[0]),
            Aggregate::Max => Number::Hundredths(values[values.len() - 1]),
            Aggregate::Avg => Number::Float(ratio(values.iter().sum(), values.len() as i128 * 100)),
            Aggregate::Median => {
                let (low, high) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
                Number::Float(ratio(low + high, 200))
            }
        }
    }

    fn parcel_of(&self, row: Row<'q>) -> Option<&'q Parcel> {
        match row {
            Row::Parcel(parcel) => Some(parcel),
            Row::Claim(claim) => self.world.parcels.iter().find(|parcel| Some(parcel.id) == claim.parcel),
        }
    }

    fn customer(&self, id: Option<i64>) -> Option<&'q Customer> {
        self.world.customers.iter().find(|customer| Some(customer.id) == id)
    }

    fn depot(&self, id: Option<i64>) -> Option<&'q Depot> {
        self.world.depots.iter().find(|depot| Some(depot.id) == id)
    }

    fn dimension(&self, row: Row<'q>, dimension: Dimension) -> KeyValue {
        let parcel = self.parcel_of(row);
        let text = |value: Option<&String>| value.map_or(KeyValue::Null, |value| KeyValue::Text(value.clone()));
        let customer = self.customer(parcel.and_then(|parcel| parcel.customer));
        match dimension {
            Dimension::Kind => text(parcel.and_then(|parcel| parcel.kind.as_ref())),
            Dimension::Ok => KeyValue::Bool(parcel.and_then(|parcel| parcel.ok) == Some(true)),
            Dimension::WeightClass => match parcel.and_then(|parcel| parcel.weight) {
                None => KeyValue::Null,
                Some(weight) if weight < 2 => KeyValue::Text("<2".into()),
                Some(weight) if weight < 5 => KeyValue::Text("2–5".into()),
                Some(_) => KeyValue::Text("5+".into()),
            },
            Dimension::IsClaimed => KeyValue::Bool(parcel.is_some_and(|parcel| self.has_claim(parcel, None))),
            Dimension::Country => text(customer.and_then(|customer| customer.country.as_ref())),
            Dimension::ParentCountry => {
                let parent = self.customer(customer.and_then(|customer| customer.parent));
                text(parent.and_then(|parent| parent.country.as_ref()))
            }
            Dimension::OriginRegion => {
                text(self.depot(parcel.and_then(|parcel| parcel.origin)).and_then(|depot| depot.region.as_ref()))
            }
            Dimension::DestinationRegion => {
                text(self.depot(parcel.and_then(|parcel| parcel.destination)).and_then(|depot| depot.region.as_ref()))
            }
        }
    }

    fn has_claim(&self, parcel: &Parcel, reason: Option<&str>) -> bool {
        let matches = |claim: &&Claim| {
            claim.parcel == Some(parcel.id) && reason.is_none_or(|reason| claim.reason.as_deref() == Some(reason))
        };
        self.world.claims.iter().any(|claim| matches(&claim))
    }

    /// Three-valued: `None` is unknown.
    fn holds(&self, row: Row<'q>, predicate: &Predicate, leaf: &Leaf<'q>) -> Option<bool> {
        let equals = |dimension, value: &str| match self.dimension(row, dimension) {
            KeyValue::Text(text) => Some(text == value),
            _ => None,
        };
        let booked = || self.parcel_of(row)?.booked_at.map(|at| at.with_timezone(&self.zone).date_naive());
        let moved = || {
            let (.., axis) = self.simple(leaf.metric);
            let day = self.local_day(row, axis)? + Duration::days(leaf.days);
            day.checked_add_months(Months::new(leaf.months))
        };
        match predicate {
            Predicate::Equals(dimension, value) => equals(*dimension, value),
            Predicate::NotEquals(dimension, value) => equals(*dimension, value).map(|equal| !equal),
            Predicate::In(dimension, values) => {
                values.iter().map(|value| equals(*dimension, value)).reduce(or).expect("a list has members")
            }
            Predicate::IsNull(dimension) => Some(self.dimension(row, *dimension) == KeyValue::Null),
            Predicate::Holds(dimension) => Some(self.dimension(row, *dimension) == KeyValue::Bool(true)),
            Predicate::Heavier(weight) => Some(self.parcel_of(row)?.weight? > *weight),
            Predicate::HasClaim(reason) => {
                Some(self.parcel_of(row).is_some_and(|parcel| self.has_claim(parcel, *reason)))
            }
            Predicate::BookedOnOrAfter(day) => booked().map(|booked| booked >= *day),
            Predicate::BookedOnOrBefore(day) => booked().map(|booked| booked <= *day),
            Predicate::TimeOnOrAfter(day) => moved().map(|moved| moved >= *day),
            Predicate::TimeOnOrBefore(day) => moved().map(|moved| moved <= *day),
            Predicate::Not(inner) => self.holds(row, inner, leaf).map(|holds| !holds),
            Predicate::And(left, right) => {
                let not = |value: Option<bool>| value.map(|value| !value);
                not(or(not(self.holds(row, left, leaf)), not(self.holds(row, right, leaf))))
            }
            Predicate::Or(left, right) => or(self.holds(row, left, leaf), self.holds(row, right, leaf)),
        }
    }

    fn local_day(&self, row: Row<'q>, axis: Axis) -> Option<NaiveDate> {
        match (axis, row) {
            (Axis::DoneOn, Row::Parcel(parcel)) => parcel.done_on,
            (Axis::FiledAt, Row::Claim(claim)) => claim.filed_at.map(|at| at.date()),
            (Axis::BookedAt | Axis::BookedAtOfParcel, row) => {
                self.parcel_of(row)?.booked_at.map(|at| at.with_timezone(&self.zone).date_naive())
            }
            _ => panic!("the axis is of another model"),
        }
    }

    fn hour(&self, row: Row<'q>, axis: Axis, days: i64) -> KeyValue {
        if let (Axis::FiledAt, Row::Claim(claim)) = (axis, row) {
            return claim.filed_at.map_or(KeyValue::Null, |at| {
                let at = at + Duration::days(days);
                KeyValue::Clock(at.date().and_hms_opt(at.hour(), 0, 0).expect("an hour"))
            });
        }
        let Some(at) = self.parcel_of(row).and_then(|parcel| parcel.booked_at) else { return KeyValue::Null };
        let at = if days == 0 {
            at
        } else {
            let local = at.with_timezone(&self.zone).naive_local() + Duration::days(days);
            match self.zone.from_local_datetime(&local).earliest() {
                Some(at) => at.with_timezone(&Utc),
                // The clock was moved over it: as far after the gap as it would have been after its start.
                None => {
                    let before = self.zone.from_local_datetime(&(local - Duration::hours(3))).earliest();
                    before.expect("gaps are short").with_timezone(&Utc) + Duration::hours(3)
                }
            }
        };
        let local = at.with_timezone(&self.zone);
        let into_hour = Duration::minutes(i64::from(local.minute())) + Duration::seconds(i64::from(local.second()));
        KeyValue::Instant(at - into_hour)
    }

    fn day_of_week(&self, day: NaiveDate) -> KeyValue {
        let from_monday = day.weekday().num_days_from_monday();
        KeyValue::Whole(i64::from((from_monday + 7 - self.world.week_start) % 7 + 1))
    }

    fn period(&self, day: NaiveDate, size: Size) -> NaiveDate {
        let first = day.with_day(1).expect("a first day");
        let months_into = |year_start: u32, period: u32| (day.month() + 12 - year_start) % 12 % period;
        match size {
            Size::Hour | Size::Day => day,
            Size::Week => {
                let KeyValue::Whole(nth) = self.day_of_week(day) else { panic!("a whole number") };
                day - Duration::days(nth - 1)
            }
            Size::Month => first,
            Size::Quarter => first - Months::new(months_into(1, 3)),
            Size::Year => first - Months::new(months_into(1, 12)),
            Size::FiscalQuarter => first - Months::new(months_into(self.world.fiscal_start, 3)),
            Size::FiscalYear => first - Months::new(months_into(self.world.fiscal_start, 12)),
        }
    }
}

fn next_period(start: NaiveDate, size: Size) -> NaiveDate {
    match size {
        Size::Hour | Size::Day => start + Duration::days(1),
        Size::Week => start + Duration::days(7),
        Size::Month => start + Months::new(1),
        Size::Quarter | Size::FiscalQuarter => start + Months::new(3),
        Size::Year | Size::FiscalYear => start + Months::new(12),
    }
}

fn or(left: Option<bool>, right: Option<bool>) -> Option<bool> {
    match (left, right) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

/// A day taken back; a day that the earlier month lacks gives the first of the month after.
fn back(day: NaiveDate, months: u32, days: i64) -> NaiveDate {
    let moved = day - Months::new(months);
    let moved = if moved.day() == day.day() { moved } else { moved + Duration::days(1) };
    moved - Duration::days(days)
}

fn forward(day: NaiveDate, months: u32) -> NaiveDate {
    day + Months::new(months)
}

fn hundredths(row: Row<'_>, value: Value) -> Option<i128> {
    match (value, row) {
        (Value::Price, Row::Parcel(parcel)) => parcel.price.map(i128::from),
        (Value::Weight, Row::Parcel(parcel)) => parcel.weight.map(|weight| i128::from(weight) * 100),
        (Value::Customer, Row::Parcel(parcel)) => parcel.customer.map(|id| i128::from(id) * 100),
        (Value::Amount, Row::Claim(claim)) => claim.amount.map(i128::from),
        _ => panic!("the value is of another model"),
    }
}

#[allow(clippy::cast_precision_loss, reason = "compared with a tolerance")]
fn ratio(value: i128, by: i128) -> f64 {
    value as f64 / by as f64
}

fn float(number: Number) -> Option<f64> {
    match number {
        Number::Null => None,
        Number::Hundredths(value) => Some(ratio(value, 100)),
        Number::Float(value) => Some(value),
    }
}
