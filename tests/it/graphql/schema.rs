//! The schema: introspection, the catalogue, the time it takes to make.

use std::{sync::Arc, time::Instant};

use entente::graphql::Api;
use serde_json::json;

use super::{Recorder, api, ask, code, respond, shop};

#[test]
fn introspection_takes_fragments_directives_and_variables() {
    let query = "query ($n: String = \"Report\", $no: Boolean = true) { t: __type(name: $n) { ...T description @skip(if: $no) } __typename }
                 fragment T on __Type { kind fields { name } }";
    let response = respond(&api(), &Recorder::default(), query, &json!({}));
    let fields = json!([{ "name": "rows" }, { "name": "totals" }, { "name": "pageInfo" }, { "name": "trust" }]);
    assert_eq!(response, json!({ "data": { "t": { "kind": "OBJECT", "fields": fields }, "__typename": "Query" } }));
}

#[test]
fn the_catalogue_tells_metrics_and_what_groups_them() {
    let response = ask(r#"{ metrics(search: "refund", first: 2) { nodes { name field kind } pageInfo { hasNextPage } }
        metric(name: "netto") { name } one: metric(name: "paid_share") { inputs models hash }
        dimensions(metrics: ["orders", "refunds"]) { path joinPaths { model roles } } }"#);
    assert_eq!(code(&response), "none", "{response}");
    let data = &response["data"];
    assert_eq!(data["metrics"]["nodes"][0], json!({ "name": "net", "field": "net", "kind": "DERIVED" }));
    assert_eq!(data["metrics"]["pageInfo"], json!({ "hasNextPage": true }));
    assert_eq!(data["metric"], json!(null));
    assert_eq!((&data["one"]["inputs"], &data["one"]["models"]), (&json!(["orders"]), &json!(["orders"])));
    let status =
        data["dimensions"].as_array().and_then(|list| list.iter().find(|item| item["path"] == "orders.status"));
    let expected = json!([{ "model": "orders", "roles": [] }, { "model": "refunds", "roles": ["orders"] }]);
    assert_eq!(status.map(|status| &status["joinPaths"]), Some(&expected));
}

#[test]
fn a_schema_of_a_thousand_metrics_is_made_quickly() {
    let mut project = (*shop()).clone();
    let metric = project.metrics[project.metric_named("orders").expect("a metric")].clone();
    for number in 0..1000 {
        let name = format!("metric_{number}");
        let id = project.metrics.push(entente::project::Metric { name: name.clone(), ..metric.clone() });
        project.metric_ids.insert(name, id);
    }
    let project = Arc::new(project);
    let best = (0..3).map(|_| {
        let start = Instant::now();
        assert!(Api::new(Arc::clone(&project)).sdl().len() > 50_000);
        start.elapsed()
    });
    let best = best.min().expect("three runs");
    // Forty milliseconds in a release build on an idle machine.
    assert!(best.as_millis() < 1000, "{best:?}");
}
