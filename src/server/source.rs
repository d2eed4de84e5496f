//! Where the answers of one GraphQL request come from: the engine, against the project that is served as it begins.

use std::time::Instant;

use super::state::Shared;
use crate::{
    engine::{Answered, Beside, Failure, Live},
    graphql::{Compiled, Pending, Source},
    plan::{Principal, Request},
    sql::Dialect,
    time::{DateTime, Utc},
};

/// The engine, asked on behalf of one request.
pub(super) struct Asked<'a> {
    pub(super) shared: &'a Shared,
    pub(super) live: &'a Live,
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
            let answered = self.shared.engine.answer_beside(self.live, request, beside, principal).await;
            self.shared.telemetry.answer(answered.as_ref());
            if let (Some(log), Ok(answered)) = (&self.shared.query_log, &answered) {
                log.count(self.live, request, answered, asked_at.elapsed());
            }
            answered
        })
    }

    fn gives_total<'a>(&'a self, request: &'a Request, principal: &'a Principal) -> Pending<'a, bool> {
        Box::pin(self.shared.engine.gives_total(self.live, request, principal))
    }

    fn compile(&self, request: &Request, principal: &Principal, dialect: Option<Dialect>) -> Result<Compiled, Failure> {
        let (plan, text, dialect) = self.shared.engine.compile(self.live, request, principal, dialect)?;
        Ok(Compiled { plan, text, dialect })
    }

    fn now(&self) -> DateTime<Utc> {
        self.shared.engine.now()
    }

    fn data_version(&self) -> u64 {
        self.shared.engine.data_version()
    }
}
