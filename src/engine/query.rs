//! Plan → cache → warehouse → rows.

use std::{
    fmt,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use moka::future::Cache as Moka;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::{
    Answer, Answered, CacheOutcome, Cost, Failure, Live, Loaded, Pricing, QueryIdentity, Unpriced,
    calendars::{periods_of, periods_query},
    identity::principal_into,
    rollups::{has_tables, stored_of},
};
use crate::{
    cache::{self, Cache, Fingerprint, FingerprintWriter},
    catalog::Statistics,
    plan::{self, ColumnRole, Plan, PlanError, Principal, Request, StoredTable},
    price::{Estimate, Ledger, Reservation, estimate, of_unknown, tables_of_statistics},
    project::{Project, Rollup, Stored},
    sql::{self, Dialect, Select, SqlExpr, Text},
    syntax::Spending,
    time::{DateTime, Utc},
    warehouse::{self, ColumnData, Meter, Rows, Terms, Warehouse},
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

/// Plans are a function of the request and of this slot of time: every zone's day and hour begins with a slot.
/// See <https://data.iana.org/time-zones/tz-link.html>: offsets in use are multiples of fifteen minutes.
const SLOT_SECONDS: i64 = 15 * 60;

/// The weight of the plans that are kept; a plan weighs its SQL some sixteen times over, tree and text.
const PLANS_BYTES: u64 = 64 << 20;

/// A request that was planned, with the key of its rows.
pub(super) struct Planned {
    pub(super) plan: Arc<Plan>,
    text: Text,
    terms: Terms,
    pub(super) key: Fingerprint,
    pub(super) now: DateTime<Utc>,
    /// What its query reads, as far as statistics tell.
    estimate: Option<Estimate>,
}

/// A request under budgets: what is needed to price it and to find cheaper ones.
struct Budgeted {
    live: Live,
    request: Request,
    principal: Principal,
    ledger: Arc<Ledger>,
    statistics: Option<Arc<Statistics>>,
}

/// Answers requests from the cache or the warehouse.
pub struct Engine {
    warehouse: Arc<dyn Warehouse>,
    plans: Moka<Fingerprint, Arc<Planned>>,
    pub(super) answers: Cache<Arc<Answer>, Failure>,
    turns: Arc<Semaphore>,
    waiting: Arc<AtomicU64>,
    data_version: AtomicU64,
    ledger: Arc<Ledger>,
    statistics: ArcSwapOption<Statistics>,
    clock: Clock,
    limits: Limits,
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
            warehouse,
            plans,
            answers: Cache::new(limits.cache, |answer| weight(&answer.rows)),
            turns: Arc::new(Semaphore::new(limits.concurrency)),
            waiting: Arc::default(),
            data_version: AtomicU64::new(0),
            ledger: Arc::default(),
            statistics: ArcSwapOption::empty(),
            clock,
            limits,
        }
    }

    /// Returns the present moment.
    pub fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// Returns the dialect of the warehouse.
    pub fn dialect(&self) -> Dialect {
        self.warehouse.dialect()
    }

    /// Plans a request and writes its SQL for people, in a dialect or the warehouse's own, without running it.
    pub fn compile(
        &self,
        live: &Live,
        request: &Request,
        principal: &Principal,
        dialect: Option<Dialect>,
    ) -> Result<(Plan, Text, Dialect), PlanError> {
        let dialect = dialect.unwrap_or_else(|| self.dialect());
        let context = plan::Context { dialect, ..self.context() };
        let plan = plan::plan(&live.project, request, principal, &context)?;
        let text = sql::print_pretty(&plan.select, dialect);
        Ok((plan, text, dialect))
    }

    /// Returns what plans of this moment depend on.
    pub(super) fn context(&self) -> plan::Context {
        plan::Context { now: slot(self.now()), dialect: self.dialect() }
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
        self.ledger.spent(self.now().date_naive())
    }

    /// Answers a request. Dropping the future leaves; the warehouse is stopped when nobody else waits for the rows.
    pub async fn answer(&self, live: &Live, request: &Request, principal: &Principal) -> Result<Answered, Failure> {
        let planned = self.planned(live, request, principal).await?;
        let budgeted = (!live.spending.budgets.is_empty()).then(|| Budgeted {
            live: live.clone(),
            request: request.clone(),
            principal: principal.clone(),
            ledger: Arc::clone(&self.ledger),
            statistics: self.statistics.load_full(),
        });
        let load = self.load(Arc::clone(&planned), Arc::clone(&live.spending), budgeted);
        let rows = self.answers.get_or_load(planned.key, load);
        match tokio::time::timeout(self.limits.deadline, rows).await {
            Ok(Ok((answer, outcome))) => Ok(Answered { answer, cache: outcome.into() }),
            Ok(Err(cache::Failure::Failed(failure))) => Err(failure),
            Ok(Err(cache::Failure::Panicked)) => Err(Failure::Internal),
            Err(_) => Err(Failure::Timeout),
        }
    }

    /// Returns whether one query gives the rows of a request and the row over all of them; see `Request::total`.
    pub async fn gives_total(&self, live: &Live, request: &Request, principal: &Principal) -> bool {
        self.planned(live, request, principal).await.is_ok_and(|planned| planned.plan.has_total())
    }

    /// Asks the warehouse for one row of its own, to see whether it answers.
    pub async fn reach_warehouse(&self) -> Result<(), Failure> {
        let one = Select { items: vec![SqlExpr::integer(1).named("one")], ..Select::default() };
        let text = sql::print(&one, self.warehouse.dialect());
        let asked = tokio::time::timeout(Duration::from_secs(5), self.warehouse.query(&text, &Terms::default())).await;
        asked.map_err(|_| Failure::Timeout)?.map(|_| ()).map_err(|error| told(&error))
    }

    /// Gives a loaded project what the warehouse has beside rows: the periods of calendars, and what is stored of rollups.
    ///
    /// If periods cannot be read, those of the catalog stay; a rollup of which nothing can be read is not used.
    pub async fn with_state(&self, loaded: Loaded) -> Loaded {
        let loaded = self.with_periods_and_rollups(loaded).await;
        if let Some(project) = &loaded.project {
            self.read_statistics(project).await;
        }
        loaded
    }

    /// Reads how much the tables of a project hold. If the warehouse does not tell, what was known stays.
    pub async fn read_statistics(&self, project: &Project) {
        let tables = tables_of_statistics(project);
        match tokio::time::timeout(self.limits.deadline, self.warehouse.catalog(Some(&tables))).await {
            Ok(Ok(catalog)) => {
                let statistics = Statistics::of(&catalog, self.now().date_naive());
                self.statistics.store(Some(Arc::new(statistics)));
            }
            Ok(Err(error)) => tracing::warn!(%error, "how much the tables hold cannot be read"),
            Err(_) => tracing::warn!("how much the tables hold could not be read in time"),
        }
    }

    async fn with_periods_and_rollups(&self, loaded: Loaded) -> Loaded {
        let needs_state = |project: &Arc<Project>| !project.granularities.is_empty() || has_tables(project);
        let Some(project) = loaded.project.clone().filter(needs_state) else {
            return loaded;
        };
        let mut project = Arc::unwrap_or_clone(project);
        let mut stored = Vec::new();
        for rollup in &project.rollups {
            stored.push(self.stored(&project, rollup).await);
        }
        for (rollup, stored) in project.rollups.iter_mut().zip(stored) {
            rollup.stored = stored;
        }
        for id in project.granularities.ids().collect::<Vec<_>>() {
            let text = sql::print(&periods_query(&project, id), self.warehouse.dialect());
            match tokio::time::timeout(self.limits.deadline, self.warehouse.query(&text, &Terms::default())).await {
                Ok(Ok(rows)) => project.set_periods(id, &periods_of(&rows)),
                Ok(Err(_)) | Err(_) => {
                    let granularity = project.granularities[id].name.as_str();
                    tracing::warn!(granularity, "the periods cannot be read; those of the catalog stay");
                }
            }
        }
        Loaded { project: Some(Arc::new(project)), ..loaded }
    }

    /// Returns what the warehouse holds of a rollup.
    async fn stored(&self, project: &Project, rollup: &Rollup) -> Option<Stored> {
        let table = StoredTable::of(project, rollup, self.warehouse.dialect()).ok()?;
        let text = sql::print(&table.read_state(), self.warehouse.dialect());
        match tokio::time::timeout(self.limits.deadline, self.warehouse.query(&text, &Terms::default())).await {
            Ok(Ok(rows)) => stored_of(&table, &rows),
            Ok(Err(_)) | Err(_) => {
                tracing::info!(rollup = rollup.name.as_str(), "nothing is known of the rollup's table; it is not used");
                None
            }
        }
    }

    pub(super) async fn planned(
        &self,
        live: &Live,
        request: &Request,
        principal: &Principal,
    ) -> Result<Arc<Planned>, PlanError> {
        let now = slot(self.now());
        let data_version = self.data_version();
        let mut hash = FingerprintWriter::default();
        request.hash(&mut hash);
        principal_into(principal, &mut hash);
        (live.version, data_version, now.timestamp()).hash(&mut hash);
        let key = hash.end();
        if let Some(planned) = self.plans.get(&key).await {
            return Ok(planned);
        }
        let plan =
            plan::plan(&live.project, request, principal, &plan::Context { now, dialect: self.warehouse.dialect() })?;
        let dialect = self.warehouse.dialect();
        let text = sql::print(&plan.select, dialect);
        let identity = QueryIdentity { dialect, text: &text, principal, project_version: live.version, data_version };
        let terms = self.terms(&plan, live, principal);
        let statistics = self.statistics.load();
        let estimate = statistics.as_ref().and_then(|known| estimate(&plan, &live.project, known, dialect).ok());
        let key_of_rows = identity.fingerprint();
        let planned = Arc::new(Planned { key: key_of_rows, plan: Arc::new(plan), text, terms, now, estimate });
        self.plans.insert(key, Arc::clone(&planned)).await;
        Ok(planned)
    }

    /// Returns what the warehouse is told of a query: which metrics, of which definitions, for whom.
    fn terms(&self, plan: &Plan, live: &Live, principal: &Principal) -> Terms {
        let metrics = plan.columns.iter().filter(|column| matches!(column.role, ColumnRole::Metric(_)));
        let metrics: Vec<&str> = metrics.map(|column| &*column.name).collect();
        Terms { deadline: Some(self.limits.deadline), ..Terms::default() }
            .label("metrics", &metrics.join("_"))
            .label("definitions", &live.version.to_string())
            .label("caller", &caller(principal))
    }

    /// Returns the work of asking the warehouse, which owns all it needs because it may outlive its first caller.
    fn load(
        &self,
        planned: Arc<Planned>,
        spending: Arc<Spending>,
        budgeted: Option<Budgeted>,
    ) -> impl Future<Output = Result<Arc<Answer>, Failure>> + Send + 'static {
        let (warehouse, turns, clock) = (Arc::clone(&self.warehouse), Arc::clone(&self.turns), Arc::clone(&self.clock));
        let (waiting, queue) = (Arc::clone(&self.waiting), self.limits.queue as u64);
        async move {
            let _turn = {
                let place = Place::take(&waiting);
                if place.ahead >= queue && turns.available_permits() == 0 {
                    return Err(Failure::Unavailable);
                }
                turns.acquire().await.expect("the semaphore is never closed")
            };
            let as_of = clock();
            let (estimate, reservation) = match &budgeted {
                None => (planned.estimate.clone(), None),
                Some(budgeted) => {
                    let (estimate, reservation) = budgeted.reserve(&planned, &*warehouse, as_of).await?;
                    (Some(estimate), Some(reservation))
                }
            };
            let terms = Terms {
                most: reservation.as_ref().map(Reservation::bytes),
                meter: Meter::default(),
                ..planned.terms.clone()
            };
            let rows = match warehouse.query(&planned.text, &terms).await {
                Ok(rows) => rows,
                Err(error) => {
                    let billed = terms.meter.read().billed;
                    reservation
                        .into_iter()
                        .for_each(|reservation| fail(reservation, billed, &error, warehouse.dialect()));
                    return Err(told(&error));
                }
            };
            let metered = terms.meter.read();
            if let Some(reservation) = reservation {
                let billed = metered.billed.unwrap_or(reservation.bytes());
                reservation.settle(billed);
            }
            let cost = Cost { estimate, metered, price: spending.price.clone() };
            let answer = Answer::of_warehouse(&planned.plan, rows, planned.now, as_of);
            Ok(Arc::new(Answer { cost: Some(cost), ..answer }))
        }
    }
}

/// Settles what was kept for a query that failed: what was stopped, or ran where nobody hears of it any more, may be billed.
fn fail(reservation: Reservation, billed: Option<u64>, error: &warehouse::Error, dialect: Dialect) {
    let bills_queries = match dialect {
        Dialect::BigQuery | Dialect::Snowflake => true,
        Dialect::DuckDb | Dialect::Postgres => false,
    };
    match (billed, error) {
        (Some(billed), _) => reservation.settle(billed),
        (None, warehouse::Error::Refused(_)) => reservation.give_back(),
        (None, warehouse::Error::Unavailable(_)) if !bills_queries => reservation.give_back(),
        // Dropped, it counts as spent.
        (None, warehouse::Error::Unavailable(_) | warehouse::Error::Cancelled) => {}
    }
}

impl Budgeted {
    /// Keeps what a query may be billed, or refuses it.
    async fn reserve(
        &self,
        planned: &Planned,
        warehouse: &dyn Warehouse,
        now: DateTime<Utc>,
    ) -> Result<(Estimate, Reservation), Failure> {
        let pricing = Pricing {
            project: &self.live.project,
            principal: &self.principal,
            context: plan::Context { now, dialect: warehouse.dialect() },
            warehouse,
            statistics: self.statistics.as_deref(),
            terms: &planned.terms,
            spending: &self.live.spending,
        };
        pricing.reserve(&self.request, &planned.plan, &planned.text, &self.ledger).await.map_err(|unpriced| {
            match unpriced {
                Unpriced::Refused(refusal) => Failure::Refused(refusal),
                Unpriced::Unknown(unknown) => Failure::Refused(of_unknown(&unknown)),
                Unpriced::Warehouse(error) => told(&error),
            }
        })
    }
}

/// Names a caller in the warehouse's logs: by a hash, because an id may be somebody's address.
fn caller(principal: &Principal) -> String {
    if principal.id.is_empty() {
        return "anonymous".to_owned();
    }
    let hash = format!("{:x}", Sha256::digest(principal.id.as_bytes()));
    hash[..16].to_owned()
}

/// A place in the queue, given up when dropped.
struct Place<'a> {
    waiting: &'a AtomicU64,
    ahead: u64,
}

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicU64) -> Self {
        Self { waiting, ahead: waiting.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Returns the start of the slot that a moment lies in.
fn slot(now: DateTime<Utc>) -> DateTime<Utc> {
    let seconds = now.timestamp();
    DateTime::from_timestamp(seconds - seconds.rem_euclid(SLOT_SECONDS), 0).unwrap_or(now)
}

/// Logs what the driver says and returns what callers may know.
fn told(error: &warehouse::Error) -> Failure {
    match error {
        warehouse::Error::Unavailable(message) => {
            tracing::error!(%message, "the warehouse cannot be reached");
            Failure::Unavailable
        }
        warehouse::Error::Refused(refusal) => {
            let detail = refusal.detail.as_deref().unwrap_or_default();
            tracing::error!(meaning = %refusal.meaning, detail, "the warehouse refused a query");
            Failure::Internal
        }
        warehouse::Error::Cancelled => Failure::Cancelled,
    }
}

/// Returns the bytes that rows hold.
fn weight(rows: &Rows) -> u64 {
    let of_column = |column: &ColumnData| match column {
        ColumnData::Boolean(values) => values.len() * size_of::<Option<bool>>(),
        ColumnData::Integer(values) | ColumnData::Decimal { values, .. } => values.len() * size_of::<Option<i128>>(),
        ColumnData::Float(values) => values.len() * size_of::<Option<f64>>(),
        ColumnData::String(values) => {
            values.iter().map(|value| size_of::<Option<String>>() + value.as_ref().map_or(0, String::len)).sum()
        }
        ColumnData::Date(values) => values.len() * size_of::<Option<i32>>(),
        ColumnData::DateTime(values) | ColumnData::Timestamp(values) => values.len() * size_of::<Option<i64>>(),
    };
    1024 + rows.columns.iter().map(of_column).sum::<usize>() as u64
}

impl From<cache::Outcome> for CacheOutcome {
    fn from(outcome: cache::Outcome) -> Self {
        match outcome {
            cache::Outcome::Hit => Self::Hit,
            cache::Outcome::Miss => Self::Miss,
            cache::Outcome::Shared => Self::Shared,
        }
    }
}
