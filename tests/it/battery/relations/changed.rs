//! Answers that stay the same when something is changed that must not matter.

use entente::sql::{self, Dialect};

use super::{Asker, as_dimension, differs, is_text, used, with_filter};
use crate::battery::{
    ask::{self, Failure, PREFIX, Warehouse},
    case::Case,
    definitions::{self, Formula, Input, Kind, Metric, Operator},
    oracle::{self, Answer, KeyValue, Number},
    query::{Comparison, Constant, Having, Predicate, Query, Show, Words},
    world::World,
};

/// Each metric of a query alone.
pub(super) fn independence(asker: &Asker<'_>, case: &Case) -> Result<(), Failure> {
    let together = asker.ask(&case.query)?;
    for (position, metric) in case.query.metrics.iter().enumerate() {
        let alone = asker.ask(&Query { metrics: vec![*metric], ..case.query.clone() })?;
        let mut elsewhere: Option<Number> = None;
        for (key, values) in &together {
            let value = values[position];
            let is_same = match alone.get(key) {
                Some(own) => oracle::same(own[0], value),
                // What it has come from may have rows where it has none.
                None if matches!(metric.1.show, Show::Change(_)) => true,
                // Where it has no rows it is the same everywhere.
                None => oracle::same(*elsewhere.get_or_insert(value), value),
            };
            if !is_same {
                return Err(Failure::Differs(format!("metric {position} at {key:?}\n{together:#?}\n{alone:#?}")));
            }
        }
        // What is taken back by the query makes no rows beside others.
        if metric.1.is_none() && alone.keys().any(|key| !together.contains_key(key)) {
            return Err(Failure::Differs(format!("metric {position} has lost rows\n{together:#?}\n{alone:#?}")));
        }
    }
    Ok(())
}

/// The position of a key that is a text.
pub(super) fn text_key(query: &Query) -> Option<usize> {
    query.keys.iter().position(|key| as_dimension(*key).is_some_and(is_text))
}

pub(super) fn filter_is_group(asker: &Asker<'_>, case: &Case) -> Result<(), Failure> {
    let position = text_key(&case.query).expect("it applies");
    let dimension = as_dimension(case.query.keys[position]).expect("it applies");
    let whole = asker.ask(&case.query)?;
    let Some(text) = whole.keys().find_map(|key| match &key[position] {
        KeyValue::Text(text) => Some(text.clone()),
        _ => None,
    }) else {
        return Ok(());
    };
    let Some(constant) = Predicate::constants(dimension).into_iter().find(|constant| match constant {
        Constant::Text(constant) => *constant == text,
        Constant::Whole(_) => false,
    }) else {
        return Err(Failure::Differs(format!("{text:?} is no value of {dimension:?}")));
    };
    let condition = Predicate::Compare(dimension, Comparison::Equal, constant);
    let filtered = asker.ask(&with_filter(&case.query, condition))?;
    let group = |key: &Vec<KeyValue>| key[position] == KeyValue::Text(text.clone());
    let group: Answer = whole.iter().filter(|(key, _)| group(key)).map(|(k, v)| (k.clone(), v.clone())).collect();
    differs("the filter, and the group", &filtered, &group)
}

/// The tables that a case makes no use of: names of their models stand nowhere.
pub(super) fn unrelated(case: &Case) -> Vec<&'static str> {
    let used: String =
        used(case).into_iter().map(|metric| definitions::of_metric(&case.metrics, metric, PREFIX)).collect();
    let text = format!("{used}{:?}", case.query.text(PREFIX));
    let names: [(&str, &[&str]); 10] = [
        ("claims", &["claim"]),
        ("customers", &["customers", "country"]),
        ("depots", &["region", "then"]),
        ("rates", &["rates"]),
        ("plans", &["plans", "then"]),
        ("statuses", &["statuses"]),
        ("notes", &["notes"]),
        ("segments", &["segments"]),
        ("memberships", &["memberships"]),
        ("shares", &["shares"]),
    ];
    let unused = names.iter().filter(|(_, words)| !words.iter().any(|word| text.contains(word)));
    unused.map(|(table, _)| *table).collect()
}

/// Every row of unrelated tables twice.
pub(super) fn unrelated_rows(asker: &Asker<'_>, case: &Case) -> Result<(), Failure> {
    let before = asker.ask(&case.query)?;
    for table in unrelated(case) {
        asker.held.execute(&format!("INSERT INTO {table} SELECT * FROM {table}"));
    }
    differs("before and after unrelated rows came", &before, &asker.ask(&case.query)?)
}

/// Everything the other way around.
pub(super) fn permutation(warehouse: &Warehouse, asker: &Asker<'_>, case: &Case) -> Result<(), Failure> {
    let before = asker.ask(&case.query)?;
    let mut query = case.query.clone();
    query.metrics.reverse();
    query.keys.reverse();
    if let Some(top) = &mut query.top {
        top.of = query.keys.len() - 1 - top.of;
    }
    query.having = query.having.as_ref().map(|having| mirrored(having, query.metrics.len()));
    let mut world = case.world.clone();
    world.parcels.reverse();
    world.claims.reverse();
    world.customers.reverse();
    world.depots.reverse();
    world.rates.reverse();
    world.plans.reverse();
    world.statuses.reverse();
    world.notes.reverse();
    world.segments.reverse();
    world.memberships.reverse();
    world.shares.reverse();
    let held = warehouse.hold(&world);
    let yaml = reversed_yaml(&world, &case.metrics);
    let project = held.load(&world.config(), &yaml)?;
    let plan = ask::plan_query(&project, &query, PREFIX)?;
    let after = held.answer(&plan.select, &plan, &query)?;
    let after = after.into_iter().map(|(mut key, mut values)| {
        key.reverse();
        values.reverse();
        (key, values)
    });
    differs("one way around and the other", &before, &after.collect())
}

/// The condition once the metrics that are shown stand the other way around.
fn mirrored(having: &Having, metrics: usize) -> Having {
    let below = |inner: &Having| Box::new(mirrored(inner, metrics));
    let place = |position: usize| if position < metrics { metrics - 1 - position } else { position };
    match having {
        Having::Compare(position, comparison, value) => Having::Compare(place(*position), *comparison, *value),
        Having::IsNull(position) => Having::IsNull(place(*position)),
        Having::Not(inner) => Having::Not(below(inner)),
        Having::And(left, right) => Having::And(below(right), below(left)),
        Having::Or(left, right) => Having::Or(below(right), below(left)),
    }
}

/// The definitions with the metrics in front of the models, and the last of them first.
fn reversed_yaml(world: &World, metrics: &[Metric]) -> String {
    let yaml = definitions::yaml(metrics, PREFIX);
    let mut items: Vec<&str> = yaml.split("  - name: ").skip(1).collect();
    items.reverse();
    let mut text = String::from("metrics:\n");
    items.iter().for_each(|item| text.push_str(&format!("  - name: {item}")));
    text.push_str(&world.models());
    text
}

/// A metric that divides one metric by another, and both.
pub(super) fn ratio(metrics: &[Metric]) -> Option<(usize, usize, usize)> {
    let is_plain = |input: &Input| {
        let is_moved = input.back.is_some() || input.start_of.is_some() || input.span.is_some();
        input.filter.is_none() && !is_moved && input.when_empty.is_none() && input.ignore.is_none()
    };
    metrics.iter().enumerate().find_map(|(position, metric)| match (&metric.kind, metric.when_empty) {
        (Kind::Derived { formula: Formula::Binary(Operator::Divide, left, right), inputs }, None)
            if inputs.iter().all(is_plain) =>
        {
            match (&**left, &**right) {
                (Formula::Input(left), Formula::Input(right)) => {
                    Some((position, inputs[*left].metric, inputs[*right].metric))
                }
                _ => None,
            }
        }
        _ => None,
    })
}

pub(super) fn ratio_of_parts(asker: &Asker<'_>, case: &Case) -> Result<(), Failure> {
    let (ratio, above, below) = ratio(&case.metrics).expect("it applies");
    let mut query = case.query.clone();
    query.metrics = vec![(ratio, Words::default()), (above, Words::default())];
    if below != above {
        query.metrics.push((below, Words::default()));
    }
    // Parts may need a time that this query does not have.
    if !query.is_answerable(&case.metrics) {
        return Ok(());
    }
    for (key, values) in asker.ask(&query)? {
        let Some(expected) = oracle::apply(Operator::Divide, values[1], values[values.len() - 1]) else { continue };
        if !oracle::same(values[0], expected) {
            return Err(Failure::Differs(format!("at {key:?}: {values:?}, and the quotient is {expected:?}")));
        }
    }
    Ok(())
}

pub(super) fn unpruned(warehouse: &Warehouse, asker: &Asker<'_>, case: &Case) -> Result<(), Failure> {
    let pruned = asker.ask(&case.query)?;
    let world = World { partitions: None, ..case.world.clone() };
    let whole = Asker::new(warehouse, &world, &case.metrics)?;
    differs("with partitions and without", &pruned, &whole.ask(&case.query)?)
}

pub(super) fn physical_twin(warehouse: &Warehouse, asker: &Asker<'_>, case: &Case) -> Result<(), Failure> {
    let guarded = asker.ask(&case.query)?;
    let twin = Asker::new(warehouse, &case.world.seen(), &case.metrics)?;
    differs("under a policy, and on what it shows", &guarded, &twin.ask(&case.query)?)
}

pub(super) fn twice_the_same(asker: &Asker<'_>, case: &Case) -> Result<(), Failure> {
    let text = || -> Result<String, Failure> {
        let plan = ask::plan_query(&asker.project, &case.query, PREFIX)?;
        Ok(sql::print_pretty(&plan.select, Dialect::DuckDb).sql)
    };
    let (once, twice) = (text()?, text()?);
    if once == twice { Ok(()) } else { Err(Failure::Differs(format!("{once}\n{twice}"))) }
}

pub(super) fn renamed(asker: &Asker<'_>, case: &Case) -> Result<(), Failure> {
    let before = asker.ask(&case.query)?;
    let other = "zz_";
    let yaml = format!("{}{}", case.world.models(), definitions::yaml(&case.metrics, other));
    let project = asker.held.load(&case.world.config(), &yaml)?;
    let plan = ask::plan_query(&project, &case.query, other)?;
    differs("under one name and another", &before, &asker.held.answer(&plan.select, &plan, &case.query)?)
}
