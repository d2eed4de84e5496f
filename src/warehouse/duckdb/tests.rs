use super::*;
use crate::{catalog::Form, sql::Literal, time::NaiveDate, warehouse::ColumnData};

fn text(sql: &str, parameters: Vec<Literal>) -> Text {
    Text { sql: sql.to_owned(), parameters }
}

fn memory() -> DuckDb {
    DuckDb::in_memory().expect("a database in memory")
}

fn ask(database: &DuckDb, sql: &str) -> Rows {
    database.query_blocking(&text(sql, Vec::new())).expect(sql)
}

#[test]
fn every_type_arrives_exactly() {
    let rows = ask(
        &memory(),
        "SELECT true, 7::TINYINT, sum(i), 12.50::DECIMAL(12,2), 0.5::FLOAT, 'x', '{\"a\":1}'::JSON,
                'b'::ENUM('a','b'), DATE '2024-02-29', TIMESTAMP '2024-02-29 12:00:00.5',
                TIMESTAMPTZ '2024-02-29 12:00:00+01', NULL, '00000000-0000-0000-0000-00000000000a'::UUID
         FROM (SELECT 170141183460469231731687303715884105727::HUGEINT AS i)",
    );
    assert_eq!(
        rows.columns,
        vec![
            ColumnData::Boolean(vec![Some(true)]),
            ColumnData::Integer(vec![Some(7)]),
            ColumnData::Integer(vec![Some(i128::MAX)]),
            ColumnData::Decimal { values: vec![Some(1250)], scale: 2 },
            ColumnData::Float(vec![Some(0.5)]),
            ColumnData::String(vec![Some("x".to_owned())]),
            ColumnData::String(vec![Some("{\"a\":1}".to_owned())]),
            ColumnData::String(vec![Some("b".to_owned())]),
            ColumnData::Date(vec![Some(19_782)]),
            ColumnData::DateTime(vec![Some(1_709_208_000_500_000)]),
            ColumnData::Timestamp(vec![Some(1_709_204_400_000_000)]),
            // The type of a bare NULL is that of an integer in DuckDB.
            ColumnData::Integer(vec![None]),
            ColumnData::String(vec![Some("00000000-0000-0000-0000-00000000000a".to_owned())]),
        ]
    );
}

#[test]
fn an_empty_answer_keeps_its_types_and_a_long_one_its_order() {
    let database = memory();
    let none = ask(&database, "SELECT 1.5::DECIMAL(4,1), 'x' WHERE false");
    assert_eq!(none.columns, vec![ColumnData::Decimal { values: vec![], scale: 1 }, ColumnData::String(vec![])]);
    let many = ask(&database, "SELECT i FROM range(10000) t(i) ORDER BY i");
    assert_eq!(many.len, 10_000);
    assert_eq!(many.columns, vec![ColumnData::Integer((0..10_000).map(Some).collect())]);
}

#[test]
fn parameters_are_bound_with_their_types() {
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).expect("a date");
    let noon = day.and_hms_opt(12, 0, 0).expect("a time");
    let parameters = vec![
        Literal::Decimal("-12.50".to_owned()),
        Literal::Decimal("0.005".to_owned()),
        Literal::Date(day),
        Literal::Timestamp(noon),
        Literal::String("it's".to_owned()),
        Literal::Integer(i64::MAX),
        Literal::Null,
        Literal::Float(0.1_f64.to_bits()),
        Literal::Boolean(false),
    ];
    let sql = "SELECT $1 + 0.01, typeof($2), $3 = DATE '2024-02-29', TIMESTAMPTZ '2024-02-29 13:00:00+01' >= $4,
                      $5, $6, $7 IS NULL, $8, $9";
    let rows = memory().query_blocking(&text(sql, parameters)).expect("an answer");
    assert_eq!(
        rows.to_csv(&["a"; 9]).lines().nth(1),
        Some("-12.49,\"DECIMAL(3,3)\",true,true,it's,9223372036854775807,true,0.1,false")
    );
}

#[test]
fn a_type_that_cannot_be_carried_is_named() {
    let error = memory().query_blocking(&text("SELECT [1, 2] AS sizes", Vec::new())).expect_err("a list");
    assert_eq!(
        error.to_string(),
        "the warehouse refused the query: column `sizes` has the type List, which an answer cannot carry"
    );
}

#[test]
fn a_refusal_says_what_it_means_and_keeps_the_drivers_words_apart() {
    let error = memory().query_blocking(&text("SELECT * FROM nowhere", Vec::new())).expect_err("no such table");
    assert_eq!(error.to_string(), "the warehouse refused the query: it names a table or function that is not there");
    assert!(error.detail().is_some_and(|detail| detail.contains("nowhere")));
}

#[test]
fn a_file_that_cannot_be_opened_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = |path: &Path| DuckDb::open(path, Access::ReadOnly).err().expect("it fails").to_string();
    let missing = folder.path().join("missing.duckdb");
    assert!(open(&missing).ends_with(&format!("there is no file `{}`", missing.display())));
    let text = folder.path().join("text.duckdb");
    std::fs::write(&text, "this is not a database\n".repeat(1_000)).expect("a file");
    assert!(open(&text).ends_with(&format!("`{}` is not a DuckDB file", text.display())), "{}", open(&text));
    let cut = folder.path().join("cut.duckdb");
    let whole = DuckDb::open(&cut, Access::ReadWrite).expect("a file");
    whole.execute_batch("CREATE TABLE t AS SELECT i FROM range(500000) t(i); CHECKPOINT").expect("a table");
    drop(whole);
    let bytes = std::fs::read(&cut).expect("the file");
    std::fs::write(&cut, &bytes[..bytes.len() / 3]).expect("the file");
    assert!(open(&cut).contains("is damaged"), "{}", open(&cut));
    let empty = tempfile::tempdir().expect("a folder");
    assert!(open(empty.path()).ends_with("has neither CSV nor Parquet files"), "{}", open(empty.path()));
}

#[test]
fn a_read_only_database_reaches_no_file_and_changes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.duckdb");
    DuckDb::open(&path, Access::ReadWrite)
        .expect("a file")
        .execute_batch("CREATE TABLE t AS SELECT 1 AS x")
        .expect("a table");
    let database = DuckDb::open(&path, Access::ReadOnly).expect("it opens");
    assert_eq!(ask(&database, "SELECT x FROM t").columns, vec![ColumnData::Integer(vec![Some(1)])]);
    for statement in ["INSERT INTO t VALUES (2)", "SELECT * FROM read_csv('/etc/hosts')", "SET TimeZone = 'Asia/Tokyo'"]
    {
        assert!(database.execute_batch(statement).is_err(), "{statement}");
    }
}

#[test]
fn the_catalog_has_the_tables_that_are_there() {
    let database = memory();
    database
        .execute_batch(
            "CREATE SCHEMA marts; CREATE TABLE marts.f (id BIGINT, price DECIMAL(12,2), paid TIMESTAMPTZ, tags VARCHAR[]);
             INSERT INTO marts.f VALUES (1, 2, now(), []); CREATE VIEW v AS SELECT id FROM marts.f",
        )
        .expect("tables");
    let names = ["marts.f".to_owned(), "v".to_owned(), "f".to_owned()];
    let catalog = database.catalog_blocking(Some(&names)).expect("a catalog");
    let columns: Vec<String> = catalog
        .tables
        .iter()
        .flat_map(|(table, known)| known.columns.iter().map(move |c| format!("{table}.{} {}", c.name, c.column_type)))
        .collect();
    assert_eq!(
        columns,
        [
            "marts.f.id integer",
            "marts.f.price decimal",
            "marts.f.paid timestamp",
            "marts.f.tags unknown",
            "v.id integer"
        ]
    );
    assert_eq!(catalog.tables["marts.f"].rows, Some(1));
}

#[cfg(feature = "server")]
#[test]
fn dropping_the_answer_interrupts_the_query_and_spares_the_next() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let database = memory();
        let long = text("SELECT count(*) FROM range(100000000000) t(i) WHERE hash(i) = 1", Vec::new());
        let waited =
            tokio::time::timeout(std::time::Duration::from_millis(200), database.query(&long, &Terms::default())).await;
        assert!(waited.is_err(), "it takes minutes if nobody interrupts it");
        let turns = Arc::clone(&database.shared().turns);
        let all = u32::try_from(CONCURRENT_QUERIES).expect("a small number");
        let given_back = tokio::time::timeout(std::time::Duration::from_secs(20), turns.acquire_many(all)).await;
        assert!(given_back.is_ok(), "the interrupted query still runs");
        drop(given_back);
        for _ in 0..20 {
            assert_eq!(
                database.query(&text("SELECT 1", Vec::new()), &Terms::default()).await.expect("an answer").len,
                1
            );
        }
    });
}

#[test]
fn a_folder_of_files_becomes_tables() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("Order Lines.csv"), "Line ID,Price\n1,12.50\n2,3\n").expect("a file");
    std::fs::write(path("it's; DROP.csv"), "a\n1\n").expect("a file");
    std::fs::write(path("notes.txt"), "not a table").expect("a file");
    let database = memory();
    database
        .execute_batch(&format!("COPY (SELECT 7 AS n) TO '{}' (FORMAT parquet)", path("stock.parquet").display()))
        .expect("a file");
    let tables = database.import_files(folder.path()).expect("tables");
    assert_eq!(tables, ["order_lines", "it_s_drop", "stock"]);
    assert_eq!(
        ask(&database, "SELECT line_id, price FROM order_lines").to_csv(&["id", "price"]),
        "id,price\n1,12.50\n2,3.00\n"
    );
    assert_eq!(ask(&database, "SELECT n FROM stock").len, 1);
    std::fs::write(path("broken.parquet"), "nothing").expect("a file");
    let error = memory().import_files(folder.path()).expect_err("a broken file");
    assert!(error.to_string().contains("broken.parquet` cannot be read as a table"), "{error}");
}

#[test]
fn a_folder_of_files_is_a_database_that_reaches_nothing_else() {
    let outside = tempfile::tempdir().expect("a folder");
    let data = outside.path().join("it's [data]");
    let write = |name: &str, text: &str| {
        let path = data.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    write("prices.csv", "sku,price\na,0.10\nb,0.20\n");
    write("visits/day=2025-01-01/a.csv", "id\n1\n2\n");
    write("visits/day=2025-01-02/b.csv", "id,channel\n3,web\n");
    write("_spool/half.csv", "id\n1\n");
    let parquet = |name: &str, select: &str| {
        let path = data.join(name).display().to_string().replace('\'', "''");
        memory().execute_batch(&format!("COPY ({select}) TO '{path}' (FORMAT parquet)")).expect("a file");
    };
    std::fs::create_dir_all(data.join("stock")).expect("a folder");
    parquet("stock/1.parquet", "SELECT 1 AS n");
    parquet("stock/2.parquet", "SELECT 2 AS n, 'new' AS kind");

    let database = DuckDb::open(&data, Access::ReadOnly).expect("it opens");
    let csv = |sql: &str, names: &[&str]| ask(&database, sql).to_csv(names);
    assert_eq!(csv("SELECT sum(price) FROM prices", &["price"]), "price\n0.30\n");
    assert_eq!(
        csv("SELECT day, count(*), max(channel) FROM visits GROUP BY 1 ORDER BY 1", &["day", "n", "channel"]),
        "day,n,channel\n2025-01-01,2,\n2025-01-02,1,web\n"
    );
    assert_eq!(csv("SELECT sum(n), max(kind) FROM stock", &["n", "kind"]), "n,kind\n3,new\n");
    let catalog = database.catalog_blocking(None).expect("a catalog");
    assert_eq!(catalog.tables.keys().collect::<Vec<_>>(), ["prices", "stock", "visits"]);
    std::fs::write(outside.path().join("secret.csv"), "a\n1\n").expect("a file");
    let secret = outside.path().join("secret.csv").display().to_string().replace('\'', "''");
    for statement in [format!("SELECT * FROM read_csv('{secret}')"), "SET TimeZone = 'Asia/Tokyo'".to_owned()] {
        assert!(database.execute_batch(&statement).is_err(), "{statement}");
    }
    let error = DuckDb::open(&data, Access::ReadWrite).err().expect("it is only read").to_string();
    assert!(error.contains("which are only read"), "{error}");

    assert!(!database.reopen_blocking().expect("nothing has changed"));
    write("prices.csv", "sku,price\na,0.10\nb,0.20\nc,1.00\n");
    assert!(database.reopen_blocking().expect("a file has changed"));
    assert_eq!(ask(&database, "SELECT sum(price) FROM prices").to_csv(&["price"]), "price\n1.30\n");
}

#[test]
fn a_folder_is_all_of_a_table_or_none() {
    let broken: [(&[&str], &str); 3] = [
        (&["t/a.csv", "t/b.tsv"], "its files are of several kinds"),
        (&["t/a.csv", "t/day=1/b.csv"], "some of its files lie deeper than others"),
        (&["t/a.csv", "t/_delta_log/0.json"], "it is a Delta table"),
    ];
    for (files, told) in broken {
        let data = tempfile::tempdir().expect("a folder");
        for file in files {
            let path = data.path().join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, "id\n1\n").expect("a file");
        }
        let error = DuckDb::open(data.path(), Access::ReadOnly).err().expect("it is no table").to_string();
        assert!(error.contains("t` cannot be read as a table: ") && error.contains(told), "{error}");
    }
}

#[test]
fn amounts_of_a_csv_file_are_decimals_and_sum_up_exactly() {
    let folder = tempfile::tempdir().expect("a folder");
    let row = |n: u32| format!("{n},{}.{:02},{},0.{n:012},{n}.5e0,-000{n}.250\n", n % 7, n % 100, f64::from(n) / 3.0);
    let rows: String = (1..=30_000).map(row).collect();
    // Beyond the rows that DuckDB looks at to guess types: more digits than any before, none at all, and no blur.
    let last = "30001,12345678901234567.89,1.5,0.5,1.5e0,+0.125\n30002,,2,,2,\n30003,.5,3,0.25,3,7\n";
    let text = format!("n,amount,third,fine,scientific,signed\n{rows}{last}");
    std::fs::write(folder.path().join("a.csv"), text.replace(",.5,", ",0.5,")).expect("a file");
    let heading = "n,größe,\"a \"\"b\"\" 'c'\"\n1,0.10,0.20\n2,0.20,0.125\n";
    std::fs::write(folder.path().join("b.csv"), heading).expect("a file");
    let database = memory();
    database.import_files(folder.path()).expect("tables");
    let types = "SELECT typeof(amount) AS a, typeof(third) AS t, typeof(fine) AS f, typeof(scientific) AS s, typeof(signed) AS g
                   FROM a LIMIT 1";
    assert_eq!(
        ask(&database, types).to_csv(&["a", "t", "f", "s", "g"]),
        "a,t,f,s,g\n\"DECIMAL(38,2)\",DOUBLE,DOUBLE,DOUBLE,\"DECIMAL(18,3)\"\n"
    );
    let sum = |n: i64| (n % 7) * 100 + n % 100;
    let cents = (1..=30_000).map(sum).sum::<i64>() + 1_234_567_890_123_456_789 + 50;
    let exact = format!("sum\n{}.{:02}\n", cents / 100, cents % 100);
    assert_eq!(ask(&database, "SELECT sum(amount) FROM a").to_csv(&["sum"]), exact);
    assert_eq!(
        ask(&database, "SELECT sum(größe), sum(\"a \"\"b\"\" 'c'\") FROM b").to_csv(&["g", "c"]),
        "g,c\n0.30,0.325\n"
    );
}

#[test]
fn tables_that_are_named_say_how_much_they_hold() {
    let database = memory();
    let statements = "CREATE TABLE facts AS SELECT i AS id, 'abcd' AS service, DATE '2025-01-01' + i::INT AS booked_on,
                        TIMESTAMPTZ '2025-01-01 23:00:00Z' + INTERVAL (i) DAY AS booked_at FROM range(90) t(i);
                      CREATE TABLE empty (name VARCHAR, born DATE);
                      CREATE VIEW seen AS SELECT * FROM facts";
    database.execute_batch(statements).expect("it is made");
    let names = ["facts", "empty", "seen"].map(str::to_owned);
    let catalog = database.catalog_blocking(Some(&names)).expect("a catalog");
    let facts = &catalog.tables["facts"].statistics;
    let day = |text: &str| text.parse::<NaiveDate>().expect("a day");
    assert_eq!(facts.rows, Some(90));
    assert_eq!(facts.widths["service"], 6, "four letters and their length");
    assert_eq!(facts.days["booked_on"], (day("2025-01-01"), day("2025-03-31")));
    assert_eq!(facts.days["booked_at"], (day("2025-01-01"), day("2025-03-31")));
    let empty = &catalog.tables["empty"].statistics;
    assert_eq!((empty.rows, empty.widths.len(), empty.days.len()), (Some(0), 0, 0));
    assert_eq!(catalog.tables["seen"].statistics, Default::default(), "nothing is known of a view");
    let all = database.catalog_blocking(None).expect("a catalog");
    assert_eq!(all.tables["facts"].statistics, Default::default(), "unasked nothing is measured");
}

#[test]
fn columns_of_every_type_say_their_form_and_can_be_measured() {
    let database = memory();
    let statements = "CREATE TYPE mood AS ENUM ('sad', 'ok');
                      CREATE TABLE odd (id UUID, mood mood, small TINYINT, plain INTEGER, many UINTEGER, hash UBIGINT,
                        opens TIME, tags VARCHAR[], scores INTEGER[3], name VARCHAR, born DATE, ratio REAL);
                      INSERT INTO odd VALUES ('00000000-0000-0000-0000-00000000000a', 'sad', 1, 2, 3, 4, '12:00', ['a'],
                        [1, 2, 3], 'abcd', '2025-01-01', 0.5);
                      CREATE VIEW broken AS SELECT CAST(CAST('x' || born AS INTEGER) AS VARCHAR) AS name FROM odd";
    database.execute_batch(statements).expect("it is made");
    let catalog = database.catalog_blocking(Some(&["odd", "broken"].map(str::to_owned))).expect("a catalog");
    let form = |name: &str| catalog.tables["odd"].column(name).expect(name).form;
    assert_eq!(form("id"), Some(Form::Uuid));
    assert_eq!(form("mood"), Some(Form::Enumeration));
    assert_eq!((form("small"), form("many")), (Some(Form::Narrow), Some(Form::Narrow)));
    assert_eq!((form("hash"), form("ratio")), (Some(Form::Unsigned), Some(Form::Single)));
    assert_eq!(
        (form("opens"), form("tags"), form("scores")),
        (Some(Form::Foreign), Some(Form::Foreign), Some(Form::Foreign))
    );
    assert_eq!((form("plain"), form("name"), form("born")), (None, None, None));
    let widths = &catalog.tables["odd"].statistics.widths;
    assert_eq!((widths["id"], widths["mood"], widths["name"]), (38, 5, 6));
    let broken = &catalog.tables["broken"].statistics;
    assert!(broken.widths.is_empty(), "what cannot be measured stops nothing");
}
