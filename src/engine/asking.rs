//! One query to the warehouse: its turn, its price, its rows, its bill.
//!
//! ```text
//! Desk::turn ─► Pricing::reserve, where there are budgets ─► Warehouse::query ─► Reservation::settle ─► Answer
//! ```
//!
//! **Invariant:** whatever the warehouse says that it read is counted once, also if the query fails or nobody waits for it.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{Semaphore, SemaphorePermit};

use super::{Answer, Clock, Cost, Failure, Limits, Live, Pricing, Reserved, Unpriced, query::Planned};
use crate::{
    catalog::Statistics,
    plan::{self, Plan, Principal, Request},
    price::{Estimate, Ledger, Reservation, estimate, of_unknown},
    sql::Text,
    time::{DateTime, Utc},
    warehouse::{self, Meter, Metered, Terms, Warehouse},
};

/// What the queries of an engine share.
pub(super) struct Desk {
    pub(super) warehouse: Arc<dyn Warehouse>,
    pub(super) clock: Clock,
    pub(super) ledger: Arc<Ledger>,
    turns: Semaphore,
    waiting: AtomicU64,
    queue: u64,
    /// Bytes: estimated, scanned and billed.
    read: [AtomicU64; 3],
}

/// What queries have read, in bytes; what nobody knows is not in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadBytes {
    /// As it was estimated.
    pub estimated: u64,
    /// As the warehouse says.
    pub scanned: u64,
    /// What is on the bill.
    pub billed: u64,
}

impl Desk {
    pub(super) fn new(warehouse: Arc<dyn Warehouse>, clock: Clock, limits: Limits) -> Self {
        Self {
            warehouse,
            clock,
            ledger: Arc::default(),
            turns: Semaphore::new(limits.concurrency),
            waiting: AtomicU64::new(0),
            queue: limits.queue as u64,
            read: [const { AtomicU64::new(0) }; 3],
        }
    }

    pub(super) fn read_bytes(&self) -> ReadBytes {
        let [estimated, scanned, billed] = self.read.each_ref().map(|bytes| bytes.load(Ordering::Relaxed));
        ReadBytes { estimated, scanned, billed }
    }

    /// Waits for the turn of a query; refused where too many wait already.
    async fn turn(&self) -> Result<SemaphorePermit<'_>, Failure> {
        let place = Place::take(&self.waiting);
        if place.ahead >= self.queue && self.turns.available_permits() == 0 {
            return Err(Failure::Unavailable);
        }
        Ok(self.turns.acquire().await.expect("the semaphore is never closed"))
    }

    fn count(&self, estimate: Option<&Estimate>, metered: Metered) {
        let bytes = [estimate.map(|estimate| estimate.bytes), metered.scanned, metered.billed];
        for (all, bytes) in self.read.iter().zip(bytes) {
            all.fetch_add(bytes.unwrap_or(0), Ordering::Relaxed);
        }
    }
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

/// What is known of a query before it is asked.
#[derive(Debug, Default)]
struct Priced {
    estimate: Option<Estimate>,
    reservation: Option<Reservation>,
    /// What is asked instead, as it reads less.
    instead: Option<(Arc<Plan>, Text)>,
}

/// A query that is to be asked. It owns all it needs, because it may outlive its first caller.
pub(super) struct Asking {
    pub(super) desk: Arc<Desk>,
    pub(super) planned: Arc<Planned>,
    pub(super) live: Live,
    pub(super) request: Request,
    pub(super) principal: Principal,
}

impl Asking {
    /// Asks the warehouse.
    pub(super) async fn run(self) -> Result<Arc<Answer>, Failure> {
        let _turn = self.desk.turn().await?;
        let as_of = (self.desk.clock)();
        let statistics = self.live.statistics.get();
        let Priced { estimate, reservation, instead } = self.priced(statistics.as_deref(), as_of).await?;
        let (plan, text) = match &instead {
            Some((plan, text)) => (plan, text),
            None => (&self.planned.plan, &self.planned.text),
        };
        let most = reservation.as_ref().map(Reservation::bytes);
        let terms = Terms { most, meter: Meter::default(), ..self.planned.terms.clone() };
        let mut asked = self.desk.warehouse.query(text, &terms).await;
        // Without budgets nothing was priced before: the warehouse is the first to say that it is too much.
        let from_rows = match &asked {
            Err(warehouse::Error::TooCostly(_)) if reservation.is_none() => {
                self.pricing(statistics.as_deref(), as_of).rows_with_room(&self.request, plan).await
            }
            Ok(_) | Err(_) => None,
        };
        if let Some((_, text, _)) = &from_rows {
            asked = self.desk.warehouse.query(text, &terms).await;
        }
        let from_rows = from_rows.map(|(plan, text, estimate)| (Arc::new(plan), text, Some(estimate)));
        let (plan, text, estimate) =
            from_rows.as_ref().map_or((plan, text, estimate), |(plan, text, of_rows)| (plan, text, of_rows.clone()));
        let metered = terms.meter.read();
        self.desk.count(estimate.as_ref(), metered);
        match asked {
            Ok(rows) => {
                if let Some(reservation) = reservation {
                    let billed = metered.billed.unwrap_or(reservation.bytes());
                    reservation.settle(billed);
                }
                let cost = Cost { estimate, metered, price: self.live.spending.price.clone() };
                let answer = Answer::of_warehouse(plan, rows, self.planned.now, as_of);
                Ok(Arc::new(Answer { cost: Some(cost), ..answer }))
            }
            Err(error) => {
                if let Some(reservation) = reservation {
                    fail(reservation, metered.billed, &error, &*self.desk.warehouse);
                }
                Err(self.why(error, (plan, text), most.zip(estimate), statistics.as_deref(), as_of).await)
            }
        }
    }

    /// Returns what the query is expected to read; under budgets it is kept for it, or the query is refused.
    async fn priced(&self, statistics: Option<&Statistics>, now: DateTime<Utc>) -> Result<Priced, Failure> {
        let Planned { plan, text, .. } = &*self.planned;
        if self.live.spending.budgets.is_empty() {
            let dialect = self.desk.warehouse.dialect();
            let known = statistics.and_then(|known| estimate(plan, &self.live.project, known, dialect).ok());
            return Ok(Priced { estimate: known, ..Priced::default() });
        }
        let priced = self.pricing(statistics, now).reserve(&self.request, plan, text, &self.desk.ledger).await;
        let Reserved { estimate, reservation, instead } = priced.map_err(|unpriced| match unpriced {
            Unpriced::Refused(refusal) => Failure::Refused(refusal),
            Unpriced::Unknown(unknown) => Failure::Refused(of_unknown(&unknown)),
            Unpriced::Warehouse(error) => told(&error),
        })?;
        let instead = instead.map(|(plan, text)| (Arc::new(plan), text));
        Ok(Priced { estimate: Some(estimate), reservation: Some(reservation), instead })
    }

    fn pricing<'a>(&'a self, statistics: Option<&'a Statistics>, now: DateTime<Utc>) -> Pricing<'a> {
        let warehouse = &*self.desk.warehouse;
        Pricing {
            project: &self.live.project,
            principal: &self.principal,
            context: plan::Context { now, dialect: warehouse.dialect() },
            warehouse,
            statistics,
            terms: &self.planned.terms,
            spending: &self.live.spending,
        }
    }

    /// Returns what callers may know of a query that failed; of one that would bill too much, what would not.
    async fn why(
        &self,
        error: warehouse::Error,
        (plan, text): (&Plan, &Text),
        kept: Option<(u64, Estimate)>,
        statistics: Option<&Statistics>,
        now: DateTime<Utc>,
    ) -> Failure {
        let warehouse::Error::TooCostly(refusal) = error else { return told(&error) };
        tracing::info!(meaning = %refusal.meaning, "the warehouse refused a query for its price");
        let pricing = self.pricing(statistics, now);
        Failure::Refused(pricing.too_costly(&self.request, plan, text, kept).await)
    }
}

/// Settles what was kept for a query that failed: what was stopped, or ran where nobody hears of it any more, may be billed.
fn fail(reservation: Reservation, billed: Option<u64>, error: &warehouse::Error, warehouse: &dyn Warehouse) {
    match (billed, error) {
        (Some(billed), _) => reservation.settle(billed),
        (None, warehouse::Error::Refused(_) | warehouse::Error::TooCostly(_) | warehouse::Error::Contended) => {
            reservation.give_back();
        }
        (None, warehouse::Error::Unavailable(_)) if !warehouse.bills_queries() => reservation.give_back(),
        // Dropped, it counts as spent.
        (None, warehouse::Error::Unavailable(_) | warehouse::Error::Cancelled) => {}
    }
}

/// Logs what the driver says and returns what callers may know.
pub(super) fn told(error: &warehouse::Error) -> Failure {
    match error {
        warehouse::Error::Unavailable(message) => {
            tracing::error!(%message, "the warehouse cannot be reached");
            Failure::Unavailable
        }
        warehouse::Error::Refused(refusal) | warehouse::Error::TooCostly(refusal) => {
            let detail = refusal.detail.as_deref().unwrap_or_default();
            tracing::error!(meaning = %refusal.meaning, detail, "the warehouse refused a query");
            Failure::WarehouseRefused(refusal.meaning.clone())
        }
        warehouse::Error::Contended => {
            tracing::error!("the warehouse preferred somebody else who changes the same rows");
            Failure::Unavailable
        }
        warehouse::Error::Cancelled => Failure::Cancelled,
    }
}
