//! Where the answers of one GraphQL request come from: the engine, against the project that is served as it begins.

use std::time::Instant;

use super::state::Shared;
use crate::{
    cache::Fingerprint,
    engine::{Answered, Beside, Failure, Live},
    graphql::{Compiled, Pending, Source},
    plan::{Principal, Request},
    sql::Dialect,
    time::{DateTime, Utc},
};

/// The engine, asked on behalf of one request, whose queries share its deadline.
pub(super) struct Asked<'a> {
    shared: &'a Shared,
    live: &'a Live,
    until: tokio::time::Instant,
}

impl<'a> Asked<'a> {
    pub(super) fn new(shared: &'a Shared, live: &'a Live) -> Self {
        Self { shared, live, until: tokio::time::Instant::now() + shared.engine.deadline() }
    }

    /// Waits as long as the request has time.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        tokio::time::timeout_at(self.until, work).await.unwrap_or(Err(Failure::Timeout))
    }
}

impl Source for Asked<'_> {
    fn answer<'a>(
        &'a self,
        request: &'a Request,
        beside: &'a Beside<'_>,
        principal: &'a Principal,
    ) -> Pending<'a, Result<Answered, Failure>> {
        Box::pin(async move {
            let asked_at = Instant::now();
            let answered = self.in_time(self.shared.engine.answer_beside(self.live, request, beside, principal)).await;
            self.shared.telemetry.answer(answered.as_ref());
            if let (Some(log), Ok(answered)) = (&self.shared.query_log, &answered) {
                log.count(self.live, request, answered, asked_at.elapsed());
            }
            answered
        })
    }

    fn gives_total<'a>(
        &'a self,
        request: &'a Request,
        beside: &'a Beside<'_>,
        principal: &'a Principal,
    ) -> Pending<'a, bool> {
        Box::pin(self.shared.engine.gives_total(self.live, request, beside, principal))
    }

    fn compile<'a>(
        &'a self,
        request: &'a Request,
        principal: &'a Principal,
        dialect: Option<Dialect>,
    ) -> Pending<'a, Result<Compiled, Failure>> {
        let compiled = self.in_time(self.shared.engine.compile(self.live, request, principal, dialect));
        Box::pin(async { compiled.await.map(|(plan, text, dialect)| Compiled { plan, text, dialect }) })
    }

    fn now(&self) -> DateTime<Utc> {
        self.shared.engine.now()
    }

    fn version(&self) -> Fingerprint {
        self.live.version
    }

    fn data_version(&self) -> u64 {
        self.shared.engine.data_version()
    }
}
