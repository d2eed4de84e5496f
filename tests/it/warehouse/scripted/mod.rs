//! A server of our own that speaks BigQuery's REST protocol and does what a script says.
//!
//! Without a script it is a small BigQuery: jobs that take time, pages, requests that come twice, jobs that are stopped.
//! See <https://cloud.google.com/bigquery/docs/reference/rest/v2/jobs/query>.

mod http;
mod jobs;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tokio::net::TcpListener;

pub(super) use self::http::Reply;
pub(super) use self::jobs::Job;

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Endpoint {
    /// `POST projects/p/queries`
    Query,
    /// `GET projects/p/queries/j`
    Results,
    /// `POST projects/p/jobs/j/cancel`
    Cancel,
    /// `POST token`, which gives tokens.
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
    pub(super) body: Value,
    /// The token that it brings.
    pub(super) token: Option<String>,
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
    /// How many requests a token is good for; nobody is asked for one if there is none.
    pub(super) token_lasts: Option<usize>,
}

impl Default for Manners {
    fn default() -> Self {
        Self { job_takes: Duration::ZERO, rows: 3, page: 1000, token_lasts: None }
    }
}

/// The running server. It ends with the runtime it was started on.
#[derive(Clone)]
pub(super) struct Server {
    address: String,
    state: Arc<State>,
}

struct State {
    manners: Manners,
    script: Script,
    jobs: Mutex<Vec<Job>>,
    seen: Mutex<Vec<Request>>,
    /// The tokens that were given, with the requests that each is still good for.
    tokens: Mutex<BTreeMap<String, usize>>,
}

impl Server {
    /// Starts a server.
    pub(super) async fn start(manners: Manners, script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        let state = State { manners, script, jobs: Mutex::default(), seen: Mutex::default(), tokens: Mutex::default() };
        let state = Arc::new(state);
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
        if self.manners.token_lasts.is_some() && !self.takes(request.token.as_deref()) {
            return Reply::refused(401, "authError", "Invalid Credentials");
        }
        match request.endpoint {
            Endpoint::Query => self.begin(request).await,
            Endpoint::Results => self.results(request).await,
            Endpoint::Cancel => self.cancel(request),
            Endpoint::Metadata | Endpoint::Token => Reply::refused(404, "notFound", "Not found: Table"),
        }
    }

    /// Uses a token up by one request.
    fn takes(&self, token: Option<&str>) -> bool {
        let mut tokens = locked(&self.tokens);
        let left = token.and_then(|token| tokens.get_mut(token)).filter(|left| **left > 0);
        left.map(|left| *left -= 1).is_some()
    }
}
