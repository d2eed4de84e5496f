//! A small world of what is easily said wrongly: rows of a model that meet rows of the same model, readings within one
//! second, columns whose names are words of SQL, shares that a query filters by.

use entente::warehouse::duckdb::DuckDb;

use super::{ask::World, check, project::Model, query::Query, write};
use crate::lookml::worlds;

const CONFIG: &str = "
language: 1
name: edges
connection: local
connections: { local: { type: duckdb, path: edges.duckdb } }
time_zone: America/New_York
";

const CATALOG: &str = r#"{ "tables": {
  "customers": { "columns": [
    { "name": "id", "type": "integer" }, { "name": "referrer_id", "type": "integer" },
    { "name": "name", "type": "string" }, { "name": "is_firm", "type": "boolean" }
  ] },
  "orders": { "columns": [
    { "name": "id", "type": "integer" }, { "name": "customer_id", "type": "integer" },
    { "name": "ordered_at", "type": "timestamp" }, { "name": "order", "type": "string" },
    { "name": "group", "type": "integer" }
  ] },
  "readings": { "columns": [
    { "name": "id", "type": "integer" }, { "name": "room", "type": "string" },
    { "name": "read_at", "type": "timestamp" }, { "name": "level", "type": "integer" }
  ] }
} }"#;

const DEFINITIONS: &str = "
models:
  - name: customers
    description: One row per customer.
    table: customers
    primary_key: id
    joins: [ { to: customers, key: referrer_id, as: referrer } ]
    dimensions:
      - { name: name, type: string, description: Name. }
      - { name: is_firm, type: boolean, description: Whether it is a firm. }
      - { name: has_referred, type: boolean, expr: exists(customers.referrer), description: Whether it brought others. }
      - { name: has_referred_firms, type: boolean, expr: exists(customers.referrer where is_firm), description: And firms. }
  - name: orders
    description: One row per order.
    table: orders
    primary_key: id
    time: ordered_at
    joins: [ { to: customers, key: customer_id, as: buyer } ]
    dimensions:
      - { name: ordered_at, type: time, description: When it was ordered. }
      - { name: order, type: string, description: A column whose name is a word of SQL. }
      - { name: group, type: number, description: Another one. }
  - name: readings
    description: One row per reading.
    table: readings
    primary_key: id
    time: read_at
    dimensions:
      - { name: read_at, type: time, description: When it was read. }
      - { name: room, type: string, description: Where it was read. }
metrics:
  - { name: customers, description: Customers., model: customers, agg: count }
  - { name: orders, description: Orders., model: orders, agg: count }
  - { name: orders_7d, description: Orders of seven days., metric: orders, window: 7 days }
  - name: share
    description: Of all orders.
    expr: orders / everything
    inputs: { everything: { metric: orders, ignore: all } }
  - { name: share_in_percent, description: The same., expr: 100 * share }
  - { name: level, description: The last level., model: readings, agg: sum, expr: level, balance: { take: last } }
  - name: level_left
    description: The last level that is left.
    model: readings
    agg: sum
    expr: level
    balance: { take: last, point: filtered }
";

const SEED: &str = "
CREATE TABLE customers AS SELECT i AS id, CASE WHEN i % 3 = 0 THEN NULL ELSE i // 3 END AS referrer_id,
  'c' || i AS name, [true, false, NULL][1 + i % 3] AS is_firm
FROM range(40) AS t(i);
CREATE TABLE orders AS SELECT i AS id, (hash(i, 1) % 45)::INTEGER AS customer_id,
  TIMESTAMPTZ '2025-02-20 05:00:00+00' + to_hours((hash(i, 2) % 1400)::INTEGER) AS ordered_at,
  ['first', 'second', NULL][1 + (hash(i, 3) % 3)::INTEGER] AS \"order\", (hash(i, 4) % 4)::INTEGER AS \"group\"
FROM range(400) AS t(i);
CREATE TABLE readings AS SELECT * FROM (VALUES
  (1, 'a', TIMESTAMPTZ '2025-03-01 15:00:05.2+00', 3), (2, 'a', TIMESTAMPTZ '2025-03-01 15:00:05.7+00', 4),
  (3, 'b', TIMESTAMPTZ '2025-03-01 15:00:05.7+00', 5), (4, 'b', TIMESTAMPTZ '2025-03-01 15:00:06.0+00', 7),
  (5, 'a', TIMESTAMPTZ '2025-03-02 15:00:06.9+00', 11)
) AS t(id, room, read_at, level);
";

fn world() -> World {
    let texts = worlds::World {
        config: CONFIG.to_owned(),
        definitions: vec![("metrics/edges.yml".to_owned(), DEFINITIONS.to_owned())],
        catalog: Some(CATALOG.to_owned()),
    };
    let warehouse = DuckDb::in_memory().expect("a database");
    warehouse.execute_batch(SEED).expect("the tables can be made");
    World::new(&texts, warehouse, ("2025-02-20", "2025-04-15"), "2025-04-10T12:00:00Z")
}

/// The rows of a query, as texts.
fn rows(world: &World, explore: &str, fields: &[&str]) -> Vec<String> {
    let model = Model::read(&world.emitted.files).unwrap_or_else(|refusal| panic!("{}", refusal.0));
    let query = Query {
        explore: explore.to_owned(),
        fields: fields.iter().map(|field| (*field).to_owned()).collect(),
        ..Query::default()
    };
    let sql = write::sql(&model, &world.session(&world.user), &query).unwrap_or_else(|refusal| panic!("{}", refusal.0));
    let rows = world.rows(&sql).unwrap_or_else(|error| panic!("{error}\n{sql}"));
    let text = |row: usize| rows.columns.iter().map(|column| column.text(row).unwrap_or_default()).collect::<Vec<_>>();
    let mut all: Vec<String> = (0..rows.len).map(|row| text(row).join(" ")).collect();
    all.sort();
    all
}

#[test]
fn what_is_easily_said_wrongly_has_the_same_numbers_in_looker() {
    check(&world());
}

#[test]
fn rows_that_meet_rows_of_their_own_model_are_found() {
    let world = world();
    // 0 to 12 are the third of some number below 40 that three does not divide.
    assert_eq!(rows(&world, "customers", &["customers.has_referred", "customers.customers"]), ["No 27", "Yes 13"]);
}

#[test]
fn a_balance_by_time_is_that_of_each_second() {
    let world = world();
    let expected = ["2025-03-01 10:00:05 9", "2025-03-01 10:00:06 7", "2025-03-02 10:00:06 11"];
    assert_eq!(rows(&world, "readings", &["readings.read_time", "readings.level"]), expected);
    assert_eq!(rows(&world, "level_left", &["level_left.period_time", "level_left.level_left"]), expected);
}

#[test]
fn nobody_filters_by_a_share() {
    let world = world();
    let model = Model::read(&world.emitted.files).unwrap_or_else(|refusal| panic!("{}", refusal.0));
    for (field, is_refused) in [("orders.share", true), ("orders.share_in_percent", true), ("orders.orders", false)] {
        let query = Query {
            explore: "orders".to_owned(),
            fields: vec!["orders.group".to_owned(), field.to_owned()],
            filters: vec![(field.to_owned(), ">0.1".to_owned())],
            ..Query::default()
        };
        let sql = write::sql(&model, &world.session(&world.user), &query);
        assert_eq!(sql.is_err(), is_refused, "{field}: {sql:?}");
    }
}
