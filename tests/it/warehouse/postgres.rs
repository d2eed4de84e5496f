//! The Postgres driver against a server of our own.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use entente::{
    catalog::{ColumnType, Form},
    sql::{AggregateFunction, Dialect, Expr, From, Literal, Select, SqlExpr, Text, print},
    time::NaiveDate,
    warehouse::{
        ColumnData, Error, Rows, Terms, Warehouse,
        postgres::{Encryption, Options, Postgres},
    },
};
use tokio::runtime::Runtime;

use super::shop;
use crate::postgres::Server;

/// A server, a driver, and the threads on which the driver runs.
struct Fixture {
    server: Server,
    driver: Postgres,
    runtime: Runtime,
}

impl Fixture {
    fn new() -> Self {
        let server = Server::start();
        let driver = Postgres::new(&options(&server)).expect("nothing is dialed yet");
        Self { server, driver, runtime: Runtime::new().expect("threads") }
    }

    fn ask(&self, sql: &str, parameters: Vec<Literal>) -> Result<Rows, Error> {
        self.ask_on(sql, parameters, &Terms::default())
    }

    fn ask_on(&self, sql: &str, parameters: Vec<Literal>, terms: &Terms) -> Result<Rows, Error> {
        self.runtime.block_on(self.driver.query(&Text { sql: sql.to_owned(), parameters }, terms))
    }

    /// Returns a single value as text.
    fn value(&self, sql: &str, parameters: Vec<Literal>) -> Option<String> {
        self.ask(sql, parameters).unwrap_or_else(|error| panic!("{error} {:?}", error.detail())).columns[0].text(0)
    }
}

fn options(server: &Server) -> Options {
    Options {
        host: server.folder().to_owned(),
        port: 5432,
        database: "postgres".to_owned(),
        user: Some("entente".to_owned()),
        password: None,
        encryption: Encryption::Prefer,
        authority: None,
        connections: 4,
    }
}

/// Runs statements as somebody who may write.
fn run(server: &Server, statements: &str) {
    let arguments = ["-Xq", "-v", "ON_ERROR_STOP=1", "-d", "postgres", "-U", "entente", "-h", server.folder()];
    let ran = Command::new("psql").args(arguments).args(["-c", statements]).output().expect("psql is installed");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}

/// Expressions of each type that an answer may carry, and their values as text.
const VALUES: &[(&str, Option<&str>)] = &[
    ("TRUE", Some("true")),
    ("CAST(7 AS SMALLINT)", Some("7")),
    ("CAST(-2147483648 AS INTEGER)", Some("-2147483648")),
    ("CAST(9007199254740993 AS BIGINT)", Some("9007199254740993")),
    ("CAST(-0.05 AS NUMERIC(9, 2))", Some("-0.05")),
    ("CAST(99999999999999.9999 AS NUMERIC(18, 4))", Some("99999999999999.9999")),
    ("CAST(100000000 AS NUMERIC)", Some("100000000")),
    ("SUM(CAST(9223372036854775807 AS BIGINT)) * 2", Some("18446744073709551614")),
    ("CAST(0.1 AS DOUBLE PRECISION) + 0.2", Some("0.30000000000000004")),
    ("CAST('NaN' AS DOUBLE PRECISION)", Some("NaN")),
    ("CAST(1.5 AS REAL)", Some("1.5")),
    ("'it''s 東京'", Some("it's 東京")),
    ("''", Some("")),
    ("CAST(NULL AS NUMERIC)", None),
    ("DATE '2024-02-29'", Some("2024-02-29")),
    ("DATE '1969-12-31'", Some("1969-12-31")),
    ("TIMESTAMP '2024-03-31 02:30:00.000001'", Some("2024-03-31T02:30:00.000001")),
    ("TIMESTAMPTZ '2024-03-31 03:30:00+02'", Some("2024-03-31T01:30:00Z")),
    ("CAST('6f1ed002-ab5c-4b5e-9f2b-000000000001' AS UUID)", Some("6f1ed002-ab5c-4b5e-9f2b-000000000001")),
    ("CAST('{\"a\": 1}' AS JSONB)", Some("{\"a\": 1}")),
];

#[test]
fn values_of_every_type_arrive_exactly() {
    let fixture = Fixture::new();
    for (expression, expected) in VALUES {
        let actual = fixture.value(&format!("SELECT {expression} AS v"), Vec::new());
        assert_eq!(actual.as_deref(), *expected, "{expression}");
    }
    let mixed = fixture.ask("SELECT * FROM (VALUES (1.5), (NULL), (0.125)) AS t (v) ORDER BY v", Vec::new());
    let decimals = ColumnData::Decimal { values: vec![Some(125), Some(1500), None], scale: 3 };
    assert_eq!(mixed.expect("an answer"), Rows { columns: vec![decimals], len: 3 });
    let refused = fixture.ask("SELECT ARRAY[1, 2] AS numbers", Vec::new()).expect_err("no column of arrays");
    assert_eq!(
        refused.to_string(),
        "the warehouse refused the query: column `numbers` has the type _int4, which an answer cannot carry"
    );
    let unequal = fixture.ask("SELECT CAST('NaN' AS NUMERIC) AS n", Vec::new()).expect_err("no decimal");
    assert!(unequal.to_string().ends_with("a value of column `n` cannot be carried exactly"), "{unequal}");
}

#[test]
fn parameters_are_bound_by_the_type_of_their_place() {
    let fixture = Fixture::new();
    let noon =
        NaiveDate::from_ymd_opt(2024, 2, 29).and_then(|day| day.and_hms_micro_opt(12, 0, 0, 250)).expect("a time");
    let cases = [
        ("CAST($1 AS BOOLEAN)", Literal::Boolean(true), "true"),
        ("CAST($1 AS BIGINT) + 1", Literal::Integer(i64::MAX - 1), "9223372036854775807"),
        ("CAST($1 AS NUMERIC)", Literal::Decimal("-12345678901234567890.12".to_owned()), "-12345678901234567890.12"),
        ("CAST($1 AS DOUBLE PRECISION)", Literal::Float(5e-324_f64.to_bits()), "5e-324"),
        ("CAST($1 AS DOUBLE PRECISION)", Literal::Float(f64::NEG_INFINITY.to_bits()), "-inf"),
        ("CAST($1 AS TEXT)", Literal::String("'; DROP TABLE x; --\\".to_owned()), "'; DROP TABLE x; --\\"),
        ("CAST($1 AS DATE)", Literal::Date(noon.date()), "2024-02-29"),
        ("CAST($1 AS TIMESTAMP)", Literal::DateTime(noon), "2024-02-29T12:00:00.000250"),
        ("CAST($1 AS TIMESTAMPTZ)", Literal::Timestamp(noon), "2024-02-29T12:00:00.000250Z"),
    ];
    for (expression, literal, expected) in cases {
        assert_eq!(
            fixture.value(&format!("SELECT {expression}"), vec![literal]).as_deref(),
            Some(expected),
            "{expression}"
        );
    }
}

#[test]
fn a_session_reads_only_and_depends_on_no_setting() {
    let fixture = Fixture::new();
    run(
        &fixture.server,
        "ALTER ROLE entente SET TimeZone = 'Pacific/Auckland'; ALTER ROLE entente SET DateStyle = 'SQL, DMY'",
    );
    assert_eq!(
        fixture.value("SELECT CAST(CAST('2024-03-01' AS TIMESTAMPTZ) AS TEXT)", Vec::new()).as_deref(),
        Some("2024-03-01 00:00:00+00")
    );
    let refused = fixture.ask("CREATE TABLE t (a INT)", Vec::new()).expect_err("it reads only");
    assert_eq!(refused.to_string(), "the warehouse refused the query: it would write");
    let unknown = fixture.ask("SELECT a FROM nowhere", Vec::new()).expect_err("no such table");
    assert_eq!(unknown.to_string(), "the warehouse refused the query: it names a table or function that is not there");
    assert_eq!(unknown.detail(), Some("relation \"nowhere\" does not exist"));
}

#[test]
fn a_query_ends_with_its_time_and_with_its_caller() {
    let fixture = Fixture::new();
    let short = Terms { deadline: Some(Duration::from_millis(200)), ..Terms::default() };
    let begun = Instant::now();
    let late = fixture.ask_on("SELECT 1 FROM pg_sleep(30)", Vec::new(), &short).expect_err("its time is over");
    assert!(matches!(late, Error::Cancelled), "{late:?}");
    assert!(begun.elapsed() < Duration::from_secs(10), "the server was told");

    let sleeping = Text { sql: "SELECT 1 FROM pg_sleep(30)".to_owned(), parameters: Vec::new() };
    fixture.runtime.block_on(async {
        for _ in 0..20 {
            let terms = Terms::default();
            let asked = fixture.driver.query(&sleeping, &terms);
            assert!(tokio::time::timeout(Duration::from_millis(20), asked).await.is_err(), "nobody waits any more");
        }
    });
    let running = "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE '%FROM pg_sleep%' AND state = 'active' \
                   AND pid <> pg_backend_pid()";
    let ended = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        fixture.value(running, Vec::new()).as_deref() == Some("0")
    });
    assert!(ended, "queries go on after their callers left");
}

#[test]
fn labels_stand_behind_the_query() {
    let fixture = Fixture::new();
    let terms = Terms::default().label("metrics", "revenue");
    let own = "SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()";
    let seen = fixture.ask_on(own, Vec::new(), &terms).expect("an answer").columns[0].text(0).expect("a text");
    assert!(seen.ends_with("/* entente metrics=revenue */"), "{seen}");
}

#[test]
fn a_server_that_cannot_be_reached_is_named_by_its_reason() {
    let server = Server::start();
    let runtime = Runtime::new().expect("threads");
    let reason = |change: fn(&mut Options)| {
        let mut options = options(&server);
        change(&mut options);
        let driver = Postgres::new(&options).expect("nothing is dialed yet");
        let one = Text { sql: "SELECT 1".to_owned(), parameters: Vec::new() };
        runtime.block_on(driver.query(&one, &Terms::default())).expect_err("it cannot be reached").to_string()
    };
    let named = |why: &str| {
        let Options { host, port, .. } = options(&server);
        format!("the warehouse cannot be reached: Postgres at `{host}:{port}`: {why}")
    };
    assert_eq!(reason(|options| options.database = "nowhere".to_owned()), named("there is no such database"));
    assert_eq!(reason(|options| options.user = Some("nobody".to_owned())), named("the user may not log in"));
    let refused = reason(|options| {
        options.host = "127.0.0.1".to_owned();
        options.port = 1;
    });
    assert!(refused.contains("onnection refused") && refused.contains("`127.0.0.1:1`"), "{refused}");
    let plain = reason(|options| options.encryption = Encryption::Require);
    assert!(plain.contains("TLS"), "{plain}");
    let certificates = Options { authority: Some("/nowhere.pem".into()), ..options(&server) };
    let unread = Postgres::new(&certificates).err().expect("there is no such file").to_string();
    assert_eq!(unread, "the warehouse cannot be reached: `/nowhere.pem` holds no certificates in PEM");
}

#[test]
fn a_project_on_postgres_is_read_checked_and_asked() {
    let server = Server::start();
    run(
        &server,
        "CREATE SCHEMA marts; CREATE TABLE marts.orders (order_id BIGINT PRIMARY KEY, \"Price\" NUMERIC(10, 2), \
         ordered_at TIMESTAMPTZ, done BOOLEAN); INSERT INTO marts.orders VALUES \
         (1, 10.25, '2024-03-30 23:30:00+00', TRUE), (2, 0.75, '2024-03-31 12:00:00+00', FALSE), \
         (3, 5.00, '2024-04-01 12:00:00+00', NULL); ANALYZE marts.orders",
    );
    let connection =
        format!("{{ type: postgres, host: {}, database: postgres, user: entente, tls: prefer }}", server.folder());
    let project =
        shop::is_read_checked_and_asked(&connection, "marts.orders", "Price", "2024-03-01,11.00\n2024-04-01,5.00\n");
    shop::rollups_are_stored(&project);
    shop::rollups_are_stored_by_several_at_once(&project);
    shop::rollups_are_dropped(&project);
    project.run(["verify"]).worked();
}

#[test]
fn tables_that_are_named_say_how_much_they_hold() {
    let fixture = Fixture::new();
    run(
        &fixture.server,
        "CREATE TABLE flat (id BIGINT, booked_on DATE, service TEXT);
         INSERT INTO flat SELECT i, DATE '2025-01-01' + CAST(i % 100 AS INT), 'express' FROM generate_series(0, 9999) AS i;
         CREATE TABLE cut (id BIGINT, booked_at TIMESTAMPTZ) PARTITION BY RANGE (booked_at);
         CREATE TABLE cut_1 PARTITION OF cut FOR VALUES FROM ('2025-01-01') TO ('2025-02-01');
         CREATE TABLE cut_2 PARTITION OF cut FOR VALUES FROM ('2025-02-01') TO ('2025-03-01');
         INSERT INTO cut SELECT i, TIMESTAMPTZ '2025-01-01 00:00Z' + i * INTERVAL '1 hour' FROM generate_series(0, 1300) AS i;
         CREATE VIEW seen AS SELECT * FROM flat;
         ANALYZE flat; ANALYZE cut",
    );
    let names = ["flat", "public.cut", "seen"].map(str::to_owned);
    let catalog = fixture.runtime.block_on(fixture.driver.catalog(Some(&names))).expect("an answer");
    let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
    let flat = &catalog.tables["flat"];
    assert_eq!(flat.rows, Some(10_000));
    assert!(flat.statistics.bytes.is_some_and(|bytes| bytes > 300_000 && bytes % 8192 == 0), "{:?}", flat.statistics);
    assert_eq!(flat.statistics.days["booked_on"], (day("2025-01-01"), day("2025-04-10")));
    let cut = &catalog.tables["public.cut"];
    assert!(cut.statistics.bytes.is_some_and(|bytes| bytes > 40_000), "{:?}", cut.statistics);
    assert_eq!(cut.statistics.days["booked_at"], (day("2025-01-01"), day("2025-02-24")));
    assert_eq!(catalog.tables["seen"].statistics, Default::default(), "nothing is known of a view");
    let all = fixture.runtime.block_on(fixture.driver.catalog(None)).expect("an answer");
    assert_eq!(all.tables["flat"].statistics, Default::default(), "unasked nothing is measured");
}

#[test]
fn columns_that_are_no_texts_say_so_and_are_read_as_texts() {
    let fixture = Fixture::new();
    run(
        &fixture.server,
        "CREATE TYPE degree AS ENUM ('low', 'middle', 'high');
         CREATE TABLE odd (id UUID, urgency degree, lasts INTERVAL, name TEXT, small SMALLINT,
           code CHAR(5), ratio REAL);
         INSERT INTO odd VALUES ('00000000-0000-0000-0000-00000000000a', 'low', '1 day', 'x', 1, 'ab', 0.5),
                                ('00000000-0000-0000-0000-00000000000b', 'high', '2 days', 'y', 2, NULL, 1)",
    );
    let catalog = fixture.runtime.block_on(fixture.driver.catalog(None)).expect("an answer");
    let column = |name: &str| catalog.tables["odd"].column(name).expect(name);
    let of = |name: &str| (column(name).column_type, column(name).form);
    assert_eq!(of("id"), (ColumnType::String, Some(Form::Uuid)));
    assert_eq!(of("urgency"), (ColumnType::String, Some(Form::Enumeration)));
    assert_eq!(of("lasts"), (ColumnType::Unknown, Some(Form::Foreign)));
    assert_eq!(of("code"), (ColumnType::String, Some(Form::Padded)));
    assert_eq!(of("ratio"), (ColumnType::Float, Some(Form::Single)));
    assert_eq!((of("name"), of("small")), ((ColumnType::String, None), (ColumnType::Integer, None)));
    let written = |name: &str| {
        let value = Expr::Cast { arg: Box::new(SqlExpr::column("odd", name)), to: ColumnType::String };
        let item = SqlExpr::aggregate(AggregateFunction::Max, Some(value)).named("x");
        let from = Some(From::Table { name: "odd".to_owned(), alias: "odd".to_owned() });
        print(&Select { items: vec![item], from, ..Select::default() }, Dialect::Postgres)
    };
    let greatest = |name: &str| fixture.value(&written(name).sql, Vec::new());
    assert_eq!(greatest("id").as_deref(), Some("00000000-0000-0000-0000-00000000000b"));
    assert_eq!(greatest("urgency").as_deref(), Some("low"), "by its letters, not by its place");
    assert_eq!(greatest("code").as_deref(), Some("ab"), "without blanks");
}

#[test]
fn a_table_that_was_never_analyzed_is_not_taken_to_be_empty() {
    let fixture = Fixture::new();
    // What Postgres 12 and 13 say of tables before the first ANALYZE, and of views.
    run(
        &fixture.server,
        "CREATE TABLE flat AS SELECT i FROM generate_series(1, 1000) AS i;
         CREATE TABLE cut (i BIGINT) PARTITION BY RANGE (i);
         CREATE TABLE cut_1 PARTITION OF cut FOR VALUES FROM (0) TO (2000);
         INSERT INTO cut SELECT i FROM flat;
         CREATE VIEW seen AS SELECT * FROM flat;
         CREATE TABLE bare (i BIGINT); CREATE TABLE bare_cut (i BIGINT) PARTITION BY RANGE (i);
         CREATE TABLE bare_cut_1 PARTITION OF bare_cut FOR VALUES FROM (0) TO (10);
         UPDATE pg_class SET reltuples = 0, relpages = 0 WHERE relname IN ('flat', 'cut', 'seen', 'bare', 'bare_cut')",
    );
    let catalog = fixture.runtime.block_on(fixture.driver.catalog(None)).expect("an answer");
    let rows = ["flat", "cut", "seen", "bare", "bare_cut"].map(|table| catalog.tables[table].rows);
    assert_eq!(rows, [None, None, None, Some(0), Some(0)]);
    run(&fixture.server, "ANALYZE flat; ANALYZE cut");
    let catalog = fixture.runtime.block_on(fixture.driver.catalog(None)).expect("an answer");
    assert_eq!(["flat", "cut", "seen"].map(|table| catalog.tables[table].rows), [Some(1000), Some(1000), None]);
}

#[test]
fn an_answer_that_is_refused_halfway_is_stopped_and_nobody_waits_for_its_rest() {
    let fixture = Fixture::new();
    let one = Options { connections: 1, ..options(&fixture.server) };
    let driver = Postgres::new(&one).expect("nothing is dialed yet");
    let ask = |sql: &str| {
        let text = Text { sql: sql.to_owned(), parameters: Vec::new() };
        fixture.runtime.block_on(driver.query(&text, &Terms::default()))
    };
    // The first row cannot be carried; what is long behind it pushes it out, and each of the further ones takes a while.
    let long = |number: &str| format!("SELECT CAST({number} AS NUMERIC) AS n, repeat('so that it is sent', 1000)");
    let rest =
        "SELECT CAST(n AS NUMERIC), '' FROM (SELECT n, pg_sleep(0.05) FROM generate_series(1, 1200) AS t (n)) AS slow";
    let begun = Instant::now();
    let refused = ask(&format!("{} UNION ALL {} UNION ALL {rest}", long("'NaN'"), long("1")));
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(ask("SELECT 7 AS n").expect("an answer").columns[0].text(0).as_deref(), Some("7"));
    assert!(begun.elapsed() < Duration::from_secs(20), "it took {:?}", begun.elapsed());
}
