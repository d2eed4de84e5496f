//! What looks at all rows that a query leaves: wholes of some keys, wholes of different counts, balances behind filters.

use entente::warehouse::duckdb::DuckDb;

use super::{ask::World, check};
use crate::lookml::worlds;

const CONFIG: &str = "
language: 1
name: inside
connection: local
connections: { local: { type: duckdb, path: inside.duckdb } }
time_zone: America/New_York
fiscal_year_start: april
";

const CATALOG: &str = r#"{ "tables": {
  "shops": { "columns": [
    { "name": "shop_id", "type": "integer" }, { "name": "city", "type": "string" },
    { "name": "opened_at", "type": "timestamp" }
  ] },
  "visits": { "columns": [
    { "name": "visit_id", "type": "integer" }, { "name": "person", "type": "string" },
    { "name": "shop_id", "type": "integer" }, { "name": "came_at", "type": "timestamp" },
    { "name": "came_on", "type": "date" }, { "name": "channel", "type": "string" },
    { "name": "likes_us", "type": "boolean" }, { "name": "pages", "type": "integer" }, { "name": "rating", "type": "float" }
  ] },
  "stock": { "columns": [
    { "name": "day", "type": "date" }, { "name": "shop_id", "type": "integer" }, { "name": "kind", "type": "string" },
    { "name": "pieces", "type": "integer" }
  ] }
} }"#;

const DEFINITIONS: &str = "
tables:
  - name: visits
    partition: { column: came_on, granularity: day, time_zone: UTC, required: true, holds: { came_at: { to: 1 day } } }
models:
  - name: visits
    description: One row per visit.
    table: visits
    primary_key: visit_id
    time: came_at
    dimensions:
      - { name: came_at, type: time, description: When somebody came. }
      - { name: channel, type: string, description: How they came. }
      - { name: likes_us, type: boolean, nullable: true, description: What they said. }
      - { name: is_long, type: boolean, expr: pages >= 5, description: Whether they stayed. }
      - { name: rating, type: number, description: Marks. }
      - { name: depth, type: number, expr: pages, buckets: [3, 6], description: Pages seen, in classes. }
      - name: weeks_open
        type: number
        expr: \"periods_between('week', shops.opened_at, came_at)\"
        description: Weeks since the shop was opened.
    joins:
      - { to: shops, key: shop_id }
  - name: shops
    description: One row per shop.
    table: shops
    primary_key: shop_id
    dimensions:
      - { name: city, type: string, description: Where it is. }
      - { name: opened_at, type: time, description: When it was opened. }
  - name: stock
    description: What lies in a shop in the evening.
    table: stock
    primary_key: [day, shop_id, kind]
    time: day
    dimensions:
      - { name: day, type: time, description: The evening. }
      - { name: kind, type: string, description: What lies there. }
    joins:
      - { to: shops, key: shop_id }
metrics:
  - { name: visits, description: Visits., model: visits, agg: count }
  - { name: long_visits, description: Visits of five pages and more., model: visits, agg: count, where: is_long }
  - { name: people, description: People., model: visits, agg: count_distinct, expr: person }
  - { name: pages, description: Pages., model: visits, agg: sum, expr: pages }
  - { name: pages_or_nothing, description: Pages., model: visits, agg: sum, expr: pages, when_empty: null }
  - { name: mean_pages, description: Pages of a visit., model: visits, agg: avg, expr: pages }
  - { name: least_pages, description: The shortest visit., model: visits, agg: min, expr: pages, when_empty: 0 }
  - name: channel_share
    description: Of the visits by other keys.
    expr: visits / all_channels
    inputs: { all_channels: { metric: visits, ignore: [channel] } }
  - name: share_of_time
    description: Of the visits of all time.
    expr: visits / ever
    inputs: { ever: { metric: visits, ignore: [time] } }
  - name: share_of_people
    description: Of all people.
    expr: people / everyone
    inputs: { everyone: { metric: people, ignore: all } }
  - name: retained
    description: Of the people of the first week.
    expr: people / first
    inputs: { first: { metric: people, where: weeks_open = 0, ignore: [time, weeks_open] } }
  - name: long_share
    description: Long visits by all of the other cities.
    expr: long_visits / (all_cities + 1)
    inputs: { all_cities: { metric: visits, where: channel = 'web', ignore: [shops.city, likes_us] } }
    when_empty: 0
  - name: above_mean
    description: Pages above the mean of all.
    expr: mean_pages - mean
    inputs: { mean: { metric: mean_pages, ignore: all } }
  - name: pages_of_the_whole
    description: Pages by those of all times, and by those of all.
    expr: pages / of_time - pages_or_nothing / (of_all + least)
    inputs:
      of_time: { metric: pages_or_nothing, ignore: [time] }
      of_all: { metric: pages, ignore: all }
      least: { metric: least_pages, ignore: [rating] }
  - name: in_stock
    description: Pieces of the last evening that is left.
    model: stock
    agg: sum
    expr: pieces
    balance: { take: last, point: filtered }
  - name: opening_stock
    description: Pieces of the first evening that is left, of each shop.
    model: stock
    agg: sum
    expr: pieces
    when_empty: null
    balance: { take: first, point: filtered, per: [shops] }
  - name: kinds_in_stock
    description: Kinds that lie there on the last evening of each kind, but none of paper.
    model: stock
    agg: count_distinct
    expr: kind
    where: kind <> 'paper'
    balance: { take: last, point: filtered, per: [kind] }
  - name: largest_pile
    description: The largest pile of the last evening.
    model: stock
    agg: max
    expr: pieces
    balance: { take: last, point: filtered }
";

/// Evenings without some shops and kinds, visits without a time, and keys that lead nowhere.
const SEED: &str = "
CREATE TABLE shops AS SELECT i AS shop_id, ['Boston', 'Austin', NULL][1 + i % 3] AS city,
  CASE WHEN i = 4 THEN NULL ELSE TIMESTAMPTZ '2025-02-12 05:00:00+00' + to_days((i * 9)::INTEGER) END AS opened_at
FROM range(5) AS t(i);
CREATE TABLE visits AS SELECT visit_id, person, shop_id, came_at, channel, likes_us, pages, rating,
  coalesce((came_at AT TIME ZONE 'UTC')::DATE, DATE '2025-03-01') AS came_on
FROM (
  SELECT i AS visit_id, nullif('p' || hash(i, 1) % 40, 'p7') AS person, hash(i, 2) % 6 AS shop_id,
    CASE WHEN hash(i, 3) % 40 = 0 THEN NULL
      ELSE TIMESTAMPTZ '2025-02-20 05:00:00+00' + to_hours((hash(i, 4) % 1400)::INTEGER) END AS came_at,
    ['web', 'app', 'it''s', NULL][1 + (hash(i, 6) % 4)::INTEGER] AS channel,
    [true, false, NULL][1 + (hash(i, 8) % 3)::INTEGER] AS likes_us,
    CASE WHEN hash(i, 10) % 9 = 0 THEN NULL ELSE (hash(i, 9) % 9)::INTEGER END AS pages,
    [0.5, 1.25, NULL][1 + (hash(i, 11) % 3)::INTEGER]::DOUBLE AS rating
  FROM range(500) AS t(i)
);
CREATE TABLE stock AS SELECT day, shop_id, kind, (hash(day, shop_id, kind, 1) % 50)::INTEGER AS pieces
FROM (SELECT DATE '2025-02-20' + (i % 60)::INTEGER AS day, (i // 60) % 5 AS shop_id,
  ['paper', 'ink', 'it''s'][1 + (i // 300)::INTEGER] AS kind FROM range(900) AS t(i))
WHERE hash(day, shop_id, kind, 2) % 3 = 0;
";

#[test]
fn what_looks_at_all_that_is_left_has_the_same_numbers_in_looker() {
    let texts = worlds::World {
        config: CONFIG.to_owned(),
        definitions: vec![("metrics/inside.yml".to_owned(), DEFINITIONS.to_owned())],
        catalog: Some(CATALOG.to_owned()),
    };
    let warehouse = DuckDb::in_memory().expect("a database");
    warehouse.execute_batch(SEED).expect("the tables can be made");
    let world = World::new(&texts, warehouse, ("2025-02-15", "2025-04-25"), "2025-04-20T12:00:00Z");
    let said = world.emitted.report.to_text();
    assert!(said.contains("metrics: 16 emitted, 2 approximated, 0 left out"), "{said}");
    check(&world);
}
