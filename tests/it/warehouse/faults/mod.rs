//! Drivers against a server that fails by script: what holds for every warehouse that is asked over HTTP.

mod bigquery;
mod snowflake;

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use entente::{
    sql::Text,
    warehouse::{Error, Rows, Terms, Warehouse},
};
use tokio::runtime::Runtime;

use super::scripted::{Endpoint, Manners, Reply, Request, Server, Speaks};

/// A driver, and the server that it speaks to.
#[derive(Clone, Copy)]
struct Pair {
    speaks: Speaks,
    driver: fn(&Server) -> Arc<dyn Warehouse>,
}

/// What came of a query, how long it took, and what the server saw.
struct Outcome {
    answer: Result<Rows, Error>,
    took: Duration,
    server: Server,
}

/// The time that most of the queries here have; more than the waits between attempts come to.
const LONG: Duration = Duration::from_secs(20);
/// The time of those that end by it.
const SHORT: Duration = Duration::from_secs(2);

/// What a server does at the nth request of an endpoint.
type Step = fn(&Request, usize) -> Option<Reply>;

fn first(nth: usize, reply: Reply) -> Option<Reply> {
    (nth == 0).then_some(reply)
}

fn one() -> Text {
    Text { sql: "SELECT 1".to_owned(), parameters: Vec::new() }
}

impl Pair {
    async fn start(
        self,
        manners: Manners,
        script: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> (Server, Arc<dyn Warehouse>) {
        let server = Server::start(self.speaks, manners, Box::new(script)).await;
        let driver = (self.driver)(&server);
        (server, driver)
    }

    /// Asks a server with these manners and this script.
    fn ask(
        self,
        manners: Manners,
        deadline: Duration,
        script: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> Outcome {
        Runtime::new().expect("threads").block_on(async {
            let (server, driver) = self.start(manners, script).await;
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

    /// Runs statements on a server with this script.
    fn execute(
        self,
        statements: &[&str],
        script: impl Fn(&Request, usize) -> Option<Reply> + Send + Sync + 'static,
    ) -> (Result<(), Error>, Server) {
        Runtime::new().expect("threads").block_on(async {
            let (server, driver) = self.start(Manners::default(), script).await;
            let statements: Vec<String> = statements.iter().map(|statement| (*statement).to_owned()).collect();
            let terms = Terms { deadline: Some(LONG), ..Terms::default() }.label("rollup", "daily");
            (driver.execute(&statements, &terms).await, server)
        })
    }

    /// Asks where an endpoint does as the step says; its jobs take time if it tells their results.
    fn ask_at(self, endpoint: Endpoint, step: Step, waits: Duration, deadline: Duration) -> Outcome {
        let job_takes = if endpoint == Endpoint::Results { waits } else { Duration::ZERO };
        let manners = Manners { job_takes, rows: 5, page: 2, ..Manners::default() };
        self.ask(
            manners,
            deadline,
            move |request, nth| {
                if request.endpoint == endpoint { step(request, nth) } else { None }
            },
        )
    }

    /// The answer is right all the same, and what was begun twice is one job.
    fn passes(self, name: &str, endpoint: Endpoint, step: Step) {
        let outcome = self.ask_at(endpoint, step, Duration::from_millis(700), LONG);
        let rows = outcome.answer.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(rows.to_csv(&["n"]), "n\n0\n1\n2\n3\n4\n", "{name}");
        assert_eq!(outcome.server.jobs().len(), 1, "{name}: a request that comes twice is one job");
        let queries = outcome.server.seen(Endpoint::Query);
        let ids: Vec<&str> = queries.iter().filter_map(Request::id).collect();
        assert!(ids.len() == queries.len() && ids.iter().all(|id| id == &ids[0]), "{name}: {ids:?}");
        assert_eq!(queries.len(), if endpoint == Endpoint::Query { 2 } else { 1 }, "{name}");
        assert_eq!(outcome.server.running(), 0, "{name}");
    }

    /// What is refused is asked once, and told without the server's words.
    fn stays(self, status: u16, reason: &'static str, says: &str) {
        let outcome = self.ask(Manners::default(), LONG, move |request, _| match request.endpoint {
            Endpoint::Query => Some(Reply::refused(status, reason, "secret_table is unwell")),
            _ => None,
        });
        let error = outcome.answer.expect_err(reason);
        assert_eq!(error.to_string(), says, "{reason}");
        assert!(!error.to_string().contains("secret_table"), "the server's words are for the log");
        if matches!(error, Error::Refused(_)) {
            assert_eq!(error.detail(), Some("secret_table is unwell"), "{reason}");
        }
        assert_eq!(outcome.server.seen(Endpoint::Query).len(), 1, "{reason} is never asked again");
    }

    /// An answer that is longer than is read is fetched once.
    fn ends_at_a_long_answer(self) {
        for endpoint in [Endpoint::Query, Endpoint::Results] {
            let outcome = self.ask_at(endpoint, |_, _| Some(Reply::Endless), Duration::from_millis(700), LONG);
            let error = outcome.answer.expect_err("it has no end").to_string();
            assert_eq!(error, "the warehouse refused the query: its answer is too large");
            assert_eq!(outcome.server.seen(endpoint).len(), 1, "{endpoint:?}");
        }
    }

    /// What the server does not take at present is not asked again for somebody who has left.
    fn is_not_repeated_for_nobody(self, reason: &'static str) {
        Runtime::new().expect("threads").block_on(async {
            let busy = move |request: &Request, _| match request.endpoint {
                Endpoint::Query => Some(Reply::RetryAfter(429, reason, 1)),
                _ => None,
            };
            let (server, driver) = self.start(Manners::default(), busy).await;
            let (text, terms) = (one(), Terms::default());
            assert!(tokio::time::timeout(Duration::from_millis(300), driver.query(&text, &terms)).await.is_err());
            tokio::time::sleep(Duration::from_millis(1500)).await;
            assert_eq!(server.seen(Endpoint::Query).len(), 1);
        });
    }

    /// What never gets better ends within the time of the request, or sooner, and leaves no job.
    fn ends_in_time(self, name: &str, step: Step, says: &str) {
        for endpoint in [Endpoint::Query, Endpoint::Results] {
            let outcome = self.ask_at(endpoint, step, Duration::from_secs(60), SHORT);
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

    /// A thousand clients leave at random times; no job is left that runs for nobody.
    fn leaves_no_job(self) {
        const CLIENTS: u64 = 1000;
        Runtime::new().expect("threads").block_on(async {
            let manners = Manners { job_takes: Duration::from_secs(600), ..Manners::default() };
            let (server, driver) = self.start(manners, |_, _| None).await;
            let left: Arc<Mutex<Vec<(String, Instant)>>> = Arc::default();
            let mut clients = tokio::task::JoinSet::new();
            for client in 0..CLIENTS {
                let (driver, left) = (Arc::clone(&driver), Arc::clone(&left));
                clients.spawn(async move {
                    let text = Text { sql: format!("SELECT {client}"), parameters: Vec::new() };
                    // Hundreds at once, each gone after up to 1.2 s: before the job is begun, while it is, and long after.
                    tokio::time::sleep(Duration::from_millis(client * 3)).await;
                    let stays = Duration::from_millis(client * 7919 % 1200);
                    let terms = Terms::default();
                    let asked = tokio::time::timeout(stays, driver.query(&text, &terms));
                    assert!(asked.await.is_err(), "the job has no end");
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
}

/// What passes in every protocol.
const PASSING: [(&str, Endpoint, Step); 7] = [
    ("502 of a proxy", Endpoint::Query, |_, nth| first(nth, Reply::Html(502))),
    ("an answer cut short", Endpoint::Query, |_, nth| first(nth, Reply::Truncated(None))),
    ("words that are no document", Endpoint::Query, |_, nth| first(nth, Reply::Nonsense)),
    ("a reset", Endpoint::Query, |_, nth| first(nth, Reply::Reset)),
    ("a reset after the job began", Endpoint::Query, |_, nth| first(nth, Reply::Unheard)),
    ("a page cut short", Endpoint::Results, |_, nth| first(nth, Reply::Truncated(None))),
    ("a reset while waiting", Endpoint::Results, |_, nth| first(nth, Reply::Reset)),
];

/// What never gets better in any protocol.
const HOPELESS: [(&str, Step, &str); 5] = [
    ("always nonsense", |_, _| Some(Reply::Nonsense), "its answer cannot be read"),
    ("always reset", |_, _| Some(Reply::Reset), "error"),
    ("silence", |_, _| Some(Reply::Silence), "the query was cancelled"),
    ("a byte now and then", |_, _| Some(Reply::Dripping(None)), "the query was cancelled"),
    ("an answer that is late", |_, _| Some(Reply::Late(Duration::from_secs(60))), "the query was cancelled"),
];
