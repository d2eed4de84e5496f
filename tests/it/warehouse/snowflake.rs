//! The Snowflake driver against fakesnow, through a gateway that speaks the SQL API.

use entente::{
    catalog::ColumnType,
    sql::{Literal, Text},
    time::NaiveDate,
    warehouse::{
        Error, Rows, Terms, Warehouse,
        snowflake::{Credentials, Options, Snowflake},
    },
};
use serde_json::json;
use tokio::runtime::Runtime;

use super::{shop, visits};
use crate::sqlapi;

/// A driver, and the threads on which it runs.
struct Fixture {
    driver: Snowflake,
    runtime: Runtime,
}

impl Fixture {
    fn new(database: &str) -> Self {
        let options = Options {
            account: "acme".to_owned(),
            warehouse: None,
            database: Some(database.to_owned()),
            schema: Some("sales".to_owned()),
            role: None,
            credentials: Credentials::None,
            base_url: Some(sqlapi::address().to_owned()),
        };
        Self {
            driver: Snowflake::new(options).expect("nothing is dialed yet"),
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
    (
        "CAST('999999999999999999999999999999999999.99' AS NUMBER(38, 2))",
        Some("999999999999999999999999999999999999.99"),
    ),
    ("CAST('-0.05' AS NUMBER(10, 2))", Some("-0.05")),
    ("CAST('12.5' AS NUMBER(10, 2))", Some("12.50")),
    ("CAST(0.1 AS FLOAT) + CAST(0.2 AS FLOAT)", Some("0.30000000000000004")),
    ("CAST('NaN' AS FLOAT)", Some("NaN")),
    ("CAST('-inf' AS FLOAT)", Some("-inf")),
    ("'it''s 東京'", Some("it's 東京")),
    ("''", Some("")),
    ("CAST(NULL AS NUMBER(10, 2))", None),
    ("CAST('2024-02-29' AS DATE)", Some("2024-02-29")),
    ("CAST('1969-12-31' AS DATE)", Some("1969-12-31")),
    ("CAST('2024-03-31 02:30:00.000001' AS TIMESTAMP_NTZ)", Some("2024-03-31T02:30:00.000001")),
    ("CAST('1969-12-31 23:59:58.5' AS TIMESTAMP_NTZ)", Some("1969-12-31T23:59:58.500000")),
    ("CAST('2024-03-31 03:30:00.25+02:00' AS TIMESTAMP_TZ)", Some("2024-03-31T01:30:00.250000Z")),
    ("CAST('12:34:56.5' AS TIME)", Some("12:34:56.500000")),
    ("PARSE_JSON('{\"a\":1}')", Some("{\"a\":1}")),
];

#[test]
fn values_of_every_type_arrive_exactly() {
    let fixture = Fixture::new("of_values");
    for (expression, expected) in VALUES {
        let actual = fixture.value(&format!("SELECT {expression} AS v"), Vec::new());
        assert_eq!(actual.as_deref(), *expected, "{expression}");
    }
}

#[test]
fn parameters_of_every_type_are_bound() {
    let fixture = Fixture::new("of_parameters");
    let noon =
        NaiveDate::from_ymd_opt(2024, 2, 29).and_then(|day| day.and_hms_micro_opt(12, 0, 0, 250)).expect("a time");
    // As the dialect writes them.
    let cases = [
        ("?", Literal::Boolean(true), "true"),
        ("?", Literal::Integer(i64::MAX), "9223372036854775807"),
        (
            "CAST(? AS NUMBER(22, 2))",
            Literal::Decimal("-12345678901234567890.12".to_owned()),
            "-12345678901234567890.12",
        ),
        ("?", Literal::Float(0.1_f64.to_bits()), "0.1"),
        ("?", Literal::Float(f64::NEG_INFINITY.to_bits()), "-inf"),
        ("?", Literal::String("'; DROP TABLE x; --\\ \u{1F600}".to_owned()), "'; DROP TABLE x; --\\ \u{1F600}"),
        ("TO_DATE(?, 'YYYY-MM-DD')", Literal::Date(noon.date()), "2024-02-29"),
        ("TO_TIMESTAMP_NTZ(?, 'YYYY-MM-DD HH24:MI:SS.FF6')", Literal::DateTime(noon), "2024-02-29T12:00:00.000250"),
        (
            "TO_TIMESTAMP_TZ(?, 'YYYY-MM-DD HH24:MI:SS.FF6TZH:TZM')",
            Literal::Timestamp(noon),
            "2024-02-29T12:00:00.000250Z",
        ),
    ];
    for (place, literal, expected) in cases {
        let shown = format!("{literal:?}");
        let sql = format!("SELECT {place} AS v");
        assert_eq!(fixture.value(&sql, vec![literal]).as_deref(), Some(expected), "{shown}");
    }
    assert_eq!(fixture.value("SELECT COALESCE(?, 'nothing') AS v", vec![Literal::Null]).as_deref(), Some("nothing"));
}

#[test]
fn answers_of_many_partitions_are_whole_and_in_order() {
    let fixture = Fixture::new("of_partitions");
    let sql = "SELECT SEQ4() AS n FROM TABLE(GENERATOR(ROWCOUNT => 1003)) ORDER BY n";
    let rows = fixture.ask(sql, Vec::new()).unwrap_or_else(|error| panic!("{error} {:?}", error.detail()));
    assert_eq!(rows.len, 1003);
    assert!((0..1003).all(|row| rows.columns[0].text(row) == Some(row.to_string())));
    let none = fixture.ask("SELECT 1 AS n WHERE FALSE", Vec::new()).expect("an answer");
    assert_eq!((none.len, none.columns.len()), (0, 1));
}

#[test]
fn refusals_say_what_is_wrong() {
    let fixture = Fixture::new("of_refusals");
    let missing = fixture.ask("SELECT a FROM nowhere", Vec::new()).expect_err("no such table");
    assert_eq!(
        missing.to_string(),
        "the warehouse refused the query: it names a table, schema or database that is not there, or that the role may not \
         read"
    );
    assert!(missing.detail().is_some_and(|detail| detail.contains("NOWHERE")), "{missing:?}");
    let invalid = fixture.ask("SELEKT 1", Vec::new()).expect_err("no SQL");
    assert!(matches!(invalid, Error::Refused(_)), "{invalid:?}");
}

#[test]
fn tables_are_described_as_definitions_name_them() {
    let fixture = Fixture::new("of_catalogs");
    let columns = json!([["Id", "BIGINT"], ["price", "NUMBER(10, 2)"], ["at", "TIMESTAMP_TZ"], ["raw", "VARIANT"]]);
    let table = json!({ "columns": columns, "rows": [["1", "2.50", null, null]] });
    let tables = json!({ "sales.orders": table, "marts.orders": table });
    fixture.runtime.block_on(sqlapi::make_tables("OF_CATALOGS", &tables));
    let catalog = fixture.runtime.block_on(fixture.driver.catalog(None)).expect("a catalog");
    assert_eq!(catalog.tables.keys().collect::<Vec<_>>(), ["marts.orders", "orders"]);
    let orders = &catalog.tables["orders"];
    let types: Vec<(&str, ColumnType)> =
        orders.columns.iter().map(|column| (column.name.as_str(), column.column_type)).collect();
    let expected = [
        ("id", ColumnType::Integer),
        ("price", ColumnType::Decimal),
        ("at", ColumnType::Timestamp),
        ("raw", ColumnType::Json),
    ];
    assert_eq!(types, expected);
    assert_eq!(orders.rows, Some(1));
    let wanted = ["MARTS.orders", "of_catalogs.marts.orders", "elsewhere.marts.orders"].map(str::to_owned);
    let catalog = fixture.runtime.block_on(fixture.driver.catalog(Some(&wanted))).expect("a catalog");
    assert_eq!(catalog.tables.keys().collect::<Vec<_>>(), ["MARTS.orders", "of_catalogs.marts.orders"]);
}

#[test]
fn a_project_on_snowflake_is_read_checked_and_asked() {
    let columns = json!([
        ["order_id", "BIGINT"],
        ["Price", "NUMBER(10, 2)"],
        ["ordered_at", "TIMESTAMP_TZ"],
        ["done", "BOOLEAN"],
    ]);
    let rows = json!([
        ["1", "10.25", "2024-03-30 23:30:00+00", "true"],
        ["2", "0.75", "2024-03-31 12:00:00+00", "false"],
        ["3", "5.00", "2024-04-01 12:00:00+00", null],
    ]);
    let tables = json!({ "marts.orders": { "columns": columns, "rows": rows } });
    Runtime::new().expect("threads").block_on(sqlapi::make_tables("SHOP", &tables));
    let connection = format!(
        "{{ type: snowflake, account: acme-eu, database: shop, schema: main, base_url: \"{}\" }}",
        sqlapi::address()
    );
    // fakesnow gives a month as the midnight at which it begins.
    let months = "2024-03-01T00:00:00,11.00\n2024-04-01T00:00:00,5.00\n";
    let project = shop::is_read_checked_and_asked(&connection, "marts.orders", "price", months);
    shop::rollups_are_stored(&project);
    shop::rollups_are_stored_by_several_at_once(&project);
    shop::rollups_are_dropped(&project);
    project.run(["verify"]).worked();
}

#[test]
fn estimates_are_put_together_from_stored_sketches() {
    let columns: Vec<_> = visits::COLUMNS.iter().map(|[name, _, kind]| json!([name, kind])).collect();
    let tables = json!({ "marts.visits": { "columns": columns, "rows": visits::rows() } });
    Runtime::new().expect("threads").block_on(sqlapi::make_tables("WEB", &tables));
    let address = sqlapi::address();
    let connection =
        format!("{{ type: snowflake, account: acme-eu, database: web, schema: main, base_url: \"{address}\" }}");
    visits::estimates_are_stored(&connection, "marts.visits");
}
