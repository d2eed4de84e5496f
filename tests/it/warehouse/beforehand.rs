//! What the command line asks beside a query or a build: no more than these need, and with a label.

use serde_json::json;
use tokio::runtime::Runtime;

use super::scripted::{Endpoint, Manners, Server, Speaks};
use crate::command::Project;

const METRICS: &str = "\
models:
  - name: parcels
    table: marts.parcels
    primary_key: id
    time: booked_on
    dimensions:
      - { name: booked_on, type: time }
metrics:
  - { name: revenue, description: What was paid., model: parcels, agg: sum, expr: price }
  - { name: ytd, description: Of the retail year to date., metric: revenue, to_date: retail_year }
  - { name: growth, description: Since a retail month ago., expr: revenue - old,
      inputs: { old: { metric: revenue, offset: 1 retail_month } } }
calendars:
  - name: retail
    table: marts.retail
    date: day
    granularities: { retail_week: {}, retail_month: {}, retail_year: {} }
  - { name: school, table: marts.school, date: day, granularities: { term: {} } }
";

const CATALOG: &str = r#"{ "tables": {
  "marts.parcels": { "columns": [
    { "name": "id", "type": "integer" }, { "name": "booked_on", "type": "date" }, { "name": "price", "type": "decimal" }
  ] },
  "marts.retail": { "columns": [
    { "name": "day", "type": "date" }, { "name": "retail_week", "type": "date" },
    { "name": "retail_month", "type": "string" }, { "name": "retail_year", "type": "integer" }
  ] },
  "marts.school": { "columns": [{ "name": "day", "type": "date" }, { "name": "term", "type": "string" }] }
} }"#;

/// Makes a project over a server that answers everything, with a connection of its own and further definitions.
fn world(runtime: &Runtime, further: &str) -> (Server, Project) {
    let server = runtime.block_on(Server::start(Speaks::BigQuery, Manners::default(), Box::new(|_, _| None)));
    let project = Project::empty();
    let connection = format!("{{ type: bigquery, project: acme, base_url: \"{}\" }}", server.address());
    let config = format!("language: 1\nname: parcel\nconnection: a\nconnections: {{ a: {connection} }}\n");
    project.write("entente.yml", config);
    project.write("metrics/parcels.yml", format!("{METRICS}{further}"));
    project.write("schema/catalog.json", CATALOG);
    project.run(["check"]).worked();
    (server, project)
}

#[test]
fn periods_are_asked_for_where_a_request_names_them_and_once_for_each_calendar() {
    let runtime = Runtime::new().expect("threads");
    let (server, project) = world(&runtime, "");
    let mut before = 0;
    for (words, expected) in [
        (&["-m", "revenue", "-t", "2025"][..], &[][..]),
        (&["-m", "revenue", "-t", "2025", "--estimate"], &[]),
        (&["-m", "revenue", "-t", "last 2 retail_months"], &["retail_month"]),
        (&["-m", "revenue", "-b", "time.retail_week", "-t", "2025"], &["retail_week"]),
        (&["-m", "revenue", "-b", "booked_on.term", "-t", "2025", "--estimate"], &["term"]),
        (&["-m", "revenue previous 1 retail_month", "-b", "time.retail_week"], &["retail_week, retail_month"]),
        (&["-m", "revenue change 1 retail_month", "-b", "time.term"], &["retail_month", "term"]),
        (&["-m", "revenue to date retail_year", "-t", "2025"], &["retail_year"]),
        (&["-m", "ytd", "-t", "2025"], &["retail_year"]),
        (&["-m", "revenue", "-o", "growth", "-t", "2025"], &["retail_month"]),
    ] {
        project.run([&["query"], words].concat());
        let asked: Vec<String> = server.seen(Endpoint::Query)[before..]
            .iter()
            .map(|request| request.body["query"].as_str().expect("a query").to_owned())
            .filter(|query| !query.contains("parcels"))
            .map(|query| {
                let named = ["retail_week", "retail_month", "retail_year", "term"].into_iter();
                named.filter(|name| query.contains(name)).collect::<Vec<_>>().join(", ")
            })
            .collect();
        assert_eq!(asked, expected, "{words:?}");
        before = server.seen(Endpoint::Query).len();
    }
}

#[test]
fn all_that_a_rollup_asks_is_on_its_bill() {
    let runtime = Runtime::new().expect("threads");
    let rollup = "rollups: [{ name: daily, model: parcels, metrics: [revenue], time: { dimension: booked_on, \
                  granularity: day }, table: rollups.daily, refresh: { lookback: 2 days } }]\n";
    let (server, project) = world(&runtime, rollup);
    for command in ["plan", "status"] {
        project.run(["rollups", command, "--now", "2026-01-15"]);
    }
    let asked = server.seen(Endpoint::Query);
    assert!(asked.iter().any(|request| request.body["query"].to_string().contains("AS first_day")), "{asked:#?}");
    for request in asked {
        assert_eq!(request.body["labels"]["rollup"], json!("daily"), "{request:#?}");
    }
}
