//! What the engine answers a request with.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use crate::{
    cache,
    plan::{ColumnRole, Plan, PlanError},
    price::Estimate,
    syntax::Price,
    time::{DateTime, Utc},
    warehouse::{Metered, Rows},
};

/// The rows of a request and how they came about. Shared by everybody who asks the same.
#[derive(Debug)]
pub struct Answer {
    /// Told apart from every other answer of this process, so that what is derived from it can be kept beside it.
    pub id: u64,
    /// How it was computed.
    pub plan: Arc<Plan>,
    /// The rows; their columns are `plan.columns`.
    pub rows: Arc<Rows>,
    /// The moment the request was planned for: relative ranges count from it.
    pub now: DateTime<Utc>,
    /// The moment the warehouse was asked.
    pub as_of: DateTime<Utc>,
    /// The row over all groups, if it came with them; its columns are the metrics.
    pub total: Option<Arc<Answer>>,
    /// What the query cost; nothing of what came with another query's rows.
    pub cost: Option<Cost>,
}

/// What a query cost.
#[derive(Clone, Debug, Default)]
pub struct Cost {
    /// What it was expected to read, if anybody knew.
    pub estimate: Option<Estimate>,
    /// What the warehouse says that it has read and billed.
    pub metered: Metered,
    /// What the warehouse asks for it.
    pub price: Option<Price>,
}

impl Answer {
    /// Makes an answer with an id of its own.
    pub fn new(plan: Arc<Plan>, rows: Arc<Rows>, now: DateTime<Utc>, as_of: DateTime<Utc>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self { id: NEXT.fetch_add(1, Ordering::Relaxed), plan, rows, now, as_of, total: None, cost: None }
    }

    /// Makes an answer of what the warehouse gave: the row over all groups is told apart from them.
    pub(super) fn of_warehouse(plan: &Arc<Plan>, rows: Rows, now: DateTime<Utc>, as_of: DateTime<Utc>) -> Self {
        if !plan.has_total() {
            return Self::new(Arc::clone(plan), Arc::new(rows), now, as_of);
        }
        let stands_first = rows
            .columns
            .last()
            .is_some_and(|is_total| !is_total.is_empty() && is_total.text(0).as_deref() == Some("true"));
        let groups = if stands_first { rows.slice(1..rows.len) } else { rows.clone() };
        let total = stands_first.then(|| {
            let is_metric = |role: &ColumnRole| matches!(role, ColumnRole::Metric(_));
            Arc::new(Self::of_columns(plan, rows.slice(0..1), is_metric, now, as_of))
        });
        Self { total, ..Self::of_columns(plan, groups, |role| *role != ColumnRole::IsTotal, now, as_of) }
    }

    /// Makes an answer of some of the columns.
    fn of_columns(
        plan: &Plan,
        rows: Rows,
        is_shown: impl Fn(&ColumnRole) -> bool,
        now: DateTime<Utc>,
        as_of: DateTime<Utc>,
    ) -> Self {
        let columns = plan.columns.iter().cloned().zip(rows.columns).filter(|(column, _)| is_shown(&column.role));
        let (columns, data) = columns.unzip();
        let plan = Plan { columns, ..plan.clone() };
        Self::new(Arc::new(plan), Arc::new(Rows { columns: data, len: rows.len }), now, as_of)
    }
}

/// An answer and how this caller came by it.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The answer.
    pub answer: Arc<Answer>,
    /// Whether it was at hand.
    pub cache: CacheOutcome,
}

/// Whether an answer was at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheOutcome {
    /// It was in the cache.
    Hit,
    /// The warehouse was asked.
    Miss,
    /// Another caller had asked the warehouse the same already.
    Shared,
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

/// Why there is no answer. Nothing of a driver's message is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The request is refused.
    #[error(transparent)]
    Refused(#[from] PlanError),
    /// The principal may not ask this.
    #[error("not allowed")]
    Forbidden,
    /// The warehouse cannot be reached, or is too busy.
    #[error("the warehouse cannot be reached")]
    Unavailable,
    /// The time allowed for the request is over.
    #[error("the time allowed for the request is over")]
    Timeout,
    /// Nobody waits for the answer any more, or the server is going down.
    #[error("the request was cancelled")]
    Cancelled,
    /// The warehouse refused the query, for what the data or the values of the request are, and what that means.
    #[error("the warehouse refused the query: {0}")]
    WarehouseRefused(String),
    /// A mistake of ours; the log has the rest.
    #[error("something went wrong inside entente")]
    Internal,
}
