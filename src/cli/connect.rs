//! Opens the warehouse that `entente.yml` names.

use std::{collections::BTreeSet, path::Path, sync::Arc};

use super::failure::Failure;
use crate::{
    engine::{Limits, has_tables, refresh_periods, refresh_stored},
    ids::GranularityId,
    project::Project,
    resolve::dialect_of,
    sql::{self, Dialect, Select},
    syntax::{
        BigQueryConnection, BigQueryCredentials, Config, Connection, PostgresConnection, PostgresTls,
        SnowflakeConnection, SnowflakeCredentials,
    },
    warehouse::{
        Blocking, Warehouse,
        bigquery::{self, BigQuery, Credentials},
        duckdb::{Access, DuckDb},
        postgres::{self, Encryption, Postgres},
        snowflake::{self, Snowflake},
    },
};

/// Returns the connection in use.
pub(crate) fn in_use(config: &Config) -> Result<&Connection, Failure> {
    config.connections.get(&config.connection).ok_or_else(|| {
        Failure::wrong(format!("`entente.yml` has no connection `{}`", config.connection))
            .help("Add it under `connections:`, or name another one with `connection:`.")
    })
}

/// Returns the dialect of the connection in use; DuckDB's if there is none.
pub(crate) fn dialect(config: &Config) -> Dialect {
    config.connections.get(&config.connection).map_or(Dialect::DuckDb, dialect_of)
}

/// Gives a project what the warehouse has beside rows at present: the periods of some granularities, and what is stored of rollups.
pub(crate) fn with_state(
    project: Arc<Project>,
    periods_of: &BTreeSet<GranularityId>,
    warehouse: &Blocking,
) -> Result<Arc<Project>, Failure> {
    if periods_of.is_empty() && !has_tables(&project) {
        return Ok(project);
    }
    let mut project = Arc::unwrap_or_clone(project);
    let ask = |select: &Select| warehouse.query_blocking(&sql::print(select, warehouse.dialect()));
    refresh_stored(&mut project, warehouse.dialect(), ask);
    refresh_periods(&mut project, periods_of, ask)?;
    Ok(Arc::new(project))
}

/// Opens the warehouse for reading.
pub(crate) fn open(config: &Config, root: &Path) -> Result<Blocking, Failure> {
    open_for(config, root, Access::ReadOnly)
}

/// Opens the warehouse to store rollups in it; a file is then this process's alone.
pub(crate) fn open_for_storing(config: &Config, root: &Path) -> Result<Blocking, Failure> {
    open_for(config, root, Access::ReadWrite)
}

fn open_for(config: &Config, root: &Path, access: Access) -> Result<Blocking, Failure> {
    match in_use(config)? {
        Connection::DuckDb { path } => {
            let path = root.join(path);
            if !path.exists() {
                return Err(Failure::world(format!("there is no warehouse `{}`", path.display()))
                    .help("Make the sample warehouse with `entente demo`, or mend `path:` in `entente.yml`."));
            }
            blocking(Arc::new(DuckDb::open(&path, access)?))
        }
        Connection::Postgres(connection) => blocking(Arc::new(Postgres::new(&postgres(connection, root))?)),
        Connection::BigQuery(connection) => blocking(Arc::new(BigQuery::new(bigquery(connection, root))?)),
        Connection::Snowflake(connection) => {
            let options = snowflake(connection, root).ok_or_else(|| {
                Failure::world(format!("connection `{}` does not say who asks Snowflake", config.connection))
                    .help("Add `user:` and `key_file:`, or `token:`; `entente query --sql` prints SQL without them.")
            })?;
            blocking(Arc::new(Snowflake::new(options)?))
        }
    }
}

/// Lets a command wait for a warehouse's answers.
pub(crate) fn blocking(warehouse: Arc<dyn Warehouse>) -> Result<Blocking, Failure> {
    Blocking::new(warehouse).map_err(|error| Failure::world(format!("no thread can be started: {error}")))
}

/// The most that a query may bill unless another number is said.
const MAXIMUM_BYTES_BILLED: u64 = 10_000_000_000;

fn bigquery(connection: &BigQueryConnection, root: &Path) -> bigquery::Options {
    bigquery::Options {
        project: connection.project.clone(),
        dataset: connection.dataset.clone(),
        location: connection.location.clone(),
        maximum_bytes_billed: connection.maximum_bytes_billed.unwrap_or(MAXIMUM_BYTES_BILLED),
        credentials: match &connection.credentials {
            BigQueryCredentials::Default => Credentials::ApplicationDefault,
            BigQueryCredentials::Metadata => Credentials::Metadata,
            BigQueryCredentials::KeyFile(path) => Credentials::KeyFile(root.join(path)),
            BigQueryCredentials::None => Credentials::None,
        },
        base_url: connection.base_url.clone(),
    }
}

/// Returns how to reach an account; nothing if nobody is named who asks it.
fn snowflake(connection: &SnowflakeConnection, root: &Path) -> Option<snowflake::Options> {
    let credentials = match &connection.credentials {
        Some(SnowflakeCredentials::Key { user, file }) => {
            snowflake::Credentials::Key { user: user.clone(), file: root.join(file) }
        }
        Some(SnowflakeCredentials::Token(token)) => snowflake::Credentials::Token(token.clone()),
        Some(SnowflakeCredentials::TokenFile(file)) => snowflake::Credentials::TokenFile(root.join(file)),
        None if connection.base_url.is_some() => snowflake::Credentials::None,
        None => return None,
    };
    Some(snowflake::Options {
        account: connection.account.clone(),
        warehouse: connection.warehouse.clone(),
        database: connection.database.clone(),
        schema: connection.schema.clone(),
        role: connection.role.clone(),
        credentials,
        base_url: connection.base_url.clone(),
    })
}

/// The port of Postgres unless another is said.
const POSTGRES_PORT: u16 = 5432;

fn postgres(connection: &PostgresConnection, root: &Path) -> postgres::Options {
    postgres::Options {
        host: connection.host.clone(),
        port: connection.port.unwrap_or(POSTGRES_PORT),
        database: connection.database.clone(),
        user: connection.user.clone(),
        password: connection.password.clone(),
        encryption: match connection.tls {
            PostgresTls::Off => Encryption::Off,
            PostgresTls::Prefer => Encryption::Prefer,
            PostgresTls::Require => Encryption::Require,
        },
        authority: connection.certificate_authority.as_ref().map(|path| root.join(path)),
        connections: Limits::default().concurrency,
    }
}
