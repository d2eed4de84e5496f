//! Groups and the row over all of them in one query, and requests for other metrics of the same groups in one query.

use super::{Asker, differs};
use crate::battery::{
    ask::{self, Failure, PREFIX},
    case::Case,
    oracle::Answer,
    query::{Query, Show},
    world::SEEN_REGION,
};
use entente::plan::{self, Order, OrderBy, Request};

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
    let whole = Query { keys: Vec::new(), having: None, hidden: None, fill: false, top: None, ..query.clone() };
    let values = |answer: Answer| answer.into_values().map(|values| (Vec::new(), values)).collect();
    differs("the total alone, and beside its groups", &values(asker.ask(&whole)?), &values(read(0..1)?))
}

/// The answers of two requests out of the one that is asked in their place are those that each gives alone.
pub(super) fn together(asker: &Asker<'_>, case: &Case) -> Result<(), Failure> {
    let (first, others) = case.query.metrics.split_at(1);
    let queries = [first, others].map(|metrics| Query { metrics: metrics.to_vec(), ..case.query.clone() });
    let by_keys = |query: &Query| -> Result<Request, Failure> {
        let request: Request = query.text(PREFIX).parse().map_err(|error| Failure::Refused(format!("{error}")))?;
        let by_key = |name: &String| Order { by: OrderBy::Column(name.clone()), descending: false, nulls_first: false };
        let order = request.keys.iter().map(|key| by_key(&key.name)).collect();
        Ok(Request { order, ..request })
    };
    let requests = [by_keys(&queries[0])?, by_keys(&queries[1])?];
    let found = plan::together(&asker.project, &requests, &ask::principal(SEEN_REGION), &ask::context());
    for ((query, request), whole) in queries.iter().zip(&requests).zip(found) {
        let Some(whole) = whole else { continue };
        let plan = ask::plan_request(&asker.project, &whole)?;
        let common = asker.held.answer(&plan.select, &plan, query)?;
        let positions: Option<Vec<usize>> = request.metrics.iter().map(|metric| whole.position_of(metric)).collect();
        let positions = positions.ok_or_else(|| Failure::Differs("a metric is not asked for".to_owned()))?;
        let part = |values: Vec<_>| positions.iter().map(|position| values[*position]).collect();
        let part: Answer = common.into_iter().map(|(key, values)| (key, part(values))).collect();
        differs("a request alone, and its part of a common answer", &asker.ask(query)?, &part)?;
    }
    Ok(())
}
