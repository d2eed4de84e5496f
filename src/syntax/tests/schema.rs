//! The JSON Schema agrees with what is read.

use serde_json::Value;

use super::told;
use crate::syntax::{config_json_schema, json_schema, keys::GRANULARITIES};
use crate::time::Granularity;

fn validator(schema: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(schema).expect("it is JSON");
    jsonschema::meta::validate(&schema).expect("it is a JSON Schema");
    jsonschema::validator_for(&schema).expect("it is a JSON Schema")
}

fn problems(schema: &str, yaml: &str) -> Vec<String> {
    let value: Value = serde_yaml::from_str(yaml).expect("it is YAML");
    validator(schema).iter_errors(&value).map(|error| format!("{} {error}", error.instance_path())).collect()
}

#[test]
fn it_accepts_every_example_of_the_language() {
    assert_eq!(problems(&json_schema(), include_str!("language.yml")), Vec::<String>::new());
}

#[test]
fn it_accepts_the_example_of_a_project_file() {
    let text = "language: 1
name: parcel
connection: local
connections:
  local:     { type: duckdb, path: parcel.duckdb }
  analytics: { type: bigquery, project: acme-analytics, dataset: marts, location: EU, maximum_bytes_billed: 50 GB }
time_zone: Europe/Berlin
week_start: monday
fiscal_year_start: february
currency: EUR
";
    assert_eq!(problems(&config_json_schema(), text), Vec::<String>::new());
}

#[test]
fn it_refuses_what_reading_refuses() {
    let wrong = [
        "metrics: 5",
        "modles: []",
        "metrics: [{ model: m, agg: count }]",
        "metrics: [{ name: x, model: m }]",
        "metrics: [{ name: x, model: m, agg: count, hidden: 'yes' }]",
        "metrics: [{ name: x, metric: m, window: 28 dayz }]",
        "metrics: [{ name: x, metric: m, window: 28 days, to_date: month }]",
        "metrics: [{ name: x, model: m, agg: count, inputs: { a: { metric: b } } }]",
        "metrics: [{ name: x, expr: a, inputs: { a: { offset: 1 day } } }]",
        "metrics: [{ name: x, expr: a, inputs: { a: { metric: b, offste: 1 day } } }]",
        "metrics: [{ name: x, expr: { oracle: a } }]",
        "metrics: [{ name: x, model: m, agg: count, status: done }]",
        "metrics: [{ name: x, model: m, agg: count, revision: 0 }]",
        "models: [{ name: x }]",
        "models: [{ name: x, table: a, sql: b }]",
        "models: [{ name: x, table: a, unique: [a] }]",
        "models: [{ name: x, table: a, joins: [{ to: y }] }]",
        "models: [{ name: x, table: a, dimensions: [{ name: d, type: int }] }]",
        "models: [{ name: x, table: a, dimensions: [{ name: d, buckets: [a] }] }]",
        "tests: [{ name: x, metric: y }]",
        "tests: [{ name: x, metric: y, between: [1] }]",
        "policies: [{ name: x, rows: a = b }]",
        "rollups: [{ name: x, model: y }]",
        "calendars: [{ name: x, table: y, date: z }]",
        "saved_queries: [{ name: x, metrics: [y], limit: 0 }]",
    ];
    for text in wrong {
        assert_ne!(told(text), Vec::<String>::new(), "reading accepts {text}");
        assert_ne!(problems(&json_schema(), text), Vec::<String>::new(), "the schema accepts {text}");
    }
}

#[test]
fn it_accepts_what_reading_accepts() {
    let right = [
        "metrics: [{ name: x, model: m, agg: p99_9, expr: 1, when_empty: null, label: 12, meta: { a: [1] } }]",
        "metrics: [{ name: x, model: m, agg: sum, expr: { bigquery: a, duckdb: b }, when_empty: 0 }]",
        "metrics: [{ name: x, model: m, agg: sum, balance: { take: last, per: depots } }]",
        "models: [{ name: x, table: a, joins: [{ to: y, key: [a, b] }, { to: z, key: { a: date(b), c: 1 } }] }]",
        "models: [{ name: x, sql: select 1, primary_key: [a, b], unique: [[a], [b]] }]",
        "tests: [{ name: x, metric: y, expect: -1.5 }, { name: z, metric: y, between: [-1, 2.5] }]",
    ];
    for text in right {
        assert_eq!(told(text), Vec::<String>::new(), "{text}");
        assert_eq!(problems(&json_schema(), text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn the_names_of_granularities_are_those_of_time() {
    assert_eq!(GRANULARITIES, Granularity::ALL.map(Granularity::name));
}
