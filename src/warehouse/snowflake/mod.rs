//! Snowflake: text and parameters in, columns out, over its SQL API.
//!
//! `Snowflake::new(options)` dials nothing; the first query does. Why not by a client crate: decision 31.
//!
//! **Invariant:** no statement is sent without the time at which the server gives it up.

mod answer;
mod catalog;
mod columns;
mod credentials;
mod failure;
mod jwt;
mod protocol;
mod request;
mod statement;

use std::{sync::Arc, time::Duration};

use self::{
    credentials::Tokens,
    protocol::{SqlApi, address},
};
use super::{Answering, Error, Rows, Terms, Warehouse, rest::Rest};
use crate::{
    catalog::Catalog,
    sql::{Dialect, Text},
};

pub use self::credentials::Credentials;

/// How to reach an account.
#[derive(Clone, Debug)]
pub struct Options {
    /// The identifier of the account, such as `acme-eu`.
    pub account: String,
    /// The virtual warehouse that computes; the user's own unless said.
    pub warehouse: Option<String>,
    /// The database of tables that are named without one.
    pub database: Option<String>,
    /// The schema of tables that are named without one.
    pub schema: Option<String>,
    /// The role that reads; the user's own unless said.
    pub role: Option<String>,
    /// Who asks.
    pub credentials: Credentials,
    /// Another server than Snowflake's.
    pub base_url: Option<String>,
}

/// A Snowflake account; clones share its connections.
#[derive(Clone)]
pub struct Snowflake {
    shared: Arc<Shared>,
}

struct Shared {
    options: Options,
    rest: Rest<SqlApi>,
}

/// The time that a query may take where its request says none.
const DEADLINE: Duration = Duration::from_secs(60);

impl Snowflake {
    /// Makes a client without dialing.
    pub fn new(options: Options) -> Result<Self, Error> {
        let base = options.base_url.clone().unwrap_or_else(|| address(&options.account));
        let api = SqlApi { tokens: Tokens::new(options.credentials.clone(), &options.account) };
        Ok(Self { shared: Arc::new(Shared { rest: Rest::new(&base, api)?, options }) })
    }
}

impl Shared {
    /// Runs a statement to its last row.
    async fn ask(self: &Arc<Self>, text: &Text, terms: &Terms) -> Result<Rows, Error> {
        self.ask_several(text, 1, terms).await
    }

    /// Runs so many statements, which stand in one text; of several the answer only says that they were run.
    async fn ask_several(self: &Arc<Self>, text: &Text, statements: usize, terms: &Terms) -> Result<Rows, Error> {
        let deadline = terms.deadline.unwrap_or(DEADLINE);
        let body = request::document(text, statements, terms, &self.options, deadline);
        let answered = async {
            let running = statement::begin(Arc::clone(self), body).await?;
            running.rows().await
        };
        tokio::time::timeout(deadline, answered).await.unwrap_or(Err(Error::Cancelled))
    }
}

impl Warehouse for Snowflake {
    fn dialect(&self) -> Dialect {
        Dialect::Snowflake
    }

    fn bills_queries(&self) -> bool {
        true
    }

    fn query<'a>(&'a self, text: &'a Text, terms: &'a Terms) -> Answering<'a, Rows> {
        Box::pin(self.shared.ask(text, terms))
    }

    fn estimate<'a>(&'a self, text: &'a Text, terms: &'a Terms) -> Answering<'a, Option<u64>> {
        Box::pin(async move {
            let explained = Text { sql: format!("EXPLAIN USING JSON {}", text.sql), ..text.clone() };
            let rows = self.shared.ask(&explained, terms).await?;
            Ok(answer::assigned_bytes(&rows))
        })
    }

    fn execute<'a>(&'a self, statements: &'a [String], terms: &'a Terms) -> Answering<'a, ()> {
        Box::pin(async move {
            let (sql, count) = script(statements);
            self.shared.ask_several(&Text { sql, parameters: Vec::new() }, count, terms).await.map(drop)
        })
    }

    fn catalog<'a>(&'a self, tables: Option<&'a [String]>) -> Answering<'a, Catalog> {
        Box::pin(catalog::read(&self.shared, tables))
    }
}

/// Returns the text that runs statements, all or none, and how many there are in it. One alone is that anyway, and one that
/// makes a table ends a transaction. The session of a request ends with it, and with the session what was not committed.
/// See <https://docs.snowflake.com/en/developer-guide/sql-api/using-transactions>.
fn script(statements: &[String]) -> (String, usize) {
    match statements {
        [one] => (one.clone(), 1),
        several => (format!("BEGIN TRANSACTION; {}; COMMIT", several.join("; ")), several.len() + 2),
    }
}
