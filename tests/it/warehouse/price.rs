//! Budgets over BigQuery's protocol: a dry run first, a limit on what runs, and nothing beyond it.

use std::{fs, sync::Arc, time::Duration};

use entente::{
    engine::{Answered, CacheOutcome, Engine, Failure, Limits, Live, load_project},
    plan::{PlanErrorCode, Principal, Request, RequestText},
    project::Stored,
    time::{DateTime, NaiveDate, Utc},
    warehouse::bigquery::{BigQuery, Credentials, Options},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::scripted::{self, Endpoint, Manners, Reply, Script, Server, Speaks};
use crate::{command::Project, served};

const METRICS: &str = "\
tables:
  - name: marts.parcels
    partition: { column: booked_on, granularity: day, since: 2024-01-01 }
models:
  - name: parcels
    table: marts.parcels
    primary_key: id
    time: booked_on
    dimensions:
      - { name: booked_on, type: time }
      - { name: service, type: string }
metrics:
  - { name: revenue, description: What was paid., model: parcels, agg: sum, expr: price }
";

const CATALOG: &str = r#"{ "tables": { "marts.parcels": { "columns": [
  { "name": "id", "type": "integer" }, { "name": "booked_on", "type": "date" },
  { "name": "service", "type": "string" }, { "name": "price", "type": "decimal" }
] } } }"#;

/// What the connection lets a query bill.
const MOST: u64 = 70_000_000_000;

/// What the table has of a day.
const OF_A_DAY: u64 = 100 << 20;

fn now() -> DateTime<Utc> {
    "2026-01-15T12:00:00Z".parse().expect("a moment")
}

/// Returns the bytes that a query reads, by the days that it is bounded to.
fn read_by(request: &scripted::Request) -> u64 {
    let query = request.body["query"].as_str().expect("a query");
    let days: Vec<NaiveDate> =
        query.match_indices("DATE '").map(|(at, _)| query[at + 6..at + 16].parse().expect("a day")).collect();
    let length = match (days.iter().min(), days.iter().max()) {
        (Some(first), Some(last)) if first < last => (*last - *first).num_days(),
        _ => 731,
    };
    u64::try_from(length).expect("a span") * OF_A_DAY
}

fn is_dry(request: &scripted::Request) -> bool {
    request.body["dryRun"] == json!(true)
}

/// A rollup by service and day, of which the warehouse holds two years.
const ROLLUPS: &str = "\
rollups:
  - name: parcels_daily
    model: parcels
    metrics: [revenue]
    dimensions: [service]
    time: { dimension: booked_on, granularity: day }
    table: marts.parcels_daily
    refresh: { lookback: 2 days }
";

/// Answers a dry run.
fn dry_run(request: &scripted::Request) -> Option<Reply> {
    let told = || json!({ "jobComplete": true, "totalBytesProcessed": read_by(request).to_string() });
    is_dry(request).then(|| Reply::Json(200, told()))
}

/// Refuses what would bill more than its request allows, as the server does; tables are larger than dry runs say by so much.
fn limited(request: &scripted::Request, more: u64) -> Option<Reply> {
    let begins = request.endpoint == Endpoint::Query && !is_dry(request);
    let most: u64 = request.body["maximumBytesBilled"].as_str().and_then(|text| text.parse().ok()).unwrap_or(u64::MAX);
    let message = "Query exceeded limit for bytes billed";
    (begins && read_by(request) + more > most).then(|| Reply::refused(400, "bytesBilledLimitExceeded", message))
}

/// An engine under budgets, and the server that it asks.
struct World {
    engine: Engine,
    live: Live,
    server: Server,
}

impl World {
    async fn start(budgets: &str, manners: Manners, failing: bool) -> Self {
        let script = move |request: &scripted::Request, _: usize| {
            let refused = || Reply::refused(400, "invalidQuery", "no");
            dry_run(request).or_else(|| (failing && request.endpoint == Endpoint::Query).then(refused))
        };
        Self::start_with(budgets, manners, Box::new(script)).await
    }

    async fn start_with(budgets: &str, manners: Manners, script: Script) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("written");
        };
        let connection = "connection: a\nconnections: { a: { type: bigquery, project: acme } }";
        let price = "price: { per_tib: 6.25, currency: USD }";
        let budgets = if budgets.is_empty() { String::new() } else { format!("budgets: {budgets}\n") };
        write("entente.yml", &format!("language: 1\nname: parcel\n{connection}\n{price}\n{budgets}"));
        write("metrics/parcels.yml", &format!("{METRICS}{ROLLUPS}"));
        write("schema/catalog.json", CATALOG);
        let loaded = load_project(folder.path());
        assert!(loaded.project.is_some(), "{:#?}", loaded.diagnostics);
        let server = Server::start(Speaks::BigQuery, manners, script).await;
        let driver = BigQuery::new(Options {
            project: "acme".to_owned(),
            dataset: None,
            location: None,
            maximum_bytes_billed: MOST,
            credentials: Credentials::None,
            base_url: Some(server.address().to_owned()),
        });
        let engine = Engine::new(Arc::new(driver.expect("nothing is dialed yet")), Arc::new(now), Limits::default());
        Self { engine, live: Live::from_loaded(&loaded, now()).expect("no errors"), server }
    }

    async fn ask(&self, caller: &str, request: &Request) -> Result<Answered, Failure> {
        let principal = Principal { id: caller.to_owned(), ..Principal::default() };
        self.engine.answer(&self.live, request, &principal).await
    }

    /// Returns what was asked to run, without dry runs.
    fn ran(&self) -> Vec<Value> {
        let asked = self.server.seen(Endpoint::Query).into_iter().map(|request| request.body);
        asked.filter(|body| body["dryRun"] != json!(true)).collect()
    }
}

fn revenue(time: &str) -> Request {
    let text =
        RequestText { metrics: vec!["revenue".to_owned()], time: Some(time.to_owned()), ..RequestText::default() };
    text.parse().expect("a request")
}

/// Returns the refusal of a request.
fn refusal(answer: Result<Answered, Failure>) -> (PlanErrorCode, String, String) {
    match answer {
        Err(Failure::Refused(error)) => (error.code, error.message, error.help.unwrap_or_default()),
        other => panic!("it is not refused: {other:?}"),
    }
}

#[test]
fn what_runs_may_bill_what_was_kept_for_it_and_is_settled_by_the_bill() {
    Runtime::new().expect("threads").block_on(async {
        let manners = Manners { reads: 3 * OF_A_DAY, rows: 1, ..Manners::default() };
        let world = World::start("{ per_query: 10 GB, per_day: 1 TB }", manners, false).await;
        let request = revenue("2025-06-01 to 2025-06-08");
        let answered = world.ask("ann@acme.example", &request).await.expect("it is within the budget");
        let [ran] = world.ran().try_into().expect("one query");
        assert_eq!(ran["maximumBytesBilled"], (7 * OF_A_DAY + (10 << 20)).to_string());
        let caller = ran["labels"]["caller"].as_str().expect("a label");
        assert_eq!(caller, "b759382850d65342", "printf %s ann@acme.example | sha256sum");
        assert!(!ran.to_string().contains("ann"), "an id may be an address");
        let cost = answered.answer.cost.as_ref().expect("it was priced");
        assert_eq!(cost.estimate.as_ref().map(|estimate| estimate.bytes), Some(7 * OF_A_DAY));
        assert_eq!(cost.metered.billed, Some(3 * OF_A_DAY));
        assert_eq!(world.engine.spent(), (3 * OF_A_DAY, 1), "the bill replaces what was kept");
        let again = world.ask("ann@acme.example", &request).await.expect("it is kept");
        assert_eq!(again.cache, CacheOutcome::Hit);
        assert_eq!(world.engine.spent(), (3 * OF_A_DAY, 1), "what is at hand costs nothing");
        assert_eq!(world.server.seen(Endpoint::Query).len(), 2, "one dry run, one query");
    });
}

#[test]
fn a_query_beyond_the_budget_runs_not_and_the_range_that_is_offered_fits() {
    Runtime::new().expect("threads").block_on(async {
        let world = World::start("{ per_query: 5 GB }", Manners { rows: 1, ..Manners::default() }, false).await;
        let (code, message, help) = refusal(world.ask("ann", &revenue("2025")).await);
        assert_eq!(code, PlanErrorCode::CostExceeded);
        assert_eq!(
            message,
            "the query would read 38.2 GB and be billed up to 38.2 GB (0.22 USD), and one query may read 5 GB (0.03 USD)"
        );
        assert_eq!(help, "Ask for less: a range of 28 days, such as `2025-12-04 to 2026-01-01` (2.9 GB).");
        assert!(world.ran().is_empty() && world.server.jobs().is_empty(), "nothing ran");
        assert_eq!(world.engine.spent().0, 0);
        let offered = help.split('`').nth(1).expect("a range is offered");
        assert!(world.ask("ann", &revenue(offered)).await.is_ok());
    });
}

#[test]
fn those_who_ask_at_once_cannot_both_spend_the_rest() {
    Runtime::new().expect("threads").block_on(async {
        // Each bills what was estimated; the budget has room for three.
        let manners = Manners { reads: 28 * OF_A_DAY, rows: 1, ..Manners::default() };
        let world = Arc::new(World::start("{ per_caller_and_day: 9 GB }", manners, false).await);
        let mut asked = tokio::task::JoinSet::new();
        for day in 1..=20 {
            let world = Arc::clone(&world);
            asked.spawn(async move {
                let from = NaiveDate::from_ymd_opt(2025, 3, day).expect("a day");
                let to = from + chrono::TimeDelta::days(28);
                world.ask("ann", &revenue(&format!("{from} to {to}"))).await
            });
        }
        let mut answered = 0;
        while let Some(answer) = asked.join_next().await {
            match answer.expect("no panic") {
                Ok(_) => answered += 1,
                Err(Failure::Refused(error)) => assert_eq!(error.code, PlanErrorCode::CostExceeded),
                Err(failure) => panic!("{failure}"),
            }
        }
        assert_eq!(answered, 3);
        assert_eq!(world.ran().len(), 3);
        assert!(world.engine.spent().0 <= 9_000_000_000);
        assert!(world.ask("bob", &revenue("2025-03-01 to 2025-03-29")).await.is_ok(), "others have their own");
    });
}

#[test]
fn a_query_that_is_waited_for_is_settled_by_the_bill_of_its_job() {
    Runtime::new().expect("threads").block_on(async {
        let job_takes = Duration::from_millis(900);
        let manners = Manners { reads: 3 * OF_A_DAY, rows: 1, job_takes, ..Manners::default() };
        let world = World::start("{ per_day: 1 TB }", manners, false).await;
        world.ask("ann", &revenue("2025-06-01 to 2025-06-08")).await.expect("it is answered");
        assert_eq!(world.engine.spent().0, 3 * OF_A_DAY);
        assert_eq!(world.server.seen(Endpoint::Job).len(), 1);
    });
}

#[test]
fn a_query_whose_answer_is_lost_may_be_billed() {
    Runtime::new().expect("threads").block_on(async {
        // Of five rows the first page has three, and the second one none.
        let manners = Manners { reads: 3 * OF_A_DAY, rows: 5, page: 3, ..Manners::default() };
        let world = World::start_with(
            "{ per_day: 1 TB }",
            manners,
            Box::new(|request: &scripted::Request, _| {
                let lost = || Reply::Json(200, json!({ "jobComplete": true, "totalRows": "5" }));
                dry_run(request).or_else(|| (request.endpoint == Endpoint::Results).then(lost))
            }),
        )
        .await;
        assert_eq!(world.ask("ann", &revenue("2025-06-01 to 2025-06-08")).await.map(|_| ()), Err(Failure::Unavailable));
        assert_eq!(world.engine.spent().0, 3 * OF_A_DAY);
    });
}

#[test]
fn what_a_query_did_not_read_because_it_failed_is_given_back() {
    Runtime::new().expect("threads").block_on(async {
        let world = World::start("{ per_day: 1 TB }", Manners::default(), true).await;
        let failure = world.ask("ann", &revenue("2025-06")).await.map(|_| ()).expect_err("it fails");
        assert!(matches!(failure, Failure::WarehouseRefused(_)), "{failure:?}");
        assert_eq!((world.ran().len(), world.engine.spent().0), (1, 0));
    });
}

#[test]
fn a_query_that_bigquery_refuses_for_its_bill_is_told_a_change_that_fits() {
    Runtime::new().expect("threads").block_on(async {
        for budgets in ["", "{ per_day: 1 TB }"] {
            let script = Box::new(|request: &scripted::Request, _| dry_run(request).or_else(|| limited(request, 0)));
            let world = World::start_with(budgets, Manners { rows: 1, ..Manners::default() }, script).await;
            let (code, message, help) = refusal(world.ask("ann", &revenue("2024-01-01 to 2026-01-01")).await);
            assert_eq!(code, PlanErrorCode::CostExceeded);
            assert!(message.contains("and the connection lets one query bill 70 GB"), "{message}");
            assert_eq!(help, "Ask for less: a range of 364 days, such as `2025-01-02 to 2026-01-01` (38.1 GB).");
            assert!(world.server.jobs().is_empty());
            assert_eq!(world.ran().len(), usize::from(budgets.is_empty()), "what is certain is not asked");
            let offered = help.split('`').nth(1).expect("a range is offered");
            assert!(world.ask("ann", &revenue(offered)).await.is_ok());
        }
    });
}

#[test]
fn what_bigquery_refuses_of_a_rollup_is_asked_of_the_rows_if_these_are_less() {
    Runtime::new().expect("threads").block_on(async {
        let of_rollup = |request: &scripted::Request| {
            let is_query = request.endpoint == Endpoint::Query;
            is_query && request.body["query"].as_str().is_some_and(|query| query.contains("parcels_daily"))
        };
        for (time, is_answered) in [("2025-06-01 to 2025-06-08", true), ("2024-01-01 to 2026-01-01", false)] {
            let script = move |request: &scripted::Request, _: usize| {
                let told = || json!({ "jobComplete": true, "totalBytesProcessed": (2 * MOST).to_string() });
                let refused =
                    || Reply::refused(400, "bytesBilledLimitExceeded", "Query exceeded limit for bytes billed");
                let priced = || if is_dry(request) { Reply::Json(200, told()) } else { refused() };
                of_rollup(request).then(priced).or_else(|| dry_run(request)).or_else(|| limited(request, 0))
            };
            let mut world = World::start_with("", Manners { rows: 1, ..Manners::default() }, Box::new(script)).await;
            let stored = Stored { table: "marts.parcels_daily".to_owned(), until: now().date_naive(), rows: 1_000_000 };
            world.live = world.live.with_stored(vec![Some(stored)]).expect("nothing was known of it");
            let answer = world.ask("ann", &revenue(time)).await;
            let tables: Vec<bool> =
                world.ran().iter().map(|body| body["query"].to_string().contains("parcels_daily")).collect();
            if is_answered {
                let answered = answer.expect("the rows have room");
                let used = answered.answer.plan.rollups.iter().any(|rollup| rollup.is_used);
                assert!(!used, "{:?}", answered.answer.plan.rollups);
                let estimate = answered.answer.cost.as_ref().and_then(|cost| cost.estimate.as_ref());
                assert_eq!(estimate.map(|estimate| estimate.bytes), Some(7 * OF_A_DAY));
                assert_eq!(tables, [true, false]);
            } else {
                let (code, message, _) = refusal(answer);
                assert_eq!(code, PlanErrorCode::CostExceeded);
                assert!(message.contains("the connection lets one query bill 70 GB"), "{message}");
                assert_eq!(tables, [true], "rows that have no room are not asked");
            }
        }
    });
}

#[test]
fn a_query_that_has_outgrown_its_estimate_is_refused_and_given_back() {
    Runtime::new().expect("threads").block_on(async {
        let script = Box::new(|request: &scripted::Request, _| dry_run(request).or_else(|| limited(request, 1 << 30)));
        let world = World::start_with("{ per_day: 1 TB }", Manners { rows: 1, ..Manners::default() }, script).await;
        let (code, message, _) = refusal(world.ask("ann", &revenue("2025-06-01 to 2025-06-08")).await);
        assert_eq!(code, PlanErrorCode::CostExceeded);
        assert_eq!(message, "the query would bill more than the 744.4 MB that it was estimated at");
        assert_eq!((world.server.jobs().len(), world.engine.spent().0), (0, 0));
    });
}

#[test]
fn a_budget_holds_on_the_command_line_and_over_graphql() {
    let runtime = Runtime::new().expect("threads");
    let script = Box::new(|request: &scripted::Request, _| dry_run(request).or_else(|| limited(request, 0)));
    let manners = Manners { reads: 28 * OF_A_DAY, rows: 1, ..Manners::default() };
    let server = runtime.block_on(Server::start(Speaks::BigQuery, manners, script));
    let project = Project::empty();
    let connection = format!("{{ type: bigquery, project: acme, base_url: \"{}\" }}", server.address());
    let config = format!("language: 1\nname: parcel\nconnection: a\nconnections: {{ a: {connection} }}\n");
    project.write("metrics/parcels.yml", METRICS);
    project.write("schema/catalog.json", CATALOG);
    let ran = || server.jobs().len();
    let offered = |help: &str| help.split('`').nth(1).expect("a range is offered").to_owned();

    // The connection's own limit, 10 GB unless said, is the only one.
    project.write("entente.yml", &config);
    let refused = project.run(["query", "-m", "revenue", "-t", "2025"]).failed(1, &["COST_EXCEEDED", "bill 10 GB"]);
    assert_eq!(ran(), 0);
    project.run(["query", "-m", "revenue", "-t", &offered(&refused.err)]).worked();
    assert_eq!(ran(), 1);
    let asked = server.seen(Endpoint::Query).into_iter().map(|request| request.body["labels"].clone());
    for labels in asked {
        assert_eq!((&labels["metrics"], &labels["caller"]), (&json!("revenue"), &json!("anonymous")), "{labels}");
        assert!(labels["definitions"].is_string(), "{labels}");
    }

    project.write(
        "entente.yml",
        format!("{config}price: {{ per_tib: 6.25, currency: USD }}\nbudgets: {{ per_query: 5 GB }}\n"),
    );
    project.run(["query", "-m", "revenue", "-t", "2025"]).failed(1, &["COST_EXCEEDED", "one query may read 5 GB"]);
    let served = served::Server::start(&project);
    let ask = |from: &str, to: &str| {
        let time = format!("{{ between: {{ from: \"{from}\", to: \"{to}\" }} }}");
        let trust = "trust { cost { basis bytesEstimated bytesBilled price currency } }";
        served.ask(&format!("{{ report(time: {time}) {{ rows {{ revenue }} {trust} }} }}"))
    };
    let refused = ask("2025-01-01", "2026-01-01");
    let error = &refused["errors"][0];
    assert_eq!(error["extensions"]["code"], "COST_EXCEEDED", "{refused:#}");
    assert_eq!(ran(), 1, "nothing ran that was refused");
    let range = offered(&error.to_string());
    let (from, to) = range.split_once(" to ").expect("a range");
    let cost = &ask(from, to)["data"]["report"]["trust"]["cost"];
    let billed = (28 * OF_A_DAY).to_string();
    assert_eq!((&cost["basis"], &cost["bytesBilled"]), (&json!("measured by dry run"), &json!(billed)), "{cost}");
    assert_eq!((&cost["price"], &cost["currency"]), (&json!("0.016690"), &json!("USD")));
    assert_eq!(ran(), 2);
}
