//! The worked example on its sample warehouse, served as `entente serve` serves it.

use std::{path::Path, sync::Arc};

use entente::{
    engine::load_project,
    server::{LogFormat, Options, Reload, Server},
    warehouse::duckdb::{Access, DuckDb},
};
use tokio::runtime::Runtime;

use super::client::Client;

/// Runs `test` against a server over the repository's `metrics/`.
fn with_demo(test: impl FnOnce(Client)) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("small.duckdb");
    entente::sample::create(&path, 0.01, &|_, _| {}).expect("the sample is made");
    let warehouse = DuckDb::open(&path, Access::ReadOnly).expect("it opens");
    let loaded = load_project(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(loaded.project.is_some(), "{:#?}", loaded.diagnostics);
    let mut options = Options::new(loaded, Arc::new(warehouse));
    options.address.set_port(0);
    options.log = LogFormat::Off;
    options.reload = Reload::Never;
    let runtime = Runtime::new().expect("threads");
    let server = runtime.block_on(Server::start(options)).expect("it starts");
    test(Client::new(server.address()));
}

#[test]
fn the_first_query_of_the_readme_is_answered() {
    with_demo(|client| {
        let answer = client.graphql("{ report { rows { by { time(granularity: MONTH) } revenue } } }");
        let rows = answer.json()["data"]["report"]["rows"].clone();
        let rows = rows.as_array().unwrap_or_else(|| panic!("{}", answer.body));
        assert!(rows.len() >= 20, "{}", answer.body);
        assert!(rows.iter().all(|row| row["by"]["time"].is_string() && row["revenue"].is_string()), "{}", answer.body);
    });
}

#[test]
fn parts_add_up_to_their_total() {
    with_demo(|client| {
        let query = "{ report { rows { by { shipments { service } } parcelsBooked } totals { parcelsBooked } } }";
        let report = client.graphql(query).json()["data"]["report"].clone();
        let number =
            |value: &serde_json::Value| value["parcelsBooked"].as_str().and_then(|text| text.parse::<i64>().ok());
        let parts: Option<i64> = report["rows"].as_array().into_iter().flatten().map(number).sum();
        assert!(parts.is_some_and(|parts| parts > 0), "{report}");
        assert_eq!(parts, number(&report["totals"]));
    });
}

#[test]
fn every_metric_and_model_has_a_page_with_its_sql() {
    with_demo(|client| {
        let index = client.get("/").body;
        let pages: Vec<&str> = index
            .split("href=\"")
            .skip(1)
            .filter_map(|part| part.split('"').next())
            .filter(|path| path.starts_with("/metrics/") || path.starts_with("/models/"))
            .collect();
        assert!(pages.len() >= 45, "{pages:?}");
        for path in pages {
            let page = client.get(path);
            assert_eq!(page.status, 200, "{path}");
            assert!(path.starts_with("/models/") || page.body.contains("SELECT"), "{path} has no SQL:\n{}", page.body);
        }
    });
}

#[test]
fn as_many_conditions_as_are_allowed_take_no_more_stack_than_there_is() {
    with_demo(|client| {
        let query = "query($w: Filter) { report(time: {between: {from: \"2025-12-01\", to: \"2025-12-02\"}} where: $w) { rows { parcelsBooked } } }";
        let condition =
            |operator: &str, n: usize| serde_json::json!({ "shipments": { "service": { operator: n.to_string() } } });
        let many = |operator: &str| (0..500).map(|n| condition(operator, n)).collect::<Vec<_>>();
        for filter in [
            serde_json::json!({ "or": many("eq") }),
            serde_json::json!({ "and": many("ne") }),
            serde_json::json!({ "or": vec![serde_json::json!({ "not": {} }); 500] }),
        ] {
            let body = serde_json::json!({ "query": query, "variables": { "w": filter } }).to_string();
            let answer = client.post(&body);
            assert!(answer.json()["data"]["report"]["rows"][0]["parcelsBooked"].is_string(), "{}", answer.body);
        }
    });
}
