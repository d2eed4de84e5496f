//! Groups and the row over all of them, in one query.

use super::{Asker, differs};
use crate::battery::{
    ask::{self, Failure, PREFIX},
    case::Case,
    oracle::Answer,
    query::{Query, Show},
};

/// Whether a query has a row over all its groups that is a query of its own.
pub(super) fn has_total(case: &Case) -> bool {
    let is_of_groups = |show| matches!(show, Show::Share(_) | Show::Rank(_));
    !case.query.keys.is_empty() && !case.query.metrics.iter().any(|(_, words)| is_of_groups(words.show))
}

/// The groups that come with their total are those that come alone, and the total is the answer without keys.
pub(super) fn total(asker: &Asker<'_>, case: &Case) -> Result<(), Failure> {
    let query = &case.query;
    let request = query.text(PREFIX).parse().map_err(|error| Failure::Refused(error.to_string()))?;
    let plan = ask::plan_request(&asker.project, &entente::plan::Request { total: true, ..request })?;
    if !plan.has_total() {
        return Ok(());
    }
    let rows = asker.held.rows(&plan.select)?;
    if rows.columns.last().and_then(|is_total| is_total.text(0)).as_deref() != Some("true") {
        return Err(Failure::Differs("the first row is no total".to_owned()));
    }
    let read = |part: std::ops::Range<usize>| ask::to_answer(&rows.slice(part), &plan, query).map_err(Failure::Differs);
    differs("groups alone, and beside their total", &asker.ask(query)?, &read(1..rows.len)?)?;
    let whole = Query { keys: Vec::new(), having: None, fill: false, top: None, ..query.clone() };
    let values = |answer: Answer| answer.into_values().map(|values| (Vec::new(), values)).collect();
    differs("the total alone, and beside its groups", &values(asker.ask(&whole)?), &values(read(0..1)?))
}
