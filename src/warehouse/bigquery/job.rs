//! The life of a query: begun, waited for, read page by page, or stopped.
//!
//! `begin` → [`Running`] with the first page → `rows` → every row.
//!
//! **Invariant:** a job that nobody reads to its end is cancelled, also one whose caller left before its name was known.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use serde::Deserialize;
use tokio::time::Instant;

use super::{
    Google, Shared,
    columns::Columns,
    failure,
    page::{JobReference, Page, Schema, count},
    protocol::Reason,
};
use crate::warehouse::{
    Error, Metered, Rows, Terms,
    rest::{self, Begun, Call, Caller, Fault, Work},
};

/// How long the first answer is waited for. Short: a caller who leaves meanwhile leaves a job whose name nobody knows.
pub(super) const FIRST_PATIENCE: Duration = Duration::from_millis(500);

/// How long an answer of a known job is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// The shortest time between two questions whether a job is done.
const PAUSE: Duration = Duration::from_millis(100);

/// A job of the warehouse.
#[derive(Clone)]
struct Job {
    shared: Arc<Shared>,
    reference: JobReference,
}

/// A query that has begun, with the first answer.
pub(super) struct Running {
    /// Nothing for an answer that came without a job.
    job: Option<Begun<Job>>,
    first: Answer,
}

/// Begins a query. The first call goes on when nobody waits for it any more, so that the job can be stopped.
pub(super) async fn begin(shared: Arc<Shared>, body: Bytes) -> Result<Running, Error> {
    rest::begin(|caller| start(shared, body, caller)).await.ok_or(Error::Cancelled)?.map_err(failure::of)
}

/// Asks what a query would read; no job is begun.
pub(super) async fn estimate(shared: &Shared, body: Bytes) -> Result<Option<u64>, Error> {
    let call = Call::post(vec!["projects", &shared.options.project, "queries"], body);
    let read = |answer: &rest::Answer| {
        let page: Page<'_> = serde_json::from_slice(&answer.body).map_err(|error| Fault::Garbled(error.to_string()))?;
        Ok((page.total_bytes_processed, page.errors))
    };
    match shared.rest.call(&call, read).await.map_err(failure::of)? {
        (None, errors) if !errors.is_empty() => Err(failure::of_job(errors)),
        (bytes, _) => Ok(bytes),
    }
}

async fn start(shared: Arc<Shared>, body: Bytes, caller: Caller) -> Result<Running, Fault> {
    let call = Call::post(vec!["projects", &shared.options.project, "queries"], body);
    // An answer that cannot be read does not tell the job's name; the same request is asked again.
    let mut first = shared.rest.call_for(&caller, &call, |answer| Answer::read(answer, None)).await?;
    let job = |reference| Begun::new(Job { shared: Arc::clone(&shared), reference });
    Ok(Running { job: first.reference.take().map(job), first })
}

/// An answer that was read.
struct Answer {
    is_complete: bool,
    reference: Option<JobReference>,
    /// The rows of this page, where the answer has a schema or one is known.
    columns: Option<Result<Columns, Error>>,
    total: Option<u64>,
    next: Option<String>,
    metered: Metered,
    errors: Vec<Reason>,
}

impl Answer {
    /// Reads an answer; `schema` is that of the pages before it.
    fn read(answer: &rest::Answer, schema: Option<&Schema>) -> Result<Self, Fault> {
        let page: Page<'_> = serde_json::from_slice(&answer.body).map_err(|error| Fault::Garbled(error.to_string()))?;
        let columns = schema.or(page.schema.as_ref()).map(|schema| Columns::read(schema.clone(), page.rows));
        let billed = if page.cache_hit == Some(true) { Some(0) } else { page.total_bytes_billed };
        Ok(Self {
            is_complete: page.job_complete,
            reference: page.job_reference,
            columns,
            total: page.total_rows,
            next: page.next.filter(|token| !token.is_empty()),
            metered: Metered { scanned: page.total_bytes_processed, billed },
            errors: page.errors,
        })
    }
}

impl Running {
    /// Waits for the answer, and tells what it was billed.
    async fn complete(self, terms: &Terms) -> Result<(Option<Begun<Job>>, Answer), Error> {
        let Self { mut job, first: mut answer } = self;
        let mut pause = PAUSE;
        let mut asked = Instant::now();
        while !answer.is_complete {
            let job = known(job.as_deref())?;
            // A server that answers at once is not asked again at once.
            tokio::time::sleep_until(asked + pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
            asked = Instant::now();
            answer = job.page(None, None).await?;
        }
        if let Some(job) = &mut job {
            job.end();
            // The answer of a job that was waited for does not tell its bill.
            if answer.metered.billed.is_none() && terms.most.is_some() {
                answer.metered.billed = job.billed().await;
            }
        }
        terms.meter.tell(answer.metered);
        Ok((job, answer))
    }

    /// Waits until statements that give no rows are done.
    pub(super) async fn done(self, terms: &Terms) -> Result<(), Error> {
        let (job, answer) = self.complete(terms).await?;
        match job {
            // What is told beside an answer may be warnings; the job knows whether it failed.
            Some(job) if !answer.errors.is_empty() => job.is_well().await,
            _ if answer.errors.is_empty() => Ok(()),
            _ => Err(failure::of_job(answer.errors)),
        }
    }

    /// Waits for the answer, tells what it was billed, and reads all of it.
    pub(super) async fn rows(self, terms: &Terms) -> Result<Rows, Error> {
        let (job, mut answer) = self.complete(terms).await?;
        // What is wrong beside columns is a warning.
        let mut columns = match answer.columns.transpose()? {
            Some(columns) if !columns.schema().fields.is_empty() => columns,
            _ => return Err(failure::of_job(answer.errors)),
        };
        while let Some(token) = answer.next {
            answer = known(job.as_deref())?.page(Some(&token), Some(columns.schema())).await?;
            let page = answer.columns.expect("the schema is known")?;
            if answer.next.as_ref() == Some(&token) || page.is_empty() && answer.next.is_some() {
                return Err(unread("its pages have no end"));
            }
            columns.append(page);
        }
        if answer.total.is_some_and(|total| total != columns.len() as u64) {
            return Err(unread("its pages do not hold as many rows as it says"));
        }
        columns.into_rows()
    }
}

fn known(job: Option<&Job>) -> Result<&Job, Error> {
    job.ok_or_else(|| unread("it is not whole and has no job"))
}

fn unread(why: &str) -> Error {
    failure::of(Fault::Garbled(why.to_owned()))
}

impl Job {
    /// Reads a page, the first one if no other is named; waits for the job if it is not done.
    async fn page(&self, token: Option<&str>, schema: Option<&Schema>) -> Result<Answer, Error> {
        let JobReference { project_id, job_id, location } = &self.reference;
        let call = Call::get(vec!["projects", project_id, "queries", job_id])
            .with("location", location.clone())
            .with("timeoutMs", Some(PATIENCE.as_millis().to_string()))
            .with("formatOptions.useInt64Timestamp", Some("true".to_owned()))
            .with("pageToken", token.map(str::to_owned));
        self.shared.rest.call(&call, |answer| Answer::read(answer, schema)).await.map_err(failure::of)
    }

    /// Asks what a job that is done was billed; nothing if that is not said.
    async fn billed(&self) -> Option<u64> {
        match self.ask("statistics(query(totalBytesBilled))").await {
            Ok(done) => done.statistics?.query?.total_bytes_billed,
            Err(fault) => {
                tracing::warn!(?fault, job_id = self.reference.job_id.as_str(), "what a query was billed is not known");
                None
            }
        }
    }

    /// Asks whether a job that is done did not fail.
    async fn is_well(&self) -> Result<(), Error> {
        let done = self.ask("status(errorResult)").await.map_err(failure::of)?;
        match done.status.and_then(|status| status.error_result) {
            Some(reason) => Err(failure::of_job(vec![reason])),
            None => Ok(()),
        }
    }

    /// See <https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/get>.
    async fn ask(&self, fields: &str) -> Result<Done, Fault> {
        let JobReference { project_id, job_id, location } = &self.reference;
        let call = Call::get(vec!["projects", project_id, "jobs", job_id])
            .with("location", location.clone())
            .with("fields", Some(fields.to_owned()));
        let read = |answer: &rest::Answer| {
            serde_json::from_slice(&answer.body).map_err(|error| Fault::Garbled(error.to_string()))
        };
        self.shared.rest.call(&call, read).await
    }
}

/// What is asked of a job that is done.
#[derive(Deserialize)]
struct Done {
    statistics: Option<Statistics>,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    error_result: Option<Reason>,
}

#[derive(Deserialize)]
struct Statistics {
    query: Option<QueryStatistics>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QueryStatistics {
    #[serde(default, deserialize_with = "count")]
    total_bytes_billed: Option<u64>,
}

impl Work for Job {
    type Protocol = Google;

    fn name(&self) -> &str {
        &self.reference.job_id
    }

    async fn stop(self) -> Result<(), Fault> {
        let JobReference { project_id, job_id, location } = &self.reference;
        let call = Call::post(vec!["projects", project_id, "jobs", job_id, "cancel"], Bytes::new())
            .with("location", location.clone());
        self.shared.rest.call(&call, |_| Ok(())).await
    }
}
