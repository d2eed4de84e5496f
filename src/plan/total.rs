//! Whether the row over all groups comes out of the very rows that are grouped.
//!
//! `revenue` by country reads the parcels that `revenue` of everywhere reads, so that one pass gives both:
//!
//! ```text
//! GROUP BY GROUPING SETS ((country), ())
//! ```
//!
//! A balance by month reads other rows than the balance of the year, and a customer counts once per country, but once in
//! all: those are planned apart.
//!
//! **Invariant:** the total is what a request without keys gives. It is proved on the rows of both, not by their kinds.

use super::{
    access,
    bind::{Bound, Scan},
    fan_out,
    scan::{self, LeafAggregate, Rows},
};
use crate::sql::{Join, JoinKind};

/// Returns whether the groups of a request and the row over all of them can be made in one pass over the given rows, one
/// [`Rows`] per scan of the request.
pub(super) fn is_in(bound: &Bound<'_>, rows: &[Rows]) -> bool {
    let hides_rows = bound.top.as_ref().is_some_and(|top| !top.other);
    let ranks = bound.outputs.iter().any(|output| output.rank.is_some());
    if !bound.wants_total || bound.keys.is_empty() || bound.leaves.is_empty() || hides_rows || ranks {
        return false;
    }
    // What a request without keys refuses has no total.
    let Ok(Ok(whole)) = bound.over_all_groups().map(access::grant) else { return false };
    let whole = whole.get();
    // What is stored stands for rows, whatever it is grouped by, so the rows themselves are compared.
    let themselves = |bound, scan, rows| scan::of_model_itself(bound, scan, rows).ok();
    let of_whole = |scan| Some((scan, themselves(whole, scan, scan::rows(whole, scan).ok()?)?));
    let of_whole: Option<Vec<(&Scan, Rows)>> = whole.scans.iter().map(of_whole).collect();
    let Some(of_whole) = of_whole else { return false };
    bound.scans.iter().zip(rows).all(|(scan, rows)| {
        let Some(rows) = themselves(bound, scan, rows.clone()) else { return false };
        let same_leaves = |(other, _): &&(&Scan, Rows)| scan.leaves.iter().all(|leaf| other.leaves.contains(leaf));
        let over_all = of_whole.iter().find(same_leaves);
        !scan.leaves.is_empty()
            && scan.offset_to.is_none()
            && !fan_out::multiplies(bound, scan)
            && over_all.is_some_and(|(_, over_all)| are_same(&rows, over_all))
    })
}

/// Returns whether the rows to group are those of the total: beside the keys only joins differ, and those lose no row and
/// multiply none.
fn are_same(rows: &Rows, over_all: &Rows) -> bool {
    // Both are computed in groups.
    let is_aggregated = |aggregate: &LeafAggregate| {
        over_all.aggregates.iter().any(|other| other.clone().in_groups() == aggregate.clone().in_groups())
    };
    let is_joined = |join| rows.joins.contains(join);
    let is_for_keys = |join: &&Join| !over_all.joins.contains(join);
    rows.row.is_empty()
        && over_all.row.is_empty()
        && rows.from == over_all.from
        && rows.filter == over_all.filter
        && over_all.joins.iter().all(is_joined)
        && rows.joins.iter().filter(is_for_keys).all(|join| matches!(join.kind, JoinKind::Left | JoinKind::Matched))
        && rows.aggregates.iter().all(is_aggregated)
}
