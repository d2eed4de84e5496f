//! What a request costs on DuckDB, by its statistics: told, limited by budgets, and cheaper where it is said so.

use serde_json::Value;

use crate::{
    command::{NOW, Project, Ran, Scale},
    served::Server,
};

fn ask(project: &Project, arguments: &[&str]) -> Ran {
    project.command(arguments).env("ENTENTE_NOW", NOW).output().expect("the command runs").into()
}

/// Puts budgets into the project file.
fn limit(project: &Project, budgets: &str) {
    let config = project.read("entente.yml");
    project.write("entente.yml", format!("{config}price: {{ per_tib: 5 }}\nbudgets: {budgets}\n"));
}

/// Returns what stands in backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

#[test]
fn an_estimate_grows_with_the_range_and_with_the_columns() {
    let project = Project::parcel(Scale::Hundredth);
    let bytes = |arguments: &[&str]| {
        let out = ask(&project, &[&["query", "--estimate"], arguments].concat()).worked();
        let line =
            out.lines().find(|line| line.contains("marts.fct_shipments")).expect("the table is named").to_owned();
        let size = line.split_whitespace().nth(1).expect("a size").parse::<f64>().expect("a number");
        let unit = line.split_whitespace().nth(2).expect("a unit").to_owned();
        let partitions = line.split(" in ").nth(1).map(str::to_owned);
        (size * if unit == "MB" { 1000.0 } else { 1.0 }, partitions)
    };
    let (month, partitions) = bytes(&["-m", "revenue", "-t", "2025-06"]);
    assert_eq!(
        partitions.as_deref().and_then(|text| text.split(' ').next()),
        Some("31"),
        "a day of Berlin is two of UTC"
    );
    let (year, _) = bytes(&["-m", "revenue", "-t", "2025"]);
    assert!(month * 10.0 < year && year < month * 13.0, "{month} {year}");
    let json = ask(&project, &["query", "--estimate", "-m", "revenue", "-t", "2025-06", "-f", "json"]).worked();
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON");
    assert_eq!(json["basis"], "statistics", "{json}");
    let tables = json["tables"].as_array().expect("a list");
    let shipments = tables.iter().find(|table| table["table"] == "marts.fct_shipments").expect("it is read");
    assert_eq!(shipments["partitions"]["read"], 31, "{json}");
    assert_eq!(json["bytes"], tables.iter().filter_map(|table| table["bytes"].as_u64()).sum::<u64>(), "{json}");
    let (wider, _) = bytes(&["-m", "revenue", "-b", "service", "-t", "2025"]);
    assert!(wider > year, "{wider} {year}");
}

#[test]
fn a_query_beyond_a_budget_is_refused_and_the_changes_that_are_offered_pass() {
    let project = Project::parcel(Scale::Hundredth);
    limit(&project, "{ per_query: 0.000001 EUR }");
    let year = ["query", "-m", "revenue", "-b", "customers.country", "-t", "2025"];
    // A millionth of a euro buys 219,902 bytes.
    let refused =
        ask(&project, &year).failed(1, &["COST_EXCEEDED: the query would read", "one query may read 219.9 kB"]);
    let offered = quoted(&refused.err);
    let range = offered.iter().find(|text| text.contains(" to ")).expect("a range is offered");
    ask(&project, &["query", "-m", "revenue", "-b", "customers.country", "-t", range]).worked();
}

#[test]
fn what_a_rollup_answers_for_less_is_offered() {
    let project = Project::parcel(Scale::Whole);
    ask(&project, &["rollups", "build"]).worked();
    limit(&project, "{ per_query: 2 MB }");
    let asked = ["query", "-m", "parcels_booked", "-t", "2025", "-b", "service,customers.country"];
    let refused = ask(&project, &asked).failed(1, &["COST_EXCEEDED"]);
    assert!(refused.err.contains("rollup `shipments_daily`"), "{}", refused.err);
    assert!(refused.err.contains("without `customers.country`"), "{}", refused.err);
    ask(&project, &["query", "-m", "parcels_booked", "-t", "2025", "-b", "service"]).worked();
}

#[test]
fn a_rollup_that_is_dearer_than_the_rows_makes_no_query_refused() {
    let project = Project::parcel(Scale::Whole);
    let of_a_day = ["-m", "parcels_booked", "-t", "2025-12-10"];
    let with = |words: &[&'static str]| [words, &of_a_day[..]].concat();
    let bytes = || {
        let told = ask(&project, &with(&["query", "--estimate", "-f", "json"])).worked();
        let told: Value = serde_json::from_str(&told).expect("it is JSON");
        told["bytes"].as_u64().expect("a number")
    };
    let of_rows = bytes();
    ask(&project, &["catalog", "pull", "--statistics"]).worked();
    ask(&project, &["rollups", "build"]).worked();
    let told = ask(&project, &with(&["explain"])).worked();
    assert!(told.contains("  rollups.shipments_daily_"), "its size is known as soon as it is built, {told}");
    let of_rollup = bytes();
    assert!(of_rows < of_rollup, "{of_rows} {of_rollup}");
    let answer = ask(&project, &with(&["query"])).worked();
    ask(&project, &["catalog", "pull", "--statistics"]).worked();
    let told = ask(&project, &with(&["explain"])).worked();
    assert!(told.contains(" in 1 of 25 partitions"), "months are stored side by side, {told}");

    // A million euros for a tebibyte.
    let micros = of_rows.midpoint(of_rollup) * 1_000_000 / 1_099_511;
    let config = project.read("entente.yml");
    let spending = format!("price: {{ per_tib: 1000000 }}\nbudgets: {{ per_query: 0.{micros:06} EUR }}\n");
    project.write("entente.yml", format!("{config}{spending}"));
    assert_eq!(ask(&project, &with(&["query"])).worked(), answer);
    assert_eq!(bytes(), of_rows);
    let told = ask(&project, &with(&["explain"])).worked();
    let why = "shipments_daily: not used; with it the query has no room in its budget";
    assert!(told.contains(why) && told.contains("  marts.fct_shipments"), "{told}");

    // A change that is offered is looked at in both ways.
    let refused = ask(&project, &["query", "-m", "parcels_booked", "-t", "2025"]).failed(1, &["COST_EXCEEDED"]);
    let offered = quoted(&refused.err).into_iter().find(|text| text.contains(" to ")).expect("a range is offered");
    ask(&project, &["query", "-m", "parcels_booked", "-t", offered]).worked();

    let server = Server::start(&project);
    let time = "{ between: { from: \"2025-12-10\", to: \"2025-12-11\" } }";
    let document = format!("{{ report(time: {time}) {{ rows {{ parcelsBooked }} trust {{ rollups {{ name }} }} }} }}");
    let answered = server.ask(&document);
    assert_eq!(answered["data"]["report"]["trust"]["rollups"], serde_json::json!([]), "{answered:#}");
}

#[test]
fn the_server_counts_what_it_spends_and_what_is_at_hand_costs_nothing() {
    let project = Project::parcel(Scale::Hundredth);
    limit(&project, "{ per_caller_and_day: 2 MB }");
    let server = Server::start(&project);
    let document = |day: u32| {
        let time = format!("{{ between: {{ from: \"2025-06-{day:02}\", to: \"2025-12-01\" }} }}");
        let trust = "trust { bytesEstimated cost { bytesEstimated bytesBilled basis price currency tables { table bytes partitions } } }";
        format!("{{ report(time: {time}) {{ rows {{ revenue }} {trust} }} }}")
    };
    let first = server.ask(&document(1));
    let cost = &first["data"]["report"]["trust"]["cost"];
    let bytes: u64 = cost["bytesEstimated"].as_str().expect("it is known").parse().expect("a number");
    assert!(bytes > 0 && cost["currency"] == "EUR" && cost["bytesBilled"].is_null(), "{first:#}");
    assert!(cost["basis"].as_str().is_some_and(|basis| basis.starts_with("estimated from statistics of ")), "{cost}");
    assert!(cost["tables"].as_array().is_some_and(|tables| !tables.is_empty()), "{cost}");
    let again = server.ask(&document(1));
    let cost = &again["data"]["report"]["trust"]["cost"];
    assert_eq!(
        (&cost["bytesEstimated"], &cost["basis"], &cost["price"]),
        (&"0".into(), &"at hand".into(), &"0.000000".into())
    );
    let mut spent = bytes;
    let refused = (2..=30).find_map(|day| {
        let answer = server.ask(&document(day));
        match answer["data"]["report"]["trust"]["bytesEstimated"].as_str() {
            Some(bytes) => {
                spent += bytes.parse::<u64>().expect("a number");
                None
            }
            None => Some(answer),
        }
    });
    let refused = refused.expect("thirty halves of a year are more than 2 MB");
    assert_eq!(refused["errors"][0]["extensions"]["code"], "COST_EXCEEDED", "{refused:#}");
    let message = refused["errors"][0]["message"].as_str().unwrap_or_default();
    assert!(message.contains("are left of the 2 MB that a caller may read a day"), "{message}");
    assert!(spent <= 2_000_000, "{spent}");
    assert!(server.ask(&document(1))["errors"].is_null(), "what is at hand needs no budget");
    let counts = server.get("/metrics");
    assert!(counts.contains("entente_budget_refusals_total 1"), "{counts}");
    assert!(counts.contains(&format!("entente_spent_bytes_today {spent}")), "{spent} {counts}");
}

#[test]
fn what_nobody_knows_is_refused_only_where_there_is_a_budget() {
    let project = Project::parcel(Scale::Hundredth);
    let metrics = "models:\n  - name: things\n    sql: select range as id from range(3)\n    primary_key: id\n\
                   metrics:\n  - { name: things, description: Things., model: things, agg: count }\n";
    project.write("metrics/things.yml", metrics);
    ask(&project, &["query", "-m", "things"]).worked();
    ask(&project, &["query", "-m", "things", "--estimate"]).failed(1, &["nobody knows"]);
    limit(&project, "{ per_query: 1 GB }");
    ask(&project, &["query", "-m", "things"]).failed(1, &["COST_UNKNOWN: nobody knows"]);
}

#[test]
fn explain_tells_the_cost_by_the_statistics_that_were_pulled() {
    let project = Project::parcel(Scale::Hundredth);
    let explain = ["explain", "-m", "revenue", "-t", "2025-06"];
    assert!(!ask(&project, &explain).worked().contains("\ncost\n"));
    ask(&project, &["catalog", "pull", "--statistics"]).worked();
    let statistics: Value = serde_json::from_str(&project.read("schema/statistics.json")).expect("JSON");
    assert_eq!(statistics["read_on"], "2026-01-15");
    assert!(statistics["tables"]["marts.fct_shipments"]["rows"].as_u64().is_some_and(|rows| rows > 1000));
    let told = ask(&project, &explain).worked();
    assert!(told.contains("\ncost\n") && told.contains("estimated from statistics of 2026-01-15"), "{told}");
    assert!(told.contains("marts.fct_shipments") && told.contains(" in 31 of "), "{told}");
    ask(&project, &["catalog", "pull", "--check"]).worked();
}
