//! Funnels: each event is credited to the latest one before it, step by step.

use std::collections::BTreeMap;

use chrono::{Months, NaiveDateTime, NaiveTime};

use super::{
    KeyValue, Oracle,
    formula::Leaf,
    number::{self, Number},
    rows::{Moment, Of, Row},
};
use crate::battery::{
    definitions::{Axis, Funnel, FunnelResult, Simple, Tie, Within, simple},
    query::{Dimension, Moved},
};

/// An event that was credited, and the base that it goes back to.
struct Credited<'q> {
    at: NaiveDateTime,
    tie: KeyValue,
    base: Row<'q>,
}

impl<'q> Oracle<'q> {
    /// The rows of a metric that are events: they have a key and a time.
    pub(super) fn events(&self, funnel: &Funnel, metric: &Simple, rows: Vec<Row<'q>>) -> Vec<Row<'q>> {
        let is_event = |row: &Row<'q>| {
            self.view.axis(*row, metric.axis).is_some() && self.tie(*row, funnel.tie, metric.axis) != KeyValue::Null
        };
        rows.into_iter().filter(is_event).collect()
    }

    fn tie(&self, row: Row<'q>, tie: Tie, axis: Axis) -> KeyValue {
        let whole = |id: Option<i64>| id.map_or(KeyValue::Null, KeyValue::Whole);
        match tie {
            Tie::Customer => whole(self.view.parcel_of(row).and_then(|parcel| parcel.customer)),
            Tie::Parcel => match row.of {
                Of::Parcel(parcel) => KeyValue::Whole(parcel.id),
                Of::Claim(claim) => whole(claim.parcel),
                Of::Status(_) => panic!("versions are no events"),
            },
            Tie::Kind => self.view.dimension(row, Dimension::Kind, axis),
        }
    }

    /// A time that can be compared with others of its kind: of an instant the clock of UTC.
    fn at(&self, row: Row<'q>, metric: &Simple) -> NaiveDateTime {
        match self.view.axis(row, metric.axis).expect("an event has a time") {
            Moment::Instant(at) => at.naive_utc(),
            Moment::Clock(at) => at,
            Moment::Day(day) => day.and_time(NaiveTime::MIN),
        }
    }

    fn is_within(&self, within: Within, before: NaiveDateTime, at: NaiveDateTime, are_instants: bool) -> bool {
        match within {
            Within::Minutes(minutes) => (at - before).num_microseconds().expect("a few years") < minutes * 60_000_000,
            Within::Months(months) if are_instants => {
                at.and_utc() < self.view.calendar.months_later(before.and_utc(), months)
            }
            Within::Months(months) => at < before + Months::new(months),
        }
    }

    /// The times of the conversions of each base, by its number.
    pub(super) fn conversions(&self, leaf: &Leaf<'q>, bases: &[Row<'q>]) -> BTreeMap<i64, Vec<NaiveDateTime>> {
        let Some(funnel) = leaf.funnel else { return BTreeMap::new() };
        let first = simple(self.metrics, funnel.base);
        let mut before: Vec<Credited<'q>> = bases
            .iter()
            .map(|base| Credited {
                at: self.at(*base, first),
                tie: self.tie(*base, funnel.tie, first.axis),
                base: *base,
            })
            .collect();
        for (position, step) in funnel.steps.iter().enumerate() {
            let metric = simple(self.metrics, step.metric);
            let rows = self.rows_of(metric);
            let is_last = position + 1 == funnel.steps.len();
            let mut credited = Vec::new();
            for event in self.events(funnel, metric, rows) {
                let (at, tie) = (self.at(event, metric), self.tie(event, funnel.tie, metric.axis));
                let follows = |earlier: &&Credited<'q>| {
                    let is_instant = matches!(self.view.axis(event, metric.axis), Some(Moment::Instant(_)));
                    earlier.tie == tie
                        && earlier.at <= at
                        && step.within.is_none_or(|within| self.is_within(within, earlier.at, at, is_instant))
                        && (!is_last || !funnel.same_currency || is_of_one_currency(earlier.base, event))
                };
                let latest = before.iter().filter(follows).max_by_key(|earlier| (earlier.at, earlier.base.id()));
                if let Some(latest) = latest {
                    credited.push(Credited { at, tie, base: latest.base });
                }
            }
            before = credited;
        }
        let mut conversions: BTreeMap<i64, Vec<NaiveDateTime>> = BTreeMap::new();
        for conversion in before {
            conversions.entry(conversion.base.id()).or_default().push(conversion.at);
        }
        conversions
    }

    /// What a funnel comes to over a group of bases.
    pub(super) fn of_bases(&self, leaf: &Leaf<'q>, bases: &[Row<'q>]) -> Number {
        let funnel = leaf.funnel.expect("it is the base of one");
        let metric = simple(self.metrics, funnel.base);
        let converted = bases.iter().filter(|base| leaf.grouped.conversions.contains_key(&base.id())).count();
        let per = |count: usize| number::quotient(count, bases.len());
        let conversions: usize =
            bases.iter().map(|base| leaf.grouped.conversions.get(&base.id()).map_or(0, |times| times.len())).sum();
        match funnel.result {
            FunnelResult::Rate => per(converted),
            FunnelResult::PerBase => per(conversions),
            FunnelResult::Conversions => Number::whole(conversions as i128),
            FunnelResult::Between(hundredths, minutes) => {
                let times = bases.iter().flat_map(|base| {
                    let times = leaf.grouped.conversions.get(&base.id()).map_or(&[][..], |times| times);
                    times.iter().map(|at| (*at - self.at(*base, metric)).num_microseconds().expect("a few years"))
                });
                number::percentile_of(times.collect(), hundredths, minutes * 60_000_000)
            }
        }
    }

    /// The rows of a metric, by its own condition.
    fn rows_of(&self, metric: &Simple) -> Vec<Row<'q>> {
        let all = self.view.rows_of(metric.base);
        let holds = |row: &Row<'q>| {
            let holds = |filter| self.view.holds(*row, filter, metric.axis, Moved::default()) == Some(true);
            metric.filter.as_ref().is_none_or(holds)
        };
        all.into_iter().filter(holds).collect()
    }
}

fn is_of_one_currency(base: Row<'_>, event: Row<'_>) -> bool {
    match (base.of, event.of) {
        (Of::Parcel(base), Of::Parcel(event)) => base.currency.is_some() && base.currency == event.currency,
        _ => panic!("parcels have a currency"),
    }
}
