//! Calls over HTTP for the drivers whose warehouse is asked that way, repeated where that may help.
//!
//! `POST projects/acme/queries` with a token → what is read from the answer, or a [`Fault`].
//!
//! **Invariant:** a fault keeps what decides about another attempt: the status, the reason, how long to wait.

mod begun;
mod retry;

use std::{future::Future, time::Duration};

use bytes::{Bytes, BytesMut};
use reqwest::{Method, RequestBuilder, StatusCode, Url, header::RETRY_AFTER};

pub(super) use self::begun::{Begun, Caller, Work, begin};
use self::retry::{Attempts, Budget};
use super::{Error, causes::with_causes};

/// The time in which a server has to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// The time in which an answer has to be whole. A request that nobody waits for does not hang for ever.
const WHOLE: Duration = Duration::from_secs(120);

/// The longest answer that is read. The warehouses' own limits are some 20 MB a page, before it is unpacked.
const LONGEST: usize = 128 << 20;

/// What is a warehouse's own in its protocol.
pub(super) trait Protocol: Send + Sync + 'static {
    /// The warehouse's name, for logs.
    const NAME: &'static str;

    /// Returns a token, nothing if none is needed; `fresh` if the last one was refused. The error says why there is none.
    fn token(&self, fresh: bool) -> impl Future<Output = Result<Option<String>, String>> + Send;

    /// Adds what every request has beside its token.
    fn prepare(&self, request: RequestBuilder) -> RequestBuilder {
        request
    }

    /// Reads the reason and the message of an error's document; nothing if it is none.
    fn reason(body: &[u8]) -> Option<(String, String)>;

    /// Returns whether a refusal may be gone the next time.
    fn passes(refused: &Refused) -> bool;
}

/// Returns whether a status may be another the next time, where the server says no more.
pub(super) fn status_passes(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// A server, and how it is spoken to.
pub(super) struct Rest<P> {
    client: reqwest::Client,
    base: Url,
    protocol: P,
    budget: Budget,
}

/// One request.
#[derive(Clone)]
pub(super) struct Call<'a> {
    method: Method,
    path: Vec<&'a str>,
    query: Vec<(&'static str, String)>,
    /// What the address of a repeated request says beside this.
    repeated: Option<(&'static str, &'static str)>,
    body: Option<Bytes>,
}

impl<'a> Call<'a> {
    /// Makes a call that reads.
    pub(super) fn get(path: Vec<&'a str>) -> Self {
        Self { method: Method::GET, path, query: Vec::new(), repeated: None, body: None }
    }

    /// Makes a call that sends a document.
    pub(super) fn post(path: Vec<&'a str>, body: Bytes) -> Self {
        Self { method: Method::POST, body: Some(body), ..Self::get(path) }
    }

    /// Adds a parameter of the address, if there is a value.
    pub(super) fn with(mut self, key: &'static str, value: Option<String>) -> Self {
        self.query.extend(value.map(|value| (key, value)));
        self
    }

    /// Adds a parameter by which the server knows that it may have heard the request before.
    #[cfg(feature = "snowflake")]
    pub(super) fn repeated_with(mut self, key: &'static str, value: &'static str) -> Self {
        self.repeated = Some((key, value));
        self
    }
}

/// What came back, with a status of success.
pub(super) struct Answer {
    /// The status.
    #[cfg_attr(
        not(feature = "snowflake"),
        expect(dead_code, reason = "BigQuery's documents say themselves what they are")
    )]
    pub(super) status: u16,
    /// The document.
    pub(super) body: Bytes,
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
    /// What comes is longer than is read.
    TooLarge,
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

impl<P: Protocol> Rest<P> {
    /// Makes a client without dialing.
    pub(super) fn new(base: &str, protocol: P) -> Result<Self, Error> {
        let unusable = |error: &dyn std::fmt::Display| Error::Unavailable(error.to_string());
        let base = Url::parse(base.trim_end_matches('/')).map_err(|error| unusable(&error))?;
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
        let client = builder.build().map_err(|error| unusable(&error))?;
        Ok(Self { client, base, protocol, budget: Budget::new() })
    }

    /// Makes a call until it gives an answer that `read` understands, or a fault that stays.
    pub(super) async fn call<T>(
        &self,
        call: &Call<'_>,
        read: impl FnMut(&Answer) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.call_for(&Caller::of_call(), call, read).await
    }

    /// Makes a call that begins work; it is made again for a caller who has left only where the work may have begun.
    pub(super) async fn call_for<T>(
        &self,
        caller: &Caller,
        call: &Call<'_>,
        mut read: impl FnMut(&Answer) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let mut attempts = Attempts::new(&self.budget);
        loop {
            match self.authorized(call, attempts.is_repeated()).await.and_then(|answer| read(&answer)) {
                Ok(answer) => return Ok(answer),
                Err(fault) => attempts.again::<P>(fault, caller).await?,
            }
        }
    }

    /// Makes a call once; a token that is refused is fetched again, once.
    async fn authorized(&self, call: &Call<'_>, is_repeated: bool) -> Result<Answer, Fault> {
        match self.once(call, is_repeated, false).await {
            Err(Fault::Answered(refused)) if refused.status == 401 => self.once(call, is_repeated, true).await,
            answer => answer,
        }
    }

    async fn once(&self, call: &Call<'_>, is_repeated: bool, fresh: bool) -> Result<Answer, Fault> {
        let token = self.protocol.token(fresh).await.map_err(Fault::NoToken)?;
        let request = self.client.request(call.method.clone(), self.address(call, is_repeated)?);
        let mut request = self.protocol.prepare(request);
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
        if response.content_length().is_some_and(|length| length > LONGEST as u64) {
            return Err(Fault::TooLarge);
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(lost)? {
            body.extend_from_slice(&chunk);
            if body.len() > LONGEST {
                return Err(Fault::TooLarge);
            }
        }
        if status.is_success() {
            Ok(Answer { status: status.as_u16(), body: body.freeze() })
        } else {
            Err(refused::<P>(status, &body, wait))
        }
    }

    fn address(&self, call: &Call<'_>, is_repeated: bool) -> Result<Url, Fault> {
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| Fault::Lost("the address has no path".to_owned()))?.extend(&call.path);
        if !call.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&call.query);
        }
        if let Some((key, value)) = call.repeated.filter(|_| is_repeated) {
            url.query_pairs_mut().append_pair(key, value);
        }
        Ok(url)
    }
}

/// Reads the document of an error; a server between us and the warehouse may answer with something else.
fn refused<P: Protocol>(status: StatusCode, body: &[u8], wait: Option<u64>) -> Fault {
    let (reason, message) = P::reason(body).unwrap_or_else(|| (String::new(), status.to_string()));
    Fault::Answered(Refused { status: status.as_u16(), reason, message, wait: wait.map(Duration::from_secs) })
}

/// Returns 128 random bits in hexadecimal digits: a name by which the server knows a request that comes twice.
pub(super) fn request_id() -> String {
    let words = [getrandom::u64(), getrandom::u64()].map(|word| word.expect("the operating system has random bytes"));
    format!("{:016x}{:016x}", words[0], words[1])
}
