//! Jobs of the scripted server: begun once for each request, waited for, read page by page, stopped.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Reply, Request, State, locked};

/// A job.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// The SQL.
    pub(crate) query: String,
    request_id: Option<String>,
    /// When it will be done.
    done: Instant,
    /// When it was stopped.
    pub(crate) stopped: Option<Instant>,
}

impl Job {
    /// Returns whether it runs no longer.
    pub(crate) fn is_over(&self, now: Instant) -> bool {
        self.stopped.is_some() || self.done <= now
    }
}

impl State {
    /// `jobs.query`: begins a job, or finds that of the same request.
    pub(super) async fn begin(&self, request: &Request) -> Reply {
        let text = |key: &str| request.body[key].as_str().map(str::to_owned);
        if request.body["dryRun"] == json!(true) {
            return Reply::Json(
                200,
                json!({ "jobComplete": true, "schema": schema(), "totalBytesProcessed": "12000000" }),
            );
        }
        let number = {
            let mut jobs = locked(&self.jobs);
            let request_id = text("requestId");
            let same = jobs.iter().position(|job| job.request_id.is_some() && job.request_id == request_id);
            same.unwrap_or_else(|| {
                let done = Instant::now() + self.manners.job_takes;
                jobs.push(Job { query: text("query").unwrap_or_default(), request_id, done, stopped: None });
                jobs.len() - 1
            })
        };
        let patience = request.body["timeoutMs"].as_u64().unwrap_or(10_000);
        self.read(number, Duration::from_millis(patience), 0).await
    }

    /// `jobs.getQueryResults`.
    pub(super) async fn results(&self, request: &Request) -> Reply {
        let Some(number) = self.number(request) else { return Reply::refused(404, "notFound", "Not found: Job") };
        let patience = request.query.get("timeoutMs").and_then(|text| text.parse().ok()).unwrap_or(10_000);
        let from = match request.query.get("pageToken").map(|token| token.strip_prefix("from-").map(str::parse)) {
            None => 0,
            Some(Some(Ok(from))) => from,
            Some(_) => return Reply::refused(400, "invalid", "Invalid page token"),
        };
        self.read(number, Duration::from_millis(patience), from).await
    }

    /// `jobs.cancel`.
    pub(super) fn cancel(&self, request: &Request) -> Reply {
        let Some(number) = self.number(request) else { return Reply::refused(404, "notFound", "Not found: Job") };
        locked(&self.jobs)[number].stopped.get_or_insert_with(Instant::now);
        Reply::Json(200, json!({ "kind": "bigquery#jobCancelResponse" }))
    }

    fn number(&self, request: &Request) -> Option<usize> {
        let id = request.path.iter().find_map(|word| word.strip_prefix("job-"))?;
        id.parse().ok().filter(|number| *number < locked(&self.jobs).len())
    }

    async fn read(&self, number: usize, patience: Duration, from: usize) -> Reply {
        let job = locked(&self.jobs)[number].clone();
        let left = job.done.saturating_duration_since(Instant::now());
        tokio::time::sleep(left.min(patience)).await;
        let reference = json!({ "projectId": "acme", "jobId": format!("job-{number}"), "location": "EU" });
        if locked(&self.jobs)[number].stopped.is_some() {
            return Reply::refused(499, "stopped", "Job execution was cancelled");
        }
        if left > patience {
            return Reply::Json(200, json!({ "jobComplete": false, "jobReference": reference }));
        }
        let to = self.manners.rows.min(from + self.manners.page);
        let rows: Vec<Value> = (from..to).map(|row| json!({ "f": [{ "v": row.to_string() }] })).collect();
        let mut page = json!({
            "jobComplete": true,
            "jobReference": reference,
            "schema": schema(),
            "totalRows": self.manners.rows.to_string(),
            "rows": rows,
        });
        if to < self.manners.rows {
            page["pageToken"] = json!(format!("from-{to}"));
        }
        Reply::Json(200, page)
    }
}

fn schema() -> Value {
    json!({ "fields": [{ "name": "n", "type": "INTEGER", "mode": "NULLABLE" }] })
}
