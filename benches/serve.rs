//! A cached answer end to end over loopback, beside an axum handler that sends the same bytes prebuilt.
//!
//! `cargo bench --bench serve` prints CPU per request of the server's own threads (from `/proc`, so Linux only), the
//! requests per second that two callers get, and how long they wait. Goals: 60 rows × 7 fields within 60 µs of CPU,
//! 10,000 rows × 6 fields within 2 ms.

use std::{
    fs,
    io::{Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Router,
    http::{HeaderValue, header},
    response::IntoResponse,
    routing::post,
};
use bytes::Bytes;
use entente::{
    catalog::Catalog,
    engine::load_project,
    server::{LogFormat, Options, Reload, Server},
    sql::{Dialect, Text},
    warehouse::{Answering, ColumnData, Error, Rows, Terms, Warehouse},
};
use mimalloc::MiMalloc;
use tokio::runtime::{Builder, Runtime};

/// As the command has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const CONFIG: &str = "\
language: 1
name: parcel
connection: local
connections:
  local: { type: duckdb, path: parcel.duckdb }
";

const METRICS: &str = "\
models:
  - name: shipments
    table: shipments
    primary_key: shipment_id
    time: booked_at
    dimensions:
      - { name: service, type: string, description: The product. }
      - { name: booked_at, type: time, description: When it was booked. }
metrics:
  - { name: parcels, model: shipments, agg: count }
  - { name: revenue, model: shipments, agg: sum, expr: price }
  - { name: weight, model: shipments, agg: sum, expr: weight_kg }
  - { name: mean_price, model: shipments, agg: avg, expr: price }
  - { name: lanes, model: shipments, agg: count_distinct, expr: lane }
";

/// 60 rows × 7 fields.
const SMALL: &str = "{ report(first: 60) { rows { by { time(granularity: MONTH) shipments { service } } \
                     parcels revenue weight meanPrice lanes } } }";
/// 10,000 rows × 6 fields.
const LARGE: &str =
    "{ report(first: 10000) { rows { by { time shipments { service } } parcels revenue weight meanPrice } } }";

/// How many callers there are; more than the machine has to spare would only wait for one another.
const CALLERS: usize = 2;

/// Answers at once, with as many rows as are asked for.
struct Prebuilt;

impl Warehouse for Prebuilt {
    fn dialect(&self) -> Dialect {
        Dialect::DuckDb
    }

    fn query<'a>(&'a self, text: &'a Text, _: &'a Terms) -> Answering<'a, Rows> {
        let small = text.sql.contains("LIMIT 61");
        Box::pin(async move { Ok(rows(if small { 60 } else { 10_000 }, small)) })
    }

    fn execute<'a>(&'a self, _: &'a [String], _: &'a Terms) -> Answering<'a, ()> {
        Box::pin(async { Err(Error::refused("it stores nothing")) })
    }

    fn catalog<'a>(&'a self, _: Option<&'a [String]>) -> Answering<'a, Catalog> {
        Box::pin(async { Ok(Catalog::default()) })
    }
}

fn rows(len: usize, with_lanes: bool) -> Rows {
    let each = |value: fn(i32) -> i128| (0..len).map(|row| Some(value(i32::try_from(row).expect("few")))).collect();
    let number = |row: usize| f64::from(i32::try_from(row).expect("few"));
    let mut columns = vec![
        ColumnData::Date((0..len).map(|row| i32::try_from(row / 6 + 19_000).ok()).collect()),
        ColumnData::String((0..len).map(|row| Some(["economy", "standard", "express"][row % 3].to_owned())).collect()),
        ColumnData::Integer(each(|row| i128::from(row) * 37)),
        ColumnData::Decimal { values: each(|row| i128::from(row) * 1_234_567), scale: 2 },
        ColumnData::Float((0..len).map(|row| Some(number(row) * 1.37)).collect()),
        ColumnData::Float((0..len).map(|row| Some(number(row) / 7.0)).collect()),
    ];
    if with_lanes {
        columns.push(ColumnData::Integer(each(|row| i128::from(row) + 3)));
    }
    Rows { columns, len }
}

fn main() {
    // `cargo test --benches` only wants to know that it starts.
    let seconds = if std::env::args().any(|argument| argument == "--bench") { 3 } else { 0 };
    let (entente, _server, _folder) = start_entente();
    let small = Request::new(entente.address, SMALL);
    let large = Request::new(entente.address, LARGE);
    let (small_body, large_body) = (small.body(), large.body());
    let bare = start_bare(&[("/small", small_body.clone()), ("/large", large_body.clone())]);
    println!("{:<34} {:>9} {:>12} {:>10} {:>10} {:>10}", "", "bytes", "CPU µs/req", "req/s", "p50 µs", "p99 µs");
    for (name, side, request, bytes) in [
        ("entente, 60 rows × 7 fields", &entente, &small, small_body.len()),
        ("bare axum, same bytes", &bare, &small.to(bare.address, "/small"), small_body.len()),
        ("entente, 10,000 rows × 6 fields", &entente, &large, large_body.len()),
        ("bare axum, same bytes", &bare, &large.to(bare.address, "/large"), large_body.len()),
    ] {
        let load = load(side, request, Duration::from_secs(seconds));
        println!(
            "{name:<34} {bytes:>9} {:>12.1} {:>10.0} {:>10.0} {:>10.0}",
            load.cpu_us, load.per_second, load.p50_us, load.p99_us
        );
    }
}

/// A server and the threads it runs on.
struct Side {
    runtime: Runtime,
    threads: &'static str,
    address: SocketAddr,
}

fn runtime(threads: &'static str) -> Runtime {
    Builder::new_multi_thread().worker_threads(2).thread_name(threads).enable_all().build().expect("threads")
}

fn start_entente() -> (Side, Server, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("metrics")).expect("a folder");
    fs::write(folder.path().join("entente.yml"), CONFIG).expect("written");
    fs::write(folder.path().join("metrics/parcel.yml"), METRICS).expect("written");
    let loaded = load_project(folder.path());
    assert!(loaded.project.is_some(), "{:#?}", loaded.diagnostics);
    let mut options = Options::new(loaded, Arc::new(Prebuilt));
    options.address.set_port(0);
    options.log = LogFormat::Off;
    options.reload = Reload::Never;
    let runtime = runtime("bench-entente");
    let server = runtime.block_on(Server::start(options)).expect("it starts");
    (Side { address: server.address(), threads: "bench-entente", runtime }, server, folder)
}

fn start_bare(answers: &[(&'static str, Vec<u8>)]) -> Side {
    let mut router = Router::new();
    for (path, bytes) in answers {
        let bytes = Bytes::from(bytes.clone());
        let handler = move || async move {
            ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes.clone()).into_response()
        };
        router = router.route(path, post(handler));
    }
    let runtime = runtime("bench-bare");
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let listener = runtime.block_on(tokio::net::TcpListener::bind(address)).expect("a port");
    let address = listener.local_addr().expect("an address");
    runtime.spawn(async move { axum::serve(listener, router).await });
    Side { runtime, threads: "bench-bare", address }
}

/// A request as bytes.
struct Request {
    address: SocketAddr,
    query: &'static str,
    bytes: Vec<u8>,
}

impl Request {
    fn new(address: SocketAddr, query: &'static str) -> Self {
        Self { address, query, bytes: Vec::new() }.to(address, "/graphql")
    }

    fn to(&self, address: SocketAddr, path: &str) -> Self {
        let body = serde_json::json!({ "query": self.query }).to_string();
        let head = "host: localhost\r\ncontent-type: application/json\r\naccept: application/json";
        let text = format!("POST {path} HTTP/1.1\r\n{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        Self { address, query: self.query, bytes: text.into_bytes() }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).expect("it listens");
        stream.set_nodelay(true).expect("an option");
        stream
    }

    fn body(&self) -> Vec<u8> {
        let mut buffer = Vec::new();
        let head = self.ask(&mut self.connect(), &mut buffer);
        let body = buffer[head..].to_vec();
        assert!(!body.starts_with(b"{\"errors"), "{}", String::from_utf8_lossy(&body));
        body
    }

    /// Asks once and returns where the body begins in the buffer.
    fn ask(&self, stream: &mut TcpStream, buffer: &mut Vec<u8>) -> usize {
        stream.write_all(&self.bytes).expect("sent");
        buffer.clear();
        let mut chunk = vec![0; 65_536];
        let mut end = None;
        loop {
            let read = stream.read(&mut chunk).expect("an answer");
            assert!(read > 0, "closed early");
            buffer.extend_from_slice(&chunk[..read]);
            if end.is_none()
                && let Some(head) = buffer.windows(4).position(|window| window == b"\r\n\r\n")
            {
                let text = String::from_utf8_lossy(&buffer[..head]).to_ascii_lowercase();
                let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
                let length: usize = length.and_then(|length| length.parse().ok()).expect("a length");
                end = Some((head + 4, head + 4 + length));
            }
            if let Some((head, end)) = end
                && buffer.len() >= end
            {
                return head;
            }
        }
    }
}

/// What a load of requests cost.
struct Load {
    cpu_us: f64,
    per_second: f64,
    p50_us: f64,
    p99_us: f64,
}

fn load(side: &Side, request: &Request, time: Duration) -> Load {
    let mut warm = request.connect();
    for _ in 0..20 {
        request.ask(&mut warm, &mut Vec::new());
    }
    let (cpu, began) = (cpu_time(side.threads), Instant::now());
    let mut waits: Vec<Duration> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(|| call(request, time))).collect();
        callers.into_iter().flat_map(|caller| caller.join().expect("no panic")).collect()
    });
    let (cpu, took) = (cpu_time(side.threads).saturating_sub(cpu), began.elapsed());
    // The runtime has to outlive the load.
    let _ = &side.runtime;
    waits.sort_unstable();
    let count = f64::from(u32::try_from(waits.len()).expect("few"));
    let at = |share: usize| waits[(waits.len() - 1) * share / 100].as_secs_f64() * 1e6;
    Load {
        cpu_us: cpu.as_secs_f64() * 1e6 / count,
        per_second: count / took.as_secs_f64(),
        p50_us: at(50),
        p99_us: at(99),
    }
}

fn call(request: &Request, time: Duration) -> Vec<Duration> {
    let (mut stream, mut buffer, mut waits) = (request.connect(), Vec::new(), Vec::new());
    let began = Instant::now();
    loop {
        let asked = Instant::now();
        request.ask(&mut stream, &mut buffer);
        waits.push(asked.elapsed());
        if began.elapsed() >= time {
            return waits;
        }
    }
}

/// Returns the CPU time of all threads of a name; their names are cut at 15 letters.
fn cpu_time(name: &str) -> Duration {
    let name = &name[..name.len().min(15)];
    let of_thread = |task: &Path| -> Option<u64> {
        if fs::read_to_string(task.join("comm")).ok()?.trim() != name {
            return None;
        }
        fs::read_to_string(task.join("schedstat")).ok()?.split(' ').next()?.parse().ok()
    };
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return Duration::ZERO };
    Duration::from_nanos(tasks.flatten().filter_map(|task| of_thread(&task.path())).sum())
}
