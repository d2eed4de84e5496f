//! BigQuery's protocol. See <https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query>.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Endpoint, Reply, Request, State};

pub(super) fn endpoint(method: &str, path: &[&str]) -> Endpoint {
    match (method, path) {
        ("POST", ["projects", _, "queries"]) => Endpoint::Query,
        ("GET", ["projects", _, "queries", _]) => Endpoint::Results,
        ("GET", ["projects", _, "jobs", _]) => Endpoint::Job,
        ("POST", ["projects", _, "jobs", _, "cancel"]) => Endpoint::Cancel,
        (_, [.., "token"]) => Endpoint::Token,
        _ => Endpoint::Metadata,
    }
}

pub(super) fn error(status: u16, reason: &str, message: &str) -> Value {
    let one = json!({ "reason": reason, "message": message, "domain": "global" });
    json!({ "error": { "code": status, "message": message, "errors": [one], "status": "ERROR" } })
}

impl State {
    pub(super) async fn behave_as_bigquery(&self, request: &Request) -> Reply {
        match request.endpoint {
            Endpoint::Query => self.query(request).await,
            Endpoint::Results => self.results(request).await,
            Endpoint::Job if self.number(request).is_some() => {
                Reply::Json(200, json!({ "statistics": { "query": { "totalBytesBilled": self.billed() } } }))
            }
            Endpoint::Job => Reply::refused(404, "notFound", "Not found: Job"),
            Endpoint::Cancel if self.stop(request) => Reply::Json(200, json!({ "kind": "bigquery#jobCancelResponse" })),
            Endpoint::Cancel => Reply::refused(404, "notFound", "Not found: Job"),
            Endpoint::Metadata | Endpoint::Token => Reply::refused(404, "notFound", "Not found: Table"),
        }
    }

    /// `jobs.query`
    async fn query(&self, request: &Request) -> Reply {
        if request.body["dryRun"] == json!(true) {
            return Reply::Json(
                200,
                json!({ "jobComplete": true, "schema": schema(), "totalBytesProcessed": self.manners.reads.to_string() }),
            );
        }
        let number = self.begin_job(request, request.body["query"].as_str().unwrap_or_default());
        let patience = request.body["timeoutMs"].as_u64().unwrap_or(10_000);
        let mut answer = self.read(number, Duration::from_millis(patience), 0).await;
        // Only the first answer tells the bill.
        if let Reply::Json(200, page) = &mut answer
            && page["jobComplete"] == json!(true)
        {
            page["totalBytesBilled"] = json!(self.billed());
        }
        answer
    }

    /// What every query is billed: at least 10 MiB, rounded up to one.
    fn billed(&self) -> String {
        self.manners.reads.next_multiple_of(1 << 20).max(10 << 20).to_string()
    }

    /// `jobs.getQueryResults`
    async fn results(&self, request: &Request) -> Reply {
        let Some(number) = self.number(request) else { return Reply::refused(404, "notFound", "Not found: Job") };
        let patience = request.query.get("timeoutMs").and_then(|text| text.parse().ok()).unwrap_or(10_000);
        let from = match request.query.get("pageToken").map(|token| token.strip_prefix("from-").map(str::parse)) {
            None => 0,
            Some(Some(Ok(from))) => from,
            Some(_) => return Reply::refused(400, "invalid", "Invalid page token"),
        };
        self.read(number, Duration::from_millis(patience), from).await
    }

    async fn read(&self, number: usize, patience: Duration, from: usize) -> Reply {
        let left = self.job(number).left();
        tokio::time::sleep(left.min(patience)).await;
        let reference = json!({ "projectId": "acme", "jobId": format!("job-{number}"), "location": "EU" });
        if self.job(number).stopped.is_some() {
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
            "totalBytesProcessed": self.manners.reads.to_string(),
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
