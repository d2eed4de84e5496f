//! BigQuery: text and parameters in, columns out, over its REST protocol.
//!
//! `BigQuery::new(options)` dials nothing; the first query does. Credentials and the documents of requests are those of
//! gcp-bigquery-client; the calls are ours (decision 28).
//!
//! **Invariant:** no query is sent without the most that it may bill, and without the time at which the server gives it
//! up.

mod catalog;
mod columns;
mod credentials;
mod failure;
mod job;
mod nested;
mod page;
mod protocol;
mod request;

use std::{sync::Arc, time::Duration};

use self::{
    credentials::Tokens,
    protocol::{GOOGLE, Google},
    request::Asked,
};
use super::{Answering, Error, Rows, Terms, Warehouse, rest::Rest};
use crate::{
    catalog::Catalog,
    sql::{Dialect, Text},
};

pub use self::credentials::Credentials;

/// How to reach a project.
#[derive(Clone, Debug)]
pub struct Options {
    /// The project that pays.
    pub project: String,
    /// The dataset of tables that are named without one.
    pub dataset: Option<String>,
    /// Where the data lie, such as `EU`.
    pub location: Option<String>,
    /// The most that one query may bill, in bytes.
    pub maximum_bytes_billed: u64,
    /// Who asks.
    pub credentials: Credentials,
    /// Another server than Google's.
    pub base_url: Option<String>,
}

/// A BigQuery project; clones share its connections.
#[derive(Clone)]
pub struct BigQuery {
    shared: Arc<Shared>,
}

struct Shared {
    options: Options,
    rest: Rest<Google>,
}

/// The time that a query may take where its request says none.
const DEADLINE: Duration = Duration::from_secs(60);

impl BigQuery {
    /// Makes a client without dialing.
    pub fn new(options: Options) -> Result<Self, Error> {
        let google = Google { tokens: Tokens::new(options.credentials.clone()) };
        let rest = Rest::new(options.base_url.as_deref().unwrap_or(GOOGLE), google)?;
        Ok(Self { shared: Arc::new(Shared { options, rest }) })
    }
}

impl Warehouse for BigQuery {
    fn dialect(&self) -> Dialect {
        Dialect::BigQuery
    }

    fn bills_queries(&self) -> bool {
        true
    }

    fn most_billed(&self) -> Option<u64> {
        Some(self.shared.options.maximum_bytes_billed)
    }

    fn query<'a>(&'a self, text: &'a Text, terms: &'a Terms) -> Answering<'a, Rows> {
        Box::pin(async move {
            let deadline = terms.deadline.unwrap_or(DEADLINE);
            let asked = Asked { patience: job::FIRST_PATIENCE.min(deadline), deadline, is_dry: false };
            let body = request::document(text, terms, &self.shared.options, asked);
            let answered = async {
                let running = job::begin(Arc::clone(&self.shared), body).await?;
                running.rows(terms).await
            };
            tokio::time::timeout(deadline, answered).await.unwrap_or(Err(Error::Cancelled))
        })
    }

    fn estimate<'a>(&'a self, text: &'a Text, terms: &'a Terms) -> Answering<'a, Option<u64>> {
        Box::pin(async move {
            let deadline = terms.deadline.unwrap_or(DEADLINE);
            let asked = Asked { patience: deadline, deadline, is_dry: true };
            let body = request::document(text, terms, &self.shared.options, asked);
            let estimated = job::estimate(&self.shared, body);
            tokio::time::timeout(deadline, estimated).await.unwrap_or(Err(Error::Cancelled))
        })
    }

    fn execute<'a>(&'a self, statements: &'a [String], terms: &'a Terms) -> Answering<'a, ()> {
        Box::pin(async move {
            let deadline = terms.deadline.unwrap_or(DEADLINE);
            let asked = Asked { patience: job::FIRST_PATIENCE.min(deadline), deadline, is_dry: false };
            let text = Text { sql: script(statements), parameters: Vec::new() };
            let body = request::document(&text, terms, &self.shared.options, asked);
            let done = async {
                let running = job::begin(Arc::clone(&self.shared), body).await?;
                running.done(terms).await
            };
            tokio::time::timeout(deadline, done).await.unwrap_or(Err(Error::Cancelled))
        })
    }

    fn catalog<'a>(&'a self, tables: Option<&'a [String]>) -> Answering<'a, Catalog> {
        Box::pin(catalog::read(&self.shared, tables))
    }
}

/// Returns the script that runs statements, all or none. One alone is that anyway, and may be one that no transaction takes;
/// a script that fails before its end puts its transaction back.
/// See <https://cloud.google.com/bigquery/docs/transactions>.
fn script(statements: &[String]) -> String {
    match statements {
        [one] => one.clone(),
        several => format!("BEGIN TRANSACTION; {}; COMMIT TRANSACTION", several.join("; ")),
    }
}
