//! A plan that reads rollups → the one that reads the rows themselves instead, for a budget that has no room for it.
//!
//! **Invariant:** its answer is the same, row by row and column by column.

use super::Estimate;
use crate::{
    plan::{self, Context, Plan, Principal, Request, RollupUse},
    project::Project,
};

/// Returns whether rows are read instead of rollups that have no room: they are less, or nobody knows what the rollups cost.
pub fn rows_are_less(rollups: Option<&Estimate>, rows: &Estimate) -> bool {
    rollups.is_none_or(|rollups| rows.billed < rollups.billed)
}

/// Returns whether a query is known to have room in so many bytes.
pub fn has_room(estimate: Option<&Estimate>, most: u64) -> bool {
    estimate.is_some_and(|estimate| estimate.billed <= most)
}

/// Plans a request without the rollups that its plan reads, and says of them why; nothing if it reads none.
pub fn rows_instead(
    project: &Project,
    request: &Request,
    principal: &Principal,
    context: &Context,
    plan: &Plan,
) -> Option<Plan> {
    if !plan.rollups.iter().any(|rollup| rollup.is_used) {
        return None;
    }
    let rows = plan::plan_from_rows(project, request, principal, context).ok()?;
    let told = |known: &RollupUse| {
        let why = "with it the query has no room in its budget, and the rows themselves are less to read";
        let reason = if known.is_used { why.to_owned() } else { known.reason.clone() };
        RollupUse { rollup: known.rollup.clone(), is_used: false, reason }
    };
    (rows.columns == plan.columns).then(|| Plan { rollups: plan.rollups.iter().map(told).collect(), ..rows })
}
