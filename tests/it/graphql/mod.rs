//! GraphQL without a warehouse: what is refused, what is planned, what is written.

mod cube;
mod cursors;
mod fuzz;
mod limits;
mod merging;
mod requests;
mod schema;
mod validation;

use std::{
    future::Future,
    path::Path,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use entente::{
    cache::Fingerprint,
    engine::{Answer, Answered, Beside, CacheOutcome, Failure, load_project},
    graphql::{Api, Compiled, Pending, Reply, Request, Source},
    plan::{self, ColumnRole, KeyKind, OutputColumn, Plan, PlanError, Principal},
    project::Project,
    sql::{Dialect, Select},
    time::{DateRange, DateTime, Utc},
    warehouse::{ColumnData, Rows},
};
use serde_json::{Value, json};

/// A source that remembers what it was asked, and answers every metric with one big number.
pub(super) struct Recorder {
    asked: Mutex<Vec<plan::Request>>,
    rows: usize,
    /// What every metric is, if not the number.
    told: Option<ColumnData>,
    /// Whether the total comes with the rows.
    gives_total: bool,
    refuse: Option<fn(&plan::Request) -> Option<Failure>>,
    version: Fingerprint,
    data_version: u64,
    now: DateTime<Utc>,
}

impl Default for Recorder {
    fn default() -> Self {
        let now = "2026-01-15T12:00:00Z".parse().expect("a moment");
        Self {
            asked: Mutex::default(),
            rows: 1,
            told: None,
            gives_total: false,
            refuse: None,
            version: Fingerprint::of(&1),
            data_version: 0,
            now,
        }
    }
}

impl Recorder {
    /// Returns what was asked, in order.
    fn asked(&self) -> Vec<plan::Request> {
        self.asked.lock().expect("no panic").clone()
    }

    fn plan(&self, request: &plan::Request) -> Plan {
        let key = |key: &plan::Key| match &key.kind {
            KeyKind::Time(granularity) => ColumnRole::Time(*granularity),
            KeyKind::TimePart(part) => ColumnRole::TimePart(*part),
            KeyKind::Dimension { granularity, .. } => ColumnRole::Dimension(*granularity),
        };
        let column = |name: &String, role| OutputColumn {
            name: name.clone(),
            role,
            column_type: entente::catalog::ColumnType::Integer,
        };
        let keys = request.keys.iter().map(|each| column(&each.name, key(each)));
        let metrics = request.metrics.iter().enumerate();
        let metrics = metrics.map(|(index, metric)| column(&metric.name, ColumnRole::Metric(index)));
        Plan {
            select: Select::default(),
            columns: keys.chain(metrics).collect(),
            range: request.time.as_ref().map_or_else(DateRange::default, |time| {
                time.to_dates(self.now.date_naive(), entente::time::Calendar::default()).unwrap_or_default()
            }),
            time_zone: request.time_zone.unwrap_or(entente::time::Tz::UTC),
            pruning: Vec::new(),
            joins: Vec::new(),
            rollups: Vec::new(),
            axes: Vec::new(),
            order: vec![(0, false, false)],
            overlapping: false,
            warnings: Vec::new(),
            explanation: plan::Explanation::default(),
        }
    }
}

impl Source for Recorder {
    fn answer<'a>(
        &'a self,
        request: &'a plan::Request,
        _: &'a Beside<'_>,
        _: &'a Principal,
    ) -> Pending<'a, Result<Answered, Failure>> {
        self.asked.lock().expect("no panic").push(request.clone());
        if let Some(failure) = self.refuse.and_then(|refuse| refuse(request)) {
            return Box::pin(std::future::ready(Err(failure)));
        }
        let plan = self.plan(request);
        let limit = request.limit.map_or(usize::MAX, |limit| usize::try_from(limit).expect("small"));
        let len = if request.keys.is_empty() { 1 } else { self.rows.min(limit) };
        let column = |column: &OutputColumn| match column.role {
            ColumnRole::Metric(_) => {
                let number = || ColumnData::Integer(vec![Some(9_007_199_254_740_993); len]);
                self.told.clone().unwrap_or_else(number)
            }
            ColumnRole::Time(_) => {
                ColumnData::Date((0..len).map(|row| Some(20_454 + i32::try_from(row).expect("few rows"))).collect())
            }
            _ if column.name.ends_with("is_paid") => ColumnData::Boolean(vec![Some(true); len]),
            _ => ColumnData::String((0..len).map(|row| Some(format!("value {row}"))).collect()),
        };
        let rows = Rows { columns: plan.columns.iter().map(column).collect(), len };
        let total = request.total.then(|| {
            let one = ColumnData::Integer(vec![Some(7)]);
            let rows = Rows { columns: vec![one; request.metrics.len()], len: 1 };
            let only_metrics = plan::Request { keys: Vec::new(), ..request.clone() };
            Arc::new(Answer::new(Arc::new(self.plan(&only_metrics)), Arc::new(rows), self.now, self.now))
        });
        let answer = Answer::new(Arc::new(plan), Arc::new(rows), self.now, self.now);
        let answer = Arc::new(Answer { total, ..answer });
        Box::pin(std::future::ready(Ok(Answered { answer, cache: CacheOutcome::Miss })))
    }

    fn gives_total<'a>(&'a self, _: &'a plan::Request, _: &'a Beside<'_>, _: &'a Principal) -> Pending<'a, bool> {
        Box::pin(std::future::ready(self.gives_total))
    }

    fn compile<'a>(
        &'a self,
        request: &'a plan::Request,
        _: &'a Principal,
        _: Option<Dialect>,
    ) -> Pending<'a, Result<Compiled, Failure>> {
        let compiled = match self.refuse.and_then(|refuse| refuse(request)) {
            Some(failure) => Err(failure),
            None => Ok(Compiled {
                plan: self.plan(request),
                text: entente::sql::Text { sql: "SELECT 1".to_owned(), parameters: Vec::new() },
                dialect: Dialect::DuckDb,
            }),
        };
        Box::pin(std::future::ready(compiled))
    }

    fn now(&self) -> DateTime<Utc> {
        self.now
    }

    fn version(&self) -> Fingerprint {
        self.version
    }

    fn data_version(&self) -> u64 {
        self.data_version
    }
}

/// The project of `tests/shop`.
fn shop() -> Arc<Project> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/shop");
    load_project(&root).project.expect("the shop has no error")
}

fn api() -> Api {
    Api::new(shop())
}

/// Waits for a future that nobody has to wake.
fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    for _ in 0..100_000 {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return output;
        }
    }
    panic!("the future waits for something");
}

fn reply(api: &Api, source: &Recorder, query: &str, variables: &Value) -> Reply {
    let variables = variables.as_object().expect("an object").clone();
    let request = Request { query: query.to_owned(), variables, ..Request::default() };
    wait(api.execute(source, request, &Principal::default()))
}

/// Answers a document and returns the response.
fn respond(api: &Api, source: &Recorder, query: &str, variables: &Value) -> Value {
    serde_json::from_slice(&reply(api, source, query, variables).to_bytes()).expect("a response is JSON")
}

/// Answers a document over the shop, with a new source.
fn ask(query: &str) -> Value {
    respond(&api(), &Recorder::default(), query, &json!({}))
}

/// Returns the code of the first error.
fn code(response: &Value) -> &str {
    response["errors"][0]["extensions"]["code"].as_str().unwrap_or("none")
}

/// Returns what a document asks of the source.
fn asked(query: &str) -> Vec<plan::Request> {
    let source = Recorder::default();
    let response = respond(&api(), &source, query, &json!({}));
    assert!(response.get("errors").is_none(), "{response}");
    source.asked()
}

fn refusal(code: plan::PlanErrorCode, message: &str) -> Failure {
    Failure::Refused(PlanError::new(code, message))
}
