//! Queries of cases on the emulator, asked through the driver.
//!
//! Each query has a project of its own, so that they run beside one another.

#[path = "mod.rs"]
mod emulator;

use std::{
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use entente::{
    sql::Text,
    warehouse::{
        Terms, Warehouse,
        bigquery::{BigQuery, Credentials, Options},
    },
};
use serde_json::{Map, Value, json};
use tokio::runtime::Runtime;

use crate::googlesql::{Query, Rows, Table};

/// What bqemulator takes and does not compute as BigQuery does, by its form, with the reason.
const NOT_EMULATED: [(&str, &str); 8] = [
    ("HOUR, 'Asia/Kathmandu')", "its hours begin with those of UTC"),
    ("HOUR, 'Asia/Kolkata')", "its hours begin with those of UTC"),
    ("HOUR, 'Australia/Lord_Howe')", "its hours begin with those of UTC"),
    (
        "SAFE_DIVIDE(CAST(COALESCE(revenue, 0) AS FLOAT64)",
        "a float divided by a NUMERIC is a float in BigQuery, and a NUMERIC of nine digits here",
    ),
    ("[SAFE_OFFSET(DIV(COUNT(", "the element of a list at a computed place is null there"),
    ("AS FLOAT64) AS INT64)", "halves of floating point become even numbers"),
    ("AS NUMERIC) AS STRING)", "the text of a decimal keeps its zeros"),
    ("FROM days AS calendar", "it takes the table that a CTE reads for the CTE of the same name"),
];

/// What bqemulator refuses and BigQuery takes, by its form, with the reason.
const NOT_TAKEN: [(&str, &str); 2] = [
    ("boxes.size < NUMERIC '10'", "it takes a name within an expression of ORDER BY for a column of the table"),
    ("AS STRING) AS NUMERIC)", "a text becomes a decimal of 18 digits there"),
];

/// Returns why the emulator refuses SQL that BigQuery takes, if it does.
pub(crate) fn not_taken(sql: &str) -> Option<&'static str> {
    NOT_TAKEN.iter().find(|(form, _)| sql.contains(form)).map(|(_, reason)| *reason)
}

/// Returns why the emulator computes SQL otherwise than BigQuery, if it does.
pub(crate) fn not_emulated(sql: &str) -> Option<&'static str> {
    NOT_EMULATED.iter().find(|(form, _)| sql.contains(form)).map(|(_, reason)| *reason)
}

/// Runs a query on tables made for it; gives the emulator's message where it fails.
pub(crate) fn ask(query: &Query) -> Result<Rows, String> {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let runtime = RUNTIME.get_or_init(|| Runtime::new().expect("threads"));
    let project = format!("case-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    let options = Options {
        project: project.clone(),
        dataset: Some("main".to_owned()),
        location: None,
        maximum_bytes_billed: 1_000_000_000,
        credentials: Credentials::None,
        base_url: Some(emulator::address().to_owned()),
    };
    let driver = BigQuery::new(options).map_err(|error| error.to_string())?;
    let text = Text { sql: query.sql.clone(), parameters: query.parameters.clone() };
    let terms = Terms { deadline: Some(Duration::from_secs(120)), ..Terms::default() };
    let rows = runtime.block_on(async {
        fill(&project, query).await;
        driver.query(&text, &terms).await
    });
    let rows = rows.map_err(|error| format!("{error}: {}", error.detail().unwrap_or_default()))?;
    let row = |row| rows.columns.iter().map(|column| column.text(row)).collect();
    Ok((0..rows.len).map(row).collect())
}

/// Makes the tables of a query.
async fn fill(project: &str, query: &Query) {
    let mut datasets: Vec<&str> = query.tables.keys().map(|name| place(name).0).collect();
    datasets.push("main");
    datasets.sort_unstable();
    datasets.dedup();
    for dataset in datasets {
        emulator::make_dataset(project, dataset).await;
    }
    for (name, table) in &query.tables {
        let (dataset, name) = place(name);
        let fields: Vec<Value> =
            table.columns.iter().map(|(name, kind)| json!({ "name": name, "type": type_name(kind) })).collect();
        emulator::make_table(project, dataset, name, json!({ "schema": { "fields": fields } })).await;
        for rows in table.rows.chunks(500) {
            let rows: Vec<Value> = rows.iter().map(|row| json!({ "json": row_of(table, row) })).collect();
            emulator::insert(project, dataset, name, &rows).await;
        }
    }
}

fn place(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or(("main", name))
}

fn row_of(table: &Table, row: &[Option<String>]) -> Map<String, Value> {
    let value = |(cell, (name, _)): (&Option<String>, &(String, &str))| Some((name.clone(), json!(cell.as_ref()?)));
    row.iter().zip(&table.columns).filter_map(value).collect()
}

fn type_name(kind: &str) -> &'static str {
    match kind {
        "integer" => "INT64",
        "decimal" => "NUMERIC",
        "float" => "FLOAT64",
        "boolean" => "BOOL",
        "date" => "DATE",
        "datetime" => "DATETIME",
        "timestamp" => "TIMESTAMP",
        "json" => "JSON",
        _ => "STRING",
    }
}
