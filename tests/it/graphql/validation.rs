//! Documents and variables that do not fit.

use entente::graphql::Outcome;
use serde_json::json;

use super::{Recorder, api, ask, code, reply, respond};

#[test]
fn errors_before_execution_have_no_data_and_their_codes() {
    for (query, expected) in [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("", "GRAPHQL_PARSE_FAILED"),
        ("{ report { totals { nothing } } }", "UNKNOWN_METRIC"),
        ("{ report { rows { nothing } } }", "UNKNOWN_METRIC"),
        ("{ report { rows { by { nothing } } } }", "UNKNOWN_FIELD"),
        ("{ nothing }", "UNKNOWN_FIELD"),
        ("{ report }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ report { totals { orders { x } } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ report(nothing: 1) { totals { orders } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($x: Int) { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ report(first: $x) { totals { orders } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($x: String) { report(first: $x) { totals { orders } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($x: Nothing = 1) { report(first: $x) { totals { orders } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("mutation { x }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { x }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ report { totals { previous { orders } } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ report { ...F } } fragment F on Row { orders }", "GRAPHQL_VALIDATION_FAILED"),
        (
            r#"{ report(where: {orders: {status: {eq: "a", eq: "b"}}}) { totals { orders } } }"#,
            "GRAPHQL_VALIDATION_FAILED",
        ),
    ] {
        let reply = reply(&api(), &Recorder::default(), query, &json!({}));
        let response: serde_json::Value = serde_json::from_slice(&reply.to_bytes()).expect("JSON");
        assert_eq!(code(&response), expected, "{query}: {response}");
        assert_eq!((reply.outcome, reply.status()), (Outcome::Refused, 400), "{query}");
        assert!(response.get("data").is_none(), "{query}");
    }
}

#[test]
fn wrong_syntax_is_told_in_one_line_with_its_place() {
    for query in ["{ report { rows { by { time } revenue } }", "{ report( }", "query ($x) { __typename }", "{ a: }"] {
        let reply = reply(&api(), &Recorder::default(), query, &json!({}));
        let response: serde_json::Value = serde_json::from_slice(&reply.to_bytes()).expect("JSON");
        let error = &response["errors"][0];
        let message = error["message"].as_str().expect("a text");
        assert!(message.starts_with("the document is no GraphQL: expected ") && !message.contains('\n'), "{message}");
        assert_eq!(error["locations"][0]["line"], 1, "{response}");
    }
}

#[test]
fn variables_stand_where_their_types_allow_them() {
    let list = "report(where: {orders: {status: {in: $v}}}) { totals { orders } }";
    let range = "report(time: {last: {count: $v, unit: DAY}}) { totals { orders } }";
    for (declared, field, expected) in [
        ("[String!]!", list, "none"),
        ("[String!]", list, "none"),
        ("[String]", list, "GRAPHQL_VALIDATION_FAILED"),
        ("String", list, "GRAPHQL_VALIDATION_FAILED"),
        ("Int!", range, "none"),
        ("Int = 3", range, "none"),
        ("Int", range, "GRAPHQL_VALIDATION_FAILED"),
        ("Int = null", range, "GRAPHQL_VALIDATION_FAILED"),
        ("String!", range, "GRAPHQL_VALIDATION_FAILED"),
        ("Int", "report(first: $v) { totals { orders } }", "none"),
        ("Boolean", "report { totals { orders @include(if: $v) } }", "GRAPHQL_VALIDATION_FAILED"),
        ("Date", "report(time: {since: $v}) { totals { orders } }", "GRAPHQL_VALIDATION_FAILED"),
        ("Date!", "report(time: {since: $v}) { totals { orders } }", "none"),
        ("Filter", "report(where: $v) { totals { orders } }", "none"),
        ("OrdersFilter", "report(where: {orders: $v}) { totals { orders } }", "none"),
        ("OrdersFilter", "report(where: {customers: $v}) { totals { orders } }", "GRAPHQL_VALIDATION_FAILED"),
        ("[Filter!]!", "report(where: {or: $v}) { totals { orders } }", "none"),
        ("Filter!", "report(where: {or: [$v]}) { totals { orders } }", "none"),
        ("Filter", "report(where: {or: [$v]}) { totals { orders } }", "GRAPHQL_VALIDATION_FAILED"),
    ] {
        let query = format!("query ($v: {declared}) {{ ...F }} fragment F on Query {{ {field} }}");
        let given = match declared.trim_end_matches('!') {
            "Int" => json!({ "v": 3 }),
            "Date" => json!({ "v": "2024-02-29" }),
            "Filter" => json!({ "v": { "orders": { "isPaid": { "eq": true } } } }),
            "[Filter!]" => json!({ "v": [{ "orders": { "isPaid": { "eq": true } } }] }),
            "[String!]" => json!({ "v": ["x"] }),
            _ => json!({}),
        };
        let response = respond(&api(), &Recorder::default(), &query, &given);
        assert_eq!(code(&response), expected, "{declared}: {response}");
    }
}

#[test]
fn values_have_the_type_that_the_schema_says() {
    for arguments in [
        "first: \"10\"",
        "first: 1.5",
        "first: 99999999999",
        "fill: \"TIME\"",
        "fill: NEVER",
        "timeZone: \"Berlin\"",
        "time: {}",
        "time: {since: \"2024-02-30\"}",
        "time: {since: \"2024-01-01\", current: DAY}",
        "time: {between: {from: \"2024-01-01\"}}",
        "time: {last: {count: 0, unit: DAY}}",
        "time: {between: {from: \"2024-01-02\", to: \"2024-01-02\"}}",
        "where: {orders: {isPaid: {eq: \"true\"}}}",
        "where: {orders: {status: {contains: 1}}}",
        "where: {orders: {orderedAt: {gte: \"2024-01-01\"}}}",
        "having: {revenue: {gte: \"1e3\"}}",
        "having: {orders: {gte: 1.5}}",
        "where: {nothing: {}}",
    ] {
        let response = ask(&format!("{{ report({arguments}) {{ rows {{ by {{ time }} orders }} }} }}"));
        assert!(response.get("errors").is_some(), "{arguments}: {response}");
    }
}

#[test]
fn variables_are_coerced_strictly_and_named_in_errors() {
    let query = "query ($first: Int!, $z: TimeZone) { report(first: $first, timeZone: $z) { totals { orders } } }";
    let ask = |variables| respond(&api(), &Recorder::default(), query, &variables);
    assert_eq!(code(&ask(json!({ "first": 10, "unused": 1 }))), "none");
    for (variables, named) in [
        (json!({}), "$first"),
        (json!({ "first": null }), "$first"),
        (json!({ "first": "10" }), "$first"),
        (json!({ "first": 1, "z": "Mars/Olympus" }), "$z"),
    ] {
        let response = ask(variables.clone());
        assert_eq!(code(&response), "BAD_USER_INPUT", "{variables}");
        assert!(response["errors"][0]["message"].as_str().is_some_and(|text| text.contains(named)), "{response}");
        assert!(response.get("data").is_none(), "{response}");
    }
}

#[test]
fn an_argument_without_sense_fails_its_field_only() {
    let response = ask("{ a: report(first: 0) { totals { orders } } b: report { totals { orders } } }");
    assert_eq!(response["data"]["a"], json!(null));
    assert_eq!(response["data"]["b"]["totals"]["orders"], "9007199254740993");
    assert_eq!(response["errors"][0]["path"], json!(["a"]));
    for (first, code, help) in
        [(0, "LIMIT_EXCEEDED", "one row"), (-1, "LIMIT_EXCEEDED", "one row"), (10_001, "LIMIT_EXCEEDED", "`after`")]
    {
        let extensions =
            &ask(&format!("{{ report(first: {first}) {{ totals {{ orders }} }} }}"))["errors"][0]["extensions"];
        assert_eq!(extensions["code"], code, "{first}");
        assert!(extensions["help"].as_str().is_some_and(|told| told.contains(help)), "{first}: {extensions}");
    }
}
