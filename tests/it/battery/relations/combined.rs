//! Answers that are put together from answers.

use std::iter;

use chrono::NaiveDate;

use super::{Asker, TRIES, differs, is_sum, plain_simple, with_filter};
use crate::battery::{
    ask::Failure,
    case::Case,
    definitions::Aggregate,
    oracle::{Answer, Calendar, KeyValue, Number},
    query::{Key, Predicate, Query, Range, Size},
    random::Random,
};

/// How the values of groups become the value of all.
#[derive(Clone, Copy)]
pub(super) enum Fold {
    Sum,
    Min,
    Max,
    /// Between the greatest and the sum.
    Distinct,
}

/// The first metric of the query if its groups can be put together.
pub(super) fn foldable(case: &Case) -> Option<Fold> {
    match plain_simple(case, 0)?.aggregate {
        Aggregate::Count | Aggregate::Sum => Some(Fold::Sum),
        Aggregate::Min => Some(Fold::Min),
        Aggregate::Max => Some(Fold::Max),
        Aggregate::CountDistinct => Some(Fold::Distinct),
        Aggregate::Avg | Aggregate::Percentile(_) | Aggregate::Discrete(_) => None,
    }
}

pub(super) fn of_sum(case: &Case) -> bool {
    plain_simple(case, 0).is_some_and(is_sum)
}

fn first_only(query: &Query) -> Query {
    Query { metrics: vec![query.metrics[0]], ..query.clone() }
}

fn units(number: Number) -> Option<i128> {
    match number {
        Number::Null => None,
        Number::Exact(units) => Some(units),
        Number::Float(..) => panic!("what is put together is exact"),
    }
}

fn add(total: &mut Answer, key: Vec<KeyValue>, value: Number, fold: Fold) {
    let slot = total.entry(key).or_insert_with(|| vec![Number::Null]);
    slot[0] = match (units(slot[0]), units(value)) {
        (None, _) => value,
        (_, None) => slot[0],
        (Some(left), Some(right)) => Number::Exact(match fold {
            Fold::Sum | Fold::Distinct => left + right,
            Fold::Min => left.min(right),
            Fold::Max => left.max(right),
        }),
    };
}

/// Groups by all keys but one, from groups by all keys.
pub(super) fn partition(asker: &Asker<'_>, case: &Case, random: &mut Random) -> Result<(), Failure> {
    let fold = foldable(case).expect("it applies");
    let fine = first_only(&case.query);
    let without = random.below(fine.keys.len());
    let mut coarse = fine.clone();
    coarse.keys.remove(without);
    let mut total = Answer::new();
    let mut greatest = Answer::new();
    for (mut key, values) in asker.ask(&fine)? {
        key.remove(without);
        add(&mut greatest, key.clone(), values[0], Fold::Max);
        add(&mut total, key, values[0], fold);
    }
    let whole = asker.ask(&coarse)?;
    if coarse.keys.is_empty() && total.is_empty() {
        return match whole.get(&Vec::new()).map(|values| values[0]) {
            Some(Number::Null | Number::Exact(0)) => Ok(()),
            other => Err(Failure::Differs(format!("nothing put together is {other:?}"))),
        };
    }
    if let Fold::Distinct = fold {
        let is_between = total.keys().eq(whole.keys())
            && whole.iter().all(|(key, values)| {
                let value = units(values[0]);
                units(greatest[key][0]) <= value && value <= units(total[key][0])
            });
        let text = || Failure::Differs(format!("distinct values\n{whole:#?}\n{greatest:#?}\n{total:#?}"));
        return if is_between { Ok(()) } else { Err(text()) };
    }
    differs("the whole, and its groups put together", &whole, &total)
}

/// Puts sums of several queries together and compares them with the whole.
fn compare_sum(asker: &Asker<'_>, whole: &Query, split: &[Query], what: &str) -> Result<(), Failure> {
    let mut total = Answer::new();
    for query in split {
        for (key, values) in asker.ask(query)? {
            add(&mut total, key, values[0], Fold::Sum);
        }
    }
    differs(what, &asker.ask(whole)?, &total)
}

/// A condition is true, false or unknown.
pub(super) fn trinity(asker: &Asker<'_>, case: &Case, random: &mut Random) -> Result<(), Failure> {
    let whole = first_only(&case.query);
    let conditions = iter::repeat_with(|| Predicate::of_query(random, 1)).take(TRIES);
    let mut conditions = conditions.filter(|found| with_filter(&whole, found.clone()).is_answerable(&case.metrics));
    let Some(condition) = conditions.next() else { return Ok(()) };
    let split = [
        with_filter(&whole, condition.clone()),
        with_filter(&whole, Predicate::Not(Box::new(condition.clone()))),
        with_filter(&whole, Predicate::IsUnknown(Box::new(condition))),
    ];
    compare_sum(asker, &whole, &split, "the whole, and where a condition is true, false and unknown")
}

/// A day within the range that has days on both sides; a part without a day is no range.
pub(super) fn middle(query: &Query) -> Option<NaiveDate> {
    match query.range? {
        Range::Between(from, to) => Some(from + (to - from) / 2).filter(|middle| from < *middle && *middle < to),
        _ => None,
    }
}

pub(super) fn time_split(asker: &Asker<'_>, case: &Case) -> Result<(), Failure> {
    let whole = first_only(&case.query);
    let (Some(middle), Some(Range::Between(from, to))) = (middle(&whole), whole.range) else { return Ok(()) };
    let part = |from, to| Query { range: Some(Range::Between(from, to)), ..whole.clone() };
    compare_sum(asker, &whole, &[part(from, middle), part(middle, to)], "a range, and its two parts")
}

/// The position of the time key that can be made coarser, and the coarser size.
pub(super) fn coarser(query: &Query) -> Option<(usize, Size)> {
    let times = query.keys.iter().enumerate().filter_map(|(position, key)| match key {
        Key::Time(size) => Some((position, *size)),
        _ => None,
    });
    let times: Vec<(usize, Size)> = times.collect();
    let [(position, size)] = times.as_slice() else { return None };
    let coarser = match size {
        Size::Minute15 | Size::Hour | Size::Hour6 => Size::Day,
        Size::Day if position % 2 == 0 => Size::Week,
        Size::Day => Size::FiscalQuarter,
        Size::Month => Size::Quarter,
        Size::Quarter => Size::Year,
        Size::FiscalQuarter => Size::FiscalYear,
        Size::Week | Size::Year | Size::FiscalYear | Size::RetailMonth | Size::RetailYear => return None,
    };
    Some((*position, coarser))
}

/// Coarse periods from fine ones.
pub(super) fn grain(asker: &Asker<'_>, case: &Case) -> Result<(), Failure> {
    let (position, size) = coarser(&case.query).expect("it applies");
    let fine = first_only(&case.query);
    let mut coarse = fine.clone();
    coarse.keys[position] = Key::Time(size);
    let calendar = Calendar::of(&case.world, &fine);
    let mut total = Answer::new();
    for (mut key, values) in asker.ask(&fine)? {
        let day = match &key[position] {
            KeyValue::Null => None,
            KeyValue::Day(day) => Some(*day),
            KeyValue::Instant(at) => Some(calendar.local_day(*at)),
            KeyValue::Clock(at) => Some(at.date()),
            other => panic!("{other:?} is no time"),
        };
        key[position] = day.map_or(KeyValue::Null, |day| KeyValue::Day(calendar.period(day, size)));
        add(&mut total, key, values[0], Fold::Sum);
    }
    differs("coarse periods, and fine ones put together", &asker.ask(&coarse)?, &total)
}
