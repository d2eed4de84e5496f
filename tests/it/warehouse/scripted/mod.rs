//! A server of our own that speaks a warehouse's REST protocol and does what a script says.
//!
//! Without a script it is a small warehouse: jobs that take time, answers in parts, requests that come twice, jobs that are
//! stopped. What a protocol has of its own stands in a file for each.

mod bigquery;
mod http;
mod jobs;
mod snowflake;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(super) use self::http::Reply;
pub(super) use self::jobs::Job;

/// The protocol that a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaks {
    BigQuery,
    Snowflake,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Endpoint {
    /// A query begins.
    Query,
    /// Whether a job is done, and its rows.
    Results,
    /// What a job came to.
    Job,
    /// A job is stopped.
    Cancel,
    /// Tokens are given.
    Token,
    /// Descriptions of datasets and tables.
    Metadata,
}

/// A request that arrived.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) endpoint: Endpoint,
    /// The words of its path.
    pub(super) path: Vec<String>,
    pub(super) query: BTreeMap<String, String>,
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Value,
}

impl Request {
    /// Returns the token that it brings.
    pub(super) fn token(&self) -> Option<&str> {
        self.headers.get("authorization")?.strip_prefix("Bearer ")
    }

    /// Returns the name by which it is known when it comes twice.
    pub(super) fn id(&self) -> Option<&str> {
        self.body["requestId"].as_str().or_else(|| self.query.get("requestId").map(String::as_str))
    }
}

/// What goes wrong, and how often at the beginning of an endpoint's requests.
pub(super) type Script = Box<dyn Fn(&Request, usize) -> Option<Reply> + Send + Sync>;

/// How the server behaves where the script says nothing.
#[derive(Clone, Debug)]
pub(super) struct Manners {
    /// How long a job runs.
    pub(super) job_takes: Duration,
    /// The rows of every answer.
    pub(super) rows: usize,
    /// The rows of a page.
    pub(super) page: usize,
    /// The bytes that every query reads.
    pub(super) reads: u64,
    /// How many requests a token is good for; nobody is asked for one if there is none.
    pub(super) token_lasts: Option<usize>,
}

impl Default for Manners {
    fn default() -> Self {
        Self { job_takes: Duration::ZERO, rows: 3, page: 1000, reads: 12_000_000, token_lasts: None }
    }
}

/// The running server. It ends with the runtime it was started on.
#[derive(Clone)]
pub(super) struct Server {
    address: String,
    state: Arc<State>,
}

struct State {
    speaks: Speaks,
    manners: Manners,
    script: Script,
    jobs: Mutex<Vec<Job>>,
    seen: Mutex<Vec<Request>>,
    /// The tokens that were given, with the requests that each is still good for.
    tokens: Mutex<BTreeMap<String, usize>>,
}

impl Server {
    /// Starts a server.
    pub(super) async fn start(speaks: Speaks, manners: Manners, script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        let (jobs, seen, tokens) = (Mutex::default(), Mutex::default(), Mutex::default());
        let state = Arc::new(State { speaks, manners, script, jobs, seen, tokens });
        let served = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(http::serve(stream, Arc::clone(&served)));
            }
        });
        Self { address, state }
    }

    /// Returns its address.
    pub(super) fn address(&self) -> &str {
        &self.address
    }

    /// Returns the requests of an endpoint.
    pub(super) fn seen(&self, endpoint: Endpoint) -> Vec<Request> {
        locked(&self.state.seen).iter().filter(|request| request.endpoint == endpoint).cloned().collect()
    }

    /// Returns the jobs that were begun.
    pub(super) fn jobs(&self) -> Vec<Job> {
        locked(&self.state.jobs).clone()
    }

    /// Returns the jobs that run for nobody.
    pub(super) fn running(&self) -> usize {
        locked(&self.state.jobs).iter().filter(|job| !job.is_over(Instant::now())).count()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Speaks {
    fn endpoint(self, method: &str, path: &[&str]) -> Endpoint {
        match self {
            Self::BigQuery => bigquery::endpoint(method, path),
            Self::Snowflake => snowflake::endpoint(method, path),
        }
    }

    fn error(self, status: u16, reason: &str, message: &str) -> Value {
        match self {
            Self::BigQuery => bigquery::error(status, reason, message),
            Self::Snowflake => snowflake::error(reason, message),
        }
    }
}

impl State {
    /// Answers a request.
    async fn answer(&self, request: Request) -> Reply {
        let nth = {
            let mut seen = locked(&self.seen);
            seen.push(request.clone());
            seen.iter().filter(|other| other.endpoint == request.endpoint).count() - 1
        };
        if let Some(reply) = (self.script)(&request, nth) {
            return match reply {
                // The work is done, and the answer lost.
                Reply::Unheard => {
                    self.behave(&request).await;
                    Reply::Reset
                }
                Reply::Late(wait) => {
                    tokio::time::sleep(wait).await;
                    self.behave(&request).await
                }
                Reply::Changed(change) => match self.behave(&request).await {
                    Reply::Json(200, mut document) => {
                        change(&mut document);
                        Reply::Json(200, document)
                    }
                    other => other,
                },
                Reply::Truncated(None) => Reply::Truncated(self.document(&request).await),
                Reply::Dripping(None) => Reply::Dripping(self.document(&request).await),
                reply => reply,
            };
        }
        self.behave(&request).await
    }

    async fn document(&self, request: &Request) -> Option<Value> {
        match self.behave(request).await {
            Reply::Json(_, document) => Some(document),
            _ => None,
        }
    }

    async fn behave(&self, request: &Request) -> Reply {
        if request.endpoint == Endpoint::Token {
            let mut tokens = locked(&self.tokens);
            let token = format!("token-{}", tokens.len() + 1);
            tokens.insert(token.clone(), self.manners.token_lasts.unwrap_or(usize::MAX));
            return Reply::Json(200, json!({ "access_token": token, "expires_in": 3600, "token_type": "Bearer" }));
        }
        if self.manners.token_lasts.is_some() && !self.takes(request.token()) {
            return Reply::refused(401, "authError", "Invalid Credentials");
        }
        match self.speaks {
            Speaks::BigQuery => self.behave_as_bigquery(request).await,
            Speaks::Snowflake => self.behave_as_snowflake(request),
        }
    }

    /// Uses a token up by one request.
    fn takes(&self, token: Option<&str>) -> bool {
        let mut tokens = locked(&self.tokens);
        let left = token.and_then(|token| tokens.get_mut(token)).filter(|left| **left > 0);
        left.map(|left| *left -= 1).is_some()
    }
}
