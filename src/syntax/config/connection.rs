//! The connections of the project file, by their `type`.
//!
//! `{ type: postgres, host: db, database: marts, password: ${PASSWORD} }` → [`PostgresConnection`].
//!
//! **Invariant:** a password is shown nowhere.

use std::fmt;

use super::{bigquery::BigQueryConnection, snowflake::SnowflakeConnection};
use crate::{diagnostics::Diagnostics, syntax::keys::Fields};

/// How to reach a warehouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// A DuckDB file, or a folder of CSV and Parquet files.
    DuckDb {
        /// The file or folder, relative to the project file.
        path: String,
    },
    /// A BigQuery project.
    BigQuery(BigQueryConnection),
    /// A Snowflake account.
    Snowflake(SnowflakeConnection),
    /// A Postgres database.
    Postgres(PostgresConnection),
}

/// How to reach a Postgres database.
#[derive(Clone, PartialEq, Eq)]
pub struct PostgresConnection {
    /// The server, or the folder of its socket.
    pub host: String,
    /// Its port.
    pub port: Option<u16>,
    /// The database.
    pub database: String,
    /// The user who logs in.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<String>,
    /// Whether the connection is encrypted.
    pub tls: PostgresTls,
    /// A file of certificates against which the server is checked, relative to the project file.
    pub certificate_authority: Option<String>,
}

/// Whether a connection to Postgres is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PostgresTls {
    /// Never.
    Off,
    /// Where the server can.
    #[default]
    Prefer,
    /// Always.
    Require,
}

impl fmt::Debug for PostgresConnection {
    /// Leaves the password out, so that it ends in no log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, port, database, user, tls, .. } = self;
        let mut shown = f.debug_struct("PostgresConnection");
        shown.field("host", host).field("port", port).field("database", database).field("user", user);
        shown.field("tls", tls).finish_non_exhaustive()
    }
}

impl Connection {
    pub(super) fn from_fields(mut fields: Fields, diagnostics: &mut Diagnostics) -> Self {
        let mut value = |key: &str| fields.text(key);
        let kind = value("type").expect("the table requires a type");
        match kind.value.as_str() {
            "duckdb" => {
                let path = value("path").expect("the table requires a path");
                return Self::DuckDb { path: path.value };
            }
            "snowflake" => return Self::Snowflake(SnowflakeConnection::from_fields(fields, diagnostics)),
            "postgres" => {
                let mut optional = |key: &str| fields.text(key).map(|text| text.value);
                let (user, password) = (optional("user"), optional("password"));
                let certificate_authority = optional("certificate_authority");
                let tls = match optional("tls").as_deref() {
                    Some("off") => PostgresTls::Off,
                    Some("require") => PostgresTls::Require,
                    _ => PostgresTls::Prefer,
                };
                return Self::Postgres(PostgresConnection {
                    host: fields.required_text("host").value,
                    port: fields.integer("port").and_then(|port| u16::try_from(port.value).ok()),
                    database: fields.required_text("database").value,
                    user,
                    password,
                    tls,
                    certificate_authority,
                });
            }
            _ => {}
        }
        Self::BigQuery(BigQueryConnection::from_fields(fields, diagnostics))
    }
}
