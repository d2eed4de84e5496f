//! Limits before work.

use std::{fmt::Write as _, time::Instant};

use serde_json::{Value, json};

use super::{Recorder, api, code, reply, respond};

/// Answers a document that must be refused without asking the source, quickly, with a small answer.
fn refused(what: &str, query: &str) -> Value {
    let (api, source) = (api(), Recorder::default());
    let start = Instant::now();
    let bytes = reply(&api, &source, query, &json!({})).to_bytes();
    let took = start.elapsed();
    assert!(took.as_millis() < 1500, "{what} took {took:?}");
    assert!(bytes.len() < 20_000, "{what} is answered with {} bytes", bytes.len());
    assert!(source.asked().is_empty(), "{what}");
    let response: Value = serde_json::from_slice(&bytes).expect("JSON");
    assert!(response.get("data").is_none(), "{what}: {response}");
    response
}

fn bomb(levels: usize, width: usize, leaf: &str) -> String {
    let mut document = "{ report { totals { ...F0 } } }".to_owned();
    for level in 0..levels {
        let spreads = format!("...F{} ", level + 1).repeat(width);
        write!(document, " fragment F{level} on Metrics {{ {spreads} }}").expect("text");
    }
    write!(document, " fragment F{levels} on Metrics {{ {leaf} }}").expect("text");
    document
}

#[test]
fn fragment_bombs_are_refused_before_they_are_expanded() {
    let two_wide = refused("a bomb", &bomb(30, 2, "orders"));
    assert_eq!(code(&two_wide), "LIMIT_EXCEEDED");
    assert_eq!(code(&refused("a wide bomb", &bomb(6, 10, "orders"))), "LIMIT_EXCEEDED");
    assert_eq!(code(&refused("a bomb without a field", &bomb(30, 2, "...Nothing"))), "LIMIT_EXCEEDED");
    let hidden = format!("query A {{ report {{ totals {{ orders }} }} }} query B {}", bomb(30, 2, "orders"));
    let (api, source) = (api(), Recorder::default());
    let request = entente::graphql::Request {
        query: hidden,
        operation_name: Some("A".to_owned()),
        ..entente::graphql::Request::default()
    };
    let reply = super::wait(api.execute(&source, request, &entente::plan::Principal::default()));
    assert_eq!(reply.status(), 400);
}

#[test]
fn cycles_of_fragments_are_refused() {
    let cycle = "{ report { totals { ...A } } } fragment A on Metrics { ...B } fragment B on Metrics { orders ...A }";
    let response = refused("a cycle", cycle);
    assert!(response["errors"][0]["message"].as_str().is_some_and(|text| text.contains("contains itself")));
}

#[test]
fn floods_are_refused() {
    let aliases: String = (0..600).fold(String::new(), |mut text, n| {
        write!(text, "a{n}: orders ").expect("text");
        text
    });
    assert_eq!(code(&refused("aliases", &format!("{{ report {{ totals {{ {aliases} }} }} }}"))), "LIMIT_EXCEEDED");
    let roots: String = (0..31).fold(String::new(), |mut text, n| {
        write!(text, "a{n}: report {{ totals {{ orders }} }} ").expect("text");
        text
    });
    assert_eq!(code(&refused("reports", &format!("{{ {roots} }}"))), "LIMIT_EXCEEDED");
    let directives = "@include(if: true) ".repeat(300);
    assert_eq!(
        code(&refused("directives", &format!("{{ report {directives} {{ totals {{ orders }} }} }}"))),
        "LIMIT_EXCEEDED"
    );
    let deep = format!(
        "{{ report {{ rows {{ by {{ customers {}country{} }} }} }} }}",
        "{ parent ".repeat(40),
        " }".repeat(40)
    );
    assert_eq!(code(&refused("depth", &deep)), "LIMIT_EXCEEDED");
    assert_eq!(code(&refused("brackets", &"{a".repeat(20_000))), "LIMIT_EXCEEDED");
    assert_eq!(code(&refused("lists", &format!("{{ a(b: {}) }}", "[".repeat(20_000)))), "LIMIT_EXCEEDED");
    assert_eq!(code(&refused("tokens", &format!("{{ {} }}", "a ".repeat(20_000)))), "LIMIT_EXCEEDED");
    assert_eq!(code(&refused("size", &format!("{{ a }} # {}", "x".repeat(200_000)))), "LIMIT_EXCEEDED");
}

#[test]
fn at_most_twenty_errors_are_told() {
    let unknown: String = (0..400).fold(String::new(), |mut text, n| {
        write!(text, "nothing{n} ").expect("text");
        text
    });
    let response = refused("unknown fields", &format!("{{ report {{ totals {{ {unknown} }} }} }}"));
    assert_eq!(response["errors"].as_array().map(Vec::len), Some(20));
}

#[test]
fn a_list_has_at_most_a_thousand_values() {
    let query = "query ($s: [String!]) { report(where: {orders: {status: {in: $s}}}) { totals { orders } } }";
    let values = |count: usize| json!({ "s": (0..count).map(|n| n.to_string()).collect::<Vec<_>>() });
    let api = api();
    assert_eq!(code(&respond(&api, &Recorder::default(), query, &values(1000))), "none");
    assert_eq!(code(&respond(&api, &Recorder::default(), query, &values(1001))), "LIMIT_EXCEEDED");
}

#[test]
fn conditions_are_counted_over_all_branches() {
    let query = "query ($w: Filter) { report(where: $w) { totals { orders } } }";
    let branch = json!({ "orders": { "status": { "eq": "x" } } });
    let negated = json!({ "not": {} });
    let nested = json!({ "and": [{ "or": [{ "and": vec![&negated; 200] }, { "or": vec![&negated; 400] }] }] });
    for (filter, expected) in [
        (json!({ "or": vec![&branch; 500] }), "none"),
        (json!({ "or": vec![&branch; 501] }), "LIMIT_EXCEEDED"),
        (json!({ "or": vec![&negated; 501] }), "LIMIT_EXCEEDED"),
        (json!({ "and": vec![json!({}); 501] }), "LIMIT_EXCEEDED"),
        (nested, "LIMIT_EXCEEDED"),
    ] {
        assert_eq!(code(&respond(&api(), &Recorder::default(), query, &json!({ "w": &filter }))), expected, "{filter}");
    }
}

#[test]
fn first_lies_between_one_and_ten_thousand() {
    for (first, expected) in [
        ("1", "none"),
        ("10000", "none"),
        ("0", "LIMIT_EXCEEDED"),
        ("-1", "LIMIT_EXCEEDED"),
        ("10001", "LIMIT_EXCEEDED"),
    ] {
        let query = format!("{{ report(first: {first}) {{ rows {{ by {{ time }} orders }} }} }}");
        assert_eq!(code(&super::ask(&query)), expected, "{first}");
    }
}

#[test]
fn what_is_planned_and_what_is_held_is_limited() {
    let query = "query ($m: [String!]!, $by: [String!]!, $first: Int!) { metricQuery(input: {metrics: $m, by: $by, first: $first}) { rows } }";
    let columns = |metrics: usize, keys: usize, first: i64| {
        let metrics: Vec<String> = (1..=metrics).map(|days| format!("orders previous {days} days")).collect();
        let ask = json!({ "m": metrics, "by": vec!["orders.status"; keys], "first": first });
        code(&respond(&api(), &Recorder::default(), query, &ask)).to_owned()
    };
    assert_eq!(columns(500, 0, 1), "none");
    assert_eq!(columns(501, 0, 1), "LIMIT_EXCEEDED");
    assert_eq!(columns(50, 50, 10_000), "none");
    assert_eq!(columns(51, 50, 10_000), "LIMIT_EXCEEDED");
    // Of all fields together.
    let many: String = (0..30).fold(String::new(), |mut text, n| {
        let metrics: Vec<String> = (0..17).map(|m| format!("\"orders previous {} days\"", n * 17 + m + 1)).collect();
        let metrics = metrics.join(" ");
        write!(text, " a{n}: sql(input: {{metrics: [{metrics}]}}) {{ sql }}").expect("text");
        text
    });
    assert_eq!(code(&super::ask(&format!("{{ {many} }}"))), "LIMIT_EXCEEDED");
}
