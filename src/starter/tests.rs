use super::*;
use crate::{
    diagnostics::Diagnostics,
    files::SourceMap,
    resolve,
    sql::{Dialect, print},
    syntax::{self, Definitions},
    warehouse::duckdb::DuckDb,
};

fn proposed(seed: &str) -> Vec<ProposedFile> {
    let database = DuckDb::in_memory().expect("a database in memory");
    database.execute_batch(seed).expect("the seed");
    let catalog = database.catalog_blocking(None).expect("a catalog");
    let mut ask = |select: &Select| database.query_blocking(&print(select, Dialect::DuckDb));
    propose(&catalog, "My shop", "shop.duckdb", "UTC", &mut ask).expect("a proposal").files
}

fn text<'a>(files: &'a [ProposedFile], path: &str) -> &'a str {
    &files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}")).text
}

const SHOP: &str = "
    CREATE SCHEMA marts;
    CREATE TABLE customers AS SELECT i AS id, 'c' || i AS name, CASE WHEN i % 2 = 0 THEN 'DE' ELSE 'no' END AS country,
        CASE WHEN i > 2 THEN 1 END AS parent_id FROM range(1, 41) t(i);
    CREATE TABLE marts.fct_orders AS SELECT 1000 + i AS order_id, i % 41 AS customer_id, 1 + i % 7 AS billed_customer_id,
        TIMESTAMP '2024-01-01' + INTERVAL (i) HOUR AS ordered_at, (i * 1.25)::DECIMAL(12,2) AS price, i % 3 AS lines,
        i % 5 = 0 AS \"is gift\" FROM range(200) t(i);
    CREATE TABLE stock AS SELECT DATE '2024-01-01' + (i // 4)::INTEGER AS day, 'W' || i % 4 AS warehouse, i * 1.5 AS level
        FROM range(40) t(i);";

const AWKWARD: &str = "
    CREATE SCHEMA \"My Schema\";
    CREATE TABLE \"Order\" AS SELECT i AS \"Order ID\", i % 9 AS \"Customer ID\", i * 1.5 AS \"Größe\", i AS \"a b\", i AS \"a-b\",
        'g' || i % 4 AS \"group\", TIMESTAMPTZ '2025-03-30 00:00:00+00' + i * INTERVAL 1 HOUR AS \"Placed At\",
        i * 2.5 AS \"Total.Amount\", 1 AS \"2nd\", 'it''s' AS \"x\"\"y\" FROM range(100) t(i);
    CREATE TABLE \"CUSTOMERS\" AS SELECT i AS \"Customer ID\", 'c' AS \"from\" FROM range(9) t(i);
    CREATE TABLE \"My Schema\".\"Order\" AS SELECT i AS \"null\", true AS \"true\", i AS \"by\" FROM range(9) t(i);
    CREATE TABLE \"time\" AS SELECT DATE '2025-01-01' + i::INTEGER AS \"time\", i * 1.5 AS \"value\" FROM range(9) t(i);
    CREATE TABLE \"日本 語\" AS SELECT i AS \"キー\", i * 0.5 AS \"値\" FROM range(9) t(i);";

#[test]
fn awkward_names_are_quoted_and_get_plain_ones() {
    let files = proposed(AWKWARD);
    let orders = text(&files, "metrics/orders.yml");
    assert!(orders.contains("table: Order\n    primary_key: Order ID\n    time: placed_at\n"), "{orders}");
    assert!(orders.contains(r#"- { to: customers, key: "\"Customer ID\"" }"#), "{orders}");
    assert!(orders.contains(r#"- { name: order_group, type: string, expr: "\"group\"", "#), "{orders}");
    assert!(orders.contains("  - name: total_total_amount\n"), "{orders}");
    assert!(orders.contains(r#"    expr: "\"a-b\""#), "{orders}");
    assert!(text(&files, "metrics/times.yml").contains("time: time\n"));
}

#[test]
fn keys_joins_and_roles_are_found_where_values_prove_them() {
    let files = proposed(SHOP);
    let orders = text(&files, "metrics/orders.yml");
    assert!(orders.contains("table: marts.fct_orders\n    primary_key: order_id\n    time: ordered_at\n"), "{orders}");
    assert!(orders.contains("- { to: customers, key: customer_id }"), "{orders}");
    assert!(orders.contains("- { to: customers, key: billed_customer_id, as: billed }"), "{orders}");
    assert!(orders.contains("{ name: is_gift, type: boolean, expr: \"\\\"is gift\\\"\" }"), "{orders}");
    let customers = text(&files, "metrics/customers.yml");
    assert!(customers.contains("- { to: customers, key: parent_id, as: parent }"), "{customers}");
    assert!(customers.contains("{ name: country, type: string, values: [DE, \"no\"] }"), "{customers}");
    assert!(text(&files, "metrics/stock.yml").contains("primary_key: [day, warehouse]"));
}

#[test]
fn amounts_are_added_up_and_ids_are_not() {
    let files = proposed(SHOP);
    let orders = text(&files, "metrics/orders.yml");
    let names: Vec<&str> = orders
        .split("metrics:")
        .nth(1)
        .expect("metrics")
        .lines()
        .filter_map(|line| line.strip_prefix("  - name: "))
        .collect();
    assert_eq!(names, ["orders", "total_price", "average_price"]);
}

#[test]
fn an_empty_table_gives_a_model_without_a_key() {
    let files = proposed("CREATE TABLE empty (id INTEGER, \"from\" VARCHAR, at_time TIMESTAMP, tags VARCHAR[])");
    let empty = text(&files, "metrics/empty.yml");
    assert!(empty.contains("# primary_key: no column"), "{empty}");
    assert!(empty.contains("# Left out, by type: tags"), "{empty}");
}

/// Returns what `entente check` would find in a proposal.
fn found_in(database: &DuckDb) -> String {
    let catalog = database.catalog_blocking(None).expect("a catalog");
    let mut ask = |select: &Select| database.query_blocking(&print(select, Dialect::DuckDb));
    let proposal = propose(&catalog, "starter", "data.duckdb", "Europe/Berlin", &mut ask).expect("a proposal").files;
    let mut files = SourceMap::new();
    let mut diagnostics = Diagnostics::new();
    let mut definitions = Definitions::default();
    let config_file = files.add("entente.yml", text(&proposal, "entente.yml"));
    let config = syntax::load_config(&files, config_file, &|_| None).expect("a project file without mistakes");
    for proposed in proposal.iter().filter(|file| file.path != "entente.yml") {
        let file = files.add(proposed.path.clone(), proposed.text.clone());
        definitions.append(syntax::load(&files, file, &mut diagnostics));
    }
    diagnostics.extend(resolve::resolve(&config, &definitions, Some(&catalog)).diagnostics);
    let found = diagnostics.sorted();
    found.iter().map(|found| format!("{}: {}", found.code.name(), found.message)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_proposal_passes_the_check() {
    for seed in [SHOP, AWKWARD, include_str!("../../tests/flights/seed.sql")] {
        let database = DuckDb::in_memory().expect("a database in memory");
        database.execute_batch(seed).expect("the seed");
        assert_eq!(found_in(&database), "");
    }
}

#[test]
fn what_cannot_be_read_or_compared_is_left_out() {
    let database = DuckDb::in_memory().expect("a database in memory");
    let seed = "CREATE TABLE gone (id INTEGER); CREATE VIEW dangling AS SELECT id FROM gone; DROP TABLE gone;
        CREATE TABLE people AS SELECT 'n' || i AS name, i AS weight FROM range(30) t(i);
        CREATE TABLE visits AS SELECT uuid() AS visit_id, uuid() AS token FROM range(40) t(i);";
    database.execute_batch(seed).expect("the seed");
    let catalog = database.catalog_blocking(None).expect("a catalog");
    let mut ask = |select: &Select| database.query_blocking(&print(select, Dialect::DuckDb));
    let proposal = propose(&catalog, "starter", "data.duckdb", "UTC", &mut ask).expect("a proposal");
    assert_eq!(proposal.unread.iter().map(|(table, _)| table.as_str()).collect::<Vec<_>>(), ["dangling"]);
    let paths: Vec<&str> = proposal.files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["entente.yml", "metrics/people.yml", "metrics/visits.yml"]);
    assert!(!text(&proposal.files, "metrics/visits.yml").contains("joins:"));
}
