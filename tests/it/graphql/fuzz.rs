//! Documents that were damaged at random: whatever comes, the answer is JSON and nothing panics.

use serde_json::{Value, json};

use super::{Recorder, api, reply};

const SEEDS: &[&str] = &[
    r#"query Q($c: [String!] = ["DE"], $n: Int = 5, $d: Boolean = false) { a: report(where: {customers: {country: {in: $c}}, or: [{orders: {isPaid: {eq: true}}}, {not: {orders: {status: {contains: "x"}}}}]}, time: {last: {count: 12, unit: MONTH}}, first: $n, orderBy: [{key: "by.time", direction: DESC}], top: {count: 5, of: "customers.country", by: "revenue", other: true}) { rows { by { time(granularity: MONTH) ...K } ...M @include(if: $d) orders previous(offset: {count: 1, unit: YEAR}) { revenue } } totals { orders } pageInfo { endCursor totalRows } trust { asOf definitions { name hash } } } }
fragment K on Keys { customers { country parent { name } } } fragment M on Row { isPartial revenue }"#,
    r#"{ metricQuery(input: {metrics: ["revenue", "orders previous 1 month"], by: ["time.month"], where: {field: "customers.country", in: ["DE"]}, having: {field: "revenue", gte: "1"}}) { columns { name } rows } dimensionValues(dimension: "customers.country", search: "d") { values } sql(input: {metrics: ["orders"]}, dialect: DUCKDB) { sql parameters } }"#,
    r#"{ __schema { types { name fields(includeDeprecated: true) { name args { name defaultValue } } } } metrics(search: "re", status: [ACTIVE]) { nodes { name } } dimensions(metrics: ["orders"]) { path } metric(name: "orders") { hash } }"#,
];

/// Pieces that are put in where they do not belong.
const PIECES: &[&str] = &[
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ":",
    "!",
    "$c",
    "$n",
    "@skip(if: true)",
    "...K",
    "...M",
    "... on Row {",
    "null",
    "true",
    "-1",
    "1e999",
    "99999999999999999999",
    "\"",
    "\"\"\"",
    "\\u0000",
    "é",
    "\u{feff}",
    "#",
    ",",
    "by",
    "rows",
    "totals",
    "orders",
    "__typename",
    "fragment K on Keys { time }",
    "query X { __typename }",
    "granularity: HOUR",
    "first: 0",
    "first: 10001",
    "{}",
    "or: []",
    "eq: null",
];

/// A small generator of random numbers (xorshift), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).expect("below a size")
    }
}

fn damaged(random: &mut Random, seed: &str) -> String {
    let mut letters: Vec<char> = seed.chars().collect();
    for _ in 0..=random.below(2) {
        let at = random.below(letters.len());
        match random.below(4) {
            0 => _ = letters.drain(at..(at + random.below(12)).min(letters.len())),
            1 => {
                let piece: Vec<char> = PIECES[random.below(PIECES.len())].chars().collect();
                letters.splice(at..at, piece);
            }
            2 => {
                let part: Vec<char> = letters[at..(at + random.below(40)).min(letters.len())].to_vec();
                letters.splice(at..at, part);
            }
            _ => letters.truncate(at.max(1)),
        }
    }
    letters.into_iter().collect()
}

#[test]
fn damaged_documents_are_answered() {
    let (api, source) = (api(), Recorder { rows: 3, ..Recorder::default() });
    let mut random = Random(0x5EED);
    let mut executed = 0;
    for round in 0..1500 {
        let document = damaged(&mut random, SEEDS[round % SEEDS.len()]);
        let bytes = reply(&api, &source, &document, &json!({ "c": ["FR"], "d": round % 2 == 0 })).to_bytes();
        let response: Result<Value, _> = serde_json::from_slice(&bytes);
        let response =
            response.unwrap_or_else(|error| panic!("{error}: {} for {document}", String::from_utf8_lossy(&bytes)));
        assert!(response.get("data").is_some() || response.get("errors").is_some(), "{document}");
        executed += usize::from(response.get("data").is_some());
    }
    // Some damage does no harm, such as a field twice; otherwise the test would test the parser alone.
    assert!(executed > 50, "only {executed} documents were executed");
}

#[test]
fn values_of_every_kind_are_answered_for_every_variable() {
    let (api, source) = (api(), Recorder::default());
    let kinds = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e308),
        json!(""),
        json!("x"),
        json!([]),
        json!([null]),
        json!({}),
        json!({ "eq": 1 }),
        json!([[1]]),
        json!({ "last": null }),
        json!("2024-13-01"),
        json!({ "__proto__": {} }),
    ];
    for declared in [
        "$v: Filter",
        "$v: [Filter!]",
        "$v: MetricFilter",
        "$v: TimeRange",
        "$v: TimeZone",
        "$v: [OrderBy!]",
        "$v: Int",
        "$v: String",
        "$v: Top",
        "$v: Fill",
        "$v: [String!]",
        "$v: Duration",
    ] {
        let place = match declared.trim_start_matches("$v: ") {
            "Filter" => "where: $v",
            "[Filter!]" => "where: {or: $v}",
            "MetricFilter" => "having: $v",
            "TimeRange" => "time: $v",
            "TimeZone" => "timeZone: $v",
            "[OrderBy!]" => "orderBy: $v",
            "Int" => "first: $v",
            "String" => "after: $v",
            "Top" => "top: $v",
            "Fill" => "fill: $v",
            "Duration" => "wait: $v",
            _ => "keys: $v",
        };
        let query = format!(
            "query ({declared}) {{ report({place}) {{ rows {{ by {{ time }} orders }} totals {{ orders }} }} }}"
        );
        for value in &kinds {
            let bytes = reply(&api, &source, &query, &json!({ "v": value })).to_bytes();
            let response: Value = serde_json::from_slice(&bytes).expect("JSON");
            assert!(response.get("data").is_some() || response.get("errors").is_some(), "{query} {value}");
        }
    }
}
