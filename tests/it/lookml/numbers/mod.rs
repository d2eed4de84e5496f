//! The numbers that Looker would compute are the API's.
//!
//! [`looker`] reads the emitted text and writes SQL as Looker documents it; it shares nothing with the emitter but the
//! parser of LookML. Every emitted metric is asked by every dimension near it, on the sample warehouse and on the
//! flights, and compared with the planner's answer.

mod looker;

use std::{collections::BTreeMap, sync::LazyLock};

use entente::{
    lookml::{Emitted, Entry, Outcome, Subject},
    plan::{self, Context, Principal, RequestText},
    project::Project,
    sample,
    sql::{self, Dialect, Text},
    warehouse::{Rows, duckdb::DuckDb},
};
use looker::{Key, Lookml};

use super::worlds::{Dialects, World, emit, flights, parcel, project, root};

const TIME: (&str, &str) = ("2025-03-01", "2025-07-01");

static SAMPLE: LazyLock<DuckDb> = LazyLock::new(|| {
    let warehouse = DuckDb::in_memory().expect("a database");
    sample::fill(&warehouse, 0.01, &|_, _| {}).expect("the sample");
    warehouse
});

#[test]
fn looker_computes_what_the_api_does_for_the_parcel_carrier() {
    let compared = compare(&parcel(), &SAMPLE, TIME);
    assert!(compared > 250, "only {compared} queries were compared");
}

#[test]
fn looker_computes_what_the_api_does_for_real_flights() {
    let warehouse = DuckDb::in_memory().expect("a database");
    let seed = std::fs::read_to_string(root().join("tests/flights/seed.sql")).expect("the seed");
    warehouse.execute_batch(&seed).expect("the seed runs");
    let compared = compare(&flights(), &warehouse, ("2001-01-10", "2001-03-05"));
    assert!(compared > 60, "only {compared} queries were compared");
}

#[test]
fn a_wrong_lookml_is_found() {
    let world = parcel();
    let right = emit(&world, Dialects::Only(Dialect::DuckDb));
    for (what, metric, from, to) in [
        ("a filter is gone", "parcels_due", "filters: [status_is_not_cancelled: \"yes\"]", ""),
        ("another condition", "revenue", "${status} <> 'cancelled'", "${status} = 'cancelled'"),
        ("the permanent filter is gone", "parcels_booked", "NOT ${shipments.is_test}", "TRUE"),
        ("another role", "parcels_booked", "${shipments.origin_depot_id} =", "${shipments.destination_depot_id} ="),
        ("another zone", "parcels_delivered", "convert_tz: yes", "convert_tz: no"),
        ("another aggregate", "average_weight", "type: average", "type: sum"),
        ("another bucket", "parcels_booked", "${TABLE}.weight_kg < 5", "${TABLE}.weight_kg < 6"),
        ("a bound that is too narrow", "parcels_delivered", "AS DATE) - 61", "AS DATE) - 1"),
        ("another rate", "revenue", "${fx_rates.rate_raw}", "${fx_rates.rate_raw} + 1"),
        ("a balance over all days", "parcels_in_depot", "filters: [depot_inventory_last.counts: \"yes\"]", ""),
        ("a fact at another time", "claims_ratio", "shipments.delivered_at AS period", "shipments.booked_at AS period"),
        ("a ratio of the same", "on_time_delivery_rate", "${on_time_delivery_rate_on_time}", "${parcels_due}"),
    ] {
        let mut wrong = right.clone();
        wrong.report.entries.retain(|entry| entry.name == metric);
        let unchanged = differences(&world, &wrong, &SAMPLE, TIME).1;
        assert!(unchanged.is_empty(), "{metric} differs before {what}");
        let mut changed = false;
        for text in wrong.files.values_mut() {
            changed |= text.contains(from);
            *text = text.replace(from, to);
        }
        assert!(changed, "{what}: `{from}` is not in the LookML");
        assert!(!differences(&world, &wrong, &SAMPLE, TIME).1.is_empty(), "{what} is not found");
    }
}

fn compare(world: &World, warehouse: &DuckDb, time: (&str, &str)) -> usize {
    let emitted = emit(world, Dialects::Only(Dialect::DuckDb));
    let (compared, differences) = differences(world, &emitted, warehouse, time);
    assert!(differences.is_empty(), "{} of {compared} differ:\n{}", differences.len(), differences.join("\n"));
    compared
}

/// Asks every emitted metric by every key near it, of Looker and of the planner.
fn differences(world: &World, emitted: &Emitted, warehouse: &DuckDb, time: (&str, &str)) -> (usize, Vec<String>) {
    let lookml = Lookml::read(emitted, world.time_zone());
    let project = project(world);
    let mut compared = 0;
    let mut found = Vec::new();
    let emits = |entry: &&Entry| entry.subject == Subject::Metric && entry.outcome == Outcome::Emitted;
    for entry in emitted.report.entries.iter().filter(emits) {
        let explore = entry.explore.as_deref().expect("an emitted metric has an explore");
        let field = entry.field.as_deref().expect("an emitted metric has a field");
        let axis = lookml.axis(explore, field);
        let mut keys: Vec<Vec<Key>> = vec![vec![]];
        let near = lookml.keys(explore);
        keys.extend(near.iter().map(|key| vec![key.clone()]));
        if let Some(axis) = &axis {
            for (frame, granularity) in [("date", "day"), ("week", "week"), ("month", "month")] {
                if lookml.has(explore, &format!("{axis}_{frame}")) {
                    keys.push(vec![Key::time(axis, frame, granularity)]);
                }
            }
            if let Some(near) = near.last() {
                keys.push(vec![Key::time(axis, "month", "month"), near.clone()]);
            }
        }
        for keys in keys {
            let request = RequestText {
                metrics: vec![entry.name.clone()],
                by: keys.iter().map(|key| key.path.clone()).collect(),
                time: axis.is_some().then(|| format!("{} to {}", time.0, time.1)),
                ..RequestText::default()
            };
            let Some(expected) = answer(&project, &request, warehouse) else { continue };
            let range = axis.as_ref().map(|axis| (axis.as_str(), time.0, time.1));
            let sql = lookml.query(explore, &keys, field, range);
            let text = Text { sql: sql.clone(), parameters: Vec::new() };
            let actual = warehouse.query_blocking(&text).unwrap_or_else(|error| panic!("{:?}\n{sql}", error.detail()));
            compared += 1;
            if let Some(difference) = difference(&table(&expected), &table(&actual)) {
                found.push(format!("{} by {:?}: {difference}\n{sql}", entry.name, request.by));
            }
        }
    }
    (compared, found)
}

/// Answers a request by the planner; what it refuses, such as a path that leads to several places, is not compared.
fn answer(project: &Project, request: &RequestText, warehouse: &DuckDb) -> Option<Rows> {
    let now = "2026-01-15T12:00:00Z".parse().expect("a moment");
    let context = Context { now, dialect: Dialect::DuckDb };
    let request = request.parse().expect("a request");
    let plan = plan::plan(project, &request, &Principal::default(), &context).ok()?;
    let text = sql::print(&plan.select, Dialect::DuckDb);
    let mut rows = warehouse.query_blocking(&text).unwrap_or_else(|error| panic!("{:?}\n{}", error.detail(), text.sql));
    rows.columns.truncate(request.keys.len() + 1);
    Some(rows)
}

/// Keys and value of each row.
fn table(rows: &Rows) -> BTreeMap<Vec<Option<String>>, Option<String>> {
    let value = |column: usize, row: usize| rows.columns[column].text(row);
    let last = rows.columns.len() - 1;
    (0..rows.len).map(|row| ((0..last).map(|column| value(column, row)).collect(), value(last, row))).collect()
}

/// Says where two answers differ. Looker shows a group with rows even if the metric has none there, as 0 or null.
fn difference(
    expected: &BTreeMap<Vec<Option<String>>, Option<String>>,
    actual: &BTreeMap<Vec<Option<String>>, Option<String>>,
) -> Option<String> {
    for (key, value) in expected {
        match actual.get(key) {
            None if is_nothing(value.as_ref()) => {}
            None => return Some(format!("Looker has no row {key:?}, the API says {value:?}")),
            Some(other) if agree(value.as_ref(), other.as_ref()) => {}
            Some(other) => return Some(format!("at {key:?} Looker says {other:?}, the API {value:?}")),
        }
    }
    let more = actual.iter().find(|(key, value)| !expected.contains_key(*key) && !is_nothing(value.as_ref()));
    more.map(|(key, value)| format!("Looker has a row {key:?} with {value:?}, the API none"))
}

fn is_nothing(value: Option<&String>) -> bool {
    value.is_none_or(|value| value.parse::<f64>().is_ok_and(|number| number == 0.0))
}

fn agree(a: Option<&String>, b: Option<&String>) -> bool {
    match (a, b) {
        (None, None) => true,
        (Some(a), Some(b)) if a == b => true,
        (Some(a), Some(b)) => match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(a), Ok(b)) => (a - b).abs() <= 1e-9 * a.abs().max(b.abs()).max(1.0),
            _ => false,
        },
        _ => false,
    }
}
