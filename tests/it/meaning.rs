//! The hash of a metric's meaning changes exactly when a number could change.

use std::collections::BTreeMap;

use entente::{
    diagnostics::Diagnostics,
    files::SourceMap,
    project::Project,
    resolve::resolve,
    syntax::{Config, Definitions, Looker, Spending, load},
};

/// A project of two models, where `share` depends on everything.
const BASE: &str = "
tables:
  - name: marts.fct_shipments
    partition: { column: booked_date, holds: { booked_at: { to: 1 day } } }
models:
  - name: shipments
    label: Parcels
    table: marts.fct_shipments
    primary_key: shipment_id
    time: booked_at
    where: not is_test
    joins:
      - { to: customers, key: customer_id }
      - { to: depots, key: depot_id }
    dimensions:
      - { name: booked_at, type: time }
      - { name: delivered_at, type: time }
      - { name: is_large, type: boolean, expr: weight > 5 }
      - { name: service, type: string }
  - name: customers
    table: marts.dim_customers
    primary_key: customer_id
    dimensions:
      - { name: country, type: string }
  - name: depots
    table: marts.dim_depots
    primary_key: depot_id
metrics:
  - { name: parcels, description: Parcels., model: shipments, agg: count }
  - name: share
    description: Share of large parcels.
    owner: network-pm
    expr: large / parcels
    inputs:
      large: { metric: parcels, where: is_large and customers.country = 'DE' }
  - { name: parcels_7d, description: Parcels of a week., metric: parcels, window: 7 days }
  - { name: other, description: Something else., model: customers, agg: count }
";

fn config() -> Config {
    Config {
        language: 1,
        name: "case".to_owned(),
        connection: "local".to_owned(),
        connections: BTreeMap::new(),
        time_zone: Some("Europe/Berlin".to_owned()),
        week_start: None,
        fiscal_year_start: None,
        currency: None,
        spending: Spending::default(),
        query_log: None,
        looker: Looker::default(),
    }
}

fn project_of(config: &Config, texts: &[&str]) -> Project {
    let (mut files, mut diagnostics, mut definitions) = (SourceMap::new(), Diagnostics::new(), Definitions::default());
    for (number, text) in texts.iter().enumerate() {
        let file = files.add(format!("metrics/{number}.yml"), *text);
        definitions.append(load(&files, file, &mut diagnostics));
    }
    let resolved = resolve(config, &definitions, None);
    diagnostics.extend(resolved.diagnostics);
    assert!(!diagnostics.has_errors(), "{:#?}", diagnostics.sorted());
    resolved.project.expect("there is no error")
}

fn hash(project: &Project, metric: &str) -> String {
    project.metrics[project.metric_named(metric).expect("the metric is there")].hash.clone()
}

fn hash_after(from: &str, to: &str, metric: &str) -> String {
    assert!(BASE.contains(from), "`{from}` stands in the definitions");
    hash(&project_of(&config(), &[&BASE.replace(from, to)]), metric)
}

#[test]
fn what_people_read_does_not_change_the_hash() {
    let base = hash(&project_of(&config(), &[BASE]), "share");
    let edits = [
        ("label: Parcels", "label: Packets"),
        ("Share of large parcels.", "Large ones among all."),
        ("owner: network-pm", "owner: growth-pm\n    format: percent\n    good: up\n    synonyms: [quota]"),
        ("large / parcels", "large   /   parcels  # a comment"),
        ("large: { metric: parcels, where", "large:\n        metric: parcels\n        where"),
        (
            "{ name: service, type: string }",
            "{ name: service, type: string, description: Product., values: [express] }",
        ),
        ("{ to: depots, key: depot_id }", "{ to: depots, key: depot_id, as: origin }"),
        (
            "{ name: other, description: Something else., model: customers, agg: count }",
            "{ name: other, description: Less., model: customers, agg: count, where: country = 'FR' }",
        ),
    ];
    for (from, to) in edits {
        let text = BASE.replace(from, to);
        // The block form of the input has no closing brace.
        let text = if from.starts_with("large: {") { text.replace("= 'DE' }", "= 'DE'") } else { text };
        assert_eq!(hash(&project_of(&config(), &[&text]), "share"), base, "{from} → {to}");
    }
}

#[test]
fn names_of_metrics_and_inputs_do_not_change_the_hash() {
    let base = hash(&project_of(&config(), &[BASE]), "share");
    let renamed = BASE.replace("name: share", "name: quota").replace("large /", "big /").replace("large: {", "big: {");
    assert_eq!(hash(&project_of(&config(), &[&renamed]), "quota"), base);
    let renamed = BASE.replace("parcels,", "packets,").replace("/ parcels", "/ packets");
    assert_eq!(hash(&project_of(&config(), &[&renamed]), "share"), base);
}

#[test]
fn whatever_can_change_a_number_changes_the_hash() {
    let base = hash(&project_of(&config(), &[BASE]), "share");
    let edits = [
        ("where: not is_test", "where: is_test"),
        ("    where: not is_test\n", ""),
        ("weight > 5", "weight >= 5"),
        ("table: marts.dim_customers", "table: marts.dim_accounts"),
        ("key: customer_id }", "key: account_id }"),
        ("customers.country = 'DE'", "customers.country = 'FR'"),
        ("is_large and customers", "is_large or customers"),
        ("time: booked_at", "time: delivered_at"),
        ("large / parcels", "large / parcels * 100"),
        ("= 'DE' }", "= 'DE', offset: 1 year }"),
        ("to: 1 day", "to: 2 days"),
        ("agg: count }\n  - name: share", "agg: count, where: service = 'express' }\n  - name: share"),
        ("agg: count }\n  - name: share", "agg: count_distinct, expr: customer_id }\n  - name: share"),
        ("agg: count }\n  - name: share", "agg: count, when_empty: null }\n  - name: share"),
    ];
    let mut seen = vec![base];
    for (from, to) in edits {
        let changed = hash_after(from, to, "share");
        assert!(!seen.contains(&changed), "{from} → {to}");
        seen.push(changed);
    }
    assert_ne!(
        hash_after("window: 7 days", "window: 8 days", "parcels_7d"),
        hash_after("label", "label", "parcels_7d")
    );
}

#[test]
fn zone_and_calendar_change_the_hash() {
    let base = hash(&project_of(&config(), &[BASE]), "share");
    let zone = Config { time_zone: Some("America/New_York".to_owned()), ..config() };
    let week = Config { week_start: Some("sunday".to_owned()), ..config() };
    let year = Config { fiscal_year_start: Some("february".to_owned()), ..config() };
    let renamed = Config { name: "other".to_owned(), currency: Some("EUR".to_owned()), ..config() };
    for changed in [&zone, &week, &year] {
        assert_ne!(hash(&project_of(changed, &[BASE]), "share"), base);
    }
    assert_eq!(hash(&project_of(&renamed, &[BASE]), "share"), base);
}

#[test]
fn a_project_does_not_depend_on_the_order_of_files() {
    let (models, metrics) = BASE.split_once("metrics:\n").expect("the definitions have metrics");
    let metrics = format!("metrics:\n{metrics}");
    let (a, b) = (project_of(&config(), &[models, &metrics]), project_of(&config(), &[&metrics, models]));
    let names = |project: &Project| -> Vec<(String, String)> {
        let models = project.models.values().map(|model| (model.name.clone(), String::new()));
        models.chain(project.metrics.values().map(|metric| (metric.name.clone(), metric.hash.clone()))).collect()
    };
    assert_eq!(names(&a), names(&b));
    let dimensions =
        |project: &Project| project.dimensions.values().map(|dimension| dimension.name.clone()).collect::<Vec<_>>();
    assert_eq!(dimensions(&a), dimensions(&b));
}
