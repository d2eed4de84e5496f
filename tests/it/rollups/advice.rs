//! Rollups that are proposed for what was asked of a server.

use std::{fs, sync::Arc};

use entente::{
    engine::load_project,
    server::{LogFormat, Options, Reload, Server},
    warehouse::duckdb::{Access, DuckDb},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::command::{Project, Scale};

const NOW: &str = "2026-01-15T12:00:00Z";

/// A line of a log.
fn line(metrics: &[&str], keys: &[&str], filters: &[&str], count: u64, bytes: u64) -> String {
    let line = json!({
        "metrics": metrics, "keys": keys, "filters": filters, "days": 365, "cut": "year", "time_zone": "Europe/Berlin",
        "count": count, "asked": count, "bytes": bytes, "rows": 12 * count, "millis": count,
    });
    format!("{line}\n")
}

fn advise(project: &Project, log: &str, further: &[&str]) -> Value {
    project.write("queries.jsonl", log);
    let arguments = ["rollups", "advise", "queries.jsonl", "--now", NOW, "--format", "json"];
    let advice = project.run(arguments.iter().chain(further)).worked();
    serde_json::from_str(&advice).unwrap_or_else(|error| panic!("{error}: {advice}"))
}

#[test]
fn what_is_proposed_answers_what_it_says() {
    let project = Project::parcel(Scale::Whole);
    let log = [
        line(&["revenue"], &["time.month", "destination.region"], &["service"], 40, 8_000_000),
        line(&["parcels_booked", "revenue"], &["destination.region"], &[], 10, 2_000_000),
        line(&["revenue"], &["time.month"], &["service"], 90, 5_000_000),
        line(&["booking_customers"], &["time.month"], &[], 5, 900_000),
    ];
    let advice = advise(&project, &log.concat(), &[]);
    assert_eq!(advice["all"]["count"], 145, "{advice}");
    assert_eq!(advice["answered"]["count"], 90, "the project has a rollup by service: {advice}");
    let proposals = advice["proposals"].as_array().expect("a list");
    assert_eq!(proposals.len(), 1, "{advice}");
    assert_eq!(
        (&proposals[0]["answers"]["count"], &proposals[0]["answers"]["bytes"]),
        (&json!(50), &json!(10_000_000))
    );
    assert!(proposals[0]["rows_a_day"].as_u64() <= proposals[0]["of_rows_a_day"].as_u64(), "{advice}");
    assert_eq!(advice["unanswered"].as_array().map(Vec::len), Some(1), "{advice}");

    // It is pasted, built and used.
    let definitions = project.read("metrics/rollups.yml");
    project.write("metrics/rollups.yml", format!("{definitions}{}", proposals[0]["yaml"].as_str().expect("YAML")));
    let query = ["-m", "revenue", "-b", "time.month,destination.region", "-w", "service = 'express'", "-t", "2025"];
    let ask = |command: &str, further: &[&str]| project.run([command].iter().chain(&query).chain(further)).worked();
    let fresh = ask("query", &["--format", "csv"]);
    project.run(["rollups", "build", "--now", NOW]).worked();
    let explained = ask("explain", &[]);
    assert!(explained.contains("shipments_by_day: [2025-01-01, 2026-01-01) from"), "{explained}");
    assert_eq!(ask("query", &["--format", "csv"]), fresh);
    let again = advise(&project, &log.concat(), &["--offline"]);
    assert_eq!(again["proposals"], json!([]), "{again}");
}

#[test]
fn what_no_rollup_answers_is_told_with_the_reason() {
    let project = Project::parcel(Scale::Hundredth);
    let other_zone = line(&["revenue"], &["time.day"], &[], 1, 0).replace("Europe/Berlin", "Asia/Tokyo");
    let window = line(&["revenue"], &["time.day"], &[], 1, 0).replace("\"days\"", "\"needs_rows\":true,\"days\"");
    let gone = line(&["revenues"], &["time.day"], &[], 1, 0);
    let advice = advise(&project, &[other_zone, window, gone].concat(), &["--offline"]);
    assert_eq!(advice["proposals"], json!([]));
    let reasons = advice["unanswered"].to_string();
    for reason in ["asked in Asia/Tokyo", "windows", "`revenues` is no metric any more"] {
        assert!(reasons.contains(reason), "{reasons}");
    }
    project.run(["rollups", "advise"]).failed(1, &["nothing is known of what is asked", "query_log"]);
    project.run(["rollups", "advise", "nothing.jsonl"]).failed(3, &["`nothing.jsonl` cannot be read"]);
    project.write("broken.jsonl", "{\"metrics\": [\n");
    project.run(["rollups", "advise", "broken.jsonl"]).failed(1, &["broken.jsonl:1: no line of a log of queries"]);
}

#[test]
fn a_server_writes_shapes_and_no_values() {
    let project = Project::parcel(Scale::Hundredth);
    let config = project.read("entente.yml");
    project.write("entente.yml", format!("{config}query_log: logs/queries.jsonl\n"));
    let loaded = load_project(&project.path(""));
    let log = loaded.config.as_ref().and_then(|config| config.query_log.clone()).expect("it is said");
    let warehouse = DuckDb::open(&project.path("parcel.duckdb"), Access::ReadOnly).expect("it opens");
    let mut options = Options::new(loaded, Arc::new(warehouse));
    options.address.set_port(0);
    options.log = LogFormat::Off;
    options.reload = Reload::Never;
    options.query_log = Some(project.path(&log));
    let runtime = Runtime::new().expect("threads");
    let server = runtime.block_on(Server::start(options)).expect("it starts");
    let ask = |query: &str| {
        let body = json!({ "query": query }).to_string();
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let request = client.post(format!("http://{}/graphql", server.address()));
        let request = request.header("content-type", "application/json").body(body);
        let text = runtime.block_on(async { request.send().await?.text().await }).expect("an answer");
        assert!(text.contains("\"rows\""), "{text}");
    };
    let query = "{ report(where: { shipments: { service: { eq: \"express\" } } }, time: { between: { from: \"2025-01-01\", to: \"2026-01-01\" } }) \
                 { rows { by { time(granularity: MONTH) } revenue } } }";
    ask(query);
    ask(query);
    runtime.block_on(server.stop(std::time::Duration::ZERO));
    let text = fs::read_to_string(project.path(&log)).expect("it is written");
    assert!(!text.contains("express"), "{text}");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 1, "{text}");
    let expected = json!({
        "metrics": ["revenue"], "keys": ["time.month"], "filters": ["shipments.service"], "days": 365, "cut": "year",
        "time_zone": "Europe/Berlin", "count": 2, "asked": 1, "rows": 24,
    });
    for (key, value) in expected.as_object().expect("an object") {
        assert_eq!(&lines[0][key], value, "{key} of {text}");
    }
    let advice = project.run(["rollups", "advise", "--now", NOW]).worked();
    assert!(advice.contains("2 queries were asked"), "{advice}");
}
