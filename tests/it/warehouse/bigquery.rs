//! The BigQuery driver against an emulator that speaks the real protocol.

use entente::{
    sql::{Literal, Text},
    time::NaiveDate,
    warehouse::{
        Error, Rows, Terms, Warehouse,
        bigquery::{BigQuery, Credentials, Options},
    },
};
use serde_json::json;
use tokio::runtime::Runtime;

use super::{shop, visits};
use crate::bqemulator;

/// The project of these tests.
const PROJECT: &str = "acme";

fn options() -> Options {
    Options {
        project: PROJECT.to_owned(),
        dataset: None,
        location: None,
        maximum_bytes_billed: 1_000_000_000,
        credentials: Credentials::None,
        base_url: Some(bqemulator::address().to_owned()),
    }
}

/// A driver, and the threads on which it runs.
struct Fixture {
    driver: BigQuery,
    runtime: Runtime,
}

impl Fixture {
    fn new() -> Self {
        Self {
            driver: BigQuery::new(options()).expect("nothing is dialed yet"),
            runtime: Runtime::new().expect("threads"),
        }
    }

    fn ask(&self, sql: &str, parameters: Vec<Literal>) -> Result<Rows, Error> {
        let text = Text { sql: sql.to_owned(), parameters };
        self.runtime.block_on(self.driver.query(&text, &Terms::default()))
    }

    /// Returns a single value as text.
    fn value(&self, sql: &str, parameters: Vec<Literal>) -> Option<String> {
        let rows = self.ask(sql, parameters).unwrap_or_else(|error| panic!("{sql}: {error} {:?}", error.detail()));
        rows.columns[0].text(0)
    }
}

/// Expressions of each type that an answer may carry, and their values as text.
const VALUES: &[(&str, Option<&str>)] = &[
    ("TRUE", Some("true")),
    ("9223372036854775807", Some("9223372036854775807")),
    ("NUMERIC '-0.05'", Some("-0.05")),
    ("NUMERIC '99999999999999999999999999999.999999999'", Some("99999999999999999999999999999.999999999")),
    ("BIGNUMERIC '12.345678901234567890'", Some("12.34567890123456789")),
    ("0.1 + CAST(0.2 AS FLOAT64)", Some("0.30000000000000004")),
    ("CAST('NaN' AS FLOAT64)", Some("NaN")),
    ("CAST('-inf' AS FLOAT64)", Some("-inf")),
    ("'it\\'s 東京'", Some("it's 東京")),
    ("''", Some("")),
    ("CAST(NULL AS NUMERIC)", None),
    ("DATE '2024-02-29'", Some("2024-02-29")),
    ("DATE '1969-12-31'", Some("1969-12-31")),
    ("DATETIME '2024-03-31 02:30:00.000001'", Some("2024-03-31T02:30:00.000001")),
    ("TIMESTAMP '2024-03-31 03:30:00.25+02'", Some("2024-03-31T01:30:00.250000Z")),
    ("TIME '12:34:56.5'", Some("12:34:56.500000")),
    ("b'abc'", Some("YWJj")),
    ("JSON '{\"a\": 1}'", Some("{\"a\":1}")),
    ("[1, 2]", Some("[1,2]")),
    ("STRUCT(1 AS n, 'x' AS t, [TRUE] AS b)", Some("{\"n\":1,\"t\":\"x\",\"b\":[true]}")),
];

#[test]
fn values_of_every_type_arrive_exactly() {
    let fixture = Fixture::new();
    for (expression, expected) in VALUES {
        let actual = fixture.value(&format!("SELECT {expression} AS v"), Vec::new());
        assert_eq!(actual.as_deref(), *expected, "{expression}");
    }
}

#[test]
fn parameters_of_every_type_are_bound() {
    let fixture = Fixture::new();
    let noon =
        NaiveDate::from_ymd_opt(2024, 2, 29).and_then(|day| day.and_hms_micro_opt(12, 0, 0, 250)).expect("a time");
    let cases = [
        (Literal::Boolean(true), "true"),
        (Literal::Integer(i64::MAX), "9223372036854775807"),
        (Literal::Decimal("-12345678901234567890.12".to_owned()), "-12345678901234567890.12"),
        (Literal::Float(0.1_f64.to_bits()), "0.1"),
        (Literal::Float(f64::NEG_INFINITY.to_bits()), "-inf"),
        (Literal::String("'; DROP TABLE x; --\\ \u{1F600}".to_owned()), "'; DROP TABLE x; --\\ \u{1F600}"),
        (Literal::Date(noon.date()), "2024-02-29"),
        (Literal::DateTime(noon), "2024-02-29T12:00:00.000250"),
        (Literal::Timestamp(noon), "2024-02-29T12:00:00.000250Z"),
    ];
    for (literal, expected) in cases {
        let shown = format!("{literal:?}");
        assert_eq!(fixture.value("SELECT @p1 AS v", vec![literal]).as_deref(), Some(expected), "{shown}");
    }
}

#[test]
fn refusals_say_what_is_wrong() {
    let fixture = Fixture::new();
    fixture.runtime.block_on(bqemulator::make_dataset(PROJECT, "empty"));
    let missing = fixture.ask("SELECT a FROM empty.at_all", Vec::new()).expect_err("no such table");
    assert_eq!(
        missing.to_string(),
        "the warehouse refused the query: it names a project, dataset or table that is not there, or not in this location"
    );
    assert!(missing.detail().is_some_and(|detail| detail.contains("at_all")), "{missing:?}");
    let hidden = fixture.ask("SELECT a FROM nowhere.at_all", Vec::new()).expect_err("no such dataset");
    assert_eq!(
        hidden.to_string(),
        "the warehouse refused the query: the account may not read a table, or run queries in the project"
    );
    let invalid = fixture.ask("SELEKT 1", Vec::new()).expect_err("no SQL");
    assert!(matches!(invalid, Error::Refused(_)), "{invalid:?}");
}

#[test]
fn a_project_on_bigquery_is_read_checked_and_asked() {
    let runtime = Runtime::new().expect("threads");
    runtime.block_on(async {
        bqemulator::make_dataset(PROJECT, "shop").await;
        let fields = json!([
            { "name": "order_id", "type": "INTEGER", "mode": "REQUIRED" },
            { "name": "Price", "type": "NUMERIC" },
            { "name": "ordered_at", "type": "TIMESTAMP" },
            { "name": "done", "type": "BOOLEAN" },
            { "name": "tags", "type": "STRING", "mode": "REPEATED" },
        ]);
        bqemulator::make_table(PROJECT, "shop", "orders", json!({ "schema": { "fields": fields } })).await;
        let rows = [
            json!({ "json": { "order_id": 1, "Price": "10.25", "ordered_at": "2024-03-30 23:30:00+00", "done": true } }),
            json!({ "json": { "order_id": 2, "Price": "0.75", "ordered_at": "2024-03-31 12:00:00+00", "done": false } }),
            json!({ "json": { "order_id": 3, "Price": "5.00", "ordered_at": "2024-04-01 12:00:00+00" } }),
        ];
        bqemulator::insert(PROJECT, "shop", "orders", &rows)
        .await;
    });
    let address = bqemulator::address();
    let connection = format!("{{ type: bigquery, project: {PROJECT}, dataset: shop, base_url: \"{address}\" }}");
    let project = shop::is_read_checked_and_asked(&connection, "shop.orders", "Price", "2024-03-01,11\n2024-04-01,5\n");
    shop::rollups_are_stored(&project);
    shop::rollups_are_dropped(&project);
    project.run(["verify"]).worked();
}

#[test]
fn estimates_are_put_together_from_stored_sketches() {
    Runtime::new().expect("threads").block_on(async {
        bqemulator::make_dataset(PROJECT, "web").await;
        let fields: Vec<_> =
            visits::COLUMNS.iter().map(|[name, kind, _]| json!({ "name": name, "type": kind })).collect();
        bqemulator::make_table(PROJECT, "web", "visits", json!({ "schema": { "fields": fields } })).await;
        bqemulator::insert(PROJECT, "web", "visits", &visits::objects()).await;
    });
    let address = bqemulator::address();
    let connection = format!("{{ type: bigquery, project: {PROJECT}, dataset: web, base_url: \"{address}\" }}");
    visits::estimates_are_stored(&connection, "web.visits");
}
