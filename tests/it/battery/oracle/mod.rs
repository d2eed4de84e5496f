//! The answer to a query, worked out row by row from the meaning of metrics, without SQL and without the planner.

mod calendar;
mod copies;
mod formula;
mod funnels;
mod groups;
mod moments;
mod number;
mod places;
mod retail;
mod rows;
mod versions;
mod windows;

use std::{
    cell::Cell,
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

use self::{
    calendar::Bounds,
    copies::Beside,
    formula::{Builder, Leaf, Node},
    places::{best, with_places},
    rows::{Row, View},
};
use super::{
    definitions::{Aggregate, FunnelResult, Metric, Operator, Simple, Take, Value, WhenEmpty, simple},
    query::{Comparison, Having, Key, Part, Query, Words},
    world::World,
};
pub(super) use calendar::Calendar;
pub(super) use number::{Number, apply, same};

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
    /// All members that are not among the best.
    Other,
}

/// Rows of an answer by their keys; no key is there twice.
pub(super) type Answer = BTreeMap<Vec<KeyValue>, Vec<Number>>;

struct Oracle<'q> {
    metrics: &'q [Metric],
    query: &'q Query,
    view: View<'q>,
    today: NaiveDate,
    range: Option<Bounds>,
    /// The best members of the key that is ranked.
    members: Option<BTreeSet<KeyValue>>,
    leaves: Vec<Leaf<'q>>,
    /// How many of them are of metrics that are shown: the others make no rows.
    shown: usize,
    /// Whether something hangs on the rounding of a float.
    is_unsure: Cell<bool>,
}

/// Works out the answer; nothing where it hangs on the rounding of a float.
pub(super) fn answer(world: &World, metrics: &[Metric], query: &Query, now: DateTime<Utc>) -> Option<Answer> {
    if world.policy.is_some() {
        return answer(&world.seen(), metrics, query, now);
    }
    let calendar = Calendar::of(world, query);
    let today = calendar.local_day(now);
    let members = match query.top {
        Some(top) => Some(best(world, metrics, query, top, now)?),
        None => None,
    };
    let mut builder = Builder { metrics, leaves: Vec::new() };
    let mut nodes: Vec<Node> = query.metrics.iter().map(|(metric, words)| builder.metric(*metric, *words)).collect();
    let shown = builder.leaves.len();
    nodes.extend(query.hidden.map(|hidden| builder.metric(hidden, Words::default())));
    let mut oracle = Oracle {
        metrics,
        query,
        view: View { world, calendar },
        today,
        range: query.range.map(|range| calendar.bounds(range, now)),
        members,
        leaves: builder.leaves,
        shown,
        is_unsure: Cell::new(false),
    };
    for leaf in 0..oracle.leaves.len() {
        oracle.leaves[leaf].grouped = oracle.grouped(&oracle.leaves[leaf]);
    }
    let mut answer = Answer::new();
    let keys = oracle.keys().into_iter();
    let rows = keys.map(|key| (nodes.iter().map(|node| oracle.value(node, &key)).collect(), key));
    for (mut values, key) in with_places(metrics, query, rows.collect()) {
        if query.having.as_ref().is_none_or(|having| oracle.has(having, &values) == Some(true)) {
            values.truncate(query.metrics.len());
            answer.insert(key, values);
        }
    }
    (!oracle.is_unsure.get()).then_some(answer)
}

fn zero(is_float: bool) -> Number {
    if is_float { Number::float(0.0) } else { Number::whole(0) }
}

fn is_mean(aggregate: Aggregate) -> bool {
    matches!(aggregate, Aggregate::Avg | Aggregate::Percentile(_))
}

fn takes_mean(leaf: &Leaf<'_>) -> bool {
    leaf.span.is_some_and(|(_, take)| take == Take::Avg)
}

impl<'q> Oracle<'q> {
    /// The keys of the answer's rows, before `having`.
    fn keys(&self) -> BTreeSet<Vec<KeyValue>> {
        let mut keys: BTreeSet<Vec<KeyValue>> = BTreeSet::new();
        let shown = &self.leaves[..self.shown];
        let only_back = shown.iter().all(|leaf| !leaf.of_present);
        let is_whole =
            |leaf: &&Leaf<'_>| leaf.start_of.is_none() && !self.query.keys.iter().any(|key| leaf.drops(*key));
        for leaf in shown.iter().filter(|leaf| leaf.of_present || only_back).filter(is_whole) {
            keys.extend(leaf.grouped.groups.keys().cloned());
        }
        if self.query.keys.is_empty() {
            keys.insert(Vec::new());
        }
        if self.query.fill {
            self.fill(&mut keys);
        }
        keys
    }

    /// Every period of the range beside each combination of the other keys that is there.
    fn fill(&self, keys: &mut BTreeSet<Vec<KeyValue>>) {
        let meant = self.query.keys_of_all(self.metrics);
        let within = meant.iter().filter_map(|key| match key {
            Key::Time(size) if size.is_within_a_day() => Some(*size),
            _ => None,
        });
        let finest = within.min_by_key(|size| size.minutes());
        // An hour of the day follows from no day: it is another key, of which those are there that are there.
        let is_time = |key: &Key| match key {
            Key::Part(Part::HourOfDay) => finest.is_some(),
            key => matches!(key, Key::Time(_) | Key::Part(_)),
        };
        let others = |key: &Vec<KeyValue>| -> Vec<KeyValue> {
            let others = key.iter().zip(&meant).filter(|(_, key)| !is_time(key));
            others.map(|(value, _)| value.clone()).collect()
        };
        let has_others = !meant.iter().all(is_time);
        let others: BTreeSet<Vec<KeyValue>> =
            if has_others { keys.iter().map(others).collect() } else { BTreeSet::from([Vec::new()]) };
        for moment in self.moments_to_fill(finest) {
            let day = self.view.day(moment);
            for other in &others {
                let mut other = other.iter();
                let key = meant.iter().map(|key| match key {
                    Key::Time(size) if size.is_within_a_day() => self.view.part_of_day(moment, 0, *size),
                    Key::Time(size) => self.view.calendar.key(day, *size),
                    Key::Part(part) if is_time(key) => KeyValue::Whole(self.view.part(moment, day, *part)),
                    _ => other.next().expect("one per key").clone(),
                });
                let key: Vec<KeyValue> = key.collect();
                // A day that a calendar lacks makes no period.
                let is_lacking = meant
                    .iter()
                    .zip(&key)
                    .any(|(key, value)| matches!(key, Key::Time(size) if size.is_retail()) && *value == KeyValue::Null);
                if !is_lacking {
                    keys.insert(key);
                }
            }
        }
    }

    fn sure<T>(&self, value: Option<T>, otherwise: T) -> T {
        value.unwrap_or_else(|| {
            self.is_unsure.set(true);
            otherwise
        })
    }

    fn value(&self, node: &Node, key: &[KeyValue]) -> Number {
        match node {
            Node::Leaf(leaf) => self.leaf_value(&self.leaves[*leaf], key),
            Node::Constant(value) => Number::whole(i128::from(*value)),
            Node::Binary(operator, left, right) => {
                let value = number::apply(*operator, self.value(left, key), self.value(right, key));
                self.sure(value, Number::Null)
            }
            Node::WhereRowsAre(inner) => {
                if self.has_rows(inner, key) {
                    self.value(inner, key)
                } else {
                    Number::Null
                }
            }
            Node::OrZero(inner) => match self.value(inner, key) {
                Number::Null => zero(self.is_float(inner)),
                value => value,
            },
        }
    }

    /// Whether values are floats, which a zero in their place is then too.
    fn is_float(&self, node: &Node) -> bool {
        match node {
            Node::Leaf(leaf) => self.is_float_leaf(&self.leaves[*leaf]),
            Node::Constant(_) => false,
            Node::Binary(operator, left, right) => {
                *operator == Operator::Divide || self.is_float(left) || self.is_float(right)
            }
            Node::WhereRowsAre(inner) | Node::OrZero(inner) => self.is_float(inner),
        }
    }

    fn is_float_leaf(&self, leaf: &Leaf<'_>) -> bool {
        match leaf.funnel {
            Some(funnel) => funnel.result != FunnelResult::Conversions,
            None => is_mean(self.aggregate(leaf)) || takes_mean(leaf),
        }
    }

    fn has_rows(&self, node: &Node, key: &[KeyValue]) -> bool {
        match node {
            Node::Leaf(leaf) => {
                let leaf = &self.leaves[*leaf];
                leaf.grouped.groups.contains_key(&self.kept(leaf, key))
            }
            Node::Constant(_) => false,
            Node::Binary(_, left, right) => self.has_rows(left, key) || self.has_rows(right, key),
            Node::WhereRowsAre(inner) | Node::OrZero(inner) => self.has_rows(inner, key),
        }
    }

    fn leaf_value(&self, leaf: &Leaf<'q>, key: &[KeyValue]) -> Number {
        let metric = simple(self.metrics, leaf.metric);
        let aggregate = self.aggregate(leaf);
        let counts = matches!(aggregate, Aggregate::Count | Aggregate::CountDistinct);
        let is_zero = match (leaf.when_empty, leaf.funnel) {
            (Some(when_empty), _) => when_empty == WhenEmpty::Zero,
            (None, Some(funnel)) => funnel.result == FunnelResult::Conversions,
            (None, None) => counts || aggregate == Aggregate::Sum,
        };
        let value = match (leaf.grouped.groups.get(&self.kept(leaf, key)), leaf.nested) {
            (None, _) => Number::Null,
            (Some(bases), None) if leaf.funnel.is_some() => self.of_bases(leaf, bases),
            (Some(_), None) if leaf.grouped.of_days.contains_key(key) => {
                self.mean_of_days(metric, &leaf.grouped.of_days[key])
            }
            (Some(rows), None) => self.of_rows(metric, rows),
            (Some(rows), Some((member, aggregate))) => {
                let mut members: BTreeMap<KeyValue, Vec<Row<'q>>> = BTreeMap::new();
                for row in rows {
                    members.entry(self.member(*row, member, metric.axis)).or_default().push(*row);
                }
                let inner = self.metrics[leaf.metric].when_empty;
                let is_sum = matches!(metric.aggregate, Aggregate::Sum);
                let inner_zero = inner.map_or(is_sum, |when_empty| when_empty == WhenEmpty::Zero);
                let values = members.values().filter_map(|rows| match self.of_rows(metric, rows) {
                    Number::Exact(units) => Some(units),
                    Number::Null if inner_zero => Some(0),
                    Number::Null => None,
                    Number::Float(..) => panic!("what is nested is exact"),
                });
                match aggregate {
                    // Members are counted, whatever their values.
                    Aggregate::Count => Number::whole(members.len() as i128),
                    _ => number::aggregate(aggregate, values.collect()),
                }
            }
        };
        match value {
            Number::Null if is_zero => zero(self.is_float_leaf(leaf)),
            // A day is its own mean.
            Number::Exact(_) if takes_mean(leaf) => number::mean(&[value]),
            value => value,
        }
    }

    /// The mean of what has accumulated on each of several days.
    fn mean_of_days(&self, metric: &Simple, days: &[Vec<Row<'q>>]) -> Number {
        let values = days.iter().map(|rows| self.of_rows(metric, rows));
        let values: Vec<Number> = values.filter(|value| *value != Number::Null).collect();
        number::mean(&values)
    }

    /// The aggregate that gives a leaf's value.
    fn aggregate(&self, leaf: &Leaf<'_>) -> Aggregate {
        leaf.nested.map_or(simple(self.metrics, leaf.metric).aggregate, |(_, aggregate)| aggregate)
    }

    fn of_rows(&self, metric: &Simple, rows: &[Row<'q>]) -> Number {
        if rows.iter().any(|row| matches!(row.beside, Beside::Share(_))) {
            return self.of_parts(metric, rows);
        }
        if metric.value == Value::Nothing {
            return Number::whole(rows.len() as i128);
        }
        let values = rows.iter().filter_map(|row| self.view.value(*row, metric.value));
        number::aggregate(metric.aggregate, values.collect())
    }

    /// Three-valued.
    fn has(&self, having: &Having, values: &[Number]) -> Option<bool> {
        match having {
            Having::Compare(position, comparison, whole) => match values[*position] {
                Number::Null => None,
                value => {
                    let stands = self.sure(value.against(*whole), Ordering::Equal);
                    Some(match comparison {
                        Comparison::Equal => stands.is_eq(),
                        Comparison::NotEqual => stands.is_ne(),
                        Comparison::Less => stands.is_lt(),
                        Comparison::LessOrEqual => stands.is_le(),
                        Comparison::Greater => stands.is_gt(),
                        Comparison::GreaterOrEqual => stands.is_ge(),
                    })
                }
            },
            Having::IsNull(position) => Some(values[*position] == Number::Null),
            Having::Not(inner) => self.has(inner, values).map(|holds| !holds),
            Having::And(left, right) => match (self.has(left, values), self.has(right, values)) {
                (Some(false), _) | (_, Some(false)) => Some(false),
                (Some(true), Some(true)) => Some(true),
                _ => None,
            },
            Having::Or(left, right) => match (self.has(left, values), self.has(right, values)) {
                (Some(true), _) | (_, Some(true)) => Some(true),
                (Some(false), Some(false)) => Some(false),
                _ => None,
            },
        }
    }
}
