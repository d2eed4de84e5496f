//! The BigQuery driver against a server that fails by script.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use entente::{
    sql::Text,
    warehouse::{
        Error, Rows, Terms, Warehouse,
        bigquery::{BigQuery, Credentials, Options},
    },
};
use serde_json::json;
use tokio::runtime::Runtime;

use super::scripted::{Endpoint, Manners, Reply, Request, Server};

fn options(server: &Server) -> Options {
    Options {
        project: "acme".to_owned(),
        dataset: Some("marts".to_owned()),
        location: Some("EU".to_owned()),
        maximum_bytes_billed: 5_000_000_000,
        credentials: Credentials::None,
        base_url: Some(server.address().to_owned()),
    }
}

fn one() -> Text {
    Text { sql: "SELECT 1".to_owned(), parameters: Vec::new() }
}

/// What came of a query, how long it took, and what the server saw.
struct Outcome {
    answer: Result<Rows, Error>,
    took: Duration,
    server: Server,
}

/// Asks a server with these manners and this script.
fn ask(
    manners: Manners,
    deadline: Duration,
    script: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
) -> Outcome {
    Runtime::new().expect("threads").block_on(async {
        let server = Server::start(manners, Box::new(script)).await;
        let driver = BigQuery::new(options(&server)).expect("nothing is dialed yet");
        let terms = Terms { deadline: Some(deadline), ..Terms::default() };
        let begun = Instant::now();
        let answer = driver.query(&one(), &terms).await;
        let took = begun.elapsed();
        // What is stopped after the answer has a moment to be stopped.
        for _ in 0..40 {
            if server.running() == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Outcome { answer, took, server }
    })
}

/// The time that most of the queries here have; more than the waits between attempts come to.
const LONG: Duration = Duration::from_secs(20);
/// The time of those that end by it.
const SHORT: Duration = Duration::from_secs(2);

fn first(nth: usize, reply: Reply) -> Option<Reply> {
    (nth == 0).then_some(reply)
}

type Step = fn(&Request, usize) -> Option<Reply>;

/// What passes: the answer is right all the same, after so many requests of the endpoint.
const PASSING: &[(&str, Endpoint, Step)] = &[
    ("503 backendError", Endpoint::Query, |_, nth| first(nth, Reply::refused(503, "backendError", "try again"))),
    ("500 internalError", Endpoint::Query, |_, nth| first(nth, Reply::refused(500, "internalError", "oops"))),
    ("403 rateLimitExceeded", Endpoint::Query, |_, nth| first(nth, Reply::refused(403, "rateLimitExceeded", "slow"))),
    ("429 with a wait", Endpoint::Query, |_, nth| first(nth, Reply::RetryAfter(429, "rateLimitExceeded", 1))),
    ("502 of a proxy", Endpoint::Query, |_, nth| first(nth, Reply::Html(502))),
    ("an answer cut short", Endpoint::Query, |_, nth| first(nth, Reply::Truncated(None))),
    ("words that are no document", Endpoint::Query, |_, nth| first(nth, Reply::Nonsense)),
    ("a reset", Endpoint::Query, |_, nth| first(nth, Reply::Reset)),
    ("a reset after the job began", Endpoint::Query, |_, nth| first(nth, Reply::Unheard)),
    ("503 while waiting", Endpoint::Results, |_, nth| first(nth, Reply::refused(503, "backendError", "try again"))),
    ("a page cut short", Endpoint::Results, |_, nth| first(nth, Reply::Truncated(None))),
    ("a reset while waiting", Endpoint::Results, |_, nth| first(nth, Reply::Reset)),
];

#[test]
fn what_passes_ends_in_the_right_answer() {
    for (name, endpoint, step) in PASSING {
        let manners = Manners {
            job_takes: if *endpoint == Endpoint::Results { Duration::from_millis(700) } else { Duration::ZERO },
            rows: 5,
            page: 2,
            ..Manners::default()
        };
        let outcome =
            ask(manners, LONG, |request, nth| if request.endpoint == *endpoint { step(request, nth) } else { None });
        let rows = outcome.answer.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(rows.to_csv(&["n"]), "n\n0\n1\n2\n3\n4\n", "{name}");
        assert_eq!(outcome.server.jobs().len(), 1, "{name}: a request that comes twice is one job");
        let queries = outcome.server.seen(Endpoint::Query);
        let ids: Vec<&str> = queries.iter().filter_map(|request| request.body["requestId"].as_str()).collect();
        assert!(ids.iter().all(|id| id == &ids[0]), "{name}: {ids:?}");
        assert_eq!(queries.len(), if *endpoint == Endpoint::Query { 2 } else { 1 }, "{name}");
        assert_eq!(outcome.server.running(), 0, "{name}");
    }
}

#[test]
fn a_wait_that_the_server_asks_for_is_kept() {
    let outcome = ask(Manners::default(), LONG, |request, nth| match request.endpoint {
        Endpoint::Query => first(nth, Reply::RetryAfter(503, "backendError", 1)),
        _ => None,
    });
    assert!(outcome.answer.is_ok());
    assert!(outcome.took >= Duration::from_secs(1), "{:?}", outcome.took);
}

/// Reasons that stay: what is said of them, and the meaning of the error.
const STAYING: &[(u16, &str, &str)] = &[
    (400, "invalidQuery", "the warehouse refused the query: it is not valid SQL, or mixes types that do not fit"),
    (400, "invalid", "the warehouse refused the query: it is not valid"),
    (
        403,
        "accessDenied",
        "the warehouse refused the query: the account may not read a table, or run queries in the project",
    ),
    (
        404,
        "notFound",
        "the warehouse refused the query: it names a project, dataset or table that is not there, or not in this location",
    ),
    (
        400,
        "bytesBilledLimitExceeded",
        "the warehouse refused the query: it would bill more than `maximum_bytes_billed` allows",
    ),
    (400, "resourcesExceeded", "the warehouse refused the query: it needs more than BigQuery gives one query"),
    (403, "responseTooLarge", "the warehouse refused the query: its answer is too large"),
    (403, "quotaExceeded", "the warehouse cannot be reached: a quota of the project is used up"),
    (403, "billingNotEnabled", "the warehouse cannot be reached: the project may not run queries"),
    (409, "stopped", "the query was cancelled"),
];

#[test]
fn what_is_refused_is_asked_once() {
    for (status, reason, says) in STAYING {
        let outcome = ask(Manners::default(), LONG, |request, _| match request.endpoint {
            Endpoint::Query => Some(Reply::refused(*status, reason, "secret_table is unwell")),
            _ => None,
        });
        let error = outcome.answer.expect_err(reason);
        assert_eq!(error.to_string(), *says, "{reason}");
        assert!(!error.to_string().contains("secret_table"), "the server's words are for the log");
        if matches!(error, Error::Refused(_)) {
            assert_eq!(error.detail(), Some("secret_table is unwell"), "{reason}");
        }
        assert_eq!(outcome.server.seen(Endpoint::Query).len(), 1, "{reason} is never asked again");
    }
}

#[test]
fn a_job_that_fails_while_it_runs_is_told_by_its_reason() {
    let manners = || Manners { job_takes: Duration::from_secs(60), ..Manners::default() };
    let outcome = ask(manners(), LONG, |request, _| match request.endpoint {
        Endpoint::Results => Some(Reply::refused(400, "resourcesExceeded", "too much")),
        _ => None,
    });
    assert_eq!(
        outcome.answer.expect_err("it failed").to_string(),
        "the warehouse refused the query: it needs more than BigQuery gives one query"
    );
    assert_eq!(outcome.server.seen(Endpoint::Results).len(), 1);
    let told_inside = ask(manners(), LONG, |request, _| match request.endpoint {
        Endpoint::Results => {
            let errors = json!([{ "reason": "invalidQuery", "message": "division by zero" }]);
            Some(Reply::Json(200, json!({ "jobComplete": true, "schema": { "fields": [] }, "errors": errors })))
        }
        _ => None,
    });
    let error = told_inside.answer.expect_err("it failed");
    assert_eq!(error.detail(), Some("division by zero"));
}

/// What never gets better: the error comes within the time of the request, or sooner.
const HOPELESS: &[(&str, Step, &str)] = &[
    ("always 503", |_, _| Some(Reply::refused(503, "backendError", "no")), "BigQuery is in trouble"),
    ("always 429", |_, _| Some(Reply::refused(429, "rateLimitExceeded", "no")), "the project asks too much at once"),
    ("always nonsense", |_, _| Some(Reply::Nonsense), "its answer cannot be read"),
    ("always reset", |_, _| Some(Reply::Reset), "error"),
    ("a wait without end", |_, _| Some(Reply::RetryAfter(503, "backendError", 3600)), "the query was cancelled"),
    ("silence", |_, _| Some(Reply::Silence), "the query was cancelled"),
    ("a byte now and then", |_, _| Some(Reply::Dripping(None)), "the query was cancelled"),
    ("an answer that is late", |_, _| Some(Reply::Late(Duration::from_secs(60))), "the query was cancelled"),
];

#[test]
fn what_never_gets_better_ends_with_the_time_of_the_request() {
    for (name, step, says) in HOPELESS {
        for endpoint in [Endpoint::Query, Endpoint::Results] {
            let takes = if endpoint == Endpoint::Results { Duration::from_secs(60) } else { Duration::ZERO };
            let outcome = ask(Manners { job_takes: takes, ..Manners::default() }, SHORT, move |request, nth| {
                if request.endpoint == endpoint { step(request, nth) } else { None }
            });
            let error = outcome.answer.expect_err(name).to_string();
            let in_time = error == "the query was cancelled";
            assert!(error.contains(says) || in_time, "{name} of {endpoint:?}: {error}");
            assert!(outcome.took < SHORT + Duration::from_millis(250), "{name} of {endpoint:?}: {:?}", outcome.took);
            assert!(outcome.server.seen(endpoint).len() <= 4, "{name} of {endpoint:?}");
            if endpoint == Endpoint::Results {
                assert_eq!(outcome.server.running(), 0, "{name}: the job was stopped");
            }
        }
    }
}

#[test]
fn a_job_without_end_is_stopped_when_its_time_is_over() {
    let outcome = ask(Manners { job_takes: Duration::from_secs(600), ..Manners::default() }, SHORT, |request, _| {
        // It answers at once, and never that it is done.
        let reference = json!({ "projectId": "acme", "jobId": "job-0" });
        (request.endpoint == Endpoint::Results)
            .then(|| Reply::Json(200, json!({ "jobComplete": false, "jobReference": reference })))
    });
    assert!(matches!(outcome.answer, Err(Error::Cancelled)));
    assert!(outcome.took < SHORT + Duration::from_millis(250), "{:?}", outcome.took);
    assert_eq!(outcome.server.running(), 0);
    let asked = outcome.server.seen(Endpoint::Results).len();
    assert!(asked <= 8, "it is asked with pauses, not {asked} times");
    assert_eq!(outcome.server.seen(Endpoint::Cancel)[0].query["location"], "EU");
}

type Change = fn(&mut serde_json::Value);

#[test]
fn pages_that_are_wrong_are_no_answer() {
    let pages: [(&str, Change); 5] = [
        ("the same token again", |page| page["pageToken"] = json!("from-2")),
        ("no end", |page| {
            page["pageToken"] = json!("from-4");
            page["rows"] = json!([]);
        }),
        ("a page that is missing", |page| {
            page.as_object_mut().expect("a page").remove("pageToken");
        }),
        ("rows of another length", |page| page["rows"] = json!([{ "f": [{ "v": "1" }, { "v": "2" }] }])),
        ("a token that is refused", |page| page["pageToken"] = json!("elsewhere")),
    ];
    for (name, change) in pages {
        let outcome = ask(Manners { rows: 6, page: 2, ..Manners::default() }, LONG, move |request, _| {
            (request.endpoint == Endpoint::Results).then_some(Reply::Changed(change))
        });
        let error = outcome.answer.expect_err(name);
        assert!(matches!(error, Error::Unavailable(_) | Error::Refused(_)), "{name}: {error}");
    }
    let odd = ask(Manners::default(), LONG, |request, _| {
        (request.endpoint == Endpoint::Query)
            .then_some(Reply::Changed(|page| page["rows"][1]["f"][0]["v"] = json!("x")))
    });
    assert_eq!(
        odd.answer.expect_err("no number").to_string(),
        "the warehouse refused the query: a value of column `n` cannot be carried exactly"
    );
}

#[test]
fn every_query_says_what_it_may_cost_and_for_whom() {
    let seen = Runtime::new().expect("threads").block_on(async {
        let server = Server::start(Manners::default(), Box::new(|_, _| None)).await;
        let driver = BigQuery::new(options(&server)).expect("nothing is dialed yet");
        let terms = Terms { deadline: Some(Duration::from_secs(30)), ..Terms::default() };
        let terms = terms.label("metrics", "Revenue_on time").label("definitions", "5f3a");
        driver.query(&one(), &terms).await.expect("an answer");
        server.seen(Endpoint::Query).remove(0).body
    });
    assert_eq!(seen["maximumBytesBilled"], "5000000000");
    assert_eq!(seen["jobTimeoutMs"], "30000");
    assert_eq!(seen["location"], "EU");
    assert_eq!(seen["defaultDataset"], json!({ "projectId": "acme", "datasetId": "marts" }));
    assert_eq!(seen["labels"], json!({ "metrics": "revenue_on-time", "definitions": "5f3a" }));
    assert_eq!(seen["useLegacySql"], false);
    assert_eq!(seen["formatOptions"], json!({ "useInt64Timestamp": true }));
    assert_eq!(seen["requestId"].as_str().map(str::len), Some(32));
}

#[test]
fn an_estimate_runs_nothing_and_is_bounded_by_nothing() {
    Runtime::new().expect("threads").block_on(async {
        let server = Server::start(Manners::default(), Box::new(|_, _| None)).await;
        let driver = BigQuery::new(options(&server)).expect("nothing is dialed yet");
        let bytes = driver.estimate(&one(), &Terms::default()).await.expect("an answer");
        assert_eq!(bytes, Some(12_000_000));
        let asked = server.seen(Endpoint::Query).remove(0).body;
        assert_eq!((&asked["dryRun"], &asked["maximumBytesBilled"]), (&json!(true), &json!(null)));
        assert!(server.jobs().is_empty());
    });
}

#[test]
fn a_thousand_clients_who_leave_leave_no_job() {
    const CLIENTS: u64 = 1000;
    Runtime::new().expect("threads").block_on(async {
        let manners = Manners { job_takes: Duration::from_secs(600), ..Manners::default() };
        let server = Server::start(manners, Box::new(|_, _| None)).await;
        let driver = BigQuery::new(options(&server)).expect("nothing is dialed yet");
        let left: Arc<Mutex<Vec<(String, Instant)>>> = Arc::default();
        let mut clients = tokio::task::JoinSet::new();
        for client in 0..CLIENTS {
            let (driver, left) = (driver.clone(), Arc::clone(&left));
            clients.spawn(async move {
                let text = Text { sql: format!("SELECT {client}"), parameters: Vec::new() };
                // Hundreds at once, each gone after up to 1.2 s: before the job is begun, while it is, and long after.
                tokio::time::sleep(Duration::from_millis(client * 3)).await;
                let stays = Duration::from_millis(client * 7919 % 1200);
                let terms = Terms::default();
                assert!(tokio::time::timeout(stays, driver.query(&text, &terms)).await.is_err(), "the job has no end");
                left.lock().expect("nobody panics").push((text.sql, Instant::now()));
            });
        }
        while let Some(client) = clients.join_next().await {
            client.expect("no client panics");
        }
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            if server.running() == 0 {
                break;
            }
        }
        let jobs = server.jobs();
        assert!(jobs.len() > 900, "{} jobs were begun", jobs.len());
        assert_eq!(server.running(), 0, "orphans of {} jobs", jobs.len());
        let left = left.lock().expect("nobody panics");
        let late = left.iter().filter_map(|(sql, left)| {
            let job = jobs.iter().find(|job| job.query == *sql)?;
            job.stopped?.checked_duration_since(*left)
        });
        let latest = late.max().unwrap_or_default();
        println!("{} jobs, all stopped; the last one {latest:?} after its caller left", jobs.len());
        assert!(latest < Duration::from_secs(3), "{latest:?}");
    });
}
