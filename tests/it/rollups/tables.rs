//! Tables have other names where they hold other rows, or values of other types.

use std::{fs, path::Path};

use entente::{
    catalog::{Catalog, CatalogColumn, CatalogTable, ColumnType},
    engine::{load_project, load_project_with},
    plan::StoredTable,
    sql::{Dialect, print},
    time::NaiveDate,
};

/// Returns the name of a rollup's table: of a connection, the table of its model, its own table, and the type of a price.
fn name(connection: &str, orders: &str, table: &str, price: ColumnType) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("metrics")).expect("a folder");
    let config = super::CONFIG.replace("{ type: duckdb, path: shop.duckdb }", connection);
    let definitions = super::DEFINITIONS.replace("table: orders", &format!("table: {orders}"));
    fs::write(folder.path().join("entente.yml"), config).expect("written");
    fs::write(folder.path().join("metrics/shop.yml"), definitions.replace("rollups.daily", table)).expect("written");
    let column = |(name, column_type): (&str, ColumnType)| CatalogColumn { name: name.into(), column_type, form: None };
    let columns = [
        ("order_id", ColumnType::Integer),
        ("booked_at", ColumnType::Timestamp),
        ("channel", ColumnType::String),
        ("price", price),
    ];
    let of_orders = CatalogTable { columns: columns.map(column).into(), ..CatalogTable::default() };
    let catalog = Catalog { tables: [(orders.to_owned(), of_orders)].into() };
    let loaded = load_project_with(folder.path(), Some(catalog));
    let project = loaded.project.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    let dialect = if connection.contains("bigquery") { Dialect::BigQuery } else { Dialect::Snowflake };
    StoredTable::of(&project, &project.rollups[0], dialect).expect("it can be stored").name
}

#[test]
fn a_table_is_that_of_the_rows_which_the_connection_finds() {
    let bigquery = |project, dataset| format!("{{ type: bigquery, project: {project}, dataset: {dataset} }}");
    let snowflake =
        |database, schema| format!("{{ type: snowflake, account: a, database: {database}, schema: {schema} }}");
    let (dev, test) = (bigquery("acme", "dev"), bigquery("acme", "test"));
    let other = bigquery("other", "dev");
    let (first, second) = (snowflake("a", "dev"), snowflake("a", "test"));
    // Whether the two connections find other rows for one stored table.
    let pairs = [
        (&dev, &test, "orders", "rollups.daily", true),
        (&dev, &test, "orders", "daily", false),
        (&dev, &test, "marts.orders", "rollups.daily", false),
        (&dev, &other, "orders", "rollups.daily", false),
        (&dev, &other, "marts.orders", "acme.rollups.daily", true),
        (&dev, &other, "acme.marts.orders", "acme.rollups.daily", false),
        (&first, &second, "orders", "rollups.daily", true),
        (&first, &second, "marts.orders", "rollups.daily", false),
    ];
    for (one, two, orders, table, differ) in pairs {
        let [one, two] = [one, two].map(|connection| name(connection, orders, table, ColumnType::Decimal));
        assert_eq!(one != two, differ, "{orders} in {table}: {one}, {two}");
    }
}

#[test]
fn a_table_is_that_of_the_types_which_the_catalog_tells() {
    let connection = "{ type: bigquery, project: acme, dataset: dev }";
    let of = |price| name(connection, "marts.orders", "rollups.daily", price);
    assert_eq!(of(ColumnType::Decimal), of(ColumnType::Decimal));
    assert_ne!(of(ColumnType::Integer), of(ColumnType::Decimal));
    assert_ne!(of(ColumnType::Float), of(ColumnType::Decimal));
}

#[test]
fn the_first_day_is_looked_for_in_what_tells_it_and_in_nothing_else() {
    let loaded = load_project(Path::new(env!("CARGO_MANIFEST_DIR")));
    let project = loaded.project.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    let rollup = project.rollups.iter().find(|rollup| rollup.name == "shipments_daily").expect("a rollup");
    let table = StoredTable::of(&project, rollup, Dialect::BigQuery).expect("it can be stored");
    let until = NaiveDate::from_ymd_opt(2026, 1, 12).expect("a day");
    let [_, stored] = table.columns_stored_and_selected().map(|select| print(&select, Dialect::BigQuery).sql);
    assert!(stored.contains("JOIN"), "{stored}");
    let first = print(&table.first_day(until), Dialect::BigQuery).sql;
    assert!(first.starts_with("SELECT MIN(") && !first.contains("JOIN") && !first.contains("price"), "{first}");
}
