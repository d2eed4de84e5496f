//! Calls of BigQuery's REST protocol: one request, one answer, nothing repeated.
//!
//! `POST projects/acme/queries` with a token → the bytes of a document, or a [`Fault`].
//!
//! **Invariant:** a fault keeps what decides about another attempt: the status, the reason, how long to wait.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{Method, StatusCode, Url, header::RETRY_AFTER};
use serde::Deserialize;

use super::credentials::Tokens;
use crate::warehouse::{Error, causes::with_causes};

/// The address of Google's own server.
const GOOGLE: &str = "https://bigquery.googleapis.com/bigquery/v2";

/// The time in which a server has to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// The time in which an answer has to be whole. A request that nobody waits for does not hang for ever.
const WHOLE: Duration = Duration::from_secs(120);

/// The longest answer that is read. BigQuery's own limit is 20 MB a page, before it is unpacked.
const LONGEST: usize = 128 << 20;

/// A server and who asks it.
pub(super) struct Rest {
    client: reqwest::Client,
    base: Url,
    tokens: Tokens,
}

/// One request.
#[derive(Clone)]
pub(super) struct Call<'a> {
    method: Method,
    path: Vec<&'a str>,
    query: Vec<(&'static str, String)>,
    body: Option<Bytes>,
}

impl<'a> Call<'a> {
    /// Makes a call that reads.
    pub(super) fn get(path: Vec<&'a str>) -> Self {
        Self { method: Method::GET, path, query: Vec::new(), body: None }
    }

    /// Makes a call that sends a document.
    pub(super) fn post(path: Vec<&'a str>, body: Bytes) -> Self {
        Self { method: Method::POST, path, query: Vec::new(), body: Some(body) }
    }

    /// Adds a parameter of the address, if there is a value.
    pub(super) fn with(mut self, key: &'static str, value: Option<String>) -> Self {
        self.query.extend(value.map(|value| (key, value)));
        self
    }
}

/// Why a call gave no document.
#[derive(Debug)]
pub(super) enum Fault {
    /// There is no token.
    NoToken(String),
    /// The server cannot be reached, or its answer ended early.
    Lost(String),
    /// The server refuses.
    Answered(Refused),
    /// What came is not what the protocol says.
    Garbled(String),
}

/// An answer that is an error.
#[derive(Debug)]
pub(super) struct Refused {
    pub(super) status: u16,
    /// The first reason that the server gives, such as `rateLimitExceeded`; empty if it gives none.
    pub(super) reason: String,
    pub(super) message: String,
    /// How long the server asks to be left alone.
    pub(super) wait: Option<Duration>,
}

/// The document of an error. See <https://cloud.google.com/bigquery/docs/error-messages>.
#[derive(Deserialize)]
struct ErrorDocument {
    error: ErrorBody,
}

#[derive(Deserialize)]
struct ErrorBody {
    #[serde(default)]
    message: String,
    #[serde(default)]
    errors: Vec<Reason>,
}

/// A reason with its message, as errors and jobs have it.
#[derive(Debug, Deserialize)]
pub(super) struct Reason {
    #[serde(default)]
    pub(super) reason: String,
    #[serde(default)]
    pub(super) message: String,
}

impl Rest {
    /// Makes a client without dialing.
    pub(super) fn new(base_url: Option<&str>, tokens: Tokens) -> Result<Self, Error> {
        let unusable = |error: &dyn std::fmt::Display| Error::Unavailable(error.to_string());
        let base = base_url.unwrap_or(GOOGLE).trim_end_matches('/');
        let base = Url::parse(base).map_err(|error| unusable(&error))?;
        // Google packs answers for clients whose name holds `gzip`.
        let mut builder = reqwest::Client::builder()
            .connect_timeout(CONNECT)
            .timeout(WHOLE)
            .user_agent(concat!("entente/", env!("CARGO_PKG_VERSION"), " (gzip)"))
            .redirect(reqwest::redirect::Policy::none());
        if base.scheme() == "http" {
            // A peer on this machine or beside it.
            builder = builder.no_proxy();
        }
        Ok(Self { client: builder.build().map_err(|error| unusable(&error))?, base, tokens })
    }

    /// Makes a call; a token that is refused is fetched again, once.
    pub(super) async fn call(&self, call: &Call<'_>) -> Result<Bytes, Fault> {
        match self.once(call, false).await {
            Err(Fault::Answered(refused)) if refused.status == 401 => self.once(call, true).await,
            answer => answer,
        }
    }

    async fn once(&self, call: &Call<'_>, fresh: bool) -> Result<Bytes, Fault> {
        let token = self.tokens.token(fresh).await.map_err(Fault::NoToken)?;
        let mut request = self.client.request(call.method.clone(), self.address(call)?);
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = &call.body {
            request = request.header("content-type", "application/json").body(body.clone());
        }
        let lost = |error: reqwest::Error| Fault::Lost(with_causes(&error.without_url()));
        let mut response = request.send().await.map_err(lost)?;
        let status = response.status();
        let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST {
                return Err(Fault::Garbled("the server sends more than a page".to_owned()));
            }
        }
        if status.is_success() { Ok(body.freeze()) } else { Err(refused(status, &body, wait)) }
    }

    fn address(&self, call: &Call<'_>) -> Result<Url, Fault> {
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| Fault::Lost("the address has no path".to_owned()))?.extend(&call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        Ok(url)
    }
}

/// Reads the document of an error; a server between us and BigQuery may answer with something else.
fn refused(status: StatusCode, body: &[u8], wait: Option<u64>) -> Fault {
    let document: Option<ErrorDocument> = serde_json::from_slice(body).ok();
    let (reason, message) = match document {
        Some(ErrorDocument { mut error }) => {
            let first = (!error.errors.is_empty()).then(|| error.errors.swap_remove(0));
            let reason = first.as_ref().map(|first| first.reason.clone()).unwrap_or_default();
            let message = if error.message.is_empty() { first.map(|first| first.message) } else { None };
            (reason, message.unwrap_or(error.message))
        }
        None => (String::new(), status.to_string()),
    };
    Fault::Answered(Refused { status: status.as_u16(), reason, message, wait: wait.map(Duration::from_secs) })
}
