//! DuckDB, embedded: text and parameters in, columns out.
//!
//! `DuckDb::open(path, Access::ReadOnly)` serves; `DuckDb::in_memory()` takes the seeds of tests. One database is
//! opened once, and every query runs on a connection of its own from a pool.
//!
//! **Invariant:** an answer does not depend on the machine: the session's zone is UTC, nulls and orders are the
//! defaults, and a read-only database reaches no file beside its own and changes no setting.

mod append;
mod bind;
mod catalog;
mod columns;
mod decimals;
mod failure;
mod folder;
mod import;
mod place;
mod statistics;

use std::{
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

#[cfg(feature = "server")]
use ::duckdb::InterruptHandle;
use ::duckdb::{AccessMode, Config, Connection};

pub use append::NewRows;
pub use import::is_table_file;
use place::Identity;

use super::{Answering, Error, Rows, Terms, Warehouse};
use crate::{
    catalog::Catalog,
    sql::{Dialect, Text},
};

/// What may be done with a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Only queries; settings are out of reach, and so are files but those of a folder that is the database. Several processes
    /// may do this at once.
    ReadOnly,
    /// Everything, by this process alone; the file is made if it is missing.
    ReadWrite,
}

/// A DuckDB database with a pool of connections; clones share it.
#[derive(Clone)]
pub struct DuckDb {
    open: Arc<Mutex<Arc<Shared>>>,
    /// Where the file or folder lies, if it is only read.
    place: Option<Arc<Path>>,
}

/// A database that is open.
struct Shared {
    /// Which files it is of, if they are only read.
    identity: Option<Identity>,
    /// The first connection, from which the others are made.
    root: Mutex<Connection>,
    /// Connections that nobody uses.
    idle: Mutex<Vec<Connection>>,
    /// How many queries run at once; others wait for their turn.
    #[cfg(feature = "server")]
    turns: Arc<tokio::sync::Semaphore>,
}

/// How many queries run at once. DuckDB spreads each over all cores by itself, so more would only cost memory.
#[cfg(feature = "server")]
const CONCURRENT_QUERIES: usize = 8;

impl Shared {
    fn open(path: &Path, access: Access) -> Result<Self, Error> {
        if path.is_dir() {
            return folder::open(path, access);
        }
        let mode = match access {
            Access::ReadOnly => AccessMode::ReadOnly,
            Access::ReadWrite => AccessMode::ReadWrite,
        };
        // Asked before it is opened: a file that is replaced in between is found to be another one.
        let identity = if access == Access::ReadOnly { Identity::of(path).ok() } else { None };
        let connection = Config::default()
            .access_mode(mode)
            .and_then(|config| config.enable_autoload_extension(false))
            .and_then(|config| Connection::open_with_flags(path, config))
            .map_err(|error| failure::of_opening(&error, path))?;
        Self::new(connection, access, identity)
    }

    fn new(connection: Connection, access: Access, identity: Option<Identity>) -> Result<Self, Error> {
        // A build without ICU has no such setting; its session is in UTC anyway.
        let zone = connection.execute_batch("SET GLOBAL TimeZone = 'UTC'");
        if let Err(error) = zone
            && !error.to_string().contains("unrecognized configuration")
        {
            return Err(failure::of_query(&error));
        }
        if access == Access::ReadOnly {
            connection
                .execute_batch("SET GLOBAL enable_external_access = false; SET GLOBAL lock_configuration = true")
                .map_err(|error| failure::of_query(&error))?;
        }
        Ok(Self {
            identity,
            root: Mutex::new(connection),
            idle: Mutex::default(),
            #[cfg(feature = "server")]
            turns: Arc::new(tokio::sync::Semaphore::new(CONCURRENT_QUERIES)),
        })
    }

    fn take(&self) -> Result<Connection, Error> {
        if let Some(connection) = lock(&self.idle).pop() {
            return Ok(connection);
        }
        lock(&self.root).try_clone().map_err(|error| failure::of_query(&error))
    }
}

impl DuckDb {
    /// Opens a database file, or a folder of CSV and Parquet files, which can only be read.
    pub fn open(path: &Path, access: Access) -> Result<Self, Error> {
        if access == Access::ReadOnly && !path.exists() {
            return Err(Error::Unavailable(format!("there is no file `{}`", path.display())));
        }
        let shared = Shared::open(path, access)?;
        let place = (access == Access::ReadOnly).then(|| Arc::from(path));
        Ok(Self { open: Arc::new(Mutex::new(Arc::new(shared))), place })
    }

    /// Makes an empty database in memory, which may be written to.
    pub fn in_memory() -> Result<Self, Error> {
        let connection = Connection::open_in_memory().map_err(|error| failure::of_query(&error))?;
        let shared = Shared::new(connection, Access::ReadWrite, None)?;
        Ok(Self { open: Arc::new(Mutex::new(Arc::new(shared))), place: None })
    }

    /// Returns what is open.
    fn shared(&self) -> Arc<Shared> {
        Arc::clone(&lock(&self.open))
    }

    /// Runs a query on this thread.
    pub fn query_blocking(&self, text: &Text) -> Result<Rows, Error> {
        self.with_connection(|connection| query(connection, text))
    }

    /// Runs statements that give no rows, such as the seed of a test.
    pub fn execute_batch(&self, statements: &str) -> Result<(), Error> {
        let done = self.with_connection(|connection| {
            connection.execute_batch(statements).map_err(|error| failure::of_query(&error))
        });
        self.forget_plans();
        done
    }

    /// Forgets how queries are run: a plan that was made for an empty table finds no rows in it later.
    fn forget_plans(&self) {
        lock(&self.shared().idle).iter().for_each(Connection::flush_prepared_statement_cache);
    }

    /// Reads the columns of the named tables, or of every table, on this thread.
    pub fn catalog_blocking(&self, tables: Option<&[String]>) -> Result<Catalog, Error> {
        self.with_connection(|connection| catalog::read(connection, tables))
    }

    /// Lends a connection, which goes back to the pool unless `work` panics.
    pub(crate) fn with_connection<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Error>) -> Result<T, Error> {
        // A connection goes back to the pool of the database that it is of.
        let shared = self.shared();
        let connection = shared.take()?;
        let result = work(&connection);
        lock(&shared.idle).push(connection);
        result
    }

    /// Runs `work` on a thread that may block; dropping the future interrupts it.
    #[cfg(feature = "server")]
    async fn with_connection_elsewhere<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = Arc::clone(&self.shared().turns).acquire_owned().await.map_err(|_| Error::Cancelled)?;
        let run = Arc::new(Run::default());
        let _interrupt_on_drop = InterruptOnDrop(Arc::clone(&run));
        let database = self.clone();
        let answer = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            database.with_connection(|connection| {
                if !run.start(connection.interrupt_handle()) {
                    return Err(Error::Cancelled);
                }
                let result = work(connection);
                // The connection goes back to the pool, so a late interrupt must not reach its next user.
                run.finish();
                result
            })
        });
        answer.await.unwrap_or(Err(Error::Cancelled))
    }
}

impl Warehouse for DuckDb {
    fn dialect(&self) -> Dialect {
        Dialect::DuckDb
    }

    #[cfg(feature = "server")]
    fn query<'a>(&'a self, text: &'a Text, _: &'a Terms) -> Answering<'a, Rows> {
        let text = text.clone();
        Box::pin(self.with_connection_elsewhere(move |connection| query(connection, &text)))
    }

    #[cfg(feature = "server")]
    fn catalog<'a>(&'a self, tables: Option<&'a [String]>) -> Answering<'a, Catalog> {
        let tables = tables.map(<[String]>::to_vec);
        Box::pin(self.with_connection_elsewhere(move |connection| catalog::read(connection, tables.as_deref())))
    }

    #[cfg(feature = "server")]
    fn execute<'a>(&'a self, statements: &'a [String], _: &'a Terms) -> Answering<'a, ()> {
        let statements = statements.to_vec();
        Box::pin(async move {
            let done = self.with_connection_elsewhere(move |connection| all_or_none(connection, &statements)).await;
            self.forget_plans();
            done
        })
    }

    #[cfg(not(feature = "server"))]
    fn execute<'a>(&'a self, statements: &'a [String], _: &'a Terms) -> Answering<'a, ()> {
        Box::pin(async move {
            let done = self.with_connection(|connection| all_or_none(connection, statements));
            self.forget_plans();
            done
        })
    }

    #[cfg(feature = "server")]
    fn reopen(&self) -> Answering<'_, bool> {
        // A file may have to be read to the end of its log.
        let database = self.clone();
        let reopen = move || database.reopen_blocking();
        Box::pin(async { tokio::task::spawn_blocking(reopen).await.unwrap_or(Err(Error::Cancelled)) })
    }

    #[cfg(not(feature = "server"))]
    fn reopen(&self) -> Answering<'_, bool> {
        Box::pin(async move { self.reopen_blocking() })
    }

    fn in_place(&self) -> Result<(), Error> {
        self.look()
    }

    #[cfg(not(feature = "server"))]
    fn query<'a>(&'a self, text: &'a Text, _: &'a Terms) -> Answering<'a, Rows> {
        Box::pin(async move { self.query_blocking(text) })
    }

    #[cfg(not(feature = "server"))]
    fn catalog<'a>(&'a self, tables: Option<&'a [String]>) -> Answering<'a, Catalog> {
        Box::pin(async move { self.catalog_blocking(tables) })
    }
}

fn query(connection: &Connection, text: &Text) -> Result<Rows, Error> {
    let mut statement = connection.prepare_cached(&text.sql).map_err(|error| failure::of_query(&error))?;
    bind::parameters(&mut statement, &text.parameters)?;
    columns::fetch(&mut statement)
}

/// Runs statements in one transaction.
fn all_or_none(connection: &Connection, statements: &[String]) -> Result<(), Error> {
    let run = |statement: &str| connection.execute_batch(statement).map_err(|error| failure::of_query(&error));
    run("BEGIN TRANSACTION")?;
    let done = statements.iter().try_for_each(|statement| run(statement)).and_then(|()| run("COMMIT"));
    if done.is_err() {
        // A transaction that failed while it was ended is over already.
        let _ = run("ROLLBACK");
    }
    done
}

/// A lock that outlives a panic: what it guards is whole at every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How far a query on another thread has come.
#[cfg(feature = "server")]
#[derive(Default)]
struct Run {
    state: Mutex<RunState>,
}

#[cfg(feature = "server")]
#[derive(Default)]
enum RunState {
    #[default]
    Waiting,
    Running(Arc<InterruptHandle>),
    Over,
}

#[cfg(feature = "server")]
impl Run {
    /// Says that the query begins; returns whether anybody still wants it.
    fn start(&self, handle: Arc<InterruptHandle>) -> bool {
        let mut state = lock(&self.state);
        match *state {
            RunState::Waiting => {
                *state = RunState::Running(handle);
                true
            }
            RunState::Running(_) | RunState::Over => false,
        }
    }

    fn finish(&self) {
        *lock(&self.state) = RunState::Over;
    }
}

/// Interrupts a query whose answer nobody waits for any more.
#[cfg(feature = "server")]
struct InterruptOnDrop(Arc<Run>);

#[cfg(feature = "server")]
impl Drop for InterruptOnDrop {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        if let RunState::Running(handle) = &*state {
            handle.interrupt();
        }
        *state = RunState::Over;
    }
}

#[cfg(test)]
mod tests;
