//! Where answers come from: the engine, or a small stand-in in tests.

use std::{future::Future, pin::Pin};

use crate::{
    cache::Fingerprint,
    engine::{Answered, Beside, Failure},
    plan::{Plan, Principal, Request},
    sql::{Dialect, Text},
    time::{DateTime, Utc},
};

/// Something that is on its way.
pub type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Answers requests against the project that the schema was made of.
pub trait Source: Send + Sync {
    /// Plans and runs a request, in one query with others that are asked beside it where that gives the same. Dropping
    /// the future leaves.
    fn answer<'a>(
        &'a self,
        request: &'a Request,
        beside: &'a Beside<'_>,
        principal: &'a Principal,
    ) -> Pending<'a, Result<Answered, Failure>>;
    /// Returns whether one query gives the rows of a request and the row over all of them; see `Request::total`.
    fn gives_total<'a>(
        &'a self,
        request: &'a Request,
        beside: &'a Beside<'_>,
        principal: &'a Principal,
    ) -> Pending<'a, bool>;
    /// Plans a request and writes its SQL for people, in a dialect or the warehouse's own, without running it.
    fn compile<'a>(
        &'a self,
        request: &'a Request,
        principal: &'a Principal,
        dialect: Option<Dialect>,
    ) -> Pending<'a, Result<Compiled, Failure>>;
    /// Returns the present moment.
    fn now(&self) -> DateTime<Utc>;
    /// Returns the version of the definitions; cursors of another one have expired.
    fn version(&self) -> Fingerprint;
    /// Returns a number that changes when the data do, as far as this process is told; cursors of this process with another
    /// number have expired.
    fn data_version(&self) -> u64;
}

/// A request that was planned and written down.
#[derive(Clone, Debug)]
pub struct Compiled {
    /// How it is computed.
    pub plan: Plan,
    /// The SQL and its parameters.
    pub text: Text,
    /// The dialect of the SQL.
    pub dialect: Dialect,
}
