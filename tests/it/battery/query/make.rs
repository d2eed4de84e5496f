//! Random choices → queries that the planner must answer.

use chrono::Duration;

use super::{
    Back, Comparison, Dimension, Having, Key, Part, Predicate, Query, Range, Show, Size, TimeDimension, Top, Within,
    Words, answerable::is_answerable,
};
use crate::battery::{
    definitions::{Metric, SPANS},
    random::Random,
    world::{ZONES, day},
};

const SIZES: [Size; 15] = [
    Size::Minute15,
    Size::Hour,
    Size::Hour6,
    Size::Day,
    Size::Day,
    Size::Week,
    Size::Month,
    Size::Month,
    Size::Quarter,
    Size::Year,
    Size::FiscalQuarter,
    Size::FiscalYear,
    Size::RetailMonth,
    Size::RetailMonth,
    Size::RetailYear,
];

/// A random query: what the planner refuses by the rules is not asked.
pub(in crate::battery) fn make(random: &mut Random, metrics: &[Metric]) -> Query {
    loop {
        let query = any(random, metrics);
        if is_answerable(&query, metrics) {
            return query;
        }
    }
}

fn any(random: &mut Random, metrics: &[Metric]) -> Query {
    let keys = keys(random);
    let mut asked: Vec<(usize, Words)> = Vec::new();
    for _ in 0..*random.pick(&[1, 1, 1, 2, 2, 3]) {
        let metric = (random.below(metrics.len()), words(random, &keys));
        if !asked.contains(&metric) {
            asked.push(metric);
        }
    }
    let by_hour = keys.iter().any(|key| matches!(key, Key::Time(size) if size.is_within_a_day()));
    let range = if by_hour && random.chance(80) {
        let from = day(random) - Duration::days(random.value_below(2));
        Some(Range::Between(from, from + Duration::days(1 + random.value_below(3))))
    } else if random.chance(70) {
        Some(range(random))
    } else {
        None
    };
    let has_time = keys.iter().any(|key| matches!(key, Key::Time(_) | Key::DimensionTime(..)));
    let top =
        keys.iter().position(|key| matches!(key, Key::Dimension(_))).filter(|_| random.chance(20)).map(|of| Top {
            count: random.below(4).max(1),
            of,
            by: if random.chance(70) { asked[0].0 } else { random.below(metrics.len()) },
            other: random.chance(70),
        });
    let hidden = if random.chance(10) { Some(random.below(metrics.len())) } else { None };
    let named = asked.len() + usize::from(hidden.is_some());
    Query {
        // Every quarter of an hour of a long range would be more than an answer is compared with.
        fill: range.is_some_and(|range| !by_hour || is_short(range)) && has_time && top.is_none() && random.chance(25),
        having: if random.chance(15) { Some(having(random, named, 2)) } else { None },
        hidden,
        metrics: asked,
        keys,
        filter: filter(random, by_hour),
        range,
        zone: random.pick_or_none(60, &ZONES),
        top,
    }
}

fn words(random: &mut Random, keys: &[Key]) -> Words {
    let by_hour = keys.iter().any(|key| matches!(key, Key::Time(size) if size.is_within_a_day()));
    let of_days = [Back::Months(1), Back::Days(7), Back::Days(28), Back::Months(12)];
    let of_hours = [Back::Days(1), Back::Days(7), Back::Minutes(15), Back::Minutes(60), Back::Minutes(24 * 60)];
    let of_calendar = [
        Back::Retail(Size::RetailMonth, 1),
        Back::Retail(Size::RetailMonth, 3),
        Back::Retail(Size::RetailYear, 1),
        Back::Days(364),
    ];
    let by_retail = keys.iter().any(|key| matches!(key, Key::Time(size) if size.is_retail()));
    let backs: &[Back] = if by_hour || random.chance(15) {
        &of_hours
    } else if by_retail || random.chance(15) {
        &of_calendar
    } else {
        &of_days
    };
    let show = match random.below(100) {
        0..10 => Show::Change(*random.pick(backs)),
        10..20 => Show::Share(within(random, keys)),
        20..27 => Show::Rank(within(random, keys)),
        _ => Show::Value,
    };
    Words { back: random.pick_or_none(85, backs), over: random.pick_or_none(90, &SPANS), show }
}

fn within(random: &mut Random, keys: &[Key]) -> Within {
    match random.below(4) {
        0 if !keys.is_empty() => Within::Key(*random.pick(keys)),
        1 => Within::Time,
        _ => Within::Everything,
    }
}

fn keys(random: &mut Random) -> Vec<Key> {
    let mut keys = Vec::new();
    let mut add = |key: Key| {
        if !keys.contains(&key) {
            keys.push(key);
        }
    };
    if random.chance(65) {
        add(Key::Time(*random.pick(&SIZES)));
    }
    if random.chance(6) {
        add(Key::Time(*random.pick(&SIZES)));
    }
    if random.chance(12) {
        add(Key::Part(*random.pick(&Part::ALL)));
    }
    for _ in 0..random.below(3) {
        add(Key::Dimension(*random.pick(&Dimension::ALL)));
    }
    if random.chance(12) {
        add(Key::Dimension(*random.pick(&Dimension::MANY)));
    }
    if random.chance(18) {
        let time = *random.pick(&[TimeDimension::Booked, TimeDimension::Done]);
        if random.chance(60) {
            add(Key::DimensionTime(time, *random.pick(&SIZES)));
        } else {
            add(Key::DimensionPart(time, *random.pick(&Part::ALL)));
        }
    }
    keys
}

fn range(random: &mut Random) -> Range {
    let from = day(random);
    match random.below(14) {
        0 => Range::Since(from),
        13 => Range::LastRetailMonths(*random.pick(&[1, 3, 6])),
        12 => Range::LastHours(*random.pick(&[1, 26, 48, 3_000])),
        1 => Range::LastDays(1 + random.value_below(200)),
        2 => Range::LastMonths(*random.pick(&[1, 2, 5, 7])),
        3 => Range::LastMonthsAndThis(*random.pick(&[1, 4, 8])),
        4 => Range::ThisMonth,
        _ => Range::Between(from, from + Duration::days(1 + random.value_below(100))),
    }
}

/// What is moved by hours is often asked where it leaves its day.
fn filter(random: &mut Random, by_hour: bool) -> Option<Predicate> {
    if by_hour && random.chance(25) {
        return Some(Predicate::of_time(random));
    }
    random.chance(55).then(|| Predicate::of_query(random, 2))
}

fn is_short(range: Range) -> bool {
    match range {
        Range::Between(from, to) => to - from < Duration::days(5),
        Range::LastHours(hours) => hours < 100,
        _ => false,
    }
}

fn having(random: &mut Random, metrics: usize, depth: usize) -> Having {
    let position = random.below(metrics);
    if depth > 0 && random.chance(40) {
        let left = Box::new(having(random, metrics, depth - 1));
        return match random.below(5) {
            0 => Having::Not(left),
            1 | 2 => Having::And(left, Box::new(having(random, metrics, depth - 1))),
            _ => Having::Or(left, Box::new(having(random, metrics, depth - 1))),
        };
    }
    if random.chance(15) {
        return Having::IsNull(position);
    }
    Having::Compare(position, *random.pick(&Comparison::ALL), random.value_below(4))
}
