//! The same meaning gives the same bytes, and a change of one metric stays where it belongs.

use std::collections::BTreeSet;

use entente::{lookml::Emitted, sql::Dialect};
use serde_yaml::Value;

use super::worlds::{Dialects, World, emit, flights, governed, parcel, written};

#[test]
fn the_order_of_files_changes_nothing() {
    for world in [parcel(), flights(), governed()] {
        let mut shuffled = world.clone();
        shuffled.definitions.reverse();
        for dialect in Dialect::ALL {
            let dialect = Dialects::Only(dialect);
            assert_eq!(emit(&world, dialect), emit(&shuffled, dialect));
        }
    }
}

/// The same definitions, in another order, with their keys in another order.
fn turned(world: &World) -> World {
    let turn = |(path, text): &(String, String)| {
        let value: Value = serde_yaml::from_str(text).expect("the definitions are YAML");
        let mut value = keys_turned(value);
        for (_, list) in value.as_mapping_mut().into_iter().flatten() {
            list.as_sequence_mut().into_iter().for_each(|list| list.reverse());
        }
        (path.clone(), serde_yaml::to_string(&value).expect("YAML"))
    };
    World { definitions: world.definitions.iter().map(turn).collect(), ..world.clone() }
}

/// Columns of a key and periods of a calendar are shown in the order in which people write them.
fn is_in_order(key: &Value) -> bool {
    key.as_str().is_some_and(|key| matches!(key, "key" | "granularities"))
}

fn keys_turned(value: Value) -> Value {
    match value {
        Value::Mapping(map) => {
            let turn = |(key, value): (Value, Value)| {
                let value = if is_in_order(&key) { value } else { keys_turned(value) };
                (key, value)
            };
            let mut entries: Vec<(Value, Value)> = map.into_iter().map(turn).collect();
            entries.reverse();
            Value::Mapping(entries.into_iter().collect())
        }
        Value::Sequence(list) => Value::Sequence(list.into_iter().map(keys_turned).collect()),
        other => other,
    }
}

#[test]
fn the_order_within_files_and_of_keys_changes_nothing() {
    for world in [parcel(), flights(), governed()] {
        let expected = emit(&world, Dialects::Configured);
        let found = emit(&turned(&world), Dialects::Configured);
        assert_eq!(changed(&expected, &found), Vec::<String>::new());
        assert_eq!(found.report.to_markdown(), expected.report.to_markdown());
    }
}

#[test]
fn the_order_of_definitions_changes_nothing() {
    let parts = [
        "models:\n  - { name: b, table: s.b, primary_key: id, dimensions: [ { name: x, type: string } ] }\n",
        "models:\n  - { name: a, table: s.a, primary_key: id, joins: [ { to: b, key: b_id } ] }\n",
        "metrics:\n  - { name: n, model: a, agg: count, where: b.x <> '1' }\n",
        "metrics:\n  - { name: m, model: a, agg: sum, expr: v, where: b.x <> '1' }\n",
    ];
    let world = |order: [usize; 4]| World {
        definitions: order.iter().map(|at| (format!("metrics/{at}.yml"), parts[*at].to_owned())).collect(),
        ..written("")
    };
    let expected = emit(&world([0, 1, 2, 3]), Dialects::Configured);
    for order in [[3, 2, 1, 0], [1, 3, 0, 2], [2, 0, 3, 1]] {
        assert_eq!(emit(&world(order), Dialects::Configured), expected);
    }
}

#[test]
fn a_metric_more_changes_one_view() {
    let before = emit(&parcel(), Dialects::Configured);
    let mut world = parcel();
    let more =
        "metrics:\n  - { name: attempts_made, model: shipments, agg: sum, expr: attempts, time: delivered_at }\n";
    world.definitions.push(("metrics/more.yml".to_owned(), more.to_owned()));
    let after = emit(&world, Dialects::Configured);
    assert_eq!(changed(&before, &after), ["views/generated/shipments.view.lkml"]);
    world.definitions.pop();
    assert_eq!(emit(&world, Dialects::Configured), before);
}

#[test]
fn a_metric_over_joined_models_changes_one_refinement() {
    let before = emit(&parcel(), Dialects::Configured);
    let mut world = parcel();
    let more =
        "metrics:\n  - { name: german_parcels, model: shipments, agg: count, where: customers.country = 'DE' }\n";
    world.definitions.push(("metrics/more.yml".to_owned(), more.to_owned()));
    assert_eq!(changed(&before, &emit(&world, Dialects::Configured)), ["views/joined/shipments.view.lkml"]);
}

#[test]
fn a_metric_over_known_facts_changes_one_view() {
    let before = emit(&parcel(), Dialects::Configured);
    let mut world = parcel();
    let more = "metrics:\n  - { name: parcels_per_claim, expr: parcels_delivered / claims }\n";
    world.definitions.push(("metrics/more.yml".to_owned(), more.to_owned()));
    let after = emit(&world, Dialects::Configured);
    assert_eq!(changed(&before, &after), ["views/generated/claims_and_shipments_by_delivered.view.lkml"]);
}

fn changed(before: &Emitted, after: &Emitted) -> Vec<String> {
    let all: BTreeSet<&String> = before.files.keys().chain(after.files.keys()).collect();
    let differs = |path: &&String| before.files.get(*path) != after.files.get(*path);
    all.into_iter().filter(differs).cloned().collect()
}
