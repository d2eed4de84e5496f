//! Places of rows at query time, and the best members of a key.

use std::{cmp::Ordering, collections::BTreeSet};

use chrono::{DateTime, Utc};

use super::{KeyValue, Number, answer};
use crate::battery::{
    definitions::Metric,
    query::{Dimension, Key, Query, Show, Top, Words},
    world::World,
};

type Rows = Vec<(Vec<Number>, Vec<KeyValue>)>;

/// The rows with places for values where the query asks for those.
pub(super) fn with_places(metrics: &[Metric], query: &Query, mut rows: Rows) -> Rows {
    for (position, (metric, words)) in query.metrics.iter().enumerate() {
        let Show::Rank(within) = words.show else { continue };
        let meant = query.keys_of(metrics, *metric);
        let shared = |key: &[KeyValue]| -> Vec<KeyValue> {
            let keys = query.keys.iter().zip(&meant).zip(key);
            keys.filter(|((key, meant), _)| !within.drops(**key, **meant)).map(|(_, value)| value.clone()).collect()
        };
        let all: Vec<(Number, Vec<KeyValue>)> =
            rows.iter().map(|(values, key)| (values[position], shared(key))).collect();
        for ((values, _), (own, group)) in rows.iter_mut().zip(&all) {
            let before = all.iter().filter(|(value, other)| other == group && by_value(*value, *own).is_lt());
            values[position] = Number::whole(1 + before.count() as i128);
        }
    }
    rows
}

/// How two exact values stand, the greatest first, nulls last.
fn by_value(left: Number, right: Number) -> Ordering {
    match (left, right) {
        (Number::Exact(left), Number::Exact(right)) => right.cmp(&left),
        (Number::Null, Number::Null) => Ordering::Equal,
        (Number::Null, _) => Ordering::Greater,
        (_, Number::Null) => Ordering::Less,
        _ => panic!("ranked by what is exact"),
    }
}

/// The best members of a key: by the metric, then by the members themselves, nulls last.
pub(super) fn best(
    world: &World,
    metrics: &[Metric],
    query: &Query,
    top: Top,
    now: DateTime<Utc>,
) -> Option<BTreeSet<KeyValue>> {
    let ranking = Query {
        metrics: vec![(top.by, Words::default())],
        keys: vec![query.keys[top.of]],
        having: None,
        hidden: None,
        fill: false,
        top: None,
        ..query.clone()
    };
    let mut members: Vec<(KeyValue, Number)> = answer(world, metrics, &ranking, now)?
        .into_iter()
        .map(|(mut key, values)| (key.remove(0), values[0]))
        .collect();
    let place = |value: &KeyValue| match value {
        KeyValue::Text(text) => {
            let classes = match query.keys[top.of] {
                Key::Dimension(Dimension::WeightClass) => ["<2", "2–5", "5+"],
                Key::Dimension(Dimension::ClaimClass) => ["<1", "1–2", "2+"],
                _ => return None,
            };
            classes.iter().position(|class| class == text)
        }
        _ => None,
    };
    members.sort_by(|(key, value), (other, other_value)| {
        let by_key = (*key == KeyValue::Null).cmp(&(*other == KeyValue::Null));
        by_value(*value, *other_value)
            .then(by_key)
            .then_with(|| place(key).cmp(&place(other)).then_with(|| key.cmp(other)))
    });
    Some(members.into_iter().take(top.count).map(|(key, _)| key).collect())
}
