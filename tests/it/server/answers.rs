//! Answers to metric queries: computed once, kept, given up, cut off, never telling of a driver.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use entente::{
    engine,
    server::{Drain, Reload},
    time::{DateTime, Utc},
    warehouse::{ColumnData, Error, Refusal, Rows},
};
use serde_json::json;

use super::{
    client::{receive, send},
    fixture::{Fixture, METRICS, eventually},
};

const PARCELS: &str = "{ report { rows { parcelsBooked } } }";
const PARCELS_BODY: &str = r#"{"query":"{ report { rows { parcelsBooked } } }"}"#;

#[test]
fn a_report_is_answered_from_the_warehouse_and_then_from_the_cache() {
    let fixture = Fixture::new();
    for _ in 0..3 {
        let answer = fixture.client().graphql(PARCELS);
        assert_eq!(answer.status, 200);
        assert_eq!(answer.json(), json!({ "data": { "report": { "rows": [{ "parcelsBooked": "42" }] } } }));
        assert_eq!(answer.header("cache-control"), "no-store");
    }
    assert_eq!(fixture.fake.counts(), (1, 1, 0));
    let counts = fixture.client().get("/metrics").body;
    assert!(counts.contains("entente_answers_total{cache=\"hit\"} 2"), "{counts}");
    assert!(counts.contains("entente_answers_total{cache=\"miss\"} 1"), "{counts}");
}

#[test]
fn a_get_asks_the_same() {
    let fixture = Fixture::new();
    let query = "/graphql?query=query%20Q%28%24s%3ABoolean%21%29%7Breport%20%40include%28if%3A%24s%29%7Brows%7BparcelsBooked%7D%7D%7D&variables=%7B%22s%22%3Atrue%7D&operationName=Q";
    let answer = fixture.client().get(query);
    assert_eq!(
        (answer.status, answer.json()["data"]["report"]["rows"][0]["parcelsBooked"].clone()),
        (200, json!("42"))
    );
}

#[test]
fn callers_who_ask_the_same_at_once_share_one_query() {
    let fixture = Fixture::new();
    fixture.fake.set_latency(Duration::from_millis(300));
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let client = fixture.client();
            std::thread::spawn(move || {
                client.graphql(PARCELS).json()["data"]["report"]["rows"][0]["parcelsBooked"].clone()
            })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.join().expect("no panic"), "42");
    }
    assert_eq!(fixture.fake.counts(), (1, 1, 0));
}

const TILES: &str = "{ a: report { totals { parcelsBooked } } b: report { totals { revenue } } }";

#[test]
fn tiles_of_the_same_rows_share_one_query_and_each_is_kept() {
    let fixture = Fixture::new();
    let columns = vec![ColumnData::Integer(vec![Some(42)]), ColumnData::Decimal { values: vec![Some(750)], scale: 2 }];
    fixture.fake.answer_with(Rows { columns, len: 1 });
    for _ in 0..2 {
        let both = json!({ "a": { "totals": { "parcelsBooked": "42" } }, "b": { "totals": { "revenue": "7.50" } } });
        assert_eq!(fixture.client().graphql(TILES).json(), json!({ "data": both }));
    }
    let one = fixture.client().graphql("{ report { totals { revenue } } }").json();
    assert_eq!(one["data"]["report"]["totals"]["revenue"], "7.50");
    assert_eq!(fixture.fake.counts(), (1, 1, 0));
}

#[test]
fn a_common_query_that_fails_is_asked_once_and_told_to_each_tile() {
    let fixture = Fixture::new();
    // So long that each tile is planned while it runs.
    fixture.fake.set_latency(Duration::from_secs(1));
    fixture.fake.fail_with(Some(|| Error::Unavailable("the host is away".to_owned())));
    let answer = fixture.client().graphql(TILES).json();
    let paths: Vec<_> = answer["errors"].as_array().expect("errors").iter().map(|error| &error["path"][0]).collect();
    assert_eq!(paths, ["a", "b"]);
    assert_eq!(fixture.fake.counts(), (1, 1, 0));
}

#[test]
fn a_common_query_that_the_warehouse_refuses_is_asked_in_parts() {
    let fixture = Fixture::new();
    fixture.fake.fail_with(Some(|| Error::refused("the price of a row is no number")));
    let answer = fixture.client().graphql(TILES).json();
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(2));
    assert_eq!(fixture.fake.counts(), (3, 3, 0));
}

#[test]
fn a_caller_who_leaves_stops_the_query_that_nobody_else_waits_for() {
    let fixture = Fixture::new();
    fixture.fake.set_latency(Duration::from_secs(30));
    let mut stream = fixture.client().connect();
    send(&mut stream, "POST", "/graphql", &[("content-type", "application/json")], PARCELS_BODY.as_bytes());
    eventually("the query begins", || fixture.fake.counts().0 == 1);
    drop(stream);
    let left = Instant::now();
    eventually("the query is dropped", || fixture.fake.counts() == (1, 0, 1));
    assert!(left.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_caller_who_leaves_does_not_stop_the_query_of_another() {
    let fixture = Fixture::new();
    fixture.fake.set_latency(Duration::from_millis(600));
    let mut first = fixture.client().connect();
    send(&mut first, "POST", "/graphql", &[("content-type", "application/json")], PARCELS_BODY.as_bytes());
    eventually("the query begins", || fixture.fake.counts().0 == 1);
    let client = fixture.client();
    let second = std::thread::spawn(move || client.graphql(PARCELS).status);
    std::thread::sleep(Duration::from_millis(150));
    drop(first);
    assert_eq!(second.join().expect("no panic"), 200);
    assert_eq!(fixture.fake.counts(), (1, 1, 0));
}

#[test]
fn a_query_beyond_the_deadline_is_given_up_and_says_so() {
    let limits = engine::Limits { deadline: Duration::from_millis(200), ..engine::Limits::default() };
    let fixture = Fixture::with(|options| options.engine = limits);
    fixture.fake.set_latency(Duration::from_secs(30));
    let began = Instant::now();
    let answer = fixture.client().graphql(PARCELS);
    assert_eq!(answer.code(), "TIMEOUT");
    assert!(began.elapsed() < Duration::from_secs(2));
    eventually("the query is dropped", || fixture.fake.counts() == (1, 0, 1));
}

#[test]
fn what_a_driver_says_stays_here_and_an_error_is_not_kept() {
    let fixture = Fixture::new();
    fixture.fake.fail_with(Some(|| Error::Unavailable("host db.internal: password of alice is wrong".to_owned())));
    let answer = fixture.client().graphql(PARCELS);
    assert_eq!(answer.code(), "WAREHOUSE_UNAVAILABLE");
    fixture.fake.fail_with(Some(|| {
        let detail = Some("the salary of alice is out of range".to_owned());
        Error::Refused(Refusal { meaning: "a number is out of range".to_owned(), detail })
    }));
    let refused = fixture.client().graphql(PARCELS);
    assert_eq!(refused.code(), "WAREHOUSE_REFUSED");
    assert!(refused.body.contains("the warehouse refused the query: a number is out of range"), "{}", refused.body);
    for answer in [answer, refused] {
        assert!(!answer.body.contains("alice") && !answer.body.contains("db.internal"), "{}", answer.body);
        let id = answer.header("x-request-id");
        assert_eq!(answer.json()["errors"][0]["extensions"]["requestId"], id);
    }
    fixture.fake.fail_with(None);
    assert_eq!(fixture.client().graphql(PARCELS).json()["data"]["report"]["rows"][0]["parcelsBooked"], "42");
}

#[test]
fn a_panic_costs_the_requests_that_meet_it_and_no_other() {
    let fixture = Fixture::new();
    fixture.fake.fail_with(Some(|| panic!("a bug of the driver, which is printed and survived")));
    let answer = fixture.client().graphql(PARCELS);
    assert_eq!((answer.status, answer.code().as_str()), (200, "INTERNAL"));
    assert!(!answer.body.contains("bug"), "{}", answer.body);
    fixture.fake.fail_with(None);
    assert_eq!(fixture.client().graphql(PARCELS).json()["data"]["report"]["rows"][0]["parcelsBooked"], "42");
}

#[test]
fn queries_beyond_the_queue_are_refused_at_once() {
    let limits = engine::Limits { concurrency: 1, queue: 1, ..engine::Limits::default() };
    let fixture = Fixture::with(|options| options.engine = limits);
    fixture.fake.set_latency(Duration::from_millis(500));
    let callers: Vec<_> = (1..=8)
        .map(|count| {
            let client = fixture.client();
            std::thread::spawn(move || {
                client.graphql(&format!("{{ report(first: {count}) {{ rows {{ parcelsBooked }} }} }}")).code()
            })
        })
        .collect();
    let codes: Vec<String> = callers.into_iter().map(|caller| caller.join().expect("no panic")).collect();
    let refused = codes.iter().filter(|code| *code == "WAREHOUSE_UNAVAILABLE").count();
    assert!(refused >= 1, "{codes:?}");
    assert!(codes.iter().any(String::is_empty), "{codes:?}");
}

#[test]
fn relative_ranges_follow_the_clock_and_are_kept_until_it_moves_on() {
    let now = Arc::new(std::sync::Mutex::new("2026-03-31T22:29:00Z".parse::<DateTime<Utc>>().expect("a time")));
    let clock = Arc::clone(&now);
    let fixture = Fixture::with(|options| options.clock = Arc::new(move || *clock.lock().expect("no panic")));
    let today = "{ report(time: { current: DAY }) { rows { parcelsBooked } } }";
    let ask = || {
        assert_eq!(fixture.client().graphql(today).status, 200);
        fixture.fake.counts().0
    };
    let set = |time: &str| *now.lock().expect("no panic") = time.parse().expect("a time");
    assert_eq!(ask(), 1);
    set("2026-03-31T23:59:59Z");
    assert_eq!(ask(), 1);
    set("2026-04-01T00:00:00Z");
    assert_eq!(ask(), 2);
}

#[test]
fn a_project_that_is_taken_up_answers_the_next_request() {
    let fixture = Fixture::with(|options| options.reload = Reload::OnChange);
    let weight = "{ report { rows { weight } } }";
    assert_eq!(fixture.client().graphql(weight).code(), "UNKNOWN_METRIC");
    fixture.write_metrics(&format!("{METRICS}  - {{ name: weight, model: shipments, agg: sum, expr: weight_kg }}\n"));
    eventually("the metric is there", || fixture.client().graphql(weight).code().is_empty());
}

#[test]
fn requests_that_have_begun_end_while_the_server_stops() {
    let mut fixture =
        Fixture::with(|options| options.drain = Drain { grace: Duration::from_secs(5), ..Drain::default() });
    fixture.fake.set_latency(Duration::from_millis(400));
    let mut stream = fixture.client().connect();
    send(&mut stream, "POST", "/graphql", &[("content-type", "application/json")], PARCELS_BODY.as_bytes());
    eventually("the query begins", || fixture.fake.counts().0 == 1);
    let server = fixture.server.take().expect("it runs");
    fixture.runtime.block_on(server.stop(Duration::ZERO));
    assert_eq!(receive(&mut stream).expect("an answer").status, 200);
}

#[test]
fn requests_that_outlast_the_grace_are_cut_off_and_their_queries_dropped() {
    let drain = Drain { grace: Duration::from_millis(200), ..Drain::default() };
    let mut fixture = Fixture::with(|options| options.drain = drain);
    fixture.fake.set_latency(Duration::from_secs(30));
    let mut stream = fixture.client().connect();
    send(&mut stream, "POST", "/graphql", &[("content-type", "application/json")], PARCELS_BODY.as_bytes());
    eventually("the query begins", || fixture.fake.counts().0 == 1);
    let server = fixture.server.take().expect("it runs");
    let began = Instant::now();
    fixture.runtime.block_on(server.stop(Duration::ZERO));
    assert!(began.elapsed() < Duration::from_secs(2));
    assert!(receive(&mut stream).is_err());
    eventually("the query is dropped", || fixture.fake.counts() == (1, 0, 1));
}

#[test]
fn a_large_answer_arrives_whole() {
    let fixture = Fixture::new();
    let count = 9_000;
    let services = (0..count).map(|number| Some(format!("service {number}"))).collect();
    let parcels = (0..count).map(|number| Some(i128::from(number))).collect();
    fixture.fake.answer_with(Rows {
        columns: vec![ColumnData::String(services), ColumnData::Integer(parcels)],
        len: usize::try_from(count).expect("small"),
    });
    let query = "{ report(first: 10000) { rows { by { shipments { service } } parcelsBooked } } }";
    for _ in 0..2 {
        let rows = fixture.client().graphql(query).json()["data"]["report"]["rows"].clone();
        assert_eq!(rows.as_array().map(Vec::len), usize::try_from(count).ok());
        assert_eq!(
            rows[8999],
            json!({ "by": { "shipments": { "service": "service 8999" } }, "parcelsBooked": "8999" })
        );
    }
}
