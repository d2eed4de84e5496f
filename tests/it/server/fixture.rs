//! A small project, a warehouse that answers as told, and a server over both.

use std::{
    fs,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use entente::{
    catalog::Catalog,
    engine::load_project,
    server::{LogFormat, Options, Reload, Server},
    sql::{Dialect, Text},
    warehouse::{Answering, ColumnData, Error, Metered, Rows, Terms, Warehouse},
};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::client::Client;

pub(super) const CONFIG: &str = "\
language: 1
name: parcel
connection: local
connections:
  local: { type: duckdb, path: parcel.duckdb }
";

pub(super) const METRICS: &str = "\
models:
  - name: shipments
    description: One row per parcel.
    table: shipments
    primary_key: shipment_id
    time: booked_at
    dimensions:
      - { name: service, type: string, description: The product. }
      - { name: booked_at, type: time, description: When it was booked. }
metrics:
  - name: parcels_booked
    description: Parcels that customers booked.
    owner: network
    model: shipments
    agg: count
  - name: revenue
    description: What they paid, <b>gross</b>.
    unit: EUR
    model: shipments
    agg: sum
    expr: price
";

/// A warehouse that answers every query with one whole number, or as it is told.
#[derive(Default)]
pub(super) struct Fake {
    latency: Mutex<Duration>,
    failure: Mutex<Option<fn() -> Error>>,
    begun: AtomicUsize,
    ended: AtomicUsize,
    dropped: AtomicUsize,
    rows: Mutex<Option<Rows>>,
    metered: Mutex<Metered>,
    tables: Mutex<Catalog>,
    catalog_failures: AtomicUsize,
}

impl Fake {
    pub(super) fn set_latency(&self, latency: Duration) {
        *self.latency.lock().expect("no panic") = latency;
    }

    pub(super) fn fail_with(&self, failure: Option<fn() -> Error>) {
        *self.failure.lock().expect("no panic") = failure;
    }

    pub(super) fn answer_with(&self, rows: Rows) {
        *self.rows.lock().expect("no panic") = Some(rows);
    }

    /// Says what every query reads.
    pub(super) fn meter_with(&self, metered: Metered) {
        *self.metered.lock().expect("no panic") = metered;
    }

    /// Says what is known of the tables, once it has failed to tell so many times.
    pub(super) fn tell_tables(&self, tables: Catalog, failures: usize) {
        *self.tables.lock().expect("no panic") = tables;
        self.catalog_failures.store(failures, Ordering::SeqCst);
    }

    /// Returns how many queries began, ended with an answer, and were dropped before.
    pub(super) fn counts(&self) -> (usize, usize, usize) {
        let count = |counter: &AtomicUsize| counter.load(Ordering::SeqCst);
        (count(&self.begun), count(&self.ended), count(&self.dropped))
    }
}

/// Counts a query as dropped unless it is told that it ended.
struct Running<'a> {
    fake: &'a Fake,
    ended: bool,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let counter = if self.ended { &self.fake.ended } else { &self.fake.dropped };
        counter.fetch_add(1, Ordering::SeqCst);
    }
}

impl Warehouse for Fake {
    fn dialect(&self) -> Dialect {
        Dialect::DuckDb
    }

    fn query<'a>(&'a self, text: &'a Text, terms: &'a Terms) -> Answering<'a, Rows> {
        Box::pin(async move {
            // The server's own question, whether the warehouse answers, is not counted.
            if !text.sql.contains("shipments") {
                return match *self.failure.lock().expect("no panic") {
                    Some(failure) => Err(failure()),
                    None => Ok(Rows { columns: vec![ColumnData::Integer(vec![Some(1)])], len: 1 }),
                };
            }
            self.begun.fetch_add(1, Ordering::SeqCst);
            let mut running = Running { fake: self, ended: false };
            let latency = *self.latency.lock().expect("no panic");
            tokio::time::sleep(latency).await;
            running.ended = true;
            terms.meter.tell(*self.metered.lock().expect("no panic"));
            let failure = *self.failure.lock().expect("no panic");
            if let Some(failure) = failure {
                return Err(failure());
            }
            let rows = self.rows.lock().expect("no panic").clone();
            Ok(rows.unwrap_or(Rows { columns: vec![ColumnData::Integer(vec![Some(42)])], len: 1 }))
        })
    }

    fn execute<'a>(&'a self, _: &'a [String], _: &'a Terms) -> Answering<'a, ()> {
        Box::pin(async { Err(Error::refused("it stores nothing")) })
    }

    fn catalog<'a>(&'a self, _: Option<&'a [String]>) -> Answering<'a, Catalog> {
        Box::pin(async {
            let fewer = |failures: usize| failures.checked_sub(1);
            match self.catalog_failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fewer) {
                Ok(_) => Err(Error::Unavailable("it starts later than we do".to_owned())),
                Err(_) => Ok(self.tables.lock().expect("no panic").clone()),
            }
        })
    }
}

/// A server over a project of its own.
pub(super) struct Fixture {
    pub(super) folder: TempDir,
    pub(super) fake: Arc<Fake>,
    pub(super) server: Option<Server>,
    pub(super) runtime: Runtime,
}

impl Fixture {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    /// Starts a server on a free port; `change` may change how.
    pub(super) fn with(change: impl FnOnce(&mut Options)) -> Self {
        Self::over(Fake::default(), change)
    }

    /// Starts a server over a warehouse that was told things already.
    pub(super) fn over(fake: Fake, change: impl FnOnce(&mut Options)) -> Self {
        let folder = project();
        let fake = Arc::new(fake);
        let mut options = options(folder.path(), Arc::clone(&fake));
        change(&mut options);
        let runtime = Runtime::new().expect("threads");
        let server = runtime.block_on(Server::start(options)).expect("the server starts");
        Self { folder, fake, server: Some(server), runtime }
    }

    pub(super) fn client(&self) -> Client {
        Client::new(self.server.as_ref().expect("it runs").address())
    }

    /// Returns a client of the listener for operators.
    pub(super) fn admin(&self) -> Client {
        Client::new(self.server.as_ref().and_then(Server::admin_address).expect("it listens apart"))
    }

    /// Replaces the definitions on disk.
    pub(super) fn write_metrics(&self, text: &str) {
        fs::write(self.folder.path().join("metrics/parcel.yml"), text).expect("written");
    }
}

/// Writes the small project into a folder of its own.
pub(super) fn project() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir(folder.path().join("metrics")).expect("a folder");
    fs::write(folder.path().join("entente.yml"), CONFIG).expect("written");
    fs::write(folder.path().join("metrics/parcel.yml"), METRICS).expect("written");
    folder
}

pub(super) fn options(root: &Path, fake: Arc<Fake>) -> Options {
    let loaded = load_project(root);
    assert!(loaded.project.is_some(), "{:#?}", loaded.diagnostics);
    let mut options = Options::new(loaded, fake);
    options.address.set_port(0);
    options.log = LogFormat::Off;
    options.reload = Reload::Never;
    options
}

/// Asks again and again until `done`, for at most five seconds.
pub(super) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    for _ in 0..500 {
        if done() {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("not within five seconds: {what}");
}
