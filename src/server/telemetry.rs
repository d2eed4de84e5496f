//! Counts and the log.
//!
//! **Invariant:** labels have few values, all known beforehand, so that no caller can make the number of series grow;
//! no row, filter value or header is in a count or a log line.

use std::{io::IsTerminal, sync::Arc, time::Duration};

use axum::http::StatusCode;
use metrics::{Counter, Gauge, Histogram, Key, Label, Level, Metadata, Recorder, SharedString, Unit};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle, PrometheusRecorder};
use tracing_subscriber::{EnvFilter, filter::LevelFilter};

use super::LogFormat;
use crate::{
    engine::{Answered, CacheOutcome, Engine, Failure},
    plan::{PlanError, PlanErrorCode},
};

/// Upper bounds of the histograms, in seconds: from a cached answer to the deadline.
const SECONDS: [f64; 16] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0];

const METADATA: Metadata<'static> = Metadata::new("entente", Level::INFO, None);

/// What a request was for, as a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// `/graphql`
    Graphql,
    /// The catalogue, GraphiQL and what belongs to them.
    Pages,
    /// Health, readiness and counts.
    Operations,
}

impl Route {
    const ALL: [Self; 3] = [Self::Graphql, Self::Pages, Self::Operations];

    fn name(self) -> &'static str {
        match self {
            Self::Graphql => "graphql",
            Self::Pages => "pages",
            Self::Operations => "operations",
        }
    }
}

/// The counts of one server.
pub(super) struct Telemetry {
    recorder: Arc<PrometheusRecorder>,
    handle: PrometheusHandle,
    /// By route and by the first digit of the status, 2 to 5.
    requests: [[Counter; 4]; 3],
    request_seconds: [Histogram; 3],
    answers: [Counter; 3],
    failures: [Counter; 7],
    good_loads: Counter,
    bad_loads: Counter,
    project_ok: Gauge,
    cache_entries: Gauge,
    cache_bytes: Gauge,
    /// By what they are: expected, read, billed.
    query_bytes: [Counter; 3],
    budget_refusals: Counter,
    spent_bytes: Gauge,
    spending_callers: Gauge,
}

impl Telemetry {
    pub(super) fn new() -> Self {
        let recorder = PrometheusBuilder::new().set_buckets(&SECONDS).expect("there are buckets").build_recorder();
        let handle = recorder.handle();
        let counter = |name: &'static str, labels: Vec<Label>| {
            recorder.register_counter(&Key::from_parts(name, labels), &METADATA)
        };
        let label = Label::from_static_parts;
        let requests = Route::ALL.map(|route| {
            ["2xx", "3xx", "4xx", "5xx"].map(|status| {
                counter("entente_requests_total", vec![label("route", route.name()), label("status", status)])
            })
        });
        let request_seconds = Route::ALL.map(|route| {
            let key = Key::from_parts("entente_request_seconds", vec![label("route", route.name())]);
            recorder.register_histogram(&key, &METADATA)
        });
        let answers = ["hit", "miss", "shared"].map(|way| counter("entente_answers_total", vec![label("cache", way)]));
        let reasons = ["refused", "forbidden", "unavailable", "timeout", "cancelled", "warehouse_refused", "internal"];
        let failures = reasons.map(|reason| counter("entente_answer_failures_total", vec![label("reason", reason)]));
        let loads =
            ["ok", "broken"].map(|outcome| counter("entente_project_loads_total", vec![label("outcome", outcome)]));
        let [good_loads, bad_loads] = loads;
        let gauge = |name: &'static str| recorder.register_gauge(&Key::from_static_name(name), &METADATA);
        let telemetry = Self {
            project_ok: gauge("entente_project_ok"),
            cache_entries: gauge("entente_cache_entries"),
            cache_bytes: gauge("entente_cache_bytes"),
            query_bytes: ["estimated", "scanned", "billed"]
                .map(|kind| counter("entente_query_bytes_total", vec![label("kind", kind)])),
            budget_refusals: counter("entente_budget_refusals_total", Vec::new()),
            spent_bytes: gauge("entente_spent_bytes_today"),
            spending_callers: gauge("entente_spending_callers_today"),
            handle,
            requests,
            request_seconds,
            answers,
            failures,
            good_loads,
            bad_loads,
            recorder: Arc::new(recorder),
        };
        telemetry.describe();
        telemetry
    }

    fn describe(&self) {
        let recorder = &self.recorder;
        let text = SharedString::const_str;
        recorder.describe_counter("entente_requests_total".into(), None, text("Requests by route and status."));
        recorder.describe_histogram(
            "entente_request_seconds".into(),
            Some(Unit::Seconds),
            text("Time from the head of a request to its answer, without sending it."),
        );
        recorder.describe_counter("entente_answers_total".into(), None, text("Metric queries answered, by cache."));
        recorder.describe_counter("entente_answer_failures_total".into(), None, text("Metric queries not answered."));
        recorder.describe_counter("entente_project_loads_total".into(), None, text("Loads of the project's files."));
        recorder.describe_gauge(
            "entente_project_ok".into(),
            None,
            text("Whether the files as they are make the project that is served: 1, or 0 for the last good one."),
        );
        recorder.describe_gauge("entente_cache_entries".into(), None, text("Answers that are kept."));
        recorder.describe_gauge("entente_cache_bytes".into(), Some(Unit::Bytes), text("Bytes of answers kept."));
        let bytes = "Bytes of queries: estimated, and as the warehouse says scanned and billed.";
        recorder.describe_counter("entente_query_bytes_total".into(), Some(Unit::Bytes), text(bytes));
        recorder.describe_counter("entente_budget_refusals_total".into(), None, text("Queries beyond a budget."));
        let spent = "Bytes spent of budgets on this day of UTC, what runs included.";
        recorder.describe_gauge("entente_spent_bytes_today".into(), Some(Unit::Bytes), text(spent));
        let callers = "Callers who spent of budgets on this day of UTC.";
        recorder.describe_gauge("entente_spending_callers_today".into(), None, text(callers));
    }

    pub(super) fn request(&self, route: Route, status: StatusCode, took: Duration) {
        let class = usize::from(status.as_u16() / 100).clamp(2, 5) - 2;
        self.requests[route as usize][class].increment(1);
        self.request_seconds[route as usize].record(took.as_secs_f64());
    }

    pub(super) fn answer(&self, outcome: Result<&Answered, &Failure>) {
        match outcome {
            Ok(answered) => match answered.cache {
                CacheOutcome::Hit => self.answers[0].increment(1),
                CacheOutcome::Miss => self.answers[1].increment(1),
                CacheOutcome::Shared => self.answers[2].increment(1),
            },
            Err(failure) => {
                if let Failure::Refused(PlanError { code: PlanErrorCode::CostExceeded, .. }) = failure {
                    self.budget_refusals.increment(1);
                }
                let position = match failure {
                    Failure::Refused(_) => 0,
                    Failure::Forbidden => 1,
                    Failure::Unavailable => 2,
                    Failure::Timeout => 3,
                    Failure::Cancelled => 4,
                    Failure::WarehouseRefused(_) => 5,
                    Failure::Internal => 6,
                };
                self.failures[position].increment(1);
            }
        }
    }

    pub(super) fn good_load(&self) {
        self.good_loads.increment(1);
        self.project_ok.set(1.0);
    }

    pub(super) fn broken_load(&self) {
        self.bad_loads.increment(1);
        self.project_ok.set(0.0);
    }

    /// Writes all counts in the text format of Prometheus.
    #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
    pub(super) fn render(&self, engine: &Engine) -> String {
        let (entries, bytes) = engine.kept();
        self.cache_entries.set(entries as f64);
        self.cache_bytes.set(bytes as f64);
        let (spent, callers) = engine.spent();
        self.spent_bytes.set(spent as f64);
        self.spending_callers.set(callers as f64);
        let read = engine.read_bytes();
        for (counter, bytes) in self.query_bytes.iter().zip([read.estimated, read.scanned, read.billed]) {
            counter.absolute(bytes);
        }
        self.handle.render()
    }

    /// Empties the buffers of the histograms, which otherwise grow until somebody reads them.
    pub(super) fn upkeep(&self) {
        self.handle.run_upkeep();
    }
}

/// Starts the log of this process. A log that was started before stays.
pub(super) fn start_log(format: LogFormat) {
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let _ = match format {
        LogFormat::Text => log.with_target(false).try_init(),
        LogFormat::Json => log.json().flatten_event(true).try_init(),
        LogFormat::Off => return,
    };
}
