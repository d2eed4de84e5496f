//! Postgres: text and parameters in, columns out, over a pool of connections.
//!
//! `Postgres::new(&options)` dials nothing; the first query does. A session is read-only, in UTC, and ends a statement
//! when the time of its request is over.
//!
//! **Invariant:** a query whose future is dropped, or whose rows are not read to their end, is cancelled on the server, and
//! its connection is not used again.

mod bind;
mod catalog;
mod columns;
mod failure;
mod numeric;
mod tls;

use std::{path::PathBuf, pin::pin, sync::Arc, time::Duration};

use deadpool_postgres::{Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime, Timeouts};
use futures_util::TryStreamExt;
use tokio_postgres::CancelToken;

use self::{columns::Gathering, tls::Tls};
use super::{Answering, Error, Rows, Terms, Warehouse};
use crate::{
    catalog::Catalog,
    sql::{Dialect, Text},
};

pub use self::tls::Encryption;

/// How to reach a database.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server's name or address, or the folder of its socket.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The user who logs in; that of the system unless said.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<String>,
    /// Whether the connection is encrypted, and against which authority the server is checked.
    pub encryption: Encryption,
    /// Where the certificate of that authority lies; those of the system unless said.
    pub authority: Option<PathBuf>,
    /// How many queries run at once.
    pub connections: usize,
}

/// A Postgres database; clones share its connections.
#[derive(Clone)]
pub struct Postgres {
    pool: Pool,
    tls: Tls,
    /// Host and port, for messages.
    server: Arc<str>,
}

/// The time in which a server has to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// The time that a query may take where its request says none.
const DEADLINE: Duration = Duration::from_secs(60);

impl Postgres {
    /// Makes a pool without dialing; fails if the certificates cannot be read.
    pub fn new(options: &Options) -> Result<Self, Error> {
        let tls = tls::connector(options.encryption, options.authority.as_deref())?;
        let mut config = tokio_postgres::Config::new();
        config
            .host(&options.host)
            .port(options.port)
            .dbname(&options.database)
            .application_name("entente")
            .connect_timeout(CONNECT)
            .ssl_mode(options.encryption.mode())
            // What a session begins with. `extra_float_digits` keeps floats exact where they become text.
            .options(
                "-c default_transaction_read_only=on -c TimeZone=UTC -c DateStyle=ISO -c IntervalStyle=iso_8601 \
                 -c extra_float_digits=3",
            );
        if let Some(user) = &options.user {
            config.user(user);
        }
        if let Some(password) = &options.password {
            config.password(password);
        }
        let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        let pool = Pool::builder(Manager::from_config(config, tls.clone(), recycling))
            .max_size(options.connections)
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|error| Error::Unavailable(error.to_string()))?;
        let server = format!("{}:{}", options.host, options.port);
        Ok(Self { pool, tls, server: server.into() })
    }

    async fn connection(&self, deadline: Duration) -> Result<Object, Error> {
        let timeouts = Timeouts { wait: Some(deadline), create: Some(CONNECT), recycle: Some(CONNECT) };
        match self.pool.timeout_get(&timeouts).await {
            Ok(connection) => Ok(connection),
            Err(PoolError::Backend(error)) => Err(failure::of_connecting(&error, &self.server)),
            Err(PoolError::Timeout(deadpool_postgres::TimeoutType::Wait)) => Err(Error::Cancelled),
            Err(error) => Err(Error::Unavailable(format!("Postgres at `{}`: {error}", self.server))),
        }
    }

    /// Runs `work` on a connection. If the future is dropped before it ends, or `work` leaves what the server sends, the
    /// server is told to stop.
    async fn with_connection<T>(
        &self,
        deadline: Duration,
        work: impl AsyncFnOnce(&Object) -> Result<Result<T, Error>, tokio_postgres::Error>,
    ) -> Result<T, Error> {
        let connection = self.connection(deadline).await?;
        let milliseconds = deadline.as_millis();
        let mut guard =
            CancelOnDrop { token: Some(connection.cancel_token()), tls: self.tls.clone(), connection: None };
        let connection = guard.connection.insert(connection);
        connection
            .batch_execute(&format!("SET statement_timeout = {milliseconds}"))
            .await
            .map_err(|error| failure::of_query(&error))?;
        match work(connection).await {
            Ok(Err(left)) => Err(left),
            Ok(Ok(value)) => {
                guard.token = None;
                Ok(value)
            }
            Err(error) => {
                guard.token = None;
                Err(failure::of_query(&error))
            }
        }
    }
}

impl Warehouse for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    fn query<'a>(&'a self, text: &'a Text, terms: &'a Terms) -> Answering<'a, Rows> {
        Box::pin(async move {
            let deadline = terms.deadline.unwrap_or(DEADLINE);
            let sql = terms.comment().map_or_else(|| text.sql.clone(), |comment| format!("{} {comment}", text.sql));
            let rows = self.with_connection(deadline, async |connection| {
                let statement = connection.prepare(&sql).await?;
                let mut gathering = match Gathering::of(statement.columns()) {
                    Ok(gathering) => gathering,
                    Err(refused) => return Ok(Err(refused)),
                };
                let mut found = pin!(connection.query_raw(&statement, bind::parameters(&text.parameters)).await?);
                while let Some(row) = found.try_next().await? {
                    if let Err(refused) = gathering.push(&row) {
                        return Ok(Err(refused));
                    }
                }
                Ok(gathering.into_rows())
            });
            rows.await
        })
    }

    fn execute<'a>(&'a self, statements: &'a [String], terms: &'a Terms) -> Answering<'a, ()> {
        Box::pin(async move {
            let text = format!("BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE; {}; COMMIT", statements.join("; "));
            let done = self.with_connection(terms.deadline.unwrap_or(DEADLINE), async |connection| {
                let done = connection.batch_execute(&text).await;
                if done.is_err() {
                    connection.batch_execute("ROLLBACK").await?;
                }
                done.map(Ok)
            });
            done.await
        })
    }

    fn catalog<'a>(&'a self, tables: Option<&'a [String]>) -> Answering<'a, Catalog> {
        Box::pin(async move {
            let rows = self.with_connection(DEADLINE, async |connection| {
                let columns = connection.query(catalog::COLUMNS, &[]).await?;
                let statistics = match tables {
                    Some(_) => connection.query(catalog::STATISTICS, &[]).await?,
                    None => Vec::new(),
                };
                Ok(Ok((columns, statistics)))
            });
            let (columns, statistics) = rows.await?;
            let mut catalog = catalog::of(&columns, tables);
            if let Some(wanted) = tables {
                catalog::measure(&mut catalog, &statistics, wanted);
            }
            Ok(catalog)
        })
    }
}

/// A query that runs. Dropped early, it is cancelled on the server, and its connection leaves the pool: what the server
/// still sends must not be read as the answer of the next query.
struct CancelOnDrop {
    token: Option<CancelToken>,
    tls: Tls,
    connection: Option<Object>,
}

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        let (Some(token), Some(connection)) = (self.token.take(), self.connection.take()) else { return };
        let client = Object::take(connection);
        let tls = self.tls.clone();
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = token.cancel_query(tls).await {
                    tracing::warn!(%error, "a query that nobody waits for could not be cancelled");
                }
                drop(client);
            });
        }
    }
}
