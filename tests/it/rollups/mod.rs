//! Rollups as they are stored: builds that are stopped or run beside one another, and tables that are dropped.

mod advice;
mod builds;
mod dbt;
mod dropped;
mod rebuilt;
mod sketches;
mod tables;

use std::{fs, sync::Arc, time::Duration};

use entente::{
    engine::{Storing, load_project_with},
    plan::StoredTable,
    project::Project,
    sql::{self, Dialect, Select, Statement, Text, print_statement},
    time::{DateTime, Utc},
    warehouse::{Blocking, Error, Rows, Terms, duckdb::DuckDb},
};
use tempfile::TempDir;

pub(crate) const CONFIG: &str = "\
language: 1
name: shop
connection: local
connections: { local: { type: duckdb, path: shop.duckdb } }
time_zone: Europe/Berlin
";

pub(crate) const DEFINITIONS: &str = "\
models:
  - name: orders
    description: One row per order.
    table: orders
    primary_key: order_id
    time: booked_at
    dimensions:
      - { name: booked_at, type: time }
      - { name: channel, type: string }
metrics:
  - { name: revenue, description: Price of orders., owner: shop, model: orders, agg: sum, expr: price }
  - { name: mean_price, description: Mean price of orders., owner: shop, model: orders, agg: avg, expr: price }
rollups:
  - name: daily
    model: orders
    metrics: [revenue, mean_price]
    dimensions: [channel]
    time: { dimension: booked_at, granularity: day }
    table: rollups.daily
    refresh: { lookback: 2 days }
";

/// Some thousand orders from October 2025 to January 2026, some without a channel, a price or a time.
const SEED: &str = "\
CREATE TABLE orders (order_id INTEGER, booked_at TIMESTAMPTZ, channel VARCHAR, price DECIMAL(10, 2));
INSERT INTO orders
SELECT i, CASE WHEN i % 97 > 0 THEN TIMESTAMPTZ '2025-10-20 22:30:00+00' + i * INTERVAL 1 HOUR END,
       CASE WHEN i % 5 > 0 THEN 'channel ' || i % 5 END, CASE WHEN i % 11 > 0 THEN i % 1000 / 4 END
FROM range(0, 2000) AS numbers(i);
";

/// The moment at which everything is built.
pub(crate) fn now() -> DateTime<Utc> {
    "2026-01-10T12:00:00Z".parse().expect("a moment")
}

/// A shop with a rollup, and its orders.
pub(crate) struct Shop {
    pub(crate) folder: TempDir,
    pub(crate) database: DuckDb,
    pub(crate) project: Arc<Project>,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("metrics")).expect("a folder");
        fs::write(folder.path().join("entente.yml"), CONFIG).expect("written");
        fs::write(folder.path().join("metrics/shop.yml"), DEFINITIONS).expect("written");
        let database = DuckDb::in_memory().expect("a database");
        database.execute_batch(SEED).expect("a seed");
        let catalog = database.catalog_blocking(None).expect("a catalog");
        let loaded = load_project_with(folder.path(), Some(catalog));
        let project = loaded.project.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
        Self { folder, database, project }
    }

    /// Returns the table of the rollup.
    pub(crate) fn table(&self) -> StoredTable<'_> {
        StoredTable::of(&self.project, &self.project.rollups[0], Dialect::DuckDb).expect("it can be stored")
    }

    /// Returns a warehouse over the same orders.
    pub(crate) fn store(&self) -> Store {
        Store(Blocking::new(Arc::new(self.database.clone())).expect("a thread"))
    }

    /// Returns all rows of a table, in order.
    pub(crate) fn rows(&self, table: &str) -> Rows {
        let text = Text { sql: format!("SELECT * FROM {table} ORDER BY ALL"), parameters: Vec::new() };
        self.database.query_blocking(&text).unwrap_or_else(|error| panic!("{error} {:?}", error.detail()))
    }
}

/// A warehouse in which a rollup is stored as `entente rollups build` does.
pub(crate) struct Store(Blocking);

impl Storing for Store {
    type Error = Error;

    fn ask(&mut self, select: &Select) -> Result<Rows, Error> {
        self.0.query_blocking(&sql::print(select, Dialect::DuckDb))
    }

    fn execute(&mut self, statements: &[Statement]) -> Result<(), Error> {
        self.0.execute_blocking(&texts(statements), &Terms::default())
    }

    fn is_contended(&self, error: &Error) -> bool {
        matches!(error, Error::Contended)
    }

    fn is_refused(&self, error: &Error) -> bool {
        matches!(error, Error::Refused(_))
    }

    fn give_way(&mut self, _: u32) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn texts(statements: &[Statement]) -> Vec<String> {
    statements.iter().map(|statement| print_statement(statement, Dialect::DuckDb)).collect()
}
