//! The BigQuery driver against a server that fails by script.

use std::{sync::Arc, time::Duration};

use entente::warehouse::{
    Error, Terms, Warehouse,
    bigquery::{BigQuery, Credentials, Options},
};
use serde_json::json;
use tokio::runtime::Runtime;

use super::{HOPELESS, LONG, PASSING, Pair, SHORT, Step, first, one};
use crate::warehouse::scripted::{Endpoint, Manners, Reply, Server, Speaks};

const PAIR: Pair = Pair { speaks: Speaks::BigQuery, driver };

fn driver(server: &Server) -> Arc<dyn Warehouse> {
    let options = Options {
        project: "acme".to_owned(),
        dataset: Some("marts".to_owned()),
        location: Some("EU".to_owned()),
        maximum_bytes_billed: 5_000_000_000,
        credentials: Credentials::None,
        base_url: Some(server.address().to_owned()),
    };
    Arc::new(BigQuery::new(options).expect("nothing is dialed yet"))
}

/// What passes: the answer is right all the same, after so many requests of the endpoint.
const PASSING_HERE: &[(&str, Endpoint, Step)] = &[
    ("503 backendError", Endpoint::Query, |_, nth| first(nth, Reply::refused(503, "backendError", "try again"))),
    ("500 internalError", Endpoint::Query, |_, nth| first(nth, Reply::refused(500, "internalError", "oops"))),
    ("403 rateLimitExceeded", Endpoint::Query, |_, nth| first(nth, Reply::refused(403, "rateLimitExceeded", "slow"))),
    ("429 with a wait", Endpoint::Query, |_, nth| first(nth, Reply::RetryAfter(429, "rateLimitExceeded", 1))),
    ("503 while waiting", Endpoint::Results, |_, nth| first(nth, Reply::refused(503, "backendError", "try again"))),
];

#[test]
fn what_passes_ends_in_the_right_answer() {
    for (name, endpoint, step) in PASSING.iter().chain(PASSING_HERE) {
        PAIR.passes(name, *endpoint, *step);
    }
}

#[test]
fn a_wait_that_the_server_asks_for_is_kept() {
    let outcome = PAIR.ask(Manners::default(), LONG, |request, nth| match request.endpoint {
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
        PAIR.stays(*status, reason, says);
    }
}

#[test]
fn a_job_that_fails_while_it_runs_is_told_by_its_reason() {
    let manners = || Manners { job_takes: Duration::from_secs(60), ..Manners::default() };
    let outcome = PAIR.ask(manners(), LONG, |request, _| match request.endpoint {
        Endpoint::Results => Some(Reply::refused(400, "resourcesExceeded", "too much")),
        _ => None,
    });
    assert_eq!(
        outcome.answer.expect_err("it failed").to_string(),
        "the warehouse refused the query: it needs more than BigQuery gives one query"
    );
    assert_eq!(outcome.server.seen(Endpoint::Results).len(), 1);
    let told_inside = PAIR.ask(manners(), LONG, |request, _| match request.endpoint {
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
const HOPELESS_HERE: &[(&str, Step, &str)] = &[
    ("always 503", |_, _| Some(Reply::refused(503, "backendError", "no")), "BigQuery is in trouble"),
    ("always 429", |_, _| Some(Reply::refused(429, "rateLimitExceeded", "no")), "the project asks too much at once"),
    ("a wait without end", |_, _| Some(Reply::RetryAfter(503, "backendError", 3600)), "BigQuery is in trouble"),
];

#[test]
fn what_never_gets_better_ends_with_the_time_of_the_request() {
    for (name, step, says) in HOPELESS.iter().chain(HOPELESS_HERE) {
        PAIR.ends_in_time(name, *step, says);
    }
}

#[test]
fn a_job_without_end_is_stopped_when_its_time_is_over() {
    let outcome =
        PAIR.ask(Manners { job_takes: Duration::from_secs(600), ..Manners::default() }, SHORT, |request, _| {
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
        let outcome = PAIR.ask(Manners { rows: 6, page: 2, ..Manners::default() }, LONG, move |request, _| {
            (request.endpoint == Endpoint::Results).then_some(Reply::Changed(change))
        });
        let error = outcome.answer.expect_err(name);
        assert!(matches!(error, Error::Unavailable(_) | Error::Refused(_)), "{name}: {error}");
    }
    let odd = PAIR.ask(Manners::default(), LONG, |request, _| {
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
        let (server, driver) = PAIR.start(Manners::default(), |_, _| None).await;
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
        let (server, driver) = PAIR.start(Manners::default(), |_, _| None).await;
        let bytes = driver.estimate(&one(), &Terms::default()).await.expect("an answer");
        assert_eq!(bytes, Some(12_000_000));
        let asked = server.seen(Endpoint::Query).remove(0).body;
        assert_eq!((&asked["dryRun"], &asked["maximumBytesBilled"]), (&json!(true), &json!(null)));
        assert!(server.jobs().is_empty());
    });
}

#[test]
fn a_thousand_clients_who_leave_leave_no_job() {
    PAIR.leaves_no_job();
}

#[test]
fn an_answer_longer_than_is_read_is_fetched_once() {
    PAIR.ends_at_a_long_answer();
}

#[test]
fn a_busy_server_is_not_asked_again_for_somebody_who_has_left() {
    PAIR.is_not_repeated_for_nobody("rateLimitExceeded");
}

#[test]
fn statements_are_one_transaction_in_one_job() {
    let (done, server) = PAIR.execute(&["DELETE FROM a WHERE TRUE", "INSERT INTO a SELECT 1 AS n"], |request, nth| {
        match request.endpoint {
            Endpoint::Query => first(nth, Reply::refused(503, "backendError", "try again")),
            _ => None,
        }
    });
    done.expect("it is done");
    assert_eq!(server.jobs().len(), 1, "a request that comes twice is one job");
    let body = &server.seen(Endpoint::Query)[1].body;
    assert_eq!(
        body["query"],
        "BEGIN TRANSACTION; DELETE FROM a WHERE TRUE; INSERT INTO a SELECT 1 AS n; COMMIT TRANSACTION"
    );
    assert_eq!((&body["labels"]["rollup"], &body["maximumBytesBilled"]), (&json!("daily"), &json!("5000000000")));
    let (_, server) = PAIR.execute(&["CREATE SCHEMA IF NOT EXISTS rollups"], |_, _| None);
    assert_eq!(server.seen(Endpoint::Query)[0].body["query"], "CREATE SCHEMA IF NOT EXISTS rollups");
}

#[test]
fn of_two_who_change_the_same_rows_one_is_told() {
    let told = "Transaction is aborted due to concurrent update against table acme:rollups.entente_rollups";
    let (done, server) = PAIR.execute(&["DELETE FROM a WHERE TRUE", "DELETE FROM b WHERE TRUE"], move |request, _| {
        match request.endpoint {
            Endpoint::Query => Some(Reply::refused(400, "invalidQuery", told)),
            _ => None,
        }
    });
    assert!(matches!(done, Err(Error::Contended)), "{done:?}");
    assert_eq!(server.seen(Endpoint::Query).len(), 1, "whoever stores looks first how far it is");
}

#[test]
fn warnings_beside_a_script_that_is_done_are_no_failure() {
    let warned = |errors| {
        let reference = json!({ "projectId": "acme", "jobId": "job-0" });
        Reply::Json(200, json!({ "jobComplete": true, "jobReference": reference, "errors": errors }))
    };
    let reasons = json!([{ "reason": "invalidQuery", "message": "no partition" }]);
    for (status, is_done) in
        [(json!({ "state": "DONE" }), true), (json!({ "state": "DONE", "errorResult": reasons[0] }), false)]
    {
        let reasons = reasons.clone();
        let (done, _) = PAIR.execute(&["DELETE FROM a WHERE TRUE"], move |request, _| match request.endpoint {
            Endpoint::Query => Some(warned(reasons.clone())),
            Endpoint::Job => Some(Reply::Json(200, json!({ "status": status }))),
            _ => None,
        });
        assert_eq!(done.is_ok(), is_done, "{done:?}");
    }
}
