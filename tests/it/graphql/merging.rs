//! Whether fields merge, and what they merge to: specification 5.3.2 and 6.3.2.

use serde_json::{Value, json};

use super::{Recorder, api, respond};

/// Documents whose fields merge, their variables, and the data: every metric is one number.
const MERGED: &[(&str, &str, &str, &str)] = &[
    ("the same field twice", "{ report { totals { orders orders } } }", "{}", r#"{"report":{"totals":{"orders":N}}}"#),
    (
        "sub-selections of two fields are joined in order",
        "{ report { totals { orders } } report { totals { revenue orders } } }",
        "{}",
        r#"{"report":{"totals":{"orders":N,"revenue":N}}}"#,
    ),
    (
        "rows are joined, not zipped",
        "{ report { rows { by { time } orders } rows { revenue } } }",
        "{}",
        r#"{"report":{"rows":[{"by":{"time":"2026-01-01"},"orders":N,"revenue":N}]}}"#,
    ),
    (
        "keys are joined below `by`",
        "{ report { rows { by { time } by { orders { status } } by { orders { isPaid } } orders } } }",
        "{}",
        r#"{"report":{"rows":[{"by":{"time":"2026-01-01","orders":{"status":"value 0","isPaid":true}},"orders":N}]}}"#,
    ),
    (
        "fragments on Row and Keys",
        "{ report { rows { ...R by { ...K } } } } fragment R on Row { by { time } orders } fragment K on Keys { m: time(granularity: MONTH) }",
        "{}",
        r#"{"report":{"rows":[{"by":{"time":"2026-01-01","m":"2026-01-01"},"orders":N}]}}"#,
    ),
    (
        "the same fragment twice",
        "{ report { totals { ...M ...M } } } fragment M on Metrics { orders }",
        "{}",
        r#"{"report":{"totals":{"orders":N}}}"#,
    ),
    (
        "arguments in another order are the same",
        "{ report(first: 1, fill: TIME) { totals { orders } } report(fill: TIME, first: 1) { totals { revenue } } }",
        "{}",
        r#"{"report":{"totals":{"orders":N,"revenue":N}}}"#,
    ),
    (
        "fields of an input in another order are the same",
        r#"{ report(where: {orders: {isPaid: {eq: true}, status: {eq: "x"}}}) { totals { orders } }
             report(where: {orders: {status: {eq: "x"}, isPaid: {eq: true}}}) { totals { revenue } } }"#,
        "{}",
        r#"{"report":{"totals":{"orders":N,"revenue":N}}}"#,
    ),
    (
        "the same leaf under two aliases",
        "{ report { rows { by { a: time b: time(granularity: DAY) } orders } } }",
        "{}",
        r#"{"report":{"rows":[{"by":{"a":"2026-01-01","b":"2026-01-01"},"orders":N}]}}"#,
    ),
    (
        "a default of a variable decides @include",
        "query ($p: Boolean = false) { report { totals { orders revenue @include(if: $p) } } }",
        "{}",
        r#"{"report":{"totals":{"orders":N}}}"#,
    ),
    (
        "a default of a variable decides @skip",
        "query ($p: Boolean = true) { report { totals { orders ... @skip(if: $p) { revenue } } } }",
        "{}",
        r#"{"report":{"totals":{"orders":N}}}"#,
    ),
    (
        "a value goes before the default",
        "query ($p: Boolean = false) { report { totals { orders revenue @include(if: $p) } } }",
        r#"{"p":true}"#,
        r#"{"report":{"totals":{"orders":N,"revenue":N}}}"#,
    ),
    ("nothing is left of the operation", "{ metrics @skip(if: true) { nodes { name } } }", "{}", "{}"),
    (
        "nothing is left of one of two reports",
        "{ a: report { rows @skip(if: true) { orders } } b: report { totals { orders } } }",
        "{}",
        r#"{"a":{},"b":{"totals":{"orders":N}}}"#,
    ),
    (
        "a variable leaves nothing of a report",
        "query ($s: Boolean!) { report { rows @include(if: $s) { orders } totals @include(if: $s) { orders } } }",
        r#"{"s":false}"#,
        r#"{"report":{}}"#,
    ),
    (
        "nothing is left of tables and values",
        r#"{ metricQuery(input: {metrics: ["orders"]}) { rows @skip(if: true) }
             dimensionValues(dimension: "customers.country") { values @skip(if: true) } }"#,
        "{}",
        r#"{"metricQuery":{},"dimensionValues":{}}"#,
    ),
    (
        "nothing is left of rows, totals and keys",
        "{ report { rows { by { time @skip(if: true) } orders } totals { orders @skip(if: true) } } }",
        "{}",
        r#"{"report":{"rows":[{"by":{},"orders":N}],"totals":{}}}"#,
    ),
    (
        "nothing is left of small objects",
        r#"{ metric(name: "orders") { name @skip(if: true) } metrics(first: 1) { nodes { name @skip(if: true) } }
             sql(input: {metrics: ["orders"]}) { sql @skip(if: true) }
             report { totals { orders } pageInfo { hasNextPage @skip(if: true) } trust { asOf @skip(if: true) } } }"#,
        "{}",
        r#"{"metric":{},"metrics":{"nodes":[{}]},"sql":{},"report":{"totals":{"orders":N},"pageInfo":{},"trust":{}}}"#,
    ),
    (
        "nothing is left of introspection",
        r#"{ __schema { queryType { name @skip(if: true) } } __type(name: "Fill") { kind @skip(if: true) enumValues { name @skip(if: true) } } none: __schema { queryType @skip(if: true) { name } } }"#,
        "{}",
        r#"{"__schema":{"queryType":{}},"__type":{"enumValues":[{},{}]},"none":{}}"#,
    ),
    (
        "a skipped spread leaves the same spread elsewhere",
        "{ report { totals { ...M @skip(if: true) ...M } } } fragment M on Metrics { orders }",
        "{}",
        r#"{"report":{"totals":{"orders":N}}}"#,
    ),
    (
        "__typename everywhere, in its place",
        "{ __typename report { __typename rows { a: __typename by { __typename orders { __typename } } orders } totals { __typename } } }",
        "{}",
        r#"{"__typename":"Query","report":{"__typename":"Report","rows":[{"a":"Row","by":{"__typename":"Keys","orders":{"__typename":"OrdersKeys"}},"orders":N}],"totals":{"__typename":"Metrics"}}}"#,
    ),
];

/// Documents whose fields do not merge.
const CONFLICTS: &[(&str, &str)] = &[
    ("two fields under one alias", "{ report { totals { a: orders a: revenue } } }"),
    ("an alias that hides a field", "{ report { totals { orders: revenue orders } } }"),
    ("other arguments", "{ report(first: 1) { totals { orders } } report(first: 2) { totals { orders } } }"),
    ("an argument and none", "{ report(first: 1) { totals { orders } } report { totals { orders } } }"),
    ("a default written out is another argument", "{ report { rows { by { time time(granularity: DAY) } } } }"),
    (
        "a variable and its value",
        "query ($n: Int = 1) { report(first: $n) { totals { orders } } report(first: 1) { totals { orders } } }",
    ),
    (
        "two variables",
        "query ($a: Int = 1, $b: Int = 1) { report(first: $a) { totals { orders } } report(first: $b) { totals { orders } } }",
    ),
    (
        "two filters",
        "{ report(where: {orders: {isPaid: {eq: true}}}) { totals { orders } } report(where: {orders: {isPaid: {eq: false}}}) { totals { orders } } }",
    ),
    (
        "deep below fields that merge",
        "{ report { rows { by { orders { a: status } } } } report { rows { by { orders { a: isPaid } } } } }",
    ),
    (
        "between a fragment on Row and a field",
        "{ report { rows { ...R a: orders } } } fragment R on Row { a: revenue }",
    ),
    (
        "between two fragments on Keys",
        "{ report { rows { by { ...A ...B } orders } } } fragment A on Keys { time(granularity: DAY) } fragment B on Keys { time(granularity: MONTH) }",
    ),
    (
        "two offsets",
        "{ report { totals { previous(offset: {count: 1, unit: DAY}) { orders } previous(offset: {count: 2, unit: DAY}) { orders } } } }",
    ),
    ("even if one of them is skipped", "{ report { totals { a: orders a: revenue @skip(if: true) } } }"),
    ("an object and a leaf", "{ report { rows { a: by { time } a: orders } } }"),
    ("in introspection", "{ __schema { queryType { a: name a: description } } }"),
];

#[test]
fn fields_merge_where_the_specification_says_so() {
    let api = api();
    for (what, query, variables, expected) in MERGED {
        let variables: Value = serde_json::from_str(variables).expect("JSON");
        let response = respond(&api, &Recorder::default(), query, &variables);
        let expected = expected.replace('N', "\"9007199254740993\"");
        // Compared as text, so that the order of the keys counts.
        assert_eq!(response.to_string(), format!("{{\"data\":{expected}}}"), "{what}");
    }
}

#[test]
fn fields_that_do_not_merge_are_refused() {
    let api = api();
    for (what, query) in CONFLICTS {
        let source = Recorder::default();
        let response = respond(&api, &source, query, &json!({}));
        let error = &response["errors"][0];
        assert_eq!(error["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{what}: {response}");
        assert!(response.get("data").is_none(), "{what}: {response}");
        assert!(source.asked().is_empty(), "{what}");
    }
}
