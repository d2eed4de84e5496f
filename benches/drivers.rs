//! What a driver costs beside the client that it is built on, for 100,000 rows.
//!
//! `cargo bench --bench drivers` asks both in turn and prints medians of time and of the CPU of this process, and their
//! ratio. Goal: 1.10. The client reads every value into a vector of its own type, column by column, as a program would that
//! has no driver of ours. Postgres runs in a process of its own, so its CPU is that of the reading alone.

#[path = "duel/between.rs"]
mod between;

use std::{
    hint::black_box,
    io::{BufRead, BufReader, Read, Write},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    time::SystemTime,
};

use duckdb::{Connection, types::Value as DuckValue};
use entente::{
    sql::Text,
    warehouse::{
        Rows, Terms, Warehouse,
        bigquery::{self, BigQuery},
        duckdb::DuckDb,
        postgres::{self, Encryption, Postgres},
    },
};
use gcp_bigquery_client::model::query_response::QueryResponse;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// How often both are asked.
const TIMES: usize = 25;

fn main() {
    // `cargo test --benches` only wants to know that the two give as many rows.
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let (rows, times) = if is_bench { (100_000, TIMES) } else { (1_000, 1) };
    let runtime = Runtime::new().expect("threads");
    between::print_head("driver", "client");
    of_duckdb(rows, times);
    of_postgres(&runtime, rows, times);
    of_bigquery(&runtime, rows, times);
}

fn text(sql: &str) -> Text {
    Text { sql: sql.to_owned(), parameters: Vec::new() }
}

fn of_duckdb(rows: usize, times: usize) {
    let make = format!(
        "CREATE TABLE parcels AS SELECT i AS id, 'customer ' || (i % 1000) AS customer, i * 1.37 :: DOUBLE AS weight,
         CAST(i AS DECIMAL(18, 2)) AS price, DATE '2025-01-01' + CAST(i % 365 AS INTEGER) AS day,
         TIMESTAMPTZ '2025-01-01 00:00:00Z' + to_seconds(i) AS at FROM range({rows}) AS t(i)"
    );
    let ours = DuckDb::in_memory().expect("it opens");
    ours.execute_batch(&make).expect("it is made");
    let client = Connection::open_in_memory().expect("it opens");
    client.execute_batch(&make).expect("it is made");
    let asked = text("SELECT * FROM parcels");
    let drive = || ours.query_blocking(&asked).expect("it answers");
    assert_eq!(drive().len, rows);
    let read = || {
        let mut statement = client.prepare_cached(&asked.sql).expect("it is valid");
        let mut found = statement.query([]).expect("it answers");
        let mut columns: Found<DuckValue, DuckValue, DuckValue> = Found::default();
        while let Some(row) = found.next().expect("a row") {
            columns.ids.push(row.get(0).expect("a number"));
            columns.names.push(row.get(1).expect("a text"));
            columns.weights.push(row.get(2).expect("a float"));
            columns.prices.push(row.get(3).expect("a decimal"));
            columns.days.push(row.get(4).expect("a day"));
            columns.times.push(row.get(5).expect("a time"));
        }
        columns
    };
    assert_eq!(read().ids.len(), rows);
    let batches = || {
        let mut statement = client.prepare_cached(&asked.sql).expect("it is valid");
        statement.query_arrow([]).expect("it answers").collect::<Vec<_>>()
    };
    let mut ask = || drop(black_box(drive()));
    between::between("DuckDB, 6 columns", times, [&mut ask, &mut || drop(black_box(read()))]);
    between::between("… beside Arrow batches, unread", times, [&mut ask, &mut || drop(black_box(batches()))]);
}

/// Values as a client gives them.
struct Found<Price, Day, Time> {
    ids: Vec<Option<i64>>,
    names: Vec<Option<String>>,
    weights: Vec<Option<f64>>,
    prices: Vec<Option<Price>>,
    days: Vec<Option<Day>>,
    times: Vec<Option<Time>>,
}

impl<Price, Day, Time> Default for Found<Price, Day, Time> {
    fn default() -> Self {
        Self {
            ids: Vec::new(),
            names: Vec::new(),
            weights: Vec::new(),
            prices: Vec::new(),
            days: Vec::new(),
            times: Vec::new(),
        }
    }
}

/// A server on a socket of its own, which ends when its input does.
struct Server {
    process: Child,
    folder: String,
}

impl Server {
    fn start() -> Self {
        let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/postgres/serve");
        let mut process = Command::new(tool).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it runs");
        let mut folder = String::new();
        BufReader::new(process.stdout.take().expect("it is piped")).read_line(&mut folder).expect("UTF-8");
        Self { process, folder: folder.trim().to_owned() }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

fn of_postgres(runtime: &Runtime, rows: usize, times: usize) {
    let server = Server::start();
    let ours = Postgres::new(&postgres::Options {
        host: server.folder.clone(),
        port: 5432,
        database: "postgres".to_owned(),
        user: Some("entente".to_owned()),
        password: None,
        encryption: Encryption::Off,
        authority: None,
        connections: 1,
    });
    let ours = ours.expect("nothing is dialed yet");
    let config = format!("host={} user=entente dbname=postgres", server.folder);
    let (client, connection) =
        runtime.block_on(tokio_postgres::connect(&config, tokio_postgres::NoTls)).expect("it listens");
    runtime.spawn(connection);
    let make = format!(
        "CREATE TABLE parcels AS SELECT CAST(i AS BIGINT) AS id, 'customer ' || (i % 1000) AS customer,
         CAST(i * 1.37 AS DOUBLE PRECISION) AS weight, i % 3 = 0 AS late,
         TIMESTAMPTZ '2025-01-01 00:00:00Z' + i * INTERVAL '1 second' AS at FROM generate_series(0, {}) AS t(i)",
        rows - 1
    );
    runtime.block_on(client.batch_execute(&make)).expect("it is made");
    // A type of which the client alone reads nothing, a numeric, is left out.
    let (asked, terms) = (text("SELECT * FROM parcels"), Terms::default());
    let drive = || runtime.block_on(ours.query(&asked, &terms)).expect("it answers");
    assert_eq!(drive().len, rows);
    let read = || {
        let found = runtime.block_on(async {
            let statement = client.prepare(&asked.sql).await?;
            client.query(&statement, &[]).await
        });
        let found = found.expect("it answers");
        let mut columns: Found<bool, (), SystemTime> = Found::default();
        for row in &found {
            columns.ids.push(row.get(0));
            columns.names.push(row.get(1));
            columns.weights.push(row.get(2));
            columns.prices.push(row.get(3));
            columns.times.push(row.get(4));
        }
        columns
    };
    assert_eq!(read().ids.len(), rows);
    between::between("Postgres, 5 columns", times, [&mut || drop(black_box(drive())), &mut || drop(black_box(read()))]);
}

/// Answers every request with the same document; returns its address.
fn serve(document: &Value) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("it is bound"));
    let body = document.to_string();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    let answer = [head.into_bytes(), body.into_bytes()].concat();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || {
                let mut stream = BufReader::new(stream);
                while heard(&mut stream).is_some() && stream.get_mut().write_all(&answer).is_ok() {}
            });
        }
    });
    address
}

/// Reads a request; nothing if the connection is over.
fn heard(stream: &mut BufReader<std::net::TcpStream>) -> Option<()> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let line = line.trim_end().to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.is_empty() {
            break;
        }
    }
    stream.read_exact(&mut vec![0; length]).ok()
}

fn of_bigquery(runtime: &Runtime, rows: usize, times: usize) {
    let cell = |text: String| json!({ "v": text });
    let row = |row: usize| {
        let numbers = [row.to_string(), format!("customer {}", row % 1000), format!("{row}.37"), format!("{row}.5")];
        json!({ "f": numbers.into_iter().map(cell).collect::<Vec<_>>() })
    };
    let field = |name: &str, kind: &str| json!({ "name": name, "type": kind, "mode": "NULLABLE" });
    let fields =
        [field("id", "INTEGER"), field("customer", "STRING"), field("weight", "FLOAT"), field("price", "NUMERIC")];
    let address = serve(&json!({
        "jobComplete": true,
        "schema": { "fields": fields },
        "totalRows": rows.to_string(),
        "rows": (0..rows).map(row).collect::<Vec<_>>(),
    }));
    let ours = BigQuery::new(bigquery::Options {
        project: "acme".to_owned(),
        dataset: None,
        location: None,
        maximum_bytes_billed: 1_000_000_000,
        credentials: bigquery::Credentials::None,
        base_url: Some(address.clone()),
    });
    let ours = ours.expect("nothing is dialed yet");
    let (asked, terms) = (text("SELECT * FROM parcels"), Terms::default());
    let drive = || -> Rows { runtime.block_on(ours.query(&asked, &terms)).expect("it answers") };
    assert_eq!(drive().len, rows);
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let url = format!("{address}/projects/acme/queries");
    let read = || {
        let body = runtime.block_on(async { client.post(&url).body("{}").send().await?.bytes().await });
        let answer: QueryResponse = serde_json::from_slice(&body.expect("it answers")).expect("a document");
        let mut columns: Found<String, (), ()> = Found::default();
        for row in answer.rows.unwrap_or_default() {
            let mut cells = row.columns.unwrap_or_default().into_iter().map(|cell| match cell.value {
                Some(Value::String(text)) => Some(text),
                _ => None,
            });
            let mut next = || cells.next().flatten();
            columns.ids.push(next().and_then(|text| text.parse().ok()));
            columns.names.push(next());
            columns.weights.push(next().and_then(|text| text.parse().ok()));
            columns.prices.push(next());
        }
        columns
    };
    assert_eq!(read().ids.len(), rows);
    between::between(
        "BigQuery's protocol, 4 columns",
        times,
        [&mut || drop(black_box(drive())), &mut || drop(black_box(read()))],
    );
}
