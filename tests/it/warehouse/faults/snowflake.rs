//! The Snowflake driver against a server that fails by script.

use std::{sync::Arc, time::Duration};

use entente::{
    sql::{Literal, Text},
    time::NaiveDate,
    warehouse::{
        Error, Terms, Warehouse,
        snowflake::{Credentials, Options, Snowflake},
    },
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::{HOPELESS, LONG, PASSING, Pair, SHORT, Step, first, one};
use crate::warehouse::scripted::{Endpoint, Manners, Reply, Request, Server, Speaks};

const PAIR: Pair = Pair { speaks: Speaks::Snowflake, driver };

fn driver(server: &Server) -> Arc<dyn Warehouse> {
    driver_with(server, Credentials::None)
}

fn driver_with(server: &Server, credentials: Credentials) -> Arc<dyn Warehouse> {
    let options = Options {
        account: "acme-eu".to_owned(),
        warehouse: Some("bi".to_owned()),
        database: Some("analytics".to_owned()),
        schema: Some("Marts".to_owned()),
        role: None,
        credentials,
        base_url: Some(server.address().to_owned()),
    };
    Arc::new(Snowflake::new(options).expect("nothing is dialed yet"))
}

/// What passes: the answer is right all the same, after so many requests of the endpoint.
const PASSING_HERE: &[(&str, Endpoint, Step)] = &[
    ("503", Endpoint::Query, |_, nth| first(nth, Reply::refused(503, "390503", "try again"))),
    ("504", Endpoint::Query, |_, nth| first(nth, Reply::refused(504, "390504", "try again"))),
    ("429 with a wait", Endpoint::Query, |_, nth| first(nth, Reply::RetryAfter(429, "390429", 1))),
    ("503 while waiting", Endpoint::Results, |_, nth| first(nth, Reply::refused(503, "390503", "try again"))),
    ("a partition cut short", Endpoint::Results, |request, nth| {
        (request.query.contains_key("partition") && nth % 2 == 0).then_some(Reply::Truncated(None))
    }),
];

#[test]
fn what_passes_ends_in_the_right_answer() {
    for (name, endpoint, step) in PASSING.iter().chain(PASSING_HERE) {
        PAIR.passes(name, *endpoint, *step);
    }
}

#[test]
fn a_statement_that_is_sent_again_says_so() {
    let outcome = PAIR.ask(Manners::default(), LONG, |request, nth| match request.endpoint {
        Endpoint::Query => first(nth, Reply::Unheard),
        _ => None,
    });
    assert!(outcome.answer.is_ok());
    let told: Vec<Option<String>> =
        outcome.server.seen(Endpoint::Query).iter().map(|request| request.query.get("retry").cloned()).collect();
    assert_eq!(told, [None, Some("true".to_owned())]);
}

/// Codes that stay: what is said of them, and the meaning of the error.
const STAYING: &[(u16, &str, &str)] = &[
    (422, "001003", "the warehouse refused the query: it is not valid SQL"),
    (
        422,
        "002003",
        "the warehouse refused the query: it names a table, schema or database that is not there, or that the role may not \
         read",
    ),
    (422, "000904", "the warehouse refused the query: it names a column or function that is not there"),
    (422, "003001", "the warehouse refused the query: the role may not read a table, or use the virtual warehouse"),
    (422, "100038", "the warehouse refused the query: a value cannot be converted to the type it is compared with"),
    (422, "100051", "the warehouse refused the query: it divides by zero"),
    (422, "999999", "the warehouse refused the query: it failed while running"),
    (400, "390142", "the warehouse cannot be reached: the credentials are not accepted"),
    (403, "390400", "the warehouse cannot be reached: the account does not let us in"),
    (422, "000606", "the warehouse cannot be reached: no virtual warehouse is named, or it is not there"),
    (422, "090073", "the warehouse cannot be reached: a limit of credits is used up"),
    (408, "000630", "the query was cancelled"),
    (422, "000604", "the query was cancelled"),
];

#[test]
fn what_is_refused_is_asked_once() {
    for (status, reason, says) in STAYING {
        PAIR.stays(*status, reason, says);
    }
}

#[test]
fn a_statement_that_fails_while_it_runs_is_told_by_its_code_and_needs_no_stopping() {
    let manners = Manners { job_takes: Duration::from_secs(60), ..Manners::default() };
    let outcome = PAIR.ask(manners, LONG, |request, nth| match request.endpoint {
        Endpoint::Results if nth > 0 => Some(Reply::refused(422, "100051", "Division by zero")),
        _ => None,
    });
    let error = outcome.answer.expect_err("it failed");
    assert_eq!(error.to_string(), "the warehouse refused the query: it divides by zero");
    assert_eq!(error.detail(), Some("Division by zero"));
    assert_eq!(outcome.server.seen(Endpoint::Results).len(), 2);
    assert_eq!(outcome.server.seen(Endpoint::Cancel).len(), 0);
}

/// What never gets better: the error comes within the time of the request, or sooner.
const HOPELESS_HERE: &[(&str, Step, &str)] = &[
    ("always 503", |_, _| Some(Reply::refused(503, "390503", "no")), "Snowflake is in trouble"),
    ("always 429", |_, _| Some(Reply::refused(429, "390429", "no")), "the account asks too much at once"),
    ("a wait without end", |_, _| Some(Reply::RetryAfter(503, "390503", 3600)), "Snowflake is in trouble"),
];

#[test]
fn what_never_gets_better_ends_with_the_time_of_the_request() {
    for (name, step, says) in HOPELESS.iter().chain(HOPELESS_HERE) {
        PAIR.ends_in_time(name, *step, says);
    }
}

#[test]
fn a_statement_without_end_is_stopped_when_its_time_is_over() {
    let outcome = PAIR.ask(Manners { job_takes: Duration::from_secs(600), ..Manners::default() }, SHORT, |_, _| None);
    assert!(matches!(outcome.answer, Err(Error::Cancelled)));
    assert!(outcome.took < SHORT + Duration::from_millis(250), "{:?}", outcome.took);
    assert_eq!(outcome.server.running(), 0);
    let asked = outcome.server.seen(Endpoint::Results).len();
    assert!(asked <= 8, "it is asked with pauses, not {asked} times");
    assert_eq!(outcome.server.seen(Endpoint::Query)[0].body["timeout"], 2);
}

type Change = fn(&mut Value);

#[test]
fn partitions_that_are_wrong_are_no_answer() {
    let changes: [(&str, Change); 6] = [
        ("no columns", |page| page["resultSetMetaData"] = json!(null)),
        ("a partition that is not told", |page| {
            page["resultSetMetaData"]["partitionInfo"] = json!([{ "rowCount": 2 }]);
        }),
        ("a partition too many", |page| {
            page["resultSetMetaData"]["partitionInfo"] =
                json!([{ "rowCount": 2 }, { "rowCount": 2 }, { "rowCount": 2 }, { "rowCount": 2 }]);
        }),
        ("a row that is missing", |page| {
            page["data"].as_array_mut().expect("rows").pop();
        }),
        ("rows of another width", |page| page["data"] = json!([["1", "2"], ["3", "4"]])),
        ("rows of different lengths", |page| page["data"] = json!([["1"], ["3", "4"]])),
    ];
    for (name, change) in changes {
        let manners = Manners { rows: 6, page: 2, ..Manners::default() };
        let outcome = PAIR.ask(manners, LONG, move |request, _| {
            (request.endpoint == Endpoint::Results).then_some(Reply::Changed(change))
        });
        let error = outcome.answer.expect_err(name);
        assert!(matches!(error, Error::Unavailable(_) | Error::Refused(_)), "{name}: {error}");
    }
    let cut = PAIR.ask(Manners::default(), LONG, |request, _| {
        (request.endpoint == Endpoint::Results).then_some(Reply::Changed(|page| page["code"] = json!("391908")))
    });
    assert_eq!(
        cut.answer.expect_err("it is not whole").to_string(),
        "the warehouse refused the query: its answer is too large"
    );
    let odd = PAIR.ask(Manners::default(), LONG, |request, _| {
        (request.endpoint == Endpoint::Results).then_some(Reply::Changed(|page| page["data"][1][0] = json!("x")))
    });
    assert_eq!(
        odd.answer.expect_err("no number").to_string(),
        "the warehouse refused the query: a value of column `N` cannot be carried exactly"
    );
}

#[test]
fn an_estimate_is_what_the_plan_assigns() {
    Runtime::new().expect("threads").block_on(async {
        let script = |request: &Request, _: usize| {
            (request.endpoint == Endpoint::Results).then_some(Reply::Changed(|page| {
                let plan = json!({ "GlobalStats": { "partitionsTotal": 900, "partitionsAssigned": 12, "bytesAssigned": 12_000_000 } });
                page["resultSetMetaData"]["rowType"] = json!([{ "name": "content", "type": "text" }]);
                page["resultSetMetaData"]["partitionInfo"] = json!([{ "rowCount": 1 }]);
                page["resultSetMetaData"]["numRows"] = json!(1);
                page["data"] = json!([[plan.to_string()]]);
            }))
        };
        let (server, driver) = PAIR.start(Manners::default(), script).await;
        let text = Text { sql: "SELECT ?".to_owned(), parameters: vec![Literal::Integer(1)] };
        let bytes = driver.estimate(&text, &Terms::default()).await.expect("an answer");
        assert_eq!(bytes, Some(12_000_000));
        let asked = server.seen(Endpoint::Query).remove(0).body;
        assert_eq!(asked["statement"], "EXPLAIN USING JSON SELECT ?");
        assert_eq!(asked["bindings"]["1"]["value"], "1");
    });
}

#[test]
fn a_user_is_known_by_a_signed_token() {
    let key = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keys/rsa.p8");
    Runtime::new().expect("threads").block_on(async {
        let server = Server::start(Speaks::Snowflake, Manners::default(), Box::new(|_, _| None)).await;
        let driver = driver_with(&server, Credentials::Key { user: "reader".to_owned(), file: key });
        driver.query(&one(), &Terms::default()).await.expect("an answer");
        let asked = server.seen(Endpoint::Query).remove(0);
        assert_eq!(asked.headers["x-snowflake-authorization-token-type"], "KEYPAIR_JWT");
        let token = asked.token().expect("a token").to_owned();
        assert_eq!(token.split('.').count(), 3);
        assert!(
            server.seen(Endpoint::Results).iter().all(|request| request.token() == Some(&token)),
            "one token for all"
        );
    });
}

/// Returns the first document that a query with these values sends.
fn sent(text: &Text, terms: &Terms) -> Request {
    Runtime::new().expect("threads").block_on(async {
        let (server, driver) = PAIR.start(Manners::default(), |_, _| None).await;
        driver.query(text, terms).await.expect("an answer");
        server.seen(Endpoint::Query).remove(0)
    })
}

#[test]
fn every_statement_says_its_time_its_place_and_for_whom() {
    let terms = Terms { deadline: Some(Duration::from_millis(30_500)), ..Terms::default() };
    let terms = terms.label("metrics", "Revenue_on time").label("definitions", "5f3a");
    let seen = sent(&one(), &terms);
    assert_eq!(seen.body["timeout"], 31);
    assert_eq!((&seen.body["database"], &seen.body["schema"]), (&json!("ANALYTICS"), &json!("Marts")));
    assert_eq!((&seen.body["warehouse"], &seen.body["role"]), (&json!("BI"), &Value::Null));
    let parameters = &seen.body["parameters"];
    assert_eq!((&parameters["timezone"], &parameters["rows_per_resultset"]), (&json!("UTC"), &json!(0)));
    let tag: Value = serde_json::from_str(parameters["query_tag"].as_str().expect("a tag")).expect("a document");
    assert_eq!(tag, json!({ "app": "entente", "metrics": "revenue_on-time", "definitions": "5f3a" }));
    assert_eq!(seen.query["async"], "true");
    assert_eq!(seen.id().map(str::len), Some(36));
    assert_eq!(seen.token(), None);
    assert_eq!(seen.body["bindings"], Value::Null);
}

#[test]
fn values_are_bound_by_place_and_type() {
    let noon =
        NaiveDate::from_ymd_opt(2024, 2, 29).and_then(|day| day.and_hms_micro_opt(12, 0, 0, 250)).expect("a time");
    let values = [
        (Literal::Null, "TEXT", json!(null)),
        (Literal::Boolean(true), "BOOLEAN", json!("true")),
        (Literal::Integer(i64::MIN), "FIXED", json!("-9223372036854775808")),
        (Literal::Decimal("12.50".to_owned()), "TEXT", json!("12.50")),
        (Literal::Float(0.1_f64.to_bits()), "REAL", json!("0.1")),
        (Literal::Float(f64::NEG_INFINITY.to_bits()), "REAL", json!("-inf")),
        (Literal::String("it's ?".to_owned()), "TEXT", json!("it's ?")),
        (Literal::Date(noon.date()), "TEXT", json!("2024-02-29")),
        (Literal::DateTime(noon), "TEXT", json!("2024-02-29 12:00:00.000250")),
        (Literal::Timestamp(noon), "TEXT", json!("2024-02-29 12:00:00.000250+00:00")),
    ];
    let parameters = values.iter().map(|(literal, ..)| literal.clone()).collect();
    let seen = sent(&Text { sql: "SELECT ?".to_owned(), parameters }, &Terms::default());
    for (at, (_, kind, value)) in values.iter().enumerate() {
        let expected = json!({ "type": kind, "value": value });
        assert_eq!(seen.body["bindings"][(at + 1).to_string()], expected);
    }
}

#[test]
fn a_token_that_is_refused_is_made_again_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    std::fs::write(&file, "of-oauth\n").expect("a file");
    for expired in ["390114", "390318"] {
        Runtime::new().expect("threads").block_on(async {
            let script = move |request: &Request, nth: usize| match request.endpoint {
                Endpoint::Query => first(nth, Reply::refused(401, expired, "expired")),
                _ => None,
            };
            let server = Server::start(Speaks::Snowflake, Manners::default(), Box::new(script)).await;
            let driver = driver_with(&server, Credentials::TokenFile(file.clone()));
            assert!(driver.query(&one(), &Terms::default()).await.is_ok());
            let asked = server.seen(Endpoint::Query);
            assert_eq!(asked.len(), 2);
            assert_eq!(asked[1].token(), Some("of-oauth"));
            assert_eq!(
                asked[1].headers.get("x-snowflake-authorization-token-type"),
                None,
                "the server sees what it is"
            );
        });
    }
}

#[test]
fn credentials_that_do_not_help_say_so_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    std::fs::write(&file, "of-oauth").expect("a file");
    Runtime::new().expect("threads").block_on(async {
        let script = |request: &Request, _: usize| {
            (request.endpoint == Endpoint::Query).then(|| Reply::refused(401, "390303", "Invalid OAuth access token"))
        };
        let server = Server::start(Speaks::Snowflake, Manners::default(), Box::new(script)).await;
        let of_file = driver_with(&server, Credentials::TokenFile(file));
        assert_eq!(
            of_file.query(&one(), &Terms::default()).await.expect_err("every token is refused").to_string(),
            "the warehouse cannot be reached: the credentials are not accepted"
        );
        assert_eq!(server.seen(Endpoint::Query).len(), 2, "once more with the token that the file has then");
        let fixed = driver_with(&server, Credentials::Token("of-oauth".to_owned()));
        assert_eq!(
            fixed.query(&one(), &Terms::default()).await.expect_err("the token is refused").to_string(),
            "the warehouse cannot be reached: the token is not accepted, and there is no other"
        );
        assert_eq!(server.seen(Endpoint::Query).len(), 3, "the same token is not shown twice");
    });
}

#[test]
fn a_thousand_clients_who_leave_leave_no_statement() {
    PAIR.leaves_no_job();
}

#[test]
fn an_answer_longer_than_is_read_is_fetched_once() {
    PAIR.ends_at_a_long_answer();
}

#[test]
fn a_busy_server_is_not_asked_again_for_somebody_who_has_left() {
    PAIR.is_not_repeated_for_nobody("390402");
}

#[test]
fn statements_are_one_transaction_in_one_request() {
    let (done, server) = PAIR.execute(&["DELETE FROM a", "INSERT INTO a SELECT 1 AS n"], |_, _| None);
    done.expect("it is done");
    let body = &server.seen(Endpoint::Query)[0].body;
    assert_eq!(body["statement"], "BEGIN TRANSACTION; DELETE FROM a; INSERT INTO a SELECT 1 AS n; COMMIT");
    assert_eq!(body["parameters"]["MULTI_STATEMENT_COUNT"], "4");
    let (_, server) = PAIR.execute(&["CREATE SCHEMA IF NOT EXISTS rollups"], |_, _| None);
    let body = &server.seen(Endpoint::Query)[0].body;
    assert_eq!(body["statement"], "CREATE SCHEMA IF NOT EXISTS rollups");
    assert!(body["parameters"]["MULTI_STATEMENT_COUNT"].is_null(), "{body}");
}

#[test]
fn too_many_who_wait_for_a_lock_are_told() {
    let (done, _) = PAIR.execute(&["DELETE FROM a", "DELETE FROM b"], |request, _| match request.endpoint {
        Endpoint::Query => Some(Reply::refused(422, "000625", "the number of waiters exceeds the limit")),
        _ => None,
    });
    assert!(matches!(done, Err(Error::Contended)), "{done:?}");
}
