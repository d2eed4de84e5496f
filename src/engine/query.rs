//! Plan → cache → warehouse → rows.
//!
//! **Invariant:** an answer at hand pays for its plan's and its rows' fingerprints alone; what asking the warehouse takes is
//! made when it is asked.

use std::{
    fmt,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use moka::future::Cache as Moka;

use super::{
    Answer, Answered, Beside, Failure, Live, QueryIdentity, ReadBytes,
    aside::Aside,
    asking::{Asking, Desk},
    identity::principal_into,
    labels::labelled,
    moment::moment_of,
};
use crate::{
    cache::{self, Cache, Fingerprint, FingerprintWriter},
    plan::{self, Plan, PlanError, Principal, Request},
    sql::{self, Dialect, Select, Text},
    time::{DateTime, Utc},
    warehouse::{Terms, Warehouse},
};

/// Tells the present moment; tests give one that stands still.
pub type Clock = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// How much work is taken on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The time one request may take, waiting included.
    pub deadline: Duration,
    /// The queries that the warehouse runs at the same time.
    pub concurrency: usize,
    /// The queries that may wait for their turn; further ones are refused at once.
    pub queue: usize,
    /// What the cache keeps.
    pub cache: cache::Limits,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            deadline: Duration::from_secs(60),
            concurrency: 8,
            queue: 500,
            cache: cache::Limits { bytes: 256 << 20, time_to_live: Duration::from_secs(300) },
        }
    }
}

/// The weight of the plans that are kept; a plan weighs its SQL some sixteen times over, tree and text.
const PLANS_BYTES: u64 = 64 << 20;

/// A request that was planned, with the key of its rows.
pub(super) struct Planned {
    pub(super) plan: Arc<Plan>,
    pub(super) text: Text,
    pub(super) terms: Terms,
    pub(super) key: Fingerprint,
    pub(super) now: DateTime<Utc>,
}

/// Answers requests from the cache or the warehouse.
pub struct Engine {
    pub(super) desk: Arc<Desk>,
    pub(super) aside: Aside,
    plans: Moka<Fingerprint, Arc<Planned>>,
    pub(super) answers: Cache<Arc<Answer>, Failure>,
    data_version: AtomicU64,
    pub(super) limits: Limits,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Engine {
    /// Makes an engine over a warehouse.
    pub fn new(warehouse: Arc<dyn Warehouse>, clock: Clock, limits: Limits) -> Self {
        let plans = Moka::builder()
            .max_capacity(PLANS_BYTES)
            .weigher(|_, planned: &Arc<Planned>| u32::try_from(4096 + planned.text.sql.len() * 16).unwrap_or(u32::MAX))
            .build();
        Self {
            desk: Arc::new(Desk::new(warehouse, clock, limits)),
            aside: Aside::new(limits.deadline),
            plans,
            answers: Cache::new(limits.cache, |answer| 1024 + answer.rows.bytes()),
            data_version: AtomicU64::new(0),
            limits,
        }
    }

    /// Returns the present moment.
    pub fn now(&self) -> DateTime<Utc> {
        (self.desk.clock)()
    }

    /// Returns the time that one request may take.
    pub fn deadline(&self) -> Duration {
        self.limits.deadline
    }

    /// Returns the dialect of the warehouse.
    pub fn dialect(&self) -> Dialect {
        self.desk.warehouse.dialect()
    }

    /// Plans a request and writes its SQL for people, in a dialect or the warehouse's own, without running it.
    pub async fn compile(
        &self,
        live: &Live,
        request: &Request,
        principal: &Principal,
        dialect: Option<Dialect>,
    ) -> Result<(Plan, Text, Dialect), Failure> {
        let dialect = dialect.unwrap_or_else(|| self.dialect());
        let context = plan::Context { dialect, ..self.context(request, self.now()) };
        let (plan, text) = self.plan(live, request, principal, context, sql::print_pretty).await?;
        Ok((plan, text, dialect))
    }

    /// Plans a request and writes its SQL.
    async fn plan(
        &self,
        live: &Live,
        request: &Request,
        principal: &Principal,
        context: plan::Context,
        print: fn(&Select, Dialect) -> Text,
    ) -> Result<(Plan, Text), Failure> {
        let (project, request, principal) = (Arc::clone(&live.project), request.clone(), principal.clone());
        let planned = self.aside.run(move || {
            let plan = plan::plan(&project, &request, &principal, &context)?;
            let text = print(&plan.select, context.dialect);
            Ok::<_, PlanError>((plan, text))
        });
        Ok(planned.await??)
    }

    /// Returns what the plan of a request depends on that is asked at a moment.
    pub(super) fn context(&self, request: &Request, now: DateTime<Utc>) -> plan::Context {
        plan::Context { now: moment_of(request, now), dialect: self.dialect() }
    }

    /// Declares that the data have changed: no row that is kept is used again.
    pub fn data_changed(&self) {
        self.data_version.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns how often the data were declared to have changed.
    pub fn data_version(&self) -> u64 {
        self.data_version.load(Ordering::Relaxed)
    }

    /// Returns the number of answers that are kept and their bytes.
    pub fn kept(&self) -> (u64, u64) {
        self.answers.size()
    }

    /// Returns the bytes that were spent today, and by how many callers, since the server was started.
    pub fn spent(&self) -> (u64, usize) {
        self.desk.ledger.spent(self.now().date_naive())
    }

    /// Returns what all queries have read since the server was started, also those whose callers have left.
    pub fn read_bytes(&self) -> ReadBytes {
        self.desk.read_bytes()
    }

    /// Answers a request. Dropping the future leaves; the warehouse is stopped when nobody else waits for the rows.
    pub async fn answer(&self, live: &Live, request: &Request, principal: &Principal) -> Result<Answered, Failure> {
        self.answer_at(live, request, principal, self.now()).await
    }

    /// Answers a request that was asked at a moment.
    pub(super) async fn answer_at(
        &self,
        live: &Live,
        request: &Request,
        principal: &Principal,
        now: DateTime<Utc>,
    ) -> Result<Answered, Failure> {
        let planned = self.planned(live, request, principal, now).await?;
        let load = || {
            let asking = Asking {
                desk: Arc::clone(&self.desk),
                planned: Arc::clone(&planned),
                live: live.clone(),
                request: request.clone(),
                principal: principal.clone(),
            };
            asking.run()
        };
        let rows = self.answers.get_or_load(planned.key, load);
        match tokio::time::timeout(self.limits.deadline, rows).await {
            Ok(Ok((answer, outcome))) => Ok(Answered { answer, cache: outcome.into() }),
            Ok(Err(cache::Failure::Failed(failure))) => Err(failure),
            Ok(Err(cache::Failure::Panicked)) => Err(Failure::Internal),
            Err(_) => Err(Failure::Timeout),
        }
    }

    /// Returns whether one query gives the rows of a request and the row over all of them; see `Request::total`.
    pub async fn gives_total(
        &self,
        live: &Live,
        request: &Request,
        beside: &Beside<'_>,
        principal: &Principal,
    ) -> bool {
        self.planned(live, request, principal, beside.now).await.is_ok_and(|planned| planned.plan.has_total())
    }

    pub(super) async fn planned(
        &self,
        live: &Live,
        request: &Request,
        principal: &Principal,
        now: DateTime<Utc>,
    ) -> Result<Arc<Planned>, Failure> {
        let context = self.context(request, now);
        let plan::Context { now, dialect } = context;
        let data_version = self.data_version();
        let mut hash = FingerprintWriter::default();
        request.hash(&mut hash);
        principal_into(principal, &mut hash);
        (live.version, live.stored, data_version, now.timestamp()).hash(&mut hash);
        let key = hash.end();
        if let Some(planned) = self.plans.get(&key).await {
            return Ok(planned);
        }
        let (plan, text) = self.plan(live, request, principal, context, sql::print).await?;
        let identity = QueryIdentity {
            dialect,
            text: &text,
            time_zone: plan.time_zone,
            range: plan.range,
            principal,
            project_version: live.version,
            data_version,
        };
        let terms = labelled(&plan, live.version, principal);
        let terms = Terms { deadline: Some(self.limits.deadline), ..terms };
        let key_of_rows = identity.fingerprint();
        let planned = Arc::new(Planned { key: key_of_rows, plan: Arc::new(plan), text, terms, now });
        self.plans.insert(key, Arc::clone(&planned)).await;
        Ok(planned)
    }
}
