//! Snowflake's SQL API. See <https://docs.snowflake.com/en/developer-guide/sql-api/reference>.

use serde_json::{Value, json};

use super::{Endpoint, Reply, Request, State};

pub(super) fn endpoint(method: &str, path: &[&str]) -> Endpoint {
    match (method, path) {
        ("POST", ["api", "v2", "statements"]) => Endpoint::Query,
        ("GET", ["api", "v2", "statements", _]) => Endpoint::Results,
        ("POST", ["api", "v2", "statements", _, "cancel"]) => Endpoint::Cancel,
        _ => Endpoint::Metadata,
    }
}

pub(super) fn error(code: &str, message: &str) -> Value {
    json!({ "code": code, "message": message, "sqlState": "42000" })
}

impl State {
    pub(super) fn behave_as_snowflake(&self, request: &Request) -> Reply {
        match request.endpoint {
            Endpoint::Query => {
                let number = self.begin_job(request, request.body["statement"].as_str().unwrap_or_default());
                if request.query.get("async").is_some_and(|word| word == "true") || !self.job(number).left().is_zero() {
                    running(number)
                } else {
                    self.first_partition(number)
                }
            }
            Endpoint::Results => self.partition(request),
            Endpoint::Cancel if self.stop(request) => {
                Reply::Json(200, json!({ "code": "000604", "message": "stopped" }))
            }
            _ => Reply::refused(404, "000709", "There is no such statement"),
        }
    }

    fn partition(&self, request: &Request) -> Reply {
        let Some(number) = self.number(request) else { return Reply::refused(404, "000709", "There is no statement") };
        let job = self.job(number);
        if job.stopped.is_some() {
            return Reply::refused(422, "000604", "SQL execution canceled");
        }
        if !job.left().is_zero() {
            return running(number);
        }
        match request.query.get("partition").map(|number| number.parse::<usize>()) {
            None | Some(Ok(0)) => self.first_partition(number),
            Some(Ok(nth)) if nth * self.manners.page < self.manners.rows => {
                Reply::Json(200, json!({ "data": self.rows(nth) }))
            }
            Some(_) => Reply::refused(400, "390400", "There is no such partition"),
        }
    }

    fn first_partition(&self, number: usize) -> Reply {
        let (rows, page) = (self.manners.rows, self.manners.page);
        let parts = (0..rows.div_ceil(page).max(1)).map(|nth| json!({ "rowCount": page.min(rows - nth * page) }));
        let described = json!({
            "numRows": rows,
            "format": "jsonv2",
            "rowType": [{ "name": "N", "type": "fixed", "precision": 38, "scale": 0, "nullable": true }],
            "partitionInfo": parts.collect::<Vec<_>>(),
        });
        let handle = format!("job-{number}");
        Reply::Json(
            200,
            json!({
                "code": "090001", "message": "executed", "statementHandle": handle,
                "resultSetMetaData": described, "data": self.rows(0),
            }),
        )
    }

    fn rows(&self, nth: usize) -> Vec<Value> {
        let from = nth * self.manners.page;
        (from..self.manners.rows.min(from + self.manners.page)).map(|row| json!([row.to_string()])).collect()
    }
}

fn running(number: usize) -> Reply {
    let handle = format!("job-{number}");
    let url = format!("/api/v2/statements/{handle}");
    Reply::Json(
        202,
        json!({ "code": "333334", "message": "in progress", "statementHandle": handle, "statementStatusUrl": url }),
    )
}
