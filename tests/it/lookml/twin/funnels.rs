//! Funnels of every kind: several first events of one key, at one time, filtered away, with and without a time within.

use entente::warehouse::duckdb::DuckDb;

use super::{ask::World, check};
use crate::lookml::worlds;

const CONFIG: &str = "
language: 1
name: funnels
connection: local
connections: { local: { type: duckdb, path: funnels.duckdb } }
time_zone: America/New_York
fiscal_year_start: april
";

const CATALOG: &str = r#"{ "tables": {
  "shops": { "columns": [ { "name": "shop_id", "type": "integer" }, { "name": "city", "type": "string" } ] },
  "visits": { "columns": [
    { "name": "visit_id", "type": "integer" }, { "name": "person", "type": "string" },
    { "name": "shop_id", "type": "integer" }, { "name": "came_at", "type": "timestamp" },
    { "name": "promised_at", "type": "timestamp" }, { "name": "channel", "type": "string" },
    { "name": "is_new", "type": "boolean" }, { "name": "likes_us", "type": "boolean" },
    { "name": "pages", "type": "integer" }
  ] },
  "orders": { "columns": [
    { "name": "order_id", "type": "integer" }, { "name": "line", "type": "integer" },
    { "name": "person", "type": "string" }, { "name": "shop_id", "type": "integer" },
    { "name": "amount", "type": "integer" }, { "name": "ordered_at", "type": "timestamp" }
  ] }
} }"#;

const DEFINITIONS: &str = "
models:
  - name: visits
    description: One row per visit.
    table: visits
    primary_key: visit_id
    time: came_at
    dimensions:
      - { name: came_at, type: time, description: When somebody came. }
      - { name: channel, type: string, description: How they came. }
      - { name: is_new, type: boolean, description: Whether they are new. }
      - { name: likes_us, type: boolean, nullable: true, description: What they said. }
      - { name: pages, type: number, description: Pages seen. }
      - { name: depth, type: number, expr: pages, buckets: [3, 6], description: Pages seen, in classes. }
      - { name: promised_at, type: time, description: When they meant to come again. }
    joins:
      - { to: shops, key: shop_id }
  - name: shops
    description: One row per shop.
    table: shops
    primary_key: shop_id
    dimensions:
      - { name: city, type: string, description: Where it is. }
  - name: orders
    description: One row per order.
    table: orders
    primary_key: [order_id, line]
    time: ordered_at
    dimensions:
      - { name: ordered_at, type: time, description: When it was ordered. }
      - { name: amount, type: number, description: What it cost. }
metrics:
  - { name: visits, description: Visits., model: visits, agg: count }
  - { name: long_visits, description: Visits of three pages and more., model: visits, agg: count, where: pages >= 3 }
  - { name: orders, description: Orders., model: orders, agg: count }
  - { name: large_orders, description: Orders of 50 and more., model: orders, agg: count, where: amount >= 50 }
  - name: conversion_rate
    description: Visits that were followed by an order.
    funnel: [{ metric: visits, by: person }, { metric: orders, by: person, within: 7 days }]
  - name: orders_won
    description: Orders that followed a visit.
    funnel: [{ metric: visits, by: person }, { metric: orders, by: person, within: 7 days }]
    result: conversions
  - name: orders_per_visit
    description: Orders by visits.
    funnel: [{ metric: visits, by: person }, { metric: orders, by: person, within: 7 days }]
    result: conversions_per_base
    when_empty: 0
  - name: long_to_large
    description: Long visits that were ever followed by an order and a large one, in the same shop.
    funnel:
      - { metric: long_visits, by: person }
      - { metric: orders, by: person }
      - { metric: large_orders, by: person, within: 1 month }
    same: { shop_id: shop_id }
  - name: hours_to_order
    description: Hours from a visit to an order.
    funnel: [{ metric: visits, by: person }, { metric: orders, by: person, within: 30 days }]
    result: p50 hours
  - name: days_to_order_p90
    description: Days from a visit to an order that most need at most.
    funnel: [{ metric: visits, by: person }, { metric: orders, by: person, within: 30 days }]
    result: p90 days
";

/// Few people come often, so that visits and orders of one person meet, also at one moment; some come from nowhere.
const SEED: &str = "
CREATE TABLE shops AS SELECT i AS shop_id, ['Boston', 'Austin', NULL][1 + i % 3] AS city FROM range(5) AS t(i);
CREATE TABLE visits AS SELECT i AS visit_id, nullif('p' || hash(i, 1) % 30, 'p7') AS person, hash(i, 2) % 6 AS shop_id,
  CASE WHEN hash(i, 3) % 40 = 0 THEN NULL
    ELSE TIMESTAMPTZ '2025-02-20 05:00:00+00' + to_hours((hash(i, 4) % 1400)::INTEGER) END AS came_at,
  TIMESTAMPTZ '2025-02-20 05:00:00+00' + to_hours((hash(i, 5) % 1400)::INTEGER) AS promised_at,
  ['web', 'app', 'it''s', NULL][1 + (hash(i, 6) % 4)::INTEGER] AS channel, hash(i, 7) % 3 = 0 AS is_new,
  [true, false, NULL][1 + (hash(i, 8) % 3)::INTEGER] AS likes_us, (hash(i, 9) % 9)::INTEGER AS pages
FROM range(700) AS t(i);
CREATE TABLE orders AS SELECT i // 2 AS order_id, i % 2 AS line, 'p' || hash(i, 11) % 30 AS person,
  hash(i, 12) % 5 AS shop_id, (hash(i, 13) % 100)::INTEGER AS amount,
  CASE WHEN hash(i, 14) % 50 = 0 THEN NULL
    ELSE TIMESTAMPTZ '2025-02-20 05:00:00+00' + to_hours((hash(i, 15) % 1600)::INTEGER) END AS ordered_at
FROM range(500) AS t(i);
";

#[test]
fn funnels_have_the_same_numbers_in_looker() {
    let texts = worlds::World {
        config: CONFIG.to_owned(),
        definitions: vec![("metrics/funnels.yml".to_owned(), DEFINITIONS.to_owned())],
        catalog: Some(CATALOG.to_owned()),
    };
    let warehouse = DuckDb::in_memory().expect("a database");
    warehouse.execute_batch(SEED).expect("the tables can be made");
    let world = World::new(&texts, warehouse, ("2025-02-15", "2025-04-25"), "2025-04-20T12:00:00Z");
    let said = &world.emitted.report.entries;
    let funnels = said.iter().filter(|entry| entry.explore.as_deref().is_some_and(|explore| explore.contains("_to_")));
    assert_eq!(funnels.count(), 6, "{}", world.emitted.report.to_text());
    check(&world);
}
