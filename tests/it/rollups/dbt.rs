//! Rollups as models of dbt: run by dbt on DuckDB, and their SQL on every warehouse.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Command,
};

use entente::{
    dbt::models,
    plan::{End, Places, StoredTable},
    sql::{Dialect, Text, print, print_pretty},
    warehouse::{
        Rows,
        duckdb::{Access, DuckDb},
    },
};

use super::Shop;
use crate::{
    command::{Project, Ran, Scale},
    googlesql::{self, Query, Table},
    postgres, snowflake,
};

/// A dbt project beside `parcel.duckdb`, whose schemas are called as they are in its configuration.
fn dbt_project(project: &Project) {
    project.write(
        "warehouse/dbt_project.yml",
        "name: warehouse\nversion: '1.0'\nprofile: warehouse\nflags: { send_anonymous_usage_stats: false }\n",
    );
    project.write(
        "warehouse/profiles.yml",
        "warehouse:\n  target: local\n  outputs:\n    local: { type: duckdb, path: ../parcel.duckdb, schema: main, threads: 1 }\n",
    );
    project.write(
        "warehouse/macros/generate_schema_name.sql",
        "{% macro generate_schema_name(custom, node) %}{{ custom or target.schema }}{% endmacro %}\n",
    );
}

/// Runs dbt at a moment.
fn dbt(project: &Project, command: &str, at: &str) -> Ran {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/dbt");
    assert!(tools.join("installed").exists(), "dbt is not installed: run `.ci/dbt` (it needs Python 3.11)");
    let output = Command::new(tools.join("bin/python"))
        .args(["-m", "dbt.cli.main", command, "--vars", &format!("{{entente_now: '{at}'}}")])
        .current_dir(project.path("warehouse"))
        .env("DBT_PROFILES_DIR", project.path("warehouse"))
        .env("DO_NOT_TRACK", "1")
        .output();
    output.expect("Python starts; `.ci/dbt` needs it as well").into()
}

/// Returns all rows of a table of a project's warehouse as text, in order.
fn rows(project: &Project, table: &str) -> Rows {
    let database = DuckDb::open(&project.path("parcel.duckdb"), Access::ReadOnly).expect("it opens");
    let text = Text { sql: format!("SELECT * FROM {table} ORDER BY ALL"), parameters: Vec::new() };
    database.query_blocking(&text).unwrap_or_else(|error| panic!("{error} {:?}", error.detail()))
}

fn status(project: &Project) -> (String, String) {
    let status = project.run(["rollups", "status", "--now", "2026-01-15T12:00:00Z", "--format", "json"]).worked();
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    let text = |key: &str| status[0][key].as_str().unwrap_or_else(|| panic!("{status}")).to_owned();
    (text("table"), text("until"))
}

#[test]
fn dbt_fills_the_table_that_a_build_would_fill() {
    let built = Project::parcel(Scale::Hundredth);
    built.run(["rollups", "build", "--now", "2026-01-15T12:00:00Z"]).worked();
    let (table, until) = status(&built);

    let project = Project::parcel(Scale::Hundredth);
    let fresh =
        project.run(["query", "-m", "revenue,parcels_booked", "-b", "time.month,service", "--format", "csv"]).worked();
    dbt_project(&project);
    project.run(["rollups", "dbt", "warehouse"]).worked();
    let first = dbt(&project, "run", "2025-12-20T12:00:00+00:00");
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    assert_eq!(status(&project), (table.clone(), "2025-12-17".to_owned()));
    // The present, twice: a model is run as often as one likes.
    for _ in 0..2 {
        dbt(&project, "run", "2026-01-15T12:00:00+00:00").worked();
        assert_eq!(status(&project), (table.clone(), until.clone()));
        assert_eq!(rows(&project, &table), rows(&built, &table));
        assert_eq!(rows(&project, "rollups.entente_rollups"), rows(&built, "rollups.entente_rollups"));
    }
    let tested = dbt(&project, "test", "2026-01-15T12:00:00+00:00").worked();
    assert!(tested.contains("ERROR=0") && tested.contains("PASS="), "{tested}");

    let explained = project.run(["explain", "-m", "revenue", "-b", "time.month", "-t", "2025"]).worked();
    assert!(explained.contains(&format!("from `{table}`")), "{explained}");
    let stored =
        project.run(["query", "-m", "revenue,parcels_booked", "-b", "time.month,service", "--format", "csv"]).worked();
    assert_eq!(stored, fresh);
    let more = project.run(["rollups", "build", "--now", "2026-01-17T12:00:00Z"]).worked();
    assert!(more.contains("stored 1 step"), "{more}");
}

#[test]
fn models_are_written_again_and_others_files_stay() {
    let project = Project::parcel(Scale::Hundredth);
    project.run(["rollups", "dbt", "."]).failed(1, &["is not a dbt project"]);
    dbt_project(&project);
    project.run(["rollups", "dbt", "warehouse", "nothing"]).failed(2, &["unknown rollup `nothing`"]);
    project.run(["rollups", "dbt", "warehouse", "--dialect", "bigquery"]).worked();
    let model = project.read("warehouse/models/entente/shipments_daily.sql");
    for part in [
        "incremental_strategy='insert_overwrite'",
        "partition_by={'field': 'booked_at_day', 'data_type': 'date', 'granularity': 'day'}",
        "cluster_by=['service', 'origin_region', 'customers_segment']",
        "schema='rollups'",
        "entente_rollups_until('Europe/Berlin', days=3)",
    ] {
        assert!(model.contains(part), "it has no `{part}`:\n{model}");
    }
    project.write("warehouse/models/entente/own.sql", "SELECT 1 AS one\n");
    let definitions = project.read("metrics/rollups.yml").replace("name: shipments_daily", "name: parcels_daily");
    project.write("metrics/rollups.yml", &definitions);
    let again = project.run(["rollups", "dbt", "warehouse"]);
    assert!(again.err.contains("removed 2 files that no rollup has any more"), "{}", again.err);
    assert!(again.worked().contains("models/entente/parcels_daily.sql"));
    assert!(!project.path("warehouse/models/entente/shipments_daily.sql").exists());
    assert_eq!(project.read("warehouse/models/entente/own.sql"), "SELECT 1 AS one\n");
    project.write("metrics/rollups.yml", definitions.replace("name: parcels_daily", "name: own"));
    project.run(["rollups", "dbt", "warehouse"]).failed(1, &["was not written by this command"]);
}

/// Writes a cell so that the same value is the same text in every warehouse.
fn alike(cell: Option<&str>) -> String {
    let Some(text) = cell else { return "null".to_owned() };
    match text.parse::<f64>() {
        Ok(number) => format!("{number:.4}"),
        Err(_) => text.trim_end_matches(" 00:00:00").to_owned(),
    }
}

#[test]
fn models_mean_the_same_in_every_warehouse() {
    let shop = Shop::new();
    shop.database.execute_batch("DELETE FROM orders WHERE order_id > 400").expect("fewer orders");
    let orders = shop.rows("orders");
    let texts = |rows: &Rows| -> Vec<Vec<Option<String>>> {
        (0..rows.len).map(|row| rows.columns.iter().map(|column| column.text(row)).collect()).collect()
    };
    let columns = [("order_id", "integer"), ("booked_at", "timestamp"), ("channel", "string"), ("price", "decimal")];
    let columns = columns.map(|(name, kind)| (name.to_owned(), kind)).to_vec();
    let tables = BTreeMap::from([("orders".to_owned(), Table { columns, rows: texts(&orders) })]);
    let day = |end: End, moved: i64| {
        let day: chrono::NaiveDate =
            if end == End::Begin { "2025-10-25" } else { "2025-11-02" }.parse().expect("a day");
        (day + chrono::TimeDelta::days(moved)).to_string()
    };
    let mut expected: Option<BTreeSet<Vec<String>>> = None;
    for dialect in Dialect::ALL {
        let table = StoredTable::of(&shop.project, &shop.project.rollups[0], dialect).expect("it can be stored");
        let select = table.template(&Places { day: &day, if_begun: &str::to_owned });
        let query = Query { tables: tables.clone(), ..print(&select, dialect).into() };
        let rows = match dialect {
            Dialect::DuckDb => texts(&shop.database.query_blocking(&print(&select, dialect)).expect("it runs")),
            Dialect::BigQuery => googlesql::run(&[query]).remove(0).expect("GoogleSQL runs it"),
            Dialect::Snowflake => snowflake::run(&[query]).remove(0).expect("fakesnow runs it"),
            Dialect::Postgres => postgres::run(&[query]).remove(0).expect("Postgres runs it"),
        };
        let rows: BTreeSet<Vec<String>> =
            rows.iter().map(|row| row.iter().map(|cell| alike(cell.as_deref())).collect()).collect();
        assert!(rows.len() > 30, "{dialect:?}: {}", rows.len());
        let expected = expected.get_or_insert_with(|| rows.clone());
        assert_eq!(&rows, expected, "{dialect:?}: {}", print_pretty(&select, dialect).sql);
        assert_eq!(models(&shop.project, &[table], dialect).len(), 4);
    }
}
