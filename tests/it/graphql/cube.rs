//! Those of Cube's defects that need no warehouse; the others are cases in `tests/cases/graphql/cube`.

use entente::{engine::Failure, graphql::Api};
use serde_json::json;

use super::{Recorder, api, ask, code, respond, shop};

#[test]
fn g03_numbers_are_exact() {
    let response = ask("{ report { totals { orders revenue } } }");
    assert_eq!(response["data"]["report"]["totals"]["orders"], "9007199254740993");
}

#[test]
fn g07_a_slow_query_has_a_code_and_no_half_answer() {
    let source = Recorder { refuse: Some(|_| Some(Failure::Timeout)), ..Recorder::default() };
    let response = respond(&api(), &source, "{ report { totals { orders } } __typename }", &json!({}));
    assert_eq!(code(&response), "TIMEOUT");
    assert_eq!(response["data"], json!({ "report": null, "__typename": "Query" }));
    assert_eq!(response["errors"][0]["path"], json!(["report"]));
}

#[test]
fn g11_a_schema_has_what_its_project_has() {
    let mut project = (*shop()).clone();
    let mut metric = project.metrics[project.metric_named("orders").expect("a metric")].clone();
    "orders_of_today".clone_into(&mut metric.name);
    let id = project.metrics.push(metric);
    project.metric_ids.insert("orders_of_today".to_owned(), id);
    let api = Api::new(project.into());
    let response = respond(&api, &Recorder::default(), "{ report { totals { ordersOfToday } } }", &json!({}));
    assert_eq!(code(&response), "none");
}

#[test]
fn g13_the_sdl_needs_no_server() {
    let sdl = api().sdl();
    for line in
        ["type Query {", "type Row {", "  revenue: Decimal", "input CustomersFilter {", "input TimeRange @oneOf {"]
    {
        assert!(sdl.contains(&format!("{line}\n")), "`{line}` is not in the SDL");
    }
}
