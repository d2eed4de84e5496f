//! The same meaning gives the same bytes, and a change of one metric stays where it belongs.

use std::collections::BTreeSet;

use entente::{lookml::Emitted, sql::Dialect};

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
