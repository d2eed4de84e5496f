//! A query beyond a budget → what is told: what it would read, what is allowed, and the changes that fit.
//!
//! **Invariant:** an offer was planned and estimated as the request itself was.

use super::{Budget, Change, Estimate, Over, Unknown, size};
use crate::{
    plan::{Plan, PlanError, PlanErrorCode},
    syntax::Price,
};

/// A change that fits.
#[derive(Clone, Debug)]
pub struct Offer {
    /// What is different.
    pub change: Change,
    /// What it reads.
    pub estimate: Estimate,
    /// The rollup that answers it.
    pub rollup: Option<String>,
}

impl Offer {
    /// Makes an offer of a change that was planned and estimated.
    pub fn new(change: Change, plan: &Plan, estimate: Estimate) -> Self {
        let rollup = plan.rollups.iter().find(|used| used.is_used).map(|used| used.rollup.clone());
        Self { change, estimate, rollup }
    }

    /// Writes ``without `customer_id` (12 MB, rollup `shipments_daily`)``.
    fn told(&self) -> String {
        let rollup = self.rollup.as_ref().map_or_else(String::new, |rollup| format!(", rollup `{rollup}`"));
        format!("{} ({}{rollup})", self.change.words, size(self.estimate.bytes))
    }
}

/// Says that a query is beyond a budget, and which changes fit.
pub fn over_budget(estimate: &Estimate, over: Over, price: Option<&Price>, offers: &[Offer]) -> PlanError {
    let money = |bytes| price.map_or_else(String::new, |price| format!(" ({})", price.told(bytes)));
    let Over { budget, of, left } = over;
    let allowed = match budget {
        Budget::Query => format!("one query may read {}", size(of)),
        Budget::Caller => format!("{} are left of the {} that a caller may read a day", size(left), size(of)),
        Budget::Day => format!("{} are left of the {} that may be read a day", size(left), size(of)),
        Budget::Connection => format!("the connection lets one query bill {}", size(of)),
    };
    let Estimate { bytes, billed, .. } = *estimate;
    let bill = if billed == bytes { String::new() } else { format!(" and be billed up to {}", size(billed)) };
    let message = format!("the query would read {}{bill}{}, and {allowed}{}", size(bytes), money(billed), money(left));
    let offers: Vec<String> = offers.iter().map(Offer::told).collect();
    let help = match (offers.as_slice(), budget) {
        ([], Budget::Query | Budget::Connection) => {
            "Neither a shorter range nor fewer keys fit; filter by what partitions the table.".to_owned()
        }
        ([], Budget::Caller | Budget::Day) => {
            "Neither a shorter range nor fewer keys fit; the budget is whole again at midnight UTC.".to_owned()
        }
        (offers, _) => format!("Ask for less: {}.", offers.join("; or ")),
    };
    PlanError::new(PlanErrorCode::CostExceeded, message).help(help)
}

/// Says that a query is beyond what the connection lets one bill, where nobody knows what it would read.
pub fn beyond_connection(most: Option<u64>) -> PlanError {
    let most =
        most.map_or_else(|| "it may".to_owned(), |most| format!("the {} that the connection allows", size(most)));
    PlanError::new(PlanErrorCode::CostExceeded, format!("the query would bill more than {most}"))
        .help("Ask for a shorter range or for fewer keys.")
}

/// Says that a query would bill more than was kept for it at its estimate.
pub fn outgrown(kept: u64) -> PlanError {
    let message = format!("the query would bill more than the {} that it was estimated at", size(kept));
    PlanError::new(PlanErrorCode::CostExceeded, message)
        .help("Ask again: its tables have grown, and what it reads is estimated anew.")
}

/// Says that nobody knows what a query would read, where there is a budget.
pub fn of_unknown(unknown: &Unknown) -> PlanError {
    let (what, help) = match unknown {
        Unknown::Table(table) => (
            format!("how much `{table}` holds"),
            "Read a table of which the warehouse keeps statistics, not a view (in Postgres, run ANALYZE); or leave `budgets` out.",
        ),
        Unknown::Sql => (
            "what the SQL of a model reads".to_owned(),
            "Read a table of which the warehouse keeps statistics; or leave `budgets` out.",
        ),
        Unknown::Unasked => (
            "how much the tables hold".to_owned(),
            "Ask again when the warehouse can be reached; its log has the rest.",
        ),
    };
    let message = format!("nobody knows {what}, and there is a budget");
    PlanError::new(PlanErrorCode::CostUnknown, message).help(help)
}
